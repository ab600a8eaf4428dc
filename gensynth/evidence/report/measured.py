"""What a comparison measured: gains with intervals, the table, calibration curves, groups and gaps, what failed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..compare.figures import FIGURES
from .drawing import number, signed
from .element import Element, el, value
from .parts import Row, Section, figure, grid, key, note, said, section, tabled, warned
from .plots import Curve, Reach, calibration, intervals

if TYPE_CHECKING:
    from ..compare.result import Comparison

NOTHING = "none"
FEWEST = 30  # rows of a point of a calibration curve
CURVES = 6  # that stand open
GAP = "gap"


def sections(found: Comparison) -> list[Section]:
    """Return all sections of a comparison."""
    made = [_gains(found), _table(found), _curves(found), _groups(found), _notes(found)]
    return [each for each in made if each is not None]


def _gains(found: Comparison) -> Section:
    """Return how much better each method is than nothing, by figure and learner."""
    first = list(dict.fromkeys([found.decides, *(_names(found))[:1]]))
    others = [name for name in found.metrics if name not in first]
    rest = el(
        "details", el("summary", f"The other {len(others)} figures"), [_of_figure(found, name) for name in others]
    )
    return section(
        "gains", "Gains", "Better than doing nothing?",
        said("How much better each method is than nothing, over the same folds. Right of the dashed line is better."),
        key("good", "open", "bad"), [_of_figure(found, name) for name in first], rest if others else None,
        note("All intervals of a figure hold together at 95 %. What is recommended is bold, with the interval that it "
             "is recommended by: of a threshold or of class weights, one of the few that answer this question."),
    )  # fmt: skip


def _names(found: Comparison) -> list[str]:
    return [name for name in found.metrics if FIGURES[name].of == "names" and name != "accuracy"]


def _of_figure(found: Comparison, name: str) -> Element:
    arms = [arm for arm in found.arms if arm != NOTHING]
    if FIGURES[name].of != "names":
        arms = [arm for arm in arms if arm != "threshold"]  # a threshold changes names alone
    figures = []
    for learner in found.learners:
        rows = []
        for arm in arms:
            choice = found.choices[learner]
            picked = choice.arm == arm
            own = choice.gain if picked and choice.metric == name else None
            gain = found.interval(learner, arm, name) if own is None else own
            rows.append(Reach(arm, gain.mean, gain.low, gain.high, picked))
        at = found.table[name].get((learner, NOTHING), np.nan)
        told = "; ".join(f"{row.label} {signed(row.mean)}" for row in rows)
        says = f"Gain in {FIGURES[name].words} against nothing with {learner}: {told}."
        drawn = intervals(says, rows, label=f"gain in {FIGURES[name].words}")
        figures.append(figure(value(learner), drawn, f"{number(at)} with nothing"))
    best = FIGURES[name].best
    how = f" (best at {best:g})" if np.isfinite(best) else "" if best > 0 else " (low is good; a gain is a fall)"
    decides = ", which decides" if name == found.decides else ""
    head = el("h3", f"{_capital(FIGURES[name].words)}{decides}{how}")
    return el("div", head, grid(figures, "grid two"), class_="whole")


def _table(found: Comparison) -> Section:
    heads = ["method", *[FIGURES[name].words for name in found.metrics], "threshold", "rows made", "seconds"]
    rows = []
    for learner in found.learners:
        rows.append(Row(learner, heading=True))
        for arm in found.arms:
            values: Any = found.table.loc[(learner, arm)]
            cells = [number(float(values[name])) for name in (*found.metrics, "threshold")]
            cells += [number(float(values["made"]), 0), number(float(values["seconds"]), 1)]
            rows.append(Row(arm, cells, picked=found.choices[learner].arm == arm))
    caption = "Means over the folds, by learner. The method that is recommended for each learner is marked."
    return section(
        "figures", "Figures", "All figures", tabled(caption, heads, rows),
        note(f"Always guessing the largest class is right in {found.majority:.1%} of rows."),
    )  # fmt: skip


# Calibration ---------------------------------------------------------------------------------------------------------


def _curves(found: Comparison) -> Section | None:
    """Return calibration curves: what is recommended for each learner, and others, each beside nothing."""
    chosen = [(learner, found.choices[learner].arm) for learner in found.learners]
    plain = [(learner, NOTHING) for learner in found.learners]
    keys = [key for key in dict.fromkeys([*plain, *chosen, *found.pooled]) if key in found.pooled]
    keys = [key for key in keys if key[1] != "threshold"]  # which changes no chances
    figures = []
    for learner, arm in keys:
        own = curve(*found.pooled[learner, arm])
        other = None if arm == NOTHING or (learner, NOTHING) not in keys else curve(*found.pooled[learner, NOTHING])
        says = f"Calibration of {learner} with {arm}: " + "; ".join(
            f"told {number(x, 2)}, true {number(y, 2)}" for x, y in zip(own.chance, own.share, strict=True)
        )
        slope = (
            found.table["calibration_slope"].get((learner, arm), np.nan)
            if "calibration_slope" in found.table
            else np.nan
        )
        small = ["with ", value(learner), f", slope {number(slope, 2)}" if np.isfinite(slope) else ""]
        figures.append(figure(value(arm), calibration(says, own, other), small))
    if not figures:
        return None
    more = el("details", el("summary", f"{len(figures) - CURVES} more curves"), grid(figures[CURVES:]))
    return section(
        "calibration", "Calibration", "Can its chances be believed?",
        said(["Share of rows that are ", value(found.rare, 30), ", by the chance that was told. Below the diagonal, "
              "chances are too high."]),
        key("curve", "ghost", "diagonal"), grid(figures[:CURVES]),
        more if figures[CURVES:] else None,
        note(f"Each point stands for {FEWEST} rows at least, which were held out when their chance was told."),
    )  # fmt: skip


def curve(chances: np.ndarray, own: np.ndarray) -> Curve:
    """Return the calibration curve of chances (n,), in ten stretches that are joined where they hold few rows."""
    order = np.argsort(chances, kind="stable")
    p, y = chances[order], own[order].astype(np.float64)
    cuts = [0, *np.searchsorted(p, np.linspace(0.1, 0.9, 9)).tolist(), len(p)]
    bounds = [0]
    for at in cuts[1:]:
        if at - bounds[-1] >= FEWEST:
            bounds.append(at)
    if len(p) and len(bounds) == 1:
        bounds.append(len(p))
    bounds[-1] = len(p)
    parts = [slice(*pair) for pair in pairwise(bounds)]
    n = np.array([part.stop - part.start for part in parts], dtype=np.float64)
    share = np.array([y[part].mean() for part in parts])
    mean = np.array([p[part].mean() for part in parts])
    low, high = _wilson(share, n)
    return Curve(mean, share, low, high)


def _wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Wilson's 95 % intervals of shares of n rows."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - reach, middle + reach


# Groups, failures and notes ------------------------------------------------------------------------------------------


def _groups(found: Comparison) -> Section | None:
    """Return the largest gaps between groups, and the figures of each group."""
    if found.groups is None or not len(found.groups):
        return None
    names = [name for name in found.groups.columns if name not in ("learner", "method", "group", "rows")]
    heads = ["method", *[FIGURES[name].words if name in FIGURES else "named rare" for name in names]]
    gaps, every = [], []
    for learner in found.learners:
        gaps.append(Row(learner, heading=True))
        for arm in found.arms:
            here = found.groups[(found.groups["learner"] == learner) & (found.groups["method"] == arm)]
            every.append(Row(f"{learner}, {arm}", heading=True))
            for record in here.to_dict("records"):
                cells = [number(float(record[name])) for name in names]
                if record["group"] == GAP:
                    gaps.append(Row(arm, cells, picked=found.choices[learner].arm == arm))
                else:
                    every.append(Row(record["group"], [f"{record['rows']:,.0f}", *cells]))
    full = tabled("Figures within each group", ["group", "rows", *heads[1:]], every)
    return section(
        "groups", "Groups", "Groups and gaps",
        tabled("Largest gap between two groups. Small gaps are fair.", heads, gaps),
        el("details", el("summary", "Figures of each group"), full),
    )  # fmt: skip


def _notes(found: Comparison) -> Section | None:
    failed = [
        [value(arm), " failed with ", value(learner), ": ", value(text, 300)]
        for (learner, arm), text in found.failed.items()
    ]
    notes = [*found.notes]
    if "default" in found.arms:
        notes.append('"default" is the Balancer that gensynth takes where no generator is named.')
    if not failed and not notes:
        return None
    listed = el("ul", [el("li", value(text, 300)) for text in notes], class_="verdict") if notes else None
    return section("notes", "Notes", "What failed, and notes" if failed else "Notes", warned(failed), listed)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
