"""The README's tables of trained generators, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .parts import CTGAN, TVAE

SHOWN = {
    CTGAN: "ctgan 0.12 `CTGAN`, 300 epochs",
    TVAE: "ctgan 0.12 `TVAE`, 300 epochs",
    "Autoregressive": "**`Autoregressive()`**",
    "Autoregressive, in order": '**`Autoregressive(order="columns")`**',
    "VAE": "**`VAE()`**",
    "WGAN": "**`WGAN()`**",
}


def adult_table(found: dict[str, Any]) -> str:
    """Return what training and sampling cost, and how good the rows are."""
    lines = []
    for arm, name in SHOWN.items():
        row = found["rows"].get(arm)
        if not row:
            continue
        figures = [f"{row[key]:.3f}" if key in row else "" for key in ("auc", "shapes", "pairs", "told", "nearer")]
        lines.append([name, f"{row['fit_s']:.0f} s", f"{row['rows_a_second']:,.0f}", *figures])
    return rows(["", "fit", "rows a second", "AUC", "shapes", "pairs", "told", "nearer"], lines)


def small_table(found: dict[str, Any]) -> str:
    """Return what `training.train` costs beside a bare loop, and the memory of large tables."""
    lines = [["`training.train`, times a bare loop of the same steps", f"{found['ratio']:.2f}"]]
    lines += [[f"`{arm}`, a million rows of twenty columns", f"{peak / 1000:.1f} GB"]
              for arm, peak in found["peak_mb"].items()]  # fmt: skip
    return rows(["", "time, peak memory"], lines)


def rare_table(found: dict[str, Any]) -> str:
    """Return what bringing a rare class to parity does."""
    lines = []
    for arm, row in found["rows"].items():
        name, _, count = arm.partition(", ")
        gains = ["{:+.4f} ± {:.4f}".format(*row[key]) for key in ("ap", "auc")]
        lines.append([f"`{name}`", count, *gains, f"{row['own_called_made']:.2f}",
                      f"{row['own_called_real']:.2f}"])  # fmt: skip
    return rows(["", "positives", "average precision", "AUC", "made called positive", "real called positive"], lines)


TABLES = {"adult": adult_table, "small": small_table, "rare": rare_table}
