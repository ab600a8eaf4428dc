"""The sound of a room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws, Floats
from ..settings import span
from .filters import multiplied
from .wave import AudioTransform, column, log_uniform


@dataclass(frozen=True)
class Reverberate(AudioTransform):
    """A wave as it sounds in a room: itself, then noise that dies away (`room_response`). It keeps its length.

    Arguments:
        rt60: range of the seconds after which the sound of the room is 60 dB weaker, from 0.01 to 20, drawn evenly in
            its logarithm.
        ratio: range in dB of the energy of the direct sound to that of the room, from -40 to 60.
    """

    rt60: Sequence[float] = (0.1, 0.6)
    ratio: Sequence[float] = (0.0, 15.0)

    def _check(self) -> None:
        span("rt60", self.rt60, 0.0, 0.01, 20.0), span("ratio", self.ratio, 0.0, -40.0, 60.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        low, high = span("rt60", self.rt60)
        samples = x.shape[1]
        taps = int(np.ceil(high * rate))
        e = torch.from_numpy(draws.normal_table("room", taps)).to(x)
        ratio = draws.uniform("ratio", *span("ratio", self.ratio))
        h = room_response(e, log_uniform(draws, "rt60", low, high), ratio, rate)[:, :samples]
        n = next_fast_len(samples + h.shape[1] - 1, True)
        heard = torch.stack([torch.fft.rfft(F.pad(row, (0, n - len(row)))) for row in h])
        return multiplied(x, heard, n)


def room_response(e: Tensor, rt60: Floats, ratio: Floats, rate: float) -> Tensor:
    """Return what rooms answer to a click: the click, then noise e under 10^(-3 t / rt60), t in seconds.

    The noise has `ratio` dB less energy than the click, both together that of 1, so that loudness stays about as it is.
    The decay is that of a diffuse field, the same at all frequencies (Schroeder 1965, "New method of measuring
    reverberation time", measures it; Polack 1988 models it as noise that dies away).

    Shape: e (m, taps) normal numbers, rt60 and ratio (m,); returns (m, taps).
    """
    t = torch.arange(e.shape[1], dtype=torch.float64, device=e.device) / rate
    tail = e.double() * 10 ** (-3 * t / column(rt60, t))
    tail[:, 0] = 0
    share = column(10 ** (-ratio / 10), t)
    tail *= (share / tail.square().sum(1, keepdim=True).clamp(min=1e-60)).sqrt()
    tail[:, 0] = 1
    return (tail / tail.square().sum(1, keepdim=True).sqrt()).to(e)
