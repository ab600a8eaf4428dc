"""The records of a CSV file as offsets into its bytes, found without copying or parsing the fields.

Quotes follow RFC 4180 as Python's ``csv`` reads it: a quote opens only at the start of a field, a doubled one inside
stands for itself, and a quote anywhere else is an ordinary character. Where every quote that follows an even number of
quotes stands at the start of a field (as good as always) the parity of quotes says what is quoted; else a scan of the
quotes does. A record ends at a line feed, a carriage return, or both, outside quotes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Offsets: TypeAlias = NDArray[np.int64]

QUOTE, LF, CR = b'"'[0], b"\n"[0], b"\r"[0]


@dataclass(frozen=True)
class Records:
    """Where each record starts, where its text stops, and where it ends with its terminator; how many fields it has.

    Shape: starts, stops, ends, fields (n,); separators (any,), the delimiters between fields, in order.
    `opened` is the position of a quote that is never closed, or -1.
    """

    starts: Offsets
    stops: Offsets
    ends: Offsets
    fields: Offsets
    separators: Offsets
    opened: int

    def __len__(self) -> int:
        return len(self.starts)


def find_records(data: bytes, delimiter: str) -> Records:
    """Split the bytes into records; an empty file has none, and a last record may lack its terminator."""
    array = np.frombuffer(data, dtype=np.uint8)
    code = ord(delimiter)
    quoted, opened = _quoted(array, code)
    feeds = _positions(array, LF, quoted)
    ends, stops = feeds + 1, feeds
    returns = _positions(array, CR, quoted)
    if len(returns):
        last = returns == len(array) - 1
        alone = returns[last | (array[np.minimum(returns + 1, len(array) - 1)] != LF)]
        paired = np.zeros(len(feeds), dtype=np.int64)
        paired[feeds > 0] = array[feeds[feeds > 0] - 1] == CR
        ends = np.concatenate([ends, alone + 1])
        stops = np.concatenate([feeds - paired, alone])
        order = np.argsort(ends, kind="stable")
        ends, stops = ends[order], stops[order]
    if len(array) and (not len(ends) or ends[-1] < len(array)):
        ends, stops = np.append(ends, len(array)), np.append(stops, len(array))
    starts = np.concatenate([np.zeros(min(1, len(ends)), dtype=np.int64), ends[:-1]])
    separators = _positions(array, code, quoted)
    before = np.searchsorted(separators, ends)
    fields = np.diff(before, prepend=0) + 1
    return Records(starts, stops, ends, fields, separators, opened)


def without(records: Records, dropped: NDArray[np.bool_]) -> Records:
    """Return the records that are not dropped; their separators stay."""
    if not dropped.any():
        return records
    keep = ~dropped
    parts = (records.starts[keep], records.stops[keep], records.ends[keep], records.fields[keep])
    return Records(*parts, records.separators, records.opened)


def blank(data: bytes, records: Records) -> NDArray[np.bool_]:
    """Return which records hold nothing but spaces. Shape: (n,)."""
    found = np.asarray(records.stops == records.starts, dtype=bool)
    first = np.frombuffer(data, dtype=np.uint8)[np.minimum(records.starts, len(data) - 1)]
    for i in np.flatnonzero(~found & (first == b" "[0]) & (records.fields == 1)):
        found[i] = not data[records.starts[i] : records.stops[i]].strip()
    return found


def line_of(data: bytes, position: int) -> int:
    """Return the number, from 1, of the line of text that holds the position, as an editor counts."""
    return len(re.findall(rb"\r\n|\r|\n", data[:position])) + 1


def _positions(array: Bytes, code: int, quoted: NDArray[np.bool_] | None) -> Offsets:
    found = array == code
    if quoted is not None:
        found &= ~quoted
    return np.flatnonzero(found).astype(np.int64, copy=False)


def _quoted(array: Bytes, delimiter: int) -> tuple[NDArray[np.bool_] | None, int]:
    """Return which bytes are inside quotes (None where the file has none), and the quote left open, or -1."""
    toggles = array == QUOTE
    quotes = np.flatnonzero(toggles)
    if not len(quotes):
        return None, -1
    opening = quotes[::2]
    before = array[np.maximum(opening - 1, 0)]
    clean = (opening == 0) | np.isin(before, np.array([delimiter, LF, CR, QUOTE], dtype=np.uint8))
    opened = -1
    if not clean.all():
        places, opened = _scan(array, quotes, delimiter)
        toggles = np.zeros(len(array), dtype=bool)
        toggles[places] = True
    elif len(quotes) % 2:
        opened = _scan(array, quotes, delimiter)[1]
    return np.logical_xor.accumulate(toggles), opened


def _scan(array: Bytes, quotes: Offsets, delimiter: int) -> tuple[Offsets, int]:
    """Return the quotes that open and close fields, and the one left open, or -1, by going through all quotes.

    Of quotes side by side those inside a field stand for themselves in pairs, so that an odd number of them closes it;
    an odd number opens one where a field starts, and any number is text elsewhere. So each such run turns the state,
    ends it, or leaves it.
    """
    first = np.flatnonzero(np.diff(quotes, prepend=-2) != 1)
    runs, odd = quotes[first], np.diff(first, append=len(quotes)) % 2 == 1
    before = array[np.maximum(runs - 1, 0)]
    at_start = (runs == 0) | np.isin(before, np.array([delimiter, LF, CR], dtype=np.uint8))
    turns = np.cumsum(at_start & odd)
    ends = ~at_start & odd
    settled = np.maximum.accumulate(np.where(ends, turns, 0))  # turns up to the last run that ended all
    inside = (turns - settled) % 2 == 1
    was = np.concatenate([[False], inside[:-1]])
    last = quotes[np.append(first[1:], len(quotes)) - 1]
    places = np.where(inside, runs, last)[inside != was]
    opened = int(places[-1]) if len(inside) and inside[-1] else -1
    return places, opened
