"""One column of a table: what it is, as numbers, and back exactly.

Each class below turns a pandas column into float64 numbers (missing is NaN) and numbers back into a column of the
same dtype. `encode` then `decode` gives the column back; `decode` of numbers that were made up gives values the
column could have held: on its grid, with its decimals, inside its range, from its categories.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import DataError

Floats = npt.NDArray[np.float64]
EXACT = 2.0**53  # integers up to here are exact in float64
LARGEST = 2.0**64 - 2**11  # the largest float64 that uint64 holds


@dataclass(frozen=True, eq=False)
class Column(ABC):
    """What one column is. `dtype` is the pandas dtype to restore; `blank` is its missing value, if it had one."""

    name: Hashable
    dtype: Any
    blank: Any = None
    kind: ClassVar[str]
    says: ClassVar[str] = ""

    @abstractmethod
    def encode(self, column: pd.Series) -> Floats:
        """Return the column as numbers, NaN where missing. Shape: (n,)."""

    @abstractmethod
    def decode(self, numbers: Floats) -> pd.Series:
        """Return the numbers as a column of `dtype`. Shape: (n,)."""

    def _restore(self, values: Any, missing: npt.NDArray[np.bool_]) -> pd.Series:
        """Return values as a column of the dtype, with `blank` where missing."""
        if not missing.any():
            return pd.Series(values, name=self.name, copy=False).astype(self.dtype)
        if self.dtype == object:
            objects = np.asarray(values, dtype=object)
            objects[missing] = self.blank
            return pd.Series(objects, name=self.name, dtype=object)
        if isinstance(self.dtype, np.dtype) and self.dtype.kind == "f":
            return pd.Series(np.where(missing, np.nan, values), name=self.name).astype(self.dtype)
        column = pd.Series(values, name=self.name).astype(self.dtype)
        column[missing] = pd.NA if self.blank is None else self.blank
        return column


@dataclass(frozen=True, eq=False)
class Category(Column):
    """One of a set of values: strings, booleans, a pandas category, or whatever can be hashed.

    The number is the position in `levels`, which has the column's own dtype; a pandas category keeps the levels
    that no row holds, and none of them is ever made up.
    """

    kind = "category"
    levels: Any = field(default=None, repr=False)

    @classmethod
    def infer(cls, column: pd.Series) -> Category:
        """Learn the levels, in the order of a pandas category or of first appearance.

        Raises: DataError where a value cannot be hashed (a list, a dict).
        """
        if isinstance(column.dtype, pd.CategoricalDtype):
            return cls(column.name, column.dtype, np.nan, column.cat.categories)
        try:
            _, levels = pd.factorize(column, use_na_sentinel=True)
        except TypeError as error:
            raise DataError(f"values that are not plain ones ({error}); turn them into columns or texts") from None
        return cls(column.name, column.dtype, blank_of(column), pd.Index(levels, dtype=column.dtype))

    @property
    def says(self) -> str:  # type: ignore[override]
        """The number of levels and the first of them, for people."""
        some = ", ".join(str(level) for level in self.levels[:4])
        return f"{len(self.levels):,} levels: {some}{', ...' if len(self.levels) > 4 else ''}"

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102
        if isinstance(column.dtype, pd.CategoricalDtype) and column.cat.categories.equals(self.levels):
            codes = column.cat.codes.to_numpy()
        else:
            codes = self.levels.get_indexer(pd.Index(column, dtype=self.levels.dtype))
        return np.where((codes < 0) & column.isna().to_numpy(), np.nan, codes.astype(np.float64))

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        missing = np.isnan(numbers)
        codes = np.where(missing, -1, numbers).astype(np.int64)
        if isinstance(self.dtype, pd.CategoricalDtype):
            return pd.Series(pd.Categorical.from_codes(codes, dtype=self.dtype), name=self.name)
        if not missing.any():
            return pd.Series(self.levels.take(codes), name=self.name).astype(self.dtype)
        if self.dtype == object:
            return self._restore(np.asarray(self.levels, dtype=object)[codes], missing)
        column = pd.Series(self.levels, name=self.name).astype(self.dtype)
        return column.reindex(codes).reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Empty(Column):
    """A column with no value at all: every row of it is missing, and so is every row made."""

    kind = "empty"
    says = "all missing"

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102
        return np.full(len(column), np.nan)

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        blank = np.full(len(numbers), self.blank, dtype=object)
        return pd.Series(blank, name=self.name, dtype=object).astype(self.dtype)


def snapped(values: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64], blur: np.uint64) -> npt.NDArray[np.uint64]:
    """Return values, in the place of those that float64 cannot tell from a known one that one. Known: at least 2."""
    spots = np.clip(np.searchsorted(known, values), 1, len(known) - 1)
    near = [
        np.where(values > known[place], values - known[place], known[place] - values) for place in (spots - 1, spots)
    ]
    nearest = np.where(near[0] < near[1], known[spots - 1], known[spots])
    return np.where(np.minimum(*near) <= blur, nearest, values)


def blank_of(column: pd.Series) -> Any:
    """Return the missing value that a column holds (None, NaN, NA, NaT), or None."""
    missing = column.isna().to_numpy()
    return column.iloc[int(missing.argmax())] if missing.any() else None


def common_step(values: npt.NDArray[Any]) -> int:
    """Return the greatest common step of integers counted from their least, at least 1."""
    return max(int(np.gcd.reduce(values - values.min())), 1)


def offsets(values: npt.NDArray[Any], origin: int) -> Floats:
    """Return how far integers of any width lie from `origin`, as floats: exact near it, rounded far from it."""
    start, whole = np.uint64(origin % 2**64), values.astype(np.uint64)
    above = values >= values.dtype.type(origin)
    return np.where(above, (whole - start).astype(np.float64), -(start - whole).astype(np.float64))
