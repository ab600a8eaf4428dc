"""What image editors call enhancing: values stretched over their range, edges sharper or softer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ..draws import Draws
from ..settings import span
from .damage import Tone, column
from .position import Range


@dataclass(frozen=True)
class AutoContrast(Tone):
    """Each channel stretched linearly, so that its darkest pixel is black and its lightest white.

    A channel of one value stays, and so does a fourth one, which is opacity.
    """

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        low, high = x.amin((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return torch.where(high > low, (x - low) / (high - low).clamp(min=1e-6), x)


@dataclass(frozen=True)
class Sharpness(Tone):
    """The distance of all pixels from what they are after a small blur times a factor: 0 the blur, 2 sharper.

    The blur is that of PIL: of a pixel and its eight neighbours the pixel counts five times. Those at the edges stay,
    and so does a fourth channel, which is opacity.

    Arguments:
        factor: range of factors, at least 0.
    """

    factor: Range = 0.5
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}

    def _check(self) -> None:
        span("factor", self.factor, 1.0, 0.0, 1e3)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        if min(x.shape[2:]) < 3:
            return x
        rows = x[:, :, :-2] + x[:, :, 1:-1] + x[:, :, 2:]
        soft = x.clone()
        square = rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]
        soft[:, :, 1:-1, 1:-1] = square.add_(x[:, :, 1:-1, 1:-1], alpha=4).div_(13)
        return torch.lerp(soft, x, column(draws.uniform("factor", *span("factor", self.factor, 1.0)), x))
