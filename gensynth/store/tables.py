"""Tables from files and into files: `read_table` and `write_frame`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa

from ..errors import FormatError
from .arrow import to_arrow, write_parquet
from .base import TableFile, Target, write_plain
from .csvfile import CsvFile
from .csvwrite import default_formats, header_text, record_blocks
from .dialect import Dialect
from .formats import Format
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
    frame: pd.DataFrame, out: str | Path, *, like: Mapping[str, Any] | None = None, overwrite: bool = False
) -> None:
    """Write a frame without its index; the name of the output says the format, ``"-"`` is standard output.

    Arguments:
        frame: the rows.
        out: a path, or ``"-"``: in the format of `like`, else CSV.
        like: the `TableFile.manner` of a table whose manner is taken over as far as the format allows.
        overwrite: replace a file that is there.

    Raises:
        ConfigError: the output is refused.
        DataError: a value cannot be written so.
        FormatError: `like` is not what a table's `manner` gives.
    """
    family = str(like.get("format")) if like else "csv"
    target = Target(format_of(out, family), suffix_of(out))
    manner = _noted(like) if like and target.family == family else None
    with open_output(out, overwrite) as handle:
        if manner is None:
            write_plain(frame, handle, target)
        elif isinstance(manner, _TextManner):
            _write_text(frame, handle, target, manner)
        else:
            schema, compression = manner
            known = set(schema.names) == {str(name) for name in frame.columns}
            write_parquet(to_arrow(frame, schema if known else None), handle, compression)


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
        formats = {name: Format(**form) for name, form in like["columns"].items()}
        return _TextManner(Dialect(**like["dialect"]), str(like["header"]), titles, formats)
    except (KeyError, TypeError, AttributeError, ValueError, pa.ArrowException) as error:
        raise FormatError(f"the manner of the table is spoilt ({error!r}); fit the model again") from error


def _write_text(frame: pd.DataFrame, handle: BinaryIO, target: Target, manner: _TextManner) -> None:
    dialect = replace(manner.dialect, delimiter=manner.dialect.delimiter_for(target.suffix))
    if dialect.single and frame.shape[1] > 1:
        dialect = replace(dialect, delimiter=",")
    names, header = [str(name) for name in frame.columns], manner.header
    if names != list(manner.titles) or dialect.delimiter != manner.dialect.delimiter:
        titles = [manner.titles.get(name, name) for name in names]
        header = header_text(titles, dialect.delimiter, header.startswith('"'))
    formats = [manner.formats.get(name, form) for name, form in zip(names, default_formats(frame), strict=True)]
    handle.write(dialect.start + dialect.encode((header + dialect.newline).encode("utf-8", "surrogatepass")))
    for block in record_blocks(frame, formats, dialect):
        handle.write(block)
