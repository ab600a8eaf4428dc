"""A fitted generator behind fitted gates, asked for rows as often as needed: once, or block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.apart import Block, apart
from ..data.identifiers import Identifier
from ..data.labels import Labels
from ..random import as_generator
from .asking import Answer, ask, ask_through
from .strategy import Codes

BLOCK = 100_000  # rows that are made at a time where they are too many for memory


@dataclass(frozen=True)
class Maker:
    """What a Balancer has learned.

    Arguments:
        generator: fitted.
        gates: fitted.
        labels: of the rows.
        classes: (places,) the code of the class of each place of the plan.
        names: (places,) what the generator is asked for, for each place.
        on_short: as `Balancer` says.
        known: columns of identifiers, where more is known of them than the generator has learned.
    """

    generator: Any
    gates: list[Any]
    labels: Labels
    classes: Codes
    names: npt.NDArray[Any]
    on_short: str
    known: Mapping[Any, Identifier] = field(default_factory=dict)

    def make(self, wanted: Codes, seed: int) -> Answer:
        """Return a row for each wanted place of the plan. Raises: TrainingFailed, as `ask_through` does."""
        if not self.gates:
            return ask(self.generator, wanted, self.names, seed=seed)
        return ask_through(
            self.gates, self.generator, wanted, self.names, lambda places: self.labels.decode(self.classes[places]),
            seed=seed, on_short=self.on_short,
        )  # fmt: skip


@dataclass(frozen=True)
class Blocks:
    """Rows to be made, a block of them at a time: class after class, or `mixed` as in a shuffled table.

    Arguments:
        asked: rows to be made of each class, by its code.
        size: rows of a block, of the last one fewer.
        mixed: the seed of the shuffling, None for class after class.

    >>> [block.tolist() for block in Blocks({1: 3, 2: 2}, size=2)]
    [[1, 1], [1, 2], [2]]
    >>> [block.tolist() for block in Blocks({1: 3, 2: 2}, size=5, mixed=0)]
    [[1, 2, 2, 1, 1]]
    """

    asked: Mapping[int, int]
    size: int = BLOCK
    mixed: int | None = None

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(self.asked.values())

    def __len__(self) -> int:
        return -(-self.rows // self.size)

    def __iter__(self) -> Iterator[Codes]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> Codes:
        """Return the codes of the classes of the rows of a block."""
        codes, ends = np.array([*self.asked], dtype=np.intp), np.cumsum([*self.asked.values()], dtype=np.int64)
        places = np.arange(number * self.size, min((number + 1) * self.size, self.rows))
        if self.mixed is not None:  # each place of all comes once, neighbours from far apart
            step, shift = int(self.rows * 0.618) + 1, self.mixed % self.rows
            while math.gcd(step, self.rows) > 1:
                step += 1
            places = (places * step + shift) % self.rows
        return codes[np.searchsorted(ends, places, side="right")]


def made_block(maker: Maker, blocks: Blocks, number: int, seed: int) -> tuple[pd.DataFrame, Codes, Answer]:
    """Return the rows of a block as a frame, the codes of their classes, and what came with them.

    Each block has a seed of its own, and identifiers that no other block has. Raises: TrainingFailed.
    """
    answer = maker.make(blocks[number], int(as_generator(seed, "block", number).integers(2**31)))
    frame: pd.DataFrame = answer.rows.reset_index(drop=True)
    mine = Block(number, len(blocks), number * blocks.size, len(frame), blocks.rows)
    for column in getattr(getattr(maker.generator, "encoder_", None), "schema_", ()):
        if isinstance(column, Identifier):
            column = maker.known.get(column.name, column)
            frame[column.name] = apart(column, mine, seed).astype(frame[column.name].dtype)
    return frame, maker.classes[answer.places], answer
