"""What stands first: the verdict of a comparison, or what was made; then what was asked, and the recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..compare.figures import FIGURES
from .drawing import number
from .element import Element, cut, el, value
from .parts import Section, facts, section

if TYPE_CHECKING:
    from ..compare.result import Comparison
    from .made import Made

LARGE = {"none": "Leave the data alone", "threshold": "Move the threshold", "class-weight": "Class weights"}
MOST = 12


def head(comparison: Comparison | None, made: Made | None) -> list[Element]:
    """Return the verdict, large, and the facts below it."""
    if comparison is not None:
        return _of_comparison(comparison)
    if made is not None:
        return _of_made(made)
    return [el("p", "gensynth report", class_="eyebrow"), el("h1", "A job")]


def title(comparison: Comparison | None, made: Made | None) -> str:
    """Return the title of the window."""
    if comparison is not None:
        return cut(f"{LARGE.get(comparison.recommended, comparison.recommended)} – gensynth", 100)
    return cut(f"{made.count:,} rows made – gensynth" if made is not None else "gensynth", 100)


def _of_comparison(found: Comparison) -> list[Element]:
    lead, *rest = found.verdict.splitlines() or [""]
    folds = found.folds["fold"].nunique()
    pairs: list[tuple[str, Any]] = [
        ("Rows", f"{sum(found.counts.values()):,}"),
        ("Rare class", [value(found.rare, 30), f" ({found.counts.get(found.rare, 0):,} rows)"]),
        ("Methods", f"{len(found.arms)}"),
        ("Learners", [value(", ".join(found.learners), 40)]),
        ("Folds", f"{folds:,}"),
        ("Time", _time(found.seconds)),
    ]
    return [
        el("p", "Recommended", class_="eyebrow"),
        el("h1", value(LARGE.get(found.recommended, found.recommended), 80)),
        el("p", lead, class_="lead"),
        el("ul", [el("li", text) for text in rest], class_="verdict"),
        facts(pairs),
    ]


def _of_made(made: Made) -> list[Element]:
    some = [f"{count:,} rows of " for count in made.per_class.values()]
    named = [[text, value(label, 30)] for text, label in zip(some, made.per_class, strict=True)][:MOST]
    listed = [part for at, each in enumerate(named) for part in ([", "] if at else []) + each]
    more = f" and {len(some) - MOST:,} more classes" if len(some) > MOST else ""
    short = int(made.recipe.get("result", {}).get("short", 0) or 0)
    pairs: list[tuple[str, Any]] = [
        ("Real rows", f"{made.real:,}"), ("Made rows", f"{made.count:,}"),
        ("Generator", value(made.generator, 40)), ("Refused by gates", f"{sum(made.refused.values()):,}"),
        ("Time", _time(float(made.recipe.get("result", {}).get("seconds", 0.0)))),
    ]  # fmt: skip
    lead = ["Made: ", listed, more, "."] if some else ["No class lacked any rows."]
    return [
        el("p", "Balanced with ", value(made.generator, 40), class_="eyebrow"),
        el("h1", f"{made.count:,} rows were made"),
        el("p", lead, f" {short:,} rows are lacking, as gates refused too many." if short else None, class_="lead"),
        el("p", "Whether they help a learner, only a comparison on rows held out can tell.", class_="note"),
        facts(pairs),
    ]


def asked(comparison: Comparison | None, made: Made | None, job: Any) -> Section | None:
    """Return what was asked; None where nothing tells."""
    pairs: list[tuple[str, Any]] = []
    if comparison is not None:
        pairs += [
            ("Methods", value(", ".join(map(cut, comparison.arms)), 400)),
            ("Learners", value(", ".join(map(cut, comparison.learners)), 400)),
            ("Figure that decides", FIGURES[comparison.decides].words),
            ("Seed", f"{comparison.seed}"),
        ]
    if job is None and made is not None:
        job = made.recipe.get("job")
    for name, given in _plain(job).items():
        if given not in (None, [], {}, ()):
            pairs.append((name.replace("_", " ").capitalize(), value(_told(given), 300)))
    if not pairs:
        return None
    return section("asked", "What was asked", "What was asked", facts(pairs, "asked"))


def recipe(made: Made | None, job: Any, comparison: Comparison | None) -> Section | None:
    """Return what it takes to make the same again, as text; None where there is nothing."""
    whole: dict[str, Any] = {}
    if job is not None:
        whole["job"] = _plain(job)
    if made is not None:
        whole = {**made.recipe, **whole}
    elif comparison is not None:
        whole["compared"] = {"methods": [*comparison.arms], "learners": [*comparison.learners], "seed": comparison.seed}
    if not whole:
        return None
    text = json.dumps(whole, indent=2, ensure_ascii=False, default=str)
    return section("recipe", "Recipe", "The recipe", el("pre", cut(text, 20_000), tabindex="0"))


def _plain(job: Any) -> dict[str, Any]:
    """Return a job as names and values."""
    if hasattr(job, "model_dump"):
        job = job.model_dump(exclude_none=True)
    return {str(name): given for name, given in job.items()} if isinstance(job, Mapping) else {}


def _told(given: Any) -> str:
    """Return a value of a job in words: a generator by its name and what was set."""
    if isinstance(given, Mapping) and "name" in given:
        params = dict(given.get("params") or {}).items()
        inner = ", ".join(f"{name} = {_told(one)}" for name, one in params if one is not None)
        return f"{given['name']}{f' ({inner})' if inner else ''}"
    if isinstance(given, Mapping):
        return ", ".join(f"{name}: {_told(one)}" for name, one in given.items())
    if isinstance(given, list | tuple):
        return ", ".join(_told(one) for one in given)
    return str(given)


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{number(seconds, 1)} s" if seconds < 10 else f"{rest} s"
