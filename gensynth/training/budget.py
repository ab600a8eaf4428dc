"""How long training may go on: steps, time, and rounds without progress, checked in one place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Integral, Real

from ..errors import ConfigError

_TIME = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")


@dataclass(frozen=True)
class Budget:
    """The bounds of a training; whichever is met first ends it.

    Arguments:
        steps: training steps, at least 1.
        max_time: seconds, or "90s", "2m", "1h30m"; None for no bound.
        patience: how many rounds may go by without a better score, at least 1; None for no bound. Without scores none
            of them counts.

    Raises:
        ConfigError: one of them is none of these.
    """

    steps: int
    max_time: str | float | None = None
    patience: int | None = None

    def __post_init__(self) -> None:
        at_least_one("steps", self.steps)
        if self.patience is not None:
            at_least_one("patience", self.patience)
        _ = self.seconds

    @property
    def seconds(self) -> float:
        """`max_time` in seconds, infinite where there is no bound."""
        return math.inf if self.max_time is None else _seconds(self.max_time)


def at_least_one(name: str, value: object) -> int:
    """Return a count as an int. Raises: ConfigError."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name} must be a whole number of at least 1, got {value!r}")
    return int(value)


def _seconds(max_time: object) -> float:
    found = math.nan
    if isinstance(max_time, str):
        text = max_time.replace(" ", "").lower()
        match = _TIME.fullmatch(text)
        if text and match:
            hours, minutes, seconds = (float(part or 0) for part in match.groups())
            found = 3600 * hours + 60 * minutes + seconds
    elif isinstance(max_time, Real) and not isinstance(max_time, bool):
        try:
            found = float(max_time)
        except OverflowError:
            found = math.inf
    if not 0 < found < math.inf:
        raise ConfigError(f'max_time must be a time above 0, such as "90s", "2m", "1h30m" or 90, got {max_time!r}')
    return found
