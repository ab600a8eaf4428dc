"""Codes as networks see them: smooth functions of their ranks, and columns of like sizes side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

KNOTS = 12  # of the smooth functions of a rank
NEVER = -1e9  # the logit of what cannot be


class Bumps(nn.Module):
    """Smooth functions along the ranks of ordered columns: sums of bumps, zero for all other codes.

    Arguments:
        sizes: how many codes each column has.
        ranks: for each column the ranks in (0, 1) of its first codes; empty where they have no order.

    `count` is how many bumps there are in all: rows of the parameter that weighs them.
    """

    heights: Tensor
    places: Tensor

    def __init__(self, sizes: Sequence[int], ranks: Sequence[Sequence[float]]) -> None:
        super().__init__()
        starts = torch.tensor([0, *sizes]).cumsum(0).tolist()
        ordered = [column for column, held in enumerate(ranks) if len(held)]
        widest = max((len(ranks[column]) for column in ordered), default=0)
        self.count = KNOTS * len(ordered)
        heights = torch.zeros(len(ordered), widest, KNOTS)
        places = torch.full((starts[-1],), len(ordered) * widest, dtype=torch.int64)  # a row of zeros at the end
        centres = (torch.arange(KNOTS) + 0.5) / KNOTS
        for number, column in enumerate(ordered):
            rank = torch.tensor([*ranks[column]], dtype=torch.float32)[:, None]
            heights[number, : len(rank)] = torch.exp(-0.5 * ((rank - centres) * KNOTS) ** 2)
            places[starts[column] : starts[column] + len(rank)] = number * widest + torch.arange(len(rank))
        self.register_buffer("heights", heights, persistent=False)
        self.register_buffer("places", places, persistent=False)

    def forward(self, weights: Tensor, codes: Tensor | None = None) -> Tensor:
        """Return the value at each code, or at some. Shape: weights (count, q), codes (m,); returns (codes, q)."""
        places = self.places if codes is None else self.places[codes]
        if not self.count:
            return weights.new_zeros(len(places), weights.shape[1])
        made = torch.bmm(self.heights, weights.view(len(self.heights), KNOTS, -1)).flatten(0, 1)
        return nn.functional.embedding(places, nn.functional.pad(made, (0, 0, 0, 1)))


def normal(rng: torch.Generator, scale: float, *shape: int) -> nn.Parameter:
    """Return first weights of a standard deviation."""
    return nn.Parameter(torch.randn(shape, generator=rng) * scale)


def alike(sizes: Sequence[int]) -> dict[int, list[int]]:
    """Return positions of columns by their largest size, those of a like size (within a factor of two) together.

    >>> alike([2, 100, 1, 2, 120])
    {2: [0, 3], 120: [1, 4], 1: [2]}
    """
    groups: dict[int, list[int]] = {}
    for place, size in enumerate(sizes):
        groups.setdefault((size - 1).bit_length(), []).append(place)
    return {max(sizes[place] for place in places): places for places in groups.values()}


def drawn(chances: Tensor, u: Tensor) -> Tensor:
    """Return codes drawn by u in [0, 1), none of chance 0. Shape: chances (..., k), on any scale; u (...)."""
    reached = chances.cumsum(-1)
    below = u.clamp(max=1 - 2.0**-22)  # so that u times the sum stays under the sum
    code = torch.searchsorted(reached, below[..., None] * reached[..., -1:], right=True)[..., 0]
    return code.clamp(max=chances.shape[-1] - 1)


class Slots(nn.Module):
    """A place for each code of each column, so that columns of a like size are one block of equal widths.

    `codes` tells the code of each slot, counted over all columns; `spare` is 0, and NEVER in slots of no code;
    `columns` lists the columns in the order of the blocks.

    Arguments:
        sizes: how many codes each column has, at least 1.
    """

    codes: Tensor
    spare: Tensor
    columns: Tensor
    last: Tensor

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.groups = [(len(places), size) for size, places in alike(sizes).items()]
        columns = [place for places in alike(sizes).values() for place in places]
        starts = torch.tensor([0, *sizes]).cumsum(0).tolist()
        codes, spare = [torch.zeros(0, dtype=torch.int64)], [torch.zeros(0)]
        for size, places in alike(sizes).items():
            at = torch.arange(size)
            for place in places:
                codes.append(starts[place] + at.clamp(max=sizes[place] - 1))
                spare.append(torch.where(at < sizes[place], 0.0, NEVER))
        self.register_buffer("codes", torch.cat(codes), persistent=False)
        self.register_buffer("spare", torch.cat(spare), persistent=False)
        self.register_buffer("columns", torch.tensor(columns, dtype=torch.int64), persistent=False)
        self.register_buffer("last", torch.tensor([*sizes], dtype=torch.int64) - 1, persistent=False)

    def blocks(self, values: Tensor) -> list[Tensor]:
        """Cut values of all slots. Shape: (n, slots) to a list of (n, columns of a block, width of the block)."""
        cut = torch.split(values, [count * size for count, size in self.groups], 1)
        return [part.reshape(-1, *group) for part, group in zip(cut, self.groups, strict=True)]

    def surprise(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Return -log p of rows, the sum over their columns. Shape: (n, slots), (n, columns) of int64; returns (n,)."""
        total = torch.zeros(len(codes), device=logits.device)
        wanted = torch.split(codes[:, self.columns], [count for count, _ in self.groups], 1)
        for part, code in zip(self.blocks(logits), wanted, strict=True):
            loss = nn.functional.cross_entropy(part.flatten(0, 1), code.flatten(), reduction="none")
            total = total + loss.view(code.shape).sum(1)
        return total

    def chances(self, logits: Tensor) -> Tensor:
        """Return the softmax of each column's logits. Shape: (n, slots) to (n, slots)."""
        parts = [part.softmax(2).flatten(1) for part in self.blocks(logits)]
        return torch.cat(parts, 1) if parts else logits

    def drawn(self, chances: Tensor, u: Tensor) -> Tensor:
        """Return codes drawn by u in [0, 1), none of chance 0. Shape: (n, slots), (n, columns) to (n, columns)."""
        made = torch.empty(u.shape, dtype=torch.int64, device=chances.device)
        start = 0
        for part in self.blocks(chances):
            mine = self.columns[start : start + part.shape[1]]
            made[:, mine] = drawn(part, u[:, mine]).minimum(self.last[mine])
            start += part.shape[1]
        return made

    def spread(self, values: Tensor) -> Tensor:
        """Return values of columns at all slots of each. Shape: (n, columns) to (n, slots)."""
        mine = torch.split(values[:, self.columns], [count for count, _ in self.groups], 1)
        wide = zip(mine, self.groups, strict=True)
        return torch.cat([part[:, :, None].expand(-1, -1, size).flatten(1) for part, (_, size) in wide], 1)
