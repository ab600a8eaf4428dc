"""What is run, and what is made of it."""

from __future__ import annotations

from statistics import median
from typing import Any

from compare_bench.parts import show
from images_bench.parts import Plan
from tables_bench.process import Run, child, finished
from tables_bench.report import verdict

from .data import RARE

__all__ = ["show", "work"]

MODULE = "scale_bench.jobs"
WHOLE, SMALL, LACKING = 20_000_000, 2_000_000, 500_000
GENERATOR = "ARF"
MOST_MB, LEAST_SPEED, LEAST_GAIN, LEAST_ROWS = 1000.0, 0.6, 1.6, 200_000.0
BESIDE = "beside a copy"


def work(seeds: int, data: str, quick: bool, threads: int = 2) -> dict[str, Plan]:
    """Return the plan of each part, what sums it up, and what does one of its runs."""
    part = 20 if quick else 1
    whole, small, lacking = WHOLE // part, SMALL // part, LACKING // part
    runs = range(seeds)
    sizes = [{"case": f"{rows} rows", "arm": arm, "run": run} for run in runs for rows in (small, whole)
             for arm in (GENERATOR, BESIDE)]  # fmt: skip
    beside = [{"case": f"{rows} rows", "arm": GENERATOR, "run": run} for run in runs for rows in (small, whole)]
    spread = [{"case": f"{whole} rows", "arm": f"{n} workers", "run": run} for run in runs for n in (1, 2)]
    made = [
        {"case": f"{rows} rows", "arm": GENERATOR, "run": run} for run in runs for rows in (whole // 20, whole // 2)
    ]

    def balanced(run: Run) -> Run:
        if run["arm"] == BESIDE:
            return child("streaming", MODULE, threads, rows=rows_of(run), rounds=1 if quick else 3)
        return child("balance", MODULE, threads, rows=rows_of(run), generator=run["arm"])

    def appended(run: Run) -> Run:
        rare = int(whole * RARE)  # of both: the majority alone is larger
        return child("append", MODULE, threads, rows=rows_of(run), rare=rare, generator=run["arm"], lacking=lacking)

    def sampled(run: Run) -> Run:
        return child("dask", MODULE, 1, workers=int(run["arm"].split()[0]), rows=rows_of(run))

    def written(run: Run) -> Run:
        return child("sample", MODULE, threads, rows=rows_of(run), data_dir=data)

    return {
        "balance": (sizes, balance_summary, balanced),
        "append": (beside, append_summary, appended),
        "dask": (spread, dask_summary, sampled),
        "sample": (made, sample_summary, written),
    }


def rows_of(run: Run) -> int:
    """Return the number of rows of a run's case."""
    return int(run["case"].split()[0])


def middles(runs: list[Run], names: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return the middle of figures for each case and arm."""
    done = [run for run in runs if finished(run)]
    held = {(run["case"], run["arm"]) for run in done}
    return {
        f"{case}, {arm}": {name: median(run[name] for run in done if (run["case"], run["arm"]) == (case, arm))
                           for name in names if all(name in run for run in done if run["arm"] == arm)}
        for case, arm in sorted(held, key=lambda pair: (rows_of({"case": pair[0]}), pair[1]))
    }  # fmt: skip


def last(rows: dict[str, dict[str, float]], arm: str, name: str) -> float | None:
    """Return a figure of the largest case of an arm, None where it is lacking."""
    found = [row[name] for case, row in rows.items() if case.endswith(f", {arm}") and name in row]
    return found[-1] if found else None


def balance_summary(runs: list[Run]) -> dict[str, Any]:
    """Return memory and times of balancing, and how fast streaming is beside a plain copy."""
    rows = middles(runs, ("peak_mb", "made", "bytes", "all_s", "counting_s", "learning_s", "writing_s", "plain", "copy",
                          "count"))  # fmt: skip
    for row in rows.values():
        if "plain" in row:
            row |= {"speed of copying": row["plain"] / row["copy"], "speed of counting": row["plain"] / row["count"]}
    peaks = [row["peak_mb"] for row in rows.values() if "peak_mb" in row]
    return {"rows": rows, "verdicts": [
        verdict("peak of memory, MB", max(peaks, default=None), "<=", MOST_MB),
        verdict("speed of copying over a plain copy", last(rows, BESIDE, "speed of copying"), ">=", LEAST_SPEED),
    ]}  # fmt: skip


def append_summary(runs: list[Run]) -> dict[str, Any]:
    """Return what it takes to put as many rows beside a small and a large table."""
    rows = middles(runs, ("peak_mb", "all_s", "counting_s", "learning_s", "writing_s"))
    after = [row["all_s"] - row["counting_s"] for row in rows.values()]
    ratio = after[-1] / after[0] if len(after) == 2 else None
    return {"rows": rows, "verdicts": [verdict("time after counting, large over small table", ratio, "<=", 1.25)]}


def dask_summary(runs: list[Run]) -> dict[str, Any]:
    """Return how much two workers gain on one."""
    rows = middles(runs, ("seconds", "rows_a_second"))
    one, two = (last(rows, f"{n} workers", "seconds") for n in (1, 2))
    gain = one / two if one and two else None
    return {"rows": rows, "verdicts": [verdict("two workers over one", gain, ">=", LEAST_GAIN)]}


def sample_summary(runs: list[Run]) -> dict[str, Any]:
    """Return memory and speed of sampling to a file."""
    rows = middles(runs, ("peak_mb", "seconds", "rows_a_second"))
    peaks = [row["peak_mb"] for row in rows.values()]
    return {"rows": rows, "verdicts": [
        verdict("rows a second", last(rows, GENERATOR, "rows_a_second"), ">=", LEAST_ROWS),
        verdict("memory of ten times the rows, over", peaks[-1] / peaks[0] if len(peaks) == 2 else None, "<=", 1.1),
    ]}  # fmt: skip
