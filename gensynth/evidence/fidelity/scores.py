"""The figures of coded tables, each beside that of real rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ...data.columns import Column, Floats
from ...random import as_generator, spawn
from .coding import Space
from .detect import Area, detected, equal_rows, trees
from .figures import FOLDS, near, scored, sides_of, some
from .result import Score
from .tables import MOST_COLUMNS, Sides, varied

MOST_TOLD, CELLS_TOLD = 10_000, 300_000  # rows of a side that a classifier sees; cells, of wide tables
MOST_NEAR = 3000  # rows of a side that distances are taken of


@dataclass(frozen=True)
class Tables:
    """Coded tables: real rows (n, q), synthetic ones (m, q), and two sides that are real and not the same rows.

    The last of `columns` is the label where `with_label`; it takes part in all but the shapes.
    """

    real: Floats
    made: Floats
    usual: tuple[Floats, Floats]
    columns: list[Column]
    halves: bool
    with_label: bool
    seed: int
    notes: list[str] = field(default_factory=list)

    def scores(self) -> tuple[dict[str, Score], pd.DataFrame, pd.DataFrame]:
        """Return the figures, the columns and the pairs."""
        columns, shapes = self._columns()
        pairs = self._pairs()
        found = {"shapes": shapes}
        if float(columns[["missing_real", "missing_synthetic"]].to_numpy().max(initial=0)) > 0:
            usual = np.mean(np.abs(np.subtract(*Sides(*self.usual, self.columns).missing())))
            off = (columns["missing_real"] - columns["missing_synthetic"]).abs().mean()
            found["missing"] = Score(1 - float(off), float(self._usually(1 - float(usual))))
        found["pairs"] = Score(_mean(pairs["score"]), _mean(pairs["real"]))
        if not pairs["score"].notna().any():
            self.notes.append("no pair of columns varies")
        found["detectability"] = self._told()
        found |= near(*self._spaced())
        found["copies"] = self._copies()
        return found, columns, pairs

    def _usually(self, score: Any, lone: Any = 0.0) -> Any:
        """Return the score of halves as it would be of two sides as large as the real and the synthetic one.

        What is lacking to 1 is chance alone there, and falls as the root of 1 / n + 1 / m does; not where `lone`, the
        share of rows that are alone in their cell, is 1: the lack is the same then.
        """
        if not min(map(len, self.usual)):
            return np.full_like(score, np.nan) if isinstance(score, np.ndarray) else np.nan
        if not self.halves:
            return score
        sizes = [1 / len(a) + 1 / len(b) for a, b in ((self.real, self.made), self.usual)]
        return np.clip(1 - (1 - score) * (sizes[0] / sizes[1]) ** (0.5 * (1 - lone)), 0.0, 1.0)

    def _columns(self) -> tuple[pd.DataFrame, Score]:
        many = len(self.columns) - self.with_label
        columns = self.columns[:many]
        sides = Sides(self.real[:, :many], self.made[:, :many], columns)
        usual = Sides(self.usual[0][:, :many], self.usual[1][:, :many], columns)
        there, made = sides.missing()
        frame = pd.DataFrame({
            "column": pd.Series([column.name for column in columns], dtype=object),
            "kind": [column.kind for column in columns], "score": sides.shapes(),
            "real": self._usually(usual.shapes(), usual.lone()), "missing_real": there, "missing_synthetic": made,
        })  # fmt: skip
        value = _mean(frame["score"])
        if min(len(self.real), len(self.made)) < 2 or np.isnan(value):
            return frame, Score(value, _mean(frame["real"]))
        reach = 1.96 * sides.spread(as_generator(self.seed, "spread"))
        return frame, Score(value, _mean(frame["real"]), max(value - reach, 0.0), min(value + reach, 1.0))

    def _pairs(self) -> pd.DataFrame:
        sides = Sides(self.real, self.made, self.columns)
        places = varied(sides)
        if len(places) > MOST_COLUMNS:
            self.notes.append(f"pairs are of {MOST_COLUMNS} of the {len(places):,} columns that vary, drawn by chance")
            last = places[-1:] if self.with_label else []
            rng = as_generator(self.seed, "pairs")
            places = sorted({*rng.choice(places, MOST_COLUMNS - len(last), replace=False).tolist(), *last})
        score, _ = sides.pairs(places)
        enough = min(map(len, self.usual)) > 0
        real, lone = Sides(*self.usual, self.columns).pairs(places) if enough else (np.full(len(score), np.nan), 0.0)
        names = [(self.columns[a].name, self.columns[b].name) for a, b in combinations(places, 2)]
        return pd.DataFrame({
            "a": pd.Series([a for a, _ in names], dtype=object), "b": pd.Series([b for _, b in names], dtype=object),
            "score": score, "real": self._usually(real, lone),
        })  # fmt: skip

    def _told(self) -> Score:
        most = int(np.clip(CELLS_TOLD // len(self.columns), 500, MOST_TOLD))
        if max(len(self.real), len(self.made)) > most:
            self.notes.append(f"the classifier saw {most:,} rows of a side at most")

        def told(other: Floats, name: str) -> Area:
            rng = as_generator(self.seed, "told", name)
            parts = [some(part, most, rng) for part in (self.real, other)]
            x = np.vstack(parts)
            judge = trees(x, self.columns, spawn(rng))
            return detected(judge, sides_of(len(parts[0]), len(parts[1])), equal_rows(x), FOLDS, self.seed)

        usual = Area(0.5) if self.halves else told(self.usual[1], "usual")
        return scored(told(self.made, "made"), usual, self.notes)

    def _spaced(self) -> tuple[Floats, Floats, Floats]:
        rng = as_generator(self.seed, "near")
        if min(map(len, self.usual)) == 0:
            return (np.zeros((0, 1)),) * 3
        parts = [some(part, MOST_NEAR, rng) for part in (*self.usual, self.made)]
        if max(map(len, (*self.usual, self.made))) > MOST_NEAR:
            self.notes.append(f"density and coverage are of {MOST_NEAR:,} rows of a side at most")
        space = Space(parts[0], self.columns)
        return space(parts[0]), space(parts[1]), space(parts[2])

    def _copies(self) -> Score:
        """Share of synthetic rows that equal a real row; and of real ones that equal another."""
        other = self.usual[1] if not self.halves else self.real[:0]
        code = equal_rows(np.vstack([self.real, self.made, other]))
        n, m = len(self.real), len(self.made)
        real, made, held = code[:n], code[n : n + m], code[n + m :]
        twice = np.bincount(real)[real] > 1
        usual = float(np.isin(held, real).mean()) if len(held) else float(twice.mean()) if n > 1 else np.nan
        return Score(float(np.isin(made, real).mean()), usual)


def _mean(values: pd.Series) -> float:
    return float(values.mean()) if len(values) else np.nan
