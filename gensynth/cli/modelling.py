"""`gensynth fit` and `gensynth sample`: a generator fitted once, and rows from it later."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import pandas as pd

from ..data.columns import Category
from ..data.encode import TableEncoder
from ..data.numbers import Number
from ..errors import ConfigError, RealRowsWarning, UnknownCategory
from ..generators.files import load
from ..recipe import Job, build_generator
from ..store.atomic import check_output
from ..store.models import check_model_output
from ..store.tables import read_table, write_frame
from .request import known_columns, settled, split_target
from .settings import as_yaml, pairs, threads


def fit(job: Job, *, overwrite: bool, print_config: bool) -> None:
    """Fit the generator that a job names and save it. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    if job.out is None or job.out == "-":
        raise ConfigError("out is missing: give -o FOLDER, where the model is to go")
    if job.model is not None:
        raise ConfigError("fit makes a model: leave `model` out and name a generator")
    check_model_output(job.out, overwrite)
    with threads(job.threads):
        table = read_table(job.data)
        X, y = split_target(table, job.target)
        schema = known_columns(job, X)
        spec = settled(job, X, schema).generator
        assert spec is not None
        generator = build_generator(spec, seed=job.seed, schema=schema or None, n_jobs=job.threads).fit(X, y)
    place = list(table.frame.columns).index(job.target)
    generator.notes_ = {"target": job.target, "place": place, "manner": table.manner()}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RealRowsWarning)
        generator.save(job.out, overwrite=overwrite)
    classes = ", ".join(f"{label} ({n:,})" for label, n in y.value_counts().items())
    print(f"{spec.name}, fitted on {len(y):,} rows of {classes}: {job.out}", file=sys.stderr)
    for warning in caught:
        print(f"gensynth: note: {warning.message}", file=sys.stderr)


def sample(
    path: str, n: int, *, y: str | None, conditions: list[str] | None, out: str, seed: int, threads: int | None,
    overwrite: bool,
) -> None:  # fmt: skip
    """Make n rows with a saved generator and write them as a table. Raises: GensynthError."""
    from .settings import threads as held

    if out != "-":
        check_output(out, overwrite)
    generator = load(path)
    if not isinstance(generator.encoder_, TableEncoder):
        what = "sparse tables" if generator.kind_ == "table" else f"data of kind {generator.kind_!r}"
        raise ConfigError(f"{path} makes {what}, which sample cannot write")
    with held(threads):
        held_at = _held_at(generator, conditions)
        made, labels = _made(generator, n, y, held_at, seed, path)
    notes = generator.notes_
    if not isinstance(made, pd.DataFrame):
        made = pd.DataFrame(made if not hasattr(made, "to_pandas") else made.to_pandas())
    made.columns = pd.Index([str(name) for name in made.columns])
    if labels is not None:
        name = str(notes.get("target") or getattr(labels, "name", None) or "y")
        while name in made.columns:
            name += "_"
        place = min(max(int(notes.get("place", made.shape[1])), 0), made.shape[1])
        made.insert(place, name, pd.Series(labels).reset_index(drop=True))
    manner = notes.get("manner")
    if out == "-" and (manner or {}).get("format") != "csv":
        manner = None  # standard output is text that people read, also after learning from Parquet
    write_frame(made, out, like=manner, overwrite=overwrite)
    if out != "-":
        print(f"{n:,} rows made by {type(generator).__name__}: {out}", file=sys.stderr)


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


def _made(generator: Any, n: int, y: str | None, held: dict[Any, Any], seed: int, path: str) -> tuple[Any, Any]:
    """Return rows and, where the generator knows classes, their labels."""
    if generator.labels_.absent:
        if y is not None:
            raise ConfigError(f"{path} was fitted without classes: leave --y out")
        return generator.sample(n, conditions=held, random_state=seed), None
    try:
        label = None if y is None else generator.labels_.match(y)
    except UnknownCategory as error:
        raise ConfigError(f"--y: {error}") from None
    rows, labels = generator.sample(n, y=label, conditions=held, random_state=seed, return_y=True)
    return rows, labels
