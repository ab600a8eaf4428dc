"""Figures within groups of rows, such as of sex or age, and the largest gap between two of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .figures import figures
from .folds import Split
from .trial import Course, Trial

TOLD = ("average_precision", "minority_recall", "minority_precision", "accuracy", "calibration_intercept")
FEWEST = 10  # rows of the rare class, and others, from which on a group has figures
GAP = "gap"


def by_group(course: Course, cut: Sequence[Split], done: Sequence[Trial], names: Sequence[str]) -> pd.DataFrame:
    """Return figures of each group, of all rows that were asked, by learner and method, and their largest gap.

    `called` is the share of rows that are named rare. A group of fewer than 10 rows of the rare class, or others, asked
    has NaN. The gap is that between the highest group and the lowest; of groups without figures none is taken.
    """
    groups = np.asarray(course.groups)
    learners = [each.name for each in course.learners]

    def order(item: tuple[tuple[str, str], list[Trial]]) -> tuple[int, int]:
        return learners.index(item[0][0]), names.index(item[0][1])

    parts: dict[tuple[str, str], list[Trial]] = {}
    for each in done:
        if each.guess is not None:
            parts.setdefault((each.learner, each.arm), []).append(each)
    rows = []
    for (learner, arm), some in sorted(parts.items(), key=order):
        tests = np.concatenate([cut[each.fold].test for each in some])
        guess = np.concatenate([each.guess for each in some if each.guess is not None])
        known = [each.chances for each in some if each.chances is not None]
        p = np.concatenate(known) if len(known) == len(some) else None
        truth, own = course.codes[tests] == course.rare, groups[tests]
        found = {}
        for group in np.unique(own):
            here = own == group
            found[group] = _of_one(truth[here], guess[here] == course.rare, None if p is None else p[here])
        values = pd.DataFrame(found).T
        values.loc[GAP] = (values.max() - values.min()).where(values.notna().sum() > 1)  # between two at least
        values.loc[GAP, "rows"] = np.nan
        rows += [{"learner": learner, "method": arm, "group": group, **values.loc[group]} for group in values.index]
    return pd.DataFrame(rows)


def _of_one(truth: np.ndarray, guess: np.ndarray, p: np.ndarray | None) -> dict[str, float]:
    scores = None if p is None else np.stack([1 - p, p], axis=1)
    found = figures(truth.astype(np.intp), guess.astype(np.intp), scores, 1)
    few = min(int(truth.sum()), int((~truth).sum())) < FEWEST
    return {"rows": float(len(truth)), "called": float(guess.mean())} | {
        name: np.nan if few else found[name] for name in TOLD
    }
