"""Wasserstein GAN: a generator G and a critic D that learn against one another.

D says how real an example looks, and G(z), z ~ N(0, I), is made to look real. Both are given the class y and whatever
of an example is held; D sees these in the example itself. With loss "wgan-gp" and a penalty p

    D   min  E D(G(z)) - E D(x) + p E (|grad D(x^)| - 1)^2,    x^ = e x + (1 - e) G(z),  e ~ U(0, 1)
    G   min  -E D(G(z))

where E D(x) - E D(G(z)) estimates the Wasserstein distance between real and made examples. With "relativistic", real
and made examples are compared in pairs, f(t) = log(1 + exp(t)), and the gradients at both are kept small

    D   min  E f(D(G(z)) - D(x)) + p/2 (E |grad D(x)|^2 + E |grad D(G(z))|^2)
    G   min  E f(D(x) - D(G(z)))

A critic may change what it is shown at random, real and made examples alike and in the steps of both (Zhao et al.);
the gradients are then those at what it was shown.

References: Gulrajani et al. 2017, arXiv:1704.00028, eq. 3 and algorithm 1; Huang et al. 2024, "R3GAN",
arXiv:2501.05441, eq. 2 to 5; Karras et al. 2020, arXiv:1912.04958, sec. 4 (a penalty taken every few steps);
Zhao et al. 2020, arXiv:2006.10738, sec. 3.

DIFFERS from Gulrajani et al.: one critic step for each of G's is the default, and the penalty is taken over a quarter
of a batch, an estimate of the same mean at a third of the cost; the rates fall to nothing over the second half.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from .task import Task

Examples = tuple[Tensor, ...]
PENALISED = 4  # the penalty is taken over one row in so many
LAZY = 8  # or, of "relativistic", every so many steps


class Maker(nn.Module, ABC):
    """G: makes examples that share their class, and what is held, with real ones."""

    @abstractmethod
    def make(self, real: Examples, rng: torch.Generator) -> Examples:
        """Return as many made examples; gradients reach G through them."""

    def apart(self, batches: Iterable[Examples], rng: torch.Generator) -> float | None:
        """Return how far made examples are from real ones, lower is better; None where nothing can tell."""
        return None


class Critic(nn.Module, ABC):
    """D, in two parts: a linear one into the space that gradients are taken in, and the rest.

    What its losses need of the training stands in `retries` and `largest` (see `Task`).
    """

    retries: ClassVar[int] = 0
    largest: ClassVar[float] = math.inf

    def varied(self, examples: Examples, rng: torch.Generator) -> Examples:
        """Return examples as D is shown them, real and made ones alike: changed at random, or as they are."""
        return examples

    @abstractmethod
    def points(self, examples: Examples) -> Tensor:
        """Return examples as points. Shape: (n, ...)."""

    @abstractmethod
    def judge(self, points: Tensor, like: Examples) -> Tensor:
        """Return D of points, whose classes are those of real examples. Shape: (n, ...) to (n,)."""

    @abstractmethod
    def steepness(self, gradients: Tensor) -> Tensor:
        """Return |grad D|^2 in the space of the examples, of gradients at points. Shape: as `judge`."""


class Game(Task):
    """G and D and what each of them does in a step.

    Arguments:
        maker: G.
        critic: D.
        loss: "wgan-gp" or "relativistic".
        penalty: p, above 0.
        critic_steps: steps of D for each of G, at least 1, each on a part of the batch; G has the first part.
        lr: Adam's rate, of both, above 0.
    """

    def __init__(
        self,
        maker: Maker,
        critic: Critic,
        *,
        loss: Literal["wgan-gp", "relativistic"] = "wgan-gp",
        penalty: float = 10.0,
        critic_steps: int = 1,
        lr: float = 1e-3,
    ) -> None:
        super().__init__()
        self.maker, self.critic = maker, critic
        self.loss, self.penalty, self.critic_steps, self.lr = loss, penalty, critic_steps, lr
        self.retries, self.largest = critic.retries, critic.largest
        self.steps, self.done = 1, 0

    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return Adam for G and for D, whose rates fall over the second half."""
        self.steps = steps
        found: list[tuple[Optimizer, LRScheduler | None]] = []
        plain = next(self.parameters()).device.type == "cpu"  # where one pass over the weights is faster
        for network, count in ((self.maker, steps), (self.critic, steps * self.critic_steps)):
            made = Adam(network.parameters(), lr=self.lr, betas=(0.0, 0.9), fused=plain)
            found.append((made, LambdaLR(made, _falling(count))))
        return found

    def step(
        self, batch: Examples, index: int, descend: Callable[[int, Tensor], None], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Move D up, as often as it has steps, then G. The record has D's estimate of how far apart both are."""
        said, self.done = [], index + 1
        count = min(self.critic_steps, len(batch[0]))
        parts = zip(*(tensor.tensor_split(count) for tensor in batch), strict=True)
        shown = [self.critic.varied(part, rng) for part in parts]
        for number, real in enumerate(shown):
            with torch.no_grad():
                made = self.critic.varied(self.maker.make(real, rng), rng)
            lazy = (index * count + number) % LAZY == 0
            whole = lazy or self.loss == "wgan-gp"  # half a float is too little for gradients of gradients
            with torch.autocast(real[0].device.type, enabled=False) if whole else nullcontext():
                loss, distance = self._criticised(real, made, rng, lazy)
            descend(1, loss)
            said.append((loss.detach(), distance.detach()))
        self.critic.requires_grad_(False)
        loss = self._fooled(shown[0], self.critic.varied(self.maker.make(shown[0], rng), rng))
        descend(0, loss)
        self.critic.requires_grad_(True)
        critic, distance = (torch.stack(values).mean() for values in zip(*said, strict=True))
        return {"generator": loss.detach(), "critic": critic, "distance": distance}

    def score(self, batches: Iterable[Examples], rng: torch.Generator) -> float | None:
        """Return how far made examples are from held-out ones, as G can tell; None before the rates fall."""
        return self.maker.apart(batches, rng) if 2 * self.done > self.steps else None

    def _criticised(self, real: Examples, made: Examples, rng: torch.Generator, lazy: bool) -> tuple[Tensor, Tensor]:
        """Return D's loss, and E D(x) - E D(G(z))."""
        x, g = self.critic.points(real), self.critic.points(made)
        if self.loss == "relativistic":
            x, g = (_open(x), _open(g)) if lazy else (x, g)
            for_x, for_g = self.critic.judge(torch.cat([x, g]), _twice(real)).chunk(2)
            loss = F.softplus(for_g - for_x).mean()
            if lazy:
                at_x, at_g = self._slopes((for_x + for_g).sum(), [x, g])
                loss = loss + LAZY * self.penalty / 2 * (at_x.mean() + at_g.mean())
            return loss, for_x.mean() - for_g.mean()
        count = -(-len(x) // PENALISED)
        e = torch.rand(count, *[1] * (x.dim() - 1), generator=rng, device=x.device)
        mixed = _open(g[:count] + e * (x[:count] - g[:count]))
        like = tuple(torch.cat([part, part, part[:count]]) for part in real)
        judged = self.critic.judge(torch.cat([x, g, mixed]), like)
        for_x, for_g = judged[:-count].chunk(2)
        (steep,) = self._slopes(judged[-count:].sum(), [mixed])
        loss = for_g.mean() - for_x.mean() + self.penalty * ((steep + 1e-12).sqrt() - 1).square().mean()
        return loss, for_x.mean() - for_g.mean()

    def _slopes(self, value: Tensor, points: list[Tensor]) -> list[Tensor]:
        return [self.critic.steepness(part) for part in torch.autograd.grad(value, points, create_graph=True)]

    def _fooled(self, real: Examples, made: Examples) -> Tensor:
        """Return G's loss."""
        for_g = self.critic.judge(self.critic.points(made), real)
        if self.loss == "wgan-gp":
            return -for_g.mean()
        with torch.no_grad():
            for_x = self.critic.judge(self.critic.points(real), real)
        return F.softplus(for_x - for_g).mean()


def _open(points: Tensor) -> Tensor:
    """Return points that a gradient can be taken at."""
    return points if points.requires_grad else points.detach().requires_grad_()


def _twice(examples: Examples) -> Examples:
    return tuple(torch.cat([part, part]) for part in examples)


def _falling(steps: int) -> Callable[[int], float]:
    """Return the share of the rate that each step has: all of it over the first half, then less and less."""
    return lambda step: min(1.0, 2 * (1 - step / max(steps, 1)))
