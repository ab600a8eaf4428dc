"""Schemas: whatever stands in a column comes back exactly, and what cannot be used is said."""

from __future__ import annotations

import re
from pathlib import Path

import hypothesis.extra.numpy as nps
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gensynth.data.encode import TableEncoder
from gensynth.data.schema import Schema
from gensynth.errors import ConfigError, DataError

TABLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
needs_tables = pytest.mark.skipif(not TABLES.is_dir(), reason="the shared tables are not here")
RNG = np.random.default_rng(0)
INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
CENTURIES = {unit: 292 * 365 * 86400 * ticks - 1 for unit, ticks in UNITS.items()}  # either side of 1970


def back(frame, kinds=None):
    """Return a table after encoding and decoding."""
    encoder = TableEncoder(kinds)
    return encoder.decode(encoder.fit(frame), RNG)


def column(values, dtype=None):
    return pd.DataFrame({"x": pd.Series(values, dtype=dtype)})


def assert_same(frame):
    pd.testing.assert_frame_equal(back(frame), frame, check_exact=True)


def lists(values, least=1):
    return st.lists(values, min_size=least, max_size=30)


# Round trips -----------------------------------------------------------------------------------------------------


@given(st.data(), st.sampled_from(INTEGERS))
def test_integers_of_any_width(data, dtype):
    ends = np.iinfo(dtype)
    assert_same(column(np.array(data.draw(lists(st.integers(int(ends.min), int(ends.max)))), dtype)))


@given(lists(st.integers(0, 1000)), st.sampled_from([2**53 - 1, 2**60 + 1, -(2**62) - 3, 2**63 - 2000]))
def test_integers_above_what_a_float_holds(steps, origin):
    assert_same(column(np.array([origin + step for step in steps])))


@given(lists(st.integers(0, 10**6)))
def test_unsigned_integers_above_what_int64_holds(steps):
    assert_same(column(np.array([2**63 + step for step in steps], dtype="uint64")))


def test_the_widest_integers_come_back_exactly():
    """As far as float64 tells them apart, counted from the median: 2**11 at the ends of this width."""
    values = np.array([-(2**63), -4096, 0, 7000, 2**53 + 1, 2**62 + 1, 2**63 - 1])
    assert_same(column(values))
    assert_same(column(np.array([0, 1, 2**53 + 2, 2**64 - 1], dtype="uint64")))
    assert_same(column(np.array([0, 5, 2**62 + 1])))
    assert_same(column(np.array([-(2**63), 1, 2, 3, 4])))  # the sentinel of another program among small numbers


@given(lists(st.one_of(st.none(), st.integers(-(2**62), 2**62))), st.sampled_from(["Int64", "int64[pyarrow]"]))
def test_nullable_integers(values, dtype):
    assert_same(column(values, dtype))


@given(st.data(), st.sampled_from([16, 32, 64]))
def test_floats_of_any_width(data, width):
    values = data.draw(lists(st.floats(width=width, allow_infinity=False)))
    assert_same(column(np.array(values, dtype=f"float{width}")))


@given(lists(st.integers(-(10**6), 10**6)), st.integers(1, 4), st.sampled_from(["float64", "float32"]))
def test_decimals(values, decimals, dtype):
    assume(dtype == "float64" or max(map(abs, values)) < 10**4)
    frame = column((np.array(values) / 10**decimals).astype(dtype))
    assert_same(frame)
    learned = Schema.infer(frame).columns[0]
    assert learned.step is not None or learned.decimals <= decimals


def test_float32_has_the_decimals_it_was_written_with():
    frame = column(np.array([0.1, 0.25, 7.3], dtype="float32"))
    assert Schema.infer(frame).columns[0].decimals == 2
    made = Schema.infer(frame).columns[0].decode(np.array([0.333333, 5.55555]))
    assert made.tolist() == [float(np.float32(0.33)), float(np.float32(5.56))]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_continuous_floats_have_no_decimals(dtype):
    values = np.random.default_rng(1).normal(size=500).astype(dtype)
    assert Schema.infer(column(values)).columns[0].decimals is None


