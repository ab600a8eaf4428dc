"""A fitted generator behind fitted gates, asked for rows as often as needed: once, or block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.labels import Labels
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
    """

    generator: Any
    gates: list[Any]
    labels: Labels
    classes: Codes
    names: npt.NDArray[Any]
    on_short: str

    def make(self, wanted: Codes, seed: int) -> Answer:
        """Return a row for each wanted place of the plan. Raises: TrainingFailed, as `ask_through` does."""
        if not self.gates:
            return ask(self.generator, wanted, self.names, seed=seed)
        return ask_through(
            self.gates, self.generator, wanted, self.names, lambda places: self.labels.decode(self.classes[places]),
            seed=seed, on_short=self.on_short,
        )  # fmt: skip


def blocks_of(asked: Mapping[int, int], size: int = BLOCK) -> Iterator[Codes]:
    """Yield the codes of the classes of rows to be made, many rows at a time, class after class.

    >>> [block.tolist() for block in blocks_of({1: 3, 2: 2}, size=2)]
    [[1, 1], [1, 2], [2]]
    """
    codes, ends = np.array([*asked], dtype=np.intp), np.cumsum([*asked.values()], dtype=np.int64)
    for start in range(0, int(ends[-1]) if len(ends) else 0, size):
        rows = np.arange(start, min(start + size, int(ends[-1])))
        yield codes[np.searchsorted(ends, rows, side="right")]
