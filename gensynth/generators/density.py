"""The density of rows under the leaves of a forest (Watson et al. 2023, sec. 3.2)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .grove import Grove
from .leaves import Matched
from .links import Bins

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
PRIOR = 1.0  # rows of the whole class that are added to every leaf, so that no density is zero
EMPTY = 0.5  # rows that a leaf without real rows counts as
BLOCK = 2**22  # cells (rows times trees) looked at together


class LeafDensity:
    """p(x) = 1/T sum_t pi(leaf) prod_j p(x_j | leaf), of the rows of one class.

    Inside a leaf a column follows the frequencies of its codes, with one row's weight of the frequencies of the whole
    class added. A number outside the range of the class counts as a code that no row has, the less dense the further
    it lies outside, in standard deviations; so does a category that no row has.

    Arguments:
        grove: the class.
    """

    def __init__(self, grove: Grove) -> None:
        self.pool, self.leaves, self.bins = grove.pool, grove.leaves, grove.bins

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
            values = rows[:, column]
            unknown = (values < 0) & (bins.table is not None)
            codes = bins(np.where(unknown, 0.0, values))
            beyond = self._beyond(column, values, bins)
            none = unknown | (beyond > 0)
            real = bins(self.pool[:, column])
            match = Matched(self.leaves, real, bins.count)
            low, high = match.range(home.ravel(), np.repeat(codes, self.leaves.trees))
            hits = np.where(none[:, None], 0, (high - low).reshape(home.shape))
            whole = np.bincount(real, minlength=bins.count)
            prior = np.where(none, 0.5, np.maximum(whole[codes], 0.5)) / len(self.pool)
            terms += np.log((hits + PRIOR * prior[:, None]) / (held + PRIOR))
            terms -= (np.log(self._widths(column, bins)[codes]) + beyond)[:, None]
        top = terms.max(axis=1, keepdims=True)
        found: Floats = top[:, 0] + np.log(np.exp(terms - top).mean(axis=1))
        return found

    def _beyond(self, column: int, values: Floats, bins: Bins) -> Floats:
        """Return how far numbers lie outside the range of the class, in standard deviations of it. Shape: (m,)."""
        real = self.pool[:, column]
        if bins.table is not None or np.isnan(real).all():
            return np.zeros(len(values))
        low, high = np.nanmin(real), np.nanmax(real)
        spread = float(np.nanstd(real)) or 1.0
        return np.nan_to_num(np.maximum(low - values, values - high).clip(min=0) / spread)

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
