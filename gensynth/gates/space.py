"""A space for mixed rows in which distance means what it means to people, whatever the units of the columns.

A number stands at its smoothed quantile rank among the real rows, from 0 to 1, so that neither units nor heavy tails
matter; two different categories lie 1/2 apart, about as far as two random numbers (sqrt(1/6) = 0.41). A missing number
lies 1 or more from every present one and 0 from another missing one; a missing category is a level of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..data.columns import Floats
from ..data.encode import Block, Layout
from ..random import as_generator

Places = npt.NDArray[np.intp]
POINTS = 10_000  # values of a column that ranks are counted by
EXACT = 256  # levels in a table up to which each has a coordinate of its own
BLOCK = 8192  # rows placed and searched at once
MISMATCH = 0.5


class Space:
    """Coded rows as points. The Euclidean distance of two of them is the distance of the rows.

    Beyond 256 levels in all, the levels of a wide column are 16 to 64 random signs, whose distances are 1/2 on
    average, so that memory stays bounded.

    Arguments:
        matrix: (n, width) coded real rows, to learn the ranks from.
        layout: what its columns are.
    """

    def __init__(self, matrix: Floats, layout: Layout) -> None:
        self.layout = layout
        self.ranks = {int(place): Rank(matrix[:, place]) for place in layout.numbers}
        self.holed = {int(place) for place in layout.numbers if np.isnan(matrix[:, place]).any()}
        wide = sum(block.levels + 2 for block in layout.blocks if block.levels) > EXACT
        signs = int(np.clip(1024 // max(len(layout.categories), 1), 16, 64))
        self.levels = {
            block.start: _levels(block, signs if wide else EXACT) for block in layout.blocks if block.kind == "category"
        }

    def __call__(self, matrix: Floats) -> Floats:
        """Place rows. Shape: (n, width) to (n, q)."""
        parts = [np.zeros((len(matrix), 0 if self.layout.blocks else 1))]
        for block in self.layout.blocks:
            values = matrix[:, block.start]
            missing = np.isnan(values)
            if block.kind == "category":
                codes = np.where(missing, block.levels, np.where(values < 0, block.levels + 1, values))
                parts.append(self.levels[block.start][codes.astype(np.intp)])
            elif block.start in self.holed:
                ranks = np.where(missing, 0.5, self.ranks[block.start](values))
                parts.append(np.stack([ranks, missing.astype(np.float64)], axis=1))
            else:  # no real row misses it: a row that does lies far from all
                parts.append(np.where(missing, 2.0, self.ranks[block.start](values))[:, None])
        return np.hstack(parts)


class Neighbours:
    """The nearest of some rows, searched block by block.

    Arguments:
        space: where the rows lie.
        matrix: (n, width) coded rows to search in.
    """

    def __init__(self, space: Space, matrix: Floats) -> None:
        from sklearn.neighbors import NearestNeighbors

        self.space, self.count = space, len(matrix)
        self.points = np.concatenate([space(matrix[at : at + BLOCK]) for at in range(0, len(matrix), BLOCK)])
        self.index = NearestNeighbors(n_neighbors=1).fit(self.points)

    def nearest(self, matrix: Floats) -> tuple[Floats, Places]:
        """Return the distance to, and the place of, the row nearest to each of other rows. Shape: (m,) each."""
        found = [self._search(self.space(matrix[at : at + BLOCK]), 1) for at in range(0, len(matrix), BLOCK)]
        far, where = (np.concatenate(part) for part in zip(*found, strict=True))
        return far[:, 0], where[:, 0]

    def others(self, rows: Places, also: Places) -> tuple[Floats, Places]:
        """Return the same for rows of these themselves, passing over each of `rows` itself and that of `also`."""
        found = [self._passing(rows[at : at + BLOCK], also[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
        far, where = (np.concatenate(part) for part in zip(*found, strict=True))
        return far, where

    def _passing(self, rows: Places, also: Places) -> tuple[Floats, Places]:
        far, where = self._search(self.points[rows], min(3, self.count))
        own = (where == rows[:, None]) | (where == also[:, None])
        first = own.argmin(axis=1)[:, None]
        return np.take_along_axis(far, first, 1)[:, 0], np.take_along_axis(where, first, 1)[:, 0]

    def _search(self, points: Floats, k: int) -> tuple[Floats, Places]:
        """Return the k nearest; the distances again by differences, since fast search rounds the small ones."""
        where = self.index.kneighbors(points, k, return_distance=False)
        far = np.stack([np.linalg.norm(points - self.points[where[:, j]], axis=1) for j in range(k)], axis=1)
        return far, where.astype(np.intp)


class Rank:
    """The quantile rank of a number, smoothed so that a small step is never a large one.

    With F the distribution function of the real values, rank(x) is the mean of F over [x - h, x + h], h a quarter of
    their standard deviation without the outer hundredths: where most values are zero, 0.01 is still near to it. Beyond
    the range, a range more is a rank of 1 more.
    """

    def __init__(self, values: Floats) -> None:
        present = np.sort(values[~np.isnan(values)])
        present = present if len(present) else np.zeros(1)
        if len(present) > POINTS:
            present = present[np.linspace(0, len(present) - 1, POINTS).round().astype(np.intp)]
        self.low, self.high = float(present[0]), float(present[-1])
        self.reach = (self.high - self.low) or max(abs(self.low), 1.0)
        self.points = (present - self.low) / self.reach
        inner = np.clip(self.points, *np.quantile(self.points, [0.01, 0.99]))
        self.h = 0.25 * (float(inner.std()) or float(self.points.std()) or 1.0)
        self.sums = np.concatenate([[0.0], np.cumsum(self.points)])

    def __call__(self, values: Floats) -> Floats:
        """Return ranks, NaN for NaN. Shape: (n,)."""
        x = (values - self.low) / self.reach
        inside = np.clip(x, 0.0, 1.0)
        return np.asarray((self._area(inside + self.h) - self._area(inside - self.h)) / (2 * self.h) + x - inside)

    def _area(self, x: Floats) -> Floats:
        """Return the integral of F up to x."""
        below = np.searchsorted(self.points, x, side="right")
        return np.asarray((below * x - self.sums[below]) / len(self.points))


def _levels(block: Block, most: int) -> Floats:
    """Return the points of a category's levels, then of the missing and of an unknown one."""
    count = block.levels + 2
    if count <= most:
        return np.asarray(np.eye(count) * (MISMATCH / np.sqrt(2.0)))
    signs = as_generator(0, "levels", block.start).integers(2, size=(count, most)) * 2.0 - 1.0
    return np.asarray(signs * (MISMATCH / np.sqrt(2.0 * most)))
