"""Which policy helps a classifier that has few rows: random search with successive halving, on rows held out.

A third of the rows, of each class, is laid aside. The rest is cut three ways, twice. All policies are tried on the
first split; the best third of them on two more; the best third of those on the other three (Jamieson and Talwalkar
2016, arXiv:1502.07943). Doing nothing, and the kind's default, are tried on all. The chosen policy, nothing and the
default are then compared on the third that was laid aside, which no choice has seen.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import ConfigError, FallbackWarning, TooFewRows
from ...generators.augment import default_for, read
from ...random import as_generator
from ...transforms.base import Transform
from ...transforms.strength import nothing
from ..asked import seconds_asked, seed_asked
from ..rows import Codes, checked, folded, taken
from . import candidates as lists
from .audit import audit
from .searched import Score, Searched
from .trials import FOLDS, Course, Marks, balanced, gain, right
from .verdict import KEEPS

RUNGS = ((0,), (1, 2), (3, 4, 5))  # the splits that are tried next
FEWEST, MOST = 2 * FOLDS, 120  # rows of a class, policies
REST = 3  # one of so many policies goes on


@dataclass
class _Search:
    """A search under way."""

    course: Course
    ends: float  # on the clock
    ops: list[Transform]
    marks: list[Marks] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # seconds of the trials
    reserve: float = 0.0

    def tried(self, marks: Marks, split: int) -> None:
        began = time.monotonic()
        marks.by_split[split] = self.course.trial(marks.policy, split)
        self.times.append(time.monotonic() - began)

    @property
    def cost(self) -> float:
        """Seconds that a trial takes: the middle of the last five, the first trial, which loads libraries, apart."""
        return float(np.median(self.times[1:][-5:] or self.times or [0.0]))

    def in_time(self, trials: float, seconds: float) -> bool:
        """Whether there is time for so many trials, with a tenth of the budget, or one of them, to spare."""
        return time.monotonic() + trials * self.cost <= self.ends + max(0.1 * seconds, self.cost)

    @property
    def left(self) -> float:
        """How many trials there is time for, besides the comparison at the end."""
        return (self.ends - time.monotonic()) / max(self.cost, 1e-6) - self.reserve


def search_policy(
    X: Any, y: Any, *, budget: str | float = "5min", candidates: Sequence[Any] | None = None,
    random_state: int | None = 0,
) -> Searched:  # fmt: skip
    """Return the policy whose changed copies help a small classifier most, or none, where none helps.

    Policies are one to three of the candidates, at strengths drawn from 0.2 to 1 of theirs, for half of the rows or
    all.
    A policy is chosen only where it is better than nothing by more than the standard error of the difference. The score
    is the mean over the classes of the share of rows that are named rightly. What helps `learner_for`'s classifier need
    not help another one; try it.

    Arguments:
        X: rows of any kind.
        y: (n,) labels. Classes of fewer than 6 rows are left out.
        budget: seconds, or such as "90s", "5min" or "1h": kept to within one trial, or a tenth. Which policies there is
            time for depends on the machine; their order does not.
        candidates: transforms at the greatest strength that is tried, their names or settings. None for those of the
            kind that keep labels as a rule (`candidates.SAFE`), and those of `candidates.RISKY` that `audit` passes.
        random_state: at least 0, or None.

    Returns: `Searched`; Ctrl-C ends the search and returns the best so far, with a warning.

    Raises: ConfigError, DataError; TooFewRows where fewer than two classes have 6 rows.

    Example:
        >>> found = search_policy(X, y, budget="2min")                                   # doctest: +SKIP
        >>> found.save("policy.yaml"); Balancer(Augment(found.policy)).fit_resample(X, y)   # doctest: +SKIP
    """
    began = time.monotonic()
    seconds = seconds_asked(budget)
    kind, labels = checked(X, y)
    seed = seed_asked(random_state)
    X, codes, notes = _enough(X, labels)
    aside = folded(codes, FOLDS, seed) == 0
    course = Course(taken(X, np.flatnonzero(~aside)), codes[~aside], kind, seed)
    given = None if candidates is None else _read(candidates, kind)
    search = _Search(course, began + seconds, given or lists.made(kind, lists.SAFE))
    search.marks = [Marks(nothing(kind)), Marks(default_for(kind))]
    stopped = False
    try:
        _run(search, given is None, notes, as_generator(seed, "search"))
    except KeyboardInterrupt:
        stopped = True
    chosen = _chosen(search)
    scores: dict[str, Score] = {}
    try:
        if not stopped and search.in_time(search.reserve, seconds):
            scores = _compared(search, chosen, X, codes, aside)
        elif not stopped:
            notes.append("there was no time to compare the policies on the rows laid aside")
    except KeyboardInterrupt:
        stopped = True
    if stopped:
        tried = sum(bool(marks.by_split) for marks in search.marks)
        warnings.warn(
            f"the search was stopped: the best of {tried} policies so far is returned", FallbackWarning, stacklevel=2
        )
        notes.append("stopped before the end")
    return Searched(chosen, kind, _rows(search), scores, time.monotonic() - began, tuple(notes))


def _run(search: _Search, risky: bool, notes: list[str], rng: np.random.Generator) -> None:
    """Try policies, fewer of them on more splits."""
    search.reserve = 3 * 1.5  # three policies, on half as many rows more
    for marks in list(search.marks):
        if time.monotonic() + search.cost < search.ends:
            search.tried(marks, 0)
    if risky:
        _add_risky(search, notes)
    later = 2 * sum(map(len, RUNGS[1:]))  # trials of nothing and of the default
    others: list[Marks] = []
    while len(others) < MOST and search.left >= 1 + later + len(others):  # a third of them cost as much again
        others.append(Marks(lists.drawn(search.ops, rng)))
        search.marks.append(others[-1])
        search.tried(others[-1], 0)
    if not others:
        notes.append(f"no time for any candidate: a trial takes {search.cost:.2g} s, give at least 50 times as much")
    first = search.marks[:2]
    for rung in RUNGS[1:]:
        others.sort(key=lambda marks: -gain(marks, first[0], search.course.codes)[0])
        most = int((search.left - later) / 3)  # so many fit, as three trials of each are still to come
        others = others[: max(min(-(-len(others) // REST), most), 1)]
        later -= 2 * len(rung)
        for split in rung:
            for marks in [*first, *others]:
                if search.left < 1:
                    return
                search.tried(marks, split)


def _add_risky(search: _Search, notes: list[str]) -> None:
    """Add the changes that may break labels and that an audit passes, where there is time for one."""
    from ...transforms.compose import Compose

    ops = lists.made(search.course.kind, lists.RISKY)
    if not ops or search.left < 12:
        return
    course = search.course
    found = audit(Compose(ops), course.X, course.codes, strengths=(0.5, 1.0), rows=1000, random_state=course.seed)
    if found.unseen:
        return
    told = {str(place): [each for each in found.findings if each.place == str(place)] for place in range(len(ops))}
    for place, op in enumerate(ops):
        mine = told[str(place)]
        share = max((each.strength for each in mine if each.verdict == KEEPS), default=0.0)
        moving = min((each.strength for each in mine if each.verdict != KEEPS), default=np.inf)
        if share and share < moving:
            search.ops.append(op.weakened(share))
            notes.append(f"the audit passed {type(op).__name__} at {share:g} of its strength")


def _chosen(search: _Search) -> Transform:
    """Return the best of the policies that were tried on most splits, nothing where it is not clearly better."""
    nothing_, codes = search.marks[0], search.course.codes
    most = max((len(marks.by_split) for marks in search.marks[2:]), default=0)  # the default has as many, or one more
    best, by = nothing_.policy, 0.0
    for marks in search.marks[1:]:
        if not marks.by_split or len(marks.by_split) < most:
            continue
        mean, error = gain(marks, nothing_, codes)
        if mean > max(by, error):
            best, by = marks.policy, mean
    return best


def _compared(search: _Search, chosen: Transform, X: Any, codes: Codes, aside: Any) -> dict[str, Score]:
    """Return the scores of nothing, the default and the chosen policy on the rows laid aside."""
    policies = {"nothing": search.marks[0].policy, "default": search.marks[1].policy, "chosen": chosen}
    held = np.flatnonzero(aside)
    rows, own = (taken(X, held), codes[held]), codes[held]
    seed = search.course.seed + 1000
    sums: dict[str, list[Any]] = {name: [] for name in policies}
    cost = 0.0
    for repeat in range(2):
        began = time.monotonic()
        if repeat and began + cost > search.ends:
            break
        done: list[tuple[Transform, Any]] = []
        for name, policy in policies.items():
            fine = next((fine for other, fine in done if other == policy), None)
            if fine is None:
                fine = right(search.course, policy, np.arange(len(search.course.codes)), rows, seed + repeat)
                done.append((policy, fine))
            sums[name].append(fine)
        cost = time.monotonic() - began
    rates = {name: np.mean(parts, axis=0) for name, parts in sums.items()}
    return {name: Score(*balanced(rate, own), *balanced(rate - rates["nothing"], own)) for name, rate in rates.items()}


def _rows(search: _Search) -> list[dict[str, Any]]:
    """Return what was tried, the best of those that came furthest first."""
    codes, made = search.course.codes, []
    for place, marks in enumerate(search.marks):
        if marks.by_split:
            score, by = balanced(marks.rates(codes), codes)[0], gain(marks, search.marks[0], codes)
            name = ("nothing", "default")[place] if place < 2 else ""
            made.append(
                {"name": name, "policy": marks.policy, "splits": len(marks.by_split), "score": score,
                 "gain": by[0], "error": by[1]}
            )  # fmt: skip
    return sorted(made, key=lambda row: (-row["splits"], -row["gain"]))


def _enough(X: Any, labels: Any) -> tuple[Any, Codes, list[str]]:
    """Return the rows of classes that are large enough, their codes, and what was left out."""
    classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    many = counts >= FEWEST
    if many.sum() < 2:
        raise TooFewRows(f"two classes of {FEWEST} rows are needed at least, got {int(many.sum())}")
    there = np.flatnonzero(many[codes])
    out = [
        f"class {label!s:.30} is left out, of {n} rows" for label, n in zip(classes[~many], counts[~many], strict=True)
    ]
    return taken(X, there), np.unique(codes[there], return_inverse=True)[1], out


def _read(candidates: Any, kind: str) -> list[Transform]:
    if isinstance(candidates, str) or not isinstance(candidates, Sequence) or not candidates:
        raise ConfigError(f"candidates must be a list of transforms, got {candidates!r:.60}")
    made = [read(each) for each in candidates]
    for op in made:
        if op.kind != kind:
            raise ConfigError(f"{type(op).__name__} is for data of kind {op.kind!r}, and this is {kind!r}")
    return made
