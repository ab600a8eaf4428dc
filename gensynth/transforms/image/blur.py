"""Blurs, each row under a kernel of its own, mirrored at the edges; and what sharpens.

Lengths are in shares of the image's shorter side, so that a setting means the same at every size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws, Floats, Ints
from ..settings import span
from .damage import Damage, Tone, column

LEAST = 0.05  # pixels of deviation under which nothing is seen


@dataclass(frozen=True)
class Blur(Damage):
    """A Gaussian blur.

    Arguments:
        deviation: range of standard deviations, as a share of the shorter side, from 0 to 1/4.
    """

    deviation: Sequence[float] = (0.002, 0.02)
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        span("deviation", self.deviation, 0.0, 0.0, 0.25)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        s = draws.uniform("deviation", *span("deviation", self.deviation)) * min(x.shape[2:])
        return blurred(x, s)


def blurred(x: Tensor, deviations: Floats) -> Tensor:
    """Return images under Gaussian blurs, mirrored at the edges. Shape: x (n, c, h, w), deviations (n,) in pixels."""
    made = x.clone()
    reach = np.ceil(3 * deviations).astype(np.int64)
    for r in np.unique(reach[deviations >= LEAST]).tolist():  # a row's kernel is its own, whatever the batch
        rows = np.flatnonzero((reach == r) & (deviations >= LEAST))
        at = torch.arange(-r, r + 1).to(x)
        kernels = torch.exp(-0.5 * (at / torch.from_numpy(deviations[rows]).to(x)[:, None]) ** 2)
        kernels /= kernels.sum(1, keepdim=True)
        made[rows] = filtered(filtered(x[rows], kernels[:, None, :]), kernels[:, :, None])
    return made


def filtered(x: Tensor, kernels: Tensor) -> Tensor:
    """Return images under a kernel each, mirrored at the edges. Shape: x (n, c, h, w), kernels (n, a, b), both odd."""
    n, c = x.shape[:2]
    down, across = kernels.shape[1] // 2, kernels.shape[2] // 2
    wide = x[:, :, mirrored(x.shape[2], down)][:, :, :, mirrored(x.shape[3], across)]
    weights = kernels.repeat_interleave(c, 0)[:, None]
    return F.conv2d(wide.reshape(1, n * c, *wide.shape[2:]), weights, groups=n * c).view(x.shape)


def mirrored(length: int, margin: int) -> Tensor:
    """Return places along a line with a margin at both ends that mirrors it."""
    places = torch.arange(-margin, length + margin) % (2 * length)
    return torch.where(places < length, places, 2 * length - 1 - places)


@dataclass(frozen=True)
class MotionBlur(Damage):
    """Blur along a straight line, of a direction drawn anew.

    Arguments:
        length: range of lengths of the line, as a share of the shorter side, from 0 to 1/2.
    """

    length: Sequence[float] = (0.02, 0.1)
    neutral: ClassVar[Mapping[str, float]] = {"length": 0.0}

    def _check(self) -> None:
        span("length", self.length, 0.0, 0.0, 0.5)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        length = draws.uniform("length", *span("length", self.length)) * min(x.shape[2:])
        angle = draws.uniform("angle", 0, np.pi)
        r = np.ceil(length / 2).astype(np.int64)
        return each_reach(x, r, lambda rows, at: line_kernels(length[rows], angle[rows], at))


@dataclass(frozen=True)
class Defocus(Damage):
    """The blur of a lens out of focus: a disc.

    Arguments:
        radius: range of radii, as a share of the shorter side, from 0 to 1/4.
    """

    radius: Sequence[float] = (0.005, 0.03)
    neutral: ClassVar[Mapping[str, float]] = {"radius": 0.0}

    def _check(self) -> None:
        span("radius", self.radius, 0.0, 0.0, 0.25)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        radius = draws.uniform("radius", *span("radius", self.radius)) * min(x.shape[2:])
        r = np.ceil(radius).astype(np.int64)
        return each_reach(x, r, lambda rows, at: disc_kernels(radius[rows], at))


def each_reach(x: Tensor, reach: Ints, kernels: Callable[[Ints, Ints], Floats]) -> Tensor:
    """Return images under kernels of the size that each row needs. Shape: reach (n,)."""
    made = x.clone()
    for r in np.unique(reach[reach > 0]).tolist():
        rows = np.flatnonzero(reach == r)
        made[rows] = filtered(x[rows], torch.from_numpy(kernels(rows, np.arange(-r, r + 1))).to(x))
    return made


def line_kernels(length: Floats, angle: Floats, at: Ints) -> Floats:
    """Return kernels of lines: pixels by their distance from the line, below 1. Shape: (m,), (m,) to (m, k, k)."""
    y, x = at[:, None], at[None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    along, off = x * cos + y * sin, np.abs(x * sin - y * cos)
    beyond = np.maximum(np.abs(along) - (length / 2)[:, None, None], 0)
    weight = np.clip(1 - np.hypot(off, beyond), 0, None)
    return np.asarray(weight / weight.sum((1, 2), keepdims=True))


def disc_kernels(radius: Floats, at: Ints) -> Floats:
    """Return kernels of discs with a soft edge of one pixel. Shape: (m,) to (m, k, k)."""
    far = np.hypot(at[:, None], at[None])
    weight = np.clip(radius[:, None, None] + 0.5 - far, 0, 1)
    return np.asarray(weight / weight.sum((1, 2), keepdims=True))


@dataclass(frozen=True)
class Sharpen(Tone):
    """The image minus a blurred one, a share of it added.

    Arguments:
        strength: range of shares, at least 0.
    """

    strength: Sequence[float] = (0.2, 1.0)
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        span("strength", self.strength, 0.0, 0.0, 10.0)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        soft = blurred(x, np.ones(len(x)))
        return torch.addcmul(x, x - soft, column(draws.uniform("strength", *span("strength", self.strength)), x))
