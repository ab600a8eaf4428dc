"""Columns of numbers: a range, and the grid or the decimals that their values keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import DataError
from .columns import EXACT, LARGEST, Column, Floats, common_step, offsets

MOST_DECIMALS = 12  # a float with more is continuous


@dataclass(frozen=True, eq=False)
class Number(Column):
    """An integer or a float.

    A value is `origin` + its number. Integers (and floats that hold only integers) lie at `low` + a multiple of
    `step`; other floats are rounded to `decimals` where they had few. `money` says that the values are Decimals of
    Python. `known` holds the observed integers of a column too wide for float64; their numbers give them back exactly.
    """

    kind = "number"
    low: float = 0.0
    high: float = 0.0
    origin: int = 0
    step: int | None = None
    decimals: int | None = None
    money: bool = False
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
        first = column.iloc[int((~missing).argmax())]
        if isinstance(first, Decimal):
            places = max(-int(value.as_tuple().exponent) for value in column[~missing])
            ends = float(values.min()), float(values.max())
            return cls(column.name, column.dtype, blank, *ends, 0, None, max(places, 0), money=True)
        if values.dtype.kind in "iub":
            return cls._of_integers(
                column, blank, values.astype("int64" if values.dtype.itemsize < 8 else values.dtype)
            )
        if np.isnan(values).any():  # NaN that pandas does not count as missing, in arrow columns
            values = values[~np.isnan(values)]
        if not len(values):
            return cls(column.name, column.dtype, blank)
        if not np.isfinite(values).all():
            raise DataError("infinite values: replace them by missing ones or by a bound first")
        low, high = float(values.min()), float(values.max())
        if max(abs(low), abs(high)) < EXACT and (values == np.rint(values)).all():
            return cls(column.name, column.dtype, blank, low, high, step=common_step(values.astype(np.int64)))
        return cls(column.name, column.dtype, blank, low, high, decimals=_decimals(values))

    @classmethod
    def _of_integers(cls, column: pd.Series, blank: Any, values: npt.NDArray[Any]) -> Number:
        low, high = int(values.min()), int(values.max())
        known = np.unique(values) if high - low >= EXACT else None
        if known is not None:  # too wide for float64: exact around the middle, and at the values that were seen
            origin = int(np.partition(values, len(values) // 2)[len(values) // 2])
        else:
            origin = 0 if max(abs(low), abs(high)) < EXACT else low
        step = 1 if known is not None else common_step(values.astype(np.uint64) - np.uint64(low % 2**64))
        first, last = offsets(np.array([low, high], dtype=values.dtype), origin).tolist()
        return cls(column.name, column.dtype, blank, first, last, origin, step, known=known)

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
        numbers[~missing] = offsets(values, self.origin) if values.dtype.kind in "iu" else values
        return numbers

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        missing = np.isnan(numbers)
        some = bool(missing.any())
        numbers = np.clip(np.where(missing, self.low, numbers) if some else numbers, self.low, self.high)
        if self.step is not None:
            near = self.low if self.known is None else 0.0
            numbers = near + self.step * np.rint((numbers - near) / self.step)
            return self._restore(self._integers(numbers), missing)
        if self.decimals is not None:
            numbers = np.round(numbers, self.decimals)
        if self.money:
            exact = np.array([Decimal(f"{number:.{self.decimals}f}") for number in numbers], dtype=object)
            return self._restore(exact, missing)
        return self._restore(numbers, missing)

    def _integers(self, numbers: Floats) -> npt.NDArray[Any]:
        """Return whole numbers as the integers they stand for, or as floats in a float column."""
        if isinstance(self.dtype, np.dtype) and self.dtype.kind == "f":
            return numbers
        if not self.origin and self.known is None:
            return numbers.astype(np.int64)
        whole = np.minimum(np.abs(numbers), LARGEST).astype(np.uint64)
        start = np.uint64(self.origin % 2**64)
        whole = np.where(numbers < 0, start - whole, start + whole)  # wraps round, and so is right for any width
        made = whole if self.origin + int(self.high) >= 2**63 else whole.view(np.int64)
        if self.known is None:
            return made
        shown = offsets(self.known, self.origin)
        spots = np.minimum(np.searchsorted(shown, numbers), len(shown) - 1)
        return np.where(shown[spots] == numbers, self.known[spots], made.astype(self.known.dtype))


def _plain(column: pd.Series) -> npt.NDArray[Any]:
    """Return the values of a column without missing ones as a plain NumPy array of numbers."""
    values = column.to_numpy()
    if values.dtype != object:
        return values
    whole = all(isinstance(value, int | np.integer) for value in values.tolist())
    low, high = min(values, default=0), max(values, default=0)
    if not whole or low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
        return values.astype(np.float64)
    return values.astype(np.int64 if high < 2**63 else np.uint64)


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
