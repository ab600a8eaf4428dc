"""The README's tables of transforms, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .parts import SIZES
from .policies import ARMS


def speed_table(found: dict[str, Any]) -> str:
    """Return images a second of the timed policy, on two threads and on one."""
    lines = []
    for arm in ARMS:
        for threads in (2, 1):
            held = [found["rows"].get(f"{size}, {threads} threads", {}).get(arm) for size in SIZES]
            if any(held):
                name = f"**{arm}**" if arm == "gensynth" else arm
                lines.append([name, str(threads), *(f"{rate:,.0f}" if rate else "" for rate in held)])
    return rows(["images a second", "threads", *(f"{size} px" for size in SIZES)], lines)


def single_table(found: dict[str, Any]) -> str:
    """Return images a second of single changes, two threads."""
    lines = [[case.removesuffix(", 2 threads") + " px", f"{arms['albumentations']:,.0f}", f"{arms['gensynth']:,.0f}",
              f"{arms['gensynth'] / arms['albumentations']:.1f}"]
             for case, arms in found["rows"].items() if case.endswith("2 threads")]  # fmt: skip
    return rows(["images a second, two threads", "albumentations", "gensynth", "times"], lines)


def helps_table(found: dict[str, Any]) -> str:
    """Return what the default policies do for learners."""
    lines = [[case, row["measure"], f"{row['none']:.3f}", f"{row['default']:.3f}",
              f"{row['gain']:+.3f} ± {row['half']:.3f}"] for case, row in found["rows"].items()]  # fmt: skip
    return rows(["", "measure", "nothing", "default policy", "gain, 95 %"], lines)


TABLES = {"speed": speed_table, "single": single_table, "helps": helps_table}
