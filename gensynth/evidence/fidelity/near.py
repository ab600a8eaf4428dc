"""Which rows are near which: density, coverage, and the distance to the nearest row.

For real rows r, made rows m, and R_k(r) the distance of r to its k-th neighbour among the real ones:

    density     mean over m of the number of r with |m - r| <= R_k(r), divided by k
    coverage    share of r with an m so near

References: Naeem et al. 2020, arXiv:2002.09797, eq. 3 and 4.
"""

from __future__ import annotations

import numpy as np

from ...learners.base import Floats


def density_coverage(real: Floats, made: Floats, k: int) -> tuple[float, float]:
    """Return density and coverage. Shape: real (n, d) with n > k, made (m, d)."""
    from sklearn.neighbors import NearestNeighbors

    k = min(k, len(real) - 1)
    reach = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)[0][:, -1]
    reach += 1e-6 * float(np.abs(real).max(initial=0))  # equal distances of tables stay equal when rounded
    within, covered = 0, np.zeros(len(real), dtype=bool)
    for start in range(0, len(made), 1024):
        near = distances(made[start : start + 1024], real) <= reach
        within += int(near.sum())
        covered |= near.any(axis=0)
    return within / (k * len(made)), float(covered.mean())


def usual_distance(known: Floats, held: Floats | None = None) -> float:
    """Return the distance of the middle held-out row to its nearest known one, which it is not itself; or infinity.

    Rows that occur more than once count once. Shape: known (n, d), held (h, d); without these each known row is
    compared with the other known ones.
    """
    scale = float(np.abs(known).max(initial=0)) or 1.0
    every = known[np.unique(np.round(known / scale, 6), axis=0, return_index=True)[1]]
    own = least(every, every, others=True) if held is None else least(held, every)
    own = own[own > 1e-6 * scale]
    return float(np.median(own)) if len(own) else np.inf


def least(a: Floats, b: Floats, *, others: bool = False) -> Floats:
    """Return the distance of each row of a to the nearest of b; with `others` not to that of its own place.

    Shape: (n, d), (m, d) to (n,).
    """
    found = np.empty(len(a))
    for start in range(0, len(a), 1024):
        apart = distances(a[start : start + 1024], b)
        if others:
            rows = np.arange(len(apart))
            apart[rows, start + rows] = np.inf
        found[start : start + 1024] = apart.min(axis=1)
    return found


def distances(a: Floats, b: Floats) -> Floats:
    """Return distances of rows. Shape: (n, d), (m, d) to (n, m)."""
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b), dtype=np.float64)
