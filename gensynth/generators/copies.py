"""Random oversampling: rows again, or rows with a little noise.

Each row of a class is used as often as every other (draws go through random orders of the class, one after the
other), so no row is left out while another comes twice.

Reference: Menardi and Torelli 2014, "Training and assessing classification rules with imbalanced data", sec. 3
(ROSE: the bandwidth of the smoothed bootstrap).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.encode import TableEncoder
from ..data.kinds import take_rows
from ..errors import ConfigError
from ..random import as_generator
from .base import Codes, Draw, Generator, Supports
from .given import holding, normals, refuse_absent


class RandomOverSampler(Generator):
    """Real rows of the class, copied; with `shrinkage`, their numbers moved a little (ROSE). For all kinds of data.

    `conditions` choose among the rows that hold them exactly.

    Few rows: one row is copied as often as asked; there is nothing to warn of, since copies are what this is.

    Arguments:
        shrinkage: None for exact copies; else the factor, above 0, of the smoothed bootstrap's bandwidth in numbers
            and dates (tables only). 1 is the published one.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where shrinkage is not above 0, or is set for data that is not a dense table.

    Example:
        >>> X, y = np.arange(12.0).reshape(6, 2) ** 2, [0, 0, 0, 0, 1, 1]
        >>> RandomOverSampler(random_state=0).fit(X, y).sample(2, y=1)
        array([[ 64.,  81.],
               [100., 121.]])
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"table", "image", "series", "text", "audio"}),
        categories=True, missing=True, masks=True, sparse=True, prefix=True, copies=True, conditions=True,
    )  # fmt: skip
    holds_rows = True

    def __init__(self, *, shrinkage: float | None = None, schema: Mapping[Any, str] | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.shrinkage, self.schema, self.random_state = shrinkage, schema, random_state

    def _check_params(self) -> None:
        if self.shrinkage is not None and not self.shrinkage > 0:
            raise ConfigError(f"shrinkage must be above 0, or None for exact copies, got {self.shrinkage!r}")

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        if self.shrinkage is not None and not isinstance(self.encoder_, TableEncoder):
            raise ConfigError("shrinkage moves the numbers of a dense table; leave it at None for other data")
        self.rows_, self.codes_ = rows, codes

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        parents = np.empty(len(codes), dtype=np.intp)
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            parents[spots] = orders(self._pool(int(code), given), len(spots), key, int(code))
        rows = take_rows(self.rows_, parents)
        if self.shrinkage is not None:
            rows = self._smoothed(rows, codes, key)
        if given:
            rows[:, [*given]] = [*given.values()]
        return Draw(rows, parents[:, None], np.ones((len(codes), 1)))

    def _pool(self, code: int, given: Mapping[int, float]) -> Codes:
        """Return the rows of a class that hold the conditions exactly. Raises: DataError where none does."""
        pool = np.flatnonzero(self.codes_ == code)
        if not given:
            return pool
        label = None if self.labels_.absent else self.labels_.classes.tolist()[code]
        met = pool[holding(self.rows_[pool], given)]
        if not len(met):
            refuse_absent(self.rows_, self.codes_, code, label, given, self.encoder_, exact=True)
        return met

    def _class_weights(self, given: Mapping[int, float]) -> npt.NDArray[Any]:
        return np.bincount(self.codes_[holding(self.rows_, given)], minlength=len(self.labels_))

    def _smoothed(self, rows: npt.NDArray[np.float64], codes: Codes, key: int) -> npt.NDArray[np.float64]:
        """Return rows with normal noise of the published bandwidth in their numbers."""
        rows = rows.copy()
        numbers = self.encoder_.layout_.numbers
        for code in np.unique(codes):
            spots, real = np.flatnonzero(codes == code), self.rows_[self.codes_ == code][:, numbers]
            d = max(len(numbers), 1)
            held, spread = ~np.isnan(real).all(axis=0), np.zeros(len(numbers))
            spread[held] = np.nanstd(real[:, held], axis=0)
            band = (self.shrinkage or 0) * (4 / ((d + 2) * len(real))) ** (1 / (d + 4)) * spread
            for place, width in zip(numbers, band, strict=True):
                noise = width * normals(key, spots, f"noise {place}")
                low, high = np.nanmin(self.rows_[:, place]), np.nanmax(self.rows_[:, place])
                moved = rows[spots, place] + noise  # what would leave the observed range goes the other way
                rows[spots, place] += np.where((moved < low) | (moved > high), -noise, noise)
        return rows

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        return {"rows": meta}, {**arrays, "codes": self.codes_}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.codes_ = arrays.pop("codes")
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)


def evenly(known: Codes, codes: Codes, key: int) -> Codes:
    """Return a row of the class for each code, each row of a class as often as every other.

    Shape: known (n,) the classes of the rows, codes (m,); returns (m,).
    """
    made = np.empty(len(codes), dtype=np.intp)
    for code in np.unique(codes):
        spots = np.flatnonzero(codes == code)
        made[spots] = orders(np.flatnonzero(known == code), len(spots), key, int(code))
    return made


def orders(pool: Codes, n: int, key: int, code: int) -> Codes:
    """Return n positions of the pool of a class: random orders of it, one after the other."""
    turns = -(-n // len(pool))
    return np.concatenate([as_generator(key, "order", code, turn).permutation(pool) for turn in range(turns)])[:n]
