"""Where in a wave a thing happens, and how much of it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import ConfigError
from ..base import Transform
from ..draws import Draws
from ..settings import span
from .rows import Waves
from .wave import AudioTransform, column


@dataclass(frozen=True)
class TimeShift(AudioTransform):
    """Later or earlier, by whole samples.

    Arguments:
        share: range of shifts in shares of the wave's length, later above 0; from -1 to 1.
        wrap: whether what leaves at one end comes back at the other; otherwise it is lost, and silence comes.
    """

    share: float | Sequence[float] = 0.1
    wrap: bool = False

    breaks: ClassVar[str] = "sounds at the ends, which may be cut off, and classes told by when"
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0}

    def _check(self) -> None:
        span("share", self.share, 0.0, -1.0, 1.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor:  # noqa: D102 -- the base documents it
        samples = x.shape[1]
        shift = np.rint(draws.uniform("share", *span("share", self.share)) * samples)
        source = torch.arange(samples, device=x.device) - column(shift, x).long()
        moved = x.gather(1, source % samples)
        return moved if self.wrap else torch.where((source >= 0) & (source < samples), moved, 0.0)


@dataclass(frozen=True)
class CropTime(AudioTransform):
    """A part of the wave, from a place drawn anew; at least one sample.

    In a list the part stands alone. In an array silence follows it.

    Arguments:
        share: range of the share of the wave that is kept, from 0 to 1.
    """

    share: Sequence[float] = (0.8, 1.0)

    breaks: ClassVar[str] = "sounds at the ends, which may be cut off, and classes told by length"
    neutral: ClassVar[Mapping[str, float]] = {"share": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"share": "absolute"}

    def _check(self) -> None:
        span("share", self.share, 0.0, 0.0, 1.0)

    def alter(self, x: Tensor, draws: Draws, rate: float) -> list[Tensor]:  # noqa: D102
        samples = x.shape[1]
        kept = np.maximum(np.rint(draws.uniform("share", *span("share", self.share)) * samples), 1).astype(np.int64)
        first = np.floor(draws.uniform("first") * (samples - kept + 1)).astype(np.int64)
        return [wave[a : a + n] for wave, a, n in zip(x, first.tolist(), kept.tolist(), strict=True)]


@dataclass(frozen=True)
class FixLength(Transform):
    """All waves of one length: a part of a longer one, silence around a shorter one, at a place drawn anew.

    An array takes the new length where all of its rows are given it. p is therefore 1.

    Arguments:
        seconds: the length, above 0.
        centred: whether it is the middle, or around the middle, instead.
    """

    seconds: float = 1.0
    centred: bool = False

    kind: ClassVar[str] = "audio"
    breaks: ClassVar[str] = "sounds outside of the part that is kept"

    def _check(self) -> None:
        span("seconds", (self.seconds, self.seconds), 0.0, 1e-6, 1e6)
        if self.p != 1:
            raise ConfigError(f"p of FixLength must be 1, as lengths would differ, got {self.p!r}")

    def change(self, rows: Waves, draws: Draws, y: Any) -> Waves:
        """Return waves of the length, with those of no samples as silence."""
        length = max(round(self.seconds * rows.rate), 1)
        places = np.full(len(rows), 0.5) if self.centred else draws.uniform("place")
        made = []
        for wave, u in zip(rows.rows, places.tolist(), strict=True):
            spare = abs(len(wave) - length)
            before = min(int(u * (spare + 1)), spare)
            cut = wave[before : before + length]
            made.append(cut if len(wave) >= length else F.pad(wave, (before, spare - before)))
        return replace(rows, rows=made, length=length)
