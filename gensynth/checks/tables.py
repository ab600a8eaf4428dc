"""The tables that the laws are tried on: one small table for each thing that data may hold or come in.

`grid()` gives them all. A `Case` says by itself what a generator must take to work on it, so that a law can leave
out what the generator's `supports` leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.encode import TableEncoder
from ..data.kinds import Kind, count_rows, kind_of
from ..data.labels import Labels

N = 40  # rows of most tables: too few for a column of unique values to count as an identifier
RARE = 10  # of them of the rare class


@dataclass(frozen=True, eq=False)
class Case:
    """Data to try a law on.

    Arguments:
        name: what it is called in messages.
        X: rows of any kind.
        y: (n,) labels, or None.
        identifiers: for each column that names its rows, the pattern (a regular expression) of its values.

    Example:
        >>> Case("two columns", np.array([[0.5, 1.0], [2.5, np.nan]]), ["a", "b"]).needs == {"numbers", "missing"}
        True
    """

    name: str
    X: Any
    y: Any
    identifiers: Mapping[Any, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Case({self.name})"

    @cached_property
    def kind(self) -> Kind:
        """The kind of the rows."""
        return kind_of(self.X)

    @cached_property
    def needs(self) -> frozenset[str]:
        """What stands in the rows: of "numbers", "categories", "missing", "sparse" and "masks"."""
        if getattr(self.X, "masks", None) is not None:
            return frozenset({"masks"})
        if self.kind != "table":
            return frozenset()
        if hasattr(self.X, "tocsr"):
            return frozenset({"numbers", "sparse"})
        encoder = TableEncoder()
        matrix, layout = encoder.fit(self.X), encoder.layout_
        found = {
            "numbers": len(layout.numbers),
            "categories": len(layout.categories),
            "missing": np.isnan(matrix).any(),
        }
        return frozenset(name for name, there in found.items() if there)

    @cached_property
    def labels(self) -> list[Any]:
        """The classes as plain values, none where there are no labels."""
        return list(Labels.fit(self.y, count_rows(self.X))[0].classes.tolist())

    @cached_property
    def codes(self) -> npt.NDArray[np.intp]:
        """The class of each row, as a position in `labels`. Shape: (n,)."""
        return Labels.fit(self.y, count_rows(self.X))[1]

    def suits(self, generator: Any) -> bool:
        """Return whether a generator declares that it takes this."""
        can = generator.supports
        return self.kind in can.kinds and all(getattr(can, need) for need in self.needs)


def two_classes(n: int = N, rare: int = RARE) -> npt.NDArray[Any]:
    """Return n labels, `rare` of them of the class "rare", spread among the others."""
    y = np.full(n, "common", dtype=object)
    y[np.linspace(0, n - 1, rare).astype(int)] = "rare"
    return y.astype(str)


def mixed_frame(n: int = N, seed: int = 0) -> pd.DataFrame:
    """Return a table of a float, an integer, a category and a text column, none of them with missing values."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "weight": rng.normal(70, 10, n),
        "age": rng.integers(18, 90, n),
        "size": pd.Categorical(rng.choice(["S", "M", "L"], n), ["S", "M", "L", "XL"], ordered=True),
        "town": rng.choice(["Bonn", "Köln", "Ulm"], n),
    })  # fmt: skip


@lru_cache(maxsize=1)
def grid() -> tuple[Case, ...]:
    """Return all tables, the most usual ones first; always the same objects, which nobody may change.

    >>> sorted(case.name for case in grid() if "sparse" in case.needs)[:2]
    ['sparse coo array', 'sparse csc array']
    """
    from . import containers  # the grid's other half

    return (*_columns(), *_rows(), *_names(), *containers.cases())


@lru_cache(maxsize=1)
def prefix_cases() -> tuple[Case, ...]:
    """Return tables on which the last bits of a distance or of a product tell: many ties, and many columns."""
    rng, y = np.random.default_rng(0), np.tile(["even", "odd"], 100)
    words = pd.DataFrame({f"c{place}": rng.choice([*"abcd"], 200) for place in range(8)})
    wide = pd.DataFrame(rng.normal(size=(200, 30)))
    return (
        Case("ties", words.assign(a=rng.integers(0, 5, 200) * 1.1), y), Case("ties of words", words, y),
        Case("30 columns", wide, y),
    )  # fmt: skip


