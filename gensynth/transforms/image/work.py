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

from ..draws import Flags, Ints
from . import tint, warp
from .passes import Rows, passes_of
from .plan import Segment, Size, Step
from .stages import Border, Floats, Paint

PIXELS = 1 << 17  # for each thread, that are worked on at a time
_kept = threading.local()


def carry_out(segments: list[Segment], x: Tensor) -> Tensor:
    """Return images as a plan makes them. Shape: x (n, c, h, w) of uint8, or of floats in [0, 1]; returns such."""
    kind, top = x.dtype, 255.0 if x.dtype == torch.uint8 else 1.0
    owned = False
    for number, segment in enumerate(segments):
        if segment.moves or segment.layers:
            later = any(one.layers or one.moves or one.paints for one in segments[number + 1 :])
            x, owned = worked(x, segment, top, kind if not (segment.paints or later) else None), True
        for step in segment.paints:
            if len(step.rows) and isinstance(step.stage, Paint):
                x, owned = painted(x if owned else x.clone(), step, step.stage, top), True
    return x if x.dtype == kind else as_bytes(x)


def as_bytes(x: Tensor) -> Tensor:
    """Return values from 0 to 255 as the nearest bytes; x is used up."""
    return x.add_(0.5).to(torch.int16).to(torch.uint8)  # there is a fast way by int16 alone


def worked(x: Tensor, segment: Segment, top: float, kind: torch.dtype | None) -> Tensor:
    """Return images moved and coloured, in a dtype; None for what comes out of the work.

    Shape: (n, c, h, w), to (n, c, h', w').
    """
    n, channels, size = len(x), x.shape[1], segment.size
    like = x if x.is_floating_point() else x.new_empty(0, dtype=torch.float32)
    passes = list(passes_of(segment.colours, like, min(channels, 3), top))
    kind = kind or (x.dtype if not passes and exact_rows(segment).all() else like.dtype)
    border = segment.border if isinstance(segment.border, str) else segment.border * top
    made, scratch = x.new_empty((n, channels, *size), dtype=kind), scratch_of(x)
    move = smoothly(scratch)
    for rows, moving, colouring in parts(segment, max(size[0] * size[1], x.shape[2] * x.shape[3])):
        part = x[rows]
        if moving:
            part = moved(part, segment, border, move, rows)
        if colouring:
            part = part if part.is_floating_point() and moving else floats(part, scratch)
            colours = part[:, :3] if channels == 4 else part  # alpha has no colour
            done = colours
            for one in passes:
                done = one.do(done, rows, scratch)
            if channels == 4 and done.data_ptr() != colours.data_ptr():
                colours.copy_(done)
            part = part if channels == 4 else done
        made[rows] = as_bytes(part) if part.is_floating_point() and kind == torch.uint8 else part.to(kind)
    return made


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
    n = len(segment.matrix)
    moving = touched(n, [step.rows for step in segment.moves])
    colouring = touched(n, [rows for layer in segment.layers for _, rows, _ in layer.parts])
    for moves, colours in itertools.product((True, False), (True, False)):
        chosen = np.flatnonzero((moving == moves) & (colouring == colours))
        count = max(1, -(-len(chosen) * pixels // (PIXELS * torch.get_num_threads())))
        ends = [len(chosen) * number // count for number in range(count + 1)]
        for start, end in itertools.pairwise(ends):
            if end > start:
                yield slice(start, end) if len(chosen) == n else chosen[start:end], moves, colours


def touched(n: int, changes: list[Ints]) -> Flags:
    """Return which of n rows are among those of changes. Shape: (n,)."""
    made = np.zeros(n, dtype=bool)
    for rows in changes:
        made[rows] = True
    return made


def floats(x: Tensor, scratch: tint.Scratch) -> Tensor:
    """Return pixels as floats in a buffer."""
    kind = x.dtype if x.is_floating_point() else torch.float32
    return scratch.of("floats", tuple(x.shape), x, kind).copy_(x)


def painted(x: Tensor, step: Step, stage: Paint, top: float) -> Tensor:
    """Return images with done to them what needs the pixels where they lie, values in [0, 1]; x may be written to."""
    x, rows = x if x.is_floating_point() else x.float(), step.rows
    made = stage.do(x[rows] / top, step.draws.of_rows(rows), rows).clamp_(0, 1) * top
    if len(rows) == len(x):
        return made
    x[rows] = made
    return x


def exact_rows(segment: Segment, rows: Rows = slice(None)) -> warp.Flags:
    """Return which rows are moved by copies of pixels. Shape: (n,)."""
    plain = warp.exact(segment.matrix[rows])
    if segment.bend is not None:
        plain &= ~segment.bend[rows].flatten(1).abs().amax(1).bool().cpu().numpy()
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
    bend = None if segment.bend is None else segment.bend[rows].to(x.device)
    if plain.all():
        return warp.move_exactly(x, matrix, size, border)
    if not plain.any():
        return move(x, matrix, size, border, bend)
    others, some = np.flatnonzero(~plain), np.flatnonzero(plain)
    part = move(x[others], matrix[others], size, border, None if bend is None else bend[others])
    made = part.new_empty(len(x), *part.shape[1:])
    made[others] = part
    made[some] = warp.move_exactly(x[some], matrix[some], size, border).to(made.dtype)
    return made
