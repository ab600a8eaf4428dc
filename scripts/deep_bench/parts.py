"""The parts of `bench_deep`: what is run, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from tables_bench.process import Run, child, finished
from tables_bench.report import Verdict, show_table, show_verdicts, verdict

MODULE = "deep_bench.jobs"
OURS = ("Autoregressive", "VAE", "WGAN")
TVAE, CTGAN = "ctgan TVAE", "ctgan CTGAN"
MAKERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "Autoregressive": ("gensynth", "Autoregressive", {}),
    "Autoregressive, in order": ("gensynth", "Autoregressive", {"order": "columns"}),
    "VAE": ("gensynth", "VAE", {}),
    "WGAN": ("gensynth", "WGAN", {}),
    TVAE: ("ctgan", "TVAE", {"epochs": 300}),
    CTGAN: ("ctgan", "CTGAN", {"epochs": 300}),
}
FIGURES = ("fit_s", "sample_s", "rows_a_second", "auc", "shapes", "pairs", "told", "nearer", "fit_mb")
POSITIVES = (60, 400)
CALLED = ("called_real", "called_made", "own_called_real", "own_called_made")  # by a learner of all rows; of the 2,000


def adult_plan(runs: int, quick: bool) -> list[Run]:
    """Return the runs on Adult: gensynth's first, each also on half the rows for nearness; the peers once.

    With `quick`, nearness of the last alone.
    """
    mine = [arm for arm in MAKERS if not arm.startswith("ctgan")]
    found = [
        {"case": case, "arm": arm, "run": run}
        for run in range(runs)
        for arm in mine
        for case in ("whole", "half")
        if case == "whole" or not quick or arm == mine[-1]
    ]
    return found + [{"case": "whole", "arm": arm, "run": 0} for arm in (TVAE, CTGAN)]


def adult_work(run: Run, folder: Path, quick: bool, scratch: Path) -> Run:
    """Make rows in one process and score them in another."""
    maker, name, params = MAKERS[run["arm"]]
    half, ours = run["case"] == "half", maker == "gensynth"
    params = params if not quick else {**params, "steps": 60} if ours else {"epochs": 1}
    scratch.mkdir(parents=True, exist_ok=True)
    out = scratch / "bench_deep_rows.parquet"
    many = 0 if half else (1_000_000 if ours else 100_000) // (10 if quick else 1)
    given = {"maker": maker, "name": name, "params": params, "seed": run["run"], "half": half, "many": many}
    made = child("make", MODULE, **given, data_dir=str(folder), out=str(out))
    if not finished(made):
        return made
    scored = child("score", MODULE, out=str(out), half=half, data_dir=str(folder))
    out.unlink()
    return {"params": params} | made | scored


def adult_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the middle of each figure and which targets are reached."""
    rows: dict[str, dict[str, float]] = {}
    for arm in MAKERS:
        mine = [run | _rate(run) for run in runs if run["arm"] == arm and finished(run)]
        held = {name: [run[name] for run in mine if name in run and (run["case"] == "whole" or name == "nearer")]
                for name in FIGURES}  # fmt: skip
        rows[arm] = {name: median(values) for name, values in held.items() if values}
    return {"rows": rows, "verdicts": _adult_verdicts(rows)}


def _rate(run: Run) -> Run:
    return {"rows_a_second": run["many"] / run["many_s"]} if run.get("many_s") else {}


def _adult_verdicts(rows: dict[str, dict[str, float]]) -> list[Verdict]:
    tvae, ctgan = rows[TVAE], rows[CTGAN]
    wanted = {
        "VAE": {"auc": 0.92, "shapes": 0.99, "pairs": 0.96},
        "WGAN": {"auc": 0.895, "shapes": 0.93, "pairs": 0.88},
        "Autoregressive, in order": {"auc": 0.92, "shapes": 0.995, "pairs": 0.988},
    }
    found = []
    for arm, figures in wanted.items():
        row = rows[arm]
        found += [verdict(f"{arm}: {name}", row.get(name), ">=", least) for name, least in figures.items()]
        if arm != "WGAN":
            found.append(verdict(f"{arm}: nearer", row.get("nearer"), "<=", 0.53))
        slow, times = (ctgan, 5) if arm == "WGAN" else (tvae, 12)
        found.append(verdict(f"{arm}: times faster than the peer", _ratio(slow, row, "fit_s"), ">=", times))
    fixed, free = rows["Autoregressive, in order"], rows["Autoregressive"]
    found.append(verdict("Autoregressive, in order: told from real rows, AUC", fixed.get("told"), "<", 0.7))
    for name, most in (("auc", 0.005), ("pairs", 0.01)):
        gap = fixed[name] - free[name] if name in fixed and name in free else None
        found.append(verdict(f"Autoregressive, any order: {name} behind the fixed order", gap, "<=", most))
    found.append(verdict("Autoregressive, any order: times as slow", _ratio(free, fixed, "fit_s"), "<=", 2))
    for arm in OURS:
        rate = rows[arm].get("rows_a_second")
        found.append(verdict(f"{arm}: seconds for 1,000,000 rows", None if rate is None else 1e6 / rate, "<=", 20))
        found.append(
            verdict(f"{arm}: times ctgan's rows a second", _ratio(rows[arm], ctgan, "rows_a_second"), ">=", 10)
        )
    for name in ("auc", "shapes", "pairs"):
        lead = rows["WGAN"][name] - ctgan[name] if name in rows["WGAN"] and name in ctgan else None
        found.append(verdict(f"WGAN: {name} ahead of CTGAN", lead, ">", 0))
    return found


