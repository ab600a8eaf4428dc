"""Why made rows may be trusted, and why not: what gates refused, how like real rows they are, what they give away."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fidelity.result import SAYS, Fidelity
from ..privacy.found import Privacy
from .drawing import number
from .element import el, value
from .made import Made
from .parts import Row, Section, note, said, section, tabled

WORST = 8


def gates(made: Made) -> Section | None:
    """Return how many rows each gate refused; None where there was no gate."""
    if not made.refused:
        return None
    rows = [Row(name, [f"{n:,}", f"{100 * n / max(made.count, 1):,.1f}"]) for name, n in made.refused.items()]
    result = made.recipe.get("result", {})
    short = int(result.get("short", 0) or 0)
    lacking = f" {short:,} rows are still lacking." if short else " None is lacking."
    return section(
        "gates", "Gates", "What gates refused",
        said(f"Gates looked at the rows before they were taken, in {int(result.get('rounds', 1)):,} rounds.{lacking}"),
        tabled("Rows that were refused, by the first gate that did", ["gate", "refused", "for 100 rows taken"], rows),
    )  # fmt: skip


def likeness(made: Made) -> Section | None:
    """Return how like the real rows the made ones are; None where nothing was made."""
    if not made.count:
        return None
    found = made.fidelity
    if not isinstance(found, Fidelity):
        return section("fidelity", "Likeness", "How like real rows they are", said(["Not told: ", value(found, 300)]))
    scores = [Row(name, [*_score(each), SAYS.get(name, "")]) for name, each in found.scores.items()]
    heads = ["figure", "made rows", "95 % interval", "real rows", "what it says"]
    parts: list[Any] = [tabled("Each figure beside what other real rows reach", heads, scores, words=(3,))]
    columns, pairs = found.worst_columns(WORST), found.worst_pairs(WORST)
    if columns is not None and len(columns):
        rows = [Row(each["column"], [_of(each["score"]), _of(each["real"])]) for each in columns.to_dict("records")]
        parts.append(
            tabled("Columns that are least like the real ones, 1 is best", ["column", "made rows", "real rows"], rows)
        )
    if pairs is not None and len(pairs):
        rows = [
            Row([value(each["a"], 30), " and ", value(each["b"], 30)], [_of(each["score"]), _of(each["real"])])
            for each in pairs.to_dict("records")
        ]
        table = tabled(
            "Pairs of columns that are least like the real ones, 1 is best", ["pair", "made rows", "real rows"], rows
        )
        parts.append(el("details", el("summary", "Pairs of columns"), table))
    seen = " Images were seen as pixels at 16 a side." if made.kind == "image" else ""
    return section(
        "fidelity", "Likeness", "How like real rows they are",
        said("Likeness is no proof of use: what is most like the real rows may be a copy of them."),
        *parts, note(f"Of {_counts(found.rows)}.{seen}"), *[note(text) for text in found.notes],
    )  # fmt: skip


def secrecy(made: Made) -> Section | None:
    """Return what the made rows give away of the real ones; None where nothing was made."""
    if not made.count:
        return None
    found = made.privacy
    if not isinstance(found, Privacy):
        return section("privacy", "Privacy", "What they give away", said(["Not told: ", value(found, 300)]))
    rows = [
        Row(name, [_of(value_), f"{_of(low)} to {_of(high)}" if np.isfinite(low) else "–", _of(usual)])
        for name, value_, low, high, usual in found.table.itertuples()
        if np.isfinite(value_)
    ]
    heads = ["figure", "made rows", "95 % interval", "by chance"]
    table = tabled("What made rows give away, beside what rows that were not seen do by chance", heads, rows)
    return section(
        "privacy", "Privacy", "What they give away",
        el("ul", [el("li", text) for text in found.verdict], class_="verdict"), table if rows else None,
        note(f"Of {_counts({name: n for name, n in found.rows.items() if not name.startswith('searched')})}."),
    )  # fmt: skip


def _score(each: Any) -> list[str]:
    interval = f"{number(each.low)} to {number(each.high)}" if np.isfinite(each.low) else "–"
    return [_of(each.value), interval, _of(each.real)]


def _of(figure: Any) -> str:
    return number(float(figure))


def _counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {'held-out' if name == 'held' else name} rows" for name, n in rows.items() if n)
