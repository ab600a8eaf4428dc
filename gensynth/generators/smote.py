"""SMOTE: new rows on the line between a row of the class and one of its neighbours.

imbalanced-learn's sampler chooses the two rows a, b and the weight w; gensynth makes the row x = a + w (b - a) from
them (see `mixing`), so that integers, categories, missing values, parents and the count asked are right.

Reference: Chawla et al. 2002, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16, sec. 4.2 and, for mixed
tables, 6.1.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from imblearn import over_sampling
from scipy import sparse

from ..data import saved
from ..data.encode import Embedding, TableEncoder
from ..errors import ConfigError, FallbackWarning, FewRowsWarning, TrainingFailed
from ..random import as_generator, spawn
from .base import Codes, Draw, Generator, Supports
from .mixing import Mixes, Places, RowNeighbors, Tags, mix_rows, search

Rng = np.random.Generator
JITTER = 0.1  # of the spread of all rows: how far the copies of a lone row are moved
TRIES = 6  # how often a sampler that gave too few rows is asked again


class SMOTE(Generator):
    """Rows between a row and one of its nearest neighbours of the same class.

    A table with categories makes this SMOTE-NC: categories count in the distance by one median spread of the
    numbers, and a made row takes the commonest category among the neighbours of its nearer parent. Missing numbers
    are compared by the nan-Euclidean distance; a cell is missing where the nearer parent's is.

    Few rows: with 1, copies of it whose numbers are moved by a tenth of the spread of all rows; with 2 to
    `k_neighbors`, all others are its neighbours; rows that are all alike count as one. All give a FewRowsWarning. Where
    the numbers of a row are missing it may come out as it is: a missing cell follows one parent.

    Arguments:
        k_neighbors: neighbours to choose the second row from, at least 1.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Example:
        >>> X, y = np.array([[0.0, 0.0], [1.0, 2.0], [5.0, 5.0], [5.0, 6.0]]), ["rare", "rare", "b", "b"]
        >>> with warnings.catch_warnings(action="ignore"):
        ...     made = SMOTE(random_state=0).fit(X, y).sample(3, y="rare")
        >>> made.shape, bool(((made >= 0) & (made <= [1, 2])).all())  # whole numbers stay whole
        ((3, 2), True)
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True)
    holds_rows = True
    needs_others: ClassVar[bool] = False  # whether rows of other classes matter
    needs_space: ClassVar[bool] = False  # whether the sampler looks at more than neighbours

    def __init__(self, k_neighbors: int = 5, *, schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.k_neighbors, self.schema, self.n_jobs, self.random_state = k_neighbors, schema, n_jobs, random_state

    # Parameters and the ladder -----------------------------------------------------------------------------------

    def _check_params(self) -> None:
        for name in ("k_neighbors", "m_neighbors", "n_neighbors"):
            value = getattr(self, name, 1)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ConfigError(f"{name} must be a whole number, at least 1, got {value!r}")

    @property
    def _k(self) -> int:
        return self.k_neighbors

    def _ladder(self, count: int) -> str | None:
        if count == 1:
            return "copies whose numbers are moved by a tenth of the spread of all rows"
        return f"k_neighbors={count - 1}" if count <= self._k else None

    # Learning ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        self.rows_, self.codes_ = rows, codes
        self._prepare()
        alike = self._lonely(np.arange(len(self.labels_))) & (self.labels_.counts > 1)
        if alike.any() and (self.layout_ is None or len(self.layout_.numbers)):
            labels = [
                self.labels_.classes.tolist()[code] if not self.labels_.absent else None
                for code in np.flatnonzero(alike)
            ]
            self.few_rows_ |= dict.fromkeys(
                labels, "all rows alike: copies whose numbers are moved as those of one row"
            )
            text = f"{type(self).__name__}: all rows of {', '.join(map(repr, labels[:5]))} are alike and count as one"
            warnings.warn(text, FewRowsWarning, stacklevel=4)

    def _prepare(self) -> None:
        """Set up the space that distances are taken in."""
        dense = isinstance(self.encoder_, TableEncoder)
        self.layout_ = self.encoder_.layout_ if dense else None
        self.embedding_ = Embedding(self.rows_, self.layout_) if self.layout_ is not None else None
        self.space_ = self.rows_ if self.embedding_ is None else self.embedding_(self.rows_)
        self.filled_ = _filled(self.space_)
        self.tags_ = Tags(self.space_.shape[0], scale=1e-9 * _spread(self.space_))

    def _sampler(self, k: int, find: Any, seed: int) -> Any:
        """Return the imbalanced-learn sampler; `find(k)` gives the neighbours object it is to use."""
        return self._plain(k, find, seed)

    def _plain(self, k: int, find: Any, seed: int) -> Any:
        return over_sampling.SMOTE(k_neighbors=find(k), random_state=seed)

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        mixes = Mixes(np.zeros(len(codes), np.intp), np.zeros(len(codes), np.intp), np.zeros(len(codes)))
        alone = np.zeros(len(codes), dtype=bool)
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            pool = np.flatnonzero(self.codes_ == code)
            rng = as_generator(key, "mix", int(code))
            part = self._apart(self._mixes(int(code), pool, len(spots), rng), pool, rng)
            mixes.first[spots], mixes.second[spots], mixes.weight[spots] = part.first, part.second, part.weight
            alone[spots] = part.first == part.second
        rows = mix_rows(self.rows_, mixes, self.layout_, self._voters(codes, mixes))
        rows = self._moved(rows, self._lonely(codes), as_generator(key, "jitter"))
        parents = np.stack([mixes.first, np.where(alone, -1, mixes.second)], axis=1)
        return Draw(rows, parents, np.stack([np.where(alone, 1.0, 1 - mixes.weight), mixes.weight], axis=1))

    def _mixes(self, code: int, pool: Places, n: int, rng: Rng) -> Mixes:
        """Return n mixes of rows of one class: by the sampler, and where it cannot, by SMOTE itself."""
        if len(pool) == 1:
            return Mixes(np.repeat(pool, n), np.repeat(pool, n), np.zeros(n))
        made, why = Mixes.join([]), "there is no other class"
        spare = n // 10 + 64 if self.needs_others else 0  # these round by row, and would have to be asked again
        if not self.needs_others or len(pool) < len(self.codes_):
            for _ in range(TRIES):
                lacking = n - len(made) + spare
                part, why = self._ask(self._sampler, code, pool, lacking, spawn(rng), self.needs_others)
                made = Mixes.join([made, part])
                if len(made) >= n or not len(part):
                    break
        if len(made) < n:
            if self.needs_others:
                self._fell_back(code, len(made), n, why)
            part, why = self._ask(self._plain, code, pool, n - len(made), spawn(rng), others=False)
            made = Mixes.join([made, part])
        if len(made) < n:
            raise TrainingFailed(f"imbalanced-learn gave {len(made)} of {n} rows: {why}")
        return made[rng.permutation(len(made))[:n]]

    def _fell_back(self, code: int, made: int, n: int, why: str) -> None:
        label = None if self.labels_.absent else self.labels_.classes.tolist()[code]
        text = f"{type(self).__name__} made {made} of {n} rows of class {label!r}; the rest is SMOTE's"
        warnings.warn(f"{text} ({why})" if why else text, FallbackWarning, stacklevel=6)

    def _ask(self, make: Any, code: int, pool: Places, n: int, seed: int, others: bool) -> tuple[Mixes, str]:
        """Ask a sampler for n rows of a class; return the mixes it chose, or none and why."""

        def find(k: int) -> RowNeighbors:
            return RowNeighbors(self.space_, self.tags_, k + 1, self.n_jobs)

        sampler = make(min(self._k, len(pool) - 1), find, seed)
        try:
            made = self._resampled(sampler, code, pool, n, others)
        except (ValueError, RuntimeError) as error:
            if type(error).__name__ == "InvalidParameterError":  # scikit-learn's own, which is not public
                raise ConfigError(f"{type(self).__name__}: {str(error).split('. ')[0]}") from error
            return Mixes.join([]), str(error).split(". ")[0].strip(" .")
        mixes, told = self.tags_.read(made)
        return mixes[told], ""

    def _resampled(self, sampler: Any, code: int, pool: Places, n: int, others: bool) -> Any:
        """Return the tagged rows that a sampler adds to the class; the fewest rows it can do with are shown to it."""
        rows = np.arange(len(self.codes_)) if others else pool
        X = self.tags_.attach(self.filled_[rows] if self.needs_space else self.filled_[rows, :0], rows)
        y = (self.codes_[rows] == code).astype(np.int64)
        if not others:  # imbalanced-learn wants a second class; this row takes no part
            X, y = _stack(X, X[:1]), np.append(y, 0)
        sampler.set_params(sampling_strategy={1: len(pool) + n})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of clusters and class sizes; what matters is counted by the caller
            return sampler.fit_resample(X, y)[0][X.shape[0] :]

    def _apart(self, mixes: Mixes, pool: Places, rng: Rng) -> Mixes:
        """Give rows that were mixed with a twin of themselves another neighbour, so that they are no copies."""
        if len(pool) < 2 or sparse.issparse(self.space_):
            return mixes
        gap = self.filled_[mixes.first] != self.filled_[mixes.second]
        twins = np.flatnonzero(~gap.any(axis=1))
        if not len(twins):
            return mixes
        _, firsts, inverse = np.unique(self.filled_[pool], axis=0, return_index=True, return_inverse=True)
        if len(firsts) < 2:
            return mixes
        home = inverse.ravel()[np.searchsorted(pool, mixes.first[twins])]
        distinct = self.space_[pool[firsts]]
        near = search(distinct, min(self._k, len(firsts) - 1) + 1).kneighbors(distinct[home], return_distance=False)[
            :, 1:
        ]
        pick = near[np.arange(len(twins)), rng.integers(near.shape[1], size=len(twins))]
        mixes.second[twins] = pool[firsts[pick]]
        mixes.weight[twins] = rng.random(len(twins))
        return mixes

    def _voters(self, codes: Codes, mixes: Mixes) -> Places | None:
        """Return the rows that vote on the categories of each made row: the neighbours of its nearer parent."""
        if self.layout_ is None or not len(self.layout_.categories):
            return None
        voters = np.full((len(codes), max(min(self._k, int(np.bincount(self.codes_).max()) - 1), 1)), -1, dtype=np.intp)
        for code in np.unique(codes):
            pool = np.flatnonzero(self.codes_ == code)
            k = min(self._k, len(pool) - 1)
            if k < 1:
                continue
            spots = np.flatnonzero(codes == code)
            asked, inverse = np.unique(mixes.nearer[spots], return_inverse=True)
            near = search(self.space_[pool], k + 1, self.n_jobs).kneighbors(self.space_[asked], return_distance=False)
            voters[spots, :k] = pool[near[:, 1:]][inverse.ravel()]
        return voters

    def _lonely(self, codes: Codes) -> npt.NDArray[np.bool_]:
        """Return which rows are of classes whose rows are all alike, so that mixing only copies."""
        alike = np.zeros(len(self.labels_), dtype=bool)
        for code in np.unique(codes):
            rows = self.filled_[np.flatnonzero(self.codes_ == code)]
            low, high = rows.min(axis=0), rows.max(axis=0)
            alike[code] = not (low != high).sum()
        return alike[codes]

    def _moved(self, rows: Any, which: npt.NDArray[np.bool_], rng: Rng) -> Any:
        """Return rows with the numbers of some moved by a tenth of the spread of all rows."""
        if not which.any():
            return rows
        if sparse.issparse(rows):
            heavy = rows.tocsr().copy()
            noise = rng.normal(0, JITTER, heavy.nnz) * np.repeat(which, np.diff(heavy.indptr))
            heavy.data *= 1 + noise
            return heavy
        numbers = self.encoder_.layout_.numbers
        spread = np.nan_to_num(np.nanstd(self.rows_[:, numbers], axis=0))
        rows[np.ix_(which, numbers)] += rng.normal(0, JITTER, (int(which.sum()), len(numbers))) * spread
        return rows

    # Files -------------------------------------------------------------------------------------------------------

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        return {"rows": meta}, {**arrays, "codes": self.codes_}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        self._prepare()


class SMOTENC(SMOTE):
    """SMOTE for tables of numbers and categories: what `SMOTE` does by itself where a table has both.

    The name is kept for those who know it. On numbers alone it is SMOTE; the ladder is SMOTE's.

    DIFFERS from imbalanced-learn: two categories lie one median spread apart, as Chawla et al. write in sec. 6.1,
    and the vote is held around the nearer parent.
    """


def _spread(space: Any) -> float:
    """Return about the least positive range of the columns of a space, or 1."""
    if sparse.issparse(space):
        return 1.0
    some = space[:: max(1, len(space) // 1000)]
    spread = np.ptp(np.nan_to_num(some), axis=0)
    spread = spread[spread > 0]
    return float(spread.min()) if len(spread) else 1.0


def _filled(space: Any) -> Any:
    """Return a space with the median in the place of missing numbers."""
    if sparse.issparse(space) or not np.isnan(space).any():
        return space
    return np.where(np.isnan(space), np.nanmedian(space, axis=0), space)


def _stack(first: Any, second: Any) -> Any:
    return sparse.vstack([first, second], format="csr") if sparse.issparse(first) else np.vstack([first, second])
