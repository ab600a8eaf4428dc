"""What trained generators share that hold columns at values: which rows of a class are conditions met by."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import saved
from .base import Codes
from .cells import Cells
from .given import absent
from .trained import Trained

Floats = npt.NDArray[np.float64]


class Holding(Trained):
    """A trained generator of tables that can hold columns at values. After `fit`: `cells_`, what each class has."""

    form_: Any

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        super()._fit(rows, codes, key)
        if self.kind_ == "table":
            self.cells_ = Cells.fit(rows, codes, self.form_.codebook)

    def _state(self) -> saved.Packed:
        meta, arrays = super()._state()
        if self.kind_ != "table":
            return meta, arrays
        return meta, arrays | {"ends": self.cells_.ends, "levels": self.cells_.levels}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        if self.kind_ != "table":
            return super()._restore(meta, arrays)
        self.cells_ = Cells(arrays.pop("ends"), arrays.pop("levels"))
        super()._restore(meta, arrays)
        return self.cells_.check(len(self.labels_.counts), self.form_.codebook.width)

    def _known(self, codes: Codes, held: Mapping[int, int]) -> npt.NDArray[np.int16]:
        """Return rows of classes with the held codes and -1 elsewhere. Shape: (n, 1 + columns)."""
        known = np.full((len(codes), len(self.form_.sizes)), -1, dtype=np.int16)
        known[:, 0] = codes
        for place, code in held.items():
            known[:, 1 + place] = code
        return known

    def _held(self, codes: Codes, given: Mapping[int, float]) -> dict[int, int]:
        """Return the codes that conditions hold, by column of codes. Raises: ConfigError, DataError."""
        held: dict[int, int] = {}
        for place, value in given.items():
            held |= self.form_.codebook.held(place, value)
            for code in codes:
                if not self._meets(int(code), place, value):
                    raise absent(self, int(code), {place: value})
        return held

    def _meets(self, code: int, place: int, value: float) -> bool:
        return self.cells_.meets(self.form_.codebook, self.form_.counts_of(place), code, place, value)

    def _class_weights(self, given: Mapping[int, float]) -> Floats:
        able = [all(self._meets(code, *one) for one in given.items()) for code in range(len(self.labels_.counts))]
        held: dict[int, int] = {}
        for one in given.items():
            held |= self.form_.codebook.held(*one)
        (place, value), *more = given.items()
        if not more and (np.isnan(value) or not self.form_.codebook.columns[place].ordered):
            weights = np.where(able, self.form_.counts_of(place)[:, held[place]], 0.0)
        else:
            weights, classes = np.zeros(len(able)), np.flatnonzero(able)
            weights[classes] = self.labels_.counts[classes] * self._together(classes, held)
        for place, value in given.items():
            weights *= self.cells_.shares(self.form_.codebook, self.form_.counts_of(place), place, value)
        return weights

    @abstractmethod
    def _together(self, classes: Codes, held: Mapping[int, int]) -> Floats:
        """Return p(held codes | class), up to a factor. Shape: (n,) to (n,)."""
