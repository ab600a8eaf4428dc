"""Refuse rows that lie where hardly any real row does."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone

from ..data.columns import Floats
from ..data.encode import TableEncoder
from ..data.frames import Frame
from ..data.kinds import count_rows, kind_of, take_rows
from ..data.labels import Labels
from ..data.schema import Schema
from ..errors import ConfigError
from ..random import as_generator, seed_of, spawn
from .base import ByFrequency, check_fitted, check_share, check_table, dealt, low_quantile

Codes = npt.NDArray[np.intp]
FOLDS = 3
ENOUGH = 50  # rows of a class that is scored by itself
TREES = 50  # in each of the folds' isolation forests


class Plausible(BaseEstimator):  # type: ignore[misc]
    """Refuse rows less plausible than all but a `share` of the real rows: outliers, and what no real row is like.

    Plausible is what a score calls so. By default the score is an isolation forest's (Liu, Ting and Zhou 2008,
    "Isolation forest"): how many random cuts it takes to part a row from the others, missing values being a column of
    their own and the levels of a category standing in the order of their frequency. It is each class's own where the
    class has 50 rows, else that of all rows; a value missing where no real row misses it is refused besides. With
    `generator`, the score is its log density, such as an `ARF`'s. An isolation forest sees rows at the edge or outside
    of the data; that columns no longer go together as they did, a density sees better. What lies beyond the range of
    the real values is taken off the forest's score, in ranges, since to a forest all that lies outside is one.

    The real rows are dealt into three folds; a real row's score comes from a model that has not seen it, and a made
    row's is averaged over the three. The bound of each class is the `share` quantile of its own rows' scores (of all
    rows', where the class has fewer than 50): so of real rows never seen before about that share would be refused.

    Arguments:
        share: of real rows that lie below the bound, above 0 and below 1.
        generator: something with `fit(X, y)` and `log_density(X, y)`, which gives n floats; copies of it are fitted.
        schema: kinds of columns; the Balancer passes its generator's.
        random_state: seed of the folds and the forests.

    After `fit`: `bounds_` (classes,) by place in `labels_.classes`.

    Raises: ConfigError in `fit` for a wrong parameter, or data that is no table where there is no generator for it;
        NotFitted in `accept` before `fit`.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> gate = Plausible().fit(X, None)
        >>> gate.accept(np.array([[0.1, -0.3], [9.0, -9.0]]), None).tolist()
        [True, False]
    """

    def __init__(
        self, *, share: float = 0.01, generator: Any = None, schema: Any = None, random_state: int | None = 0
    ) -> None:
        self.share, self.generator = share, generator
        self.schema, self.random_state = schema, random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn where the real rows lie."""
        check_share(self.share, "share")
        if self.generator is None:
            check_table(X, "Plausible", "give it a generator with log_density for them")
        elif not (hasattr(self.generator, "fit") and hasattr(self.generator, "log_density")):
            raise ConfigError(f"generator must have fit(X, y) and log_density(X, y), got {self.generator!r}")
        n = count_rows(X)
        self.labels_, codes = Labels.fit(y, n)
        self.own_ = self.labels_.counts >= ENOUGH
        rng = as_generator(seed_of(self.random_state), "plausible")
        fold = dealt(codes, FOLDS, rng)
        score = np.full(n, np.nan)
        if self.generator is None:
            self._open_table(X)
            X = self._matrix(self.encoder_.encode(X))
        elif kind_of(X) == "table" and not hasattr(X, "tocsr"):
            self.schema_ = Schema.infer(Frame.open(X)[0], self.schema)
        self.models_: list[Any] = []
        for part in range(FOLDS if self.generator is not None or X.shape[1] else 0):
            rows, out = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
            if len(out) and len(rows):
                self.models_.append(self._learned(take_rows(X, rows), _taken(y, rows), codes[rows], spawn(rng)))
                score[out] = self._score(self.models_[-1], take_rows(X, out), _taken(y, out), codes[out])
        self._bound(score, codes)
        return self

    def _bound(self, score: Floats, codes: Codes) -> None:
        known = ~np.isnan(score)
        self.bounds_ = np.full(len(self.labels_), -np.inf)
        for code in range(len(self.labels_)):
            rows = score[known & (codes == code)] if self.own_[code] else score[known]
            if len(rows):
                self.bounds_[code] = low_quantile(rows, self.share)

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return which rows lie where real rows do. Shape: (n,)."""
        check_fitted(self)
        n = count_rows(X)
        codes = np.zeros(n, dtype=np.intp) if self.labels_.absent else self.labels_.codes(y)
        good = np.ones(n, dtype=bool)
        if self.generator is None:
            matrix = self.encoder_.encode(X)
            good &= ~(np.isnan(matrix) & ~self.holed_).any(axis=1)
            X = self._matrix(matrix)
        if not self.models_ or not n:
            return good
        with np.errstate(invalid="ignore"):
            score = np.mean([self._score(model, X, y, codes) for model in self.models_], axis=0)
        return np.asarray(good & (score >= self.bounds_[codes]))

    def _learned(self, X: Any, y: Any, codes: Codes, seed: int) -> Any:
        """Return a fitted model of some of the rows."""
        if self.generator is not None:
            model = clone(self.generator, safe=False)
            if hasattr(self, "schema_") and getattr(model, "schema", ...) is None:
                model.set_params(schema=self.schema_)
            if getattr(model, "random_state", ...) is None:
                model.set_params(random_state=seed)
            return model.fit(X, y)
        return _Isolation(X, codes, self.own_, seed)

    def _score(self, model: Any, X: Any, y: Any, codes: Codes) -> Floats:
        """Return how plausible rows are; what is no number is -inf, as what has no density is. Shape: (n,)."""
        if self.generator is not None:
            score = np.asarray(model.log_density(X, y), dtype=np.float64)
            if score.shape != (count_rows(X),):
                raise ConfigError(
                    f"log_density gave {score.shape} for {count_rows(X):,} rows: it gives one float a row"
                )
            return np.where(np.isnan(score), -np.inf, score)
        return np.asarray(model(X, np.where(self.own_[codes], codes, -1)))

    def _open_table(self, X: Any) -> None:
        """Learn how a table becomes the matrix that forests take."""
        self.encoder_ = TableEncoder(self.schema)
        matrix = self.encoder_.fit(X)
        self.holed_ = np.isnan(matrix).any(axis=0)
        self.order_ = {int(place): ByFrequency(matrix[:, place]) for place in self.encoder_.layout_.categories}
        present = {int(place): matrix[~np.isnan(matrix[:, place]), place] for place in self.encoder_.layout_.numbers}
        self.middle_ = {place: float(np.median(values)) if len(values) else 0.0 for place, values in present.items()}

    def _matrix(self, matrix: Floats) -> Floats:
        """Return coded rows with none missing. Shape: (n, width) to (n, width + columns that may be missing)."""
        missing, filled = np.isnan(matrix), matrix.copy()
        for place, order in self.order_.items():
            filled[:, place] = np.where(missing[:, place], len(order.levels), order(matrix[:, place]))
        for place, middle in self.middle_.items():
            filled[missing[:, place], place] = middle
        return np.hstack([filled, missing[:, self.holed_]])


class _Isolation:
    """Isolation forests of the classes that have rows enough, by code, and one of all rows, by -1."""

    def __init__(self, rows: Floats, codes: Codes, own: npt.NDArray[np.bool_], seed: int) -> None:
        from sklearn.ensemble import IsolationForest

        parts = {code: rows[codes == code] for code in np.flatnonzero(own).tolist()}
        if not own.all():
            parts[-1] = rows
        self.forests = {code: IsolationForest(n_estimators=TREES, random_state=seed).fit(parts[code]) for code in parts}
        self.ends = {code: (part.min(axis=0), part.max(axis=0)) for code, part in parts.items()}

    def __call__(self, rows: Floats, which: Codes) -> Floats:
        """Return the score of each row under the forest `which`, less what it lies outside. Shape: (n,)."""
        score = np.empty(len(rows))
        for code in np.unique(which).tolist():
            mine, (low, high) = rows[which == code], self.ends[code]
            reach = np.where(high > low, high - low, np.maximum(np.abs(low), 1.0))
            outside = (np.abs(mine - np.clip(mine, low, high)) / reach).sum(axis=1)
            score[which == code] = self.forests[code].score_samples(mine) - outside
        return score


def _taken(y: Any, rows: Codes) -> Any:
    return None if y is None else take_rows(y, rows)
