"""The algorithm of Gatys et al. 2016, one image after another: L-BFGS of torch on the pixels, beginning at white noise.

What it makes small is the objective of `gensynth.nn.painting`, with the same features, so that both are compared at
the same loss. As in the authors' code nothing ends it before its steps are done. That searches no line; here strong
Wolfe conditions are searched for, which comes to the same losses in 3 evaluations more of 100, and cannot diverge.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

MEMORY = 100  # pairs that are remembered, as in the authors' code
STARTS = {"published, from noise": "noise", "published, from the content": "content"}


@dataclass
class Painted:
    """An image, and what each evaluation found: seconds since the start, and the loss."""

    x: Tensor
    curve: list[tuple[float, float]]


def painted(aim: Any, start: Tensor, steps: int) -> Painted:
    """Return an image that comes near an aim. Shape: start (1, 3, h, w)."""
    x, curve, began = start.clone().requires_grad_(), [], time.perf_counter()
    lbfgs = torch.optim.LBFGS([x], max_iter=steps, max_eval=10 * steps, history_size=MEMORY, tolerance_grad=0.0,
                              tolerance_change=0.0, line_search_fn="strong_wolfe")  # fmt: skip

    def closure() -> Tensor:
        lbfgs.zero_grad()
        loss: Tensor = aim.loss(x).sum()
        loss.backward()
        curve.append((time.perf_counter() - began, float(loss.detach())))
        return loss

    lbfgs.step(closure)
    return Painted(x.detach(), curve)


def seconds_to(loss: float, made: list[Painted]) -> float | None:
    """Return after how many seconds an image the mean of the losses was no more than one; None if it never was."""
    for step in range(max(len(one.curve) for one in made)):
        here = [one.curve[: step + 1] for one in made]
        if sum(min(value for _, value in curve) for curve in here) / len(made) <= loss:
            return sum(curve[-1][0] for curve in here) / len(made)
    return None
