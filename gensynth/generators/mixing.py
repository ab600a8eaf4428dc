"""Mixes of two rows: which to take, evenly and repeatably, and the rows made from them.

A mix is two rows a, b and a weight w; the row made of it is x = a + w (b - a) in its numbers. `SMOTE` and its kin
differ in how they choose a, b and w, and share what becomes of them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..data.encode import Layout
from ..random import as_generator, uniforms
from .neighbors import Floats, Places, Space

ORDERS = 16  # random orders of all pairs, after which the first comes again
BLOCK = 2**16  # numbers mixed at a time: what a processor's cache holds


@dataclass(frozen=True)
class Mixes:
    """Rows to make: `first + weight * (second - first)`. Shape: each (n,).

    A second below 0 is no row but a centre, counted back from -1.
    """

    first: Places
    second: Places
    weight: Floats

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: Any) -> Mixes:
        return Mixes(self.first[rows], self.second[rows], self.weight[rows])

    @staticmethod
    def empty(n: int) -> Mixes:
        """Return n mixes of row 0 with itself, to be filled."""
        return Mixes(np.zeros(n, np.intp), np.zeros(n, np.intp), np.zeros(n))

    @staticmethod
    def join(parts: list[Mixes]) -> Mixes:
        """Return all parts, one after the other."""
        if not parts:
            return Mixes.empty(0)
        return Mixes(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("first", "second", "weight"))
        )

    def put(self, spots: Places, part: Mixes) -> None:
        """Write other mixes in the place of some."""
        self.first[spots], self.second[spots], self.weight[spots] = part.first, part.second, part.weight

    @property
    def nearer(self) -> Places:
        """The parent that each row lies nearer to."""
        return np.where(self.weight <= 0.5, self.first, self.second)


# Choosing --------------------------------------------------------------------------------------------------------


def even(pool: Places, n: int, key: int, op: str) -> Places:
    """Return n rows of a pool, each as often as every other: random orders of it, one after the other.

    Those of n are the beginning of those of any larger number.

    >>> sorted(np.bincount(even(np.arange(4), 10, 0, "order")).tolist())
    [2, 2, 3, 3]
    """
    turns = -(-n // len(pool))
    drawn = uniforms(key, np.arange(turns * len(pool)), op).reshape(turns, len(pool))
    rows: Places = pool[drawn.argsort(axis=1).ravel()[:n]]
    return rows


def pick(near: Places, spots: Places, key: int, op: str) -> Places:
    """Return one of each line, drawn by the number of the row that it is for. Shape: near (n, k), spots (n,)."""
    place = (uniforms(key, spots, op) * near.shape[1]).astype(np.intp)
    start = np.arange(len(near)) * near.shape[1]
    chosen: Places = near.ravel().take(start + place)
    return chosen


def allot(pool: Places, shares: Floats, n: int, key: int, *path: str | int) -> Places:
    """Return n rows of a pool in proportion to their shares, in a random order.

    Each row comes as often as its share says, rounded up or down at random so that on average it is exact, also over
    many calls for one row: systematic sampling (Madow 1949, Ann. Math. Stat. 20), over the rows in a random order.

    >>> np.bincount(allot(np.arange(3), np.array([2.0, 1.0, 0.0]), 9, 0), minlength=3).tolist()
    [6, 3, 0]
    """
    rng = as_generator(key, "allot", *path)
    order = rng.permutation(np.flatnonzero(shares > 0))
    ends = np.cumsum(shares[order]) / shares.sum() * n
    ends[-1] = n
    counts = np.zeros(len(pool), dtype=np.intp)
    counts[order] = np.diff(np.minimum(np.floor(ends + rng.random()), n).astype(np.intp), prepend=0)
    return rng.permutation(np.repeat(pool, counts))


def visits(line: Places) -> Places:
    """Return how often each line was named before. Shape: (n,)."""
    order = np.argsort(line, kind="stable")
    ranked = line[order]
    new = np.append(True, ranked[1:] != ranked[:-1])
    start = np.maximum.accumulate(np.where(new, np.arange(len(line)), 0))
    seen = np.empty(len(line), dtype=np.intp)
    seen[order] = np.arange(len(line)) - start
    return seen


def pairs(m: int, n: int, key: int, op: str) -> tuple[Places, Places]:
    """Return n pairs of m rows, every pair as often as every other: round after round, all pairs in another order.

    In a round the rows stand in a random circle, and each is paired with the one some steps on, for all steps up to
    half the circle.
    """
    half, count = (m - 1) // 2, m * (m - 1) // 2
    turn, place = np.divmod(np.arange(n), count)
    turn %= ORDERS
    step, spot = np.divmod(place, m)
    a, b = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.intp)
    for number in np.unique(turn) if n else []:
        now = np.flatnonzero(turn == number)
        circle = np.argsort(uniforms(key, np.arange(m) + number * m, op), kind="stable")
        steps = np.append(1 + np.argsort(uniforms(key, np.arange(half) + number * m, f"{op} steps")), m // 2)
        a[now], b[now] = circle[spot[now]], circle[(spot[now] + steps[step[now]]) % m]
    return a, b


def fingerprints(rows: Any) -> npt.NDArray[np.uint64]:
    """Return a number for each row, the same for rows that are alike (and for others once in 2**64). Shape: (n,)."""
    thin = sparse.issparse(rows)
    values = rows.data if thin else rows
    column = rows.indices if thin else np.arange(rows.shape[1])
    values = np.where(np.isnan(values), np.nan, values + 0.0)  # one NaN, and no negative zero
    with np.errstate(over="ignore"):  # wrapping round at 2**64 is what the mixing wants
        x = np.ascontiguousarray(values).view(np.uint64)
        x = x ^ (column.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        if not thin:
            return np.asarray(x.sum(axis=1, dtype=np.uint64))
        x[values == 0] = 0
        sums = np.append(np.uint64(0), np.cumsum(x, dtype=np.uint64))
        return np.asarray(sums[rows.indptr[1:]] - sums[rows.indptr[:-1]])


def twins(space: Space, mixes: Mixes) -> Places:
    """Return which mixes are of two rows that are alike, missing numbers standing at their column's median."""
    left, rows = np.flatnonzero(mixes.second >= 0), space.rows
    if space.layout is None:
        either = np.unique(np.concatenate([mixes.first, mixes.second]))
        prints = np.empty(len(space), dtype=np.uint64)
        prints[either] = fingerprints(rows[either])
        found: Places = left[prints[mixes.first] == prints[mixes.second]]
        return found
    for place in range(rows.shape[1]):  # mostly the first column leaves none
        a, b = (rows[side[left], place] for side in (mixes.first, mixes.second))
        if space.medians is not None and place in space.layout.numbers:
            a, b = (np.where(np.isnan(side), space.medians[place], side) for side in (a, b))
        left = left[(a == b) | (np.isnan(a) & np.isnan(b))]
        if not len(left):
            break
    return left


