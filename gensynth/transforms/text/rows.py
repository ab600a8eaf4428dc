"""Texts as people have them, to a list of str and back.

A list or tuple of str, `Texts`, a pandas or polars Series of str, a 1-D array of str, or one str alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...data.kinds import Texts
from ...errors import DataError
from ..rowwise import Given, Listed


def read(X: Any, rate: float | None = None) -> Given:
    """Return texts in their working form, a list of str, and the way back to the container.

    A pandas Series keeps its index, name and dtype; of a categorical one the categories, to which new texts do not
    belong, are given up for str. An array of fixed width comes back as wide as its texts need.

    Raises: DataError where X holds something else than str, or something is missing.
    """
    if isinstance(X, str):
        return Given(Listed([X]), lambda rows: rows.rows[0], alone=True)
    if isinstance(X, Texts):
        return Given(Listed(checked(X.x)), lambda rows: Texts(rows.rows))
    if isinstance(X, list | tuple):
        kind = type(X) if type(X) in (list, tuple) else list
        return Given(Listed(checked(X)), lambda rows: kind(rows.rows))
    module = type(X).__module__
    if module.startswith(("pandas", "polars")) and hasattr(X, "to_list"):
        values = X.to_list()
        return Given(Listed(checked(values)), _series(X, module.startswith("pandas")))
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "OUT":
        dtype = X.dtype.type if X.dtype.kind == "U" else X.dtype
        return Given(Listed(checked(X.tolist())), lambda rows: np.array(rows.rows, dtype=dtype))
    raise DataError(
        f"texts must be a list of str, Texts, a Series of str or one str, got {type(X).__name__}"
        + (": give the column of texts" if hasattr(X, "columns") or np.ndim(X) == 2 else "")
    )


def _series(X: Any, pandas: bool) -> Callable[[Any], Any]:
    """Return the way back to a Series."""
    if not pandas:
        return lambda rows: type(X)(X.name, rows.rows)
    dtype = None if str(X.dtype) == "category" else X.dtype
    return lambda rows: type(X)(rows.rows, index=X.index, name=X.name, dtype=dtype)


def checked(texts: Any) -> list[str]:
    """Return texts as a list. Raises: DataError where one is no str."""
    rows = list(texts)
    for place, text in enumerate(rows):
        if not isinstance(text, str):
            missing = text is None or str(text) in ("nan", "NaT", "<NA>")
            what = "is missing: fill it, or drop the row" if missing else f"is {type(text).__name__}, not str"
            raise DataError(f"text {place} {what}: {text!r:.40}")
    return rows
