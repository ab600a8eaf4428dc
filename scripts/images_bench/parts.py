"""What is run, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean, stdev
from typing import Any

from tables_bench.process import Run, child, finished
from tables_bench.report import Verdict, show_table, show_verdicts, verdict

from .data import CASES

MODULE = "images_bench.jobs"
PLAIN = ("nothing", "class weights", "random oversampling")
DEEP = "DeepSMOTE's idea"
ARMS = (*PLAIN, "default", "VAE", "VAE, SMOTE between codes", "VAE and transforms", "WGAN", DEEP)
# five images of a class; moved: the critic sees images moved by whole pixels, by default those of classes of few
FEW = ("VAE", "WGAN", "WGAN, all moved", "WGAN, as they are")
T = {1: 12.71, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262}  # 97.5 % of Student's t, by degrees of freedom
Plan = tuple[list[Run], Callable[[list[Run]], dict[str, Any]], Callable[[Run], Run]]


def work(seeds: int, data: str, quick: bool, threads: int = 2) -> dict[str, Plan]:
    """Return the plan of each part, what sums it up, and what does one of its runs."""
    short = {"steps": 20} if quick else {}
    every = range(seeds)
    made = [{"case": "MNIST", "arm": arm, "run": run} for run in every for arm in ("real", "VAE", "WGAN")]
    tails = [{"case": case, "arm": arm, "run": run} for run in every for case in CASES for arm in ARMS]
    tiny = [{"case": "MNIST, five of a class", "arm": arm, "run": run} for run in every for arm in FEW]
    loops = [{"case": "MNIST", "arm": arm, "run": run} for run in every[:3] for arm in ("VAE", "WGAN")]

    def params(run: Run) -> dict[str, Any]:
        return short if run["arm"].startswith(("VAE", "WGAN")) else {}

    def tail(run: Run) -> Run:
        return child("longtail", MODULE, threads, case=run["case"], arm=run["arm"], seed=run["run"], data_dir=data,
                     params=params(run)) | {"threads": threads}  # fmt: skip

    def named(job: str, **more: Any) -> Callable[[Run], Run]:
        return lambda run: child(job, MODULE, threads, name=run["arm"], data_dir=data, **more,
                                 **({} if job == "loop" else {"params": params(run), "seed": run["run"]}))  # fmt: skip

    return {
        "digits": (made, digits_summary, named("digits")),
        "longtail": (tails, longtail_summary, tail),
        "few": (tiny, few_summary, named("few")),
        "loop": (loops, loop_summary, named("loop", steps=10 if quick else 60, pairs=3)),
    }


def gain(runs: list[Run], arm: str, other: str, case: str, what: str = "balanced") -> tuple[float, float] | None:
    """Return by how much an arm beats another and half the width of the interval (95 %), over the seeds of both.

    `what`: the score of a run that is compared.
    """
    scores: dict[str, dict[int, float]] = {}
    for run in runs:
        if finished(run) and run["case"] == case:
            scores.setdefault(run["arm"], {})[run["run"]] = run[what]
    mine, its = scores.get(arm, {}), scores.get(other, {})
    gains = [mine[seed] - its[seed] for seed in sorted(mine.keys() & its.keys())]
    if len(gains) < 2:
        return None
    return mean(gains), T[len(gains) - 1] * stdev(gains) / len(gains) ** 0.5


def longtail_summary(runs: list[Run]) -> dict[str, Any]:
    """Return balanced accuracies, and gains over the arms that generate nothing."""
    rows: dict[str, Any] = {}
    for case in CASES:
        for arm in ARMS:
            mine = [run for run in runs if finished(run) and run["case"] == case and run["arm"] == arm]
            if mine:
                values = [run["balanced"] for run in mine]
                found = gain(runs, arm, "nothing", case) if arm != "nothing" else None
                rows.setdefault(case, {})[arm] = {
                    "balanced": mean(values), "seconds": mean(run["seconds"] for run in mine), "seeds": len(values),
                    "gain": found,
                }  # fmt: skip
    return {"rows": rows, "verdicts": longtail_verdicts(runs)}


def longtail_verdicts(runs: list[Run]) -> list[Verdict]:
    """Return which targets are reached, by the lower ends of the intervals."""
    made: list[Verdict] = []

    def asked(arm: str, other: str, case: str, least: float) -> None:
        found = gain(runs, arm, other, case)
        low = None if found is None else found[0] - found[1]
        made.append(verdict(f"{case}: {arm} above {other}, lower end", low, ">=", least))

    for case in CASES:
        for other in PLAIN:
            asked("default", other, case, 0.02)
            asked("VAE", other, case, 0.03 if case == "MNIST" else 0.0)
        asked("VAE and transforms", "default", case, 0.0)
    asked("VAE", DEEP, "MNIST", 0.03)
    return made


def digits_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what a classifier reaches that learned made digits alone, and what making them costs."""
    rows = {}
    for arm in ("real", "VAE", "WGAN"):
        mine = [run for run in runs if finished(run) and run["arm"] == arm]
        if mine:
            rows[arm] = {name: mean(run[name] for run in mine) for name in ("accuracy", "fit_s", "images_a_second")}
    told = [("VAE", "accuracy", ">=", 0.965), ("VAE", "fit_s", "<=", 120), ("WGAN", "accuracy", ">=", 0.95),
            ("WGAN", "fit_s", "<=", 600)]  # fmt: skip
    verdicts = [verdict(f"{arm}: {name}", rows.get(arm, {}).get(name), sign, to) for arm, name, sign, to in told]
    return {"rows": rows, "verdicts": verdicts}


def few_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the share of made images that are nearer to training than held-out ones."""
    rows = {arm: {"nearer": mean(run["nearer"] for run in runs if finished(run) and run["arm"] == arm)}
            for arm in FEW if any(finished(run) and run["arm"] == arm for run in runs)}  # fmt: skip
    return {"rows": rows, "verdicts": [verdict(f"{arm}: nearer", row["nearer"], "<=", 0.6)
                                       for arm, row in rows.items()]}  # fmt: skip


def loop_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what `training.train` costs beside a bare loop."""
    rows = {arm: {"ratio": mean(run["ratio"] for run in runs if finished(run) and run["arm"] == arm)}
            for arm in ("VAE", "WGAN") if any(finished(run) and run["arm"] == arm for run in runs)}  # fmt: skip
    return {"rows": rows, "verdicts": [verdict(f"{arm}: times a bare loop", row["ratio"], "<=", 1.05)
                                       for arm, row in rows.items()]}  # fmt: skip


def show(found: dict[str, Any]) -> None:
    """Print what was found, and which targets are reached."""
    for case, row in found["rows"].items():
        show_table([case, ""], [[name, str(value)] for name, value in row.items()])
    show_verdicts(found["verdicts"])
