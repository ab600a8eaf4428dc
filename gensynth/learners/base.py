"""Small classifiers, one for each kind of data: quick on two cores, the same for a seed, fair to rare classes.

They judge and compare; nobody should ship them. Each gives, besides the chances of the classes, the numbers that it
judges by (`embed`), and numbers that nothing was learned for (`plain`), so that a row far from all it has seen is known
as such.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from ..data.kinds import Kind, Texts, as_rows, count_rows
from ..errors import ConfigError, DataError, ignoring, nearest

Floats = npt.NDArray[np.float64]
Features = Callable[[Any], Any]
Weight = Literal["balanced"] | None
SEEDS = 2**32  # that scikit-learn takes


class Learner(ABC):
    """A classifier of rows of a kind.

    Arguments:
        random_state: at least 0: the same fit for the same rows.
        class_weight: "balanced", so that rare classes count as much as others, or None, so that rows count alike.

    After `fit`: `classes_` (k,), the labels in order.
    """

    def __init__(self, random_state: int = 0, class_weight: Weight = "balanced") -> None:
        self.random_state, self.class_weight = random_state, class_weight

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows and their labels (n,). Raises: DataError where there are fewer than two classes."""
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(f"a classifier needs two classes at least, got {len(self.classes_)}")
        self._fit(X, codes)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the chances of the classes. Shape: (n, k)."""
        made: Floats = np.asarray(self._chances(X), dtype=np.float64)
        return made

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the likeliest class of each row. Shape: (n,)."""
        made: npt.NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return made

    @abstractmethod
    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        """Learn from rows and the positions of their classes (n,)."""

    @abstractmethod
    def _chances(self, X: Any) -> Any:
        """Return the chances of the classes. Shape: (n, k)."""

    @abstractmethod
    def embed(self, X: Any) -> Floats:
        """Return the numbers that it judges by. Shape: (n, d)."""

    def plain(self, X: Any) -> Floats | None:
        """Return numbers that were not learned, None where `embed` gives such. Shape: (n, e)."""
        return None


class Linear(Learner):
    """Logistic regression on numbers of the rows, each scaled to a deviation of 1.

    Arguments:
        features: from rows to numbers (n, d).
        random_state: at least 0.
        class_weight: as of `Learner`.
    """

    def __init__(self, features: Features, random_state: int = 0, class_weight: Weight = "balanced") -> None:
        super().__init__(random_state, class_weight)
        self.features = features

    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        x = self._numbers(X)
        self.middle_, self.spread_ = x.mean(axis=0), x.std(axis=0)
        self.spread_[self.spread_ < 1e-9] = 1.0
        self.model_ = logistic(1.0 / np.sqrt(x.shape[1]), self.class_weight).fit(self._scaled(x), codes)

    def _numbers(self, X: Any) -> Floats:
        found = self.features(X)
        try:
            x = np.asarray(found, dtype=np.float64)
        except (TypeError, ValueError, RuntimeError):  # of tensors on other devices, or with gradients, too
            raise DataError(f"features must be an array of numbers (n, d), got {type(found).__name__}") from None
        if x.ndim != 2 or len(x) != count_rows(X) or not x.shape[1] or not np.isfinite(x).all():
            raise DataError(f"features of {count_rows(X)} rows must be finite numbers (n, d), got the shape {x.shape}")
        return x

    def _scaled(self, x: Floats) -> Floats:
        made: Floats = (x - self.middle_) / self.spread_
        return made

    def _chances(self, X: Any) -> Any:
        with ignoring(RuntimeWarning):  # some BLAS warn of what they pad
            return self.model_.predict_proba(self.embed(X))

    def embed(self, X: Any) -> Floats:  # noqa: D102 -- the base documents it
        return self._scaled(self._numbers(X))


class TextLearner(Learner):
    """Words and pairs of words, weighted by their rarity (tf-idf), and logistic regression."""

    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.words_ = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\w+|[^\w\s]")
        texts = _texts(X)
        try:
            self.seen_ = self.words_.fit_transform(texts)
        except ValueError:
            raise DataError("the texts hold no words to learn from") from None
        self.model_ = logistic(10.0, self.class_weight).fit(self.seen_, codes)
        self.plane_: Any = None

    def _chances(self, X: Any) -> Any:
        return self.model_.predict_proba(self.words_.transform(_texts(X)))

    def embed(self, X: Any) -> Floats:
        """Return the texts in the 64 directions in which they differ most, of length 1. Shape: (n, d)."""
        from sklearn.decomposition import TruncatedSVD

        x = self.words_.transform(_texts(X))
        if x.shape[1] == 1:  # one word, one direction
            return np.asarray(x.toarray() > 0, dtype=np.float64)
        if self.plane_ is None:
            most = max(min(64, min(self.seen_.shape) - 1), 1)
            self.plane_ = TruncatedSVD(most, random_state=self.random_state % SEEDS).fit(self.seen_)
        x = self.plane_.transform(x)
        made: Floats = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
        return made


