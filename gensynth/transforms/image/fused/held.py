"""Pixels on their way through a plan: a row as it came until it is changed, then floats, and back once it is done.

What is done to other rows costs a row nothing, and bytes are rounded once.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ...draws import Flags, Ints
from .picks import Rows, put, take

Size = tuple[int, int]


def touched(n: int, changes: list[Ints]) -> Flags:
    """Return which of n rows are among those of changes. Shape: (n,)."""
    made = np.zeros(n, dtype=bool)
    for rows in changes:
        made[rows] = True
    return made


class Held:
    """The pixels of n rows, while one work after another is done to some of them.

    Arguments:
        x: (n, c, h, w) of bytes, or of floats; never written to.
        works: the rows (n,) that each work touches.
        size: height and width of what comes out.
    """

    def __init__(self, x: Tensor, works: list[Flags], size: Size) -> None:
        n, channels = x.shape[:2]
        self.x, self.floats = x, x.dtype if x.is_floating_point() else torch.float32
        self.first, self.last = np.full(n, -1), np.full(n, -1)
        for number, rows in enumerate(works):
            self.last[rows] = number
            self.first[rows & (self.first < 0)] = number
        self.work = -1
        self.before = self.after = x.new_empty((n, channels, *x.shape[2:]), dtype=self.floats)  # memory once written to
        self.made = x.new_empty((n, channels, *size))

    def begin(self, size: Size) -> None:
        """Go on to the next work, of which images of a size come out."""
        self.work += 1
        self.before = self.after
        if tuple(self.after.shape[2:]) != size:
            self.after = self.x.new_empty((*self.x.shape[:2], *size), dtype=self.floats)

    def read(self, rows: Rows) -> Tensor:
        """Return rows as they are before the work: of bytes, where they are as they came; not to be written to."""
        fresh = self.first[rows] == self.work
        if fresh.all():
            return take(self.x, rows)
        if not fresh.any():
            return take(self.before, rows)
        numbers = np.arange(len(self.x))[rows]
        part = take(self.before, numbers)
        put(part, np.flatnonzero(fresh), take(self.x, numbers[fresh]))
        return part

    def write(self, rows: Rows, part: Tensor) -> None:
        """Put rows as they are after the work; floats are used up."""
        done = self.last[rows] == self.work
        if done.all():
            self._finish(rows, part)
        elif not done.any():
            put(self.after, rows, part)
        else:
            numbers = np.arange(len(self.x))[rows]
            put(self.after, numbers[~done], take(part, np.flatnonzero(~done)))
            self._finish(numbers[done], take(part, np.flatnonzero(done)))

    def finished(self) -> Tensor:
        """Return all rows as they came: those that nothing was done to as they are."""
        rows = np.flatnonzero(self.first < 0)
        if len(rows):  # the size is as it was, as what changes it is done to all
            put(self.made, rows, take(self.x, rows))
        return self.made

    def _finish(self, rows: Rows, part: Tensor) -> None:
        if part.is_floating_point() and not self.x.is_floating_point():
            part = part.add_(0.5).to(torch.int16)  # to the nearest bytes by way of int16, which is fast
        put(self.made, rows, part)
