"""Any over-sampler with imbalanced-learn's interface as a generator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from imblearn import over_sampling
from scipy import sparse
from sklearn.base import clone

from ..errors import ConfigError, FormatError, TrainingFailed
from ..random import as_generator, spawn
from .base import Codes, Draw, Supports
from .mixing import Mixes, mix_rows, vote
from .neighbors import Circle, Places
from .smote import SMOTE
from .wrapped import TRIES, Wrapped


class FromImblearn(Wrapped):
    """An over-sampler as a generator: anything with `fit_resample(X, y)` that keeps the real rows first.

    It is given numbers: categories as one-hot columns (a median spread apart), missing numbers as the column's
    median. Rows that prove to be mixes of two real rows are made as SMOTE makes them, and have parents; others are
    read back from the numbers they came as. Its `sampling_strategy` and, where it has one, `random_state` are set
    for each call; all else is left as it is.

    Few rows: a class of 1 row gives copies of it whose numbers are moved by a tenth of the spread of all rows. Of other
    tiny classes the sampler makes what it can; where it refuses, or makes too few, SMOTE serves, with a FallbackWarning
    that repeats what it said.

    Arguments:
        sampler: the over-sampler; a copy of it is used.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    Example:
        >>> from imblearn.over_sampling import RandomOverSampler
        >>> X, y = np.array([[0.0, 1.0], [1.0, 2.0], [5.5, 5.0], [5.0, 6.0], [7.5, 7.0]]), [1, 1, 0, 0, 0]
        >>> FromImblearn(RandomOverSampler(), random_state=0).fit(X, y).sample(3, y=1).shape
        (3, 2)
    """

    supports: ClassVar[Supports] = Supports(categories=True, missing=True, sparse=True, parents=False)
    needs_space = True

    def __init__(self, sampler: Any = None, *, schema: Mapping[Any, str] | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.sampler, self.schema, self.random_state = sampler, schema, random_state

    def _check_params(self) -> None:
        if self.sampler is None or not hasattr(self.sampler, "fit_resample"):
            raise ConfigError(f"sampler must have fit_resample(X, y), as imbalanced-learn's do, got {self.sampler!r}")

    @property
    def _k(self) -> int:
        return 5  # voters on the categories of rows that prove to be mixes

    n_jobs = None  # threads of the vote's neighbour search

    def _ladder(self, count: int) -> str | None:
        return super()._ladder(count) if count == 1 else None

    def _sample(self, codes: Codes, key: int) -> Draw:
        order: list[Places] = []
        draws: list[Draw] = []
        for code in np.unique(codes):
            spots, pool = np.flatnonzero(codes == code), self._pool(code)
            draws.append(self._drawn(int(code), pool, len(spots), as_generator(key, "mix", int(code))))
            order.append(spots)
        if not draws:
            return Draw(self.rows_[:0])
        back, whole = np.argsort(np.concatenate(order)), self._joined(draws)
        return Draw(whole.rows[back], whole.parents[back], whole.weights[back])

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        """Return SMOTE's own mixes, for what the sampler did not make."""
        return SMOTE._mixes(self, code, circle, spots, key)

    def _drawn(self, code: int, pool: Places, n: int, rng: np.random.Generator) -> Draw:
        """Return n rows of one class, asking the sampler again while it gives too few."""
        if len(pool) == 1:
            rows = self._moved(self.rows_[np.repeat(pool, n)], np.ones(n, dtype=bool), spawn(rng))
            return Draw(rows, np.stack([np.repeat(pool, n), np.full(n, -1)], axis=1), np.tile([1.0, 0.0], (n, 1)))
        parts: list[Any] = []
        have, why = 0, ""
        for _ in range(TRIES):
            sampler = clone(self.sampler)
            if "random_state" in sampler.get_params():
                sampler.set_params(random_state=spawn(rng))
            try:
                made = self._resampled(sampler, code, pool, max(n - have, n // 4, 64))
            except (ValueError, RuntimeError) as error:
                if isinstance(error, TypeError):  # a parameter that it does not take: scikit-learn's is of both kinds
                    raise TrainingFailed(f"{type(sampler).__name__}: {error}") from error
                why = f"{type(sampler).__name__}: {error}".split(". ")[0].strip(" .")
                break
            parts, have = [*parts, made], have + made.shape[0]
            if have >= n or not made.shape[0]:
                break
        draws = []
        if have:
            made = sparse.vstack(parts, format="csr") if sparse.issparse(self.rows_) else np.vstack(parts)
            draws.append(self._read(made[rng.permutation(have)[:n]], code))
        if have < n:
            self._fell_back(code, have, n, why)
            draws.append(super()._sample(np.full(n - have, code, dtype=np.intp), spawn(rng)))
        return self._joined(draws)

    def _joined(self, draws: list[Draw]) -> Draw:
        """Return draws one after the other."""
        stacked = [draw.rows for draw in draws]
        rows = sparse.vstack(stacked, format="csr") if sparse.issparse(self.rows_) else np.vstack(stacked)
        return Draw(rows, *(np.vstack([getattr(draw, name) for draw in draws]) for name in ("parents", "weights")))

    def _read(self, tagged: Any, code: int) -> Draw:
        """Return tagged rows as coded ones: those that are mixes made anew, the others read back."""
        mixes, told = self.tags_.read(tagged)
        space = tagged[:, : -self.tags_.width]
        embedding = self.space_.embedding
        rows = space if embedding is None else embedding.inverse(space)
        if told.any():
            spots = np.flatnonzero(told)
            votes = None
            if self.layout_ is not None and len(self.layout_.categories):
                own, back = np.unique(mixes[told].nearer, return_inverse=True)
                voters = Circle(self.space_, self._pool(code), self._k, self.ranks_).of(own)
                votes = vote(self.rows_, own, voters, self.layout_)[back]
            mixed = mix_rows(self.rows_, mixes[told], self.layout_, votes)
            if sparse.issparse(rows):
                rows = sparse.vstack([mixed, rows[~told]], format="csr")[
                    np.argsort(np.append(spots, np.flatnonzero(~told)))
                ]
            else:
                rows[spots] = mixed
        copied = told & (mixes.first == mixes.second)
        parents = np.where(told[:, None], np.stack([mixes.first, np.where(copied, -1, mixes.second)], axis=1), -1)
        weights = np.stack([np.where(copied, 1.0, 1 - mixes.weight), mixes.weight], axis=1)
        return Draw(rows, parents, np.where(told[:, None], weights, 0.0))

    def _saved_params(self) -> dict[str, Any]:
        name = type(self.sampler).__name__
        if getattr(over_sampling, name, None) is not type(self.sampler):
            raise FormatError(f"only imbalanced-learn's own samplers can be written to a file, not {name}")
        params = {key: value for key, value in self.sampler.get_params(deep=False).items() if key != "random_state"}
        try:
            json.dumps(params)
        except TypeError as error:
            raise FormatError(f"the parameters of {name} cannot be written to a file: {error}") from error
        return {"sampler": name, "params": params, "schema": self.schema, "random_state": self.random_state}

    @classmethod
    def _from_saved(cls, params: dict[str, Any]) -> Self:
        if params["sampler"] not in over_sampling.__all__:
            raise FormatError(f"imbalanced-learn has no over-sampler {params['sampler']!r}")
        sampler = getattr(over_sampling, params["sampler"])(**params["params"])
        return cls(sampler, schema=params.get("schema"), random_state=params.get("random_state"))
