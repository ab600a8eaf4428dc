"""Pictures: bars, intervals, curves, histograms, maps, waves. Real and made differ by shape, not by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...learners.base import Floats
from .drawing import Axis, below, fitted, line, number, path, picture, signed, words
from .element import Element, el

WIDE = 360
NEAR = 240


@dataclass(frozen=True)
class Bar:
    """A bar: what it is of, a part of it that is real and one that is made; a word behind it."""

    label: str
    real: float
    made: float = 0.0
    after: str = ""


def bars(says: str, rows: Sequence[Bar]) -> Element:
    """Return bars, each below what it is of; the made part is dark and edged, the real one pale."""
    most = max([row.real + row.made for row in rows], default=1) or 1
    axis = Axis(0, most, 0, WIDE - 2)
    parts: list[Element] = []
    for at, row in enumerate(rows):
        top = at * 40
        parts += [words(0, top + 12, fitted(row.label, 34)), words(WIDE, top + 12, row.after, "t", "end")]
        split, end = float(axis(row.real)), float(axis(row.real + row.made))
        parts.append(el("rect", x=0.5, y=top + 17.5, width=max(split, 1.0), height=12, class_="real"))
        if row.made:
            parts.append(el("rect", x=split + 1.5, y=top + 17.5, width=max(end - split, 1.0), height=12, class_="made"))
    return picture(says, WIDE, max(len(rows) * 40 - 6, 10), parts)


@dataclass(frozen=True)
class Reach:
    """A mean and the ends of its interval, NaN where there are none, with what it is of."""

    label: str
    mean: float
    low: float
    high: float
    picked: bool = False


def intervals(
    says: str, rows: Sequence[Reach], *, label: str, zero: float = 0.0, shared: Axis | None = None
) -> Element:
    """Return dots on lines: filled above zero, crossed below, hollow where the interval holds it."""
    axis = span_of(rows, zero) if shared is None else shared
    foot = len(rows) * 36 + 4
    parts: list[Element] = [line(float(axis(zero)), 2, float(axis(zero)), foot, "zero")]
    for at, row in enumerate(rows):
        top = at * 36
        text = signed(row.mean) if zero == 0 else number(row.mean)
        if np.isfinite(row.low):
            ends = [signed(end) if zero == 0 else number(end) for end in (row.low, row.high)]
            text += f"  ({ends[0]} to {ends[1]})"
        parts += [
            words(0, top + 12, fitted(row.label, 28), "b" if row.picked else None),
            words(WIDE, top + 12, text, "t", "end"),
        ]
        if np.isfinite(row.mean):
            parts += _reach(row, axis, top + 24, zero)
    return picture(says, WIDE, foot + 36, parts, below(axis, foot, label=label))


def span_of(rows: Sequence[Reach], zero: float = 0.0) -> Axis:
    """Return an axis that holds all intervals, and zero."""
    values = np.array([[row.mean, row.low, row.high] for row in rows] or [[zero] * 3]).ravel()
    values = np.append(values[np.isfinite(values)], zero)
    low, high = float(values.min()), float(values.max())
    room = (high - low) * 0.06 or 0.05
    return Axis(low - room, high + room, 4, WIDE - 4)


def _reach(row: Reach, axis: Axis, y: float, zero: float) -> list[Element]:
    x = float(axis(row.mean))
    known = np.isfinite(row.low)
    class_ = "good" if known and row.low > zero else "bad" if known and row.high < zero else "open"
    made = []
    if known:
        low, high = float(axis(row.low)), float(axis(row.high))
        made = [line(low, y, high, y, f"reach {class_}")]
        made += [line(end, y - 4, end, y + 4, f"reach {class_}") for end in (low, high)]
    if class_ == "bad":
        made.append(el("path", d=f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10", class_=f"reach {class_}"))
    else:
        made.append(el("circle", cx=x, cy=y, r=5, class_=f"dot {class_}"))
    return made


@dataclass(frozen=True)
class Curve:
    """Points of a calibration curve: the mean chance, the share, the ends of its interval. Shape: each (k,)."""

    chance: Floats
    share: Floats
    low: Floats
    high: Floats


def calibration(says: str, own: Curve, other: Curve | None) -> Element:
    """Return a curve of chances against shares, with the diagonal, and another curve for comparison."""
    across, up = Axis(0, 1, 34, WIDE - 10), Axis(0, 1, 250, 8)
    ends = [line(34, float(up(at)), WIDE - 10, float(up(at))) for at in (0.25, 0.5, 0.75, 1.0)]
    marks = [
        words(28, float(up(at)) + 4, number(at, 2) if 0 < at < 1 else f"{at:g}", "t", "end")
        for at in (0, 0.25, 0.5, 0.75, 1)
    ]
    parts = [*ends, *marks, line(34, 250, WIDE - 10, 8, "zero")]
    if other is not None:
        parts.append(el("path", d=path(across(other.chance), up(other.share)), class_="ghost"))
    for x, low, high in zip(across(own.chance), up(own.low), up(own.high), strict=True):
        parts.append(line(x, low, x, high, "made-line"))
    parts.append(el("path", d=path(across(own.chance), up(own.share)), class_="made-line"))
    parts += [
        el("circle", cx=float(x), cy=float(y), r=3.5, class_="made")
        for x, y in zip(across(own.chance), up(own.share), strict=True)
    ]
    ticks = (0, 0.25, 0.5, 0.75, 1)
    return picture(says, WIDE, 286, parts, below(across, 250, ticks, "chance that was told"))


def histogram(
    says: str, edges: Floats, real: Floats, made: Floats, ticks: Sequence[tuple[float, str]] | None
) -> Element:
    """Return shares of real rows as pale bars and of made rows as a line of steps.

    Shape: edges (k + 1,), shares (k,).
    """
    across = Axis(float(edges[0]), float(edges[-1]), 2, NEAR - 2)
    up = Axis(0, max(float(real.max()), float(made.max()), 1e-9), 134, 6)
    x = across(edges)
    outline = path(np.repeat(x, 2)[1:-1], np.repeat(up(real), 2))
    area = f"{outline}L{x[-1]:.1f} 134L{x[0]:.1f} 134Z"
    steps = f"M{x[0]:.1f} 134L{path(np.repeat(x, 2)[1:-1], np.repeat(up(made), 2))[1:]}L{x[-1]:.1f} 134"
    parts = [el("path", d=area, class_="real"), el("path", d=steps, class_="made-line")]
    if ticks is None:
        return picture(says, NEAR, 154, parts, below(across, 134, across.ticks(4)))
    foot = [line(2, 134, NEAR - 2, 134)]
    for at, (where, text) in enumerate(ticks):
        anchor = "start" if at == 0 else "end" if at == len(ticks) - 1 else "middle"
        foot.append(words(float(across(where)), 150, text, "t", anchor))
    return picture(says, NEAR, 154, parts, foot)


def levels(says: str, names: Sequence[str], real: Floats, made: Floats) -> Element:
    """Return shares of categories: of real rows as a pale bar, of made rows as a thin dark one below. Shape: (k,)."""
    axis = Axis(0, max(float(real.max()), float(made.max()), 1e-9), 0, NEAR - 2)
    parts: list[Element] = []
    for at, (name, own, other) in enumerate(zip(names, real, made, strict=True)):
        top = at * 28
        parts += [
            words(0, top + 11, fitted(name, 22)),
            words(NEAR, top + 11, f"{own:.0%} | {other:.0%}", "t", "end"),
            el("rect", x=0.5, y=top + 14.5, width=max(float(axis(own)), 0.5), height=6, class_="real"),
            el("rect", x=0.5, y=top + 21.5, width=max(float(axis(other)), 0.5), height=3, class_="made"),
        ]
    return picture(says, NEAR, len(names) * 28 + 4, parts)


def scatter(says: str, groups: Sequence[tuple[str, Floats]]) -> Element:
    """Return a map of points: others as dots, real as rings, made as crosses; far ones lie on the edge.

    Shape: groups of a name ("others", "real" or "made") and points (n, 2).
    """
    every = np.concatenate([points for _, points in groups])
    low, high = np.quantile(every, [0.01, 0.99], axis=0)
    room = (high - low) * 0.08 + 1e-9
    across = Axis(low[0] - room[0], high[0] + room[0], 8, 552)
    up = Axis(low[1] - room[1], high[1] + room[1], 372, 8)
    parts = [el("rect", x=0.5, y=0.5, width=559, height=379, rx=4, class_="band")]
    shapes = {
        "others": "M{:.0f} {:.0f}h0",
        "real": "M{:.0f} {:.0f}m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
        "made": "M{:.0f} {:.0f}m-3-3l6 6m0-6l-6 6",
    }
    for name, points in groups:
        places = zip(across(points[:, 0]), up(points[:, 1]), strict=True)
        drawn = "".join(shapes[name].format(x, y) for x, y in places)
        parts.append(el("path", d=drawn, class_=f"{name}-dots"))
    return picture(says, 560, 380, parts)


def waves(says: str, lines: Sequence[Floats], class_: str, *, span: tuple[float, float]) -> Element:
    """Return lines over time, one below the other where there are several channels. Shape: lines of (time,)."""
    high = 96 / max(len(lines), 1)
    parts = []
    for at, one in enumerate(lines):
        up = Axis(*span, high * (at + 1) - 2, high * at + 2)
        x = Axis(0, max(len(one) - 1, 1), 1, NEAR - 1)(np.arange(len(one)))
        parts.append(el("path", d=path(x, up(np.nan_to_num(one))), class_=class_))
    return picture(says, NEAR, 98, parts)


def envelope(says: str, low: Floats, high: Floats, class_: str, span: float) -> Element:
    """Return the lowest and highest values of stretches of a recording as a band. Shape: low (k,), high (k,)."""
    up = Axis(-span, span, 96, 2)
    x = Axis(0, max(len(low) - 1, 1), 1, NEAR - 1)(np.arange(len(low)))
    around = path(np.concatenate([x, x[::-1]]), np.concatenate([up(high), up(low[::-1])]))
    return picture(says, NEAR, 98, line(1, 49, NEAR - 1, 49), el("path", d=f"{around}Z", class_=class_))
