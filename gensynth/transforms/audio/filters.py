"""Low and high frequencies taken out.

The amplitude at a frequency f is Butterworth's, of order N around the cutoff c (Butterworth 1930, "On the theory of
filter amplifiers"):

    low pass  1 / sqrt(1 + (f / c)^2N),    high pass  1 / sqrt(1 + (c / f)^2N)

which is -3 dB at c and falls by 6 N dB an octave. DIFFERS from a circuit: no phase is turned, so that nothing is
delayed. Beyond its ends a wave is taken as silent.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws
from ..settings import span, whole_span
from .wave import AudioTransform, column, log_uniform


@dataclass(frozen=True)
class _Pass(AudioTransform):
    """A filter of one side.

    Arguments:
        cutoff: range in Hz, from 1 on, drawn evenly in its logarithm.
        order: from 1 to 16: 6 dB an octave each.
    """

    cutoff: Sequence[float] = (1000.0, 4000.0)
    order: int = 2

    def _check(self) -> None:
        span("cutoff", self.cutoff, 0.0, 1.0), whole_span("order", (self.order, self.order), 1, 16)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:
        low, high = span("cutoff", self.cutoff)
        ringing = int(np.ceil(0.7 * self.order * rate / low))  # samples until the response is 60 dB down
        n = next_fast_len(x.shape[1] + min(ringing, x.shape[1]), True)
        f = torch.fft.rfftfreq(n, 1 / rate, dtype=torch.float64).to(x.device)
        c = column(log_uniform(draws, "cutoff", low, high), x).double()
        return multiplied(x, (1 + self._ratio(f, c) ** (2 * self.order)) ** -0.5, n)

    @abstractmethod
    def _ratio(self, f: Tensor, c: Tensor) -> Tensor:
        """Return how far beyond the cutoff c a frequency f is, as a ratio."""


@dataclass(frozen=True)
class LowPass(_Pass):
    """High frequencies taken out; nearly nothing where the cutoff is beyond half the rate.

    Arguments:
        cutoff: range of frequencies in Hz at which 3 dB are lost, from 1 on, drawn evenly in its logarithm.
        order: of the filter, from 1 to 16: 6 dB an octave each.
    """

    neutral: ClassVar[Mapping[str, float]] = {"cutoff": 1e9}
    scales: ClassVar[Mapping[str, str]] = {"cutoff": "inverse"}

    def _ratio(self, f: Tensor, c: Tensor) -> Tensor:
        return f / c


@dataclass(frozen=True)
class HighPass(_Pass):
    """Low frequencies taken out; nearly all where the cutoff is beyond half the rate.

    Arguments:
        cutoff: range of frequencies in Hz at which 3 dB are lost, from 1 on, drawn evenly in its logarithm.
        order: of the filter, from 1 to 16: 6 dB an octave each.
    """

    cutoff: Sequence[float] = (50.0, 400.0)
    neutral: ClassVar[Mapping[str, float]] = {"cutoff": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"cutoff": "absolute"}

    def _ratio(self, f: Tensor, c: Tensor) -> Tensor:
        return c / f


def multiplied(x: Tensor, response: Tensor, n: int) -> Tensor:
    """Return waves whose spectra over n samples are multiplied, row by row: no bit depends on the batch.

    Shape: x (m, samples), response (m, n // 2 + 1), n at least samples; returns (m, samples).
    """
    made = torch.empty_like(x)
    gains = response if response.is_complex() else response.to(x.dtype)
    for row, wave in enumerate(x):
        made[row] = torch.fft.irfft(torch.fft.rfft(F.pad(wave, (0, n - len(wave)))) * gains[row], n)[: len(wave)]
    return made
