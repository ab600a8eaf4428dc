"""Made rows put among real ones that are read a part at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...random import as_generator
from .base import Added


class Mixing:
    """Made rows, as many for each part of the real ones as its length asks for.

    Arguments:
        added: what is made, with a seed.
        length: of all real rows together.
    """

    def __init__(self, added: Added, length: int) -> None:
        assert added.seed is not None
        self.added, self.length, self.done, self.given = added, length, 0, 0
        self.frames: Iterator[pd.DataFrame] = iter(added.made)
        self.waiting: list[pd.DataFrame] = []
        self.rng = as_generator(added.seed, "mixed")

    def rows(self, length: int) -> pd.DataFrame | None:
        """Return made rows for a part of so great a length; None where there are none."""
        self.done += length
        n = round(self.added.rows * min(self.done / max(self.length, 1), 1)) - self.given
        return self._taken(n)

    def rest(self) -> Iterator[pd.DataFrame]:
        """Yield the rows that no part has taken."""
        yield from self.waiting
        yield from self.frames

    def order(self, real: int, made: int) -> npt.NDArray[np.intp]:
        """Return an order of real rows followed by made ones in which made ones stand anywhere, real ones in order."""
        places = self.rng.choice(real + made, made, replace=False)
        order = np.full(real + made, -1, dtype=np.intp)
        order[places] = real + np.arange(made)
        order[order < 0] = np.arange(real)
        return order

    def _taken(self, n: int) -> pd.DataFrame | None:
        while sum(map(len, self.waiting)) < n and (frame := next(self.frames, None)) is not None:
            self.waiting.append(frame)
        if n <= 0 or not self.waiting:
            return None
        held = pd.concat(self.waiting, ignore_index=True) if len(self.waiting) > 1 else self.waiting[0]
        taken, rest = held.iloc[:n], held.iloc[n:]
        self.waiting = [rest.reset_index(drop=True)] if len(rest) else []
        self.given += len(taken)
        return taken.reset_index(drop=True)
