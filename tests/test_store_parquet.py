"""Parquet files: real rows keep their values and types, synthetic ones take the same schema."""

from __future__ import annotations

import datetime
import decimal
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gensynth.errors import ConfigError, DataError
from gensynth.store import read_table, write_frame

UTC = datetime.UTC


def rich():
    """Return a table of many types, every column with a missing value but the first."""
    day = datetime.date(2024, 1, 2)
    when = datetime.datetime(2024, 1, 2, 3, 4, 5, 678000)
    columns = {
        "id": pa.array([1, 2, 3], pa.uint8()),
        "big": pa.array([2**62 + 1, None, 5], pa.int64()),
        "u64": pa.array([2**64 - 1, None, 5], pa.uint64()),
        "f32": pa.array([0.5, None, 1.5], pa.float32()),
        "flag": pa.array([True, None, False]),
        "text": pa.array(["x", None, "y"], pa.large_string()),
        "short": pa.array(["x", None, "y"], pa.string()),
        "class": pa.array(["b", None, "a"]).dictionary_encode(),
        "coded": pa.array(["b", None, "a"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string(), True)),
        "money": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("2.25")], pa.decimal128(9, 2)),
        "day": pa.array([day, None, day], pa.date32()),
        "ms": pa.array([when, None, when], pa.timestamp("ms")),
        "ns": pa.array([when, None, when], pa.timestamp("ns", tz="Europe/Berlin")),
        "blob": pa.array([b"\0\1", None, b""], pa.binary()),
        "list": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
    }
    return pa.table(columns)


