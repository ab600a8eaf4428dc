"""Tables as people have them, to the coded matrix and back; a policy that was fitted keeps the coding of its fit.

A table is a frame, a 2-D array, a list of rows, or a `Matrix`, which is coded already. Cells that no change touched
come back as they were, and with them whole columns of identifiers and of missing values alone; a frame keeps its index.
Changed cells hold values that the column could have held when the policy was fitted: in its range, on its grid, of its
categories.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.encode import Layout, TableEncoder
from ...data.frames import Frame
from ...errors import DataError
from ..draws import Floats, Ints
from ..rowwise import Given

LARGEST = 1e140  # of which squares can be added up


@dataclass(frozen=True, eq=False)
class Matrix:
    """Coded rows as changes take them, as `data.encode` says: numbers, positions of categories, NaN where missing.

    Shape: values (n, layout.width). `encoder` is what coded them, None where that is somebody else's.
    """

    values: Floats
    layout: Layout
    encoder: TableEncoder | None = None

    def __len__(self) -> int:
        return len(self.values)

    def pick(self, rows: Ints) -> Self:
        """Return some of the rows."""
        return replace(self, values=self.values[rows])

    def put(self, rows: Ints, changed: Self) -> Self:
        """Return all rows, those at these places changed."""
        if len(rows) == len(self):
            return changed
        values = self.values.copy()
        values[rows] = changed.values
        return replace(self, values=values)


class Fitted(Protocol):
    """What a change of tables knows."""

    @property
    def matrix(self) -> Matrix:
        """The rows that it was fitted on."""


def read(X: Any, rate: float | None = None, known: Fitted | None = None, schema: Any = None) -> Given:
    """Return a table as coded rows, and the way back.

    Arguments:
        X: a frame, a 2-D array, a list of rows, or a `Matrix`.
        known: what was learned where the policy was fitted, whose coding is used then.
        schema: kinds of columns to take instead of the inferred ones, where nothing is known.

    Raises: DataError where X is no table, is sparse, or has other columns than in training.
    """
    before = None if known is None else known.matrix
    if isinstance(X, Matrix):
        if before is not None and before.layout != X.layout:
            raise DataError("the coded rows have other columns, or other categories, than those of training")
        _check_size(X.values)
        return Given(X, lambda matrix: matrix)
    if hasattr(X, "tocsr"):
        raise DataError("transforms of tables take no sparse matrices: give X.toarray()")
    frame, container = Frame.open(X)
    if before is not None:
        if before.encoder is None:
            raise DataError("the policy was fitted on coded rows: give a Matrix, or fit it on a table")
        encoder = before.encoder
        values = encoder.encode(frame) if len(frame) else np.empty((0, before.layout.width))
    else:
        encoder = TableEncoder(schema)
        if not len(frame):
            return Given(Matrix(np.empty((0, 0)), Layout(()), encoder), lambda matrix: X)
        values = encoder.fit(frame)
    _check_size(values)
    return Given(Matrix(values, encoder.layout_, encoder), lambda matrix: _back(X, frame, container, values, matrix))


def _check_size(values: Floats) -> None:
    """Raise DataError where numbers are too large for their squares to be added up."""
    if (np.abs(values) > LARGEST).any():
        raise DataError(
            f"the table holds values that are infinite, or beyond {LARGEST:g}: replace them by missing ones or by a "
            "bound first"
        )


def _back(X: Any, frame: pd.DataFrame, container: Frame, values: Floats, matrix: Matrix) -> Any:
    """Return the table with the cells that were changed."""
    encoder, new = matrix.encoder, matrix.values
    if encoder is None or not len(frame):
        return X
    changed = (values != new) & ~(np.isnan(values) & np.isnan(new))
    made = frame.copy(deep=False)
    for place, column in enumerate(encoder.coded_):
        rows = np.flatnonzero(changed[:, place])
        if len(rows):
            made[column.name] = _placed(frame[column.name], rows, column.decode(new[rows, place]))
    if container.library == "pandas":
        made.index = X.index
    back = container.close(made)
    own = isinstance(X, np.ndarray) and isinstance(back, np.ndarray) and np.shares_memory(back, X)
    return back.copy() if own else back


def _placed(own: pd.Series, rows: npt.NDArray[np.intp], new: pd.Series) -> pd.Series:
    """Return a column with new cells at places, in the dtype that it has."""
    if isinstance(own.dtype, pd.CategoricalDtype) and own.dtype != new.dtype:
        levels = own.cat.categories.append(pd.Index(new.astype(object)).difference(own.cat.categories, sort=False))
        own, new = own.cat.set_categories(levels), pd.Series(pd.Categorical(new.astype(object), levels))
    elif pd.api.types.is_integer_dtype(own.dtype) and pd.api.types.is_float_dtype(new.dtype):
        new = new.round()
    made = own.copy()
    made.iloc[rows] = new.astype(own.dtype).array
    return made
