"""`gensynth balance --report`: a page of what was made, and of whether it helps.

Whether it helps is told by a comparison of the job's own Balancer with nothing, a moved threshold, class weights and
copies, on five folds of the rows that were balanced, of images three, drawn once. The Balancer makes rows anew in each;
where that, by what making them took, would be more than five minutes, there are three folds, or two, or no comparison.
Several folds drawn often, and other methods, are what `gensynth compare` is for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import typer

from ..balance import Balancer
from ..data.kinds import kind_of
from ..errors import GensynthError
from ..evidence.compare.result import Comparison
from ..evidence.compare.run import compare
from ..recipe import Job
from .saying import CUT

BOUND = 300.0  # seconds for making rows in all folds
FOLDS = (5, 3, 2)  # the first of which that holds to it is taken
IMAGES = 3  # folds of images at most


@dataclass(frozen=True)
class Told:
    """What a report is of: the rows that were balanced, what was made, and rows that were held out.

    Arguments:
        balancer: after it made X_new, y_new of X, y.
        X: n rows.
        y: (n,) their labels.
        X_new: all rows, made ones last.
        y_new: their labels.
        held: rows that were held out, None where there are none.
        y_held: their labels.
    """

    balancer: Balancer
    X: Any
    y: pd.Series
    X_new: Any
    y_new: Any
    held: Any
    y_held: Any


def compared(
    job: Job, prepared: Callable[[], tuple[Balancer, Any]], y: pd.Series, seconds: float, together: Any
) -> Comparison | None:
    """Return a comparison of a job's Balancer with doing nothing; None where there can be none, which is said.

    Arguments:
        job: the job, settled.
        prepared: gives a Balancer as the job asks for, not fitted, and n rows to learn from, without identifiers.
        y: (n,) their labels.
        seconds: that making rows once took.
        together: (n,) what no fold may cut, or None.
    """
    from joblib import cpu_count

    jobs = job.threads or cpu_count()
    if job.model is not None:
        _say("the model may have seen all rows, so nothing is compared")
        return None
    cv = _folds(seconds / min(jobs, FOLDS[0]))
    if cv is None:
        _say(f"making rows took {seconds:.0f} s, too long to do it on folds: gensynth compare does")
        return None
    if cv[0] < FOLDS[0]:
        _say(f"compared on {cv[0]} folds and not {FOLDS[0]}, as making rows took {seconds:.0f} s")
    try:
        again, X = prepared()
        if kind_of(X) == "image":  # a network is trained for each learner that is asked
            cv = (min(cv[0], IMAGES), 1)
        if again.groups is not None and not isinstance(again.groups, str):
            _say("compared without --groups, which rows of this kind do not hold")
            again.set_params(groups=None)
        again.set_params(generator=_silent(again.generator))
        name = f"{type(again.generator).__name__} (this job)"
        return compare(
            X, y, methods={name: again}, cv=cv, split_by=together, random_state=job.seed, n_jobs=jobs
        )  # fmt: skip
    except GensynthError as error:
        _say(f"nothing is compared: {error}")
        return None


def write(job: Job, told: Told, found: Comparison | None, overwrite: bool) -> None:
    """Write the page of a job. Raises: typer.Exit where Ctrl-C ended the comparison."""
    from ..evidence.report.made import Made
    from ..evidence.report.page import write as write_page

    made = Made.of(told.balancer, told.X, told.y, told.X_new, told.y_new, held=told.held, y_held=told.y_held)
    if job.reject:
        _say("the report is of the rows as they were before others took the place of rejected ones")
    finished = found is not None and len(found.folds) > 0
    write_page(str(job.report), comparison=found if finished else None, made=made, job=job.asked(), overwrite=overwrite)
    if found is not None and finished:
        print(found.verdict.partition("\n")[0], file=sys.stderr)
    print(f"Report: {job.report}", file=sys.stderr)
    if found is not None and found.stopped:
        print(f"gensynth: {CUT}", file=sys.stderr)
        raise typer.Exit(1)


def _folds(each: float) -> tuple[int, int] | None:
    """Return on how many folds, and how often, to compare where making rows takes so many seconds; None for none."""
    return next(((folds, 1) for folds in FOLDS if folds * each <= BOUND), None)


def _silent(generator: Any) -> Any:
    """Return a generator that writes no checkpoints, pictures or lines while it is trained on folds."""
    from sklearn.base import clone

    made = clone(generator)
    for name, value in made.get_params().items():
        if name.rpartition("__")[2] == "training" and (value is None or isinstance(value, dict)):
            kept = {key: each for key, each in (value or {}).items() if key not in ("checkpoint_dir", "pictures_dir")}
            made.set_params(**{name: {**kept, "progress": False}})
    return made


def _say(text: str) -> None:
    print(f"gensynth: note: {text}", file=sys.stderr)
