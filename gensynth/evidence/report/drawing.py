"""What every drawing has: a picture with words for those who cannot see it, ends and ticks of axes, short numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width

import numpy as np

from .element import Element, cut, el


def picture(says: str, width: float, height: float, *parts: Any) -> Element:
    """Return an SVG picture; `says` is what it shows, in a sentence."""
    return el("svg", el("title", says), parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=says)


def words(x: float, y: float, text: Any, class_: str | None = None, anchor: str | None = None) -> Element:
    """Return text in a picture."""
    return el("text", text, x=round(x, 1), y=round(y, 1), class_=class_, text_anchor=anchor)


def fitted(of: Any, most: int) -> str:
    """Return a value as text as wide as so many letters at most; Chinese ones and pictures are twice as wide."""
    text = cut(of, most)
    widths = np.cumsum([1 + (east_asian_width(letter) in "WF") for letter in text])
    return text if not len(text) or widths[-1] <= most else f"{text[: int((widths < most).sum())]}…"


def line(x1: float, y1: float, x2: float, y2: float, class_: str = "axis") -> Element:
    """Return a straight line."""
    return el("path", d=f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", class_=class_)


def path(x: Any, y: Any) -> str:
    """Return the path through points. Shape: x (n,), y (n,)."""
    points = [f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)]
    return f"M{'L'.join(points)}" if points else ""


class Axis:
    """From values to places.

    Arguments:
        low, high: values at the ends.
        start, end: their places.
    """

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if not high > low:
            low, high = low - (abs(low) or 1.0) * 0.5, high + (abs(high) or 1.0) * 0.5
        self.low, self.high, self.start, self.end = float(low), float(high), start, end

    def __call__(self, values: Any) -> Any:
        """Return the places of values; those beyond the ends lie there."""
        share = (np.clip(values, self.low, self.high) / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 4) -> list[float]:
        """Return round values between the ends."""
        span = self.high - self.low
        if not np.isfinite(span):
            return []
        power = 10.0 ** np.floor(np.log10(span / most))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if span / (power * factor) <= most)
        first = np.ceil(self.low / step - 1e-9)
        count = int(np.floor(self.high / step + 1e-9) - first) + 1
        return [float((first + at) * step) for at in range(max(count, 0))]


def number(of: float, digits: int = 3) -> str:
    """Return a number for people: a share without its zero, a large one with commas, none as a dash.

    >>> number(0.8123), number(-0.5), number(12345.0), number(2.5), number(float("nan"))
    ('.812', '−.500', '12,345', '2.500', '–')
    """
    if not np.isfinite(of):
        return "–"
    size = abs(of)
    if size >= 1e6:
        return f"{of:.3g}".replace("-", "−")
    if size >= 1000:
        return f"{of:,.0f}".replace("-", "−")
    text = f"{of:.{digits}f}"
    if float(text) == 0:
        return "0" if of == 0 else f"{0:.{digits}f}".replace("0.", ".", 1)
    text = text.replace("-", "−")
    return text.replace("0.", ".", 1) if size < 1 and text.lstrip("−").startswith("0.") else text


def signed(of: float) -> str:
    """Return a number with its sign."""
    text = number(of)
    return f"+{text}" if np.isfinite(of) and of > 0 else text


def tick(of: float) -> str:
    """Return the label of a tick."""
    if of == 0:
        return "0"
    if abs(of) >= 1e6 or abs(of) < 1e-3:
        return f"{of:.2g}".replace("e+0", "e").replace("e-0", "e-")
    return f"{of:,.6g}".replace("-", "−")


def below(axis: Axis, y: float, ticks: Sequence[float] | None = None, label: str = "") -> list[Element]:
    """Return an axis at the bottom, with its ticks and what it measures."""
    made = [line(axis.start, y, axis.end, y)]
    for at in axis.ticks() if ticks is None else ticks:
        x = float(axis(at))
        anchor = "start" if x < axis.start + 8 else "end" if x > axis.end - 8 else "middle"
        made += [line(x, y, x, y + 4), words(x, y + 16, tick(at), "t", anchor)]
    if label:
        made.append(words((axis.start + axis.end) / 2, y + 31, label, "t", "middle"))
    return made
