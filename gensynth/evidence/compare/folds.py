"""How rows are cut into some to learn from and some to be asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, DataError, TooFewRows, ignoring
from ..rows import counted, folded, folded_groups

Codes = npt.NDArray[np.intp]
FOLDS = 5
ROUNDS = ((2_000, 4), (10_000, 2))  # so many rounds of folds up to so many rows; one above, and of other kinds


@dataclass(frozen=True)
class Split:
    """Rows to learn from and rows to be asked about, by their places, and which round of folds it is of."""

    train: Codes
    test: Codes
    round: int


def splits(codes: Codes, cv: Any, seed: int, together: Codes | None, quick: bool) -> tuple[list[Split], list[str]]:
    """Return the splits and what there is to say of them.

    Arguments:
        codes: (n,) classes.
        cv: None; a number of folds; (folds, rounds); "time"; or a splitter of scikit-learn or pairs of places.
        seed: of the folds.
        together: (n,) groups that no fold may cut, or None.
        quick: whether learning is so fast that folds are drawn several times where nothing is said.

    Raises: ConfigError for another cv; DataError where one cuts what belongs together; TooFewRows where fewer than two
        classes can be both learned and asked about.
    """
    if isinstance(cv, str) and cv == "time":
        note = "rows are taken as in order of time: each fold learns from the rows before it"
        return _whole(_past(codes, FOLDS), together), [note]
    if cv is None or isinstance(cv, int | np.integer) or (isinstance(cv, tuple) and len(cv) == 2 and _counts(cv)):
        return _drawn(codes, cv, seed, together, quick)
    return _whole(_given(codes, cv, together), together), []


def _whole(made: list[Split], together: Codes | None) -> list[Split]:
    """Return splits. Raises: DataError where rows that belong together are on both sides of one."""
    for split in made if together is not None else ():
        both = np.intersect1d(together[split.train], together[split.test])  # type: ignore[index]
        if len(both):
            raise DataError(f"cv cuts {len(both)} of the groups of split_by: give a cv that keeps them whole, or none")
    return made


def _counts(cv: Any) -> bool:
    return all(isinstance(each, int | np.integer) and not isinstance(each, bool) for each in cv)


def _drawn(codes: Codes, cv: Any, seed: int, together: Codes | None, quick: bool) -> tuple[list[Split], list[str]]:
    usual = next((rounds for most, rounds in ROUNDS if len(codes) <= most), 1) if quick else 1
    folds, rounds = (FOLDS, usual) if cv is None else cv if isinstance(cv, tuple) else (cv, usual)
    if isinstance(folds, bool) or folds < 2 or rounds < 1:
        raise ConfigError(f"cv must be at least 2 folds, or (folds, rounds), got {cv!r}")
    own = np.arange(len(codes)) if together is None else together
    notes, what = [], "rows" if together is None else "groups"
    lone = counted(codes, own) < 2
    if (~lone).sum() < 2:
        raise TooFewRows(f"two classes of two {what} are needed: one to learn from and one to be asked about")
    if lone.any():
        notes.append(f"{int(lone.sum())} classes of a single row, or group, are learned from and never asked about")
    asked = np.flatnonzero(~np.isin(own, own[lone[codes]]))  # nor is what belongs together with their rows
    if len(np.unique(codes[asked])) < 2:
        raise TooFewRows("all rows of some classes are in one group with those of others: no fold can ask about them")
    again = np.unique(codes[asked], return_inverse=True)[1]
    least = int(counted(again, own[asked]).min())
    if least < folds:
        notes.append(f"{max(least, 2)} folds and not {folds}, as the smallest class has {least} {what}")
        folds = max(least, 2)
    made = []
    for round_ in range(int(rounds)):
        if together is None:
            fold = folded(again, int(folds), seed + round_)
        else:
            fold = folded_groups(again, int(folds), seed + round_, np.unique(together[asked], return_inverse=True)[1])
        for part in range(int(folds)):
            test = asked[fold == part]
            made.append(Split(np.setdiff1d(np.arange(len(codes)), test), test, round_))
    return made, notes


def _past(codes: Codes, folds: int) -> list[Split]:
    """Return splits of which each learns from all rows before those that it is asked about."""
    ends = np.linspace(0, len(codes), folds + 2).astype(int)[1:]
    made = [Split(np.arange(a), np.arange(a, b), 0) for a, b in pairwise(ends)]
    made = [split for split in made if len(np.unique(codes[split.train])) > 1 and len(split.test)]
    if len(made) < 2:
        raise TooFewRows("in order of time, two classes come too late to be learned from: no two folds can be made")
    return made


def _given(codes: Codes, cv: Any, together: Codes | None) -> list[Split]:
    """Return the splits of a splitter of scikit-learn, or of pairs of places."""
    if hasattr(cv, "split") and not isinstance(cv, str):
        with ignoring(UserWarning, "The groups parameter is ignored"):  # `_apart` sees to it
            pairs: Iterable[Any] = list(cv.split(np.zeros((len(codes), 1)), codes, together))
    elif isinstance(cv, Iterable) and not isinstance(cv, str):
        pairs = cv
    else:
        text = 'a number of folds, (folds, rounds), "time", a splitter of scikit-learn, or pairs of places'
        raise ConfigError(f"cv must be {text}, got {cv!r:.60}")
    made = []
    for pair in pairs:
        try:
            train, test = (np.asarray(rows, dtype=np.intp) for rows in pair)
        except (TypeError, ValueError):
            raise ConfigError(f"cv must give pairs of places (train, test), got {pair!r:.60}") from None
        both = np.concatenate([train, test])
        if not len(train) or not len(test) or both.min() < 0 or both.max() >= len(codes):
            raise ConfigError(f"cv: a fold is empty, or names rows that are not among 0 to {len(codes) - 1}")
        if len(np.intersect1d(train, test)):
            raise DataError("cv: a fold has rows of training in its test")
        made.append(Split(train, test, 0))
    if not made:
        raise ConfigError("cv gives no folds")
    return made
