"""A CSV file that was read: its rows as a frame, and as the text they are, to be written back unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, BinaryIO, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..errors import DataError, NoRows
from .base import TableFile, Target
from .columns import absent, parse, thousands, type_column, unpad
from .csvwrite import BLOCK, header_names, header_text, record_blocks
from .dialect import Dialect, common_newline, decode, find_delimiter
from .formats import Format, Quoter
from .formulas import Guard, places, runs
from .records import QUOTE, Records, blank, find_records, line_of, without
from .sources import LONGEST, Source, check_lines

_LOOKED_AT = 1000
MOST_COLUMNS = 100_000


class CsvFile(TableFile):
    """A table of text; see `columns` for what becomes a number, and `formats` for how synthetic rows are written.

    Arguments:
        source: what was read.
        dialect: how it is written, where that is known; it is UTF-8 without a mark then.

    Raises:
        DataError: it is not a table of text; the message names file, line and remedy.
    """

    family = "csv"

    def __init__(self, source: Source, dialect: Dialect | None = None) -> None:
        super().__init__(source)
        check_lines(source.content, source.name)
        if dialect is None:
            self._text, encoding, mark = decode(source.content, source.name)
        else:
            self._text, encoding, mark = source.content, dialect.encoding, dialect.mark
        if not self._text.strip():
            raise NoRows(f"{source.name} is empty; a table needs a header and rows")
        delimiter = find_delimiter(self._text, source.suffix, source.name) if dialect is None else dialect.delimiter
        records = find_records(self._text, delimiter)
        if records.opened >= 0:
            self._refuse(records.opened, "opens a double quote that is never closed; close or double it")
        drop = blank(self._text, records)
        first = int(np.argmin(drop))
        drop &= (records.fields[first] > 1) | (np.arange(len(drop)) < first)
        records = without(records, drop)
        self._check_width(records, delimiter)
        if len(records) == 1:
            raise NoRows(f"{source.name} has a header and no rows; add rows")
        self._check_size(records)
        newline = common_newline(self._text, records)
        self._dialect = dialect or Dialect(encoding, mark, delimiter, newline, source.suffix or ".csv")
        self._header = self._text[records.starts[0] : records.stops[0]].decode("utf-8")
        self._records = records
        self._titles = header_names(self._header, delimiter, source.name)
        self._names = _names(self._titles, source.name)
        self._formats, self.frame = self._typed()

    def manner(self) -> dict[str, Any]:
        """Return dialect, titles and formats of the columns, as JSON has them."""
        formats = {name: asdict(form) for name, form in zip(self._names, self._formats, strict=True)}
        return {
            "format": self.family,
            "dialect": asdict(self._dialect),
            "header": self._header,
            "names": self._names,
            "titles": self._titles,
            "columns": formats,
        }

    def texts(self, name: str) -> list[str]:
        """Return the fields of a column as they stand, quotes removed, "" where nothing stands."""
        column = self._columns()[self._names.index(name)]
        fields = unpad(column.dictionary)[0].cast(pa.large_string())
        found: list[str] = fields.take(column.indices).to_pylist()
        return found

    @property
    def dialect(self) -> Dialect:
        """How the file is written."""
        return self._dialect

    @property
    def header(self) -> str:
        """The header as it stands, without its line end."""
        return self._header

    def made(self, frame: pd.DataFrame, mark: bool = False) -> Iterator[bytes]:
        """Yield rows with the columns of the table as its records, with a last field "1" where they are marked."""
        return record_blocks(frame, self._formats, self._dialect, self._mark(1) if mark else None)

    def records(self, frame: pd.DataFrame, mark: bool = False) -> list[bytes]:
        """Return rows as `made` does, in UTF-8, each by itself."""
        plain = replace(self._dialect, encoding="utf-8")
        text = b"".join(record_blocks(frame, self._formats, plain, self._mark(1) if mark else None))
        found = find_records(text, plain.delimiter)
        return [text[start:end] for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]

    def real_tail(self) -> bytes:
        """Return what marks a real record at its end."""
        return (self._dialect.delimiter + self._mark(0)).encode()

    def fields(self, name: str) -> list[str]:
        """Return the fields of a column with the spaces that stand before them."""
        column = self._columns()[self._names.index(name)]
        found: list[str] = column.dictionary.cast(pa.large_string()).take(column.indices).to_pylist()
        return found

    def _mark(self, value: int) -> str:
        return f'"{value}"' if all(form.quoted for form in self._formats) else str(value)

    def top(self, mark: str | None = None) -> bytes:
        """Return the start of the file: its mark, and the header with one more column where that is named."""
        text = self._top(self._dialect, mark, exact=True)
        return self._dialect.start + self._dialect.encode(text.encode("utf-8", "surrogatepass"))

    def _typed(self) -> tuple[list[Format], pd.DataFrame]:
        columns = self._columns()
        delimiter = self._dialect.delimiter
        count = min(_LOOKED_AT, len(self._records) - 1)
        quoted = self._quoted(count)
        formats, series = [], {}
        for i, (name, column) in enumerate(zip(self._names, columns, strict=True)):
            ambiguous = delimiter in "\t|" and thousands(column)
            points = "." if delimiter == "," or self._dialect.single or ambiguous else ".,"
            values, form = type_column(column, points)
            missing = absent(column, count)
            there, gone = quoted[~missing, i], quoted[missing, i]
            form = replace(form, quoted=bool(len(there) and there.all()), missing_quoted=bool(len(gone) and gone.all()))
            formats.append(form)
            series[name] = values
        return formats, pd.DataFrame(series, copy=False)

    def _columns(self) -> list[pa.DictionaryArray]:
        """Return the fields of each column as text."""
        records = self._records
        starts, ends = records.starts[1:], records.ends[1:]
        if int((ends - starts).sum()) == len(self._text) - int(starts[0]):
            body = pa.py_buffer(self._text).slice(int(starts[0]))
        else:  # blank lines are left out
            body = pa.py_buffer(b"".join(self._raw(np.arange(len(starts)))))
        width = len(self._titles)
        try:
            multiline = QUOTE in self._text
            columns = parse(body, width, self._dialect.delimiter, int((ends - starts).max()), multiline)
        except pa.ArrowException as error:
            raise DataError(f"{self.path}: {str(error).splitlines()[0]}") from error
        if len(columns[0]) != len(starts):
            raise DataError(
                f"{self.path} has {len(starts):,} records of which {len(columns[0]):,} could be read; "
                "save it with one kind of line ends and quotes doubled inside quoted fields"
            )
        return columns

    @cached_property
    def _bounds(self) -> tuple[list[int], list[int], list[int]]:
        """Where records start, stop and end, as Python's numbers; the header is left out."""
        records = self._records
        return records.starts[1:].tolist(), records.stops[1:].tolist(), records.ends[1:].tolist()

    def _raw(
        self, rows: NDArray[np.int64], tail: str = "", followed: bool = True, guard: Guard | None = None
    ) -> Iterator[bytes]:
        """Yield records as they stand, `tail` before their line ends; one without gets it unless it comes last."""
        unsafe = {} if guard is None else places(self._text, self._records, self._columns())
        text, added, newline = self._text, tail.encode(), self._dialect.newline.encode()
        starts, stops, ends = self._bounds
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            if added:
                pieces = [text[starts[i] : stops[i]] + added + text[stops[i] : ends[i]] for i in block.tolist()]
            else:
                pieces = [text[starts[i] : ends[i]] for i in block.tolist()]
            if guard is not None and unsafe:
                for j, i in enumerate(block.tolist()):
                    pieces[j] = guard.record(pieces[j], unsafe[i]) if i in unsafe else pieces[j]
            if stops[-1] == ends[-1]:
                for j in np.flatnonzero(block == len(ends) - 1).tolist():
                    pieces[j] += newline if followed or first + j + 1 < len(rows) else b""
            yield b"".join(pieces)

    def _quoted(self, count: int) -> NDArray[np.bool_]:
        """Return which fields of the first records start with a quote. Shape: (count, columns)."""
        records, width = self._records, len(self._titles)
        starts = np.empty((count, width), dtype=np.int64)
        starts[:, 0] = records.starts[1 : count + 1]
        places = np.searchsorted(records.separators, starts[:, 0])
        for i in range(1, width):
            starts[:, i] = records.separators[places + i - 1] + 1
        text = np.frombuffer(self._text, dtype=np.uint8)
        found: NDArray[np.bool_] = text[np.minimum(starts, len(text) - 1)] == QUOTE
        return found

    def _write(
        self,
        handle: BinaryIO,
        target: Target,
        rows: NDArray[np.int64],
        synthetic: pd.DataFrame | None,
        mark: str | None,
        guard: Guard | None,
    ) -> None:
        dialect = replace(self._dialect, delimiter=self._dialect.delimiter_for(target.suffix))
        if mark is not None and dialect.single:
            dialect = replace(dialect, delimiter=",")
        exact = dialect.delimiter == self._dialect.delimiter
        real, made = (None, None) if mark is None else (self._mark(0), self._mark(1))
        handle.write(
            dialect.start + dialect.encode(self._top(dialect, mark, exact, guard).encode("utf-8", "surrogatepass"))
        )
        if exact:
            tail = "" if real is None else dialect.delimiter + real
            for text in self._raw(rows, tail, synthetic is not None and len(synthetic) > 0, guard):
                handle.write(dialect.encode(text))
        else:
            plain = [replace(form, kind="text", missing="", missing_quoted=False) for form in self._formats]
            for text in record_blocks(self._fields().iloc[rows], plain, dialect, real, guard):
                handle.write(text)
        if synthetic is not None:
            for text in record_blocks(synthetic, self._formats, dialect, made, guard):
                handle.write(text)

    def _top(self, dialect: Dialect, mark: str | None, exact: bool, guard: Guard | None = None) -> str:
        """Return the header with its line end: the very text where nothing about it changes."""
        quoted = self._header.startswith('"')
        exact = exact and not (guard is not None and any(map(runs, self._titles)))
        text = self._header if exact else header_text(self._titles, dialect.delimiter, quoted, guard)
        if mark is not None:
            text += dialect.delimiter + Quoter(dialect.delimiter)(mark, quoted)
        return text + self._text[self._records.stops[0] : self._records.ends[0]].decode("ascii")

    def _fields(self) -> pd.DataFrame:
        """Return all fields as text, for another delimiter; a field that is empty is missing."""
        found = {}
        for i, column in enumerate(self._columns()):
            fields = unpad(column.dictionary)[0].cast(pa.large_string())
            filled = pc.if_else(pc.equal(fields, ""), None, fields)
            found[i] = filled.take(column.indices).to_pandas()
        return pd.DataFrame(found)

    def _check_width(self, records: Records, delimiter: str) -> None:
        wrong = np.flatnonzero(records.fields != records.fields[0])
        if not len(wrong):
            return
        found, expected = int(records.fields[wrong[0]]), int(records.fields[0])
        shown = {"\t": "tabs"}.get(delimiter, f"{delimiter!r}")
        more = f" (and {len(wrong) - 1:,} more records differ)" if len(wrong) > 1 else ""
        self._refuse(
            int(records.starts[wrong[0]]),
            f"has {found} field{'s' if found > 1 else ''} and the header has {expected}, divided by {shown}{more}; "
            "correct it, or put fields that hold the delimiter in double quotes",
        )

    def _check_size(self, records: Records) -> None:
        if records.fields[0] > MOST_COLUMNS:
            raise DataError(
                f"{self.path} has {records.fields[0]:,} columns, and the most are {MOST_COLUMNS:,}; drop some"
            )
        longest = int(np.argmax(records.ends - records.starts))
        if records.ends[longest] - records.starts[longest] > LONGEST:
            what = f"begins a record of more than {LONGEST >> 20} MB; is every double quote closed?"
            self._refuse(int(records.starts[longest]), what)

    def _refuse(self, position: int, what: str) -> NoReturn:
        raise DataError(f"{self.path}, line {line_of(self._text, position)} {what}")


def _names(titles: list[str], name: str) -> list[str]:
    """Return the names of the columns: titles without spaces around them, "Unnamed: 0" for one without a title."""
    names = [title.strip() or f"Unnamed: {i}" for i, title in enumerate(titles)]
    twice = sorted({found for found in names if names.count(found) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"{name} has several columns named {', '.join(map(repr, twice))}; rename all but one")
    return names
