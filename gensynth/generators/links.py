"""Links between columns: where independence inside a leaf loses what two columns have to do with one another.

The association that is lost is measured as the distance between the joint distribution of two columns in real rows
and in rows made without links: the total variation of their contingency tables, less what chance alone gives. Columns
are linked along the heaviest forest over these distances, as in Chow and Liu 1968, "Approximating discrete
probability distributions with dependence trees": each column has at most one parent, whose value picks the rows of
the leaf that its own is drawn from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
BINS = 20  # of a number with more values than that
LEVELS = 64  # of a category; the rarest beyond share a code
ROWS = 20_000  # rows that associations are measured on, at the most
PAIRS = 3_000  # pairs of columns that are measured, at the most


@dataclass
class Bins:
    """One column as codes: a number by its value or its quantile, a category by its level; missing is the last code.

    Shape: `edges` (k,): codes are places between them. A category's codes are looked up in `table`.
    """

    edges: Floats
    table: Places | None
    count: int

    @classmethod
    def of(cls, values: Floats, levels: int, most: int = BINS) -> Bins:
        """Return the codes of a column. `levels`: of a category, else 0; `most`: values told apart of a number."""
        held = values[~np.isnan(values)]
        if levels:
            counts = np.bincount(held.astype(np.intp), minlength=levels)
            table = np.arange(levels)
            if levels > LEVELS:
                table = np.full(levels, LEVELS - 1)
                table[np.argsort(-counts, kind="stable")[: LEVELS - 1]] = np.arange(LEVELS - 1)
            return cls(np.zeros(0), table, int(table.max()) + 2)
        unique = np.unique(held)
        if len(unique) <= most:
            edges = (unique[1:] + unique[:-1]) / 2
        else:
            edges = np.unique(np.quantile(held, np.linspace(0, 1, most + 1)[1:-1]))
        return cls(edges, None, len(edges) + 2)

    def __call__(self, values: Floats) -> Places:
        """Return the codes of values. Shape: (n,) to (n,)."""
        missing = np.isnan(values)
        if self.table is not None:
            codes = self.table[np.where(missing, 0, values).astype(np.intp)]
        else:
            codes = np.searchsorted(self.edges, values, side="right")
        return np.where(missing, self.count - 1, codes)


def lost(real: Places, made: Places, counts: Places) -> list[tuple[float, int, int]]:
    """Return the association that made rows lack, for each pair of columns that is worth measuring.

    Shape: real, made (n, width) codes; counts (width,) codes of each column.
    Returns: (lost, first, second) for each pair; lost is a total variation in [0, 1], less what is due to chance.
    """
    real, made = real[:: max(1, len(real) // ROWS)], made[:: max(1, len(made) // ROWS)]
    found = []
    for i, j in _pairs(real, made):
        size = counts[i] * counts[j]
        p, q = (np.bincount(rows[:, i] * counts[j] + rows[:, j], minlength=size) / len(rows) for rows in (real, made))
        mean = (p + q) / 2
        chance = np.minimum(np.sqrt(2 * mean * (1 / len(real) + 1 / len(made)) / np.pi), 2 * mean)
        found.append((float(np.abs(p - q).sum() - chance.sum()) / 2, int(i), int(j)))
    return found


def _pairs(real: Places, made: Places) -> npt.NDArray[np.intp]:
    """Return the pairs of columns to measure: all, or those whose correlations differ most."""
    width = real.shape[1]
    first, second = np.triu_indices(width, 1)
    if len(first) > PAIRS:
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = [np.nan_to_num(np.corrcoef(rows[:2000].T.astype(np.float32))) for rows in (real, made)]
        gap = np.abs(apart[0] - apart[1])[first, second]
        heavy = np.argpartition(-gap, PAIRS)[:PAIRS]
        first, second = first[heavy], second[heavy]
    return np.stack([first, second], axis=1)


def linked(found: list[tuple[float, int, int]], width: int, least: float) -> list[tuple[int, int]]:
    """Return the links above `least` of the heaviest forest, as edges (first, second)."""
    weights = np.zeros((width, width))
    for gap, i, j in found:
        if gap > least:
            weights[i, j] = 2 - gap
    edges = minimum_spanning_tree(weights).tocoo()
    return [(int(i), int(j)) for i, j in zip(edges.row, edges.col, strict=True)]


def walk(edges: list[tuple[int, int]], width: int, first: Iterable[int] = ()) -> list[tuple[int, int]]:
    """Return all columns in an order to draw them in, each with its parent or -1.

    Walks start at the columns of `first`, then at those that have most links.
    """
    ends = np.array([*edges, *((j, i) for i, j in edges)], dtype=np.intp).reshape(-1, 2)
    graph = sparse.csr_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(width, width))
    degree = np.diff(graph.indptr)
    seen = np.zeros(width, dtype=bool)
    order = []
    for root in [*first, *np.argsort(-degree, kind="stable").tolist()]:
        if seen[root]:
            continue
        nodes, parents = breadth_first_order(graph, root, directed=False) if degree[root] else ([root], {root: -1})
        for node in nodes:
            if not seen[node]:
                seen[node] = True
                order.append((int(node), max(int(parents[node]), -1)))
    return order
