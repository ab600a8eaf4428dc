"""Bands of frequencies and stretches of time taken out of a wave: SpecAugment.

The spectrogram has frames of a power of 2 of samples, about 32 ms, that overlap by half under the root of Hann's
window, before and after; where nothing is masked the wave comes back.

Reference: Park et al. 2019, arXiv:1904.08779, sec. 2. DIFFERS: on the wave, by its spectrogram and back; masked parts
are a stated number of decibels weaker rather than the mean; widths are in shares of the mel scale from 0 to half the
rate and of the duration, so that they mean the same for all data; no time warping, which the paper finds to matter
least (`TimeStretch` does more).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws
from ..settings import span, whole_span
from .vocoder import frame_length
from .wave import AudioTransform

SECONDS = 0.032


@dataclass(frozen=True)
class SpecMask(AudioTransform):
    """Bands of frequencies, and stretches of time, made weak.

    Arguments:
        frequency_masks: how many bands, from 0 to 100.
        frequency_width: range of the width of each, in shares of the mel scale, from 0 to 1.
        time_masks: how many stretches of time, from 0 to 100.
        time_width: range of the length of each, in shares of the wave, from 0 to 1.
        depth: how much weaker they are, in dB, from 0 to 200.
    """

    frequency_masks: int = 1
    frequency_width: Sequence[float] = (0.0, 0.2)
    time_masks: int = 1
    time_width: Sequence[float] = (0.0, 0.1)
    depth: float = 60.0

    breaks: ClassVar[str] = "classes told by one band or one moment alone, where masks are wide"
    neutral: ClassVar[Mapping[str, float]] = {"frequency_width": 0.0, "time_width": 0.0}

    def _check(self) -> None:
        for name in ("frequency", "time"):
            whole_span(f"{name}_masks", (getattr(self, f"{name}_masks"),) * 2, 0, 100)
            span(f"{name}_width", getattr(self, f"{name}_width"), 0.0, 0.0, 1.0)
        span("depth", (self.depth, self.depth), 0.0, 0.0, 200.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        n = frame_length(rate, SECONDS)
        frames = framed(x, n)
        f = np.fft.rfftfreq(n, 1 / rate)
        mel = np.log1p(f / 700) / np.log1p(rate / 2 / 700)  # the scale of O'Shaughnessy 1987, to 1
        when = np.arange(frames.shape[1]) * (n // 2) / x.shape[1]
        weak = 10 ** (-self.depth / 20)
        bands = self._open(draws, "frequency", mel, x)[:, None, :]
        times = self._open(draws, "time", when, x)[:, :, None]
        gains = weak + (1 - weak) * (bands & times).to(x)
        return joined(torch.fft.irfft(torch.fft.rfft(frames) * gains, n), x.shape[1])

    def _open(self, draws: Draws, name: str, at: np.ndarray, x: Tensor) -> Tensor:
        """Return which places on a scale from 0 to 1 no mask covers. Shape: at (k,); returns (m, k)."""
        count = int(getattr(self, f"{name}_masks"))
        low, high = span(f"{name}_width", getattr(self, f"{name}_width"))
        width = low + (high - low) * draws.uniform_table(f"{name} width", count)
        first = draws.uniform_table(f"{name} first", count) * (1 - width)
        last = first + width
        covered = (at >= first[..., None]) & ((at < last[..., None]) | (last > 1 - 1e-9)[..., None])
        return torch.from_numpy(~covered.any(axis=1)).to(x.device)


def framed(x: Tensor, n: int) -> Tensor:
    """Return frames every n / 2 samples, the first around the first sample. Shape: (m, samples) to (m, k, n)."""
    hop = n // 2
    count = -(-x.shape[1] // hop) + 1
    padded = F.pad(x, (hop, (count + 1) * hop - hop - x.shape[1]))
    return padded.unfold(1, n, hop) * _root(n, x)


def joined(frames: Tensor, samples: int) -> Tensor:
    """Return waves of the frames of `framed`. Shape: (m, k, n) to (m, samples)."""
    m, k, n = frames.shape
    hop = n // 2
    halves = (frames * _root(n, frames)).view(m, k, 2, hop)
    made = frames.new_zeros(m, k + 1, hop)
    made[:, :-1] = halves[:, :, 0]
    made[:, 1:] += halves[:, :, 1]
    return made.flatten(1)[:, hop : hop + samples]


def _root(n: int, like: Tensor) -> Tensor:
    """Return the root of Hann's window, whose squares half a window apart add up to 1. Shape: (n,)."""
    return torch.hann_window(n, dtype=torch.float64).sqrt().to(like)
