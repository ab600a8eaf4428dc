"""What changes of tables share: the columns that they may touch, and the rows of the class that they take from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from ...data.encode import Layout
from ...errors import ConfigError, DataError, nearest
from ..base import Transform
from ..classes import Classes
from ..draws import Draws, Floats, Ints
from .rows import Matrix

Range = float | Sequence[float]


@dataclass(frozen=True, eq=False)
class Pool:
    """The rows that a change was fitted on, and their classes."""

    matrix: Matrix
    classes: Classes

    @property
    def by_class(self) -> list[Floats]:
        """The coded rows of each class. Shape: (rows of the class, width)."""
        return [self.matrix.values[rows] for rows in self.classes.members.values()]


@dataclass(frozen=True)
class TableTransform(Transform):
    """A change of cells. Missing cells stay missing, and none becomes so.

    It knows the rows and labels that it was fitted on; without labels all rows are one class. A row of a label that no
    known row has stays as it is.

    Arguments:
        columns: names of the columns that may change; () for all that the change is for.
    """

    columns: Sequence[Any] = field(default=(), kw_only=True)
    kind: ClassVar[str] = "table"

    def _check(self) -> None:
        if not isinstance(self.columns, tuple):
            raise ConfigError(f"columns must be a list of names, got {self.columns!r:.60}")

    def learn(self, rows: Matrix, y: Any) -> Any:
        """Return the rows and their classes. Raises: DataError where there are no rows."""
        if not len(rows):
            raise DataError(f"{type(self).__name__} learns from rows, and there are none: fit it on some")
        self.chosen(rows.layout)
        return Pool(rows, Classes.of(y, len(rows)))

    def change(self, rows: Matrix, draws: Draws, y: Any) -> Matrix:
        """Return rows changed."""
        codes = self.known.classes.codes(y, len(rows))
        some = np.flatnonzero(codes >= 0)
        values = rows.values.copy()
        made = self.alter(values[some], codes[some], draws.of_rows(some))
        values[some] = np.where(np.isnan(values[some]) | np.isnan(made), values[some], made)
        return replace(rows, values=values)

    def alter(self, values: Floats, codes: Ints, draws: Draws) -> Floats:
        """Return cells changed. Shape: values (m, width), which may be used up, codes (m,) of the known classes."""
        raise NotImplementedError

    def chosen(self, layout: Layout) -> Ints:
        """Return the places of the columns that may change. Raises: ConfigError where the table lacks one."""
        names = [block.column for block in layout.blocks]
        for name in self.columns:
            if name not in names:
                raise ConfigError(
                    f"columns name {name!r}, which is no column of numbers or categories{nearest(name, names)}"
                )
        places = [place for place, name in enumerate(names) if not self.columns or name in self.columns]
        return np.array(places, dtype=np.intp)

    def numbers(self, layout: Layout) -> Ints:
        """Return the places of the numbers and dates that may change."""
        return np.intersect1d(self.chosen(layout), layout.numbers)

    def categories(self, layout: Layout) -> Ints:
        """Return the places of the categories that may change."""
        return np.intersect1d(self.chosen(layout), layout.categories)