class TableLearner(Learner):
    """Boosted trees on the coded table, categories as such."""

    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier

        from ..data.encode import TableEncoder

        self.encoder_ = TableEncoder()
        x = self.encoder_.fit(X)
        if not x.shape[1]:
            raise DataError("the table has no column to learn from")
        layout = self.encoder_.layout_
        self.many_ = {block.start: block.levels for block in layout.blocks if block.kind == "category"}
        named = [start for start, levels in self.many_.items() if levels <= 255]
        self.model_ = HistGradientBoostingClassifier(
            max_iter=60, class_weight=self.class_weight, categorical_features=named or None, early_stopping=False,
            min_samples_leaf=int(np.clip(len(x) // 20, 2, 20)),
            random_state=self.random_state % SEEDS,
        ).fit(self._known(x), codes)  # fmt: skip
        with ignoring(RuntimeWarning):  # columns without any value
            self.middle_, self.spread_ = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
        self.middle_ = np.nan_to_num(self.middle_)
        self.spread_[~(self.spread_ > 1e-12)] = 1.0

    def _known(self, x: Floats) -> Floats:
        """Return coded rows with unknown categories as missing ones."""
        made = x.copy()
        for start in self.many_:
            made[made[:, start] < 0, start] = np.nan
        return made

    def _chances(self, X: Any) -> Any:
        return self.model_.predict_proba(self._known(self.encoder_.encode(X)))

    def embed(self, X: Any) -> Floats:
        """Return numbers scaled, missing ones 0, and categories as indicators, two different ones 1 apart."""
        x = self.encoder_.encode(X)
        numbers = self.encoder_.layout_.numbers
        parts = [np.nan_to_num(((x - self.middle_) / self.spread_)[:, numbers])]
        for start, levels in self.many_.items():
            parts.append((x[:, [start]] == np.arange(levels)) * np.sqrt(0.5))
        return np.concatenate(parts, axis=1)


_LEARNERS: dict[str, tuple[str, str]] = {
    "image": ("gensynth.learners.images", "ImageLearner"),
    "text": ("gensynth.learners.base", "TextLearner"),
    "audio": ("gensynth.learners.waves", "AudioLearner"),
    "series": ("gensynth.learners.waves", "SeriesLearner"),
    "table": ("gensynth.learners.base", "TableLearner"),
}


def learner_for(
    kind: Kind | str, *, features: Features | None = None, random_state: int = 0, class_weight: Weight = "balanced"
) -> Learner:
    """Return a fresh classifier of rows of a kind, with `fit(X, y)`, `predict_proba(X)` and `classes_`.

    Images: a network of three convolutions; texts: logistic regression on words and pairs of words; series: on random
    convolutions; audio: on a mel spectrogram; tables: boosted trees.

    Arguments:
        kind: of the data.
        features: from rows to numbers (n, d), which a logistic regression takes instead.
        random_state: at least 0.
        class_weight: "balanced", so that rare classes count as much as others, or None, so that rows count alike.

    Raises: ConfigError for a kind that there is not.

    Example:
        >>> learner_for("text").fit(["good film", "bad film"] * 5, [1, 0] * 5).predict(["a good one"])
        array([1])
    """
    if kind not in _LEARNERS:
        raise ConfigError(f"there is no kind {kind!r}{nearest(kind, _LEARNERS)}")
    if features is not None:
        if not callable(features):
            raise ConfigError(f"features must be a function of rows that returns numbers (n, d), got {features!r:.60}")
        return Linear(features, random_state, class_weight)
    module, name = _LEARNERS[kind]
    made: Learner = getattr(import_module(module), name)(random_state, class_weight)
    return made


def logistic(strength: float, class_weight: Weight) -> Any:
    """Return a logistic regression; `strength` is the inverse of the penalty's."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, class_weight=class_weight, max_iter=2000, tol=1e-3)


def _texts(X: Any) -> list[str]:
    rows = as_rows(X, "text")
    return list(rows.x) if isinstance(rows, Texts) else list(X)
