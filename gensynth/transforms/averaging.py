"""What a classifier says of a row, averaged over changed copies of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError
from .base import Transform


def test_time_average(
    predict: Callable[[Any], Any], X: Any, policy: Transform, n: int = 8, *, original: bool = True, index: Any = None
) -> npt.NDArray[np.floating]:
    """Return predictions averaged over n changed copies of the rows (Krizhevsky et al. 2012, sec. 4.1).

    The policy should be one that the classifier was trained with. Copy k is that of epoch k, so that a policy with a
    `random_state` gives the same average again, whatever the batch.

    Arguments:
        predict: takes rows as X holds them, returns numbers for each, such as probabilities: (rows, ...).
        X: rows of the policy's kind.
        policy: what changes them.
        n: how many copies, at least 1.
        original: whether the rows as they are count as one more.
        index: (rows,) numbers of the rows; None for 0 on.

    Raises: ConfigError where n is no such number; DataError where `predict` returns other numbers of rows.
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ConfigError(f"n must be a whole number of copies, at least 1, got {n!r}")
    rows = np.arange(len(X)) if index is None else np.asarray(index)
    total, count = np.zeros(0), 0
    for epoch in range(-1 if original else 0, int(n)):
        said = predict(X if epoch < 0 else policy(X, index=rows, epoch=epoch))
        found = np.asarray(said.detach().cpu() if hasattr(said, "detach") else said, dtype=np.float64)
        if found.shape[:1] != (len(X),):
            raise DataError(f"predict returned shape {found.shape} for {len(X)} rows: one prediction a row is needed")
        total, count = (found if not count else total + found), count + 1
    return total / count


test_time_average.__test__ = False  # type: ignore[attr-defined]  # its name is the field's: pytest is to leave it alone
