"""Rare combinations of a few columns, which single a training row out, and whether synthetic rows repeat them.

A combination of values of one, two or three columns is rare where one row alone has it, and no smaller part of it is
(a minimal sample unique, Elliot et al. 2002, Int. J. Uncertainty, Fuzziness 10, 493). Numbers count in 20 bins of equal
mass, missing values as values. Of N training and N held-out rows together, each rare combination belongs to a row of
one side. A generator that repeats none of its rows makes those of both sides equally often:

    difference = (made of training / rare of training) - (made of held-out / rare of held-out)

with a 95 % interval of the delta method for ratios, rows being the units.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.encode import Layout
from ...learners.base import Floats
from ...random import as_generator
from .near import NONE, Ends, Z
from .points import Places

BINS = 20
COLUMNS = 30  # that are combined; of more, as many are drawn
CELLS = 2**20  # combinations up to which they are counted by place
ENOUGH = 5_000  # rows of each side that shares are told of
HEADS = ("parent", "combination", "times", "made_of_it", "combinations")


@dataclass(frozen=True)
class Singling:
    """How many rare combinations of training and of held-out rows synthetic rows hold. NaN without held-out rows."""

    rare: int
    made: int
    share: float
    held_rare: int
    held_made: int
    held_share: float
    difference: float
    interval: Ends

    @classmethod
    def none(cls) -> Singling:
        """Return what is known where nothing was compared."""
        return cls(0, 0, np.nan, 0, 0, np.nan, np.nan, NONE)


@dataclass
class Cells:
    """Rows by the bins and levels of their columns, real ones, held-out and synthetic ones below each other.

    Shape: values (columns, n) from 0 on, sizes (columns,) above all of them.
    """

    names: list[Hashable]
    values: Places
    sizes: list[int]
    known: dict[tuple[int, ...], tuple[Places, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, real: Floats, others: list[Floats], layout: Layout, seed: int) -> Cells:
        """Return cells; bins are cut by the numbers of all rows but the last others, which are synthetic."""
        blocks = list(layout.blocks)
        if len(blocks) > COLUMNS:
            chosen = as_generator(seed, "columns").choice(len(blocks), COLUMNS, replace=False)
            blocks = [blocks[place] for place in sorted(chosen)]
        every = np.concatenate([real, *others])
        pool = np.concatenate([real, *others[:-1]])
        columns, sizes = [], []
        for block in blocks:
            own = every[:, block.start]
            if block.kind == "category":
                columns.append(np.where(np.isnan(own), block.levels, np.where(own < 0, block.levels + 1, own)))
                sizes.append(block.levels + 2)
            else:
                ends = _ends(pool[:, block.start])
                columns.append(np.where(np.isnan(own), len(ends) + 1, np.searchsorted(ends, own, side="right")))
                sizes.append(len(ends) + 2)
        return cls([block.column for block in blocks], np.stack(columns).astype(np.intp), sizes)

    def codes(self, columns: tuple[int, ...]) -> tuple[Places, int]:
        """Return the place of each row among combinations of columns, and how many places there are. Shape: (n,)."""
        if len(columns) == 1:
            return self.values[columns[0]], self.sizes[columns[0]]
        if columns[:-1] not in self.known:
            self.known = {columns[:-1]: self.codes(columns[:-1])}  # triples of one pair follow each other
        first, many = self.known[columns[:-1]]
        made, size = first * self.sizes[columns[-1]] + self.values[columns[-1]], many * self.sizes[columns[-1]]
        if size > CELLS:
            kept, made = np.unique(made, return_inverse=True)
            size = len(kept)
        return made, size


def rare_combinations(cells: Cells, rows: Places) -> Iterator[tuple[tuple[int, ...], Places, Places, int]]:
    """Yield columns, which of the rows alone have their combination of them, the codes of all rows and their number.

    Shape: rows (n,) places; yields places (k,) in `rows`, and codes (all,).
    """
    unique: dict[tuple[int, ...], npt.NDArray[np.bool_]] = {}
    for size in (1, 2, 3):
        for columns in combinations(range(len(cells.sizes)), size):
            codes, many = cells.codes(columns)
            own = codes[rows]
            alone = np.bincount(own, minlength=many)[own] == 1
            parts = [unique[part] for part in combinations(columns, size - 1)] if size > 1 else []
            if size < 3:
                unique[columns] = alone
            smaller = np.logical_or.reduce(parts) if parts else np.zeros(len(rows), dtype=bool)
            yield columns, np.flatnonzero(alone & ~smaller), codes, many


def rates(real: Floats, held: Floats, synthetic: Floats, layout: Layout, seed: int) -> Singling:
    """Return how many rare combinations of either side synthetic rows hold. Shape: (N, width) twice, (m, width)."""
    n = len(real)
    cells = Cells.of(real, [held, synthetic], layout, seed)
    rare, made = np.zeros(2 * n), np.zeros(2 * n)
    for _, rows, codes, many in rare_combinations(cells, np.arange(2 * n)):
        there = np.bincount(codes[2 * n :], minlength=many)[codes[rows]] > 0
        rare[rows] += 1
        made[rows[there]] += 1
    shares, spread = [], 0.0
    for side in (slice(0, n), slice(n, 2 * n)):
        u, x = rare[side], made[side]
        share = float(x.sum() / u.sum()) if u.any() else np.nan
        spread += float(((x - share * u) ** 2).sum() / max(u.sum(), 1.0) ** 2)
        shares.append(share)
    difference, reach = shares[0] - shares[1], Z * np.sqrt(spread)
    counts = [int(part[side].sum()) for side in (slice(0, n), slice(n, 2 * n)) for part in (rare, made)]
    return Singling(
        counts[0], counts[1], shares[0], counts[2], counts[3], shares[1], difference,
        (float(difference - reach), float(difference + reach)),
    )  # fmt: skip


def singled(
    real: Floats, held: Floats | None, synthetic: Floats, layout: Layout, links: tuple[Places, Places] | None, seed: int
) -> pd.DataFrame:
    """Return the training rows that have a rare combination which synthetic rows hold, and held-out ones do not.

    Arguments:
        real, held, synthetic: (n, width), (h, width), (m, width) coded rows.
        layout: what their columns are.
        links: of synthetic rows and the real ones that they were made of, their places; None where it is not known.
        seed: of the columns drawn, of many.

    Returns: a row for each such training row, those first of which most was made: parent, combination (the smallest,
        of which most was made), times (synthetic rows that hold it), made_of_it (of these, rows made of this parent),
        combinations (how many recur).
    """
    n, h = len(real), 0 if held is None else len(held)
    cells = Cells.of(real, [synthetic] if held is None else [held, synthetic], layout, seed)
    count, times, own, best = (np.zeros(n, dtype=np.intp) for _ in range(4))
    names: list[tuple[Hashable, ...]] = []
    for columns, rows, codes, many in rare_combinations(cells, np.arange(n)):
        names.append(tuple(cells.names[place] for place in columns))
        known, made = codes[n : n + h], codes[n + h :]
        found = np.bincount(made, minlength=many)[codes[rows]] * (np.bincount(known, minlength=many)[codes[rows]] == 0)
        rows, found = rows[found > 0], found[found > 0]
        if not len(rows):
            continue
        mine = _children(codes[:n], made, rows, links)[rows]
        smaller = np.array([len(names[place]) for place in best[rows]]) < len(columns)
        better = (count[rows] == 0) | (mine > own[rows]) & ~(smaller & (own[rows] > 0))
        better |= ~smaller & (mine == own[rows]) & (found > times[rows])
        count[rows] += 1
        rows, found, mine = rows[better], found[better], mine[better]
        times[rows], own[rows], best[rows] = found, mine, len(names) - 1
    at = np.flatnonzero(count)
    at = at[np.lexsort((at, -times[at], -own[at]))]
    made_of_it = pd.array(own[at], dtype="Int64") if links is not None else pd.array([None] * len(at), dtype="Int64")
    return pd.DataFrame(
        dict(zip(HEADS, (at, [names[place] for place in best[at]], times[at], made_of_it, count[at]), strict=True))
    )


def _children(real: Places, made: Places, rows: Places, links: tuple[Places, Places] | None) -> Places:
    """Return how many rows made of each real one have its code, for some of the real ones. Shape: (n,)."""
    if links is None:
        return np.zeros(len(real), dtype=np.intp)
    asked = np.zeros(len(real), dtype=bool)
    asked[rows] = True
    child, parent = links
    child, parent = child[asked[parent]], parent[asked[parent]]
    return np.bincount(parent[made[child] == real[parent]], minlength=len(real))


def _ends(values: Floats) -> Floats:
    """Return where bins of a number begin but the first: between values where they are few, else of equal mass."""
    kept = np.unique(values[~np.isnan(values)])
    if len(kept) <= BINS:
        return np.asarray((kept[1:] + kept[:-1]) / 2)
    return np.unique(np.nanquantile(values, np.arange(1, BINS) / BINS))
