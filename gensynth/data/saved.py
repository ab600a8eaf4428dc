"""What was learned about data, as JSON and plain arrays, and back. No pickle: a value that JSON cannot hold is refused.

`pack_encoder`, `pack_labels` and `pack_rows` each return (meta, arrays), which a model file keeps side by side.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import sparse

from ..errors import FormatError
from . import kinds
from .encode import SparseEncoder, TableEncoder
from .frames import Frame
from .labels import Labels
from .schema import KINDS, Schema

Packed = tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]
_ARROW_TEXT = {"string": pa.string(), "large_string": pa.large_string()}
_WRITTEN: dict[str, type] = {"date": dt.date, "time": dt.time, "decimal": Decimal}
_PLAIN = (str, int, float, bool, type(None))


def pack_encoder(encoder: Any) -> Packed:
    """Return a fitted encoder of any kind as (meta, arrays)."""
    if isinstance(encoder, TableEncoder):
        meta: dict[str, Any] = {"frame": encoder.frame_.to_dict(), "columns": []}
        arrays = {}
        for place, column in enumerate(encoder.schema_):
            fields = {name: value for name, value in vars(column).items() if name not in ("dtype", "blank")}
            entry: dict[str, Any] = {
                "kind": column.kind,
                "dtype": _dtype_out(column.dtype),
                "blank": _value_out(column.blank),
            }
            for name, value in fields.items():
                if isinstance(value, np.ndarray):
                    arrays[f"{place}.{name}"] = value
                elif name == "levels":
                    entry[name] = [_value_out(level) for level in value.tolist()]
                else:
                    entry[name] = _value_out(value) if not isinstance(value, tuple) or name == "name" else list(value)
            meta["columns"].append(entry)
        return meta, arrays
    if isinstance(encoder, SparseEncoder):
        meta = {"sparse": encoder.format_, "dtype": encoder.dtype_, "array": encoder.type_.__name__.endswith("_array")}
        return meta, {"low": encoder.low_, "high": encoder.high_}
    return {"rows": encoder.to_dict()}, {}


def unpack_encoder(meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """Return what `pack_encoder` packed. Raises: FormatError."""
    if "columns" in meta:
        encoder = TableEncoder()
        encoder.frame_ = Frame.from_dict(meta["frame"])
        encoder.learned(Schema([_column(entry, place, arrays) for place, entry in enumerate(meta["columns"])]))
        return encoder
    if "sparse" in meta:
        thin = SparseEncoder()
        thin.format_, thin.dtype_ = str(meta["sparse"]), str(meta["dtype"])
        thin.type_ = (
            type(sparse.csr_array((1, 1)).asformat(thin.format_))
            if meta["array"]
            else type(sparse.csr_matrix((1, 1)).asformat(thin.format_))
        )
        thin.low_, thin.high_ = arrays["low"], arrays["high"]
        return thin
    return kinds.RowsEncoder.from_dict(meta["rows"])


def _column(entry: dict[str, Any], place: int, arrays: dict[str, npt.NDArray[Any]]) -> Any:
    entry = dict(entry)
    kind = KINDS.get(entry.pop("kind"))
    if kind is None:
        raise FormatError(f"column {place} is of an unknown kind")
    dtype = _dtype_in(entry.pop("dtype"))
    values = {
        name: tuple(tuple(part) if isinstance(part, list) else part for part in value)
        if isinstance(value, list)
        else _value_in(value)
        for name, value in entry.items()
        if name != "levels"
    }
    if "levels" in entry:
        plain = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
        values["levels"] = pd.Index([_value_in(level) for level in entry["levels"]], dtype=plain, tupleize_cols=False)
    values |= {name.partition(".")[2]: array for name, array in arrays.items() if name.partition(".")[0] == str(place)}
    lacking = {each.name for each in dataclasses.fields(kind)} - {"dtype", *values}
    if lacking:
        raise FormatError(f"column {place} lacks {', '.join(sorted(lacking))}")
    return kind(dtype=dtype, **values)


def pack_labels(labels: Labels) -> Packed:
    """Return fitted labels as (meta, arrays)."""
    form = dict(labels.form)
    if form["library"] == "pandas":
        form["dtype"] = _dtype_out(form["dtype"])
    elif form["library"] == "polars":
        form["dtype"] = Frame("polars", polars={"y": form["dtype"]}).to_dict()
    form["name"] = _value_out(form.get("name"))
    classes = [_value_out(label) for label in labels.classes.tolist()]
    return {"form": form, "classes": classes, "plain": str(labels.classes.dtype)}, {"counts": labels.counts}


def unpack_labels(meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Labels:
    """Return what `pack_labels` packed."""
    form = dict(meta["form"])
    if form["library"] == "pandas":
        form["dtype"] = _dtype_in(form["dtype"])
    elif form["library"] == "polars":
        form["dtype"] = Frame.from_dict(form["dtype"]).polars["y"]
    form["name"] = _value_in(form["name"])
    values = [_value_in(label) for label in meta["classes"]]
    classes = np.empty(len(values), dtype=object)
    classes[:] = values
    return Labels(classes if meta["plain"] == "object" else classes.astype(meta["plain"]), arrays["counts"], form)


def pack_rows(rows: Any) -> Packed:
    """Return rows of any kind, as an encoder gives them, as (meta, arrays)."""
    if isinstance(rows, np.ndarray):
        return {"form": "matrix"}, {"rows": rows}
    if sparse.issparse(rows):
        arrays = {"data": rows.data, "indices": rows.indices, "indptr": rows.indptr}
        return {"form": "sparse", "shape": list(rows.shape)}, arrays
    meta: dict[str, Any] = {"form": rows.kind, "fields": {}, "rate": getattr(rows, "rate", None)}
    arrays = {}
    for name in rows.fields:
        part = getattr(rows, name)
        if part is None:
            continue
        if isinstance(part, list | tuple):
            texts = all(isinstance(value, str) for value in part)
            parts = [np.frombuffer(value.encode(), dtype=np.uint8) if texts else np.asarray(value) for value in part]
            shapes = [list(value.shape) for value in parts]
            arrays[name] = np.concatenate([value.ravel() for value in parts]) if parts else np.zeros(0)
            meta["fields"][name] = {"shapes": shapes, "texts": texts}
        else:
            arrays[name] = part.detach().cpu().numpy() if hasattr(part, "detach") else np.ascontiguousarray(part)
            meta["fields"][name] = {"torch": hasattr(part, "detach")}
    return meta, arrays


def unpack_rows(meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> Any:
    """Return what `pack_rows` packed."""
    if meta["form"] == "matrix":
        return arrays["rows"]
    if meta["form"] == "sparse":
        return sparse.csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(meta["shape"]))
    values: dict[str, Any] = {}
    for name, field in meta["fields"].items():
        if "shapes" not in field:
            values[name] = arrays[name]
            if field.get("torch"):
                import torch

                values[name] = torch.from_numpy(arrays[name])
            continue
        ends = np.cumsum([int(np.prod(shape)) for shape in field["shapes"]])
        parts = [
            part.reshape(shape) for part, shape in zip(np.split(arrays[name], ends[:-1]), field["shapes"], strict=False)
        ]
        values[name] = [part.tobytes().decode() for part in parts] if field["texts"] else parts
    if meta["form"] == "audio":
        values["rate"] = meta["rate"]
    container = {"image": kinds.Images, "series": kinds.Series, "text": kinds.Texts, "audio": kinds.Audio}[meta["form"]]
    return container(**values)


def _dtype_out(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        levels = [_value_out(level) for level in dtype.categories.tolist()]
        return {"levels": levels, "ordered": bool(dtype.ordered), "dtype": _dtype_out(dtype.categories.dtype)}
    if isinstance(dtype, pd.ArrowDtype) and str(dtype.pyarrow_dtype) in _ARROW_TEXT:
        return {"arrow": str(dtype.pyarrow_dtype)}  # their printed form is that of pandas' own string type
    for text in (str(dtype), repr(dtype)):
        try:
            if pd.api.types.pandas_dtype(text) == dtype:
                return text
        except (TypeError, ValueError, NotImplementedError):
            continue
    raise FormatError(f"the dtype {dtype} cannot be written to a file: convert the column first")


def _dtype_in(data: Any) -> Any:
    if isinstance(data, dict) and "arrow" in data:
        if data["arrow"] not in _ARROW_TEXT:
            raise FormatError(f"unknown dtype {data!r}")
        return pd.ArrowDtype(_ARROW_TEXT[data["arrow"]])
    if isinstance(data, dict):
        found = [_value_in(level) for level in data["levels"]]
        levels = pd.Index(found, dtype=_dtype_in(data["dtype"]), tupleize_cols=False)
        return pd.CategoricalDtype(levels, ordered=bool(data["ordered"]))
    if not isinstance(data, str):
        raise FormatError(f"unknown dtype {data!r}")
    try:
        return pd.api.types.pandas_dtype(data)
    except TypeError as error:
        raise FormatError(f"unknown dtype {data!r}") from error


def _value_out(value: Any) -> Any:
    """Return a scalar as JSON: plain ones as they are, missing ones and timestamps as tagged lists."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is pd.NA or value is pd.NaT:
        return {"missing": "NA" if value is pd.NA else "NaT"}
    if isinstance(value, float) and value != value:
        return {"missing": "nan"}
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, pd.Timestamp):
        return {"timestamp": value.isoformat(), "unit": value.unit}
    if isinstance(value, tuple):
        return {"tuple": [_value_out(part) for part in value]}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, dt.date | dt.time) and not isinstance(value, dt.datetime):
        return {"date" if isinstance(value, dt.date) else "time": value.isoformat()}
    raise FormatError(
        f"a {type(value).__name__} cannot be written to a file: {value!r:.40}; turn it into a string first"
    )


def _value_in(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    if "missing" in data:
        return {"NA": pd.NA, "NaT": pd.NaT}.get(data["missing"], np.nan)
    if "tuple" in data:
        return tuple(_value_in(part) for part in data["tuple"])
    for name, kind in _WRITTEN.items():
        if name in data:
            return Decimal(data[name]) if kind is Decimal else kind.fromisoformat(data[name])  # type: ignore[attr-defined]
    return pd.Timestamp(data["timestamp"]).as_unit(data["unit"])
