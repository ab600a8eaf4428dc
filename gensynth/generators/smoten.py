"""SMOTE for tables of categories alone.

Each value v of a column becomes the vector of its classes' shares P(class | v); two values lie as far apart as the sum
over the classes of |P(c | v) - P(c | u)|, two rows as the sum over their columns (the value difference metric of
Stanfill and Waltz 1986, with k = 1 and r = 1). A made row is what a row and its k nearest of the class vote, column by
column.

Reference: Chawla et al. 2002, JAIR 16, sec. 6.2 (SMOTE-N).

DIFFERS from imbalanced-learn: distances are added up over the columns as Chawla et al. choose (r = 1), where
imbalanced-learn squares them (r = 2), and over all classes at once, not one against the rest. The rows that a vote is
held around are taken evenly, and the row's own value wins a tie it takes part in.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np

from ..errors import FallbackWarning
from .base import Codes, Draw, Supports
from .mixing import commonest, even
from .neighbors import Circle, Floats, Places, Space
from .smote import SMOTE


class Differences(Space):
    """Rows of categories as points whose Manhattan distance is the value difference metric.

    Arguments:
        rows: (n, width) codes, a missing value standing as the level behind the others.
        codes: (n,) the class of each row.
        classes: number of classes.
    """

    metric = "manhattan"

    def __init__(self, rows: Floats, codes: Codes, classes: int, searcher: Any, n_jobs: int | None) -> None:
        self.rows, self.layout, self.searcher, self.n_jobs, self.medians = rows, None, searcher, n_jobs, None
        self.tables = []
        for column in rows.T.astype(np.intp):
            counts = np.bincount(column * classes + codes, minlength=(int(column.max()) + 1) * classes)
            table = counts.reshape(-1, classes).astype(np.float64)
            shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
            self.tables.append(shares[:, :1] if classes == 2 else shares)  # of two the second says nothing new

    def points(self, places: Places, filled: bool = False) -> Floats:
        """Return rows as points. Shape: (len(places), columns x classes)."""
        rows = self.rows[places].astype(np.intp)
        return np.hstack([table[rows[:, column]] for column, table in enumerate(self.tables)])


class SMOTEN(SMOTE):
    """Rows by vote among neighbours, whose distance tells how alike two categories are in the classes they go with.

    A missing value is a category of its own. Made rows have no two parents, so the frame of parents is empty. The
    result is often a row that exists: there are only so many combinations.

    Few rows: with 1, copies of it; with 2 to `k_neighbors`, all others are its neighbours. In a table of one class
    SMOTE serves, with a FallbackWarning.

    Arguments:
        k_neighbors: neighbours that vote beside the row, at least 1.
        neighbors: what finds them, as in `SMOTE`. It is given the shares of the classes at each value; by the
            Manhattan distance between them it finds what SMOTE-N asks for.
        schema: kinds of columns to take instead of the inferred ones; {"column":
            "category"} for numbers that are codes.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Example:
        >>> X, y = np.array([["a", "p"], ["a", "q"], ["b", "q"], ["c", "p"]]), ["rare", "rare", "rare", "b"]
        >>> with warnings.catch_warnings(action="ignore"):
        ...     SMOTEN(random_state=0).fit(X, y).sample(2, y="rare").tolist()
        [['a', 'q'], ['a', 'q']]
    """

    supports: ClassVar[Supports] = Supports(numbers=False, categories=True, missing=True, prefix=True, parents=False)

    def _ladder(self, count: int) -> str | None:
        return "copies" if count == 1 else f"k_neighbors={count - 1}" if count <= self._k else None

    def _space(self) -> Space:
        if len(self.labels_) < 2:
            return super()._space()
        levels = np.array([block.levels for block in self.encoder_.layout_.blocks])
        rows = np.where(np.isnan(self.rows_), levels, self.rows_)
        return Differences(rows, self.codes_, len(self.labels_), self.neighbors, self.n_jobs)

    def _sample(self, codes: Codes, key: int) -> Draw:
        if len(self.labels_) < 2:
            warnings.warn(
                "SMOTEN compares classes and there is one: SMOTE serves instead", FallbackWarning, stacklevel=3
            )
            return super()._sample(codes, key)
        rows = np.empty((len(codes), self.rows_.shape[1]))
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), self._pool(code)
            own, back = np.unique(even(pool, len(spots), key, f"order {code}"), return_inverse=True)
            rows[spots] = self._voted(own, Circle(self.space_, pool, self._k, self.ranks_))[back]
        return Draw(rows)

    def _voted(self, own: Places, circle: Circle) -> Floats:
        """Return what rows and their neighbours vote. Shape: (len(own), width)."""
        votes = self.space_.rows[own]
        if circle.k:
            voters = np.column_stack([own, circle.of(own)])
            for place in range(votes.shape[1]):
                votes[:, place] = commonest(self.space_.rows[:, place][voters], votes[:, place])
        levels = np.array([block.levels for block in self.encoder_.layout_.blocks])
        return np.where(votes == levels, np.nan, votes)
