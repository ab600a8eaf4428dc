"""Frames as the text of a CSV file: records of fields, block by block."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pandas as pd

from ..errors import DataError
from .dialect import Dialect
from .formats import Format, Quoter, default_format, fields_of

BLOCK = 50_000


def header_text(
    names: Sequence[str], delimiter: str, quoted: bool = False, guard: Callable[[str], str] | None = None
) -> str:
    """Return the header without its line end; an empty name stays empty unless it is alone."""
    quote = Quoter(delimiter, guard)
    return delimiter.join(quote(name, quoted) if name or len(names) == 1 else "" for name in names)


def header_names(text: str, delimiter: str, name: str = "the table") -> list[str]:
    """Return the names in a header, as they stand. Raises: DataError where one is no name."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DataError(f"{name}: the header cannot be read ({error}); is it one?") from None


def record_blocks(
    frame: pd.DataFrame,
    formats: Sequence[Format],
    dialect: Dialect,
    tail: str | None = None,
    guard: Callable[[str], str] | None = None,
) -> Iterator[bytes]:
    """Yield the rows of a frame as records in the dialect, many at a time.

    Arguments:
        frame: the rows, of shape (n, columns).
        formats: one for each column.
        dialect: encoding, delimiter and line end.
        tail: one more field at the end of each record.
        guard: what makes fields safe for spreadsheets, if anything.
    """
    quote = Quoter(dialect.delimiter, guard)
    end = dialect.newline if tail is None else dialect.delimiter + tail + dialect.newline
    single = frame.shape[1] == 1 and tail is None
    for start in range(0, len(frame), BLOCK):
        block = frame.iloc[start : start + BLOCK]
        columns = [fields_of(_column(block, i), form, quote, single) for i, form in enumerate(formats)]
        text = "".join([dialect.delimiter.join(record) + end for record in zip(*columns, strict=True)])
        yield dialect.encode(text.encode("utf-8", "surrogatepass"))


def default_formats(frame: pd.DataFrame) -> list[Format]:
    """Return the formats of a frame of which no file is known."""
    return [default_format(_column(frame, i)) for i in range(frame.shape[1])]


def _column(frame: pd.DataFrame, i: int) -> pd.Series[Any]:
    return frame.iloc[:, i]
