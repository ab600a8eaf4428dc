"""What the columns of a table are: inferred, overridden, written down, restored exactly."""

from __future__ import annotations

import re
import warnings
from collections.abc import Hashable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Self

import numpy as np
import pandas as pd

from ..errors import ConfigError, DataError, GensynthWarning, ignoring, nearest
from .columns import Category, Column, Empty
from .datetimes import Datetime
from .identifiers import Identifier, is_identifier
from .numbers import Number

_QUANTITY = (  # 1,234.50 or 1.234,50 or 12.5, perhaps with a currency or a unit; or a whole number with one
    r"[^\w\s]?\s?[-+]?\d+((,\d{3})+(\.\d+)?|(\.\d{3})+(,\d+)?|[.,]\d+)\s?(%|[a-z]{1,3}|[^\w\s])?"
    r"|[-+]?[1-9]\d*\s?(%|[a-z]{1,3}|[€£$])"
)
MANY_NUMBERS = 20  # distinct values from which on words among numbers are taken for strays
KINDS: dict[str, type[Column]] = {kind.kind: kind for kind in (Number, Category, Datetime, Identifier, Empty)}


class Schema:
    """The columns of a table, in order.

    Arguments:
        columns: what each column is.

    Example:
        >>> frame = pd.DataFrame({"age": [31, 45, 22], "zip": [10115, 80331, 20095]})
        >>> [column.kind for column in Schema.infer(frame, {"zip": "category"})]
        ['number', 'category']
    """

    def __init__(self, columns: list[Column]) -> None:
        self.columns = columns

    @classmethod
    def infer(cls, frame: pd.DataFrame, kinds: Mapping[Any, str | Column] | Schema | None = None) -> Self:
        """Learn what each column is.

        Arguments:
            frame: a table with at least one row, its column names unique.
            kinds: kinds to take instead of the inferred ones, by column: "number", "category", "datetime" or
                "identifier", or a Column as it was learned elsewhere; or a whole Schema, of which the columns that the
                frame has are taken.

        Raises:
            DataError: duplicate names, a column that cannot be used or is not what it is said to be.
            ConfigError: an unknown column or kind in `kinds`.
        """
        if isinstance(kinds, Schema):
            return cls(kinds.only(frame.columns).columns)
        if kinds is not None and not isinstance(kinds, Mapping):
            raise ConfigError(f"schema must be a mapping of columns to kinds, got {kinds!r:.60}")
        asked = dict(kinds or {})
        cls.check_kinds(asked, frame.columns)
        columns = []
        for name in frame.columns:
            try:
                kind = asked.get(name)
                columns.append(kind if isinstance(kind, Column) else infer_column(frame[name], kind))
            except DataError as error:
                raise DataError(f"column {name!r}: {error}") from error
        return cls(columns)

    @staticmethod
    def check_kinds(asked: Mapping[Any, Any], names: Any) -> None:
        """Raise ConfigError where kinds are said of columns that are not among `names`, or are none."""
        for name, kind in asked.items():
            if name not in names:
                raise ConfigError(f"schema names the column {name!r}, which the table has not{nearest(name, names)}")
            if not isinstance(kind, Column) and (kind not in KINDS or kind == "empty"):
                raise ConfigError(f"schema calls column {name!r} a {kind!r}{nearest(kind, [*KINDS][:-1])}")

    def only(self, names: Any) -> Schema:
        """Return the schema of these columns, in this order. Raises: DataError where one is unknown."""
        known = {column.name: column for column in self.columns}
        for name in names:
            if name not in known:
                raise DataError(f"column {name!r} is not in the schema{nearest(name, known)}")
        return Schema([known[name] for name in names])

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return "Schema(" + ", ".join(f"{column.name}: {column.kind}" for column in self.columns) + ")"

    @property
    def kinds(self) -> dict[Hashable, str]:
        """The kind of each column, by name."""
        return {column.name: column.kind for column in self.columns}


def identifiers_of(frame: pd.DataFrame) -> dict[Hashable, Column]:
    """Return the columns that are identifiers, by name, with the values that they hold known."""
    found = {name: _guess(frame[name]) for name in frame.columns if not frame[name].isna().all()}
    return {name: Identifier.infer(frame[name]) for name, kind in found.items() if kind == "identifier"}


