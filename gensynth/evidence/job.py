"""What a Balancer asks of a generator that is chosen by trial, so that trials are of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.labels import Labels
from ..generators.base import Codes


@dataclass(frozen=True)
class Job:
    """What a Balancer asks: its strategy, rows to make of each class, whether labels are pairs, which rows are left.

    `kept` are the places of the rows of `fit` among those that `split_by` is of.
    """

    strategy: Any = "auto"
    made: Mapping[Any, int] | None = None
    pairs: bool = False
    kept: Codes | None = None

    def wanted(self, labels: Labels) -> Any:
        """Return the strategy of trials, by codes of classes; numbers are for all rows, and shrink with them."""
        if isinstance(self.strategy, str):
            return self.strategy
        if self.pairs:
            return Level(float(self.strategy) if isinstance(self.strategy, int | float) else 1.0)
        made = {labels.code(label): n for label, n in (self.made or {}).items()}
        return {code: int(labels.counts[code]) + n for code, n in made.items()}


@dataclass(frozen=True)
class Level:
    """A ratio of each class to the largest, where groups are so small that some have more already."""

    ratio: float

    def __call__(self, y: Any) -> dict[Any, int]:
        """Return how many rows of each class there are to be."""
        labels, counts = np.unique(y, return_counts=True)
        wanted = np.maximum(counts, np.round(self.ratio * counts.max()).astype(int))
        return dict(zip(labels.tolist(), wanted.tolist(), strict=True))
