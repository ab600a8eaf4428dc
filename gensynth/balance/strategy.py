"""How many rows of which class: imbalanced-learn's `sampling_strategy`, within groups where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.labels import Labels
from ..errors import ConfigError, DataError, UnknownCategory, nearest

Codes = npt.NDArray[np.intp]
WORDS = ("auto", "minority", "not minority", "not majority", "all")


@dataclass(frozen=True)
class Plan:
    """Rows to make.

    A place is a class or, with groups, a pair of group and class. `codes` (n,) is the place of each real row,
    `classes` the class of each place, `pairs` its name where there are groups, `asked` one place for each row to
    make, `empty` the pairs that no row has.
    """

    codes: Codes
    classes: Codes
    asked: Codes
    pairs: list[tuple[Any, Any]] | None = None
    empty: tuple[tuple[Any, Any], ...] = ()


def plan(strategy: Any, labels: Labels, codes: Codes, groups: Any = None) -> Plan:
    """Return how many rows each class lacks, or each class within each group.

    Raises: ConfigError where the strategy is not one, names an unknown label, or asks for fewer rows than there are.
    """
    classes = np.arange(len(labels))
    if groups is None:
        asked = counts_of(strategy, labels, codes)
        return Plan(codes, classes, np.repeat([*asked], [*asked.values()]).astype(np.intp))
    if pd.isna(groups).any():
        raise DataError(
            f"groups are missing for {int(pd.isna(groups).sum())} rows: drop those rows or give them a group"
        )
    which, names = pd.factorize(groups, sort=len({type(group) for group in groups}) == 1)
    whole = which * len(labels) + codes
    held, places = np.unique(whole, return_inverse=True)
    place = {int(pair): at for at, pair in enumerate(held)}
    asked_places: list[int] = []
    for group in range(len(names)):
        mine = codes[which == group]
        if len(np.unique(mine)) < 2:
            continue
        for code, n in counts_of(strategy, labels, mine).items():
            asked_places += [place[group * len(labels) + code]] * n
    name = labels.classes.tolist()
    pairs = [(names[pair // len(labels)], name[pair % len(labels)]) for pair in held]
    every = [(names[group], label) for group in range(len(names)) for label in name]
    empty = tuple(pair for at, pair in enumerate(every) if at not in place)
    return Plan(
        places.astype(np.intp),
        (held % len(labels)).astype(np.intp),
        np.array(asked_places, dtype=np.intp),
        pairs,
        empty,
    )


def counts_of(strategy: Any, labels: Labels, codes: Codes) -> dict[int, int]:
    """Return the number of rows to make of each class, by code."""
    if callable(strategy):
        strategy = strategy(labels.decode(codes))
    return lacking(strategy, labels, np.bincount(codes, minlength=len(labels)))


def lacking(strategy: Any, labels: Labels, have: npt.NDArray[np.integer]) -> dict[int, int]:
    """Return the number of rows to make of each class, by code, where there are so many. Shape: have (classes,).

    Raises: ConfigError where the strategy is not one, names an unknown label, or asks for fewer rows than there are.
    """
    if isinstance(strategy, Mapping):
        return _named(strategy, labels, have)
    here = {code: int(n) for code, n in enumerate(have) if n}
    most, least = max(here.values()), min(here.values())
    if isinstance(strategy, str) and strategy in WORDS:
        few, many = min(here, key=here.__getitem__), max(here, key=here.__getitem__)
        spared = {"minority": {*here} - {few}, "not minority": {few}, "all": set[int]()}.get(strategy, {many})
        return {code: most - n for code, n in here.items() if n < most and code not in spared}
    if isinstance(strategy, list | tuple | set):
        raise ConfigError(f"sampling_strategy cannot be a list, got {strategy!r}: give {{label: rows}}")
    if isinstance(strategy, bool) or not isinstance(strategy, float | int | np.number):
        raise ConfigError(f"sampling_strategy={strategy!r} is not known{nearest(strategy, WORDS)}")
    if not 0 < strategy <= 1:
        raise ConfigError(f"sampling_strategy={strategy!r}: a ratio of two classes is in the range (0, 1]")
    if len(here) != 2:
        raise ConfigError(
            f"sampling_strategy={strategy!r}: a ratio is for two classes (a binary target), and there are {len(here)}: "
            "give a dict"
        )
    n = int(most * strategy - least)
    if n <= 0:
        raise ConfigError(
            f"sampling_strategy={strategy!r}: the specified ratio required to remove samples from the minority class, "
            f"whose ratio is {least / most:.3g} already: increase it"
        )
    return {min(here, key=here.__getitem__) if least < most else max(here): n}


def _named(strategy: Mapping[Any, Any], labels: Labels, have: npt.NDArray[np.integer]) -> dict[int, int]:
    try:
        wanted = {labels.code(label): n for label, n in strategy.items()}
    except UnknownCategory as error:
        raise ConfigError(f"the strategy names a class that the data has not: {error}") from None
    for code, n in wanted.items():
        label = labels.classes.tolist()[code]
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise ConfigError(f"the strategy asks for {n!r} rows of class {label!r}: give a whole number")
        if n < have[code]:
            raise ConfigError(
                f"the strategy asks for {n:,} rows of class {label!r}, which has {have[code]:,} already: "
                f"ask for at least as many, or thin it out with under="
            )
    return {code: int(n - have[code]) for code, n in wanted.items() if have[code] and n > have[code]}


def pair_labels(pairs: list[tuple[Any, Any]], codes: Codes) -> npt.NDArray[Any]:
    """Return the name of each row's pair as an array of tuples."""
    named = np.empty(len(codes), dtype=object)
    named[:] = [pairs[code] for code in codes]
    return named
