"""The distribution of one column within a class, as steps of the unit interval, and its normal scores.

A column is a monotone function of a uniform number u: steps of constant value (categories, values that several rows
hold), and between them stretches where numbers are continuous. Its normal score is the mean of z = Phi^-1(u) over the
step that a value takes up; the Hermite coefficients of that score tell how much of the correlation of two latent
normals is left in the scores of what is seen of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from .moving import Moves, bandwidth, reaches

Floats = npt.NDArray[np.float64]
KNOTS = 2000  # values of a number that are kept; of more, one for each of so many groups of rows
TAIL = 200  # of them at either end, where groups are smaller the nearer the end
HERMITE = 12  # coefficients that are looked at
FINE = 0.9  # first coefficient from which on steps do not matter
EDGE = 1e-9


@dataclass
class Margin:
    """Steps of one column.

    Shape: `values` (k,) codes or sorted numbers; `ends` (k,) cumulative shares, the last 1; `left`, `right` (k,) how
    far each number reaches to either side.
    """

    values: Floats
    ends: Floats
    left: Floats
    right: Floats

    @classmethod
    def of(cls, cells: Floats, order: Floats | None = None, repeats: npt.NDArray[np.bool_] | None = None) -> Margin:
        """Return the steps of a column's cells, of which NaN are left out.

        Arguments:
            cells: (n,) cells.
            order: a category's levels.
            repeats: (n,) which rows are the same as one before them.
        """
        present = ~np.isnan(cells)
        held, again = cells[present], np.zeros(int(present.sum()), dtype=bool) if repeats is None else repeats[present]
        if order is not None:
            counts = np.bincount(held.astype(np.intp), minlength=len(order))[order.astype(np.intp)]
            values, counts = order[counts > 0], counts[counts > 0]
            none = np.zeros(len(values))
            return cls(values, np.cumsum(counts) / max(counts.sum(), 1), none, none)
        values, counts = np.unique(held, return_counts=True)
        if len(values) > KNOTS:
            once, rows = np.unique(held[~again], return_counts=True)
            return cls._thinned(np.sort(held), once[rows > 1])
        moves = Moves(held, again)
        return cls(values, np.cumsum(counts) / max(counts.sum(), 1), moves.left, moves.right)

    @classmethod
    def _thinned(cls, held: Floats, shared: Floats) -> Margin:
        """Return the steps of sorted numbers, of which each stands for a group of rows, the least and greatest too.

        A number that several rows hold stays one value. Any other reaches over its group, and beyond it as far as
        `moving` says.

        Shape: held (n,); shared (s,) the numbers that several rows hold.
        """
        n = len(held)
        tail = np.geomspace(1, n / 2, TAIL)
        edges = np.concatenate([np.linspace(0, n, KNOTS + 1 - 2 * TAIL), tail, n - tail])
        edges = np.unique(edges.round().astype(np.intp))
        first, last = edges[:-1], edges[1:] - 1
        values, start, group = np.unique(held[(first + last) // 2], return_index=True, return_inverse=True)
        counts = np.bincount(group, weights=last - first + 1.0)
        widest = bandwidth(held)
        below, above = values - held[first[start]] + widest, held[last[start]] - values + widest
        return cls(values, np.cumsum(counts) / n, *reaches(values, ~np.isin(values, shared), below, above))

    @property
    def starts(self) -> Floats:
        """Where each step begins. Shape: (k,)."""
        return np.concatenate([np.zeros(1), self.ends[:-1]])

    def places(self, cells: Floats) -> npt.NDArray[np.intp]:
        """Return the step of each cell, the nearest where there is none. Shape: (n,); NaN have any."""
        order = np.argsort(self.values, kind="stable")
        known = self.values[order]
        spots = np.minimum(np.searchsorted(known, np.nan_to_num(cells, nan=known[0])), len(known) - 1)
        lower = np.maximum(spots - 1, 0)
        nearer = np.abs(known[lower] - cells) < np.abs(known[spots] - cells)
        return order[np.where(nearer, lower, spots)]

    def scores(self) -> Floats:
        """Return the mean normal score of each step. Shape: (k,)."""
        below, above = (_density(ndtri(np.clip(u, 0, 1))) for u in (self.starts, self.ends))
        made: Floats = (below - above) / (self.ends - self.starts)
        return made

    def hermite(self) -> Floats:
        """Return the coefficients of the score in normalised Hermite polynomials, from the first on.

        With z in a step, E[score He_k] = sum of score (He_(k-1)(a) phi(a) - He_(k-1)(b) phi(b)) over steps (a, b).
        Shape: (HERMITE,).
        """
        a, b = (np.clip(ndtri(np.clip(u, 0, 1)), -9.0, 9.0) for u in (self.starts, self.ends))
        scores, found, weight = self.scores(), np.empty(HERMITE), 1.0
        before = [np.zeros(len(a)), np.zeros(len(b))]  # He_(k-2)
        now = [np.ones(len(a)), np.ones(len(b))]  # He_(k-1)
        for k in range(1, HERMITE + 1):
            weight *= np.sqrt(k)
            found[k - 1] = float((scores * (now[0] * _density(a) - now[1] * _density(b))).sum()) / weight
            now, before = [z * one - (k - 1) * two for z, one, two in zip((a, b), now, before, strict=True)], now
        return found

    def quantile(self, u: Floats) -> Floats:
        """Return the value at each share. Shape: (m,) in (0, 1) to (m,)."""
        at = np.minimum(np.searchsorted(self.ends, u, side="right"), len(self.ends) - 1)
        inside = (u - self.starts[at]) / (self.ends[at] - self.starts[at])
        return self.value(at, inside)

    def value(self, at: npt.NDArray[np.intp], inside: Floats) -> Floats:
        """Return the value at a share of each step. Shape: at (m,) steps, inside (m,) in [0, 1]."""
        reach = self.left[at] + self.right[at]
        made: Floats = np.where(reach > 0, self.values[at] - self.left[at] + inside * reach, self.values[at])
        return made

    def share(self, value: float, category: bool, near: float = 0.0) -> float:
        """Return the share of rows that hold a value, or a number not further from it than `near`."""
        if not category and (not len(self.values) or not self.values[0] <= value <= self.values[-1]):
            return 0.0
        shares = self.ends - self.starts
        if category:
            return float(shares[self.values == value].sum())
        held = np.abs(self.values - value) <= near
        if not held.any():  # between two steps further apart: the thinner, the wider the gap
            at = min(int(np.searchsorted(self.values, value)), len(self.values) - 1)
            return float(shares[at] * near / max(abs(self.values[at] - self.values[max(at - 1, 0)]), near))
        return float(shares[held].sum())

    def interval(self, value: float, category: bool) -> tuple[float, float]:
        """Return the normal scores between which a value lies; the same twice for a number between two steps."""
        spot = np.flatnonzero(self.values == value)
        if len(spot) and (category or not self.left[spot[0]] + self.right[spot[0]]):
            low, high = self.starts[spot[0]], self.ends[spot[0]]
        else:
            middle = (self.starts + self.ends) / 2
            low = high = float(np.interp(value, self.values, middle))
        return float(ndtri(max(low, EDGE))), float(ndtri(min(high, 1 - EDGE)))


def latent(cov: Floats, hermite: Floats) -> Floats:
    """Return the correlation of latent normals from the covariance of scores.

    Solves cov_ij = sum_k a_ik a_jk r^k for r in [-0.999, 0.999], by bisection where it is increasing. Between two
    columns whose steps are so fine that little but the first coefficient is left, r is the correlation of the scores.

    Shape: cov (p, p), hermite (p, HERMITE); returns (p, p) with ones on the diagonal.
    """
    spread = np.sqrt((hermite**2).sum(axis=1))
    made = cov / np.outer(spread, spread)
    for i in np.flatnonzero(hermite[:, 0] < FINE):
        a = hermite[i] * hermite
        low, high = np.full(len(cov), -0.999), np.full(len(cov), 0.999)
        for _ in range(20):
            middle = (low + high) / 2
            value = np.zeros(len(cov))
            for k in range(HERMITE - 1, -1, -1):
                value = (value + a[:, k]) * middle
            low, high = np.where(value < cov[i], middle, low), np.where(value < cov[i], high, middle)
        made[i] = made[:, i] = (low + high) / 2
    np.fill_diagonal(made, 1.0)
    return np.clip(made, -1, 1)


def _density(z: Floats) -> Floats:
    made: Floats = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return made
