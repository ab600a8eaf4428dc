"""Series as people have them, to runs of float64 and back; runs of one length are changed together.

Series are `Series`, a float array (n, channels, time), a list of arrays (channels, time) of unequal lengths, or one
(channels, time) alone. Tensors come back as tensors. Whole numbers come back rounded, within the range of their dtype.
Missing samples (NaN) travel with the samples beside them. In an array all rows stay as long as they were, unless all
become of one other length: those that do not are cut, or their last sample is repeated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ...errors import DataError
from ..draws import Floats, Ints
from ..rowwise import Given

LARGEST = 1e140  # of which squares can be added up
SHAPE = "series need the shape (n, channels, time), a list of arrays (channels, time), or one (channels, time) alone"


@dataclass(frozen=True)
class Runs:
    """Series as changes take them. Shape: x (n, channels, time), or a list of n arrays (channels, time)."""

    x: Floats | list[Floats]

    def __len__(self) -> int:
        return len(self.x)

    def pick(self, rows: Ints) -> Self:
        """Return some of the rows."""
        return type(self)(self.x[rows] if isinstance(self.x, np.ndarray) else [self.x[row] for row in rows])

    def put(self, rows: Ints, changed: Self) -> Self:
        """Return all rows, those at these places changed."""
        if len(rows) == len(self):
            return changed
        if isinstance(self.x, np.ndarray) and np.shape(changed.x)[1:] == self.x.shape[1:]:
            every = self.x.copy()
            every[rows] = changed.x
            return type(self)(every)
        made = [*self.x]
        for row, new in zip(rows, changed.x, strict=True):
            made[row] = new
        return type(self)(made)

    def groups(self) -> Iterator[tuple[Ints, Floats]]:
        """Yield rows of one shape: their places (m,), and the series (m, channels, time)."""
        if isinstance(self.x, np.ndarray):
            yield np.arange(len(self.x)), self.x
            return
        shapes = [one.shape for one in self.x]
        for shape in dict.fromkeys(shapes):
            places = np.array([place for place, other in enumerate(shapes) if other == shape])
            yield places, np.stack([self.x[place] for place in places])

    def mapped(self, change: Callable[[Ints, Floats], Floats]) -> Self:
        """Return rows changed, those of one shape together: `change(places, x)`."""
        if isinstance(self.x, np.ndarray):
            return type(self)(change(np.arange(len(self.x)), self.x))
        made: list[Any] = [None] * len(self.x)
        for places, x in self.groups():
            for place, new in zip(places, change(places, x), strict=True):
                made[place] = new
        return type(self)(made)


def read(X: Any, rate: float | None = None) -> Given:
    """Return series as runs, and the way back. Raises: DataError."""
    if getattr(X, "kind", None) == "series":
        inner = read(X.x)
        return Given(inner.rows, lambda runs: X._with({"x": inner.back(runs)}))
    if isinstance(X, list | tuple):
        parts = [_floats(part, 2) for part in X]
        shape = type(X)
        return Given(Runs(parts), lambda runs: shape(_like(part, new) for part, new in zip(X, runs.x, strict=True)))
    if hasattr(X, "columns"):
        raise DataError(f"{SHAPE}; got a frame: X.to_numpy()[:, None] are its rows as series of one channel")
    if np.ndim(X) == 2:
        return Given(Runs(_floats(X, 2)[None]), lambda runs: _like(X, runs.x[0]), alone=True)
    return Given(Runs(_floats(X, 3)), lambda runs: _like(X, _stacked(runs.x, X.shape[2])))


def _floats(x: Any, ndim: int) -> Floats:
    """Return series as float64. Raises: DataError where they are none."""
    array = np.asarray(x.detach().cpu().double() if _is_tensor(x) else x)
    if array.ndim != ndim:
        hint = ": x[None] is one series of one channel" if array.ndim == 1 else ""
        raise DataError(f"{SHAPE}; got {array.ndim} dimensions{hint}")
    if array.dtype.kind not in "fiu":
        raise DataError(f"series must hold numbers, got {array.dtype}")
    made = np.ascontiguousarray(array, dtype=np.float64)
    if (np.abs(made) > LARGEST).any():
        raise DataError(
            f"series hold values that are infinite, or beyond {LARGEST:g}: replace them by NaN or by a bound first"
        )
    return made


def _like(x: Any, made: Floats) -> Any:
    """Return series in the type and dtype of those given. Raises: DataError for NaN among whole numbers."""
    if _is_tensor(x):
        return sys.modules["torch"].from_numpy(_as(made, _numpy_dtype(x))).to(x)
    return _as(made, np.asarray(x).dtype)


def _as(made: Floats, dtype: np.dtype[Any]) -> Any:
    """Return a new array of a dtype, values kept inside its range. Raises: DataError for NaN among whole numbers."""
    if dtype.kind == "f":
        most = float(np.finfo(dtype).max)
        return np.clip(made, -most, most).astype(dtype)
    if np.isnan(made).any():
        raise DataError(f"{dtype} holds no NaN: give the series as floats")
    ends = np.iinfo(dtype)
    most = float(ends.max) if int(float(ends.max)) == ends.max else float(np.nextafter(float(ends.max), 0))
    return np.clip(np.rint(made), float(ends.min), most).astype(dtype)


def _numpy_dtype(x: Any) -> np.dtype[Any]:
    """Return the NumPy dtype of a tensor, float64 where NumPy has none such."""
    if x.is_floating_point():
        return np.dtype(np.float64)
    dtype: np.dtype[Any] = x[:0].detach().cpu().numpy().dtype
    return dtype


def _is_tensor(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] == "torch"


def _stacked(x: Floats | list[Floats], length: int) -> Floats:
    """Return runs as one array: of their length where they have one, else of the length given."""
    if isinstance(x, np.ndarray):
        return x
    if len({one.shape for one in x}) > 1:
        x = [fitted(one[None], length)[0] for one in x]
    return np.stack(x)


def fitted(x: Floats, length: int, start: Ints | None = None) -> Floats:
    """Return series cut to a length from their starts on; where they end before, the last sample is repeated.

    Series without samples become zeros. Shape: x (m, channels, time), start (m,); returns (m, channels, length).
    """
    if not x.shape[2]:
        return np.zeros((*x.shape[:2], length))
    begin = np.zeros(len(x), dtype=np.intp) if start is None else start
    places = np.minimum(begin[:, None] + np.arange(length), x.shape[2] - 1)
    return np.take_along_axis(x, places[:, None], axis=2)
