"""How sure a mean difference over folds is, whose training rows overlap.

    d = mean of d_j over J folds,   se^2 = (1 / J + m / n) s^2,   d +- t_{1 - a / 2}(J - 1) se

with s^2 the variance of the d_j, and m / n the rows of a test fold by those of training. Several intervals that hold
together take a = 0.05 / their number (Bonferroni).

Reference: Nadeau and Bengio 2003, Machine Learning 52, 239, sec. 3.2 (the corrected resampled t-test).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ...learners.base import Floats

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its interval; NaN where there are too few folds to tell."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, differences: Floats, ratio: float, many: int = 1) -> Self:
        """Return the interval of differences of folds.

        Arguments:
            differences: (J,) of each fold; those that are NaN are left out.
            ratio: rows of a test fold by those of training, at least 0.
            many: of how many intervals, which hold together, it is one.

        >>> found = Interval.of(np.array([0.1, 0.2, 0.3, 0.2]), ratio=1 / 3)
        >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)
        (0.2, 0.002, 0.398)
        """
        from scipy.stats import t

        known = differences[np.isfinite(differences)]
        if not len(known):
            return cls(np.nan, np.nan, np.nan)
        mean = float(known.mean())
        if len(known) < 2:
            return cls(mean, np.nan, np.nan)
        error = np.sqrt((1 / len(known) + ratio) * known.var(ddof=1))
        reach = float(t.ppf(1 - (1 - LEVEL) / 2 / many, len(known) - 1) * error)
        return cls(mean, mean - reach, mean + reach)

    @property
    def above(self) -> bool:
        """Whether it lies above 0 as a whole."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether it lies below 0 as a whole."""
        return self.high < 0
