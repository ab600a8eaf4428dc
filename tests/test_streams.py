"""Tables that are read a part at a time hold what they hold when they are read at once, wherever the parts end."""

from __future__ import annotations

import gzip
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gensynth.errors import ConfigError, DataError
from gensynth.store.streams import Added, csv, open_stream, parquet
from gensynth.store.tables import read_table

FIELD = st.text(st.sampled_from('ab 1.,"\n\r;éß'), max_size=6)


def text_of(rows: list[list[str]], newline: str, ended: bool) -> str:
    quoted = [",".join('"' + field.replace('"', '""') + '"' if set(field) & set(',"\n\r; ') else field for field in row)
              for row in rows]  # fmt: skip
    return newline.join(["first,second,label", *quoted]) + (newline if ended else "")


def read_whole(stream, target="label"):
    pieces = [piece for part in stream.parts() for piece in stream.pieces(part, target)]
    rows = pa.concat_tables([piece.rows for piece in pieces])
    labels = [label for piece in pieces for label in pd.Series(piece.labels).tolist()]
    return stream.table(rows), labels


def copied(stream, made=(), rows=0, like=None, **more) -> bytes:
    out = io.BytesIO()
    stream.copy(out, Added(iter(made), rows, like, **more), lambda length: None)
    return out.getvalue()


@given(st.lists(st.tuples(FIELD, FIELD), min_size=3, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans(),
       st.integers(1, 40))  # fmt: skip
def test_records_are_the_same_wherever_a_file_is_cut(tmp_path_factory, rows, newline, ended, size):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    content = text_of([[a, b, "xy"[at % 2]] for at, (a, b) in enumerate(rows)], newline, ended).encode()
    path.write_bytes(content)
    try:
        whole = read_table(path)
    except DataError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv, "READ", size)
        stream = open_stream(path)
        table, labels = read_whole(stream)
        assert copied(stream, like=table) == content
    pd.testing.assert_frame_equal(table.frame, whole.frame)
    assert labels == whole.texts("label")


@pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning")  # what is not UTF-8 is said
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_and_gzip(tmp_path, monkeypatch, encoding, packed):
    text = "a,b,label\n" + "".join(
        f"{row},{'é' if row > 150 else 'e'}{row % 7},{'x' if row % 9 else 'y'}\n" for row in range(300)
    )
    content = text.encode(encoding)
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    monkeypatch.setattr(csv, "READ", 97)
    stream = open_stream(path)
    table, labels = read_whole(stream)
    pd.testing.assert_frame_equal(table.frame, read_table(path).frame)
    assert labels.count("y") == 34
    made = table.frame.iloc[[200, 3]].reset_index(drop=True)
    assert copied(stream, [made], 2, table).decode(encoding) == text + "200,é4,x\n3,e3,x\n"


@pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning")
def test_bytes_of_no_encoding_that_come_late_are_latin(tmp_path, monkeypatch):
    monkeypatch.setattr("gensynth.store.streams.text.HEAD", 200)
    monkeypatch.setattr(csv, "READ", 128)
    content = b"a,b,label\n" + b"".join(
        b"%d,%s,x\n" % (row, b"caf\xe9" if row > 250 else b"cafe") for row in range(300)
    )
    (tmp_path / "t.csv").write_bytes(content)
    stream = open_stream(tmp_path / "t.csv")
    table, _ = read_whole(stream)
    assert table.frame["b"].iloc[-1] == "café"
    made = table.frame.iloc[[299]].reset_index(drop=True)
    assert copied(stream, [made], 1, table) == content + b"299,caf\xe9,x\n"
    (tmp_path / "mixed.csv").write_bytes(content.replace(b"cafe", b"caf\xc3\xa9"))
    with pytest.raises(DataError, match="one encoding"):
        read_whole(open_stream(tmp_path / "mixed.csv"))


@pytest.mark.parametrize(("line", "why"), [
    ("1,2", "line 203 has 2 fields"), ("1,2,", "no label"), ('1,"2,x', "line 203 opens a double quote"),
    ("1,\x002,x", "zero byte"),
])  # fmt: skip
def test_bad_lines_are_named(tmp_path, monkeypatch, line, why):
    monkeypatch.setattr("gensynth.store.streams.text.HEAD", 300)
    monkeypatch.setattr(csv, "READ", 128)
    lines = ["a,b,label", *["1,2,x"] * 100, "", *["1,2,y"] * 100, line, "1,2,x"]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=why):
        read_whole(open_stream(tmp_path / "t.csv"))


def test_a_record_without_end_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("gensynth.store.streams.text.HEAD", 300)
    monkeypatch.setattr(csv, "READ", 1000)
    monkeypatch.setattr(csv, "LONGEST", 5000)
    (tmp_path / "t.csv").write_text("a,b,label\n" + "1,2,x\n" * 100 + "1," + "2" * 20_000 + ",x\n")
    with pytest.raises(DataError, match="line 102 is longer"):
        read_whole(open_stream(tmp_path / "t.csv"))


