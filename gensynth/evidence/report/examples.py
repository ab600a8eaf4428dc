"""Some made series, texts and recordings, each beside a real one: its parent where that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...data.kinds import as_rows
from ...learners.base import Floats
from ..rows import taken
from .element import Element, el, value
from .made import Codes, Made
from .parts import Section, figure, grid, key, note, said, section
from .plots import envelope, waves

SHOWN = 8
STEPS = 240  # points of a line
CHANNELS = 3  # of a series that are drawn
LETTERS = 400  # of a text


def series(made: Made) -> Section | None:
    """Return series that were made, each above a real one; None of other kinds."""
    if made.kind != "series" or not made.count:
        return None
    pairs = _pairs(made)
    figures = []
    for row, place, is_parent in pairs:
        fresh, real = (_lines(X, at) for X, at in ((made.rows, row), (made.X, place)))
        ends = [float(end(line)) for line in (*fresh, *real) if len(line) for end in (np.nanmin, np.nanmax)]
        span = (min(ends, default=0.0), max(ends, default=1.0))
        says = f"of class {made.classes[made.made[row]]!s:.60}"
        figures.append(_pair(
            made, row, is_parent, waves(f"A made series {says}.", fresh, "made-line", span=span),
            waves(f"A real series {says}.", real, "real-line", span=span),
        ))  # fmt: skip
    return section(
        "series", "Series", "Made series beside real ones", *_rest(made, figures, pairs, f"{CHANNELS} channels at most")
    )


def audio(made: Made) -> Section | None:
    """Return recordings that were made as their loudness, each above a real one; None of other kinds."""
    if made.kind != "audio" or not made.count:
        return None
    pairs = _pairs(made)
    figures = []
    for row, place, is_parent in pairs:
        sides = [_envelope(X, at) for X, at in ((made.rows, row), (made.X, place))]
        span = max([float(np.abs(end).max()) for side in sides for end in side if len(end)], default=1.0) or 1.0
        says = f"of class {made.classes[made.made[row]]!s:.60}"
        figures.append(_pair(
            made, row, is_parent, envelope(f"A made recording {says}.", *sides[0], "made", span),
            envelope(f"A real recording {says}.", *sides[1], "real", span),
        ))  # fmt: skip
    return section(
        "audio",
        "Recordings",
        "Made recordings beside real ones",
        *_rest(made, figures, pairs, "drawn by their loudness"),
    )


def texts(made: Made) -> Section | None:
    """Return texts that were made, each above a real one; None of other kinds."""
    if made.kind != "text" or not made.count:
        return None
    pairs = _pairs(made)
    figures = []
    for row, place, is_parent in pairs:
        fresh, real = (as_rows(taken(X, np.array([at])), "text").x[0] for X, at in ((made.rows, row), (made.X, place)))  # type: ignore[attr-defined]
        lines = el("div", _text("made", fresh, "of-made"), _text(_word(is_parent), real, "of-real"), class_="words-of")
        figures.append(figure(value(made.classes[made.made[row]]), lines))
    return section(
        "texts", "Texts", "Made texts beside real ones", *_rest(made, figures, pairs, f"{LETTERS} letters at most")
    )


def _pairs(made: Made) -> list[tuple[int, int, bool]]:
    """Return made rows to show, with the place of a real row for each, and whether it is a parent."""
    found = []
    for row in made.shown(SHOWN):
        parents = made.parents_of(row, 1)
        mine = np.flatnonzero(made.codes == made.made[row])
        if parents or len(mine):
            found.append((row, parents[0] if parents else int(mine[row % len(mine)]), bool(parents)))
    return found


def _pair(made: Made, row: int, is_parent: bool, first: Element, second: Element) -> Element:
    """Return two pictures, one below the other, with words."""
    tags = [el("span", word, class_="tag") for word in ("made", _word(is_parent))]
    return figure(value(made.classes[made.made[row]]), el("div", tags[0], first, tags[1], second))


def _word(is_parent: bool) -> str:
    return "real, its parent" if is_parent else "real, of the same class"


def _rest(made: Made, figures: list[Element], pairs: list[Any], how: str) -> list[Any]:
    close = any(is_parent for *_, is_parent in pairs)
    lead = "Each made one above " + ("the real one that it was made from." if close else "a real one of its class.")
    return [
        said(lead), None if made.kind == "text" else key(("made-bar", "made"), ("real", "real")), grid(figures),
        note(f"{len(figures):,} of {made.count:,} made ones, {how}."),
    ]  # fmt: skip


def _text(word: str, text: str, class_: str) -> Element:
    return el("p", el("span", word, class_="tag"), value(text, LETTERS), class_=class_)


def _lines(X: Any, place: int) -> list[Floats]:
    """Return the channels of a series, each of so many points at most."""
    one = _array(as_rows(taken(X, np.array([place])), "series").x[0])  # type: ignore[attr-defined]
    spots: Codes = np.unique(np.linspace(0, max(one.shape[1] - 1, 0), STEPS).astype(np.intp))
    return [channel[spots] if len(channel) else channel for channel in one[:CHANNELS]]


def _envelope(X: Any, place: int) -> tuple[Floats, Floats]:
    """Return the lowest and the highest values of stretches of a recording."""
    wave = np.nan_to_num(_array(as_rows(taken(X, np.array([place])), "audio").waves[0]))  # type: ignore[attr-defined]
    if not len(wave):
        return np.zeros(1), np.zeros(1)
    starts = np.unique(np.linspace(0, len(wave), STEPS, endpoint=False).astype(np.intp))
    return np.minimum.reduceat(wave, starts), np.maximum.reduceat(wave, starts)


def _array(of: Any) -> Floats:
    return np.asarray(of.detach().cpu().numpy() if hasattr(of, "detach") else of, dtype=np.float64)
