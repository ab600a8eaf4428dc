"""What all methods share: what is known of the styles of a bank of images, and images that are given it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ...draws import Floats, Ints
from ..forms import read, stacked

TOGETHER, HELD = 64, 1 << 24  # images, and values of them, that are looked at at once


class Style(ABC):
    """The styles of a bank of images, as a method knows them."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def give(self, x: Tensor, styles: Ints, strength: Floats) -> Tensor:
        """Return images of other styles, which are clamped afterwards.

        Shape: x (m, 1 or 3, h, w) in [0, 1], styles (m,) places in the bank, strength (m,); returns as x.
        """

    def drawn(self, styles: Ints, key: int, rows: Ints | None = None) -> tuple[Style, Ints]:
        """Return what gives rows the styles at these places of the bank, or others near to them; (n,) to its places.

        A row's style does not depend on the other rows; `rows` (n,) are their numbers, 0 to n - 1 where none are given.
        """
        return self, styles

    def origins(self, places: Ints) -> Ints:
        """Return where in the bank the styles at places stand, or those that they were drawn around. Shape: (m,)."""
        return places


@dataclass(frozen=True)
class Measured(Style):
    """Styles that are measured, as arrays of as many rows."""

    @classmethod
    def learn(cls, images: Any, side: Callable[[], int]) -> Self:
        """Return what is known of images in any form that policies take. Raises: DataError.

        Arguments:
            images: the bank.
            side: tells the shorter side of the largest image that will be given their style.
        """
        reach = cls.reach(side)
        found = zip(*(cls.seen(part, reach) for part in parts_of(images)), strict=True)
        return cls(*(np.concatenate(values) for values in found))

    @staticmethod
    def reach(side: Callable[[], int]) -> int:
        """Return how many waves must be known of a style."""
        return 0

    @staticmethod
    @abstractmethod
    def seen(x: Tensor, reach: int) -> tuple[npt.NDArray[Any], ...]:
        """Return what is known of images, in the order of the fields. Shape: (m, 3, h, w) in [0, 1]."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    @abstractmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]]) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""


def parts_of(images: Any) -> Iterator[Tensor]:
    """Yield images in any form that policies take, those of one array many at a time; as `colours` returns them."""
    listed = isinstance(images, list | tuple)
    step = 1 if listed else max(1, min(TOGETHER, HELD // max(1, int(np.prod(images.shape[1:])))))
    for at in range(0, len(images), step):
        yield colours(stacked([images[at]]) if listed else images[at : at + step])


def colours(X: Any) -> Tensor:
    """Return images of one size in three channels, their opacity left out. Shape: (m, 3, h, w) in [0, 1]."""
    x, _ = read(X)
    x = x.cpu()
    x = x.float() if x.is_floating_point() else x.float() / 255
    return x[:, :3] if x.shape[1] >= 3 else x[:, :1].expand(-1, 3, -1, -1)
