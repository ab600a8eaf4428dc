"""The text of a file, some of it at a time, and what its beginning says of how it is written."""

from __future__ import annotations

import codecs
import gzip
import warnings
import zlib
from collections.abc import Sequence
from typing import BinaryIO, cast

from ...errors import ConfigError, DataError, GensynthWarning, NoRows
from ..csvfile import CsvFile
from ..dialect import Dialect, common_newline, decode, find_delimiter, not_utf8
from ..elsewhere import is_elsewhere, place, reached
from ..records import find_records
from ..sources import LONGEST, Source, suffix_of

HEAD = 1 << 20  # bytes that tell how a file is written
_WIDE = {codecs.BOM_UTF16_LE: b"\n\0", codecs.BOM_UTF16_BE: b"\0\n"}


class Text:
    """Bytes to UTF-8, some at a time.

    What begins as ASCII and goes on as something that is not UTF-8 is Windows-1252, or Latin-1 where that has no
    character, as in `dialect.decode`.

    Arguments:
        name: of the file.
        dialect: what its beginning says.
    """

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name, self.encoding, self.ended = name, dialect.encoding, False
        self._start = dialect.start
        self._decoder = codecs.getincrementaldecoder(dialect.encoding)()
        self._plain = True  # nothing but ASCII so far

    def __call__(self, chunk: bytes) -> bytes:
        """Return what follows; an empty chunk ends it. Raises: DataError where it is no text."""
        self.ended = not chunk
        if self._start and chunk:
            chunk, self._start = chunk.removeprefix(self._start), b""
        if self.encoding == "utf-8" and self._plain and chunk.isascii():
            text = chunk
        else:
            text = self._decoded(chunk).encode("utf-8", "surrogatepass")
            self._plain = False
        if b"\0" in text:
            raise DataError(f"{self.name} is not text (it holds a zero byte)")
        return text

    def _decoded(self, chunk: bytes) -> str:
        try:
            return self._decoder.decode(chunk, final=self.ended)
        except UnicodeDecodeError as error:
            if self._plain and self.encoding == "utf-8":
                for encoding in ("cp1252", "latin-1"):
                    self.encoding, self._decoder = encoding, codecs.getincrementaldecoder(encoding)()
                    try:
                        text = self._decoder.decode(chunk)
                    except UnicodeDecodeError:
                        continue
                    warnings.warn(not_utf8(self.name, encoding), GensynthWarning, stacklevel=2)
                    return text
            if self.encoding == "cp1252":
                self.encoding, self._decoder = "latin-1", codecs.getincrementaldecoder("latin-1")()
                return self._decoder.decode(chunk)
            found = bytes(error.object[error.start : error.start + 1]).hex()
            raise DataError(
                f"{self.name}: the byte 0x{found} is no {self.encoding}, and what stands before it is: save the whole "
                "file in one encoding"
            ) from error


def beginning(path: str) -> tuple[CsvFile, int]:
    """Return the first records of a file as a table, and how many bytes they are.

    Raises:
        DataError: it is no table of text, or its first lines are longer than `LONGEST`.
    """
    size, suffix = HEAD, suffix_of(path)
    while True:
        with opened(path) as handle:
            content = read(handle, path, size)
        if len(content) < size:
            return CsvFile(Source(path, suffix, content)), len(content)
        text, encoding, mark = decode(_lines(content), path)
        delimiter = find_delimiter(text, suffix, path)
        records = find_records(text, delimiter)
        if records.opened >= 0:
            text = text[: records.starts[-1]]
            records = find_records(text, delimiter)
        if len(records) > 2:
            dialect = Dialect(encoding, mark, delimiter, common_newline(text, records), suffix or ".csv")
            return CsvFile(Source(path, suffix, text), dialect), len(text)
        if size >= LONGEST:
            raise DataError(f"{path}: its first lines are longer than {size >> 20} MB: is it a table, and is every "
                            "quote closed?")  # fmt: skip
        size *= 8


def beginnings(files: Sequence[str], rows: int) -> tuple[list[CsvFile], int]:
    """Return what begins the files, until so many rows are there, and how many bytes that is.

    Raises: as `beginning`; NoRows where no file has any.
    """
    found: list[CsvFile] = []
    size, empty = 0, None
    for file in files:
        try:
            head, more = beginning(file)
        except NoRows as error:
            empty = empty or error
            continue
        found, size = [*found, head], size + more
        if sum(map(len, found)) >= rows:
            break
    if not found and empty is not None:
        raise empty
    return found, size


def opened(path: str) -> BinaryIO:
    """Open a file, through gzip where it is one. Raises: ConfigError where it cannot be read."""
    try:
        with reached(path):
            handle = place(path).open("rb")
            start = handle.read(2)
    except OSError as error:
        raise ConfigError(f"{path!r} cannot be read: {error.strerror}") from error
    if start == b"\x1f\x8b":
        if is_elsewhere(path):
            handle.seek(0)
            return cast(BinaryIO, gzip.open(handle, "rb"))
        handle.close()
        return cast(BinaryIO, gzip.open(path, "rb"))
    handle.seek(0)
    return handle


def read(handle: BinaryIO, name: str, size: int) -> bytes:
    """Return so many bytes, fewer at the end. Raises: DataError where they cannot be read or unpacked."""
    try:
        return handle.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: the gzip file is truncated or damaged ({error}); fetch it again") from error
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error


def unpacked(path: str) -> int:
    """Return how many bytes a file has, by a guess where it is packed."""
    size = place(path).stat().st_size
    with place(path).open("rb") as handle:
        return size * 8 if handle.read(2) == b"\x1f\x8b" else size


def _lines(content: bytes) -> bytes:
    """Return bytes up to the last line end; all of them where there is none."""
    feed = next((feed for mark, feed in _WIDE.items() if content.startswith(mark)), None)
    if feed is None:
        return content[: max(content.rfind(b"\n"), content.rfind(b"\r")) + 1] or content
    end = content.rfind(feed)
    while end > 0 and end % 2:
        end = content.rfind(feed, 0, end)
    return content[: end + 2] if end > 0 else content[: len(content) // 2 * 2]
