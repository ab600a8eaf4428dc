"""Tables of text that are read some records at a time: one file, or a folder of them with the same header."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from ...errors import DataError
from ..base import TableFile
from ..columns import is_missing, parse, type_column, unpad
from ..csvfile import CsvFile
from ..elsewhere import new_file, place
from ..records import QUOTE, Records, blank, find_records, line_of, without
from ..sources import LONGEST, Source, suffix_of
from .base import Added, Part, Piece, Stream
from .mixing import Mixing
from .text import Text, beginnings, opened, read, unpacked

_FIRST = 1000  # rows that tell what columns may hold
READ = 8 << 20  # bytes that are read at a time


class CsvStream(Stream):
    """Tables of text. Arguments: the path and the files that it stands for. Raises: DataError where they are none."""

    family = "csv"

    def __init__(self, path: str | Path, files: Sequence[str]) -> None:
        self.path, self.files, self.is_folder = str(path), [*files], place(path).is_dir()
        heads, size = beginnings(self.files, _FIRST)
        head = heads[0]
        self.dialect, self.header, self.names = head.dialect, head.header, [str(name) for name in head.frame.columns]
        self._row, self._headed = max(size // sum(map(len, heads)), 1), head.path
        alike = [each.frame for each in heads if each.header == head.header]
        self._first = pd.concat(alike, ignore_index=True).iloc[:_FIRST]

    def parts(self) -> list[Part]:
        """Return a part for each file: where its records begin, only reading it tells."""
        return [Part(file << 32, file) for file in range(len(self.files))]

    def pieces(self, part: Part, target: str) -> Iterator[Piece]:  # noqa: D102
        place = self.names.index(target)
        for number, (text, records) in enumerate(self.records(part.file), part.number):
            if not len(records):
                continue
            starts, ends = records.starts, records.ends
            body = text[starts[0] : ends[-1]]
            if int((ends - starts).sum()) != len(body):  # blank lines are left out
                body = b"".join(text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True))
            offsets = np.concatenate([[0], np.cumsum(ends - starts)])
            if not body.endswith((b"\n", b"\r")):
                body += self.dialect.newline.encode()
                offsets[-1] = len(body)
            buffers = [None, pa.py_buffer(offsets.astype(np.int64)), pa.py_buffer(body)]
            rows = pa.Array.from_buffers(pa.large_binary(), len(starts), buffers)
            fields = self._fields(buffers[2], place, int(np.diff(offsets).max()), len(starts))
            yield Piece(number, self._labels(fields, target), pa.table({"record": rows}), len(text))

    def records(self, file: int) -> Iterator[tuple[bytes, Records]]:
        """Yield text as UTF-8 and the whole records in it, the header left out. Raises: DataError, naming the line."""
        name, width = self.files[file], len(self.names)
        rest, line, first = b"", 1, True
        reader = Text(name, self.dialect)
        with opened(name) as handle:
            while True:
                new = reader(read(handle, name, READ))
                text = rest + new
                records = find_records(text, self.dialect.delimiter)
                over = reader.ended
                cut = len(text) if over else _whole(text, records)
                if over and records.opened >= 0:
                    where = line + line_of(text, records.opened) - 1
                    raise DataError(
                        f"{name}, line {where} opens a double quote that is never closed; close or double it"
                    )
                if len(text) - cut > LONGEST:
                    raise DataError(f"{name}, line {line + line_of(text, cut) - 1} is longer than "
                                    f"{LONGEST >> 20} MB: is it a table, and is every quote closed?")  # fmt: skip
                keep = records.ends <= cut
                records = without(records, ~keep)
                records = without(records, blank(text, records)) if len(records) else records
                if first and len(records):
                    self._check_header(text, records, name)
                    records, first = without(records, np.arange(len(records)) == 0), False
                self._check_width(text, records, name, line, width)
                yield text, records
                rest, line = text[cut:], line + line_of(text, cut) - 1
                if over:
                    if reader.encoding != self.dialect.encoding:  # what is made is written like the rest
                        self.dialect = replace(self.dialect, encoding=reader.encoding)
                    return

    def first(self) -> pd.DataFrame:  # noqa: D102
        return self._first

    def column(self, piece: Piece, name: str) -> pd.Series:  # noqa: D102
        records = piece.rows.column("record").combine_chunks()
        longest = int(np.diff(np.frombuffer(records.buffers()[1], dtype=np.int64)).max())
        fields = self._fields(records.buffers()[2], self.names.index(name), longest, len(records))
        found, _ = type_column(fields, ".")
        return found.rename(name)

    def table(self, rows: pa.Table) -> TableFile:  # noqa: D102
        newline = self.dialect.newline.encode()
        body = b"".join(rows.column("record").combine_chunks().to_pylist())
        source = Source(self.path, suffix_of(self.files[0]), self.header.encode() + newline + body)
        return CsvFile(source, self.dialect)

    def keys(self, table: TableFile, target: str) -> list[Any]:  # noqa: D102
        assert isinstance(table, CsvFile)
        return table.fields(target)

    def length(self) -> int:  # noqa: D102
        return sum(map(unpacked, self.files))

    def size(self) -> int:  # noqa: D102
        return 4 * self.length()

    def row_bytes(self) -> int:  # noqa: D102
        return self._row

    def copy(self, handle: BinaryIO, added: Added, step: Callable[[int], None]) -> None:
        """Write all records as they stand, and made ones among them or behind; see `Stream`."""
        like, marked = added.like, added.mark is not None
        assert isinstance(like, CsvFile)
        mixing = None if added.seed is None else Mixing(added, self.length())
        if mixing is None and not marked:
            ended = _copied(self.files[0], handle, step)
        else:
            ended = self._rewritten(handle, like, added.mark, mixing, step)
        for frame in added.made if mixing is None else mixing.rest():
            if not ended and len(frame):
                handle.write(self.dialect.encode(self.dialect.newline.encode()))
                ended = True
            for text in like.made(frame, marked):
                handle.write(text)

    def write_part(self, into: Path, name: str, made: pd.DataFrame, like: TableFile, mark: str | None) -> None:
        """Write made rows as a file with the header of the table; see `Stream`."""
        assert isinstance(like, CsvFile)
        with new_file(into / f"{name}{suffix_of(self.files[0]) or '.csv'}") as handle:
            handle.write(like.top(mark))
            for text in like.made(made, mark is not None):
                handle.write(text)

    def _rewritten(
        self, handle: BinaryIO, like: CsvFile, mark: str | None, mixing: Mixing | None, step: Callable[[int], None]
    ) -> bool:
        """Write all records, marked or with made ones among them; return whether the last one is ended."""
        handle.write(like.top(mark))
        tail = b"" if mark is None else like.real_tail()
        newline, ended = self.dialect.newline.encode(), True
        for text, records in self.records(0):
            bounds = zip(records.starts.tolist(), records.stops.tolist(), records.ends.tolist(), strict=True)
            pieces = [text[start:stop] + tail + text[stop:end] for start, stop, end in bounds]
            ended = bool(records.stops[-1] < records.ends[-1]) if pieces else ended
            made = None if mixing is None or not pieces else mixing.rows(len(text))
            if mixing is not None and made is not None:
                pieces[-1] += b"" if ended else newline
                rows = [*pieces, *like.records(made, mark is not None)]
                pieces, ended = [rows[place] for place in mixing.order(len(pieces), len(made)).tolist()], True
            handle.write(self.dialect.encode(b"".join(pieces)))
            step(len(text))
        return ended

    def _fields(self, body: pa.Buffer, place: int, longest: int, n: int) -> pa.DictionaryArray:
        """Return the fields of one column of records. Shape: (n,). Raises: DataError."""
        try:
            width, multiline = len(self.names), QUOTE in memoryview(body).tobytes()
            column = parse(body, width, self.dialect.delimiter, longest, multiline, only=place)[0]
        except pa.ArrowException as error:
            raise DataError(f"{self.path}: {str(error).splitlines()[0]}") from error
        if len(column) != n:
            raise DataError(
                f"{self.path}: of {n:,} records {len(column):,} could be read; "
                "save it with one kind of line ends and quotes doubled inside quoted fields"
            )
        return column

    def _labels(self, column: pa.DictionaryArray, target: str) -> pd.Categorical:
        """Return the labels of records as they stand, quotes removed, spaces before them kept. Shape: (n,)."""
        fields, codes = column.dictionary.cast(pa.large_string()), column.indices.to_numpy()
        gone = is_missing(unpad(fields)[0])[codes]
        if gone.any():
            raise DataError(f"{self.path}: {int(gone.sum()):,} rows or more have no label in column {target!r}: fill "
                            "them in or leave those rows out (an empty cell, NA, None, null and the like count as "
                            "missing)")  # fmt: skip
        places, names = pd.factorize(np.array(fields.to_pylist(), dtype=object))
        made: pd.Categorical = pd.Categorical.from_codes(places[codes], pd.Index(names))
        return made

    def _check_header(self, text: bytes, records: Records, name: str) -> None:
        header = text[records.starts[0] : records.stops[0]].decode("utf-8", "replace")
        if header != self.header:
            raise DataError(f"{name} begins with another header than {self._headed}: {header:.80}")

    def _check_width(self, text: bytes, records: Records, name: str, line: int, width: int) -> None:
        wrong = np.flatnonzero(records.fields != width)
        if len(wrong):
            where = line + line_of(text, int(records.starts[wrong[0]])) - 1
            found = records.fields[wrong[0]]
            raise DataError(
                f"{name}, line {where} has {found} fields and the header has {width}; correct it, or "
                "put fields that hold the delimiter in double quotes"
            )


def _whole(text: bytes, records: Records) -> int:
    """Return where the last record ends of which more text cannot change anything."""
    if not len(records):
        return 0
    if records.opened < 0 and text.endswith(b"\n"):
        return len(text)
    return int(records.starts[-1])


def _copied(path: str, handle: BinaryIO, step: Callable[[int], None]) -> bool:
    """Write the bytes of a file; return whether its last record is ended."""
    last = b""
    with opened(path) as source:
        while chunk := read(source, path, READ):
            handle.write(chunk)
            last = (last + chunk)[-2:]
            step(len(chunk))
    return last.strip(b"\0")[-1:] in (b"\n", b"\r")
