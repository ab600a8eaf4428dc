"""Averages of weights over training, which generate better than the last weights do.

After step t, from 0, the average m of the weights w moves by

    m <- d m + (1 - d) w,   d = min(decay, (1 + t) / (10 + t))

References:
    Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging"
    Yazici et al. 2019, arXiv:1806.04498   (exponential averages for GANs)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Average:
    """The exponential moving average of a module's parameters, and copies of its floating-point buffers.

    Arguments:
        module: on the device where it is trained; its parameters are changed in place, never replaced.
        decay: the weight of the past, in [0, 1); 0 follows the weights themselves.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be at least 0 and below 1, got {decay}")
        self.decay, self.steps = decay, 0
        self._weights: list[Tensor] = list(module.parameters())
        self._buffers = [buffer for buffer in module.buffers() if buffer.is_floating_point()]
        self._means = [weight.detach().clone() for weight in self._weights]
        self._copies = [buffer.detach().clone() for buffer in self._buffers]

    def update(self) -> None:
        """Move the averages towards the weights."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        with torch.no_grad():
            torch._foreach_lerp_(self._means, self._weights, 1 - decay)
            if self._buffers:
                torch._foreach_copy_(self._copies, self._buffers)

    @contextmanager
    def swapped(self) -> Iterator[None]:
        """Put the averages into the module, and the weights themselves back when the block ends."""
        live = [*self._weights, *self._buffers]
        with torch.no_grad():
            raw = [tensor.detach().clone() for tensor in live]
            torch._foreach_copy_(live, [*self._means, *self._copies])
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(live, raw)

    def state_dict(self) -> dict[str, Any]:
        """Return what `load_state_dict` takes: tensors and a number."""
        return {"steps": self.steps, "means": self._means, "copies": self._copies}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state of a module of the same shapes.

        Raises:
            ValueError: the shapes are not those of the module.
        """
        held, given = [*self._means, *self._copies], [*state["means"], *state["copies"]]
        if [tensor.shape for tensor in held] != [tensor.shape for tensor in given]:
            raise ValueError("the averages are of another module: their shapes differ")
        self.steps = int(state["steps"])
        for tensor, value in zip(held, given, strict=True):
            tensor.copy_(value)
