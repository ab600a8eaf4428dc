"""`--safe-csv`: what a spreadsheet would run gets an apostrophe, real rows too, and nothing else changes."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gensynth.errors import ConfigError
from gensynth.store import read_table, write_frame
from gensynth.store.formulas import STARTS, Guard, runs

ATTACK = "=cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", [ATTACK, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "  =1", "-", "+49 30 1", "＝1"])
def test_what_runs(text):
    assert runs(text)


@pytest.mark.parametrize(
    "text", ["", " ", "a=1", "'=1", "-1.5", "+3", "-1,234.50", "-1e-5", "-5%", "-inf", "-NaN", "-1.#IND", "1-2", "#N/A"]
)
def test_what_does_not(text):
    assert not runs(text)


def written(content, tmp_path, **options):
    (tmp_path / "in.csv").write_bytes(content)
    guard = Guard()
    read_table(tmp_path / "in.csv").write(tmp_path / "out.csv", guard=guard, overwrite=True, **options)
    return (tmp_path / "out.csv").read_bytes(), guard.changed


@pytest.mark.parametrize(
    ("content", "expected", "changed"),
    [
        (b"a,b\n=1,x\n-1,y\n", b"a,b\n'=1,x\n-1,y\n", 1),
        (b'a,b\n"=1,""2""",@x\nz,"  +y"\n', b'a,b\n"\'=1,""2""",\'@x\nz,"  \'+y"\n', 3),
        (b"a, b\r\n1, =x\r\n2, -3", b"a, b\r\n1, '=x\r\n2, -3", 1),
        (b"=a,b\n1,2\n", b"'=a,b\n1,2\n", 1),
        ("a,b\né,=é\n".encode("utf-16"), "a,b\né,'=é\n".encode("utf-16"), 1),
        (b"a\n=1\n\n-\n", b"a\n'=1\n\n'-\n", 2),
        (b"a,b\n007,1.50\nNA,-2.00\n", b"a,b\n007,1.50\nNA,-2.00\n", 0),
        (b'a,b\n"\n=1",2\n\n=3,4\n', b"a,b\n\"'\n=1\",2\n'=3,4\n", 2),
    ],
)
def test_real_rows_change_where_they_must(tmp_path, content, expected, changed):
    assert written(content, tmp_path) == (expected, changed)


def test_synthetic_rows_and_other_delimiters(tmp_path):
    made = pd.DataFrame({"a": ["=1;2", "fine"], "b": [-1.5, 2.0]})
    text, changed = written(b"a,b\n@x,-1.5\ny,2.5\n", tmp_path, synthetic=made, mark="made")
    assert (text, changed) == (b"a,b,made\n'@x,-1.5,0\ny,2.5,0\n'=1;2,-1.5,1\nfine,2.0,1\n", 2)
    guard = Guard()
    read_table(tmp_path / "in.csv").write(tmp_path / "out.tsv", synthetic=made, guard=guard)
    assert ((tmp_path / "out.tsv").read_bytes(), guard.changed) == (
        b"a\tb\n'@x\t-1.5\ny\t2.5\n'=1;2\t-1.5\nfine\t2.0\n",
        2,
    )


def test_parquet_runs_nothing(tmp_path):
    frame = pd.DataFrame({"=a": ["@x", "-1"], "b": [-1, 2]})
    write_frame(frame, tmp_path / "in.parquet")
    table, guard = read_table(tmp_path / "in.parquet"), Guard()
    with pytest.raises(ConfigError, match="safe_csv is for tables of text"):
        table.write(tmp_path / "out.parquet", guard=guard)
    with pytest.raises(ConfigError, match="safe_csv is for tables of text"):
        write_frame(frame, tmp_path / "out.parquet", guard=guard)
    table.write(tmp_path / "out.csv", guard=guard)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "'=a,b\n'@x,-1\n-1,2\n"
    assert guard.changed == 2


FIELD = st.text(st.sampled_from([*'=+-@ a1,;"\n\t\r']), max_size=5)


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=5), st.booleans())
def test_no_field_runs_and_the_others_are_as_they_were(tmp_path_factory, rows, quoted):
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerows([("first", "second"), *rows])
    content, _ = written(text.getvalue().encode(), tmp_path_factory.mktemp("t"))
    found = [*csv.reader(io.StringIO(content.decode(), newline=""))][1:]
    wanted = [tuple(Guard()(field) for field in row) for row in rows]
    assert [tuple(row) for row in found] == wanted
    assert not any(runs(field) for row in found for field in row)


def test_every_start_is_seen():
    assert all(Guard()(f" {start}x") == f" '{start}x" for start in STARTS)


@pytest.fixture
def orders(tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"{rng.normal():.2f},{ATTACK if i % 3 else 'plain'},{'-x' if i < 8 else 'y'}" for i in range(40)]
    (tmp_path / "orders.csv").write_text("\n".join(["amount,note,kind", *rows, ""]), encoding="utf-8")
    return tmp_path


def test_balance_and_its_recipe(orders, run):
    words = ("balance", "orders.csv", "-t", "kind", "-g", "SMOTENC", "--holdout", "0.25")
    status, _, said = run(*words, "-o", "safe.csv", "--safe-csv")
    assert status == 0
    frames = [pd.read_csv(orders / name, dtype=str) for name in ("safe.csv", "safe.holdout.csv")]
    cells = [cell for frame in frames for column in frame for cell in [column, *frame[column]]]
    assert not any(map(runs, cells))
    changed = sum(cell.startswith("'") for cell in cells)
    assert f"{changed} cells that a spreadsheet would run now begin with an apostrophe" in said
    recipe = json.loads((orders / "safe.csv.recipe.json").read_text(encoding="utf-8"))
    assert recipe["job"]["safe_csv"] is True
    before = (orders / "safe.csv").read_bytes()
    assert run("balance", "--config", "safe.csv.recipe.json", "--overwrite")[0] == 0
    assert (orders / "safe.csv").read_bytes() == before
    assert run(*words, "-o", "plain.csv")[0] == 0
    assert f",{ATTACK},-x" in (orders / "plain.csv").read_text(encoding="utf-8")


def test_where_it_is_refused(orders, run):
    status, _, said = run("balance", "orders.csv", "-t", "kind", "-o", "o.parquet", "--safe-csv")
    assert (status, "o.parquet is Parquet" in said) == (2, True)
    (orders / "job.yaml").write_text("data: orders.csv\ntarget: kind\nout: m\nsafe_csv: true\n", encoding="utf-8")
    assert run("fit", "--config", "job.yaml", "-g", "SMOTENC")[0] == 2
    assert run("balance", "--config", "job.yaml", "--memory", "1MB", "-o", "o.csv")[0] == 2


def test_sample(orders, run):
    assert run("fit", "orders.csv", "-t", "kind", "-g", "RandomOverSampler", "-o", "model")[0] == 0
    status, out, said = run("sample", "model", "-n", "30", "--safe-csv")
    assert status == 0
    frame = pd.read_csv(io.StringIO(out), dtype=str)
    assert not any(map(runs, frame.to_numpy().ravel()))
    assert "cells that a spreadsheet would run" in said
    assert run("sample", "model", "-n", "3", "--safe-csv", "-o", "s.parquet")[0] == 2
