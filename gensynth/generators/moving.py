"""Moving numbers a little, so that made rows do not hold the numbers of real ones.

A number that one row alone holds is moved at random, at most half way to its neighbours among the numbers of the
column and at most one bandwidth of Silverman's rule (1986, "Density Estimation", eq. 3.31). Numbers that several rows
hold stay: they are values that the column prefers (zeros, caps, round sums) or too coarse to name a row. Rows that are
the same in every column count as one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Moves:
    """How far each number of a column may be moved to either side.

    Arguments:
        values: (n,) numbers of the rows that are drawn from; NaN where missing.
        repeats: (n,) which rows are the same as one before them (see `repeats_of`).
    """

    def __init__(self, values: Floats, repeats: npt.NDArray[np.bool_]) -> None:
        present = ~np.isnan(values)
        held = values[present]
        self.values, places = np.unique(held, return_inverse=True)
        counts = np.bincount(places.ravel()[~repeats[present]], minlength=len(self.values))
        widest = np.full(len(self.values), bandwidth(held))
        self.left, self.right = reaches(self.values, counts <= 1, widest, widest)

    def __call__(self, values: Floats, u: Floats) -> Floats:
        """Return numbers of the column, moved. Shape: values, u (m,), u in [0, 1)."""
        if not len(self.values):
            return values
        at = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        reach = self.left[at] + self.right[at]
        return np.where(np.isnan(values), values, values - self.left[at] + u * reach)


def bandwidth(held: Floats) -> float:
    """Return the bandwidth of Silverman's rule, 0 of fewer than two numbers. Shape: held (n,), none missing."""
    if len(held) < 2:
        return 0.0
    quarter = np.subtract(*np.quantile(held, [0.75, 0.25]))
    spread = min(float(held.std()), quarter / 1.34) if quarter > 0 else float(held.std())
    return float(0.9 * spread * len(held) ** (-1 / 5))


def reaches(values: Floats, alone: npt.NDArray[np.bool_], below: Floats, above: Floats) -> tuple[Floats, Floats]:
    """Return how far sorted numbers may be moved down and up: those that stand alone, half way to their neighbours.

    Shape: values, alone (k,), and how far at most: below, above (k,); returns (k,) twice.
    """
    if len(values) < 2:
        return np.zeros(len(values)), np.zeros(len(values))
    half = np.diff(values) / 2
    left = np.append(0.0, np.minimum(half, below[1:])) * alone
    return left, np.append(np.minimum(half, above[:-1]), 0.0) * alone


def repeats_of(rows: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows are the same as one before them. Shape: (n, width) to (n,)."""
    repeats = np.ones(len(rows), dtype=bool)
    cells = np.where(np.isnan(rows), np.inf, rows + 0.0)
    keys = np.ascontiguousarray(cells).view(np.dtype((np.void, cells.dtype.itemsize * cells.shape[1])))
    repeats[np.unique(keys.ravel(), return_index=True)[1] if cells.shape[1] else slice(1)] = False
    return repeats
