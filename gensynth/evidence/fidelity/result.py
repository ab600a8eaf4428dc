"""What was found of fidelity: figures, each with what real rows reach, columns and pairs; printed and as plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

IDEAL = {
    "shapes": 1.0, "missing": 1.0, "pairs": 1.0, "detectability": 0.5, "density": 1.0, "coverage": 1.0,
    "copies": 0.0, "kid": 0.0, "nearer": 0.5,
}  # fmt: skip
BEST = {
    "shapes": "1", "missing": "1", "pairs": "1", "detectability": ".5, either side is worse",
    "density": "1, either side is worse", "coverage": "as near real", "copies": "as few as real", "kid": "0",
    "nearer": ".5, either side is worse",
}  # fmt: skip
SAYS = {
    "shapes": "columns one by one, 1 is best",
    "missing": "shares of missing values, 1 is best",
    "pairs": "columns two by two, 1 is best",
    "detectability": "how well a classifier tells them: .5 is best, either side is worse",
    "density": "how thick they lie where real rows are: 1 is best, either side is worse",
    "coverage": "real rows that have one near, as near real is best",
    "copies": "rows that equal a real one, as few as real is best",
    "kid": "distance in features of a classifier, 0 is best",
    "nearer": "nearer to real images than held-out ones are: .5 is best, either side is worse",
}


@dataclass(frozen=True)
class Score:
    """One figure, what real rows that are not the same reach, and its interval (95 %); NaN where there is none."""

    value: float
    real: float = np.nan
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Fidelity:
    """What `fidelity` returns; it prints as its figures, its worst columns and its worst pairs.

    Arguments:
        kind: of the data.
        rows: how many rows were compared, by side: real, synthetic, and held where such were given.
        scores: figures by name: shapes, missing (where values are), pairs, copies (of tables), detectability, density,
            coverage, kid and nearer (of images with labels).
        columns: a row for each column of a table: column, kind, score, real (the score of real rows), missing_real and
            missing_synthetic (shares); None of other kinds.
        pairs: a row for each pair of columns of a table: a, b, score, real; None of other kinds.
        classes: figures of each class of images with labels; None of others.
        notes: what was left out or drawn, why a figure is lacking, and what detectability below .5 means.
        seed: that makes it the same again.
    """

    kind: str
    rows: dict[str, int]
    scores: dict[str, Score]
    columns: pd.DataFrame | None
    pairs: pd.DataFrame | None
    classes: pd.DataFrame | None
    notes: tuple[str, ...]
    seed: int

    @cached_property
    def table(self) -> pd.DataFrame:
        """The figures: a row for each, with the columns value, real, low, high, ideal and best (ideal in words)."""
        rows = {
            name: [each.value, each.real, each.low, each.high, IDEAL.get(name, np.nan), BEST.get(name, "")]
            for name, each in self.scores.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "real", "low", "high", "ideal", "best"])

    def worst_columns(self, n: int = 3) -> pd.DataFrame | None:
        """Return the columns that stay furthest below what real rows reach, the worst first; None without columns."""
        return None if self.columns is None else _worst(self.columns, n)

    def worst_pairs(self, n: int = 3) -> pd.DataFrame | None:
        """Return the pairs that stay furthest below what real rows reach, the worst first; None without pairs."""
        return None if self.pairs is None else _worst(self.pairs, n)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON: NaN is None, frames are lists of rows."""
        table = self.table.rename_axis("name").reset_index()
        return {
            "kind": self.kind, "rows": dict(self.rows), "scores": {each.pop("name"): each for each in _plain(table)},
            "columns": None if self.columns is None else _plain(self.columns),
            "pairs": None if self.pairs is None else _plain(self.pairs),
            "classes": None if self.classes is None else _plain(self.classes.rename_axis("class").reset_index()),
            "notes": list(self.notes), "seed": self.seed,
        }  # fmt: skip

    def __str__(self) -> str:
        held = f", {self.rows['held']:,} held-out ones" if "held" in self.rows else ""
        lines = [
            f"{self.rows['synthetic']:,} synthetic rows beside {self.rows['real']:,} real ones{held} ({self.kind})", "",
            f"{'':15}{'score':>7}{'real':>8}   {'interval':16}",
        ]  # fmt: skip
        for name, each in self.scores.items():
            interval = "" if np.isnan(each.low) else f"{each.low:.3f} to {each.high:.3f}"
            value, real = (f"{x:.3f}" if np.isfinite(x) else "-" for x in (each.value, each.real))
            lines.append(f"{name:15}{value:>7}{real:>8}   {interval:16} {SAYS.get(name, '')}".rstrip())
        columns, pairs = self.worst_columns(), self.worst_pairs()
        if columns is not None and len(columns):
            lines += ["", "worst columns", *_lines([str(x) for x in columns["column"]], columns)]
        if pairs is not None and len(pairs):
            names = [f"{a}, {b}" for a, b in zip(pairs["a"], pairs["b"], strict=True)]
            lines += ["", "worst pairs", *_lines(names, pairs)]
        return "\n".join([*lines, *([""] if self.notes else []), *(f"note: {note}" for note in self.notes)])


def _worst(frame: pd.DataFrame, n: int) -> pd.DataFrame:
    below = frame["score"] - frame["real"].fillna(1.0)
    return frame.loc[below.dropna().sort_values(kind="stable").index[:n]]


def _lines(names: list[str], frame: pd.DataFrame) -> list[str]:
    names = [name if len(name) <= 44 else f"{name[:43]}…" for name in names]
    width = max(map(len, names))
    scores = zip(names, frame["score"], frame["real"], strict=True)
    return [f"  {name:{width}}  {x:.3f}{'' if np.isnan(real) else f' (real {real:.3f})'}" for name, x, real in scores]


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    names = [name for name in ("column", "a", "b", "class") if name in frame]
    rows: list[dict[str, Any]] = json.loads(
        frame.astype(dict.fromkeys(names, str)).to_json(orient="records", double_precision=6)
    )
    return rows
