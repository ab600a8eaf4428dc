"""One adversarial forest over the rows of one class, and drawing from its leaves.

Reference: Watson, Blesch, Kapar, Wright 2023, "Adversarial random forests for density estimation and generative
modeling", AISTATS: algorithm 1 (growing), sec. 3.3 (drawing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from ..data.encode import Block
from ..random import as_generator, spawn, uniforms
from .leaves import Leaves, Matched
from .links import BINS, Bins, linked, lost, walk
from .moving import Moves, repeats_of

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Links = list[tuple[int, int]]
ROWS_A_BIN = 3  # rows at least for each code of a number: with fewer, linked columns would copy one row
SINGLE = 9  # rows up to which new rows lie between two of them: there are too few to draw columns from


@dataclass(frozen=True)
class Growth:
    """How forests are grown: what the parameters of `ARF` say."""

    trees: int
    leaf: int | None
    links: float
    rounds: int
    n_jobs: int | None

    def leaf_of(self, n: int) -> int:
        """Return the rows, real and shuffled, that each leaf holds at the least, of a class of n rows."""
        return self.leaf or int(np.clip(n // 150, 5, 50))


@dataclass
class Grove:
    """The rows of one class, the leaves that they lie in, and the links between columns that leaves lose.

    Shape: pool (n, width) coded rows; blocks (width,) what the columns are.
    """

    pool: Floats
    blocks: Sequence[Block]
    leaves: Leaves
    links: Links

    @classmethod
    def grow(cls, pool: Floats, blocks: Sequence[Block], how: Growth, rng: np.random.Generator) -> Self:
        """Learn rows."""
        n, width = pool.shape
        made = cls(pool, blocks, Leaves.whole(n), [])
        if n <= SINGLE or width < 2:
            return made
        fake = rng.permuted(pool, axis=0)
        counts = np.array([each.count for each in made.bins])
        for _ in range(how.rounds):
            forest = RandomForestClassifier(
                how.trees, min_samples_leaf=how.leaf_of(n), random_state=spawn(rng), n_jobs=how.n_jobs
            )
            forest.fit(np.vstack([pool, fake]), np.repeat([0, 1], n))
            made.leaves = Leaves.of(forest, pool)
            fake = made._crossed(rng)
            if how.links < 1:
                made.links = linked(lost(made._coded(pool), made._coded(fake), counts), width, how.links)
        return made

    @cached_property
    def bins(self) -> list[Bins]:
        """The codes of each column."""
        most = int(np.clip(len(self.pool) // ROWS_A_BIN, 2, BINS))
        return [Bins.of(self.pool[:, block.start], block.levels, most) for block in self.blocks]

    @cached_property
    def moves(self) -> dict[int, Moves]:
        """How far the numbers of each column may be moved."""
        numbers = [block.start for block in self.blocks if block.kind != "category"]
        repeats = repeats_of(self.pool)
        return {place: Moves(self.pool[:, place], repeats) for place in numbers}

    @cached_property
    def _matched(self) -> dict[int, Matched]:
        """Who in a leaf has which code of a column: sorted at its first use, and kept."""
        return {}

    def match(self, column: int, keep: bool = True) -> Matched:
        """Return who in a leaf has which code of a column; kept for the next time, 24 bytes a row and tree."""
        if column in self._matched:
            return self._matched[column]
        bins = self.bins[column]
        made = Matched(self.leaves, bins(self.pool[:, column]), bins.count)
        if keep:
            self._matched[column] = made
        return made

    def draw(self, spots: Places, key: int, tag: int) -> Floats:
        """Return new rows: each from the leaf, in a random tree, of a real row; all real rows are used evenly.

        Arguments:
            spots: (m,) the places of the rows among all that are asked with this key; randomness hangs on them.
            tag: what tells these draws from those of other classes with the same key.

        Shape: (m, width).
        """
        n, width = self.pool.shape
        turns = -(-len(spots) // n)
        orders = [as_generator(key, "seed", tag, turn).permutation(n) for turn in range(turns)]
        seed = np.concatenate([np.zeros(0, np.intp), *orders])[: len(spots)]
        if n <= SINGLE:
            return self._between(seed, uniforms(key, spots, f"other {tag}"), uniforms(key, spots, f"weight {tag}"))
        tree = (uniforms(key, spots, f"tree {tag}") * self.leaves.trees).astype(np.intp)
        leaf = self.leaves.home[seed, tree]
        made = np.empty((len(spots), width))
        drawn: dict[int, Places] = {}
        parents = {parent for _, parent in self._walk}
        for column, parent in self._walk:
            u = uniforms(key, spots, f"row {tag} {column}")
            if parent < 0:
                donors = self.leaves.draw(leaf, u)
            else:  # of the rows that have the code of the one that gave the parent's value
                donors = self.match(parent).draw(tree, drawn[parent], u)
            if column in parents:
                drawn[column] = donors
            values = self.pool[donors, column]
            if column in self.moves:
                values = self.moves[column](values, uniforms(key, spots, f"move {tag} {column}"))
            made[:, column] = values
        return made

    def _between(self, first: Places, u: Floats, weight: Floats) -> Floats:
        """Return rows between two that differ; what is no number, or lacks one, follows the nearer of them."""
        heads, twin = self._distinct
        steps = 1 + (u * max(len(heads) - 1, 1)).astype(np.intp)
        second = heads[(twin[first] + steps) % len(heads)]
        made = self.pool[np.where(weight < 0.5, first, second)]
        for place in self.moves:
            a, b = self.pool[first, place], self.pool[second, place]
            mixed = a + weight * (b - a)
            made[:, place] = np.where(np.isnan(mixed), made[:, place], mixed)
        return made

    @cached_property
    def _distinct(self) -> tuple[Places, Places]:
        """The first of all rows that are alike, and for each row which of these it is."""
        cells = np.where(np.isnan(self.pool), np.inf, self.pool + 0.0)
        _, heads, twin = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        return heads, twin.ravel()

    @cached_property
    def lone(self) -> bool:
        """Whether all rows are alike, so that nothing new comes of drawing from them."""
        return bool(repeats_of(self.pool).sum() == len(self.pool) - 1)

    @cached_property
    def _walk(self) -> list[tuple[int, int]]:
        return walk(self.links, self.pool.shape[1])

    def _crossed(self, rng: np.random.Generator) -> Floats:
        """Return as many rows as the pool has, each column drawn from the leaf on its own."""
        n, width = self.pool.shape
        leaf = self.leaves.home[np.arange(n), rng.integers(self.leaves.trees, size=n)]
        donors = [self.leaves.draw(leaf, rng.random((n,))) for _ in range(width)]
        return np.stack([self.pool[rows, column] for column, rows in enumerate(donors)], axis=1)

    def _coded(self, rows: Floats) -> Places:
        return np.stack([bins(rows[:, column]) for column, bins in enumerate(self.bins)], axis=1)
