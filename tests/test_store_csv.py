"""CSV files: real rows come out as the text they were, synthetic rows in the same manner, errors say where."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gensynth.errors import ConfigError, DataError, FormatError, GensynthWarning
from gensynth.store import read_table, write_frame

pytestmark = pytest.mark.filterwarnings("ignore:.*is not UTF-8")  # which a test of its own looks at
TEXT = pd.Series(["a"]).dtype if pd.__version__ >= "3" else "object"  # what pandas makes of strings


def read(folder, content, name="in.csv"):
    path = folder / name
    path.write_bytes(content)
    return read_table(path)


def written(table, folder, name="out.csv", **options):
    table.write(folder / name, overwrite=True, **options)
    return (folder / name).read_bytes()


NASTY = {
    "plain": b"a,b\n1,x\n2,y\n",
    "leading zeros": b"a,b\n007,1\n010,2\n",
    "NA and 1.50": b"a,b\nNA,1.50\nx,2.00\n,3.25\n",
    "trailing spaces": b"a,b\nx  ,1 \n y, 2\n",
    "quoted commas and line ends": b'a,b\n"x, y",1\n"l1\nl2",2\n"l1\r\nl2",3\n',
    "doubled quotes": b'a,b\n"say ""hi""",1\n"""",2\n"",3\n',
    "quotes inside a field": b'a,b\n12" disk,1\n5\' 7",2\n',
    "all quoted": b'"a","b"\n"1","x"\n"2","y"\n',
    "CRLF": b"a,b\r\n1,2\r\n3,4\r\n",
    "CR": b"a,b\r1,2\r3,4\r",
    "mixed line ends": b"a,b\r\n1,2\n3,4\r5,6\n",
    "no final newline": b"a,b\n1,2\n3,4",
    "no final newline, CRLF": b"a,b\r\n1,2\r\n3,4",
    "UTF-8": "a,ü\n1,é\n2,日本\n".encode(),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + "a,ü\n1,é\n2,ñ\n".encode(),
    "UTF-16 LE": b"\xff\xfe" + "a,ü\r\n1,é\r\n2,😀\r\n".encode("utf-16-le"),
    "UTF-16 BE": b"\xfe\xff" + "a,ü\n1,é\n".encode("utf-16-be"),
    "Windows-1252": "a,ü\n1,é\n2,€\n".encode("cp1252"),
    "Latin-1": b"a,\xfc\n1,\x81\n2,\xe9\n",
    "semicolons, decimal comma": b"a;b\n1,5;x\n2,25;y\n",
    "bars": b"a|b\n1|x\n2|y\n",
    "one column": b"a\n1\n2\n",
    "one column with a hole": b'a\n1\n\n3\n""\n',
    "one column of prose": b"text\nhello, world\nyes; no\n",
    "unnamed index": b",a\n0,x\n1,y\n",
    "empty last column": b"a,b,\n1,2,\n3,4,\n",
    "spaces after commas": b"age, job\n39, State-gov\n50, ?\n",
    "tabs in a csv": b"a\tb\n1\tx\n",
}


@pytest.mark.parametrize("content", NASTY.values(), ids=NASTY)
def test_all_rows_come_out_as_the_same_bytes(tmp_path, content):
    assert written(read(tmp_path, content), tmp_path) == content


@pytest.mark.parametrize("content", NASTY.values(), ids=NASTY)
def test_manner_is_json_and_writes_a_frame_that_reads_back_the_same(tmp_path, content):
    table = read(tmp_path, content)
    manner = json.loads(json.dumps(table.manner()))
    write_frame(table.frame, tmp_path / "again.csv", like=manner)
    again = read_table(tmp_path / "again.csv")
    pd.testing.assert_frame_equal(again.frame, table.frame)
    header = content.splitlines()[0] if not content.startswith((b"\xff", b"\xfe")) else content[:6]
    assert (tmp_path / "again.csv").read_bytes().startswith(header)


@pytest.mark.parametrize("content", NASTY.values(), ids=NASTY)
def test_synthetic_rows_that_equal_the_real_ones_read_back_equal(tmp_path, content):
    table = read(tmp_path, content)
    written(table, tmp_path, synthetic=table.frame)
    again = read_table(tmp_path / "out.csv").frame
    expected = pd.concat([table.frame, table.frame], ignore_index=True)
    pd.testing.assert_frame_equal(again, expected)


def test_rows_are_picked_in_order_and_the_last_line_gets_its_end(tmp_path):
    table = read(tmp_path, b"a,b\n1,2\n03,4\n5,6")
    assert written(table, tmp_path, rows=[2, 0, 2]) == b"a,b\n5,6\n1,2\n5,6"
    assert written(table, tmp_path, rows=[]) == b"a,b\n"
    assert written(table, tmp_path, rows=[2], synthetic=table.frame[:1]) == b"a,b\n5,6\n1,2\n"
    assert written(table, tmp_path, rows=[2], synthetic=table.frame[:0]) == b"a,b\n5,6"


def test_mark_tells_real_from_synthetic(tmp_path):
    table = read(tmp_path, b'a,b\r\n007,"x, y"\r\n008,z')
    made = written(table, tmp_path, synthetic=table.frame[:1], mark="made up, or not")
    assert made == b'a,b,"made up, or not"\r\n007,"x, y",0\r\n008,z,0\r\n007,"x, y",1\r\n'
    with pytest.raises(ConfigError, match="has a column 'b'"):
        table.write(tmp_path / "other.csv", mark="b")


def test_mark_on_quoted_files_and_on_one_column(tmp_path):
    table = read(tmp_path, b'"a","b"\n"1","x"\n')
    assert written(table, tmp_path, synthetic=table.frame, mark="m") == b'"a","b","m"\n"1","x","0"\n"1","x","1"\n'
    table = read(tmp_path, b"t\nhello, you\nfine\n")
    assert written(table, tmp_path, mark="m", synthetic=table.frame[1:]) == b't,m\n"hello, you",0\nfine,0\nfine,1\n'


@pytest.mark.parametrize(
    ("fields", "dtype"),
    [
        (["1", "-2", "0"], "int64"),
        (["1", "", "9223372036854775807"], "Int64"),
        (["9223372036854775808", "1"], "str"),
        (["007", "1"], "str"),
        (["+1", "1"], "str"),
        (["1,000", "2,000"], "str"),
        (["1.5", "2", ".5", "5.", "-0"], "float64"),
        (["1e5", "2.5E-3"], "float64"),
        (["00.5", "1.5"], "str"),
        (["inf", "1.5", "-inf"], "float64"),
        (["inf", "inf"], "str"),
        (["NA", "null", "nan"], "float64"),
        (["1.5", "n/a"], "float64"),
        (["1", " ", "2"], "Int64"),
        (["None", "x"], "str"),
        (["2024-01-01", "2024-01-02"], "str"),
        (["True", "False"], "str"),
        (["1_000", "2"], "str"),
        (["0x10", "1"], "str"),
        (["١", "٢"], "str"),
    ],
)
def test_types(tmp_path, fields, dtype):
    content = "a,b\n" + "".join(f'"{field}",x\n' for field in fields)
    series = read(tmp_path, content.encode()).frame["a"]
    assert series.dtype == (TEXT if dtype == "str" else dtype)
    if dtype in ("int64", "Int64"):
        assert series.dropna().tolist() == [int(field) for field in fields if field.strip()]


def test_missing_tokens_are_missing_and_the_commonest_is_written(tmp_path):
    table = read(tmp_path, b"a,b,c\n?,NA,1\nx,NA,2\nNone,q,\n,w,4\n,e,5\n")
    assert table.frame.isna().sum().tolist() == [3, 2, 1]
    nothing = table.frame[:1].assign(a=np.nan, b=np.nan, c=pd.array([None], "Int64"))
    assert written(table, tmp_path, rows=[], synthetic=nothing) == b"a,b,c\n,NA,\n"


def test_R_writes_missing_without_quotes(tmp_path):
    table = read(tmp_path, b'"a","b"\n"x",1\nNA,2\n"y",NA\n')
    made = written(table, tmp_path, synthetic=table.frame)
    assert made == b'"a","b"\n"x",1\nNA,2\n"y",NA\n"x",1\nNA,2\n"y",NA\n'


@pytest.mark.parametrize(
    ("fields", "values", "expected"),
    [
        (["1.50", "2.00"], [3, -0.001, 1234.567], ["3.00", "0.00", "1234.57"]),
        (["1.5", "2.25", "3.0"], [3, 0.1234, 1e-7], ["3.0", "0.12", "0.0"]),
        (["1.5", "2"], [3, 0.25, 1e20], ["3", "0.2", "100000000000000000000"]),
        (["1e-5", "2"], [3, 1e-7, 0.5], ["3", "1e-07", "0.5"]),
        (["0.1234567890123456", "1.0"], [0.6543210987654321], ["0.6543210987654321"]),
    ],
)
def test_synthetic_numbers_are_written_as_the_column_is(tmp_path, fields, values, expected):
    table = read(tmp_path, ("a,b\n" + "".join(f"{field},x\n" for field in fields)).encode())
    frame = pd.DataFrame({"a": np.array(values, dtype=float), "b": "x"})
    made = written(table, tmp_path, rows=[], synthetic=frame).decode()
    assert [line.split(",")[0] for line in made.splitlines()[1:]] == expected


def test_decimal_commas(tmp_path):
    table = read(tmp_path, b"a;b\n1,50;x\n2,00;y\n")
    assert table.frame["a"].tolist() == [1.5, 2.0]
    assert written(table, tmp_path, synthetic=table.frame[:1]) == b"a;b\n1,50;x\n2,00;y\n1,50;x\n"
    assert read(tmp_path, b"a;b\n1.234,50;x\n2,00;y\n").frame["a"].dtype == TEXT
    assert read(tmp_path, b"a\tb\n1,234\tx\n2,000\ty\n").frame["a"].dtype == TEXT
    assert read(tmp_path, b"a\tb\n1,2\tx\n2,5\ty\n").frame["a"].tolist() == [1.2, 2.5]


def test_quoting_of_synthetic_text(tmp_path):
    table = read(tmp_path, b"a,b\nx,1\ny,2\n")
    frame = pd.DataFrame({"a": ['say "hi"', "p,q", "l\nm", " s", "t ", "plain"], "b": [1] * 6})
    made = written(table, tmp_path, rows=[], synthetic=frame)
    assert made == b'a,b\n"say ""hi""",1\n"p,q",1\n"l\nm",1\n" s",1\nt ,1\nplain,1\n'


