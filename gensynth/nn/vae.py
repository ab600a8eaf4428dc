"""A variational autoencoder over columns of codes, given the class.

A row of codes x = (x_1 ... x_p) of class y comes from z ~ N(0, I) by p(x | z, y) = prod_j p(x_j | z, y). The encoder
q(z | x, y) = N(m, diag(s^2)) and the decoder are learned together by the evidence lower bound, with a weight w:

    log p(x | y) >= E_q sum_j log p(x_j | z, y) - w KL(q || N(0, I)),   KL = 1/2 sum (m^2 + s^2 - 1 - log s^2)

    encoder   h = f(T[y] + sum_j T[x_j] + b),   h <- f(W_l h + c_l),   (m, log s^2) = W h + c
    decoder   h = f(A z + B[y] + a),            h <- f(V_l h + d_l),   p(x_j = k | z, y) = softmax_k(O_jk h + e_jk)

with f(x) = x sigmoid(x). Numbers are codes too and their likelihood a softmax: that, rather than a normal around a
mean, is what makes it good on tables. Codes of numbers are ordered: their rows of T and O are a free part and a smooth
function of their rank. w rises from 0 over the first third of training, so that z is used before it is priced.

References: Kingma and Welling 2014, arXiv:1312.6114, eq. 3 and appendix B (the bound); Higgins et al. 2017,
"beta-VAE", ICLR, eq. 4 (the weight); Bowman et al. 2016, arXiv:1511.06349, sec. 3.1 (the warm-up).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from .codes import NEVER, Bumps, Slots, normal
from .task import Task

WARM = 1 / 3  # of the steps over which the weight rises
LEAST, MOST = -8.0, 4.0  # of log s^2


class Codec(Task):
    """Encoder and decoder. Column 0, the class, is given to both.

    Arguments:
        sizes: how many codes each column has, at least 1.
        ranks: for each column the ranks in (0, 1) of its first codes; empty where they have no order.
        hidden: widths of the layers, at least one, in both networks.
        noise: width of z, at least 1.
        weight: w, above 0.
        lr: AdamW's largest rate, above 0.
        rng: draws the first weights.
    """

    offsets: Tensor

    def __init__(
        self, sizes: Sequence[int], ranks: Sequence[Sequence[float]], hidden: Sequence[int], *, noise: int = 16,
        weight: float = 0.7, lr: float = 3e-3, rng: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes, self.noise, self.weight, self.lr = [*sizes], noise, weight, lr
        self.heat, self.warm = 1.0, 1.0
        ends = torch.tensor([0, *self.sizes]).cumsum(0)
        self.smooth, self.slots = Bumps(self.sizes, ranks), Slots(self.sizes[1:])
        self.register_buffer("offsets", ends[:-1], persistent=False)
        total, knots, wide, last = int(ends[-1]), self.smooth.count, hidden[0], hidden[-1]
        slots = len(self.slots.spare)

        first = partial(normal, rng)
        self.says, self.says_smooth = first(0.3, total, wide), first(0.2, knots, wide)  # T
        self.shift = first(0.1, wide)  # b
        self.encoder = Layers([*hidden, 2 * noise], rng)
        self.classes = first(0.5, self.sizes[0], wide)  # B
        self.decoder = Layers([noise, *hidden], rng)
        self.reads, self.reads_smooth = first(0.05, slots, last), first(0.05, knots, last)  # O
        self.base = nn.Parameter(torch.zeros(slots))  # e

    # Learning ----------------------------------------------------------------------------------------------------

    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return AdamW with a rate that rises and falls once."""
        self.warm = max(WARM * steps, 1.0)
        plain = self.base.device.type == "cpu"  # where one pass over the weights takes a tenth off a step
        made = AdamW(self.parameters(), lr=self.lr, weight_decay=1e-4, fused=plain)
        return [(made, OneCycleLR(made, self.lr, total_steps=max(steps, 2)))]

    def step(
        self, batch: tuple[Tensor, ...], index: int, descend: Callable[[int, Tensor], None], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Move up the bound, with the weight that the step has."""
        (codes,) = batch
        self.heat = min((index + 1) / self.warm, 1.0)
        error, distance = (part.mean() for part in self.parts(codes.long(), rng))
        loss = error + self.weight * self.heat * distance
        descend(0, loss)
        return {"loss": loss.detach(), "error": error.detach(), "distance": distance.detach()}

    def score(self, batches: Iterable[tuple[Tensor, ...]], rng: torch.Generator) -> float | None:
        """Return the mean of the negative bound, in nats; None while the weight still rises."""
        if self.heat < 1:
            return None
        total, rows = 0.0, 0
        for (codes,) in batches:
            error, distance = self.parts(codes.long(), rng)
            total += float((error + self.weight * distance).sum())
            rows += len(codes)
        return total / rows if rows else None

    def parts(self, codes: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return -sum_j log p(x_j | z, y) for a z of q, and the KL, of rows, in nats.

        Shape: codes (n, 1 + p) of int64, the class first; returns (n,), (n,).
        """
        m, log_s2 = self.posterior(codes)
        e = torch.randn(m.shape, generator=rng, device=m.device)
        z = m + e * (log_s2 / 2).exp()
        distance = 0.5 * (m**2 + log_s2.exp() - 1 - log_s2).sum(1)
        return self.slots.surprise(self.logits(z, codes[:, 0]), codes[:, 1:]), distance

    def posterior(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Return m and log s^2 of rows. Shape: codes (n, 1 + p) of int64; returns (n, noise), (n, noise)."""
        table = self.says + self.smooth(self.says_smooth)
        h = F.embedding_bag(codes + self.offsets, table, mode="sum") + self.shift
        m, log_s2 = self.encoder(F.silu(h)).chunk(2, 1)
        return m, log_s2.clamp(LEAST, MOST)

    def logits(self, z: Tensor, classes: Tensor, refused: Tensor | None = None) -> Tensor:
        """Return O h + e in slots, below NEVER / 2 for what is refused.

        Shape: z (n, noise); classes (n,) of int64; refused as `draw`; returns (n, slots).
        """
        h = F.silu(self.decoder(z, self.classes[classes]))
        reads = self.reads + self.smooth(self.reads_smooth, self.sizes[0] + self.slots.codes)
        base = self.base + self.slots.spare
        if refused is None:
            return torch.addmm(base, h, reads.T)
        return F.embedding(classes, base + NEVER * refused[:, self.slots.codes]).addmm_(h, reads.T)

    # Making ------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def draw(self, z: Tensor, classes: Tensor, u: Tensor, refused: Tensor) -> Tensor:
        """Return rows drawn from p(x | z, y).

        Shape: z (n, noise); classes (n,) of int64; u (n, p) uniform in [0, 1); refused (classes, codes of all columns
        but the class), which are never drawn; returns (n, p).
        """
        logits = self.logits(z, classes, refused if bool(refused.any()) else None)
        return self.slots.drawn(self.slots.chances(logits), u)


class Layers(nn.Module):
    """Linear layers with f between them, their first weights drawn from `rng`.

    Arguments:
        widths: of the input and of each layer.
    """

    def __init__(self, widths: Sequence[int], rng: torch.Generator) -> None:
        super().__init__()
        pairs = [*pairwise(widths)]
        self.weights = nn.ParameterList(normal(rng, math.sqrt(1 / i), i, o) for i, o in pairs)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(o)) for _, o in pairs)

    def forward(self, h: Tensor, added: Tensor | None = None) -> Tensor:
        """Return the last layer's sums; `added` goes to those of the first. Shape: (n, first) to (n, last)."""
        for number, (W, c) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.addmm(c, F.silu(h) if number else h, W)
            if added is not None and not number:
                h = h + added
        return h
