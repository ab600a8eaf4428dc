"""The parts of `bench_transforms` that time and check: what is run, and what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

from tables_bench.process import Run, child, finished
from tables_bench.report import Verdict, show_table, show_verdicts, verdict

MODULE = "transforms_bench.jobs"
SIZES = (224, 128, 64, 32)
TIMES = {"torchvision row by row": (10, 15, 30, 60), "albumentations": (2.5, 4, 8, 20)}  # by size, on two threads
OPS = ("elastic", "noise", "colour jitter", "perspective")
Plan = tuple[list[Run], Callable[[list[Run]], dict[str, Any]], Callable[[Run], Run]]


def work(runs: int, data: str, quick: bool) -> dict[str, Plan]:
    """Return the plan of each part, what sums it up, and what does one of its runs."""
    rounds = 2 if quick else 7
    every = range(runs)
    speed = [{"case": str(size), "arm": f"{n} threads", "run": run, "threads": n}
             for run in every for n in (2, 1) for size in SIZES]  # fmt: skip
    single = [{"case": f"{op}, {size}", "arm": f"{n} threads", "run": run, "threads": n}
              for run in every for n in (2, 1) for op in OPS for size in (224, 64)]  # fmt: skip
    quality = [{"case": case, "arm": "gensynth", "run": run} for run in every for case in ("quality", "exactness")]
    text = [{"case": "default policy", "arm": "gensynth", "run": run} for run in every]

    def timed(run: Run) -> Run:
        return child("speed", MODULE, run["threads"], size=int(run["case"]), rounds=rounds, data=data)

    def one(run: Run) -> Run:
        op, _, size = run["case"].partition(", ")
        return child("single", MODULE, run["threads"], op=op, size=int(size), rounds=rounds, data=data)

    return {
        "speed": (speed, speed_summary, timed),
        "single": (single, single_summary, one),
        "quality": (quality, quality_summary, lambda run: child(run["case"], MODULE, 2, seed=run["run"], data=data)),
        "text": (text, text_summary, lambda run: child("text", MODULE, 1, data=data)),
    }


def middle(runs: list[Run]) -> dict[str, dict[str, float]]:
    """Return images a second of each arm, the middle of the runs, by what was timed."""
    found: dict[str, dict[str, list[float]]] = {}
    for run in runs:
        for name, rate in run.get("rates", {}).items():
            found.setdefault(f"{run['case']}, {run['arm']}", {}).setdefault(name, []).append(rate)
    return {case: {name: median(values) for name, values in arms.items()} for case, arms in found.items()}


def speed_summary(runs: list[Run]) -> dict[str, Any]:
    """Return images a second, and how many times faster than the best of each peer."""
    rows, verdicts = middle([run for run in runs if finished(run)]), []
    for number, size in enumerate(SIZES):
        mine = rows.get(f"{size}, 2 threads", {})
        for peer, times in TIMES.items():
            best = max((rate for name, rate in mine.items() if name.startswith(peer)), default=None)
            ratio = None if best is None else mine["gensynth"] / best
            verdicts.append(verdict(f"{size} px, two threads: times {peer}", ratio, ">=", times[number]))
    return {"rows": rows, "verdicts": verdicts}


def single_summary(runs: list[Run]) -> dict[str, Any]:
    """Return images a second of single changes, and their ratios."""
    rows = middle([run for run in runs if finished(run)])
    verdicts = [verdict(f"{case}: times albumentations", arms["gensynth"] / arms["albumentations"], ">=", 1.0)
                for case, arms in rows.items()]  # fmt: skip
    return {"rows": rows, "verdicts": verdicts}


def quality_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the means of sharpness and differences."""
    sharp = [run["psnr"] for run in runs if "psnr" in run]
    gaps = [run for run in runs if "linear" in run]
    rows = {name: sum(one[name] for one in sharp) / len(sharp) for name in (sharp[0] if sharp else {})}
    names = ("colour", "smooth", "photographs", "edges", "linear")
    found = {name: max(run[name] for run in gaps) for name in names} if gaps else {}
    verdicts: list[Verdict] = []
    for what in ("texture", "photographs") if rows else ():
        peer = max(rate for name, rate in rows.items() if name.startswith(what) and "chain" in name)
        verdicts.append(verdict(f"{what}: dB above a chain", rows[f"{what}: gensynth, fused"] - peer, ">=", 1.5))
    verdicts += [verdict(f"mean difference to the chain, {name}, in 1/255", found.get(name), "<=", 2.0)
                 for name in names[:4]]  # fmt: skip
    verdicts.append(verdict("greatest difference of linear colours", found.get("linear"), "<=", 1e-5))
    return {"rows": {"PSNR, dB": rows, "differences": found}, "verdicts": verdicts}


def text_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what 20,000 messages take."""
    names = ("fit_s", "call_s", "seconds", "changed")
    row = {name: median(run[name] for run in runs if finished(run)) for name in names}
    return {"rows": {"20,000 SMS": row}, "verdicts": [verdict("seconds", row["seconds"], "<=", 10.0)]}


def show(found: dict[str, Any]) -> None:
    """Print what was found, and which targets are reached."""
    for case, row in found["rows"].items():
        show_table([case, ""], [[name, value] for name, value in row.items()])
    show_verdicts(found["verdicts"])
