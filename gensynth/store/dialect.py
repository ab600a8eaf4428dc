"""How the text of a CSV file is written: encoding, byte order mark, delimiter, line ends.

Inside, everything is UTF-8 without a mark; `Dialect.encode` gives the bytes of the file back.
"""

from __future__ import annotations

import codecs
import re
import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..errors import DataError, GensynthWarning
from .records import Records, blank, find_records, line_of, without

DELIMITERS = (",", ";", "\t", "|")
_SINGLE = "\x1f\x1e\x1d\x1c\x01\x02\x03"  # stand in for the delimiter of a table of one column: text holds none

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF8 = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}")  # letters in it, rare elsewhere
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


@dataclass(frozen=True)
class Dialect:
    """What a file shows before its columns are looked at; `suffix` is that of its name, without ``.gz``."""

    encoding: str = "utf-8"
    mark: bool = False
    delimiter: str = ","
    newline: str = "\n"
    suffix: str = ".csv"

    def checked(self) -> Self:
        """Return it. Raises: ValueError, TypeError where no file is written so, as where a model is spoilt."""
        known = (*(name for _, name in _MARKS), "cp1252", "latin-1")
        marked = not self.mark or self.encoding in known[: len(_MARKS)]
        ends = self.newline in ("\n", "\r\n", "\r") and self.suffix == self.suffix.lower()
        if self.encoding not in known or not marked or len(self.delimiter.encode()) != 1 or not ends:
            raise ValueError(f"no file is written as {self}")
        return self

    @property
    def single(self) -> bool:
        """Whether the file has one column and no delimiter of its own."""
        return self.delimiter in _SINGLE

    @property
    def start(self) -> bytes:
        """The byte order mark, or nothing."""
        return next(mark for mark, name in _MARKS if name == self.encoding) if self.mark else b""

    def encode(self, text: bytes) -> bytes:
        """Return UTF-8 in the encoding of the file.

        Raises:
            DataError: a character does not exist in that encoding.
        """
        if self.encoding == "utf-8":
            return text
        try:
            return text.decode("utf-8").encode(self.encoding)
        except UnicodeEncodeError as error:
            found = error.object[error.start]
            raise DataError(f"{found!r} cannot be written in {self.encoding}; save the table as UTF-8 first") from error

    def delimiter_for(self, suffix: str) -> str:
        """Return the delimiter for an output of this suffix: its own unless the suffix says another."""
        if suffix == ".tsv":
            return "\t"
        return "," if suffix == ".csv" and self.suffix == ".tsv" else self.delimiter


def decode(content: bytes, name: str) -> tuple[bytes, str, bool]:
    """Return the text as UTF-8 without a mark, the encoding found, and whether a mark was there.

    A mark decides; else what is UTF-8 is UTF-8, and the rest is Windows-1252, or Latin-1 where that has no character,
    of which a warning tells.

    Raises:
        DataError: it is not text.
    """
    encoding, mark = "utf-8", False
    for start, found in _MARKS:
        if content.startswith(start):
            content, encoding, mark = content[len(start) :], found, True
            break
    if encoding != "utf-8" or not _is_utf8(content):
        given = content
        encoding, content = _recode(content, [encoding] if mark else ["cp1252", "latin-1"], name)
        if not mark and b"\0" not in content:
            warnings.warn(_assumed(given, encoding, name), GensynthWarning, stacklevel=4)
    if b"\0" in content:
        wide = content[:1000].count(b"\0") * 3 > len(content[:1000])
        how = (
            "save it as UTF-8; it looks like UTF-16 or UTF-32"
            if wide
            else "give a CSV, or name a Parquet file .parquet"
        )
        raise DataError(f"{name} is not text (it holds a zero byte); {how}")
    return content, encoding, mark


