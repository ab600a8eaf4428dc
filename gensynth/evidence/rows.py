"""What the evidence shares: the rows and labels that are looked at, and how policies are asked for changed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.kinds import Audio, Kind, Series, Texts, count_rows, kind_of, take_rows
from ..errors import ConfigError, DataError, TooFewRows
from ..random import as_generator
from ..transforms.base import Transform

Codes = npt.NDArray[np.intp]


def checked(X: Any, y: Any, kind: str | None = None) -> tuple[Kind, npt.NDArray[Any]]:
    """Return the kind of rows and their labels (n,). Raises: DataError where they do not fit together."""
    found = kind_of(X)
    if kind is not None and found != kind:
        raise ConfigError(f"the policy is for data of kind {kind!r}, and this is {found!r}")
    return found, _sortable(y, "labels", count_rows(X))


def grouped(groups: Any, n: int) -> Codes:
    """Return the codes of the groups of n rows; without any, each row is a group. Raises: DataError. Shape: (n,)."""
    return np.arange(n) if groups is None else np.unique(_sortable(groups, "groups", n), return_inverse=True)[1]


def _sortable(values: Any, name: str, n: int) -> npt.NDArray[Any]:
    """Return labels or groups of n rows (n,). Raises: DataError."""
    import pandas as pd

    made = np.asarray(values)
    if made.shape != (n,):
        raise DataError(f"{n} rows need as many {name}, (n,), got the shape {made.shape}")
    if not n:
        raise DataError("no rows: 0")
    if pd.isna(made).any():
        raise DataError(f"there are missing {name}: leave those rows out")
    try:
        np.unique(made)
    except TypeError:
        raise DataError(f"{name} of several types cannot be sorted: make them numbers, or texts, alone") from None
    return made


def subset(codes: Codes, most: int, seed: int, groups: Codes) -> Codes:
    """Return the places of so many rows at most: as many of each class as there are, and of as many groups.

    Shape: (n,) to (m,).
    """
    order = as_generator(seed, "subset").permutation(len(codes))
    order = order[np.argsort(_place(groups[order]), kind="stable")]
    order = order[np.argsort(_place(codes[order]), kind="stable")]
    return np.sort(order[:most])


def _place(codes: Codes) -> Codes:
    """Return the place of each row among those of its code, from 0. Shape: (n,)."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    made = np.empty(len(codes), dtype=np.intp)
    made[order] = np.arange(len(codes)) - np.searchsorted(ranked, ranked)
    return made


def counted(codes: Codes, together: Codes | None) -> Codes:
    """Return of how many rows, or groups of rows that belong together, each class is. Shape: (n,) to (classes,).

    >>> counted(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    array([2, 1])
    """
    if together is None:
        return np.bincount(codes)
    return np.bincount(np.unique(np.stack([codes, together], axis=1), axis=0)[:, 0])


def folded_groups(codes: Codes, folds: int, seed: int, groups: Codes) -> Codes:
    """Return the fold of each row; a group is in one fold, and classes are spread as evenly as groups allow.

    Groups, the large ones first, go where the smallest share is of the rows of their classes. Shape: (n,).

    Raises: TooFewRows where a class is not in each fold.
    """
    counts = np.zeros((int(groups.max()) + 1, int(codes.max()) + 1))
    np.add.at(counts, (groups, codes), 1)
    drawn = as_generator(seed, "folds").permutation(len(counts))
    held, fold = np.zeros((folds, counts.shape[1])), np.zeros(len(counts), dtype=np.intp)
    weight = counts / counts.sum(axis=0)
    for group in drawn[np.argsort(-weight[drawn].sum(axis=1), kind="stable")]:
        fold[group] = (held[:, counts[group] > 0].sum(axis=1)).argmin()
        held[fold[group]] += weight[group]
    if not held.all():
        raise TooFewRows(f"the groups cannot be cut into {folds} parts with rows of all classes: ask for fewer folds")
    return fold[groups]


def folded(codes: Codes, folds: int, seed: int) -> Codes:
    """Return the fold of each row; rows of a class are spread evenly over the folds. Shape: (n,)."""
    order = as_generator(seed, "folds").permutation(len(codes))
    ranked = order[np.argsort(codes[order], kind="stable")]
    made = np.zeros(len(codes), dtype=np.intp)
    start = 0
    for code in range(int(codes.max()) + 1):
        own = ranked[codes[ranked] == code]
        made[own] = (start + np.arange(len(own))) % folds
        start += len(own)
    return made


def changed(policy: Transform, X: Any, codes: Codes, index: Codes, seed: int, epoch: int = 0) -> Any:
    """Return rows changed by a fitted policy, which keeps their classes."""
    return policy.seeded(seed)(X, y=codes, index=index, epoch=epoch)[0]


def taken(X: Any, rows: Codes) -> Any:
    """Return some of the rows, in X's container."""
    return X[rows] if isinstance(X, Audio | Series | Texts) else take_rows(X, rows)
