"""From scores to a comparison: which folds count, mean ranks, differences to doing nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from scipy.stats import rankdata

Record = dict[str, Any]
Cells = dict[tuple[str, str], dict[str, float]]  # (table, learner) -> arm -> average precision


def complete(records: Iterable[Record], arms: Collection[str], learners: Collection[str]) -> list[Record]:
    """Return the records of the folds that every arm has done with every learner: no arm is spared a hard one."""
    wanted = {(arm, learner) for arm in arms for learner in learners}
    folds = defaultdict(list)
    for record in records:
        if (record["arm"], record["learner"]) in wanted:
            folds[record["table"], record["repeat"], record["fold"]].append(record)
    whole = [part for part in folds.values() if {(r["arm"], r["learner"]) for r in part} == wanted]
    return [record for part in whole for record in part]


def cells(records: Iterable[Record]) -> Cells:
    """Return the mean over folds for each table, learner and arm."""
    values: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        values[record["table"], record["learner"]][record["arm"]].append(record["ap"])
    return {cell: {arm: float(np.mean(ap)) for arm, ap in arms.items()} for cell, arms in values.items()}


def only(cells: Cells, arms: Collection[str]) -> Cells:
    """Return the cells with these arms alone, as far as they are there."""
    return {cell: {arm: ap for arm, ap in scored.items() if arm in arms} for cell, scored in cells.items()}


def mean_ranks(cells: Cells) -> dict[str, float]:
    """Return each arm's rank by score, 1 the best, ties averaged, as a mean over the cells."""
    ranks: dict[str, list[float]] = defaultdict(list)
    for scored in cells.values():
        places = rankdata([-round(ap, 12) for ap in scored.values()])
        for arm, place in zip(scored, places, strict=True):
            ranks[arm].append(float(place))
    return {arm: float(np.mean(places)) for arm, places in ranks.items()}


def differences(cells: Cells, base: str = "none") -> dict[str, dict[str, tuple[float, float]]]:
    """Return learner -> arm -> (mean over tables of its score less that of `base`, standard error over tables)."""
    gaps: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (_, learner), scored in cells.items():
        for arm, ap in scored.items():
            if arm != base:
                gaps[learner][arm].append(ap - scored[base])
    return {learner: {arm: mean_and_error(gap) for arm, gap in arms.items()} for learner, arms in gaps.items()}


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Return the mean and its standard error; that of a single value is not known (NaN)."""
    error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return float(np.mean(values)), float(error)
