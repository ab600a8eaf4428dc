"""One fold of one arm: rows are made of those of training alone, learners learn, and are asked about the others."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.kinds import count_rows
from ...data.labels import Labels
from ...errors import ConfigError, GensynthError, GensynthWarning
from ...learners.base import Floats
from ..rows import folded, folded_groups
from .arms import NOTHING, THRESHOLD, Arm, Rows, part
from .figures import FIGURES, figures
from .folds import Split
from .learners import Entry, scored

Codes = npt.NDArray[np.intp]
INNER = 3  # folds of the rows of training, on which a threshold is moved
POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Course:
    """What is the same for all trials: rows, codes of classes and their labels, the rare one, what belongs together."""

    X: Any
    codes: Codes
    labels: Labels
    rare: int
    learners: tuple[Entry, ...]
    together: Codes | None  # that no fold may cut
    groups: Codes | None  # that figures are told apart by
    bound: str  # figure of names that a threshold is moved for
    seed: int
    timely: bool = False  # whether rows are in order of time


@dataclass(frozen=True)
class Trial:
    """What an arm gave by a learner on a fold; `error` where it failed."""

    arm: str
    learner: str
    fold: int
    figures: dict[str, float]
    guess: Codes | None = None  # of the rows of the test
    chances: Floats | None = None  # of the rare class
    threshold: float | None = None
    made: int = 0
    seconds: float = 0.0
    error: str | None = None
    said: tuple[str, ...] = field(default=())


def trials(course: Course, arm: Arm, split: Split, fold: int) -> list[Trial]:
    """Return what an arm gives by each learner; of nothing, what a moved threshold gives too."""
    X, codes = part(course.X, split.train), course.codes[split.train]
    seed = (course.seed * 1_000_003 + fold) % 2**31
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            groups = None if course.groups is None else course.groups[split.train]
            known = Rows(course.labels, len(course.codes), groups)
            rows, named = arm.resampled(X, codes, known, seed) if arm.makes_rows else (X, codes)
        except Exception as error:
            return [_failed(arm, learner, fold, error) for learner in course.learners]
        making = time.perf_counter() - began
        found: list[Trial] = []
        for learner in course.learners:
            began = time.perf_counter()
            try:
                given = _asked(course, arm, learner, (rows, named), split, seed)
            except Exception as error:
                found += [_failed(arm, learner, fold, error, name) for name in _names(arm)]
                continue
            seconds = making + time.perf_counter() - began
            made = count_rows(rows) - len(codes)
            found += [Trial(fold=fold, learner=learner.name, made=made, seconds=seconds, **each) for each in given]
    said = tuple(dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, GensynthWarning)))
    return [replace(each, said=said) for each in found]


def _asked(
    course: Course, arm: Arm, learner: Entry, rows: tuple[Any, Codes], split: Split, seed: int
) -> list[dict[str, Any]]:
    """Return the arm's name, figures, names and chances of the rows of the test, of a moved threshold too."""
    X, truth = part(course.X, split.test), course.codes[split.test]
    k = int(course.codes.max()) + 1
    model = learner.fit(*rows, weighted=arm.way == "weights", seed=seed)
    scores, chances = scored(model, X, k)
    guess = np.asarray(model.predict(X)).reshape(len(truth), -1)[:, 0].astype(np.intp)
    found = [_given(arm.name, truth, guess, scores, chances, course.rare)]
    return found if arm.name != NOTHING else [*found, _moved(course, learner, rows, split, seed, scores, chances)]


def _moved(
    course: Course, learner: Entry, rows: tuple[Any, Codes], split: Split, seed: int, scores: Any, chances: bool
) -> dict[str, Any]:
    """Return what a moved threshold gives of the same scores, or why there is none."""
    try:
        if scores is None or not chances:
            raise ConfigError(f"{learner.name} gives no chances, and so has no threshold")
        moved = threshold(course, learner, rows, split, seed)
    except Exception as error:
        return {"arm": THRESHOLD, "figures": dict.fromkeys(FIGURES, np.nan), "error": said_of(error)}
    truth = course.codes[split.test]
    return _given(THRESHOLD, truth, moved.names(scores), scores, True, course.rare) | {"threshold": moved.value}


