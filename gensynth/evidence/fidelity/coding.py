"""Tables that are to be compared as matrices of the same columns, coded by what the real rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.columns import Category, Column, Floats
from ...data.encode import Embedding, TableEncoder
from ...data.frames import Frame
from ...data.schema import Schema
from ...errors import DataError, nearest

CELLS = 6_000_000  # of a table that is looked at
FEWEST_ROWS = 1000  # of which there are as many in a wide table too
WIDEST = 5000  # columns


class Coder:
    """What the real rows tell of the columns; it turns tables of these columns into matrices.

    Arguments:
        frame: (n, p) real rows.
        schema: kinds to take instead of the inferred ones.

    Attributes: `columns`, those that are compared; `identifiers`, the names of those that are not.
    """

    def __init__(self, frame: pd.DataFrame, schema: Any = None) -> None:
        found = Schema.infer(frame, schema)
        self.names = list(frame.columns)
        self.identifiers = [column.name for column in found if column.kind == "identifier"]
        self.columns = [column for column in found if column.kind != "identifier"]
        self.strange: dict[Any, dict[str, int]] = {}  # categories that no real row has, by column, and their codes
        if not self.columns:
            raise DataError("all columns are identifiers: there is nothing to compare")

    def code(self, frame: pd.DataFrame, whose: str) -> Floats:
        """Return a table as a matrix: NaN where missing, categories by level, those that no real row has behind them.

        Shape: (n, columns). Raises: DataError for other columns, values of another kind, or infinite ones.
        """
        self._check(frame, whose)
        matrix = np.empty((len(frame), len(self.columns)))
        for place, column in enumerate(self.columns):
            try:
                matrix[:, place] = self._coded(column, frame[column.name])
            except (TypeError, ValueError) as error:
                text = f"the {whose} rows hold other things than the real ones: {str(error).splitlines()[0]:.120}"
                raise DataError(f"column {column.name!r}: {text}") from None
            if np.isinf(matrix[:, place]).any():
                text = "replace them by missing ones or by a bound first"
                raise DataError(f"column {column.name!r}: the {whose} rows hold infinite values: {text}")
        return matrix

    def _coded(self, column: Column, values: pd.Series) -> Floats:
        """Return a column as numbers. Shape: (n,)."""
        if column.kind == "empty":
            return np.where(values.isna().to_numpy(), np.nan, 0.0)
        made = np.array(column.encode(values), dtype=np.float64)
        if isinstance(column, Category):
            new = np.flatnonzero(made < 0)
            known = self.strange.setdefault(column.name, {})
            words = values.iloc[new].astype(object).map(str).tolist()
            made[new] = [known.setdefault(word, len(column.levels) + len(known)) for word in words]
        elif isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(values.dtype):
            raise DataError(f"{values.dtype} where numbers or dates are")
        return made

    def _check(self, frame: pd.DataFrame, whose: str) -> None:
        lacking = [name for name in self.names if name not in frame.columns and name not in self.identifiers]
        strange = [name for name in frame.columns if name not in self.names]
        if lacking:
            more = f" (and {len(lacking) - 1} more)" if lacking[1:] else ""
            raise DataError(f"the {whose} rows have no column {lacking[0]!r}{more}{nearest(lacking[0], strange)}")
        if strange:
            more = f" (and {len(strange) - 1} more)" if strange[1:] else ""
            text = f"the {whose} rows have the column {strange[0]!r}{more}, which the real ones have not"
            raise DataError(f"{text}: leave it out")

    def kinds(self) -> list[str]:
        """Return the kind of each column."""
        return [column.kind for column in self.columns]

    def space(self, matrix: Floats) -> Space:
        """Return the space of these rows, in which they and others can be placed."""
        return Space(matrix, self.columns)


class Space:
    """Numbers scaled to a deviation of 1, two different categories 1 apart, and whether a number is missing.

    Arguments:
        matrix: (n, columns) coded real rows, which give the scales.
        columns: what they are.
    """

    def __init__(self, matrix: Floats, columns: list[Column]) -> None:
        self.kept = [place for place, column in enumerate(columns) if column.kind != "empty"]
        encoder = TableEncoder()
        encoder.learned(Schema([columns[place] for place in self.kept]))
        layout = encoder.layout_
        self.numbers, x = layout.numbers, matrix[:, self.kept]
        self.ends = np.array([block.levels if block.kind == "category" else np.inf for block in layout.blocks])
        found = x[:, self.numbers]
        there = np.maximum((~np.isnan(found)).sum(axis=0), 1)
        self.middle = np.nansum(found / there, axis=0)
        with np.errstate(over="ignore"):  # of numbers near the largest; they keep their scale then
            self.spread = np.sqrt(np.nansum((found - self.middle) ** 2 / there, axis=0))
        self.spread[~((self.spread > 1e-12) & np.isfinite(self.spread))] = 1.0
        self.embedding = Embedding(self._scaled(x)[0], layout)

    def __call__(self, matrix: Floats) -> Floats:
        """Place rows. Shape: (n, columns) to (n, d)."""
        x, missing = self._scaled(matrix[:, self.kept])
        return np.hstack([self.embedding(x), missing * np.sqrt(0.5)])

    def _scaled(self, x: Floats) -> tuple[Floats, Floats]:
        """Return scaled numbers, missing ones in the middle, and which are missing."""
        made, found = x.copy(), (x[:, self.numbers] - self.middle) / self.spread
        missing = np.isnan(found)
        made[:, self.numbers] = np.where(missing, 0.0, np.clip(found, -1e6, 1e6))
        made[made >= self.ends] = np.nan  # unknown categories stand where missing ones do, as far from all others
        return made, missing.astype(np.float64)


def opened(X: Any, whose: str, rng: np.random.Generator) -> tuple[pd.DataFrame, npt.NDArray[np.intp], str]:
    """Return a table as a pandas frame, of a large one rows drawn by chance; their places; what to note of that.

    Raises: DataError where there are no rows or too many columns.
    """
    sparse = hasattr(X, "tocsr")
    frame: Any = X.tocsr() if sparse else Frame.open(X)[0]
    n, width = frame.shape
    if not n:
        raise DataError(f"there are no {whose} rows")
    if not 0 < width <= WIDEST:
        raise DataError(f"a table of {width:,} columns cannot be compared: give 1 to {WIDEST:,}")
    places, most = np.arange(n), max(CELLS // width, FEWEST_ROWS)
    note = ""
    if n > most:
        places = np.sort(rng.choice(n, most, replace=False))
        note = f"{most:,} of the {n:,} {whose} rows, drawn by chance, were looked at"
    if sparse:
        if frame.dtype.kind == "c":
            raise DataError("complex numbers cannot be compared: give the real and the imaginary part as two columns")
        return pd.DataFrame(frame[places].toarray()), places, note
    return (frame.iloc[places].reset_index(drop=True) if note else frame), places, note
