"""A policy on images: groups of one size at a time, with what belongs to them and their labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError
from ..base import Transform
from ..draws import Draws, Floats
from ..rowwise import labels_of
from .belonging import boxed, masked, pointed
from .forms import MOST_CHANNELS, read, stacked
from .mixing import Mixing, mixings
from .plan import planned
from .pool import Pool
from .stages import Canvas
from .work import carry_out


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
    parts = {"mask": mask, "boxes": boxes, "keypoints": keypoints}
    if alone:
        X, parts = X[None], {name: None if part is None else [part] for name, part in parts.items()}
    n, labels = len(X), labels_of(y, len(X), alone)
    for name, part in parts.items():
        if part is not None and len(part) != n:
            raise DataError(f"{n} images but {len(part)} of {name}")
    draws = policy.draws(n, index, epoch, alone)
    policy = policy.ready(Pool(X, parts["mask"], parts["boxes"], labels, alone), labels)
    made = _changed(policy, X, parts, labels, draws)
    weights = made.pop("weights")
    out = [made[name] for name in ("X", *(name for name, part in parts.items() if part is not None))]
    if y is not None:
        out.append(y if weights is None else torch.from_numpy(weights) if isinstance(y, Tensor) else weights)
    if alone:
        out = [part if part is y and y is not None else part[0] for part in out]
    return out[0] if len(out) == 1 else tuple(out)


def fit(policy: Transform, X: Any, y: Any) -> Transform:
    """Return a policy that knows what it needs of the images. Raises: DataError."""
    images, masks, boxes = (X.x, X.masks, X.boxes) if _is_container(X) else (X, None, None)
    labels = labels_of(y, len(images))
    if mixings(policy) and not len(images):
        raise DataError("no images to mix with: 0 rows")
    return policy.learned(Pool(images, masks, boxes, labels), labels)


def check(policy: Transform, X: Any) -> None:
    """Raise DataError where images cannot be changed, ConfigError where the policy does not suit their size."""
    listed = isinstance(X, list | tuple)
    for one in {np.shape(one): one for one in X}.values() if listed else [X[:1]]:
        rows, y = ([one], [0]) if listed else (one, [0] * len(one))
        if len(rows):
            fit(policy, rows, y)(rows, y=y, index=[0])
    x = X.x if _is_container(X) else X
    for one in x if listed else [x]:
        read(one[None] if listed else one)


def _is_container(X: Any) -> bool:
    """Whether X is images with their masks and boxes (`Images`)."""
    return getattr(X, "kind", None) == "image"


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
    shapes = [(np.shape(one), str(getattr(one, "dtype", ""))) for one in X]
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
    """Return the changed images of one size, what belongs to them, and their weights of classes."""
    x, form = read(X)
    if not len(x) or not x[0].numel():
        return {"X": X, "weights": weights, **{name: part for name, part in parts.items() if part is not None}}
    n, channels, height, width = x.shape
    segments = planned(policy, draws, Canvas(n, channels, height, width, labels))
    found = {"X": form.restore(carry_out(segments, x))}
    if parts["mask"] is not None:
        found["mask"] = masked(parts["mask"], segments, tuple(x.shape[2:]))
    if parts["boxes"] is not None:
        found["boxes"] = [boxed(box, segments, row) for row, box in enumerate(parts["boxes"])]
    if parts["keypoints"] is not None:
        found["keypoints"] = [pointed(points, segments, row) for row, points in enumerate(parts["keypoints"])]
    if weights is not None:
        for segment in segments:
            for mixture in segment.mixtures:
                weights = mixture.weights(weights)
    return found | {"weights": weights}
