"""Who learns: a linear and a boosted classifier of tables, the learner of another kind, or the user's.

Classifiers of tables that are given get numbers, categories as indicators and missing values as medians, each number
scaled to a deviation of 1; a Pipeline gets the rows as they are, and so does every classifier of other kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ...data.encode import TableEncoder
from ...data.kinds import Kind
from ...data.labels import Labels
from ...errors import ConfigError, ignoring, nearest
from ...learners.base import Floats, Weight, learner_for

Codes = npt.NDArray[np.intp]
LEVELS = 50  # of a category that are told apart as indicators, the most frequent
NAMES: dict[str, tuple[str, ...]] = {"table": ("logistic", "boosting")}
SEEDS = 2**31


@dataclass(frozen=True)
class Entry:
    """A learner of a comparison: its name, and the classifier that is copied for each fold."""

    name: str
    model: Any
    kind: Kind

    def fit(self, X: Any, codes: Codes, *, weighted: bool, seed: int) -> Any:
        """Return a copy that has learned; weighted: as if all classes were alike. Raises: ConfigError."""
        from sklearn.base import clone

        model = clone(self.model, safe=False)
        params = _params(model)
        seeds = {name: seed % SEEDS for name, value in params.items() if _is_seed(name) and value is None}
        if seeds:
            model.set_params(**seeds)
        if not weighted:
            return model.fit(X, codes)
        last = next((f"{name}__" for name, _ in reversed(getattr(model, "steps", ()))), "")
        inner = model.steps[-1][1] if last else getattr(model, "model", model)
        own = [name for name in params if name.startswith(last) and name.rpartition("__")[2] == "class_weight"]
        if own:
            return model.set_params(**dict.fromkeys(own, "balanced")).fit(X, codes)
        from sklearn.utils.validation import has_fit_parameter

        if not has_fit_parameter(inner, "sample_weight"):
            raise ConfigError(f"{self.name} takes no class weights")
        each = len(codes) / np.maximum(np.bincount(codes), 1) / len(np.unique(codes))
        return model.fit(X, codes, **{f"{last}sample_weight": each[codes]})

    def coded(self, labels: Labels) -> Entry:
        """Return the learner with class weights that were given by label by code. Raises: UnknownCategory."""
        given = {name: {labels.code(label): weight for label, weight in value.items()}
                 for name, value in _params(self.model).items()
                 if name.rpartition("__")[2] == "class_weight" and isinstance(value, Mapping)}  # fmt: skip
        if not given:
            return self
        from sklearn.base import clone

        return replace(self, model=clone(self.model, safe=False).set_params(**given))


def entries(learners: Any, kind: Kind) -> list[Entry]:
    """Return the learners of a comparison. Raises: ConfigError for a name that there is not.

    Arguments:
        learners: None for those of the kind; names, classifiers, or a mapping of names to classifiers.
        kind: of the data.
    """
    if learners is None:
        learners = NAMES.get(kind, ("default",))
    if isinstance(learners, Mapping):
        pairs = list(learners.items())
    else:
        listed = learners if isinstance(learners, list | tuple) else [learners]
        pairs = [(each if isinstance(each, str) else type(each).__name__, each) for each in listed]
    if not pairs:
        raise ConfigError("learners must name one at least")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ConfigError("learners: two have the same name: give a mapping of names to classifiers")
    return [Entry(str(name), _made(model, kind), kind) for name, model in pairs]


def _made(model: Any, kind: Kind) -> Any:
    if isinstance(model, str):
        return _named(model, kind)
    if not (hasattr(model, "fit") and hasattr(model, "predict")) or isinstance(model, type):
        raise ConfigError(f"learners must have fit(X, y) and predict(X), got {model!r:.60}")
    inside = getattr(model, "estimator", model)  # a search over a Pipeline gets rows as they are, too
    return Coded(model) if kind == "table" and not hasattr(inside, "steps") else model


def _named(name: str, kind: Kind) -> Any:
    names = NAMES.get(kind, ("default",))
    if name not in names:
        raise ConfigError(f"there is no learner {name!r} of kind {kind!r}{nearest(name, names)}")
    if kind != "table":
        return ByKind(kind)
    if name == "logistic":
        from sklearn.linear_model import LogisticRegression

        return Coded(LogisticRegression(max_iter=1000, tol=1e-3))
    from sklearn.ensemble import HistGradientBoostingClassifier

    return Coded(HistGradientBoostingClassifier(early_stopping=False), indicators=False)


class Around:
    """A classifier that sees rows in another way than another one inside it, `model`.

    A subclass names its further parameters in `own`, and says in `_seen` what the classifier inside sees.
    """

    own: ClassVar[tuple[str, ...]] = ()
    model: Any

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, of the classifier inside too."""
        inner = _params(self.model) if deep else {}
        mine = {name: getattr(self, name) for name in ("model", *self.own)}
        return mine | {f"model__{name}": value for name, value in inner.items()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the classifier inside."""
        self.model.set_params(**{name.removeprefix("model__"): value for name, value in params.items()})
        return self

    def _seen(self, X: Any) -> Any:
        """Return what the classifier inside sees of rows."""
        raise NotImplementedError

    def predict(self, X: Any) -> Any:
        """Return the class of each row. Shape: (n,)."""
        return self.model.predict(self._seen(X))

    def __getattr__(self, name: str) -> Any:
        """Give chances or scores where the classifier inside does."""
        if name in ("predict_proba", "decision_function") and hasattr(self.__dict__.get("model"), name):
            return lambda X: getattr(self.model, name)(self._seen(X))
        raise AttributeError(name)


class Coded(Around):
    """A classifier of numbers that takes tables.

    Arguments:
        model: the classifier.
        indicators: whether categories are given as indicators, and missing values filled in; else as codes, NaN where
            missing, which trees take.
    """

    own = ("indicators",)

    def __init__(self, model: Any, indicators: bool = True) -> None:
        self.model, self.indicators = model, indicators

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from a table and the codes of its rows (n,)."""
        if hasattr(X, "tocsr"):
            self.encoder_ = None
        else:
            self.encoder_ = TableEncoder()
            self._learn(self.encoder_.fit(X))
        if not self.indicators and self.encoder_ is not None:
            named = [start for start, levels in self.many_.items() if levels <= 255]
            self.model.set_params(categorical_features=named or None)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        with ignoring(UserWarning):  # of scikit-learn: a fit that has not converged is as good as it is
            self.model.fit(self._seen(X), y, **weights)
        self.classes_ = self.model.classes_
        return self

    def _learn(self, x: Floats) -> None:
        layout = self.encoder_.layout_  # type: ignore[union-attr]
        self.many_ = {block.start: block.levels for block in layout.blocks if block.kind == "category"}
        self.numbers_ = [block.start for block in layout.blocks if block.kind != "category"]
        with ignoring(RuntimeWarning):
            self.middle_ = np.nan_to_num(np.nanmedian(x[:, self.numbers_], axis=0))
            self.spread_ = np.nanstd(x[:, self.numbers_], axis=0)
        self.spread_[~(self.spread_ > 1e-12)] = 1.0
        self.levels_ = {}
        for start, levels in self.many_.items():
            counts = np.bincount(x[~np.isnan(x[:, start]), start].astype(np.intp), minlength=levels)
            self.levels_[start] = np.argsort(-counts, kind="stable")[:LEVELS]

    def _seen(self, X: Any) -> Any:
        if self.encoder_ is None:
            return X.tocsr() if self.indicators else X.toarray()
        x = self.encoder_.encode(X)
        if not self.indicators:
            for start in self.many_:
                x[x[:, start] < 0, start] = np.nan
            return x
        numbers = np.where(np.isnan(x[:, self.numbers_]), self.middle_, x[:, self.numbers_])
        parts = [(numbers - self.middle_) / self.spread_]
        parts += [(x[:, [start]] == levels).astype(np.float64) for start, levels in self.levels_.items()]
        return np.concatenate(parts, axis=1)


class ByKind:
    """The learner of a kind of data that is no table, of classes as they are, or of equal weight."""

    def __init__(self, kind: str, class_weight: Weight = None, random_state: int | None = None) -> None:
        self.kind, self.class_weight, self.random_state = kind, class_weight, random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters."""
        return {"kind": self.kind, "class_weight": self.class_weight, "random_state": self.random_state}

    def set_params(self, **params: Any) -> Self:
        """Set parameters."""
        self.__dict__.update(params)
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows and their codes (n,)."""
        self.model_ = learner_for(self.kind, class_weight=self.class_weight, random_state=self.random_state or 0)
        self.model_.fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the chances of the classes. Shape: (n, k)."""
        return self.model_.predict_proba(X)

    def predict(self, X: Any) -> Any:
        """Return the class of each row. Shape: (n,)."""
        return self.model_.predict(X)


def scored(model: Any, X: Any, k: int) -> tuple[Floats | None, bool]:
    """Return scores (n, k) of rows by a classifier of codes, None where it has none, and whether they are chances.

    Classes that it has not seen have a chance of 0, or the lowest score.
    """
    if hasattr(model, "predict_proba"):
        found, chances = np.asarray(model.predict_proba(X), dtype=np.float64), True
    elif hasattr(model, "decision_function"):
        found, chances = np.asarray(model.decision_function(X), dtype=np.float64), False
        found = np.stack([-found, found], axis=1) if found.ndim == 1 else found
        if any(name.rpartition("__")[2] == "decision_function_shape" and value == "ovo" and len(model.classes_) > 2
               for name, value in _params(model).items()):  # fmt: skip
            return None, False  # scores of pairs of classes
    else:
        return None, False
    made = np.full((len(found), k), 0.0 if chances else found.min(initial=0.0))
    made[:, np.asarray(model.classes_, dtype=np.intp)] = found
    return made, chances


def _params(model: Any) -> dict[str, Any]:
    return model.get_params() if hasattr(model, "get_params") else {}


def _is_seed(name: str) -> bool:
    return name.rpartition("__")[2] == "random_state"
