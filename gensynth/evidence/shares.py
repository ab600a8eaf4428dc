"""Shares of classes: read as they are given, and counted as the last step of a pipeline gets them.

What a classifier learned from is not what `fit` is given: samplers add and drop rows on the way, and class weights make
rows count more than once. So the labels and weights of rows are counted where they arrive. What balances where nobody
can count, such as inside a forest, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metadata_routing import get_routing_for_object

from ..errors import ConfigError, DataError

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]
SHARES = ("priors", "class_prior")  # parameters that say the shares
COUNTED = ("class_weight", "fit_prior", *SHARES)
UNCOUNTED = ("sampling_strategy", "scale_pos_weight", "is_unbalance", "auto_class_weights", "class_weights")
NEAR = 0.01  # that a sum of shares may be away from 1


def read_shares(given: Any, k: int, name: str, classes: Array | None = None) -> Floats:
    """Return shares that sum to 1. Shape: (k,).

    Arguments:
        given: shares or counts (k,); of two classes one number, the share of the second; with `classes` a mapping of
            labels to shares or counts, too.
        k: number of classes.
        name: what messages call them.
        classes: (k,) labels, where they are known.

    Raises: ConfigError where they are not such.

    >>> read_shares([30, 10], 2, "real"), read_shares(0.25, 2, "real")
    (array([0.75, 0.25]), array([0.75, 0.25]))
    """
    if isinstance(given, Mapping) or type(given).__name__ == "Series":
        given = _by_label(dict(given.items()) if hasattr(given, "items") else {}, name, classes)
    try:
        shares = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be shares or counts of {k} classes, got {given!r:.60}") from None
    if shares.ndim == 0 and k == 2 and not isinstance(given, bool) and 0 <= shares <= 1:
        return np.array([1.0 - shares, shares])
    if shares.ndim == 0:
        alone = "the share of the second class, from 0 to 1, or" if k == 2 else "one number for each class,"
        raise ConfigError(f"{name} must be {alone} shares or counts ({k},), got {given!r:.60}")
    if shares.shape != (k,):
        raise ConfigError(f"{name} must be shares or counts of {k} classes, ({k},), got the shape {shares.shape}")
    total = shares.sum()
    if not np.isfinite(shares).all() or shares.min() < 0 or not 0 < total < np.inf:
        raise ConfigError(f"{name} must be shares or counts, 0 at least and not all 0, got {given!r:.60}")
    if shares.max() < 1 and abs(total - 1) > NEAR:
        raise ConfigError(f"{name} must be shares that sum to 1, or counts, and these sum to {total:.4g}")
    made: Floats = shares / total
    return made


def read_trained(given: Any, k: int, classes: Array | None = None) -> Floats:
    """Return shares above 0. Shape: (k,). Raises: ConfigError where they are not."""
    shares = read_shares(given, k, "trained", classes)
    if shares.min() <= 0:
        raise ConfigError(f"trained must be above 0 for each class, got {given!r:.60}: nothing was learned of it")
    return shares


def _by_label(given: dict[Any, Any], name: str, classes: Array | None) -> list[Any]:
    """Return what a mapping says of the classes, in their order."""
    if classes is None:
        raise ConfigError(f"{name} must be an array in the order of the columns, as labels are not known here")
    labels = classes.tolist()
    if set(labels) != set(given):
        raise ConfigError(f"{name} must name the classes {labels!r:.80}, got {list(given)!r:.80}")
    return [given[label] for label in labels]


def as_labels(y: Any) -> Array:
    """Return labels as an array. Shape: (n,). Raises: DataError where they are not one column."""
    if y is None:
        raise DataError("PriorCorrected requires y to be passed, but the target y is None")
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.ravel()
    if labels.ndim != 1:
        raise DataError(f"y should be a 1d array of labels, (n,), got an array of shape {labels.shape} instead")
    return labels


def distinct(labels: Array) -> tuple[Array, npt.NDArray[np.intp]]:
    """Return the classes (k,), in order, and how many rows each has (k,). Raises: DataError where none is."""
    try:
        classes, counts = np.unique(labels, return_counts=True)
    except TypeError:
        raise DataError("labels of several types, or missing ones, cannot be sorted: make them of one type") from None
    if (classes != classes).any():  # NaN is not itself
        raise DataError("labels are missing (Input y contains NaN): leave those rows out")
    if len(classes) < 2:
        raise DataError(f"a classifier needs two classes at least, got {len(classes)} class")
    return classes, counts


def counts_of(labels: Array, classes: Array, weight: Any = None) -> Floats:
    """Return the weight of the rows of each class. Shape: (k,).

    Raises: DataError where a label is none of the classes.
    """
    made, met = np.zeros(len(classes)), 0
    for place, label in enumerate(classes):
        own = labels == label
        made[place], met = (own.sum() if weight is None else np.asarray(weight)[own].sum()), met + own.sum()
    if met != len(labels):
        unknown = sorted({repr(label) for label in labels.tolist()} - {repr(label) for label in classes.tolist()})
        raise DataError(f"y holds labels that the classifier does not know: {', '.join(unknown[:5])}")
    return made


class _Counted(BaseEstimator):  # type: ignore[misc]
    """The last step while its pipeline is fitted: counts what reaches it, unless no classes are given."""

    def __init__(self, step: Any, classes: Array | None) -> None:
        self.step, self.classes = step, classes

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Fit the step itself."""
        weight = params.get("sample_weight")
        self.weighted_ = weight is not None
        if self.classes is not None:
            self.shares_ = trained_shares(self.step, as_labels(y), weight, self.classes)
        self.step.fit(X, y, **params)
        return self

    def get_metadata_routing(self) -> Any:
        """Return what the step asks for."""
        return get_routing_for_object(self.step)


