"""G and D of a Wasserstein GAN (`wgan`) for columns of codes.

G makes all columns at once, each a softmax, out of noise, the class y and the codes that are held, of columns H:

    h = f(N(A z + B[y] + sum_(j in H) T[x_j] + b)),   h <- h + f(N(V_l h + d_l))
    p(x_j = k) = softmax_k(O_jk h + e_jk)

with f(x) = x sigmoid(x) and N a layer norm. Codes are drawn from p; the gradient of D at what was drawn goes to p as if
p itself had been shown (Bengio et al. 2013, straight-through). Held codes are taken over, which is what makes them
exact; D needs no other word of them, since it sees rows whose held codes are distributed as real ones are.

D sees a row as features: one for each code, and of a number also smooth bumps along its ranks, so that numbers that lie
close are close for D while a zero or a cap stands out:

    phi(x) = sum_j F_j[x_j],   a = phi(x) U,   h = g(a + b + B'[y]),   h <- g(W_l h + c_l),   D = (w + B''[y]) . h

with g a leaky rectifier. U being linear, the gradient in features is that at `a` times U', and its norm is had from the
small matrix U'U without one feature being written down:

    |grad_phi D|^2 = v U'U v',   v = grad_a D

References: Xu et al. 2019, arXiv:1907.00503, sec. 4.3 (a column held in training); Miyato and Koyama 2018,
arXiv:1802.05637, eq. 3 (the class in D's last layer); Bengio, Leonard and Courville 2013, arXiv:1308.3432, sec. 2.3;
Gretton et al. 2012, JMLR 13 (`apart`).

DIFFERS from Xu et al.: a held code, of any column, is part of the made row instead of a demand that a loss enforces;
numbers are codes with a softmax; the codes held are drawn as they occur; and rows are judged one by one, since judging
four together (Lin et al. 2018, "PacGAN") made worse rows of Adult in as many steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .codes import NEVER, Bumps, Slots, normal
from .wgan import Critic, Examples, Maker

ONE, SOME = 0.5, 0.25  # share of the rows of a batch of which one code is held, and several
MOST = 0.5  # share of the columns of which codes are held at most
ORDERED = 8  # parts that the codes of a number are put in to be compared
COMPARED = 4096  # codes at most that are compared
FEATURE = 0.7  # how strong a feature is: two categories lie one apart


class ColumnsMaker(Maker):
    """G. Column 0, the class, is always held.

    Arguments:
        sizes: how many codes each column has, at least 1.
        ranks: for each column the ranks in (0, 1) of its first codes; empty where they have no order.
        hidden: widths of the layers, at least one.
        noise: width of z, at least 1.
        rng: draws the first weights.
        shares: of all codes of all columns but the class, above 0: what rows are made like at first; None for codes
            that are equally frequent.
    """

    offsets: Tensor
    parts: Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        ranks: Sequence[Sequence[float]],
        hidden: Sequence[int],
        *,
        noise: int,
        rng: torch.Generator,
        shares: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.sizes, self.noise = [*sizes], noise
        self.smooth, self.slots = Bumps(sizes, ranks), Slots(self.sizes[1:])
        ends = torch.tensor([0, *sizes]).cumsum(0)
        self.register_buffer("offsets", ends[:-1], persistent=False)
        self.register_buffer("parts", _parts(self.sizes, ranks), persistent=False)
        wide, last, knots, slots = hidden[0], hidden[-1], self.smooth.count, len(self.slots.spare)
        self.says, self.says_smooth = normal(rng, 0.5, int(ends[-1]), wide), normal(rng, 0.2, knots, wide)  # B and T
        self.first = normal(rng, noise**-0.5, noise, wide)  # A
        self.shift, self.norm = nn.Parameter(torch.zeros(wide)), nn.LayerNorm(wide)
        self.weights = nn.ParameterList(normal(rng, i**-0.5, i, o) for i, o in pairwise(hidden))  # V
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(o)) for _, o in pairwise(hidden))  # d
        self.norms = nn.ModuleList(nn.LayerNorm(o) for _, o in pairwise(hidden))
        self.reads, self.reads_smooth = normal(rng, 0.05, slots, last), normal(rng, 0.05, knots, last)  # O
        start = torch.zeros(slots) if shares is None else shares[self.slots.codes].log().float()
        self.base = nn.Parameter(start)  # e

    def logits(self, z: Tensor, codes: Tensor) -> Tensor:
        """Return O h + e in slots. Shape: z (n, noise); codes (n, p), -1 for what is not held; returns (n, slots)."""
        h = F.silu(self.norm(z @ self.first + self._told(codes) + self.shift))
        for V, d, norm in zip(self.weights, self.biases, self.norms, strict=True):
            more = F.silu(norm(torch.addmm(d, h, V)))
            h = h + more if h.shape == more.shape else more
        reads = self.reads + self.smooth(self.reads_smooth, self.sizes[0] + self.slots.codes)
        return torch.addmm(self.base + self.slots.spare, h, reads.T)

    def _told(self, codes: Tensor) -> Tensor:
        """Return what the held codes say. Shape: (n, p) to (n, wide)."""
        table = self.says + self.smooth(self.says_smooth)
        held = codes >= 0
        if not bool(held[:, 1:].any()):
            return F.embedding(codes[:, 0], table)
        spots = torch.where(held, codes + self.offsets, len(table))
        return F.embedding_bag(spots, F.pad(table, (0, 0, 0, 1)), mode="sum", padding_idx=len(table))

    def make(self, real: Examples, rng: torch.Generator) -> Examples:
        """Return codes, and where gradients are taken the chances that they were drawn by, 0 in held columns."""
        codes = real[0].long()
        held = self._held(len(codes), rng)
        z = torch.randn(len(codes), self.noise, generator=rng, device=codes.device)
        chances = self.slots.chances(self.logits(z, torch.where(held, codes, -1)))
        u = torch.rand(len(codes), len(self.sizes) - 1, generator=rng, device=codes.device)
        made = torch.where(held, codes, torch.cat([codes[:, :1], self.slots.drawn(chances.detach(), u)], 1))
        if not torch.is_grad_enabled():
            return (made,)
        return made, chances * self.slots.spread((~held[:, 1:]).to(chances.dtype))

    def _held(self, n: int, rng: torch.Generator) -> Tensor:
        """Return which columns are held: one beside the class in half the rows, some in a quarter."""
        place, columns = self.offsets.device, len(self.sizes) - 1
        way, rate = torch.rand(2, n, 1, generator=rng, device=place)
        u = torch.rand(n, columns, generator=rng, device=place)
        one = u == u.amin(1, keepdim=True)
        held = torch.where(way < ONE, one, u < rate * MOST) & (way < ONE + SOME)
        return torch.cat([torch.ones_like(held[:, :1]), held], 1)

    @torch.no_grad()
    def draw(self, z: Tensor, codes: Tensor, u: Tensor, refused: Tensor) -> Tensor:
        """Return rows with the codes that are not held drawn.

        Shape: z (n, noise); codes (n, p) of int64, the class first, -1 for what is not held; u (n, p - 1) uniform in
        [0, 1); refused (classes, codes of all columns but the class), which are never drawn; returns (n, p).
        """
        logits = self.logits(z, codes)
        if bool(refused.any()):
            logits = logits.masked_fill(refused[:, self.slots.codes][codes[:, 0]], NEVER)
        made = torch.cat([codes[:, :1], self.slots.drawn(self.slots.chances(logits), u)], 1)
        return torch.where(codes >= 0, codes, made)

    def apart(self, batches: Iterable[Examples], rng: torch.Generator) -> float | None:
        """Return the maximum mean discrepancy to real rows, the kernel the square of the share of columns that agree.

        That is how far the frequencies of all pairs of codes are apart; numbers agree within an eighth of their ranks.
        Of columns with more than COMPARED codes together the first are compared; None where no column is.
        """
        if bool((self.parts[self.sizes[0] :] < 0).all()):
            return None
        total, rows = torch.zeros((), device=self.offsets.device), 0
        for real in batches:
            codes, (made, *_) = real[0].long(), self.make(real, rng)
            with torch.autocast(codes.device.type, enabled=False):  # which would round the counts
                seen, got = self._features(codes), self._features(made)
                total = total + seen.T @ seen - got.T @ got
            rows += len(codes)
        return float(total.norm() / rows / len(self.sizes)) if rows else None

    def _features(self, codes: Tensor) -> Tensor:
        """Return rows with a 1 at each part they hold. Shape: (n, p) to (n, parts)."""
        spots = F.embedding(codes + self.offsets, self.parts[:, None])[..., 0]
        width = int(self.parts.max()) + 1
        made = torch.zeros(len(codes), width + 1, device=codes.device)
        return made.scatter_(1, torch.where(spots < 0, width, spots), 1.0)[:, :width]


class ColumnsCritic(Critic):
    """D.

    Arguments:
        sizes: how many codes each column has, at least 1.
        ranks: for each column the ranks in (0, 1) of its first codes; empty where they have no order.
        hidden: widths of the layers, at least one.
        rng: draws the first weights.
    """

    offsets: Tensor

    def __init__(
        self,
        sizes: Sequence[int],
        ranks: Sequence[Sequence[float]],
        hidden: Sequence[int],
        *,
        rng: torch.Generator,
    ) -> None:
        super().__init__()
        self.smooth, self.slots = Bumps(sizes[1:], ranks[1:]), Slots([*sizes[1:]])
        ends = torch.tensor([0, *sizes[1:]]).cumsum(0)
        self.register_buffer("offsets", ends[:-1], persistent=False)
        wide, last = hidden[0], hidden[-1]
        scale = (len(sizes) / 2) ** -0.5
        self.features = normal(rng, scale, int(ends[-1]), wide)  # U, of the codes
        self.smoothed = normal(rng, scale, self.smooth.count, wide)  # U, of the bumps
        self.kinds, self.shift = normal(rng, 0.5, sizes[0], wide), nn.Parameter(torch.zeros(wide))  # B', b
        widths = [wide, *hidden]
        self.weights = nn.ParameterList(normal(rng, i**-0.5, i, o) for i, o in pairwise(widths))  # W
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(o)) for _, o in pairwise(widths))  # c
        self.last, self.leans = normal(rng, last**-0.5, last), normal(rng, last**-0.5, sizes[0], last)  # w, B''

    def _table(self) -> Tensor:
        """Return F U, the point of each code. Shape: (all codes but the class, wide)."""
        smooth: Tensor = self.smooth(self.smoothed)
        return FEATURE * (self.features + smooth)

    def points(self, examples: Examples) -> Tensor:
        """Return a. Shape: codes (n, p), and those of made rows with their chances (n, slots); returns (n, wide)."""
        codes, *chances = examples
        table = self._table()
        found = F.embedding_bag(codes.long()[:, 1:] + self.offsets, table, mode="sum")
        for p in chances:
            found = _Straight.apply(p, found, table.detach()[self.slots.codes])
        return found

    def judge(self, points: Tensor, like: Examples) -> Tensor:
        """Return D. Shape: (n, wide) to (n,)."""
        classes = like[0][:, 0].long()
        h = F.leaky_relu(points + self.shift + F.embedding(classes, self.kinds), 0.2)
        for W, c in zip(self.weights, self.biases, strict=True):
            h = F.leaky_relu(torch.addmm(c, h, W), 0.2)
        return (h * (self.last + F.embedding(classes, self.leans))).sum(1)

    def steepness(self, gradients: Tensor) -> Tensor:
        """Return v U'U v' of gradients v. Shape: (n, wide) to (n,)."""
        gram = self.features.T @ self.features + self.smoothed.T @ self.smoothed
        return ((gradients @ gram) * gradients).sum(1)


class _Straight(torch.autograd.Function):
    """Points of drawn codes, through which gradients go to the chances that they were drawn by."""

    @staticmethod
    def forward(ctx: Any, chances: Tensor, points: Tensor, table: Tensor) -> Tensor:
        """Return the points. Shape: chances (n, slots), points (n, wide), table (slots, wide)."""
        ctx.save_for_backward(table)
        return points.view_as(points)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        """Return what a gradient at the points says of each chance."""
        (table,) = ctx.saved_tensors
        return grads[0] @ table.T, None, None


def _parts(sizes: Sequence[int], ranks: Sequence[Sequence[float]]) -> Tensor:
    """Return the part that each code is in when rows are compared, -1 beyond COMPARED. Shape: (all codes,)."""
    found: list[int] = []
    start = 0
    for size, rank in zip(sizes, ranks, strict=True):
        held = [min(int(place * ORDERED), ORDERED - 1) for place in rank]
        places = [*held, *range(ORDERED, ORDERED + size - len(held))]
        among = {place: number for number, place in enumerate(sorted({*places}), start)}
        fits = start + len(among) <= COMPARED
        found += [among[place] if fits else -1 for place in places]
        start += len(among) * fits
    return torch.tensor(found)
