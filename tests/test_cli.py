"""The command line: real files, bad input, interrupts. One clear sentence, the right status, nothing lost."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from gensynth import default_balancer
from gensynth.cli.settings import pairs, parsed
from gensynth.recipe import dump_yaml, load_yaml

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
TARGETS = {
    "abalone": "Rings", "adult": "income", "bank_marketing": "subscribe", "car_evaluation": "class",
    "creditcard_fraud_reduced": "Class", "default_credit_card": "DEFAULT_PAYMENT", "ecoli": "class",
    "german_credit": "class", "glass": "Type", "hypothyroid": "Class", "mammography": "class",
    "occupancy": "Occupancy", "oil_spill": "oil_spill", "phoneme": "Class", "pima_diabetes": "class",
    "telco_churn": "Churn", "unbalanced_bioassay": "Outcome", "wine_quality_white": "quality", "yeast": "label",
}  # fmt: skip


def files():
    return sorted(path.name for path in Path().iterdir())


def test_balance_keeps_real_lines_and_writes_a_recipe(run, payments):
    status, _, err = run("balance", payments.name, "--target", "fraud", "--mark", "synthetic")
    assert status == 0, err
    assert files() == ["payments.balanced.csv", "payments.balanced.csv.recipe.json", "payments.csv"]
    real, made = payments.read_text().splitlines(), Path("payments.balanced.csv").read_text().splitlines()
    assert made[0] == real[0] + ",synthetic"
    assert made[1:2001] == [line + ",0" for line in real[1:]]
    assert all(line.endswith(",1,1") for line in made[2001:])
    assert len(made) == 1 + 2 * 1960
    assert "1,960" in err
    recipe = json.loads(Path("payments.balanced.csv.recipe.json").read_text())
    assert recipe["job"] == {"data": "payments.csv", "target": "fraud", "mark": "synthetic"}
    assert recipe["result"]["after"] == {"0": 1960, "1": 1960}


NASTY = b'\xef\xbb\xbfcode,"name, full",price,note,label\r\n' + b"".join(
    b'%05d,"Smith, ""J"" %d",%d.50,%s,%s\r\n'
    % (row, row % 3, row, b"NA" if row % 4 == 0 else b"x y ", b"rare" if row % 5 == 0 else b"often")
    for row in range(60)
)


def test_a_nasty_csv_comes_out_textually_unchanged(run):
    Path("nasty.csv").write_bytes(NASTY)
    status, _, err = run("balance", "nasty.csv", "-t", "label", "-o", "out.csv")
    assert status == 0, err
    made = Path("out.csv").read_bytes()
    assert made.startswith(NASTY)
    synthetic = made[len(NASTY) :].decode().splitlines()
    assert len(synthetic) == 36
    assert all(line.endswith(",rare") for line in synthetic)
    codes = [line.split(",")[0] for line in made.decode("utf-8-sig").splitlines()[1:]]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 5 for code in codes)
    assert all('"Smith, ""J"" ' in line and (",NA," in line or ",x y ," in line) for line in synthetic)
    prices = [row[2] for row in csv.reader(synthetic)]
    assert all(re.fullmatch(r"\d+\.\d0", price) for price in prices), prices


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.csv.gz", "out.parquet"])
def test_the_same_recipe_twice_gives_the_same_bytes(run, payments, name):
    assert run("balance", payments.name, "-t", "fraud", "-o", name, "--holdout", "0.25", "--seed", "5")[0] == 0
    first = {path: Path(path).read_bytes() for path in files() if not path.endswith(".json")}
    assert run("balance", "--config", f"{name}.recipe.json", "--overwrite")[0] == 0
    assert {path: Path(path).read_bytes() for path in files() if not path.endswith(".json")} == first
    assert len(first) == 3
    run("balance", "--config", f"{name}.recipe.json", "--overwrite", "--seed", "6")
    assert Path(name).read_bytes() != first[name]


def test_holdout_and_split_leave_rows_to_test_on_untouched(run, payments):
    assert run("balance", payments.name, "-t", "fraud", "-o", "a.csv", "--holdout", "0.2")[0] == 0
    real = payments.read_text().splitlines()
    train, held = Path("a.csv").read_text().splitlines(), Path("a.holdout.csv").read_text().splitlines()
    assert len(held) == 1 + 392 + 8
    assert sorted(train[1:1601] + held[1:]) == sorted(real[1:])
    assert sum(line.endswith(",1") for line in train[1:]) == 1568
    frame = pd.read_csv(payments)
    frame["part"] = np.where(np.arange(2000) % 4, "Train", "test")
    frame.to_csv("parts.csv", index=False)
    assert run("balance", "parts.csv", "-t", "fraud", "-o", "b.parquet", "--split", "part")[0] == 0
    out, rest = pd.read_parquet("b.parquet"), pd.read_parquet("b.holdout.parquet")
    assert set(out["part"]) == {"Train"}
    assert set(rest["part"]) == {"test"}
    assert out["fraud"].value_counts().nunique() == 1


def test_rows_of_a_group_are_held_out_together(run, payments):
    frame = pd.read_csv(payments)
    fraud = frame["fraud"] == 1
    frame["customer"] = np.where(fraud, "f", "o") + (np.arange(2000) % np.where(fraud, 8, 40)).astype(str)
    frame.to_csv("groups.csv", index=False)
    words = ("groups.csv", "-t", "fraud", "-g", "RandomOverSampler", "--holdout", "0.25", "--split-by", "customer")
    assert run("balance", *words, "-o", "a.csv")[0] == 0
    held = pd.read_csv("a.holdout.csv")
    train = pd.read_csv("a.csv").iloc[: 2000 - len(held)]
    assert not set(held["customer"]) & set(train["customer"])
    for label, n in held["fraud"].value_counts().items():
        assert abs(n / (frame["fraud"] == label).sum() - 0.25) < 0.13
    assert run("balance", *words, "-o", "b.csv")[0] == 0
    assert Path("a.holdout.csv").read_bytes() == Path("b.holdout.csv").read_bytes()
    assert run("balance", *words, "--seed", "1", "-o", "c.csv")[0] == 0
    assert Path("a.holdout.csv").read_bytes() != Path("c.holdout.csv").read_bytes()


def test_a_class_of_one_group_stays_and_that_is_said(run):
    frame = pd.DataFrame({"x": np.arange(60.0), "y": ["a"] * 40 + ["b"] * 20, "who": [*range(40), *[99] * 20]})
    frame.to_csv("t.csv", index=False)
    words = ("-t", "y", "-g", "RandomOverSampler", "--holdout", "0.2", "--split-by", "who", "-o", "o.csv")
    status, _, err = run("balance", "t.csv", *words)
    assert status == 0
    assert "nothing of class b is held out" in err
    assert pd.read_csv("o.holdout.csv")["y"].tolist() == ["a"] * 8
    frame.assign(who=1).to_csv("t.csv", index=False)
    status, _, err = run("balance", "t.csv", *words, "--overwrite")
    assert (status, "in such groups" in err) == (1, True)


def test_pipes(shell, payments):
    done = shell("cat payments.csv | gensynth balance - -t fraud -g RandomOverSampler > out.csv")
    assert done.returncode == 0, done.stderr
    text = (payments.parent / "out.csv").read_text()
    assert text.startswith(payments.read_text())
    assert len(text.splitlines()) == 3921
    done = shell("gzip -c payments.csv | gensynth balance - -t fraud | head -2")
    assert done.stdout.splitlines()[0] == "amount,country,hour,fraud"
    assert "Traceback" not in done.stderr


def test_fit_sample_show(run, payments):
    assert run("fit", payments.name, "-t", "fraud", "-o", "model", "-g", "SMOTE", "-p", "k_neighbors=3")[0] == 0
    status, out, err = run("sample", "model", "-n", "20", "--y", "1", "-o", "-")
    assert status == 0, err
    lines = out.splitlines()
    assert lines[0] == "amount,country,hour,fraud"
    assert len(lines) == 21
    assert all(line.endswith(",1") and len(line.split(",")[0].split(".")[1]) == 2 for line in lines[1:])
    assert run("sample", "model", "-n", "20", "--y", "1", "-o", "-")[1] == out
    assert run("sample", "model", "-n", "5", "--y", "2", "-o", "x.csv")[0] == 2
    assert "contains real rows" in run("show", "model")[1].lower()
    assert run("balance", payments.name, "-t", "fraud", "--model", "model", "-o", "b.csv")[0] == 0
    status, out, _ = run("show", payments.name, "-t", "fraud")
    assert status == 0
    for word in ("amount", "2 decimals", "98.00%", "49.0", "SMOTE", "not SMOTEN"):
        assert word in out
    status, out, _ = run("show", "b.csv.recipe.json")
    assert status == 0
    assert '"fraud"' in out


def test_print_config_is_a_config(run, payments):
    words = (
        "-t",
        "fraud",
        "-g",
        "BorderlineSMOTE",
        "-p",
        "k_neighbors=3",
        "--strategy",
        "{1: 500}",
        "--gate",
        "NotACopy",
    )
    status, out, _ = run("balance", payments.name, *words, "--print-config")
    assert status == 0
    assert yaml.safe_load(out)["generator"] == {"name": "BorderlineSMOTE", "params": {"k_neighbors": 3}}
    Path("job.yaml").write_text(out)
    assert run("balance", "-c", "job.yaml", "-o", "a.csv")[0] == 0
    assert run("balance", payments.name, *words, "-o", "b.csv")[0] == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert files() == ["a.csv", "a.csv.recipe.json", "b.csv", "b.csv.recipe.json", "job.yaml", "payments.csv"]


def test_dry_run_writes_nothing(run, payments):
    status, _, err = run("balance", payments.name, "-t", "fraud", "--dry-run")
    assert (status, files()) == (0, ["payments.csv"])
    assert "1,920" in err


def test_schema_and_threads(run):
    rng = np.random.default_rng(0)
    pd.DataFrame({"zip": rng.choice([10115, 80331], 80), "v": rng.normal(size=80), "y": [0] * 60 + [1] * 20}).to_csv(
        "z.csv", index=False
    )
    assert run("balance", "z.csv", "-t", "y", "-o", "out.csv", "--schema", "zip=category", "--threads", "1")[0] == 0
    assert set(pd.read_csv("out.csv")["zip"]) == {10115, 80331}
    status, _, err = run("balance", "z.csv", "-t", "y", "-o", "o.csv", "--schema", "zap=category")
    assert status == 2
    assert "did you mean 'zip'" in err


BAD_FILES = {
    "empty.csv": (b"", 1, "empty"),
    "header.csv": (b"a,b,y\n", 1, "no rows"),
    "ragged.csv": (b"a,b,y\n1,2,x\n3,4\n5,6,z\n", 1, "line 3"),
    "binary.csv": (b"PK\x03\x04\x00\x00\x00\xff\xfe\x00" * 20, 1, "text"),
    "quote.csv": (b'a,y\n"1,x\n2,z\n', 1, "quote"),
    "twice.csv": (b"a,a,y\n1,2,x\n1,2,z\n", 1, "'a'"),
    "labels.csv": (b"a,y\n" + b"1.5,x\n2.5,\n3.5,z\n" * 3, 1, "no label"),
    "one.csv": (b"a,y\n1.5,x\n2.5,x\n", 1, "1 class"),
    "measured.csv": (b"a,y\n" + b"".join(b"%d,%d.25\n" % (row, row) for row in range(90)), 1, "measured quantity"),
    "only.csv": (b"y\nx\nz\nx\n", 1, "only column"),
    "not.parquet": (b"this is no parquet file", 1, "Parquet"),
    "cut.csv.gz": (gzip.compress(b"a,y\n1,x\n2,z\n" * 500)[:40], 1, "gz"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_get_one_sentence(run, name):
    content, expected, says = BAD_FILES[name]
    Path(name).write_bytes(content)
    status, out, err = run("balance", name, "-t", "y", "-o", "out.csv")
    assert (status, out, files()) == (expected, "", [name])
    assert says.lower() in err.lower()
    assert name in err
    assert len(err.strip().splitlines()) <= 2
    assert Path(name).read_bytes() == content


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("payment.csv", "-t", "fraud"), "did you mean 'payments.csv'"),
        (("payments.csv", "-t", "fruad"), "did you mean 'fraud'"),
        (("payments.csv",), "--target"),
        (("payments.csv", "-t", "fraud", "-g", "SMOOTE"), "did you mean 'SMOTE'"),
        (("payments.csv", "-t", "fraud", "-g", "SMOTE", "-p", "k_neighbours=3"), "did you mean 'k_neighbors'"),
        (("payments.csv", "-t", "fraud", "-g", "SMOTE", "-p", "k_neighbors=three"), "k_neighbors"),
        (("payments.csv", "-t", "fraud", "-g", "SMOTE", "-p", "k_neighbors=0"), "at least 1"),
        (("payments.csv", "-t", "fraud", "-p", "k_neighbors"), "NAME=VALUE"),
        (("payments.csv", "-t", "fraud", "-p", "k_neighbors=3"), "--generator NAME"),
        (("payments.csv", "-t", "fraud", "--strategy", "{2: 100}"), "no class '2'"),
        (("payments.csv", "-t", "fraud", "--strategy", "{1: 10}"), "40 already"),
        (("payments.csv", "-t", "fraud", "--strategy", "{1: many}"), "strategy"),
        (("payments.csv", "-t", "fraud", "--strategy", "{1:"), "YAML"),
        (("payments.csv", "-t", "fraud", "--holdout", "1.5"), "holdout"),
        (("payments.csv", "-t", "fraud", "--holdout", "0.2", "--split", "hour"), "cannot both"),
        (("payments.csv", "-t", "fraud", "--split-by", "hour"), "say how much with --holdout"),
        (("payments.csv", "-t", "fraud", "--holdout", "0.2", "--split-by", "hours"), "did you mean 'hour'"),
        (("payments.csv", "-t", "fraud", "--groups", "land"), "'land'"),
        (("payments.csv", "-t", "fraud", "--gate", "NotCopy"), "did you mean 'NotACopy'"),
        (("payments.csv", "-t", "fraud", "--under", "TomekLink"), "did you mean 'TomekLinks'"),
        (("payments.csv", "-t", "fraud", "--mark", "hour"), "hour"),
        (("payments.csv", "-t", "fraud", "-o", "no/such/folder/out.csv"), "folder"),
        (("payments.csv", "-t", "fraud", "-o", "payments.csv"), "never replaced"),
        (("payments.csv", "-t", "fraud", "-o", "payments.csv", "--overwrite"), "never replaced"),
        (("payments.csv", "-t", "fraud", "-o", "."), "folder"),
        (("payments.csv", "-t", "fraud", "--model", "m", "--holdout", "0.2"), "may have seen"),
        (("payments.csv", "-t", "fraud", "--mark", " "), "--mark"),
        (("payments.csv", "-t", "fraud", "-g", "SVMSMOTE", "-p", "out_step=-3"), "out_step"),
        (("payments.csv", "-t", "fraud", "-g", "SMOTE", "-p", "random_state=-1"), "random_state"),
        (("payments.csv", "-t", "fraud", "--config", "no.yaml"), "no.yaml"),
        (("payments.csv", "-t", "fraud", "--model", "no_model"), "no_model"),
        (("payments.csv", "-t", "fraud", "--bogus"), "--bogus"),
        (("-o", "out.csv"), "--data"),
    ],
    ids=lambda part: " ".join(part)[:40] if isinstance(part, tuple) else "",
)
def test_wrong_requests_have_status_2(run, payments, words, says):
    before = payments.read_bytes()
    status, out, err = run("balance", *words)
    assert says in err
    assert (status, out, files()) == (2, "", ["payments.csv"])
    assert len(err.strip().splitlines()) <= 2
    assert payments.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("data: payments.csv\ntargte: fraud\n", "did you mean 'target'"),
        ("data: payments.csv\ntarget: fraud\ngenerator: {nam: SMOTE}\n", "did you mean 'name'"),
        ("data: [payments.csv\n", "line"),
        ("just words", "key: value"),
        ("data: payments.csv\ntarget: fraud\nseed: -1\n", "seed"),
        ("data: payments.csv\ntarget: fraud\ngenerator: SMOTE\nmodel: m\n", "cannot both"),
        ("data: !!python/object/apply:os.system ['touch hacked']\ntarget: fraud\n", "YAML"),
    ],
)
def test_wrong_configurations(run, payments, text, says):
    Path("job.yaml").write_text(text)
    status, _, err = run("balance", "--config", "job.yaml")
    assert status == 2
    assert says in err
    assert files() == ["job.yaml", "payments.csv"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1e6", 1e6), ("1.0e6", 1e6), ("-2E-4", -2e-4), ("+5.e1", 50.0), (".5", 0.5), ("-.5", -0.5),
        ("1.5", 1.5), ("12", 12), ("1e", "1e"), ("e5", "e5"), ("1.2.3", "1.2.3"), ("1e3x", "1e3x"), ("08", "08"),
        ("'1e3'", "1e3"), (".e5", ".e5"),
    ],
)  # fmt: skip
def test_numbers_with_an_exponent_are_numbers(text, value):
    assert pairs([f"training={{lr: {text}}}"], "-p") == {"training": {"lr": value}}
    read = parsed(text, "-p")
    assert (read, type(read)) == (value, type(value))
    assert load_yaml(dump_yaml({"is": value})) == {"is": value}


def test_outputs_that_exist_are_kept_without_overwrite(run, payments):
    for name in ("out.csv", "out.holdout.csv", "out.csv.recipe.json"):
        Path(name).write_text("precious")
        status, _, err = run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--holdout", "0.2")
        assert status == 2
        assert name in err
        assert Path(name).read_text() == "precious"
        assert run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--holdout", "0.2", "--overwrite")[0] == 0
        for path in Path().glob("out*"):
            path.unlink()


def test_disk_full_leaves_the_old_file(run, payments, monkeypatch):
    Path("out.csv").write_text("old")
    real = os.fsync

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    status, _, err = run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--overwrite")
    monkeypatch.setattr(os, "fsync", real)
    assert status == 1
    assert "space" in err.lower()
    assert Path("out.csv").read_text() == "old"
    assert files() == ["out.csv", "payments.csv"]


@pytest.mark.parametrize("old", [None, "old"])
def test_an_interrupt_while_writing_leaves_what_was_there(run, payments, monkeypatch, old):
    if old:
        Path("out.csv").write_text(old)
    before = files()
    asked = []

    def interrupted(handle):
        asked.append(handle)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    status, _, err = run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--overwrite")
    assert asked, "nothing was being written: the test interrupts nothing"
    assert status == 1
    assert "interrupted" in err
    assert files() == before
    assert old is None or Path("out.csv").read_text() == old


def test_an_interrupt_in_the_middle_leaves_no_half_file(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60_000, 12)), columns=[f"x{i}" for i in range(12)])
    frame["y"] = (rng.random(60_000) < 0.3).astype(int)
    frame.to_parquet(tmp_path / "big.parquet")
    words = ["balance", "big.parquet", "-t", "y", "-o", "out.csv", "-g", "BorderlineSMOTE"]
    code = f"from gensynth.cli import main; main({words!r})"
    for wait in (0.3, 2.5):
        job = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        time.sleep(wait)
        job.send_signal(signal.SIGINT)
        err = job.communicate(timeout=120)[1]
        if job.returncode == 0:  # a fast machine was done, or Python lost the signal while it started
            for path in tmp_path.glob("out.csv*"):
                path.unlink()
            continue
        if wait > 1:  # before that Python itself may still be starting
            assert job.returncode == 1
            assert "interrupted" in err
            assert "Traceback" not in err
        assert sorted(path.name for path in tmp_path.iterdir()) == ["big.parquet"]


def test_identifiers_are_known_from_the_whole_file(run):
    rows = pd.DataFrame(
        {"id": np.arange(100), "v": np.random.default_rng(0).normal(size=100), "y": [0] * 80 + [1] * 20}
    )
    rows.to_csv("ids.csv", index=False)
    assert run("balance", "ids.csv", "-t", "y", "-o", "out.csv", "--holdout", "0.3")[0] == 0
    out, held = pd.read_csv("out.csv"), pd.read_csv("out.holdout.csv")
    assert out["id"].is_unique
    assert not set(out["id"]) & set(held["id"])
    assert out["id"].tail(5).min() >= 100


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not beside this checkout")
@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("generator", ["SMOTE", "RandomOverSampler"])
def test_real_tables(run, name, generator):
    path = SHARED / f"{name}.parquet"
    source = pd.read_parquet(path)
    status, _, err = run("balance", path, "-t", TARGETS[name], "-g", generator, "-o", "out.parquet", "--mark", "made")
    assert status == 0, err
    out = pd.read_parquet("out.parquet")
    made = out.pop("made")
    assert (out.dtypes == source.dtypes).all()
    assert list(out.columns) == list(source.columns)
    pd.testing.assert_frame_equal(out.iloc[: len(source)], source)
    counts = source[TARGETS[name]].value_counts()
    assert out[TARGETS[name]].value_counts().to_dict() == dict.fromkeys(counts.index, counts.max())
    assert made.sum() == len(out) - len(source)
    for column in source.columns:  # nothing outside what was seen
        new = out.loc[made == 1, column].dropna()
        if name == "telco_churn" and column == "customerID":
            assert not set(new) & set(source[column])
        elif pd.api.types.is_numeric_dtype(new.dtype):
            assert new.between(source[column].min(), source[column].max()).all()
        elif source[column].dtype.kind != "M":
            assert set(new) <= set(source[column])


def test_without_a_generator_a_rule_takes_one_and_says_why(run, payments):
    status, _, err = run("balance", payments.name, "-t", "fraud", "-o", "out.csv")
    assert status == 0
    assert "ARF, behind the gate LabelAgrees, is taken: " in err
    recipe = json.loads(Path("out.csv.recipe.json").read_text())
    assert {"generator", "gates", "on_short"}.isdisjoint(recipe["job"])
    assert recipe["result"]["generator"] == {"name": "ARF", "params": {}}
    assert recipe["result"]["gates"] == [{"name": "LabelAgrees", "params": {"threshold": 0.02, "share": 0.5}}]
    assert recipe["result"]["on_short"] == "fill"
    made = Path("out.csv").read_bytes()
    assert run("balance", "--config", "out.csv.recipe.json", "--overwrite")[0] == 0
    assert Path("out.csv").read_bytes() == made
    status, _, err = run("balance", payments.name, "-t", "fraud", "--dry-run")
    assert (status, "ARF, behind the gate" in err) == (0, True)
    status, _, err = run("balance", payments.name, "-t", "fraud", "--gate", "NotACopy", "-o", "own.csv")
    assert (status, "ARF is taken" in err) == (0, True)
    recipe = json.loads(Path("own.csv.recipe.json").read_text())
    assert [gate["name"] for gate in recipe["result"]["gates"]] == ["NotACopy"]
    assert recipe["result"]["on_short"] == "warn"


def test_in_python_the_default_makes_the_same_rows(run, payments):
    assert run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--seed", "3")[0] == 0
    frame = pd.read_csv(payments)
    made, y = default_balancer(frame[["amount", "country", "hour"]], random_state=3).fit_resample(
        frame[["amount", "country", "hour"]], frame["fraud"]
    )
    pd.testing.assert_frame_equal(made.assign(fraud=y), pd.read_csv("out.csv"), check_dtype=False)


def test_a_table_of_categories_alone_is_copied_by_default(run, payments):
    words = pd.read_csv(payments, dtype=str)[["country", "fraud"]]
    words.to_csv("words.csv", index=False)
    status, _, err = run("balance", "words.csv", "-t", "fraud", "-o", "out.csv")
    assert status == 0
    assert "RandomOverSampler is taken: the table holds categories alone" in err


def test_sample_holds_columns_at_values(run, payments):
    assert run("fit", payments.name, "-t", "fraud", "-g", "ARF", "-o", "model")[0] == 0
    status, out, err = run(
        "sample", "model", "-n", "30", "--y", "1", "--condition", "country=NL", "--condition", "hour=3"
    )
    assert status == 0, err
    made = pd.read_csv(io.StringIO(out))
    assert (made["country"] == "NL").all()
    assert (made["hour"] == 3).all()
    assert made["amount"].nunique() > 5
    for condition, says in [
        ("country=FR", "no row of class 1"), ("hour=noon", "no number"), ("town=NL", "town"), ("country", "NAME=VALUE"),
        ("country=ES", "no 'ES'"), ("hour=2.5", "cannot hold 2.5"),
    ]:  # fmt: skip
        status, out, err = run("sample", "model", "-n", "3", "--y", "1", "--condition", condition)
        assert status in (1, 2)
        assert says in err, err
        assert not out


@pytest.mark.parametrize(
    "options",
    [("-g", "SMOTE"), ("-g", "ARF", "--gate", "LabelAgrees(threshold=0.02, share=0.5)"), ("-g", "KMeansSMOTE"),
     ("-g", "SMOTE", "--under", "NearMiss")],
    ids=["SMOTE", "gated", "without a prefix", "under"],
)  # fmt: skip
def test_other_rows_stand_in_place_of_refused_ones_and_those_that_are_kept_stay(run, payments, options):
    frame = pd.read_csv(payments).iloc[:600]
    frame.insert(0, "id", [f"P-{row:05d}" for row in range(len(frame))])
    frame.to_csv("small.csv", index=False)
    if "--under" in options:  # it takes a configuration
        Path("job.yaml").write_text("under: {name: RandomUnderSampler, params: {sampling_strategy: {0: 300}}}\n")
        options = (*options[:-2], "-c", "job.yaml")
    assert run("balance", "small.csv", "-t", "fraud", "-o", "out.csv", "--mark", "made", *options)[0] == 0
    first = pd.read_csv("out.csv")
    real = int((first["made"] == 0).sum())
    Path("marks.txt").write_text("3\n\n40\n7\n")
    args = ("balance", "-c", "out.csv.recipe.json", "--overwrite")
    status, _, err = run(*args, "--reject", "marks.txt")
    assert status == 0, err
    recipe = json.loads(Path("out.csv.recipe.json").read_text())
    assert (recipe["job"]["reject"], recipe["result"]["rejected"]) == (["3", "40", "7"], 3)
    second = pd.read_csv("out.csv")
    assert len(second) == len(first)
    changed = np.flatnonzero((first != second).any(axis=1))
    assert changed.tolist() == [real + 2, real + 6, real + 39]
    assert (second["fraud"] == first["fraud"]).all()
    assert second["id"].is_unique
    assert run(*args)[0] == 0  # what was refused stays so
    pd.testing.assert_frame_equal(pd.read_csv("out.csv"), second)
    Path("marks.txt").write_text("7\n")  # what stands in its place is no better
    assert run(*args, "--reject", "marks.txt")[0] == 0
    third = pd.read_csv("out.csv")
    assert np.flatnonzero((third != second).any(axis=1)).tolist() == [real + 6]
    assert third["id"].is_unique
    assert not (third.loc[real + 6] == first.loc[real + 6]).all()


def test_a_file_of_refused_rows_that_is_none(run, payments):
    args = ("balance", payments.name, "-t", "fraud", "-g", "RandomOverSampler", "-o", "out.csv")
    for text, says in [("0", "numbers 1 to 1,920"), ("1921", "1921"), ("amount", "'amount'"), ("-1", "'-1'")]:
        Path("marks.txt").write_text(f"5\n{text}\n")
        status, _, err = run(*args, "--reject", "marks.txt")
        assert (status, says in err, Path("out.csv").exists()) == (2, True, False), err
    Path("marks.txt").write_text("5\n")
    status, _, err = run(*args, "--reject", "marks.txt", "--groups", "country")
    assert (status, "reject and groups" in err) == (2, True), err
    assert run(*args, "--reject", "none.txt")[0] == 2
    assert not Path("out.csv").exists()


def test_refused_rows_are_filled_up_as_gates_let_them(run, payments, monkeypatch):
    Path("marks.txt").write_text("1\n")
    Path("job.yaml").write_text("on_short: fill\nreject: marks.txt\n")  # a file, also in a configuration
    args = ("balance", payments.name, "-t", "fraud", "-g", "RandomOverSampler", "--strategy", "{1: 42}")
    assert run(*args, "--gate", "NotACopy", "-c", "job.yaml", "-o", "out.csv")[0] == 0
    assert json.loads(Path("out.csv.recipe.json").read_text())["job"]["reject"] == ["1"]
    assert len(pd.read_csv("out.csv")) == 2002
    monkeypatch.setattr("gensynth.cli.made.HOPELESS", 0)
    status, _, err = run(*args, "-c", "job.yaml", "-o", "other.csv")
    assert (status, "no more rows of class 1 pass the gates" in err) == (1, True), err
