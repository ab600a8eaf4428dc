"""A plan carried out on pixels, which stay in the scale that they came in: 0 to 255 for bytes, else 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..draws import Flags, Ints
from . import tint, warp
from .plan import Segment, Step
from .stages import Border, Curve, Hue, Paint, Tint


def carry_out(segments: list[Segment], x: Tensor) -> Tensor:
    """Return images as a plan makes them. Shape: x (n, c, h, w) of uint8, or of floats in [0, 1]; returns such."""
    work = Work(x, 255.0 if x.dtype == torch.uint8 else 1.0)
    for segment in segments:
        if segment.moves:
            work.move(segment)
        if segment.colours:
            work.colour(segment)
        for step in segment.paints:
            work.paint(step)
    return work.x if work.x.dtype == x.dtype else as_bytes(work.x)


def as_bytes(x: Tensor) -> Tensor:
    """Return values from 0 to 255 as the nearest bytes."""
    return x.add(0.5).clamp_(0, 255).to(torch.uint8)


@dataclass
class Work:
    """Images on their way. `owned` says that x is no longer the caller's."""

    x: Tensor
    top: float
    owned: bool = False

    def move(self, segment: Segment) -> None:
        """Move the images."""
        border = segment.border if isinstance(segment.border, str) else segment.border * self.top
        self.x, self.owned = moved(self.x, segment, border), True

    def colour(self, segment: Segment) -> None:
        """Colour the images, linear changes together up to one that must be clamped."""
        whole = self._floats()
        x = whole[:, :3].contiguous() if whole.shape[1] == 4 else whole  # alpha has no colour
        held: tint.Linear | None = None
        for stage, active, _ in segment.colours:
            if not isinstance(stage, Tint):
                x, held = self._tinted(x, held, clamp=False), None
                x = self._apart(x, stage, active)
                continue
            if stage.about and held is not None:
                x, held = self._tinted(x, held, clamp=False), None
            held = tint.after(held, tint.linear(stage, active, x, self.top))
            if not stage.safe:
                x, held = self._tinted(x, held, clamp=True), None
        x = self._tinted(x, held, clamp=False)
        self.x = torch.cat([x, whole[:, 3:]], 1) if whole.shape[1] == 4 else x

    def _tinted(self, x: Tensor, held: tint.Linear | None, clamp: bool) -> Tensor:
        return x if held is None else tint.tint(x, *held, self.top if clamp else None)

    def _apart(self, x: Tensor, stage: Hue | Curve, active: Flags) -> Tensor:
        """Change the rows that a change touches."""
        if not active.any():
            return x
        rows = np.flatnonzero(active)
        part = x if active.all() else x[rows]
        if isinstance(stage, Hue):
            made = tint.turn_hue(part, stage.turns[rows]) if part.shape[1] >= 3 else part
        else:
            made = tint.look_up(part, stage.values[rows], self.top, stage.smooth)
        if active.all():
            return made
        x[rows] = made
        return x

    def paint(self, step: Step) -> None:
        """Do what needs the pixels where they lie, values in [0, 1]."""
        rows = step.rows
        if not len(rows) or not isinstance(step.stage, Paint):
            return
        x = self._floats()
        made = step.stage.do(x[rows] / self.top, step.draws.of_rows(rows), rows).clamp_(0, 1) * self.top
        if len(rows) == len(x):
            self.x = made
        else:
            x[rows] = made
            self.x = x

    def _floats(self) -> Tensor:
        """Return the pixels as floats that may be written to."""
        if not self.x.is_floating_point():
            self.x = self.x.float()
        elif not self.owned:
            self.x = self.x.clone()
        self.owned = True
        return self.x


def moved(x: Tensor, segment: Segment, border: Border, nearest: bool = False) -> Tensor:
    """Return images, or masks, moved: rows of exact maps copied, others resampled. Shape: (n, c, h, w) to such."""
    plain = warp.exact(segment.matrix)
    if segment.bend is not None:
        plain &= ~segment.bend.flatten(1).abs().amax(1).bool().cpu().numpy()
    if plain.all():
        return warp.move_exactly(x, segment.matrix, segment.size, border)
    if not plain.any():
        return _resampled(x, segment, np.arange(len(x)), border, nearest)
    others = np.flatnonzero(~plain)
    part = _resampled(x[others], segment, others, border, nearest)
    made = part.new_empty(len(x), *part.shape[1:])
    made[others] = part
    some = np.flatnonzero(plain)
    made[some] = warp.move_exactly(x[some], segment.matrix[some], segment.size, border).to(made.dtype)
    return made


def _resampled(x: Tensor, segment: Segment, rows: Ints, border: Border, nearest: bool) -> Tensor:
    bend = None if segment.bend is None else segment.bend[rows].to(x.device)
    matrix = segment.matrix[rows]
    if not nearest:
        return warp.move(x if x.is_floating_point() else x.float(), matrix, segment.size, border, bend)
    values = x.double() if x.dtype in (torch.int32, torch.int64, torch.float64) else x.float()
    made = warp.resample(values, warp.sources(matrix, segment.size, values, bend), border, nearest=True)
    return made.to(x.dtype)
