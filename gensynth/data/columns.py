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
MOST_DECIMALS = 12  # a float with more is continuous


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
class Number(Column):
    """An integer or a float.

    A value is `origin` + its number. Integers (and floats that hold only integers) lie at `low` + a multiple of
    `step`; other floats are rounded to `decimals` where they had few. `known` holds the observed integers of a
    column too wide for float64, to which decoded ones snap.
    """

    kind = "number"
    low: float = 0.0
    high: float = 0.0
    origin: int = 0
    step: int | None = None
    decimals: int | None = None
    known: npt.NDArray[Any] | None = field(default=None, repr=False)

    @classmethod
    def infer(cls, column: pd.Series) -> Number:
        """Learn range and grid of a numeric column, which may have missing values but holds at least one.

        Raises: DataError where it holds infinite or complex values.
        """
        missing = column.isna().to_numpy()
        some = bool(missing.any())
        blank = column.iloc[int(missing.argmax())] if some else None
        values = _plain(column[~missing] if some else column)
        if values.dtype.kind in "iub":
            return cls._of_integers(
                column, blank, values.astype("int64" if values.dtype.itemsize < 8 else values.dtype)
            )
        if not np.isfinite(values).all():
            raise DataError("infinite values: replace them by missing ones or by a bound first")
        low, high = float(values.min()), float(values.max())
        if max(abs(low), abs(high)) < EXACT and (values == np.rint(values)).all():
            return cls(column.name, column.dtype, blank, low, high, step=_step(values.astype(np.int64)))
        return cls(column.name, column.dtype, blank, low, high, decimals=_decimals(values))

    @classmethod
    def _of_integers(cls, column: pd.Series, blank: Any, values: npt.NDArray[Any]) -> Number:
        low, high = int(values.min()), int(values.max())
        origin = 0 if max(abs(low), abs(high)) < EXACT else low
        known = np.unique(values) if high - low >= EXACT else None
        step = 1 if known is not None else _step(values - values.dtype.type(low))
        low, high = low - origin, high - origin
        return cls(column.name, column.dtype, blank, float(low), float(high), origin, step, known=known)

    @property
    def says(self) -> str:  # type: ignore[override]
        """The range and the grid, for people."""
        what = f"step {self.step}" if self.step else f"{'free' if self.decimals is None else self.decimals} decimals"
        return f"{self.low + self.origin:g} to {self.high + self.origin:g}, {what}"

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102 -- the base documents it
        missing = column.isna().to_numpy()
        if not missing.any() and not self.origin:
            return _plain(column).astype(np.float64)
        numbers = np.full(len(column), np.nan)
        values = _plain(column[~missing])
        if self.origin and values.dtype.kind in "iu":
            values = (values.astype(np.uint64) - np.uint64(self.origin % 2**64)).astype(np.uint64)
        numbers[~missing] = values
        return numbers

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        missing = np.isnan(numbers)
        some = bool(missing.any())
        numbers = np.clip(np.where(missing, self.low, numbers) if some else numbers, self.low, self.high)
        if self.step is not None:
            numbers = self.low + self.step * np.rint((numbers - self.low) / self.step)
            return self._restore(self._integers(numbers), missing)
        if self.decimals is not None:
            numbers = np.round(numbers, self.decimals)
        return self._restore(numbers, missing)

    def _integers(self, numbers: Floats) -> npt.NDArray[Any]:
        """Return whole numbers as the integers they stand for, or as floats in a float column."""
        if isinstance(self.dtype, np.dtype) and self.dtype.kind == "f":
            return numbers
        if self.known is None and not self.origin:
            return numbers.astype(np.int64)
        whole = np.array([int(number) + self.origin for number in numbers.tolist()], dtype=object)
        if self.known is None:
            return whole.astype(np.uint64 if self.origin + int(self.high) >= 2**63 else np.int64)
        spots = np.clip(np.searchsorted(self.known, whole.astype(self.known.dtype)), 1, len(self.known) - 1)
        below, above = self.known[spots - 1].astype(object), self.known[spots].astype(object)
        best = np.where(whole - below < above - whole, below, above)
        near = np.abs(best - whole) <= int(self.high * 2.0**-51)  # what float64 cannot tell apart
        return np.where(near, best, whole).astype(self.known.dtype)


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
        return cls(column.name, column.dtype, _blank_of(column), pd.Index(levels, dtype=column.dtype))

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
class Datetime(Column):
    """A date, a time or a duration, counted in its own unit from `origin`, at `low` + a multiple of `step`.

    `text` is the strftime format of dates that stand as strings; they come back as strings. `known` holds the observed
    times, counted from `origin`, of a column too wide for float64 (nanoseconds over 104 days), to which decoded ones
    snap.
    """

    kind = "datetime"
    origin: int = 0
    high: float = 0.0
    step: int = 1
    unit: str = "ns"
    text: str | None = None
    known: npt.NDArray[np.uint64] | None = field(default=None, repr=False)

    @classmethod
    def infer(cls, column: pd.Series, text: str | None = None) -> Datetime:
        """Learn range and step of a column of datetimes or durations, or of strings in the format `text`."""
        blank = _blank_of(column)
        times = _times(column.dropna(), text)
        origin = int(times.astype("int64").min())
        ticks = _since(times, origin)
        high, step = int(ticks.max()), _step(ticks)
        known = np.unique(ticks) if high >= EXACT else None
        return cls(column.name, column.dtype, blank, origin, float(high), step, _unit(times.dtype), text, known)

    @property
    def says(self) -> str:  # type: ignore[override]
        """The range, for people."""
        ends = self.decode(np.array([0.0, self.high]))
        return f"{ends[0]} to {ends[1]}"

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102
        missing = column.isna().to_numpy()
        numbers = np.full(len(column), np.nan)
        numbers[~missing] = _since(_times(column[~missing], self.text), self.origin)
        return numbers

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        missing = np.isnan(numbers)
        steps = np.rint(np.clip(np.where(missing, 0, numbers), 0, min(self.high, LARGEST)) / self.step)
        since = steps.astype(np.uint64) * np.uint64(self.step)
        if self.known is not None:
            since = _snapped(since, self.known, np.uint64(self.high * 2.0**-51))
        ticks = (since + np.uint64(self.origin % 2**64)).view(np.int64)
        if getattr(self.dtype, "kind", "") == "m":
            return self._restore(pd.Series(ticks.view(f"m8[{self.unit}]")), missing)
        times = pd.Series(ticks.view(f"M8[{self.unit}]"))
        if self.text:
            return self._restore(times.dt.strftime(self.text), missing)
        zone = _zone(self.dtype)
        if zone is not None:
            times = times.dt.tz_localize("UTC").dt.tz_convert(zone)
        return self._restore(times, missing)


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


