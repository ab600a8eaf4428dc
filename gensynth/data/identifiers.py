"""Identifier columns: recognised, and given fresh values in the same pattern.

A column is one where its schema says so, or from 50 rows on where its values are unique and either integers
without a gap or strings of one pattern (`user-0017`, `7590-VHVEG`, a UUID). Nothing can be learned from such a
column and copying it would name a real row, so it takes no part in the learning and synthetic rows get values
that no real row had.
"""

from __future__ import annotations

import re
import string
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import DataError
from .columns import Column, Floats

FEWEST = 50  # rows from which on uniqueness says something
BLOCK = 256  # strings drawn at a time
_ALPHABETS = (
    string.digits,
    "0123456789abcdef",
    "0123456789ABCDEF",
    string.ascii_uppercase,
    string.ascii_lowercase,
    string.digits + string.ascii_uppercase,
    string.digits + string.ascii_lowercase,
    string.ascii_letters,
    string.digits + string.ascii_letters,
)


@dataclass(frozen=True, eq=False)
class Identifier(Column):
    """A column that names its row.

    `places` is the pattern of a string column: for each character the alphabet to draw from, one letter long where
    all rows agree; `next` is the first free integer, which follows `places` in a string, padded to `digits`; None for
    an integer column. `runs` is the pattern of strings with several numbers of unequal width: each the text before a
    number, and its range.
    `used` holds 32-bit hashes of the real values, which are enough to avoid them and too few to tell them.
    """

    kind = "identifier"
    places: tuple[str, ...] = ()
    next: int | None = None
    least: int = 0
    digits: int | None = None
    runs: tuple[tuple[str, int, int], ...] = ()
    used: npt.NDArray[np.uint32] | None = field(default=None, repr=False)

    @classmethod
    def infer(cls, column: pd.Series) -> Identifier:
        """Learn the pattern of a column that is declared an identifier.

        Raises: DataError where its values are neither integers nor strings, or are not unique.
        """
        present = column.dropna()
        if present.duplicated().any():
            raise DataError("declared an identifier, but its values are not unique")
        if isinstance(column.dtype, pd.CategoricalDtype):
            raise DataError(
                "declared an identifier, but is a pandas category, which holds no new values: convert it first"
            )
        if pd.api.types.is_integer_dtype(column.dtype):
            return cls(column.name, column.dtype, next=int(present.max()) + 1, least=int(present.min()))
        texts = [str(value) for value in present]
        if not texts or not all(isinstance(value, str) for value in present):
            raise DataError("declared an identifier, but holds neither integers nor strings")
        return cls._of_texts(column, texts)

    @classmethod
    def _of_texts(cls, column: pd.Series, texts: list[str]) -> Identifier:
        counted = _counted(texts)
        if counted is not None:
            stem, tail = counted
            numbers = [int(text[len(stem) :]) for text in texts]
            if not tail or max(numbers) - min(numbers) < 2 * len(texts):  # counted up, and not drawn at random
                return cls(column.name, column.dtype, places=tuple(stem), next=max(numbers) + 1, digits=tail)
        used = np.unique(np.array([zlib.crc32(text.encode()) for text in texts], dtype=np.uint32))
        width = max(map(len, texts))
        if width != min(map(len, texts)) and len({re.sub(r"\d+", "0", text) for text in texts}) == 1:
            return cls(column.name, column.dtype, used=used, runs=_runs(texts))
        places = tuple(_alphabet({text[place] for text in texts if place < len(text)}) for place in range(width))
        return cls(column.name, column.dtype, places=places, used=used)

    @property
    def says(self) -> str:  # type: ignore[override]
        """The pattern, for people."""
        if self.runs:
            return "".join(f"{text}{'#' if high >= 0 else ''}" for text, _, high in self.runs)
        shown = "".join(place if len(place) == 1 else _CLASS.get(place, "?") for place in self.places)
        if self.next is None:
            return shown
        return f"integers from {self.next} on" if self.digits is None else f"{shown}{'9' * self.digits or '#'}"

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102
        return np.full(len(column), np.nan)

    def decode(self, numbers: Floats) -> pd.Series:
        """Return fresh integers or the first fresh strings; `fresh` takes a stream of its own."""
        return self.fresh(len(numbers), np.random.default_rng(0))

    def fresh(self, n: int, rng: np.random.Generator) -> pd.Series:
        """Return n unique values that no real row has."""
        values: Any
        if self.next is None:
            values = self._draw(n, rng)
        elif self.digits is not None:
            values = ["".join(self.places) + str(self.next + row).zfill(self.digits) for row in range(n)]
        else:
            values = self._integers(n)
        return pd.Series(
            values, name=self.name, dtype=object if self.digits is not None or self.next is None else None
        ).astype(self.dtype)

    def _integers(self, n: int) -> npt.NDArray[Any]:
        """Return n integers behind the last, or before the first where the dtype ends there."""
        assert self.next is not None
        plain = np.empty(0, self.dtype) if isinstance(self.dtype, np.dtype) else pd.array([0], self.dtype).to_numpy()
        ends = np.iinfo(plain.dtype if plain.dtype.kind in "iu" else np.int64)
        if self.next + n - 1 <= ends.max:
            start = self.next
        elif self.least - n >= ends.min:
            start = self.least - n
        else:
            raise DataError(
                f"column {self.name!r}: {n:,} fresh identifiers do not fit in {self.dtype}: widen its dtype first"
            )
        return np.array(range(start, start + n), dtype=ends.dtype)

    def _draw(self, n: int, rng: np.random.Generator) -> list[str]:
        """Draw strings of the pattern until n are new; a pattern with little room left gets digits behind it."""
        assert self.used is not None
        used, longer = set(self.used.tolist()), 0
        made: dict[str, None] = {}
        while len(made) < n:  # blocks of one size, so that few are the beginning of many
            before = len(made)
            for text in self._texts(rng.random((BLOCK, len(self.runs) or len(self.places) + longer)), longer):
                if zlib.crc32(text.encode()) not in used:
                    made.setdefault(text)
            longer += len(made) - before < BLOCK / 4
        return list(made)[:n]

    def _texts(self, draws: Floats, longer: int) -> list[str]:
        """Return one string of the pattern for each line of draws in [0, 1), so many digits longer."""
        parts: list[list[str]] = []
        if self.runs:
            widest = max(high - low for _, low, high in self.runs)
            for (text, low, high), u in zip(self.runs, draws.T, strict=True):
                top = (high + 1) * (10**longer if high - low == widest else 1)
                numbers = (low + np.floor(u * (top - low))).astype(np.int64).tolist()
                parts.append([f"{text}{number}" for number in numbers] if high >= 0 else [text] * len(draws))
        else:
            for place, u in zip((*self.places, *[string.digits] * longer), draws.T, strict=True):
                parts.append(np.array(list(place))[(u * len(place)).astype(np.intp)].tolist())
        return ["".join(row) for row in zip(*parts, strict=True)]