def _columns() -> Iterator[Case]:
    """Yield a table for each sort of column."""
    rng, y = np.random.default_rng(0), two_classes()
    x = rng.normal(size=N)
    yield Case("mixed", mixed_frame(), y)
    yield Case("floats", pd.DataFrame({"x": x, "z": rng.lognormal(3, 2, N)}), y)
    yield Case("categories", pd.DataFrame(_categories(rng)), y)
    for name, columns in [*_numbers(rng).items(), *_others(rng).items(), *_holes(rng).items()]:
        yield Case(name, pd.DataFrame(columns), y)
    many = np.array([f"user-{number:04d}" for number in rng.permutation(9000)[:60]])
    ids = {"id": many, "row": np.arange(1001, 1061), "x": rng.normal(size=60), "c": rng.choice(["a", "b"], 60)}
    yield Case("identifiers", pd.DataFrame(ids), two_classes(60), {"id": r"user-\d{4,}", "row": r"\d{4,}"})
    codes = [f"{a:04d}-{''.join(rng.choice([*'ABCDEFGH'], 5))}" for a in rng.permutation(9999)[:60]]
    yield Case("identifiers and categories", pd.DataFrame({"code": codes, "c": rng.choice(["a", "b", "c"], 60)}),
               two_classes(60), {"code": r"\d{4}-[A-Z]{5}\d*"})  # fmt: skip


