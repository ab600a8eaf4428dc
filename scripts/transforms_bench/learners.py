"""The classifiers that transforms are judged by: small, quick, and fixed before anything was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS, BATCH = 1500, 64  # of the network, however many rows there are


def network(X: np.ndarray, y: np.ndarray, test: np.ndarray, seed: int) -> np.ndarray:
    """Return the classes that a small convolutional network gives test images (n, h, w, c) of bytes. Shape: (m,)."""
    import torch
    from torch import nn

    def tensor(images: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)

    def block(width: int, wider: int) -> list[nn.Module]:
        return [nn.Conv2d(width, wider, 3, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(), nn.MaxPool2d(2)]

    torch.manual_seed(seed)
    net = nn.Sequential(*block(X.shape[3], 16), *block(16, 32), *block(32, 64), nn.Flatten(),
                        nn.Linear(64 * (X.shape[1] // 8) ** 2, int(y.max()) + 1))  # fmt: skip
    best = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(best, 4e-3, total_steps=STEPS)
    x, labels, rng = tensor(X), torch.from_numpy(y), torch.Generator().manual_seed(seed)
    order = torch.cat([torch.randperm(len(x), generator=rng) for _ in range(STEPS * BATCH // len(x) + 1)])
    for step in range(STEPS):
        rows = order[step * BATCH : (step + 1) * BATCH]
        best.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), labels[rows]).backward()
        best.step(), rates.step()
    net.eval()
    with torch.no_grad():
        return torch.cat([net(part) for part in tensor(test).split(500)]).argmax(1).numpy()


def words(X: list[str], y: np.ndarray, test: list[str], seed: int) -> np.ndarray:
    """Return the chance of class 1 that logistic regression on words and pairs of words gives texts. Shape: (m,)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(C=10, max_iter=500)
    )
    return np.asarray(model.fit(X, y).predict_proba(test)[:, 1])


def nearest(X: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the classes of the nearest series (n, channels, time), the yardstick of their archive. Shape: (m,)."""
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(1).fit(X.reshape(len(X), -1), y)
    return np.asarray(model.predict(test.reshape(len(test), -1)))


def spectra(X: Any, y: np.ndarray, test: Any, seed: int) -> np.ndarray:
    """Return the classes that logistic regression on log-mel spectra gives recordings (`Audio`). Shape: (m,)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    return np.asarray(model.fit(log_mel(X), y).predict(log_mel(test)))


def log_mel(audio: Any, bands: int = 24, frames: int = 16) -> np.ndarray:
    """Return log power in mel bands at so many moments from beginning to end. Shape: (n, bands * frames)."""
    from scipy.signal import stft

    def mel(hertz: Any) -> Any:
        return 2595 * np.log10(1 + np.asarray(hertz) / 700)

    frequencies = np.linspace(0, audio.rate / 2, 129)
    edges = np.linspace(mel(60), mel(audio.rate / 2), bands + 2)
    rising = (mel(frequencies) - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - mel(frequencies)) / np.diff(edges)[1:, None]
    filters, made = np.clip(np.minimum(rising, falling), 0, None), []
    for wave in audio.waves:
        power = np.abs(stft(np.asarray(wave, dtype=float), nperseg=256, noverlap=176)[2]) ** 2
        bands_of = np.log(filters @ power + 1e-8)
        places = np.linspace(0, bands_of.shape[1] - 1, frames)
        made.append(np.stack([np.interp(places, np.arange(len(line)), line) for line in bands_of]).ravel())
    return np.stack(made)
