"""Rows of each class out of a stream that does not fit in memory, and how many rows each class has in all.

Of a class that is small enough all rows are kept, of a larger one a sample: the rows with the smallest keys. These
are drawn for all rows alike, by the part of the data that they stand in. So it does not matter in what order parts
come, who looks at which, and how often what was gathered is put together (bottom-k sampling, Cohen and Kaplan 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.watched import Watched
from ..errors import DataError
from ..random import as_generator

Found = npt.NDArray[Any]
_MARK = np.dtype([("code", np.int32), ("key", np.float64), ("part", np.int64), ("row", np.int64)])


@dataclass(frozen=True)
class Room:
    """How many rows are kept: `rows` of all classes together, and `each` of one class, at the most."""

    rows: int
    each: int

    def share(self, counts: Sequence[int]) -> int:
        """Return how many rows a class may keep, of classes with so many: the largest are the first to be cut.

        >>> Room(100, 80).share([1_000, 20]), Room(100, 80).share([30, 20]), Room(100, 50).share([1_000])
        (80, 80, 50)
        """
        left, share = self.rows, self.each
        for place, count in enumerate(sorted(counts)):
            share = left // (len(counts) - place)
            if count > share:
                break
            left, share = left - count, self.each
        return max(min(share, self.each), 1)


CLASSES = 10_000  # more are none
EACH = 100_000  # rows of a class to learn from, at the most: more cost time and gain little


@dataclass
class Gathered:
    """What was gathered so far.

    Arguments:
        seed: of the keys.
        room: how many rows are kept.
        join: puts containers of rows together; they have `take(positions)`, as pandas' frames and Arrow's tables do.

    `counts` holds the number of rows of each class.
    """

    seed: int
    room: Room
    join: Callable[[list[Any]], Any]
    counts: dict[Any, int] = field(default_factory=dict)
    _marks: list[Found] = field(default_factory=list)
    _rows: list[Any] = field(default_factory=list)
    _bounds: dict[int, float] = field(default_factory=dict)

    def add(self, part: int, labels: Any, rows: Any) -> None:
        """Take note of a part of the data.

        Arguments:
            part: its number.
            labels: (n,) none of them missing.
            rows: (n,) of them.
        """
        short, found = pd.factorize(labels)
        codes = self._counted(found.tolist(), np.bincount(short, minlength=len(found)))[short]
        if len(self.counts) > CLASSES:
            raise DataError(f"there are more than {CLASSES:,} classes: is it a column of identifiers?")
        keys = as_generator(self.seed, "gathered", part).random(len(codes))
        bounds = np.full(len(self.counts), np.inf)
        bounds[[*self._bounds]] = [*self._bounds.values()]
        kept = np.flatnonzero(keys < bounds[codes])
        share = self.room.share([*self.counts.values()])
        if len(kept) > share:  # the part alone may hold more than is kept of a class
            kept = kept[_smallest(codes[kept], keys[kept], share)]
        marks = np.empty(len(kept), dtype=_MARK)
        marks["code"], marks["key"], marks["part"], marks["row"] = codes[kept], keys[kept], part, kept
        self._marks.append(marks)
        self._rows.append(rows.take(kept))
        if sum(map(len, self._marks)) > 2 * min(self.room.rows, share * len(self.counts)):
            self._cut()

    def merge(self, other: Gathered) -> None:
        """Take over what was gathered of other parts."""
        codes = self._counted([*other.counts], [*other.counts.values()])
        for marks in other._marks:
            mine = marks.copy()
            mine["code"] = codes[marks["code"]]
            self._marks.append(mine)
        self._rows += other._rows
        self._bounds = {}
        self._cut()

    def rows(self) -> Any:
        """Return the rows that were kept, in their order in the data. Raises: ValueError where there are no parts."""
        self._cut()
        marks = self._marks[0]
        return self._rows[0].take(np.lexsort((marks["row"], marks["part"])))

    def _counted(self, labels: Sequence[Any], counts: Sequence[int] | Found) -> npt.NDArray[np.int32]:
        """Add numbers of rows to those of classes, and return the codes of these."""
        for label, n in zip(labels, counts, strict=True):
            self.counts[label] = self.counts.get(label, 0) + int(n)
        places = {label: place for place, label in enumerate(self.counts)}
        return np.array([places[label] for label in labels], dtype=np.int32)

    def _cut(self) -> None:
        """Put all parts together, and leave out what there is no room for."""
        share = self.room.share([*self.counts.values()])
        marks = np.concatenate(self._marks)
        kept = _smallest(marks["code"], marks["key"], share)
        rows = self.join(self._rows)
        marks = marks[kept]
        self._marks, self._rows = [marks], [rows if len(kept) == len(rows) else rows.take(kept)]
        held = np.bincount(marks["code"], minlength=len(self.counts))
        full = [code for code, n in enumerate([*self.counts.values()]) if n > held[code]]
        self._bounds = {code: float(marks["key"][marks["code"] == code].max()) for code in full}


@dataclass
class Looked:
    """What was seen of some parts of a table: rows that were gathered, and columns that may hold identifiers."""

    gathered: Gathered
    watched: dict[str, Watched]

    def merge(self, other: Looked) -> Looked:
        """Take over what was seen of other parts."""
        self.gathered.merge(other.gathered)
        for name, column in other.watched.items():
            self.watched[name].merge(column)
        return self


def merged(parts: list[Looked]) -> Looked:
    """Return what was seen of several parts, put together in the first of them."""
    first, *others = parts
    for other in others:
        first = first.merge(other)
    return first


def _smallest(codes: Found, keys: Found, share: int) -> npt.NDArray[np.intp]:
    """Return the places, in order, of the smallest keys of each code, so many of each at the most."""
    order = np.lexsort((keys, codes))
    first = np.searchsorted(codes[order], codes[order], side="left")
    return np.sort(order[np.arange(len(order)) - first < share])
