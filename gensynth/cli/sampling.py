"""`gensynth sample`: rows or files from a generator that was fitted before; of a table some at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd

from ..balance.maker import BLOCK
from ..data.apart import Block, apart
from ..data.columns import Category
from ..data.encode import TableEncoder
from ..data.identifiers import Identifier
from ..data.kinds import Images, as_rows
from ..data.numbers import Number
from ..errors import ConfigError, DataError, FormatError, GensynthError, UnknownCategory
from ..generators.files import load
from ..random import as_generator
from ..scale.progress import told
from ..store.ahead import ahead
from ..store.atomic import atomic_folder, check_output
from ..store.audio import write_wave
from ..store.folders import Names, check_folder_output
from ..store.images import write_image
from ..store.manifest import Entry, write_manifest
from ..store.tables import write_frames
from .folders import SUFFIXES
from .safe import guard_of, say_safe
from .settings import pairs
from .views import steps_of


def sample(
    path: str, n: int, *, y: str | None, conditions: list[str] | None, out: str, seed: int, threads: int | None,
    overwrite: bool, safe_csv: bool = False,
) -> None:  # fmt: skip
    """Make n rows with a saved generator and write them as a table, or as files. Raises: GensynthError."""
    from .settings import threads as held

    generator = load(path)
    _check(generator, path, conditions, out, overwrite, safe_csv)
    if generator.kind_ in ("image", "audio"):
        with held(threads), _whole(path):
            made, labels, parents = _made(generator, n, y, {}, seed, path)
        _write_files(generator, made, labels, parents, out, overwrite)
        return
    manner = generator.notes_.get("manner")
    manner = manner if isinstance(manner, dict) else {}
    guard = guard_of(safe_csv, out, "csv" if out == "-" else str(manner.get("format", "csv")))
    if out == "-" and manner.get("format") != "csv":
        manner = {}  # standard output is text that people read, also after learning from Parquet
    with held(threads), told("making", n, " rows") as step:
        with _whole(path):
            held_at = _held_at(generator, conditions) if conditions else {}

        def bounded() -> Iterator[pd.DataFrame]:
            with held(threads):  # of OpenMP's threads each caller has a bound of its own, and this is another
                yield from _frames(generator, n, y, held_at, seed, path)

        def frames() -> Iterator[pd.DataFrame]:
            for frame in ahead(bounded()):
                step(len(frame))
                yield frame

        write_frames(frames(), out, like=manner or None, overwrite=overwrite, guard=guard)
    if out != "-":
        print(f"{n:,} rows made by {type(generator).__name__}: {out}", file=sys.stderr)
    say_safe(guard)


def _check(generator: Any, path: str, conditions: list[str] | None, out: str, overwrite: bool, safe_csv: bool) -> None:
    """Raise ConfigError where a request or its output is wrong, before any work."""
    files = generator.kind_ in ("image", "audio")
    if files and safe_csv:
        raise ConfigError(f"--safe-csv is for tables of text, and {path} makes files: leave it out")
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


def _frames(
    generator: Any, n: int, y: str | None, held: dict[Any, Any], seed: int, path: str
) -> Iterator[pd.DataFrame]:
    """Yield n rows as frames, of a table `BLOCK` at a time: the first with the seed, others with seeds of their own."""
    size = BLOCK if generator.kind_ == "table" else max(n, 1)
    blocks = max(-(-n // size), 1)
    for number in range(blocks):
        rows = min(size, n - number * size)
        key = seed if number == 0 else int(as_generator(seed, "block", number).integers(2**31))
        with _whole(path):
            made, labels, _ = _made(generator, rows, y, held, key, path)
        frame = _frame(generator, made, path)
        for column in generator.encoder_.schema_ if blocks > 1 else ():
            if isinstance(column, Identifier):
                new = apart(column, Block(number, blocks, number * size, rows, n), seed)
                frame[str(column.name)] = new.astype(frame[str(column.name)].dtype)
        yield frame if labels is None else _labelled(generator, frame, labels)


def _frame(generator: Any, made: Any, path: str) -> pd.DataFrame:
    """Return made rows as columns."""
    notes = generator.notes_
    if generator.kind_ == "text":
        made = pd.DataFrame({str(notes.get("text") or "text"): pd.Series(list(getattr(made, "x", made)), dtype=object)})
    elif generator.kind_ == "series":
        made = pd.DataFrame(_steps(made, notes.get("steps"), path))
    elif not isinstance(made, pd.DataFrame):
        made = pd.DataFrame(made if not hasattr(made, "to_pandas") else made.to_pandas())
    frame: pd.DataFrame = made
    frame.columns = pd.Index([str(name) for name in frame.columns])
    return frame


def _labelled(generator: Any, frame: pd.DataFrame, labels: Any) -> pd.DataFrame:
    """Return rows with their labels, where those stood in the table that was learned."""
    notes = generator.notes_
    name = str(notes.get("target") or getattr(labels, "name", None) or "y")
    while name in frame.columns:
        name += "_"
    place = notes.get("place")
    place = min(max(place, 0), frame.shape[1]) if isinstance(place, int) else frame.shape[1]
    frame.insert(place, name, pd.Series(labels).reset_index(drop=True))
    return frame


@contextmanager
def _whole(path: str) -> Iterator[None]:
    """Say of a model that makes no rows that it may be spoilt. Raises: FormatError."""
    try:
        yield
    except GensynthError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise FormatError(
            f"{path} makes no rows ({type(error).__name__}: {error!s:.100}); was it changed since fit wrote it? "
            "--debug shows where"
        ) from error


def _write_files(generator: Any, made: Any, labels: Any, parents: pd.DataFrame, out: str, overwrite: bool) -> None:
    """Write made images or recordings as a new folder, and say so."""
    name = type(generator).__name__
    classes = None if labels is None else [str(label) for label in labels]
    made = as_rows(made, generator.kind_)
    made = _standing(made) if generator.kind_ == "image" else made
    n = len(made)
    _write_new(out, made, classes, _named(parents, generator.notes_.get("files"), n), name, overwrite=overwrite)
    print(f"{n:,} files made by {name}: {out}", file=sys.stderr)


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
