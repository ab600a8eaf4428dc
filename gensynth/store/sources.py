"""The bytes of a table, from a path or from standard input, and what a name says about its format."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import ConfigError, DataError, NoRows, nearest
from .atomic import atomic_write
from .elsewhere import place, reached

TEXT = (".csv", ".tsv", ".txt")
PARQUET = (".parquet", ".pq")
KNOWN = "name it .csv, .tsv or .txt (optionally with .gz), .parquet or .pq"

LONGEST = 64 << 20  # bytes of a line, or of a record
ROOM, SWELLS = 1 << 30, 200  # bytes that a packed file may always have, and how many times its size else

_FOREIGN = {
    b"PK\x03\x04": "is an Excel workbook or a zip archive, not a table of text; save it as CSV",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook, not a table of text; save it as CSV",
    b"BZh": "is compressed with bzip2; unpack it, or compress it with gzip",
    b"\xfd7zXZ": "is compressed with xz; unpack it, or compress it with gzip",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it, or compress it with gzip",
}


@dataclass(frozen=True)
class Source:
    """What was read: the name used in messages, the suffix without ``.gz``, and the bytes, unpacked."""

    name: str
    suffix: str
    content: bytes

    @property
    def is_parquet(self) -> bool:
        """Whether the content says that it is Parquet."""
        return self.content[:4] == b"PAR1"


def read_source(path: str | Path) -> Source:
    """Read a file, or standard input for ``"-"``, whole; gzip is recognised by its first bytes.

    Raises:
        ConfigError: there is no such file, it is a folder, or it cannot be read.
        DataError: it is empty, truncated, or of a foreign format.
    """
    if str(path) == "-":
        name, suffix, content = "standard input", "", sys.stdin.buffer.read()
    else:
        name, suffix, content = str(path), suffix_of(path), _content(place(path))
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, name)
    if not content:
        raise NoRows(f"{name} is empty; a table needs a header and rows")
    for magic, sentence in _FOREIGN.items():
        if content.startswith(magic):
            raise DataError(f"{name} {sentence}")
    source = Source(name, suffix, content)
    if suffix in PARQUET and not source.is_parquet:
        raise DataError(f"{name} is not Parquet, whatever its name says; rename it if it is a table of text")
    return source


def suffix_of(path: str | Path) -> str:
    """Return the suffix in lower case, that before ``.gz`` if it ends so."""
    path = Path(str(path))
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def format_of(out: str | Path, like: str, suffix: str = "") -> str:
    """Return "csv" or "parquet" for an output; ``"-"``, and a suffix that the input has too, are like the input.

    Raises:
        ConfigError: the suffix says neither, or asks for a Parquet file in gzip.
    """
    found = suffix_of(out)
    if str(out) == "-" or (found == suffix and found not in TEXT + PARQUET):
        return like
    if found in PARQUET:
        if str(out).lower().endswith(".gz"):
            raise ConfigError(f"{str(out)!r}: Parquet is compressed already; leave .gz out of its name")
        return "parquet"
    if found in TEXT:
        return "csv"
    raise ConfigError(f"{str(out)!r} does not say what format to write; {KNOWN}")


@contextmanager
def open_output(out: str | Path, overwrite: bool) -> Iterator[BinaryIO]:
    """Open an output for bytes: a file that appears whole, through gzip if named so, or standard output for ``"-"``."""
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with atomic_write(out, overwrite=overwrite) as handle:
        if not str(out).lower().endswith(".gz"):
            yield handle
            return
        # no name and no time inside, so that the same table makes the same bytes
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=handle, mtime=0) as packed:
            yield cast(BinaryIO, packed)


def check_lines(content: bytes, name: str) -> None:
    """Refuse lines longer than `LONGEST`, soon and in no memory. Raises: DataError."""
    start = 0
    while len(content) - start > LONGEST:
        stop = start + LONGEST + 1
        found = max(content.rfind(b"\n", start, stop), content.rfind(b"\r", start, stop))
        if found < 0:
            raise DataError(f"{name} has a line of more than {LONGEST >> 20} MB; is it a table of text?")
        start = found + 1


def _unpacked(content: bytes, name: str) -> bytes:
    most = max(ROOM, SWELLS * len(content))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            found = packed.read(most + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name}: the gzip file is truncated or damaged ({error}); fetch it again") from error
    if len(found) > most:
        raise DataError(f"{name} unpacks to more than {SWELLS} times its size; if that is meant, unpack it first")
    return found


def _content(path: Path) -> bytes:
    try:
        with reached(path):
            return path.read_bytes()
    except FileNotFoundError as error:
        beside = path.parent.iterdir() if path.parent.is_dir() else ()
        names = [other.name for other in beside if other.is_file() or not path.suffix]  # a folder is data too
        raise ConfigError(f"there is no file {str(path)!r}{nearest(path.name, sorted(names))}") from error
    except IsADirectoryError as error:
        raise ConfigError(f"{str(path)!r} is a folder; name a table in it") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ConfigError(f"{str(path)!r} cannot be read: {getattr(error, 'strerror', None) or error}") from error
