"""`gensynth fit`: a generator fitted once, for rows or files from it later."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import pandas as pd

from ..errors import ConfigError, RealRowsWarning
from ..recipe import Job, Named, build_generator
from ..store.models import check_model_output
from ..store.tables import read_table
from .folders import Folder, is_folder, refuse_columns, refuse_files
from .request import known_columns, settled, split_target
from .resuming import Keeping
from .safe import refuse_safe
from .settings import as_yaml, threads
from .views import SeriesView, TextView, view_of


def fit(job: Job, *, overwrite: bool, resume: bool, print_config: bool) -> None:
    """Fit the generator that a job names and save it. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    if job.out is None or job.out == "-":
        raise ConfigError("out is missing: give -o FOLDER, where the model is to go")
    if job.model is not None:
        raise ConfigError("fit makes a model: leave `model` out and name a generator")
    refuse_safe(job, "fit writes a model")
    if job.report is not None:
        raise ConfigError("report is a page of what balance makes: leave it out")
    keeping = Keeping.of(job, job.out, resume=resume, overwrite=overwrite)
    check_model_output(job.out, keeping.overwrite)
    with keeping:
        with threads(job.threads):
            spec, generator, y = _of_folder(job, keeping) if is_folder(job) else _of_table(job, keeping)
        keeping.writing()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RealRowsWarning)
            generator.save(job.out, overwrite=keeping.overwrite)
    classes = ", ".join(f"{label} ({n:,})" for label, n in y.value_counts().items())
    print(f"{spec.name}, fitted on {len(y):,} rows{f' of {classes}' if classes else ''}: {job.out}", file=sys.stderr)
    for warning in caught:
        print(f"gensynth: note: {warning.message}", file=sys.stderr)


def _of_table(job: Job, keeping: Keeping) -> tuple[Named, Any, pd.Series]:
    """Return the generator's name, the generator fitted on a table or on rows in it, and the labels."""
    refuse_files(job)
    table = read_table(job.data)
    X, y = split_target(table, job.target)
    schema = known_columns(job, X)
    view = view_of(job, table, X, schema)
    spec = settled(job, X, schema, view.kind).generator
    assert spec is not None
    known = schema if view.kind == "table" else {}
    generator = build_generator(spec, seed=job.seed, schema=known or None, n_jobs=job.threads)
    keeping.fitted(generator, generator.fit, view.rows, y)
    place = [*table.frame.columns].index(str(y.name))
    generator.notes_ = {"target": job.target, "place": place, "manner": table.manner()}
    if isinstance(view, TextView):
        generator.notes_["text"] = view.column
    elif isinstance(view, SeriesView):
        generator.notes_["steps"] = [*view.steps]
    return spec, generator, y


def _of_folder(job: Job, keeping: Keeping) -> tuple[Named, Any, pd.Series]:
    """Return the generator's name, the generator fitted on the files of a folder, and their labels, if any."""
    refuse_columns(job)
    folder = Folder.open(job)
    spec = settled(job, pd.DataFrame(), {}, folder.listing.kind).generator
    assert spec is not None
    y = pd.Series(folder.listing.labels or [None] * len(folder.listing), name="class", dtype=object)
    generator = build_generator(spec, seed=job.seed, n_jobs=job.threads)
    rows = folder.whole(job, generator)
    keeping.fitted(generator, generator.fit, rows, None if folder.listing.labels is None else y)
    folder.say_mixed()
    names = [file.as_posix() for file in folder.listing.files]
    generator.notes_ = {"files": names} if generator.keeps_rows else {}  # whose parents are these
    return spec, generator, y
