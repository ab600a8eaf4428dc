"""Part B: as many rows as Adult's training part made anew, timed and judged by one measure for every maker."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from .process import Run, child, finished
from .report import Verdict, show_table, show_verdicts, verdict

PRIVATE = {"min_samples_leaf": 100, "links": 0.2}
REAL, CTGAN, TVAE = "real rows", "ctgan CTGAN", "ctgan TVAE"
FOREST, HIDING, COPULA = "gensynth ARF", "gensynth ARF, private", "gensynth GaussianCopula"
NETWORK, POINTS = "gensynth Autoregressive", "gensynth VAE"
MAKERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    FOREST: ("gensynth", "ARF", {}),
    HIDING: ("gensynth", "ARF", PRIVATE),
    COPULA: ("gensynth", "GaussianCopula", {}),
    NETWORK: ("gensynth", "Autoregressive", {}),
    POINTS: ("gensynth", "VAE", {}),
    CTGAN: ("ctgan", "CTGAN", {"epochs": 100}),
    TVAE: ("ctgan", "TVAE", {"epochs": 300}),  # with --all: ten minutes
}
WHOLE, HALF = "whole", "half"  # rows to learn from; nearness is measured against an equally large unseen part
FIGURES = ("seconds", "auc", "shapes", "pairs", "nearer", "copies", "extra_mb")


def plan(runs: int, every: bool, quick: bool) -> list[Run]:
    """Return what is to be run: cheap arms first in every round, nearness of gensynth's (with --all, of every arm)."""
    found: list[Run] = [{"case": WHOLE, "arm": REAL, "run": 0}]
    for run in range(runs):
        for arm in MAKERS:
            if arm == TVAE and not every:
                continue
            ours = arm.startswith("gensynth")
            cases = [WHOLE, HALF] if ours or (every and run == 0) else [WHOLE]
            found += [{"case": case, "arm": arm, "run": run} for case in cases if ours or not quick or run == 0]
    return found


def work(run: Run, folder: Path, quick: bool, scratch: Path) -> Run:
    """Make rows in one process and score them in another."""
    half = run["case"] == HALF
    if run["arm"] == REAL:
        return child("score", out="", half=False, data_dir=str(folder))
    maker, name, params = MAKERS[run["arm"]]
    if quick and maker == "ctgan":
        params = {"epochs": 1}
    scratch.mkdir(parents=True, exist_ok=True)
    out = scratch / "bench_tables_rows.parquet"
    given = {"maker": maker, "name": name, "params": params, "seed": run["run"], "half": half}
    made = child("make_rows", **given, data_dir=str(folder), out=str(out))
    if not finished(made):
        return made
    scored = child("score", out=str(out), half=half, data_dir=str(folder))
    out.unlink()
    return {"params": params} | made | scored


def medians(runs: list[Run], arm: str) -> dict[str, float]:
    """Return the middle of what was measured of an arm; times are those of the whole training part."""
    mine = [run for run in runs if run["arm"] == arm and finished(run)]
    found = {}
    for name in FIGURES:
        values = [run[name] for run in mine if name in run and (run["case"] == WHOLE or name in ("nearer", "copies"))]
        if values:
            found[name] = median(values)
    return found


def summary(runs: list[Run]) -> dict[str, Any]:
    """Return the medians of each arm, how much faster than CTGAN it is, and the verdicts."""
    rows = {arm: medians(runs, arm) for arm in (REAL, *MAKERS)}
    slow = rows[CTGAN].get("seconds")
    for row in rows.values():
        if slow and "seconds" in row:
            row["times_faster"] = round(slow / row["seconds"], 1)
    return {"rows": rows, "verdicts": verdicts(rows)}


def verdicts(rows: dict[str, dict[str, float]]) -> list[Verdict]:
    """Return which targets are reached."""
    forest, hiding, copula = rows[FOREST], rows[HIDING], rows[COPULA]
    return [
        verdict("ARF: times faster than CTGAN of 100 epochs", forest.get("times_faster"), ">=", 60),
        verdict("ARF: AUC", forest.get("auc"), ">=", 0.922),
        verdict("ARF: shapes", forest.get("shapes"), ">=", 0.99),
        verdict("ARF: pairs", forest.get("pairs"), ">=", 0.95),
        verdict("private ARF: nearer", hiding.get("nearer"), "<=", 0.53),
        verdict("private ARF: AUC", hiding.get("auc"), ">=", 0.918),
        verdict("private ARF: shapes", hiding.get("shapes"), ">=", 0.99),
        verdict("private ARF: pairs", hiding.get("pairs"), ">", 0.93),
        verdict("GaussianCopula: seconds", copula.get("seconds"), "<", 3),
        verdict("GaussianCopula: AUC", copula.get("auc"), ">=", 0.88),
    ]


def show(found: dict[str, Any]) -> None:
    """Print figures, ratios and verdicts."""
    print("\nAdult, 32,561 rows made (fit + sample), medians; nearer and copies after learning from half as many")
    head = [*FIGURES[:1], "times faster", *FIGURES[1:]]
    rows = [
        [arm, row.get("seconds"), row.get("times_faster"), *(row.get(name) for name in FIGURES[1:])]
        for arm, row in found["rows"].items()
        if row
    ]
    show_table(["", *head], rows)
    show_verdicts(found["verdicts"])