def not_utf8(name: str, encoding: str, line: int | None = None, both: bool = False) -> str:
    """Return the sentence on what a file that is not UTF-8 is taken for; `both` says that parts of it look like it."""
    known = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}[encoding]
    where = "" if line is None else f" (line {line} is not)"
    hint = "if letters are read wrongly, save it as UTF-8"
    if both:
        hint = "other lines look like UTF-8, whose letters are read wrongly then: save all of it in one encoding"
    return f"{name} is not UTF-8{where} and is taken for {known}, in which it is written again; {hint}"


def _assumed(content: bytes, encoding: str, name: str) -> str:
    try:
        content.decode("utf-8")
        line = None
    except UnicodeDecodeError as error:
        line = line_of(content, error.start)
    return not_utf8(name, encoding, line, both=_UTF8.search(content) is not None)


def _is_utf8(content: bytes) -> bool:
    if content.isascii():
        return True
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _recode(content: bytes, encodings: list[str], name: str) -> tuple[str, bytes]:
    for encoding in encodings:
        try:
            return encoding, content.decode(encoding).encode("utf-8")
        except UnicodeError:
            continue
    raise DataError(f"{name} is marked as {encodings[0]} and is not; save it as UTF-8")


def find_delimiter(text: bytes, suffix: str, name: str) -> str:
    """Return the delimiter: a tab for ``.tsv``, else the one under which header and first records agree best.

    Under a delimiter that serves, the header has at least two fields, and at least half of the records as many. Without
    any the table has one column, whatever its rows hold, and a character that
    the text lacks is returned.

    Raises:
        DataError: two serve as well as each other, or header and records are divided differently.
    """
    if suffix == ".tsv":
        return "\t"
    found = {delimiter: _counts(text, delimiter) for delimiter in DELIMITERS}
    wide = {d: counts for d, counts in found.items() if counts[0] > 1 and not _is_prose(text, d, counts)}
    if not wide:
        return next((sign for sign in _SINGLE if sign.encode() not in text), ",")
    shares = {d: float((counts[1:] == counts[0]).mean()) if len(counts) > 1 else 1.0 for d, counts in wide.items()}
    ranks = {d: (shares[d], int(counts[0])) for d, counts in wide.items()}
    best = max(ranks.values())
    chosen = [d for d in wide if ranks[d] == best]
    others = [d for d, counts in found.items() if d not in chosen and (counts[1:] > 1).any()]
    if len(chosen) > 1:
        raise DataError(
            f"{name}: {_NAMES[chosen[0]]} and {_NAMES[chosen[1]]} divide it equally well; "
            "put fields that hold either in double quotes, or save it with tabs as .tsv"
        )
    if best[0] < 0.5 and others and (wide[chosen[0]][1:] == 1).all():
        raise DataError(
            f"{name}: the header is divided by {_NAMES[chosen[0]]} and the rows by {_NAMES[others[0]]}; use one of them"
        )
    return chosen[0]


def _counts(text: bytes, delimiter: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the number of fields of the header and the first records, at most 500, that are not blank."""
    size = 1 << 16
    while True:
        head = text[:size]
        records = find_records(head, delimiter)
        records = without(records, blank(head, records))
        whole = len(records) - (size < len(text))
        if whole >= 2 or size >= len(text):
            return records.fields[: max(min(whole, 500), 1)]
        size *= 16


def _is_prose(text: bytes, delimiter: str, counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    """Whether the delimiter is only punctuation: each in the header has a space after it, and rows do not agree."""
    if len(counts) > 1 and (counts[1:] == counts[0]).mean() >= 0.5:
        return False
    header = text.lstrip(b"\r\n").splitlines()[0].decode("utf-8")
    return all(part.startswith(" ") for part in header.split(delimiter)[1:])


def common_newline(text: bytes, records: Records) -> str:
    """Return the commonest way in which the first records end."""
    ends = [text[stop:end] for stop, end in zip(records.stops[:1000], records.ends[:1000], strict=True)]
    found = {end: ends.count(end) for end in (b"\n", b"\r\n", b"\r") if end in ends}
    return max(found, key=lambda end: found[end]).decode() if found else "\n"
