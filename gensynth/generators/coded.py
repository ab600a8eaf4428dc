"""Tables as networks learn them: each row the code of its class and those of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.codes import Codebook
from ..errors import DataError, FormatError
from ..random import cell_uniforms
from .base import Codes

if TYPE_CHECKING:
    import torch

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
BLOCK = 2048  # rows that go through networks at once
CLEAR = 3.0  # rows of a class that should hold a code, if it were like all rows, for none to be a clear no


@dataclass
class Coded:
    """What networks of tables know of the columns.

    Shape: counts (classes, codes of all columns but the class), how many rows of each class hold each code.
    """

    codebook: Codebook
    counts: npt.NDArray[np.int64]
    block: ClassVar[int] = BLOCK

    @classmethod
    def learn(cls, rows: Floats, codes: Codes, encoder: Any) -> tuple[Self, tuple[torch.Tensor, ...]]:
        """Return what is known of rows, and the rows as examples: int16 of shape (n, 1 + columns), the class first."""
        import torch

        classes = int(codes.max()) + 1
        if classes > np.iinfo(np.int16).max:
            raise DataError(f"{classes:,} classes: networks take at most 32,767")
        book = Codebook.fit(rows, encoder.layout_, codes)
        coded = np.concatenate([codes[:, None].astype(np.int16), book.encode(rows)], axis=1)
        counts = np.zeros((classes, sum(book.sizes)), dtype=np.int64)
        for column, start in enumerate(np.cumsum([0, *book.sizes])[:-1].tolist()):
            np.add.at(counts, (coded[:, 0], start + coded[:, 1 + column]), 1)
        return cls(book, counts), (torch.from_numpy(coded),)

    @property
    def bare(self) -> bool:
        """Whether there is nothing to learn but the class."""
        return not self.codebook.columns

    @property
    def sizes(self) -> list[int]:
        """How many codes the class and each column have."""
        return [len(self.counts), *self.codebook.sizes]

    @property
    def ranks(self) -> list[list[float]]:
        """The ranks of the ordered codes of the class and each column: none where they have no order."""
        return [[], *(column.places.tolist() if column.ordered else [] for column in self.codebook.columns)]

    def counts_of(self, column: int) -> npt.NDArray[np.int64]:
        """Return how many rows of each class hold each code of a column, 0 the first. Shape: (classes, size)."""
        start = sum(self.codebook.sizes[:column])
        return self.counts[:, start : start + self.codebook.sizes[column]]

    def refused(self, wanted: Codes) -> npt.NDArray[np.bool_]:
        """Return which codes are not made for each class: those it clearly has not. Shape: as `counts`."""
        found = np.zeros(self.counts.shape, dtype=bool)
        start = 0
        for book in self.codebook.columns:
            counts = self.counts[:, start : start + book.size]
            every = counts.sum(axis=0)
            for code in wanted:
                found[code, start : start + book.size] = book.unlikely(np.stack([counts[code], every]), CLEAR)
            start += book.size
        return found

    def uniforms(self, key: int, spots: Codes, op: str) -> Floats:
        """Return a number in [0, 1) for each column of rows. Shape: spots (m,) to (m, columns)."""
        return cell_uniforms(key, spots, op, len(self.codebook.columns))

    def pack(self) -> saved.Packed:
        """Return what is known as JSON and arrays."""
        meta, arrays = self.codebook.pack()
        return {"columns": meta}, {f"codes/{name}": array for name, array in arrays.items()} | {"counts": self.counts}

    @classmethod
    def unpack(cls, meta: Mapping[str, Any], arrays: dict[str, npt.NDArray[Any]], encoder: Any, rows: Ints) -> Self:
        """Return what `pack` gave. Shape: rows (classes,) of each class.

        Raises: KeyError where something is lacking, FormatError where it does not fit.
        """
        codes = {name.removeprefix("codes/"): array for name, array in arrays.items() if name.startswith("codes/")}
        made = cls(Codebook.unpack(meta["columns"], codes, encoder.layout_), arrays["counts"])
        fits = made.counts.shape == (len(rows), sum(made.codebook.sizes))
        if not fits or made.counts.dtype.kind != "i" or (made.counts < 0).any():
            raise FormatError("the counts are not those of the codes")
        for column in range(len(made.codebook.columns)):
            if not np.array_equal(made.counts_of(column).sum(axis=1), rows):
                raise FormatError("the counts of the codes are not those of the classes")
        return made