@given(lists(st.one_of(st.none(), st.text(max_size=8))), st.sampled_from([object, "str", "string", "category"]))
def test_texts(values, dtype):
    assert_same(column(values, dtype))


@given(
    lists(st.sampled_from(["b", "c", None]), least=2), st.permutations(["a", "b", "c", "d"]), st.booleans(),
)  # fmt: skip
def test_categories_keep_their_levels_and_order(values, levels, ordered):
    frame = column(pd.Categorical(values, levels, ordered=ordered))
    assert_same(frame)
    made = back(frame)["x"].cat
    assert made.categories.tolist() == levels
    assert made.ordered == ordered


@pytest.mark.parametrize("levels", [[1, 2, 3], [0.5, 1.5], pd.to_datetime(["2020-01-01", "2021-01-01"]), [True, False]])
def test_categories_of_other_things_than_texts(levels):
    assert_same(column(pd.Categorical([levels[1], levels[0], None, levels[1]], categories=levels)))


@given(
    st.data(), st.sampled_from([*UNITS]), st.sampled_from([None, "UTC", "Europe/Berlin", "America/St_Johns"]),
    st.booleans(),
)  # fmt: skip
def test_datetimes_of_any_unit_and_zone(data, unit, zone, holes):
    most = CENTURIES[unit] - 86400 * UNITS[unit]
    ticks = data.draw(lists(st.integers(-most, most), least=2))
    times = pd.Series(np.array(ticks, dtype=f"M8[{unit}]"))
    if zone is not None:
        times = times.dt.tz_localize("UTC").dt.tz_convert(zone)
    if holes:
        times = times.mask(np.arange(len(times)) % 3 == 1)
    assert_same(column(times))


@given(lists(st.integers(-(2**40), 2**40)), st.sampled_from([*UNITS]))
def test_durations(ticks, unit):
    assert_same(column(np.array(ticks, dtype=f"m8[{unit}]")))


@given(lists(st.dates(), least=2), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S"]))
@example(values=[pd.Timestamp("2020-03-04"), pd.Timestamp("2020-03-31")], text="%d.%m.%Y")
def test_dates_that_are_texts(values, text):
    assert_same(column([f"{value:{text}}".rjust(10, "0") for value in values], object))


def test_the_day_may_come_first():
    frame = column(["03.04.2020", "31.12.2020"], object)
    assert Schema.infer(frame).columns[0].text == "%d.%m.%Y"


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([True, False, True]),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([None, None], dtype=object),
        pd.Series([np.nan, np.nan]),
        pd.Series([pd.NaT, pd.NaT], dtype="M8[us]"),
        pd.Series([1, 2.5, None], dtype=object),
        pd.Series([1, "a", None], dtype=object),
        pd.Series([("a", 1), ("b", 2)], dtype=object),
        pd.Series([None, 1, 2], dtype=object),
        pd.Series(["a", np.nan], dtype=object),
        pd.Series([1.5, pd.NA], dtype="Float64"),
        pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
        pd.Series([2**70, -1], dtype=object),
    ],
    ids=str,
)
def test_what_else_may_stand_in_a_column(values):
    assert_same(pd.DataFrame({"x": values}))


@given(nps.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 5)), elements={"allow_infinity": False}))
def test_arrays(array):
    made = back(array)
    assert made.dtype == array.dtype
    assert np.array_equal(made, array, equal_nan=True)


@given(lists(st.tuples(st.integers(-9, 9), st.sampled_from(["a", None]), st.dates(), st.floats(0, 1)), least=2))
def test_polars_frames(rows):
    frame = pl.DataFrame(rows, schema={"i": pl.Int16, "s": pl.String, "d": pl.Date, "f": pl.Float32}, orient="row")
    made = back(frame)
    assert made.schema == frame.schema
    assert made.equals(frame)


