"""The means of a round's losses, gathered without waiting for a device."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor


class History(list[dict[str, float]]):
    """A record a round, and in one word what ended training (see `run.Stop`).

    Arguments:
        records: one a round.
        ended: "steps", "patience", "time", "interrupted" or "spoilt".
    """

    def __init__(self, records: Iterable[dict[str, float]], ended: str) -> None:
        super().__init__(records)
        self.ended = ended


class Means:
    """Losses of the steps of one round.

    On the CPU a number is looked at once it is there; on another device that would mean waiting for it, so numbers
    stay tensors until the round ends.
    """

    def __init__(self) -> None:
        self.spoilt = False  # a number was not finite
        self._numbers: dict[str, list[float]] = {}
        self._tensors: dict[str, list[Tensor]] = {}
        self._watched: list[Tensor] = []

    def watch(self, loss: Tensor) -> bool:
        """Take note of a loss before it is descended; return False where it is known not to be finite."""
        if loss.device.type != "cpu":
            self._watched.append(loss.detach())
        elif not math.isfinite(loss.item()):
            self.spoilt = True
        return not self.spoilt

    def add(self, values: dict[str, Tensor]) -> None:
        """Add what a step returned."""
        for name, value in values.items():
            if value.device.type != "cpu":
                self._tensors.setdefault(name, []).append(value.detach())
                continue
            number = value.item()
            self._numbers.setdefault(name, []).append(number)
            self.spoilt |= not math.isfinite(number)

    def last(self) -> float | None:
        """Return the newest value of the first of the losses, if there is one."""
        newest = [values[-1] for values in self._numbers.values()] or [x[-1].item() for x in self._tensors.values()]
        return newest[0] if newest else None

    def close(self) -> dict[str, float]:
        """Return the mean of each loss that was finite all along; `spoilt` then says whether all were."""
        numbers = dict(self._numbers)
        for name, tensors in self._tensors.items():
            numbers[name] = torch.stack(tensors).float().tolist()
        watched = torch.stack(self._watched).float().tolist() if self._watched else []
        self.spoilt |= not all(map(_finite, [watched, *numbers.values()]))
        return {name: math.fsum(values) / len(values) for name, values in numbers.items() if _finite(values)}


def _finite(values: list[float]) -> bool:
    return all(map(math.isfinite, values))
