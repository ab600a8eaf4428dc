"""The fused plan of a policy: all geometry in one resampling, colours in as few passes as keep them the same.

Going through the single changes in order, homographies are multiplied and displacements carried along until something
needs the pixels where they lie (`Paint`), or another border is asked for. Then the images are moved, once, and after
that coloured, in order: linear changes are multiplied where no clamp stands between them. A row that a change does not
touch has the identity in its place, so that it takes part in one batch with the others.

What is fused depends on the settings alone, and which way a row is moved on that row alone: one comes out the same in
every batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from ...errors import ConfigError
from ..base import Transform
from ..draws import Draws, Flags
from . import warp
from .stages import Bend, Border, Canvas, Curve, Floats, Hue, Mixture, Move, Paint, Stage, Tint

Size = tuple[int, int]
Colour = Tint | Hue | Curve


@dataclass
class Segment:
    """What is done from one change that needs the pixels to the next: a move, colours, and then that change."""

    matrix: Floats
    size: Size
    border: Border = "reflect"
    bend: Tensor | None = None
    moves: list[str] = field(default_factory=list)
    colours: list[tuple[Colour, Flags, str]] = field(default_factory=list)
    paint: tuple[Paint, Draws, Flags, str] | None = None
    cut: str = ""

    @property
    def mixtures(self) -> list[Mixture]:
        """What mixes images with others at the end of it."""
        return [] if self.paint is None or self.paint[0].mixture is None else [self.paint[0].mixture]

    @classmethod
    def begun(cls, n: int, size: Size) -> Segment:
        """Return one in which nothing is done yet to n rows."""
        return cls(np.tile(np.eye(3), (n, 1, 1)), size)

    def move(self, stage: Move, active: Flags, name: str) -> None:
        """Multiply a homography to those before it."""
        size = stage.size or self.size
        matrix = np.where(active[:, None, None], stage.matrix, np.eye(3))
        if self.bend is not None:
            self.bend = carried(self.bend, matrix, size)
        self.matrix, self.size, self.border = matrix @ self.matrix, size, stage.border
        self.moves.append(name)

    def bent(self, stage: Bend, active: Flags, name: str) -> None:
        """Add a displacement."""
        more = warp.spread(torch.from_numpy(stage.field * active[:, None, None, None]).float(), self.size)
        if self.bend is None:
            self.bend = more
        else:
            points = warp.sources(np.tile(np.eye(3), (len(more), 1, 1)), self.size, more, more)
            self.bend = more + warp.resample(self.bend, points, "edge")
        self.border = stage.border
        self.moves.append(name)


def carried(bend: Tensor, matrix: Floats, size: Size) -> Tensor:
    """Return a displacement d as it is after a homography M: e(q) = M (u + d(u)) - q with u = M^-1 q."""
    u = warp.sources(matrix, size, bend)
    at = u + warp.resample(bend, u, "edge").permute(0, 2, 3, 1)
    M = torch.from_numpy(matrix).to(bend)[:, None, None]
    ends = (M[..., :2] @ at[..., None])[..., 0] + M[..., 2]
    moved = ends[..., :2] / ends[..., 2:].clamp(min=warp.FAR)
    height, width = size
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return (moved - torch.stack([x, y], -1)).permute(0, 3, 1, 2).contiguous()


def steps_of(policy: Transform, draws: Draws, canvas: Canvas) -> Iterator[tuple[Stage, Draws, Flags, str]]:
    """Yield the single changes, what they draw from, which rows they touch, and their names."""
    for leaf, drawn, active, certain in policy.leaves(draws, np.ones(len(draws), dtype=bool)):
        for stage in leaf.stages(drawn, canvas):  # type: ignore[attr-defined]
            if isinstance(stage, Move) and stage.size is not None and not certain:
                text = "changes the size, so it must be done to all rows: not by chance, not in OneOf"
                raise ConfigError(f"{type(leaf).__name__} {text}")
            yield stage, drawn, active, type(leaf).__name__
            if isinstance(stage, Move) and stage.size is not None:
                canvas = replace(canvas, height=stage.size[0], width=stage.size[1])


def planned(policy: Transform, draws: Draws, canvas: Canvas) -> list[Segment]:
    """Return the plan of a policy for images."""
    made = [Segment.begun(canvas.n, (canvas.height, canvas.width))]
    for stage, drawn, active, name in steps_of(policy, draws, canvas):
        last = made[-1]
        if isinstance(stage, Move | Bend) and last.moves and last.border != stage.border:
            last.cut = f"{name} has another border"
            made.append(Segment.begun(canvas.n, last.size))
            last = made[-1]
        if isinstance(stage, Move):
            last.move(stage, active, name)
        elif isinstance(stage, Bend):
            last.bent(stage, active, name)
        elif isinstance(stage, Paint):
            last.paint, last.cut = (stage, drawn, active, name), f"{name} needs the pixels"
            made.append(Segment.begun(canvas.n, last.size))
        else:
            last.colours.append((stage, active, name))
    return made


def explained(policy: Transform, canvas: Canvas) -> str:
    """Return a plan in words."""
    lines = []
    draws = Draws.of(0, 0, np.arange(canvas.n))
    plan = planned(policy, draws, canvas)
    for segment, after in zip(plan, [*plan[1:], Segment.begun(0, (0, 0))], strict=True):
        if segment.moves:
            what = "copies of pixels" if _copies(segment) else "one resampling"
            lines.append(f"move    {' * '.join(segment.moves)}: {what}, to {segment.size[0]} x {segment.size[1]}")
        for names in passes([(stage, name) for stage, _, name in segment.colours]):
            lines.append(f"colour  {' * '.join(names)}: one pass")
        if segment.paint is not None:
            lines.append(f"pixels  {segment.paint[3]}")
        if segment.cut and (after.moves or after.colours or after.paint):
            lines.append(f"-- cut: {segment.cut} --")
    return "\n".join(lines) or "nothing is done"


def _copies(segment: Segment) -> bool:
    return segment.bend is None and bool(warp.exact(segment.matrix).all())


def passes(colours: list[tuple[Colour, str]]) -> Iterator[list[str]]:
    """Yield the names of the colours that are one pass each: linear ones up to the first that must be clamped."""
    names: list[str] = []
    for stage, name in colours:
        if not isinstance(stage, Tint):
            if names:
                yield names
            yield [name]
            names = []
            continue
        names.append(name)
        if not stage.safe:
            yield names
            names = []
    if names:
        yield names
