"""Changes that take from other rows of the class: swapped cells, mixed rows, neighbours in rank, other categories.

References:
    Jahrer 2017, first place in Porto Seguro's Safe Driver Prediction, Kaggle discussion 44629   (swap noise)
    Zhang et al. 2018, "mixup: beyond empirical risk minimization", arXiv:1710.09412   (mixing; here within a class)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..draws import Draws, Floats, Ints
from ..settings import check_chance, span
from .base import Pool, Range, TableTransform
from .rows import Matrix


@dataclass(frozen=True)
class SwapNoise(TableTransform):
    """Cells taken from other rows of the class, each from a row drawn for it alone (Jahrer 2017, there of any class).

    A missing cell of the other row is not taken. Few rows: of a class of one row nothing changes.

    Arguments:
        chance: chance of each cell, from 0 to 1; 0.15 is that of the source, which made rows to be denoised.
    """

    chance: float = 0.1
    breaks: ClassVar[str] = "classes that rest on columns which go together"
    neutral: ClassVar[Mapping[str, float]] = {"chance": 0.0}

    def _check(self) -> None:
        super()._check()
        check_chance("chance", self.chance)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:  # noqa: D102 -- the base documents it
        known: Pool = self.known
        width = values.shape[1]
        taken, donors = draws.uniform_table("taken", width) < self.chance, draws.uniform_table("donor", width)
        for place in self.chosen(known.matrix.layout):
            rows = known.classes.drawn(codes, donors[:, place])
            values[:, place] = np.where(taken[:, place], known.matrix.values[rows, place], values[:, place])
        return values


@dataclass(frozen=True)
class MixRows(TableTransform):
    """Rows mixed with another row of the class: mixup (Zhang et al. 2018) that stays in the class.

    Numbers and dates move towards the other row by the weight that is drawn; all categories follow one of the two, the
    other one by a chance of the weight. A cell that one of them lacks stays. Few rows: of a class of one row nothing
    changes.

    Arguments:
        weight: range of the weight of the other row, from 0 to 1/2; so that the row stays the nearer parent.
    """

    weight: Range = (0.0, 0.5)
    breaks: ClassVar[str] = "classes that lie in several heaps, with others between them"
    neutral: ClassVar[Mapping[str, float]] = {"weight": 0.0}

    def _check(self) -> None:
        super()._check()
        span("weight", self.weight, 0.0, 0.0, 0.5)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:  # noqa: D102
        known: Pool = self.known
        layout = known.matrix.layout
        weight = draws.uniform("weight", *span("weight", self.weight, 0.0, 0.0, 0.5))
        other = known.matrix.values[known.classes.drawn(codes, draws.uniform("other"))]
        follows = draws.uniform("categories") < weight
        for place in self.numbers(layout):
            values[:, place] += weight * (other[:, place] - values[:, place])
        for place in self.categories(layout):
            values[:, place] = np.where(follows, other[:, place], values[:, place])
        return values


@dataclass(frozen=True, eq=False)
class Ranks(Pool):
    """Also the numbers of each class, in order: by class and column."""

    ordered: list[dict[int, Floats]]


@dataclass(frozen=True)
class QuantileNoise(TableTransform):
    """Numbers and dates that go to a number of nearby rank in their class, so that each column keeps its distribution.

    The rank of a number that several rows hold is drawn among theirs. Few rows: where the reach is below half a rank
    nothing changes, with the default in a class of fewer than ten rows.

    Arguments:
        reach: how far, up or down, a rank may move, as a share of the class's rows, from 0 to 1; drawn for each cell.
    """

    reach: float = 0.05
    breaks: ClassVar[str] = "classes that rest on columns which go together"
    neutral: ClassVar[Mapping[str, float]] = {"reach": 0.0}

    def _check(self) -> None:
        super()._check()
        check_chance("reach", self.reach)

    def learn(self, rows: Matrix, y: Any) -> Ranks:
        """Return the rows, their classes and the order of their numbers."""
        pool: Pool = super().learn(rows, y)
        places = self.numbers(rows.layout).tolist()
        ordered = [
            {place: np.sort(part[~np.isnan(part[:, place]), place]) for place in places} for part in pool.by_class
        ]
        return Ranks(pool.matrix, pool.classes, ordered)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:  # noqa: D102
        known: Ranks = self.known
        width = values.shape[1]
        tied, moved = draws.uniform_table("tied", width), 2 * draws.uniform_table("moved", width) - 1
        for code in np.unique(codes):
            mine = np.flatnonzero(codes == code)
            for place, held in known.ordered[code].items():
                own = values[mine, place]
                left, right = (np.searchsorted(held, own, side) for side in ("left", "right"))
                rank = left + np.floor(tied[mine, place] * (right - left)).astype(np.intp)
                steps = np.rint(self.reach * len(held) * moved[mine, place]).astype(np.intp)
                if len(held):
                    found = held[np.clip(rank + steps, 0, len(held) - 1)]
                    values[mine, place] = np.where(steps == 0, own, found)
        return values


@dataclass(frozen=True, eq=False)
class Shares(Pool):
    """Also how often each category stands in each class: by class and column, (levels,)."""

    counts: list[dict[int, Floats]]


@dataclass(frozen=True)
class CategoryNoise(TableTransform):
    """Categories changed to another one, drawn at its frequency in the class.

    Few rows: where a class holds one category in a column nothing changes there.

    Arguments:
        chance: chance of each cell, from 0 to 1.
    """

    chance: float = 0.05
    breaks: ClassVar[str] = "classes that rest on categories which go together"
    neutral: ClassVar[Mapping[str, float]] = {"chance": 0.0}

    def _check(self) -> None:
        super()._check()
        check_chance("chance", self.chance)

    def learn(self, rows: Matrix, y: Any) -> Shares:
        """Return the rows, their classes and the frequencies of their categories."""
        pool: Pool = super().learn(rows, y)
        counts = [
            {place: _counted(part[:, place]) for place in self.categories(rows.layout).tolist()}
            for part in pool.by_class
        ]
        return Shares(pool.matrix, pool.classes, counts)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:  # noqa: D102
        known: Shares = self.known
        width = values.shape[1]
        taken, u = draws.uniform_table("taken", width) < self.chance, draws.uniform_table("other", width)
        for code in np.unique(codes):
            mine = np.flatnonzero(codes == code)
            for place, counts in known.counts[code].items():
                rows = mine[taken[mine, place] & (values[mine, place] >= 0)]
                values[rows, place] = _another(values[rows, place], counts, u[rows, place])
        return values


def _counted(cells: Floats) -> Floats:
    """Return how often each code stands among cells. Shape: (n,) to (levels,)."""
    return np.bincount(cells[cells >= 0].astype(np.intp)).astype(np.float64)


def _another(own: Floats, counts: Floats, u: Floats) -> Floats:
    """Return other codes at their frequency, the own one where there is no other. Shape: own, u (m,), own >= 0."""
    ends = np.cumsum(np.append(counts, 0.0))
    at = np.minimum(own.astype(np.intp), len(counts))
    share = np.append(counts, 0.0)[at]
    spot = u * (ends[-1] - share)
    spot += np.where(spot >= ends[at] - share, share, 0.0)
    found = np.searchsorted(ends, spot, side="right")
    return np.where(ends[-1] - share > 0, np.minimum(found, len(counts) - 1), own).astype(np.float64)
