"""What styles cost, how well they are painted beside the published loop, and what they are worth as augmentation.

    python scripts/bench_style.py [--part speed|gatys|help] [--case CASE ...] [--arm ARM ...] [--quick]
                                  [--fresh [ARM ...]] [--seeds 5] [--threads 2] [--data DIR] [--out FILE] [--readme]

speed: learning styles and giving them by "moments", "fourier" and "adain", of 64 and 224 pixels. gatys: eight
photographs in the styles of paintings, beside torch's L-BFGS from white noise on the same loss, an image after the
other. help: CIFAR-10 with 50 images of a class and road signs (folds by track), by a small network, on test images as
they are and in other colours, beside nothing and colour jitter. Results are merged into one file as they come, and a
run that was stopped goes on where it was. Every run is a process of its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from style_bench import markdown, parts
from tables_bench import markdown as tables
from tables_bench import peers, process
from tables_bench.process import ROOT

PARTS = ("speed", "gatys", "help")


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="this part alone; may be given again")
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


def main() -> None:
    asked = options()
    if asked.readme:
        result = process.read(asked.out or ROOT / "scripts/results/bench_style.json")
        measured = {part: table for part, table in markdown.TABLES.items() if part in result["parts"]}
        tables.put(ROOT / "README.md", result, measured, "bench_style")
        return
    if not asked.data.is_dir():
        raise SystemExit(f"bench_style: no folder {asked.data}: name the one with images/ as --data DIR")
    if asked.quick:
        asked.seeds, asked.fresh = 2, asked.fresh or []
    out = asked.out or ROOT / ("out/bench_style_quick.json" if asked.quick else "scripts/results/bench_style.json")
    work = parts.work(asked.seeds, str(asked.data), asked.quick, asked.threads)
    for part in asked.part or PARTS:
        plan, summary, do = work[part]
        process.carry_out(out, part, process.chosen(plan, asked.arm, asked.case), asked.fresh, do)
        result = process.read(out)
        result["parts"][part]["summary"] = summary(result["parts"][part]["runs"])
        process.write(out, result)
        print(f"\n{part} ({', '.join(f'{name} {number}' for name, number in peers.versions().items())})")
        parts.show(result["parts"][part]["summary"])


if __name__ == "__main__":
    main()
