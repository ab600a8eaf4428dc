"""Frames and arrow tables, and Parquet files with the same bytes for the same table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import DataError

_NULLABLE = {f"{sign}int{bits}": f"{sign.upper()}Int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table as a frame numbered from 0, every column a column, those of an index included.

    Integers and booleans of which some are missing get pandas' nullable types, so that they stay exact.
    """
    types = _pandas_types(table.schema)
    series = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        nullable = _nullable(column.type)
        if nullable and (column.null_count or types.get(name) == nullable):
            series[name] = column.to_pandas(types_mapper=lambda kind, dtype=nullable: pd.api.types.pandas_dtype(dtype))
        else:
            series[name] = column.to_pandas(date_as_object=False)
    return pd.DataFrame(series, copy=False)


def to_arrow(frame: pd.DataFrame, schema: pa.Schema | None = None) -> pa.Table:
    """Return a frame as a table, of the schema's types where one is given; its index is left out.

    Raises:
        DataError: a column cannot be made of the type that it must have.
    """
    if schema is None:
        try:
            return pa.Table.from_pandas(frame, preserve_index=False)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise DataError(f"the table cannot be written as Parquet: {error}") from error
    columns = [_cast(frame[field.name], field) for field in schema]
    return pa.table(columns, schema=schema)


def write_parquet(table: pa.Table, handle: BinaryIO, compression: str = "snappy") -> None:
    """Write a table as Parquet; what its metadata says of the rows' numbering is made true.

    Raises:
        DataError: Parquet has no such column.
    """
    try:
        metadata = numbered(table.schema, table.num_rows).metadata
        pq.write_table(table.replace_schema_metadata(metadata), handle, compression=compression)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the table cannot be written as Parquet: {error}") from error


def write_parquets(tables: Iterator[pa.Table], handle: BinaryIO, compression: str = "snappy") -> None:
    """Write tables of one schema, one at least, each as row groups of one file; `write_parquet` where there is one.

    Raises:
        DataError: Parquet has no such column.
    """
    first, second = next(tables), next(tables, None)
    if second is None:
        write_parquet(first, handle, compression)
        return
    schema = numbered(first.schema)
    try:
        with pq.ParquetWriter(handle, schema, compression=compression) as writer:
            for table in chain([first, second], tables):
                writer.write_table(table.replace_schema_metadata(schema.metadata))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"the table cannot be written as Parquet: {error}") from error


def numbered(schema: pa.Schema, rows: int | None = None) -> pa.Schema:
    """Return a schema whose metadata number so many rows, or none, and say no word of columns that are not."""
    found = dict(schema.metadata or {})
    told = _told(schema)
    if not told:
        return schema
    told["index_columns"] = [
        {**index, "start": 0, "stop": rows, "step": 1} if isinstance(index, dict) else index
        for index in told.get("index_columns", [])
        if (rows is not None if isinstance(index, dict) else index in schema.names)
    ]
    known = {column.get("field_name", column.get("name")) for column in told.get("columns", [])}
    if not set(schema.names) <= known:  # a marking column: names of another type than text cannot hold it
        told["column_indexes"] = []
    found[b"pandas"] = json.dumps(told).encode()
    return schema.with_metadata(found)


def _told(schema: pa.Schema) -> dict[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _pandas_types(schema: pa.Schema) -> dict[str, str]:
    columns = _told(schema).get("columns", [])
    return {column.get("field_name") or column.get("name"): str(column.get("numpy_type")) for column in columns}


def _nullable(kind: pa.DataType) -> str:
    """Return the name of pandas' nullable type for integers and booleans, else nothing."""
    if pa.types.is_boolean(kind):
        return "boolean"
    return _NULLABLE.get(str(kind), "") if pa.types.is_integer(kind) else ""


def _cast(series: pd.Series[Any], field: pa.Field) -> pa.Array:
    kind = field.type
    try:
        if isinstance(series.dtype, pd.CategoricalDtype) and pa.types.is_dictionary(kind):
            known = pa.array(series.cat.categories, type=kind.value_type, from_pandas=True)
            codes = series.cat.codes.to_numpy()
            places = pa.array(codes, mask=codes < 0).cast(kind.index_type)
            return pa.DictionaryArray.from_arrays(places, known, ordered=kind.ordered)
        if pa.types.is_dictionary(kind):
            values = pa.array(series.astype(object), type=kind.value_type, from_pandas=True)
            return values.dictionary_encode().cast(kind)
        if pa.types.is_integer(kind) and series.dtype.kind == "f":
            series = pd.Series(np.round(series)).astype("Int64")
        return pa.array(series, type=kind, from_pandas=True, safe=not pa.types.is_temporal(kind))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError) as error:
        raise DataError(f"column {field.name!r}: a synthetic value does not fit {kind} ({error})") from error
