"""Ties between two columns of a copula: where correlated normals lose how they go together.

A tied column follows its distribution given the value of the column it is tied to, as a table of codes by steps. The
normal number that picks from it is what is left of the column's own when the other's is taken out of it, so that what
other columns have to do with it is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from .links import Bins
from .margins import Margin

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


@dataclass
class Tie:
    """Rows counted by the code of one column and the step of another.

    Shape: table (codes of the first, steps of the second).
    """

    table: Floats

    @classmethod
    def of(cls, codes: Places, count: int, cells: Floats, margin: Margin) -> Tie:
        """Count rows. Shape: codes (n,) of the first column, cells (n,) of the second, of which NaN are left out."""
        if not len(margin.values):  # the second is missing throughout the class
            return cls(np.zeros((count, 0)))
        held = ~np.isnan(cells)
        steps = margin.places(cells[held])
        flat = np.bincount(codes[held] * len(margin.values) + steps, minlength=count * len(margin.values))
        return cls(flat.reshape(count, len(margin.values)).astype(np.float64))

    def draw(self, codes: Places, u: Floats, margin: Margin) -> Floats:
        """Return values of the second column given codes of the first. Shape: (m,), u (m,) in (0, 1)."""
        some = self.table.sum(axis=1, keepdims=True) > 0
        table = np.where(some, self.table, np.diff(margin.ends, prepend=0.0))
        share = table / table.sum(axis=1, keepdims=True)
        ends = np.cumsum(share, axis=1)
        ends[:, -1] = 1.0
        ladder = (ends + np.arange(len(ends))[:, None]).ravel()  # one rung of length 1 a code
        at = np.minimum(np.searchsorted(ladder, codes + u, side="right") - codes * ends.shape[1], ends.shape[1] - 1)
        start = ends[codes, at] - share[codes, at]
        inside = np.clip((u - start) / np.maximum(share[codes, at], 1e-12), 0, 1)
        return margin.value(at, inside)


def residual(z: Floats, other: Floats, r: float) -> Floats:
    """Return as shares of the unit interval what normals hold beside others they correlate with. Shape: (m,)."""
    made: Floats = ndtr((z - r * other) / np.sqrt(max(1 - r**2, 1e-6)))
    return np.clip(made, 1e-12, 1 - 1e-12)


@dataclass
class Ties:
    """All ties of a class: along the links, in both directions, and of all columns to those that may be held."""

    links: list[tuple[int, int]]
    bins: dict[int, Bins]
    both: dict[tuple[int, int], Tie]

    def never(
        self, given: Mapping[int, float], margins: list[Margin], categories: Collection[int]
    ) -> dict[int, float] | None:
        """Return two of the given categories that no row of the class holds together, or None where none are known.

        What is known is what ties count: columns that are tied, and levels that do not share a code with others.
        """
        for (one, other), tie in self.both.items():
            if not {one, other} <= {*given} & {*categories} or np.isnan(given[other]):
                continue
            code = self.bins[one](np.array([given[one]]))[0]
            if not tie.table[code, margins[other].values == given[other]].any():
                return {one: given[one], other: given[other]}
        return None

    @classmethod
    def of(
        cls, pool: Floats, bins: list[Bins], margins: list[Margin], links: list[tuple[int, int]], more: list[int]
    ) -> Ties:
        """Learn the ties along links from the rows of a class, and those of all columns to some.

        Arguments:
            pool: (n, width) rows.
            more: columns that every other is tied to where their value is held.
        """
        pairs = [*links, *((j, i) for i, j in links), *((i, j) for i in more for j in range(len(bins)) if i != j)]
        both = {}
        for one, other in dict.fromkeys(pairs):
            codes = bins[one](pool[:, one])
            both[one, other] = Tie.of(codes, bins[one].count, pool[:, other], margins[other])
        return cls(links, {one: bins[one] for one, _ in both}, both)
