"""An autoregressive network over columns of codes: each column given those that stand before it.

For a row of codes x_1 ... x_p and any order o of its columns

    log p(x) = sum_j log p(x_oj | x_o1 ... x_o(j-1))

All conditionals share one table T of what a code says. The context of a column is the sum of what the columns before it
say, whichever these are, so that one pass gives every column its conditional, in any order:

    a_j = sum_(i before j) T[x_i],    h = f(a_j + b_j),    h <- f(W_jl h + c_jl) for l = 1, 2, ...
    p(x_j = k | columns before j) = softmax_k(O[j, k] . h + d[j, k]),    f(x) = x sigmoid(x)

Codes of numbers are ordered: their rows of T and O are a free part and a smooth function of their rank.

The order of the columns is learned best. So where codes h are held at columns after others, candidates x of those are
drawn and weighed by that order: half of them by r, which hears of all that is held, half by s, which meets it in its
place,

    r(x) = prod_j p(x_j | x before j, h),    s(x) = prod_j p(x_j | columns before j)
    w(x) = p(x, h) / q(x) = s(x) prod_k p(h_k | columns before k) / ((r(x) + s(x)) / 2)

and one is kept with a probability in proportion to w, which is at most 2. The mean of w is p(h | class).

References: Larochelle and Murray 2011, "The neural autoregressive distribution estimator", AISTATS (the shared sum);
Uria, Murray and Larochelle 2014, "A deep and tractable density estimator", arXiv:1310.1757 (all orders);
Rubin 1988, "Using the SIR algorithm to simulate posterior distributions", Bayesian Statistics 3 (one by weight);
Veach and Guibas 1995, "Optimally combining sampling techniques", SIGGRAPH (weights by the density of both halves).

DIFFERS from Uria et al.: an order gives all p conditionals of a row at once, and each column has layers of its own.
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

from .codes import NEVER, Bumps, alike, drawn, normal
from .task import Task

COLUMNS = 64  # whose conditionals are learned in one step; of more, as many are drawn
TINY = 1e-38  # of chances, so that logs are finite
BEFORE = 2048  # rows of codes before a column up to which its chances after each are worth a table


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

        first = partial(normal, rng)
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
    def complete(self, codes: Tensor, u: Tensor, refused: Tensor, first: Sequence[Tensor] = ()) -> Tensor:
        """Return rows with the codes that are not known drawn, in order, each given all known ones and those before it.

        Shape: codes (n, p) of int64, the class first, -1 for what is not known; u (n, p) uniform in [0, 1); refused
        (classes, codes of all columns but the class), which are never drawn; `first` as `first_chances`, for rows of
        which nothing but the class is known.
        """
        table, reads, codes = self.table(), self.answers(), codes.clone()
        known, spot = codes >= 0, codes[:, 0]
        context = self._told(codes, table)
        for column in range(1, len(self.sizes)):
            if bool(known[:, column].all()):
                continue
            if column <= len(first):
                chances = F.embedding(spot, first[column - 1])
            else:
                chances = self._logits(context, column, reads).softmax(1)
                chances = self._allowed(chances, codes[:, 0], column, refused)
            code = drawn(chances, u[:, column])
            spot = spot * self.sizes[column] + code
            codes[:, column] = torch.where(known[:, column], codes[:, column], code)
            said = self._says(table, column, code)
            context += said * ~known[:, column, None] if bool(known[:, column].any()) else said
        return codes

    @torch.no_grad()
    def first_chances(self, refused: Tensor) -> list[Tensor]:
        """Return the chances of the first columns after all that can stand before them, as long as that is not much.

        Shape: each (rows of codes before the column, size), in the order of the codes, the class first.
        """
        table, reads, found = self.table(), self.answers(), []
        classes = torch.arange(self.sizes[0], device=table.device)
        context = table[classes]
        for column in range(1, len(self.sizes)):
            chances = self._logits(context, column, reads).softmax(1)
            found.append(self._allowed(chances, classes, column, refused))
            if len(context) * self.sizes[column] > BEFORE:
                break
            every = torch.arange(self.sizes[column], device=table.device)
            context = (context[:, None] + self._says(table, column, every)).flatten(0, 1)
            classes = classes.repeat_interleave(self.sizes[column])
        return found

    @torch.no_grad()
    def candidates(self, codes: Tensor, u: Tensor, refused: Tensor, last: int) -> tuple[Tensor, Tensor]:
        """Return rows with the codes before column `last`, the last known one, drawn, and log w of each, in nats.

        Rows are drawn by r and s in turn. Shape: as `complete`; returns (n, p), (n,).
        """
        table, reads, codes = self.table(), self.answers(), codes.clone()
        told, came = self._told(codes, table), table[codes[:, 0]]
        plain = torch.arange(len(codes), device=codes.device)[:, None] % 2 == 1
        r, s, held = torch.zeros(3, len(codes), device=table.device)
        for column in range(1, last + 1):
            known, natural = codes[:, column] >= 0, self._logits(came, column, reads)
            if bool(known.any()):
                logs = natural.log_softmax(1).gather(1, codes[:, column, None].clamp(min=0))[:, 0]
                held += torch.where(known, logs, 0.0)
            if not bool(known.all()):
                ways = torch.stack([self._logits(told, column, reads), natural]).softmax(2)
                ways = self._allowed(ways, codes[:, 0], column, refused)
                code = drawn(torch.where(plain, ways[1], ways[0]), u[:, column])
                logs = ways.gather(2, code.expand(2, -1)[..., None])[..., 0].clamp(min=TINY).log()
                logs = logs - ways.sum(2).clamp(min=TINY).log()
                r, s = (total + torch.where(known, 0.0, log) for total, log in zip((r, s), logs, strict=True))
                told = told + self._says(table, column, code) * ~known[:, None]
                codes[:, column] = torch.where(known, codes[:, column], code)
            came = came + self._says(table, column, codes[:, column])
        return codes, held + s - torch.logaddexp(r, s) + math.log(2)

    @torch.no_grad()
    def likelihood(self, codes: Tensor) -> Tensor:
        """Return log p(known codes | class), in nats. Shape: codes (n, p), -1 for what is not known; returns (n,)."""
        table, reads = self.table(), self.answers()
        context = table[codes[:, 0]]
        total = torch.zeros(len(codes), device=table.device)
        for column in range(1, len(self.sizes)):
            known, code = codes[:, column] >= 0, codes[:, column].clamp(min=0)
            if bool(known.any()):
                logs = self._logits(context, column, reads).log_softmax(1).gather(1, code[:, None])[:, 0]
                total += torch.where(known, logs, 0.0)
                context = context + self._says(table, column, code) * known[:, None]
        return total

    def table(self) -> Tensor:
        """Return T. Shape: (all codes, wide)."""
        smooth: Tensor = self.smooth(self.says_smooth)
        return self.says + smooth

    def answers(self) -> Tensor:
        """Return O. Shape: (all codes, last)."""
        smooth: Tensor = self.smooth(self.reads_smooth)
        return self.reads + smooth

    def _says(self, table: Tensor, column: int, code: Tensor) -> Tensor:
        """Return what cells of a column say. Shape: code (n,); returns (n, wide)."""
        start = self.starts[column]
        return F.embedding(code, table[start : start + self.sizes[column]])

    def _told(self, codes: Tensor, table: Tensor) -> Tensor:
        """Return what the known cells of rows say. Shape: codes (n, p), -1 for what is not known; returns (n, wide)."""
        told = torch.zeros(len(codes), table.shape[1], device=table.device)
        for column in range(len(self.sizes)):
            code = codes[:, column, None]
            if bool((code >= 0).any()):
                told += self._says(table, column, code[:, 0].clamp(min=0)) * (code >= 0)
        return told

    def _logits(self, context: Tensor, column: int, reads: Tensor) -> Tensor:
        """Return O h + d of one column. Shape: context (n, wide), reads as `answers()`; returns (n, size)."""
        h = F.silu(context + self.shift[column], inplace=True)
        for W, c in zip(self.weights, self.biases, strict=True):
            h = F.silu(torch.mm(h, W[column]).add_(c[column]), inplace=True)
        part = slice(self.starts[column], self.starts[column] + self.sizes[column])
        return torch.mm(h, reads[part].T).add_(self.base[part])

    def _allowed(self, chances: Tensor, classes: Tensor, column: int, refused: Tensor) -> Tensor:
        """Return chances of a column, 0 of what is refused for the class. Shape: chances (..., n, size)."""
        first = self.starts[column] - self.sizes[0]
        no = refused[:, first : first + self.sizes[column]]
        return chances * F.embedding(classes, (~no).to(chances.dtype)) if bool(no.any()) else chances
