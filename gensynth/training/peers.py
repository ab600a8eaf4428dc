"""The processes that train together: what they agree on, add up and hand to one another, and when they must not start.

Each takes its part of every batch, as many rows as every other, and the gradients of all are averaged before a step:
together they follow the gradient that one process would find on the whole batch.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from ..errors import ConfigError

Given = TypeVar("Given")


class Stop(IntEnum):
    """Why a training ends. Where processes that train together disagree, the greatest counts."""

    NO = 0
    STEPS = 1
    PATIENCE = 2
    TIME = 3
    INTERRUPTED = 4
    SPOILT = 5


class Peers(Protocol):
    """The processes that train together, as one of them sees it: the `rank`-th of `count`, from 0."""

    rank: int
    count: int

    def agree(self, stop: Stop) -> Stop:
        """Return the greatest of all."""

    def share(self, value: Given) -> Given:
        """Return that of the first process."""

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Return the means over all processes, of the same names in each."""

    def average(self, weights: Iterable[Tensor]) -> None:
        """Give the gradients of weights their means over all processes."""

    def check_same(self, identity: dict[str, Any]) -> None:
        """Raise ConfigError, in each process, where they are not about to do the same."""


class Alone:
    """One process that trains by itself."""

    rank, count = 0, 1

    def agree(self, stop: Stop) -> Stop:
        """Return the same."""
        return stop

    def share(self, value: Given) -> Given:
        """Return the same."""
        return value

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Return the same."""
        return values

    def average(self, weights: Iterable[Tensor]) -> None:
        """Leave gradients as they are."""

    def check_same(self, identity: dict[str, Any]) -> None:
        """Find nothing wrong."""


class Together:
    """Several processes, joined by `torch.distributed`; every method is called by all of them, in the same order.

    Arguments:
        rank: the number of this one.
        count: of all.
        device: on which they exchange numbers.
    """

    def __init__(self, rank: int, count: int, device: torch.device) -> None:
        self.rank, self.count, self.device = rank, count, device

    def agree(self, stop: Stop) -> Stop:
        """Return the greatest of all."""
        greatest = torch.tensor(int(stop), device=self.device)
        torch.distributed.all_reduce(greatest, torch.distributed.ReduceOp.MAX)
        return Stop(int(greatest))

    def share(self, value: Given) -> Given:
        """Return that of the first process."""
        held = [value]
        torch.distributed.broadcast_object_list(held, src=0, device=self.device)
        return held[0]

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Return the means over all processes."""
        every: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(every, values)
        return {name: sum(each[name] for each in every) / self.count for name in values}

    def average(self, weights: Iterable[Tensor]) -> None:
        """Give gradients their means, in one exchange; a weight that no process used has none."""
        every = list(weights)
        used = torch.tensor([float(weight.grad is not None) for weight in every], device=self.device)
        parts = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in every]
        flat = torch.cat([used, *(part.detach().reshape(-1).to(self.device) for part in parts)])
        flat = flat.float() if flat.dtype in (torch.float16, torch.bfloat16) else flat
        torch.distributed.all_reduce(flat)
        users = flat[: len(every)].tolist()
        means = torch.split(flat[len(every) :] / self.count, [weight.numel() for weight in every])
        for weight, mean, count in zip(every, means, users, strict=True):
            if count:
                weight.grad = mean.reshape(weight.shape).to(weight)

    def check_same(self, identity: dict[str, Any]) -> None:
        """Raise ConfigError where data, parameters, seeds or checkpoints differ between processes."""
        every: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(every, identity)
        other = sorted({name for each in every for name in each if each[name] != every[0][name]})
        if other:
            raise ConfigError(
                f"the {self.count} processes that are to train together differ in {', '.join(other)}: give all of them "
                "the same data, the same parameters with random_state=INT, and a checkpoint_dir that all of them see"
            )
