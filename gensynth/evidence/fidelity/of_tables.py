"""Fidelity of tables: the sides opened, coded by the real one, their classes matched, and measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...data.columns import Category, Column, Floats
from ...random import as_generator
from .classes import Labels, matched
from .coding import Coder, opened
from .figures import halved
from .result import Fidelity
from .scores import Tables

WHOSE = ("real", "synthetic", "held-out")


def of_table(parts: tuple[Any, Any, Any], labels: Labels | None, title: Any, schema: Any, seed: int) -> Fidelity:
    """Return the fidelity of a table: of real, synthetic and held-out rows, whose labels are called `title`."""
    rng, notes = as_generator(seed, "rows"), []
    found = [opened(part, whose, rng) for part, whose in zip(parts, WHOSE, strict=True) if part is not None]
    coder = Coder(found[0][0], schema)
    matrices = [coder.code(frame, whose) for (frame, _, _), whose in zip(found, WHOSE, strict=False)]
    notes += [note for _, _, note in found if note]
    columns, codes = coder.columns, None
    if labels is not None:
        labels = labels.at(found[0][1], found[1][1], found[2][1] if found[2:] else None)
        matrices, label = _matched(matrices, labels, _name(title, coder.names), seed, notes)
        columns = [*columns, *label]
        codes = matrices[0][:, -1].astype(np.intp) if label else None
    if coder.identifiers:
        notes.append(f"identifiers were left out: {', '.join(map(str, coder.identifiers[:6]))}")
    x, made, *held = matrices
    half = halved(len(x), codes, seed)
    usual = (x, held[0]) if held else (x[half[0]], x[half[1]])
    tables = Tables(x, made, usual, columns, not held, codes is not None, seed, notes)
    scores, by_column, pairs = tables.scores()
    counts = {"real": len(x), "synthetic": len(made)} | ({"held": len(held[0])} if held else {})
    return Fidelity("table", counts, scores, by_column, pairs, None, tuple(notes), seed)


def _matched(
    matrices: list[Floats], labels: Labels, name: Any, seed: int, notes: list[str]
) -> tuple[list[Floats], list[Column]]:
    """Return rows of which classes stand at the same shares, with the label as a last column; and that column."""
    real, made, held = matched(labels, seed, notes)
    kept = [real, made] if held is None else [real, made, held]
    own = labels.at(real, made, held)
    parts = [x[rows] for x, rows in zip(matrices, kept, strict=False)]
    sides = [own.real, own.made] if own.held is None else [own.real, own.made, own.held]
    return (
        [np.column_stack([x, side.astype(np.float64)]) for x, side in zip(parts, sides, strict=True)],
        [Category(name, np.dtype(object), None, pd.Index(labels.classes))],
    )


def _name(title: Any, names: list[Any]) -> Any:
    """Return the name of the label: its own or "label", and another where a column has it."""
    name = "label" if title is None else title
    while name in names:
        name = f"{name} (y)"
    return name
