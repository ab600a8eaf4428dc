"""How well a classifier tells real rows from synthetic ones that it has not seen (a classifier two-sample test).

Rows are cut into folds; a classifier learns on the others which rows are real, and the area under its curve is taken
on the fold, A = P(score of a synthetic row > score of a real one), ties half. Figures are means over folds, weighted by
pairs. Rows that are exactly equal, real or not, are in one fold: or copies would be told by heart. .5: it cannot tell.
Below .5: what lies around a real row in another fold is synthetic, so it is taken for synthetic: a sign of copying.

    var A = var over real rows of P(score of it is below a synthetic one's) / n + the same of synthetic rows / m

References: Lopez-Paz and Oquab 2017, arXiv:1610.06545, sec. 3 (the test); DeLong et al. 1988, Biometrics 44, 837
(the variance).

DIFFERS from Lopez-Paz and Oquab: the area under the curve in the place of accuracy, which needs equal sizes; folds in
the place of one split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.columns import Category, Column, Floats
from ...errors import TooFewRows
from ...learners.base import SEEDS
from ...random import as_generator
from ..rows import Codes, folded_groups

FEWEST = 10  # rows of a side
LEVELS, LEVELS_WIDE = 255, 63  # categories that boosted trees take as such
WIDE = 100  # columns, from which on trees cut them more coarsely
Judge = Callable[[Codes, Codes, Codes], Floats]


@dataclass(frozen=True)
class Area:
    """The area under the curve and its standard error; NaN where there are too few rows."""

    value: float = np.nan
    error: float = np.nan


def detected(judge: Judge, side: Codes, groups: Codes, folds: int, seed: int) -> Area:
    """Return how well rows are told, cross-fitted.

    Arguments:
        judge: from rows to learn from, their sides, and rows to be asked about, to scores of these.
        side: (n,) 0 for real rows, 1 for others.
        groups: (n,) codes; rows of one group are in one fold.
        folds: at least 2.
        seed: of the folds.
    """
    if np.bincount(side, minlength=2).min() < FEWEST:
        return Area()
    try:
        fold = folded_groups(side, folds, seed, groups)
    except TooFewRows:
        return Area()
    found = []
    for each in range(folds):
        learn, ask = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
        score = judge(learn, side[learn], ask)
        found.append(area(score[side[ask] == 0], score[side[ask] == 1]))
    weight = np.array([int(np.prod(np.bincount(side[fold == each]))) for each in range(folds)], dtype=np.float64)
    weight /= weight.sum()
    mean = float(sum(w * each.value for w, each in zip(weight, found, strict=True)))
    error = float(np.sqrt(sum((w * each.error) ** 2 for w, each in zip(weight, found, strict=True))))
    return Area(mean, error)


def area(low: Floats, high: Floats) -> Area:
    """Return the chance that one of `high` is above one of `low`, ties half, with DeLong's error. Shape: (n,), (m,)."""
    below = _share_below(low, high)  # of low ones, for each high one
    above = 1 - _share_below(high, low)
    parts = [float(np.var(x, ddof=1)) / len(x) if len(x) > 1 else 0.25 for x in (below, above)]
    return Area(float(below.mean()), float(np.sqrt(sum(parts))))


def _share_below(a: Floats, b: Floats) -> Floats:
    """Return the share of a below each of b, equal ones half. Shape: (n,), (m,) to (m,)."""
    ranked = np.sort(a)
    found: Floats = (np.searchsorted(ranked, b, "left") + np.searchsorted(ranked, b, "right")) / (2 * len(a))
    return found


def equal_rows(x: Floats) -> Codes:
    """Return a code for each row, the same for equal ones. Shape: (n, d) to (n,)."""
    plain = np.ascontiguousarray(np.where(np.isnan(x), np.inf, x) + 0.0)  # of one zero, and one missing value
    rows = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1].ravel()


def trees(x: Floats, columns: list[Column], seed: int) -> Judge:
    """Return a judge by boosted trees on coded rows (n, q).

    Categories of few levels stand as such, others by how often they occur on both sides together: whose they are must
    not show in their order.
    """
    x, named = x.copy(), []
    most = LEVELS if len(columns) <= WIDE else LEVELS_WIDE
    for place, column in enumerate(columns):
        if isinstance(column, Category):
            there = ~np.isnan(x[:, place])
            _, code, counts = np.unique(x[there, place], return_inverse=True, return_counts=True)
            if len(counts) <= most:
                named.append(place)
            else:
                chance = as_generator(seed, "levels", place).random(len(counts))
                code = np.argsort(np.lexsort((chance, -counts)))[code]
            x[there, place] = code

    def judge(learn: Codes, side: Codes, ask: Codes) -> Floats:
        from sklearn.ensemble import HistGradientBoostingClassifier

        model: Any = HistGradientBoostingClassifier(
            max_iter=60, categorical_features=named or None, early_stopping=False,
            max_bins=most,
            min_samples_leaf=int(np.clip(len(learn) // 20, 2, 20)), random_state=seed % SEEDS,
        )  # fmt: skip
        known = np.where(np.isnan(x[learn]).all(axis=0), 0.0, x[learn])  # the trees cannot cut columns without values
        if not (known != known[0]).any():
            return np.zeros(len(ask))
        return np.asarray(model.fit(known, side).predict_proba(x[ask])[:, 1], dtype=np.float64)

    return judge


def of_learner(rows: Any, make: Callable[[], Any]) -> Judge:
    """Return a judge by fresh learners of rows of any kind."""

    def judge(learn: Codes, side: Codes, ask: Codes) -> Floats:
        chances: npt.NDArray[np.float64] = make().fit(rows[learn], side).predict_proba(rows[ask])[:, 1]
        return chances

    return judge
