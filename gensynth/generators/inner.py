"""What generators that hold another one share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..random import as_generator
from .base import Codes


def outside(generator: Any, rows: Any) -> Any:
    """Return rows that a generator's `_fit` sees as another generator takes them."""
    table = generator.kind_ == "table"
    return generator.encoder_.decode(rows.copy(), as_generator(0, "identifiers")) if table else rows


def behind(found: pd.DataFrame, n: int) -> tuple[Codes, npt.NDArray[np.float64]]:
    """Return a frame of parents as positions and weights, -1 where a row has fewer. Shape: (n, k) each."""
    row, parent, weight = (found[name].to_numpy() for name in ("row", "parent", "weight"))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    shape = n, int(place.max(initial=-1)) + 1
    parents, weights = np.full(shape, -1, dtype=np.intp), np.zeros(shape)
    parents[row, place], weights[row, place] = parent, weight
    return parents, weights
