"""How loud a wave is, and what is cut off where it is too loud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..draws import Draws
from ..settings import span
from .wave import AudioTransform, column


@dataclass(frozen=True)
class Gain(AudioTransform):
    """Louder or softer.

    Nothing is clipped: floats may leave [-1, 1], which `ClipWave(level=(1, 1))` after it cuts. Whole numbers that
    would leave the range of their dtype become as loud as fits it.

    Arguments:
        decibels: range; a number reaches as far below 0 as above it; from -120 to 120.
    """

    decibels: float | Sequence[float] = 6.0

    breaks: ClassVar[str] = "classes told by loudness"
    neutral: ClassVar[Mapping[str, float]] = {"decibels": 0.0}

    def _check(self) -> None:
        span("decibels", self.decibels, 0.0, -120.0, 120.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        drawn = draws.uniform("decibels", *span("decibels", self.decibels, 0.0))
        return x * column(10 ** (drawn / 20), x)


@dataclass(frozen=True)
class ClipWave(AudioTransform):
    """Samples beyond a level cut to it, as by a microphone that is overdriven.

    Arguments:
        share: range of the share of a wave's samples that are cut, from 0 to 1.
        level: range of levels instead, in the wave's unit, from 0 on; None for the share. Whole numbers count from 0
            to 1, whatever their dtype.
    """

    share: Sequence[float] = (0.0, 0.1)
    level: Sequence[float] | None = None
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0, "level": 1.0}

    def _check(self) -> None:
        span("share", self.share, 0.0, 0.0, 1.0)
        if self.level is not None:
            span("level", self.level, 0.0, 0.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102
        if self.level is not None:
            top = column(draws.uniform("level", *span("level", self.level)), x)
        else:
            share = draws.uniform("share", *span("share", self.share))
            kept = x.shape[1] - 1 - np.floor(share * x.shape[1]).astype(np.int64)  # how many lie at the level or below
            ranks = (np.maximum(kept, 0) + 1).tolist()
            top = torch.stack([row.abs().kthvalue(rank).values for row, rank in zip(x, ranks, strict=True)])[:, None]
        return x.clamp(-top, top)
