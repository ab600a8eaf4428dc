"""Rows as small integers: what networks that predict one code after another, or all at once, are taught.

Each column of the coded matrix (see `encode`) becomes a column of codes:

- a category: its levels as they were seen; of thousands, the rare ones stand in groups of equal mass;
- a number of few values: each value a code;
- another number: values that stand out (a zero, a cap) each a code, the rest in bins of equal mass, cut also where the
  range of a class ends;
- a missing cell: a code of its own, the last.

Back, a group gives its levels at their frequency, and a bin its values: between two neighbours where the column is
continuous, as they are where they repeat. So heavy tails and grids come back as they were.

Dates are numbers. Where their bins are so long that the day of the week, or the time of day, would be lost in them,
columns of codes of these stand after all others (see `cycles`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import FormatError
from .bins import bins_for
from .column_codes import ARRAYS, ColumnCodes
from .cycles import NAMES, Cycles
from .encode import Layout

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
FLAGS = ("ordered", "smooth", "missing")


@dataclass(frozen=True)
class Codebook:
    """The codes of all columns of a coded matrix, `columns`, and after them those of the `cycles` of its dates."""

    columns: tuple[ColumnCodes, ...]
    cycles: tuple[Cycles, ...] = ()

    @classmethod
    def fit(cls, rows: Floats, layout: Layout, classes: Codes, bins: int | None = None) -> Self:
        """Learn the codes. Shape: rows (n, width) coded, n > 0; classes (n,)."""
        count = bins_for(len(rows)) if bins is None else bins
        columns = [
            ColumnCodes.of_levels(rows[:, block.start], classes)
            if block.kind == "category"
            else ColumnCodes.of_numbers(rows[:, block.start], classes, count)
            for block in layout.blocks
        ]
        found = [
            Cycles.of(place, block.clock, rows[:, place], columns[place], classes)
            for place, block in enumerate(layout.blocks)
            if block.clock is not None
        ]
        cycles = tuple(one for one in found if one.kept)
        phases = (phase for one in cycles for phase in one.phases(rows[:, one.place]))
        return cls((*columns, *(ColumnCodes.of_numbers(phase, classes, count) for phase in phases)), cycles)

    @property
    def width(self) -> int:
        """How many columns the matrix has."""
        return len(self.columns) - sum(len(one.kept) for one in self.cycles)

    @property
    def sources(self) -> list[int]:
        """The place in the matrix of what each column of codes says."""
        return [*range(self.width), *(one.place for one in self.cycles for _ in one.kept)]

    @property
    def sizes(self) -> list[int]:
        """How many codes each column has."""
        return [column.size for column in self.columns]

    def encode(self, rows: Floats) -> npt.NDArray[np.int16]:
        """Return rows as codes, -1 for what was not seen. Shape: (n, width) to (n, columns)."""
        codes = np.empty((len(rows), len(self.columns)), dtype=np.int16)
        for place, column in enumerate(self.columns[: self.width]):
            codes[:, place] = column.encode(rows[:, place])
        for one, start in self._turning():
            for place, phase in enumerate(one.phases(rows[:, one.place]), start):
                codes[:, place] = self.columns[place].encode(phase)
        return codes

    def decode(self, codes: npt.NDArray[np.integer], u: Floats) -> Floats:
        """Return codes as rows; u in [0, 1) tells which value of a shared code.

        Shape: (n, columns) each to (n, width).
        """
        values = np.empty(codes.shape)
        for place, column in enumerate(self.columns):
            values[:, place] = column.decode(codes[:, place].astype(np.intp), u[:, place])
        for one, start in self._turning():
            column, code = self.columns[one.place], codes[:, one.place].astype(np.intp)
            mine = np.flatnonzero(column.shared(code))
            phases = [values[mine, place] for place in range(start, start + len(one.kept))]
            values[mine, one.place] = one.turned(column, code[mine], values[mine, one.place], phases)
        return values[:, : self.width]

    def held(self, place: int, value: float) -> dict[int, int]:
        """Return the codes of a value at a place of the matrix, by column of codes: its own and those of its cycles."""
        row = np.full((1, self.width), np.nan)
        row[0, place] = value
        codes = self.encode(row)[0].tolist()
        return {column: codes[column] for column, source in enumerate(self.sources) if source == place}

    def silent(self, codes: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """Return which codes say nothing: those of the cycles of a date that is missing, or has a code of its own.

        Shape: (n, columns) to (n, columns).
        """
        said = np.zeros(codes.shape, dtype=bool)
        for one, start in self._turning():
            alone = ~self.columns[one.place].shared(codes[:, one.place].astype(np.intp))
            said[:, start : start + len(one.kept)] = alone[:, None]
        return said

    def log_width(self, rows: Floats, codes: npt.NDArray[np.integer]) -> Floats:
        """Return the log of how far the values are spread that come back from the codes of rows.

        It is infinite where none of them is the row. Shape: (n, width), (n, columns) to (n,).
        """
        found, known = np.zeros(len(rows)), codes.astype(np.intp)
        turning = {one.place: (one, start) for one, start in self._turning()}
        for place, column in enumerate(self.columns[: self.width]):
            code = known[:, place]
            fine, widths = column.holds(rows[:, place], code), column.log_width()[np.maximum(code, 0)]
            if place in turning:
                one, start = turning[place]
                mine, books = np.flatnonzero(column.shared(code)), self.columns[start : start + len(one.kept)]
                phases = known[mine, start : start + len(books)]
                widths[mine] = one.log_width(column, code[mine], books, phases)
                for book, phase, its in zip(books, one.phases(rows[mine, place]), phases.T, strict=True):
                    fine[mine] &= book.holds(phase, its)
            found += np.where(fine, widths, np.inf)
        return found

    def _turning(self) -> Iterator[tuple[Cycles, int]]:
        """Yield the cycles of each column of dates, and where their columns of codes start."""
        start = self.width
        for one in self.cycles:
            yield one, start
            start += len(one.kept)

    def pack(self) -> tuple[list[dict[str, Any]], dict[str, npt.NDArray[Any]]]:
        """Return the codebook as JSON and arrays."""
        meta: list[dict[str, Any]] = []
        arrays: dict[str, npt.NDArray[Any]] = {}
        for place, column in enumerate(self.columns):
            meta.append({name: bool(getattr(column, name)) for name in FLAGS})
            arrays |= {f"{place}.{name}": getattr(column, name) for name in ARRAYS}
        for one, start in self._turning():
            for place, name in enumerate(one.kept, start):
                meta[place] |= {"of": one.place, "cycle": name}
        return meta, arrays

    @classmethod
    def unpack(cls, meta: list[dict[str, Any]], arrays: dict[str, npt.NDArray[Any]], layout: Layout) -> Self:
        """Return what `pack` gave. Raises: KeyError where something is lacking, FormatError where it does not fit."""
        columns = []
        for place, flags in enumerate(meta):
            held: dict[str, Any] = {name: arrays[f"{place}.{name}"] for name in ARRAYS}
            held |= {name: bool(flags[name]) for name in FLAGS}
            columns.append(ColumnCodes(**held))
            if not columns[-1].sound:
                raise FormatError(f"the codes of column {place} are damaged")
        for block, column in zip(layout.blocks, columns, strict=False):
            if not (column.among(block.levels) if block.kind == "category" else column.ordered):
                raise FormatError(f"the codes of column {block.column!r} are not those of its values")
        return cls(tuple(columns), _cycles(meta, columns, layout))


def _cycles(meta: list[dict[str, Any]], columns: list[ColumnCodes], layout: Layout) -> tuple[Cycles, ...]:
    """Return the cycles that a file says. Raises: FormatError where they are not those of the columns."""
    width = len(layout.blocks)
    said = [(flags.get("of"), flags.get("cycle")) for flags in meta]
    if len(said) < width or any(place is not None for place, _ in said[:width]):
        raise FormatError("the codes are not those of the columns")
    clocks = {place: block.clock for place, block in enumerate(layout.blocks) if block.clock is not None}
    cycles = [
        Cycles(place, clock, tuple(name for name in NAMES if (place, name) in said[width:]))
        for place, clock in clocks.items()
    ]
    found = tuple(one for one in cycles if one.kept)
    if [(one.place, name) for one in found for name in one.kept] != said[width:]:
        raise FormatError("the codes of cycles are not those of the dates")
    if not all(column.ordered for column in columns[width:]) or not all(len(columns[one.place].cuts) for one in found):
        raise FormatError("the codes of cycles are damaged")
    return found
