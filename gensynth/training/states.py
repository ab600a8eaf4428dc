"""What the steps of a training change, taken and put back: weights, averages, moments, schedules, scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..nn.ema import Average
from ..nn.task import Task


@dataclass(frozen=True)
class States:
    """All that steps change, and that a training goes on from.

    Arguments:
        task: its weights and buffers.
        average: of the weights.
        optimizers: with their rates.
        schedulers: one for each of them, or None.
        precision: Lightning's plugin, which may scale losses.
    """

    task: Task
    average: Average
    optimizers: Sequence[Optimizer]
    schedulers: Sequence[LRScheduler | None]
    precision: Any

    def now(self) -> dict[str, Any]:
        """Return what `put_back` takes: tensors that go on changing, and plain values."""
        return {
            "weights": dict(self.task.state_dict()),
            "average": self.average.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "schedulers": [scheduler.state_dict() if scheduler else {} for scheduler in self.schedulers],
            "precision": self.precision.state_dict(),
        }

    def put_back(self, state: dict[str, Any]) -> None:
        """Be as `now` was. Raises: RuntimeError, ValueError, KeyError... where it is of something else."""
        self.task.load_state_dict(state["weights"])
        self.average.load_state_dict(state["average"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        for scheduler, saved in zip(self.schedulers, state["schedulers"], strict=True):
            if scheduler is not None:
                scheduler.load_state_dict(saved)
        if state["precision"]:
            self.precision.load_state_dict(state["precision"])

    def slow_down(self) -> None:
        """Halve all rates, now and in what the schedules say; a checkpoint has them so."""
        for optimizer, scheduler in zip(self.optimizers, self.schedulers, strict=True):
            for group in optimizer.param_groups:
                for name in {"lr", "initial_lr", "max_lr", "min_lr"} & set(group):
                    group[name] = group[name] / 2
            if scheduler is not None:
                scheduler.base_lrs = [rate / 2 for rate in scheduler.base_lrs]