def infer_column(column: pd.Series, kind: str | None = None) -> Column:
    """Return what one column is; `kind` says so where it must not be guessed.

    Raises: DataError where no kind, or not the one asked, fits the values.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.SparseDtype):
        raise DataError("a sparse column: give the whole table as a SciPy sparse matrix, or as dense columns")
    if column.isna().all():
        return Empty(column.name, dtype, None if not len(column) else column.iloc[0])
    if kind is None:
        kind = _guess(column)
        if kind == "category":
            _warn_stray(column)
    if kind == "datetime" and getattr(dtype, "kind", "O") not in "mM":
        text = _date_format(column)
        if text is None:
            raise DataError("declared a datetime, but its values are not dates in one ISO-like format")
        return Datetime.infer(column, text)
    if kind == "number" and not _numeric(column):
        raise DataError("declared a number, but holds other values; convert it with pandas.to_numeric first")
    return KINDS[kind].infer(column)  # type: ignore[attr-defined,no-any-return]


def _guess(column: pd.Series) -> str:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype):
        return "category"
    if pd.api.types.is_complex_dtype(dtype):
        raise DataError("Complex data not supported: give the real and the imaginary part as two columns")
    if getattr(dtype, "kind", "O") in "mM" and not isinstance(dtype, pd.PeriodDtype):
        return "datetime"
    if pd.api.types.is_integer_dtype(dtype):
        return "identifier" if is_identifier(column) else "number"
    if pd.api.types.is_float_dtype(dtype) or _numeric(column):
        return "number"
    if _date_format(column) is not None:
        return "datetime"
    return "identifier" if is_identifier(column) and not _measured(column) else "category"


def _warn_stray(column: pd.Series) -> None:
    """Warn of words among numbers that are stored as strings: the whole column is taken for words because of them."""
    if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(column.dtype):
        return
    words = column.dropna().drop_duplicates().astype(str)
    if len(words) < MANY_NUMBERS:
        return
    stray = words[pd.to_numeric(words, errors="coerce").isna()]
    if 0 < len(stray) <= len(words) / 20:
        rows = int(column.astype(str).isin(stray).sum())
        warnings.warn(
            f"column {column.name!r} is taken for words: {len(words) - len(stray):,} of its {len(words):,} values are "
            f"numbers, but {rows:,} rows hold {', '.join(map(repr, stray[:3]))} (first in row {stray.index[0]}): "
            "leave these cells empty to make it a column of numbers",
            GensynthWarning,
            stacklevel=2,
        )


def _measured(column: pd.Series) -> bool:
    """Whether unique strings are times or quantities in a form that is not read as such, which are no names of rows."""
    texts = column.dropna().astype(object)
    if texts.str.fullmatch(_QUANTITY).mean() > 0.9:
        return True
    if texts.str.fullmatch(r"\d{1,2}:\d\d(:\d\d)?([.,]\d+)?|\d{8}T\d{4,6}.*").mean() > 0.9:
        return True
    if not texts.head(50).str.contains(r"(?:19|20)\d\d").all():
        return False
    with ignoring():  # of the format of each text, which is asked here
        return bool(pd.to_datetime(texts.head(50), errors="coerce", utc=True, format="mixed").notna().mean() > 0.9)


def _numeric(column: pd.Series) -> bool:
    """Whether every value is a number (booleans are not)."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return not pd.api.types.is_bool_dtype(column.dtype)
    if column.dtype != object:
        return False
    kinds = {type(value) for value in column.dropna().tolist()}
    return bool(kinds) and all(
        issubclass(kind, int | float | np.number | Decimal) and kind is not bool for kind in kinds
    )


def _date_format(column: pd.Series) -> str | None:
    """Return the strftime format in which all strings of a column are dates and come back unchanged, or None."""
    present = column.dropna()
    first = present.iloc[0] if len(present) else None
    if not isinstance(first, str) or len(first) < (5 if ":" in first else 8) or not re.search(r"\d[-/:.T ]\d", first):
        return None
    unique = present.drop_duplicates().astype(object)
    with ignoring(UserWarning):  # of which of day and month comes first; both are tried
        zone = re.search(r"\d(Z|[+-]\d\d:?\d\d)$", first)  # one zone in all rows is text that stands behind
        tail = zone[1] if zone and ":" in first else ""
        bare = first.removesuffix(tail)
        formats = [pd.tseries.api.guess_datetime_format(bare, dayfirst=day) for day in (False, True)]
    for guess in dict.fromkeys(formats):
        if guess is None or "%z" in guess or "%Z" in guess:
            continue
        text = guess + tail
        times = pd.to_datetime(unique, format=text, errors="coerce")
        if times.notna().all() and bool((times.dt.strftime(text) == unique).all()):
            return text
    return None
