"""SMOTE: new rows on the line between a row of the class and one of its neighbours.

A made row is x = a + w (b - a): a row a of the class, b one of its k nearest of the class, w uniform in [0, 1). Each
row serves as a as often as every other. Which row, neighbour and weight a made row gets is drawn by its number
(`random.uniforms`), so that fewer rows are the beginning of more.

Reference: Chawla et al. 2002, "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16, sec. 4.2 and, for mixed
tables, 6.1.

DIFFERS from Chawla et al. and imbalanced-learn: the rows a are not drawn anew each time, but taken evenly.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..data import saved
from ..data.encode import TableEncoder
from ..errors import ConfigError, FallbackWarning, FewRowsWarning
from ..random import uniforms
from .base import Codes, Draw, Generator, Supports
from .given import JITTER, ends_of, normals, nudged
from .mixing import Mixes, even, fingerprints, mix_rows, pick, twins, vote
from .neighbors import Circle, Floats, Places, Space


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
        neighbors: what finds them: an object with scikit-learn's `fit(X)` and `kneighbors(X, n_neighbors,
            return_distance)`, which counts a row among its own neighbours; a copy is used, and given the column's
            median where a number is missing. None for scikit-learn's NearestNeighbors.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where a parameter is out of range; FormatError from `save` where `neighbors` is set.

    Example:
        >>> X, y = np.array([[0.0, 0.0], [1.0, 2.0], [5.0, 5.0], [5.0, 6.0]]), ["rare", "rare", "b", "b"]
        >>> with warnings.catch_warnings(action="ignore"):
        ...     made = SMOTE(random_state=0).fit(X, y).sample(3, y="rare")
        >>> made.shape, bool(((made >= 0) & (made <= [1, 2])).all())  # whole numbers stay whole
        ((3, 2), True)
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True, prefix=True)
    holds_rows = True
    neighbors: Any = None
    votes: ClassVar[bool] = True  # whether neighbours vote on categories; else they follow the nearer parent

    def __init__(self, k_neighbors: int = 5, *, neighbors: Any = None, schema: Mapping[Any, str] | None = None,
                 n_jobs: int | None = None, random_state: int | None = None) -> None:  # fmt: skip
        self.k_neighbors, self.neighbors, self.schema = k_neighbors, neighbors, schema
        self.n_jobs, self.random_state = n_jobs, random_state

    # Parameters and the ladder -----------------------------------------------------------------------------------

    def _check_params(self) -> None:
        for name in ("k_neighbors", "m_neighbors", "n_neighbors"):
            value = getattr(self, name, 1)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ConfigError(f"{name} must be a whole number, at least 1, got {value!r}")
        lacking = [name for name in ("fit", "kneighbors") if not hasattr(self.neighbors, name)]
        if self.neighbors is not None and (lacking or isinstance(self.neighbors, type)):
            raise ConfigError(
                f"neighbors must be an object with fit(X) and kneighbors(X), as scikit-learn's, got {self.neighbors!r}"
            )

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
        many = np.flatnonzero(self.labels_.counts > 1)
        alike = [code for code in many if self._alike(self._pool(code))]
        if alike and (self.layout_ is None or len(self.layout_.numbers)):
            labels = [self._label(code) for code in alike]
            self.few_rows_ |= dict.fromkeys(
                labels, "all rows alike: copies whose numbers are moved as those of one row"
            )
            text = f"{type(self).__name__}: all rows of {', '.join(map(repr, labels[:5]))} are alike and count as one"
            warnings.warn(text, FewRowsWarning, stacklevel=4)

    def _prepare(self) -> None:
        """Set up the space that distances are taken in."""
        self.layout_ = self.encoder_.layout_ if isinstance(self.encoder_, TableEncoder) else None
        self.order_ = np.argsort(self.codes_, kind="stable")
        self.ends_ = np.cumsum(self.labels_.counts)
        self.ranks_ = np.empty(len(self.codes_), dtype=np.intp)
        self.ranks_[self.order_] = np.arange(len(self.codes_)) - np.repeat(
            self.ends_ - self.labels_.counts, self.labels_.counts
        )
        self.space_ = self._space()

    def _space(self) -> Space:
        return Space(self.rows_, self.layout_, self.neighbors, self.n_jobs)

    def _pool(self, code: int | np.integer) -> Places:
        """Return the rows of a class, ascending."""
        return self.order_[self.ends_[code] - self.labels_.counts[code] : self.ends_[code]]

    def _label(self, code: int | np.integer) -> Any:
        return None if self.labels_.absent else self.labels_.classes.tolist()[code]

    def _alike(self, pool: Places) -> bool:
        """Whether all rows are the same, so that mixing them only copies."""
        for size in (2, len(pool)):  # mostly the first two tell
            prints = fingerprints(self.space_.filled(pool[:size]))
            if (prints != prints[0]).any():
                return False
        return True

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        mixes, lone = Mixes.empty(len(codes)), np.zeros(len(codes), dtype=bool)
        voting = self.votes and self.layout_ is not None and len(self.layout_.categories) > 0
        votes = np.empty((len(codes), len(self.layout_.categories))) if voting and self.layout_ else None
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), self._pool(code)
            if self._alike(pool):
                rows = even(pool, len(spots), key, f"order {code}")
                part, lone[spots] = Mixes(rows, rows, np.zeros(len(rows))), True
            else:
                circle = Circle(self.space_, pool, self._k, self.ranks_)
                part = self._apart(self._mixes(int(code), circle, spots, key), circle, spots, key)
            mixes.put(spots, part)
            if votes is not None and self.layout_ is not None:
                own, back = np.unique(part.nearer, return_inverse=True)
                voters = own[:, None] if lone[spots[0]] else circle.of(own)
                votes[spots] = vote(self.rows_, own, voters, self.layout_)[back]
        made = mix_rows(self.rows_, mixes, self.layout_, votes, self._centres())
        alone = (mixes.first == mixes.second) | (mixes.second < 0)
        parents = np.stack([mixes.first, np.where(alone, -1, mixes.second)], axis=1)
        weights = np.stack([np.where(alone, 1.0, 1 - mixes.weight), np.where(alone, 0.0, mixes.weight)], axis=1)
        return Draw(self._moved(made, lone, key), parents, weights)

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        """Return a mix for each of the made rows of one class, whose rows are not all alike.

        This is what a relative of SMOTE writes. Shape: spots (n,), the numbers of the made rows.
        """
        first = even(circle.pool, len(spots), key, f"order {code}")
        return Mixes(first, pick(circle.of(first), spots, key, "neighbor"), uniforms(key, spots, "weight"))

    def _centres(self) -> Floats | None:
        """Return the points, other than rows, that mixes name as second parents."""
        return None

    def _apart(self, mixes: Mixes, circle: Circle, spots: Places, key: int) -> Mixes:
        """Give rows that were mixed with a twin of themselves another neighbour, so that they are no copies.

        The same rows are searched together whichever were mixed with a twin, as in `Circle`: those that have twins in
        the class, and apart from them those that have none, whose twins are of another class.
        """
        which, pool = twins(self.space_, mixes), circle.pool
        if not len(which):
            return mixes
        prints = fingerprints(self.space_.filled(pool))
        _, heads, back, counts = np.unique(prints, return_index=True, return_inverse=True, return_counts=True)
        home, every = pool[heads[back[self.ranks_[mixes.first[which]]]]], np.sort(pool[heads])
        for asked in (np.sort(pool[heads[counts > 1]]), np.sort(pool[heads[counts == 1]])):
            mine = np.flatnonzero(np.isin(home, asked))
            if len(mine):
                near = self.space_.nearest(asked, every, self._k)[np.searchsorted(asked, home[mine])]
                mixes.second[which[mine]] = pick(near, spots[which[mine]], key, "twin")
        mixes.weight[which] = uniforms(key, spots[which], "twin weight")
        return mixes

    def _moved(self, rows: Any, which: npt.NDArray[np.bool_], key: int) -> Any:
        """Return rows with the numbers of some moved by a tenth of the spread of all rows, inside their range.

        In a sparse matrix what is zero stays zero.
        """
        if not which.any():
            return rows
        if sparse.issparse(rows):
            heavy = rows.tocsr().copy()
            line = np.repeat(np.arange(heavy.shape[0]), np.diff(heavy.indptr))
            noise = JITTER * normals(key, line * heavy.shape[1] + heavy.indices, "jitter") * which[line]
            square = self.rows_.multiply(self.rows_).mean(axis=0)
            spread = np.sqrt(np.maximum(square - np.square(self.rows_.mean(axis=0)), 0.0))
            low, high = (ends[heavy.indices] for ends in (self.encoder_.low_, self.encoder_.high_))
            heavy.data = nudged(heavy.data, noise * np.asarray(spread).ravel()[heavy.indices], low, high)
            return heavy
        spots = np.flatnonzero(which)
        for place in self.encoder_.layout_.numbers:
            column = self.rows_[:, place]
            spread = 0.0 if np.isnan(column).all() else float(np.nanstd(column))
            noise = JITTER * normals(key, spots, f"jitter {place}") * spread
            rows[spots, place] = nudged(rows[spots, place], noise, *ends_of(self.encoder_.coded_[place]))
        return rows

    def _fell_back(self, code: int, made: int, n: int, why: str) -> None:
        """Warn that SMOTE itself makes what the method cannot."""
        text = f"{type(self).__name__} made {made} of {n} rows of class {self._label(code)!r}; the rest is SMOTE's"
        warnings.warn(f"{text} ({why})" if why else text, FallbackWarning, stacklevel=6)

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
