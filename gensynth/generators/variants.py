"""Three relatives of SMOTE that rank high in comparisons of many oversamplers.

References:
    Gazzah and Essoukri Ben Amara 2008, "New oversampling approaches based on polynomial fitting for imbalanced data
        sets", DAS
    Barua, Islam and Murase 2013, "ProWSyn: Proximity weighted synthetic oversampling technique for imbalanced data set
        learning", PAKDD
    Cao and Wang 2011, "Applying over-sampling technique based on data density and cost-sensitive SVM to imbalanced
        learning", ICIII
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn import config_context
from sklearn.metrics import pairwise_distances_chunked

from ..errors import ConfigError
from ..random import uniforms
from .base import Supports
from .mixing import Mixes, allot, even, pairs, pick, visits
from .neighbors import SCRATCH, Circle, Floats, Places, Space, search
from .smote import SMOTE

GOLDEN = (5**0.5 - 1) / 2  # steps of this part of a line, taken modulo 1, fill it evenly however many there are


class PolynomFitSMOTE(SMOTE):
    """Rows on the lines of a net through the class: a star, a bus or a mesh.

    "star" has a line between each row and the mean of the class; "bus" one between each row and the next, in the order
    in which they came; "mesh" one between every two rows. All lines are used evenly, and each is filled evenly. A
    category or a missing number follows the nearer end; the middle of a star has the commonest category, and mean
    numbers. Rows of a star name one parent, the row.

    DIFFERS from Gazzah and Essoukri Ben Amara: the points of a line do not lie at equal steps, but start at random and
    go on by the golden section, so that a call for few rows does not give the middle of each line every time. Lines
    between rows that are alike, and those of a row at the mean, have no length and are not used.

    Few rows: one row, or rows that are all alike, give copies of it whose numbers are moved by a tenth of the spread of
    all rows, with a FewRowsWarning.

    Arguments:
        topology: the net.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where topology is none of the three.

    Example:
        >>> X, y = np.array([[0.25, 0.5], [4.25, 0.75], [8.25, 0.5], [9.5, 9.25]]), ["rare", "rare", "rare", "b"]
        >>> made = PolynomFitSMOTE("bus", random_state=0).fit(X, y[:3] + ["rare"]).sample(3)
        >>> made.shape
        (3, 2)
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, prefix=True)
    votes = False
    n_jobs = None

    def __init__(self, topology: Literal["star", "bus", "mesh"] = "star", *, schema: Mapping[Any, str] | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.topology, self.schema, self.random_state = topology, schema, random_state

    def _check_params(self) -> None:
        if self.topology not in ("star", "bus", "mesh"):
            raise ConfigError(f"topology must be 'star', 'bus' or 'mesh', got {self.topology!r}")

    @property
    def _k(self) -> int:
        return 5  # neighbours of a row that its line leads to a twin of

    def _ladder(self, count: int) -> str | None:
        return super()._ladder(count) if count == 1 else None

    def _prepare(self) -> None:
        super()._prepare()
        if self.topology == "star" and self.layout_ is not None:
            self.centres_ = np.stack([self._centre(self._pool(code)) for code in range(len(self.labels_))])

    def _centre(self, pool: Places) -> Floats:
        """Return the mean of a class, in the columns of categories the commonest. Shape: (width,)."""
        rows = self.rows_[pool]
        there = ~np.isnan(rows)
        counts = there.sum(axis=0)
        sums = np.where(there, rows, 0.0).sum(axis=0)
        centre = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        for place in self.layout_.categories if self.layout_ is not None else []:
            held = rows[there[:, place], place].astype(np.intp)
            centre[place] = np.bincount(held).argmax() if len(held) else np.nan
        return centre

    def _centres(self) -> Floats | None:
        return self.centres_ if self.topology == "star" else None

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        pool, n = circle.pool, len(spots)
        if self.topology == "star":
            off = (np.abs(self.rows_[pool] - self.centres_[code])[:, self._numbers] > 0).any(axis=1)
            first = even(pool[off] if off.any() else pool, n, key, f"order {code}")
            line, second = first, np.full(n, -1 - code)
        elif self.topology == "bus":
            line = even(np.arange(len(pool) - 1), n, key, f"order {code}")
            first, second = pool[line], pool[line + 1]
        else:
            a, b = pairs(len(pool), n, key, f"order {code}")
            line, first, second = np.minimum(a, b) * len(pool) + np.maximum(a, b), pool[a], pool[b]
            turned = a > b
            first, second = np.where(turned, second, first), np.where(turned, first, second)
        weight = (uniforms(key, line, f"start {code}") + visits(line) * GOLDEN) % 1.0
        return Mixes(first, second, weight)

    @property
    def _numbers(self) -> Places:
        numbers: Places = self.encoder_.layout_.numbers
        return numbers


class ProWSyn(SMOTE):
    """Rows between two rows of the class that lie about as far from the other classes, more of them near the border.

    The class is parted into levels: the first are the rows that some row of another class has among its `k_neighbors`
    nearest of the class, the second those that are so among the rest, and so on; the last level is what is left. A row
    of level l gets a share of the made rows proportional to exp(-theta (l - 1)); they lie between it and other rows of
    its level. With categories the neighbours of the nearer parent vote, as in `SMOTE`.

    DIFFERS from Barua et al.: the shares are kept to within one row; a row alone in its level is mixed
    with one of its nearest neighbours of the class.

    Few rows: as in `SMOTE`; up to `k_neighbors` rows all stand in one level.

    Arguments:
        k_neighbors: rows of the class that each row of the others finds at a level, at least 1.
        levels: how many levels there are at most, at least 1.
        theta: how fast the shares fall from level to level, at least 0.
        neighbors: what finds neighbours, as in `SMOTE`.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where a parameter is out of range.
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True)

    def __init__(self, k_neighbors: int = 5, *, levels: int = 5, theta: float = 1.0, neighbors: Any = None,
                 schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        super().__init__(k_neighbors, neighbors=neighbors, schema=schema, n_jobs=n_jobs, random_state=random_state)
        self.levels, self.theta = levels, theta

    def _check_params(self) -> None:
        super()._check_params()
        if isinstance(self.levels, bool) or not isinstance(self.levels, int | np.integer) or self.levels < 1:
            raise ConfigError(f"levels must be a whole number, at least 1, got {self.levels!r}")
        _at_least_zero("theta", self.theta)

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        pool = circle.pool
        level = self._levels(code, pool)
        shares = np.exp(-float(self.theta) * (level - float(level.min())))
        first = allot(pool, shares, len(spots), key, code)
        order = np.argsort(level, kind="stable")  # the levels, one behind the other
        ends = np.cumsum(np.bincount(level))
        place = np.empty(len(pool), dtype=np.intp)
        place[order] = np.arange(len(pool))
        own = np.searchsorted(pool, first)
        start, size = ends[level[own] - 1], np.bincount(level)[level[own]]
        step = 1 + (uniforms(key, spots, "partner") * (size - 1)).astype(np.intp)  # never round to itself
        second = pool[order[start + (place[own] - start + step) % size]]
        alone = np.flatnonzero(size == 1)
        second[alone] = pick(circle.of(first[alone]), spots[alone], key, "neighbor")
        return Mixes(first, second, uniforms(key, spots, "weight"))

    def _levels(self, code: int, pool: Places) -> Places:
        """Return the level of each row of a class, the nearest to the others 1. Shape: (len(pool),)."""
        level = np.full(len(pool), self.levels, dtype=np.intp)
        others, left = np.flatnonzero(self.codes_ != code), np.ones(len(pool), dtype=bool)
        for number in range(1, self.levels):
            if not len(others) or not left.any():
                break
            found = np.unique(self.space_.nearest(others, pool[left], self.k_neighbors))
            spots = np.searchsorted(pool, found)
            level[spots], left[spots] = number, False
        return level


class SMOBD(SMOTE):
    """SMOTE with more rows where the class is dense, and none from its stray rows.

    Each row has a core distance, that to its `k_neighbors`-th nearest of the class, and a number of rows of the class
    within twice the median core distance. Its share of the made rows is
    eta (1 - core distance / the largest) + (1 - eta) number / the largest. Stray are rows whose core distance and
    reachability both exceed t times the mean: they get none, and do not count as the largest.

    DIFFERS from Cao and Wang: the core distance counts by its complement, so that both terms grow with density; the
    radius follows the data instead of being given; reachability, the least over other rows o of the larger of o's core
    distance and the distance to o, is taken over all of the row's neighbours and not over those that OPTICS came to
    before, so that the order of the rows does not matter. The shares are kept to within one row.

    Few rows: as in `SMOTE`.

    Arguments:
        k_neighbors: neighbours, both to judge density and to mix with, at least 1.
        eta: weight of the core distance in the density, in [0, 1].
        t: how many times the mean makes a row stray, above 0.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where a parameter is out of range.
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True)

    def __init__(self, k_neighbors: int = 5, *, eta: float = 0.5, t: float = 1.8,
                 schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.k_neighbors, self.eta, self.t, self.schema = k_neighbors, eta, t, schema
        self.n_jobs, self.random_state = n_jobs, random_state

    def _check_params(self) -> None:
        super()._check_params()
        _at_least_zero("eta", self.eta)
        _at_least_zero("t", self.t)
        if self.eta > 1 or not self.t > 0:
            raise ConfigError(f"eta must lie in [0, 1] and t above 0, got {self.eta!r} and {self.t!r}")

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        first = allot(circle.pool, self._shares(circle), len(spots), key, code)
        return Mixes(first, pick(circle.of(first), spots, key, "neighbor"), uniforms(key, spots, "weight"))

    def _shares(self, circle: Circle) -> Floats:
        """Return how dense the class is around each of its rows, 0 at stray ones. Shape: (p,)."""
        gaps, near, within = _density(self.space_, circle.pool, circle.k)
        core = gaps[:, -1]
        reach = np.maximum(gaps, core[np.searchsorted(circle.pool, near)]).min(axis=1)
        fine = (core <= self.t * core.mean()) | (reach <= self.t * reach.mean())
        if not fine.any():
            return np.ones(len(core))
        share = self.eta * (1 - core / max(core[fine].max(), 1e-300))
        share = np.where(fine, share + (1 - self.eta) * within / max(within[fine].max(), 1), 0.0)
        return share if share.sum() > 0 else np.ones(len(share))


def _density(space: Space, pool: Places, k: int) -> tuple[Floats, Places, Floats]:
    """Return how far the k nearest of each row are, which they are, and how many lie within twice the usual distance.

    Shape: (p, k), (p, k) and (p,). The usual distance is the median of those to the k-th nearest.
    """
    points = space.points(pool)
    with config_context(working_memory=SCRATCH):
        finder = search(points, k + 1, space.n_jobs)
        gaps, near = finder.kneighbors(None, n_neighbors=k)
        gaps = np.nan_to_num(gaps, nan=np.inf)
        radius = 2 * float(np.median(gaps[:, -1]))
        parts = pairwise_distances_chunked(
            points, metric="nan_euclidean" if finder.metric == "nan_euclidean" else "euclidean", n_jobs=space.n_jobs,
            reduce_func=lambda block, start: (np.asarray(block) <= radius).sum(axis=1) - 1,
        )  # fmt: skip
        within = np.concatenate([*parts]).astype(np.float64)
    far = gaps[np.isfinite(gaps)]
    return np.minimum(gaps, far.max() if len(far) else 0.0), pool[near], within


def _at_least_zero(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise ConfigError(f"{name} must be a number, at least 0, got {value!r}")
