"""What a gate is, and what gates share."""

from __future__ import annotations

from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from ..data.kinds import kind_of
from ..errors import ConfigError, NotFitted, Unsupported


@runtime_checkable
class Gate(Protocol):
    """What a gate must do."""

    def fit(self, X: Any, y: Any) -> Self:
        """See the real rows and their labels."""
        ...

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return for each synthetic row whether it may pass. Shape: (n,)."""
        ...


def check_fitted(gate: Any) -> None:
    """Raise NotFitted where a gate has learned nothing yet: it has no attribute whose name ends in _."""
    if not any(name.endswith("_") and not name.startswith("_") for name in vars(gate)):
        raise NotFitted(f"this {type(gate).__name__} is not fitted yet: call fit(X, y) first")


def check_table(X: Any, gate: str, instead: str = "NotACopy takes every kind of data") -> None:
    """Raise Unsupported where rows are no table of columns."""
    kind = "sparse matrix" if hasattr(X, "tocsr") else kind_of(X)
    if kind != "table":
        raise Unsupported(f"{gate} takes tables, and this is a {kind}; {instead}")


def is_number(value: Any) -> bool:
    """Whether a parameter is a finite number, Python's or NumPy's; a truth is none."""
    kinds = int | float | np.integer | np.floating
    return isinstance(value, kinds) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def check_share(value: Any, name: str, *, zero: bool = False) -> None:
    """Raise ConfigError where a parameter is no share of the rows."""
    if not is_number(value) or not (0 <= value if zero else 0 < value) or not value < 1:
        raise ConfigError(f"{name} must be a number {'from' if zero else 'above'} 0 and below 1, got {value!r}")


def dealt(codes: npt.NDArray[np.intp], folds: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Deal the rows of each class out over folds, as evenly as can be; one row alone is in no fold (-1).

    A class of at least two rows is thus among the other folds of each fold. Shape: codes (n,); returns (n,).
    """
    fold = np.empty(len(codes), dtype=np.intp)
    for code in np.unique(codes):
        rows = rng.permutation(np.flatnonzero(codes == code))
        fold[rows] = (np.arange(len(rows)) + rng.integers(folds)) % folds if len(rows) > 1 else -1
    return fold


def low_quantile(values: npt.NDArray[np.float64], share: float) -> float:
    """Return the bound below which a new value lies with a chance of at most `share`, or of 1 / (n + 1) for few.

    The order statistic of conformal prediction (Vovk, Gammerman and Shafer 2005, sec. 2.2): where new values come as
    the n known ones did, at most floor(share * (n + 1)) of n + 1 lie strictly below it.

    >>> low_quantile(np.arange(99.0), 0.05), low_quantile(np.arange(9.0), 0.05)
    (4.0, 0.0)
    """
    place = max(int(np.floor(share * (len(values) + 1))) - 1, 0)
    return float(np.partition(values, place)[place])


class ByFrequency:
    """The levels of a coded category in the order of their frequency: 0 is the most frequent, NaN stays.

    Levels that no real row has, and unknown ones, come after all others.

    >>> ByFrequency(np.array([2.0, 2.0, 0.0, np.nan]))(np.array([0.0, 2.0, 1.0, -1.0, np.nan]))
    array([ 1.,  0.,  2.,  2., nan])
    """

    def __init__(self, codes: npt.NDArray[np.float64]) -> None:
        levels, counts = np.unique(codes[codes >= 0], return_counts=True)
        self.levels = levels
        self.ranks = np.empty(len(levels) + 1)
        self.ranks[np.argsort(-counts, kind="stable")] = np.arange(len(levels))
        self.ranks[-1] = len(levels)

    def __call__(self, codes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the places. Shape: (n,) to (n,)."""
        spots = np.minimum(np.searchsorted(self.levels, codes), max(len(self.levels) - 1, 0))
        known = self.levels[spots] == codes if len(self.levels) else np.zeros(len(codes), dtype=bool)
        return np.where(np.isnan(codes), np.nan, self.ranks[np.where(known, spots, len(self.levels))])
