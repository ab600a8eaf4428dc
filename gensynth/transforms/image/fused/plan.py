"""The fused plan of a policy: all geometry in one resampling, colours in as few passes as keep them the same.

Going through the single changes in order, homographies are multiplied and displacements carried along until something
needs the pixels where they lie (`Paint`), or another border is asked for. Then the images are moved, once, and after
that coloured, in order: linear changes are multiplied where no clamp stands between them. A row that a change does not
touch has the identity in its place, so that it takes part in one batch with the others.

Alternatives of a `OneOf` share a move, a pass and a cut, as no row has two of them: each change is done as early as
those before it that a row can have with it allow. What is done to rows that have another alternative costs next to
nothing: changes are drawn for the rows that have them alone.

What is fused depends on the settings alone, and which way a row is moved on that row alone: one comes out the same in
every batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ....errors import ConfigError
from ...base import Transform
from ...draws import Draws, Flags, Ints
from . import warp
from .forks import Mark, marks
from .layers import Colour, Layer
from .stages import Bend, Border, Canvas, Floats, Mixture, Move, Paint, Stage

Size = tuple[int, int]
NONE = Draws(0, np.arange(0))
SHOWN = 64  # rows that are looked at to explain a plan
NOTHING = Paint(lambda x, draws, rows: x)


@dataclass(frozen=True)
class Step:
    """A single change: what is done to rows (m,), drawn for them alone; its draws and flags of all rows (n,)."""

    stage: Stage
    rows: Ints
    draws: Draws
    active: Flags
    name: str
    mark: Mark


@dataclass
class Segment:
    """What is done from one change that needs the pixels to the next: a move, colours, and then that change."""

    matrix: Floats
    size: Size
    border: Border = "reflect"
    bend: Tensor | None = None
    moves: list[Step] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    paints: list[Step] = field(default_factory=list)
    bits: dict[str, int] = field(default_factory=lambda: {"moves": 0, "colours": 0, "paints": 0})
    cut: str = ""

    @classmethod
    def begun(cls, n: int, size: Size) -> Segment:
        """Return one in which nothing is done yet to n rows."""
        return cls(np.tile(np.eye(3), (n, 1, 1)), size)

    @property
    def colours(self) -> list[tuple[Colour, Flags, str]]:
        """The changes of colour, those of alternatives as one, which rows they touch, and their names."""
        return [layer.whole(len(self.matrix)) for layer in self.layers]

    @property
    def mixtures(self) -> list[Mixture]:
        """What mixes images with others at the end of it."""
        found = [step.stage.mixture for step in self.paints if isinstance(step.stage, Paint)]
        return [mixture for mixture in found if mixture is not None]

    def move(self, step: Step) -> None:
        """Multiply homographies to those before them, or add displacements."""
        stage, rows = step.stage, step.rows
        if isinstance(stage, Move):
            size = stage.size or self.size
            if self.bend is not None:
                if size != self.size:
                    self.bend = carried(self.bend, stage.matrix, size)
                elif len(rows):
                    self.bend[rows] = carried(self.bend[rows], stage.matrix, size)
            if len(rows) == len(self.matrix):
                self.matrix = stage.matrix @ self.matrix
            else:
                self.matrix[rows] = stage.matrix @ self.matrix[rows]
            self.size, self.border = size, stage.border
        elif isinstance(stage, Bend):
            self.bent(stage, rows)
        self.moves.append(step)
        self.bits["moves"] |= step.mark.bit

    def colour(self, step: Step) -> None:
        """Add a change of colour."""
        if not isinstance(step.stage, Move | Bend | Paint):
            Layer.add(self.layers, step.stage, step.rows, step.name, step.mark)
            self.bits["colours"] |= step.mark.bit

    def paint(self, step: Step) -> None:
        """Add what needs the pixels."""
        self.paints.append(step)
        self.bits["paints"] |= step.mark.bit
        self.cut = f"{' | '.join(dict.fromkeys(one.name for one in self.paints))} needs the pixels"

    def bent(self, stage: Bend, rows: Ints) -> None:
        """Add displacements."""
        if self.bend is None:
            self.bend = torch.zeros((len(self.matrix), 2, *self.size), dtype=torch.float32)
        self.border = stage.border
        if len(rows):
            more, before = warp.spread(torch.from_numpy(stage.field).float(), self.size), self.bend[rows]
            if before.any():
                points = warp.sources(np.tile(np.eye(3), (len(more), 1, 1)), self.size, more, more)
                more = more + warp.resample(before, points, "edge")
            self.bend[rows] = more


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


def steps_of(policy: Transform, draws: Draws, canvas: Canvas) -> Iterator[Step]:
    """Yield the single changes, each drawn for the rows that it touches."""
    leaves = policy.leaves(draws, np.ones(len(draws), dtype=bool))
    found: list[Mark] = policy._kept("_marks", lambda: marks(policy))
    for (leaf, drawn, active, certain), mark in zip(leaves, found, strict=True):
        rows = np.flatnonzero(active)
        if len(rows):
            mine = drawn if len(rows) == len(active) else drawn.of_rows(rows)
            stages = leaf.stages(mine, replace(canvas, n=len(rows)))  # type: ignore[attr-defined]
        else:
            of = of_no_rows if leaf.known is None else of_no_rows.__wrapped__  # data are not kept
            stages = of(leaf, canvas.channels, canvas.height, canvas.width)
        for stage in stages:
            if isinstance(stage, Move) and stage.size is not None:
                if not certain:
                    text = "changes the size, so it must be done to all rows: not by chance, not in OneOf"
                    raise ConfigError(f"{type(leaf).__name__} {text}")
                canvas = replace(canvas, height=stage.size[0], width=stage.size[1])
            yield Step(stage, rows, drawn, active, type(leaf).__name__, mark)


@lru_cache(maxsize=1024)
def of_no_rows(leaf: Transform, channels: int, height: int, width: int) -> list[Stage]:
    """Return what a change does to no rows, which holds its place in a plan."""
    made: list[Stage] = leaf.stages(NONE, Canvas(0, channels, height, width))  # type: ignore[attr-defined]
    return [NOTHING if isinstance(stage, Paint) else stage for stage in made]


def planned(policy: Transform, draws: Draws, canvas: Canvas) -> list[Segment]:
    """Return the plan of a policy for images."""
    made = [Segment.begun(canvas.n, (canvas.height, canvas.width))]
    for step in steps_of(policy, draws, canvas):
        place = earliest(step, made)
        if place == len(made):
            made.append(Segment.begun(canvas.n, made[-1].size))
        segment = made[place]
        if isinstance(step.stage, Move | Bend):
            segment.move(step)
        elif isinstance(step.stage, Paint):
            segment.paint(step)
        else:
            segment.colour(step)
    return made


def earliest(step: Step, segments: list[Segment]) -> int:
    """Return the place of the first segment that a change may be in: after all that a row can have before it.

    In a segment moves come first, so that a move may stand in that of a colour before it, unless it must wait for it.
    """
    place, joint = 0, step.mark.joint
    moves = isinstance(step.stage, Move | Bend)
    for number, segment in enumerate(segments):
        if segment.bits["paints"] & joint:
            place = number + 1
        elif waits(step, segment):
            segment.cut = segment.cut or f"{step.name} must not change how colours before it come out"
            place = number + 1
        elif segment.bits["moves"] & joint or (not moves and segment.bits["colours"] & joint):
            place = number
    if isinstance(step.stage, Move | Bend):
        while place < len(segments) and segments[place].moves and segments[place].border != step.stage.border:
            segments[place].cut = segments[place].cut or f"{step.name} has another border"
            place += 1
    return place


def waits(step: Step, segment: Segment) -> bool:
    """Whether a change is a move that cannot be done before colours that come before it in a policy.

    Values that it brings in beyond the edges would be coloured, and what it cuts off would be missing from the mean of
    an image. Another mean by what is mirrored at the edges is let pass.
    """
    if not isinstance(step.stage, Move | Bend):
        return False
    if not isinstance(step.stage.border, str):
        return bool(segment.bits["colours"] & step.mark.joint)
    cuts = isinstance(step.stage, Move) and step.stage.size is not None
    return cuts and any(layer.about and layer.bits & step.mark.joint for layer in segment.layers)


def explained(policy: Transform, canvas: Canvas) -> str:
    """Return a plan in words; | stands between alternatives, * between what is done one after another."""
    lines = []
    plan = planned(policy, Draws.of(0, 0, np.arange(SHOWN)), replace(canvas, n=SHOWN))
    for number, segment in enumerate(plan):
        if segment.moves:
            what = "copies of pixels" if _copies(segment) else "one resampling"
            lines.append(f"move    {together(segment.moves)}: {what}, to {segment.size[0]} x {segment.size[1]}")
        for names in passes(segment.layers):
            lines.append(f"colour  {' * '.join(names)}: one pass")
        if segment.paints:
            lines.append(f"pixels  {' | '.join(dict.fromkeys(step.name for step in segment.paints))}")
        if segment.cut and number + 1 < len(plan):
            lines.append(f"-- cut: {segment.cut} --")
    return "\n".join(lines) or "nothing is done"


def together(steps: list[Step]) -> str:
    """Return the names of changes that are done together."""
    groups: list[list[Step]] = []
    for step in steps:
        if groups and not any(step.mark.joint & other.mark.bit for other in groups[-1]):
            groups[-1].append(step)
        else:
            groups.append([step])
    return " * ".join(" | ".join(dict.fromkeys(step.name for step in group)) for group in groups)


def _copies(segment: Segment) -> bool:
    return segment.bend is None and bool(warp.exact(segment.matrix).all())


def passes(layers: list[Layer]) -> Iterator[list[str]]:
    """Yield the names of the colours that are one pass each: linear ones up to the first that must be clamped; curves.

    It says what `passes.passes_of` does.
    """
    names: list[str] = []
    looked = False
    for layer in layers:
        joined = layer.looked if looked else layer.linear and not layer.about
        if names and not joined:
            yield names
            names = []
        names.append(layer.names)
        looked = layer.looked
        if not (looked or layer.safe):
            yield names
            names = []
    if names:
        yield names
