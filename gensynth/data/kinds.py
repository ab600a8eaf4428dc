"""The kinds of data, and the containers that say what an array or a list means.

A frame or a 2-D array is a `table`; a 4-D array is `image`; a list of texts is `text`. What an array cannot say
by itself is said by wrapping it: `Images`, `Series`, `Texts`, `Audio`. The four have `len`, `shape` and array
indexing (a position, a slice, an index array, a mask), so scikit-learn's splitters cut them as they cut arrays.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from ..errors import DataError

Kind = Literal["table", "image", "series", "text", "audio"]


class Rows(ABC):
    """Rows of one kind: parallel fields, each an array or a list with one entry a row.

    A subclass names its kind, and in `fields` the attributes that are cut and joined together. Another class counts as
    one where it has the same attributes and methods, as `ImageFolder` has, which stands with the files.
    """

    kind: ClassVar[Kind]
    fields: ClassVar[tuple[str, ...]]

    @classmethod
    def __subclasshook__(cls, other: type) -> Any:
        """Whether another class is rows: by what it has."""
        return (
            True
            if cls is Rows and all(hasattr(other, name) for name in ("kind", "fields", "joined"))
            else NotImplemented
        )

    def __len__(self) -> int:
        return len(getattr(self, self.fields[0]))

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, ...): the array's own shape, or (rows,) for a list of unequal parts."""
        first = getattr(self, self.fields[0])
        return tuple(first.shape) if hasattr(first, "shape") else (len(first),)

    @property
    def ndim(self) -> int:
        """Number of dimensions of `shape`."""
        return len(self.shape)

    def __getitem__(self, key: Any) -> Self:
        """Rows at a position (kept as one row), a slice, an index array or a mask."""
        if isinstance(key, tuple):  # scikit-learn asks X[rows, ...]
            key = key[0]
        if isinstance(key, int | np.integer):
            rows = np.asarray([range(len(self))[int(key)]])
        else:
            rows = np.arange(len(self))[key if isinstance(key, slice) else np.asarray(key)]
        return self._with({name: _cut(getattr(self, name), rows) for name in self.fields})

    def joined(self, other: Self) -> Self:
        """Return these rows followed by the other's."""
        return self._with({name: _join(getattr(self, name), getattr(other, name)) for name in self.fields})

    def _with(self, values: dict[str, Any]) -> Self:
        """Return a container of the same settings that holds `values` in its fields."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        new.__dict__.update(values)
        return new

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape})"


class Images(Rows):
    """Images with the masks and boxes that belong to them.

    Shape: x (n, channels, height, width), (n, height, width, channels) or, grey, (n, height, width), or a list of n
    images of unequal sizes, each (channels, height, width), (height, width, channels) or (height, width); masks
    (n, height, width), a list of such, or None; boxes: a list of n arrays (boxes of the image, 4), or None. Each row's
    image, mask and boxes travel together.

    Raises: DataError where lengths differ or images have not two or three dimensions each.
    """

    kind = "image"
    fields = ("x", "masks", "boxes")

    def __init__(self, x: Any, masks: Any = None, boxes: Sequence[Any] | None = None) -> None:
        self.x = [image if hasattr(image, "ndim") else _array(image) for image in x] if _is_list(x) else x
        self.masks, self.boxes = masks, boxes
        if any(image.ndim not in (2, 3) for image in self.x) if _is_list(x) else getattr(x, "ndim", 0) not in (3, 4):
            raise DataError(
                "images need 3 or 4 dimensions, (n, h, w) or (n, c, h, w), or a list of 2 or 3 each; got "
                f"{[image.shape for image in self.x] if _is_list(x) else getattr(x, 'shape', type(x))!r:.60}"
            )
        for name in ("masks", "boxes"):
            part = getattr(self, name)
            if part is not None and len(part) != len(x):
                raise DataError(f"{len(x)} images but {len(part)} {name}")


class Series(Rows):
    """Time series.

    Shape: x (n, channels, time), or a list of n arrays (channels, time) of unequal lengths.
    """

    kind = "series"
    fields = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x if hasattr(x, "ndim") else [np.asarray(part) for part in x]
        parts = [x.ndim - 1] if hasattr(x, "ndim") else [part.ndim for part in self.x]
        if any(ndim != 2 for ndim in parts):
            raise DataError("series need the shape (n, channels, time), or a list of arrays (channels, time)")


class Texts(Rows):
    """Texts: a list of str."""

    kind = "text"
    fields = ("x",)

    def __init__(self, x: Iterable[str]) -> None:
        self.x = list(x)
        for row, text in enumerate(self.x):
            if not isinstance(text, str):
                raise DataError(f"text {row} is {type(text).__name__}, not str: {text!r:.40}")


class Audio(Rows):
    """Recordings of one sampling rate.

    Shape: waves (n, samples), or a list of n arrays (samples,) of unequal lengths; rate in Hz, above 0.
    """

    kind = "audio"
    fields = ("waves",)

    def __init__(self, waves: Any, rate: float) -> None:
        self.waves = waves if hasattr(waves, "ndim") else [np.asarray(wave) for wave in waves]
        self.rate = rate
        parts = [waves.ndim - 1] if hasattr(waves, "ndim") else [wave.ndim for wave in self.waves]
        if any(ndim != 1 for ndim in parts):
            raise DataError("audio needs the shape (n, samples), or a list of arrays (samples,)")
        if not rate > 0:
            raise DataError(f"the sampling rate must be above 0 Hz, got {rate}")


class RowsEncoder:
    """Rows of the kinds that are not tables, which generators see as their container; bare ones come back bare."""

    identifiers: tuple[str, ...] = ()

    def __init__(self, kind: Kind, bare: bool = False) -> None:
        self.kind, self.bare = kind, bare

    def fit(self, X: Any) -> Rows:
        """Return the rows in their container. Raises: DataError where there are none."""
        rows, self.bare = as_rows(X, self.kind), not isinstance(X, Rows)
        if not len(rows):
            raise DataError(f"no rows: 0 of kind {self.kind}")
        return rows

    def decode(self, rows: Rows, rng: np.random.Generator) -> Any:
        """Return rows as they came: in their container, or as the bare array or list."""
        return getattr(rows, rows.fields[0]) if self.bare else rows

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return {"kind": self.kind, "bare": self.bare}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> RowsEncoder:
        """Return what `to_dict` wrote."""
        return cls(data["kind"], bool(data["bare"]))


def kind_of(X: Any) -> Kind:
    """Return the kind of the data, from its type and dimensions alone.

    Raises: DataError where the type or the dimensions do not tell, saying how to.

    >>> kind_of(np.zeros((5, 3))), kind_of(np.zeros((5, 3, 8, 8))), kind_of(["a word", "or two"])
    ('table', 'image', 'text')
    """
    if isinstance(X, Rows):
        return X.kind
    if isinstance(X, list | tuple):
        if len(X) and all(isinstance(part, str) for part in X):
            return "text"
        return "table"
    if hasattr(X, "columns") or (hasattr(X, "tocsr") and X.ndim == 2):
        return "table"
    ndim = getattr(X, "ndim", None)
    if ndim is None or isinstance(X, str):
        path = ", or of a path ImageFolder(path) or read_table(path)" if isinstance(X, str | PathLike) else ""
        text = "give a frame, an array or a list"
        raise DataError(f"cannot tell what kind of data a {type(X).__name__} is; {text}{path}")
    if ndim == 2:
        return "table"
    if ndim == 4 or (ndim == 3 and str(X.dtype).endswith("uint8")):
        return "image"
    if ndim == 3:
        raise DataError(
            f"a {X.dtype} array of shape {tuple(X.shape)} may be images or series: "
            "say Images(X) for (n, height, width) or Series(X) for (n, channels, time)"
        )
    hint = "; Reshape your data: X.reshape(-1, 1) is a table of one column" if ndim == 1 else ""
    raise DataError(f"expected a table (2-D) or images (4-D), got {ndim} dimensions{hint}")


def as_rows(X: Any, kind: Kind) -> Rows:
    """Return bare images or texts, and images of a folder, as their container; containers as they are."""
    if isinstance(X, Rows):
        return X if Rows in type(X).__mro__ else Images(X.x)  # type: ignore[attr-defined]
    if kind == "image":
        return Images(X)
    if kind == "text":
        return Texts(X)
    raise DataError(f"a {type(X).__name__} does not say that it is {kind}")


def count_rows(X: Any) -> int:
    """Return the number of rows of data of any kind."""
    return int(X.shape[0]) if hasattr(X, "shape") and len(X.shape) else len(X)


def _is_list(x: Any) -> bool:
    return isinstance(x, list | tuple)


def _array(image: Any) -> npt.NDArray[Any]:
    try:
        return np.asarray(image)
    except ValueError:
        raise DataError(f"an image must be an array of numbers, got {image!r:.60}") from None


def take_rows(X: Any, rows: npt.NDArray[np.integer]) -> Any:
    """Return the rows at these positions, in this order, in the same container; a frame keeps its index."""
    if hasattr(X, "iloc"):
        return X.iloc[rows]
    if hasattr(X, "tocsr"):
        return X.tocsr()[rows].asformat(X.format)
    return _cut(X, rows)


def _cut(part: Any, rows: npt.NDArray[np.integer]) -> Any:
    if part is None:
        return None
    if isinstance(part, list | tuple):
        return type(part)(part[row] for row in rows)
    if type(part).__module__.startswith("torch"):
        return part[rows.tolist()]
    return part[rows]


def _join(first: Any, second: Any) -> Any:
    if first is None:
        return None
    if isinstance(first, list | tuple):
        return type(first)([*first, *second])
    if type(first).__module__.startswith("torch"):
        import sys

        return sys.modules["torch"].cat([first, second])
    return np.concatenate([first, second])


def join_rows(X: Any, new: Any) -> Any:
    """Return the rows of X followed by the new ones, in X's container; a frame gets a fresh RangeIndex."""
    if isinstance(X, Rows):
        return X.joined(new)
    if hasattr(X, "iloc"):
        import pandas as pd

        if not len(new):
            return X.reset_index(drop=True)
        return pd.concat([X, new], ignore_index=True)
    if type(X).__module__.startswith("polars"):
        return X.vstack(new)
    if hasattr(X, "tocsr"):
        from scipy import sparse

        return sparse.vstack([X, new], format=X.format, dtype=X.dtype)
    return _join(X, new)
