"""What a generator declares that it takes, and what it gives for one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.kinds import Kind

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Supports:
    """What a generator takes: kinds of data, what may stand in tables, and whether images may have masks and boxes.

    `prefix` promises that `sample(10)` is the beginning of `sample(100)`; `copies` says that rows are copied whole;
    `parents` that made rows have them.
    """

    kinds: frozenset[Kind] | set[Kind] = frozenset({"table"})
    numbers: bool = True
    categories: bool = False
    missing: bool = False
    masks: bool = False
    conditions: bool = False
    sparse: bool = False
    prefix: bool = False
    copies: bool = False
    parents: bool = True


@dataclass
class Draw:
    """What `_sample` made: rows as `_fit` saw them, and from which real rows.

    Shape: parents (n, k) positions in the fitted rows, -1 where there is none; weights (n, k), each row's sum 1.
    """

    rows: Any
    parents: npt.NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))
    weights: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))

    def frame(self) -> pd.DataFrame:
        """Return the parents as a frame of row, parent and weight, one line for each parent of each row."""
        held = (self.parents >= 0) & (self.weights != 0)
        rows = np.repeat(np.arange(len(held)), held.sum(axis=1))
        return pd.DataFrame({"row": rows, "parent": self.parents[held], "weight": self.weights[held]}, copy=False)
