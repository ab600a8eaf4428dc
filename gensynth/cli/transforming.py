"""`gensynth transform`: changed copies of every row, by a policy; of images in the style of others too.

Copy c of row r is made with the draws of row r and epoch c, so that it does not depend on what else is made. What is a
folder is `transforming_folders`' business.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ConfigError, DataError
from ..recipe import Change
from ..store.atomic import check_output
from ..store.elsewhere import is_folder_at, place, same
from ..store.tables import read_table
from ..transforms import rowwise, running
from ..transforms.base import Transform
from ..transforms.table import rows as coded
from .folders import is_folder
from .policies import explained, may_break, noted, policy_of
from .settings import as_yaml, threads
from .telling import note_change, say_change, table_given, warn_other
from .views import TableView, View, view_of


def run(job: Change, *, overwrite: bool, explain: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    if job.masks_out is not None and job.masks is None:
        raise ConfigError("--masks-out says where changed masks go: give those of the images with --masks")
    try:
        with threads(job.threads):
            if is_folder(job):
                from .transforming_folders import transform

                transform(job, overwrite=overwrite, explain=explain)
            else:
                _of_table(job, overwrite, explain)
    except DataError as error:
        told = any(name in str(error) for name in (job.data, job.style) if name is not None)
        raise error if told else type(error)(f"{job.data}: {error}") from error


def _of_table(job: Change, overwrite: bool, explain: bool) -> None:
    started = time.perf_counter()
    for option in ("style", "sheet"):
        if getattr(job, option) is not None:
            raise ConfigError(f"--{option} is for images, and {job.data} is a table: leave it out")
    table = read_table(job.data)
    X = table.frame
    if job.target is not None:
        from .request import split_labels

        X, y = split_labels(table, job.target)
    else:
        y = None
    view = view_of(job, table, X, _schema(job, X))
    policy = policy_of(job, view.kind)
    if explain:
        print(explained(policy))
        return
    out, recipe = _table_outputs(job)
    if out != "-":
        if job.data != "-" and same(out, job.data):
            raise ConfigError(f"{out} is the input, which is never replaced: name another output with -o")
        table.check_output(out, overwrite)
        check_output(recipe, overwrite)
    made = _copies(job, policy, view, y)
    if job.target is not None and y is not None:
        labels = pd.concat([y] * job.copies, ignore_index=True)
        made.insert([*table.frame.columns].index(job.target), job.target, labels)
    rows = None if job.originals else np.zeros(0, dtype=np.intp)
    table.write(out, rows=rows, synthetic=made, overwrite=overwrite)
    given = table_given(table.frame)
    warn_other(job, given["sha256_of_rows"])
    if out != "-":
        note_change(job, noted(policy), given, recipe, len(made), started)
    made_of = f"{len(made):,} changed copies of {len(X):,} {'texts' if view.kind == 'text' else 'rows'}"
    notes = may_break(policy) if job.policy is not None else []
    say_change(notes, f"{made_of}: {out}", [("Recipe", recipe if out != "-" else None)])


def _copies(job: Change, policy: Transform, view: View, y: Any) -> pd.DataFrame:
    """Return the copies of all rows as columns of the table: the first of each row, then the second, and so on."""
    n = len(view.rows)
    codes = None if y is None else pd.factorize(y)[0]
    given = (
        coded.read(view.rows, schema=view.schema)
        if isinstance(view, TableView)
        else running.given(view.kind, view.rows)
    )
    policy = policy.learned(given.rows, codes)
    frames = []
    for copy in range(job.copies):
        made = rowwise.run(policy, given, y=codes, index=np.arange(n), epoch=copy)
        frames.append(view.frame(made if codes is None else made[0], np.arange(n)))
    return pd.concat(frames, ignore_index=True)


def _schema(job: Change, X: pd.DataFrame) -> dict[str, Any]:
    from .request import known_columns

    return known_columns(job, X)


def _table_outputs(job: Change) -> tuple[str, str]:
    """Return the names of the table and of the recipe. Raises: ConfigError."""
    name = place(job.data).name
    stem = name.partition(".")[0] or name
    out = job.out or (
        "-" if job.data == "-" else str(place(job.data).with_name(f"{stem}.transformed{name[len(stem) :]}"))
    )
    if out != "-" and is_folder_at(out):
        raise ConfigError(f"{out} is a folder: name a file with -o")
    return out, f"{out}.recipe.json"
