"""The colours of a segment as passes over pixels, made ready for all rows at once and done to parts of them.

Linear changes are one pass up to the first that must be clamped: c <- A c + b + k m, with m the mean grey of the image.
Where A is a I + g (a matrix whose rows are the weights of grey), as brightness, contrast and saturation have it, the
pass is c <- a c + g grey(c) + ..., which takes a third of the time of a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...draws import Flags
from . import tint
from .layers import Colour
from .picks import Rows, put, take
from .stages import LEVELS, Curve, Floats, Hue, Tint


class Pass(Protocol):
    """One pass over the pixels."""

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:
        """Return pixels changed, in place or in a buffer. Shape: x (m, c, h, w) of these rows of the batch."""


@dataclass
class Linear:
    """A linear change of n rows of three channels, or of any, the same for all.

    Shape: matrix (n, 3, 3) or (n,); shift and about, which the mean grey is multiplied by, (n, 3) or (n, 1).
    """

    matrix: Floats
    shift: Floats
    about: Floats

    @classmethod
    def of(cls, stage: Tint, active: Flags, channels: int, top: float) -> Linear:
        """Return a change in the scale of the pixels; the identity where a row is not touched."""
        n = len(active)
        matrix, shift = stage.matrix, stage.shift.reshape(n, -1) * top
        if matrix.ndim == 3 and channels != 3:  # what a change of colour does to grey
            matrix, shift = matrix[:, 0].sum(1), shift[:, :1]
        none = np.eye(3) if matrix.ndim == 3 else 1.0
        matrix = np.where(active.reshape(n, *[1] * (matrix.ndim - 1)), matrix, none)
        rest = (1 - matrix[:, None] if matrix.ndim == 1 else 1 - matrix.sum(2)) if stage.about else np.zeros((n, 1))
        return cls(matrix, np.where(active[:, None], shift, 0.0), rest)

    def then(self, other: Linear) -> Linear:
        """Return this change and another after it, which needs no mean, as one."""
        if self.matrix.ndim == 1 and other.matrix.ndim == 1:
            by = other.matrix[:, None]
            return Linear(self.matrix * other.matrix, by * self.shift + other.shift, by * self.about)
        A, B = (one.matrix if one.matrix.ndim == 3 else one.matrix[:, None, None] * np.eye(3) for one in (self, other))
        shift, about = (np.broadcast_to(part, (len(A), 3))[..., None] for part in (self.shift, self.about))
        return Linear(B @ A, (B @ shift)[..., 0] + other.shift, (B @ about)[..., 0])

    def ready(self, x: Tensor, clamp: float | None) -> Pass:
        """Return the pass."""

        def tensor(values: Floats, nothing: float = 0.0) -> Tensor | None:
            return None if (values == nothing).all() else torch.from_numpy(values).to(x)[:, :, None, None]

        shift, about = tensor(self.shift), tensor(self.about)
        n = len(self.matrix)
        a, g, fine = (self.matrix, np.zeros(n), np.ones(n, bool)) if self.matrix.ndim == 1 else split(self.matrix)
        scaled = Scaled(tensor(a[:, None], 1.0), tensor(g[:, None]), shift, about, clamp)
        if fine.all():
            return scaled
        return Parted(fine, scaled, Mixed(torch.from_numpy(self.matrix).to(x), shift, about, clamp))


def split(matrix: Floats) -> tuple[Floats, Floats, Flags]:
    """Return a and g of matrices a I + g (rows of the weights of grey), and which ones are such. Shape: (n, 3, 3)."""
    g = matrix[:, 1, 0] / tint.GREY[0]
    a = matrix[:, 0, 0] - matrix[:, 1, 0]
    same = a[:, None, None] * np.eye(3) + g[:, None, None] * np.tile(tint.GREY, (3, 1))
    return a, g, np.abs(matrix - same).max(axis=(1, 2)) < 1e-12


@dataclass
class Scaled:
    """c <- a c + g grey(c) + b + k m, clamped where that is said; of parts that are None nothing is done."""

    by: Tensor | None
    grey: Tensor | None
    shift: Tensor | None
    about: Tensor | None
    clamp: float | None

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:  # noqa: D102 -- the protocol documents it
        by, grey, shift = (None if part is None else part[rows] for part in (self.by, self.grey, self.shift))
        if self.about is not None:
            moved = self.about[rows] * tint.mean_grey(x)
            shift = moved if shift is None else shift + moved
        x = tint.scale(x, by, grey, shift, scratch)
        return x if self.clamp is None else x.clamp_(0, self.clamp)


@dataclass
class Mixed:
    """c <- A c + b + k m, clamped where that is said."""

    matrix: Tensor
    shift: Tensor | None
    about: Tensor | None
    clamp: float | None

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:  # noqa: D102
        shift = x.new_zeros((len(x), 3, 1))
        if self.shift is not None:
            shift = shift + self.shift[rows][..., 0]
        if self.about is not None:
            shift = shift + (self.about[rows] * tint.mean_grey(x))[..., 0]
        x = tint.mix(x, self.matrix[rows], shift, scratch)
        return x if self.clamp is None else x.clamp_(0, self.clamp)


@dataclass
class Parted:
    """Either, by what each row's own matrix is: a row comes out the same whatever the others. Shape: fine (n,)."""

    fine: Flags
    scaled: Scaled
    mixed: Mixed

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:  # noqa: D102
        fine, numbers = self.fine[rows], np.arange(len(self.fine))[rows]
        if not fine.any():
            return self.mixed.do(x, rows, scratch)
        some, others = np.flatnonzero(fine), np.flatnonzero(~fine)
        if not len(others):
            return self.scaled.do(x, rows, scratch)
        put(x, some, self.scaled.do(take(x, some), numbers[some], scratch))
        put(x, others, self.mixed.do(take(x, others), numbers[others], scratch))
        return x


