"""The arms of the learners' comparison: each turns a training fold into one in which the classes are level."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .data import categories
from .scoring import Fold, plain

Level = tuple[Any, Any]  # the matrix that learners see, and the labels

IMBLEARN = ("RandomOverSampler", "SMOTE", "SMOTENC", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN")
OURS = ("default", "SMOTE", "BorderlineSMOTE", "PolynomFitSMOTE", "ProWSyn", "SMOBD", "GaussianCopula", "ARF")
VARIANTS = {"PolynomFitSMOTE": "polynom_fit_SMOTE_star", "ProWSyn": "ProWSyn", "SMOBD": "SMOBD"}
ARMS = ("none", *(f"imblearn {name}" for name in IMBLEARN), *(f"gensynth {name}" for name in OURS))
MORE_ARMS = tuple(f"smote-variants {name}" for name in VARIANTS)  # with --all
SAME = {"imblearn SMOTENC": "imblearn SMOTE"}  # on numbers alone these are one method, and are run once


def level(arm: str, fold: Fold, seed: int) -> Level:
    """Return the fold with its classes level. Raises: whatever the sampler raises."""
    maker, _, name = arm.partition(" ")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MAKERS[maker](name, fold, seed)


def available(arm: str) -> str | None:
    """Return why an arm cannot be run, or None where it can."""
    maker, _, name = arm.partition(" ")
    try:
        if maker == "gensynth":
            import gensynth

            getattr(gensynth, "default_balancer" if name == "default" else name)
        if maker == "smote-variants":
            import smote_variants

            getattr(smote_variants, VARIANTS[name])
    except (ImportError, AttributeError) as error:
        return str(error)
    return None


def _none(name: str, fold: Fold, seed: int) -> Level:
    return fold.encode(fold.X), fold.y


def _imblearn(name: str, fold: Fold, seed: int) -> Level:
    from imblearn import over_sampling

    counts = np.bincount(fold.y)
    if name == "RandomOverSampler":
        rows = np.arange(len(fold.y))[:, None]
        picked, y = over_sampling.RandomOverSampler(random_state=seed).fit_resample(rows, fold.y)
        return fold.encode(fold.X)[picked[:, 0]], y
    raw = name == "SMOTENC" and len(categories(fold.X)) > 0
    given = _fair(name, counts) | {"random_state": seed}
    if raw:
        X = plain(fold.X, fold.medians)
        if len(categories(X)) == X.shape[1]:
            name = "SMOTEN"
        else:
            given["categorical_features"] = categories(X)
    else:
        X = fold.encode(fold.X)
        name = "SMOTE" if name == "SMOTENC" else name
    X, y = getattr(over_sampling, name)(**given).fit_resample(X, fold.y)
    return (fold.encode(X) if raw else X), y


def _fair(name: str, counts: Any) -> dict[str, Any]:
    """Return parameters that give a sampler its chance: no class of one row asked for, no more neighbours than rows."""
    asked = {code: int(counts.max()) for code in np.flatnonzero((counts > 1) & (counts < counts.max())).tolist()}
    k = min([5, *(int(counts[code]) - 1 for code in asked)])
    given: dict[str, Any] = {"sampling_strategy": asked, "n_neighbors" if name == "ADASYN" else "k_neighbors": k}
    if name in ("BorderlineSMOTE", "SVMSMOTE"):
        given["m_neighbors"] = min(10, int(counts.sum()) - 1)
    return given


def _gensynth(name: str, fold: Fold, seed: int) -> Level:
    import gensynth

    y = pd.Series(fold.y, index=fold.X.index, name="target")
    if name == "default":
        balancer = gensynth.default_balancer(fold.X, y, random_state=seed)
    else:
        if name == "SMOTE" and len(categories(fold.X)) == fold.X.shape[1]:
            name = "SMOTEN"
        balancer = gensynth.Balancer(getattr(gensynth, name)(random_state=seed), random_state=seed)
    X, made = balancer.fit_resample(fold.X, y)
    return fold.encode(X), np.asarray(made)


def _variants(name: str, fold: Fold, seed: int) -> Level:
    import logging

    import smote_variants

    logging.getLogger("smote_variants").setLevel(logging.CRITICAL)  # it tells every step
    many = smote_variants.MulticlassOversampling(VARIANTS[name], oversampler_params={"random_state": seed})
    X, y = many.sample(fold.encode(fold.X), fold.y)
    return X, y


MAKERS: dict[str, Callable[[str, Fold, int], Level]] = {
    "none": _none,
    "imblearn": _imblearn,
    "gensynth": _gensynth,
    "smote-variants": _variants,
}
