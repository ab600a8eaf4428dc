"""Tables as matrices and back: the way in and out of every generator of tables.

The coded matrix has one float64 column for each column that can be learned from: numbers as they are, categories as
positions in their levels, NaN where missing. Columns of identifiers and of missing values alone have none. What the
matrix means is written down as data, in `Layout`, which encoders, generators and decoders share.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import DataError
from .clock import Clock
from .columns import Category, Column, Floats
from .datetimes import Datetime
from .frames import Frame
from .identifiers import Identifier
from .numbers import Number
from .plain import free_numbers, keep_between
from .schema import Schema


@dataclass(frozen=True)
class Block:
    """The place of one column in a matrix: `width` numbers from `start` on. Dates say how they count (`clock`)."""

    column: Hashable
    start: int
    width: int
    kind: Literal["number", "category", "datetime"]
    levels: int = 0
    clock: Clock | None = None

    @classmethod
    def of(cls, column: Column, place: int) -> Self:
        """Return the block of a column that can be learned from."""
        levels = len(column.levels) if isinstance(column, Category) else 0
        clock = column.clock if isinstance(column, Datetime) else None
        return cls(column.name, place, 1, column.kind, levels, clock)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Layout:
    """The blocks of a matrix, side by side."""

    blocks: tuple[Block, ...]

    @property
    def width(self) -> int:
        """Number of columns of the matrix."""
        return sum(block.width for block in self.blocks)

    @cached_property
    def numbers(self) -> npt.NDArray[np.intp]:
        """Positions of the columns that can be mixed: numbers and datetimes."""
        return np.array([block.start for block in self.blocks if block.kind != "category"], dtype=np.intp)

    @cached_property
    def categories(self) -> npt.NDArray[np.intp]:
        """Positions of the columns that cannot."""
        return np.array([block.start for block in self.blocks if block.kind == "category"], dtype=np.intp)


class TableEncoder:
    """Frames, arrays and tensors to the coded matrix and back.

    Arguments:
        schema: kinds to take instead of the inferred ones (see `Schema.infer`).

    After `fit`: `schema_`, `layout_`, `frame_` (the container the table came in).
    """

    def __init__(self, schema: Mapping[Any, str] | Schema | None = None) -> None:
        self.schema = schema

    def fit(self, X: Any) -> Floats:
        """Learn the columns and return the coded matrix. Shape: (n, layout_.width)."""
        frame, self.frame_ = Frame.open(X)
        if not len(frame):
            raise DataError(f"Found array with 0 sample(s) (shape={frame.shape}) while a minimum of 1 is required.")
        plain = free_numbers(frame) if self.schema is None else None
        self.learned(plain or Schema.infer(frame, self.schema))
        return self._encode(frame)

    def learned(self, schema: Schema) -> None:
        """Take a schema as what `fit` learned."""
        self.schema_ = schema
        self.coded_ = [column for column in schema if column.kind not in ("identifier", "empty")]
        self.layout_ = Layout(tuple(Block.of(column, place) for place, column in enumerate(self.coded_)))

    def encode(self, X: Any) -> Floats:
        """Return another table of the same columns as a matrix; unknown categories become -1.

        Raises: DataError where columns are missing.
        """
        frame, _ = Frame.open(X)
        self.schema_.only(frame.columns)
        lacking = [column.name for column in self.schema_ if column.name not in frame.columns]
        if lacking:
            raise DataError(
                f"column {lacking[0]!r} is lacking{f' (and {len(lacking) - 1} more)' if lacking[1:] else ''}"
            )
        try:
            return self._encode(frame)
        except (TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(
                f"the columns hold other things than in training: {str(error).splitlines()[0]:.120}"
            ) from None

    def _encode(self, frame: pd.DataFrame) -> Floats:
        if self._plain(exact=False):  # numbers alone: all columns at once
            return np.array(frame[[column.name for column in self.schema_]].to_numpy(), dtype=np.float64)
        matrix = np.empty((len(frame), len(self.coded_)))
        for place, column in enumerate(self.coded_):
            matrix[:, place] = column.encode(frame[column.name])
        return matrix

    def _plain(self, exact: bool) -> bool:
        """Whether all columns are NumPy numbers that stand as they are; `exact`: and lie on no grid."""
        return all(
            isinstance(column, Number)
            and isinstance(column.dtype, np.dtype)
            and column.dtype != object
            and not column.origin
            and (not exact or (column.step is None and column.decimals is None))
            for column in self.schema_
        )

    def decode(self, matrix: Floats, rng: np.random.Generator) -> Any:
        """Return the rows of a coded matrix in the container that `fit` saw; identifiers are drawn fresh.

        The matrix may be used up: numbers outside their range are put back inside it in place.
        """
        if self.frame_.library == "numpy" and self.frame_.dtype.startswith("float") and self._plain(exact=True):
            ends = np.array([(column.low, column.high) for column in self.schema_])  # type: ignore[attr-defined]
            kept = matrix if matrix.flags.writeable else matrix.copy()
            keep_between(kept, ends[:, 0], ends[:, 1])
            return kept.astype(self.frame_.dtype, copy=False)
        return self.frame_.close(self.decode_frame(matrix, rng))

    def decode_frame(self, matrix: Floats, rng: np.random.Generator) -> pd.DataFrame:
        """Return the rows of a coded matrix as a pandas frame."""
        places = {column.name: place for place, column in enumerate(self.coded_)}
        made: dict[Hashable, pd.Series] = {}
        for column in self.schema_:
            if isinstance(column, Identifier):
                made[column.name] = column.fresh(len(matrix), rng)
            elif column.name in places:
                made[column.name] = column.decode(np.ascontiguousarray(matrix[:, places[column.name]]))
            else:
                made[column.name] = column.decode(np.empty(len(matrix)))
        frame = pd.DataFrame(made, index=pd.RangeIndex(len(matrix)), copy=False)
        frame.columns = self.frame_.names(frame.columns)
        return frame

    def renew(self, X: Any, rng: np.random.Generator) -> Any:
        """Return rows that were made in several parts with identifiers that differ between the parts too."""
        if not self.identifiers:
            return X
        frame = Frame.open(X)[0].copy(deep=False)
        for column in self.schema_:
            if isinstance(column, Identifier):
                frame[column.name] = column.fresh(len(frame), rng)
        return self.frame_.close(frame)

    def fill(self, X: Any, matrix: Floats, holes: npt.NDArray[np.bool_]) -> Any:
        """Return a table with the cells of a coded matrix where it has holes, and all else as it stands.

        Shape: matrix and holes (n, layout_.width). A pandas frame keeps its index; columns that were not learned go.
        """
        frame = Frame.open(X)[0]
        made = self.decode_frame(matrix, np.random.default_rng(0))
        for column in self.schema_:
            own = frame[column.name]
            if isinstance(column, Identifier) or column.kind == "empty":
                made[column.name] = own
        for place, column in enumerate(self.coded_):
            own, new = frame[column.name], made[column.name]
            stay = ~holes[:, place] & own.notna().to_numpy()
            if bool((own[stay].astype(object) != new[stay].astype(object)).any()):  # beyond what was seen in training
                made[column.name] = own.where(stay, new)
        if self.frame_.library == "pandas" and hasattr(X, "index"):
            made.index = X.index
        return self.frame_.close(made)

    @property
    def identifiers(self) -> list[Hashable]:
        """Names of the columns that are drawn fresh."""
        return [column.name for column in self.schema_ if isinstance(column, Identifier)]


class SparseEncoder:
    """SciPy sparse matrices to CSR of float64 and back to the same format and dtype.

    Integers are rounded, and every column stays inside its observed range.
    """

    identifiers: tuple[Hashable, ...] = ()

    def fit(self, X: Any) -> Any:
        """Return the matrix as CSR of float64. Raises: DataError where it is empty or not finite."""
        if not X.shape[0] or not X.shape[1]:
            raise DataError(
                f"Found array with 0 sample(s) or feature(s) (shape={X.shape}) while a minimum of 1 is required."
            )
        if X.dtype.kind == "c":
            raise DataError("Complex data not supported: give the real and the imaginary part as two columns")
        self.format_, self.dtype_, self.type_ = X.format, str(X.dtype), type(X)
        rows = X.tocsr().astype(np.float64)
        if not np.isfinite(rows.data).all():
            raise DataError("a sparse matrix must not hold NaN or infinity: Input X contains NaN or infinite values")
        self.low_, self.high_ = (getattr(rows, end)(axis=0).toarray().ravel() for end in ("min", "max"))
        return rows

    def decode(self, rows: Any, rng: np.random.Generator) -> Any:
        """Return made rows in the format and dtype that `fit` saw."""
        made = rows.tocsr().copy()
        made.data = np.clip(made.data, self.low_[made.indices], self.high_[made.indices])
        if np.dtype(self.dtype_).kind in "iub":
            made.data = np.rint(made.data)
        return self.type_(made.astype(self.dtype_).asformat(self.format_))


class Embedding:
    """Coded rows in a space whose Euclidean distance is SMOTE-NC's, and back.

    Numbers stand as they are, datetimes scaled to the median spread of the numbers, and two different categories lie
    one median spread apart (Chawla et al. 2002, sec. 6.1). A missing category is a level of its own. From 64 levels
    on each level is 64 random signs, whose distances are the same on average, so that memory stays bounded.

    Arguments:
        matrix: (n, width) coded rows, to learn the spreads from.
        layout: what its columns are.
    """

    def __init__(self, matrix: Floats, layout: Layout) -> None:
        self.layout = layout
        numbers = [block.start for block in layout.blocks if block.kind == "number"]
        self.plain = len(numbers) == len(layout.blocks) > 0
        spreads = np.zeros(0) if self.plain else np.nanstd(matrix[:, numbers], axis=0)
        self.spread = float(np.median(spreads)) if len(spreads) and np.median(spreads) > 0 else 1.0
        times = [block.start for block in layout.blocks if block.kind == "datetime"]
        own = np.nanstd(matrix[:, times], axis=0)
        self.scales = dict(
            zip(times, np.where(own > 0, self.spread / np.where(own > 0, own, 1.0), 1.0).tolist(), strict=True)
        )

    def __call__(self, matrix: Floats) -> Floats:
        """Place rows. Shape: (n, width) to (n, q), NaN where a number is missing."""
        if self.plain:
            return matrix
        parts = [np.zeros((len(matrix), 0 if self.layout.blocks else 1))]
        for block in self.layout.blocks:
            values = matrix[:, block.start]
            if block.kind == "category":
                parts.append(self._levels(block)[np.where(np.isnan(values), block.levels, values).astype(np.intp)])
            else:
                parts.append(values[:, None] * self.scales.get(block.start, 1.0))
        return np.hstack(parts)

    def inverse(self, space: Floats) -> Floats:
        """Return the coded rows nearest to points of the space; a category is the level nearest."""
        if self.plain:
            return space
        matrix, start = np.empty((len(space), self.layout.width)), 0
        for block in self.layout.blocks:
            if block.kind == "category":
                levels = self._levels(block)
                codes = (space[:, start : start + levels.shape[1]] @ levels.T).argmax(axis=1)
                matrix[:, block.start] = np.where(codes == block.levels, np.nan, codes)
                start += levels.shape[1]
            else:
                matrix[:, block.start] = space[:, start] / self.scales.get(block.start, 1.0)
                start += 1
        return matrix

    def _levels(self, block: Block) -> Floats:
        """Return the points of a category's levels, the missing one last. Shape: (levels + 1, q of the block)."""
        count = block.levels + 1
        if count <= 64:
            return np.asarray(np.eye(count) * (self.spread / np.sqrt(2.0)))
        signs = np.random.default_rng(block.levels).integers(2, size=(count, 64)) * 2.0 - 1.0
        return np.asarray(signs * (self.spread / np.sqrt(2.0 * 64)))
