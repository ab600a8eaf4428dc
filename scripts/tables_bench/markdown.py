"""The README's tables, made from the results, so that no figure is copied by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import adult, speed

LEARNERS = ("logistic", "forest", "boosting", "network")
SHOWN = {
    adult.REAL: "the real rows themselves",
    adult.CTGAN: "ctgan 0.12 `CTGAN`, 100 epochs",
    adult.TVAE: "ctgan 0.12 `TVAE`, 300 epochs",
    adult.FOREST: "**`ARF()`**",
    adult.HIDING: "**`ARF(min_samples_leaf=100, links=0.2)`**",
    adult.COPULA: "**`GaussianCopula()`**",
    adult.NETWORK: "**`Autoregressive()`**",
    adult.POINTS: "**`VAE()`**",
}


def rows(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


def speed_table(found: dict[str, Any]) -> str:
    """Return what oversampling costs beside imbalanced-learn."""
    lines = []
    for row in found["rows"]:
        them, us = row["imblearn"], row["gensynth"]
        for name, what in (("warm_s", "warm"), ("cold_s", "first call")):
            lines.append([f"{speed.WHAT[row['case']]}, {what}", f"{them[name]:.2f} s", f"{us[name]:.2f} s",
                          f"{row[f'{name}_ratio']:.1f}"])  # fmt: skip
        lines.append([f"{speed.WHAT[row['case']]}, extra memory", f"{them['extra_mb']:.0f} MB",
                      f"{us['extra_mb']:.0f} MB", f"{row['extra_mb_ratio']:.1f}"])  # fmt: skip
    return rows(["", "imbalanced-learn", "gensynth", "times less"], lines)


def adult_table(found: dict[str, Any]) -> str:
    """Return how good made rows of Adult are."""
    lines = []
    for arm, name in SHOWN.items():
        row = found["rows"].get(arm) or {}
        if not row:
            continue
        seconds = "" if arm == adult.REAL else f"{row['seconds']:.1f} s"
        figures = [f"{row[key]:.3f}" if key in row else "" for key in ("auc", "shapes", "pairs", "nearer")]
        lines.append([name, seconds, *figures])
    return rows(["", "fit + sample", "AUC", "shapes", "pairs", "nearer"], lines)


def learners_table(found: dict[str, Any]) -> str:
    """Return what balancing does for learners."""
    lines = []
    for arm, row in found["rows"].items():
        gains = [f"{row['gain'][name][0]:+.4f}" if row["gain"] else "" for name in LEARNERS]
        beside = row["rank_beside_default"]
        name = f"**{arm}**" if arm == "gensynth default" else arm
        shown = "" if beside is None else f"{beside:.2f}"
        lines.append([name, shown, f"{row['rank']:.2f}", *gains, str(row["failed"] or "")])
    return rows(["", "rank beside the default", "rank of all", *LEARNERS, "failed"], lines)


Tables = Mapping[str, Callable[[dict[str, Any]], str]]
TABLES: Tables = {"speed": speed_table, "adult": adult_table, "learners": learners_table}


def marks(part: str, tool: str) -> tuple[str, str]:
    """Return what stands before and after a part's table."""
    return f"<!-- {tool} {part}: made by scripts/{tool}.py --readme -->", f"<!-- end of {tool} -->"


def block(part: str, result: dict[str, Any], tables: Tables = TABLES, tool: str = "bench_tables") -> str:
    """Return one part's table between its marks."""
    table, (before, after) = tables[part](result["parts"][part]["summary"]), marks(part, tool)
    return f"{before}\n\n{table}\n\n{after}"


def put(readme: Path, result: dict[str, Any], tables: Tables = TABLES, tool: str = "bench_tables") -> None:
    """Put the tables of a result into the README, between their marks."""
    text = readme.read_text(encoding="utf-8")
    for part in tables:
        before, after = marks(part, tool)
        start = text.index(before)
        end = text.index(after, start) + len(after)
        text = text[:start] + block(part, result, tables, tool) + text[end:]
    readme.write_text(text, encoding="utf-8")
