"""The images: digits, CIFAR-10 and road signs, whole or long-tailed; and how they are split."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

Set = tuple[np.ndarray, np.ndarray]
CASES = ("MNIST", "CIFAR-10", "GTSRB")
COUNTS = {"MNIST": (500, 5), "CIFAR-10": (400, 8)}  # images of the largest class and of the smallest
FOLDS = 3  # of the signs, so that each class of seven tracks has two in each


def digits(data: Path) -> tuple[Set, Set]:
    """Return 8,000 digits to learn from and 2,000 to test on. Shape: (n, 28, 28, 1), (n,)."""
    folder = data / "images" / "mnist_t10k"
    X = idx(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    y = idx(folder / "t10k-labels-idx1-ubyte.gz", 8).astype(np.int64)
    p = np.random.default_rng(0).permutation(len(X))
    return (X[p[:8000]], y[p[:8000]]), (X[p[8000:]], y[p[8000:]])


def idx(path: Path, head: int) -> np.ndarray:
    """Return the bytes of an IDX file after its head."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=head).copy()


def cifar(data: Path) -> Set:
    """Return 5,000 images of ten things. Shape: (n, 32, 32, 3), (n,)."""
    with np.load(data / "images" / "cifar10_5000.npz") as file:
        return file["x"], file["y"].astype(np.int64)


def signs(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return road signs, their classes and their tracks. Shape: (n, 32, 32, 3), (n,), (n,)."""
    from PIL import Image

    files = sorted((data / "images" / "gtsrb_8").glob("*/*.png"))
    X = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    _, y = np.unique([file.parent.name for file in files], return_inverse=True)
    _, tracks = np.unique([f"{file.parent.name}/{file.name.split('_')[0]}" for file in files], return_inverse=True)
    return X, y.astype(np.int64), tracks


def splits(case: str, seed: int, data: Path) -> Iterator[tuple[Set, Set]]:
    """Yield the imbalanced training set and the test set of a seed; of the signs one for each fold."""
    rng = np.random.default_rng([seed, CASES.index(case)])
    if case == "GTSRB":
        from sklearn.model_selection import StratifiedGroupKFold

        X, y, tracks = signs(data)
        for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(X, y, tracks):
            yield (X[train], y[train]), (X[test], y[test])
        return
    (X, y), test = digits(data) if case == "MNIST" else (cifar(data), None)
    most, least = COUNTS[case]
    counts = {int(label): round(most * (least / most) ** (k / 9)) for k, label in enumerate(rng.permutation(10))}
    some = np.concatenate([rng.choice(np.flatnonzero(y == label), n, replace=False) for label, n in counts.items()])
    if test is None:  # as many of each class, none of which was learned
        rest = np.setdiff1d(np.arange(len(y)), some)
        fewest = min(int((y[rest] == label).sum()) for label in counts)
        held = np.concatenate([rng.permutation(rest[y[rest] == label])[:fewest] for label in counts])
        test = X[held], y[held]
    yield (X[some], y[some]), test
