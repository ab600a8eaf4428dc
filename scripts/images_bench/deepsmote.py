"""The idea of DeepSMOTE (Dablain et al. 2021, arXiv:2105.02340), coded fairly: auto-encoder, SMOTE between codes.

Encoder and decoder have the depth and widths of gensynth's VAE and as many steps, loss is the squared error of the
reconstruction, and a code of a class is moved towards one of its five nearest (fewer where there are fewer).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

CODES, BATCH = 32, 64


def balanced(X: np.ndarray, y: np.ndarray, seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images with as many of each class as of the largest. Shape: (n, h, w, c) of bytes, (n,)."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x = torch.from_numpy(X).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    encode, decode = networks(x.shape[1], x.shape[2])
    weights = [*encode.parameters(), *decode.parameters()]
    adam = torch.optim.Adam(weights, lr=1e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=steps)
    even = torch.from_numpy(1 / np.bincount(y)[y])  # classes alike, as the method has it
    for _ in range(steps):
        rows = torch.multinomial(even, BATCH, replacement=True)
        adam.zero_grad()
        nn.functional.mse_loss(decode(encode(x[rows])), x[rows]).backward()
        adam.step(), rate.step()
    counts = np.bincount(y)
    with torch.no_grad():
        z = torch.cat([encode(part) for part in x.split(500)]).numpy()
        new = np.concatenate([between(z[y == c], counts.max() - n, rng) for c, n in enumerate(counts)])
        made = torch.cat([decode(part) for part in torch.from_numpy(new).float().split(500)])
    images = made.add_(1).mul_(127.5).round_().clamp_(0, 255).byte().permute(0, 2, 3, 1).numpy()
    labels = np.repeat(np.arange(len(counts)), counts.max() - counts)
    return np.concatenate([X, images]), np.concatenate([y, labels])


def networks(channels: int, side: int) -> tuple[nn.Module, nn.Module]:
    """Return encoder and decoder of square images of 28 or 32 pixels."""
    low = side // 4
    encode = nn.Sequential(
        nn.Conv2d(channels, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 4, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(64 * low * low, CODES),
    )  # fmt: skip
    decode = nn.Sequential(
        nn.Linear(CODES, 64 * low * low), nn.ReLU(), nn.Unflatten(1, (64, low, low)),
        nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(32, channels, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip
    return encode, decode


def between(z: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n points between those of a class. Shape: z (m, d); returns (n, d)."""
    from sklearn.neighbors import NearestNeighbors

    first = rng.integers(0, len(z), n)
    if len(z) == 1:
        return z[first]
    k = min(5, len(z) - 1)
    near = NearestNeighbors(n_neighbors=k + 1).fit(z).kneighbors(z)[1][:, 1:]
    other = near[first, rng.integers(0, k, n)]
    return z[first] + rng.random((n, 1)) * (z[other] - z[first])
