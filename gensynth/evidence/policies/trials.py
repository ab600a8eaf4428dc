"""What a policy does for a classifier: it learns from rows and changed copies of them, and names rows held out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.kinds import Kind, join_rows
from ...learners.base import Floats, learner_for
from ...transforms.base import Transform
from ..rows import Codes, changed, folded, taken

FOLDS, GOAL = 3, 4000  # rows that a classifier sees, about, from 2 to 10 copies of each
Right = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Course:
    """Rows, and the ways in which they are cut into some to learn from and some to be named.

    The rows that a policy changes are as often seen as those of another, and of none: as many copies, unchanged.
    """

    X: Any
    codes: Codes
    kind: Kind
    seed: int

    def trial(self, policy: Transform, split: int) -> tuple[Codes, Right]:
        """Return the rows held out in a split, and which of them are named rightly. Shape: (m,) each."""
        fold = folded(self.codes, FOLDS, self.seed + split // FOLDS)
        held = np.flatnonzero(fold == split % FOLDS)
        rest = np.flatnonzero(fold != split % FOLDS)
        return held, right(self, policy, rest, (taken(self.X, held), self.codes[held]), self.seed + split)


def right(course: Course, policy: Transform, rows: Codes, held: tuple[Any, Codes], seed: int) -> Right:
    """Return which held-out rows a classifier names rightly that saw some rows of a course, changed. Shape: (m,)."""
    X, codes = taken(course.X, rows), course.codes[rows]
    copies = int(np.clip(GOAL // len(rows), 2, 10))
    fitted, every = policy.fit(X, codes), X
    for copy in range(copies):
        every = join_rows(every, changed(fitted, X, codes, np.arange(len(rows)), seed, copy + 1))
    learner = learner_for(course.kind, random_state=seed).fit(every, np.tile(codes, copies + 1))
    made: Right = learner.predict(held[0]) == held[1]
    return made


@dataclass
class Marks:
    """How often rows were named rightly under a policy, split by split.

    Arguments:
        policy: what changed the rows that were learned from.
        by_split: of each split the rows held out, and whether each was named rightly.
    """

    policy: Transform
    by_split: dict[int, tuple[Codes, Right]] = field(default_factory=dict)

    def rates(self, codes: Codes) -> Floats:
        """Return how often each row was named rightly, NaN for rows never asked. Shape: (n,)."""
        asked, named = np.zeros(len(codes)), np.zeros(len(codes))
        for held, fine in self.by_split.values():
            asked[held] += 1
            named[held] += fine
        made: Floats = np.divide(named, asked, out=np.full(len(codes), np.nan), where=asked > 0)
        return made

    def over(self, splits: set[int]) -> Marks:
        """Return the marks of some of the splits."""
        return Marks(self.policy, {at: marks for at, marks in self.by_split.items() if at in splits})


def balanced(rates: Floats, codes: Codes) -> tuple[float, float]:
    """Return the mean over the classes of the mean of their rows, and its standard error; NaN rows are left out."""
    means, variances = [], []
    for code in np.unique(codes):
        own = rates[(codes == code) & ~np.isnan(rates)]
        if len(own):
            means.append(own.mean())
            variances.append(own.var(ddof=1) / len(own) if len(own) > 1 else 0.25)
    if not means:
        return float("nan"), float("nan")
    return float(np.mean(means)), float(np.sqrt(np.sum(variances)) / len(means))


def gain(marks: Marks, other: Marks, codes: Codes) -> tuple[float, float]:
    """Return how much better marks are than others, on the splits of both, and the standard error of that."""
    both = set(marks.by_split) & set(other.by_split)
    return balanced(marks.over(both).rates(codes) - other.over(both).rates(codes), codes)
