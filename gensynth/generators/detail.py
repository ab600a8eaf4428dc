"""The images whose detail made ones are given: real ones, and lightly moved copies of them, which are moved when asked.

Of a class of few rows the points of copies go with those of the rows (`latent.copies`). What is held of a copy is the
row that it is of and the number of its move, from which the move is drawn again: so 40 copies take no more than one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import FormatError

if TYPE_CHECKING:
    from ..transforms.base import Transform

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
STILL = -1  # the number of the move of what is not moved


def light_moves() -> Transform:
    """Return the moves of copies, which keep what an image shows: slight turns, slants, shifts and zooms."""
    from ..transforms.image.position import Affine

    return Affine(degrees=10, translate=0.1, factor=0.1, shear=5)


@dataclass(frozen=True)
class Detail:
    """Images at points, one of a row or of a copy of it at each.

    Shape: pictures (m, c, h, w), and parents (m,), the rows that they are; of each point slots (k,), the place of its
    picture, and moves (k,), the number of its move, or STILL; seed (1,), that of the moves.
    """

    pictures: Bytes
    parents: Ints
    slots: Ints
    moves: Ints
    seed: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, pictures: Bytes, parents: Ints, slots: Ints, key: int) -> Self:
        """Return the detail of points, the first of each picture as it is and the others moved."""
        again = np.diff(slots, prepend=-1) == 0
        moves = np.where(again, np.arange(len(slots)), STILL)
        return cls(pictures, parents.astype(np.int64), slots, moves, np.array([key], dtype=np.uint64))

    def some(self, order: Ints) -> Self:
        """Return that of some of the points, with no more pictures than they have."""
        used, slots = np.unique(self.slots[order], return_inverse=True)
        return replace(self, pictures=self.pictures[used], parents=self.parents[used], slots=slots,
                       moves=self.moves[order])  # fmt: skip

    def at(self, points: Ints) -> Bytes:
        """Return the images at points. Shape: (n,) to (n, c, h, w)."""
        import torch

        x, moves = self.pictures[self.slots[points]], self.moves[points]
        moved = np.flatnonzero(moves != STILL)
        if len(moved):
            given = torch.from_numpy(x[moved])  # of which the first axis after the rows has the channels
            x[moved] = light_moves().seeded(int(self.seed[0]))(given, index=moves[moved]).numpy()
        return x

    def rows(self, points: Ints) -> Ints:
        """Return the rows whose images are at points. Shape: (n,) to (n,)."""
        return self.parents[self.slots[points]]

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]], points: int) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""
        made = cls(**{part.name: arrays[part.name] for part in fields(cls)})
        m = len(made.pictures)
        whole = made.pictures.ndim == 4 and made.pictures.dtype == np.uint8 and m > 0
        for held, shape in ((made.parents, (m,)), (made.slots, (points,)), (made.moves, (points,))):
            whole &= held.shape == shape and held.dtype.kind == "i" and int(held.min(initial=0)) >= STILL
        whole &= made.seed.shape == (1,) and made.seed.dtype == np.uint64
        if not whole or made.slots.min() < 0 or made.slots.max() >= m or made.parents.min() < 0:
            raise FormatError("the pictures are not those of the codes")
        return made
