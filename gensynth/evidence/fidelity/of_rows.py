"""Fidelity of rows that are no table: a classifier of sides, and density and coverage in numbers of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...data.kinds import Kind, Rows
from ...learners.base import Features, learner_for
from ...random import as_generator
from ..rows import Codes
from .classes import Labels, matched
from .detect import Area, detected, equal_rows, of_learner
from .embed import embedding, joined
from .figures import FOLDS, halved, near, scored, sides_of
from .images import FEWEST, image_fidelity
from .result import Fidelity, Score

MOST = 2000  # rows of a side


def of_rows(
    kind: Kind, rows: tuple[Rows, Rows, Rows | None], labels: Labels | None, features: Features | None, seed: int
) -> Fidelity:
    """Return the fidelity of rows that are no table: real, synthetic and held-out ones."""
    notes: list[str] = []
    real, made, held = _chosen(rows, labels, seed, notes)
    x, m, h = rows[0][real], rows[1][made], None if held is None or rows[2] is None else rows[2][held]
    half = halved(len(x), None if labels is None else labels.real[real], seed)
    usual = (x[half[0]], x[half[1]]) if h is None else (x, h)
    place = embedding(usual[0] if len(usual[0]) else x, kind, features, seed)

    def told(other: Rows) -> Area:
        rows, groups = joined([x, other]), equal_rows(np.vstack([place(x), place(other)]))
        judge = of_learner(rows, lambda: learner_for(kind, features=features, random_state=seed))
        folds = 2 if kind == "image" and features is None else FOLDS
        return detected(judge, sides_of(len(x), len(other)), groups, folds, seed)

    found = {"detectability": scored(told(m), Area(0.5) if h is None else told(h), notes)}
    classes = None
    if kind == "image" and labels is not None and len(labels.classes) > 1 and len(labels.real) >= FEWEST:
        images, classes = _of_classes(rows, labels, features, seed)
        found |= images
    else:
        found |= near(*(place(part) if len(part) else np.zeros((0, 1)) for part in (*usual, m)))
    counts = {"real": len(x), "synthetic": len(m)} | ({} if h is None else {"held": len(h)})
    return Fidelity(kind, counts, found, None, None, classes, tuple(notes), seed)


def _chosen(
    rows: tuple[Rows, Rows, Rows | None], labels: Labels | None, seed: int, notes: list[str]
) -> tuple[Codes, Codes, Codes | None]:
    """Return the places of the rows of each side that are looked at, in a random order."""
    real, made, held = np.arange(len(rows[0])), np.arange(len(rows[1])), None
    if rows[2] is not None:
        held = np.arange(len(rows[2]))
    if labels is not None:
        real, made, held = matched(labels, seed, notes)
    if max(len(real), len(made), 0 if held is None else len(held)) > MOST:
        notes.append(f"{MOST:,} rows of a side at most, drawn by chance, were looked at")
    rng = as_generator(seed, "rows")
    real, made = rng.permutation(real)[:MOST], rng.permutation(made)[:MOST]
    return real, made, None if held is None else rng.permutation(held)[:MOST]


def _of_classes(
    rows: tuple[Rows, Rows, Rows | None], labels: Labels, features: Features | None, seed: int
) -> tuple[dict[str, Score], pd.DataFrame]:
    """Return figures of images by the features of a classifier of theirs: means over classes, and of each class."""
    frame = image_fidelity(
        rows[0], labels.real, rows[1], labels.made, held=rows[2], features=features, random_state=seed
    ).drop(index="all")
    frame.index = pd.Index([str(label) for label in labels.classes])
    weight = np.bincount(labels.made, minlength=len(frame)).astype(np.float64)

    def mean(name: str) -> float:
        values = frame[name].to_numpy(dtype=np.float64)
        there = ~np.isnan(values) & (weight > 0)
        return float(np.average(values[there], weights=weight[there])) if there.any() else np.nan

    made = {name: Score(mean(name), mean(f"real_{name}")) for name in ("kid", "density", "coverage")}
    return made | {"nearer": Score(mean("nearer"), 0.5)}, frame
