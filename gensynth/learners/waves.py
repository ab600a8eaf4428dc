"""Learners of series and of recordings: numbers of each row, and logistic regression on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ..data.kinds import Audio, Series
from ..errors import DataError
from ..random import as_generator
from ..transforms.audio.rows import read as read_waves
from .base import Floats, Learner, Linear

LONGEST, KERNELS = 200, 300  # samples of a series, random convolutions
MELS, FRAMES, FRAME = 32, 24, 0.032  # bands, moments of a recording, seconds of a frame


class SeriesLearner(Learner):
    """Random convolutions and logistic regression.

    Of each of 300 convolutions the largest value and the share of positive ones are taken (Dempster et al. 2020,
    arXiv:1910.13051). DIFFERS: series are brought to one length, at most 200 samples, and scaled by the channels of all
    rows, so that classes may differ in size; NaN is filled in from beside.
    """

    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        rows = _series(X)
        lengths = [row.shape[1] for row in rows]
        self.channels_, self.length_ = rows[0].shape[0], int(np.clip(np.median(lengths), 2, LONGEST))
        x = self._resampled(X)
        self.middle_ = x.mean(axis=(0, 2), keepdims=True)
        self.spread_ = np.maximum(x.std(axis=(0, 2), keepdims=True), 1e-9)
        self.kernels_ = _kernels(as_generator(self.random_state, "series"), self.channels_, self.length_)
        self.linear_ = Linear(self._found, class_weight=self.class_weight).fit(X, codes)

    def _chances(self, X: Any) -> Any:
        return self.linear_.predict_proba(X)

    def embed(self, X: Any) -> Floats:  # noqa: D102 -- the base documents it
        return self.linear_.embed(X)

    def plain(self, X: Any) -> Floats:
        """Return the samples of the series at one length, scaled. Shape: (n, channels times samples)."""
        made: Floats = self._scaled(X).reshape(len(X), -1)
        return made

    def _scaled(self, X: Any) -> Floats:
        made: Floats = (self._resampled(X) - self.middle_) / self.spread_
        return made

    def _found(self, X: Any) -> Floats:
        x = torch.from_numpy(self._scaled(X)).float()
        parts = []
        for weights, bias, dilation, padding in self.kernels_:
            y = F.conv1d(x, weights, bias, dilation=dilation, padding=padding)
            parts += [y.amax(dim=2), (y > 0).float().mean(dim=2)]
        made: Floats = torch.cat(parts, dim=1).double().numpy()
        return made

    def _resampled(self, X: Any) -> Floats:
        """Return series at one length. Shape: (n, channels, length). Raises: DataError for other channels."""
        made = np.zeros((len(X), self.channels_, self.length_))
        for at, row in enumerate(_series(X)):
            if row.shape[0] != self.channels_:
                raise DataError(f"series {at} has {row.shape[0]} channels, and those of training {self.channels_}")
            if row.shape[1]:
                places = np.linspace(0, row.shape[1] - 1, self.length_)
                made[at] = [_interpolated(channel, places) for channel in row]
        return made


class AudioLearner(Learner):
    """A spectrogram of 32 mel bands and 24 moments, in decibels, and logistic regression."""

    def _fit(self, X: Any, codes: npt.NDArray[np.intp]) -> None:
        if not isinstance(X, Audio):
            raise DataError(f"recordings must be Audio(waves, rate), got {type(X).__name__}")
        self.linear_ = Linear(log_mel, class_weight=self.class_weight).fit(X, codes)

    def _chances(self, X: Any) -> Any:
        return self.linear_.predict_proba(X)

    def embed(self, X: Any) -> Floats:  # noqa: D102 -- the base documents it
        return self.linear_.embed(X)


def log_mel(X: Audio) -> Floats:
    """Return the power of each recording in 32 mel bands at 24 moments, in dB, 60 below its greatest at least.

    The moments are shares of the duration. Shape: (n, 768).
    """
    size = max(2 ** round(np.log2(FRAME * X.rate)), 16)
    bands = torch.from_numpy(_mel_bands(size, float(X.rate))).float()
    window = torch.hann_window(size)
    made = np.zeros((len(X), MELS * FRAMES))
    for at, wave in enumerate(read_waves(X).rows.rows):
        padded = F.pad(wave.cpu(), (0, max(size - len(wave), 0)))
        spectrum = torch.stft(padded, size, size // 2, window=window, center=False, return_complex=True)
        power = bands @ (spectrum.real**2 + spectrum.imag**2)
        level = 10 * torch.log10(power + 1e-10)
        level = torch.maximum(level, level.amax() - 60)
        made[at] = F.interpolate(level[None], FRAMES, mode="linear", align_corners=True).flatten().numpy()
    return made


def _mel_bands(size: int, rate: float) -> Floats:
    """Return triangles, even on the mel scale from 0 to half the rate. Shape: (bands, frequencies)."""
    f = np.fft.rfftfreq(size, 1 / rate)
    mel = np.linspace(0, 2595 * np.log10(1 + rate / 2 / 700), MELS + 2)
    ends = 700 * (10 ** (mel / 2595) - 1)
    step = f[1] / 2  # of narrow bands one frequency is at least within reach
    rising = (f - ends[:-2, None] + step) / (ends[1:-1] - ends[:-2] + step)[:, None]
    falling = (ends[2:, None] - f + step) / (ends[2:] - ends[1:-1] + step)[:, None]
    made: Floats = np.clip(np.minimum(rising, falling), 0, None)
    return made


def _series(X: Any) -> list[Floats]:
    """Return series as arrays (channels, time). Raises: DataError."""
    x = X.x if isinstance(X, Series) else X
    return [np.asarray(row.detach().cpu() if isinstance(row, Tensor) else row, dtype=np.float64) for row in x]


def _interpolated(channel: Floats, places: Floats) -> Floats:
    there = np.flatnonzero(np.isfinite(channel))
    if not len(there):
        return np.zeros(len(places))
    made: Floats = np.interp(places, there, channel[there])
    return made


def _kernels(rng: np.random.Generator, channels: int, length: int) -> list[tuple[Tensor, Tensor, int, int]]:
    """Return random convolutions, those of one dilation together: weights, biases, dilation, padding."""
    made: dict[tuple[int, int], list[Floats]] = {}
    for _ in range(KERNELS):
        reach = min(int(rng.choice([7, 9, 11])), length)
        dilation = int(2 ** rng.uniform(0, max(np.log2(max(length - 1, 1) / max(reach - 1, 1)), 0)))
        weights = np.zeros((channels, 11))
        used = rng.choice(channels, int(rng.integers(1, min(channels, 4) + 1)), replace=False)
        drawn = rng.normal(size=(len(used), reach))
        weights[used, :reach] = drawn - drawn.mean(axis=1, keepdims=True)
        made.setdefault((reach, dilation), []).append(weights[:, :reach])
    kernels = []
    for (reach, dilation), group in made.items():
        bias = torch.from_numpy(rng.uniform(-1, 1, len(group))).float()
        stacked = torch.from_numpy(np.stack(group)).float()
        kernels.append((stacked, bias, dilation, (reach - 1) * dilation // 2))
    return kernels
