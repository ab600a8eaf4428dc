"""A policy on images: groups of one size at a time, with what belongs to them and their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError
from ..base import Transform
from ..draws import Draws, Floats
from ..rowwise import labels_of
from .ambient import settled
from .belonging import boxed, masked, pointed
from .forms import MOST_CHANNELS, read, shape_of, stacked
from .fused.plan import Segment, planned
from .fused.stages import Canvas
from .fused.work import carry_out
from .mixing import Mixing, mixings
from .pil import as_array, as_it_was, holds_pil, is_pil
from .pool import Pool

HELD = 1 << 23  # values that are held as floats at a time, 32 MB: memory that is new costs as much as the work
KEPT = 64  # sizes of images of which a policy remembers how large they become
ON_DEVICE = 32  # times as many on a device


def run(
    policy: Transform, X: Any, *, mask: Any = None, boxes: Any = None, keypoints: Any = None, y: Any = None,
    index: Any = None, epoch: int = 0,
) -> Any:  # fmt: skip
    """Return changed images and what belongs to them, as `Transform.__call__` says."""
    rest = {"keypoints": keypoints, "y": y, "index": index, "epoch": epoch}
    X = np.asarray(X) if _is_folder(X) else X
    if _is_container(X):
        return _contained(policy, X, {"mask": mask, "boxes": boxes}, **rest)
    if holds_pil(X):
        return _of_pil(policy, X, mask=mask, boxes=boxes, **rest)
    if not hasattr(X, "__len__") or isinstance(X, str | Mapping):
        raise DataError(f"images must be an array, a tensor, or a list of such, got {X!r:.60}")
    alone = not isinstance(X, list | tuple) and np.ndim(X) in (2, 3) and not _is_batch(X)
    parts = {"mask": mask, "boxes": boxes, "keypoints": keypoints}
    if alone:
        X, parts = X[None], {name: None if part is None else [part] for name, part in parts.items()}
    n, labels = len(X), labels_of(y, len(X), alone)
    for name, part in parts.items():
        if part is not None and (not hasattr(part, "__len__") or len(part) != n):
            raise DataError(f"{n} images but {len(part) if hasattr(part, '__len__') else repr(part)[:40]} of {name}")
    draws = policy.draws(n, index, epoch, alone)
    policy = policy.ready(Pool(X, parts["mask"], parts["boxes"], labels, alone), labels)
    with settled():
        made = _changed(policy, X, parts, labels, draws)
    weights = made.pop("weights")
    out = [made[name] for name in ("X", *(name for name, part in parts.items() if part is not None))]
    if y is not None:
        out.append(y if weights is None else torch.from_numpy(weights) if isinstance(y, Tensor) else weights)
    if alone:
        out = [part if part is y and y is not None else part[0] for part in out]
    return out[0] if len(out) == 1 else tuple(out)


def _contained(policy: Transform, X: Any, given: dict[str, Any], **rest: Any) -> Any:
    """Return changed images in their container, and what else was given. Raises: DataError for masks given twice."""
    held = {"mask": X.masks, "boxes": X.boxes}
    for name, part in given.items():
        if part is not None and held[name] is not None:
            raise DataError(f"the images hold their {name}, and more are given: give one of them")
    parts = {name: held[name] if part is None else part for name, part in given.items()}
    made = run(policy, X.x, **parts, **rest)
    every = list(made) if isinstance(made, tuple) else [made]
    found = {"x": every.pop(0)} | {name: every.pop(0) for name, part in parts.items() if part is not None}
    more = [found.pop(name) for name, part in given.items() if part is not None]
    rows = type(X)(found["x"], found.get("mask"), found.get("boxes"))
    return (rows, *more, *every) if more or every else rows


def _of_pil(policy: Transform, X: Any, **rest: Any) -> Any:
    """Return changed images of PIL as such."""
    alone = is_pil(X)
    made = run(policy, as_array(X) if alone else [as_array(one) for one in X], **rest)
    first, *more = made if isinstance(made, tuple) else (made,)
    images = as_it_was(first, X) if alone else [as_it_was(new, old) for new, old in zip(first, X, strict=True)]
    return (images, *more) if more else images


def fit(policy: Transform, X: Any, y: Any) -> Transform:
    """Return a policy that knows what it needs of the images. Raises: DataError."""
    images, masks, boxes = (X.x, X.masks, X.boxes) if _is_container(X) else (X, None, None)
    images = [as_array(one) for one in images] if holds_pil(images) else images
    labels = labels_of(y, len(images))
    if mixings(policy) and not len(images):
        raise DataError("no images to mix with: 0 rows")
    return policy.learned(Pool(images, masks, boxes, labels), labels)


def check(policy: Transform, X: Any) -> None:
    """Raise DataError where images cannot be changed, ConfigError where the policy does not suit their size."""
    x = X.x if _is_container(X) else X
    listed = isinstance(x, list | tuple)
    places = {shape_of(one): row for row, one in enumerate(x)} if listed else {(): 0} if len(x) else {}
    for row in places.values():
        rows, y = X[row : row + 1], [0]
        fit(policy, rows, y)(rows, y=y, index=[0])
    if hasattr(x, "folder"):  # bytes on the disk, which need only be there: one image at a time
        for one in x:
            np.asarray(one)
        return
    for one in x if listed else [x]:
        read(stacked([one]) if listed else one)


def _is_container(X: Any) -> bool:
    """Whether X is images with their masks and boxes (`Images`), or of a folder."""
    return getattr(X, "kind", None) == "image"


def _is_folder(X: Any) -> bool:
    """Whether X is images of a folder (`ImageFolder`), which are decoded when they are looked at."""
    return _is_container(X) and hasattr(X, "decoded")


def _is_batch(X: Any) -> bool:
    """Whether three dimensions are grey images, and not one of colours: a tensor (c, h, w), an array (h, w, c)."""
    shape = np.shape(X)
    return len(shape) == 3 and not 1 <= shape[0 if isinstance(X, Tensor) else 2] <= MOST_CHANNELS


def _changed(policy: Transform, X: Any, parts: dict[str, Any], labels: Any, draws: Draws) -> dict[str, Any]:
    """Return the changed images and parts by name, and weights of classes or None; groups of one size at a time."""
    mixing = [] if labels is None else [op for op in mixings(policy) if not op.same_class]
    weights = one_hot(mixing, labels) if mixing else None
    if not isinstance(X, list | tuple):
        return _group(policy, X, parts, labels, draws, weights)
    shapes = [(shape_of(one), str(getattr(one, "dtype", ""))) for one in X]
    found: dict[str, Any] = {"X": [None] * len(X)} | {
        name: [None] * len(X) for name, part in parts.items() if part is not None
    }
    for shape in dict.fromkeys(shapes):
        rows = np.array([row for row, other in enumerate(shapes) if other == shape])
        mine = {name: None if part is None else [part[row] for row in rows] for name, part in parts.items()}
        some = None if labels is None else labels[rows]
        part_of = None if weights is None else weights[rows]
        made = _group(policy, stacked([X[row] for row in rows]), mine, some, draws.of_rows(rows), part_of)
        if weights is not None:
            weights[rows] = made["weights"]
        for name, kept in found.items():
            for row, value in zip(rows, made[name], strict=True):
                kept[row] = value
    return found | {"weights": weights}


def one_hot(mixing: list[Mixing], labels: Any) -> Floats:
    """Return the weights of classes before they are mixed. Shape: (n,) to (n, classes). Raises: DataError."""
    pools: list[Pool] = [op.known for op in mixing]
    if any(not np.array_equal(pool.classes, pools[0].classes) for pool in pools):
        raise DataError("parts of the policy were fitted on other classes: fit the whole policy")
    made = np.zeros((len(labels), len(pools[0].classes)), dtype=np.float32)
    made[np.arange(len(labels)), pools[0].codes_of(labels)] = 1
    return made  # type: ignore[return-value]


def _group(policy: Transform, X: Any, parts: dict[str, Any], labels: Any, draws: Draws, weights: Any) -> dict[str, Any]:
    """Return the changed images of one size, what belongs to them, and their weights of classes: some at a time."""
    x, form = read(X)
    n, channels, height, width = x.shape
    given = {name: part for name, part in parts.items() if part is not None}
    if not x.numel() and (n or not height * width):
        return {"X": X, "weights": weights, **given}
    canvas = Canvas(0, channels, height, width)
    if not n:
        none = planned(policy, draws, canvas)
        made = x.new_empty((0, channels, *none[-1].size))
        return {"X": form.restore(made), "weights": weights} | _belonging(none, given, (height, width))
    found: dict[str, list[Any]] = {name: [] for name in given}
    held = HELD if x.device.type == "cpu" else HELD * ON_DEVICE
    rows = 1 if n == 1 else max(1, held // (channels * _largest(policy, draws, canvas)))
    for start in range(0, n, rows):
        some = slice(start, start + rows)
        part = draws if rows >= n else draws.of_rows(np.arange(n)[some])
        segments = planned(policy, part, replace(canvas, n=len(part), labels=None if labels is None else labels[some]))
        pixels = carry_out(segments, x[some])
        if not start:
            made = pixels if rows >= n else pixels.new_empty((n, *pixels.shape[1:]))
        if rows < n:
            made[some] = pixels
        for name, values in _belonging(segments, {name: given[name][some] for name in given}, (height, width)).items():
            found[name].append(values)
        for mixture in (mixture for segment in segments for mixture in segment.mixtures) if weights is not None else ():
            weights[some] = mixture.weights(weights[some])
    return {"X": form.restore(made), "weights": weights} | {name: _joined(values) for name, values in found.items()}


def _largest(policy: Transform, draws: Draws, canvas: Canvas) -> int:
    """Return the pixels of the largest size that images have on their way, which depends on the settings alone."""
    known: dict[tuple[int, ...], int] = policy._kept("_largest", dict)
    shape = canvas.channels, canvas.height, canvas.width
    if shape not in known:
        if len(known) >= KEPT:
            known.clear()
        sizes = [segment.size for segment in planned(policy, draws.of_rows(np.arange(0)), canvas)]
        known[shape] = max(height * width for height, width in [shape[1:], *sizes])
    return known[shape]


def _belonging(segments: list[Segment], given: dict[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """Return masks, boxes and points as a plan moves and mixes them."""
    made: dict[str, Any] = {}
    if "mask" in given:  # before boxes, as pasting tells by masks what is still seen
        made["mask"] = masked(given["mask"], segments, size)
    if "boxes" in given:
        made["boxes"] = [boxed(box, segments, row) for row, box in enumerate(given["boxes"])]
    if "keypoints" in given:
        made["keypoints"] = [pointed(points, segments, row) for row, points in enumerate(given["keypoints"])]
    return made


def _joined(parts: list[Any]) -> Any:
    """Return what belongs to some rows after another as that of all."""
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [one for part in parts for one in part]
    return torch.cat(parts) if isinstance(parts[0], Tensor) else np.concatenate(parts)
