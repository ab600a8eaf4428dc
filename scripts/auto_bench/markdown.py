"""The README's table of Auto, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench import scoring
from tables_bench.markdown import rows


def auto_table(found: dict[str, Any]) -> str:
    """Return mean ranks, and average precision gained over nothing by each learner."""
    lines = [[arm, f"{row['rank']:.2f}", *("" if arm == "none" else f"{row[name]:+.4f}" for name in scoring.LEARNERS)]
             for arm, row in found["rows"].items()]  # fmt: skip
    return rows(["", "mean rank", *scoring.LEARNERS], lines)


TABLES = {"auto": auto_table}
