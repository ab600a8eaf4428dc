"""Coded rows as points, and the nearest of them: the part of SMOTE and its kin that takes time.

Points are made only of the rows that are asked for, a block at a time where many are, so that memory goes by the
class and not by the table. A row is never its own neighbour, and is told by its number: a twin of it may be one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from ..data.encode import Embedding, Layout
from ..errors import ConfigError

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
CELLS = 2**24  # numbers in a block of points: 128 MiB
SCRATCH = 64  # MiB that scikit-learn may take for a block of distances


def search(space: Any, n_neighbors: int, n_jobs: int | None = None, metric: str = "minkowski") -> NearestNeighbors:
    """Return a fitted neighbour search, nan-Euclidean where numbers are missing."""
    if not sparse.issparse(space) and np.isnan(space).any():
        metric = "nan_euclidean"
    return NearestNeighbors(n_neighbors=min(n_neighbors, space.shape[0]), n_jobs=n_jobs, metric=metric).fit(space)


class Space:
    """Where distances are taken: numbers as they are, categories as `data.encode.Embedding` places them.

    Arguments:
        rows: (n, width) coded rows, or a sparse matrix.
        layout: what the columns are; None for sparse rows.
        searcher: a neighbours object of scikit-learn's interface to use a copy of, or None for scikit-learn's own. It
            is given the column's median where a number is missing.
        n_jobs: threads of scikit-learn's own.
    """

    metric = "minkowski"

    def __init__(self, rows: Any, layout: Layout | None, searcher: Any = None, n_jobs: int | None = None) -> None:
        self.rows, self.layout, self.searcher, self.n_jobs = rows, layout, searcher, n_jobs
        self.embedding = None if layout is None else Embedding(rows, layout)
        self.medians: Floats | None = None
        if layout is not None:
            numbers = rows if len(layout.numbers) == rows.shape[1] else rows[:, layout.numbers]
            if np.isnan(numbers).any():
                self.medians = np.zeros(rows.shape[1])
                self.medians[layout.numbers] = np.nanmedian(numbers, axis=0)

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def filled(self, places: Places) -> Any:
        """Return coded rows with the column's median in the place of missing numbers."""
        rows = self.rows[places]
        if self.medians is None or self.layout is None:
            return rows
        numbers = self.layout.numbers
        rows[:, numbers] = np.where(np.isnan(rows[:, numbers]), self.medians[numbers], rows[:, numbers])
        return rows

    def points(self, places: Places, filled: bool = False) -> Any:
        """Return rows as points. Shape: (len(places), q); NaN where a number is missing, unless filled."""
        rows = self.filled(places) if filled else self.rows[places]
        return rows if self.embedding is None else self.embedding(rows)

    def nearest(self, asked: Places, pool: Places, k: int) -> Places:
        """Return the rows of a pool nearest to each asked row, itself left out, the nearest first.

        Shape: asked (m,); pool (p,) ascending; returns (m, k) rows, k cut down to what the pool holds.

        Raises: ConfigError where a searcher that was given does not answer as scikit-learn's do.
        """
        spots = np.minimum(np.searchsorted(pool, asked), len(pool) - 1)
        own = np.where(pool[spots] == asked, spots, -1)
        inside = bool((own >= 0).any()) or not len(asked)
        k = min(k, len(pool) - inside)
        if k < 1 or not len(asked):
            return np.empty((len(asked), max(k, 0)), dtype=np.intp)
        find = self._found if self.searcher is None else self._asked
        near = find(asked, pool, k + inside)
        if inside:
            keep = near != own[:, None]
            keep[keep.all(axis=1), -1] = False  # a row that its twins crowd out of its own list
            near = near[keep].reshape(len(asked), k)
        return pool[near]

    def _asked(self, asked: Places, pool: Places, k: int) -> Places:
        """Let a copy of the given searcher find places in the pool."""
        finder = clone(self.searcher, safe=False)
        points = self.points(pool, filled=True)
        finder.fit(points)
        asking = points if len(asked) == len(pool) else self.points(asked, filled=True)
        near = np.asarray(finder.kneighbors(asking, n_neighbors=k, return_distance=False))
        name = type(finder).__name__
        if near.shape != (len(asked), k) or near.dtype.kind not in "iu":
            raise ConfigError(f"neighbors: {name} gave an array {near.shape} of {near.dtype}, not ({len(asked)}, {k})")
        if near.size and (near.min() < 0 or near.max() >= len(pool)):
            raise ConfigError(f"neighbors: {name} named a row that it was not fitted on")
        return near.astype(np.intp, copy=False)

    def _found(self, asked: Places, pool: Places, k: int) -> Places:
        """Find places in the pool, a block of points at a time."""
        width = self.points(pool[:1]).shape[1]
        size = max(CELLS // max(width, 1), k + 1)
        near = np.empty((len(asked), k), dtype=np.intp)
        for start in range(0, len(asked), size):
            part = asked[start : start + size]
            points = self.points(part)
            if len(pool) <= size:
                same = len(part) == len(pool) and np.array_equal(part, pool)
                near[start : start + size] = self._one(points, points if same else self.points(pool), k)[1]
                continue
            far, best = np.empty((len(part), 0)), np.empty((len(part), 0), dtype=np.intp)
            for first in range(0, len(pool), size):
                gaps, places = self._one(points, self.points(pool[first : first + size]), k, True)
                far, best = np.hstack([far, gaps]), np.hstack([best, places + first])
                order = np.argsort(far, axis=1, kind="stable")[:, :k]
                far, best = np.take_along_axis(far, order, axis=1), np.take_along_axis(best, order, axis=1)
            near[start : start + size] = best
        return near

    def _one(self, points: Any, block: Any, k: int, gaps: bool = False) -> tuple[Any, Places]:
        """Return distances (where wanted) and places in a block of its points nearest to others."""
        holes = not sparse.issparse(points) and np.isnan(points).any()
        metric = "nan_euclidean" if holes else self.metric
        k = min(k, block.shape[0])
        finder = search(block, k, self.n_jobs, metric)
        if finder.metric != "nan_euclidean":
            found = finder.kneighbors(points, return_distance=gaps)
        else:
            with config_context(working_memory=SCRATCH):
                found = finder.kneighbors(points, return_distance=gaps)
        return found if gaps else (None, found)


class Circle:
    """The nearest rows of the same class, all looked up at the first question.

    All together, whichever are asked for: above 15 dimensions scikit-learn's distances differ in their last bits with
    the rows that are asked together, and so would the order of neighbours that lie equally far.

    Arguments:
        space: where distances are taken.
        pool: (p,) the rows of the class, ascending.
        k: neighbours of each, cut down to the others that there are.
        ranks: (n,) for each row of the table its place among those of its class.
    """

    def __init__(self, space: Space, pool: Places, k: int, ranks: Places) -> None:
        self.space, self.pool, self.k, self.ranks = space, pool, min(k, len(pool) - 1), ranks
        self._near: Places | None = None

    def of(self, rows: Places) -> Places:
        """Return the neighbours of rows, the nearest first. Shape: (len(rows), k)."""
        spots = np.minimum(self.ranks[rows], len(self.pool) - 1)
        if (self.pool[spots] != rows).any():  # rows of other classes have neighbours in this one too
            return self.space.nearest(rows, self.pool, self.k)
        if self._near is None:
            self._near = self.space.nearest(self.pool, self.pool, self.k)
        return self._near[spots]
