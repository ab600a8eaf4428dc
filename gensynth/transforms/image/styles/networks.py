"""Styles by networks: in one pass of a network that was trained for it, or by optimising the pixels.

Networks work on images of at most MOST pixels on the shorter side. Of a larger image they get a smaller copy, and what
they change of it is enlarged and added to the image: its detail stays, and what is painted is coarser.

On a processor each image goes through alone, several images at once in a thread each, so that one comes out the same
whichever others there are; elsewhere TOGETHER of them go through together, and the last decimals are not the same.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ....errors import FormatError, TrainingFailed
from ....nn.adain import WIDTHS, AdaIN
from ....nn.blocks import each
from ....nn.painting import STEPS, Aim, painted
from ....random import cell_normals
from ...draws import Floats, Ints
from ..forms import stacked
from ..fused.tint import GREY
from .base import Style, colours, parts_of

MOST = 256  # pixels
TOGETHER = 8
SPREAD = 0.5  # of how styles vary, that they are drawn anew with
LONGEST = 8  # times its width that a strip is enlarged
CPU = torch.device("cpu")
_MOVING = RLock()  # held while networks are away from the processor


class ByNetworks(Style):
    """What gives styles by networks: `made` does, to images that are not too large for them."""

    device: torch.device

    @abstractmethod
    def made(self, x: Tensor, styles: Ints, strength: Tensor) -> Tensor:
        """Return images, in no range. Shape: x (m, 3, h, w) in [0, 1], styles (m,), strength (m,); returns as x."""

    @property
    @abstractmethod
    def networks(self) -> torch.nn.Module:
        """What must be where it works."""

    @torch.no_grad()
    def give(self, x: Tensor, styles: Ints, strength: Floats) -> Tensor:  # noqa: D102 -- the base documents it
        small, a = shrunk(x.expand(-1, 3, -1, -1)), torch.from_numpy(strength).float()
        step = 1 if self.device.type == "cpu" else TOGETHER

        @torch.no_grad()  # in each thread
        def work(at: int) -> Tensor:
            rows = slice(at, at + step)
            here = small[rows].to(self.device, torch.float32)
            return self.made(here, styles[rows], a[rows].to(self.device)).to(x) - small[rows]

        with self._at_work():
            change = torch.cat([*each(work, range(0, len(x), step), self.device)])
        if change.shape[2:] != x.shape[2:]:
            change = F.interpolate(change, x.shape[2:], mode="bilinear")
        if x.shape[1] == 1:
            change = (change * change.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        return x + change

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        if self.device.type == "cpu":
            yield
            return
        with _MOVING:
            try:
                self.networks.to(self.device)
                yield
            finally:
                self.networks.cpu()


@dataclass(frozen=True)
class Coded(ByNetworks):
    """Styles as `nn.adain` codes them. Shape: codes (k, d), root (d, d), L of how styles vary, L L' its covariance.

    A style j is drawn anew as e_j + SPREAD L z, z ~ N(0, I).

    DIFFERS from Jackson et al. 2019, arXiv:1809.05375, sec. 3.1, who draw around the mean of all: so it is known whose
    style it is, and that it is of its class.
    """

    codes: npt.NDArray[np.float32]
    root: npt.NDArray[np.float32]
    task: AdaIN
    device: torch.device = CPU
    around: Ints | None = None  # (k,) places in the bank, where they were drawn

    @classmethod
    def of(cls, images: Any, task: AdaIN, device: torch.device, classes: Ints | None = None) -> Self:
        """Return the styles of images, in any form that policies take, of classes (k,) or of none."""

        @torch.no_grad()  # in each thread
        def style(one: Tensor) -> Tensor:
            return task.style(shrunk(one[None]))

        codes = torch.cat([code for part in parts_of(images) for code in each(style, part, CPU)]).numpy()
        if not np.isfinite(codes).all():
            raise TrainingFailed("the network's codes of styles are not finite; a lower lr often helps")
        code = np.zeros(len(codes), dtype=np.intp) if classes is None else classes
        count = np.bincount(code)
        sums = np.zeros((len(count), codes.shape[1]))
        np.add.at(sums, code, codes)
        apart = codes - (sums / np.maximum(count, 1)[:, None])[code]
        common = apart.T @ apart / max(len(codes) - int((count > 0).sum()), 1)
        values, axes = np.linalg.eigh(common)
        root = axes * np.sqrt(np.maximum(values, 0))
        return cls(codes, root.astype(np.float32), task, device)

    @property
    def networks(self) -> torch.nn.Module:  # noqa: D102
        return self.task

    def drawn(self, styles: Ints, key: int, rows: Ints | None = None) -> tuple[Style, Ints]:  # noqa: D102
        places = np.arange(len(styles))
        z = cell_normals(key, places if rows is None else rows, "style", self.codes.shape[1])
        moved = np.einsum("nd,ed->ne", z, self.root)  # a product of matrices rounds rows by how many there are
        codes = (self.codes[styles] + SPREAD * moved).astype(np.float32)
        return replace(self, codes=codes, around=styles), places

    def origins(self, places: Ints) -> Ints:  # noqa: D102
        return places if self.around is None else self.around[places]

    def made(self, x: Tensor, styles: Ints, strength: Tensor) -> Tensor:  # noqa: D102
        return self.task.restyle(x, torch.from_numpy(self.codes[styles]).to(x), strength)

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays, the network's weights among them."""
        weights = {f"weights/{name}": value.cpu().numpy() for name, value in self.task.state_dict().items()}
        return {"codes": self.codes, "root": self.root, **weights}

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]]) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""
        task = AdaIN(None, rng=torch.Generator().manual_seed(0))
        weights = {
            name.removeprefix("weights/"): torch.from_numpy(part) for name, part in arrays.items() if "/" in name
        }
        try:
            task.load_state_dict(weights)
        except RuntimeError as error:
            raise FormatError(f"the weights are not those of the network ({str(error).splitlines()[0]:.80})") from None
        made = cls(arrays["codes"], arrays["root"], task.eval())
        width = 2 * WIDTHS[-1]
        if made.codes.shape[1:] != (width,) or made.root.shape != (width, width):
            raise FormatError("what is known of styles cannot be")
        if not all(np.isfinite(part).all() for part in arrays.values()):
            raise FormatError("what is known of styles is not finite")
        return made


