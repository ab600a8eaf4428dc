"""Tables on the terminal, and verdicts."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

SIGNS = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt}
Verdict = dict[str, Any]


def verdict(what: str, got: float | None, sign: str, wanted: float) -> Verdict:
    """Return whether a target is reached; None where it was not measured."""
    reached = None if got is None else bool(SIGNS[sign](got, wanted))
    return {"target": f"{what} {sign} {wanted:.4g}", "got": None if got is None else round(got, 4), "reached": reached}


def show_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print a line for each target."""
    for line in verdicts:
        word = {True: "REACHED", False: "MISSED", None: "NOT MEASURED"}[line["reached"]]
        print(f"  {word:12} {line['target']}" + ("" if line["got"] is None else f" (got {line['got']:.4g})"))


def show_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under a head: the first column to the left, the others to the right."""
    texts = [[*head], *([_text(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in texts) for i in range(len(head))]
    for row in texts:
        print(
            "  " + row[0].ljust(widths[0]),
            *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)),
        )


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return str(value)
