"""What the Balancer adds to imbalanced-learn's sampler, and what the command line's start costs.

    python scripts/bench_balance.py [--quick] [--runs 7] [--out scripts/results/bench_balance.json]

The arms take turns in one process on the same 100,000 x 30 numeric rows (10 % minority), after one warm-up each; the
ratios are taken pair by pair and the medians are printed, because machines are shared and noisy.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from imblearn import over_sampling

import gensynth

SAMPLERS = ("SMOTE", "RandomOverSampler", "BorderlineSMOTE", "ADASYN")


def seconds(work: Callable[[], Any]) -> float:
    """Return how long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def paired(name: str, X: Any, y: Any, runs: int) -> dict[str, Any]:
    """Time imbalanced-learn's sampler alone, and the Balancer around gensynth's of the same name, in turn."""
    alone = getattr(over_sampling, name)(random_state=0)
    wrapped = gensynth.Balancer(getattr(gensynth, name)(random_state=0))
    pairs = []
    for run in range(runs + 1):
        arms = [lambda: alone.fit_resample(X, y), lambda: wrapped.fit_resample(X, y)]
        order = [0, 1] if run % 2 else [1, 0]
        taken = {arm: seconds(arms[arm]) for arm in order}
        pairs.append((taken[0], taken[1]))
    pairs = pairs[1:]  # the first is the warm-up
    added = statistics.median(b - a for a, b in pairs)
    base = statistics.median(a for a, _ in pairs)
    return {
        "sampler": name,
        "imblearn_s": round(base, 3),
        "balancer_s": round(statistics.median(b for _, b in pairs), 3),
        "ratio": round(statistics.median(b / a for a, b in pairs), 3),
        "added_s": round(added, 3),
        "allowed_s": round(max(0.05 * base, 0.2), 3),
        "reached": added <= max(0.05 * base, 0.2),
    }


def start(code: list[str], runs: int) -> float:
    """Return the least processor time of a fresh interpreter running this, in seconds."""
    probe = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],stdout=-3);" \
            "r=resource.getrusage(resource.RUSAGE_CHILDREN);print(r.ru_utime+r.ru_stime)"  # fmt: skip
    return min(float(subprocess.check_output([sys.executable, "-c", probe, *code])) for _ in range(runs))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="SMOTE and RandomOverSampler alone, three runs")
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--out", type=Path, default=None)
    asked = options.parse_args()
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100_000, 30))
    y = (rng.random(100_000) < 0.1).astype(int)
    X[y == 1] += 0.5

    names, runs = (SAMPLERS[:2], 3) if asked.quick else (SAMPLERS, asked.runs)
    rows = []
    print(f"{'100,000 x 30':20} {'imblearn':>9} {'Balancer':>9} {'ratio':>7} {'added':>8} {'allowed':>8}")
    for name in names:
        row = paired(name, X, y, runs)
        rows.append(row)
        print(f"{name:20} {row['imblearn_s']:8.2f}s {row['balancer_s']:8.2f}s {row['ratio']:7.2f} "
              f"{row['added_s']:7.2f}s {row['allowed_s']:7.2f}s {'' if row['reached'] else 'MISSED'}")  # fmt: skip
    empty = start([sys.executable, "-c", "pass"], runs)
    starts = {
        "import_gensynth_s": start([sys.executable, "-c", "import gensynth"], runs) - empty,
        "gensynth_help_s": start([sys.executable, "-c", "from gensynth.cli import main; main(['--help'])"], runs),
    }
    print(f"import gensynth {starts['import_gensynth_s']:.3f} s (allowed 0.1), "
          f"gensynth --help {starts['gensynth_help_s']:.3f} s (allowed 0.5)")  # fmt: skip
    if asked.out:
        versions = {name: version(name) for name in ("gensynth", "numpy", "scikit-learn", "imbalanced-learn")}
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        result = {
            "runs": runs,
            "rows": rows,
            "starts": {k: round(v, 3) for k, v in starts.items()},
            **machine,
            "versions": versions,
        }
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
