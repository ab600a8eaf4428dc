"""The README's tables of what is past the memory of a machine, made from the results."""

from __future__ import annotations

from typing import Any

from tables_bench.markdown import rows

from .parts import BESIDE


def balance_table(found: dict[str, Any]) -> str:
    """Return memory and times by the size of a table."""
    lines = [[_rows(case), f"{row['bytes'] / 1e6:,.0f} MB", f"{row['peak_mb']:,.0f} MB", f"{row['counting_s']:.0f} s",
              f"{row['learning_s']:.0f} s", f"{row['writing_s']:.0f} s"]
             for case, row in found["rows"].items() if "peak_mb" in row]  # fmt: skip
    lines += [[f"{_rows(case)}, beside a plain copy of {row['plain']:.1f} s", "", "",
               f"{row['speed of counting']:.2f} of its speed", "", f"{row['speed of copying']:.2f} of its speed"]
              for case, row in found["rows"].items() if case.endswith(BESIDE)]  # fmt: skip
    return rows(["rows", "Parquet", "peak of memory", "counting", "learning", "copying and making"], lines)


def append_table(found: dict[str, Any]) -> str:
    """Return what --append takes."""
    lines = [[_rows(case), f"{row['peak_mb']:,.0f} MB", f"{row['counting_s']:.1f} s",
              f"{row['all_s'] - row['counting_s']:.1f} s"] for case, row in found["rows"].items()]  # fmt: skip
    return rows(["rows", "peak of memory", "counting", "learning and making"], lines)


def dask_table(found: dict[str, Any]) -> str:
    """Return what workers give."""
    lines = [[case, f"{row['seconds']:.0f} s", f"{row['rows_a_second']:,.0f}"] for case, row in found["rows"].items()]
    return rows(["", "time", "rows a second"], lines)


def sample_table(found: dict[str, Any]) -> str:
    """Return what sampling to a file takes."""
    lines = [[_rows(case), f"{row['peak_mb']:,.0f} MB", f"{row['seconds']:.0f} s", f"{row['rows_a_second']:,.0f}"]
             for case, row in found["rows"].items()]  # fmt: skip
    return rows(["rows", "peak of memory", "time", "rows a second"], lines)


def _rows(case: str) -> str:
    return f"{int(case.split()[0]):,}"


TABLES = {"balance": balance_table, "append": append_table, "dask": dask_table, "sample": sample_table}
