"""The command line of benches whose parts are runs of cases, arms and seeds, merged into one file as they come."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tables_bench import markdown as tables
from tables_bench import peers, process
from tables_bench.process import ROOT


def options(about: str, parts: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--part", action="append", choices=parts, help="this part alone; may be given again")
    parser.add_argument("--case", nargs="+", default=[""], help="do only the runs of cases that begin so")
    parser.add_argument("--arm", nargs="+", default=[""], help="do only the runs of these, or of arms that begin so")
    parser.add_argument("--quick", action="store_true", help="a little of everything in minutes, written to out/")
    parser.add_argument("--fresh", nargs="*", metavar="ARM", help="forget earlier runs: all, or of arms that begin so")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of each run; times are those of two")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--readme", action="store_true", help="run nothing: put the results' tables into README.md")
    return parser.parse_args()


def carry_out(name: str, about: str, order: Sequence[str], parts: Any, made: Any) -> None:
    """Do what the command line asks for.

    Arguments:
        name: of the bench, as that of its file of results.
        about: its docstring.
        order: of its parts.
        parts: a module with `work` and `show`.
        made: the tables of README.md, from part to function.
    """
    asked = options(about, order)
    if asked.readme:
        result = process.read(asked.out or ROOT / f"scripts/results/{name}.json")
        measured = {part: table for part, table in made.items() if part in result["parts"]}
        tables.put(ROOT / "README.md", result, measured, name)
        return
    if not asked.data.is_dir():
        raise SystemExit(f"{name}: no folder {asked.data}: name the one with images/ as --data DIR")
    if asked.quick:
        asked.seeds, asked.fresh = 2, asked.fresh or []
    out = asked.out or ROOT / (f"out/{name}_quick.json" if asked.quick else f"scripts/results/{name}.json")
    work = parts.work(asked.seeds, str(asked.data), asked.quick, asked.threads)
    for part in asked.part or order:
        plan, summary, do = work[part]
        process.carry_out(out, part, process.chosen(plan, asked.arm, asked.case), asked.fresh, do)
        result = process.read(out)
        result["parts"][part]["summary"] = summary(result["parts"][part]["runs"])
        process.write(out, result)
        print(f"\n{part} ({', '.join(f'{name} {number}' for name, number in peers.versions().items())})")
        parts.show(result["parts"][part]["summary"])
