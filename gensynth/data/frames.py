"""Any two-dimensional container as a pandas frame, and the frame back as that container.

pandas frames pass as they are; polars frames go through arrow columns; arrays, tensors and lists of rows get
columns numbered from 0. Sparse matrices never come here: they stay sparse (`encode.SparseEncoder`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, FormatError


@dataclass(frozen=True)
class Frame:
    """What container a table came in: enough to give the same back.

    `library` is "pandas", "polars", "numpy", "torch" or "list"; `dtype` the one of an array or tensor.
    """

    library: str
    dtype: str = ""
    polars: Any = field(default=None, repr=False)
    title: Any = None

    @classmethod
    def open(cls, X: Any) -> tuple[pd.DataFrame, Frame]:
        """Return the table as a pandas frame with a RangeIndex, and what it was.

        Raises: DataError where column names repeat, or the array is empty or not two-dimensional.
        """
        frame, container = cls._open(X)
        if frame.shape[1] == 0:
            raise DataError(
                f"0 feature(s) (shape={frame.shape}) while a minimum of 1 is required: the table has no columns"
            )
        names = frame.columns
        if not names.is_unique:
            twice = sorted({str(name) for name in names[names.duplicated()]})
            raise DataError(
                f"column names must be unique; {', '.join(map(repr, twice))} stands more than once: rename it"
            )
        if not isinstance(frame.index, pd.RangeIndex) or frame.index.start != 0:
            frame = frame.reset_index(drop=True)
        return frame, container

    @classmethod
    def _open(cls, X: Any) -> tuple[pd.DataFrame, Frame]:
        library = type(X).__module__.partition(".")[0]
        if isinstance(X, pd.DataFrame):
            if isinstance(X.columns, pd.MultiIndex):
                raise DataError("column names of several levels: join them into one level first")
            return X, cls("pandas", str(X.columns.dtype), title=X.columns.name)
        if (library == "polars" and not hasattr(X, "with_row_index")) or type(X).__name__ == "LazyFrame":
            raise DataError(f"a polars {type(X).__name__} holds no rows yet: collect() it first")
        if library == "polars":
            return _from_polars(X), cls("polars", polars=X.schema)
        if library == "pyarrow":
            raise DataError(f"a pyarrow {type(X).__name__}, whose names and types would be lost: to_pandas() first")
        if library == "torch":
            return pd.DataFrame(X.detach().cpu().numpy(), copy=False), cls("torch", str(X.dtype).removeprefix("torch."))
        if isinstance(X, np.ndarray):
            array, kind = X, "numpy"
        elif isinstance(X, list | tuple):
            array, kind = np.asarray(X), "list"
        else:
            array, kind = np.asarray(X), "numpy"  # anything that NumPy understands, as scikit-learn does
        if array.ndim != 2:
            raise DataError(
                f"a table needs 2 dimensions, got {array.ndim}. Reshape your data: X.reshape(-1, 1) is one column"
            )
        dtype = str(array.dtype)
        if array.dtype.kind in "US":
            array = array.astype(object)
        if array.dtype.kind == "c":
            raise DataError("Complex data not supported: give the real and the imaginary part as two columns")
        frame = pd.DataFrame(array, copy=False)
        return frame, cls(kind, dtype)

    def close(self, frame: pd.DataFrame) -> Any:
        """Return a pandas frame of the learned columns as the container that `open` saw."""
        if self.library == "pandas":
            return frame
        if self.library == "polars":
            import polars as pl

            made: Any = pl.from_pandas(frame)
            return made if self.polars is None else made.cast(dict(self.polars))
        array = frame.to_numpy(dtype=object) if self.dtype == "object" else frame.to_numpy()
        if self.library == "torch":
            import torch

            return torch.from_numpy(np.ascontiguousarray(array)).to(torch_dtype(self.dtype))
        if self.library == "list":
            return array.tolist()
        return array.astype(self.dtype, copy=False)

    def names(self, columns: pd.Index) -> pd.Index:
        """Return column names in the dtype, and under the title, that a pandas frame had."""
        if self.library != "pandas":
            return columns
        named: pd.Index = pd.Index(columns.tolist(), dtype=self.dtype, name=self.title)
        return named

    def to_dict(self) -> dict[str, Any]:
        """Return the container as plain data; a polars schema is kept as an empty arrow table would."""
        if self.polars is None:
            return {"library": self.library, "dtype": self.dtype, "title": self.title}
        return {"library": "polars", "polars": {name: _dtype_text(dtype) for name, dtype in self.polars.items()}}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Frame:
        """Return what `to_dict` wrote."""
        if "polars" not in data:
            return cls(str(data["library"]), str(data.get("dtype", "")), title=data.get("title"))
        return cls("polars", polars={name: _dtype_from(text) for name, text in data["polars"].items()})


def torch_dtype(name: str) -> Any:
    """Return a dtype of torch by its name. Raises: FormatError where it is none."""
    import torch

    dtype = getattr(torch, name, None)
    if not isinstance(dtype, torch.dtype):
        raise FormatError(f"{name!r} is no dtype of torch")
    return dtype


def _from_polars(X: Any) -> pd.DataFrame:
    """Return a polars frame as a pandas one with arrow columns; dates become datetimes of a second."""
    import polars as pl

    nested = [name for name, dtype in X.schema.items() if dtype.is_nested() or dtype == pl.Object]
    if nested:
        raise DataError(f"column {nested[0]!r} holds {X.schema[nested[0]]}: turn it into plain columns first")
    dates = [name for name, dtype in X.schema.items() if dtype == pl.Date]
    coded = [name for name, dtype in X.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    nulls = [name for name, dtype in X.schema.items() if dtype == pl.Null]
    plain = X.with_columns(
        pl.col(dates).cast(pl.Datetime("us")), pl.col(coded).cast(pl.String), pl.col(nulls).cast(pl.String)
    )
    frame: pd.DataFrame = plain.to_pandas(use_pyarrow_extension_array=True)
    return frame


def _dtype_text(dtype: Any) -> dict[str, Any]:
    """Return a polars dtype as its class name and settings."""
    settings: dict[str, Any] = {}
    for name in ("time_unit", "time_zone", "precision", "scale"):
        if getattr(dtype, name, None) is not None:
            settings[name] = getattr(dtype, name)
    if hasattr(dtype, "categories") and type(dtype).__name__ == "Enum":
        settings["categories"] = dtype.categories.to_list()
    return {"name": type(dtype).__name__ if not isinstance(dtype, type) else dtype.__name__, **settings}


def _dtype_from(data: dict[str, Any]) -> Any:
    import polars as pl

    settings = dict(data)
    dtype = getattr(pl, str(settings.pop("name")), None)
    if not (isinstance(dtype, type) and issubclass(dtype, pl.DataType)):
        raise FormatError(f"{data.get('name')!r} is no dtype of polars")
    return dtype(**settings)
