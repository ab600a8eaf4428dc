"""imbalanced-learn's samplers as relatives of SMOTE: following rows through a sampler that does not tell.

imbalanced-learn's samplers return rows and say nothing of their parents, take no categories or missing values in
most of their methods, and truncate integers. gensynth lets them choose (which two rows, mixed how far) and makes the
row itself. To see what they chose, each row carries its own number in binary, one column a bit. A made row
x = a + w (b - a) then shows, in these columns, 0 or 1 where the numbers of a and b agree, and w or 1 - w where they
differ: which tells a, b and w exactly. The columns are scaled down until no distance notices them.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..errors import ConfigError, ignoring
from ..random import as_generator, spawn
from .base import Supports
from .mixing import Mixes
from .neighbors import Circle, Floats, Places, search
from .smote import SMOTE

NEAR = 1e-7  # how exactly a bit column must show 0, 1, w or 1 - w
TRIES = 6  # how often a sampler that gave too few rows is asked again


class Tags:
    """The bit columns of n rows, and how to read them.

    Arguments:
        n: number of rows, at least 1.
        scale: what a one is written as; far below the spread of the data.
    """

    def __init__(self, n: int, scale: float) -> None:
        self.n, self.scale, self.width = n, scale, max(1, (n - 1).bit_length())

    def attach(self, space: Any, rows: Places) -> Any:
        """Return the space of these rows with their bit columns behind it."""
        octets = rows.astype("<u8").view(np.uint8).reshape(len(rows), 8)
        bits = np.unpackbits(octets, axis=1, count=self.width, bitorder="little") * self.scale
        return (
            sparse.hstack([space, sparse.csr_array(bits)], format="csr")
            if sparse.issparse(space)
            else np.hstack([space, bits])
        )

    def rows(self, tagged: Any) -> Places:
        """Return the numbers of rows that were not mixed."""
        octets = np.packbits(self._bits(tagged) > 0.5, axis=1, bitorder="little")
        wide = np.pad(octets, ((0, 0), (0, 8 - octets.shape[1])))
        return wide.view("<u8").ravel().astype(np.intp)

    def read(self, tagged: Any) -> tuple[Mixes, npt.NDArray[np.bool_]]:
        """Return who was mixed with whom, and which rows show it: those that are a mix of two rows and no more."""
        v = self._bits(tagged)
        one = np.abs(v - 1) < NEAR
        part = ~one & (np.abs(v) >= NEAR)
        rows = np.arange(len(v))
        w = np.where(part.any(axis=1), v[rows, part.argmax(axis=1)], 0.0)
        second = part & (np.abs(v - w[:, None]) < NEAR)
        first = part & ~second & (np.abs(v - (1 - w[:, None])) < NEAR)
        powers = 1 << np.arange(self.width)
        a, b = ((one | bits) @ powers for bits in (first, second))
        told = (second | first | ~part).all(axis=1) & (np.abs(w - 0.5) > NEAR) & (a < self.n) & (b < self.n)
        return Mixes(a.astype(np.intp), b.astype(np.intp), w), told

    def _bits(self, tagged: Any) -> Floats:
        bits = tagged[:, -self.width :]
        shown: Floats = (bits.toarray() if sparse.issparse(bits) else bits) / self.scale
        return shown


class RowNeighbors:
    """Nearest neighbours among tagged rows, searched in their own space and not in what the sampler was given.

    It stands where imbalanced-learn takes a neighbours object. Missing numbers are compared by the nan-Euclidean
    distance: over the columns that both rows have, scaled up to all of them.

    Arguments:
        space: (n, q) all rows; NaN where a number is missing.
        tags: how to tell which of them a tagged row is.
        n_neighbors: the row itself counted in; cut down where there are fewer rows.
    """

    def __init__(self, space: Any, tags: Tags, n_neighbors: int, n_jobs: int | None = None) -> None:
        self.space, self.tags, self.n_neighbors, self.n_jobs = space, tags, n_neighbors, n_jobs

    def __sklearn_clone__(self) -> RowNeighbors:
        return RowNeighbors(self.space, self.tags, self.n_neighbors, self.n_jobs)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments."""
        return {"space": self.space, "tags": self.tags, "n_neighbors": self.n_neighbors, "n_jobs": self.n_jobs}

    def fit(self, X: Any, y: Any = None) -> Self:
        """Search among these tagged rows from now on."""
        rows = self.space[self.tags.rows(X)]
        self.n_neighbors = min(self.n_neighbors, rows.shape[0])
        self.search_ = search(rows, self.n_neighbors, self.n_jobs)
        return self

    def kneighbors(self, X: Any, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the nearest fitted rows of tagged rows, as scikit-learn does."""
        return self.search_.kneighbors(self.space[self.tags.rows(X)], n_neighbors, return_distance)

    def kneighbors_graph(self, X: Any, n_neighbors: int | None = None, mode: str = "connectivity") -> Any:
        """Return the graph of `kneighbors`, as scikit-learn does."""
        return self.search_.kneighbors_graph(self.space[self.tags.rows(X)], n_neighbors, mode)


class Wrapped(SMOTE):
    """A relative of SMOTE whose mixes a sampler of imbalanced-learn chooses; what it cannot, SMOTE does."""

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True)
    needs_space: ClassVar[bool] = False  # whether the sampler looks at more than neighbours

    def _prepare(self) -> None:
        super()._prepare()
        every = np.arange(len(self.space_))
        self.all_ = self.space_.points(every)
        self.filled_ = self.space_.points(every, filled=True)
        self.tags_ = Tags(len(every), scale=1e-9 * _spread(self.filled_))

    def _sampler(self, k: int, find: Any, seed: int) -> Any:
        """Return the imbalanced-learn sampler; `find(k)` gives the neighbours object it is to use."""
        raise NotImplementedError

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        """Return mixes by the sampler, and where it cannot, by SMOTE itself."""
        pool, n, rng = circle.pool, len(spots), as_generator(key, "mix", code)
        made, why = Mixes.empty(0), "there is no other class"
        spare = n // 10 + 64  # these samplers round by row, and would have to be asked again
        if len(pool) < len(self.codes_):
            for _ in range(TRIES):
                part, why = self._ask(code, pool, n - len(made) + spare, spawn(rng))
                made = Mixes.join([made, part])
                if len(made) >= n or not len(part):
                    break
        if len(made) < n:
            self._fell_back(code, len(made), n, why)
            made = Mixes.join([made, super()._mixes(code, circle, spots[len(made) :], key)])
        return made[rng.permutation(len(made))[:n]]

    def _ask(self, code: int, pool: Places, n: int, seed: int) -> tuple[Mixes, str]:
        """Ask the sampler for n rows of a class; return the mixes it chose, or none and why."""

        def find(k: int) -> RowNeighbors:
            return RowNeighbors(self.all_, self.tags_, k + 1, self.n_jobs)

        sampler = self._sampler(min(self._k, len(pool) - 1), find, seed)
        try:
            made = self._resampled(sampler, code, pool, n)
        except (ValueError, RuntimeError) as error:
            if type(error).__name__ == "InvalidParameterError":  # scikit-learn's own, which is not public
                raise ConfigError(f"{type(self).__name__}: {str(error).split('. ')[0]}") from error
            return Mixes.empty(0), str(error).split(". ")[0].strip(" .")
        mixes, told = self.tags_.read(made)
        return mixes[told], ""

    def _resampled(self, sampler: Any, code: int, pool: Places, n: int) -> Any:
        """Return the tagged rows that a sampler adds to the class."""
        lone = len(pool) == len(self.codes_)
        X = self.tags_.attach(self.filled_ if self.needs_space else self.filled_[:, :0], np.arange(len(self.codes_)))
        y = (self.codes_ == code).astype(np.int64)
        if lone:  # imbalanced-learn wants a second class; this row takes no part
            X = sparse.vstack([X, X[:1]], format="csr") if sparse.issparse(X) else np.vstack([X, X[:1]])
            y = np.append(y, 0)
        sampler.set_params(sampling_strategy={1: len(pool) + n})
        with ignoring():  # of clusters and class sizes; what matters is counted by the caller
            return sampler.fit_resample(X, y)[0][X.shape[0] :]


def _spread(space: Any) -> float:
    """Return about the least positive range of the columns of a space, or 1."""
    if sparse.issparse(space):
        return 1.0
    some = space[:: max(1, len(space) // 1000)]
    spread = np.ptp(np.nan_to_num(some), axis=0)
    spread = spread[spread > 0]
    return float(spread.min()) if len(spread) else 1.0