def _plain(column: pd.Series) -> npt.NDArray[Any]:
    """Return the values of a column without missing ones as a plain NumPy array of numbers."""
    values = column.to_numpy()
    if values.dtype != object:
        return values
    whole = all(isinstance(value, int | np.integer) for value in values.tolist())
    if not whole:
        return values.astype(np.float64)
    return values.astype(np.int64 if max(values, default=0) < 2**63 else np.uint64)


def _times(column: pd.Series, text: str | None) -> pd.Series:
    """Return a column of datetimes or durations as a NumPy-backed one."""
    if text is not None:
        return pd.to_datetime(column.astype(object), format=text)
    if isinstance(column.dtype, pd.ArrowDtype):
        kind = "m8" if column.dtype.kind == "m" else "M8"
        unit: Any = getattr(column.dtype.pyarrow_dtype, "unit", "s")
        zone = _zone(column.dtype)
        plain: Any = f"{kind}[{unit}]" if zone is None else pd.DatetimeTZDtype(unit, zone)
        return column.astype(plain)
    return column


def _since(times: pd.Series, origin: int) -> npt.NDArray[np.uint64]:
    """Return how many ticks after `origin` times are; unsigned, as 292 years of nanoseconds are more than int64 holds."""
    ticks: npt.NDArray[np.uint64] = times.astype("int64").to_numpy().view(np.uint64)
    return ticks - np.uint64(origin % 2**64)


def _snapped(values: npt.NDArray[np.uint64], known: npt.NDArray[np.uint64], blur: np.uint64) -> npt.NDArray[np.uint64]:
    """Return values, in the place of those that float64 cannot tell from a known one that one. Known: at least 2."""
    spots = np.clip(np.searchsorted(known, values), 1, len(known) - 1)
    near = [
        np.where(values > known[place], values - known[place], known[place] - values) for place in (spots - 1, spots)
    ]
    nearest = np.where(near[0] < near[1], known[spots - 1], known[spots])
    return np.where(np.minimum(*near) <= blur, nearest, values)


def _unit(dtype: Any) -> str:
    """Return the unit that a datetime or duration dtype counts in."""
    return str(getattr(dtype, "unit", None) or np.datetime_data(dtype)[0])


def _zone(dtype: Any) -> Any:
    """Return the time zone of a datetime dtype, or None."""
    if isinstance(dtype, pd.ArrowDtype):
        return getattr(dtype.pyarrow_dtype, "tz", None)
    return getattr(dtype, "tz", None)


def _blank_of(column: pd.Series) -> Any:
    """Return the missing value that a column holds (None, NaN, NA, NaT), or None."""
    missing = column.isna().to_numpy()
    return column.iloc[int(missing.argmax())] if missing.any() else None


def _step(values: npt.NDArray[Any]) -> int:
    """Return the greatest common step of integers counted from their least, at least 1."""
    return max(int(np.gcd.reduce(values - values.min())), 1)


def _decimals(values: npt.NDArray[np.floating]) -> int | None:
    """Return the least number of decimals that holds every value, or None above what their dtype can tell apart.

    Values of a narrow dtype hold a decimal where they are nearest to it: float32(0.1) has one.
    """
    exact, kind = values.astype(np.float64), values.dtype
    finest = 2.0 ** (np.finfo(kind).nmant + 1) / max(float(np.abs(exact).max()), 1e-300)
    for decimals in range(1, MOST_DECIMALS + 1):
        if 10.0**decimals > finest:
            break
        for part in (slice(256), slice(None)):  # where the first rows agree, all of them are asked
            if (np.round(exact[part], decimals).astype(kind) != values[part]).any():
                break
        else:
            return decimals
    return None