@needs_tables
@pytest.mark.parametrize("path", sorted(TABLES.glob("*.parquet")), ids=lambda path: path.stem)
def test_real_tables_come_back_exactly(path):
    frame = pd.read_parquet(path)
    named = [name for name, kind in Schema.infer(frame).kinds.items() if kind == "identifier"]
    assert named == (["customerID"] if path.stem == "telco_churn" else [])
    pd.testing.assert_frame_equal(back(frame).drop(columns=named), frame.drop(columns=named), check_exact=True)


# Made-up numbers become possible values --------------------------------------------------------------------------


@given(lists(st.floats(-1e6, 1e6)), lists(st.integers(-50, 50)), st.integers(1, 9), st.integers(-100, 100))
def test_integers_are_made_on_their_grid(numbers, multiples, step, low):
    values = np.array([low + step * multiple for multiple in multiples])
    learned = Schema.infer(column(values)).columns[0]
    made = learned.decode(np.array(numbers)).to_numpy()
    common = int(np.gcd.reduce(values - values.min()))
    assert made.dtype == values.dtype
    assert ((made >= values.min()) & (made <= values.max())).all()
    assert not common or ((made - values.min()) % common == 0).all()


@given(lists(st.floats(-1e3, 1e3)), st.integers(1, 5))
def test_floats_are_made_with_their_decimals(numbers, decimals):
    values = np.round(np.array([-10.1, 0.12345, 10.2, 3.14159]), decimals)
    made = Schema.infer(column(values)).columns[0].decode(np.array(numbers)).to_numpy()
    assert (np.round(made, decimals) == made).all()
    assert ((made >= values.min()) & (made <= values.max())).all()


def test_narrow_integers_whose_range_is_wider_than_their_type():
    assert Schema.infer(column(np.array([-100, 100, 0], dtype="int8"))).columns[0].step == 100


# Identifiers -----------------------------------------------------------------------------------------------------


def kind(values, n=300):
    return Schema.infer(pd.DataFrame({"x": values[:n]})).columns[0].kind


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(range(1000, 1300)),
        pd.Series(range(300)).sample(frac=1, random_state=0).reset_index(drop=True),
        pd.Series([f"user-{row:04d}" for row in range(300)]),
        pd.Series([f"user{row}" for row in range(300)]),
        pd.Series([f"{row:04d}-ABCDE" for row in range(300)]),
        pd.Series([f"{row * 7919 % 2**32:08x}-{row:04x}" for row in range(300)]),
    ],
    ids=lambda values: str(values[1]),
)
def test_columns_that_name_their_rows(values):
    assert kind(values) == "identifier"
    assert kind(values[:49], 49) != "identifier"


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([*range(299), 299 + 1]),  # a gap
        pd.Series([*range(299), 7]),  # a value twice
        pd.Series(np.arange(300) * 5),
        pd.Series(np.random.default_rng(0).normal(size=300)),
        pd.Series([f"a text of {row} words" for row in range(300)]),
        pd.Series(pd.date_range("2020", periods=300).strftime("%Y-%m-%d")),
    ],
    ids=lambda values: str(values[1]),
)
def test_columns_that_do_not(values):
    assert kind(values) != "identifier"


@needs_tables
@pytest.mark.parametrize("start", [0, 1000, 40000])
def test_unique_weights_of_adult_are_no_identifier(start):
    frame = pd.read_parquet(TABLES / "adult.parquet").iloc[start : start + 300]
    assert Schema.infer(frame.reset_index(drop=True)).kinds["fnlwgt"] == "number"


@pytest.mark.parametrize("n", [0, 1, 500])
def test_identifiers_are_fresh_unique_and_of_the_pattern(n):
    real = pd.Series([f"{row:04d}-{'ABCDE'[row % 5]}{'XYZ'[row % 3]}" for row in range(300)])
    made = Schema.infer(pd.DataFrame({"x": real})).columns[0].fresh(n, np.random.default_rng(1)).tolist()
    assert len({*made}) == n
    assert not {*made} & {*real}
    assert all(re.fullmatch(r"\d{4}-[A-Z]{2}", text) for text in made)


