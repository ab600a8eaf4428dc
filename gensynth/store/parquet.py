"""A Parquet file that was read: its rows as a frame, and as the arrow table they are, to be written back unchanged."""

from __future__ import annotations

import base64
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import DataError
from .arrow import to_arrow, to_frame, write_parquet
from .base import TableFile, Target
from .formulas import Guard
from .sources import Source


class ParquetTable(TableFile):
    """Rows of Parquet that are in memory.

    Arguments:
        source: where they come from.
        table: the rows.
        compression: of what is written.

    Raises:
        DataError: there are none, or a column is named twice.
    """

    family = "parquet"

    def __init__(self, source: Source, table: pa.Table, compression: str) -> None:
        super().__init__(source)
        self._table, self._compression = table, compression
        names = table.column_names
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise DataError(
                f"{source.name} has several columns named {', '.join(map(repr, twice))}; rename all but one"
            )
        if not names or not table.num_rows:
            raise DataError(f"{source.name} has {len(names)} columns and no rows; add rows")
        try:
            self.frame = to_frame(table)
        except (pa.ArrowException, ValueError) as error:
            raise DataError(f"{source.name} holds values that pandas cannot hold: {error}") from error

    def manner(self) -> dict[str, Any]:
        """Return the schema, as JSON has it."""
        schema = base64.b64encode(self._table.schema.serialize().to_pybytes()).decode()
        return {"format": self.family, "schema": schema, "compression": self._compression}

    def _write(
        self,
        handle: BinaryIO,
        target: Target,
        rows: NDArray[np.int64],
        synthetic: pd.DataFrame | None,
        mark: str | None,
        guard: Guard | None,
    ) -> None:
        del target, guard
        everything = len(rows) == len(self.frame) and bool((rows == np.arange(len(rows))).all())
        table = self._table if everything else self._table.take(pa.array(rows))
        if synthetic is not None:
            made = to_arrow(synthetic, self._table.schema)
            table = pa.concat_tables([table, made]).unify_dictionaries()
        if mark is not None:
            added = np.arange(table.num_rows) >= len(rows)
            table = table.append_column(mark, pa.array(added.astype(np.int64)))
        write_parquet(table, handle, self._compression)


class ParquetFile(ParquetTable):
    """A Parquet table, of one file.

    Arguments:
        source: what was read.

    Raises:
        DataError: it is not whole, holds no rows, or names a column twice.
    """

    def __init__(self, source: Source) -> None:
        try:
            with pq.ParquetFile(pa.BufferReader(source.content)) as file:
                table, compression = file.read(), compression_of(file.metadata)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{source.name} is not a whole Parquet file: {str(error).splitlines()[0]}") from error
        super().__init__(source, table, compression)


def schema_of(manner: dict[str, Any]) -> pa.Schema:
    """Return the schema that `ParquetFile.manner` has noted."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(manner["schema"])))


def compression_of(metadata: pq.FileMetaData) -> str:
    """Return how a file is compressed, as `write_parquet` takes it."""
    if not metadata.num_row_groups or not metadata.num_columns:
        return "snappy"
    found = str(metadata.row_group(0).column(0).compression).lower()
    return {"uncompressed": "none"}.get(found, found)
