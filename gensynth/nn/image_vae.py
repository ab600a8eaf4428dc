"""An autoencoder of images whose codes are priced and tell the class.

The encoder gives an image x of class y the point m, and its code is normal around it, z ~ N(m, s^2 I), with one s for
all. The decoder makes D(z) of it, in [-1, 1], and a linear head C guesses the class:

    min  E |D(z) - x|_e + w KL(N(m, s^2 I) || N(0, I)) + t CE(C(m), y)
    |d|_e = |d| + e sum_l (|horizontal differences of d_l| + |vertical ones|)

|.| are means of absolute values over the pixels and d_l is d averaged over squares of 2^l pixels, l from 0 to 2: edges
must be kept at three scales. The first two terms are the evidence lower bound of a Laplace likelihood; s being the
same for all, the KL is half of |m|^2 but for a constant.

    encoder   grids h by `conv.Down`,   m = M f(A h + a) + b
    decoder   f(B z + b'),  f(N(E f(.) + c)) as the smallest grid,  tanh of `conv.Up`

with f(x) = x sigmoid(x) and N a group norm, without which absolute values are stuck at images of background alone.
Neither network is told the class: told, they made images that a classifier learned less from.

References: Kingma and Welling 2014, arXiv:1312.6114, eq. 3 (the bound); Ghosh et al. 2020, arXiv:1903.12436, sec. 3
(a constant variance); Mathieu et al. 2016, arXiv:1511.05440, eq. 6 (differences of pixels).

DIFFERS from Ghosh et al.: absolute values and edges in place of squares, and a head that tells the class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from .codes import normal
from .conv import GAIN, Down, Up, norm_of
from .task import Task

DENSE = 256  # width of the layers between the smallest grid and the code
S = 0.3  # the standard deviation of a code around its point
SCALES = 3  # of the edges
EDGES, TOLD = 0.2, 0.1  # e and t


class ImageCodec(Task):
    """Encoder, decoder and head. Examples are x (n, channels, height, width) of uint8 and classes y (n,) of int64.

    Arguments:
        shape: channels, height and width of the images, from 4 pixels a side on.
        classes: how many there are, at least 1.
        hidden: widths of the convolutions, that of the largest grid first, the last one again where more are needed.
        noise: width of z, at least 1.
        weight: w, above 0.
        lr: AdamW's largest rate, above 0.
        rng: draws the first weights.
    """

    def __init__(
        self, shape: tuple[int, int, int], classes: int, hidden: Sequence[int], *, noise: int = 32,
        weight: float = 2e-4, lr: float = 2e-3, rng: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        self.noise, self.weight, self.lr = noise, weight, lr
        self.down = Down(shape, hidden, rng, norm=True)
        flat = math.prod(self.down.shape)
        layer = partial(Linear, rng)
        self.dense, self.point = layer(GAIN, flat, DENSE), layer(1.0, DENSE, noise)  # A and M
        self.first, self.grid = layer(GAIN, noise, DENSE), layer(GAIN, DENSE, flat)  # B and E
        self.norm = norm_of(self.down.shape[0], True)
        self.up = Up(shape, hidden, rng, norm=True)
        self.head = layer(1.0, noise, classes)

    # Learning ----------------------------------------------------------------------------------------------------

    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return AdamW with a rate that rises and falls once."""
        plain = self.head.bias.device.type == "cpu"
        made = AdamW(self.parameters(), lr=self.lr, weight_decay=1e-4, fused=plain)
        return [(made, OneCycleLR(made, self.lr, total_steps=max(steps, 2)))]

    def step(
        self, batch: tuple[Tensor, ...], index: int, descend: Callable[[int, Tensor], None], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Move down the objective. The record has its parts: error in units of half the range, distance in nats."""
        x, y = batch
        error, distance, told = (part.mean() for part in self.parts(x, y, rng))
        loss = error + self.weight * distance + TOLD * told
        descend(0, loss)
        return {
            "loss": loss.detach(), "error": error.detach(), "distance": distance.detach(), "told": told.detach(),
        }  # fmt: skip

    def score(self, batches: Iterable[tuple[Tensor, ...]], rng: torch.Generator) -> float | None:
        """Return the mean of the objective; None where there are no images."""
        total, rows = 0.0, 0
        for x, y in batches:
            error, distance, told = self.parts(x, y, rng)
            total += float((error + self.weight * distance + TOLD * told).sum())
            rows += len(x)
        return total / rows if rows else None

    def parts(self, x: Tensor, y: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return |D(z) - x|_e for a z of q, the KL and the cross-entropy, of images. Shape: (n,) each."""
        images = scaled(x)
        m, log_s2 = self._coded(images)
        z = m + S * torch.randn(m.shape, generator=rng, device=m.device)
        distance = 0.5 * (m**2 + log_s2.exp() - 1 - log_s2).sum(1)
        told = F.cross_entropy(self.head(m), y, reduction="none")
        return apart(self.decode(z, y), images), distance, told

    def posterior(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return m and log s^2 of images, whatever their class. Shape: (n, c, h, w), (n,) to (n, noise) each."""
        return self._coded(scaled(x))

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        """Return images in [-1, 1], whatever their class. Shape: (n, noise), (n,) to (n, c, h, w)."""
        h = self.grid(F.silu(self.first(z))).view(-1, *self.up.shape)
        made: Tensor = self.up(F.silu(self.norm(h))).tanh()
        return made

    def _coded(self, images: Tensor) -> tuple[Tensor, Tensor]:
        m = self.point(F.silu(self.dense(self.down(images).flatten(1))))
        return m, torch.full_like(m, 2 * math.log(S))


class Linear(nn.Module):
    """A linear layer, its first weights drawn from `rng`.

    Arguments:
        gain: of their standard deviation, over that which keeps the variance.
        ends: how many numbers come in, and how many go out.
    """

    def __init__(self, rng: torch.Generator, gain: float, *ends: int) -> None:
        super().__init__()
        self.weight, self.bias = normal(rng, gain / math.sqrt(ends[0]), *ends), nn.Parameter(torch.zeros(ends[1]))

    def forward(self, h: Tensor) -> Tensor:
        """Shape: (n, ends[0]) to (n, ends[1])."""
        return torch.addmm(self.bias, h, self.weight)


def scaled(x: Tensor) -> Tensor:
    """Return bytes as numbers in [-1, 1]."""
    return x.float() / 127.5 - 1


def apart(made: Tensor, x: Tensor) -> Tensor:
    """Return |made - x|_e of images. Shape: (n, c, h, w) each; returns (n,).

    >>> x = torch.zeros(1, 1, 4, 4)
    >>> apart(x + 0.5, x).tolist()
    [0.5]
    """
    d = made - x
    total = d.abs().mean((1, 2, 3))
    for scale in range(SCALES):
        for axis in (2, 3):
            if d.shape[axis] > 1:
                total = total + EDGES * d.diff(dim=axis).abs().mean((1, 2, 3))
        if min(d.shape[2:]) < 2 or scale + 1 == SCALES:
            break
        d = F.avg_pool2d(d, 2)
    return total