def test_spaces_after_commas_are_manner_and_not_text(tmp_path):
    table = read(tmp_path, b"age, job, pay\n39, State-gov, >50K\n50, ?, <=50K\n")
    assert list(table.frame.columns) == ["age", "job", "pay"]
    assert table.frame["pay"].tolist() == [">50K", "<=50K"]
    assert written(table, tmp_path, rows=[], synthetic=table.frame[:1]).endswith(b"\n39, State-gov, >50K\n")


def test_unnamed_and_duplicate_columns(tmp_path):
    table = read(tmp_path, b",a,\n0,x,1\n1,y,2\n")
    assert list(table.frame.columns) == ["Unnamed: 0", "a", "Unnamed: 2"]
    write_frame(table.frame, tmp_path / "like.csv", like=table.manner())
    assert (tmp_path / "like.csv").read_bytes() == b",a,\n0,x,1\n1,y,2\n"
    with pytest.raises(DataError, match="several columns named 'a', 'b'; rename"):
        read(tmp_path, b"a,b,a,b\n1,2,3,4\n")


def test_blank_lines_are_dropped_unless_there_is_one_column(tmp_path):
    table = read(tmp_path, b"\n\na,b\n\n1,2\n  \n3,4\n\n\n")
    assert table.frame["a"].tolist() == [1, 3]
    assert written(table, tmp_path) == b"a,b\n1,2\n3,4\n"
    one = read(tmp_path, b"\na\n1\n\n3\n")
    assert one.frame["a"].isna().tolist() == [False, True, False]


