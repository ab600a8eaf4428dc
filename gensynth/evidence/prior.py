"""A classifier trained on balanced data whose probabilities hold for real data.

What is done to probabilities is in `posterior`, and how the shares of the classes are counted, in `shares`.
"""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

from ..errors import ConfigError, DataError, FallbackWarning, NotFitted
from .posterior import correct_prior, estimate_prior
from .shares import (
    Array,
    as_labels,
    balances,
    counts_of,
    distinct,
    fit_counting,
    hidden_way,
    last_of,
    read_shares,
    read_trained,
)

__all__ = ["PriorCorrected", "correct_prior", "estimate_prior"]


class PriorCorrected(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that is trained on balanced data and gives probabilities that hold for real data.

    Put what balances inside, so that `fit` gets the real rows:

        PriorCorrected(make_pipeline(Balancer(SMOTE()), LogisticRegression())).fit(X, y)
        PriorCorrected(LogisticRegression(class_weight="balanced")).fit(X, y)
        PriorCorrected(fitted, trained={"ok": 900, "fraud": 900}, real={"ok": 0.98, "fraud": 0.02}, prefit=True).fit()

    Real shares are those of y, rows counted alike. Trained ones are counted where rows reach the last step of the
    pipeline: by the number of rows, `sample_weight`, and the step's `class_weight` or `priors`. Classifiers that
    balance inside themselves, such as forests of imbalanced-learn, or that hold others that do, need `trained`. To
    search for parameters, search around it, as in GridSearchCV(PriorCorrected(...)).

    It repairs the shares, see `correct_prior`: `predict` names the likeliest class under the real shares, so rare ones
    less often, and of two classes the order of rows is unchanged. It takes for granted that the classifier is right for
    the shares that it learned from. So it does not repair rows made where no real ones of their class are, nor one that
    knows its rows by heart: boosted trees on copies, whose chances of rare classes are lower than balanced shares make
    them, are corrected too far (intercept from -1.9 to +1.9 on mammography, where logistic regression comes from -3.6
    to +0.1). Those are better calibrated on rows that they did not see, as CalibratedClassifierCV does.

    Arguments:
        classifier: with `fit` and `predict_proba`, for any kind of data; a copy of it is fitted.
        real: shares or counts where it is asked, (k,) in the order of `classes_`, or a mapping of labels to them; of
            two classes also one number, the share of the second; None for those of the y of `fit`. See `adapt`.
        trained: the same of what the classifier learned from; None to count them.
        prefit: use the classifier as it is, neither copied nor fitted; `trained` must be given. `fit` may then get y
            alone, to count the real shares, or nothing.

    After `fit`: `classifier_`, `classes_` (k,), `trained_` and `real_` (k,), shares in that order.

    Raises in `fit`: ConfigError, DataError; NotFitted where a prefit classifier is not fitted. Warns: FallbackWarning
    where nothing inside balances, so that nothing is corrected.

    Reference: Saerens et al. 2002.

    Example:
        >>> from sklearn.linear_model import LogisticRegression
        >>> X, y = [[0.0], [1.0], [0.0], [1.0], [0.0], [0.0]], ["no", "no", "no", "yes", "no", "no"]
        >>> model = PriorCorrected(LogisticRegression(class_weight="balanced")).fit(X, y)
        >>> model.trained_.tolist(), model.real_.round(2).tolist()
        ([0.5, 0.5], [0.83, 0.17])
    """

    classes_: Array

    def __init__(self, classifier: Any, real: Any = None, *, trained: Any = None, prefit: bool = False) -> None:
        self.classifier, self.real, self.trained, self.prefit = classifier, real, trained, prefit

    def fit(self, X: Any = None, y: Any = None, **params: Any) -> Self:
        """Fit the classifier to rows and their labels (n,), and learn the shares; params go to its `fit`."""
        if self.prefit:
            self._open_prefit()
            if self.real is None:
                if y is None:
                    raise ConfigError("the real shares are not known: name them, real=, pass y, or call adapt(X)")
                self.real_ = read_shares(counts_of(as_labels(y), self.classes_), len(self.classes_), "y")
            return self
        model = self._copied()
        classes, counts = distinct(as_labels(y))
        real = read_shares(counts if self.real is None else self.real, len(classes), "real", classes)
        trained = None if self.trained is None else read_trained(self.trained, len(classes), classes)
        step, counted, weighted = fit_counting(model, X, y, params, classes if trained is None else None)
        if not np.array_equal(np.asarray(model.classes_), classes):
            raise DataError(f"y has the classes {classes!s:.60}, and the classifier learned {model.classes_!s:.60}")
        if trained is None:
            _refuse_hidden(step)  # again: a search has chosen now
            trained = read_trained(counted, len(classes))
            if self.real is None and not weighted and not balances(model):
                warnings.warn(
                    "nothing inside PriorCorrected balances, so nothing is corrected: put what balances inside, or "
                    "name the real shares, real=", FallbackWarning, stacklevel=2,
                )  # fmt: skip
        self.classifier_, self.classes_, self.trained_, self.real_ = model, classes, trained, real
        return self

    def adapt(self, X: Any) -> Self:
        """Take the real shares from rows without labels, of where the classifier is asked: see `estimate_prior`.

        A prefit classifier need not be given to `fit` before.

        Raises: NotFitted; DataError. Warns: FallbackWarning as `estimate_prior` does.
        """
        if self.prefit:
            self._open_prefit()
        self.real_ = estimate_prior(self._uncorrected(X), self.trained_)
        return self

    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return the corrected chances of the classes. Shape: (n, k). Raises: NotFitted; DataError."""
        p = self._uncorrected(X)
        if not hasattr(self, "real_"):
            raise NotTrained("this PriorCorrected knows no real shares yet: call fit or adapt first")
        made: npt.NDArray[Any] = np.asarray(correct_prior(p, self.trained_, self.real_))
        return made

    def predict(self, X: Any) -> Array:
        """Return the likeliest class of each row under the real shares. Shape: (n,). Raises: NotFitted; DataError."""
        places = self.predict_proba(X).argmax(axis=1)
        made: Array = self.classes_[places]
        return made

    @property
    def n_features_in_(self) -> int:
        """The number of columns that the classifier was fitted on, where it keeps it."""
        return int(self._of_classifier("n_features_in_"))

    @property
    def feature_names_in_(self) -> Array:
        """The names of the columns that the classifier was fitted on, where it keeps them."""
        return np.asarray(self._of_classifier("feature_names_in_"))

    def get_metadata_routing(self) -> Any:
        """Return what scikit-learn's metadata routing needs: all that `fit` gets goes to the classifier."""
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return MetadataRouter(owner=self).add(classifier=self.classifier, method_mapping=mapping)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_") and hasattr(self, "real_")

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a classifier that takes what its own takes."""
        tags = super().__sklearn_tags__()
        if hasattr(self.classifier, "__sklearn_tags__"):
            inner = self.classifier.__sklearn_tags__()
            tags.input_tags = inner.input_tags
            if inner.classifier_tags is not None:
                tags.classifier_tags = inner.classifier_tags
        return tags

    # Parts -------------------------------------------------------------------------------------------------------

    def _copied(self) -> Any:
        """Return a copy of the classifier. Raises: ConfigError where it cannot serve, or its rows not be counted."""
        _check_classifier(self.classifier)
        model = clone(self.classifier, safe=False)
        if self.trained is None:
            step = last_of(model)
            if isinstance(step, FrozenEstimator):
                raise ConfigError(
                    "the classifier is frozen, so what it learned from cannot be counted: name it, trained="
                )
            _refuse_hidden(step)
        return model

    def _open_prefit(self) -> None:
        """Take the classifier as it is, and the shares that are named."""
        _check_classifier(self.classifier)
        if self.trained is None:
            raise ConfigError("prefit=True needs the shares that the classifier learned from: name them, trained=")
        if not hasattr(self.classifier, "classes_"):
            raise NotTrained(
                f"prefit=True, but this {type(self.classifier).__name__} is not fitted yet: it has no classes_"
            )
        classes = np.asarray(self.classifier.classes_)
        trained = read_trained(self.trained, len(classes), classes)
        real = None if self.real is None else read_shares(self.real, len(classes), "real", classes)
        self.classifier_, self.classes_, self.trained_ = self.classifier, classes, trained
        self.__dict__.pop("real_", None)
        if real is not None:
            self.real_ = real

    def _uncorrected(self, X: Any) -> Any:
        if not hasattr(self, "classifier_"):
            raise NotTrained("this PriorCorrected is not fitted yet: call fit(X, y) first")
        return self.classifier_.predict_proba(X)

    def _of_classifier(self, name: str) -> Any:
        if "classifier_" not in self.__dict__:
            raise AttributeError(f"this PriorCorrected is not fitted yet and has no {name}")
        return getattr(self.classifier_, name)


class NotTrained(NotFitted, NotFittedError):  # type: ignore[misc]
    """gensynth's NotFitted that scikit-learn's own tools catch, too."""


def _check_classifier(classifier: Any) -> None:
    if isinstance(classifier, type) or not hasattr(classifier, "fit") or not hasattr(classifier, "predict_proba"):
        raise ConfigError(f"classifier must have fit(X, y) and predict_proba(X), got {classifier!r:.80}")


def _refuse_hidden(step: Any) -> None:
    way = hidden_way(step)
    if way is not None:
        raise ConfigError(
            f"classes are balanced inside {type(step).__name__}, by {way}, where they cannot be counted: name what it "
            "learned from, trained= (equal numbers for classes brought to equal shares)"
        )
