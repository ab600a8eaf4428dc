"""Containers compared, and looked into, whatever they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ..data.frames import Frame
from ..data.kinds import Rows


def difference(first: Any, second: Any) -> str:
    """Return how two containers differ in type, dtypes, names, order or values, or nothing where they do not.

    >>> difference(np.array([1.0, np.nan]), np.array([1.0, np.nan]))
    ''
    >>> difference(np.zeros(2), np.zeros(2, dtype="float32"))
    'dtype float64 and float32'
    """
    if type(first) is not type(second):
        return f"{type(first).__name__} and {type(second).__name__}"
    if isinstance(first, pd.DataFrame | pd.Series):
        return _pandas(first, second)
    if isinstance(first, Rows):
        fields = [difference(getattr(first, name), getattr(second, name)) for name in first.fields]
        return next((text for text in fields if text), "")
    if isinstance(first, list | tuple):
        if len(first) != len(second):
            return f"{len(first)} and {len(second)} rows"
        return next((text for text in map(difference, first, second) if text), "")
    if type(first).__module__.startswith("polars"):
        kept = getattr(first, "schema", None) == getattr(second, "schema", None) and first.equals(second)
        return "" if kept else f"{first!r} and {second!r}"
    if type(first).__module__.startswith("torch"):
        first, second = first.numpy(), second.numpy()
    if sparse.issparse(first):
        if first.format != second.format:
            return f"format {first.format} and {second.format}"
        first, second = first.toarray(), second.toarray()
    if isinstance(first, np.ndarray):
        return _arrays(first, second)
    return "" if first == second or (first != first and second != second) else f"{first!r} and {second!r}"


def _pandas(first: Any, second: Any) -> str:
    try:
        check: Any = (
            pd.testing.assert_frame_equal if isinstance(first, pd.DataFrame) else pd.testing.assert_series_equal
        )
        check(first, second, check_exact=True)
    except AssertionError as error:
        return str(error)
    return ""


def _arrays(first: Any, second: Any) -> str:
    if first.dtype != second.dtype:
        return f"dtype {first.dtype} and {second.dtype}"
    if first.shape != second.shape:
        return f"shape {first.shape} and {second.shape}"
    if first.dtype == object:
        return difference(first.ravel().tolist(), second.ravel().tolist())
    return "" if np.array_equal(first, second, equal_nan=first.dtype.kind in "fcmM") else "their values"


def as_frame(X: Any) -> pd.DataFrame:
    """Return a table in any container as a pandas frame."""
    return pd.DataFrame(X.toarray()) if sparse.issparse(X) else Frame.open(X)[0]


def as_rows(X: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a table as tuples that can be compared and hashed; a missing value is None.

    >>> as_rows(np.array([[1.0, np.nan]]))
    [(1.0, None)]
    """
    frame = as_frame(X)
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    values = [
        [None if gap else value for value, gap in zip(column.tolist(), column.isna(), strict=True)]
        for column in columns
    ]
    return [*zip(*values, strict=True)]
