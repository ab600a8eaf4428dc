"""Light and weather: fog, dust, night, shadow. What falls stands in `falling`.

Lengths are in shares of the image's shorter side, so that a setting means the same at every size; values lie in [0, 1].
Where an image has a fourth channel, it is opacity, and stays.

Fog and dust are air that scatters light (Koschmieder's law, as in Narasimhan and Nayar 2002, "Vision and the
atmosphere", IJCV 48, eq. 6): of a pixel's colour c there is t c + (1 - t) A, with A the colour of the air and t what
comes through. The distance of what is seen is not known, so t is the same everywhere, or a smooth random field.
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
from .damage import Tone, column
from .falling import discs
from .fused.stages import Canvas, Paint, Stage, Tint
from .fused.tint import GREY
from .grain import grain
from .position import ImageTransform

Colour = tuple[float, float, float]


def colour(rgb: Colour, channels: int) -> list[float]:
    """Return a colour in so many channels: itself in three, else its grey in each."""
    return list(rgb) if channels == 3 else [float(np.dot(GREY, rgb))] * channels


def spread_over(draws: Draws, name: str, x: Tensor) -> Tensor:
    """Return a smooth random field for each row, about 0 with a deviation of about 1. Shape: (m, 1, h, w).

    Three grids of normal numbers, each twice as fine as the one before, and half as strong.
    """
    made = x.new_zeros(len(x), 1, *x.shape[2:])
    for octave in range(3):
        points = 3 * 2**octave + 1
        grid = torch.from_numpy(draws.normal_table(f"{name} {octave}", points**2)).to(x)
        field = F.interpolate(grid.view(-1, 1, points, points), x.shape[2:], mode="bicubic", align_corners=True)
        made.add_(field, alpha=0.5**octave)
    return made


@dataclass(frozen=True)
class Fog(Tone):
    """White air between the viewer and the scene.

    Arguments:
        strength: range of the share of light that comes from the air, from 0 to 1.
        uneven: how much that share differs from place to place, from 0 (the same everywhere: one linear change of
            colour, fused with others) to 1.
    """

    strength: float | Sequence[float] = (0.2, 0.6)
    uneven: float = 0.4

    air: ClassVar[Colour] = (0.93, 0.94, 0.95)
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        span("strength", self.strength, 0.0, 0.0, 1.0), span("uneven", (0.0, self.uneven), 0.0, 0.0, 1.0)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        if self.uneven:
            return super().stages(draws, canvas)
        share = draws.uniform("strength", *span("strength", self.strength))
        if canvas.channels < 3:
            return [Tint(1 - share, share * colour(self.air, 1)[0], safe=True)]
        return [Tint((1 - share)[:, None, None] * np.eye(3), share[:, None] * np.array(self.air), safe=True)]

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        return torch.lerp(x, x.new_tensor(colour(self.air, x.shape[1]))[:, None, None], self.share(x, draws))

    def share(self, x: Tensor, draws: Draws) -> Tensor:
        """Return the share of the air's light. Shape: (m, 1, h, w), or (m, 1, 1, 1) where it is even."""
        share = column(draws.uniform("strength", *span("strength", self.strength)), x)
        if not self.uneven:
            return share
        return (share * (1 + self.uneven * spread_over(draws, "air", x))).clamp_(0, 1)


@dataclass(frozen=True)
class Dust(Fog):
    """Brown air, and specks in it.

    Arguments:
        strength: range of the share of light that comes from the air, from 0 to 1.
        uneven: how much that share differs from place to place, from 0 to 1.
        specks: range of how densely the specks lie, from 0 to 1.
    """

    strength: float | Sequence[float] = (0.15, 0.5)
    uneven: float = 0.5
    specks: float | Sequence[float] = (0.05, 0.25)
    breaks = "classes told by colour"

    air: ClassVar[Colour] = (0.72, 0.58, 0.4)
    grain: ClassVar[Colour] = (0.36, 0.27, 0.17)
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0, "specks": 0.0}

    def _check(self) -> None:
        super()._check()
        span("specks", self.specks, 0.0, 0.0, 1.0)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        return Tone.stages(self, draws, canvas)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        made = super().harm(x, draws)
        density = draws.uniform("specks", *span("specks", self.specks))
        grain = x.new_tensor(colour(self.grain, x.shape[1]))[:, None, None]
        for size, opacity in ((0.003, 0.55), (0.007, 0.35)):
            made = torch.lerp(made, grain, opacity * discs(x, draws, f"specks {size}", size, density))
        return made


