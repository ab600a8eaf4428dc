"""The density of rows under the leaves of a forest (Watson et al. 2023, sec. 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .grove import Grove
from .links import Bins

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
PRIOR = 1.0  # rows of the whole class that are added to every leaf, so that no density is zero
EMPTY = 0.5  # rows that a leaf without real rows counts as
KEPT = 2**24  # cells (rows times trees times columns) up to which it is remembered who has which code: 256 MiB
BLOCK = 2**22  # cells (rows times trees) looked at together


@dataclass(frozen=True)
class _Column:
    """What a column's density needs to know of the class.

    Shape: counts, logs (codes,): rows of each code, and the logarithm of its width; `low`, `high` and `spread` of its
    numbers, NaN where there are none.
    """

    counts: Places
    logs: Floats
    low: float
    high: float
    spread: float


class LeafDensity:
    """p(x) = 1/T sum_t pi(leaf) prod_j p(x_j | leaf), of the rows of one class.

    Inside a leaf a column follows the frequencies of its codes, with one row's weight of the frequencies of the whole
    class added. A number outside the range of the class counts as a code that no row has, the less dense the further
    it lies outside, in standard deviations; so does a category that no row has.

    Arguments:
        grove: the class.
    """

    def __init__(self, grove: Grove) -> None:
        self.grove, self.pool, self.leaves, self.bins = grove, grove.pool, grove.leaves, grove.bins
        self.keep = self.pool.size * self.leaves.trees <= KEPT
        self.columns = [self._column(column, bins) for column, bins in enumerate(self.bins)]

    def __call__(self, rows: Floats) -> Floats:
        """Return log p of rows. Shape: (m, width) to (m,)."""
        size = max(BLOCK // self.leaves.trees, 1)
        parts = [self._part(rows[start : start + size]) for start in range(0, len(rows), size)]
        return np.concatenate([np.zeros(0), *parts])

    def _part(self, rows: Floats) -> Floats:
        home = self.leaves.find(rows)
        held = self.leaves.sizes[home]
        terms = np.log(np.maximum(held, EMPTY) / len(self.pool))
        for column, bins in enumerate(self.bins):
            values, known = rows[:, column], self.columns[column]
            unknown = (values < 0) & (bins.table is not None)
            codes = bins(np.where(unknown, 0.0, values))
            beyond = np.maximum(known.low - values, values - known.high).clip(min=0) / known.spread
            beyond = np.nan_to_num(beyond)
            none = unknown | (beyond > 0)
            low, high = self.grove.match(column, self.keep).range(home.ravel(), np.repeat(codes, self.leaves.trees))
            hits = np.where(none[:, None], 0, (high - low).reshape(home.shape))
            prior = np.where(none, 0.5, np.maximum(known.counts[codes], 0.5)) / len(self.pool)
            terms += np.log((hits + PRIOR * prior[:, None]) / (held + PRIOR))
            terms -= (known.logs[codes] + beyond)[:, None]
        top = terms.max(axis=1, keepdims=True)
        found: Floats = top[:, 0] + np.log(np.exp(terms - top).mean(axis=1))
        return found

    def _column(self, column: int, bins: Bins) -> _Column:
        """Return what is to be known of a column; how far numbers lie outside is told in standard deviations."""
        real = self.pool[:, column]
        low = high = float("nan")
        spread = 1.0
        if bins.table is None and not np.isnan(real).all():
            low, high, spread = float(np.nanmin(real)), float(np.nanmax(real)), float(np.nanstd(real)) or 1.0
        counts = np.bincount(bins(real), minlength=bins.count)
        return _Column(counts, np.log(self._widths(column, bins)), low, high, spread)

    def _widths(self, column: int, bins: Bins) -> Floats:
        """Return the width of each code, 1 where it stands for a value and not for a range. Shape: (codes,)."""
        widths = np.ones(bins.count)
        held = np.unique(self.pool[:, column])
        held = held[~np.isnan(held)]
        if bins.table is None and len(held) > bins.count - 1:
            ends = np.concatenate([held[:1], bins.edges, held[-1:]])
            many = np.bincount(bins(held), minlength=bins.count)[:-1] > 1
            widths[:-1] = np.where(many, np.diff(ends), 1.0)
        return widths
