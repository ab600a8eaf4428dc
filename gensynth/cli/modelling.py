"""`gensynth fit` and `gensynth sample`: a generator fitted once, and rows or files from it later."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd

from ..data.columns import Category
from ..data.encode import TableEncoder
from ..data.kinds import Images, as_rows
from ..data.numbers import Number
from ..errors import ConfigError, DataError, RealRowsWarning, UnknownCategory
from ..generators.files import load
from ..recipe import Job, Named, build_generator
from ..store.atomic import atomic_folder, check_output
from ..store.audio import write_wave
from ..store.folders import Names, check_folder_output
from ..store.images import write_image
from ..store.manifest import Entry, write_manifest
from ..store.models import check_model_output
from ..store.tables import read_table, write_frame
from .folders import SUFFIXES, Folder, is_folder, refuse_columns, refuse_files
from .request import known_columns, settled, split_target
from .resuming import Keeping
from .safe import guard_of, refuse_safe, say_safe
from .settings import as_yaml, pairs, threads
from .views import SeriesView, TextView, steps_of, view_of


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


def sample(
    path: str, n: int, *, y: str | None, conditions: list[str] | None, out: str, seed: int, threads: int | None,
    overwrite: bool, safe_csv: bool = False,
) -> None:  # fmt: skip
    """Make n rows with a saved generator and write them as a table. Raises: GensynthError."""
    from .settings import threads as held

    generator = load(path)
    files = generator.kind_ in ("image", "audio")
    if files and safe_csv:
        raise ConfigError(f"--safe-csv is for tables of text, and {path} makes files: leave it out")
    manner = generator.notes_.get("manner")
    manner = manner if isinstance(manner, dict) else {}
    guard = guard_of(safe_csv, out, "csv" if out == "-" else str(manner.get("format", "csv")))
    if files and out == "-":
        raise ConfigError(f"{path} makes files of kind {generator.kind_!r}: give -o FOLDER, where they are to go")
    if files:
        check_folder_output(out, [path], overwrite, own=False)
    elif out != "-":
        check_output(out, overwrite)
    if generator.kind_ == "table" and not isinstance(generator.encoder_, TableEncoder):
        raise ConfigError(f"{path} makes sparse tables, which sample cannot write")
    if conditions and generator.kind_ != "table":
        raise ConfigError(f"--condition holds columns, and {path} makes data of kind {generator.kind_!r}: leave it out")
    with held(threads):
        held_at = _held_at(generator, conditions) if conditions else {}
        made, labels, parents = _made(generator, n, y, held_at, seed, path)
    if files:
        classes = None if labels is None else [str(label) for label in labels]
        made, name = as_rows(made, generator.kind_), type(generator).__name__
        made = _standing(made) if generator.kind_ == "image" else made
        _write_new(out, made, classes, _named(parents, generator.notes_.get("files"), n), name, overwrite=overwrite)
        print(f"{n:,} files made by {name}: {out}", file=sys.stderr)
        return
    notes = generator.notes_
    if generator.kind_ == "text":
        made = pd.DataFrame({str(notes.get("text") or "text"): pd.Series(list(getattr(made, "x", made)), dtype=object)})
    elif generator.kind_ == "series":
        made = pd.DataFrame(_steps(made, notes.get("steps"), path))
    elif not isinstance(made, pd.DataFrame):
        made = pd.DataFrame(made if not hasattr(made, "to_pandas") else made.to_pandas())
    made.columns = pd.Index([str(name) for name in made.columns])
    if labels is not None:
        name = str(notes.get("target") or getattr(labels, "name", None) or "y")
        while name in made.columns:
            name += "_"
        place = min(max(int(notes.get("place", made.shape[1])), 0), made.shape[1])
        made.insert(place, name, pd.Series(labels).reset_index(drop=True))
    if out == "-" and manner.get("format") != "csv":
        manner = {}  # standard output is text that people read, also after learning from Parquet
    write_frame(made, out, like=manner or None, overwrite=overwrite, guard=guard)
    if out != "-":
        print(f"{n:,} rows made by {type(generator).__name__}: {out}", file=sys.stderr)
    say_safe(guard)


def _write_new(
    out: str, made: Any, labels: Sequence[str] | None, parents: Sequence[str], name: str, *, overwrite: bool
) -> None:
    """Write rows that come from no file as a new folder: `LABEL/synthetic-000001.png`, or .wav, and `manifest.csv`.

    Arguments:
        out: the folder.
        made: (n,) images or recordings.
        labels: (n,) their classes, or None.
        parents: (n,) what is said of the files that they were made from.
        name: of the generator.
        overwrite: as the command line says.

    Raises: ConfigError where the folder exists, which is never replaced unless it is empty.
    """
    check_folder_output(out, [], overwrite, own=False)
    names, entries = Names(()), []
    with atomic_folder(out, overwrite=Path(out).is_dir()) as into:
        for place, row in enumerate(made.x if made.kind == "image" else made.waves):
            label = "" if labels is None else labels[place]
            if label in (".", "..") or PurePath(label).name != label:
                raise DataError(f"class {label!r:.60} cannot be the name of a folder: take others")
            file = f"{names.numbered(label).as_posix()}{SUFFIXES[made.kind]}"
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            if made.kind == "image":
                write_image(into / file, row)
            else:
                write_wave(into / file, row, made.rate)
            entries.append(Entry(file, label, "synthetic", parents[place], name))
        write_manifest(into, entries)


def _standing(made: Any) -> Any:
    """Return images as files hold them, each (height, width, channels), whatever container the generator learned."""
    import torch

    from ..transforms.image.forms import read, stacked

    each = (read(stacked([image]))[0][0] for image in made.x)
    return Images([(x if x.dtype == torch.uint8 else x.float()).permute(1, 2, 0).numpy() for x in each])


def _steps(made: Any, names: list[str] | None, path: str) -> dict[str, Any]:
    """Return series as columns. Raises: ConfigError where they have several channels."""
    if len(made) and np.asarray(made.x[0]).shape[0] != 1:
        raise ConfigError(f"{path} makes series of several channels, which a table cannot hold")
    longest = max((np.asarray(one).shape[-1] for one in made.x), default=0)
    return steps_of(made, names=names or [f"t{step}" for step in range(longest)])


def _held_at(generator: Any, words: list[str] | None) -> dict[Any, Any]:
    """Return COLUMN=VALUE words as conditions: categories match by their printed form, numbers are read as such."""
    known = {str(column.name): column for column in generator.encoder_.schema_}
    held: dict[Any, Any] = {}
    for name, value in pairs(words, "--condition", raw=True).items():
        column = known.get(name)
        if isinstance(column, Category):
            same = [level for level in column.levels.tolist() if str(level) == value]
            held[column.name] = same[0] if same else value or None
        elif isinstance(column, Number):
            try:
                held[column.name] = float(value) if value else None
            except ValueError:
                raise ConfigError(f"--condition {name}: {value!r} is no number, and the column holds numbers") from None
        else:
            held[name if column is None else column.name] = value or None
    return held


def _named(parents: pd.DataFrame, files: Sequence[str] | None, n: int) -> list[str]:
    """Return the files that each of n rows was made from, where they are known, joined by semicolons."""
    said: list[list[str]] = [[] for _ in range(n)]
    for row, parent in zip(parents["row"], parents["parent"], strict=True):
        said[row] += [] if files is None else [files[parent]]
    return [";".join(each) for each in said]


def _made(
    generator: Any, n: int, y: str | None, held: dict[Any, Any], seed: int, path: str
) -> tuple[Any, Any, pd.DataFrame]:
    """Return rows, their labels, None where the generator knows no classes, and the frame of their parents."""
    if generator.labels_.absent:
        if y is not None:
            raise ConfigError(f"{path} was fitted without classes: leave --y out")
        rows, parents = generator.sample(n, conditions=held, random_state=seed, return_parents=True)
        return rows, None, parents
    try:
        label = None if y is None else generator.labels_.match(y)
    except UnknownCategory as error:
        raise ConfigError(f"--y: {error}") from None
    made: tuple[Any, Any, pd.DataFrame] = generator.sample(
        n, y=label, conditions=held, random_state=seed, return_y=True, return_parents=True
    )
    return made
