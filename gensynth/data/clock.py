"""How a column of dates counts, and what its numbers are by the wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # in ticks
FIRST, LAST = -62_135_510_400, 253_402_128_000  # seconds of the years 1 and 9999, beyond which zones have no rules
MONDAY = 3  # days from a Monday to 1970-01-01, from which ticks count


@dataclass(frozen=True)
class Clock:
    """Dates as numbers of ticks after `origin`, which are multiples of `step` up to `high`.

    A tick is one `unit` ("s", "ms", "us" or "ns"), and `origin` counts from 1970 in UTC. The wall clock is that of
    `zone`, of which None stands for UTC; numbers of any size have their place in the week exactly.
    """

    origin: int
    unit: str
    step: int
    high: float
    zone: Any = None

    @property
    def hour(self) -> int:
        """Ticks in an hour."""
        return 3600 * SECOND[self.unit]

    @property
    def day(self) -> int:
        """Ticks in a day."""
        return 24 * self.hour

    @property
    def week(self) -> int:
        """Ticks in a week."""
        return 7 * self.day

    def in_week(self, values: Floats) -> Floats:
        """Return how many ticks after Monday, 0:00, by the wall clock, numbers are. Shape: (n,) to (n,)."""
        start = (self.origin + MONDAY * self.day) % self.week
        return np.asarray(np.mod(np.mod(values, self.week) + (start + self._offsets(values)), self.week))

    def weeks(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the number of the week of numbers, whole, and `in_week`. Shape: (n,) to (n,) each."""
        start, inside = (self.origin + MONDAY * self.day) % self.week, self.in_week(values)
        return np.rint((values + (start + self._offsets(values)) - inside) / self.week), inside

    def parts(self, values: Floats) -> tuple[Floats, Floats]:
        """Return the weekday (0 is Monday) and the time of day in ticks of numbers. Shape: (n,) to (n,) each."""
        inside = self.in_week(values)
        weekday = np.floor(inside / self.day)
        return weekday, inside - weekday * self.day

    def moved(self, values: Floats, by: Floats) -> Floats:
        """Return numbers that are so many ticks later by the wall clock. Shape: (n,), (n,) to (n,)."""
        after = values + by
        return np.asarray(after + self._offsets(values) - self._offsets(after))

    def _offsets(self, values: Floats) -> Floats | float:
        """Return how many ticks the wall clock is ahead of UTC at numbers from 0 to `high`. Shape: (n,) to (n,)."""
        if self.zone is None:
            return 0.0
        since = np.clip(values, 0, self.high).astype(np.uint64) + np.uint64(self.origin % 2**64)
        low = max(FIRST * SECOND[self.unit], self.day - 2**63)
        high = min(LAST * SECOND[self.unit], 2**63 - self.day)
        ticks = np.clip(since.view(np.int64), low, high)
        times = pd.DatetimeIndex(ticks.view(f"M8[{self.unit}]")).tz_localize("UTC")
        local = times.tz_convert(self.zone).tz_localize(None)
        return np.asarray(local.asi8 - times.asi8, dtype=np.float64)
