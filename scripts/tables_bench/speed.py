"""Part A: gensynth's SMOTE and SMOTENC against imbalanced-learn's, each in a process of its own."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from .process import Run, child, finished
from .report import Verdict, show_table, show_verdicts, verdict

MIXED, NUMERIC, ASIDE = "mixed", "numeric", "numeric, search aside"
WHAT = {
    MIXED: "Adult's training rows, 7,841 of the minority brought to 24,720",
    NUMERIC: "numbers alone, a minority of a tenth brought to parity",
    ASIDE: "the same, the neighbours known beforehand",
}
ARMS = {
    MIXED: ("imblearn SMOTENC", "gensynth SMOTENC"),
    NUMERIC: ("imblearn SMOTE", "gensynth SMOTE"),
    ASIDE: ("imblearn SMOTE", "gensynth SMOTE"),
}
FIGURES = ("cold_s", "warm_s", "extra_mb")


def plan(runs: int) -> list[Run]:
    """Return what is to be run; the arms take turns."""
    return [{"case": case, "arm": arm, "run": run} for run in range(runs) for case in ARMS for arm in ARMS[case]]


def work(run: Run, folder: Path, quick: bool) -> Run:
    """Do one run."""
    rows, width = (20_000, 20) if quick else (100_000, 50)
    calls = 3 if run["case"] == MIXED else 4
    return child("speed", case=run["case"], arm=run["arm"], data_dir=str(folder), rows=rows, width=width, calls=calls)


def medians(runs: list[Run], case: str, arm: str) -> dict[str, float]:
    """Return the middle of an arm's runs; nothing where it has none."""
    mine = [run for run in runs if (run["case"], run["arm"]) == (case, arm) and finished(run)]
    return {name: median(run[name] for run in mine) for name in FIGURES} if mine else {}


def summary(runs: list[Run]) -> dict[str, Any]:
    """Return the medians with their ratios, imbalanced-learn's over gensynth's: above 1 is better than they."""
    rows = []
    for case, (theirs, ours) in ARMS.items():
        them, us = medians(runs, case, theirs), medians(runs, case, ours)
        both = bool(them and us)
        ratios = {f"{n}_ratio": round(them[n] / max(us[n], 1e-3), 2) for n in FIGURES} if both else {}
        rows.append({"case": case, "imblearn": them, "gensynth": us, **ratios})
    return {"rows": rows, "verdicts": verdicts(rows)}


def verdicts(rows: list[dict[str, Any]]) -> list[Verdict]:
    """Return which targets are reached."""
    at = {row["case"]: row for row in rows}
    return [
        verdict("mixed SMOTE, warm: times faster", at[MIXED].get("warm_s_ratio"), ">=", 8),
        verdict("mixed SMOTE, first call: times faster", at[MIXED].get("cold_s_ratio"), ">=", 4),
        verdict("mixed SMOTE: times less extra memory", at[MIXED].get("extra_mb_ratio"), ">=", 4),
        verdict("numeric SMOTE, warm: times faster", at[NUMERIC].get("warm_s_ratio"), ">=", 1),
        verdict("numeric SMOTE, search aside, warm: times faster", at[ASIDE].get("warm_s_ratio"), ">=", 2),
    ]


def show(found: dict[str, Any]) -> None:
    """Print figures, ratios and verdicts."""
    print("\nOversampling, medians; ratios are imbalanced-learn's figure over gensynth's")
    for row in found["rows"]:
        print(f" {row['case']}: {WHAT[row['case']]}")
        lines = [
            [name, row["imblearn"].get(name), row["gensynth"].get(name), row.get(f"{name}_ratio")] for name in FIGURES
        ]
        show_table(["", "imblearn", "gensynth", "ratio"], lines)
    show_verdicts(found["verdicts"])
