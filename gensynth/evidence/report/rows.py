"""Counts before and after; of tables: how each column of made rows lies beside the real one, and a map of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .element import Element, el, value
from .made import Made
from .parts import Row, Section, figure, grid, key, note, said, section, tabled
from .plots import Bar, bars, scatter
from .tables import Beside, Sides

CLASSES = 24  # that have a bar
OPEN, MOST = 12, 36  # columns that are shown at once, and at all


def counts(made: Made) -> Section:
    """Return rows of each class before and after."""
    before = np.bincount(made.codes, minlength=len(made.classes))
    kept = np.bincount(made.codes[made.kept], minlength=len(made.classes))
    fresh = np.bincount(made.made, minlength=len(made.classes))
    order = np.argsort(-(kept + fresh), kind="stable")
    rows = [
        Bar(str(made.classes[at]), float(kept[at]), float(fresh[at]), f"{kept[at]:,} + {fresh[at]:,} made")
        for at in order[:CLASSES]
    ]
    cells = [Row(made.classes[at], [f"{n[at]:,}" for n in (before, kept, fresh, kept + fresh)]) for at in order]
    says = "Rows of each class: " + "; ".join(f"{row.label}, {row.after}" for row in rows) + "."
    table = tabled("Rows of each class", ["class", "before", "kept", "made", "after"], cells)
    shown = figure("After balancing", bars(says, rows), _left(len(order), CLASSES, "classes"))
    if len(order) > CLASSES:
        table = el("details", el("summary", f"All {len(order):,} classes"), table)
    return section(
        "counts", "Classes", "Classes before and after", key("real", "made-bar"), grid([shown, table], "grid two pair")
    )


def counted(found: Mapping[Any, int]) -> Section:
    """Return rows of each class of data that nothing was made of."""
    order = sorted(found.items(), key=lambda item: -item[1])
    rows = [Bar(str(label), float(n), 0.0, f"{n:,}") for label, n in order[:CLASSES]]
    says = "Rows of each class: " + "; ".join(f"{row.label}, {row.after}" for row in rows) + "."
    small = _left(len(order), CLASSES, "classes")
    return section("counts", "Classes", "Classes", grid([figure("Rows of each class", bars(says, rows), small)]))


def distributions(found: Sides | None) -> Section | None:
    """Return each column of made rows beside the real one, the least alike first; None of other kinds."""
    if found is None or not found.columns:
        return None
    shown = sorted(found.columns, key=lambda one: -one.apart)
    figures = [_column(one) for one in shown[:MOST]]
    rest = figures[OPEN:]
    more = el("details", el("summary", f"{len(rest)} more columns"), grid(rest, "grid small")) if rest else None
    left = found.left + max(len(shown) - MOST, 0)
    return section(
        "columns", "Columns", "Columns of real and made rows",
        said("Real rows of the classes that were made, beside the made rows; columns that differ most come first."
             + (" Real rows count so that classes stand as among the made ones." if found.several else "")),
        key("real", "made"), grid(figures[:OPEN], "grid small"), more,
        note(f"{left:,} columns are not shown: identifiers, empty ones, or those beyond {MOST}.") if left else None,
        note(f"Drawn from {found.real:,} real and {found.made:,} made rows."),
    )  # fmt: skip


def _column(one: Beside) -> Element:
    missing = ""
    if max(one.missing) > 0:
        missing = f"; missing {one.missing[0]:.1%} | {one.missing[1]:.1%}"
    return figure(value(one.name, 80), one.drawn, f"largest difference {one.apart:.0%}{missing}")


def place(found: Sides | None) -> Section | None:
    """Return a map of real and made rows in the two directions in which real ones differ most; None without."""
    if found is None or found.space is None:
        return None
    groups, share = _mapped(found)
    if groups is None:
        return None
    has_others = any(name == "others" for name, _ in groups)
    counted = ", ".join(f"{len(points):,} {_words(name)}" for name, points in groups)
    says = f"A map of rows: {counted}."
    drawn = scatter(says, groups)
    names = (["dots"] if has_others else []) + ["rings", "crosses"]
    return section(
        "map", "Map", "A map of the rows",
        said("Rows near to each other are alike. Crosses should lie where the rings do, and not on top of each one."),
        key(*names), el("figure", drawn, class_="wide"),
        note(f"The two directions in which real rows differ most (principal components of scaled columns), which hold "
             f"{share:.0%} of their variance; {counted}. Rows far away lie on the edge."),
    )  # fmt: skip


def _mapped(found: Sides) -> tuple[list[tuple[str, np.ndarray]] | None, float]:
    """Return points of each group on the plane of the largest variance of real rows, and the share that it holds."""
    assert found.space is not None
    others, own, fresh = found.space
    real = np.vstack([others, own])
    if len(real) < 3 or real.shape[1] < 1 or not len(fresh):
        return None, 0.0
    middle = real.mean(axis=0)
    _, size, directions = np.linalg.svd(real - middle, full_matrices=False)
    if not size[0] > 0:
        return None, 0.0
    plane = directions[:2] if len(directions) > 1 else np.vstack([directions, np.zeros_like(directions)])
    plane = plane * np.where(plane.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    share = float((size[:2] ** 2).sum() / (size**2).sum())
    groups = [("others", others), ("made", fresh), ("real", own)]  # real ones on top, as they are fewer
    return [(name, (part - middle) @ plane.T) for name, part in groups if len(part)], share


def _words(name: str) -> str:
    return {"others": "real of other classes", "real": "real of the classes made", "made": "made"}[name]


def _left(count: int, most: int, what: str) -> str | None:
    return f"the largest {most} of {count:,} {what}" if count > most else None
