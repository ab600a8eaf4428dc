"""Tables of floats alone, whose columns are looked at, and put back into range, all together.

NumPy goes along short rows slowly: several rows are laid into one line, a `fold`, which takes a third of the time.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from .columns import Floats
from .numbers import MOST_DECIMALS, Number
from .schema import Schema

LINE = 4096  # numbers in a line


def free_numbers(frame: pd.DataFrame) -> Schema | None:
    """Return what `Schema.infer` learns of a table of floats that are on no grid and none missing; None for others."""
    kinds = {*frame.dtypes}
    if len(kinds) != 1 or not isinstance(kind := kinds.pop(), np.dtype) or kind.kind != "f":
        return None
    values = frame.to_numpy()
    (low, high), some = ends_of(values), values[:256].astype(np.float64)
    free = np.isfinite(low) & np.isfinite(high)
    with np.errstate(over="ignore", invalid="ignore"):  # of numbers that are too large to round, which are not free
        for decimals in range(MOST_DECIMALS + 1):
            free &= (np.round(some, decimals).astype(kind) != values[:256]).any(axis=0)
    if not free.all():
        return None
    ends = zip(frame.columns, low.tolist(), high.tolist(), strict=True)
    return Schema([Number(name, kind, None, least, most) for name, least, most in ends])


def ends_of(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return the least and the largest of each column, NaN where one is missing. Shape: (n, width), n > 0, to (width,).

    >>> ends_of(np.array([[1.0, 5.0], [3.0, 2.0]]))
    (array([1., 2.]), array([3., 5.]))
    """
    lines, rest = _folded(values)
    found = []
    for end in (np.minimum, np.maximum):
        parts = [end.reduce(lines).reshape(-1, values.shape[1])] if len(lines) else []
        found.append(end.reduce(np.vstack([*parts, rest])))
    return found[0], found[1]


def keep_between(values: Floats, low: Floats, high: Floats) -> None:
    """Put numbers that lie outside the range of their column back to its end, in place. Shape: (n, width), (width,)."""
    least, most = ends_of(values) if len(values) else (low, high)
    if bool((least >= low).all() and (most <= high).all()):  # as nearly always, and reading costs less than writing
        return
    for part in _folded(values):
        times = part.shape[1] // max(values.shape[1], 1)
        np.clip(part, np.tile(low, times), np.tile(high, times), out=part)


def _folded(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Return views of an array: most of its rows, several in each line, and the few that are left."""
    n, width = values.shape
    times = max(LINE // max(width, 1), 1) if values.flags.c_contiguous else 1
    cut = n // times * times
    return values[:cut].reshape(cut // times, times * width), values[cut:]
