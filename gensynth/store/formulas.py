"""Fields that a spreadsheet would run as a formula, turned into text by an apostrophe before them.

Reference: OWASP, "CSV Injection": what begins with one of `STARTS` is run, whatever the column holds.

DIFFERS from OWASP: plain numbers ("-1.5", "+3", "-5 %" not) and the words for missing values stay as they are, since
they are no formulas and would no longer be read as what they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import MISSING
from .records import QUOTE, Records

STARTS = "=+-@\t\r\n＝＋－＠"  # the last four are the first four as wide as Chinese characters
_BEGINS = rf"\A *[{re.escape(STARTS)}]"
_NUMBER = re.compile(r"[-+](?:[0-9][0-9.,]*|[.,][0-9]+)(?:[eE][-+]?[0-9]+)?%?\Z|[-+](?:inf|infinity)\Z", re.IGNORECASE)


def runs(text: str) -> bool:
    """Whether a spreadsheet would run a field. Spaces before it do not count.

    >>> [runs(text) for text in ("=1+1", " @SUM(A1)", "-1.5", "-x", "a=b")]
    [True, True, False, True, False]
    """
    bare = text.lstrip(" ")
    return bare[:1] in [*STARTS] and not _NUMBER.match(bare) and bare not in MISSING


class Guard:
    """Puts an apostrophe before fields that a spreadsheet would run, and counts them in `changed`."""

    def __init__(self) -> None:
        self.changed = 0

    def __call__(self, text: str) -> str:
        """Return the text of a field, made safe."""
        if not runs(text):
            return text
        self.changed += 1
        bare = text.lstrip(" ")
        return f"{text[: len(text) - len(bare)]}'{bare}"

    def record(self, text: bytes, places: Sequence[int]) -> bytes:
        """Return the text of a record with an apostrophe at each of some places."""
        self.changed += len(places)
        return b"'".join(text[start:end] for start, end in pairwise([0, *places, len(text)]))


def places(text: bytes, records: Records, columns: Sequence[pa.DictionaryArray]) -> dict[int, list[int]]:
    """Return where an apostrophe is to stand, in bytes from the start of a record, by the number of the row.

    Arguments:
        text: the file.
        records: its records, the header first.
        columns: the fields of each column, without the header.
    """
    found: dict[int, list[int]] = {}
    starts = records.starts[1:]
    for place, column in enumerate(columns):
        fields = column.dictionary
        bad = np.array(pc.match_substring_regex(fields, _BEGINS).to_numpy(zero_copy_only=False), dtype=bool)
        for code in np.flatnonzero(bad):
            bad[code] = runs(fields[int(code)].as_py())
        rows = np.flatnonzero(bad[column.indices.to_numpy()]) if bad.any() else np.zeros(0, dtype=np.intp)
        at = starts[rows]
        if place:
            at = records.separators[np.searchsorted(records.separators, at) + place - 1] + 1
        for row, start in zip(rows.tolist(), at.tolist(), strict=True):
            start += text[start] == QUOTE
            while text[start : start + 1] == b" ":
                start += 1
            found.setdefault(row, []).append(start - int(starts[row]))
    return found
