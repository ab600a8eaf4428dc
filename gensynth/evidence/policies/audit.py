"""Does a transform keep the labels? How often each change of a policy moves a row into another class.

The judge is trained on a part of the rows and asked about the others, untouched and changed, so that no row is judged
by a classifier that saw it. What it calls moved must lie among real rows of the other class, see `judge`.

A judge that often errs is led astray by what makes rows unusual and leaves their labels: of 400 small photographs, of
which it names 88 % rightly, it takes a tenth of the cars for ships where they are turned by up to 15 degrees. Look at
some of the rows before a change is given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.kinds import kind_of
from ...errors import ConfigError, TooFewRows
from ...generators.augment import default_for, read
from ...learners.base import Features, Learner, learner_for
from ...transforms import strength as strengths_of
from ...transforms.base import Transform
from ..rows import Codes, changed, checked, folded, folded_groups, grouped, subset, taken
from .judge import Judge, Pairs
from .verdict import Audit, judged


@dataclass(frozen=True)
class Trial:
    """One change at one strength: what is done, alone and to every row."""

    place: str
    strength: float
    op: Transform


def audit(
    policy: Transform | Mapping[str, Any] | str | None, X: Any, y: Any, *,
    strengths: Sequence[float] = (0.25, 0.5, 0.75, 1.0), rows: int = 2000, folds: int = 3,
    features: Features | None = None, groups: Any = None, random_state: int = 0,
) -> Audit:  # fmt: skip
    """Return how often each change of a policy, at each strength, moves a row into another class.

    Each change is made alone and to every row (its p is not looked at). A row counts as moved where it lies among real
    rows of another class, as `judge` says; rows that come to look like nothing at all are not moved, and are told
    apart, as outside. From the share that moved the one is taken that lay there untouched. The verdict is

        moves         from one class into one other, more than 3 % of the rows at the least (of `least_growth`, 95 %,
                      allowing for as many pairs of classes as there are; not for as many changes)
        keeps         no such pair
        cannot tell   the judge is hardly better than chance, or sure of less than a quarter of the untouched rows of
                      a class; no class has 20 rows; or a pair is above 10 %, of too few rows to be sure

    A judge sees what its classes differ in, and only that: labels that it cannot predict, it cannot guard. Into classes
    of whose rows it is never sure nothing is seen to move (`Audit.unseen`). Rows that are nearly the same, such as
    frames of one film, in training and in test make it too sure: name them by `groups`.

    Arguments:
        policy: a transform, its name or its settings; None for the default of the kind of data.
        X: rows of any kind.
        y: (n,) labels.
        strengths: shares of the strength of each change that are tried, above 0 up to 1, see `Transform.weakened`;
            what is done or not, such as `Flip`, is tried as it is.
        rows: how many rows at most are looked at, as many of each class as there are; at least 10.
        folds: parts into which they are cut, each judged by the others; at least 2. Classes with fewer rows, or groups,
            are left out.
        features: from rows to numbers (n, d), in which nearness is measured, and a logistic regression judges; None for
            those of `learner_for`.
        groups: (n,) of rows that belong together, such as frames of one film. All of a group are in one part, and in
            intervals the rows of a class count as many as it has groups.
        random_state: at least 0.

    Returns: `Audit`, which prints as a table; `policy.safe(audit)` is the policy without what moves labels.

    Raises: ConfigError, DataError; TooFewRows where fewer than two classes have as many rows, or groups, as there are
        folds, or groups of several classes cannot be cut so that each part holds all.

    Example:
        >>> texts = [f"a {word} film, number {n}" for n in range(40) for word in ("good", "bad")]
        >>> opposites = {"name": "Synonyms", "share": 1.0, "source": {"good": "bad", "bad": "good"}}
        >>> audit(opposites, texts, [1, 0] * 40).table["verdict"].tolist()[-1]
        'moves'
    """
    made = default_for(kind_of(X)) if policy is None else read(policy)
    kind, labels = checked(X, y, made.kind)
    trials = list(_trials(made, _checked_strengths(strengths)))
    seed, folds = _whole("random_state", random_state, 0), _whole("folds", folds, 2)
    together = grouped(groups, len(labels))
    classes, codes, chosen, left_out = _chosen(labels, together, _whole("rows", rows, 10), folds, seed)
    together = np.unique(together[chosen], return_inverse=True)[1]
    fold = folded(codes, folds, seed) if groups is None else folded_groups(codes, folds, seed, together)
    fresh = partial(learner_for, kind, features=features, random_state=seed)
    right, untouched, counted = _counted(trials, taken(X, chosen), codes, fold, fresh, seed)
    apart = np.bincount(_pairs(codes, together)[:, 0])
    found = [judged(at.place, at.op, at.strength, pairs, apart) for at, pairs in zip(trials, counted, strict=True)]
    return Audit.of(made, classes.tolist(), codes, right, apart, untouched, found, left_out)


def _counted(
    trials: Sequence[Trial], X: Any, codes: Codes, fold: Codes, fresh: Callable[[], Learner], seed: int
) -> tuple[npt.NDArray[np.bool_], Pairs, list[Pairs]]:
    """Return which untouched rows are named rightly (n,), where they lie, and where they lie after each change."""
    k = int(codes.max()) + 1
    counted, untouched, right = [Pairs.none(k) for _ in trials], Pairs.none(k), np.zeros(len(codes), dtype=bool)
    for part in range(int(fold.max()) + 1):
        held, rest = np.flatnonzero(fold == part), np.flatnonzero(fold != part)
        seen, known = taken(X, held), taken(X, rest)
        judge = Judge(fresh()).fit(known, codes[rest], seen, codes[held])
        says, lies = judge.named(seen)
        right[held] = says == codes[held]
        untouched.add(codes[held], lies, lies)
        for trial, pairs in zip(trials, counted, strict=True):
            moved = changed(trial.op.fit(known, codes[rest]), seen, codes[held], held, seed)
            pairs.add(codes[held], judge.named(moved)[1], lies)
    return right, untouched, counted


def _trials(policy: Transform, strengths: Sequence[float]) -> Iterator[Trial]:
    """Yield each change of a policy at each strength."""
    for place, op in strengths_of.places(policy).items():
        alone = replace(op, p=1.0)
        for share in strengths if op.neutral else (1.0,):
            yield Trial(place, share, alone.weakened(share))


def _pairs(codes: Codes, groups: Codes) -> Codes:
    """Return the pairs of a class and a group that there are. Shape: (m, 2)."""
    made: Codes = np.unique(np.stack([codes, groups], axis=1), axis=0)
    return made


def _chosen(labels: Any, groups: Codes, rows: int, folds: int, seed: int) -> tuple[Any, Codes, Codes, list[Any]]:
    """Return the classes, codes of the rows that are looked at and their places, and the classes left out."""
    classes, codes = np.unique(labels, return_inverse=True)
    counts = np.bincount(_pairs(codes, groups)[:, 0])
    many = counts >= folds
    if many.sum() < 2:
        found = ", ".join(f"{label!s:.20}: {n}" for label, n in zip(classes[:10], counts[:10], strict=True))
        raise TooFewRows(f"two classes of {folds} rows, or groups, are needed at least, got {found}")
    there = np.flatnonzero(many[codes])
    again = np.unique(codes[there], return_inverse=True)[1]
    some = subset(again, max(rows, folds * int(many.sum())), seed, groups[there])
    return classes[many], again[some], there[some], classes[~many].tolist()


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ConfigError(f"{name} must be a whole number, at least {least}, got {value!r}")
    return int(value)


def _checked_strengths(strengths: Any) -> tuple[float, ...]:
    try:
        made = tuple(sorted({float(share) for share in strengths}))
    except (TypeError, ValueError):
        made = ()
    if not made or not 0 < made[0] <= made[-1] <= 1:
        raise ConfigError(f"strengths must be shares above 0 up to 1, such as (0.5, 1.0), got {strengths!r:.60}")
    return made
