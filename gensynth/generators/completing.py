"""Rows of codes completed by the network where some are known: what stands before known codes first, then the rest.

What stands before them is sampled by importance resampling: candidates of the columns before the last known one are
drawn, and of them some are kept, with probabilities in proportion to their weights; how both come about stands in
`nn.autoregressive`. Rows that know the same choose from one pool, others each among candidates of their own.

References: Rubin 1988, "Using the SIR algorithm to simulate posterior distributions", Bayesian Statistics 3;
Kitagawa 1996, JCGS 5(1) (choice from a pool at even steps, which keeps few of its rows twice).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..random import cell_uniforms, uniforms
from .coded import BLOCK, Ints
from .trained import in_blocks, padded

if TYPE_CHECKING:
    import torch

    from ..nn.autoregressive import Conditionals

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Rows = npt.NDArray[np.int16]
POOL = (64, 128, 256, 512)  # rows that choose from one pool of candidates
WORTH = 4  # candidates of equal weight that a pool should be worth to each
ALONE = 8  # candidates of a row that chooses among its own


def open_to(known: Ints) -> Places:
    """Return for each row its last known column where one before it is not known, else 0. Shape: (n, p) to (n,)."""
    held = known >= 0
    last = held.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
    first = np.where(held.all(axis=1), held.shape[1], held.argmin(axis=1))
    return np.where(first < last, last, 0).astype(np.intp)


def completed(task: Conditionals, known: Ints, key: int, refused: torch.Tensor) -> Rows:
    """Return rows with the codes that are not known (-1) drawn, in order, each given all others that are.

    Shape: known (n, p), the class first; refused as `Conditionals.complete`.
    """
    import torch

    from ..nn.blocks import each

    place = refused.device
    alone = [] if (known[:, 1:] >= 0).any() else [refused]  # nothing known but the class
    (first,) = each(task.first_chances, alone, place) if alone else ([],)

    def block(codes: Ints, spots: Places) -> Rows:
        u = cell_uniforms(key, spots, "column", known.shape[1]).astype(np.float32)
        codes = codes.astype(np.int64)
        drawn = task.complete(torch.from_numpy(codes).to(place), torch.from_numpy(u).to(place), refused, first)
        return np.asarray(drawn.cpu().numpy(), dtype=np.int16)

    return in_blocks(block, place, BLOCK, known, np.arange(len(known)))


def preceded(task: Conditionals, known: Ints, key: int, refused: torch.Tensor) -> Rows:
    """Return rows with the columns before their last known one drawn, all rows of a class knowing the same.

    A row's pool is told by how many of its class stand before it, so that it does not change with what comes after.
    """
    from ..nn.blocks import each

    made = known.astype(np.int16)
    ends = open_to(known)
    if not ends.any():
        return made
    _, first, back = np.unique(known[:, 0], return_index=True, return_inverse=True)
    parts = []
    for spot, size in enumerate(tried(task, known[first], refused)[1].tolist()):
        rows = np.flatnonzero(back == spot)
        parts += [(rows[at : at + size], at // size, size) for at in range(0, len(rows), size)]

    def chosen(part: tuple[Places, int, int]) -> Ints:
        rows, number, size = part
        label, spots = int(known[rows[0], 0]), np.arange(number * BLOCK, (number + 1) * BLOCK)
        u = cell_uniforms(key, spots, f"pool {label}", known.shape[1])
        codes, logs = _candidates(task, np.repeat(known[rows[:1]], BLOCK, axis=0), u, int(ends[rows[0]]), refused)
        reached = np.exp(logs - logs.max()).cumsum()
        steps = (np.arange(len(rows)) + uniforms(key, np.array([number]), f"choice {label}")) / size
        kept: Ints = codes[np.minimum(np.searchsorted(reached, steps * reached[-1], side="right"), BLOCK - 1)]
        return kept

    for (rows, _, _), codes in zip(parts, each(chosen, parts, refused.device), strict=True):
        end = ends[rows[0]]
        made[rows, :end] = codes[:, :end]
    return made


def preceded_alone(task: Conditionals, known: Ints, key: int, refused: torch.Tensor) -> Rows:
    """Return rows with the columns before their last known one drawn, whatever each row knows."""
    from ..nn.blocks import each

    made, ends = known.astype(np.int16), open_to(known)
    some = BLOCK // ALONE
    parts = []
    for end in np.unique(ends[ends > 0]).tolist():
        rows = np.flatnonzero(ends == end)
        parts += [(rows[at : at + some], end) for at in range(0, len(rows), some)]

    def chosen(part: tuple[Places, int]) -> Ints:
        rows, end = part
        u = cell_uniforms(key, (rows[:, None] * ALONE + np.arange(ALONE)).ravel(), "try", end + 1)
        codes, logs = _candidates(task, np.repeat(known[rows], ALONE, axis=0), u, end, refused)
        logs = logs.reshape(-1, ALONE)
        reached = np.exp(logs - logs.max(axis=1, keepdims=True)).cumsum(axis=1)
        spot = (reached <= (uniforms(key, rows, "choice") * reached[:, -1])[:, None]).sum(axis=1)
        kept: Ints = codes[np.arange(len(rows)) * ALONE + np.minimum(spot, ALONE - 1)]
        return kept

    for (rows, end), codes in zip(parts, each(chosen, parts, refused.device), strict=True):
        made[rows, :end] = codes[:, :end]
    return made


def tried(task: Conditionals, known: Ints, refused: torch.Tensor) -> tuple[Floats, Places]:
    """Return log p(known columns | class) of rows, as a pool of each has it, and how many rows should share a pool.

    So few that its effective sample size, (sum w)^2 / sum w^2, is `WORTH` for each, where `POOL` goes so far.
    Shape: known (n, p), which hold at least one column beside the class; returns (n,), (n,).
    """
    from ..nn.blocks import each

    def weigh(row: int) -> tuple[float, int]:
        end = int(np.flatnonzero(known[row] >= 0)[-1])
        u = cell_uniforms(0, np.arange(BLOCK), "pilot", end + 1)
        _, logs = _candidates(task, np.repeat(known[[row]], BLOCK, axis=0), u, end, refused)
        w = np.exp(logs - logs.max())
        worth = w.sum() ** 2 / (w**2).sum() / WORTH
        size = POOL[max(int(np.searchsorted(POOL, worth, side="right")) - 1, 0)]
        return float(logs.max() + np.log(w.mean())), size

    found = np.array([*each(weigh, range(len(known)), refused.device)]).reshape(-1, 2)
    return found[:, 0], found[:, 1].astype(np.intp)


def _candidates(task: Conditionals, known: Ints, u: Floats, end: int, refused: torch.Tensor) -> tuple[Ints, Floats]:
    """Return candidates and the logs of their weights.

    Shape: known (n, p), u (n, end + 1), at most BLOCK rows; returns (n, p), (n,).
    """
    import torch

    codes, place = torch.from_numpy(padded(known, BLOCK).astype(np.int64)), refused.device
    by = torch.from_numpy(padded(u, BLOCK).astype(np.float32))
    made, logs = task.candidates(codes.to(place), by.to(place), refused, end)
    return made[: len(known)].cpu().numpy(), logs[: len(known)].cpu().numpy().astype(np.float64)
