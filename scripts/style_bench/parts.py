"""What is run, and what is made of it."""

from __future__ import annotations

from statistics import mean, median
from typing import Any

from images_bench.parts import Plan, gain
from tables_bench.process import Run, child, finished
from tables_bench.report import Verdict, show_table, show_verdicts, verdict

from .data import CASES
from .helps import ARMS, DEAR, JITTER, STYLES
from .published import STARTS

MODULE = "style_bench.jobs"
SPEED = [("moments", 64), ("moments", 224), ("fourier", 64), ("fourier", 224), ("adain", 64)]
SIDES, BATCH, STEPS = (64, 128), 8, 100  # of gatys; steps of the published loop
TARGETS = [("moments, 64 px", "images_a_second", ">=", 10_000), ("moments, 224 px", "cpu_ms", "<=", 1.2),
           ("fourier, 224 px", "cpu_ms", "<=", 5.0), ("adain, 64 px", "fit_s", "<=", 300.0),
           ("adain, 64 px", "cpu_ms", "<=", 10.0)]  # fmt: skip
NOISE = next(iter(STARTS))  # as published
SPEEDS = ("fit_s", "fit_cpu_s", "images_a_second", "cpu_ms", "one_thread_cpu_ms", "alone_cpu_ms")


def work(seeds: int, data: str, quick: bool, threads: int = 2) -> dict[str, Plan]:
    """Return the plan of each part, what sums it up, and what does one of its runs."""
    few = range(1 if quick else 3)
    short = {"adain": {"steps": 10}, "gatys": {"steps": 3}} if quick else {}
    speed = [{"case": f"{size} px", "arm": method, "run": 0} for method, size in SPEED]  # rounds are within a run
    gatys = [{"case": f"{side} px", "arm": "gatys", "run": run} for run in few for side in SIDES]
    helped = [{"case": case, "arm": arm, "run": seed} for seed in range(seeds) for case in CASES for arm in ARMS
              if (case, arm) not in DEAR]  # fmt: skip

    def params(run: Run) -> dict[str, Any]:
        return short.get(run["arm"].partition(",")[0], {})

    def given(run: Run) -> dict[str, Any]:
        return {"data_dir": data, "params": params(run)}

    def timed(run: Run) -> Run:
        size, slow = int(run["case"].split()[0]), run["arm"] == "adain"
        fitted, made = (64, 64) if size == 224 else (2000, 200 if slow else 5000)
        if quick:
            fitted, made = min(fitted, 100), min(made, 200)
        return child("speed", MODULE, threads, method=run["arm"], size=size, fitted=fitted, made=made,
                     rounds=2 if quick else 9, **given(run)) | {"threads": threads}  # fmt: skip

    def painted(run: Run) -> Run:
        return child("gatys", MODULE, threads, side=int(run["case"].split()[0]), images=2 if quick else BATCH,
                     steps=3 if quick else STEPS, seed=run["run"], **given(run)) | {"threads": threads}  # fmt: skip

    def judged(run: Run) -> Run:
        less = {"steps": 20} if quick else {}
        return child("help", MODULE, threads, case=run["case"], arm=run["arm"], seed=run["run"], **given(run),
                     **less) | {"threads": threads}  # fmt: skip

    return {
        "speed": (speed, speed_summary, timed),
        "gatys": (gatys, gatys_summary, painted),
        "help": (helped, help_summary, judged),
    }


def speed_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what learning styles and giving them takes."""
    rows = {f"{run['arm']}, {run['case']}": {name: run[name] for name in SPEEDS} for run in runs if finished(run)}
    return {"rows": rows, "verdicts": [verdict(f"{case}: {name}", rows.get(case, {}).get(name), sign, to)
                                       for case, name, sign, to in TARGETS]}  # fmt: skip


def gatys_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the middle of what painting takes and reaches, and ratios to the published loop."""
    rows: dict[str, Any] = {}
    verdicts: list[Verdict] = []
    for case in (f"{side} px" for side in SIDES):
        mine = [run["arms"] for run in runs if finished(run) and run["case"] == case]
        for arm in mine[0] if mine else ():
            rows.setdefault(case, {})[arm] = {name: middle(one[arm][name] for one in mine) for name in mine[0][arm]}
        for arm in STARTS:
            ratios = {name: middle(one["ours"][name] / one[arm][name] for one in mine)
                      for name in ("seconds", "cpu_s", "loss", "loss_of_bytes")} if mine else {}  # fmt: skip
            if ratios:
                rows[case][f"ours over {arm}"] = ratios
            if arm == NOISE:
                verdicts += [verdict(f"{case}: {name} over {arm}", ratios.get(name), "<=", to)
                             for name, to in (("loss", 1.0), ("seconds", 0.5))]  # fmt: skip
    return {"rows": rows, "verdicts": verdicts}


def middle(values: Any) -> float | None:
    """Return the median, None where one is lacking."""
    values = [*values]
    return None if None in values or not values else median(values)


def help_summary(runs: list[Run]) -> dict[str, Any]:
    """Return accuracies, and gains over nothing and over colour jitter with half the widths of intervals (95 %)."""
    rows: dict[str, Any] = {}
    for case in CASES:
        for arm in ARMS:
            mine = [run for run in runs if finished(run) and run["case"] == case and run["arm"] == arm]
            if not mine:
                continue
            row = {name: mean(run[name] for run in mine) for name in ("plain", "shifted", "seconds")}
            row |= {"seeds": len(mine)} | {
                f"{what} over {other}": gain(runs, arm, other, case, what)
                for other in ("nothing", JITTER) if other != arm and arm != "nothing" for what in ("plain", "shifted")
            }  # fmt: skip
            rows.setdefault(case, {})[arm] = row
    return {"rows": rows, "verdicts": help_verdicts(rows)}


def help_verdicts(rows: dict[str, Any]) -> list[Verdict]:
    """Return which targets are reached by the mean over the seeds; the intervals stand in the rows."""
    asked = [("plain over nothing", 0.0), ("shifted over nothing", 0.05), (f"shifted over {JITTER}", 0.0)]
    made = []
    for case in CASES:
        for arm in (arm for arm in STYLES if (case, arm) not in DEAR):
            row = rows.get(case, {}).get(arm, {})
            made += [verdict(f"{case}: {arm}, {what}", row[what][0] if row.get(what) else None, ">=", least)
                     for what, least in asked]  # fmt: skip
    return made


def show(found: dict[str, Any]) -> None:
    """Print what was found, a line an arm, and which targets are reached."""
    nested = [row for row in found["rows"].values() if any(isinstance(value, dict) for value in row.values())]
    for case, rows in found["rows"].items() if nested else [("", found["rows"])]:
        names = [*dict.fromkeys(name for row in rows.values() for name in row)]
        show_table([case, *names], [[arm, *(_first(row.get(name)) for name in names)] for arm, row in rows.items()])
    show_verdicts(found["verdicts"])


def _first(value: Any) -> Any:
    """Return the mean of one with the width of its interval."""
    return value[0] if isinstance(value, tuple | list) else value
