"""The classifier by which generators of images are judged: small, quick, fixed before anything was measured."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

STEPS, BATCH = 1000, 64  # however many images there are


def scores(X: np.ndarray, y: np.ndarray, test: np.ndarray, truth: np.ndarray, seed: int, *, weighted: bool = False,
           steps: int = STEPS) -> tuple[float, float]:  # fmt: skip
    """Return accuracy and balanced accuracy on test images of a network trained on others.

    Shape: X (n, h, w, c) of bytes, y (n,), test (m, h, w, c), truth (m,). `weighted`: the loss by class weights.
    """
    classes = int(max(y.max(), truth.max())) + 1
    guess = predictions(X, y, test, seed, classes, weighted, steps)
    recalls = [float((guess[truth == label] == label).mean()) for label in range(classes) if (truth == label).any()]
    return float((guess == truth).mean()), float(np.mean(recalls))


def predictions(X: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int, classes: int, weighted: bool,
                steps: int) -> np.ndarray:  # fmt: skip
    """Return the class of each test image. Two convolutions and two linear layers, as in the pilot of the digits."""
    torch.manual_seed(seed)
    last = 32 * (X.shape[1] // 4) * (X.shape[2] // 4)
    net = nn.Sequential(
        nn.Conv2d(X.shape[3], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(last, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip
    adam, rng = torch.optim.Adam(net.parameters(), lr=1e-3), torch.Generator().manual_seed(seed)
    x, labels = tensor(X), torch.from_numpy(y)
    counts = torch.bincount(labels, minlength=classes).clamp(min=1)
    weights = len(y) / (classes * counts) if weighted else None
    order = torch.cat([torch.randperm(len(x), generator=rng) for _ in range(steps * BATCH // len(x) + 1)])
    for step in range(steps):
        rows = order[step * BATCH : (step + 1) * BATCH]
        adam.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), labels[rows], weight=weights).backward()
        adam.step()
    with torch.no_grad():
        return torch.cat([net(part) for part in tensor(test).split(500)]).argmax(1).numpy()


def tensor(images: np.ndarray) -> torch.Tensor:
    """Return images as the network takes them: (n, c, h, w) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
