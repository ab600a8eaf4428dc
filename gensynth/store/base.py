"""What every table that was read can do, whatever its format: show its rows, and write them with others added."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal, final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import ConfigError, DataError, nearest
from .arrow import to_arrow, write_parquet
from .atomic import check_output
from .csvwrite import default_formats, header_text, record_blocks
from .dialect import Dialect
from .formulas import Guard
from .sources import Source, format_of, open_output, suffix_of

Family = Literal["csv", "parquet"]


@dataclass(frozen=True)
class Target:
    """What an output is to be: its format and the suffix of its name, without ``.gz``."""

    family: str
    suffix: str


class TableFile(ABC):
    """A table that was read.

    `path` is its name in messages ("standard input" for that), `frame` its rows, of shape (n, columns), numbered
    from 0.
    """

    family: ClassVar[Family]
    frame: pd.DataFrame

    def __init__(self, source: Source) -> None:
        self.path = source.name
        self._suffix = source.suffix

    def __len__(self) -> int:
        return len(self.frame)

    @abstractmethod
    def manner(self) -> dict[str, Any]:
        """Return how the table is written, as JSON has it, for `write_frame(..., like=...)`."""

    def texts(self, name: str) -> list[str]:
        """Return a column as texts, those of a CSV as they stand ("NA" is a word), "" where nothing stands."""
        column = self.frame[name]
        return ["" if gone else str(value) for value, gone in zip(column.tolist(), column.isna(), strict=True)]

    @final
    def check_output(self, out: str | Path, overwrite: bool = False) -> None:
        """Refuse an output that `write` would refuse, before the work.

        Raises:
            ConfigError: it exists, cannot be written, or its name says no format.
        """
        format_of(out, self.family, self._suffix)
        check_output(out, overwrite)

    @final
    def write(
        self,
        out: str | Path,
        *,
        rows: ArrayLike | None = None,
        synthetic: pd.DataFrame | None = None,
        mark: str | None = None,
        overwrite: bool = False,
        guard: Guard | None = None,
    ) -> None:
        """Write rows of the table, and synthetic ones after them in the same manner.

        In the format of the input the real rows come out unchanged: the records of a CSV file as text, the rows of a
        Parquet file as the values they are. The name of the output says the format; ``"-"`` is standard output.

        Arguments:
            out: a path, or ``"-"``.
            rows: positions of the real rows, in the order wanted; all where it is None.
            synthetic: rows with the columns and types of `frame`.
            mark: the name of one more column, 0 for real rows and 1 for synthetic ones.
            overwrite: replace a file that is there.
            guard: puts an apostrophe before fields of text that a spreadsheet would run as formulas; real rows then
                come out changed where they hold such.

        Raises:
            ConfigError: the output is refused, `mark` is a column already, or a position is not in the table.
            DataError: the synthetic rows do not fit the table.
        """
        target = Target(format_of(out, self.family, self._suffix), suffix_of(out))
        refuse_guard(target, guard)
        positions = self._positions(rows)
        if mark is not None and (mark in self.frame.columns or not mark.strip()):
            raise ConfigError(f"the table has a column {mark!r}; name the marking column otherwise")
        made = None if synthetic is None else self._fitting(synthetic)
        with open_output(out, overwrite) as handle:
            if target.family == self.family:
                self._write(handle, target, positions, made, mark, guard)
            else:
                self._convert(handle, target, positions, made, mark, guard)

    @abstractmethod
    def _write(
        self,
        handle: BinaryIO,
        target: Target,
        rows: NDArray[np.int64],
        synthetic: pd.DataFrame | None,
        mark: str | None,
        guard: Guard | None,
    ) -> None:
        """Write in the format of the input."""

    def _convert(
        self,
        handle: BinaryIO,
        target: Target,
        rows: NDArray[np.int64],
        synthetic: pd.DataFrame | None,
        mark: str | None,
        guard: Guard | None,
    ) -> None:
        frame = self.frame.iloc[rows]
        count = 0 if synthetic is None else len(synthetic)
        if synthetic is not None:
            frame = pd.concat([frame, synthetic.astype(self.frame.dtypes.to_dict())], ignore_index=True)
        if mark is not None:
            frame = frame.assign(**{mark: np.repeat([0, 1], [len(rows), count])})
        write_plain(frame, handle, target, guard)

    def _positions(self, rows: ArrayLike | None) -> NDArray[np.int64]:
        if rows is None:
            return np.arange(len(self.frame))
        positions = np.asarray(rows)
        if positions.ndim != 1 or (positions.dtype.kind not in "iu" and len(positions)):
            raise ConfigError(f"rows are positions in one dimension, not {positions.dtype} of shape {positions.shape}")
        if len(positions) and (positions.min() < 0 or positions.max() >= len(self.frame)):
            raise ConfigError(f"rows go from 0 to {len(self.frame) - 1}, and {positions.max()} or less than 0 is asked")
        return positions.astype(np.int64)

    def _fitting(self, synthetic: pd.DataFrame) -> pd.DataFrame:
        """Return the synthetic rows with the columns of the table in its order."""
        wanted: Sequence[str] = list(self.frame.columns)
        missing = [name for name in wanted if name not in synthetic.columns]
        if missing:
            raise DataError(f"the synthetic rows lack column {missing[0]!r}{nearest(missing[0], synthetic.columns)}")
        if synthetic.shape[1] > len(wanted):
            extra = next(name for name in synthetic.columns if name not in wanted)
            raise DataError(f"the synthetic rows have a column {extra!r} that {self.path} has not; drop it")
        return synthetic[wanted]


def refuse_guard(target: Target, guard: Guard | None) -> None:
    """Raise ConfigError where fields are to be made safe in a format that no spreadsheet runs."""
    if guard is not None and target.family != "csv":
        raise ConfigError(
            "safe_csv is for tables of text, and the output is Parquet, which runs no formulas: leave it out"
        )


def write_plain(frame: pd.DataFrame, handle: BinaryIO, target: Target, guard: Guard | None = None) -> None:
    """Write a frame as no file in particular: UTF-8, commas (tabs for ``.tsv``), shortest numbers; or Parquet."""
    if target.family == "parquet":
        write_parquet(to_arrow(frame), handle)
    else:
        write_plain_text(iter([frame]), handle, target, guard)


def write_plain_text(
    frames: Iterator[pd.DataFrame], handle: BinaryIO, target: Target, guard: Guard | None = None
) -> None:
    """Write frames of the same columns as text that is that of no file in particular; see `write_plain`."""
    dialect = Dialect(delimiter="\t" if target.suffix == ".tsv" else ",")
    for number, frame in enumerate(frames):
        if number == 0:
            names = [str(name) for name in frame.columns]
            header = header_text(names, dialect.delimiter, guard=guard) + dialect.newline
            handle.write(header.encode("utf-8", "surrogatepass"))
        for block in record_blocks(frame, default_formats(frame), dialect, guard=guard):
            handle.write(block)
