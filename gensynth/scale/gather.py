"""One pass over a table: how many rows each class has, the rows to learn from, and what identifiers there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from ..balance.gathered import EACH, Gathered, Looked, Room
from ..data.labels import Labels
from ..data.watched import Watched, watch
from ..errors import DataError
from ..store.base import TableFile
from ..store.streams import Part, Stream

SHARE = 24  # of the memory that may be used, the part that the rows to learn from may take, as they are read


@dataclass(frozen=True)
class Learned:
    """What is known of a table.

    Arguments:
        table: the rows to learn from.
        labels: of all rows; their counts are those of the whole table.
        watched: columns that may hold identifiers.
    """

    table: TableFile
    labels: Labels
    watched: dict[str, Watched]

    @property
    def counts(self) -> dict[Any, int]:
        """The number of rows of each class in the whole table."""
        return dict(zip(self.labels.classes.tolist(), self.labels.counts.tolist(), strict=True))


def room_of(stream: Stream, memory: int) -> Room:
    """Return how many rows of a table may be learned from with so many bytes of memory."""
    return Room(max(memory // SHARE // stream.row_bytes(), 1_000), EACH)


def look(stream: Stream, target: str, seed: int, room: Room, declared: dict[str, str], parts: Iterable[Part],
         step: Callable[[int], None] = lambda length: None) -> Looked:  # fmt: skip
    """Return what is seen of some parts of a table. Raises: DataError."""
    first = stream.first().drop(columns=target)
    found = Looked(Gathered(seed, room, pa.concat_tables), watch(first, declared))
    for part in parts:
        for piece in stream.pieces(part, target):
            found.gathered.add(piece.number, piece.labels, piece.rows)
            for name, column in found.watched.items():
                column.add(stream.column(piece, name))
            step(piece.length)
    return found


def gather(stream: Stream, target: str, *, seed: int, room: Room, declared: dict[str, str],
           spread: Callable[..., Looked] | None = None, step: Callable[[int], None]) -> Learned:  # fmt: skip
    """Look at the whole table. Raises: DataError where its rows or labels cannot be used.

    Arguments:
        stream: the table.
        target: the column of the class.
        seed: of what is sampled.
        room: how many rows are kept.
        declared: kinds of columns that were said.
        spread: looks at parts elsewhere: takes the function that does it for some of them, and all of them.
        step: is told of what was looked at, as `Stream.length` counts.
    """
    if spread is None:
        found = look(stream, target, seed, room, declared, stream.parts(), step)
    else:
        found = spread(partial(look, stream, target, seed, room, declared), stream.parts())
    gathered = found.gathered
    if not gathered.counts:
        raise DataError(f"{stream.path} has a header and no rows; add rows")
    table = stream.table(gathered.rows())
    return Learned(table, labels_of(stream, table, target, gathered.counts), found.watched)


def labels_of(stream: Stream, table: TableFile, target: str, counts: dict[Any, int]) -> Labels:
    """Return the labels of a table, with the counts of the whole: texts of one value are one label."""
    labels, codes = Labels.fit(table.frame[target], len(table))
    places = dict(zip(stream.keys(table, target), codes.tolist(), strict=True))
    whole = np.zeros(len(labels), dtype=np.int64)
    for key, n in counts.items():
        whole[places[key]] += n
    labels.counts = whole
    return labels