@dataclass(frozen=True)
class Night(ImageTransform):
    """Little light: darker, the colours paler and bluish, as eyes see without cones, and the noise of a sensor.

    The shift to blue follows Thompson, Shirley and Ferwerda 2002, "A spatial post-processing algorithm for images of
    night scenes", JGT 7: colours are drawn towards a blue of their own brightness. The loss of detail is left to blurs.

    Arguments:
        light: range of the share of light that is left, from 0 to 1.
        blue: range of how far colours go to blue, from 0 to 1.
        noise: range of the standard deviation of the noise, at least 0; (0, 0) for none, which fuses with other colour.
    """

    light: float | Sequence[float] = (0.3, 0.6)
    blue: float | Sequence[float] = (0.3, 0.7)
    noise: float | Sequence[float] = (0.0, 0.03)
    breaks = "classes told by colour"

    tone: ClassVar[Colour] = (0.5, 0.72, 1.0)
    neutral: ClassVar[Mapping[str, float]] = {"light": 1.0, "blue": 0.0, "noise": 0.0}
    scales: ClassVar[Mapping[str, str]] = {"light": "absolute"}

    def _check(self) -> None:
        span("light", self.light, 0.0, 0.0, 1.0), span("blue", self.blue, 0.0, 0.0, 1.0)
        span("noise", self.noise, 0.0, 0.0, 1.0)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        light = draws.uniform("light", *span("light", self.light))
        nothing = np.zeros(canvas.n)
        made: list[Stage] = [Tint(light, nothing, safe=True)]
        if canvas.channels >= 3:
            blue = draws.uniform("blue", *span("blue", self.blue))[:, None, None]
            matrix = (1 - blue) * np.eye(3) + blue * np.outer(self.tone, GREY)
            made = [Tint(light[:, None, None] * matrix, nothing, safe=True)]
        if span("noise", self.noise)[1] > 0:
            made.append(Paint(lambda x, drawn, rows: self.noisy(x, drawn)))
        return made

    def noisy(self, x: Tensor, draws: Draws) -> Tensor:
        """Return images with noise in all channels but the fourth."""
        seen = x[:, :3]
        e = grain(seen, draws)
        made = x.clone()
        made[:, :3] += e * column(draws.uniform("noise level", *span("noise", self.noise)), x)
        return made


@dataclass(frozen=True)
class Shadow(Tone):
    """A part of the image in shade: a convex polygon with a soft edge, of a place and a shape drawn anew.

    Arguments:
        strength: range of the share of light that is missing in it, from 0 to 1.
        reach: range of the distance of its sides from its centre, as a share of the shorter side, at least 0.
        softness: range of the width of its edge, as a share of the shorter side, at least 0.
        sides: how many sides it has, from 3 to 12.
    """

    strength: float | Sequence[float] = (0.3, 0.65)
    reach: float | Sequence[float] = (0.1, 0.5)
    softness: float | Sequence[float] = (0.01, 0.1)
    sides: int = 5
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        span("strength", self.strength, 0.0, 0.0, 1.0), span("reach", self.reach, 0.0, 0.0, 10.0)
        span("softness", self.softness, 0.0, 0.0, 10.0), whole_span("sides", (self.sides, self.sides), 3, 12)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        height, width = x.shape[2:]
        side = min(height, width)
        low, high = span("reach", self.reach)
        reach = (low + (high - low) * draws.uniform_table("reach", self.sides)) * side
        angle = 2 * np.pi * (np.arange(self.sides) + 0.9 * draws.uniform_table("angles", self.sides)) / self.sides
        soft = np.maximum(draws.uniform("softness", *span("softness", self.softness)) * side, 1.0)
        at_x = np.arange(width) + 0.5 - (draws.uniform("x") * width)[:, None]
        at_y = np.arange(height) + 0.5 - (draws.uniform("y") * height)[:, None]
        across, down = (torch.from_numpy(at).to(x) for at in (at_x, at_y))
        beyond = x.new_full((len(x), height, width), -np.inf)  # how far outside the outermost of the sides
        for k in range(self.sides):
            cos, sin, far = (torch.from_numpy(part[:, k]).to(x) for part in (np.cos(angle), np.sin(angle), reach))
            line = (across * cos[:, None] - far[:, None])[:, None, :] + (down * sin[:, None])[:, :, None]
            beyond = torch.maximum(beyond, line, out=beyond)
        shade = (0.5 - beyond / torch.from_numpy(soft).to(x)[:, None, None]).clamp_(0, 1)
        shade = shade * shade * (3 - 2 * shade)
        return x * (1 - column(draws.uniform("strength", *span("strength", self.strength)), x) * shade[:, None])
