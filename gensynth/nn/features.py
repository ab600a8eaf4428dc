"""What an image looks like at several scales: convolutions whose weights never move.

    h_l = f(W_l * h_(l-1) + b_l),   f(x) = max(x, 0), squares of 2 x 2 pixels averaged between scales

Random weights are orthonormal rows, from a seed that never changes, so that no file is needed. As photographs have less
of waves the shorter they are, and less of colour than of light, those of the first layer weigh the waves of a patch of
3 x 3 pixels, k along one side and l along the other, by (1 + 3 |(k, l)|)^1/2 and those of colour COLOUR times as much:
else nobody sees noise of pixels. No layer adds its input to its output: features of such networks are too alike for
textures. VGG-19 has the published layers and, as Gatys et al. do, averages in place of maxima. Borders are mirrored.

References: Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks", CVPR, sec. 2; Simonyan and
Zisserman 2015, arXiv:1409.1556, table 1, E (VGG-19); He et al. 2016, arXiv:1606.04801 (random weights); Wang et al.
2021, arXiv:2104.05623 (why residual networks fail).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEED = 20160623
WIDTHS = (32, 64, 128, 128)  # of the random layers, a scale each
COLOUR = 3.0
LEAST = 4  # pixels of a grid's shorter side, below which scales are left out
VGG = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,))  # up to the last layer that is looked at
VGG_STYLE, VGG_CONTENT = (0, 2, 4, 8, 12), 9  # conv1_1, 2_1, 3_1, 4_1 and 5_1; conv4_2
GREY_MEAN, GREY_STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Seen(NamedTuple):
    """What features show of images. Shape: style (n, c_l, h_l, w_l) for each layer, content one such."""

    style: list[Tensor]
    content: Tensor


class Features(nn.Module):
    """Fixed convolutions.

    Arguments:
        scales: the weights of each layer of each scale, (o, i, 3, 3) and, or None, (o,).
        style: numbers of the layers that show the style, counted through all scales from 0.
        content: number of the layer that shows the content.
        mean, std: of the channels, taken from images and divided by.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, scales: Sequence[Sequence[tuple[Tensor, Tensor | None]]], *, style: Sequence[int], content: int,
        mean: Sequence[float] = GREY_MEAN, std: Sequence[float] = GREY_STD,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes, self.style, self.content = [len(scale) for scale in scales], tuple(style), content
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32)[:, None, None])
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32)[:, None, None])
        for number, (weight, bias) in enumerate(layer for scale in scales for layer in scale):
            self.register_buffer(f"weight{number}", weight.detach())
            self.register_buffer(f"bias{number}", None if bias is None else bias.detach())

    @property
    def trained(self) -> bool:
        """Whether the weights are not the random ones."""
        return self.bias0 is not None

    @classmethod
    def random(cls) -> Self:
        """Return features of random weights, always the same ones."""
        rng = torch.Generator().manual_seed(SEED)
        weights = [_orthonormal(o, i * 9, rng) * math.sqrt(2) for i, o in pairwise((3, *WIDTHS))]
        seen = weights[0] @ _waves()
        weights[0] = seen * (weights[0].norm() / seen.norm())
        scales = [[(weight.view(len(weight), -1, 3, 3), None)] for weight in weights]
        return cls(scales, style=range(len(WIDTHS)), content=len(WIDTHS) - 1)

    @classmethod
    def vgg19(cls, state: Mapping[str, Tensor]) -> Self:
        """Return those of VGG-19, of weights as torchvision names them. Raises: ValueError for those of another."""
        scales, place, i = [], 0, 3
        for widths in VGG:
            layers = []
            for o in widths:
                names = [f"features.{place}.{part}" for part in ("weight", "bias")]
                weight, bias = (state.get(name) for name in names)
                if not (isinstance(weight, Tensor) and isinstance(bias, Tensor)):
                    raise ValueError(f"{names[0]} or its bias is lacking")
                if weight.shape != (o, i, 3, 3) or bias.shape != (o,):
                    raise ValueError(f"{names[0]} has the shape {tuple(weight.shape)}, in VGG-19 {(o, i, 3, 3)}")
                if not (weight.isfinite().all() and bias.isfinite().all()):
                    raise ValueError(f"{names[0]} has numbers that are not finite")
                layers.append((weight.float(), bias.float()))
                place, i = place + 2, o
            scales.append(layers)
            place += 1
        return cls(scales, style=VGG_STYLE, content=VGG_CONTENT, mean=IMAGENET_MEAN, std=IMAGENET_STD)

    def forward(self, x: Tensor) -> Seen:
        """Return what images show, without the scales that are too small for them. Shape: (n, 3, h, w) in [0, 1]."""
        h, style, content, number = (x - self.mean) / self.std, [], None, 0
        for scale, size in enumerate(self.sizes):
            if scale and min(h.shape[2:]) < 2 * LEAST:
                break
            h = F.avg_pool2d(h, 2) if scale else h
            for _ in range(size):
                weight, bias = getattr(self, f"weight{number}"), getattr(self, f"bias{number}")
                h = F.relu(F.conv2d(mirrored(h), weight, bias))
                if number in self.style:
                    style.append(h)
                content = h if number <= self.content else content
                number += 1
        assert content is not None  # there is a first layer
        return Seen(style, content)


def mirrored(h: Tensor) -> Tensor:
    """Return images with a border of one pixel more. Shape: (n, c, h, w) to (n, c, h + 2, w + 2)."""
    return F.pad(h, (1, 1, 1, 1), mode="reflect" if min(h.shape[2:]) > 1 else "replicate")


def _waves() -> Tensor:
    """Return the waves of a patch of 3 colours and 3 x 3 pixels, weighted, a row each. Shape: (27, 27)."""
    rows = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [1.0, -2.0, 1.0]], dtype=torch.float32)
    basis = rows / rows.norm(dim=1, keepdim=True)
    short = torch.arange(3, dtype=torch.float32)
    gain = (1 + 3 * (short[:, None] ** 2 + short**2).sqrt()).sqrt() * short.new_tensor([1.0, COLOUR, COLOUR])[
        :, None, None
    ]
    return torch.einsum("ckl,cx,ky,lz->cklxyz", gain, basis, basis, basis).reshape(27, 27)


def _orthonormal(rows: int, columns: int, rng: torch.Generator) -> Tensor:
    """Return a matrix of orthonormal rows, or columns where these are fewer."""
    drawn = torch.randn(max(rows, columns), min(rows, columns), generator=rng, dtype=torch.float64)
    q: Tensor = torch.linalg.qr(drawn)[0].float()
    return (q.T if rows <= columns else q).contiguous()
