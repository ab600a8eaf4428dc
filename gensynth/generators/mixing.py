"""Who was mixed with whom: following rows through an oversampler that does not tell.

imbalanced-learn's samplers return rows and say nothing of their parents, take no categories or missing values in
most of their methods, and truncate integers. gensynth lets them choose (which two rows, mixed how far) and makes the
row itself. To see what they chose, each row carries its own number in binary, one column a bit. A made row
x = a + w (b - a) then shows, in these columns, 0 or 1 where the numbers of a and b agree, and w or 1 - w where they
differ: which tells a, b and w exactly. The columns are scaled down until no distance notices them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from ..data.encode import Layout

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
NEAR = 1e-7  # how exactly a bit column must show 0, 1, w or 1 - w


@dataclass(frozen=True)
class Mixes:
    """Rows to make: `first + weight * (second - first)`. Shape: each (n,)."""

    first: Places
    second: Places
    weight: Floats

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: Any) -> Mixes:
        return Mixes(self.first[rows], self.second[rows], self.weight[rows])

    @staticmethod
    def join(parts: list[Mixes]) -> Mixes:
        """Return all parts, one after the other."""
        if not parts:
            return Mixes(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0))
        return Mixes(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("first", "second", "weight"))
        )

    @property
    def nearer(self) -> Places:
        """The parent that each row lies nearer to."""
        return np.where(self.weight <= 0.5, self.first, self.second)


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


def search(space: Any, n_neighbors: int, n_jobs: int | None = None) -> NearestNeighbors:
    """Return a fitted neighbour search, nan-Euclidean where numbers are missing."""
    holes = not sparse.issparse(space) and bool(np.isnan(space).any())
    metric = {"metric": "nan_euclidean"} if holes else {}
    return NearestNeighbors(n_neighbors=min(n_neighbors, space.shape[0]), n_jobs=n_jobs, **metric).fit(space)


def mix_rows(rows: Any, mixes: Mixes, layout: Layout | None, voters: Places | None) -> Any:
    """Make the rows.

    Numbers: a + w (b - a). A number that either parent lacks follows the nearer one: missing where that one's is.
    Categories: the commonest among the voters, missing where the nearer parent's is.

    Shape: rows (n, width) coded, or sparse; voters (m, k) positions of the rows that vote, -1 for none, one line a row.
    """
    if layout is None:
        a, b = rows[mixes.first], rows[mixes.second]
        return (a + sparse.diags_array(mixes.weight) @ (b - a)).tocsr()
    made = rows[mixes.nearer]
    numbers = layout.numbers
    if len(numbers) == rows.shape[1]:
        a, b = rows[mixes.first], rows[mixes.second]
    else:
        a, b = rows[np.ix_(mixes.first, numbers)], rows[np.ix_(mixes.second, numbers)]
    b -= a
    b *= mixes.weight[:, None]
    b += a
    if len(numbers) == rows.shape[1]:
        return np.where(np.isnan(b), made, b)
    made[:, numbers] = np.where(np.isnan(b), made[:, numbers], b)
    for place in layout.categories:
        own = made[:, place]
        votes = own[:, None] if voters is None else np.where(voters < 0, np.nan, rows[:, place][voters])
        made[:, place] = np.where(np.isnan(own), own, _commonest(votes, own))
    return made


def _commonest(votes: Floats, own: Floats) -> Floats:
    """Return the commonest value of each line, the first in case of a tie, `own` where all are missing."""
    best = own.copy()
    size = max(2**24 // votes.shape[1] ** 2, 1)  # lines at a time: each takes its width squared in bytes
    for start in range(0, len(votes), size):
        part = votes[start : start + size]
        most = (part[:, :, None] == part[:, None, :]).sum(axis=2).argmax(axis=1)
        best[start : start + size] = part[np.arange(len(part)), most]
    return np.where(np.isnan(best), own, best)
