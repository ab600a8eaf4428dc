"""`compare`: every method on the same folds, with the same learners; rows are made inside the rows of training only.

The arms always include doing nothing, a threshold moved on inner folds, class weights, and copies of rare rows. The
learners see what each arm makes of a fold's rows of training; they are asked about the other rows, which are real and
as they are. Differences to nothing are taken fold by fold.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from ...data.frames import Frame
from ...data.kinds import count_rows, kind_of
from ...data.labels import Labels
from ...data.schema import identifiers_of
from ...errors import ConfigError, DataError, FallbackWarning
from ...training.progress import wanted
from ..asked import seed_asked
from ..rows import grouped
from .arms import THRESHOLD, Arm, arms
from .figures import bound_of, chosen
from .folds import Split, splits
from .learners import entries
from .result import Comparison
from .trial import Course, Trial, trials

Codes = npt.NDArray[np.intp]


def compare(
    X: Any, y: Any, *, methods: Any = None, learners: Any = None, metrics: Any = None, cv: Any = None,
    split_by: Any = None, groups: Any = None, random_state: int | None = None, n_jobs: int | None = None,
) -> Comparison:  # fmt: skip
    """Return what methods are worth to learners, and whether any of them should be used.

    Arguments:
        X: n rows of any kind. Columns of a frame that are identifiers are left out, which is said.
        y: (n,) labels of at least two classes.
        methods: names ("SMOTE", "ARF", "default" for what `default_balancer` makes, ...), generators, Balancers,
            samplers of imbalanced-learn, or a mapping of names to them; None for the usual ones of the kind. "none",
            "threshold", "class-weight" and "RandomOverSampler" are always among them.
        learners: classifiers, or a mapping of names to them, or names: of tables "logistic" and "boosting", both where
            nothing is said. Classifiers of tables get numbers; a Pipeline gets rows as they are. Classes are codes.
        metrics: names of `FIGURES`; the first decides. None for all, of which average precision decides.
        cv: a number of folds; (folds, rounds); "time", where rows are in order of time; a splitter of scikit-learn, or
            pairs of places. None: 5 folds, drawn four times up to 2,000 rows of a table, twice up to 10,000.
        split_by: a column, which is then no feature, or (n,) values: rows of one value are in one fold, and one
            inner fold. A cv that is given must keep them whole.
        groups: a column or (n,) values: figures are given for each value, and the default Balancer within groups is
            one more arm.
        random_state: at least 0, or None.
        n_jobs: processes, as joblib takes them; its backends (Dask's too) spread the folds.

    Returns: `Comparison`. Ctrl-C ends it, and what is finished is returned with a warning.

    Raises: ConfigError, DataError; TooFewRows where fewer than two classes can be both learned and asked about.

    An arm that fails is reported with its error, and the others finish.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> y = np.array([0] * 60 + [1] * 20)
        >>> X = rng.normal(size=(80, 2)) + y[:, None]
        >>> found = compare(X, y, methods="SMOTE", learners="logistic", cv=3, random_state=0)
        >>> found.recommended in ("none", "threshold", "class-weight", "SMOTE", "RandomOverSampler")
        True
    """
    began = time.perf_counter()
    X, together = _apart(X, split_by)
    values = _groups(X, groups)
    X, unseen = _without_identifiers(X)
    names, kind = chosen(metrics), kind_of(X)
    labels, codes = Labels.fit(y, count_rows(X))
    if len(labels) < 2:
        raise DataError("there is one class alone: nothing to compare")
    seed = seed_asked(random_state)
    course = Course(
        X, codes, labels, int(labels.counts.argmin()), tuple(each.coded(labels) for each in entries(learners, kind)),
        together, values, bound_of(names), seed, timely=isinstance(cv, str) and cv == "time",
    )  # fmt: skip
    listed = arms(methods, X, kind, values is not None)
    cut, notes = splits(codes, cv, seed, together, quick=kind == "table")
    done, stopped = _done(course, listed, cut, n_jobs)
    notes += unseen
    if stopped:
        notes.append(f"stopped: {len({each.fold for each in done})} of {len(cut)} folds were begun")
        warnings.warn("the comparison was stopped: what is finished is returned", FallbackWarning, stacklevel=2)
    called, seconds = [arm.name for arm in listed], time.perf_counter() - began
    return Comparison.of(course, called, names, cut, done, notes, stopped=stopped, seconds=seconds)


def _done(course: Course, listed: list[Arm], cut: list[Split], n_jobs: int | None) -> tuple[list[Trial], bool]:
    """Return all trials, or those that were finished, and whether they were stopped."""
    from joblib import Parallel, delayed

    jobs = [(arm, split, fold) for fold, split in enumerate(cut) for arm in listed if arm.name != THRESHOLD]
    done: list[Trial] = []
    bar = _Bar(len(jobs)) if wanted(None) else None
    try:
        found: Iterator[list[Trial]] = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)(
            delayed(_trials)(os.getpid(), course, *job) for job in jobs
        )
        for some in found:
            done += some
            if bar is not None:
                bar.step()
    except KeyboardInterrupt:
        return done, True
    finally:
        if bar is not None:
            bar.close()
    return done, False


def _trials(parent: int, *job: Any) -> list[Trial]:
    """Return the trials of a job, in a process of its own by one thread: several of each spin on each other's cores."""
    if os.getpid() == parent:
        return trials(*job)
    with threadpool_limits(limits=1):
        return trials(*job)


class _Bar:
    """A line on standard error that says how many fits are done, and how long the others take."""

    def __init__(self, count: int) -> None:
        self.count, self.done, self.began = count, 0, time.monotonic()

    def step(self) -> None:
        """Count one more, and say so."""
        self.done += 1
        left = (time.monotonic() - self.began) / self.done * (self.count - self.done)
        sys.stderr.write(f"\rcomparing: {self.done:,} of {self.count:,} fits, {_words(left)} left\x1b[K")
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        sys.stderr.write("\n")
        sys.stderr.flush()


def _apart(X: Any, split_by: Any) -> tuple[Any, Codes | None]:
    """Return the rows without the column that folds are cut by, and codes of what belongs together."""
    if split_by is None:
        return X, None
    column, values = _column(X, split_by, "split_by")
    if column is None:
        return X, grouped(values, count_rows(X))
    rest = X.drop(column) if hasattr(X, "lazy") else X.drop(columns=[column])
    return rest, grouped(values, count_rows(X))


def _without_identifiers(X: Any) -> tuple[Any, list[str]]:
    """Return a frame without the columns that are identifiers, of which nothing can be learned, and what was done."""
    if not hasattr(X, "columns"):
        return X, []
    frame = Frame.open(X)[0]
    named = [name for name in identifiers_of(frame) if isinstance(name, str)] if frame.columns.is_unique else []
    if not named or len(named) == frame.shape[1]:
        return X, []
    rest = X.drop(named) if hasattr(X, "lazy") else X.drop(columns=named)
    return rest, [f"left out, as identifiers: {', '.join(named)[:200]}"]


def _groups(X: Any, groups: Any) -> Any:
    """Return the group of each row as text (n,), or None."""
    if groups is None:
        return None
    values = np.asarray(_column(X, groups, "groups")[1], dtype=object)
    if values.shape != (count_rows(X),):
        raise DataError(f"groups must be a column, or a value for each of {count_rows(X)} rows, got {values.shape}")
    return np.array([str(value).encode("utf-8", "replace").decode() for value in values.tolist()], dtype=object)


def _column(X: Any, given: Any, what: str) -> tuple[Any, Any]:
    """Return the name of a column and its values, or None and the values that were given."""
    if isinstance(given, str) or (np.ndim(given) == 0 and hasattr(X, "columns")):
        if not hasattr(X, "columns") or given not in list(X.columns):
            raise ConfigError(f"{what} names the column {given!r}, which the data has not")
        return given, X[given].to_numpy()
    return None, given


def _words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
