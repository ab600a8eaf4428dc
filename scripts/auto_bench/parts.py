"""What is run, and what is made of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from images_bench.parts import Plan
from tables_bench import arms, data, learners, scoring
from tables_bench.process import ROOT, Run, child, finished
from tables_bench.report import show_table, show_verdicts, verdict
from tables_bench.summary import cells, complete, differences, mean_ranks

MODULE, AUTO = "auto_bench.jobs", "gensynth Auto"
BUDGET, HARM = 20.0, -0.005
FIXED = ROOT / "scripts/results/bench_tables_learners.jsonl"
CHANCE = 0.025  # of intervals that lie below 0 as a whole where nothing is lost


def work(seeds: int, data_dir: str, quick: bool, threads: int = 1) -> dict[str, Plan]:
    """Return the plan of the one part, what sums it up, and what does one of its runs."""
    tables = ("glass", "pima_diabetes") if quick else tuple(data.TARGETS)
    plan = [{"case": table, "arm": learner, "run": run} for run in range(1 if quick else seeds)
            for table in tables for learner in scoring.LEARNERS]  # fmt: skip

    def chosen(run: Run) -> Run:
        return child("auto", MODULE, threads, table=run["case"], learner=run["arm"], run=run["run"],
                     budget=2.0 if quick else BUDGET, data_dir=data_dir)  # fmt: skip

    return {"auto": (plan, lambda runs: summary(runs, data_dir), chosen)}


def summary(runs: list[Run], data_dir: str) -> dict[str, Any]:
    """Return ranks beside the fixed methods on the folds that Auto has done, gains over nothing, and the verdicts."""
    done = [run for run in runs if finished(run)]
    mine = [{"table": run["case"], "repeat": run["run"] // scoring.FOLDS, "fold": run["run"] % scoring.FOLDS,
             "arm": AUTO, "learner": run["arm"], "ap": run["ap"]} for run in done]  # fmt: skip
    kinds = {name: data.load(name, str(Path(data_dir) / "tabular")).kind for name in {run["case"] for run in done}}
    fixed = [record for record in learners.read(FIXED) if record["table"] in kinds]
    whole = complete([*learners.filled(fixed, kinds), *mine], [*arms.ARMS, AUTO], scoring.LEARNERS)
    if not whole:
        return {"rows": {}, "verdicts": []}
    scored = cells(whole)
    ranks, gaps = mean_ranks(scored), differences(scored)
    rows: dict[str, dict[str, float]] = {}
    for arm in sorted(ranks, key=ranks.__getitem__):
        gains = {name: round(own[arm][0], 4) for name, own in gaps.items() if arm in own}
        rows[arm] = {"rank": round(ranks[arm], 3), **gains}
    place = [*rows].index(AUTO) + 1
    worse, asked = harmed(whole)
    least = min(rows[AUTO][name] for name in scoring.LEARNERS)
    return {
        "tables": len(kinds), "folds": len(whole) // len(rows) // len(scoring.LEARNERS), "rows": rows,
        "chosen": dict(Counter(run["chosen"] for run in done)), "worse": [worse, asked],
        "same": max(abs(run["none"] - base) for run, base in beside(done, fixed)),
        "verdicts": [
            verdict("place by mean rank", place, "<=", 2),
            verdict("least gain of a learner over nothing", least, ">=", HARM),
            verdict("tables where it is worse for certain", worse, "<=", max(1, int(np.ceil(CHANCE * asked)))),
        ],
    }  # fmt: skip


def beside(done: list[Run], fixed: list[dict[str, Any]]) -> list[tuple[Run, float]]:
    """Return runs with what doing nothing gave on the same fold when the fixed methods were measured."""
    held = {(r["table"], 3 * r["repeat"] + r["fold"], r["learner"]): r["ap"] for r in fixed if r["arm"] == "none"}
    return [(run, held[run["case"], run["run"], run["arm"]]) for run in done]


def harmed(whole: list[dict[str, Any]]) -> tuple[int, int]:
    """Return on how many pairs of a table and a learner Auto is worse than nothing for certain, and of how many."""
    from gensynth.evidence.compare.intervals import Interval

    values: dict[tuple[str, str], dict[tuple[int, int], dict[str, float]]] = {}
    for r in whole:
        own = values.setdefault((r["table"], r["learner"]), {}).setdefault((r["repeat"], r["fold"]), {})
        own[r["arm"]] = r["ap"]
    gaps = [np.array([fold[AUTO] - fold["none"] for fold in folds.values()]) for folds in values.values()]
    return sum(Interval.of(gap, 1 / (scoring.FOLDS - 1)).below for gap in gaps if len(gap) > 1), len(gaps)


def show(found: dict[str, Any]) -> None:
    """Print what was found, a line an arm, and which targets are reached."""
    names = [*dict.fromkeys(name for row in found["rows"].values() for name in row)]
    show_table(["", *names], [[arm, *(row.get(name) for name in names)] for arm, row in found["rows"].items()])
    if found["rows"]:
        print(f"{found['tables']} tables, {found['folds']} folds; chosen: {found['chosen']}; "
              f"nothing differs from before by at most {found['same']:.2g}")  # fmt: skip
    show_verdicts(found["verdicts"])
