"""What is trained: networks and their losses behind two methods, so that one loop serves every generator."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class Task(nn.Module, ABC):
    """Networks and their losses, as `training.train` sees them: tensors in, losses out; no frames, files or seeds.

    All randomness comes from the `rng` that a method is given, which lives on the device of the networks: no
    `nn.Dropout`, no `torch.rand` without a generator. What a resumed training needs lives in parameters and buffers.
    """

    least: ClassVar[int] = 1  # rows that a step needs, in each of the processes that train together
    retries: int = 0  # how often training goes back to the beginning of a round that a loss spoilt, at half the rate
    largest: float = math.inf  # of a loss: one beyond spoils a round as one that is not finite does
    watch: Callable[[int], None] | None = None  # called with the number of steps done after each round, by the first
    # process, without gradients and in eval mode, the averaged weights in their place

    @abstractmethod
    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return new optimizers, each with the schedule that moves its rate a step at a time, or None.

        Arguments:
            steps: how many training steps there will be, at least 1.
        """

    @abstractmethod
    def step(
        self,
        batch: tuple[Tensor, ...],
        index: int,
        descend: Callable[[int, Tensor], None],
        rng: torch.Generator,
    ) -> dict[str, Tensor]:
        """Do one training step; return detached scalars, whose means over a round become the history.

        Arguments:
            batch: what `Batches` gives, on the device of the networks.
            index: the number of the step, from 0 over the whole training.
            descend: `descend(i, loss)` moves the parameters of optimizer i down the loss, as often as it is called.
            rng: for all noise.
        """

    def score(self, batches: Iterable[tuple[Tensor, ...]], rng: torch.Generator) -> float | None:
        """Return how bad the networks are on held-out batches, lower is better; None where nothing can tell.

        Called without gradients and in eval mode, each time with the same noise in `rng`.
        """
        return None