def _numbers(rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    x = rng.normal(size=N)
    wide = rng.integers(-100, 100, N)
    return {
        "integers": {"a": rng.integers(0, 1000, N), "b": rng.integers(-50, -10, N)},
        "grid of five": {"price": rng.integers(0, 200, N) * 5 + 2, "x": x},
        "narrow integers": {
            "u8": (wide + 100).astype("uint8"), "i8": wide.astype("int8"), "i16": (wide * 300).astype("int16"),
            "u16": (wide * 300 + 30000).astype("uint16"), "i32": (wide * 10**7).astype("int32"),
        },
        "big integers": {
            "near": 2**60 + rng.integers(0, 10**6, N), "wide": rng.integers(-(2**62), 2**62, N),
            "u64": rng.integers(2**63, 2**64 - 1, N, dtype=np.uint64),
        },
        "narrow floats": {"f4": x.astype("float32"), "f2": x.astype("float16"), "r4": x.round(2).astype("float32")},
        "two decimals": {"euros": rng.uniform(0, 1000, N).round(2), "tenths": rng.uniform(-5, 5, N).round(1), "x": x},
        "whole floats": {"count": rng.integers(0, 500, N).astype(float), "x": x},
        "constant": {"same": np.full(N, 7), "word": ["so"] * N, "point": np.full(N, 2.5), "x": x},
    }  # fmt: skip


def _categories(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "unused": pd.Categorical(rng.choice(["b", "c"], N), ["a", "b", "c", "d"]),
        "ordered": pd.Categorical(rng.choice([1, 2, 3], N), [1, 2, 3, 4], ordered=True),
        "flag": rng.random(N) < 0.5,
    }


def _others(rng: np.random.Generator) -> dict[str, Any]:
    words, x = rng.choice(["ja", "nein", "naïve 日本"], N), rng.normal(size=N)
    days = pd.Timestamp("2020-03-01") + pd.to_timedelta(rng.integers(0, 400, N), unit="D")
    ticks = rng.integers(0, 10**15, N).astype("m8[us]")
    return {
        "booleans": {"yes": rng.random(N) < 0.3, "no": rng.random(N) < 0.6, "x": x},
        "strings": {"new": pd.Series(words, dtype="str"), "old": pd.Series(words[::-1], dtype=object)},
        "datetimes": {
            "zone": pd.Series(np.datetime64("2021-01-01") + ticks).dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
            "day": days.as_unit("s"), "fine": (np.datetime64("1700-01-01", "ns") + rng.integers(0, 2**62, N)),
            "span": pd.Series(rng.integers(0, 10**9, N).astype("m8[ms]")),
        },
        "dates as strings": {"day": days.strftime("%Y-%m-%d"), "german": days.strftime("%d.%m.%Y"), "x": x},
        "mixed objects": {"what": pd.Series([1, "a", None, 2.5] * (N // 4), dtype=object), "x": x},
    }  # fmt: skip


def _holes(rng: np.random.Generator) -> dict[str, Any]:
    x, words = rng.normal(size=N), rng.choice(["ja", "nein"], N)
    hole, other = np.arange(N) % 3 == 0, np.arange(N) % 7 == 0

    def torn(values: Any, dtype: Any, blank: Any = None) -> pd.Series:
        column: pd.Series = pd.Series(
            [blank if gap else value for value, gap in zip(values, hole, strict=True)], dtype=dtype
        )
        return column

    return {
        "missing numbers": {"a": np.where(hole, np.nan, x), "b": np.where(other, np.nan, x * 10).round(1), "x": x},
        "missing words": {
            "new": torn(words, "str"), "old": torn(words, object), "nan": torn(words, object, np.nan),
            "cat": torn(words, "category"),
        },
        "nullable": {
            "Int64": torn(rng.integers(0, 99, N).tolist(), "Int64", pd.NA),
            "UInt8": torn(rng.integers(0, 99, N).tolist(), "UInt8", pd.NA), "Float64": torn(x, "Float64", pd.NA),
            "boolean": torn(x > 0, "boolean", pd.NA), "string": torn(words, "string", pd.NA),
            "full": pd.Series(rng.integers(0, 99, N), dtype="Int64"), "big": torn([2**60 + 7] * N, "Int64", pd.NA),
        },
        "missing times": {
            "zone": torn(pd.date_range("2024-01-01", periods=N, freq="h", tz="Asia/Tokyo"), None, pd.NaT),
            "day": torn(pd.date_range("2024-01-01", periods=N).strftime("%Y-%m-%d"), object), "x": x,
        },
        "missing in one class": {
            "x": x, "word": words, "number": np.where(two_classes() == "rare", np.nan, x**2),
            "kind": pd.Series(words, dtype=object).mask(two_classes() == "rare", None),
        },
        "all missing": {
            "nan": np.full(N, np.nan), "none": pd.Series([None] * N, dtype=object),
            "int": pd.Series([pd.NA] * N, dtype="Int64"), "when": pd.Series([pd.NaT] * N, dtype="M8[ns]"), "x": x,
        },
        "arrow": {
            "i": torn(rng.integers(0, 99, N).tolist(), "int32[pyarrow]"), "f": torn(x, "double[pyarrow]"),
            "s": torn(words, "string[pyarrow]"), "b": torn((x > 0).tolist(), "bool[pyarrow]"),
            "t": pd.Series(pd.date_range("2024", periods=N, freq="7min"), dtype="timestamp[us, tz=UTC][pyarrow]"),
        },
    }  # fmt: skip


def _rows() -> Iterator[Case]:
    """Yield tables with few rows, few rows of a class, or rows that repeat."""
    yield Case("one row", mixed_frame(1), np.array(["only"]))
    yield Case("one class", mixed_frame(), np.full(N, "only"))
    yield Case("no labels", mixed_frame(), None)
    for count, word in [(1, "one row"), (2, "two rows"), (5, "five rows")]:
        yield Case(f"{word} of a class", mixed_frame(), two_classes(rare=count))
        yield Case(f"{word} of a class, categories", mixed_frame()[["size", "town"]], two_classes(rare=count))
    double = mixed_frame(N // 4)
    yield Case("duplicate rows", pd.concat([double] * 4, ignore_index=True), np.tile(two_classes(N // 4, 4), 4))
    yield Case("many classes", mixed_frame(60), np.arange(60) % 12)


def _names() -> Iterator[Case]:
    """Yield tables with unusual indexes, column names and labels."""
    frame, y = mixed_frame(), two_classes()
    labels = pd.Series(y, name="target", index=[f"row {row}" for row in range(N)])
    yield Case("named index", frame.set_index(labels.index), labels)
    yield Case("unicode names", frame.set_axis(["größe", "年齢", "size (cm)", ""], axis=1), y)
    yield Case("integer names", frame.set_axis([3, 1, 0, 2], axis=1), y)
    yield Case("mixed names", frame.set_axis([1, "b", 2.5, ("a", "tuple")], axis=1), y)
    yield Case("titled columns", frame.rename_axis(columns="what"), y)
    tuples = np.empty(N, dtype=object)
    tuples[:] = [(name, len(name) > 4) for name in y.tolist()]
    kinds: dict[str, Any] = {
        "int": (y == "rare").astype(int), "narrow int": (y == "rare").astype("int8") - 1, "bool": y == "rare",
        "float": (y == "rare").astype(float), "category": pd.Series(pd.Categorical(y, ["x", "rare", "common"])),
        "tuple": tuples, "list": y.tolist(), "nullable": pd.Series(y == "rare", dtype="boolean", name="y"),
        "column": pd.DataFrame({"target": y}), "object": y.astype(object),
    }  # fmt: skip
    for name, labelled in kinds.items():
        yield Case(f"{name} labels", frame[["weight"]], labelled)
