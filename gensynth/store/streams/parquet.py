"""Parquet files that are read some rows at a time: one file, or a folder of them, partitioned by its folders or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from ...errors import DataError
from ..ahead import ahead
from ..arrow import numbered, to_arrow, to_frame
from ..base import TableFile
from ..elsewhere import is_elsewhere, new_file, place, reached, whole_name, within
from ..parquet import ParquetTable, compression_of
from ..sources import Source
from .base import Added, Part, Piece, Stream
from .mixing import Mixing

PIECE = 16 << 20  # bytes that are read at a time
MOST = 1 << 17  # rows that are
_BUFFER = 1 << 20  # bytes that are read ahead of a column
_FIRST = 1000  # rows that tell what columns may hold
GROUP = 1 << 20  # rows of a row group that is written
_NONE = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows that lack a value


class ParquetStream(Stream):
    """Parquet files. Arguments: the path and the files that it stands for. Raises: DataError where they are none."""

    family = "parquet"

    def __init__(self, path: str | Path, files: Sequence[str]) -> None:
        self.path, self.files, self.is_folder = str(path), [*files], place(path).is_dir()
        base, system = within(whole_name(path))
        try:
            with reached(path):
                found = ds.dataset([within(file)[0] for file in self.files], format="parquet", filesystem=system,
                                   partitioning=self._partitioning(), partition_base_dir=base)  # fmt: skip
            self.schema: pa.Schema = found.schema
            self._keys = [ds.get_partition_keys(each.partition_expression) for each in found.get_fragments()]
            self._metadata = [pq.read_metadata(within(file)[0], filesystem=system) for file in self.files]
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.path} is not a whole Parquet file: {str(error).splitlines()[0]}") from error
        self.names = self.schema.names
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DataError(f"{self.path} has several columns named {', '.join(map(repr, twice))}; rename all but one")
        if not self.names or not len(self):
            raise DataError(f"{self.path} has {len(self.names)} columns and no rows; add rows")
        self._start: pa.Table = pa.concat_tables(self._beginnings())
        self._row_bytes = max(self._start.nbytes // len(self._start), 1)

    def __len__(self) -> int:
        return sum(each.num_rows for each in self._metadata)

    @property
    def partitioned(self) -> list[str]:
        """The columns that stand in the names of folders, as in `year=2024`."""
        return [*self._keys[0]] if self._keys else []

    def parts(self) -> list[Part]:  # noqa: D102
        found, number = [], 0
        for file, metadata in enumerate(self._metadata):
            for group in range(metadata.num_row_groups):
                rows = metadata.row_group(group).num_rows
                found.append(Part(number, file, group, rows))
                number += -(-rows // self._step)
        return found

    def pieces(self, part: Part, target: str) -> Iterator[Piece]:  # noqa: D102
        for number, rows in enumerate(self.read(part), part.number):
            labels = rows.column(target)
            gone = pc.sum(pc.is_null(labels, nan_is_null=True)).as_py()
            if gone:
                raise DataError(f"{self.path}: {gone:,} rows or more have no label in column {target!r}: "
                                "fill them in or leave those rows out")  # fmt: skip
            yield Piece(number, labels.to_pandas(date_as_object=False), rows, len(rows))

    def read(self, part: Part) -> Iterator[pa.Table]:
        """Yield the rows of a part, `_step` at a time, as the schema has them. Raises: DataError."""
        try:
            with self._opened(part.file) as file:
                for batch in file.iter_batches(self._step, row_groups=[part.group]):
                    yield self._whole(pa.Table.from_batches([batch]), part.file)
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.files[part.file]} cannot be read: {str(error).splitlines()[0]}") from error

    def first(self) -> pd.DataFrame:  # noqa: D102
        frame: pd.DataFrame = to_frame(self._start)
        return frame

    def column(self, piece: Piece, name: str) -> pd.Series:  # noqa: D102
        column: pd.Series = to_frame(piece.rows.select([name]))[name]
        return column

    def table(self, rows: pa.Table) -> TableFile:  # noqa: D102
        return ParquetTable(Source(self.path, ".parquet", b""), rows, compression_of(self._metadata[0]))

    def keys(self, table: TableFile, target: str) -> list[Any]:  # noqa: D102
        return table.frame[target].tolist()

    def length(self) -> int:  # noqa: D102
        return len(self)

    def size(self) -> int:  # noqa: D102
        held: int = int(self.first().memory_usage(index=False, deep=True).sum())
        return held * len(self) // len(self._start)

    def row_bytes(self) -> int:  # noqa: D102
        held: int = self._row_bytes
        return held

    def copy(self, handle: BinaryIO, added: Added, step: Callable[[int], None]) -> None:
        """Write all rows, group by group, and made ones among them or in groups behind; see `Stream`."""
        mark = added.mark
        schema = numbered(self.schema if mark is None else self.schema.append(pa.field(mark, pa.int64())))
        mixing = None if added.seed is None else Mixing(added, len(self))

        def written(frame: pd.DataFrame) -> pa.Table:
            return _marked(to_arrow(frame, self.schema), mark, 1).replace_schema_metadata(schema.metadata)

        with pq.ParquetWriter(handle, schema, compression=compression_of(self._metadata[0])) as writer:
            for group in ahead(self._groups()):
                rows = _marked(group, mark, 0).replace_schema_metadata(schema.metadata)
                made = None if mixing is None else mixing.rows(len(group))
                if mixing is not None and made is not None:
                    both = pa.concat_tables([rows, written(made)]).unify_dictionaries()
                    rows = both.take(mixing.order(len(rows), len(made)))
                writer.write_table(rows)
                step(len(group))
            for frame in added.made if mixing is None else mixing.rest():
                writer.write_table(written(frame))

    def write_part(self, into: Path, name: str, made: pd.DataFrame, like: TableFile, mark: str | None) -> None:
        """Write made rows as a file, or one in each of the folders in whose names columns stand. See `Stream`."""
        keys = self.partitioned
        table = _marked(to_arrow(made, self.schema), mark, 1)
        for found, rows in made.groupby(keys, observed=True, dropna=False).indices.items() if keys else [((), None)]:
            values = dict(zip(keys, found if isinstance(found, tuple) else (found,), strict=True))
            folder = into.joinpath(*(f"{key}={_NONE if pd.isna(v) else quote(str(v))}" for key, v in values.items()))
            if not is_elsewhere(folder):
                folder.mkdir(parents=True, exist_ok=True)
            part = (table if rows is None else table.take(rows)).drop_columns(keys)
            metadata = numbered(part.schema, len(part)).metadata
            with new_file(folder / f"{name}.parquet") as handle:
                pq.write_table(part.replace_schema_metadata(metadata), handle,
                               compression=compression_of(self._metadata[0]))  # fmt: skip

    def _groups(self) -> Iterator[pa.Table]:
        """Yield all rows in groups as they stand, large ones in several."""
        for part in self.parts():
            held: list[pa.Table] = []
            for rows in self.read(part):
                held.append(rows)
                if sum(map(len, held)) * self.row_bytes() >= 4 * PIECE or sum(map(len, held)) >= GROUP:
                    yield pa.concat_tables(held)
                    held = []
            if held:
                yield pa.concat_tables(held)

    def _beginnings(self) -> list[pa.Table]:
        """Return the first rows, of as many files as have them. Raises: DataError."""
        found: list[pa.Table] = []
        for file, each in enumerate(self._metadata):
            if sum(map(len, found)) >= _FIRST:
                break
            if not each.num_rows:
                continue
            try:
                with self._opened(file) as handle:
                    batch = next(handle.iter_batches(_FIRST))
                found.append(self._whole(pa.Table.from_batches([batch]), file))
            except (pa.ArrowException, OSError) as error:
                raise DataError(
                    f"{self.files[file]} does not go with {self.files[0]}: {str(error).splitlines()[0]}"
                ) from error
        return found

    def _opened(self, file: int) -> pq.ParquetFile:
        path, system = within(self.files[file])
        return pq.ParquetFile(path, buffer_size=_BUFFER, filesystem=system)

    @property
    def _step(self) -> int:
        """Rows that are read at a time."""
        return int(np.clip(PIECE // self._row_bytes, 1, MOST))

    def _partitioning(self) -> Any:
        return "hive" if self.is_folder and any("=" in Path(file).parent.name for file in self.files) else None

    def _whole(self, rows: pa.Table, file: int) -> pa.Table:
        """Return rows of a file with the columns of the schema, those in the names of folders too."""
        for name, value in self._keys[file].items():
            column = pa.array([value] * len(rows)).cast(self.schema.field(name).type)
            rows = rows.append_column(name, column)
        if rows.schema.equals(self.schema):
            return rows
        lacking = [name for name in self.names if name not in rows.column_names]
        if lacking or rows.num_columns != len(self.names):
            what = f"lacks the column {lacking[0]!r}" if lacking else f"has {rows.num_columns} columns"
            raise DataError(f"{self.files[file]} {what}, and other files of {self.path} have {len(self.names)}")
        return rows.select(self.names).cast(self.schema)


def _marked(rows: pa.Table, mark: str | None, value: int) -> pa.Table:
    return rows if mark is None else rows.append_column(mark, pa.array(np.full(len(rows), value)))
