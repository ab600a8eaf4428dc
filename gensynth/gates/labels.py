"""Refuse rows that a classifier of the real rows is sure are of another class."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from ..data.columns import Floats
from ..data.encode import TableEncoder
from ..data.kinds import as_rows, count_rows, kind_of, take_rows
from ..data.labels import Labels
from ..errors import ConfigError
from ..generators.mixing import fingerprints
from ..random import as_generator, seed_of, spawn
from .base import ByFrequency, check_fitted, check_share, check_table, dealt, low_quantile

LEVELS = 200  # of a category that are told apart; the others are one
ROWS = 10_000  # of a class that are learned from, at the most
TURNS = 60  # of boosting, each one tree a class, two classes one
TREES = 600  # in one classifier: fewer turns where classes are many


class LabelAgrees(BaseEstimator):  # type: ignore[misc]
    """Refuse rows that look to a classifier as if another class were theirs, surer than real rows of their class do.

    Boosted trees with balanced class weights (a rare class is not thought unlikely for being rare) learn the classes of
    the real rows fold by fold; of kinds other than tables a small learner of the kind (`learners`), seconds a fold of
    images. Of each real row, the fold that has not seen it gives the highest probability of any *other* class. A
    class's bound is the value that a `share` of its real rows exceed, and at least `threshold`; a made row, seen by the
    trees of one of the folds, is refused above the bound of the class it was made for. Which fold's hangs on what the
    row holds, so that it is judged the same in whatever company.

    So of real rows never seen before about a `share` of each class would be refused at the most: cross-conformal
    prediction class by class (Vovk 2015, "Cross-conformal predictors"), with `threshold` on top, so that where
    classes lie apart a row is not refused for mere doubt. Where a class is lost among another, its bound is near 1 and
    hardly any row is refused; a class of n < 1 / share rows has the bound of its most doubtful row, and a class of one
    row, of which nothing can be learned, has none. With a single class, or no labels, every row passes.

    Arguments:
        threshold: the least probability of another class to refuse for, from 0 and below 1.
        share: of real rows that may lie above their class's bound, above 0 and below 1.
        folds: parts that the real rows are dealt into, at least 2.
        schema: kinds of columns; the Balancer passes its generator's.
        random_state: seed of the folds and the trees.

    After `fit`: `bounds_` (classes,) by place in `labels_.classes`; `models_` one classifier a fold.

    Raises: ConfigError in `fit` for a wrong parameter; Unsupported for a sparse matrix.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> y = ["day"] * 90 + ["night"] * 30
        >>> X = rng.normal(size=(120, 2)) + np.where(np.array(y) == "day", 0, 6)[:, None]
        >>> gate = LabelAgrees(share=0.1).fit(X, y)
        >>> gate.accept(np.array([[6.1, 5.9], [0.2, -0.1]]), ["night", "night"]).tolist()
        [True, False]
    """

    judges_labels: ClassVar[bool] = True

    def __init__(
        self,
        *,
        threshold: float = 0.8,
        share: float = 0.05,
        folds: int = 5,
        schema: Any = None,
        random_state: int | None = 0,
    ) -> None:
        self.threshold, self.share, self.folds = threshold, share, folds
        self.schema, self.random_state = schema, random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the classes of the real rows, and how surely they are told apart."""
        if hasattr(X, "tocsr"):
            check_table(X, "LabelAgrees")
        self.kind_ = kind_of(X)
        check_share(self.threshold, "threshold", zero=True)
        check_share(self.share, "share")
        if not isinstance(self.folds, int | np.integer) or self.folds < 2:
            raise ConfigError(f"folds must be a whole number, at least 2, got {self.folds!r}")
        self.encoder_ = TableEncoder(self.schema)
        rows: Any = self.encoder_.fit(X) if self.kind_ == "table" else as_rows(X, self.kind_)
        self.labels_, codes = Labels.fit(y, count_rows(rows))
        self.models_: list[Any] = []
        self.bounds_ = np.ones(len(self.labels_))
        if len(self.labels_) < 2 or (self.kind_ == "table" and not rows.shape[1]):
            return self
        if self.kind_ == "table":
            self.order_ = {int(place): ByFrequency(rows[:, place]) for place in self.encoder_.layout_.categories}
            rows = self._matrix(rows)
        rng = as_generator(seed_of(self.random_state), "label agrees")
        fold = dealt(codes, self.folds, rng)
        rival = np.full(len(codes), np.nan)
        for part in range(self.folds):
            out = fold == part
            if out.any():
                self.models_.append(self._learned(take_rows(rows, np.flatnonzero(~out)), codes[~out], rng))
                rival[out] = self._rival(self.models_[-1], take_rows(rows, np.flatnonzero(out)), codes[out])
        for code in range(len(self.labels_)):
            known = rival[(codes == code) & (fold >= 0)]
            if len(known):
                self.bounds_[code] = max(-low_quantile(-known, self.share), self.threshold)
        return self

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return which rows look like their class, or like none. Shape: (n,)."""
        check_fitted(self)
        rows: Any = self.encoder_.encode(X) if self.kind_ == "table" else as_rows(X, self.kind_)
        n = count_rows(rows)
        if not self.models_ or not n:
            return np.ones(n, dtype=bool)
        codes, rival = self.labels_.codes(y), np.zeros(n)
        rows = self._matrix(rows) if self.kind_ == "table" else rows
        turns = fingerprints(self._numbers(rows)) % np.uint64(len(self.models_))
        for turn, model in enumerate(self.models_):  # each row by one of them, as the real rows were: means are milder
            part = np.flatnonzero(turns == turn)
            if len(part):
                rival[part] = self._rival(model, take_rows(rows, part), codes[part])
        return np.asarray(rival <= self.bounds_[codes])

    def _matrix(self, matrix: Floats) -> Floats:
        """Return coded rows with the levels of a category in the order of frequency, the rarest of many as one."""
        matrix = matrix.copy()
        for place, order in self.order_.items():
            matrix[:, place] = np.minimum(order(matrix[:, place]), LEVELS)
        return matrix

    def _numbers(self, rows: Any) -> Floats:
        """Return what tells rows apart. Shape: (n, d)."""
        if self.kind_ == "table":
            return np.asarray(rows)
        plain = self.models_[0].plain(rows)
        return np.asarray(self.models_[0].embed(rows) if plain is None else plain, dtype=np.float64)

    def _learned(self, some: Any, codes: npt.NDArray[np.intp], rng: np.random.Generator) -> Any:
        kept = [rng.permutation(np.flatnonzero(codes == code))[:ROWS] for code in np.unique(codes)]
        rows = np.sort(np.concatenate(kept))
        if self.kind_ != "table":
            from ..learners.base import learner_for

            return learner_for(self.kind_, random_state=spawn(rng)).fit(take_rows(some, rows), codes[rows])
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(
            max_iter=int(np.clip(TREES // len(kept), 5, TURNS)),
            max_leaf_nodes=15,
            min_samples_leaf=int(np.clip(len(rows) // 40, 2, 20)),
            l2_regularization=1.0,
            categorical_features=np.isin(np.arange(some.shape[1]), list(self.order_)),
            class_weight="balanced",
            early_stopping=False,
            random_state=spawn(rng),
        )
        return model.fit(some[rows], codes[rows])

    def _rival(self, model: Any, rows: Any, codes: npt.NDArray[np.intp]) -> Floats:
        """Return the highest probability of a class other than a row's own. Shape: (n,)."""
        chances = np.zeros((len(codes), len(self.labels_)))
        chances[:, model.classes_] = model.predict_proba(rows)
        chances[np.arange(len(codes)), codes] = -1.0
        return np.asarray(chances.max(axis=1))
