"""Where pixels lie: flips, turns, shifts, zooms, perspective, crops, and what bends an image.

Angles are in degrees, counter-clockwise as one sees the image; shifts and strengths are shares of the image's height
and width. A setting that is one number stands for a range around the middle: `Rotate(15)` draws from -15 to 15, `Scale
(0.2)` from 0.8 to 1.2; two numbers are the range itself. What comes in beyond an edge is as `border` says: "reflect",
"edge", or a number from 0 (black) to 1.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import ConfigError
from ..base import Transform
from ..draws import Draws
from ..settings import is_whole, span
from .fused import warp
from .fused.stages import Border, Canvas, Floats, Move, Stage

Range = float | Sequence[float]


@dataclass(frozen=True)
class ImageTransform(Transform, ABC):
    """A change to an image, which says what it does as stages that a plan can fuse."""

    @abstractmethod
    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:
        """Return what is done to each of n rows."""


@dataclass(frozen=True, kw_only=True)
class Position(ImageTransform):
    """A change of position, of masks, boxes and points as well as of pixels.

    Arguments:
        border: "reflect", "edge", or a number from 0 to 1: what comes in beyond an edge.
    """

    border: Border = "reflect"

    def _check(self) -> None:
        number = isinstance(self.border, int | float) and not isinstance(self.border, bool) and 0 <= self.border <= 1
        if self.border not in ("reflect", "edge") and not number:
            raise ConfigError(f"border must be 'reflect', 'edge' or a number from 0 to 1, got {self.border!r}")


class Homography(Position):
    """A change of position that keeps straight lines straight, and the size."""

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:
        """Return the homography of each row."""
        return [Move(self.matrix(draws, canvas), None, self.border)]

    @abstractmethod
    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:
        """Return where points go. Shape: (n, 3, 3)."""


@dataclass(frozen=True)
class Flip(Homography):
    """The image mirrored left to right: for half of the rows, unless `p` says otherwise."""

    p: float = 0.5
    breaks = "text, digits, signs, left and right"

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102 -- the base documents it
        return mirrored(canvas, across=True)


@dataclass(frozen=True)
class FlipVertical(Homography):
    """The image mirrored top to bottom: for half of the rows, unless `p` says otherwise."""

    p: float = 0.5
    breaks = "6 and 9, text, whatever has an upper side"

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        return mirrored(canvas, across=False)


def mirrored(canvas: Canvas, across: bool) -> Floats:
    """Return mirror images. Shape: (n, 3, 3)."""
    made = np.eye(3)
    axis, length = (0, canvas.width) if across else (1, canvas.height)
    made[axis, axis], made[axis, 2] = -1, length - 1
    return np.tile(made, (canvas.n, 1, 1))


@dataclass(frozen=True)
class QuarterTurn(Homography):
    """A turn by 90, 180 or 270 degrees, drawn from `turns`; of images that are not square by 180 alone.

    Arguments:
        turns: numbers of quarter turns, counter-clockwise.
    """

    turns: Sequence[int] = (1, 2, 3)
    breaks = "6 and 9, arrows, whatever has an upper side"

    def _check(self) -> None:
        super()._check()
        object.__setattr__(self, "turns", tuple(self.turns))
        if not self.turns or any(turn not in (0, 1, 2, 3) for turn in self.turns):
            raise ConfigError(f"turns must be some of 0, 1, 2 and 3, got {self.turns!r:.60}")

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        if canvas.height != canvas.width and set(self.turns) - {0, 2}:
            raise ConfigError(
                f"QuarterTurn(turns={self.turns}) of images of {canvas.height} x {canvas.width} pixels would change "
                "their shape row by row: take turns=(2,), or crop them to squares first"
            )
        turns = np.asarray(self.turns)[draws.whole("turns", 0, len(self.turns) - 1)]
        cos, sin = np.array([1, 0, -1, 0])[turns], np.array([0, 1, 0, -1])[turns]
        turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2).astype(float)
        return warp.around(turn, canvas.centre)


@dataclass(frozen=True)
class Rotate(Homography):
    """A turn around the centre.

    Arguments:
        degrees: range of angles.
    """

    degrees: Range = 15.0
    breaks = "from about 45 degrees on: 6 and 9, arrows"
    neutral: ClassVar[Mapping[str, float]] = {"degrees": 0.0}

    def _check(self) -> None:
        super()._check()
        span("degrees", self.degrees)

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        return warp.around(warp.turned(draws.uniform("angle", *span("degrees", self.degrees))), canvas.centre)


@dataclass(frozen=True)
class Translate(Homography):
    """A shift.

    Arguments:
        x: range of shifts to the right, as a share of the width.
        y: range of shifts down, as a share of the height.
        whole: whether by whole pixels, which copies them.
    """

    x: Range = 0.1
    y: Range = 0.1
    whole: bool = False
    neutral: ClassVar[Mapping[str, float]] = {"x": 0.0, "y": 0.0}

    def _check(self) -> None:
        super()._check()
        span("x", self.x), span("y", self.y)

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        x = draws.uniform("x", *span("x", self.x)) * canvas.width
        y = draws.uniform("y", *span("y", self.y)) * canvas.height
        return warp.shift(np.rint(x), np.rint(y), canvas.n) if self.whole else warp.shift(x, y, canvas.n)


@dataclass(frozen=True)
class Scale(Homography):
    """A zoom around the centre, above 1 towards the viewer.

    Arguments:
        factor: range of factors, above 0, drawn evenly in their logarithm.
        ratio: range of how much more the width is scaled than the height, above 0.
    """

    factor: Range = 0.2
    ratio: Range = 0.0
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0, "ratio": 1.0}

    def _check(self) -> None:
        super()._check()
        self._spans()

    def _spans(self) -> list[tuple[float, float]]:
        return [span(name, getattr(self, name), 1.0, 1e-3, 1e3) for name in ("factor", "ratio")]

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        factor, ratio = (
            np.exp(draws.uniform(name, *np.log(ends)))
            for name, ends in zip(("factor", "ratio"), self._spans(), strict=True)
        )
        both = np.stack([factor * np.sqrt(ratio), factor / np.sqrt(ratio)], -1)
        return warp.around(both[:, :, None] * np.eye(2), canvas.centre)


@dataclass(frozen=True)
class Shear(Homography):
    """A slant around the centre.

    Arguments:
        x: range of angles by which upright lines lean, within 80 degrees.
        y: range of angles by which level lines do.
    """

    x: Range = 10.0
    y: Range = 0.0
    neutral: ClassVar[Mapping[str, float]] = {"x": 0.0, "y": 0.0}

    def _check(self) -> None:
        super()._check()
        for name in ("x", "y"):
            span(name, getattr(self, name), 0.0, -80, 80)

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        made = np.tile(np.eye(2), (canvas.n, 1, 1))
        made[:, 0, 1] = np.tan(np.deg2rad(draws.uniform("x", *span("x", self.x))))
        made[:, 1, 0] = np.tan(np.deg2rad(draws.uniform("y", *span("y", self.y))))
        return warp.around(made, canvas.centre)


@dataclass(frozen=True)
class Affine(Homography):
    """A slant, a zoom, a turn and a shift in one, in this order, each as the transform of its name has it.

    Arguments:
        degrees: range of angles.
        translate: range of shifts, as a share of width and height.
        factor: range of zooms.
        shear: range of slants.
    """

    degrees: Range = 15.0
    translate: Range = 0.1
    factor: Range = 0.1
    shear: Range = 5.0
    neutral: ClassVar[Mapping[str, float]] = {"degrees": 0.0, "translate": 0.0, "factor": 1.0, "shear": 0.0}

    def _check(self) -> None:
        super()._check()
        self._parts()

    def _parts(self) -> list[Homography]:
        return [Shear(self.shear), Scale(self.factor), Rotate(self.degrees), Translate(self.translate, self.translate)]

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        made = np.tile(np.eye(3), (canvas.n, 1, 1))
        for place, part in enumerate(self._parts()):
            made = part.matrix(draws.at(place), canvas) @ made
        return made


@dataclass(frozen=True)
class Perspective(Homography):
    """The corners moved inwards or outwards, each by itself.

    Arguments:
        strength: how far at most, as a share of half the width and half the height; from 0 to 0.9.
    """

    strength: float = 0.2
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        super()._check()
        span("strength", (0.0, self.strength), 0.0, 0.0, 0.9)

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        h, w = canvas.height, canvas.width
        corners = np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]])
        by = (2 * draws.uniform_table("corners", 8).reshape(-1, 4, 2) - 1) * self.strength
        return warp.quad(corners + by * [w / 2, h / 2], h, w)


def checked_size(name: str, value: Any) -> tuple[int, int]:
    """Return height and width. Raises: ConfigError where they are no whole numbers above 0."""
    pair = (value, value) if is_whole(value) else value
    fine = isinstance(pair, Sequence) and len(pair) == 2 and all(is_whole(side) and side > 0 for side in pair)
    if not fine:
        raise ConfigError(f"{name} must be a whole number of pixels, or height and width, got {value!r:.60}")
    return int(pair[0]), int(pair[1])