@dataclass
class Log:
    """How painting went, an image after the other: losses step by step, and how many met what is not finite."""

    curves: list[list[float]] = field(default_factory=list)
    spoilt: int = 0
    told: Callable[[int], None] | None = None  # with how many images are painted

    def add(self, curve: list[float], spoilt: int, count: int) -> None:
        """Note a block of images."""
        self.curves += [curve] * count
        self.spoilt += spoilt
        if self.told is not None:
            self.told(len(self.curves))

    @property
    def history(self) -> list[dict[str, float]]:
        """A record a step: the mean loss of all images, those that ended before at their last."""
        steps = range(max(map(len, self.curves), default=0))
        last = [[curve[min(step, len(curve) - 1)] for curve in self.curves] for step in steps]
        return [{"step": step, "loss": float(np.nanmean(values))} for step, values in enumerate(last)]


@dataclass(frozen=True, eq=False)
class Painted(ByNetworks):
    """Images as styles, as `nn.painting` paints in them.

    Arguments:
        pictures: k images, one at a place.
        features: `Features` that style and content are seen with; None where they are yet to be read.
        steps: of each image at most, at least 1.
        variation: weight of the squared differences of neighbouring pixels, at least 0.
    """

    pictures: Any
    features: Any
    steps: int = STEPS
    variation: float = 0.0
    device: torch.device = CPU
    log: Log = field(default_factory=Log)

    @property
    def networks(self) -> torch.nn.Module:  # noqa: D102
        features: torch.nn.Module = self.features
        return features

    def made(self, x: Tensor, styles: Ints, strength: Tensor) -> Tensor:  # noqa: D102
        side = min(x.shape[2:])
        there = [fitted(colours(stacked([self.pictures[int(place)]])), side).to(x) for place in styles]
        aim = Aim.of(self.features, x, there, strength, self.variation)
        made = painted(aim, x, self.steps)
        self.log.add(made.curve, int(made.spoilt.sum()), len(x))
        return made.x

    def __len__(self) -> int:
        return len(self.pictures)


def shrunk(x: Tensor) -> Tensor:
    """Return images whose shorter side is at most MOST pixels. Shape: (m, c, h, w) to such."""
    return x if min(x.shape[2:]) <= MOST else fitted(x, MOST)


def fitted(x: Tensor, side: int) -> Tensor:
    """Return images whose shorter side has so many pixels. Shape: (m, c, h, w) to such.

    Of a strip longer than LONGEST times its width that must be enlarged only the middle is taken.
    """
    least = min(x.shape[2:])
    if least < side and max(x.shape[2:]) > LONGEST * least:
        tops = [(length - min(length, LONGEST * least)) // 2 for length in x.shape[2:]]
        x = x[:, :, tops[0] :, tops[1] :][:, :, : LONGEST * least, : LONGEST * least]
    if least == side:
        return x
    size = [max(side, round(length * side / least)) for length in x.shape[2:]]
    return F.interpolate(x, size, mode="bilinear", antialias=True)