def test_another_delimiter_keeps_the_text_of_fields(tmp_path):
    table = read(tmp_path, b'a;b;c\n007;"x;y";1,50\nNA;;2,00\n0;"p\tq";3,00\n1;z;4,00\n')
    assert written(table, tmp_path, "out.tsv") == b'a\tb\tc\n007\tx;y\t1,50\nNA\t\t2,00\n0\t"p\tq"\t3,00\n1\tz\t4,00\n'
    tabs = read(tmp_path, b'a\tb\n1.50\tx, y\n2.00\t"q\tr"\n', "in.tsv")
    assert written(tabs, tmp_path, "out.tsv", synthetic=tabs.frame[1:]).endswith(b'\n2.00\t"q\tr"\n2.00\t"q\tr"\n')
    assert written(tabs, tmp_path, "out.csv") == b'a,b\n1.50,"x, y"\n2.00,q\tr\n'
    assert written(tabs, tmp_path, "out.txt") == b'a\tb\n1.50\tx, y\n2.00\t"q\tr"\n'


def test_gzip_in_and_out_with_the_same_bytes_each_time(tmp_path):
    table = read(tmp_path, gzip.compress(b"a,b\n1,x\n2,y\n"), "in.csv.gz")
    first = written(table, tmp_path, "out.csv.gz")
    assert gzip.decompress(first) == b"a,b\n1,x\n2,y\n"
    assert written(table, tmp_path, "other.csv.gz") == first
    assert written(table, tmp_path, "out.tsv.gz") != first
    assert read_table(tmp_path / "out.tsv.gz").frame.equals(table.frame)


