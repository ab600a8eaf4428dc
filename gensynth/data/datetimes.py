"""Columns of dates, times and durations, also where they stand as strings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .clock import Clock
from .columns import EXACT, LARGEST, Column, Floats, blank_of, common_step, offsets, snapped


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
        blank = blank_of(column)
        times = _times(column.dropna(), text)
        origin = int(times.astype("int64").min())
        ticks = _since(times, origin)
        high, step = int(ticks.max()), common_step(ticks)
        known = np.unique(ticks) if high >= EXACT else None
        return cls(column.name, column.dtype, blank, origin, float(high), step, _unit(times.dtype), text, known)

    @property
    def says(self) -> str:  # type: ignore[override]
        """The range, for people."""
        ends = self.decode(np.array([0.0, self.high]))
        return f"{ends[0]} to {ends[1]}"

    @property
    def clock(self) -> Clock | None:
        """How the column counts, of dates; durations have none."""
        if getattr(self.dtype, "kind", "") == "m":
            return None
        return Clock(self.origin, self.unit, self.step, self.high, None if self.text else _zone(self.dtype))

    def encode(self, column: pd.Series) -> Floats:  # noqa: D102
        missing = column.isna().to_numpy()
        numbers = np.full(len(column), np.nan)
        ticks = _times(column[~missing], self.text).astype("int64").to_numpy()
        numbers[~missing] = offsets(ticks, self.origin)  # below 0 before the first of training
        return numbers

    def decode(self, numbers: Floats) -> pd.Series:  # noqa: D102
        missing = np.isnan(numbers)
        steps = np.rint(np.clip(np.where(missing, 0, numbers), 0, min(self.high, LARGEST)) / self.step)
        since = steps.astype(np.uint64) * np.uint64(self.step)
        if self.known is not None:
            since = snapped(since, self.known, np.uint64(self.high * 2.0**-51))
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


def _unit(dtype: Any) -> str:
    """Return the unit that a datetime or duration dtype counts in."""
    return str(getattr(dtype, "unit", None) or np.datetime_data(dtype)[0])


def _zone(dtype: Any) -> Any:
    """Return the time zone of a datetime dtype, or None."""
    if isinstance(dtype, pd.ArrowDtype):
        return getattr(dtype.pyarrow_dtype, "tz", None)
    return getattr(dtype, "tz", None)


def _since(times: pd.Series, origin: int) -> npt.NDArray[np.uint64]:
    """Return how many ticks after `origin` times are; unsigned: 292 years of nanoseconds are too many for int64."""
    ticks: npt.NDArray[np.uint64] = times.astype("int64").to_numpy().view(np.uint64)
    return ticks - np.uint64(origin % 2**64)
