"""What part of an image is kept, in which size: crops, margins, resizing; and what bends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import ConfigError
from ..draws import Draws
from ..settings import is_whole, span
from .fused import warp
from .fused.stages import Bend, Canvas, Floats, Move, Stage
from .position import Position, checked_size

Size = int | Sequence[int]


@dataclass(frozen=True)
class Crop(Position):
    """A part of the image, cut out at a place drawn anew for each row.

    Arguments:
        size: height and width of the part, in pixels; what is larger than the image is filled up as `border` says.
        centred: whether it is the middle of the image instead.
    """

    size: Size = 32
    centred: bool = False

    def _check(self) -> None:
        super()._check()
        checked_size("size", self.size)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102 -- the base documents it
        height, width = checked_size("size", self.size)
        spare = canvas.width - width, canvas.height - height
        half = np.full(canvas.n, 0.5)
        u, v = (half, half) if self.centred else (draws.uniform("x"), draws.uniform("y"))
        x, y = (
            np.floor(np.minimum(share, 1 - 1e-12) * (room + np.sign(room)))
            for share, room in zip((u, v), spare, strict=True)
        )
        return [Move(warp.shift(-x, -y, canvas.n), (height, width), self.border)]


@dataclass(frozen=True)
class Pad(Position):
    """A margin around the image.

    Arguments:
        margin: pixels on every side, at least 0; or left, top, right and bottom.
    """

    margin: int | Sequence[int] = 4

    def _check(self) -> None:
        super()._check()
        self._sides()

    def _sides(self) -> tuple[int, ...]:
        sides = tuple(self.margin) if isinstance(self.margin, Sequence) else (self.margin,) * 4
        if len(sides) != 4 or any(not is_whole(side) or side < 0 for side in sides):
            raise ConfigError(f"margin must be a whole number of pixels, or four, at least 0, got {self.margin!r:.60}")
        return tuple(int(side) for side in sides)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        left, top, right, bottom = self._sides()
        size = canvas.height + top + bottom, canvas.width + left + right
        return [Move(warp.shift(left, top, canvas.n), size, self.border)]


@dataclass(frozen=True)
class Resize(Position):
    """The whole image in another size; where it shrinks, pixels are averaged.

    Arguments:
        size: height and width, in pixels.
    """

    size: Size = 32

    def _check(self) -> None:
        super()._check()
        checked_size("size", self.size)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        height, width = checked_size("size", self.size)
        return [Move(np.tile(stretched(canvas, height, width), (canvas.n, 1, 1)), (height, width), self.border)]


def stretched(canvas: Canvas, height: int, width: int) -> Floats:
    """Return the map of a whole image to a size, outer edges to outer edges. Shape: (3, 3)."""
    by = np.array([width / canvas.width, height / canvas.height])
    made = np.diag([*by, 1.0])
    made[:2, 2] = 0.5 * by - 0.5
    return made


@dataclass(frozen=True)
class ResizeCrop(Position):
    """A part of the image, of a size, a shape and at a place drawn anew, brought to one size.

    Arguments:
        size: height and width of what comes out, in pixels.
        area: range of the part's share of the image, above 0 up to 1.
        ratio: range of width to height, drawn evenly in its logarithm.
    """

    size: Size = 32
    area: Sequence[float] = (0.3, 1.0)
    ratio: Sequence[float] = (3 / 4, 4 / 3)
    neutral: ClassVar[Mapping[str, float]] = {"area": 1.0, "ratio": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"area": "absolute", "ratio": "absolute"}

    def _check(self) -> None:
        super()._check()
        checked_size("size", self.size)
        span("area", self.area, 0.0, 1e-6, 1.0), span("ratio", self.ratio, 0.0, 1e-3, 1e3)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        height, width = checked_size("size", self.size)
        whole = canvas.height * canvas.width * draws.uniform("area", *span("area", self.area))
        ratio = np.exp(draws.uniform("ratio", *np.log(span("ratio", self.ratio))))
        w = np.minimum(np.sqrt(whole * ratio), canvas.width)
        h = np.minimum(np.sqrt(whole / ratio), canvas.height)
        x, y = draws.uniform("x") * (canvas.width - w), draws.uniform("y") * (canvas.height - h)
        made = np.tile(np.eye(3), (canvas.n, 1, 1))
        made[:, 0, 0], made[:, 1, 1] = width / w, height / h
        made[:, 0, 2], made[:, 1, 2] = (0.5 - x) * width / w - 0.5, (0.5 - y) * height / h - 0.5
        return [Move(made, (height, width), self.border)]


@dataclass(frozen=True)
class Elastic(Position):
    """The image bent by a smooth random field (Simard, Steinkraus and Platt 2003, ICDAR).

    The field is drawn on a coarse grid and spread smoothly, instead of white noise that is blurred.

    Arguments:
        strength: standard deviation of the shift of a grid point, as a share of the distance between them; a third and
            more may fold the image. From 0 to 1.
        grid: points along the shorter side, at least 2.
    """

    strength: float = 0.1
    grid: int = 6
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        super()._check()
        span("strength", (0.0, self.strength), 0.0, 0.0, 1.0)
        if isinstance(self.grid, bool) or not isinstance(self.grid, int) or self.grid < 2:
            raise ConfigError(f"grid must be a whole number, at least 2, got {self.grid!r}")

    def points(self, canvas: Canvas) -> tuple[int, int, float]:
        """Return how many points there are down and across, and the pixels between them."""
        apart = max(min(canvas.height, canvas.width) - 1, 1) / (self.grid - 1)
        down, across = (max(round((side - 1) / apart) + 1, 2) for side in (canvas.height, canvas.width))
        return down, across, apart

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        down, across, apart = self.points(canvas)
        field = draws.normal_table("field", 2 * down * across).reshape(-1, 2, down, across)
        return [Bend(field.astype(np.float64) * self.strength * apart, self.border)]


@dataclass(frozen=True)
class GridDistortion(Elastic):
    """The image bent along lines: the distances between the columns, and the rows, of a grid change.

    Arguments:
        strength: how much at most, as a share of the distance, from 0 to 1.
        grid: lines along the shorter side, at least 2.
    """

    strength: float = 0.3

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        down, across, apart = self.points(canvas)
        x = self._moved(draws.uniform_table("x", across - 1)) * apart
        y = self._moved(draws.uniform_table("y", down - 1)) * apart
        field = np.zeros((canvas.n, 2, down, across))
        field[:, 0], field[:, 1] = x[:, None, :], y[:, :, None]
        return [Bend(field, self.border)]

    def _moved(self, u: Floats) -> Floats:
        """Return how far the lines move, the outer ones not at all. Shape: u (n, gaps); returns (n, gaps + 1)."""
        gaps = 1 + self.strength * (2 * u - 1)
        gaps *= u.shape[1] / gaps.sum(axis=1, keepdims=True)
        ends = np.concatenate([np.zeros((len(u), 1)), np.cumsum(gaps, axis=1)], axis=1)
        return np.asarray(ends - np.arange(u.shape[1] + 1))