class Pipe:
    """Standard input or output with bytes behind it."""

    def __init__(self, content=b""):
        self.buffer = io.BytesIO(content)


def test_standard_input_and_output(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe(gzip.compress(b"a\tb\n1\tx\n")))
    table = read_table("-")
    assert table.path == "standard input"
    monkeypatch.setattr(sys, "stdout", out := Pipe())
    table.write("-", synthetic=table.frame)
    write_frame(table.frame, "-", like=table.manner())
    assert out.buffer.getvalue() == b"a\tb\n1\tx\n1\tx\n" + b"a\tb\n1\tx\n"


def test_csv_to_parquet(tmp_path):
    table = read(tmp_path, b"a,b,c\n007,1,\n008,2,5\n")
    table.write(tmp_path / "out.parquet", rows=[1, 0], synthetic=table.frame[:1], mark="made")
    found = pd.read_parquet(tmp_path / "out.parquet")
    expected = table.frame.iloc[[1, 0, 0]].assign(made=[0, 0, 1]).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected)


def test_write_frame_without_a_manner(tmp_path):
    frame = pd.DataFrame(
        {
            "i": [1, 2],
            "f": [0.1, 1e-7],
            "g": np.array([0.1, 2.0], dtype=np.float32),
            "b": [True, False],
            "c": pd.Categorical(["x,y", None]),
            "d": pd.to_datetime(["2024-01-02", "2024-03-04"]),
            "t": pd.to_datetime(["2024-01-02 03:04:05", None]),
            "n": pd.array([1, None], "Int64"),
        }
    )
    write_frame(frame, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[0] == "i,f,g,b,c,d,t,n"
    assert lines[1] == '1,0.1,0.1,True,"x,y",2024-01-02,2024-01-02 03:04:05,1'
    assert lines[2] == "2,0.0000001,2.0,False,,2024-03-04,,"
    with pytest.raises(ConfigError, match="does not say what format"):
        write_frame(frame, tmp_path / "out.xlsx")
    with pytest.raises(FormatError, match="manner of the table is spoilt"):
        write_frame(frame, tmp_path / "other.csv", like={"format": "csv", "dialect": 3})


def test_write_frame_like_with_other_columns(tmp_path):
    table = read(tmp_path, b"\xef\xbb\xbfa;b\r\n1,50;x\r\n2,00;y\r\n")
    write_frame(table.frame[["b", "a"]].assign(z=1), tmp_path / "out.csv", like=table.manner())
    assert (tmp_path / "out.csv").read_bytes() == b"\xef\xbb\xbfb;a;z\r\nx;1,50;1\r\ny;2,00;1\r\n"


ERRORS = {
    "empty": (b"", "in.csv is empty; a table needs"),
    "blank": (b"\n \n", "in.csv is empty; a table needs"),
    "header only": (b"a,b\n", "has a header and no rows"),
    "header only, no newline": (b"a,b", "has a header and no rows"),
    "ragged": (b"a,b\n1,2\n\n1,2,3\n", r"in.csv, line 4 has 3 fields and the header has 2, divided by ','"),
    "ragged, after line ends in quotes": (b'a,b\n"1\n\n1",2\n3\n', r"line 5 has 1 field and"),
    "ragged twice": (b"a,b\n1,2\n1\n2\n3,4\n1,2\n", r"line 3 .* \(and 1 more records differ\)"),
    "open quote": (b'a,b\n1,2\n3,"x\n4,5\n6,7\n', "line 3 opens a double quote that is never closed"),
    "zero bytes": (b"a,b\n\x00\x01\n", "is not text"),
    "UTF-32": ("a,b\n1,2\n".encode("utf-32"), "is not text"),
    "broken UTF-16": (b"\xff\xfea\x00,\x00b\x00\n", "is marked as utf-16-le and is not"),
    "two delimiters": (b"a,b;c\n1,2;3\n", "a comma and a semicolon divide it equally well"),
    "another in the rows": (b"a,b,c\n1;2;3\n4;5;6\n", "header is divided by a comma and the rows by a semicolon"),
    "Excel": (b"PK\x03\x04rest", "Excel workbook or a zip archive"),
    "truncated gzip": (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "gzip file is truncated or damaged"),
    "Parquet cut off": (b"PAR1 and nothing more", "not a whole Parquet file"),
}


@pytest.mark.parametrize(("content", "message"), ERRORS.values(), ids=ERRORS)
def test_error(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, content)
    assert str(tmp_path / "in.csv") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_errors_about_the_request(tmp_path, monkeypatch):
    table = read(tmp_path, b"a,b\n1,2\n", "payments.csv")
    with pytest.raises(ConfigError, match=r"no file .*paymants.csv'; did you mean 'payments.csv'"):
        read_table(tmp_path / "paymants.csv")
    with pytest.raises(ConfigError, match="no file"):
        read_table(tmp_path / "none" / "x.csv")
    with pytest.raises(ConfigError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(ConfigError, match="rows go from 0 to 0"):
        table.write(tmp_path / "o.csv", rows=[1])
    with pytest.raises(ConfigError, match=r"leave .gz out"):
        table.write(tmp_path / "o.parquet.gz")
    with pytest.raises(ConfigError, match="exists; add --overwrite"):
        table.check_output(tmp_path / "payments.csv")
    with pytest.raises(DataError, match="lack column 'a'"):
        table.write(tmp_path / "o.csv", synthetic=table.frame[["b"]])
    with pytest.raises(DataError, match="have a column 'z'"):
        table.write(tmp_path / "o.csv", synthetic=table.frame.assign(z=1))

    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        read_table(tmp_path / "payments.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["payments.csv"]


def test_text_that_the_encoding_lacks_is_said(tmp_path):
    table = read(tmp_path, "a,b\né,1\n".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be written in cp1252"):
        table.write(tmp_path / "out.csv", synthetic=pd.DataFrame({"a": ["日"], "b": [1]}))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "a,ü\n1,é\n2,€\n".encode("cp1252"),
            r"line 1 is not\) and is taken for Windows-1252, in which.*save it as UTF-8",
        ),
        (b"a,b\r\n1,x\r\n2,\x81\r\n", r"line 3 is not\) and is taken for Latin-1"),
        ("a,b\n1,é\n".encode() + "2,é\n".encode("latin-1"), r"line 3 is not.*other lines look like UTF-8"),
    ],
)
def test_what_is_assumed_of_an_encoding_is_said(tmp_path, content, message):
    with pytest.warns(GensynthWarning, match=message):
        table = read(tmp_path, content)
    assert written(table, tmp_path) == content


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["UTF-8 with a mark", "UTF-16 LE", "UTF-16 BE"])
def test_a_mark_leaves_nothing_to_assume(tmp_path, name):
    assert written(read(tmp_path, NASTY[name]), tmp_path) == NASTY[name]


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=6)
LIKELY = st.sampled_from(["", "NA", "1", "007", "1.50", "a,b", 'say "x"', "l\nm", "l\r\nm", " s", "-1e5", "1;2", "\t"])


