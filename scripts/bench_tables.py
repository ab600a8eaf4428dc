"""What gensynth's table generators cost and give, beside imbalanced-learn's samplers, CTGAN and TVAE.

    python scripts/bench_tables.py [--part speed|adult|learners] [--quick] [--all] [--fresh [ARM ...]] [--runs 3]
                                   [--data DIR] [--peers DIR] [--out scripts/results/bench_tables.json] [--readme]

speed: SMOTE and SMOTENC, time and memory. adult: rows made like Adult's, their quality and nearness. learners: does
balancing help four learners on 19 tables? Parts may be run one by one: results are merged into one file as they come,
and a run that was stopped goes on where it was. Every arm runs in the environment out/peers, made on the first use, and
in a process of its own with two threads (the learners: two processes of one thread).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tables_bench import adult, markdown, peers, process, speed

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("speed", "adult", "learners")


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument("--quick", action="store_true", help="a little of everything in minutes, written to out/")
    parser.add_argument("--all", action="store_true", help="TVAE, nearness of the peers and smote-variants too")
    parser.add_argument("--fresh", nargs="*", metavar="ARM", help="forget earlier runs: all, or of arms that begin so")
    parser.add_argument("--runs", type=int, default=3, help="processes for each arm of speed and adult")
    parser.add_argument(
        "--tables", type=lambda text: text.split(","), default=[], help="of the learners: names, by comma"
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "tabular")
    parser.add_argument("--peers", type=Path, help="an environment that has the peers, instead of out/peers")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--readme", action="store_true", help="run nothing: put the results' tables into README.md")
    return parser.parse_args()


def enter_peers(asked: argparse.Namespace, name: str = "peers", make: Callable[[Path], Path] = peers.make) -> None:
    """Go on in the peers' environment, unless this is it."""
    folder = asked.peers or ROOT / "out" / name
    if Path(sys.prefix).resolve() == folder.resolve():
        os.environ.update(process.surroundings(2))
        sys.path.insert(0, str(ROOT))
        return
    python = peers.interpreter(folder) if asked.peers else make(folder)
    env = process.surroundings(2)
    raise SystemExit(subprocess.run([str(python), *sys.argv], env=env, check=False).returncode)


def run_speed(asked: argparse.Namespace, out: Path) -> None:
    plan = speed.plan(asked.runs)
    runs = process.carry_out(out, "speed", plan, asked.fresh, lambda run: speed.work(run, asked.data, asked.quick))
    finish(out, "speed", speed.summary(runs))


def run_adult(asked: argparse.Namespace, out: Path) -> None:
    plan = adult.plan(asked.runs, asked.all, asked.quick)
    runs = process.carry_out(
        out, "adult", plan, asked.fresh, lambda run: adult.work(run, asked.data, asked.quick, ROOT / "out")
    )
    finish(out, "adult", adult.summary(runs))


def run_learners(asked: argparse.Namespace, out: Path) -> None:
    from tables_bench import learners  # numpy and pandas, which would count as memory of the other parts' processes

    lines, result = out.with_name(out.stem + "_learners.jsonl"), process.read(out)
    old = result["parts"].get("learners", {})
    result["parts"]["learners"], now = process.opened(old)
    earlier = next(iter(result["parts"]["learners"]["abouts"])) if old else None
    process.write(out, result)
    marks = learners.Marks(now, earlier)
    finish(out, "learners", learners.run(lines, asked.data, asked.fresh, asked.all, asked.quick, asked.tables, marks))


def finish(out: Path, part: str, summary: process.Run) -> None:
    """Keep a part's summary beside its runs."""
    result = process.read(out)
    result["parts"][part] = {**result["parts"].get(part, {}), "summary": summary}
    process.write(out, result)


def show(out: Path, parts: list[str]) -> None:
    """Print what the file holds of these parts."""
    from tables_bench import learners

    shown = {"speed": speed.show, "adult": adult.show, "learners": learners.show}
    for part in parts:
        shown[part](process.read(out)["parts"][part]["summary"])


def main() -> None:
    asked = options()
    if asked.readme:
        markdown.put(ROOT / "README.md", process.read(asked.out or ROOT / "scripts/results/bench_tables.json"))
        return
    enter_peers(asked)
    if not asked.data.is_dir():
        raise SystemExit(f"bench_tables: no folder {asked.data}: name the one with the parquet files as --data DIR")
    if asked.quick:
        asked.runs = 1
        asked.fresh = [] if asked.fresh is None else asked.fresh  # what an older gensynth did is of no use here
    default = "out/bench_tables_quick.json" if asked.quick else "scripts/results/bench_tables.json"
    out = asked.out or ROOT / default
    parts = asked.part or [*PARTS]
    work = {"speed": run_speed, "adult": run_adult, "learners": run_learners}
    for part in parts:
        work[part](asked, out)
    show(out, parts)
    if asked.quick:
        print("\n--quick: smaller tables and one run; the targets are meant for the full sizes")


if __name__ == "__main__":
    main()
