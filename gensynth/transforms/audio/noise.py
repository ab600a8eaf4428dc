"""Noise at a stated distance below the signal, made or recorded.

With P the mean square of a wave over its whole length, silence counted, and N that of the noise, the noise is scaled so
that 10 log10(P / N) is exactly the number drawn. A silent wave therefore stays silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor

from ...errors import ConfigError, nearest
from ..draws import Draws
from ..settings import span
from .resampling import fraction_of, read_faster
from .wave import AudioTransform, column, decibels, normals, power

COLOURS = {"white": 0.0, "pink": -0.5, "brown": -1.0, "blue": 0.5, "violet": 1.0}  # powers of the frequency
LOWEST = 20.0  # Hz under which noise is level


@dataclass(frozen=True)
class AddNoise(AudioTransform):
    """Normal noise.

    Arguments:
        snr: signal-to-noise ratio in dB, or a range of it, from -100 to 200.
        colour: "white", equally strong at all frequencies; "pink", 3 dB an octave weaker; "brown", 6; "blue", 3
            stronger; "violet", 6. Below 20 Hz each is level.
    """

    snr: float | Sequence[float] = (10.0, 30.0)
    colour: str = "white"
    neutral: ClassVar[Mapping[str, float]] = {"snr": 200.0}
    scales: ClassVar[Mapping[str, str]] = {"snr": "decibels"}

    def _check(self) -> None:
        object.__setattr__(self, "snr", decibels("snr", self.snr, -100.0, 200.0))
        if self.colour not in COLOURS:
            raise ConfigError(f"there is no noise of colour {self.colour!r}{nearest(self.colour, COLOURS)}")

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        samples = x.shape[1]
        if self.colour == "white":
            noise = normals(draws, "noise", x, samples)
        else:
            n = next_fast_len(samples, True)
            noise = coloured(normals(draws, "noise", x, n), COLOURS[self.colour], rate)[:, :samples]
        return mixed(x, noise, draws, self.snr)


def mixed(x: Tensor, noise: Tensor, draws: Draws, snr: float | Sequence[float]) -> Tensor:
    """Return waves with noise at ratios that are drawn; silent noise adds nothing. Shape: (m, samples) both."""
    ratio = column(draws.uniform("snr", *span("snr", snr)), x).double()
    loud = power(noise)
    strength = torch.where(loud > 0, power(x) / loud * 10 ** (-ratio / 10), 0.0).sqrt()
    return torch.addcmul(x, noise, strength.to(x.dtype))


def coloured(white: Tensor, exponent: float, rate: float) -> Tensor:
    """Return noise whose amplitude follows a power of the frequency. Shape: (m, n)."""
    n = white.shape[1]
    f = torch.fft.rfftfreq(n, 1 / rate).clamp(min=LOWEST).to(white)
    shape = (f / f[-1]) ** exponent
    return torch.stack([torch.fft.irfft(torch.fft.rfft(row.clone()) * shape, n) for row in white])


@dataclass(frozen=True)
class AddBackground(AudioTransform):
    """A piece of a recording, such as a street, drawn anew for each row and laid under it.

    A recording that is shorter than the wave goes round. Recordings are kept as plain numbers, so that a policy can be
    written to a file: about 32 bytes a sample.

    Arguments:
        recordings: one wave (samples,), several in a list, or an array (n, samples); at least one, none silent.
        snr: signal-to-noise ratio in dB, or a range of it, from -100 to 200.
        rate: of the recordings in Hz, from 1 to 1e6; None where it is that of the waves.
    """

    recordings: Any = field(default=(), repr=False)
    snr: float | Sequence[float] = (5.0, 20.0)
    rate: float | None = None
    neutral: ClassVar[Mapping[str, float]] = {"snr": 200.0}
    scales: ClassVar[Mapping[str, str]] = {"snr": "decibels"}

    def _check(self) -> None:
        object.__setattr__(self, "snr", decibels("snr", self.snr, -100.0, 200.0))
        if self.rate is not None:
            span("rate", (self.rate, self.rate), 0.0, 1.0, 1e6)
        object.__setattr__(self, "recordings", _plain_waves(self.recordings))

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102
        recordings = self._kept(f"_at_{rate!r}", lambda: self._read(rate))
        which = draws.choice("which", [len(wave) for wave in recordings])  # each moment as often as every other
        start = draws.uniform("start")
        noise = []
        for place, u in zip(which.tolist(), start.tolist(), strict=True):
            wave = recordings[place].to(x)
            spare = len(wave) - x.shape[1]
            if spare >= 0:
                first = int(u * (spare + 1))
                noise.append(wave[first : first + x.shape[1]])
            else:
                noise.append(wave[(torch.arange(x.shape[1], device=x.device) + int(u * len(wave))) % len(wave)])
        return mixed(x, torch.stack(noise), draws, self.snr)

    def _read(self, rate: float) -> list[Tensor]:
        """Return the recordings at the rate of the waves."""
        waves = [torch.tensor(wave, dtype=torch.float32) for wave in self.recordings]
        speed = fraction_of((self.rate or rate) / rate)
        return [read_faster(wave, speed, max(round(len(wave) / speed), 1)) for wave in waves]


def _plain_waves(recordings: Any) -> tuple[tuple[float, ...], ...]:
    """Return recordings as plain numbers. Raises: ConfigError where they are none."""
    try:
        many = len(recordings) > 0 and np.ndim(recordings[0]) == 1
        arrays = [np.asarray(wave, dtype=np.float64) for wave in (recordings if many else [recordings])]
    except (TypeError, ValueError):
        raise ConfigError("recordings must be a wave (samples,), or a list of them") from None
    for place, wave in enumerate(arrays):
        if wave.ndim != 1 or not len(wave) or not np.isfinite(wave).all() or not wave.any():
            raise ConfigError(f"recording {place} must hold finite numbers (samples,), not all of them 0")
    return tuple(tuple(wave.tolist()) for wave in arrays)
