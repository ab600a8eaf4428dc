"""Copies, and distances to the closest record: of synthetic rows, beside those of rows that were held out.

    near       share of synthetic rows within r of a training row, r the 5th percentile of held-out rows' distances
    nearer     share of synthetic rows nearer to N training rows than to N held-out ones; .5 where none are repeated

Rows with the same nearest real row are no independent trials. With w_i of m rows at real row i, an interval of a share
is Wilson's for m^2 / sum w_i^2 trials (Kish 1965, Survey Sampling, sec. 11.7).

Reference: Yao et al. 2025, arXiv:2505.01524, on what these figures do not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from ...learners.base import Floats
from .points import Places

LOW = 0.05  # quantile of distances that is told beside the median, and that `near` takes
Z = NormalDist().inv_cdf(0.975)
NONE = (np.nan, np.nan)
Ends = tuple[float, float]


@dataclass(frozen=True)
class Copies:
    """Rows that equal a training row in all but identifiers; held_ are those of held-out rows."""

    count: int
    share: float
    interval: Ends
    held_count: int
    held_share: float


@dataclass(frozen=True)
class Near:
    """Synthetic rows within a radius of a training row; the share of held-out rows is the baseline."""

    radius: float
    share: float
    interval: Ends
    held_share: float


@dataclass(frozen=True)
class Distance:
    """Distance to the closest training row, median and 5th percentile; and the share nearer to training, .5 ideal."""

    median: float
    low: float
    held_median: float
    held_low: float
    nearer: float
    nearer_interval: Ends


def copies(real: list[bytes], synthetic: list[bytes], held: list[bytes] | None) -> Copies:
    """Return exact copies; without held-out rows the baseline is that of real rows that occur again among them."""
    known = set(real)
    count = sum(row in known for row in synthetic)
    if held is None:
        once: dict[bytes, int] = {}
        for row in real:
            once[row] = once.get(row, 0) + 1
        usual, of = sum(many for many in once.values() if many > 1), len(real)
    else:
        usual, of = sum(row in known for row in held), len(held)
    return Copies(count, count / len(synthetic), wilson(count / len(synthetic), len(synthetic)), usual, usual / of)


def distances(synthetic: tuple[Floats, Places], held: Floats) -> tuple[Near, Distance]:
    """Return the figures of distances, without `nearer`.

    Arguments:
        synthetic: distances (m,) to the nearest training rows, and their places.
        held: (h,) those of held-out rows.
    """
    far, where = synthetic
    radius = float(np.quantile(held, LOW))
    within = far <= radius
    near = Near(radius, float(within.mean()), clustered(within, where), float((held <= radius).mean()))
    (middle, low), (usual, usual_low) = (np.quantile(part, [0.5, LOW]).tolist() for part in (far, held))
    return near, Distance(middle, low, usual, usual_low, np.nan, NONE)


def nearer(synthetic: Floats, real: Floats, held: Floats) -> tuple[float, Ends]:
    """Return the share of synthetic rows nearer to a real row than to one of as many held-out ones; ties count half.

    Shape: (m, d), (N, d), (N, d).
    """
    (a, at), (b, by) = nearest(real, synthetic), nearest(held, synthetic)
    hits = np.where(a == b, 0.5, a < b)
    return float(hits.mean()), clustered(hits, np.where(a <= b, at, len(real) + by))


def clustered(hits: npt.NDArray[Any], owner: Places) -> Ends:
    """Return the interval of a share of rows, those of one owner counted as alike. Shape: (m,), (m,)."""
    weight = np.bincount(owner)
    return wilson(float(np.mean(hits)), len(hits) ** 2 / float((weight.astype(np.float64) ** 2).sum()))


def wilson(share: float, n: float) -> Ends:
    """Return Wilson's 95 % interval of a share of n trials.

    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    middle, wide = share + Z**2 / (2 * n), Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(float((middle - wide) / (1 + Z**2 / n)), 0.0), min(float((middle + wide) / (1 + Z**2 / n)), 1.0)


def nearest(known: Floats, asked: Floats, k: int = 1) -> tuple[Floats, Places]:
    """Return the distance to, and the place of, the k-th nearest known row. Shape: (n, d), (m, d) to (m,) each."""
    from sklearn.neighbors import NearestNeighbors

    k = min(k, len(known))
    where = NearestNeighbors(n_neighbors=k).fit(known).kneighbors(asked, return_distance=False)[:, k - 1]
    return np.linalg.norm(asked - known[where], axis=1), where  # again by differences: fast search rounds small ones


def nearest_other(known: Floats, rows: Places) -> Floats:
    """Return the distance of some known rows to the nearest of the others. Shape: (n, d), (m,) to (m,)."""
    from sklearn.neighbors import NearestNeighbors

    where = NearestNeighbors(n_neighbors=2).fit(known).kneighbors(known[rows], return_distance=False)
    other = np.where(where[:, 0] == rows, where[:, 1], where[:, 0])
    return np.asarray(np.linalg.norm(known[rows] - known[other], axis=1))
