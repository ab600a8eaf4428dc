"""Tables for the report: some rows of each side as one coded matrix, what each column looks like, and a space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...data.columns import Category, Column, Floats
from ...data.encode import Embedding, TableEncoder
from ...data.frames import Frame
from ...data.schema import identifiers_of
from ...errors import GensynthError
from ..rows import taken
from .drawing import number
from .element import Element
from .made import Made
from .plots import histogram, levels

LOOKED = 10_000  # rows of a side
WIDEST = 200  # columns
BINS = 30
POINTS = 600  # of a group on the map
LEVELS = 5  # categories that have a bar


@dataclass(frozen=True)
class Beside:
    """A column of both sides: its name, the largest difference, shares of missing values, the picture."""

    name: Any
    apart: float
    missing: tuple[float, float]
    drawn: Element


@dataclass(frozen=True)
class Sides:
    """Both sides: columns, how many are left out, rows looked at, whether several classes were made.

    Shape: space is None, or (others, own, made) in a space, each (n, q).
    """

    columns: list[Beside]
    left: int
    real: int
    made: int
    several: bool
    space: tuple[Floats, Floats, Floats] | None


def sides(made: Made) -> Sides | None:
    """Return both sides of a table; None of other kinds, where nothing was made, and where columns cannot be read."""
    if made.kind != "table" or not made.count:
        return None
    own, others = made.drawn(made.own, LOOKED, "own"), made.drawn(made.others, POINTS, "others")
    fresh = made.drawn(np.arange(made.count), LOOKED, "made")
    frames = [_frame(made.X, own), _frame(made.rows, fresh), _frame(made.X, others)]
    width = frames[0].shape[1]
    frames = [frame.iloc[:, :WIDEST] for frame in frames]
    encoder = TableEncoder(None if hasattr(made.X, "tocsr") else _identifiers(made.X))
    try:
        real = encoder.fit(pd.concat([frames[0], frames[2]], ignore_index=True))
        matrices = real[: len(own)], encoder.encode(frames[1]), real[len(own) :]
    except GensynthError:
        return None
    classes = made.codes[own], made.made[fresh]
    weight = _weight(*classes)
    columns = [
        _beside(column, block.start, matrices, weight, frames[0])
        for column, block in zip(encoder.coded_, encoder.layout_.blocks, strict=True)
    ]
    some = [made.drawn(np.arange(len(part)), POINTS, "map") for part in (own, fresh)]
    space = _space(encoder, (matrices[2], matrices[0][some[0]], matrices[1][some[1]])) if columns else None
    several = len(np.unique(classes[1])) > 1
    return Sides(columns, width - len(columns), len(own), len(fresh), several, space)


def _frame(X: Any, rows: Any) -> pd.DataFrame:
    part = taken(X, rows)
    frame = pd.DataFrame(part[:, :WIDEST].toarray()) if hasattr(part, "tocsr") else Frame.open(part)[0]
    return frame.reset_index(drop=True)


def _identifiers(X: Any) -> dict[Any, Any] | None:
    """Return the columns that are identifiers, told by all rows; of an array there are none worth the look."""
    if not hasattr(X, "columns"):
        return None
    frame = Frame.open(X)[0]
    return dict(identifiers_of(frame.iloc[:, :WIDEST])) or None


def _weight(codes: Any, made: Any) -> Floats:
    """Return what each real row counts, so that classes stand as among the made rows. Shape: (n,)."""
    k = int(max(codes.max(initial=0), made.max(initial=0))) + 1
    own, other = np.bincount(codes, minlength=k), np.bincount(made, minlength=k)
    each = other / np.maximum(own, 1)
    found: Floats = each[codes]
    return found / found.sum() if found.sum() > 0 else np.full(len(codes), 1 / max(len(codes), 1))


# One column ----------------------------------------------------------------------------------------------------------


def _beside(column: Column, at: int, matrices: Any, weight: Floats, frame: pd.DataFrame) -> Beside:
    """Return how a column of made rows lies beside the real one."""
    x, z = matrices[0][:, at], matrices[1][:, at]
    there = np.isfinite(x)
    missing = (float(weight[~there].sum()), float((~np.isfinite(z)).mean()))
    x, w, z = x[there], weight[there], z[np.isfinite(z)]
    w = w / w.sum() if w.sum() > 0 else w
    if isinstance(column, Category):
        apart, drawn = _levels(column, x.astype(np.intp), w, z.astype(np.intp))
    else:
        apart, drawn = _numbers(column, x, w, z, frame)
    return Beside(column.name, max(apart, abs(missing[0] - missing[1])), missing, drawn)


def _levels(column: Category, x: Any, w: Floats, z: Any) -> tuple[float, Element]:
    """Return the share of rows that would have to change category, and the largest categories as bars."""
    k = len(column.levels)
    real = np.bincount(x[x >= 0], weights=w[x >= 0], minlength=k)
    made = np.bincount(z[z >= 0], minlength=k) / max(len(z), 1)
    apart = float(np.abs(real - made).sum() + (z < 0).mean() if len(z) else 0.0) / 2
    order = np.argsort(-(real + made), kind="stable")
    order = order[(real + made)[order] > 0][:LEVELS]
    names = [str(column.levels[place]) for place in order]
    shares: tuple[Floats, Floats] = real[order].astype(np.float64), made[order].astype(np.float64)
    if (real + made > 0).sum() > LEVELS:
        others = int((real + made > 0).sum()) - LEVELS
        names.append(f"{others:,} other{'s' if others > 1 else ''}")
        shares = (
            np.append(shares[0], max(real.sum() - shares[0].sum(), 0)),
            np.append(shares[1], max(1 - shares[1].sum(), 0)),
        )
    told = "; ".join(f"{name} {a:.0%} and {b:.0%}" for name, a, b in zip(names, *shares, strict=True))
    return apart, levels(f"Shares of {column.name} in real and made rows: {told}.", names, *shares)


def _numbers(column: Column, x: Floats, w: Floats, z: Floats, frame: pd.DataFrame) -> tuple[float, Element]:
    """Return the largest difference of shares below a value, and both as histograms."""
    both = np.concatenate([x, z]) if len(x) + len(z) else np.zeros(1)
    dates = column.kind == "datetime"
    low, high = (both.min(), both.max()) if dates else np.quantile(both, [0.005, 0.995])
    distinct = np.unique(both[:2000])
    if not dates and len(distinct) <= BINS and np.array_equal(distinct, np.rint(distinct)) and high - low < BINS:
        edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    else:
        room = 0.0 if high > low else (abs(low) or 1.0) * 0.5
        edges = np.linspace(low - room, high + room, BINS + 1)
    inside = [np.clip(part, edges[0], edges[-1]) for part in (x, z)]
    real = np.histogram(inside[0], edges, weights=w)[0]
    made = np.histogram(inside[1], edges)[0] / max(len(z), 1)
    apart = float(np.abs(np.cumsum(real) - np.cumsum(made)).max()) if len(x) and len(z) else 0.0
    ticks = None
    if dates:
        known = frame[column.name].dropna()
        ends = [str(end)[:10] for end in (known.min(), known.max())] if len(known) else ["", ""]
        ticks = [(float(x.min()), ends[0]), (float(x.max()), ends[1])] if len(x) else []
    says = f"Histogram of {column.name}, real and made rows"
    if len(x) and len(z) and not dates:
        says += f": median {number(float(np.median(x)))} and {number(float(np.median(z)))}"
    return apart, histogram(f"{says}.", edges, real, made, ticks)


# A space -------------------------------------------------------------------------------------------------------------


def _space(encoder: TableEncoder, parts: tuple[Floats, Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Return rows in a space: numbers and dates of deviation 1 among the real, missing in the middle, categories."""
    real = np.vstack(parts[:2])
    layout = encoder.layout_
    middle, spread = np.zeros(layout.width), np.ones(layout.width)
    for at in layout.numbers:
        known = real[np.isfinite(real[:, at]), at]
        if len(known):
            middle[at], spread[at] = known.mean(), known.std() or 1.0

    def scaled(part: Floats) -> Floats:
        made = part.copy()
        found = (part[:, layout.numbers] - middle[layout.numbers]) / spread[layout.numbers]
        made[:, layout.numbers] = np.clip(np.nan_to_num(found), -1e3, 1e3)
        codes = made[:, layout.categories]
        made[:, layout.categories] = np.where(codes < 0, np.nan, codes)
        return made

    embedding = Embedding(scaled(real), layout)
    first, second, third = (embedding(scaled(part)) for part in parts)
    return first, second, third
