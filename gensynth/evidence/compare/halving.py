"""Which of several methods is best, in a given time: fewer and fewer of them on more and more folds.

Rows are cut three ways, twice. All candidates, and nothing, are tried on the first fold; the better half of them on two
more; the better half of those on the other three. Rows that belong together are in one fold.

Reference: Jamieson and Talwalkar 2016, arXiv:1502.07943 (successive halving).

DIFFERS from it: what grows is the number of folds that a mean is of, and a round ends early where time does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from ...errors import ConfigError, TooFewRows
from ...random import as_generator
from ..rows import counted, folded, folded_groups
from .arms import Arm, Rows, fewer, part
from .figures import FIGURES, gain
from .folds import Split
from .intervals import Interval
from .trial import Course, trials

Codes = npt.NDArray[np.intp]
FOLDS, FEWEST = 3, 500  # parts that rows are cut into; rows that are left where there is no time for all
RUNGS = ((1, 2), (3, 4, 5))  # the folds after the first, of fewer candidates each
PLAIN = Arm("nothing")  # by its name no threshold is moved for it
LATER = 0.6  # of the time, for the folds after the first
TRIALS = 30  # of nothing: what the whole costs at the least, about
DRAWS = 10  # of folds, until each has rows of all classes


@dataclass
class Marks:
    """What an arm was worth on the folds that it was tried on; `error` where it failed."""

    arm: Arm
    values: dict[int, float] = field(default_factory=dict)
    seconds: float = 0.0  # of the last fold
    error: str | None = None

    def over(self, other: Marks, metric: str) -> Interval:
        """Return the mean gain over another arm on the folds of both, and one standard error either way."""
        both = sorted(
            at for at, value in self.values.items() if np.isfinite([value, other.values.get(at, np.nan)]).all()
        )
        own, base = (np.array([marks.values[at] for at in both]) for marks in (self, other))
        d = gain(metric, own, base)
        if len(d) < 2:
            return Interval(float(d.mean()) if len(d) else np.nan, np.nan, np.nan)
        error = float(np.sqrt((1 / len(d) + 1 / (FOLDS - 1)) * d.var(ddof=1)))
        return Interval(float(d.mean()), float(d.mean()) - error, float(d.mean()) + error)


def halved(course: Course, arms: Sequence[Arm], metric: str, seconds: float) -> tuple[Marks, list[Marks], list[str]]:
    """Return the marks of nothing, those of the arms, those that were tried on most folds first, and notes.

    Arguments:
        course: rows, codes, and one learner.
        arms: what is tried, in this order: the quick ones first where time is short.
        metric: the figure that decides.
        seconds: kept to within one trial.

    Raises: TooFewRows where fewer than two classes have as many rows, or groups, as there are folds; ConfigError where
        the learner cannot learn from the rows as they are, or gives no such figure.
    """
    ends, notes = time.monotonic() + seconds, []
    _check(course)
    nothing = Marks(PLAIN)
    _try(course, nothing, metric, 0)
    if nothing.seconds * TRIALS > seconds:
        smaller = _fewer(course, seconds / (nothing.seconds * TRIALS))
        if len(smaller.codes) < len(course.codes):
            notes.append(f"tried on {len(smaller.codes):,} of {len(course.codes):,} rows, as there was no time for all")
            arms = [_fewer_rows(arm, course, smaller) for arm in arms]
            course, nothing = smaller, Marks(PLAIN)
            _check(course)
    tried = [Marks(arm) for arm in arms]
    _try(course, nothing, metric, 0)
    for marks in tried:
        if time.monotonic() > ends - LATER * seconds and tried[0].values:
            notes.append("there was no time for all candidates")
            break
        _try(course, marks, metric, 0)
    alive = [marks for marks in tried if marks.values]
    for rung in RUNGS:
        better = _ranked([marks for marks in alive if not marks.error], nothing, metric)
        alive = better[: -(-len(better) // 2)]
        for at in rung:
            for marks in [nothing, *alive]:
                if time.monotonic() + marks.seconds > ends:
                    notes.append("there was no time for more folds")
                    return nothing, _ranked(tried, nothing, metric), notes
                _try(course, marks, metric, at)
    return nothing, _ranked(tried, nothing, metric), notes


def _ranked(tried: Sequence[Marks], nothing: Marks, metric: str) -> list[Marks]:
    """Return arms, those on most folds first, of these the best; last those that failed."""
    return sorted(
        tried,
        key=lambda marks: (
            bool(marks.error),
            -len(marks.values),
            -np.nan_to_num(marks.over(nothing, metric).mean, nan=-np.inf),
        ),
    )


def _try(course: Course, marks: Marks, metric: str, at: int) -> None:
    """Note what an arm is worth on a fold, where it is not known yet."""
    if at in marks.values or marks.error:
        return
    began = time.monotonic()
    for each in trials(course, marks.arm, _split(course, at), at):
        marks.error = marks.error or each.error
        marks.values[at] = each.figures[metric]
    marks.seconds = time.monotonic() - began
    if marks.arm is PLAIN:
        _check_learner(course, marks, metric, at)


def _check_learner(course: Course, nothing: Marks, metric: str, at: int) -> None:
    """Raise ConfigError where the learner fails on the rows as they are, or gives no such figure."""
    name, figure = course.learners[0].name, FIGURES[metric]
    if nothing.error:
        raise ConfigError(f"learner: {name} cannot learn from the rows as they are: {nothing.error}")
    if not np.isfinite(nothing.values[at]):
        needs = {"chances": "predict_proba", "order": "predict_proba or decision_function"}.get(figure.of, "predict")
        other = "take one that has, or metric='balanced_accuracy'"
        raise ConfigError(f"learner: {name} gives no {figure.words}, which needs {needs}: {other}")


def _split(course: Course, at: int) -> Split:
    """Return a fold. What can never be asked about is learned from; of groups, what is not held out with others."""
    codes, together, round_ = course.codes, course.together, at // FOLDS
    counts = counted(codes, together)
    if together is None:
        held = (folded(codes, FOLDS, course.seed + round_) == at % FOLDS) & (counts[codes] > 1)
        return Split(np.flatnonzero(~held), np.flatnonzero(held), round_)
    asked = counts[codes] >= FOLDS
    fold = np.full(int(together.max()) + 1, -1)
    fold[together[asked]] = _cut(codes[asked], together[asked], course.seed + round_)
    held = fold[together] == at % FOLDS
    return Split(np.flatnonzero(~held), np.flatnonzero(held & asked), round_)


def _cut(codes: Codes, together: Codes, seed: int) -> Codes:
    """Return the fold of each row, groups whole and all classes in each. Raises: TooFewRows. Shape: (n,)."""
    again, own = (np.unique(each, return_inverse=True)[1] for each in (codes, together))
    for draw in range(DRAWS):
        try:
            return folded_groups(again, FOLDS, seed + len(RUNGS) * draw, own)
        except TooFewRows:
            continue
    raise TooFewRows(f"what belongs together cannot be cut into {FOLDS} parts with rows of all classes")


def _check(course: Course) -> None:
    """Raise TooFewRows where rows cannot be cut."""
    counts, what = counted(course.codes, course.together), "rows" if course.together is None else "groups"
    if (counts >= FOLDS).sum() < 2:
        second = int(np.sort(counts)[-2])
        raise TooFewRows(f"a trial needs two classes of {FOLDS} {what}, and the second has {second}")
    for round_ in range(len(RUNGS)):
        _split(course, round_ * FOLDS)


def _fewer(course: Course, share: float) -> Course:
    """Return a course of a share of the rows, of each class alike, but of none fewer than 30."""
    counts = np.bincount(course.codes)
    wanted = np.maximum(np.ceil(counts * max(share, min(FEWEST / len(course.codes), 1))), np.minimum(counts, 30))
    drawn = as_generator(course.seed, "fewer").permutation(len(course.codes))
    kept = np.concatenate([drawn[course.codes[drawn] == code][: int(n)] for code, n in enumerate(wanted)])
    rows = np.sort(kept)
    groups, together = (None if each is None else each[rows] for each in (course.groups, course.together))
    return replace(course, X=part(course.X, rows), codes=course.codes[rows], groups=groups, together=together)


def _fewer_rows(arm: Arm, course: Course, smaller: Course) -> Arm:
    """Return an arm that makes as many rows of fewer as it was asked for of all, where it was asked for numbers."""
    asked = getattr(arm.maker, "sampling_strategy", None)
    if not isinstance(asked, Mapping):
        return arm
    rows = Rows(course.labels, len(course.codes))
    return replace(
        arm, maker=clone(arm.maker, safe=False).set_params(sampling_strategy=fewer(asked, smaller.codes, rows))
    )


def told(nothing: Marks, tried: Sequence[Marks], metric: str) -> Iterator[dict[str, Any]]:
    """Yield what was found of each arm as plain data: name, folds, the figure, gain and its standard error."""
    for marks in [nothing, *tried]:
        found = marks.over(nothing, metric)
        known = [value for value in marks.values.values() if np.isfinite(value)]
        yield {
            "name": "none" if marks is nothing else marks.arm.name, "folds": len(known),
            "score": round(float(np.mean(known)), 6) if known else None,
            "gain": round(found.mean, 6) if np.isfinite(found.mean) else None,
            "error": round(found.high - found.mean, 6) if np.isfinite(found.high) else None,
            **({"failed": marks.error} if marks.error else {}),
        }  # fmt: skip
