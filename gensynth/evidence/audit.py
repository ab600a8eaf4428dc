"""Does a transform keep the labels? How often each change of a policy moves a row into another class.

The judge is trained on a part of the rows and asked about the others, untouched and changed, so that no row is judged
by a classifier that saw it. What it calls moved must lie among real rows of the other class, see `judge`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.kinds import kind_of
from ..errors import ConfigError, TooFewRows
from ..generators.augment import default_for, read
from ..transforms import strength as strengths_of
from ..transforms.base import Transform
from .judge import Judge
from .learners import Features, Learner, learner_for
from .rows import Codes, changed, checked, folded, subset, taken
from .verdict import Audit, Pairs, judged


@dataclass(frozen=True)
class Trial:
    """One change at one strength: what is done, alone and to every row."""

    place: str
    strength: float
    op: Transform


def audit(
    policy: Transform | Mapping[str, Any] | str | None, X: Any, y: Any, *,
    strengths: Sequence[float] = (0.25, 0.5, 0.75, 1.0), rows: int = 2000, folds: int = 3,
    features: Features | None = None, random_state: int = 0,
) -> Audit:  # fmt: skip
    """Return how often each change of a policy, at each strength, moves a row into another class.

    Each change is made alone and to every row (its p is not looked at). A row counts as moved where it lies among real
    rows of another class, as `judge` says; rows that come to look like nothing at all are not moved, and are told
    apart, as outside. From the share that moved the one is taken that lay there untouched. The verdict is

        moves         from one class into one other, more than 3 % of the rows at the least (lower end of a binomial
                      interval of 95 %, allowing for as many pairs of classes as there are)
        keeps         no such pair
        cannot tell   the judge is hardly better than chance, or sure of the class of less than a quarter of the
                      untouched rows; no class has 20 rows; or a pair is above 10 %, of too few rows to be sure

    A judge sees what its classes differ in, and only that: labels that it cannot predict, it cannot guard. Rows that
    are nearly the same, such as frames of one film, in training and in test make it too sure.

    Arguments:
        policy: a transform, its name or its settings; None for the default of the kind of data.
        X: rows of any kind.
        y: (n,) labels.
        strengths: shares of the strength of each change that are tried, above 0 up to 1, see `Transform.weakened`;
            what is done or not, such as `Flip`, is tried as it is.
        rows: how many rows at most are looked at, as many of each class as there are.
        folds: parts into which they are cut, each judged by the others; at least 2. Classes with fewer rows are left
            out.
        features: from rows to numbers (n, d), in which nearness is measured, and a logistic regression judges; None for
            those of `learner_for`.
        random_state: at least 0.

    Returns: `Audit`, which prints as a table; `policy.safe(audit)` is the policy without what moves labels.

    Raises: ConfigError, DataError; TooFewRows where fewer than two classes have as many rows as there are folds.

    Example:
        >>> texts = [f"a {word} film, number {n}" for n in range(40) for word in ("good", "bad")]
        >>> opposites = {"name": "Synonyms", "share": 1.0, "source": {"good": "bad", "bad": "good"}}
        >>> audit(opposites, texts, [1, 0] * 40).table["verdict"].tolist()[-1]
        'moves'
    """
    made = default_for(kind_of(X)) if policy is None else read(policy)
    kind, labels = checked(X, y, made.kind)
    trials = list(_trials(made, _checked_strengths(strengths)))
    for name, value, least in (("rows", rows, 10), ("folds", folds, 2), ("random_state", random_state, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ConfigError(f"{name} must be a whole number, at least {least}, got {value!r}")
    classes, codes, chosen, left_out = _chosen(labels, int(rows), int(folds), int(random_state))
    fold = folded(codes, int(folds), int(random_state))
    fresh = partial(learner_for, kind, features=features, random_state=int(random_state))
    right, untouched, counted = _counted(trials, taken(X, chosen), codes, fold, fresh, int(random_state))
    found = [judged(at.place, at.op, at.strength, pairs, untouched) for at, pairs in zip(trials, counted, strict=True)]
    return Audit.of(made, classes.tolist(), codes, right, untouched, found, left_out)


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
        untouched.add(codes[held], lies)
        for trial, pairs in zip(trials, counted, strict=True):
            moved = changed(trial.op.fit(known, codes[rest]), seen, codes[held], held, seed)
            pairs.add(codes[held], judge.named(moved)[1])
    return right, untouched, counted


def _trials(policy: Transform, strengths: Sequence[float]) -> Iterator[Trial]:
    """Yield each change of a policy at each strength."""
    for place, op in strengths_of.places(policy).items():
        alone = replace(op, p=1.0)
        for share in strengths if op.neutral else (1.0,):
            yield Trial(place, share, alone.weakened(share))


def _chosen(labels: Any, rows: int, folds: int, seed: int) -> tuple[Any, Codes, Codes, list[Any]]:
    """Return the classes, codes of the rows that are looked at and their places, and the classes left out."""
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    many = counts >= folds
    if many.sum() < 2:
        found = ", ".join(f"{label!s:.20}: {n}" for label, n in zip(classes[:10], counts[:10], strict=True))
        raise TooFewRows(f"two classes of {folds} rows are needed at least, got {found}")
    there = np.flatnonzero(many[codes])
    again = np.unique(codes[there], return_inverse=True)[1]
    some = subset(again, max(rows, folds * int(many.sum())), seed)
    return classes[many], again[some], there[some], classes[~many].tolist()


def _checked_strengths(strengths: Any) -> tuple[float, ...]:
    try:
        made = tuple(sorted({float(share) for share in strengths}))
    except (TypeError, ValueError):
        made = ()
    if not made or not 0 < made[0] <= made[-1] <= 1:
        raise ConfigError(f"strengths must be shares above 0 up to 1, such as (0.5, 1.0), got {strengths!r:.60}")
    return made
