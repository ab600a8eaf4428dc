"""The means of a round's losses, gathered without waiting for a device."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class History(list[dict[str, float]]):
    """A record a round, and in one word what ended training (see `peers.Stop`).

    Arguments:
        records: one a round.
        ended: "steps", "patience", "time", "interrupted" or "spoilt".
        rank: the number of this process among those that trained together, 0 in the first.
    """

    def __init__(self, records: Iterable[dict[str, float]], ended: str, rank: int = 0) -> None:
        super().__init__(records)
        self.ended, self.rank = ended, rank


class Means:
    """Losses of the steps of one round.

    On the CPU a number is looked at once it is there; on another device that would mean waiting for it, so numbers
    stay tensors until the round ends.

    Arguments:
        largest: beyond which a number is no better than one that is not finite.
    """

    def __init__(self, largest: float = math.inf) -> None:
        self.largest = largest
        self.spoilt = False  # by a number that was not finite, or too large
        self._numbers: dict[str, list[float]] = {}
        self._tensors: dict[str, list[Tensor]] = {}
        self._watched: list[Tensor] = []

    def watch(self, loss: Tensor) -> bool:
        """Take note of a loss before it is descended; return False where it is known to spoil the round."""
        if loss.device.type != "cpu":
            self._watched.append(loss.detach())
        else:
            self.spoilt |= not self._fine([loss.item()])
        return not self.spoilt

    def add(self, values: dict[str, Tensor]) -> None:
        """Add what a step returned."""
        for name, value in values.items():
            if value.device.type != "cpu":
                self._tensors.setdefault(name, []).append(value.detach())
                continue
            number = value.item()
            self._numbers.setdefault(name, []).append(number)
            self.spoilt |= not self._fine([number])

    def last(self) -> float | None:
        """Return the newest value of the first of the losses, if there is one."""
        newest = [values[-1] for values in self._numbers.values()] or [x[-1].item() for x in self._tensors.values()]
        return newest[0] if newest else None

    def close(self) -> dict[str, float]:
        """Return the mean of each loss that was fine all along; `spoilt` then says whether all were."""
        numbers = dict(self._numbers)
        for name, tensors in self._tensors.items():
            numbers[name] = torch.stack(tensors).float().tolist()
        watched = torch.stack(self._watched).float().tolist() if self._watched else []
        self.spoilt |= not all(map(self._fine, [watched, *numbers.values()]))
        return {name: math.fsum(values) / len(values) for name, values in numbers.items() if self._fine(values)}

    def _fine(self, values: list[float]) -> bool:
        return all(math.isfinite(value) and abs(value) <= self.largest for value in values)
