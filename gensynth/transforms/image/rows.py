"""Images as people have them, to tensors (n, c, h, w) and back; groups of one size at a time.

Images are uint8, or floats in [0, 1]: arrays or tensors of shape (n, h, w, c), (n, c, h, w) or, grey, (n, h, w); a list
of images of unequal sizes; or one image alone, (h, w), as an array (h, w, c), as a tensor (c, h, w). Channels are the
axis that has 1 to 4 places; where both could be, the last one of arrays and the first one of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError
from ..base import Transform
from ..draws import Draws, Floats
from . import warp
from .plan import Segment, planned
from .stages import Canvas
from .work import carry_out, moved

MOST_CHANNELS = 4


@dataclass
class Form:
    """How images came: back to the container, and the axis of the channels (None where they are grey without one)."""

    back: Callable[[Tensor], Any]
    axis: int | None

    def tensor(self, x: Tensor) -> Tensor:
        """Return images as (n, c, h, w)."""
        return x[:, None] if self.axis is None else x.movedim(self.axis, 1)

    def restore(self, x: Tensor) -> Any:
        """Return images as they came."""
        return self.back(x[:, 0] if self.axis is None else x.movedim(1, self.axis))


def axis_of(shape: tuple[int, ...], tensor: bool) -> int | None:
    """Return the axis of the channels in (n, ...) images; None where there is none. Raises: DataError."""
    if len(shape) == 3:
        return None
    if len(shape) != 4:
        raise DataError(f"images need 2 or 3 dimensions each, (h, w), (h, w, c) or (c, h, w); got {len(shape) - 1}")
    first, last = 1 <= shape[1] <= MOST_CHANNELS, 1 <= shape[3] <= MOST_CHANNELS
    if first and last:
        return 1 if tensor else 3
    return 3 if last else 1


def read(X: Any) -> tuple[Tensor, Form]:
    """Return images of one size as a tensor (n, c, h, w), and their form. Raises: DataError."""
    tensor = isinstance(X, Tensor)
    x = X if tensor else torch.from_numpy(np.ascontiguousarray(_array(X)))
    if x.dtype != torch.uint8 and not x.is_floating_point():
        raise DataError(f"images must be uint8, or floats in [0, 1]; got {x.dtype}")
    if x.is_floating_point():
        _check_values(x)
    form = Form((lambda made: made) if tensor else (lambda made: made.numpy()), axis_of(tuple(x.shape), tensor))
    if x.dtype in (torch.float16, torch.bfloat16):
        kind = x.dtype
        form.back, x = (lambda made: made.to(kind)) if tensor else (lambda made: made.to(kind).numpy()), x.float()
    return form.tensor(x), form


def _array(X: Any) -> Any:
    array = np.asarray(X)
    if array.dtype.kind not in "uif":
        raise DataError(f"images must be arrays of numbers, got {array.dtype}")
    return array.astype(array.dtype.newbyteorder("=")) if not array.dtype.isnative else array


def _check_values(x: Tensor) -> None:
    if not x.numel():
        return
    low, high = (float(end) for end in torch.aminmax(x))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("images hold values that are not finite: NaN or infinite")
    if low < 0 or high > 1:
        raise DataError(f"float images must lie in [0, 1], got {low:g} to {high:g}: divide by 255, or give uint8")


def run(
    policy: Transform, X: Any, *, mask: Any = None, boxes: Any = None, keypoints: Any = None, y: Any = None,
    index: Any = None, epoch: int = 0,
) -> Any:  # fmt: skip
    """Return changed images and what belongs to them, as `Transform.__call__` says."""
    if _is_container(X):
        given = {"mask": X.masks, "boxes": X.boxes}
        made = run(policy, X.x, **given, keypoints=keypoints, y=y, index=index, epoch=epoch)
        held = [name for name, part in given.items() if part is not None]
        every = made if isinstance(made, tuple) else (made,)
        found = dict(zip(["x", *held], every, strict=False))
        rows = type(X)(found["x"], found.get("mask"), found.get("boxes"))
        rest = every[1 + len(held) :]
        return (rows, *rest) if rest else rows
    alone = not isinstance(X, list | tuple) and np.ndim(X) in (2, 3) and not _is_batch(X)
    parts = {"mask": mask, "boxes": boxes, "keypoints": keypoints, "y": y}
    if alone:
        X, parts = X[None], {name: None if part is None else [part] for name, part in parts.items()}
    n = len(X)
    for name, part in parts.items():
        if part is not None and len(part) != n:
            raise DataError(f"{n} images but {len(part)} of {name}")
    draws = policy.draws(n, index, epoch, alone)
    made = _changed(policy, X, parts, draws)
    out = [made[name] for name in ("X", *(name for name, part in parts.items() if part is not None))]
    if alone:
        out = [part[0] for part in out]
    return out[0] if len(out) == 1 else tuple(out)


def fit(policy: Transform, X: Any, y: Any) -> Transform:
    """Return a policy that knows what it needs of the images. Raises: DataError."""
    return policy.learned(X, y)


def check(policy: Transform, X: Any) -> None:
    """Raise DataError where images cannot be changed, ConfigError where the policy does not suit their size."""
    x = X.x if _is_container(X) else X
    for one in {np.shape(one): one for one in x}.values() if isinstance(x, list | tuple) else [x[:1]]:
        policy([one] if isinstance(x, list | tuple) else one, index=[0])
    for one in x if isinstance(x, list | tuple) else [x]:
        read(one[None] if isinstance(x, list | tuple) else one)


def _is_container(X: Any) -> bool:
    """Whether X is images with their masks and boxes (`Images`)."""
    return getattr(X, "kind", None) == "image"


def _is_batch(X: Any) -> bool:
    """Whether three dimensions are grey images, and not one of colours: a tensor (c, h, w), an array (h, w, c)."""
    shape = np.shape(X)
    return len(shape) == 3 and not 1 <= shape[0 if isinstance(X, Tensor) else 2] <= MOST_CHANNELS


def _changed(policy: Transform, X: Any, parts: dict[str, Any], draws: Draws) -> dict[str, Any]:
    """Return the changed images and parts by name, groups of one size at a time."""
    if not isinstance(X, list | tuple):
        return _group(policy, X, parts, draws)
    shapes = [(np.shape(one), str(getattr(one, "dtype", ""))) for one in X]
    found: dict[str, list[Any]] = {"X": [None] * len(X)}
    for shape in dict.fromkeys(shapes):
        rows = np.array([row for row, other in enumerate(shapes) if other == shape])
        some = [X[row] for row in rows]
        stack = torch.stack(some) if isinstance(some[0], Tensor) else np.stack([np.asarray(one) for one in some])
        mine = {name: None if part is None else [part[row] for row in rows] for name, part in parts.items()}
        for name, values in _group(policy, stack, mine, draws.of_rows(rows)).items():
            kept = found.setdefault(name, [None] * len(X))
            for row, value in zip(rows, values, strict=True):
                kept[row] = value
    return dict(found)


def _group(policy: Transform, X: Any, parts: dict[str, Any], draws: Draws) -> dict[str, Any]:
    """Return the changed images of one size, and what belongs to them."""
    x, form = read(X)
    if not len(x) or not x[0].numel():
        return {"X": X, **{name: part for name, part in parts.items() if part is not None}}
    segments = planned(policy, draws, Canvas(*x.shape))
    found = {"X": form.restore(carry_out(segments, x))}
    if parts["mask"] is not None:
        found["mask"] = masked(parts["mask"], segments, tuple(x.shape[2:]))
    if parts["boxes"] is not None:
        found["boxes"] = [boxed(box, segments, row) for row, box in enumerate(parts["boxes"])]
    if parts["keypoints"] is not None:
        found["keypoints"] = [pointed(points, segments, row) for row, points in enumerate(parts["keypoints"])]
    if parts["y"] is not None:
        found["y"] = parts["y"]
    return found


def masked(mask: Any, segments: list[Segment], size: tuple[int, ...]) -> Any:
    """Return masks moved as their images, by the nearest pixel; 0 comes in beyond a border of one value."""
    if isinstance(mask, list | tuple):
        whole = np.stack([np.asarray(one) for one in mask]) if not isinstance(mask[0], Tensor) else torch.stack([*mask])
        return [*masked(whole, segments, size)]
    tensor = isinstance(mask, Tensor)
    x = mask if tensor else torch.from_numpy(np.ascontiguousarray(mask))
    if x.ndim not in (3, 4) or tuple(x.shape[-2:]) != size:
        raise DataError(
            f"masks must be (n, h, w), or (n, masks, h, w), of the size of their images, {size[0]} x {size[1]}; "
            f"got shape {tuple(x.shape)}"
        )
    kind = x.dtype
    made = x.reshape(len(x), -1, *size)
    made = made.byte() if kind == torch.bool else made
    for segment in segments:
        if segment.moves:
            made = moved(made, segment, segment.border if isinstance(segment.border, str) else 0.0, nearest=True)
    made = made.to(kind).reshape(*x.shape[:-2], *made.shape[-2:])
    return made if tensor else made.numpy()


def pointed(points: Any, segments: list[Segment], row: int) -> Floats:
    """Return points of one image moved with it. Shape: (k, 2) to (k, 2). Raises: DataError."""
    made = np.asarray(points, dtype=np.float64)
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
    """Return boxes of one image as the boxes around what they held, cut at the image's edges.

    Those that are outside have no area. Shape: (k, 4) to (k, 4). Raises: DataError.
    """
    made = np.asarray(boxes, dtype=np.float64)
    if made.size == 0:
        return made.reshape(-1, 4)
    if made.ndim != 2 or made.shape[1] != 4 or not np.isfinite(made).all():
        raise DataError(f"boxes of row {row} must be finite numbers of shape (boxes, 4), got shape {made.shape}")
    t = np.linspace(0, 1, 2 if all(segment.bend is None for segment in segments) else 9)
    zero, one = np.zeros(len(t)), np.ones(len(t))
    x, y = np.concatenate([t, one, t, zero]), np.concatenate([zero, t, one, t])  # around the edges
    left, top, right, bottom = made.T[:, :, None]
    around = np.stack([left + x * (right - left), top + y * (bottom - top)], -1)
    ends = pointed(around.reshape(-1, 2) - 0.5, segments, row).reshape(around.shape) + 0.5
    height, width = segments[-1].size
    limits = np.array([width, height])
    low, high = ends.min(axis=1).clip(0, limits), ends.max(axis=1).clip(0, limits)
    return np.concatenate([low, high], axis=1)
