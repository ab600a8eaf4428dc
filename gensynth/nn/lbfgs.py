"""Limited-memory BFGS on many problems at once, one a row, each as if it were alone.

With s_k = x_(k+1) - x_k and y_k = g_(k+1) - g_k of the last MEMORY steps, the direction -H g comes of the two loops
over these pairs, with s'y / y'y of the last pair as H_0; where the loss is bent downwards and a pair says nothing, H_0
is GROWTH times what it was. A step that does not lower the loss, or spoils it, is taken back and tried again at a
quarter of its length: rows only ever get better.

Reference: Nocedal and Wright 2006, "Numerical Optimization", algorithm 7.4.

DIFFERS from it: no search along the line, of which each trial would cost as much as a step; and the first step, of
which nothing is known, has the length that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

MEMORY = 20
GROWTH = 4.0
SHORTER = 0.25  # of a step that is taken back
FLAT = 1e-3  # relative fall of the loss in PATIENCE steps, below which a row is done
PATIENCE = 10
TINY = 1e-20

Loss = Callable[[Tensor], Tensor]


@dataclass
class Lowered:
    """Where rows came to. Shape: x (n, d), loss (n,), spoilt (n,) whether a step was not finite; curve, means."""

    x: Tensor
    loss: Tensor
    spoilt: Tensor
    curve: list[float]


@dataclass
class Memory:
    """The last pairs. Shape: s and y (n, d) each, rho (n,), 0 where a pair says nothing; scale (n,) is H_0."""

    scale: Tensor
    pairs: list[tuple[Tensor, Tensor, Tensor]] = field(default_factory=list)

    def direction(self, g: Tensor) -> Tensor:
        """Return H g. Shape: (n, d) to (n, d)."""
        q, steps = g, []
        for s, y, rho in reversed(self.pairs):
            a = rho * dot(s, q)
            q = torch.addcmul(q, a[:, None], y, value=-1)
            steps.append(a)
        q = q * self.scale[:, None]
        for (s, y, rho), a in zip(self.pairs, reversed(steps), strict=True):
            q = torch.addcmul(q, (a - rho * dot(y, q))[:, None], s)
        return q

    def add(self, s: Tensor, y: Tensor, took: Tensor, length: Tensor) -> None:
        """Remember a step of the rows that took it, at a length, where it tells of a curvature above 0."""
        sy = dot(s, y)
        told = took & (sy > TINY)
        self.pairs = [*self.pairs[1 - MEMORY :], (s, y, torch.where(told, 1 / sy.clamp(min=TINY), 0))]
        longer = torch.where(took, GROWTH * length, 1.0) * self.scale
        self.scale = torch.where(told, sy / dot(y, y).clamp(min=TINY), longer)


def lower(loss: Loss, x: Tensor, steps: int, first: float = 0.01) -> Lowered:
    """Lower a loss of each row, which depends on this row alone.

    Arguments:
        loss: rows (n, d) to (n,), differentiable.
        x: where to begin, (n, d), at which the loss is finite.
        steps: how often the loss is asked at most, at least 1.
        first: how far numbers are moved by the first step, in the mean; above 0.
    """
    value, g = _asked(loss, x)
    memory = Memory(first / g.abs().mean(1).clamp(min=TINY))
    length, spoilt = torch.ones_like(value), ~torch.isfinite(value)
    done = torch.zeros_like(spoilt)
    curve, history = [float(value.mean())], [value]
    for _ in range(steps - 1):
        d = memory.direction(g)
        turned = dot(d, g) <= 0  # uphill: as if nothing were known
        d = torch.where(turned[:, None], g * memory.scale[:, None], d)
        there = x - length[:, None] * d
        new, slope = _asked(loss, there)
        sound = torch.isfinite(new) & torch.isfinite(slope).all(1)
        spoilt |= ~sound
        took = sound & (new < value) & ~done
        where = took[:, None]
        memory.add(torch.where(where, there - x, 0), torch.where(where, slope - g, 0), took, length)
        x, g, value = torch.where(where, there, x), torch.where(where, slope, g), torch.where(took, new, value)
        length = torch.where(took, 1.0, length * SHORTER)
        curve.append(float(value.mean()))
        history = [*history[-PATIENCE:], value]
        if len(history) > PATIENCE:
            done |= history[0] - value <= FLAT * value
            if bool(done.all()):
                break
    return Lowered(x, value, spoilt, curve)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Shape: (n, d) twice, to (n,)."""
    return (a * b).sum(1)


@torch.enable_grad()
def _asked(loss: Loss, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and its gradient. Shape: (n, d) to (n,) and (n, d)."""
    x = x.detach().requires_grad_()
    value = loss(x)
    (g,) = torch.autograd.grad(value.sum(), x)
    return value.detach(), g
