"""Convolutions that halve images until few pixels a side are left, and that double these to images again.

A side of n pixels becomes one of n/2, rounded up, as long as it is above MOST; the other way each grid is doubled and
cut to the exact size of the one before. Sides are halved each on its own, so images need not be square.

    down   h <- f(N(V * h)),   * a convolution of 4 x 4 pixels that moves 2 along each side that is halved
    up     h <- f(N(V' * h)),  its transpose, each pixel of a doubled side being reached by 2 of 4 weights

with f(x) = x sigmoid(x), or a leaky rectifier, and N nothing or a group norm. Along a side that is small already,
3 pixels move 1. The weights of a layer are drawn from N(0, g^2 / fan in), with g what f takes of the variance.

References: Radford et al. 2016, arXiv:1511.06434 (strides in place of pooling); Odena et al. 2016, "Deconvolution and
checkerboard artifacts", Distill (widths that strides divide); Wu and He 2018, arXiv:1803.08494 (group norm).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .codes import normal

MOST = 7  # pixels of the smallest grid's sides at most; at least 4 are left of 8 and more
GROUP = 16  # channels in a group of the norm at most
GAIN = 1.5  # g

Grid = tuple[int, int]
Activation = Callable[[Tensor], Tensor]


def grids(height: int, width: int) -> list[Grid]:
    """Return the sizes of an image as it is halved, its own first.

    >>> grids(28, 28), grids(9, 33)
    ([(28, 28), (14, 14), (7, 7)], [(9, 33), (5, 17), (5, 9), (5, 5)])
    """
    found = [(height, width)]
    while max(found[-1]) > MOST:
        found.append(tuple(-(-side // 2) if side > MOST else side for side in found[-1]))  # type: ignore[arg-type]
    return found


def widths_for(hidden: Sequence[int], count: int) -> list[int]:
    """Return the widths of so many layers: those given, the last one again where they are too few.

    >>> widths_for([32, 64], 3), widths_for([32, 64], 1)
    ([32, 64, 64], [32])
    """
    return [hidden[min(number, len(hidden) - 1)] for number in range(count)]


class Halved(nn.Module):
    """One convolution between two grids, down or up.

    Arguments:
        channels: how many come in, and how many go out.
        large: the larger grid.
        small: the smaller, each side half of the larger's, rounded up, or equal to it.
        rng: draws the first weights.
        up: whether from the small grid to the large one.
        gain: of the first weights.
    """

    def __init__(
        self, channels: tuple[int, int], large: Grid, small: Grid, rng: torch.Generator, *, up: bool = False,
        gain: float = GAIN,
    ) -> None:  # fmt: skip
        super().__init__()
        (i, o), self.large, self.up = channels, large, up
        self.stride = [2 if a > b else 1 for a, b in zip(large, small, strict=True)]
        self.odd = [(a % 2) * (step - 1) for a, step in zip(large, self.stride, strict=True)]
        kernel = [2 + step for step in self.stride]
        fan = i * math.prod(kernel) / (math.prod(self.stride) if up else 1)
        self.weight = normal(rng, gain / math.sqrt(fan), *((i, o) if up else (o, i)), *kernel)
        self.bias = nn.Parameter(torch.zeros(o))

    def forward(self, h: Tensor) -> Tensor:
        """Return the other grid. Shape: (n, i, *grid) to (n, o, *grid)."""
        if self.up:
            made = F.conv_transpose2d(h, self.weight, self.bias, self.stride, 1)
            return made[..., : self.large[0], : self.large[1]]
        return F.conv2d(F.pad(h, (0, self.odd[1], 0, self.odd[0])), self.weight, self.bias, self.stride, 1)


class Down(nn.Module):
    """Images to the smallest grid.

    Arguments:
        shape: channels, height and width of the images.
        hidden: widths, that of the largest grid first; see `widths_for`.
        rng: draws the first weights.
        norm: whether layers but the first have a group norm.
        activation: f.
    """

    def __init__(
        self, shape: tuple[int, int, int], hidden: Sequence[int], rng: torch.Generator, *, norm: bool = False,
        activation: Activation = F.silu,
    ) -> None:  # fmt: skip
        super().__init__()
        steps = [*pairwise(grids(*shape[1:]))]
        widths = [shape[0], *widths_for(hidden, len(steps))]
        self.layers = nn.ModuleList(
            Halved(pair, *step, rng) for pair, step in zip(pairwise(widths), steps, strict=True)
        )
        self.norms = nn.ModuleList(norm_of(width, norm and number > 0) for number, width in enumerate(widths[1:]))
        self.activation = activation
        self.shape = widths[-1], *grids(*shape[1:])[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Return the smallest grid. Shape: (n, *shape of the images) to (n, *self.shape)."""
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = self.activation(norm(layer(x)))
        return x


class Up(nn.Module):
    """The smallest grid to images, `Down` backwards. No f and no norm after the last layer.

    Arguments:
        shape: channels, height and width of the images.
        hidden: widths as those of `Down`.
        rng: draws the first weights.
        norm: whether layers but the last have a group norm.
        activation: f.
    """

    def __init__(
        self, shape: tuple[int, int, int], hidden: Sequence[int], rng: torch.Generator, *, norm: bool = False,
        activation: Activation = F.silu,
    ) -> None:  # fmt: skip
        super().__init__()
        steps = [*pairwise(grids(*shape[1:]))][::-1]
        widths = [*widths_for(hidden, len(steps))[::-1], shape[0]]
        self.layers = nn.ModuleList(
            Halved(pair, *step, rng, up=True) for pair, step in zip(pairwise(widths), steps, strict=True)
        )
        self.norms = nn.ModuleList(norm_of(width, norm) for width in widths[1:-1])
        self.activation = activation
        self.shape = widths[0], *grids(*shape[1:])[-1]

    def forward(self, h: Tensor) -> Tensor:
        """Return images, of any values. Shape: (n, *self.shape) to (n, *shape of the images)."""
        for number, layer in enumerate(self.layers):
            h = layer(h)
            if number < len(self.norms):
                h = self.activation(self.norms[number](h))
        return h


def norm_of(channels: int, wanted: bool) -> nn.Module:
    """Return a group norm of channels, in groups of GROUP where that divides them, or what does nothing."""
    if not wanted:
        return nn.Identity()
    return nn.GroupNorm(math.gcd(channels, max(channels // GROUP, 1)), channels)
