"""Columns of identifiers in a table of which only some rows are ever in memory together."""

from __future__ import annotations

import math
import string
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import DataError
from .identifiers import Identifier, is_identifier

MOST = 32 << 20  # hashes of the strings of a column that are held: of more rows those of the first


@dataclass
class Watched:
    """What was seen of a column that may hold identifiers, or is said to.

    Whole numbers are such where they leave no gap between the least and the largest and none comes twice; of a column
    that is out of order this is told by the number, the sum and the sum of squares (modulo 2**64) of its values, which
    others than that have by an accident of one in 2**64. Strings are judged by the rows that are gathered, and none may
    come twice in the whole table, which their hashes tell (of 32 bits, so that a share of them may be alike).
    """

    name: str
    declared: bool = False
    n: int = 0
    low: int | None = None
    high: int | None = None
    sums: tuple[int, int] = (0, 0)
    hashes: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    hashed: int = 0

    def add(self, column: pd.Series) -> None:
        """Take note of more of its values."""
        present = column.dropna()
        self.n += len(column)
        if not len(present):
            return
        if pd.api.types.is_integer_dtype(present.dtype):
            self._between(int(present.min()), int(present.max()))
            wide = np.uint64 if pd.api.types.is_unsigned_integer_dtype(present.dtype) else np.int64
            plain = present.to_numpy(dtype=wide).astype(np.uint64)
            self._sum(int(plain.sum(dtype=np.uint64)), int((plain * plain).sum(dtype=np.uint64)))
        elif sum(map(len, self.hashes)) < MOST:
            found = [zlib.crc32(str(value).encode()) for value in present.tolist()]
            self.hashes.append(np.unique(np.array(found, dtype=np.uint32)))
            self.hashed += len(found)

    def merge(self, other: Watched) -> None:
        """Take over what was seen of other rows."""
        self.n += other.n
        if other.low is not None and other.high is not None:
            self._between(other.low, other.high)
            self._sum(*other.sums)
        if sum(map(len, self.hashes)) < MOST:
            self.hashes += other.hashes
            self.hashed += other.hashed

    def identifier(self, gathered: pd.Series) -> Identifier | None:
        """Return the column's pattern, None where it is no column of identifiers. Raises: DataError.

        Arguments:
            gathered: those of its values that are in memory.
        """
        if self.low is not None and self.high is not None:
            if not self.declared and not self._without_gap():
                return None
            return Identifier(gathered.name, gathered.dtype, next=self.high + 1, least=self.low)
        hashes = np.unique(np.concatenate([np.zeros(0, np.uint32), *self.hashes]))
        if not self.declared and not (is_identifier(gathered) and _each_once(len(hashes), self.hashed)):
            return None
        try:
            found = Identifier.infer(gathered)
        except DataError as error:
            raise DataError(f"column {self.name!r}: {error}") from None
        held = [] if found.used is None else [found.used]
        return replace(_drawn(found, gathered), used=np.unique(np.concatenate([*held, hashes])))

    def _without_gap(self) -> bool:
        n, low, high = self.n, self.low or 0, self.high or 0
        squares = sum(sign * k * (k + 1) * (2 * k + 1) // 6 for sign, k in ((1, high), (-1, low - 1)))
        whole = ((low + high) * n // 2) % 2**64, squares % 2**64
        return n >= 50 and high - low == n - 1 and self.sums == whole

    def _between(self, low: int, high: int) -> None:
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)

    def _sum(self, first: int, second: int) -> None:
        self.sums = ((self.sums[0] + first) % 2**64, (self.sums[1] + second) % 2**64)


def watch(frame: pd.DataFrame, declared: dict[str, str]) -> dict[str, Watched]:
    """Return the columns to be watched, by the first rows of a table.

    Arguments:
        frame: rows, without the column of the class.
        declared: kinds of columns that were said.
    """
    found: dict[str, Watched] = {}
    for name in frame.columns:
        column = frame[name]
        if declared.get(name) == "identifier":
            found[name] = Watched(name, declared=True)
        elif name not in declared and _may_be(column):
            found[name] = Watched(name)
    return found


def identifiers_in(watched: dict[str, Watched], gathered: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of identifiers, by what was seen of the whole table. Raises: DataError.

    Arguments:
        watched: columns that may hold them.
        gathered: the rows that are in memory.
    """
    found = {name: column.identifier(gathered[name]) for name, column in watched.items()}
    return {name: column for name, column in found.items() if column is not None}


def _each_once(different: int, n: int) -> bool:
    """Whether so many different hashes of 32 bits are as many as n different strings have, give or take accidents."""
    alike = n - 2**32 * -math.expm1(-n / 2**32)
    return different >= n - alike - 6 * math.sqrt(alike) - 1


def _drawn(found: Identifier, gathered: pd.Series[Any]) -> Identifier:
    """Return a pattern whose strings are drawn, and not counted up from the last, which may not be in memory."""
    if found.next is None:
        return found
    stem = "".join(found.places)
    if found.digits:
        return replace(found, places=(*found.places, *[string.digits] * found.digits), next=None, digits=None)
    numbers = [int(text[len(stem) :]) for text in gathered.dropna()]
    return replace(found, places=(), runs=((stem, min(numbers), max(numbers)),), next=None, digits=None)


def _may_be(column: pd.Series[Any]) -> bool:
    """Whether the first rows of a column could be of one that holds identifiers."""
    present = column.dropna()
    if pd.api.types.is_integer_dtype(column.dtype):
        return len(present) == len(column) and not present.duplicated().any()
    return is_identifier(column)
