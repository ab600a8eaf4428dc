"""How fast a wave goes, and how high it sounds.

In a list waves take their new lengths. In an array, and one wave alone, the end is cut, or silence follows it: put the
wave into a list to have all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws
from ..settings import span
from .resampling import fraction_of, read_faster
from .vocoder import stretched
from .wave import AudioTransform, log_uniform

LEAST, MOST = 0.25, 4.0  # times as long, or as fast
SEMITONES = 24.0


@dataclass(frozen=True)
class TimeStretch(AudioTransform):
    """Longer or shorter at the same pitch, by a phase vocoder (`vocoder`).

    Arguments:
        factor: range of how many times as long, drawn evenly in its logarithm; a number reaches as far below 1 as above
            it; from 1/4 to 4.
    """

    factor: float | Sequence[float] = (0.8, 1.25)

    breaks: ClassVar[str] = "classes told by tempo, or by how long vowels are"
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}

    def _check(self) -> None:
        span("factor", self.factor, 1.0, LEAST, MOST)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> list[Tensor]:  # noqa: D102 -- the base documents it
        factors = log_uniform(draws, "factor", *span("factor", self.factor, 1.0))
        lengths = np.maximum(np.rint(factors * x.shape[1]), 1).astype(np.int64)
        made = stretched(x, factors, lengths, rate)
        return [wave[:length] for wave, length in zip(made, lengths.tolist(), strict=True)]


@dataclass(frozen=True)
class Speed(AudioTransform):
    """Faster and higher, or slower and lower, as a tape is.

    The speed is the nearest fraction of a denominator up to 100, which is within half a per cent.

    Reference: Ko et al. 2015, "Audio augmentation for speech recognition", Interspeech.

    Arguments:
        factor: range of how many times as fast, drawn evenly in its logarithm; a number reaches as far below 1 as above
            it; from 1/4 to 4.
    """

    factor: float | Sequence[float] = (0.9, 1.1)

    breaks: ClassVar[str] = "classes told by tempo or pitch, such as speakers and notes"
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}

    def _check(self) -> None:
        span("factor", self.factor, 1.0, LEAST, MOST)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> list[Tensor]:  # noqa: D102
        drawn = log_uniform(draws, "factor", *span("factor", self.factor, 1.0))
        return at_speeds(x, [fraction_of(speed) for speed in drawn.tolist()])


@dataclass(frozen=True)
class PitchShift(AudioTransform):
    """Higher or lower at the same pace: read faster, as `Speed` does, then stretched back to its length.

    Formants move with the pitch. The ratio of frequencies is a fraction, as that of `Speed`.

    Arguments:
        semitones: range; a number reaches as far below 0 as above it; from -24 to 24.
    """

    semitones: float | Sequence[float] = 2.0

    breaks: ClassVar[str] = "classes told by pitch, such as speakers, notes and tones of a language"
    neutral: ClassVar[Mapping[str, float]] = {"semitones": 0.0}

    def _check(self) -> None:
        span("semitones", self.semitones, 0.0, -SEMITONES, SEMITONES)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102
        drawn = draws.uniform("semitones", *span("semitones", self.semitones, 0.0))
        speeds = [fraction_of(2 ** (step / 12)) for step in drawn.tolist()]
        read = at_speeds(x, speeds)
        longest = max(len(wave) for wave in read)
        together = torch.stack([F.pad(wave, (0, longest - len(wave))) for wave in read])
        return stretched(together, np.array([float(speed) for speed in speeds]), np.full(len(x), x.shape[1]), rate)


def at_speeds(x: Tensor, speeds: Sequence[Fraction]) -> list[Tensor]:
    """Return waves read at a speed each, at least one sample of them. Shape: x (m, samples)."""
    return [read_faster(wave, speed, max(round(len(wave) / speed), 1)) for wave, speed in zip(x, speeds, strict=True)]
