"""The README's tables of `compare`, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows


def speed_table(found: dict[str, Any]) -> str:
    """Return what comparing takes."""
    lines = [[case, f"{row['seconds']:.0f} s", row["recommended"]] for case, row in found["rows"].items()]
    return rows(["5,000 rows of", "time", "recommended"], lines)


def belief_table(found: dict[str, Any]) -> str:
    """Return how often a generator was recommended."""
    lines = [[case, str(row["tables"]), str(row["generators"])] for case, row in found["rows"].items()]
    return rows(["", "tables", "a generator is recommended"], lines)


TABLES = {"speed": speed_table, "noise": belief_table, "planted": belief_table}
