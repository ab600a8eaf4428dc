"""What transforms cost and keep, beside torchvision 0.29, kornia 0.9 and albumentations 2.0.8; and whether they help.

    python scripts/bench_transforms.py [--part speed|single|quality|text|helps] [--quick] [--fresh [ARM ...]] [--runs 3]
                                       [--seeds 10] [--data DIR] [--peers DIR] [--out FILE] [--readme]

speed: one policy of flip, turn, affine map, perspective and colours at four sizes, on one thread and on two; arms take
turns in one process. single: four changes beside albumentations. quality: sharpness and exactness of the fused plan.
text: 20,000 messages. helps: the default policy of each kind against nothing, on six data sets. Results are merged
into one file as they come, and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench_tables import ROOT, enter_peers
from tables_bench import markdown as tables
from tables_bench import peers, process
from transforms_bench import helps, markdown, parts

PARTS = ("speed", "single", "quality", "text", "helps")
NEEDED = ("torchvision", "kornia==0.9.0", "albumentations==2.0.8", "pandas", "scipy", "scikit-learn", "pyarrow",
          "imbalanced-learn", "threadpoolctl", "safetensors", "lightning", "pydantic", "pyyaml")  # fmt: skip


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", choices=PARTS, help="this part alone; may be given again")
    parser.add_argument("--quick", action="store_true", help="a little of everything in minutes, written to out/")
    parser.add_argument("--fresh", nargs="*", metavar="ARM", help="forget earlier runs: all, or of arms that begin so")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--peers", type=Path, help="an environment that has the peers, instead of out/peers_transforms")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--readme", action="store_true", help="run nothing: put the results' table into README.md")
    return parser.parse_args()


def main() -> None:
    asked = options()
    if asked.readme:
        result = process.read(asked.out or ROOT / "scripts/results/bench_transforms.json")
        tables.put(ROOT / "README.md", result, markdown.TABLES, "bench_transforms")
        return
    enter_peers(asked, "peers_transforms", lambda folder: peers.make(folder, NEEDED, None, "bench_transforms"))
    if not asked.data.is_dir():
        raise SystemExit(f"bench_transforms: no folder {asked.data}: name the one with images/ and text/ as --data DIR")
    if asked.quick:
        asked.runs, asked.seeds, asked.fresh = 1, 2, asked.fresh or []
    out = asked.out or ROOT / (
        "out/bench_transforms_quick.json" if asked.quick else "scripts/results/bench_transforms.json"
    )
    work = {**parts.work(asked.runs, str(asked.data), asked.quick), "helps": helps.work(asked.seeds, str(asked.data))}
    for part in asked.part or PARTS:
        plan, summary, do = work[part]
        process.carry_out(out, part, plan, asked.fresh, do)
        result = process.read(out)
        result["parts"][part]["summary"] = summary(result["parts"][part]["runs"])
        process.write(out, result)
        print(f"\n{part} ({', '.join(f'{name} {number}' for name, number in peers.versions().items())})")
        parts.show(result["parts"][part]["summary"])


if __name__ == "__main__":
    main()