def rich(n: int) -> pd.DataFrame:
    return pd.DataFrame({
        "whole": pd.array([None if row % 7 == 0 else row for row in range(n)], dtype="Int32"),
        "when": pd.date_range("2024-01-01", periods=n, freq="h", tz="Europe/Vienna"),
        "kind": pd.Categorical(["b", "a", None, "c"] * (n // 4), categories=[*"cabz"]),
        "yes": [row % 3 == 0 for row in range(n)],
        "label": ["x" if row % 10 else "y" for row in range(n)],
    })  # fmt: skip


@pytest.mark.parametrize("group", [40, 1000])
@pytest.mark.parametrize("seed", [None, 3])
def test_parquet_keeps_values_and_types(tmp_path, monkeypatch, group, seed):
    frame = rich(400)
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=group)
    monkeypatch.setattr(parquet, "MOST", 64)
    stream = open_stream(tmp_path / "t.parquet")
    table, labels = read_whole(stream)
    assert labels == frame["label"].tolist()
    pd.testing.assert_frame_equal(table.frame, read_table(tmp_path / "t.parquet").frame)
    made = [table.frame.iloc[:7].reset_index(drop=True), table.frame.iloc[[390]].reset_index(drop=True)]
    out = pd.read_parquet(io.BytesIO(copied(stream, made, 8, table, mark="made", seed=seed)))
    real = out[out["made"] == 0].drop(columns="made").reset_index(drop=True)
    pd.testing.assert_frame_equal(real, frame)
    behind = out.loc[out["made"] == 1, "when"].reset_index(drop=True)
    assert sorted(behind) == sorted(frame["when"].iloc[[*range(7), 390]])
    assert (out["made"].iloc[:400].sum() == 0) == (seed is None)


@pytest.mark.parametrize("ended", [True, False])
def test_made_records_stand_anywhere_among_real_ones(tmp_path, monkeypatch, ended):
    monkeypatch.setattr(csv, "READ", 300)
    text = (
        "a,b,label\r\n" + "\r\n".join(f'{row:03d},"{row}, ""q""",x' for row in range(200)) + ("\r\n" if ended else "")
    )
    (tmp_path / "t.csv").write_bytes(text.encode())
    stream = open_stream(tmp_path / "t.csv")
    table, _ = read_whole(stream)
    made = [table.frame.iloc[[0] * 30].assign(a="made").reset_index(drop=True)] * 2
    lines = copied(stream, made, 60, table, seed=1).decode().split("\r\n")
    assert sum(line.startswith("made") for line in lines) == 60
    assert [line for line in lines if line and not line.startswith("made")] == [
        line for line in text.split("\r\n") if line
    ]
    assert 5 < sum(line.startswith("made") for line in lines[:101]) < 55


def test_folders_by_column(tmp_path):
    frame = rich(200).assign(year=[2023, 2024] * 100)
    frame.to_parquet(tmp_path / "data", partition_cols=["year"])
    stream = open_stream(tmp_path / "data")
    table, labels = read_whole(stream)
    assert stream.partitioned == ["year"]
    assert sorted(labels) == sorted(frame["label"])
    assert table.frame["year"].value_counts().to_dict() == {2023: 100, 2024: 100}
    stream.write_part(
        tmp_path / "data", "synthetic-00000", table.frame.iloc[95:105].reset_index(drop=True), table, None
    )
    assert len(pd.read_parquet(tmp_path / "data")) == 210
    assert len([*(tmp_path / "data").rglob("synthetic-*")]) == 2


def test_what_is_no_table_is_one_sentence(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing of that kind")
    (tmp_path / "empty").mkdir()
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "none.parquet")
    for name, error, why in [
        ("broken.parquet", DataError, "not a whole"),
        ("empty", DataError, "no .parquet or .csv"),
        ("none.parquet", DataError, "no rows"),
        ("gone.csv", ConfigError, "there is no file"),
    ]:
        with pytest.raises(error, match=why):
            open_stream(tmp_path / name)
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "a.csv").write_text("a,b,label\n1,2,x\n1,2,y\n")
    (folder / "b.csv").write_text("a,c,label\n1,2,x\n1,2,y\n")
    with pytest.raises(DataError, match="another header"):
        read_whole(open_stream(folder))
    rich(40).to_parquet(folder / "c.parquet")
    with pytest.raises(DataError, match="move one kind"):
        open_stream(folder)
    (folder / "a.csv").unlink(), (folder / "b.csv").unlink()
    rich(40).drop(columns="yes").to_parquet(folder / "d.parquet")
    with pytest.raises(DataError, match="yes"):
        read_whole(open_stream(folder))