@dataclass
class Turned:
    """The hue turned, of rows that it touches. Shape: thirds (n,), by (n, 1, 1, 1), active (n,)."""

    thirds: npt.NDArray[np.int64]
    by: Tensor
    active: Flags

    @classmethod
    def of(cls, stage: Hue, active: Flags, x: Tensor) -> Turned:
        """Return the pass."""
        thirds = np.rint(3 * stage.turns)
        by = torch.from_numpy(6 * stage.turns - 2 * thirds).to(x)[:, None, None, None]
        return cls(thirds.astype(np.int64), by, active)

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:  # noqa: D102
        active = self.active[rows]
        if active.all():
            return tint.turn_hue(x, self.thirds[rows], self.by[rows], scratch)
        some = np.flatnonzero(active)
        if len(some):
            put(x, some, tint.turn_hue(take(x, some), self.thirds[rows][some], self.by[rows][some], scratch))
        return x


@dataclass
class Looked:
    """Values looked up, of rows that it touches, between them on the line or by the nearest.

    Shape: values (n, 256) or (n, channels, 256), in [0, 1]; smooth (n,), active (n,).
    """

    values: Floats
    smooth: Flags
    active: Flags
    top: float

    @classmethod
    def of(cls, stage: Curve, active: Flags, top: float) -> Looked:
        """Return the pass; values stay as they are where a row is not touched."""
        touched = active.reshape(-1, *[1] * (stage.values.ndim - 1))
        return cls(np.where(touched, stage.values, LEVELS), ~active | stage.smooth, active, top)

    def then(self, other: Looked) -> Looked:
        """Return this lookup and another after it as one.

        That is the same for bytes that nothing moved or coloured before, and where the first counts values as the
        nearest. Else, of values between, those of two smooth ones lie on the line, and others count as the nearest, as
        in a chain of bytes: less than 1/255 from one after another on average, more at a threshold.
        """
        most = max(self.values.ndim, other.values.ndim)
        first, second = (one.values if one.values.ndim == most else one.values[:, None] for one in (self, other))
        first, second = np.broadcast_arrays(first, second)
        made = first.copy()
        for rows, find in ((other.smooth, tint.on_line), (~other.smooth, tint.nearest)):
            if (rows := rows & other.active).any():
                made[rows] = find(second[rows], first[rows])
        return Looked(made, self.smooth & other.smooth, self.active | other.active, self.top)

    def do(self, x: Tensor, rows: Rows, scratch: tint.Scratch) -> Tensor:  # noqa: D102
        active, smooth, values = self.active[rows], self.smooth[rows], self.values[rows]
        for line in (True, False):
            some = np.flatnonzero(active & (smooth == line))
            if len(some) == len(active):
                return tint.look_up(x, values, self.top, line)
            if len(some):
                put(x, some, tint.look_up(take(x, some), values[some], self.top, line))
        return x


def passes_of(colours: list[tuple[Colour, Flags, str]], x: Tensor, channels: int, top: float) -> Iterator[Pass]:
    """Yield the passes of changes of colour; x gives precision and device."""
    linear: Linear | None = None
    looked: Looked | None = None  # of the two at most one waits for what can be done with it
    for stage, active, _ in colours:
        if linear is not None and (not isinstance(stage, Tint) or stage.about):
            yield linear.ready(x, None)
            linear = None
        if looked is not None and not isinstance(stage, Curve):
            yield looked
            looked = None
        if isinstance(stage, Tint):
            more = Linear.of(stage, active, channels, top)
            linear = more if linear is None else linear.then(more)
            if not stage.safe:
                yield linear.ready(x, top)
                linear = None
        elif isinstance(stage, Curve):
            then = Looked.of(stage, active, top)
            looked = then if looked is None else looked.then(then)
        elif channels >= 3:
            yield Turned.of(stage, active, x)
    if linear is not None:
        yield linear.ready(x, None)
    if looked is not None:
        yield looked