def test_real_rows_are_written_unchanged(tmp_path):
    pq.write_table(rich(), tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    table.write(tmp_path / "all.pq")
    table.write(tmp_path / "some.parquet", rows=[2, 0])
    source = pq.read_table(tmp_path / "in.parquet")
    assert pq.read_table(tmp_path / "all.pq").equals(source)
    some = pq.read_table(tmp_path / "some.parquet")
    assert some.schema.equals(source.schema)
    assert some.to_pylist() == source.take([2, 0]).to_pylist()


def test_synthetic_rows_take_the_schema(tmp_path):
    pq.write_table(rich(), tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    table.write(tmp_path / "out.parquet", rows=[1], synthetic=table.frame, mark="made")
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.column("made").to_pylist() == [0, 1, 1, 1]
    assert found.drop_columns(["made"]).schema.equals(rich().schema)
    assert found.drop_columns(["made"]).to_pylist() == rich().take([1, 0, 1, 2]).to_pylist()


def test_frame_keeps_integers_exact(tmp_path):
    pq.write_table(rich(), tmp_path / "in.parquet")
    frame = read_table(tmp_path / "in.parquet").frame
    assert frame["id"].dtype == "uint8"
    assert frame["big"].dtype == "Int64"
    assert frame["u64"].dtype == "UInt64"
    assert frame["flag"].dtype == "boolean"
    assert frame["big"][0] == 2**62 + 1
    assert frame["u64"][0] == 2**64 - 1
    assert isinstance(frame["class"].dtype, pd.CategoricalDtype)
    assert isinstance(frame.index, pd.RangeIndex)


def pandas_frame():
    return pd.DataFrame(
        {
            "i": pd.array([1, 2, 3], "Int64"),
            "s": ["a", None, "c"],
            "c": pd.Categorical(["x", "y", "x"], categories=["y", "x", "z"], ordered=True),
            "t": pd.to_datetime(["2024-01-01", None, "2024-01-03"]).tz_localize("UTC"),
            "f": [0.5, np.nan, 2.0],
        }
    )


def test_pandas_reads_the_types_of_the_source(tmp_path):
    pandas_frame().to_parquet(tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    assert table.frame["i"].dtype == "Int64"
    table.write(tmp_path / "out.parquet", rows=[2, 0], synthetic=table.frame)
    source = pd.read_parquet(tmp_path / "in.parquet")
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert found.dtypes.to_dict() == source.dtypes.to_dict()
    expected = pd.concat([source.iloc[[2, 0]], source], ignore_index=True)
    pd.testing.assert_frame_equal(found, expected)
    assert found.index.equals(pd.RangeIndex(5))


def test_an_index_is_a_column(tmp_path):
    frame = pandas_frame().set_index(np.array([10, 20, 35]))
    frame.to_parquet(tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    assert table.frame["__index_level_0__"].tolist() == [10, 20, 35]
    table.write(tmp_path / "out.parquet", rows=[1], synthetic=table.frame[:1])
    assert pd.read_parquet(tmp_path / "out.parquet").index.tolist() == [20, 10]


def test_mark_beside_names_that_are_numbers(tmp_path):
    pd.DataFrame({0: [1, 2], 1: [3, 4]}).to_parquet(tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    table.write(tmp_path / "out.parquet", mark="made", synthetic=table.frame)
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert found["made"].tolist() == [0, 0, 1, 1]
    table.write(tmp_path / "plain.parquet")
    assert pd.read_parquet(tmp_path / "plain.parquet").columns.tolist() == [0, 1]
    with pytest.raises(ConfigError, match="has a column '1'"):
        table.write(tmp_path / "other.parquet", mark="1")


def test_same_bytes_each_time_and_the_same_compression(tmp_path):
    pq.write_table(rich(), tmp_path / "in.parquet", compression="zstd")
    table = read_table(tmp_path / "in.parquet")
    for name in ("a.parquet", "b.parquet"):
        table.write(tmp_path / name, synthetic=table.frame)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert pq.ParquetFile(tmp_path / "a.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_manner_gives_samples_the_schema(tmp_path):
    pq.write_table(rich(), tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    manner = json.loads(json.dumps(table.manner()))
    write_frame(table.frame[:2], tmp_path / "out.parquet", like=manner)
    assert pq.read_table(tmp_path / "out.parquet").equals(rich().slice(0, 2))
    write_frame(table.frame[["id"]], tmp_path / "part.parquet", like=manner)
    assert pq.read_table(tmp_path / "part.parquet").column_names == ["id"]
    write_frame(table.frame[["id", "short"]], tmp_path / "out.csv", like=manner)
    assert (tmp_path / "out.csv").read_bytes() == b"id,short\n1,x\n2,\n3,y\n"


def test_parquet_to_csv(tmp_path):
    pq.write_table(rich().drop_columns(["blob", "list", "ns"]), tmp_path / "in.parquet")
    table = read_table(tmp_path / "in.parquet")
    table.write(tmp_path / "out.csv", rows=[2, 1], synthetic=table.frame[:1], mark="made")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1] == "3,5,5,1.5,False,y,y,a,a,2.25,2024-01-02,2024-01-02 03:04:05.678000,0"
    assert lines[2] == "2,,,,,,,,,,,,0"
    assert lines[3].startswith("1,4611686018427387905,18446744073709551615,0.5,True,x,x,b,b,1.50,")
    assert lines[3].endswith(",1")


def test_a_folder_name_with_an_equals_sign_is_no_column(tmp_path):
    (tmp_path / "year=2024").mkdir()
    pandas_frame().to_parquet(tmp_path / "year=2024" / "in.parquet")
    assert "year" not in read_table(tmp_path / "year=2024" / "in.parquet").frame


def test_parquet_under_the_name_of_a_csv(tmp_path):
    pq.write_table(rich(), tmp_path / "in.csv")
    assert read_table(tmp_path / "in.csv").frame["id"].tolist() == [1, 2, 3]


def test_errors(tmp_path):
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"text.parquet is not Parquet"):
        read_table(tmp_path / "text.parquet")
    pq.write_table(rich(), tmp_path / "in.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "in.parquet").read_bytes()[:-20])
    with pytest.raises(DataError, match=r"cut.parquet is not a whole Parquet file"):
        read_table(tmp_path / "cut.parquet")
    pq.write_table(rich().slice(0, 0), tmp_path / "none.parquet")
    with pytest.raises(DataError, match="no rows"):
        read_table(tmp_path / "none.parquet")
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), tmp_path / "twice.parquet")
    with pytest.raises(DataError, match="several columns named 'a'"):
        read_table(tmp_path / "twice.parquet")
    table = read_table(tmp_path / "in.parquet")
    with pytest.raises(DataError, match="column 'id': a synthetic value does not fit uint8"):
        table.write(tmp_path / "out.parquet", synthetic=table.frame.assign(id=[1, 2, 999]))
    assert not (tmp_path / "out.parquet").exists()
