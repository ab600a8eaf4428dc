"""How a training went, as curves: on a terminal by blocks, or in a file, one figure for each number of `history_`.

On a terminal each column is the mean of the records in its share of the steps, from the least value to the greatest.
Of the held-out score, which decides what weights are kept, the step of the best one is marked.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import ConfigError
from ..generators.files import load
from ..store.atomic import atomic_write, check_output
from ..store.tables import write_frame

ENDS = (".svg", ".csv")
LINES, WIDE = 6, 100  # of a figure on a terminal, in characters
BLOCKS, PLAIN = " ▁▂▃▄▅▆▇█", " .:#"
SCORE = "score"
WORDS = {SCORE: "held-out score"}
SIDE, HIGH, HEAD, EDGE = 640, 150, 34, 60  # of a figure in a file, in pixels


@dataclass(frozen=True)
class Curve:
    """A number of a training: its name, steps and values. Shape: (m,) each, m at least 1."""

    name: str
    steps: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]

    @classmethod
    def all(cls, history: Sequence[dict[str, float]]) -> list[Self]:
        """Return the curves of a history, in its order, the score last."""
        names = dict.fromkeys(name for record in history for name in record if name not in ("step", "seconds"))
        made = []
        for name in sorted(names, key=lambda each: each == SCORE):
            pairs = [(record["step"], record[name]) for record in history if name in record]
            steps, values = np.array(pairs, dtype=np.float64).T
            made.append(cls(name, steps, values))
        return made

    @property
    def least(self) -> int:
        """The place of the least value, the first of several."""
        return int(self.values.argmin())

    def said(self) -> str:
        """Return the curve in words."""
        first, last, low = (f"{self.values[at]:.4g} at step {self.steps[at]:,.0f}" for at in (0, -1, self.least))
        title = WORDS.get(self.name, self.name)
        if len(self.values) == 1:
            return f"{title}: {first}"
        return f"{title}: first {first}, last {last}, {'best' if self.name == SCORE else 'least'} {low}"

    def columns(self, width: int) -> npt.NDArray[np.float64]:
        """Return means over equal shares of the steps; one without records goes on from before. Shape: (width,)."""
        places = self._places(width)
        counts = np.bincount(places, minlength=width)
        sums = np.bincount(places, self.values, minlength=width)
        known = np.maximum.accumulate(np.where(counts > 0, np.arange(width), 0))
        made: npt.NDArray[np.float64] = (sums / np.maximum(counts, 1))[known]
        return made

    def _places(self, width: int) -> npt.NDArray[np.intp]:
        span = self.steps[-1] - self.steps[0]
        shares = (self.steps - self.steps[0]) / (span or 1)
        places: npt.NDArray[np.intp] = np.minimum((shares * width).astype(np.intp), width - 1)
        return places

    def drawn(self, width: int, plain: bool) -> list[str]:
        """Return the curve as lines of characters, at most `width` wide; none where it is a single value."""
        if len(self.values) < 2:
            return []
        low, high = self.values.min(), self.values.max()
        ends = [f"{high:.4g}", f"{low:.4g}"]
        side = max(map(len, ends)) + 3
        width = max(min(width - side - 1, 2 * len(self.values)), 8)
        marks = PLAIN if plain else BLOCKS
        parts = len(marks) - 1
        tall = 1 + np.rint((self.columns(width) - low) / ((high - low) or 1) * (LINES * parts - 1)).astype(int)
        bar = "|" if plain else "│"
        lines = []
        for line in range(LINES):
            label = ends[0] if line == 0 else ends[1] if line == LINES - 1 else ""
            filled = np.clip(tall - (LINES - 1 - line) * parts, 0, parts)
            lines.append(f"  {label:>{side - 3}} {bar}{''.join(marks[each] for each in filled)}".rstrip())
        return [*lines, self._axis(width, side, plain)]

    def _axis(self, width: int, side: int, plain: bool) -> str:
        """Return the line below: the first step and the last, and where the best score is."""
        first, last = f"{self.steps[0]:,.0f}", f"{self.steps[-1]:,.0f}"
        text = [*f"{first}{last:>{max(width - len(first), len(last) + 1)}}"]
        if self.name == SCORE:
            at = int(self._places(width)[self.least])
            text[at] = "^" if plain else "▲"
        return " " * (side + 1) + "".join(text)


def printed(history: Sequence[dict[str, float]]) -> str:
    """Return the curves of a history as text for standard output, as wide as the terminal."""
    plain = not _encodes(BLOCKS)
    width = min(shutil.get_terminal_size().columns, WIDE)
    parts = ["\n".join([f"  {curve.said()}", *curve.drawn(width, plain)]) for curve in Curve.all(history)]
    return "\n\n".join(parts)


def _encodes(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write(what: str, out: str, *, overwrite: bool) -> None:
    """Write the curves of a model as SVG, or its records as CSV. Raises: ConfigError."""
    if not (Path(what) / "model.json").is_file():
        raise ConfigError(
            f"-o draws how the training of a model went, and {what} is none: name a folder that fit wrote"
        )
    check_output(out, overwrite)
    generator: Any = load(what)
    history = getattr(generator, "history_", None)
    if not history:
        raise ConfigError(f"{what} holds no curves: {type(generator).__name__} was not trained step by step")
    if out.lower().endswith(".csv"):
        first = ["step", "seconds"]
        frame = pd.DataFrame(history)
        write_frame(frame[first + [name for name in frame if name not in first]], out, overwrite=overwrite)
    else:
        with atomic_write(out, overwrite=overwrite) as handle:
            handle.write(svg(type(generator).__name__, history).encode())
    print(f"Training of {type(generator).__name__}: {out}", file=sys.stderr)


def svg(title: str, history: Sequence[dict[str, float]]) -> str:
    """Return the curves of a history as a picture, one below the other."""
    made = Curve.all(history)
    high = HEAD + len(made) * (HIGH + HEAD)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {high}" width="{SIDE}" height="{high}" '
        'font-family="sans-serif" font-size="12" fill="#282828">',
        f'<rect width="{SIDE}" height="{high}" fill="#fafaf8"/>',
        f'<text x="10" y="20" font-size="15">{escape(title)}</text>',
    ]
    parts += [_panel(curve, HEAD + at * (HIGH + HEAD)) for at, curve in enumerate(made)]
    return "\n".join([*parts, "</svg>\n"])


def _panel(curve: Curve, top: int) -> str:
    low, span = curve.values.min(), curve.values.max() - curve.values.min() or 1
    far = curve.steps[-1] - curve.steps[0] or 1
    x = EDGE + (curve.steps - curve.steps[0]) / far * (SIDE - EDGE - 20)
    y = top + HEAD - 10 + (1 - (curve.values - low) / span) * (HIGH - HEAD)
    bottom = top + HIGH - 10
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    lines = [
        f'<text x="10" y="{top + 12}">{escape(curve.said())}</text>',
        f'<polyline points="{points}" fill="none" stroke="#4477aa" stroke-width="1.5"/>',
        f'<text x="{EDGE - 6}" y="{top + HEAD}" text-anchor="end">{curve.values.max():.4g}</text>',
        f'<text x="{EDGE - 6}" y="{bottom}" text-anchor="end">{low:.4g}</text>',
        f'<text x="{EDGE}" y="{bottom + 16}">{curve.steps[0]:,.0f}</text>',
        f'<text x="{SIDE - 20}" y="{bottom + 16}" text-anchor="end">{curve.steps[-1]:,.0f}</text>',
    ]
    if curve.name == SCORE:
        lines.append(f'<circle cx="{x[curve.least]:.1f}" cy="{y[curve.least]:.1f}" r="4" fill="#cc3311"/>')
    return "\n".join(lines)
