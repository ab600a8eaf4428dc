"""What the evidence shares: the rows and labels that are looked at, and how policies are asked for changed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.kinds import Audio, Kind, Series, Texts, count_rows, kind_of, take_rows
from ..errors import ConfigError, DataError
from ..random import as_generator
from ..transforms.base import Transform

Codes = npt.NDArray[np.intp]


def checked(X: Any, y: Any, kind: str | None = None) -> tuple[Kind, npt.NDArray[Any]]:
    """Return the kind of rows and their labels (n,). Raises: DataError where they do not fit together."""
    found = kind_of(X)
    if kind is not None and found != kind:
        raise ConfigError(f"the policy is for data of kind {kind!r}, and this is {found!r}")
    labels = np.asarray(y)
    if labels.ndim != 1 or len(labels) != count_rows(X):
        raise DataError(f"{count_rows(X)} rows need as many labels, (n,), got the shape {labels.shape}")
    if not len(labels):
        raise DataError("no rows: 0")
    if labels.dtype == object:
        if any(label is None or label != label for label in labels):
            raise DataError("y holds missing labels: leave those rows out")
    elif labels.dtype.kind == "f" and np.isnan(labels).any():
        raise DataError("y holds missing labels: leave those rows out")
    return found, labels


def subset(codes: Codes, most: int, seed: int) -> Codes:
    """Return the places of so many rows at most: as many of each class, then of all. Shape: (n,) to (m,)."""
    if len(codes) <= most:
        return np.arange(len(codes))
    order = as_generator(seed, "subset").permutation(len(codes))
    k = int(codes.max()) + 1
    share = -(-most // k)
    place = np.zeros(len(codes), dtype=np.intp)  # of each row among those of its class
    for code in range(k):
        own = order[codes[order] == code]
        place[own] = np.arange(len(own))
    first = np.argsort(place[order] >= share, kind="stable")[:most]
    return np.sort(order[first])


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
