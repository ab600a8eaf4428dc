"""`--safe-csv`: cells that a spreadsheet would run as formulas, made text in what is written."""

from __future__ import annotations

import sys

from ..errors import ConfigError
from ..recipe import Job
from ..store.formulas import Guard
from ..store.sources import format_of, suffix_of


def guard_of(asked: bool, out: str, like: str, suffix: str = "") -> Guard | None:
    """Return what makes cells safe, or None where that is not asked.

    Arguments:
        asked: whether it is.
        out: the output.
        like: the format of the input, "csv" or "parquet".
        suffix: of the name of the input.

    Raises: ConfigError where the output is no text.
    """
    if not asked:
        return None
    if format_of(out, like, suffix) != "csv":
        raise ConfigError(
            f"--safe-csv is for tables of text, and {out} is Parquet, which runs no formulas: leave it out"
        )
    return Guard()


def guard_for(job: Job, out: str, like: str) -> Guard | None:
    """Return what `guard_of` does for a job on a table."""
    return guard_of(job.safe_csv, out, like, suffix_of(job.data))


def refuse_safe(job: Job, why: str) -> None:
    """Raise ConfigError where cells are to be made safe and no table is written."""
    if job.safe_csv:
        raise ConfigError(f"--safe-csv is for tables of text, and {why}: leave it out")


def say_safe(guard: Guard | None) -> None:
    """Print how many cells were changed, on standard error."""
    if guard is not None:
        cells = f"{guard.changed:,} cell{'' if guard.changed == 1 else 's'}"
        print(f"{cells} that a spreadsheet would run now begin with an apostrophe (--safe-csv)", file=sys.stderr)
