"""Amounts of memory, as people write them."""

from __future__ import annotations

import re

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30,
          "tib": 2**40}  # fmt: skip


def bytes_of(text: str) -> int:
    """Return how many bytes a text names. Raises: ValueError where it names none.

    >>> bytes_of("1GB"), bytes_of("1.5 GiB"), bytes_of("800mb")
    (1000000000, 1610612736, 800000000)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    unit = _UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise ValueError(f"memory is an amount such as 1GB or 800MB, and not {text!r}")
    return int(float(found[1]) * unit)


def size_text(size: int) -> str:
    """Return a number of bytes as people write it, exactly.

    >>> size_text(10**9), size_text(2**30), size_text(1_500_000_000)
    ('1GB', '1GiB', '1500MB')
    """
    units = {"GB": 10**9, "GiB": 2**30, "MB": 10**6, "MiB": 2**20, "kB": 1000}
    unit = next((unit for unit, n in units.items() if size and size % n == 0), "B")
    return f"{size // units.get(unit, 1)}{unit}"


def checked_size(text: str) -> str:
    """Return the text. Raises: ValueError where it names no amount of memory, or one in which nothing can be done."""
    if bytes_of(text) < 300_000_000:
        raise ValueError(f"memory is {text}: the program itself takes 300MB")
    return text
