"""The images: photographs and paintings of one size, and the sets of which augmentation is judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from images_bench import data
from images_bench.data import Set

CASES = ("CIFAR-10", "GTSRB")
EACH, TESTED = 50, 100  # of CIFAR-10: images of a class to learn from, and others to test on


def pictures(kind: str, side: int, folder: Path) -> np.ndarray:
    """Return the photographs ("content") or the paintings ("style"), squares cut from their middle.

    Shape: (n, side, side, 3) of bytes.
    """
    from gensynth import ImageFolder

    return np.asarray(ImageFolder(folder / "images" / kind, size=side, mode="RGB"))


def splits(case: str, seed: int, folder: Path) -> Iterator[tuple[Set, Set]]:
    """Yield what is learned from and what is tested on of a seed; of the signs one pair for each fold by track."""
    if case == "GTSRB":
        yield from data.splits(case, seed, folder)
        return
    X, y = data.cifar(folder)
    rng = np.random.default_rng([seed, 50])
    order = [rng.permutation(np.flatnonzero(y == label))[: EACH + TESTED] for label in range(10)]
    train, test = (np.concatenate([rows[part] for rows in order]) for part in (slice(EACH), slice(EACH, None)))
    yield (X[train], y[train]), (X[test], y[test])
