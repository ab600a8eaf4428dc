"""Random numbers of one op in a policy, one for each row: keyed by (seed, epoch, row, op), whatever the batch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..random import as_generator, cell_normals, cell_uniforms, uniforms

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Draws:
    """The numbers of one op.

    `key` is made of seed and epoch; `rows` (n,) are the numbers of the rows, at least 0; `path` is the op's place in
    the policy, so that no two ops share a draw.
    """

    key: int
    rows: Ints
    path: str = ""

    @classmethod
    def of(cls, seed: int, epoch: int, rows: Ints) -> Draws:
        """Return the draws of a whole policy."""
        return cls(int(as_generator(seed, "epoch", epoch).integers(2**62)), rows)

    def at(self, place: int) -> Draws:
        """Return the draws of a part of a policy."""
        return Draws(self.key, self.rows, f"{self.path}.{place}")

    def of_rows(self, chosen: Ints | Flags) -> Draws:
        """Return the draws of some of the rows."""
        return Draws(self.key, self.rows[chosen], self.path)

    def __len__(self) -> int:
        return len(self.rows)

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Floats:
        """Return numbers in [low, high). Shape: (n,)."""
        drawn: Floats = low + (high - low) * uniforms(self.key, self.rows, f"{self.path} {name}")
        return drawn

    def uniform_table(self, name: str, columns: int) -> Floats:
        """Return numbers in [0, 1). Shape: (n, columns)."""
        return cell_uniforms(self.key, self.rows, f"{self.path} {name}", columns)

    def normal_table(self, name: str, columns: int) -> npt.NDArray[np.float32]:
        """Return standard normal numbers. Shape: (n, columns)."""
        return cell_normals(self.key, self.rows, f"{self.path} {name}", columns)

    def words(self, name: str, columns: int) -> npt.NDArray[np.uint16]:
        """Return whole numbers below 65,536 as many as pixels, from a stream for each row. Shape: (n, columns)."""
        made, word = np.empty((len(self.rows), columns), dtype=np.uint16), zlib.crc32(f"{self.path} {name}".encode())
        for row, number in enumerate(self.rows.tolist()):
            made[row] = np.random.SFC64([self.key, word, number]).random_raw(-(-columns // 4)).view(np.uint16)[:columns]
        return made

    def flag(self, name: str, chance: float) -> Flags:
        """Return truths of a chance. Shape: (n,)."""
        return self.uniform(name) < chance if chance < 1 else np.ones(len(self.rows), dtype=bool)

    def kept(self, active: Flags, chance: float) -> Flags:
        """Return which of the active rows keep a chance, drawn only where that is open. Shape: (n,) to (n,)."""
        return active if chance >= 1 or not active.any() else active & self.flag("p", chance)

    def whole(self, name: str, low: int, high: int) -> Ints:
        """Return whole numbers from low to high, both among them. Shape: (n,)."""
        drawn: Ints = low + np.floor(self.uniform(name) * (high - low + 1)).astype(np.int64)
        return drawn

    def choice(self, name: str, weights: Sequence[float]) -> Ints:
        """Return positions at the frequency of weights, of which one at least is above 0. Shape: (n,)."""
        ends = np.cumsum(np.asarray(weights, dtype=np.float64))
        drawn: Ints = np.searchsorted(ends, self.uniform(name) * ends[-1], side="right")
        last: Ints = np.minimum(drawn, np.flatnonzero(np.asarray(weights) > 0)[-1])
        return last
