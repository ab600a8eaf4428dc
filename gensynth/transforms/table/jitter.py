"""Numbers moved a little, by the spread of their column within their class.

Reference: Silverman 1986, "Density Estimation", eq. 3.28 and 3.30 (the smaller of deviation and interquartile range).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..draws import Draws, Floats, Ints
from ..settings import span
from .base import Pool, Range, TableTransform
from .rows import Matrix

COMMON = 0.1  # share of the rows of a class from which on a value may be one that the column prefers
TIMES = 5  # as often as the median value of the column: where rows repeat, all their values come often


@dataclass(frozen=True, eq=False)
class Spreads(Pool):
    """Also the spread of each column in each class (classes, width), its range, and the values that it prefers."""

    spreads: Floats
    low: Floats
    high: Floats
    preferred: list[dict[int, Floats]]


@dataclass(frozen=True)
class JitterNumbers(TableTransform):
    """Normal noise on numbers and dates, in units of the spread of their column in the class.

    The spread is the standard deviation, or the interquartile range / 1.34 where that is smaller and above 0. Values
    that the column prefers stay: zeros, caps, small whole numbers. They are those that more than a tenth of the class's
    rows hold, and more than two: of its distinct rows, or of all where the value is five times as frequent as the
    median one. What would leave the range of the column goes the other way. Numbers on a grid go to its nearest point.

    Few rows: in a class of one distinct row the spreads are those of all rows, and a column that is constant in a class
    of several stays there.

    Arguments:
        deviation: range of the noise's standard deviation, in spreads, at least 0; drawn for each row.
    """

    deviation: Range = (0.0, 0.1)
    breaks: ClassVar[str] = "classes that touch, near where they do"
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        super()._check()
        span("deviation", self.deviation, 0.0, 0.0)

    def learn(self, rows: Matrix, y: Any) -> Spreads:
        """Return the rows, their classes, and the spread of their numbers."""
        pool: Pool = super().learn(rows, y)
        places = self.numbers(rows.layout).tolist()
        every, spreads, preferred = _spreads(rows.values, places), [], []
        for part in pool.by_class:
            distinct = _distinct(part)
            spreads.append(_spreads(part, places) if len(distinct) > 1 else every)
            held = {place: _preferred(part[:, place], distinct[:, place]) for place in places}
            preferred.append(held if len(distinct) > 1 else {})
        filled = np.isnan(rows.values)
        low = np.where(filled, np.inf, rows.values).min(axis=0)
        high = np.where(filled, -np.inf, rows.values).max(axis=0)
        return Spreads(pool.matrix, pool.classes, np.array(spreads), low, high, preferred)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:  # noqa: D102 -- the base documents it
        known: Spreads = self.known
        size = draws.uniform("deviation", *span("deviation", self.deviation))[:, None]
        noise = size * known.spreads[codes] * draws.normal_table("noise", values.shape[1]).astype(np.float64)
        moved = values + noise
        made = np.where((moved < known.low) | (moved > known.high), values - noise, moved)
        for code in np.unique(codes):
            mine = np.flatnonzero(codes == code)
            for place, held in known.preferred[code].items():
                if len(held):
                    stay = mine[np.isin(values[mine, place], held)]
                    made[stay, place] = values[stay, place]
        return made


def _distinct(rows: Floats) -> Floats:
    """Return the distinct rows. Shape: (n, width) to (m, width)."""
    if not rows.shape[1]:
        return rows[:1]
    kept = np.unique(np.where(np.isnan(rows), np.inf, rows), axis=0)
    return np.where(np.isinf(kept), np.nan, kept)


def _spreads(rows: Floats, places: list[int]) -> Floats:
    """Return the spread of columns, 0 of the others. Shape: (n, width) to (width,)."""
    made = np.zeros(rows.shape[1])
    for place in places:
        held = rows[~np.isnan(rows[:, place]), place]
        if len(held) > 1 and held.min() < held.max():
            quarter = float(np.subtract(*np.quantile(held, [0.75, 0.25]))) / 1.34
            made[place] = min(float(held.std()), quarter) if quarter > 0 else float(held.std())
    return made


def _preferred(cells: Floats, distinct: Floats) -> Floats:
    """Return the values that many cells hold, of all rows or of the distinct ones. Shape: (n,), (m,) to (k,)."""
    found = []
    for part, times in ((distinct, 0), (cells, TIMES)):
        values, counts = np.unique(part[~np.isnan(part)], return_counts=True)
        often = max(2.0, COMMON * len(part))
        found.append(values[(counts > often) & (counts >= times * np.median(counts))] if len(counts) else values)
    return np.union1d(*found)
