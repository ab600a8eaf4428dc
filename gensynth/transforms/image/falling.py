"""What falls through the scene: rain and snow, drawn without a loop over streaks and flakes.

A row's image is divided into cells, each of which holds one streak or flake at most, drawn from a table of numbers for
the cell. A pixel looks up its own cell alone, so that the time does not depend on how much falls.

Lengths are in shares of the image's shorter side, no thinner than pixels can show. Where an image has a fourth channel,
it is opacity, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..draws import Draws, Floats
from ..settings import span
from .blur import blurred
from .damage import Tone, column

LIGHT = 0.88  # the grey of drops, which show the sky
LAYERS = ((0.003, 0.5, 0.5), (0.007, 0.75, 0.75), (0.015, 1.0, 0.95))  # flakes: radius, pixels at least, opacity
LANES = ((0.01, 0.5, 0.25), (0.02, 0.6, 0.4), (0.04, 0.8, 0.5))  # width; streaks: half the width at least, opacity


@dataclass(frozen=True)
class Rain(Tone):
    """Streaks of one direction, in three layers, on a scene that is darker and less sharp.

    Arguments:
        density: range of the share of places that hold a streak, from 0 to 1.
        degrees: range of the streaks' angle from upright, counter-clockwise, within 80.
        length: range of their length, as a share of the shorter side, above 0 up to 1.
        dim: range of the share of light that is missing, from 0 to 1.
    """

    density: float | Sequence[float] = (0.15, 0.6)
    degrees: float | Sequence[float] = 20.0
    length: float | Sequence[float] = (0.1, 0.25)
    dim: float | Sequence[float] = (0.05, 0.3)
    neutral: ClassVar[Mapping[str, float]] = {"density": 0.0, "dim": 0.0}

    def _check(self) -> None:
        span("density", self.density, 0.0, 0.0, 1.0), span("degrees", self.degrees, 0.0, -80.0, 80.0)
        span("length", self.length, 0.0, 1e-3, 1.0), span("dim", self.dim, 0.0, 0.0, 1.0)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        side = min(x.shape[2:])
        made = blurred(x, np.full(len(x), 0.003 * side))
        made = made * (1 - column(draws.uniform("dim", *span("dim", self.dim)), x))
        density = draws.uniform("density", *span("density", self.density))
        angle = np.deg2rad(draws.uniform("angle", *span("degrees", self.degrees)))
        low, high = (max(end * side, 2.0) for end in span("length", self.length))
        length = low + (high - low) * draws.uniform("length")
        for place, (lane, least, opacity) in enumerate(LANES):
            wide = max(lane * side, 3 * least)
            fall = streaks(x, draws, f"rain {place}", (wide, max(0.15 * wide, least)), length, angle, density)
            made = torch.lerp(made, made.new_tensor(LIGHT), opacity * fall)
        return made


@dataclass(frozen=True)
class Snow(Tone):
    """Flakes of several sizes, drawn out by the wind, and a little of the haze that goes with them.

    Arguments:
        density: range of the share of places that hold a flake, from 0 to 1.
        haze: range of the share of light that comes from the air, from 0 to 1.
        wind: how many times as long as wide flakes are at most, at least 1.
    """

    density: float | Sequence[float] = (0.1, 0.45)
    haze: float | Sequence[float] = (0.05, 0.25)
    wind: float = 2.0
    neutral: ClassVar[Mapping[str, float]] = {"density": 0.0, "haze": 0.0}

    def _check(self) -> None:
        span("density", self.density, 0.0, 0.0, 1.0), span("haze", self.haze, 0.0, 0.0, 1.0)
        span("wind", (1.0, self.wind), 0.0, 1.0, 10.0)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        white = x.new_tensor(0.97)
        made = torch.lerp(x, white, column(draws.uniform("haze", *span("haze", self.haze)), x))
        density = draws.uniform("density", *span("density", self.density))
        drawn_out = 1 + (self.wind - 1) * draws.uniform("wind")
        angle = draws.uniform("angle", 0, np.pi)
        for radius, least, opacity in LAYERS:
            flakes = discs(x, draws, f"snow {radius}", radius, density, (drawn_out, angle), least)
            made = torch.lerp(made, white, opacity * flakes)
        return made


def turned(x: Tensor, angle: Floats) -> tuple[Tensor, Tensor]:
    """Return how far pixels lie along a direction of each row, and beside it, from a corner that keeps both above 0.

    Shape: x (m, c, h, w), angle (m,) from the downward axis, counter-clockwise; returns twice (m, h, w).
    """
    height, width = x.shape[2:]
    cos, sin = (torch.from_numpy(part).to(x)[:, None, None] for part in (np.cos(angle), np.sin(angle)))
    across = torch.arange(width, dtype=x.dtype, device=x.device) + 0.5
    down = (torch.arange(height, dtype=x.dtype, device=x.device) + 0.5)[:, None]
    along, beside = down * cos + across * sin, across * cos - down * sin
    reach = float(np.hypot(height, width))
    return along + reach, beside + reach


def streaks(
    x: Tensor, draws: Draws, name: str, width: tuple[float, float], length: Floats, angle: Floats, density: Floats
) -> Tensor:
    """Return how much of each pixel streaks cover, one after another in lanes. Shape: (m, 1, h, w), in [0, 1].

    Arguments:
        width: of a lane, and half of that of a streak, in pixels.
        length: (m,) of a streak, in pixels; the gap to the next one is as long.
        angle: (m,) as `turned` has it.
        density: (m,) chance that a place holds one. Of a lane's places the eighth repeats the first.
    """
    along, beside = turned(x, angle)
    lanes = int(2 * np.hypot(*x.shape[2:]) / width[0]) + 1
    lane = (beside / width[0]).long().clamp_(0, lanes - 1)
    start, middle = (looked_up(draws.uniform_table(f"{name} {part}", lanes), lane, x) for part in ("start", "middle"))
    at = along / torch.from_numpy(2 * length).to(x)[:, None, None] + start
    place = at.long()
    there = looked_up(draws.uniform_table(f"{name} there", lanes * 7), lane * 7 + place % 7, x)
    off = (beside - (lane.to(x) + 0.3 + 0.4 * middle) * width[0]).abs_() / width[1]
    end = ((at - place) * 4 - 1).clamp_(max=1)  # from -1 to 1 along the streak, 1 in the gap
    body = (1 - off).clamp_(min=0) * (1 - end * end)
    return torch.where(there < torch.from_numpy(density).to(x)[:, None, None], body, 0.0)[:, None]


def discs(
    x: Tensor,
    draws: Draws,
    name: str,
    radius: float,
    density: Floats,
    drawn_out: tuple[Floats, Floats] | None = None,
    least: float = 0.5,
) -> Tensor:
    """Return how much of each pixel soft discs cover, one in a cell at most. Shape: (m, 1, h, w), in [0, 1].

    Arguments:
        radius: of the largest, as a share of the shorter side.
        density: (m,) chance that a cell holds one.
        drawn_out: (m,) how many times as long as wide they are, and (m,) along which direction, in radians.
        least: pixels that the radius has at least.
    """
    r = max(radius * min(x.shape[2:]), least)
    long, angle = drawn_out if drawn_out is not None else (np.ones(len(x)), np.zeros(len(x)))
    cell = torch.from_numpy(4 * (r * long + 0.5)).to(x)[:, None, None]
    side = int(max(x.shape[2:]) / (4 * (r + 0.5))) + 2  # of the table of cells, for all rows the same
    across, down = (
        torch.arange(length, dtype=x.dtype, device=x.device)
        + torch.from_numpy(draws.uniform(f"{name} {axis}")).to(x)[:, None] * cell[:, 0]
        for length, axis in ((x.shape[3], "x"), (x.shape[2], "y"))
    )
    u, v = (across[:, None, :] / cell), (down[:, :, None] / cell)
    place = v.long() * side + u.long()
    there, left, top, size = (
        looked_up(draws.uniform_table(f"{name} {part}", side * side), place, x)
        for part in ("there", "left", "top", "size")
    )
    dx, dy = (u - u.floor() - 0.25 - 0.5 * left).mul_(cell), (v - v.floor() - 0.25 - 0.5 * top).mul_(cell)
    cos, sin, stretch = (torch.from_numpy(part).to(x)[:, None, None] for part in (np.cos(angle), np.sin(angle), long))
    far = torch.hypot((dx * cos + dy * sin) / stretch, dy * cos - dx * sin)
    soft = max(1.0, 0.9 * r)
    body = (((0.55 + 0.45 * size) * r - far) / soft + 0.5).clamp_(0, 1)
    return torch.where(there < torch.from_numpy(density).to(x)[:, None, None], body, 0.0)[:, None]


def looked_up(table: Floats, places: Tensor, x: Tensor) -> Tensor:
    """Return numbers of each row's table at places. Shape: (m, k), (m, h, w) to (m, h, w)."""
    return torch.from_numpy(table).to(x).gather(1, places.flatten(1)).view(places.shape)