# Making ----------------------------------------------------------------------------------------------------------


def mix_rows(rows: Any, mixes: Mixes, layout: Layout | None, votes: Floats | None = None,
             centres: Floats | None = None) -> Any:  # fmt: skip
    """Make the rows.

    Numbers: a + w (b - a). A number that either parent lacks follows the nearer one: missing where that one's is.
    Categories: as voted, else those of the nearer parent.

    Shape: rows (n, width) coded, or sparse; votes (m, categories) for each made row; centres (c, width) coded points
    that a mix may name as its second parent.
    """
    if layout is None:
        a, b = rows[mixes.first], rows[mixes.second]
        return (a + sparse.diags_array(mixes.weight) @ (b - a)).tocsr()
    made = np.empty((len(mixes), rows.shape[1]))
    near, close = _gathered(rows, mixes)
    size = max(BLOCK // max(rows.shape[1], 1), 1)
    pair = np.empty((2, min(size, len(mixes)), rows.shape[1]))
    for start in range(0, len(mixes), size):
        part = slice(start, start + size)
        _mix(near, close[part], layout, centres, made[part], pair)
    if votes is not None:
        made[:, layout.categories] = votes
    return made


def _gathered(rows: Floats, mixes: Mixes) -> tuple[Floats, Mixes]:
    """Return the rows that are mixed, where they are few, side by side, so that they are read from a nearer cache."""
    asked = np.zeros(len(rows), dtype=bool)
    second = mixes.second[mixes.second >= 0]
    asked[mixes.first] = asked[second] = True
    held = np.flatnonzero(asked)
    if 2 * len(held) > len(rows):
        return rows, mixes
    place = np.empty(len(rows), dtype=np.intp)
    place[held] = np.arange(len(held))
    return rows[held], Mixes(
        place[mixes.first], np.where(mixes.second < 0, mixes.second, place[mixes.second]), mixes.weight
    )


def _mix(rows: Floats, mixes: Mixes, layout: Layout, centres: Floats | None, made: Floats, pair: Floats) -> None:
    """Write a block of rows, categories as those of the nearer parent; `pair` is room for the parents."""
    a, b = pair[:, : len(mixes)]
    w = mixes.weight[:, None]
    rows.take(mixes.first, axis=0, out=a, mode="clip")  # a mode other than "raise" needs no copy of its own
    rows.take(mixes.second, axis=0, out=b, mode="clip")
    if centres is not None:
        spots = np.flatnonzero(mixes.second < 0)
        b[spots] = centres[-1 - mixes.second[spots]]
    np.subtract(b, a, out=made)
    made *= w
    made += a
    torn = np.isnan(made)
    if len(layout.categories):
        torn[:, layout.categories] = True
    if torn.any():
        np.copyto(made, np.where(w <= 0.5, a, b), where=torn)


def vote(rows: Floats, own: Places, voters: Places, layout: Layout) -> Floats:
    """Return the commonest category among the voters for each row, missing where the row's own is.

    Shape: own (m,) rows; voters (m, k) rows; returns (m, categories).
    """
    votes = rows[np.ix_(own, layout.categories)]
    if not voters.shape[1]:
        return votes
    for column, place in enumerate(layout.categories):
        mine = votes[:, column].copy()
        votes[:, column] = np.where(np.isnan(mine), mine, commonest(rows[:, place][voters], mine))
    return votes


def commonest(votes: Floats, own: Floats) -> Floats:
    """Return the commonest value of each line, the first in case of a tie, `own` where all are missing."""
    best = own.copy()
    size = max(2**24 // votes.shape[1] ** 2, 1)  # lines at a time: each takes its width squared in bytes
    for start in range(0, len(votes), size):
        part = votes[start : start + size]
        most = (part[:, :, None] == part[:, None, :]).sum(axis=2).argmax(axis=1)
        best[start : start + size] = part[np.arange(len(part)), most]
    return np.where(np.isnan(best), own, best)
