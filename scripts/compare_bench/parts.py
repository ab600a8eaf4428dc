"""What is run, and what is made of it."""

from __future__ import annotations

from statistics import mean
from typing import Any

from images_bench.parts import Plan
from tables_bench.process import Run, child, finished
from tables_bench.report import show_table, show_verdicts, verdict

from .data import PLANTED, REAL

MODULE = "compare_bench.jobs"
MOST_SECONDS, MOST_NOISE, LEAST_PLANTED = 180.0, 1, 16
REPORT = 50_000


def work(seeds: int, data: str, quick: bool, threads: int = 2) -> dict[str, Plan]:
    """Return the plan of each part, what sums it up, and what does one of its runs."""
    cases = [PLANTED] if quick else [PLANTED, *REAL]
    speed = [{"case": case, "arm": "compare", "run": 0} for case in cases]
    tables = [{"case": f"table {seed}", "arm": "compare", "run": seed} for seed in range(seeds)]

    def timed(run: Run) -> Run:
        return child("speed", MODULE, threads, case=run["case"], n_jobs=threads, data_dir=data)

    def noisy(run: Run) -> Run:
        return child("noise", MODULE, threads, seed=run["run"], n_jobs=threads)

    def helped(run: Run) -> Run:
        return child("planted", MODULE, threads, seed=run["run"], n_jobs=threads)

    def written(run: Run) -> Run:
        return child("report", MODULE, threads, rows=int(run["case"]))

    return {
        "speed": (speed, speed_summary, timed),
        "noise": (tables, noise_summary, noisy),
        "planted": (tables, planted_summary, helped),
        "report": ([{"case": str(REPORT), "arm": "report", "run": 0}], report_summary, written),
    }


def speed_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what comparing takes."""
    rows = {run["case"]: {"seconds": run["seconds"], "recommended": run["recommended"]}
            for run in runs if finished(run)}  # fmt: skip
    slowest = max((row["seconds"] for row in rows.values()), default=None)
    return {"rows": rows, "verdicts": [verdict("seconds of the slowest", slowest, "<=", MOST_SECONDS)]}


def tally(runs: list[Run]) -> dict[str, Any]:
    """Return how often what was recommended."""
    done = [run for run in runs if finished(run)]
    arms = sorted({run["recommended"] for run in done})
    return {"tables": len(done), "generators": sum(run["generates"] for run in done),
            **{arm: sum(run["recommended"] == arm for run in done) for arm in arms}}  # fmt: skip


def noise_summary(runs: list[Run]) -> dict[str, Any]:
    """Return how often a generator was recommended that cannot help."""
    row = tally(runs)
    asked = verdict("generators recommended", row["generators"] if row["tables"] >= 20 else None, "<=", MOST_NOISE)
    return {"rows": {"noise": row}, "verdicts": [asked]}


def planted_summary(runs: list[Run]) -> dict[str, Any]:
    """Return how often a generator was recommended that does help, and what it gives on fresh rows."""
    row, done = tally(runs), [run for run in runs if finished(run)]
    for arm in ("none", "GaussianCopula"):
        row[f"fresh rows, {arm}"] = mean(run["fresh"][arm] for run in done) if done else None
    asked = verdict("generators recommended", row["generators"] if row["tables"] >= 20 else None, ">=", LEAST_PLANTED)
    return {"rows": {"planted": row}, "verdicts": [asked]}


def report_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what a report takes."""
    rows = {
        run["case"]: {name: run[name] for name in ("seconds", "looking_s", "bytes")} for run in runs if finished(run)
    }
    row = rows.get(str(REPORT), {})
    asked = [
        verdict("report: seconds", row.get("seconds"), "<=", 5.0),
        verdict("report: bytes", row.get("bytes"), "<=", 3e6),
    ]
    return {"rows": rows, "verdicts": asked}


def show(found: dict[str, Any]) -> None:
    """Print what was found, a line a table, and which targets are reached."""
    names = [*dict.fromkeys(name for row in found["rows"].values() for name in row)]
    show_table(["", *names], [[case, *(row.get(name) for name in names)] for case, row in found["rows"].items()])
    show_verdicts(found["verdicts"])
