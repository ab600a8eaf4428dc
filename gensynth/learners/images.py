"""A small network for images: three convolutions and means of what they find, trained for a fixed number of steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..data.kinds import Images
from ..errors import DataError
from ..random import as_generator, spawn
from ..transforms.image.forms import read
from .base import Floats, Learner

LARGEST, SMALL = 32, 14  # pixels of the longer side: as the network sees images, and as they are compared
STEPS, BATCH, CHUNK = 200, 64, 512
WIDTHS, PARTS = (16, 32, 64), 2  # channels of the convolutions; means are taken of 2 x 2 parts of an image
WIDE = WIDTHS[-1] * PARTS**2


class ImageLearner(Learner):
    """Three convolutions with norms, means of the quarters, a linear layer; 200 steps of 64 rows, classes alike or not.

    Images are brought to one size of at most 32 pixels.
    """

    @torch.inference_mode(False)
    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        sides = np.array([one.shape[-2:] for one in _tensors(X)])
        height, width = np.median(sides, axis=0)
        by = min(1.0, LARGEST / max(height, width, 1))
        self.size_ = (max(round(height * by), 1), max(round(width * by), 1))
        x = self._seen(X)
        self.middle_ = x.mean(dim=(0, 2, 3), keepdim=True)
        self.spread_ = x.std(dim=(0, 2, 3), keepdim=True, correction=0).clamp(min=1e-3)
        rng = as_generator(self.random_state, "images")
        with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
            torch.manual_seed(spawn(rng))
            self.net_ = _network(x.shape[1]).float()  # whatever torch's default type
            self.head_ = nn.Linear(WIDE, len(self.classes_)).float()
        x = ((x - self.middle_) / self.spread_).contiguous(memory_format=torch.channels_last)
        self._train(x, codes, rng)

    def _train(self, x: Tensor, codes: npt.NDArray[np.intp], rng: np.random.Generator) -> None:
        rows = [np.flatnonzero(codes == code) for code in range(len(self.classes_))]
        weights = [*self.net_.parameters(), *self.head_.parameters()]
        adam = torch.optim.AdamW(weights, lr=4e-3, weight_decay=0.02)
        rates = torch.optim.lr_scheduler.OneCycleLR(adam, 4e-3, STEPS)
        self.net_.train()
        with torch.enable_grad():
            for _ in range(STEPS):
                if self.class_weight is None:
                    batch = rng.integers(len(codes), size=BATCH)
                else:
                    batch = np.array([rng.choice(rows[code]) for code in rng.integers(len(rows), size=BATCH)])
                loss = F.cross_entropy(self.head_(self.net_(x[batch])), torch.from_numpy(codes[batch]))
                adam.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                adam.step()
                rates.step()
        self.net_.eval()

    def _chances(self, X: Any) -> Any:
        with torch.no_grad():
            return F.softmax(self.head_(torch.from_numpy(self.embed(X)).float()), dim=1).numpy()

    def embed(self, X: Any) -> Floats:
        """Return the means of what the last convolutions find in the quarters of the images. Shape: (n, 256)."""
        x = (self._seen(X) - self.middle_) / self.spread_
        with torch.no_grad():
            parts = [self.net_(part) for part in torch.split(x, CHUNK)] or [torch.zeros(0, WIDE)]
        made: Floats = torch.cat(parts).double().numpy()
        return made

    def plain(self, X: Any) -> Floats:
        """Return the pixels of the images at 14 pixels a side at most. Shape: (n, pixels)."""
        x = self._seen(X)
        by = min(1.0, SMALL / max(self.size_))
        small = [max(round(side * by), 1) for side in self.size_]
        made: Floats = _resized(x, (small[0], small[1])).flatten(1).double().numpy()
        return made

    def _seen(self, X: Any) -> Tensor:
        """Return images in [0, 1] at the network's size. Shape: (n, c, h, w). Raises: DataError."""
        made = [_resized(one.float() / (255 if one.dtype == torch.uint8 else 1), self.size_) for one in _tensors(X)]
        if len({one.shape[1] for one in made}) > 1:
            raise DataError("images have different numbers of channels: make them all grey, or all coloured")
        x = torch.cat(made) if made else torch.zeros(0, 1, *self.size_)
        if hasattr(self, "middle_") and len(x) and x.shape[1] != self.middle_.shape[1]:
            raise DataError(f"images have {x.shape[1]} channels, and those of training {self.middle_.shape[1]}")
        return x


def _tensors(X: Any) -> list[Tensor]:
    """Return images as tensors (n, c, h, w): all in one, or one of each where they are a list."""
    x = X.x if isinstance(X, Images) else X
    if not isinstance(x, list | tuple):
        return [read(x)[0]] if len(x) else []
    return [read(one[None])[0] for one in x]


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    if tuple(x.shape[2:]) == size:
        return x
    return F.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)


def _network(channels: int) -> nn.Sequential:
    """Return the convolutions. Shape: (n, channels, h, w) to (n, 256)."""
    layers: list[nn.Module] = []
    for place, width in enumerate(WIDTHS):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.MaxPool2d(2, ceil_mode=True)] if place < len(WIDTHS) - 1 else []
        channels = width
    made = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(PARTS), nn.Flatten())
    return made.to(memory_format=torch.channels_last)
