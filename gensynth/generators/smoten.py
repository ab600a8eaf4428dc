"""SMOTE for tables of categories alone.

Reference: Chawla et al. 2002, JAIR 16, sec. 6.2 (SMOTE-N): neighbours by the value difference metric, values by vote.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from imblearn import over_sampling

from ..errors import FallbackWarning
from ..random import as_generator, spawn
from .base import Codes, Draw, Supports
from .smote import SMOTE


class SMOTEN(SMOTE):
    """Rows by vote among neighbours, whose distance tells how alike two categories are in the classes they go with.

    A missing value is a category of its own. Made rows have no two parents, so the frame of parents is empty. The
    result is often a row that exists: there are only so many combinations.

    Few rows: with 1, copies of it; with 2 to `k_neighbors`, all others are its neighbours. In a table of one class
    SMOTE serves, with a FallbackWarning.

    Arguments:
        k_neighbors: neighbours that vote, at least 1.
        schema: kinds of columns to take instead of the inferred ones; {"column":
            "category"} for numbers that are codes.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.
    """

    supports: ClassVar[Supports] = Supports(numbers=False, categories=True, missing=True, parents=False)

    def _ladder(self, count: int) -> str | None:
        return "copies" if count == 1 else f"k_neighbors={count - 1}" if count <= self._k else None

    def _sample(self, codes: Codes, key: int) -> Draw:
        if len(np.unique(self.codes_)) < 2:
            warnings.warn(
                "SMOTEN compares classes and there is one: SMOTE serves instead", FallbackWarning, stacklevel=3
            )
            return super()._sample(codes, key)
        rows = np.empty((len(codes), self.rows_.shape[1]))
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), np.flatnonzero(self.codes_ == code)
            rng = as_generator(key, "vote", int(code))
            rows[spots] = self._voted(int(code), pool, len(spots), rng)
        return Draw(rows)

    def _voted(self, code: int, pool: Codes, n: int, rng: np.random.Generator) -> Any:
        """Return n rows of one class, a missing value standing as one level more."""
        if len(pool) == 1:
            return np.repeat(self.rows_[pool], n, axis=0)
        levels = np.array([block.levels for block in self.encoder_.layout_.blocks])
        X = np.where(np.isnan(self.rows_), levels, self.rows_).astype(np.int64)
        sampler = over_sampling.SMOTEN(
            sampling_strategy={1: len(pool) + n}, k_neighbors=min(self._k, len(pool) - 1), random_state=spawn(rng)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of class sizes; what matters is counted by the caller
            made = sampler.fit_resample(X, (self.codes_ == code).astype(np.int64))[0][len(X) :]
        return np.where(made == levels, np.nan, made)[rng.permutation(len(made))]
