"""`gensynth balance` of tables that are read a part at a time, of folders of tables, and on a cluster."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gensynth import SMOTE, Balancer, GaussianCopula, compare
from gensynth.cli import large
from gensynth.errors import ConfigError, DataError
from gensynth.scale.cluster import Cluster

ROWS, RARE = 6_000, 240


def payments(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rare = np.zeros(ROWS, dtype=bool)
    rare[rng.choice(ROWS, RARE, replace=False)] = True
    return pd.DataFrame({
        "number": rng.permutation(ROWS) + 1000,
        "amount": (rng.lognormal(3, 1, ROWS) + 50 * rare).round(2),
        "hour": rng.integers(0, 24, ROWS),
        "country": rng.choice(["AT", "DE", "US"], ROWS),
        "label": np.where(rare, "fraud", "fine"),
    })  # fmt: skip


@pytest.fixture
def parts(monkeypatch):
    """No table fits in memory, and few rows are read and made at a time."""
    monkeypatch.setattr(large, "NEED", 10**12)
    monkeypatch.setattr("gensynth.store.streams.csv.READ", 20_000)
    monkeypatch.setattr("gensynth.store.streams.parquet.MOST", 700)
    monkeypatch.setattr("gensynth.cli.balancing_large.BLOCK", 500)


ASKED = ("--target", "label", "--strategy", "0.3", "--generator", "SMOTE", "--memory", "1GB")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_real_rows_are_untouched_and_counts_are_those_of_memory(run, parts, form, monkeypatch):
    frame = payments()
    frame.to_csv("t.csv", index=False)
    frame.to_parquet("t.parquet", row_group_size=1500)
    status, _, err = run("balance", f"t.{form}", *ASKED)
    assert status == 0, err
    assert "read a part at a time" in err
    found = pd.read_csv("t.balanced.csv") if form == "csv" else pd.read_parquet("t.balanced.parquet")
    assert found["label"].value_counts().to_dict() == {"fine": ROWS - RARE, "fraud": int(0.3 * (ROWS - RARE))}
    pd.testing.assert_frame_equal(found.iloc[:ROWS], frame)
    made = found.iloc[ROWS:]
    assert found["number"].is_unique  # out of order, and none is a gap: they name their rows
    assert made["number"].min() == 7000
    assert made["amount"].between(*frame.query("label == 'fraud'")["amount"].agg(["min", "max"])).all()
    if form == "csv":
        assert Path("t.balanced.csv").read_bytes().startswith(Path("t.csv").read_bytes())
    result = json.loads(Path(f"t.balanced.{form}.recipe.json").read_text())["result"]
    assert result["before"] == {"fine": ROWS - RARE, "fraud": RARE}
    assert result["after"] == found["label"].value_counts().to_dict()
    assert result["fresh_identifiers"] == ["number"]


def test_large_classes_are_sampled_and_that_is_said(run, parts, monkeypatch):
    monkeypatch.setattr("gensynth.scale.gather.EACH", 500)
    payments().to_parquet("t.parquet")
    _, _, err = run("balance", "t.parquet", *ASKED)
    assert "500 of the 5,760 rows of class fine are learned from, at random" in err
    result = json.loads(Path("t.balanced.parquet.recipe.json").read_text())["result"]
    assert result["learned_from"] == {"fine": 500, "fraud": 240}


def test_recipes_make_the_same_bytes_again(run, parts):
    payments().to_csv("t.csv", index=False)
    for more in ([], ["--shuffle"], ["--mark", "made"]):
        run("balance", "t.csv", *ASKED, *more, "--overwrite")
        before = Path("t.balanced.csv").read_bytes()
        status, _, err = run("balance", "--config", "t.balanced.csv.recipe.json", "--overwrite")
        assert status == 0, err
        assert Path("t.balanced.csv").read_bytes() == before
    frame = payments()
    frame["label"] = frame["label"].to_numpy()[::-1]
    frame.to_csv("t.csv", index=False)
    _, _, err = run("balance", "--config", "t.balanced.csv.recipe.json", "--overwrite")
    assert "not what it was" in err


def test_shuffled_rows_stand_anywhere_and_classes_with_them(run, parts):
    frame = payments()
    frame["label"] = np.where(np.arange(ROWS) % 40 == 7, "theft", frame["label"])
    frame.to_parquet("t.parquet", row_group_size=2000)
    run("balance", "t.parquet", *ASKED[:2], "--generator", "SMOTE", "--shuffle", "--mark", "made")
    found = pd.read_parquet("t.balanced.parquet")
    pd.testing.assert_frame_equal(found[found["made"] == 0].drop(columns="made").reset_index(drop=True), frame)
    assert found["label"].value_counts().nunique() == 1
    halves = [
        half[half["made"] == 1]["label"].value_counts() for half in (found[: len(found) // 2], found[len(found) // 2 :])
    ]
    assert abs(halves[0] / (halves[0] + halves[1]) - 0.5).max() < 0.05


def test_append_writes_beside_and_rewrites_nothing(run, parts):
    Path("data").mkdir()
    frame = payments()
    for part in range(3):
        frame.iloc[part * 2000 : (part + 1) * 2000].to_parquet(f"data/p{part}.parquet")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path("data").iterdir()}
    status, _, err = run("balance", "data", *ASKED, "--append")
    assert status == 0, err
    assert all((path.read_bytes(), path.stat().st_mtime_ns) == known for path, known in before.items())
    made = {path: path.read_bytes() for path in Path("data").glob("synthetic-*")}
    assert len(made) == 3  # blocks of 500
    assert not [path for path in Path("data").iterdir() if path.name.startswith(".")]
    assert pd.read_parquet("data")["label"].value_counts().to_dict() == {"fine": 5760, "fraud": 1728}
    status, _, err = run("balance", "data", *ASKED, "--append")
    assert status == 2
    assert "--overwrite" in err
    run("balance", "data", *ASKED, "--append", "--overwrite")  # what was made before is no part of the table
    assert {path: path.read_bytes() for path in Path("data").glob("synthetic-*")} == made
    run("balance", "data", *ASKED[:2], "--strategy", "0.1", "-g", "SMOTE", "--append", "--overwrite")
    assert len([*Path("data").glob("synthetic-*")]) == 1


def test_append_beside_a_file(run, parts):
    payments().to_csv("t.csv", index=False)
    before = Path("t.csv").read_bytes()
    status, _, err = run("balance", "t.csv", *ASKED, "--append")
    assert status == 0, err
    assert Path("t.csv").read_bytes() == before
    made = pd.concat([pd.read_csv(path) for path in sorted(Path().glob("t.synthetic-*.csv"))])
    assert len(made) == 1728 - RARE
    assert made["number"].is_unique


@pytest.mark.parametrize("link", [False, True])
def test_folders_come_out_as_folders(run, parts, link):
    payments().assign(year=[2023, 2024] * (ROWS // 2)).to_parquet("data", partition_cols=["year"])
    status, _, err = run("balance", "data", *ASKED, "-o", "out", *(["--link"] if link else []))
    assert status == 0, err
    real = sorted(path.relative_to("data") for path in Path("data").rglob("*.parquet"))
    for path in real:
        assert os.path.samefile(Path("data", path), Path("out", path)) == link
    found = pd.read_parquet("out")
    assert found["label"].value_counts().to_dict() == {"fine": 5760, "fraud": 1728}
    assert set(found["year"]) == {2023, 2024}


@pytest.mark.parametrize(("words", "why"), [
    (["--holdout", "0.2"], "--holdout is for tables that fit in memory"),
    (["-o", "x.csv"], "let its name end in .parquet"),
    (["--append", "-o", "x.parquet"], "leave -o out"),
    (["--append", "--shuffle"], "--append leaves these as they are"),
    (["--memory", "much"], "1GB"),
    (["--memory", "1MB"], "300MB"),
    (["--dask", "0"], "at least 1"),
    (["--dask", "tcp://127.0.0.1:1"], "no scheduler answers"),
    (["--mark", "hour"], "needs a name"),
    (["--strategy", "{fruad: 900}"], "'fraud'"),
    (["--strategy", "0.001"], "ratio"),
    (["--target", "lable"], "'label'"),
])  # fmt: skip
def test_wrong_requests_are_one_sentence(run, parts, words, why, monkeypatch):
    monkeypatch.setattr("gensynth.scale.cluster.TIMEOUT", "1s")
    payments().to_parquet("t.parquet")
    status, _, err = run("balance", "t.parquet", *ASKED, *words)
    assert status == 2, err
    assert why in err
    assert sorted(path.name for path in Path().iterdir()) == ["t.parquet"]


def test_bad_tables_are_one_sentence(run, parts):
    frame = payments()
    for name, change, why in [("one", {"label": "fine"}, "holds 1 class"), ("gap", {"label": None}, "no label")]:
        frame.assign(**change).to_csv(f"{name}.csv", index=False)
        status, _, err = run("balance", f"{name}.csv", *ASKED)
        assert status == 1
        assert why in err
    assert not [*Path().glob("*.balanced.*")]


def test_what_is_asked_already_is_copied(run, parts):
    payments().to_csv("t.csv", index=False)
    status, _, err = run("balance", "t.csv", "--target", "label", "--strategy", "{fraud: 240}", "--memory", "1GB")
    assert status == 0, err
    assert Path("t.balanced.csv").read_bytes() == Path("t.csv").read_bytes()


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as found,
    ):
        yield found


def test_a_cluster_makes_what_one_process_makes(run, parts, client):
    Path("data").mkdir()
    frame = payments()
    for part in range(3):
        frame.iloc[part * 2000 : (part + 1) * 2000].to_parquet(f"data/p{part}.parquet")
    run("balance", "data", *ASKED, "-o", "here")
    status, _, err = run("balance", "data", *ASKED, "-o", "there", "--dask", client.scheduler.address)
    assert status == 0, err
    for path in Path("here").iterdir():
        assert path.read_bytes() == Path("there", path.name).read_bytes()


def killing(mark: str, function, given):
    """Do a task; the process of the second that is begun is killed."""
    for name in ("first", "second"):
        try:
            Path(mark, name).touch(exist_ok=False)
        except FileExistsError:
            continue
        if name == "second":
            os.kill(os.getpid(), signal.SIGKILL)
        break
    return function(given)


@pytest.mark.parametrize("phase", ["look", "map"])
def test_a_worker_that_is_killed_changes_nothing(run, parts, client, monkeypatch, phase):
    payments().to_parquet("t.parquet", row_group_size=500)
    run("balance", "t.parquet", *ASKED, "-o", "here.parquet")
    method, mark = getattr(Cluster, phase), Path("mark").absolute()
    mark.mkdir()
    monkeypatch.setattr(
        Cluster, phase, lambda self, function, given: method(self, partial(killing, str(mark), function), given)
    )
    status, _, err = run("balance", "t.parquet", *ASKED, "-o", "there.parquet", "--dask", client.scheduler.address)
    assert status == 0, err
    assert (mark / "second").exists()
    assert Path("there.parquet").read_bytes() == Path("here.parquet").read_bytes()


def test_data_frames_of_dask(client):
    dd = pytest.importorskip("dask.dataframe")
    frame = payments()
    for parts in (1, 5):
        given = dd.from_pandas(frame, npartitions=parts)
        balancer = Balancer(GaussianCopula(random_state=0), sampling_strategy={"fraud": 700})
        X, y = balancer.fit_resample(given, "label")
        found = X.compute()
        assert (
            found["label"].value_counts().to_dict()
            == {"fine": 5760, "fraud": 700}
            == y.compute().value_counts().to_dict()
        )
        pd.testing.assert_frame_equal(found.iloc[:ROWS], frame, check_dtype=False)
        assert found["number"].is_unique
        assert balancer.is_synthetic_.compute().sum() == 460
        assert balancer.sampling_strategy_ == {"fraud": 460}
        pd.testing.assert_frame_equal(X.compute(), found)
    features, labels = Balancer(SMOTE(random_state=0)).fit_resample(given.drop(columns="label"), given["label"])
    assert "label" not in features.columns
    assert len(features) == len(labels) == 2 * 5760


@pytest.mark.parametrize(("given", "error", "why"), [
    ({"groups": "country"}, ConfigError, "groups"), ({}, ConfigError, "there is no column"),
    ({}, DataError, "no label"),
])  # fmt: skip
def test_what_dask_cannot_do_is_one_sentence(given, error, why):
    dd = pytest.importorskip("dask.dataframe")
    frame = payments()
    if error is DataError:
        frame.loc[5, "label"] = None
    with pytest.raises(error, match=why):
        Balancer(SMOTE(), **given).fit_resample(
            dd.from_pandas(frame, npartitions=2), "lable" if "column" in why else "label"
        )


def test_comparisons_are_spread_by_joblib(client):
    joblib = pytest.importorskip("joblib")
    frame = payments().drop(columns="number").iloc[:1500]
    X, y = frame.drop(columns="label"), frame["label"]
    asked = {"methods": "SMOTE", "learners": "logistic", "cv": 3, "random_state": 0}
    with joblib.parallel_config("dask", n_jobs=2):
        spread = compare(X, y, **asked)
    here = compare(X, y, **asked)
    pd.testing.assert_frame_equal(spread.table.drop(columns="seconds"), here.table.drop(columns="seconds"))
    assert not spread.failed


def test_files_that_are_there_are_neither_overwritten_nor_deleted(run, parts):
    payments().to_csv("t.csv", index=False)
    payments().to_csv("t.more.csv", index=False)
    kept = [
        "sub/t.synthetic-00000.csv",
        "t.synthetic-notes.txt",
        "t.more.synthetic-00009.csv",
        "t.synthetic-control.csv",
    ]
    Path("sub").mkdir()
    for name in kept:
        Path(name).write_text("mine")
    for _ in range(2):
        status, _, err = run("balance", "t.csv", *ASKED, "--append", "--overwrite")
        assert status == 0, err
    assert all(Path(name).read_text() == "mine" for name in kept)
    Path("data").mkdir()
    payments().to_parquet("data/p.parquet")
    run("balance", "data", *ASKED, "-o", "out")
    before = {path: path.read_bytes() for path in Path("out").iterdir()}
    status, _, err = run("balance", "out", *ASKED, "-o", "again", "--link")
    assert status == 2
    assert "hold synthetic rows" in err
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before
    assert run("balance", "data", *ASKED, "-o", "out", "--overwrite")[0] == 0


def test_targets_that_are_none(run, parts):
    frame = payments()
    frame.assign(score=np.where(np.arange(ROWS) % 5 == 0, np.nan, 1.0)).to_csv("a.csv", index=False)
    import pyarrow as pa
    import pyarrow.parquet as pq

    score = np.where(np.arange(ROWS) % 5 == 0, np.nan, 1.0)
    pq.write_table(pa.table({"a": np.arange(ROWS), "score": pa.array(score, from_pandas=False)}), "nan.parquet")
    status, _, err = run("balance", "nan.parquet", "-t", "score", "--memory", "1GB")
    assert status == 1
    assert "no label" in err
    pq.write_table(pa.table({"a": np.arange(20_000), "who": [f"p{n}" for n in range(20_000)]}), "many.parquet")
    status, _, err = run("balance", "many.parquet", "-t", "who", "--memory", "1GB")
    assert status == 1
    assert "classes" in err


def test_a_model_of_another_table_gives_identifiers_that_are_new(run, parts):
    frame = payments().sort_values("number")
    frame.iloc[:2000].to_csv("first.csv", index=False)
    frame.to_csv("t.csv", index=False)
    run("fit", "first.csv", "-t", "label", "-g", "SMOTE", "-o", "model")
    status, _, err = run("balance", "t.csv", "-t", "label", "--memory", "1GB", "--model", "model", "--strategy", "0.3")
    assert status == 0, err
    assert pd.read_csv("t.balanced.csv")["number"].is_unique


def test_fields_with_a_space_before_them_in_a_part_of_the_file_are_labels_of_their_own(run, parts):
    plain = "".join(f"{row},2,{'x' if row % 9 else 'y'}\n" for row in range(3000))
    padded = "".join(f"{row}, 2, {'theft' if row % 9 == 0 else 'x'}\n" for row in range(3000, 6000))
    Path("t.csv").write_text("a,b,label\n" + plain + padded)
    status, _, err = run("balance", "t.csv", "-t", "label", "-g", "SMOTE", "--memory", "1GB")
    assert status == 0, err
    assert pd.read_csv("t.balanced.csv")["label"].value_counts().nunique() == 1


def test_a_fitted_generator_makes_rows_of_a_data_frame_of_dask(client):
    dd = pytest.importorskip("dask.dataframe")
    frame = payments().sort_values("number")
    first = frame.iloc[:3000]
    model = SMOTE(random_state=0).fit(first.drop(columns="label"), first["label"])
    balancer = Balancer(model, prefit=True, sampling_strategy=0.3)
    X, _ = balancer.fit_resample(dd.from_pandas(frame, npartitions=2), "label")
    assert X.compute()["number"].is_unique
    assert balancer.generator is model
