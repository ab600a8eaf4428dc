"""The README's tables of trained generators, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .parts import CTGAN, TVAE

SHOWN = {
    CTGAN: "ctgan 0.12 `CTGAN`, 300 epochs",
    TVAE: "ctgan 0.12 `TVAE`, 300 epochs",
    "Autoregressive": "**`Autoregressive()`**",
    "Autoregressive, in order": "**`Autoregressive(order=\"columns\")`**",
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


TABLES = {"adult": adult_table}
