"""What belongs to images, moved and mixed as a plan does it to them: masks, boxes and points."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError
from ..draws import Floats
from .forms import stacked
from .fused import warp
from .fused.plan import Segment
from .fused.work import moved


def masked(mask: Any, segments: list[Segment], size: tuple[int, ...]) -> Any:
    """Return masks moved as their images, by the nearest pixel; 0 comes in beyond a border of one value."""
    if isinstance(mask, list | tuple):
        return [*masked(stacked([*mask], "masks of images of one size"), segments, size)]
    tensor = isinstance(mask, Tensor)
    x = mask if tensor else torch.from_numpy(_numbers(mask))
    if x.ndim not in (3, 4) or tuple(x.shape[-2:]) != size:
        raise DataError(
            f"masks must be (n, h, w), or (n, masks, h, w), of the size of their images, {size[0]} x {size[1]}; "
            f"got shape {tuple(x.shape)}"
        )
    kind = x.dtype
    made = x[:, None] if x.ndim == 3 else x
    made = made.byte() if kind == torch.bool else made.float() if kind in (torch.float16, torch.bfloat16) else made
    for segment in segments:
        if segment.moves:
            made = moved(made, segment, segment.border if isinstance(segment.border, str) else 0.0, nearest=True)
        for mixture in segment.mixtures:
            made = mixture.masks(made)
    made = made.to(kind).reshape(*x.shape[:-2], *made.shape[-2:])
    return made if tensor else made.numpy()


def pointed(points: Any, segments: list[Segment], row: int) -> Floats:
    """Return points of one image moved with it. Shape: (k, 2) to (k, 2). Raises: DataError."""
    made = _floats(points, f"keypoints of row {row}")
    if made.size == 0:
        return made.reshape(-1, 2)
    if made.ndim != 2 or made.shape[1] != 2 or not np.isfinite(made).all():
        raise DataError(f"keypoints of row {row} must be finite numbers of shape (points, 2), got shape {made.shape}")
    for segment in segments:
        if segment.moves:
            bend = None if segment.bend is None else segment.bend[row]
            made = warp.move_points(made, segment.matrix[row], bend)
    return made


def boxed(boxes: Any, segments: list[Segment], row: int) -> Floats:
    """Return boxes of one image as the boxes around what they held, cut at the image's edges; new ones come last.

    Those that are outside have no area. Shape: (k, 4) to (k', 4). Raises: DataError.
    """
    made = checked_boxes(boxes, f"row {row}")
    done = 0
    for place, segment in enumerate(segments):
        for mixture in segment.mixtures:
            if mixture.touches(row):
                made = mixture.boxes(_around(made, segments[done : place + 1], row), row)
                done = place + 1
    return _around(made, segments[done:], row)


def checked_boxes(boxes: Any, whose: str) -> Floats:
    """Return boxes of one image as numbers. Shape: (k, 4). Raises: DataError."""
    made = _floats(boxes, f"boxes of {whose}")
    if made.size == 0:
        return made.reshape(-1, 4)
    if made.ndim != 2 or made.shape[1] != 4 or not np.isfinite(made).all():
        raise DataError(f"boxes of {whose} must be finite numbers of shape (boxes, 4), got shape {made.shape}")
    return made


def _floats(values: Any, what: str) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{what} must be numbers, got {values!r:.60}") from None


def _numbers(mask: Any) -> Any:
    """Return masks as an array that torch can take without a word, copied where it cannot. Raises: DataError."""
    array = np.asarray(mask)
    if array.dtype.kind not in "buif" or array.dtype.itemsize > 8:
        raise DataError(f"masks must be arrays of numbers, got {array.dtype}")
    return np.require(array, array.dtype.newbyteorder("="), ["C", "W"])


def _around(boxes: Floats, segments: list[Segment], row: int) -> Floats:
    """Return the boxes around boxes that were moved, cut at the image's edges. Shape: (k, 4) to (k, 4)."""
    if not len(boxes) or not segments:
        return boxes
    t = np.linspace(0, 1, 2 if all(segment.bend is None for segment in segments) else 9)
    zero, one = np.zeros(len(t)), np.ones(len(t))
    x, y = np.concatenate([t, one, t, zero]), np.concatenate([zero, t, one, t])  # around the edges
    left, top, right, bottom = boxes.T[:, :, None]
    around = np.stack([left + x * (right - left), top + y * (bottom - top)], -1)
    ends = pointed(around.reshape(-1, 2) - 0.5, segments, row).reshape(around.shape) + 0.5
    height, width = segments[-1].size
    limits = np.array([width, height])
    low, high = ends.min(axis=1).clip(0, limits), ends.max(axis=1).clip(0, limits)
    return np.concatenate([low, high], axis=1)
