"""What comes round in dates: the day of the week and the time of day, which bins of many days would lose.

A column of dates over years is cut into bins of days or weeks (see `codes`), inside which its values are drawn. Where
its typical bin, the median one, spans a day, codes of their own say what comes round in it:

- "weekday", 0 for Monday;
- "time", the ticks since midnight.

Both are those of the wall clock of the column's zone, summer time and all. Neither is kept of durations, of columns
whose dates do not lie on a grid that a day is made of, or where it is no news (`uneven`).

Back, a bin gives a date x, which is moved by whole days to the weekday, the nearest one, and on that day to the time.
Where that leaves the bin, the week, or the day, before or after is taken if it lies inside. Where none does, since the
codes do not belong together, the nearest stays, as long as the column reaches so far. Dates that have a code of their
own stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from .bins import FEW
from .clock import Clock
from .column_codes import ColumnCodes

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
NAMES = ("weekday", "time")
LEAST = 50  # rows with a date from which on cycles are looked for
PARTS = {"weekday": 7, "time": 24}  # that a cycle is cut into to see whether it is even
CLEAR = 5.0  # standard deviations of the chi-square statistic above its mean


@dataclass(frozen=True)
class Cycles:
    """What is kept of the dates at one `place` of the coded matrix: `kept`, some of NAMES in their order."""

    place: int
    clock: Clock
    kept: tuple[str, ...]

    @classmethod
    def of(cls, place: int, clock: Clock, cells: Floats, column: ColumnCodes, classes: Codes) -> Self:
        """Return what is worth a code. Shape: cells (n,), NaN where missing; classes (n,)."""
        held = ~np.isnan(cells)
        if held.sum() < LEAST or not len(column.cuts) or clock.day % clock.step:
            return cls(place, clock, ())
        if np.median(np.diff(np.append(column.cuts, clock.high))) < clock.day:
            return cls(place, clock, ())
        parts = zip(NAMES, clock.parts(cells[held]), strict=True)
        kept = [name for name, phases in parts if uneven(clock, name, phases, classes[held])]
        return cls(place, clock, tuple(kept))

    def phases(self, cells: Floats) -> Iterator[Floats]:
        """Yield the numbers of each kept part, NaN where missing. Shape: (n,) to (n,) each."""
        held, whole = ~np.isnan(cells), np.full((len(NAMES), len(cells)), np.nan)
        if self.kept:
            whole[:, held] = self.clock.parts(cells[held])
        yield from (whole[NAMES.index(name)] for name in self.kept)

    def turned(self, column: ColumnCodes, codes: Codes, cells: Floats, phases: list[Floats]) -> Floats:
        """Return dates with their phases; where a phase is missing the date keeps its own.

        Shape: codes (n,) bins of the date; cells (n,) a value of each; phases (n,) for each that is kept.
        """
        clock, known = self.clock, dict(zip(self.kept, phases, strict=True))
        x = np.rint(cells / clock.step) * clock.step
        weekday, time = clock.parts(x)
        days = np.mod(known.get("weekday", weekday) - weekday + 3, 7) - 3
        grid = np.floor if clock.step <= clock.hour else np.rint  # down to the grid, so as not to leave the bin or day
        ticks = grid((known.get("time", time) - time) / clock.step) * clock.step
        by = np.nan_to_num(days) * clock.day + np.nan_to_num(ticks)
        period = clock.week if "weekday" in self.kept else clock.day
        found = np.stack([clock.moved(x, by + turn) for turn in (0, -period, period)])
        inside = np.stack([column.holds(one, codes) & (column.encode(one) == codes) for one in found])
        able = (found >= 0) & (found <= clock.high)
        best = (2 * (inside & able) + able).argmax(axis=0), np.arange(len(x))
        return np.where(able[best], found[best], cells)

    def log_width(self, column: ColumnCodes, codes: Codes, books: Sequence[ColumnCodes], phases: Codes) -> Floats:
        """Return the log of how many ticks, or dates, of a bin have such phases.

        Dates on the grid are counted where times, or else the dates of the bin, come back as single values, and ticks
        where they come back from anywhere between two.

        Shape: codes (n,) bins of the date; phases (n, kept), codes in `books`; returns (n,).
        """
        clock, (low, high) = self.clock, column.ends(codes)
        after = np.append(column.cuts[1:], np.inf)[codes - len(column.atoms)]
        first, over = np.ceil(low / clock.step), np.floor(high / clock.step) + 1
        ends = {
            False: (clock.weeks(low), clock.weeks(high)),
            True: (clock.weeks(first * clock.step), clock.weeks(np.minimum(over * clock.step, after))),
        }
        widths = np.empty(len(codes))
        for one in np.unique(phases, axis=0):
            mine = np.flatnonzero((phases == one).all(axis=1))
            known = dict(zip(self.kept, zip(books, one.tolist(), strict=True), strict=True))
            times = _times(*known["time"], clock.step) if "time" in known else (0.0, clock.day, not column.smooth)
            start, length, counted = times
            days = _times(*known["weekday"], 0)[:1] if "weekday" in known else np.arange(7.0)
            starts = np.multiply(days, clock.day) + start
            before, reached = (
                weeks[mine] * len(starts) * length + np.clip(inside[mine, None] - starts, 0, length).sum(axis=1)
                for weeks, inside in ends[counted]
            )
            widths[mine] = (reached - before) / (clock.step if counted else 1)
        return np.asarray(np.log(np.maximum(widths, 1.0)))


def uneven(clock: Clock, name: str, phases: Floats, classes: Codes) -> bool:
    """Return whether phases differ visibly from even ones, among all rows or inside the classes.

    The statistic is Pearson's chi-square over the days of the week or the hours of the day, that of classes their sum.

    Shape: phases (n,), classes (n,).
    """
    cells = 7 if name == "weekday" else clock.day // clock.step  # places on the grid
    parts = min(PARTS[name], cells)
    spots = phases if name == "weekday" else np.floor(phases / clock.step)
    spots = np.floor(spots * parts / cells)
    even = np.diff(-(-np.arange(parts + 1) * cells // parts)) / cells
    counts = np.zeros((int(classes.max()) + 1, parts))
    np.add.at(counts, (classes, spots.astype(np.intp)), 1)
    if parts == 1:
        return False
    for group in (counts.sum(axis=0, keepdims=True), counts[counts.sum(axis=1) >= FEW]):
        expected = group.sum(axis=1, keepdims=True) * even
        free = (parts - 1) * len(group)
        if ((group - expected) ** 2 / expected).sum() > free + CLEAR * np.sqrt(2 * free):
            return True
    return False


def _times(book: ColumnCodes, code: int, step: int) -> tuple[float, float, bool]:
    """Return where the values of a code start, for how many ticks they last, and whether these are single ones."""
    if code < len(book.atoms):
        return float(book.atoms[code]), step, True
    low, high = (float(end[0]) for end in book.ends(np.array([code])))
    return (low, high - low, False) if book.smooth else (low, high - low + step, True)