def _ratio(above: dict[str, float], below: dict[str, float], name: str) -> float | None:
    return above[name] / below[name] if name in above and name in below else None


def small_plan(runs: int) -> list[Run]:
    """Return the runs of the loop and of memory."""
    found: list[Run] = [{"case": "loop", "arm": "train", "run": run} for run in range(runs)]
    return found + [{"case": "memory", "arm": arm, "run": 0} for arm in OURS]


def small_work(run: Run, folder: Path, quick: bool) -> Run:
    """Do one of them."""
    if run["case"] == "loop":
        steps, pairs = (30, 2) if quick else (200, 5)
        return child("loop", MODULE, steps=steps, pairs=pairs, data_dir=str(folder))
    return child("memory", MODULE, name=run["arm"], rows=50_000 if quick else 1_000_000, steps=200)


def small_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the figures of the loop and of memory."""
    ratios = [run["ratio"] for run in runs if run["case"] == "loop" and finished(run)]
    peaks = {run["arm"]: run["peak_mb"] for run in runs if run["case"] == "memory" and finished(run)}
    found = [verdict("train: times a bare loop", median(ratios) if ratios else None, "<=", 1.10)]
    found += [verdict(f"{arm}: MB for 1,000,000 x 20", peaks.get(arm), "<=", 4096) for arm in OURS]
    return {"ratio": median(ratios) if ratios else None, "peak_mb": peaks, "verdicts": found}


def rare_plan(seeds: int, quick: bool) -> list[Run]:
    """Return the runs of the rare class; with `quick`, of the rarer alone."""
    counts = POSITIVES[:1] if quick else POSITIVES
    return [{"case": str(n), "arm": arm, "run": seed} for seed in range(seeds) for n in counts for arm in OURS]


def rare_work(run: Run, folder: Path, quick: bool) -> Run:
    """Do one."""
    params = {"steps": 60} if quick else {}
    given = {"name": run["arm"], "params": params, "positives": int(run["case"]), "seed": run["run"]}
    return child("rare", MODULE, **given, data_dir=str(folder))


def rare_summary(runs: list[Run]) -> dict[str, Any]:
    """Return the mean gains over doing nothing with their standard errors."""
    rows: dict[str, dict[str, Any]] = {}
    for arm in OURS:
        for n in POSITIVES:
            mine = [run for run in runs if (run["arm"], run["case"]) == (arm, str(n)) and finished(run)]
            if len(mine) > 1:
                gains = {key: [run[f"gain_{key}"] for run in mine] for key in ("auc", "ap")}
                rows[f"{arm}, {n}"] = {key: (mean(each), stdev(each) / len(each) ** 0.5) for key, each in gains.items()}
                rows[f"{arm}, {n}"] |= {key: mean(run[key] for run in mine) for key in CALLED}
    found = []
    for name, row in rows.items():
        gain, error = row["ap"]
        least = 0.0 if name.startswith("Autoregressive") else -2 * error
        found.append(verdict(f"{name}: gain in average precision", gain, ">=", least))
        lag = row["own_called_real"] - row["own_called_made"]
        found.append(verdict(f"{name}: called the class less often than real rows", lag, "<=", 0.05))
    return {"rows": rows, "verdicts": found}


def show(found: dict[str, Any]) -> None:
    """Print the figures of a part, and its verdicts."""
    rows = found.get("rows") or {}
    if rows:
        names = [*dict.fromkeys(name for row in rows.values() for name in row)]
        lines = [[arm, *(_shown(row.get(name)) for name in names)] for arm, row in rows.items() if row]
        show_table(["", *names], lines)
    show_verdicts(found["verdicts"])


def _shown(value: Any) -> Any:
    return f"{value[0]:+.4f} ± {value[1]:.4f}" if isinstance(value, tuple | list) else value
