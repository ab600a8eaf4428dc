"""An autoregressive network over columns of codes: each column given those that stand before it.

For a row of codes x_1 ... x_p and any order o of its columns

    log p(x) = sum_j log p(x_oj | x_o1 ... x_o(j-1))

All conditionals share one table T of what a code says. The context of a column is the sum of what the columns before it
say, whichever these are, so that one pass gives every column its conditional, in any order:

    a_j = sum_(i before j) T[x_i],    h = f(a_j + b_j),    h <- f(W_jl h + c_jl) for l = 1, 2, ...
    p(x_j = k | columns before j) = softmax_k(O[j, k] . h + d[j, k]),    f(x) = x sigmoid(x)

Codes of numbers are ordered: their rows of T and O are a free part and a smooth function of their rank.

References: Larochelle and Murray 2011, "The neural autoregressive distribution estimator", AISTATS (the shared sum);
Uria, Murray and Larochelle 2014, "A deep and tractable density estimator", arXiv:1310.1757 (all orders).

DIFFERS from Uria et al.: an order gives all p conditionals of a row at once, and each column has layers of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from .codes import NEVER, Bumps, alike, drawn
from .task import Task

COLUMNS = 64  # whose conditionals are learned in one step; of more, as many are drawn


class Conditionals(Task):
    """The conditionals of all columns. Column 0, the class, is always given.

    Arguments:
        sizes: how many codes each column has, at least 1.
        ranks: for each column the ranks in (0, 1) of its first codes; empty where they have no order.
        hidden: widths of the layers, at least two; the first is that of the contexts.
        lr: AdamW's largest rate, above 0.
        dropout: share of the units before the last layer that a row goes without in training, in [0, 1): so many at
            first, and in the end none.
        ordered: share of rows that are learned in the order of the columns, the others in random orders, in [0, 1].
        rng: draws the first weights.
    """

    offsets: Tensor

    def __init__(
        self, sizes: Sequence[int], ranks: Sequence[Sequence[float]], hidden: Sequence[int], *, lr: float = 2e-3,
        dropout: float = 0.2, ordered: float = 0.5, rng: torch.Generator,
    ) -> None:  # fmt: skip
        super().__init__()
        self.sizes, self.lr, self.dropout, self.ordered = [*sizes], lr, dropout, ordered
        self.steps, self.dropped = 1, dropout
        ends = torch.tensor([0, *self.sizes]).cumsum(0)
        self.starts: list[int] = ends[:-1].tolist()
        self.register_buffer("offsets", ends[:-1, None], persistent=False)
        self.smooth = Bumps(self.sizes, ranks)
        wide, *deep = hidden
        total, columns, last, knots = int(ends[-1]), len(self.sizes), hidden[-1], self.smooth.count

        def first(scale: float, *shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(shape, generator=rng) * scale)

        self.says, self.says_smooth = first(0.3, total, wide), first(0.2, knots, wide)  # T
        self.shift = first(0.1, columns, 1, wide)  # b
        pairs = [*zip([wide, *deep[:-1]], deep, strict=True)]
        self.weights = nn.ParameterList([first(math.sqrt(2 / i), columns, i, o) for i, o in pairs])  # W
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(columns, 1, o)) for _, o in pairs])  # c
        self.reads, self.reads_smooth = first(0.05, total, last), first(0.05, knots, last)  # O
        self.base = nn.Parameter(torch.zeros(total))  # d

    # Learning ----------------------------------------------------------------------------------------------------

    def optimizers(self, steps: int) -> list[tuple[Optimizer, LRScheduler | None]]:
        """Return AdamW with a rate that rises and falls once."""
        self.steps = steps
        made = AdamW(self.parameters(), lr=self.lr, weight_decay=1e-2, fused=True)
        return [(made, OneCycleLR(made, self.lr, total_steps=max(steps, 2)))]

    def step(
        self, batch: tuple[Tensor, ...], index: int, descend: Callable[[int, Tensor], None], rng: torch.Generator
    ) -> dict[str, Tensor]:
        """Move down the mean of -log p(row | class), each row in an order of its own."""
        (codes,) = batch
        self.dropped = self.dropout * (1 - index / self.steps)
        loss = self.surprise(codes.long(), self._orders(len(codes), rng), rng).mean()
        descend(0, loss)
        return {"loss": loss.detach()}

    def score(self, batches: Iterable[tuple[Tensor, ...]], rng: torch.Generator) -> float | None:
        """Return the mean of -log p(row | class) in the order of the columns, in which rows are made, in nats."""
        total, rows = 0.0, 0
        for (codes,) in batches:
            total += float(self.surprise(codes.long()).sum())
            rows += len(codes)
        return total / rows if rows else None

    def surprise(self, codes: Tensor, order: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        """Return -log p(row | class) of rows, in nats.

        Shape: codes (n, p) of int64; order (n, p), the lower a column's number the sooner it comes, or None for the
        columns' own; returns (n,). With `rng`, units are dropped, and of many columns some are drawn, weighted so that
        the mean is that of all.
        """
        columns = torch.arange(1, len(self.sizes), device=codes.device)
        weight = 1.0
        if rng is not None and len(columns) > COLUMNS:
            chosen = torch.randperm(len(columns), generator=rng, device=codes.device)[:COLUMNS]
            weight, columns = len(columns) / COLUMNS, columns[chosen.sort().values]
        said, reads = F.embedding(codes.T + self.offsets, self.table()), self.answers()
        parts = [
            self._losses(self._layers(self._contexts(said, order, part), part, rng), codes, part, reads)
            for part in torch.split(columns, COLUMNS)
        ]
        return weight * torch.stack(parts).sum(0)

    def _orders(self, n: int, rng: torch.Generator) -> Tensor | None:
        """Return an order for each row, the class first: that of the columns for some, a random one for others."""
        if self.ordered >= 1:
            return None
        place = self.offsets.device
        order = torch.rand(n, len(self.sizes), generator=rng, device=place)
        plain = torch.rand(n, 1, generator=rng, device=place) < self.ordered
        order = torch.where(plain, torch.arange(len(self.sizes), device=place) / len(self.sizes), order)
        order[:, 0] = -1.0
        return order

    def _contexts(self, said: Tensor, order: Tensor | None, columns: Tensor) -> Tensor:
        """Return a_j for some columns. Shape: said (p, n, wide), what each cell says; returns (columns, n, wide)."""
        if order is None:
            every = torch.arange(len(self.sizes), device=said.device)
            before = (every[None] < columns[:, None]).to(said.dtype)
            return (before @ said.flatten(1)).view(len(columns), *said.shape[1:])
        earlier = (order[:, None, :] < order[:, columns, None]).to(said.dtype)
        return torch.bmm(earlier, said.transpose(0, 1)).transpose(0, 1)

    def _layers(self, contexts: Tensor, columns: Tensor, rng: torch.Generator | None = None) -> Tensor:
        """Return the last h. Shape: (g, n, wide) for g columns to (g, n, last)."""
        h = F.silu(contexts + self._of(self.shift, columns))
        for number, (W, c) in enumerate(zip(self.weights, self.biases, strict=True)):
            if rng is not None and self.dropped and number == len(self.weights) - 1:
                kept = torch.rand(h.shape[1:], generator=rng, device=h.device) >= self.dropped
                h = h * (kept.to(h.dtype) / (1 - self.dropped))
            h = F.silu(torch.baddbmm(self._of(c, columns), h, self._of(W, columns)))
        return h

    def _of(self, parameter: Tensor, columns: Tensor) -> Tensor:
        """Return the part of a parameter that some columns have; of all of them without a copy."""
        return parameter[1:] if len(columns) == len(self.sizes) - 1 > 1 else parameter[columns]

    def _losses(self, h: Tensor, codes: Tensor, columns: Tensor, reads: Tensor) -> Tensor:
        """Return the sum over columns of -log p of their codes. Shape: h (g, n, last), codes (n, p); returns (n,)."""
        total = torch.zeros(len(codes), device=h.device)
        for size, places in alike([self.sizes[column] for column in columns.tolist()]).items():
            mine = columns[places]
            wanted = codes[:, mine].T.reshape(-1)
            spots = self.offsets[mine] + torch.arange(size, device=h.device)
            sizes = torch.tensor([[self.sizes[column]] for column in mine.tolist()], device=h.device)
            spare = torch.arange(size, device=h.device) >= sizes
            spots = spots.clamp(max=len(reads) - 1)
            base = torch.where(spare, NEVER, self.base[spots])
            logits = torch.baddbmm(base[:, None], h[places], reads[spots].transpose(1, 2))
            loss = F.cross_entropy(logits.flatten(0, 1), wanted, reduction="none")
            total = total + loss.view(len(places), -1).sum(0)
        return total

    # Making ------------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def complete(self, codes: Tensor, u: Tensor, refused: Tensor) -> Tensor:
        """Return rows with the codes that are not known drawn, in order, each given all known ones and those before it.

        Shape: codes (n, p) of int64, the class first, -1 for what is not known; u (n, p) uniform in [0, 1); refused
        (classes, codes of all columns but the class), which are never drawn.
        """
        table, reads, codes = self.table(), self.answers(), codes.clone()
        known = codes >= 0
        context = torch.zeros(len(codes), table.shape[1], device=table.device)
        for column, start in enumerate(self.starts):
            if bool(known[:, column].any()):
                context += table[codes[:, column].clamp(min=0) + start] * known[:, column, None]
        refused = refused[codes[:, 0]] if bool(refused.any()) else refused[:0]
        for column in range(1, len(self.sizes)):
            if bool(known[:, column].all()):
                continue
            chances = self.chances(context, column, reads).exp()
            if len(refused):
                first = self.starts[column] - self.sizes[0]
                chances = chances.masked_fill(refused[:, first : first + self.sizes[column]], 0.0)
            code = drawn(chances, u[:, column])
            lacking = ~known[:, column]
            codes[:, column] = torch.where(lacking, code, codes[:, column])
            context += table[code + self.starts[column]] * lacking[:, None]
        return codes

    @torch.no_grad()
    def likelihood(self, codes: Tensor) -> Tensor:
        """Return log p(known codes | class), in nats. Shape: codes (n, p), -1 for what is not known; returns (n,)."""
        table, reads = self.table(), self.answers()
        context = table[codes[:, 0]]
        total = torch.zeros(len(codes), device=table.device)
        for column in range(1, len(self.sizes)):
            known, code = codes[:, column] >= 0, codes[:, column].clamp(min=0)
            if bool(known.any()):
                logs = self.chances(context, column, reads).gather(1, code[:, None])[:, 0]
                total += torch.where(known, logs, 0.0)
                context = context + table[code + self.starts[column]] * known[:, None]
        return total

    def table(self) -> Tensor:
        """Return T. Shape: (all codes, wide)."""
        smooth: Tensor = self.smooth(self.says_smooth)
        return self.says + smooth

    def answers(self) -> Tensor:
        """Return O. Shape: (all codes, last)."""
        smooth: Tensor = self.smooth(self.reads_smooth)
        return self.reads + smooth

    def chances(self, context: Tensor, column: int, reads: Tensor) -> Tensor:
        """Return log p(x_j = k | context) of one column. Shape: context (n, wide), reads as `answers()`; (n, size)."""
        h = self._layers(context[None], torch.tensor([column], device=context.device))[0]
        part = slice(self.starts[column], self.starts[column] + self.sizes[column])
        return torch.addmm(self.base[part], h, reads[part].T).log_softmax(1)