def _runs(texts: list[str]) -> tuple[tuple[str, int, int], ...]:
    """Return the text before each number and the range of the number; the text at the end has none (-1)."""
    cut = [re.split(r"(\d+)", text) for text in texts]
    numbers = [[int(parts[place]) for parts in cut] for place in range(1, len(cut[0]), 2)]
    runs = [(cut[0][2 * place], min(run), max(run)) for place, run in enumerate(numbers)]
    return (*runs, (cut[0][-1], -1, -1)) if cut[0][-1] else tuple(runs)


_CLASS = {string.digits: "9", string.ascii_uppercase: "A", string.ascii_lowercase: "a", "0123456789abcdef": "h",
          "0123456789ABCDEF": "H"}  # fmt: skip


def is_identifier(column: pd.Series) -> bool:
    """Return whether a column names its rows: unique integers without a gap, or unique strings of one pattern."""
    column = column.dropna()
    if len(column) < FEWEST:
        return False
    if pd.api.types.is_integer_dtype(column.dtype):
        low, high = int(column.min()), int(column.max())
        return high - low == len(column) - 1 and not column.duplicated().any()
    if not isinstance(column.iloc[0], str) or column.duplicated().any():
        return False
    texts = column.tolist()
    return all(isinstance(text, str) for text in texts) and _one_pattern(texts)


def _one_pattern(texts: list[str]) -> bool:
    """Whether all texts agree but for digits and letters standing where digits and letters may stand."""
    first = texts[0]
    if not first or any(" " in text for text in texts[:FEWEST]):
        return False
    if _counted(texts) is not None or len({re.sub(r"\d+", "0", text) for text in texts}) == 1:
        return True
    if len({len(text) for text in texts}) > 1:
        return False
    marks = {re.sub(r"[0-9A-Za-z]", "x", text) for text in texts}  # separators stand in the same places
    coded = any(char.isdigit() or not char.isalnum() for char in first) or len(first) > 12
    return len(marks) == 1 and coded and next(iter(marks)).replace("x", "").isascii()


def _counted(texts: list[str]) -> tuple[str, int] | None:
    """Return the stem and width of texts that are one stem and a number; width 0 is a number without leading zeros."""
    match = re.fullmatch(r"(.*?)(\d+)", texts[0], re.DOTALL)
    if match is None:
        return None
    stem, tail = match[1], len(match[2])
    if all(re.fullmatch(re.escape(stem) + rf"\d{{{tail}}}", text) for text in texts):
        return stem, tail
    return (stem, 0) if all(re.fullmatch(re.escape(stem) + r"(?:0|[1-9]\d*)", text) for text in texts) else None


def _alphabet(chars: set[str]) -> str:
    """Return the smallest usual alphabet that holds the characters, or the characters themselves."""
    if len(chars) == 1:
        return next(iter(chars))
    numbered = any(char in string.digits for char in chars)  # A to E are letters, and A to 1 are hexadecimal
    usual = (letters for letters in _ALPHABETS if chars <= {*letters} and numbered == (letters[0] == "0"))
    return next(usual, "".join(sorted(chars)))