def _given(name: str, truth: Codes, guess: Codes, scores: Floats | None, chances: bool, rare: int) -> dict[str, Any]:
    rare_scores = scores[:, rare] if scores is not None and chances else None
    made = figures(truth, guess, scores, rare, chances=chances)
    return {"arm": name, "figures": made, "guess": guess, "chances": rare_scores}


@dataclass(frozen=True)
class Threshold:
    """How chances name rows: above a number, of two classes; of more, by p / share^power, the largest."""

    value: float
    rare: int
    shares: Floats

    def names(self, p: Floats) -> Codes:
        """Return the codes of rows. Shape: (n, k) to (n,)."""
        if p.shape[1] == 2:
            return np.where(p[:, self.rare] >= self.value, self.rare, 1 - self.rare)
        made: Codes = (p / np.maximum(self.shares, 1e-12) ** self.value).argmax(axis=1)
        return made


def threshold(course: Course, learner: Entry, rows: tuple[Any, Codes], split: Split, seed: int) -> Threshold:
    """Return the threshold that is best for `course.bound` on inner folds of the rows of training."""
    X, codes = rows
    k = int(course.codes.max()) + 1
    shares = np.bincount(codes, minlength=k) / len(codes)
    counts = np.bincount(codes)
    fold = _inner(course, codes, split, seed)
    p, asked = np.zeros((len(codes), k)), np.zeros(len(codes), dtype=bool)
    for at in range(int(fold.max()) + 1):
        held = np.flatnonzero((fold == at) & (counts[codes] > 1))
        rest = np.flatnonzero(fold < at if course.timely else fold != at)
        if not len(held) or len(np.unique(codes[rest])) < 2:
            continue
        rest = rest if course.timely else np.union1d(rest, np.flatnonzero(counts[codes] == 1))
        p[held] = scored(learner.fit(part(X, rest), codes[rest], weighted=False, seed=seed), part(X, held), k)[0]
        asked[held] = True
    rare = course.rare
    if not asked.any():
        return Threshold(0.5 if k == 2 else 0.0, rare, shares)
    tried = _cuts(p[asked, rare]) if k == 2 else np.asarray(POWERS)
    ways = [Threshold(float(value), rare, shares) for value in tried]
    marks = [figures(codes[asked], way.names(p[asked]), None, rare)[course.bound] for way in ways]
    if not np.isfinite(marks).any():
        return Threshold(0.5 if k == 2 else 0.0, rare, shares)
    best = np.flatnonzero(np.asarray(marks) >= np.nanmax(marks) - 1e-12)
    return ways[int(best[len(best) // 2])]


def _inner(course: Course, codes: Codes, split: Split, seed: int) -> Codes:
    """Return inner folds of rows of training, as the outer ones are cut. Raises: ConfigError where groups cannot be."""
    if course.timely:
        return np.minimum(np.arange(len(codes)) * (INNER + 1) // len(codes), INNER)
    if course.together is None:
        return folded(codes, INNER, seed)
    own = np.unique(course.together[split.train], return_inverse=True)[1]
    for folds in (INNER, 2):
        try:
            return folded_groups(codes, folds, seed, own)
        except GensynthError:
            continue
    raise ConfigError("the groups of the rows of training cannot be cut again, so that no threshold is moved")


def _cuts(p: Floats) -> Floats:
    """Return the numbers that are tried: between chances as they are, at most 200."""
    values = np.unique(p)
    if len(values) < 2:
        return np.array([0.5])
    between = (values[1:] + values[:-1]) / 2
    return between if len(between) <= 200 else np.quantile(between, np.linspace(0, 1, 200))


def _names(arm: Arm) -> tuple[str, ...]:
    return (arm.name, THRESHOLD) if arm.name == NOTHING else (arm.name,)


def _failed(arm: Arm, learner: Entry, fold: int, error: Exception, name: str | None = None) -> Trial:
    return Trial(name or arm.name, learner.name, fold, dict.fromkeys(FIGURES, np.nan), error=said_of(error))


def said_of(error: Exception) -> str:
    """Return an error in a line."""
    text = str(error).strip().splitlines()
    line = f"{text[0]:.200}" if text else ""
    return line if isinstance(error, GensynthError) else f"{type(error).__name__}: {line}"
