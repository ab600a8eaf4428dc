"""A plan carried out on pixels, which stay in the scale that they came in: 0 to 255 for bytes, else 0 to 1.

Images are moved and coloured some at a time, as many as the processor's caches hold: memory is slower than arithmetic.
What comes out does not depend on how many.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ...draws import Flags, Ints
from . import tint
from .held import Held, touched
from .passes import Pass, passes_of
from .picks import Rows
from .plan import Segment, Step
from .route import Route, floats
from .stages import Border, Paint

PIXELS = 1 << 17  # for each thread, that are worked on at a time
_kept = threading.local()


def carry_out(segments: list[Segment], x: Tensor) -> Tensor:
    """Return images as a plan makes them. Shape: x (n, c, h, w) of uint8, or of floats in [0, 1]; returns such."""
    n, top = len(x), 255.0 if x.dtype == torch.uint8 else 1.0
    works: list[Flags] = []
    for segment in segments:
        works += [moving(segment) | colouring(segment), *(touched(n, [step.rows]) for step in segment.paints)]
    held = Held(x, works, segments[-1].size)
    for segment in segments:
        held.begin(segment.size)
        worked(held, segment, top)
        for step in segment.paints:
            held.begin(segment.size)
            if len(step.rows) and isinstance(step.stage, Paint):
                painted(held, step, step.stage, top)
    return held.finished()


def worked(held: Held, segment: Segment, top: float) -> None:
    """Move and colour images."""
    channels, size, before = held.x.shape[1], segment.size, held.before.shape
    if not (segment.moves or segment.layers):
        return
    like = held.x.new_empty(0, dtype=held.floats)
    passes = list(passes_of(segment.colours, like, min(channels, 3), top))
    route = Route.of(segment.matrix, (before[2], before[3]), size, segment.bend, like)
    border = segment.border if isinstance(segment.border, str) else segment.border * top

    scratch = scratch_of(held.x)
    for rows, moves, colours in parts(segment, max(size[0] * size[1], before[2] * before[3])):
        part = held.read(rows)
        if moves:
            part = route.follow(part, rows, border, scratch)
        if colours:
            part = part if part.is_floating_point() and moves else floats(part, scratch)
            part = coloured(part, passes, rows, scratch)
        held.write(rows, part)


def coloured(x: Tensor, passes: list[Pass], rows: Rows, scratch: tint.Scratch) -> Tensor:
    """Return images coloured, in place or in a buffer. Shape: x (m, c, h, w) of these rows of the batch."""
    seen = x[:, :3] if x.shape[1] == 4 else x  # alpha has no colour
    done = seen
    for one in passes:
        done = one.do(done, rows, scratch)
    if x.shape[1] != 4:
        return done
    if done.data_ptr() != seen.data_ptr():
        seen.copy_(done)
    return x


def moving(segment: Segment) -> Flags:
    """Return which rows are moved. Shape: (n,)."""
    return touched(len(segment.matrix), [step.rows for step in segment.moves])


def colouring(segment: Segment) -> Flags:
    """Return which rows are coloured. Shape: (n,)."""
    return touched(len(segment.matrix), [rows for layer in segment.layers for _, rows, _ in layer.parts])


def scratch_of(x: Tensor) -> tint.Scratch:
    """Return the buffers of this thread, where one image is no larger than a part; else fresh ones."""
    if x.device.type != "cpu" or x.shape[2] * x.shape[3] > PIXELS:
        return tint.Scratch()
    if not hasattr(_kept, "scratch"):
        _kept.scratch = tint.Scratch()
    made: tint.Scratch = _kept.scratch
    return made


def parts(segment: Segment, pixels: int) -> Iterator[tuple[Rows, bool, bool]]:
    """Yield the rows that are worked on at a time, parts of much the same length; whether to move, to colour them.

    What a row is not touched by is not done to it, whatever is done to others.
    """
    n, moves, colours = len(segment.matrix), moving(segment), colouring(segment)
    for one, other in ((True, True), (True, False), (False, True)):
        chosen = np.flatnonzero((moves == one) & (colours == other))
        for part in shared_out(chosen, pixels):
            yield slice(part[0], part[-1] + 1) if len(chosen) == n else part, one, other


def painted(held: Held, step: Step, stage: Paint, top: float) -> None:
    """Do to images what needs the pixels where they lie, values in [0, 1]; all at once where they are mixed."""
    pixels = 0 if stage.mixture is not None else held.x.shape[2] * held.x.shape[3]
    for rows in shared_out(step.rows, pixels):
        part = held.read(rows).to(held.floats) / top
        held.write(rows, stage.do(part, step.draws.of_rows(rows), rows).clamp_(0, 1).mul_(top))


def shared_out(rows: Ints, pixels: int) -> Iterator[Ints]:
    """Yield rows that are worked on at a time, of so many pixels each: parts of much the same length."""
    count = max(1, -(-len(rows) * pixels // (PIXELS * torch.get_num_threads())))
    ends = [len(rows) * number // count for number in range(count + 1)]
    for start, end in itertools.pairwise(ends):
        if end > start:
            yield rows[start:end]


def moved(x: Tensor, segment: Segment, border: Border, *, nearest: bool = False) -> Tensor:
    """Return images, or masks by the nearest pixel, moved. Shape: (n, c, h, w) to such, of the same dtype."""
    values = x
    if not x.is_floating_point():
        values = x.double() if x.dtype in (torch.int32, torch.int64) else x.float()
    route = Route.of(segment.matrix, (x.shape[2], x.shape[3]), segment.size, segment.bend, values)
    return route.follow(values, slice(None), border, tint.Scratch(), nearest=nearest).to(x.dtype)