def fit_counting(
    model: Any, X: Any, y: Any, params: dict[str, Any], classes: Array | None
) -> tuple[Any, Floats | None, bool]:
    """Fit a model, and return its last step, what classes (k,) weighed there, and whether weights of rows reached it.

    Shape: weights (k,), or None where no classes are given.
    """
    holder, step = None, model
    while isinstance(step, Pipeline) and step.steps:
        holder, step = step, step.steps[-1][1]
    counted = _Counted(step, classes)
    if holder is None:
        counted.fit(X, y, **params)
    else:
        name = holder.steps[-1][0]
        holder.steps[-1] = (name, counted)
        try:
            model.fit(X, y, **params)
        finally:
            holder.steps[-1] = (name, step)
    return step, getattr(counted, "shares_", None), counted.weighted_


def last_of(model: Any) -> Any:
    """Return the last step of a pipeline, or of the pipeline that is its last step; else the model."""
    while isinstance(model, Pipeline) and model.steps:
        model = model.steps[-1][1]
    return model


def trained_shares(step: Any, labels: Array, weight: Any, classes: Array) -> Floats:
    """Return what the classes weighed when a step learned from labels (n,) of weights (n,). Shape: (k,).

    Raises: ConfigError where "balanced" weights and those of rows meet: classifiers differ in what they then do.
    DataError where a class weighs nothing.
    """
    said = next((getattr(step, name) for name in SHARES if getattr(step, name, None) is not None), None)
    if said is not None:
        return np.asarray(said, dtype=np.float64)
    if getattr(step, "fit_prior", True) is False:
        return np.ones(len(classes))
    if getattr(step, "probability", False) is True:  # Platt's curve of an SVC is fitted to rows without weights
        return counts_of(labels, classes)
    each = getattr(step, "class_weight", None)
    each = "balanced" if each == "balanced_subsample" else each
    if each == "balanced" and weight is not None:
        raise ConfigError("class_weight='balanced' and sample_weight cannot both be counted: name the shares, trained=")
    counts = counts_of(labels, classes, weight)
    if not counts.all():
        nothing = classes[counts == 0].tolist()
        raise DataError(f"no row of {nothing!r:.60} is learned from: a sampler leaves none, or sample_weight is 0")
    return counts if each is None else counts * compute_class_weight(each, classes=classes, y=labels)


def balances(model: Any) -> bool:
    """Whether anything in a model, itself, a step or a part, changes how much classes count."""
    return any(True for _ in _ways(model, (*COUNTED, *UNCOUNTED)))


def hidden_way(step: Any) -> str | None:
    """Return the parameter by which classes are balanced inside a step, where it cannot be counted, or None."""
    best = getattr(step, "best_estimator_", None)
    found = [*_ways(step, UNCOUNTED), *(() if best is None else _ways(best, (*COUNTED, *UNCOUNTED)))]
    return next(iter(found), None)


def _ways(model: Any, own: tuple[str, ...]) -> Iterator[str]:
    """Yield parameters that balance classes: of the model itself by names, of its parts all."""
    params = {name: getattr(model, name, None) for name in own}
    deep = model.get_params(deep=True) if hasattr(model, "get_params") and not isinstance(model, type) else {}
    params.update({name: value for name, value in deep.items() if "__" in name or hasattr(value, "fit_resample")})
    for path, value in params.items():
        name = path.rpartition("__")[2]
        if hasattr(value, "fit_resample") or (name == "fit_prior" and value is False):
            yield path
        elif name in (*COUNTED, *UNCOUNTED) and name != "fit_prior" and not _neutral(value):
            yield path


def _neutral(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, int | float) and value == 1)
