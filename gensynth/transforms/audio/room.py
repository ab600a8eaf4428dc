"""The sound of a room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws, Floats
from ..settings import span
from .filters import multiplied
from .wave import AudioTransform, column, decibels, log_uniform, normals


@dataclass(frozen=True)
class Reverberate(AudioTransform):
    """A wave as it sounds in a room: itself, then noise that dies away (`room_response`). It keeps its length.

    Arguments:
        rt60: range of the seconds after which the sound of the room is 60 dB weaker, from 0.01 to 20, drawn evenly in
            its logarithm.
        ratio: of the energy of the direct sound to that of the room, in dB, or a range of it, from -40 to 60.
    """

    rt60: Sequence[float] = (0.1, 0.6)
    ratio: float | Sequence[float] = (0.0, 15.0)
    neutral: ClassVar[Mapping[str, float]] = {"ratio": 60.0}
    scales: ClassVar[Mapping[str, str]] = {"ratio": "decibels"}

    def _check(self) -> None:
        span("rt60", self.rt60, 0.0, 0.01, 20.0)
        object.__setattr__(self, "ratio", decibels("ratio", self.ratio, -40.0, 60.0))

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        low, high = span("rt60", self.rt60)
        samples = x.shape[1]
        taps = int(np.ceil(high * rate))
        e = normals(draws, "room", x, min(taps, samples))
        ratio = draws.uniform("ratio", *span("ratio", self.ratio))
        h = room_response(e, log_uniform(draws, "rt60", low, high), ratio, rate, taps)
        n = next_fast_len(samples + h.shape[1] - 1, True)
        heard = torch.stack([torch.fft.rfft(F.pad(row, (0, n - len(row)))) for row in h])
        return multiplied(x, heard, n)


def room_response(e: Tensor, rt60: Floats, ratio: Floats, rate: float, taps: int) -> Tensor:
    """Return what rooms answer to a click: the click, then noise e under 10^(-3 t / rt60), t in seconds.

    The noise has `ratio` dB less energy than the click, both together that of 1, so that loudness stays about as it is.
    Of an answer of `taps` samples the first are made; the energy of the rest is what is expected of it.
    The decay is that of a diffuse field, the same at all frequencies (Schroeder 1965, "New method of measuring
    reverberation time", measures it; Polack 1988 models it as noise that dies away).

    Shape: e (m, first) normal numbers, rt60 and ratio (m,); returns (m, first).
    """
    first = e.shape[1]
    t = torch.arange(first, dtype=torch.float64, device=e.device)
    fall = 10 ** (-3 / (column(rt60, t) * rate))  # of the amplitude, from sample to sample
    tail = e.double() * fall**t
    tail[:, 0] = 0
    rest = (fall ** (2 * first) - fall ** (2 * max(taps, first))) / (1 - fall**2)
    energy = tail.square().sum(1, keepdim=True) + rest
    share = column(10 ** (-ratio / 10), t)
    tail *= (share / energy.clamp(min=1e-60)).sqrt()
    tail[:, 0] = 1
    return (tail / (1 + share).sqrt()).to(e)
