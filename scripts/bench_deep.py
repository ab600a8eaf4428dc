"""What gensynth's trained generators of tables cost and give, beside CTGAN and TVAE of ctgan 0.12.1.

    python scripts/bench_deep.py [--part adult|small|rare] [--quick] [--arm ARM ...] [--fresh [ARM ...]] [--runs 3]
                                 [--seeds 20] [--data DIR] [--peers DIR] [--out scripts/results/bench_deep.json]
                                 [--readme]

adult: rows made like Adult's 32,561: time, quality, nearness, 1,000,000 rows sampled. small: the loop beside a bare
one, and memory at 1,000,000 x 20. rare: 60 and 400 positives of 2,000 rows brought to parity. Results are merged into
one file as they come, and a run that was stopped goes on where it was. Every run is a process of its own with two
threads, in the environment that scripts/bench_tables.py makes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench_tables import ROOT, enter_peers
from deep_bench import markdown, parts
from tables_bench import markdown as tables
from tables_bench import peers, process

PARTS = ("adult", "small", "rare")


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument("--quick", action="store_true", help="a little of everything in minutes, written to out/")
    parser.add_argument("--arm", nargs="+", default=[""], help="do only the runs of arms that begin so")
    parser.add_argument("--fresh", nargs="*", metavar="ARM", help="forget earlier runs: all, or of arms that begin so")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "tabular")
    parser.add_argument("--peers", type=Path, help="an environment that has the peers, instead of out/peers")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--readme", action="store_true", help="run nothing: put the results' table into README.md")
    return parser.parse_args()


def main() -> None:
    asked = options()
    if asked.readme:
        result = process.read(asked.out or ROOT / "scripts/results/bench_deep.json")
        tables.put(ROOT / "README.md", result, markdown.TABLES, "bench_deep")
        return
    enter_peers(asked)
    if not asked.data.is_dir():
        raise SystemExit(f"bench_deep: no folder {asked.data}: name the one with the parquet files as --data DIR")
    if asked.quick:
        asked.runs, asked.seeds, asked.fresh = 1, 2, asked.fresh or []
    out = asked.out or ROOT / ("out/bench_deep_quick.json" if asked.quick else "scripts/results/bench_deep.json")
    data, quick = asked.data, asked.quick
    work = {
        "adult": (parts.adult_plan(asked.runs, quick), parts.adult_summary,
                  lambda run: parts.adult_work(run, data, quick, ROOT / "out")),
        "small": (parts.small_plan(asked.runs), parts.small_summary,
                  lambda run: parts.small_work(run, data, quick)),
        "rare": (parts.rare_plan(asked.seeds, quick), parts.rare_summary,
                 lambda run: parts.rare_work(run, data, quick)),
    }  # fmt: skip
    for part in asked.part or PARTS:
        plan, summary, do = work[part]
        process.carry_out(out, part, [run for run in plan if run["arm"].startswith((*asked.arm,))], asked.fresh, do)
        result = process.read(out)
        result["parts"][part]["summary"] = summary(result["parts"][part]["runs"])
        process.write(out, result)
        print(f"\n{part} ({', '.join(f'{name} {number}' for name, number in peers.versions().items())})")
        parts.show(result["parts"][part]["summary"])


if __name__ == "__main__":
    main()
