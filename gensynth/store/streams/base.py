"""What every table that is read a part at a time can do, whatever its format."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import pandas as pd
import pyarrow as pa

from ...errors import ConfigError, DataError, nearest
from ..base import Family, TableFile
from ..elsewhere import place, reached, whole_name
from ..sources import PARQUET, TEXT, suffix_of

MADE = "synthetic-"  # how the names of files of made rows begin


@dataclass(frozen=True)
class Part:
    """A part of the data that is read by itself.

    Arguments:
        number: of its first piece; pieces are numbered through all parts.
        file: the place of its file among those of the stream.
        group: its row group in that file.
        rows: how many rows it has, -1 where only reading tells.
    """

    number: int
    file: int
    group: int = 0
    rows: int = -1


@dataclass(frozen=True)
class Piece:
    """Rows that are in memory together.

    Arguments:
        number: of the piece.
        labels: (n,) of the rows.
        rows: (n,) as streams read them.
        length: of the piece, as `Stream.length` counts.
    """

    number: int
    labels: Any
    rows: pa.Table
    length: int


@dataclass(frozen=True)
class Added:
    """What is written together with the rows of a table.

    Arguments:
        made: frames with the columns of the table.
        rows: how many they are together.
        like: a table as `Stream.table` returns it, in whose manner they are written.
        mark: the name of one more column, 0 for real rows and 1 for made ones.
        seed: of the places that they take among the real ones, which stay in order; None puts them behind.
    """

    made: Iterator[pd.DataFrame]
    rows: int
    like: TableFile
    mark: str | None = None
    seed: int | None = None


class Stream(ABC):
    """A table that is read a part at a time.

    `path` is its name in messages, `names` are its columns, `files` the names of its files. It can be pickled: it holds
    no open file.
    """

    family: ClassVar[Family]
    path: str
    names: list[str]
    files: list[str]
    is_folder: bool

    @abstractmethod
    def parts(self) -> list[Part]:
        """Return the parts, in order."""

    @abstractmethod
    def pieces(self, part: Part, target: str) -> Iterator[Piece]:
        """Yield the rows of a part, some at a time, with their labels: texts of a CSV. Raises: DataError."""

    @abstractmethod
    def first(self) -> pd.DataFrame:
        """Return the first rows. Raises: DataError."""

    @abstractmethod
    def column(self, piece: Piece, name: str) -> pd.Series:
        """Return a column of rows that were read; of a CSV whole numbers where all are such, else texts."""

    @abstractmethod
    def table(self, rows: pa.Table) -> TableFile:
        """Return rows that were read, put together, as a table in memory. Raises: DataError."""

    @abstractmethod
    def keys(self, table: TableFile, target: str) -> list[Any]:
        """Return the labels of the rows of `table`, as those of pieces are."""

    @abstractmethod
    def length(self) -> int:
        """Return how long the table is: in rows, or in bytes where only reading tells how many rows there are."""

    @abstractmethod
    def size(self) -> int:
        """Return how many bytes the whole table takes as it is read into memory, by a guess."""

    @abstractmethod
    def row_bytes(self) -> int:
        """Return how many bytes a row takes as it is gathered, by a guess."""

    @abstractmethod
    def copy(self, handle: BinaryIO, added: Added, step: Callable[[int], None]) -> None:
        """Write all rows of a file as they are, and made rows with them.

        Arguments:
            handle: where to.
            added: what is made.
            step: is told of what was copied, as `length` counts.

        Raises: DataError where made rows do not fit the table.
        """

    @abstractmethod
    def write_part(self, into: Path, name: str, made: pd.DataFrame, like: TableFile, mark: str | None) -> None:
        """Write made rows as a file, or several, below a folder; `name` lacks a suffix. Raises: DataError."""

    def check(self, target: str | None) -> str:
        """Return the name of a column that holds the class. Raises: ConfigError."""
        if target is None:
            raise ConfigError("target is missing: give --target, or `target: ...` in the configuration")
        if target not in self.names:
            raise ConfigError(f"{self.path}: there is no column {target!r} to balance{nearest(target, self.names)}")
        if len(self.names) < 2:
            raise DataError(f"{self.path}: {target!r} is the only column: there is nothing to learn the rows from")
        return target


def is_made(name: str, before: str = "") -> bool:
    """Whether a file is named as one of made rows is.

    >>> is_made("synthetic-00003.parquet"), is_made("synthetic-control.parquet"), is_made("a.synthetic-00000.csv", "a")
    (True, False, True)
    """
    start = f"{before}.{MADE}" if before else MADE
    return re.fullmatch(re.escape(start) + r"\d{5,}", name.partition(suffix_of(name) or "/")[0]) is not None and (
        suffix_of(name) in (*PARQUET, *TEXT)
    )


def open_stream(path: str | Path, *, without_made: bool = False) -> Stream:
    """Open a table to be read a part at a time: a Parquet file or a CSV file, or a folder of either.

    Arguments:
        path: the file or the folder.
        without_made: leave out files of a folder that are named as those of made rows are.

    Raises:
        ConfigError: there is no such file or folder, or it may not be read.
        DataError: it is no table, or holds no rows.
    """
    from .csv import CsvStream
    from .parquet import ParquetStream

    with reached(path):
        files = [file for file in tables_in(path) if not (without_made and is_made(Path(file).name))]
        is_folder = place(path).is_dir()
    if is_folder and not files:
        raise DataError(f"{path}: no .parquet or .csv file is in the folder or below it")
    named = {suffix_of(file) in PARQUET for file in files}
    if len(named) > 1:
        raise DataError(f"{path} holds Parquet files and files of text: move one kind elsewhere")
    if is_folder:
        return ParquetStream(path, files) if named == {True} else CsvStream(path, files)
    try:
        with reached(path), place(path).open("rb") as handle:
            start = handle.read(4)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {str(path)!r}{nearest(Path(path).name, _beside(path))}") from None
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    return ParquetStream(path, files) if start == b"PAR1" else CsvStream(path, files)


def tables_in(path: str | Path) -> Sequence[str]:
    """Return the tables in a folder and those below it, in order; hidden ones (`.` and `_`) are left out.

    Their names are whole, as who reads them may work in another folder.
    """
    root = place(path)
    if not root.is_dir():
        return [whole_name(path)]
    every = sorted(root.rglob("*"), key=lambda file: file.relative_to(root).parts)
    found = [file for file in every if suffix_of(file) in (*PARQUET, *TEXT) and file.is_file()]
    return [whole_name(file) for file in found if not any(part[0] in "._" for part in file.relative_to(root).parts)]


def _beside(path: str | Path) -> list[str]:
    folder = place(path).parent
    return sorted(other.name for other in folder.iterdir()) if folder.is_dir() else []
