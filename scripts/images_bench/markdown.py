"""The README's tables of generated images, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .data import CASES
from .parts import ARMS


def longtail_table(found: dict[str, Any]) -> str:
    """Return the balanced accuracy of a classifier on balanced sets, and the gain over nothing."""
    lines = []
    for arm in ARMS:
        held = [found["rows"].get(case, {}).get(arm) for case in CASES]
        if not any(held):
            continue
        cells = [f"{row['balanced']:.3f}" + (f" ({100 * row['gain'][0]:+.1f} ± {100 * row['gain'][1]:.1f})"
                                             if row["gain"] else "") if row else "" for row in held]  # fmt: skip
        lines.append([arm, *cells])
    return rows(["balanced accuracy (points over nothing, 95 %)", *CASES], lines)


def digits_table(found: dict[str, Any]) -> str:
    """Return what a classifier learns from made digits alone."""
    lines = [[arm, f"{row['accuracy']:.3f}", f"{row['fit_s']:.0f} s" if row["fit_s"] else "",
              f"{row['images_a_second']:,.0f}" if row["fit_s"] else ""]
             for arm, row in found["rows"].items()]  # fmt: skip
    return rows(["8,000 digits, made ones alone", "accuracy", "fit", "images a second"], lines)


TABLES = {"longtail": longtail_table, "digits": digits_table}
