"""Batches of rows that are in memory: batch t is a function of (seed, t), whatever came before it.

Of processes that train together each has its part of the batch: the part is a function of (seed, t, rank).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from ..errors import ConfigError, DataError
from ..random import as_generator
from .budget import at_least_one

Drawing = Callable[[torch.Generator, int], Tensor]


class Batches:
    """The batches of a whole training, in rounds; going through it gives one round, that of `start`.

    The rows are shuffled anew in each pass and come once in it; those left over where `batch_size` does not divide
    their number sit out one pass. Fewer rows than `batch_size` are one batch.

    Arguments:
        tensors: with one row for each example; in memory, on the device of training, or from a memory map.
        batch_size: rows in a batch, at least 1; of all processes together, where several train.
        seed: at least 0.
        steps: batches in all, at least 1.
        stop_after: batches after which training ends although it was planned for all of them, at least 1; None for
            `steps`.
        round: batches in a round, after which training is scored; the last round may be shorter.
        draw: `draw(rng, count)` returns the positions of the rows of one batch, instead of shuffled passes.
        fingerprint: of what the tensors were made, so that a checkpoint of other data is not gone on from.

    Raises:
        ConfigError: a count is below 1.
        DataError: there are no rows, or the tensors have not as many rows each.
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        batch_size: int,
        *,
        seed: int,
        steps: int,
        stop_after: int | None = None,
        round: int = 100,
        draw: Drawing | None = None,
        fingerprint: str = "",
    ) -> None:
        self.tensors = tuple(tensors)
        counts = {len(tensor) for tensor in self.tensors}
        if len(counts) != 1 or counts == {0}:
            raise DataError(f"training needs tensors of one number of rows, at least 1; got {sorted(counts)}")
        self.rows = counts.pop()
        self.batch_size = at_least_one("batch_size", batch_size)
        self.steps = at_least_one("steps", steps)
        self.last = self.steps if stop_after is None else min(at_least_one("stop_after", stop_after), self.steps)
        self.round = at_least_one("round", round)
        self.seed, self.draw, self.fingerprint = int(seed), draw, str(fingerprint)
        self.start, self.rank, self.count = 0, 0, 1
        self._shuffled: tuple[int, dict[torch.device, Tensor]] = (-1, {})

    def at(self, start: int) -> Batches:
        """Return the same batches from step `start` on."""
        later = copy.copy(self)
        later.start = start
        return later

    def part(self, rank: int, count: int, least: int = 1) -> Batches:
        """Return the part that one of `count` processes has of each batch, as many rows as the others have.

        The first process has the first rows of the batch, and so on; rows left over where `count` does not divide it
        sit out.

        Arguments:
            rank: the number of the process, from 0.
            count: of all.
            least: rows that a part must have.

        Raises: ConfigError where it would have fewer.
        """
        size = min(self.batch_size, self.rows)
        if count > 1 and size < count * least:
            raise ConfigError(
                f"a batch of {size} rows cannot be divided among {count} processes, of which each needs {least} at "
                "least: give a larger batch_size, or fewer devices"
            )
        mine = copy.copy(self)
        mine.rank, mine.count = rank, count
        return mine

    @property
    def stop(self) -> int:
        """The step at which the round of `start` ends."""
        return min((self.start // self.round + 1) * self.round, self.last)

    def __len__(self) -> int:
        return max(self.stop - self.start, 0)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return (self.batch(step) for step in range(self.start, self.stop))

    def batch(self, step: int) -> tuple[Tensor, ...]:
        """Return the rows of one step, or this process's part of them, from each of the tensors."""
        places = self._passed(step) if self.draw is None else self._drawn(self.draw, step)
        return tuple(tensor.index_select(0, places(tensor.device)) for tensor in self.tensors)

    def _mine(self, size: int) -> slice:
        """Return where in a batch of so many rows the part of this process lies."""
        share = size // self.count
        return slice(self.rank * share, (self.rank + 1) * share)

    def _drawn(self, draw: Drawing, step: int) -> Callable[[torch.device], Tensor]:
        rng = torch.Generator().manual_seed(seed_for(self.seed, "batches", 0, step))
        drawn = draw(rng, min(self.batch_size, self.rows))
        return drawn[self._mine(len(drawn))].to

    def _passed(self, step: int) -> Callable[[torch.device], Tensor]:
        size = min(self.batch_size, self.rows)
        number, place = divmod(step, self.rows // size)
        if self._shuffled[0] != number:
            rng = torch.Generator().manual_seed(seed_for(self.seed, "batches", 0, number))
            self._shuffled = (number, {torch.device("cpu"): torch.randperm(self.rows, generator=rng)})
        orders, mine = self._shuffled[1], self._mine(size)

        def places(device: torch.device) -> Tensor:
            if device not in orders:
                orders[device] = orders[torch.device("cpu")].to(device)
            return orders[device][place * size + mine.start : place * size + mine.stop]

        return places

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_shuffled": (-1, {})}  # the order of a pass is made again, not sent along


def seed_for(seed: int, *path: str | int) -> int:
    """Return the seed of a torch generator for the purpose that `path` names."""
    return int(as_generator(seed, *path).integers(2**63))
