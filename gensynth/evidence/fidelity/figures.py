"""What the figures of tables and of other rows share: density and coverage, detectability as a score, halves."""

from __future__ import annotations

import numpy as np

from ...data.columns import Floats
from ..rows import Codes, folded
from .detect import Area
from .near import density_coverage
from .result import Score

NEIGHBORS = 5
FOLDS = 3


def near(real: Floats, usual: Floats, made: Floats) -> dict[str, Score]:
    """Return density and coverage of made rows, and of as many real ones. Shape: (n, d), (h, d), (m, d)."""
    n = min(len(usual), len(made))
    if len(real) <= NEIGHBORS or n < 2:
        return {"density": Score(np.nan), "coverage": Score(np.nan)}
    found = [density_coverage(real, part[:n], NEIGHBORS) for part in (made, usual)]
    return {name: Score(found[0][at], found[1][at]) for at, name in enumerate(("density", "coverage"))}


def scored(made: Area, usual: Area, notes: list[str]) -> Score:
    """Return detectability as a score; a note where there is none, and where it is surely below .5."""
    if np.isnan(made.value):
        notes.append("too few different rows for a classifier: it needs 10 of each side at least")
        return Score(np.nan, usual.value)
    reach = 1.96 * made.error
    low, high = max(made.value - reach, 0.0), min(made.value + reach, 1.0)
    if high < 0.5:
        notes.append(
            f"detectability is below .5 ({low:.3f} to {high:.3f}), which is no better than above it: rows lie close "
            "around the real rows that they were made of, a sign of copying and not of likeness"
        )
    return Score(made.value, usual.value, low, high)


def some(x: Floats, most: int, rng: np.random.Generator) -> Floats:
    """Return so many rows at most, drawn by chance, in a random order. Shape: (n, d) to (m, d)."""
    return x[rng.permutation(len(x))[:most]]


def sides_of(n: int, m: int) -> Codes:
    """Return 0 for n rows, then 1 for m."""
    return np.repeat(np.arange(2), [n, m])


def halved(n: int, codes: Codes | None, seed: int) -> tuple[Codes, Codes]:
    """Return the places of two halves of n rows, classes spread evenly; both empty where there is but one row."""
    if n < 2:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    half = folded(np.zeros(n, dtype=np.intp) if codes is None else codes, 2, seed)
    return np.flatnonzero(half == 0), np.flatnonzero(half == 1)
