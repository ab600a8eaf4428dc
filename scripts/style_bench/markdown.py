"""The README's tables of style transfer, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .data import CASES
from .helps import ARMS
from .parts import SIDES


def speed_table(found: dict[str, Any]) -> str:
    """Return what learning styles and giving them takes."""
    lines = [[case, f"{row['fit_s']:.1f} s", f"{row['images_a_second']:,.0f}", f"{row['cpu_ms']:.2f} ms"]
             for case, row in found["rows"].items()]  # fmt: skip
    return rows(["", "fit", "images a second", "CPU an image"], lines)


def gatys_table(found: dict[str, Any]) -> str:
    """Return what painting takes beside the published loop, and the loss that either reaches."""
    held = [(f"{side} px", arm) for side in SIDES for arm in found["rows"].get(f"{side} px", {}) if "over" not in arm]
    lines = []
    for case, arm in held:
        row = found["rows"][case][arm]
        lines.append([f"{case}, {arm}", f"{row['seconds']:.2f} s", f"{row['loss']:.4f}"])
    return rows(["", "an image", "loss"], lines)


def help_table(found: dict[str, Any]) -> str:
    """Return the accuracy of a network on images as they are and of other colours, and the gains over nothing."""
    lines = []
    for arm in ARMS:
        held = [found["rows"].get(case, {}).get(arm) for case in CASES]
        if any(held):
            lines.append([arm, *(_cell(row, what) for row in held for what in ("plain", "shifted"))])
    head = [f"{case}, {what}" for case in CASES for what in ("as it is", "other colours")]
    return rows(["accuracy (points over nothing, 95 %)", *head], lines)


def _cell(row: dict[str, Any] | None, what: str) -> str:
    if not row:
        return ""
    over = row.get(f"{what} over nothing")
    return f"{row[what]:.3f}" + (f" ({100 * over[0]:+.1f} ± {100 * over[1]:.1f})" if over else "")


TABLES = {"speed": speed_table, "gatys": gatys_table, "help": help_table}