# Overrides -------------------------------------------------------------------------------------------------------

FRAME = pd.DataFrame({"zip": [10115, 80331, 20095], "day": ["2020-01-02", "2020-01-03", "x"], "x": [0.5, 1.5, 2.5]})


@pytest.mark.parametrize(
    ("name", "asked"), [("zip", "category"), ("zip", "identifier"), ("day", "identifier"), ("x", "category")]
)
def test_a_kind_may_be_said(name, asked):
    assert Schema.infer(FRAME, {name: asked}).kinds[name] == asked
    kept = [other for other in FRAME if asked != "identifier" or other != name]
    pd.testing.assert_frame_equal(back(FRAME, {name: asked})[kept], FRAME[kept])


def test_a_whole_schema_may_be_given():
    schema = Schema.infer(FRAME, {"zip": "category"})
    assert Schema.infer(FRAME[["x", "zip"]], schema).kinds == {"x": "number", "zip": "category"}


def test_short_columns_may_be_declared_identifiers():
    made = back(pd.DataFrame({"id": ["a-17", "a-03"], "x": [1.5, 2.5]}), {"id": "identifier"})
    assert not {*made["id"]} & {"a-17", "a-03"}


@pytest.mark.parametrize(
    ("kinds", "error", "text"),
    [
        ({"zap": "category"}, ConfigError, "did you mean 'zip'"),
        ({"zip": "categori"}, ConfigError, "did you mean 'category'"),
        ({"zip": "empty"}, ConfigError, "calls column 'zip' a 'empty'"),
        ({"day": "datetime"}, DataError, "column 'day': declared a datetime"),
        ({"day": "number"}, DataError, "column 'day': declared a number"),
        ({"x": "identifier"}, DataError, "column 'x': declared an identifier"),
    ],
)
def test_a_kind_that_cannot_be_is_an_error(kinds, error, text):
    with pytest.raises(error, match=re.escape(text)):
        Schema.infer(FRAME, kinds)


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "'a' stands more than once"),
        (pd.DataFrame({"a": [1.0, np.inf]}), "column 'a': infinite values"),
        (pd.DataFrame({"a": [1.0, -np.inf]}, dtype="float32"), "column 'a': infinite values"),
        (pd.DataFrame({"a": [[1], [2]]}), "column 'a': values that are not plain ones"),
        (pd.DataFrame({"a": [{"b": 1}, {"b": 2}]}), "column 'a': values that are not plain ones"),
        (pd.DataFrame({"a": [1j, 2j]}), "Complex data not supported"),
        (pd.DataFrame({"a": []}), "0 sample(s)"),
        (pd.DataFrame(index=range(3)), "no columns"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
        (pd.DataFrame({"a": pd.arrays.SparseArray([0, 0, 1])}), "a sparse column"),
        (pl.DataFrame({"a": [[1], [2]]}), "turn it into plain columns first"),
        (np.zeros(3), "2 dimensions"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_data_that_cannot_be_used(frame, text):
    with pytest.raises(DataError, match=re.escape(text)):
        TableEncoder().fit(frame)


def test_an_unknown_column_of_another_table_is_an_error():
    encoder = TableEncoder()
    encoder.fit(FRAME)
    with pytest.raises(DataError, match="column 'other' is not in the schema"):
        encoder.encode(FRAME.assign(other=1))


def test_dates_before_the_first_of_training_count_below_zero():
    times = pd.Series(pd.to_datetime(["2024-01-10 00:00", "2024-03-01 12:00"]))
    column = Schema.infer(pd.DataFrame({"when": times})).columns[0]
    early = column.encode(pd.Series(pd.to_datetime(["2024-01-09", "2024-01-11"])).astype(times.dtype))
    first, second = column.encode(times)
    assert early[0] < first < early[1] < second
    assert early[0] + early[1] == 2 * first
