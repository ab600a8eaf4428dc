"""One generator on one table: fitted once and asked once, for all the laws that look at what came out."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sklearn.base import clone

from ..data.kinds import count_rows
from ..errors import GensynthWarning
from .tables import Case, grid

ASKED = 100  # rows in the sample that most laws look at


class Trial:
    """A generator on a table.

    `fitted` is fitted with the seed 0 on a copy of the table. `made`, `made_y` and `parents` are what it gave for
    the labels `asked`: every class in turn, 100 rows in all.
    """

    def __init__(self, generator: Any, case: Case) -> None:
        self.case = case
        with quiet():
            self.fitted = seeded(generator).fit(copy.deepcopy(case.X), copy.deepcopy(case.y))

    @cached_property
    def asked(self) -> list[Any]:
        """The label asked of each row, none where the table has no labels."""
        labels = self.case.labels
        return [labels[(place * 7 + place // 3) % len(labels)] for place in range(ASKED)] if labels else []

    @cached_property
    def _sample(self) -> tuple[Any, Any, Any]:
        with quiet():
            if not self.asked:
                rows, parents = self.fitted.sample(ASKED, return_parents=True)
                return rows, None, parents
            wanted = sequence(self.asked)
            rows, labels, parents = self.fitted.sample(y=wanted, return_y=True, return_parents=True)
            return rows, labels, parents

    @property
    def made(self) -> Any:
        """The rows."""
        return self._sample[0]

    @property
    def made_y(self) -> Any:
        """The labels that came with them."""
        return self._sample[1]

    @property
    def parents(self) -> Any:
        """The frame of their parents."""
        return self._sample[2]

    @cached_property
    def few(self) -> Any:
        """What `ask_few` gives: 7 rows of the last class, and their parents."""
        return self.ask_few(self.fitted)

    def ask_few(self, fitted: Any) -> Any:
        """Ask a fitted generator for what `few` is."""
        return sampled(fitted, 7, y=self.case.labels[-1] if self.case.labels else None, return_parents=True)

    def rows_of(self, label: Any) -> Any:
        """Return the positions of the made rows of a class. Shape: (m,)."""
        return np.flatnonzero([asked == label for asked in self.asked])


def trial(generator: Any, case: Case) -> Trial:
    """Return the trial of a generator on a table; trials are remembered, as long as its parameters stay."""
    return _trial(generator, case, repr(generator.get_params()))


@lru_cache(maxsize=256)
def _trial(generator: Any, case: Case, params: str) -> Trial:
    return Trial(generator, case)


def seeded(generator: Any, seed: int | None = 0) -> Any:
    """Return an unfitted copy of a generator with this random state."""
    return clone(generator).set_params(random_state=seed)


def fitted(generator: Any, X: Any, y: Any, seed: int | None = 0) -> Any:
    """Return a copy of a generator, fitted without a word."""
    with quiet():
        return seeded(generator, seed).fit(X, y)


def sampled(generator: Any, n: int | None = None, **asked: Any) -> Any:
    """Return what a fitted generator gives, without a word."""
    with quiet():
        return generator.sample(n, **asked)


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back gensynth's own warnings, of few rows and of falling back: the laws about them look themselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GensynthWarning)
        yield


def suited(generator: Any) -> Case:
    """Return the first table of the grid that a generator takes."""
    case = next((case for case in grid() if case.suits(generator)), None)
    if case is None:
        raise AssertionError(f"{type(generator).__name__} takes none of the tables: check its `supports`")
    return case


def sequence(labels: list[Any]) -> Any:
    """Return labels as a list, or as an array where they are tuples, which NumPy would take for a table."""
    if not isinstance(labels[0], tuple):
        return labels
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def size(X: Any) -> int:
    """Return the number of rows of data of any kind."""
    return count_rows(X)


def say(generator: Any, case: Case | None, what: str) -> str:
    """Return the message of a broken law."""
    return f"{type(generator).__name__}{'' if case is None else f' on {case.name!r}'}: {what}"


def expect(generator: Any, case: Case | None, kept: bool, what: str) -> None:
    """Raise the AssertionError of a broken law where it is not kept."""
    if not kept:
        raise AssertionError(say(generator, case, what))
