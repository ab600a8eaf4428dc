"""Which known rows are of which class: for changes that take from another row of the class."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError
from .draws import Floats, Ints


@dataclass(frozen=True)
class Classes:
    """Positions of known rows by label; one class, None, where no labels were given.

    Labels are NumPy scalars or plain values; 1 and 1.0 are one label. Raises: DataError where there are labels of
    several columns.
    """

    members: dict[Hashable, Ints]

    @classmethod
    def of(cls, y: Any, n: int) -> Classes:
        """Return the classes of n rows. Shape: y (n,) or None."""
        if y is None:
            return cls({None: np.arange(n)})
        found: dict[Hashable, list[int]] = {}
        for row, label in enumerate(_plain(y)):
            found.setdefault(label, []).append(row)
        return cls({label: np.array(rows, dtype=np.intp) for label, rows in found.items()})

    def __len__(self) -> int:
        return len(self.members)

    def codes(self, y: Any, n: int) -> Ints:
        """Return the position of the class of each of n rows, -1 of a label that no known row has. Shape: (n,).

        Raises: DataError where labels are known and none are given.
        """
        if None in self.members and len(self.members) == 1:
            return np.zeros(n, dtype=np.intp)
        if y is None:
            raise DataError("the transform was fitted with labels: give those of the rows too, as y=")
        places = {label: place for place, label in enumerate(self.members)}
        return np.array([places.get(label, -1) for label in _plain(y)], dtype=np.intp)

    def drawn(self, codes: Ints, u: Floats) -> Ints:
        """Return a known row of the class of each row, -1 where there is none. Shape: codes, u (n,), u in [0, 1)."""
        sizes = np.array([len(rows) for rows in self.members.values()], dtype=np.intp)
        if not len(codes) or not sizes.any():
            return np.full(len(codes), -1, dtype=np.intp)
        starts = np.cumsum(sizes) - sizes
        every = np.concatenate([*self.members.values()])
        spots = starts[codes] + np.floor(u * sizes[codes]).astype(np.intp)
        return np.where(codes < 0, -1, every[np.minimum(spots, len(every) - 1)])

    def next_to(self, rows: Ints, codes: Ints) -> Ints:
        """Return the row that follows each in its class, the first after the last. Shape: rows, codes (n,)."""
        found = rows.copy()
        for code, members in enumerate(self.members.values()):
            mine = codes == code
            if mine.any():
                found[mine] = members[(np.searchsorted(members, rows[mine]) + 1) % len(members)]
        return found


def _plain(y: Any) -> list[Hashable]:
    """Return labels as plain values."""
    labels = np.asarray(y)
    if labels.ndim != 1:
        raise DataError(f"labels must be one for each row, (n,), got shape {labels.shape}")
    made: list[Hashable] = labels.tolist()
    return made
