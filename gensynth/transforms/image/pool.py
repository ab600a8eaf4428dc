"""The images that others are mixed with: those that a policy was fitted on, or those of the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import DataError
from ..draws import Flags, Ints
from .forms import read, stacked
from .fused.picks import take
from .fused.stages import Floats
from .fused.tint import grey

Size = tuple[int, int]


@dataclass(frozen=True)
class Pool:
    """Images with what belongs to them, as they were given: never copied, and read where they are needed.

    Arguments:
        images: n of them, in any form that policies take.
        masks: as many masks, or None.
        boxes: as many arrays of boxes, or None.
        labels: (n,) labels, or None.
        alone: whether they are one image that was given by itself.
    """

    images: Any
    masks: Any = None
    boxes: Any = None
    labels: npt.NDArray[Any] | None = None
    alone: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def classes(self) -> npt.NDArray[Any]:
        """The labels that there are, sorted; none where there are no labels."""
        if self.labels is None:
            return np.empty(0)
        if self.labels.ndim != 1:
            raise DataError(f"mixing needs one label for each image, shape (n,), got shape {self.labels.shape}")
        try:
            return np.unique(self.labels)
        except TypeError:
            raise DataError("labels of several types cannot be sorted: make them numbers, or texts, alone") from None

    @cached_property
    def codes(self) -> Ints:
        """The place of each image's label among the classes. Shape: (n,)."""
        return self.codes_of(self.labels)

    def codes_of(self, labels: Any) -> Ints:
        """Return the places of labels among the classes. Raises: DataError for one that is not among them."""
        classes, asked = self.classes, np.asarray(labels)
        if asked.ndim != 1:
            raise DataError(f"mixing needs one label for each image, shape (n,), got shape {asked.shape}")
        if len(asked) and not len(classes):
            raise DataError("the policy was fitted without labels: give them, fit(X, y)")
        try:
            places = np.searchsorted(classes, asked)
        except TypeError:
            places = np.zeros(len(asked), dtype=np.intp)
        known = classes[np.minimum(places, len(classes) - 1)] == asked if len(asked) else np.ones(0, dtype=bool)
        if not np.all(known):
            what = asked[np.flatnonzero(~np.broadcast_to(known, asked.shape))[0]]
            raise DataError(f"label {what!r:.40} is none of those that the policy was fitted on, {classes!r:.60}")
        return places

    @cached_property
    def has_objects(self) -> Flags:
        """Which images have something to copy: a mask that is not empty, or boxes with an area. Shape: (n,)."""
        if self.boxes is not None:
            made = [bool(_areas(np.asarray(boxes, dtype=np.float64)).any()) for boxes in self.boxes]
        elif self.masks is not None:
            made = [bool((mask != 0).any()) for mask in self.masks]
        else:
            made = [False] * len(self)
        return np.array(made, dtype=bool)

    def pixels(self, rows: Ints, like: Tensor) -> Tensor:
        """Return images in the size, the channels and the precision of others, in [0, 1]. Shape: (m, c, h, w)."""
        return self._of_rows(self.images, rows, lambda part: self._fitted(part, like), like)

    def _fitted(self, X: Any, like: Tensor) -> Tensor:
        x, _ = read(X)
        x = (x.to(like) if x.is_floating_point() else x.to(like) / 255.0).to(like.device)
        x = with_channels(x, like.shape[1])
        size = tuple(like.shape[2:])
        if tuple(x.shape[2:]) == size:
            return x
        return F.interpolate(x, size, mode="bilinear", antialias=True, align_corners=False).clamp_(0, 1)

    def mask(self, rows: Ints, like: Tensor) -> Tensor:
        """Return masks in the size and the dtype of others, by the nearest pixel. Shape: (m, masks, h, w)."""
        return self._of_rows(self.masks, rows, lambda part: _as_large(part, like), like)

    def box(self, row: int, size: Size) -> Floats:
        """Return the boxes of an image, as they lie after it is resized. Shape: (k, 4)."""
        from .belonging import checked_boxes

        across, down = (new / old for new, old in zip(size[::-1], self.size(row)[::-1], strict=True))
        return checked_boxes(self.boxes[row], "an image to mix with") * [across, down, across, down]

    def size(self, row: int) -> Size:
        """Return height and width of an image."""
        x, _ = read(stacked([self.images[row]]))
        return int(x.shape[2]), int(x.shape[3])

    def _of_rows(self, parts: Any, rows: Ints, made_of: Callable[[Any], Tensor], like: Tensor) -> Tensor:
        """Return rows of parts as a tensor, one by one where they are a list, as its parts may be of any size."""
        if not isinstance(parts, list | tuple):
            return made_of(take(parts, rows) if isinstance(parts, Tensor) else parts[rows])
        return torch.cat([made_of(stacked([parts[row]])) for row in rows]) if len(rows) else like[:0]


def _as_large(masks: Any, like: Tensor) -> Tensor:
    """Return masks in a size. Shape: (m, h, w) or (m, masks, h, w) to (m, masks, h', w')."""
    x = masks if isinstance(masks, Tensor) else torch.from_numpy(np.ascontiguousarray(masks))
    x = x.reshape(len(x), -1, *x.shape[-2:]).to(like.device)
    down, across = (
        ((torch.arange(new, device=x.device) + 0.5) * (old / new)).long().clamp_(max=old - 1)
        for new, old in zip(like.shape[2:], x.shape[2:], strict=True)
    )
    return x[:, :, down][:, :, :, across].to(like.dtype)


def _areas(boxes: Floats) -> Flags:
    """Return which boxes have an area. Shape: (k, 4) to (k,)."""
    boxes = boxes.reshape(-1, 4)
    return np.asarray((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))


def with_channels(x: Tensor, channels: int) -> Tensor:
    """Return images in so many channels: grey in all of three, or of three their grey; opaque where that is asked.

    Raises: DataError for two channels and another number.
    """
    have = x.shape[1]
    if have == channels:
        return x
    if 2 in (have, channels):
        raise DataError(f"images of {have} channels cannot be mixed with images of {channels}")
    colours = x[:, :3]
    if channels == 1:
        return grey(colours)
    if have == 1:
        colours = x.expand(-1, 3, -1, -1)
    return torch.cat([colours, torch.ones_like(colours[:, :1])], 1) if channels == 4 else colours
