"""Tables from files and into files: `read_table` and `write_frame`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa

from ..errors import FormatError
from .arrow import to_arrow, write_parquets
from .base import TableFile, Target, refuse_guard, write_plain_text
from .csvfile import CsvFile
from .csvwrite import default_formats, header_text, record_blocks
from .dialect import Dialect
from .formats import Format
from .formulas import Guard, runs
from .parquet import ParquetFile, schema_of
from .sources import format_of, open_output, read_source, suffix_of


def read_table(path: str | Path) -> TableFile:
    """Read a table: CSV, TSV or other delimited text, also in gzip, or Parquet; ``"-"`` is standard input.

    Raises:
        ConfigError: there is no such file, it is a folder, or it may not be read.
        DataError: it is not a table with rows; the message says where and what to do.
    """
    source = read_source(path)
    return ParquetFile(source) if source.is_parquet else CsvFile(source)


def write_frame(
    frame: pd.DataFrame, out: str | Path, *, like: Mapping[str, Any] | None = None, overwrite: bool = False,
    guard: Guard | None = None,
) -> None:  # fmt: skip
    """Write a frame without its index; the name of the output says the format, ``"-"`` is standard output.

    Arguments:
        frame: the rows.
        out: a path, or ``"-"``: in the format of `like`, else CSV.
        like: the `TableFile.manner` of a table whose manner is taken over as far as the format allows.
        overwrite: replace a file that is there.
        guard: puts an apostrophe before fields of text that a spreadsheet would run as formulas.

    Raises:
        ConfigError: the output is refused.
        DataError: a value cannot be written so.
        FormatError: `like` is not what a table's `manner` gives.
    """
    write_frames(iter([frame]), out, like=like, overwrite=overwrite, guard=guard)


def write_frames(
    frames: Iterator[pd.DataFrame], out: str | Path, *, like: Mapping[str, Any] | None = None, overwrite: bool = False,
    guard: Guard | None = None,
) -> None:  # fmt: skip
    """Write frames of the same columns, one at least, one after the other, as `write_frame` writes one."""
    family = str(like.get("format")) if like else "csv"
    target = Target(format_of(out, family), suffix_of(out))
    refuse_guard(target, guard)
    manner = _noted(like) if like and target.family == family else None
    with open_output(out, overwrite) as handle:
        if isinstance(manner, _TextManner):
            _write_text(frames, handle, target, manner, guard)
        elif target.family == "csv":
            write_plain_text(frames, handle, target, guard)
        else:
            schema, compression = manner or (None, "snappy")
            write_parquets(_arrow(frames, schema), handle, compression)


def _arrow(frames: Iterator[pd.DataFrame], schema: pa.Schema | None) -> Iterator[pa.Table]:
    """Yield frames as tables of one schema: that which is given where it has the same columns, else the first's."""
    for number, frame in enumerate(frames):
        if number == 0 and schema is not None and set(schema.names) != {str(name) for name in frame.columns}:
            schema = None
        table = to_arrow(frame, schema)
        schema = table.schema
        yield table


@dataclass(frozen=True)
class _TextManner:
    dialect: Dialect
    header: str
    titles: dict[str, str]
    formats: dict[str, Format]


def _noted(like: Mapping[str, Any]) -> _TextManner | tuple[pa.Schema, str]:
    try:
        if like["format"] == "parquet":
            return schema_of(dict(like)), str(like["compression"])
        titles = dict(zip(like["names"], like["titles"], strict=True))
        formats = {str(name): Format(**form).checked() for name, form in like["columns"].items()}
        titles = {str(name): str(title) for name, title in titles.items()}
        return _TextManner(Dialect(**like["dialect"]).checked(), str(like["header"]), titles, formats)
    except (KeyError, TypeError, AttributeError, ValueError, pa.ArrowException) as error:
        raise FormatError(f"the manner of the table is spoilt ({error!r}); fit the model again") from error


def _write_text(
    frames: Iterator[pd.DataFrame], handle: BinaryIO, target: Target, manner: _TextManner, guard: Guard | None
) -> None:
    dialect = replace(manner.dialect, delimiter=manner.dialect.delimiter_for(target.suffix))
    for number, frame in enumerate(frames):
        if dialect.single and frame.shape[1] > 1:
            dialect = replace(dialect, delimiter=",")
        if number == 0:
            header = _header(frame, dialect, manner, guard) + dialect.newline
            handle.write(dialect.start + dialect.encode(header.encode("utf-8", "surrogatepass")))
        usual = default_formats(frame)
        formats = [manner.formats.get(str(name), form) for name, form in zip(frame.columns, usual, strict=True)]
        for block in record_blocks(frame, formats, dialect, guard=guard):
            handle.write(block)


def _header(frame: pd.DataFrame, dialect: Dialect, manner: _TextManner, guard: Guard | None) -> str:
    """Return the header as it stands in the table that was read, another where its columns or delimiter differ."""
    names = [str(name) for name in frame.columns]
    titles = [manner.titles.get(name, name) for name in names]
    same = names == list(manner.titles) and dialect.delimiter == manner.dialect.delimiter
    if same and not (guard is not None and any(map(runs, titles))):
        return manner.header
    return header_text(titles, dialect.delimiter, manner.header.startswith('"'), guard)
