"""Rows that are made a block at a time: each block by itself, with a seed of its own, by whoever has the time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..balance.maker import Blocks, Maker, made_block
from ..store.base import TableFile
from ..store.streams import Stream, part_name


@dataclass(frozen=True)
class Done:
    """What making a block gave beside its rows: how many of each class, how many each gate refused, how many lack."""

    made: Counter[int]
    refused: Counter[str]
    short: int = 0
    rounds: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(self.made + other.made, _added(self.refused, other.refused), self.short + other.short,
                    max(self.rounds, other.rounds))  # fmt: skip


@dataclass(frozen=True)
class Making:
    """How the rows of a table are made.

    Arguments:
        maker: what makes them.
        blocks: which.
        seed: each block has one of its own, drawn from it.
        target: the column of the class.
        place: where it stands.
    """

    maker: Maker
    blocks: Blocks
    seed: int
    target: str
    place: int

    def block(self, number: int) -> tuple[pd.DataFrame, Done]:
        """Return the rows of a block, with their class. Raises: TrainingFailed where gates refuse too many."""
        frame, codes, answer = made_block(self.maker, self.blocks, number, self.seed)
        frame.insert(self.place, self.target, pd.Series(self.maker.labels.decode(codes)).reset_index(drop=True))
        return frame, Done(Counter(codes.tolist()), Counter(answer.refused), answer.short, answer.rounds)

    def frames(
        self, note: Callable[[Done], object], spread: Callable[..., Iterable[tuple[pd.DataFrame, Done]]] | None = None
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows, block by block. `spread` maps a function over numbers, here or elsewhere."""
        for frame, done in (spread or map)(self.block, range(len(self.blocks))):
            note(done)
            yield frame


@dataclass(frozen=True)
class Parts:
    """Blocks that are written as files of their own, whoever makes them.

    Arguments:
        making: how rows are made.
        stream: the table that they belong to.
        like: rows of it, in whose manner they are written.
        into: the folder of the files.
        before: what the names of the files begin with.
        mark: the column that marks them, if any.
    """

    making: Making
    stream: Stream
    like: TableFile
    into: Path
    before: str = ""
    mark: str | None = None

    def write(self, number: int) -> Done:
        """Make a block and write it. Raises: TrainingFailed, DataError."""
        frame, done = self.making.block(number)
        self.stream.write_part(self.into, part_name(number, self.before), frame, self.like, self.mark)
        return done

    def write_all(self, note: Callable[[Done], object], spread: Callable[..., Iterable[Done]] = map) -> None:
        """Make and write all blocks. `spread` maps a function over numbers, here or elsewhere."""
        for done in spread(self.write, range(len(self.making.blocks))):
            note(done)


def _added(first: Counter[str], second: Counter[str]) -> Counter[str]:
    """Return sums, zeros among them, which `+` would leave out."""
    return Counter({name: first[name] + second[name] for name in {**first, **second}})
