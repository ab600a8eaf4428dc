"""What a table's rows are to a generator or a policy: the columns as they are, texts of one column, or time series.

A view gives rows of its kind, and turns made rows back into the table's columns. Columns that are no part of the rows
are those of the row that a made one comes from.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.identifiers import Identifier
from ..data.kinds import Series, Texts
from ..errors import ConfigError, DataError, Unsupported, nearest
from ..recipe import Asked, Kind
from ..store.base import TableFile

Positions = npt.NDArray[np.intp]


class View(Protocol):
    """Rows of a kind in a table: `rows` (n,), and the way back."""

    @property
    def kind(self) -> Kind:
        """The kind of the rows."""

    @property
    def rows(self) -> Any:
        """The rows, in their container."""

    def frame(self, made: Any, parents: Positions | None) -> pd.DataFrame:
        """Return made rows (m,) as columns of the table; `parents` (m,) are positions in it, None where none is known.

        Raises: Unsupported where there are other columns and no parents.
        """


@dataclass(frozen=True)
class TableView:
    """The columns as they are; `schema` is what is known of them."""

    rows: pd.DataFrame
    schema: Mapping[str, Any] = field(default_factory=dict)
    kind: ClassVar[Kind] = "table"

    def frame(self, made: Any, parents: Positions | None) -> pd.DataFrame:
        """Return the made rows."""
        frame: pd.DataFrame = made.reset_index(drop=True)
        return frame


@dataclass(frozen=True)
class TextView:
    """The texts of one column."""

    columns: pd.DataFrame
    column: str
    rows: Texts
    kind: ClassVar[Kind] = "text"

    def frame(self, made: Any, parents: Positions | None) -> pd.DataFrame:
        """Return the rows of the parents with other texts; an empty one is a missing cell."""
        frame = _of_parents(self.columns, parents, [self.column], len(made))
        frame[self.column] = pd.Series([text or None for text in made.x], dtype=object)
        return frame


@dataclass(frozen=True)
class SeriesView:
    """Series of one channel: the numeric columns, in order; missing ones at the end make a row shorter."""

    columns: pd.DataFrame
    steps: Sequence[str]
    rows: Series
    kind: ClassVar[Kind] = "series"

    def frame(self, made: Any, parents: Positions | None) -> pd.DataFrame:
        """Return the rows of the parents with other steps, in the columns' types; as many as there are columns."""
        frame = _of_parents(self.columns, parents, self.steps, len(made))
        return frame.assign(**steps_of(made, self.columns[list(self.steps)])) if len(made) else frame


def view_of(job: Asked, table: TableFile, X: pd.DataFrame, schema: Mapping[str, Any]) -> View:
    """Return what the rows of a table are to a job. Raises: ConfigError, DataError."""
    if job.kind in ("image", "audio"):
        raise ConfigError(f"{job.data} is a table, and --kind {job.kind} is for folders of files")
    if job.masks is not None:
        raise ConfigError(f"{job.data} is a table, and --masks is for folders of images")
    if job.text is not None:
        return _texts(job.text, table, X)
    if job.kind == "series":
        return _series(table, X, schema)
    return TableView(X, schema)


def _texts(column: str, table: TableFile, X: pd.DataFrame) -> TextView:
    if column not in table.frame.columns:
        raise ConfigError(f"{table.path}: --text names the column {column!r}{nearest(column, X.columns)}")
    if column not in X.columns:
        raise ConfigError(f"{table.path}: column {column!r} is the target, and cannot hold the texts too")
    texts = table.texts(column)
    empty = sum(not text.strip() for text in texts)
    if empty == len(texts):
        raise DataError(f"{table.path}: every cell of column {column!r} is empty: there are no texts")
    if empty:
        _say(f"{empty:,} of {len(texts):,} cells of column {column!r} are empty: texts without words")
    return TextView(X, column, Texts(texts))


def _series(table: TableFile, X: pd.DataFrame, schema: Mapping[str, Any]) -> SeriesView:
    steps = [
        str(name)
        for name in X.columns
        if pd.api.types.is_numeric_dtype(X[name].dtype)
        and not pd.api.types.is_bool_dtype(X[name].dtype)
        and not isinstance(schema.get(str(name)), Identifier)
        and schema.get(str(name), "number") == "number"
    ]
    if not steps:
        raise DataError(f"{table.path}: no column but the target holds numbers: there are no time steps")
    values = X[steps].to_numpy(dtype=np.float64, na_value=np.nan)
    others = [str(name) for name in X.columns if name not in steps]
    kept = f"; kept as they are: {', '.join(others[:5])}{', ...' if len(others) > 5 else ''}" if others else ""
    _say(f"series of {len(steps):,} steps, {steps[0]!r} to {steps[-1]!r}{kept}")
    there = ~np.isnan(values)
    lengths = np.where(there.any(axis=1), values.shape[1] - np.argmax(there[:, ::-1], axis=1), 0)
    if (lengths == values.shape[1]).all():
        return SeriesView(X, steps, Series(values[:, None]))
    return SeriesView(X, steps, Series([row[None, :n] for row, n in zip(values, lengths.tolist(), strict=True)]))


def steps_of(made: Series, like: pd.DataFrame | None = None, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return series of one channel as columns: cut at as many as there are, missing where a series is shorter.

    Arguments:
        made: n series.
        like: columns whose names and types are taken.
        names: names alone.
    """
    names = list(names) if like is None else [str(name) for name in like.columns]
    values = np.full((len(made), len(names)), np.nan)
    for place, one in enumerate(made.x):
        row = np.asarray(one)[0][: len(names)]
        values[place, : len(row)] = row
    return {
        name: pd.Series(values[:, at]) if like is None else typed(values[:, at], like[name].dtype)
        for at, name in enumerate(names)
    }


def typed(values: npt.NDArray[np.float64], dtype: Any) -> pd.Series[Any]:
    """Return numbers as a column of a type: whole ones rounded, missing ones only where the type has them."""
    whole = pd.api.types.is_integer_dtype(dtype)
    if whole and np.isnan(values).any() and isinstance(dtype, np.dtype):
        dtype = pd.api.types.pandas_dtype(f"{'U' if dtype.kind == 'u' else ''}Int{8 * dtype.itemsize}")
    made: pd.Series[Any] = pd.Series(np.rint(values) if whole else values).astype(dtype)
    return made


def _of_parents(columns: pd.DataFrame, parents: Positions | None, own: Sequence[str], n: int) -> pd.DataFrame:
    """Return the rows of parents, or n rows without any where all columns are the rows' own."""
    if parents is not None:
        return columns.iloc[parents].reset_index(drop=True)
    others = [str(name) for name in columns.columns if name not in own]
    if others:
        raise Unsupported(
            f"the generator does not say which row a made one comes from, so column {others[0]!r} cannot be filled: "
            "leave it out of the table, or take Augment"
        )
    return columns.iloc[:0].reindex(range(n))


def _say(text: str) -> None:
    print(f"gensynth: note: {text}", file=sys.stderr)
