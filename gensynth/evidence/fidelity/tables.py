"""Column shapes and pair trends of tables.

For a column of real values r and synthetic ones s, present ones alone, and a pair of columns (a, b):

    shape      numbers, datetimes   1 - max over x of |F_r(x) - F_s(x)|            (Kolmogorov and Smirnov)
               categories           1 - sum over levels of |p_r - p_s| / 2         (total variation)
    missing    1 - |share missing in r - share missing in s|
    pair       two numbers          1 - |rho_r - rho_s| / 2, rho Pearson's, over rows in which both are present
               else                 1 - sum over cells of |p_r - p_s| / 2 of the table of both

Numbers beside categories are cut at the deciles of the real rows, a value that many rows have being a part of its own;
a missing value is a level there. Dates count as numbers. The correlation of a column that does not vary is none: where
it varies on the other side, it counts as 0 there, and where it does not on either side, the pair has no score. All
scores lie in [0, 1].

References: Massey 1951, "The Kolmogorov-Smirnov test for goodness of fit"; the figures are known as SDMetrics' Column
Shapes and Column Pair Trends.

DIFFERS from SDMetrics: numbers are cut at deciles and not in ten parts of equal width, of which a long tail leaves one;
missing values are levels of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.columns import Category, Column, Floats

Codes = npt.NDArray[np.int64]
MOST_COLUMNS = 60  # of which all pairs are looked at
REPEATS, CELLS = 50, 300_000  # of the bootstrap, and what of a table is drawn again


@dataclass(frozen=True)
class Sides:
    """Two coded tables of the same columns, (n, q) and (m, q), the first the real one."""

    real: Floats
    made: Floats
    columns: list[Column]

    def shapes(self) -> Floats:
        """Return the shape score of each column, NaN where neither side has a value. Shape: (q,)."""
        found = [
            float(1 - apart(r, s, named=isinstance(column, Category))[0])
            for r, s, column in zip(self.real.T, self.made.T, self.columns, strict=True)
        ]
        return np.array(found)

    def lone(self) -> Floats:
        """Return the share of real rows that are alone with their category, by column; 0 of numbers. Shape: (q,)."""
        found = [
            lone(np.unique(r[~np.isnan(r)], return_counts=True)[1]) if isinstance(column, Category) else 0.0
            for r, column in zip(self.real.T, self.columns, strict=True)
        ]
        return np.array(found)

    def missing(self) -> tuple[Floats, Floats]:
        """Return the share of missing values of each column, of real and of made rows. Shape: (q,)."""
        return np.isnan(self.real).mean(axis=0), np.isnan(self.made).mean(axis=0)

    def pairs(self, places: list[int]) -> tuple[Floats, Floats]:
        """Return the score of each pair of these columns, in the order of `combinations`, NaN where it has none.

        And the share of real rows that are alone in their cell of the table, 0 of two numbers.
        """
        numbers = [place for place in places if self.columns[place].kind in ("number", "datetime")]
        rho = [correlations(x[:, numbers]) for x in (self.real, self.made)]
        within = {place: at for at, place in enumerate(numbers)}
        parts = {place: self._parts(place) for place in places}
        found = []
        for a, b in combinations(places, 2):
            if a in within and b in within:
                real, made = (each[within[a], within[b]] for each in rho)
                none = np.isnan(real) and np.isnan(made)
                found.append((np.nan if none else 1 - abs(np.nan_to_num(real) - np.nan_to_num(made)) / 2, 0.0))
            else:
                far, alone = table_distance(parts[a], parts[b], len(self.real))
                found.append((1 - far, alone))
        score, single = np.array(found, dtype=np.float64).reshape(-1, 2).T
        return score, single

    def _parts(self, place: int) -> Codes:
        """Return the level of a category or the part of a number in each row, of both sides, from 0 on."""
        x = np.concatenate([self.real[:, place], self.made[:, place]])
        if isinstance(self.columns[place], Category):
            return np.where(np.isnan(x), 0, x + 1).astype(np.int64)
        known = self.real[:, place][~np.isnan(self.real[:, place])]
        cuts = np.unique(np.quantile(known, np.linspace(0.1, 0.9, 9), method="closest_observation"))
        part = np.searchsorted(cuts, x, "left") + np.searchsorted(cuts, x, "right")
        return np.where(np.isnan(x), 0, part + 1).astype(np.int64)

    def spread(self, rng: np.random.Generator) -> float:
        """Return the standard error of the mean shape score, by rows of both sides drawn again (bootstrap)."""
        most = max(CELLS // len(self.columns), 500)
        sides = [x[rng.choice(len(x), min(len(x), most), replace=False)] for x in (self.real, self.made)]
        weights = [rng.multinomial(len(x), np.full(len(x), 1 / len(x)), REPEATS).astype(np.float64) for x in sides]
        found = [
            1 - apart(r, s, named=isinstance(column, Category), weights=(weights[0], weights[1]))
            for r, s, column in zip(sides[0].T, sides[1].T, self.columns, strict=True)
        ]
        means = np.nanmean(np.array(found), axis=0)
        sizes = [1 / len(self.real) + 1 / len(self.made), 1 / len(sides[0]) + 1 / len(sides[1])]
        return float(np.nanstd(means, ddof=1) * np.sqrt(sizes[0] / sizes[1]))


def apart(r: Floats, s: Floats, *, named: bool, weights: tuple[Floats, Floats] | None = None) -> Floats:
    """Return how far apart two columns are: total variation of names, else the statistic of Kolmogorov and Smirnov.

    Missing values are left out; 1 where one side has no others, NaN where both have none.

    Shape: r (n,), s (m,), weights (repeats, n) and (repeats, m), which count rows; returns (repeats,), without (1,).
    """
    sides = weights or (np.ones((1, len(r))), np.ones((1, len(s))))
    there = [~np.isnan(x) for x in (r, s)]
    values = np.concatenate([r[there[0]], s[there[1]]])
    parts = [w[:, kept] for w, kept in zip(sides, there, strict=True)]
    sums = [w.sum(axis=1, keepdims=True) for w in parts]
    if not len(values):
        return np.full(len(parts[0]), np.nan)
    shares = [w / np.where(total > 0, total, 1) for w, total in zip(parts, sums, strict=True)]
    order = np.argsort(values, kind="stable")
    signed = np.hstack([shares[0], -shares[1]])[:, order]
    values = values[order]
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    by_value = np.add.reduceat(signed, starts, axis=1)
    found = np.abs(by_value).sum(axis=1) / 2 if named else np.abs(np.cumsum(by_value, axis=1)).max(axis=1)
    empty = (sums[0] > 0).ravel() != (sums[1] > 0).ravel()
    made: Floats = np.where(empty, 1.0, np.clip(np.round(found, 12), 0.0, 1.0))
    return made


def correlations(x: Floats) -> Floats:
    """Return Pearson's correlations of columns over the rows in which both are present, NaN where there is none.

    Shape: (n, q) to (q, q).
    """
    there = ~np.isnan(x)
    scale = np.nanmax(np.abs(np.where(there, x, 0.0)), axis=0, initial=0.0)
    z = np.where(there, x, 0.0) / np.where(scale > 0, scale, 1.0)
    z = np.where(there, z - z.sum(axis=0) / np.maximum(there.sum(axis=0), 1), 0.0)
    spread = np.sqrt((z**2).sum(axis=0) / np.maximum(there.sum(axis=0), 1))
    z /= np.where(spread > 1e-12, spread, np.inf)
    m = there.astype(np.float64)
    n = np.maximum(m.T @ m, 1.0)
    mean = (z.T @ m) / n  # of the first column of a pair, over the rows that have both
    variance = ((z**2).T @ m) / n - mean**2
    variance[variance < 1e-12] = np.nan
    rho: Floats = ((z.T @ z) / n - mean * mean.T) / np.sqrt(variance * variance.T)
    return np.clip(rho, -1.0, 1.0)


def table_distance(a: Codes, b: Codes, n: int) -> tuple[float, float]:
    """Return half the sum of differences of the shares of cells, of the first n rows and of the others.

    And the share of the first n that are alone in their cell.
    """
    key, cells = a * (int(b.max()) + 1) + b, (int(a.max()) + 1) * (int(b.max()) + 1)
    if cells > 4 * len(a) + 1000:
        levels, key = np.unique(key, return_inverse=True)
        cells = len(levels)
    first, second = (np.bincount(part, minlength=cells) for part in (key[:n], key[n:]))
    return float(np.abs(first / n - second / max(len(a) - n, 1)).sum() / 2), lone(first)


def lone(counts: npt.NDArray[np.intp]) -> float:
    """Return the share of rows that are alone in their cell, which estimates the mass of cells not seen (Good 1953)."""
    return float((counts == 1).sum() / max(counts.sum(), 1))


def varied(sides: Sides) -> list[int]:
    """Return the places of the columns that have two values at least on either side, a missing one being one."""
    made = []
    for place, column in enumerate(sides.columns):
        both = np.concatenate([sides.real[:, place], sides.made[:, place]])
        if column.kind != "empty" and len(pd.unique(both)) > 1:
            made.append(place)
    return made
