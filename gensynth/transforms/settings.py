"""Checks of the settings of transforms: chances and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ConfigError


def check_chance(name: str, value: Any) -> None:
    """Raise ConfigError where a setting is no number from 0 to 1."""
    fine = isinstance(value, int | float | np.number) and not isinstance(value, bool) and 0 <= value <= 1
    if not fine:
        raise ConfigError(f"{name} must be a number from 0 to 1, got {value!r}")


def is_whole(value: Any) -> bool:
    """Whether a setting is a whole number, NumPy's among them."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def span(
    name: str, value: Any, middle: float = 0.0, least: float = -np.inf, most: float = np.inf
) -> tuple[float, float]:
    """Return the ends of a range: those given, or as far below `middle` as above it.

    Where nothing below the middle is allowed, such as a strength below 0, one number is both ends.

    Raises: ConfigError where the ends are no numbers, in the wrong order, or out of bounds.

    >>> span("degrees", 15), span("factor", (0.5, 2), middle=1), span("factor", 0.25, middle=1)
    ((-15.0, 15.0), (0.5, 2.0), (0.75, 1.25))
    >>> span("strength", 0.1, least=0.0)
    (0.1, 0.1)
    """
    ends = value if isinstance(value, Sequence) and not isinstance(value, str) else None
    try:
        if isinstance(value, str | bool):
            raise TypeError
        if ends is not None:
            low, high = (float(end) for end in ends)
        else:
            low, high = (float(value),) * 2 if least >= middle else (middle - float(value), middle + float(value))
    except (TypeError, ValueError):
        raise ConfigError(f"{name} must be a number, or two of them, got {value!r:.60}") from None
    if not (least <= low <= high <= most) or not np.isfinite([low, high]).all():
        bounds = f" between {least:g} and {most:g}" if np.isfinite([least, most]).any() else ""
        raise ConfigError(f"{name} must be a range{bounds}, the lower end first, got {value!r:.60}")
    return low, high


def whole_span(name: str, value: Any, least: int, most: int) -> tuple[int, int]:
    """Return the ends of a range of whole numbers. Raises: ConfigError where they are none, or out of bounds."""
    low, high = span(name, value, 0.0, least, most)
    if low != int(low) or high != int(high):
        raise ConfigError(f"{name} must be whole numbers from {least} to {most}, got {value!r:.60}")
    return int(low), int(high)
