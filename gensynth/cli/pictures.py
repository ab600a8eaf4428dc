"""Images as their files: read, and changed, when they are looked at, so that few of them are held at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.kinds import Rows
from ..errors import ConfigError
from ..generators import augment, style
from ..generators.base import Codes, Draw
from ..generators.copies import evenly
from ..store.images import read_image, read_mask
from ..transforms.base import Transform

BLOCK = 32 << 20  # bytes of images or recordings that are held at a time


@dataclass(frozen=True)
class Made:
    """An image that is yet to be made: a file, its mask, the code of its class, and the row whose draws change it."""

    policy: Transform
    path: Path
    mask: Path | None
    code: int
    row: int


Ready = Path | npt.NDArray[Any]
Item = Ready | Made


class Decoded(list[Any]):
    """Items as a list that reads, or makes, one each time that it is looked at."""

    def __init__(self, items: Sequence[Item], read: Callable[[Item], Any]) -> None:
        super().__init__(items)
        self._read = read

    def __iter__(self) -> Iterator[Any]:
        return (self._read(item) for item in super().__iter__())

    def __getitem__(self, place: Any) -> Any:
        return self._read(super().__getitem__(place))


class Pictures(Rows):
    """Images of any sizes, with their masks.

    `x` and `masks` are lists of arrays, as `Images` has arrays; `items` and `mask_items` what stands behind them. The
    mask of what is yet to be made is made with it.
    """

    kind = "image"
    fields = ("items", "mask_items")

    def __init__(self, x: Sequence[Item], masks: Sequence[Item] | None = None, boxes: None = None) -> None:
        self.items, self.boxes = list(x), boxes
        self.mask_items = None if masks is None else list(masks)

    def joined(self, other: Any) -> Pictures:
        """Return these images followed by others, which may be `Images`."""
        return super().joined(other if isinstance(other, Pictures) else Pictures([*other.x], other.masks))

    @property
    def x(self) -> list[npt.NDArray[Any]]:
        """The images, each (h, w) or (h, w, channels)."""
        return Decoded(self.items, lambda item: _made([item])[0][0] if isinstance(item, Made) else _read(item))

    @property
    def masks(self) -> list[npt.NDArray[Any]] | None:
        """The masks, each (h, w) or (channels, h, w)."""
        if self.mask_items is None:
            return None
        return Decoded(
            self.mask_items, lambda item: _made([item])[1][0] if isinstance(item, Made) else _read_mask(item)
        )

    def pairs(self) -> Iterator[tuple[Ready, Ready | None]]:
        """Yield each image and its mask: files as they are, others made, as many at once as are held."""
        masks: list[Any] = [None] * len(self.items) if self.mask_items is None else self.mask_items
        waiting: list[Made] = []
        size = 0
        for item, mask in zip(self.items, masks, strict=True):
            if waiting and (size >= BLOCK or not isinstance(item, Made) or item.policy is not waiting[0].policy):
                yield from zip(*_made(waiting), strict=True)
                waiting, size = [], 0
            if isinstance(item, Made):
                waiting.append(item)
                size += item.path.stat().st_size * 8  # about what is in a packed file
            else:
                yield item, mask
        if waiting:
            yield from zip(*_made(waiting), strict=True)


class Augment(augment.Augment):
    """`Augment` for images that are files: the same rows, made when they are written. What is made is `Pictures`."""

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        policy = augment.default_for("image") if self.policy is None else augment.read(self.policy)
        if policy.kind != "image":
            raise ConfigError(f"the transform is for data of kind {policy.kind!r}, and this is 'image'")
        for mask in rows.masks or ():  # broken ones are found here
            del mask
        self.rows_, self.codes_ = rows, codes
        self.policy_ = policy.fit(rows, codes)

    def _sample(self, codes: Codes, key: int) -> Draw:
        parents = evenly(self.codes_, codes, key)
        policy, masks = self.policy_.seeded(key), self.rows_.mask_items
        made = [
            Made(policy, self.rows_.items[parent], None if masks is None else masks[parent], int(code), row)
            for row, (parent, code) in enumerate(zip(parents, codes, strict=True))
        ]
        rows = Pictures(made, None if masks is None else made)
        return Draw(rows, parents[:, None], np.ones((len(codes), 1)))


class StyleTransfer(style.StyleTransfer):
    """`StyleTransfer` for images that are files: the same rows, made when they are written."""

    due_ = 0  # images that are to be made

    @property
    def bank(self) -> Any:
        """The images whose styles it knows: files, or arrays (h, w, channels)."""
        return self.rows_.items if self.own_styles else self.given_.x

    def _given_styles(self) -> Any:
        self.given_ = super()._given_styles()
        return self.given_

    def _changed(self, rows: Any, restyle: Transform) -> Any:
        masks = rows.mask_items
        made = [
            Made(restyle, item, None if masks is None else masks[row], 0, row) for row, item in enumerate(rows.items)
        ]
        self.due_ += len(made)
        told = getattr(getattr(self.style_, "log", None), "told", None)
        if told is not None:  # it was told of the images of this call alone
            told.count = self.due_
        return Pictures(made, None if masks is None else made)


LAZY: dict[type, type] = {
    augment.Augment: Augment,
    style.StyleTransfer: StyleTransfer,
}  # what stands in for generators, on files


def _made(items: Sequence[Made]) -> tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any] | None]]:
    """Return images that are made, and their masks or None."""
    policy, masked = items[0].policy, items[0].mask is not None
    given: dict[str, Any] = {"mask": [_read_mask(item.mask) for item in items]} if masked else {}
    given |= {"y": np.array([item.code for item in items]), "index": np.array([item.row for item in items])}
    made = policy([_read(item.path) for item in items], **given)
    return list(made[0]), list(made[1]) if masked else [None] * len(items)


def _read(item: Any) -> Any:
    return read_image(item) if isinstance(item, Path) else item


def _read_mask(item: Any) -> Any:
    return read_mask(item) if isinstance(item, Path) else item
