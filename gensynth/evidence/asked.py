"""What the evidence is asked for, read: seeds, and times that work may take."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ConfigError
from ..random import fresh_seed
from ..training.budget import Budget


def seed_asked(random_state: Any) -> int:
    """Return a seed, a fresh one for None. Raises: ConfigError.

    >>> seed_asked(7)
    7
    """
    if random_state is None:
        return fresh_seed() % 2**31
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer) or random_state < 0:
        raise ConfigError(f"random_state must be a whole number, at least 0, or None, got {random_state!r}")
    return int(random_state)


def seconds_asked(budget: Any) -> float:
    """Return a time above 0 in seconds, such as of "90s", "5min" or 90. Raises: ConfigError.

    >>> seconds_asked("2min")
    120.0
    """
    if budget is None:
        raise ConfigError('budget must be a time above 0, such as "90s" or "5min"')
    text = budget.lower().replace("minutes", "m").replace("min", "m") if isinstance(budget, str) else budget
    try:
        return Budget(1, text).seconds
    except ConfigError as error:
        raise ConfigError(str(error).replace("max_time", "budget")) from None
