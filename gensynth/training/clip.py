"""Gradients cut down to a size before they are followed, also where mixed precision still has them scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import Optimizer

from ..errors import ConfigError


@dataclass(frozen=True)
class Clip:
    """How gradients are cut.

    Arguments:
        most: what their norm, or each of them, is cut to; 0 for no cut.
        way: "norm" or "value".
    """

    most: float
    way: str

    @classmethod
    def read(cls, most: Any, way: Any) -> Self:
        """Return what Lightning's `gradient_clip_val` and `gradient_clip_algorithm` say. Raises: ConfigError."""
        number = isinstance(most, int | float | np.integer | np.floating) and not isinstance(most, bool)
        if most is not None and not (number and most >= 0):
            raise ConfigError(f"trainer_kwargs: gradient_clip_val must be a number, at least 0, got {most!r:.60}")
        said = "norm" if way is None else way.lower() if isinstance(way, str) else way
        if said not in ("norm", "value"):
            raise ConfigError(f"trainer_kwargs: gradient_clip_algorithm must be 'norm' or 'value', got {way!r:.60}")
        return cls(float(most or 0), said)

    def cut(self, optimizer: Optimizer, scaler: Any) -> None:
        """Cut the gradients of an optimizer; `scaler` is that of float16, or None."""
        if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
            scaler.unscale_(optimizer)  # which fused optimizers leave for their step; of others it is done
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        if self.way == "norm":
            clip_grad_norm_(weights, self.most)
        else:
            clip_grad_value_(weights, self.most)