@st.composite
def tables(draw):
    width = draw(st.integers(1, 4))
    names = [f"c{i}" for i in range(width)]
    record = st.lists(ANY_TEXT | LIKELY, min_size=width, max_size=width)
    records = draw(st.lists(record, min_size=1, max_size=6))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    if end == "\n":  # Python 3.11 leaves a lone carriage return without quotes there
        records = [[field.replace("\r", "") for field in record] for record in records]
    style = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"])) if width > 1 else ","
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=style).writerows([names, *records])
    return out.getvalue().encode(), delimiter, records


@given(tables())
@example((b'c0,c1\n"""a",x\n', ",", [['"a', "x"]]))
def test_any_table_of_the_csv_module_round_trips(tmp_path_factory, table):
    content, delimiter, records = table
    folder = tmp_path_factory.mktemp("csv")
    found = read(folder, content, "in.tsv" if delimiter == "\t" else "in.csv")
    suffix = "tsv" if delimiter == "\t" else "csv"
    assert len(found) == len(records)
    assert written(found, folder, f"out.{suffix}") == content
    for i, name in enumerate(found.frame.columns):
        series = found.frame[name]
        if series.dtype == "str" and not found.manner()["columns"][name]["pad"]:
            kept = [record[i] for record, gone in zip(records, series.isna(), strict=True) if not gone]
            assert series.dropna().tolist() == kept
    again = written(found, folder, f"twice.{suffix}", synthetic=found.frame)
    doubled = read_table(folder / f"twice.{suffix}").frame
    assert again.startswith(content)
    assert len(doubled) == 2 * len(found)


