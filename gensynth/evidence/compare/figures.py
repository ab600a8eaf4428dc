"""What is measured of a fold: how rows are ranked, how they are named, and whether chances can be believed.

The rare class is the smallest. Of two classes, average precision, ROC AUC and the Brier score are of the rare class; of
more, the first two are means over the classes, each against the others, and Brier is the sum over the classes.

    slope      b of  logit P(rare) = a + b logit p,   1 where chances are as far apart as they should be
    intercept  a of  logit P(rare) = a + logit p,     0 where they are right on average; below 0 where they are too high

References: Van Calster et al. 2019, BMC Medicine 17, 230 (slope, intercept); Brodersen et al. 2010, ICPR (balanced
accuracy); Kubat and Matwin 1997, ICML (geometric mean); Matthews 1975, BBA 405, 442, by Gorodkin 2004 for more classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, ignoring, nearest
from ...learners.base import Floats

Codes = npt.NDArray[np.intp]
LEAST = 1e-6  # that a chance is away from 0 and from 1 in logarithms
STEPS = 50
TRIVIAL = ("accuracy", "minority_recall", "minority_precision")  # that naming all rows alike may raise


@dataclass(frozen=True)
class Figure:
    """A figure: its name in words, and what it looks at: the order of rows, their names, or the chances."""

    words: str
    of: str
    best: float = np.inf  # which values are good: inf the high, -inf the low, else those near it


FIGURES: dict[str, Figure] = {
    "average_precision": Figure("average precision", "order"),
    "roc_auc": Figure("ROC AUC", "order"),
    "balanced_accuracy": Figure("balanced accuracy", "names"),
    "macro_f1": Figure("macro F1", "names"),
    "minority_recall": Figure("recall of the rare class", "names"),
    "minority_precision": Figure("precision of the rare class", "names"),
    "geometric_mean": Figure("geometric mean of recalls", "names"),
    "matthews": Figure("Matthews correlation", "names"),
    "accuracy": Figure("accuracy", "names"),
    "brier": Figure("Brier score", "chances", -np.inf),
    "log_loss": Figure("log loss", "chances", -np.inf),
    "calibration_slope": Figure("calibration slope", "chances", 1.0),
    "calibration_intercept": Figure("calibration intercept", "chances", 0.0),
}


def chosen(metrics: Any) -> tuple[str, ...]:
    """Return names of figures, the one that decides first. Raises: ConfigError for one that there is not."""
    if metrics is None:
        return tuple(FIGURES)
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    for name in names:
        if name not in FIGURES:
            raise ConfigError(f"there is no metric {name!r}{nearest(name, FIGURES)}")
    if not names:
        raise ConfigError("metrics must name one at least")
    if np.isfinite(FIGURES[names[0]].best):
        raise ConfigError(f"metrics: {names[0]} cannot be the first, which decides: it is no more the better")
    return tuple(dict.fromkeys(names))


def bound_of(metrics: Sequence[str]) -> str:
    """Return the figure of names that a threshold is moved for: the first that saying "rare" of all does not raise."""
    able = [name for name in metrics if FIGURES[name].of == "names" and name not in TRIVIAL]
    return able[0] if able else "balanced_accuracy"


def gain(name: str, value: Floats, other: Floats) -> Floats:
    """Return how much better values are than others: above 0 is better."""
    best = FIGURES[name].best
    made: Floats = np.abs(other - best) - np.abs(value - best) if np.isfinite(best) else np.sign(best) * (value - other)
    return made


def figures(codes: Codes, guess: Codes, scores: Floats | None, rare: int, *, chances: bool = True) -> dict[str, float]:
    """Return all figures of some rows; NaN for those that cannot be told.

    Arguments:
        codes: (n,) classes.
        guess: (n,) what they are named.
        scores: (n, k) by which rows are ranked, or None.
        rare: code of the rare class.
        chances: whether the scores are chances.
    """
    found = dict.fromkeys(FIGURES, float("nan"))
    if not len(codes):
        return found
    found.update(_of_names(codes, guess, rare))
    if scores is not None:
        found.update(_of_order(codes, scores, rare))
        if chances:
            found.update(_of_chances(codes, scores, rare))
    return found


def _of_names(codes: Codes, guess: Codes, rare: int) -> dict[str, float]:
    present = np.unique(codes)
    right = codes == guess
    recalls = np.array([right[codes == code].mean() for code in present])
    named = [int((guess == code).sum()) for code in present]
    hits = [int(right[codes == code].sum()) for code in present]
    f1 = [2 * hit / (int((codes == code).sum()) + n) for code, hit, n in zip(present, hits, named, strict=True)]
    own, called = codes == rare, guess == rare
    return {
        "balanced_accuracy": float(recalls.mean()), "macro_f1": float(np.mean(f1)),
        "minority_recall": float(right[own].mean()) if own.any() else np.nan,
        "minority_precision": float(right[called].mean()) if called.any() else 0.0 if own.any() else np.nan,
        "geometric_mean": float(np.prod(recalls) ** (1 / len(recalls))),
        "matthews": matthews(codes, guess), "accuracy": float(right.mean()),
    }  # fmt: skip


def matthews(codes: Codes, guess: Codes) -> float:
    """Return the correlation of classes and names: 0 where either is constant."""
    k = int(max(codes.max(), guess.max())) + 1
    true, named = np.bincount(codes, minlength=k).astype(float), np.bincount(guess, minlength=k).astype(float)
    n = float(len(codes))
    both = float((codes == guess).sum()) * n - float(true @ named)
    spread = np.sqrt((n * n - true @ true) * (n * n - named @ named))
    return float(both / spread) if spread > 0 else 0.0


def _of_order(codes: Codes, scores: Floats, rare: int) -> dict[str, float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    present = [code for code in np.unique(codes) if (codes != code).any()]
    asked = [rare] if scores.shape[1] == 2 else present
    pairs = [(codes == code, scores[:, code]) for code in asked if code in present]
    if not pairs:
        return {}
    return {
        "average_precision": float(np.mean([average_precision_score(own, score) for own, score in pairs])),
        "roc_auc": float(np.mean([roc_auc_score(own, score) for own, score in pairs])),
    }


def _of_chances(codes: Codes, p: Floats, rare: int) -> dict[str, float]:
    own = np.eye(p.shape[1])[codes]
    apart = ((p - own) ** 2).sum(axis=1).mean()
    slope, intercept = calibration(codes == rare, p[:, rare])
    return {
        "brier": float(apart / 2 if p.shape[1] == 2 else apart),
        "log_loss": float(-np.log(np.clip(p[np.arange(len(p)), codes], 1e-15, 1)).mean()),
        "calibration_slope": slope, "calibration_intercept": intercept,
    }  # fmt: skip


def calibration(own: npt.NDArray[np.bool_], p: Floats) -> tuple[float, float]:
    """Return the slope and the intercept of chances (n,) of rows that are of the class or not (n,).

    NaN where all rows are of one class, where chances are constant (slope), or where no slope is the best.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.uniform(0.05, 0.95, 20_000)
    >>> slope, intercept = calibration(rng.random(20_000) < p, p)
    >>> abs(slope - 1) < 0.05, abs(intercept) < 0.05
    (True, True)
    """
    if own.all() or not own.any():
        return np.nan, np.nan
    p = np.clip(p, LEAST, 1 - LEAST)
    x = np.log(p) - np.log1p(-p)
    intercept = _newton(np.ones((len(x), 1)), x, own)
    spread = float(x.std())
    line = _newton(np.stack([np.ones_like(x), x - x.mean()], axis=1), np.zeros_like(x), own) if spread > 1e-9 else None
    return np.nan if line is None else float(line[1]), np.nan if intercept is None else float(intercept[0])


def _newton(x: Floats, offset: Floats, own: npt.NDArray[np.bool_]) -> Floats | None:
    """Return the coefficients of a logistic regression with an offset, or None where they run away."""
    b: Floats = np.zeros(x.shape[1])
    with ignoring(RuntimeWarning):
        for _ in range(STEPS):
            p = 1 / (1 + np.exp(-np.clip(offset + x @ b, -40, 40)))
            slope = x.T @ (own - p)
            curve = (x * (p * (1 - p))[:, None]).T @ x + 1e-12 * np.eye(len(b))
            step = np.linalg.solve(curve, slope)
            b += np.clip(step, -5, 5)
            if not np.isfinite(b).all() or np.abs(b).max() > 60:
                return None
            if np.abs(step).max() < 1e-8:
                return b
    return None
