"""Which rows are balanced, and which are left untouched, to test on."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
import pandas as pd

from ..errors import ConfigError, DataError, nearest
from ..random import as_generator
from ..recipe import Job
from .compare_job import Compare
from .request import Positions

TRAIN = ("train", "training", "1", "1.0", "true")


def training_rows(
    job: Job, X: pd.DataFrame, y: pd.Series, files: Sequence[PurePath] = ()
) -> tuple[Positions, Positions]:
    """Return the positions to balance and those to leave untouched. Raises: ConfigError, DataError.

    Arguments:
        job: what is asked.
        X: the table, without columns where the rows are files.
        y: (n,) labels.
        files: (n,) names of the files, where the rows are such.
    """
    every = np.arange(len(y))
    if job.split is not None:
        words = _column(job, "split", X).astype(str).str.strip().str.lower()
        train = words.isin(TRAIN).to_numpy()
        if not train.any() or train.all():
            what = "no row" if not train.any() else "every row"
            raise DataError(f"{job.data}: {what} of column {job.split!r} says 'train' (or 1, or true)")
        return every[train], every[~train]
    if job.holdout is None:
        return every, every[:0]
    rest = _rows(job, y) if job.split_by is None else _groups(job, y, groups_of_rows(job, X, files))
    if not len(rest):
        what = "rows" if job.split_by is None else "rows, in such groups,"
        raise DataError(f"{job.data}: {len(y)} {what} are too few to hold out {job.holdout:g} of each class")
    return np.setdiff1d(every, rest), rest


def groups_of_rows(job: Job | Compare, X: pd.DataFrame, files: Sequence[PurePath]) -> pd.Series:
    """Return what rows are held out together by. Shape: (n,). Raises: ConfigError, DataError."""
    assert job.split_by is not None
    if not len(files):
        return _column(job, "split_by", X)
    try:
        pattern = re.compile(job.split_by)
    except re.error as error:
        raise ConfigError(f"--split-by {job.split_by!r} is no regular expression: {error}") from None
    found = [pattern.search(file.as_posix()) for file in files]
    for file, match in zip(files, found, strict=True):
        if match is None:
            raise DataError(f"{job.data}: --split-by {job.split_by!r} finds nothing in the name {file.as_posix()}")
    return pd.Series([match.group(min(pattern.groups, 1)) for match in found if match is not None])


def codes_of(values: pd.Series) -> Positions:
    """Return numbers of what belongs together; rows without a value do. Shape: (n,)."""
    return pd.factorize(values, use_na_sentinel=False)[0].astype(np.intp)


def _column(job: Job | Compare, option: str, X: pd.DataFrame) -> pd.Series:
    name = getattr(job, option)
    if name not in X.columns:
        said = option.replace("_", "-")
        raise ConfigError(f"--{said} names the column {name!r}, which {job.data} has not{nearest(name, X.columns)}")
    column: pd.Series = X[name]
    return column


def _rows(job: Job, y: pd.Series) -> Positions:
    """Return a share of each class, drawn row by row; one row of a class is always left."""
    rng, held = as_generator(job.seed, "holdout"), []
    for rows in y.groupby(y, observed=True).indices.values():
        held.append(rng.permutation(rows)[: min(round(len(rows) * (job.holdout or 0)), len(rows) - 1)])
    return np.sort(np.concatenate(held)).astype(np.intp)


def _groups(job: Job, y: pd.Series, groups: pd.Series) -> Positions:
    """Return whole groups, drawn one by one: one goes where it brings the classes nearer to the share, all in all.

    No class is left without a row. Classes of which nothing can be held out are said.
    """
    group = pd.factorize(groups, use_na_sentinel=False)[0]
    code, labels = pd.factorize(y)
    table = np.zeros((int(group.max()) + 1, len(labels)))
    np.add.at(table, (group, code), 1)
    counts = table.sum(axis=0)
    held = np.zeros(len(labels))
    taken: list[int] = []
    for each in as_generator(job.seed, "holdout").permutation(len(table)):
        more = held + table[each]
        off, before = (np.abs(part / counts - (job.holdout or 0)).sum() for part in (more, held))
        if off < before and (more < counts).all():
            held, taken = more, [*taken, int(each)]
    lone = [str(label) for label, n in zip(labels, held, strict=True) if not n]
    if taken and lone:
        text = f"nothing of class {', '.join(lone[:5])} is held out, as its groups are too few or too large"
        print(f"gensynth: note: {job.data}: {text}", file=sys.stderr)
    return np.flatnonzero(np.isin(group, taken))
