"""Which cells a class has: the range of each number, and the rare levels that share a code with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ..data.codes import Codebook
from ..errors import FormatError

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]


@dataclass
class Cells:
    """What conditions are checked against.

    Shape: `ends` (classes, 2, columns), the least and the largest of each; `levels` (m, 4) of those that share a code:
    class, place, level, rows.
    """

    ends: Floats
    levels: Floats

    @classmethod
    def fit(cls, rows: Floats, codes: Codes, book: Codebook) -> Self:
        """Learn the cells of each class. Shape: rows (n, columns) coded, codes (n,) classes."""
        some = [rows[codes == code] for code in range(int(codes.max()) + 1)]
        ends = [[np.fmin.reduce(part, axis=0), np.fmax.reduce(part, axis=0)] for part in some]
        found = [np.zeros((0, 4))]
        for place, column in enumerate(book.columns[: book.width]):
            if column.ordered or not len(column.knots):
                continue
            held = ~np.isnan(rows[:, place])
            pairs, counts = np.unique(np.stack([codes[held], rows[held, place]], axis=1), axis=0, return_counts=True)
            found.append(np.stack([pairs[:, 0], np.full(len(pairs), place), pairs[:, 1], counts], axis=1))
        return cls(np.array(ends).reshape(len(some), 2, rows.shape[1]), np.concatenate(found))

    def check(self, classes: int, columns: int) -> None:
        """Raise FormatError where these are not the cells of so many classes and columns."""
        if self.ends.shape != (classes, 2, columns) or self.levels.ndim != 2 or self.levels.shape[1] != 4:
            raise FormatError("the ranges and levels are not those of the columns")

    def meets(self, book: Codebook, counts: npt.NDArray[np.integer], code: int, place: int, value: float) -> bool:
        """Whether a class has rows of such a cell; of a number, in whose range it lies.

        Shape: counts (classes, size) how many rows of each class hold each code of the column.
        """
        column = book.columns[place]
        held = int(column.encode(np.array([value]))[0])
        if held < 0:
            return False
        if column.ordered and not np.isnan(value):
            low, high = self.ends[code, :, place]
            return bool(low <= value <= high)
        if self._shared(book, place, value, held):
            return bool((self.levels[:, :3] == [code, place, value]).all(axis=1).any())
        return bool(counts[code, held] > 0)

    def shares(self, book: Codebook, counts: npt.NDArray[np.integer], place: int, value: float) -> Floats:
        """Return the share that a level has of its code's rows, 1 where it has a code of its own. Shape: (classes,)."""
        held = int(book.columns[place].encode(np.array([value]))[0])
        if not self._shared(book, place, value, held):
            return np.ones(len(counts))
        mine = self.levels[(self.levels[:, 1:3] == [place, value]).all(axis=1)]
        own = np.bincount(mine[:, 0].astype(np.intp), weights=mine[:, 3], minlength=len(counts))
        return np.asarray(own / np.maximum(counts[:, held], 1))

    @staticmethod
    def _shared(book: Codebook, place: int, value: float, held: int) -> bool:
        column = book.columns[place]
        return not column.ordered and held >= len(column.atoms) and not np.isnan(value)