STRAY = st.text(st.sampled_from('",\nab \r'), min_size=1, max_size=14)


@given(STRAY)
def test_quotes_are_read_as_the_csv_module_reads_them(tmp_path_factory, body):
    text = "n,m\n" + body
    expected = [record for record in csv.reader(io.StringIO(text.replace("\r", "\n"), newline="")) if record]
    expected = [record for record in expected if len(record) > 1 or record[0].strip() or '"' in body]
    folder = tmp_path_factory.mktemp("stray")
    try:
        found = read(folder, text.replace("\r", "\n").encode())
    except DataError as error:
        said = str(error)
        refused = any(len(record) != 2 for record in expected) or len(expected) < 2 or "never closed" in said
        if not refused:
            raise
        return
    fields = found._fields().fillna("").to_numpy().tolist()
    wide = [[field.strip(" ") for field in record] for record in expected[1:] if len(record) == 2]
    assert [[field.strip(" ") for field in record] for record in fields] == wide


def test_many_rows_and_long_fields(tmp_path):
    rows = 60_001  # more than a block of writing, and a record longer than a block of reading
    long = "x" * (9 << 20)
    content = "a,b\n" + "".join(f"{i},{i / 7:.3f}\n" for i in range(rows)) + f'1,0.5\n2,"{long}\n"\n'
    table = read(tmp_path, content.encode())
    assert len(table) == rows + 2
    assert written(table, tmp_path) == content.encode()
    order = np.arange(rows + 2)[::-1]
    assert written(table, tmp_path, rows=order).endswith(b"\n1,0.143\n0,0.000\n")


def test_importing_the_store_brings_no_heavy_library():
    import subprocess

    code = "import sys, gensynth.store; print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
