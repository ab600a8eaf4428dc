"""Which augmentation helps a small network on CIFAR-10, with 4,000 images to learn from or with 400.

    python scripts/study_cifar10.py [--arm ARM ...] [--fresh [ARM ...]] [--seeds 5] [--threads 2] [--data DIR]
                                    [--out FILE] [--figure [FILE]]

Each arm against nothing, on the same splits: paired intervals over the seeds. Transforms change the images anew in each
epoch; generators add as many images as there are. Results are merged into one file as they come, and a run that was
stopped goes on where it was. --figure draws what the file holds, and runs nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean
from typing import Any

from images_bench.parts import T
from tables_bench import process
from tables_bench.process import ROOT, Run, child, finished
from tables_bench.report import show_table

SIZES = ("5,000 images", "500 images")
ARMS = ("nothing", "flip", "rotate", "crop", "colour", "cutout", "default policy", "VAE", "WGAN", "StyleTransfer")


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--arm", nargs="+", default=[""], help="do only the runs of arms that begin so")
    parser.add_argument("--fresh", nargs="*", metavar="ARM", help="forget earlier runs: all, or of arms that begin so")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2, help="of each run")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "scripts/results/study_cifar10.json")
    parser.add_argument("--figure", type=Path, nargs="?", const=ROOT / "notebooks/study_cifar10.png", metavar="FILE")
    return parser.parse_args()


def summary(runs: list[Run]) -> dict[str, Any]:
    """Return the accuracy of each arm and its gain over nothing with the half width of its interval (95 %)."""
    rows: dict[str, Any] = {}
    for size in SIZES:
        held: dict[str, dict[int, float]] = {}
        for run in runs:
            if finished(run) and run["case"] == size:
                held.setdefault(run["arm"], {})[run["run"]] = run["accuracy"]
        for arm, scores in held.items():
            gains = [scores[seed] - held["nothing"][seed] for seed in scores if seed in held.get("nothing", {})]
            row = {"accuracy": mean(scores.values()), "seeds": len(scores)}
            if arm != "nothing" and len(gains) > 1:
                spread = (sum((gain - mean(gains)) ** 2 for gain in gains) / (len(gains) - 1)) ** 0.5
                row |= {"gain": mean(gains), "half": T[len(gains) - 1] * spread / len(gains) ** 0.5}
            rows.setdefault(size, {})[arm] = row
    return {"rows": rows}


def draw(rows: dict[str, Any], path: Path) -> None:
    """Write a picture of the gains over nothing and their intervals, in points: a panel a size, a line an arm."""
    import matplotlib.pyplot as plt

    held = [size for size in SIZES if size in rows]
    panels = plt.subplots(1, len(held), figsize=(9, 3.2), sharey=True, layout="constrained", squeeze=False)[1][0]
    for panel, size in zip(panels, held, strict=True):
        arms = [arm for arm in ARMS[::-1] if "gain" in rows[size].get(arm, {})]
        gains, halves = ([100 * rows[size][arm][name] for arm in arms] for name in ("gain", "half"))
        panel.errorbar(gains, range(len(arms)), xerr=halves, fmt="o", color="#0077bb", ecolor="#555555", capsize=3)
        panel.axvline(0, color="#999999", linewidth=1)
        panel.set_yticks(range(len(arms)), arms)
        nothing = rows[size]["nothing"]
        panel.set_title(f"{size}: nothing {100 * nothing['accuracy']:.1f} % ({nothing['seeds']} seeds)", fontsize=10)
        panel.set_xlabel("points of accuracy over nothing, 95 %")
    plt.savefig(path, dpi=110)


def main() -> None:
    asked = options()
    if asked.figure is not None:
        draw(process.read(asked.out)["parts"]["study"]["summary"]["rows"], asked.figure)
        return
    if not asked.data.is_dir():
        raise SystemExit(f"study_cifar10: no folder {asked.data}: name the one with images/ as --data DIR")
    plan = [{"case": size, "arm": arm, "run": seed} for seed in range(asked.seeds) for size in SIZES for arm in ARMS
            if arm.startswith((*asked.arm,))]  # fmt: skip

    def do(run: Run) -> Run:
        return child("study", "images_bench.study", asked.threads, arm=run["arm"], size=run["case"], seed=run["run"],
                     data_dir=str(asked.data), params={})  # fmt: skip

    process.carry_out(asked.out, "study", plan, asked.fresh, do)
    result = process.read(asked.out)
    result["parts"]["study"]["summary"] = found = summary(result["parts"]["study"]["runs"])
    process.write(asked.out, result)
    for size, rows in found["rows"].items():
        lines = [[arm, row["accuracy"], row.get("gain"), row.get("half")] for arm, row in rows.items()]
        show_table([size, "accuracy", "gain", "+-"], lines)


if __name__ == "__main__":
    main()
