"""Gates: checks that may refuse a synthetic row.

A gate is anything with two methods: `fit(X, y)` sees the real rows, `accept(X, y)` says for each synthetic row whether
it may pass. The Balancer asks its generator for more while rows are refused, within a bound.
"""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from .data.encode import TableEncoder
from .data.kinds import as_rows, kind_of
from .errors import ConfigError


@runtime_checkable
class Gate(Protocol):
    """What a gate must do."""

    def fit(self, X: Any, y: Any) -> Self:
        """See the real rows and their labels."""
        ...

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return for each synthetic row whether it may pass. Shape: (n,)."""
        ...


class NotACopy(BaseEstimator):  # type: ignore[misc]
    """Refuse rows that equal a real one in every column but identifiers (tables), or in every value (other kinds).

    Arguments:
        schema: kinds of columns, to know identifiers by; the Balancer passes its generator's.

    Raises: ConfigError in `fit` where no row could pass, since a table of categories holds every combination already.

    Example:
        >>> gate = NotACopy().fit(np.array([[1.0, 2.0], [3.0, 4.0]]), None)
        >>> gate.accept(np.array([[1.0, 2.0], [1.0, 4.0]]), None).tolist()
        [False, True]
    """

    def __init__(self, *, schema: Any = None) -> None:
        self.schema = schema

    def fit(self, X: Any, y: Any) -> Self:
        """Remember the real rows."""
        self.encoder_ = TableEncoder(self.schema) if kind_of(X) == "table" and not hasattr(X, "tocsr") else None
        if self.encoder_ is None:
            self.real_ = set(_parts(X))
            return self
        matrix = self.encoder_.fit(X)
        self.real_ = set(_bytes(matrix))
        levels = [block.levels for block in self.encoder_.layout_.blocks]
        if levels and all(levels) and len(self.real_) >= np.prod([float(count) for count in levels]):
            raise ConfigError(
                f"NotACopy would refuse every row: all {len(self.real_):,} combinations of these categories exist "
                "already. Leave the gate out, or give the table a continuous column"
            )
        return self

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return which rows are no copies."""
        made = _parts(X) if self.encoder_ is None else _bytes(self.encoder_.encode(X))
        return np.array([row not in self.real_ for row in made], dtype=bool)


def _bytes(matrix: npt.NDArray[np.float64]) -> list[bytes]:
    """Return each row of a coded matrix as bytes; minus zero is zero, and every NaN the same."""
    rows = np.where(np.isnan(matrix), np.nan, matrix + 0.0)
    return [row.tobytes() for row in rows]


def _parts(X: Any) -> list[bytes]:
    """Return each row of any other kind as bytes: the values and the shape of its first field."""
    if hasattr(X, "tocsr"):
        rows = X.tocsr().astype(np.float64)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        ends = zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
        return [rows.indices[a:b].astype(np.int64).tobytes() + rows.data[a:b].tobytes() for a, b in ends]
    held = as_rows(X, kind_of(X))
    values = getattr(held, held.fields[0])
    if held.kind == "text":
        return [text.encode() for text in values]
    arrays = [np.asarray(value) for value in values]
    return [str(array.shape).encode() + np.ascontiguousarray(array).tobytes() for array in arrays]
