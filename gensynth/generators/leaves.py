"""The leaves of a forest as data: which rows lie in which leaf of each tree, and how a new row finds its own.

A fitted scikit-learn forest is turned into arrays at once and let go: they are what is drawn from, saved and loaded.
All trees stand behind one another, so that one number names a leaf of the whole forest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import FormatError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]


@dataclass
class Leaves:
    """The nodes of all trees of a forest, and the leaf of each row it was fitted on.

    Shape: `roots` (trees,) the first node of each tree; `left`, `right`, `feature`, `threshold`, `missing_left`
    (nodes,), children counted over the whole forest, -1 in leaves; `home` (n, trees) the leaf of each row, as a node.
    """

    roots: Ints
    left: Ints
    right: Ints
    feature: Ints
    threshold: Floats
    missing_left: npt.NDArray[np.bool_]
    home: Ints

    @classmethod
    def of(cls, forest: Any, rows: Floats) -> Self:
        """Return the leaves of a fitted scikit-learn forest. Shape: rows (n, width), those to draw from later."""
        trees = [each.tree_ for each in forest.estimators_]
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int32)

        def joined(name: str, dtype: Any) -> Any:
            return np.concatenate([np.asarray(getattr(tree, name)).astype(dtype) for tree in trees])

        shift = np.repeat(roots, [tree.node_count for tree in trees])
        left, right = (joined(f"children_{side}", np.int32) for side in ("left", "right"))
        return cls(
            roots,
            np.where(left < 0, -1, left + shift).astype(np.int32),
            np.where(right < 0, -1, right + shift).astype(np.int32),
            joined("feature", np.int32),
            joined("threshold", np.float64),
            joined("missing_go_to_left", bool),
            (forest.apply(rows) + roots).astype(np.int32),
        )

    @classmethod
    def whole(cls, n: int) -> Self:
        """Return one tree of one leaf that holds all n rows."""
        ends = np.full(1, -1, np.int32)
        return cls(
            np.zeros(1, np.int32), ends, ends, ends, np.zeros(1), np.zeros(1, dtype=bool), np.zeros((n, 1), np.int32)
        )

    @property
    def trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @cached_property
    def _order(self) -> tuple[Places, Places, Places]:
        """All rows of all trees sorted by leaf, and where each leaf begins and how many rows it holds."""
        flat = self.home.T.ravel()
        counts = np.bincount(flat, minlength=len(self.left))
        return np.argsort(flat, kind="stable") % len(self.home), np.cumsum(counts) - counts, counts

    @property
    def sizes(self) -> Places:
        """Rows in each leaf, 0 for inner nodes. Shape: (nodes,)."""
        return self._order[2]

    def draw(self, leaf: Ints, u: Floats) -> Places:
        """Return rows of these leaves. Shape: leaf (m,) nodes, u (m,) in [0, 1); returns (m,) positions of rows."""
        order, start, counts = self._order
        return order[start[leaf] + (u * counts[leaf]).astype(np.intp)]

    def find(self, rows: Floats) -> Ints:
        """Return the leaf that rows fall into, in every tree. Shape: (m, width) to (m, trees)."""
        at = np.repeat(self.roots[None, :], len(rows), axis=0)
        X = rows.astype(np.float32)  # as the forest compared them
        line = np.arange(len(rows))[:, None]
        while True:
            left = self.left[at]
            inner = left >= 0
            if not inner.any():
                return at
            values = X[line, np.where(inner, self.feature[at], 0)]
            goes = np.where(np.isnan(values), self.missing_left[at], values <= self.threshold[at])
            at = np.where(inner, np.where(goes, left, self.right[at]), at)

    def check(self, n: int, width: int) -> None:
        """Raise FormatError where these are not the leaves of n rows: walks down must end in leaves that hold rows."""
        nodes = np.arange(len(self.left))
        sizes = {len(getattr(self, name)) for name in ("left", "right", "feature", "threshold", "missing_left")}
        good = sizes == {len(nodes)} and self.home.shape == (n, len(self.roots)) and len(self.roots) > 0
        if good:
            inner = self.left >= 0
            for side in (self.left, self.right):
                good &= bool((side[inner] > nodes[inner]).all() and (side[inner] < len(nodes)).all())
            good &= bool(((self.roots >= 0) & (self.roots < len(nodes))).all())
            good &= bool(((self.feature[inner] >= 0) & (self.feature[inner] < width)).all())
            good &= bool(((self.home >= 0) & (self.home < len(nodes))).all()) and not inner[self.home].any()
        if not good:
            raise FormatError("the trees of a forest do not belong together, or are damaged")

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


class Matched:
    """Rows sorted by leaf and by a code of theirs: who in a leaf has a given code.

    Arguments:
        leaves: the forest's.
        codes: (n,) a code in [0, count) for each row.
    """

    def __init__(self, leaves: Leaves, codes: Places, count: int) -> None:
        self.count, self.n = count, len(codes)
        keys = (leaves.home.astype(np.int64) * count + codes[:, None]).T.ravel()
        self.order = np.argsort(keys, kind="stable")
        self.keys = keys[self.order]

    def range(self, leaf: Ints, codes: Places) -> tuple[Places, Places]:
        """Return where the rows of these leaves with these codes stand in `order`. Shape: (m,) to (m,) twice."""
        want = leaf.astype(np.int64) * self.count + codes
        return np.searchsorted(self.keys, want), np.searchsorted(self.keys, want, side="right")

    @cached_property
    def _groups(self) -> tuple[Any, Any]:
        """Where in `order` those begin, and end, that are in a leaf with a row and have its code; by tree and row.

        Looked up by row, which takes a third of the time of searching for leaf and code.
        """
        heads = np.flatnonzero(np.diff(self.keys, prepend=-1))
        ends = np.append(heads[1:], len(self.keys))
        group = np.repeat(np.arange(len(heads)), ends - heads)
        kind = np.int32 if len(self.keys) < 2**31 else np.int64
        low, high = np.empty(len(self.keys), kind), np.empty(len(self.keys), kind)
        low[self.order], high[self.order] = heads[group], ends[group]
        return low, high

    def draw(self, tree: Places, row: Places, u: Floats) -> Places:
        """Return a row, in the leaf where a row is in a tree, that has the code of that row. Shape: (m,)."""
        (low, high), place = self._groups, tree * self.n + row
        first = low[place]
        found: Places = self.order[first + (u * (high[place] - first)).astype(np.intp)] % self.n
        return found
