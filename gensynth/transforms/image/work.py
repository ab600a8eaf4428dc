"""A plan carried out on pixels, which stay in the scale that they came in: 0 to 255 for bytes, else 0 to 1.

Images are moved and coloured some at a time, as many as the processor's caches hold: memory is slower than arithmetic.
What comes out does not depend on how many.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from ..draws import Flags
from . import tint, warp
from .held import Held, touched
from .passes import Pass, passes_of
from .picks import Rows, put, take
from .plan import Segment, Size, Step
from .stages import Border, Floats, Paint
from .threads import share_out

PIXELS = 1 << 17  # that a thread works on at a time
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
    border = segment.border if isinstance(segment.border, str) else segment.border * top

    def do(part_of: tuple[Rows, bool, bool]) -> None:
        rows, moves, colours = part_of
        scratch = scratch_of(held.x)
        part = held.read(rows)
        if moves:
            part = moved(part, segment, border, smoothly(scratch), rows)
        if colours:
            part = coloured(
                part if part.is_floating_point() and moves else floats(part, scratch), passes, rows, scratch
            )
        held.write(rows, part)

    every = [*parts(segment, max(size[0] * size[1], before[2] * before[3]))]
    if held.x.device.type == "cpu":
        share_out(do, every)
    else:
        for part in every:
            do(part)


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
    threads = torch.get_num_threads()
    for one, other in ((True, True), (True, False), (False, True)):
        chosen = np.flatnonzero((moves == one) & (colours == other))
        count = -(-len(chosen) * pixels // PIXELS)
        count = -(-count // threads) * threads if len(chosen) * pixels > PIXELS // 2 else 1  # threads end together
        ends = [len(chosen) * number // count for number in range(count + 1)]
        for start, end in itertools.pairwise(ends):
            if end > start:
                yield slice(start, end) if len(chosen) == n else chosen[start:end], one, other


def floats(x: Tensor, scratch: tint.Scratch) -> Tensor:
    """Return pixels as floats in a buffer."""
    kind = x.dtype if x.is_floating_point() else torch.float32
    return scratch.of("floats", tuple(x.shape), x, kind).copy_(x)


def painted(held: Held, step: Step, stage: Paint, top: float) -> None:
    """Do to images what needs the pixels where they lie, values in [0, 1]."""
    rows = step.rows
    part = held.read(rows).to(held.floats) / top
    held.write(rows, stage.do(part, step.draws.of_rows(rows), rows).clamp_(0, 1) * top)


def exact_rows(segment: Segment, rows: Rows = slice(None)) -> warp.Flags:
    """Return which rows are moved by copies of pixels. Shape: (n,)."""
    plain = warp.exact(segment.matrix[rows])
    if segment.bend is not None:
        plain &= ~take(segment.bend, rows).flatten(1).abs().amax(1).bool().cpu().numpy()
    return plain


Mover = Callable[[Tensor, Floats, Size, Border, Tensor | None], Tensor]


def smoothly(scratch: tint.Scratch) -> Mover:
    """Return what resamples images, of bytes too, bilinearly."""

    def move(x: Tensor, matrix: Floats, size: Size, border: Border, bend: Tensor | None) -> Tensor:
        return warp.move(x if x.is_floating_point() else floats(x, scratch), matrix, size, border, bend, scratch)

    return move


def nearest(x: Tensor, matrix: Floats, size: Size, border: Border, bend: Tensor | None) -> Tensor:
    """Return masks resampled by the nearest pixel."""
    values = x.double() if x.dtype in (torch.int32, torch.int64, torch.float64) else x.float()
    return warp.resample(values, warp.sources(matrix, size, values, bend), border, nearest=True).to(x.dtype)


def moved(x: Tensor, segment: Segment, border: Border, move: Mover, rows: Rows = slice(None)) -> Tensor:
    """Return images, or masks, of some rows of a segment moved: by copies of pixels where they can be.

    Shape: x (m, c, h, w) of these rows, to such.
    """
    matrix, size, plain = segment.matrix[rows], segment.size, exact_rows(segment, rows)
    bend = None if segment.bend is None else take(segment.bend, rows).to(x.device)
    if plain.all():
        return warp.move_exactly(x, matrix, size, border)
    if not plain.any():
        return move(x, matrix, size, border, bend)
    others, some = np.flatnonzero(~plain), np.flatnonzero(plain)
    part = move(take(x, others), matrix[others], size, border, None if bend is None else take(bend, others))
    made = part.new_empty(len(x), *part.shape[1:])
    put(made, others, part)
    put(made, some, warp.move_exactly(take(x, some), matrix[some], size, border))
    return made
