"""Rows of any kind as points whose distances tell how alike they are, and as keys that are equal where rows are.

Tables: numbers in units of their standard deviation, a missing one at the mean and 1 from every present one; two
different categories lie 1 apart. Of this scale and of quantile ranks, the attack found more members with this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.encode import Block, Layout, TableEncoder
from ...data.frames import Frame
from ...data.kinds import Kind, as_rows, count_rows, kind_of, take_rows
from ...data.schema import Schema, identifiers_of
from ...errors import ConfigError, DataError, ignoring
from ...learners.base import Features, Floats
from ...random import as_generator

Places = npt.NDArray[np.intp]
LEVELS, SIGNS = 64, 64  # levels up to which each has a coordinate; random signs of each beyond
PIXELS, TIMES = 16, 64  # a side of images, and moments of series, as they are compared
NAMES = ("real", "synthetic", "held")


@dataclass(frozen=True)
class Part:
    """Some of the rows: of a table its codes too. Shape: codes (n, width)."""

    name: str
    rows: Any
    codes: Floats | None

    def __len__(self) -> int:
        return count_rows(self.rows)

    def keys(self) -> list[bytes]:
        """Return each row as bytes, equal where rows are equal in all but identifiers."""
        if self.codes is not None:
            known = np.where(
                np.isnan(self.codes), np.nan, self.codes + 0.0
            )  # minus zero is zero, and every NaN the same
            return [row.tobytes() for row in known]
        values = getattr(self.rows, self.rows.fields[0])
        if self.rows.kind == "text":
            return [text.encode() for text in values]
        arrays = [np.asarray(value) for value in values]
        arrays = [array.astype(np.float32) if array.dtype.kind == "f" else array for array in arrays]
        return [str(array.shape).encode() + np.ascontiguousarray(array).tobytes() for array in arrays]


class Parts:
    """Real, synthetic and held-out rows, read alike.

    Arguments:
        real, synthetic, held: rows of one kind; held may be None.
        schema: kinds of columns that are not to be guessed.
        features: from rows to numbers (n, d), instead of those of this module.

    Raises: DataError where rows are of different kinds or columns; ConfigError for a wrong schema or features.
    """

    def __init__(self, real: Any, synthetic: Any, held: Any, schema: Any, features: Features | None) -> None:
        given = {name: rows for name, rows in zip(NAMES, (real, synthetic, held), strict=True) if rows is not None}
        self.kind, self.features = _one_kind(given), features
        if features is not None and not callable(features):
            raise ConfigError(f"features must be a function of rows that returns numbers (n, d), got {features!r:.60}")
        self.layout: Layout | None = None
        if self.kind == "table":
            self.parts = self._tables(given, schema)
        elif schema is not None:
            raise ConfigError(f"schema tells the columns of a table, and this is {self.kind}")
        else:
            self.parts = {name: Part(name, as_rows(rows, self.kind), None) for name, rows in given.items()}

    def _tables(self, given: Mapping[str, Any], schema: Any) -> dict[str, Part]:
        """Return coded tables. Levels are those of real and of held-out rows, so that neither are strange."""
        frames = {name: Frame.open(rows)[0] for name, rows in given.items()}
        real = frames["real"]
        if schema is not None and not isinstance(schema, Schema | Mapping):
            raise ConfigError(f"schema must be a mapping of columns to kinds, got {schema!r:.60}")
        asked = schema.kinds if isinstance(schema, Schema) else schema or {}
        kinds: dict[Any, Any] = identifiers_of(real) | {name: kind for name, kind in asked.items() if kind != "empty"}
        pooled = [real]
        if "held" in frames:
            _same_columns(real, frames["held"], "held-out")
            pooled.append(frames["held"][real.columns])
        _same_columns(real, frames["synthetic"], "synthetic")
        with ignoring(FutureWarning):  # of columns that hold nothing in one of the two
            pool = pd.concat(pooled, ignore_index=True) if len(pooled) > 1 else real
        encoder = TableEncoder(kinds or None)
        codes = encoder.fit(pool)
        self.layout = encoder.layout_
        if not self.layout.blocks:
            raise DataError("the table has only identifiers and columns that hold nothing, which are not compared")
        coded = {"real": codes[: len(real)], "synthetic": encoder.encode(frames["synthetic"])}
        coded |= {"held": codes[len(real) :]} if "held" in frames else {}
        numbers = codes[:, self.layout.numbers]
        with ignoring(RuntimeWarning):  # columns without any value
            self.middle, self.spread = np.nanmean(numbers, axis=0), np.nanstd(numbers, axis=0)
        self.spread[~(self.spread > 1e-12)] = 1.0
        every = np.concatenate([numbers, coded["synthetic"][:, self.layout.numbers]])
        self.holed = np.isnan(every).any(axis=0)
        return {name: Part(name, given[name], coded[name]) for name in given}

    def points(self, wanted: Mapping[str, Places]) -> dict[str, Floats]:
        """Return the points of some rows of each part. Shape: (m,) places to (m, d)."""
        some = {name: rows for name, rows in wanted.items() if name in self.parts}
        if self.features is not None:
            return self._by_features(some)
        if self.layout is not None:
            return {name: self._table(self.parts[name].codes[rows]) for name, rows in some.items()}  # type: ignore[index]
        taken = {name: take_rows(self.parts[name].rows, rows) for name, rows in some.items()}
        if self.kind == "text":
            return _texts(taken)
        numbers = {"image": _images, "series": _series, "audio": _audio}[self.kind]
        return _one_width({name: numbers(rows) for name, rows in taken.items()})

    def _table(self, codes: Floats) -> Floats:
        assert self.layout is not None
        scaled = (codes[:, self.layout.numbers] - self.middle) / self.spread
        missing = np.isnan(scaled)
        parts = [np.nan_to_num(scaled), missing[:, self.holed].astype(np.float64)]
        for block in self.layout.blocks:
            if block.kind == "category":
                own = codes[:, block.start]
                places = np.where(np.isnan(own), block.levels, np.where(own < 0, block.levels + 1, own))
                parts.append(_levels(block)[places.astype(np.intp)])
        return np.concatenate(parts, axis=1)

    def _by_features(self, some: Mapping[str, Places]) -> dict[str, Floats]:
        assert self.features is not None
        made = {name: np.asarray(self.features(_taken(self.parts[name].rows, rows))) for name, rows in some.items()}
        for name, x in made.items():
            if x.ndim != 2 or len(x) != len(some[name]) or x.dtype.kind not in "fiub" or not np.isfinite(x).all():
                raise DataError(
                    f"features of {len(some[name])} rows must be finite numbers (n, d), got {x.dtype} {x.shape}"
                )
        _one_width(made)
        pool = np.concatenate([x for name, x in made.items() if name != "synthetic"]).astype(np.float64)
        spread = pool.std(axis=0)
        spread[~(spread > 1e-12)] = 1.0
        return {name: x / spread for name, x in made.items()}


def _one_kind(given: Mapping[str, Any]) -> Kind:
    kinds: dict[str, Kind] = {}
    for name, rows in given.items():
        if hasattr(rows, "tocsr"):
            raise DataError(
                "a sparse matrix has too many columns to compare rows by: give it as dense columns, toarray()"
            )
        kinds[name] = kind_of(rows)
        if not count_rows(rows):
            raise DataError(f"no rows: {name} has 0")
        if kinds[name] != kinds["real"]:
            raise DataError(f"real rows are of kind {kinds['real']!r}, and {name} ones of kind {kinds[name]!r}")
    return kinds["real"]


def _same_columns(real: pd.DataFrame, other: pd.DataFrame, name: str) -> None:
    lacking, more = (
        real.columns.difference(other.columns, sort=False),
        other.columns.difference(real.columns, sort=False),
    )
    if len(lacking):
        raise DataError(f"{name} rows lack the column {lacking[0]!r} of the real ones")
    if len(more):
        raise DataError(f"{name} rows have a column {more[0]!r}, which the real ones have not")


def _levels(block: Block) -> Floats:
    """Return points of the levels, of the missing and of an unknown one, 1 apart."""
    count = block.levels + 2
    if count <= LEVELS:
        return np.asarray(np.eye(count) * np.sqrt(0.5))
    signs = as_generator(0, "levels", block.start).integers(2, size=(count, SIGNS)) * 2.0 - 1.0
    return np.asarray(signs / np.sqrt(2.0 * SIGNS))


def _taken(rows: Any, places: Places) -> Any:
    return rows[places] if hasattr(rows, "fields") else take_rows(rows, places)


def _one_width(made: dict[str, Floats]) -> dict[str, Floats]:
    widths = {name: x.shape[1] for name, x in made.items()}
    if len(set(widths.values())) > 1:
        raise DataError(f"rows have different numbers of channels or features: {widths}")
    return made


def _images(rows: Any) -> Floats:
    """Return the means of 16 x 16 parts of each image. Shape: (n, 256 times channels)."""
    import torch
    from torch.nn.functional import adaptive_avg_pool2d

    from ...transforms.image.forms import read

    x = rows.x
    given = [read(one[None])[0] for one in x] if isinstance(x, list | tuple) else [read(x)[0]]
    small = [adaptive_avg_pool2d(one.float() / (255 if one.dtype == torch.uint8 else 1), PIXELS) for one in given]
    if len({one.shape[1] for one in small}) > 1:
        raise DataError("images have different numbers of channels: make them all grey, or all coloured")
    made: Floats = torch.cat(small).flatten(1).double().numpy()
    return made


def _series(rows: Any) -> Floats:
    """Return each series at 64 moments, NaN filled in from beside. Shape: (n, 64 times channels)."""
    given = [np.asarray(row, dtype=np.float64) for row in rows.x]
    if len({row.shape[0] for row in given}) > 1:
        raise DataError("series have different numbers of channels")
    made = np.zeros((len(given), given[0].shape[0], TIMES))
    for at, row in enumerate(given):
        places = np.linspace(0, max(row.shape[1] - 1, 0), TIMES)
        for channel, values in enumerate(row):
            there = np.flatnonzero(np.isfinite(values))
            made[at, channel] = np.interp(places, there, values[there]) if len(there) else 0.0
    return made.reshape(len(made), -1)


def _audio(rows: Any) -> Floats:
    from ...learners.waves import log_mel

    return log_mel(rows)


def _texts(taken: Mapping[str, Any]) -> dict[str, Floats]:
    """Return texts by their runs of 2 to 4 characters, in the 64 directions in which real ones differ most."""
    from scipy.sparse import vstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import HashingVectorizer

    words = HashingVectorizer(n_features=2**14, analyzer="char_wb", ngram_range=(2, 4), alternate_sign=False)
    found = {name: words.transform(list(rows.x)) for name, rows in taken.items()}
    pool = vstack([x for name, x in found.items() if name != "synthetic"])
    plane = TruncatedSVD(max(min(64, min(pool.shape) - 1), 1), random_state=0).fit(pool)
    return {name: plane.transform(x) for name, x in found.items()}
