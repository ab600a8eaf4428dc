"""A policy on rows that are changed one transform after another: texts, audio, series and tables.

A kind reads what its users have into a working form, of which the changes take the rows that they touch:

    change(rows, draws, y)      the working form of m rows, their draws, their labels (m,) or None; returns m rows
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

import numpy as np

from ..errors import ConfigError, DataError
from .draws import Draws, Flags, Ints

if TYPE_CHECKING:
    from .base import Transform


class Working(Protocol):
    """Rows as changes take them."""

    def __len__(self) -> int: ...

    def pick(self, rows: Ints) -> Self:
        """Return some of the rows."""

    def put(self, rows: Ints, changed: Self) -> Self:
        """Return all rows, those at these places changed."""


Row = TypeVar("Row")


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """Rows as a list, such as texts, or arrays of unequal lengths."""

    rows: list[Row]

    def __len__(self) -> int:
        return len(self.rows)

    def pick(self, rows: Ints) -> Self:
        """Return some of the rows."""
        return replace(self, rows=[self.rows[row] for row in rows])

    def put(self, rows: Ints, changed: Self) -> Self:
        """Return all rows, those at these places changed."""
        made = list(self.rows)
        for row, new in zip(rows, changed.rows, strict=True):
            made[row] = new
        return replace(self, rows=made)

    def with_rows(self, rows: list[Row]) -> Self:
        """Return other rows of the same settings."""
        return replace(self, rows=rows)


@dataclass(frozen=True)
class Given:
    """What was given: rows in their working form, the way back to the container, whether it was one row alone."""

    rows: Any
    back: Callable[[Any], Any]
    alone: bool = False


def run(policy: Transform, given: Given, *, y: Any = None, index: Any = None, epoch: int = 0) -> Any:
    """Return changed rows in the container that they came in, with their labels where those are given."""
    n = len(given.rows)
    labels = labels_of(y, n, given.alone)
    draws = policy.draws(n, index, epoch, given.alone)
    rows = changed(policy.ready(given.rows, labels), given.rows, draws, labels) if n else given.rows
    made = given.back(rows)
    return made if y is None else (made, y)


def changed(policy: Transform, rows: Any, draws: Draws, y: Any) -> Any:
    """Return rows in their working form, changed."""
    for leaf, drawn, active, _ in policy.leaves(draws, all_of(len(rows))):
        some = np.flatnonzero(active)
        if len(some):
            part = leaf.change(rows.pick(some), drawn.of_rows(some), None if y is None else y[some])  # type: ignore[attr-defined]
            rows = rows.put(some, part)
    return rows


def known_of(policy: Transform) -> Any:
    """Return what the first fitted transform of a policy of tables knows, None where none was fitted.

    Raises: ConfigError where parts were fitted apart, each on a coding of its own.
    """
    leaves = policy.leaves(Draws.of(0, 0, np.arange(1)), all_of(1))
    found = [leaf.known for leaf, *_ in leaves if leaf.known is not None]
    if any(known.matrix.encoder is not found[0].matrix.encoder for known in found):
        raise ConfigError("the parts of the policy were fitted apart: fit the policy as a whole")
    return found[0] if found else None


def labels_of(y: Any, n: int, alone: bool = False) -> Any:
    """Return labels as an array (n,), or None. Raises: DataError where they are not as many as the rows."""
    if y is None:
        return None
    made = np.asarray([y] if alone and np.ndim(y) == 0 else y)
    if made.shape[:1] != (n,):
        raise DataError(f"{n} rows but {len(made) if made.ndim else 1} of y")
    return made


def all_of(n: int) -> Flags:
    """Return truths for all rows. Shape: (n,)."""
    return np.ones(n, dtype=bool)


def explained(policy: Transform) -> str:
    """Return what is done to rows, in order."""
    lines = []
    for leaf, _, _, certain in policy.leaves(Draws.of(0, 0, np.arange(1)), all_of(1)):
        lines.append(f"{leaf}" + ("" if certain else "  (not for every row)"))
    return "\n".join(lines) or "nothing is done"
