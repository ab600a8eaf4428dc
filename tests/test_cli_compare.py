"""`gensynth compare` and `balance --report`: what is found, what is written, what is refused, what Ctrl-C leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from gensynth import compare
from gensynth.generators.smote import SMOTE
from gensynth.store.images import write_image

QUICK = ("--methods", "SMOTE", "--learners", "logistic", "--folds", "3", "--threads", "1")
CHEAP = ["none", "threshold", "class-weight", "RandomOverSampler"]


def table(n: int = 120, rare: int = 30, **more) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    y = np.array([0] * (n - rare) + [1] * rare)
    return pd.DataFrame({"a": rng.normal(size=n) + y, "b": rng.normal(size=n).round(3), **more, "y": y})


@pytest.fixture
def small(tmp_path) -> Path:
    table().to_csv(tmp_path / "small.csv", index=False)
    return tmp_path / "small.csv"


def files() -> list[str]:
    return sorted(path.name for path in Path().iterdir())


def test_the_verdict_and_the_table_go_to_standard_output(run, small):
    status, out, err = run("compare", small.name, "-t", "y", *QUICK)
    assert status == 0, err
    found = compare(table()[["a", "b"]], table()["y"], methods=["SMOTE"], learners=["logistic"], cv=3, random_state=0)
    assert out.splitlines()[0] == found.verdict.splitlines()[0]
    assert [word for word in [*CHEAP, "SMOTE"] if word not in out] == []
    assert files() == ["small.csv"]


def test_the_table_and_its_recipe_repeat(run, small):
    assert run("compare", small.name, "-t", "y", *QUICK, "--metric", "roc_auc", "-o", "t.csv")[0] == 0
    first = pd.read_csv("t.csv")
    assert first["method"].tolist() == [*CHEAP, "SMOTE"]
    assert first.columns[2] == "roc_auc"
    recipe = json.loads(Path("t.csv.recipe.json").read_text())
    assert recipe["job"]["methods"] == [{"name": "SMOTE"}]
    assert recipe["result"]["recommended"] in [*CHEAP, "SMOTE"]
    assert "gensynth compare --config" in run("show", "t.csv.recipe.json")[1]
    status, _, err = run("compare", "-c", "t.csv.recipe.json")
    assert (status, "--overwrite" in err) == (2, True)
    assert run("compare", "-c", "t.csv.recipe.json", "--overwrite")[0] == 0
    pd.testing.assert_frame_equal(first.drop(columns="seconds"), pd.read_csv("t.csv").drop(columns="seconds"))


def test_json_holds_the_verdict(run, small):
    status, out, _ = run("compare", small.name, "-t", "y", *QUICK, "-o", "t.json")
    found = json.loads(Path("t.json").read_text())
    assert status == 0
    assert found["verdict"] in out
    assert len(found["table"]) == 5


def test_print_config_is_a_config(run, small):
    words = (
        "--methods",
        "none,SMOTE, ARF",
        "--metric",
        "brier",
        "--folds",
        "time",
        "--groups",
        "b",
        "--schema",
        "b=number",
    )
    status, out, _ = run("compare", small.name, "-t", "y", *words, "--print-config")
    assert status == 0
    job = yaml.safe_load(out)
    assert [method["name"] for method in job["methods"]] == ["none", "SMOTE", "ARF"]
    assert (job["folds"], job["metrics"], job["schema"]) == ("time", ["brier"], {"b": "number"})
    Path("job.yaml").write_text(out)
    assert run("compare", "-c", "job.yaml", "--print-config")[1] == out
    assert files() == ["job.yaml", "small.csv"]


def test_methods_have_parameters_in_a_configuration(run, small):
    methods = [
        "threshold",
        {"name": "SMOTE", "params": {"k_neighbors": 2}},
        {"name": "SMOTE", "params": {"k_neighbors": 3}},
    ]
    job = {"data": small.name, "target": "y", "methods": methods, "learners": "logistic", "folds": [2, 2], "threads": 1}
    Path("job.yaml").write_text(yaml.safe_dump(job))
    status, out, err = run("compare", "-c", "job.yaml", "-o", "t.csv")
    assert status == 0, err
    assert "SMOTE(k_neighbors=2)" in out
    assert pd.read_csv("t.csv")["method"].tolist()[-2:] == ["SMOTE(k_neighbors=2)", "SMOTE(k_neighbors=3)"]


def test_identifiers_and_what_folds_are_cut_by_are_no_features(run):
    table(id=np.arange(1, 121), who=np.repeat(np.arange(40), 3)).to_csv("t.csv", index=False)
    words = ("-t", "y", *QUICK, "--split-by", "who", "--groups", "who", "--schema", "b=category")
    status, _, err = run("compare", "t.csv", *words, "-o", "with.csv")
    assert status == 0, err
    assert "identifiers are no features: id" in err
    table().to_csv("u.csv", index=False)
    assert run("compare", "u.csv", "-t", "y", *QUICK, "--schema", "b=category")[0] == 0
    status, _, err = run("compare", "u.csv", "-t", "y", *QUICK, "--schema", "b=datetim")
    assert status == 2


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--methods", "SMOTTE"), 2, "did you mean 'SMOTE'"),
        (("--methods", "tresholds"), 2, "did you mean 'threshold'"),
        (("--methods", "StyleTransfer"), 2, "makes no rows of kind 'table'"),
        (("--learners", "logistics"), 2, "did you mean 'logistic'"),
        (("--metric", "macro_f2"), 2, "did you mean 'macro_f1'"),
        (("--metric", "calibration_slope"), 2, "cannot be the first"),
        (("--folds", "1"), 2, "folds"),
        (("--folds", "times"), 2, "folds"),
        (("--folds", "time", "--split-by", "a"), 2, "leave one of them out"),
        (("-t", "why"), 2, "there is no column 'why'"),
        (("--groups", "c"), 2, "--groups names the column 'c'"),
        (("--split-by", "c"), 2, "--split-by names the column 'c'"),
        (("--size", "32"), 2, "--size is for folders"),
        (("--report", "none/r.html"), 2, "does not exist"),
        (("--report", "old.html"), 2, "--overwrite"),
        (("--report", "r.pdf"), 2, "name it .html"),
        (("-o", "r.html", "--report", "r.html"), 2, "another file"),
        (("-o", "none/t.csv"), 2, "does not exist"),
        (("-o", "t.docx"), 2, "format"),
        (("-o", "-"), 2, "standard output"),
        (("-o", "small.csv", "--overwrite"), 2, "is the input"),
        (("-t", "same"), 1, "1 class"),
        (("--kind", "image"), 2, "is a file"),
    ],
)  # fmt: skip
def test_wrong_requests_get_one_sentence(run, small, words, status, says):
    Path("old.html").write_text("old")
    pd.read_csv(small).assign(same=1).to_csv(small, index=False)
    before = small.read_bytes()
    done, out, err = run("compare", small.name, "-t", "y", *words)
    assert (done, out) == (status, ""), err
    assert says in err
    assert (files(), small.read_bytes(), Path("old.html").read_text()) == (["old.html", "small.csv"], before, "old")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("method: [SMOTE]", "did you mean 'methods'"),
        ("methods: [{name: SMOTE, param: {}}]", "did you mean 'params'"),
        ("methods: [{name: SMOTE, params: {k_neigbors: 2}}]", "did you mean 'k_neighbors'"),
        ("methods: [{name: none, params: {a: 2}}]", "takes no parameters"),
        ("generator: SMOTE", "unknown key"),
    ],
)
def test_wrong_configurations(run, small, text, says):
    Path("job.yaml").write_text(f"data: small.csv\ntarget: y\n{text}\n")
    status, _, err = run("compare", "-c", "job.yaml")
    assert (status, says in err) == (2, True), err


def test_texts_and_series(run):
    rng = np.random.default_rng(0)
    words = rng.choice(["win a prize", "see you", "call me", "free entry"], 40)
    pd.DataFrame({"text": words, "y": ["ham"] * 28 + ["spam"] * 12}).to_csv("m.csv", index=False)
    status, out, err = run("compare", "m.csv", "-t", "y", "--text", "text", "--folds", "2", "--threads", "1")
    assert status == 0, err
    assert "default" in out
    assert run("compare", "m.csv", "-t", "y", "--text", "text", "--methods", "SMOTE")[0] == 2
    beats = pd.DataFrame(rng.normal(size=(40, 12)), columns=[f"t{at}" for at in range(12)])
    beats.assign(y=[0] * 28 + [1] * 12).to_csv("b.csv", index=False)
    status, _, err = run("compare", "b.csv", "-t", "y", "--kind", "series", "--folds", "2", "--threads", "1")
    assert status == 0, err


def test_folders_of_images(run, short_learning):
    rng = np.random.default_rng(0)
    for label, count in (("stop", 10), ("yield", 6)):
        Path("signs", label).mkdir(parents=True)
        for row in range(count):
            write_image(
                Path("signs", label, f"{row // 2}_{row}.png"), rng.integers(0, 256, (10 + row % 2, 9, 3), np.uint8)
            )
    words = ("--folds", "2", "--threads", "1", "--split-by", r"\w+/\d+_", "-o", "t.csv")
    status, out, err = run("compare", "signs", *words)
    assert status == 0, err
    assert "brought to" in err
    assert "default" in out
    assert run("compare", "signs", "--target", "y")[0] == 2
    assert run("compare", "signs", "--split-by", "(")[0] == 2


def test_labels_are_text_and_no_markup(run, small):
    frame = pd.read_csv(small)
    frame["y"] = np.where(frame["y"] == 1, "[red]<script>alert(1)</script>", "<b>&")
    frame.to_csv("m.csv", index=False)
    status, out, err = run("compare", "m.csv", "-t", "y", *QUICK, "--report", "r.html")
    assert status == 0, err
    assert "[red]<script>" in out
    page = Path("r.html").read_text()
    assert "<script>alert" not in page
    assert "<b>&" not in page
    assert files() == ["m.csv", "r.html", "small.csv"]


def test_an_arm_that_fails_is_told(run, monkeypatch, small):
    def fails(self, *args):
        raise ValueError("no such luck")

    monkeypatch.setattr(SMOTE, "_sample", fails)
    status, out, _ = run("compare", small.name, "-t", "y", *QUICK)
    assert status == 0
    assert "SMOTE failed with logistic" in out
    assert "no such luck" in out


def test_an_interrupt_gives_what_is_finished(tmp_path):
    """Ctrl-C, once some arms are done: they are told and written, and the status is 1."""
    table(3000, 400).to_csv(tmp_path / "t.csv", index=False)
    words = ["compare", "t.csv", "-t", "y", "--methods", "WGAN", "--learners", "logistic", "--folds", "2",
             "--threads", "1", "-o", "out.csv"]  # fmt: skip
    code = f"""
import sys, gensynth.evidence.compare.run as run
real = run.trials
def told(*args):
    made = real(*args)
    print("done", file=sys.stderr, flush=True)
    return made
run.trials = told
from gensynth.cli import main
main({words!r})
"""
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    job = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    assert job.stderr is not None
    for _ in range(3):  # nothing, class weights, copies
        while "done" not in job.stderr.readline():
            assert job.poll() is None
    time.sleep(0.3)
    job.send_signal(signal.SIGINT)
    out, err = job.communicate(timeout=120)
    assert job.returncode == 1
    assert "interrupted" in err
    assert "Traceback" not in err
    assert "stopped" in out
    assert "class-weight" in out
    assert (tmp_path / "out.csv").is_file()


def test_a_report_of_balance_tells_what_was_made_and_whether_it_helps(run, small):
    words = (
        "balance",
        small.name,
        "-t",
        "y",
        "-g",
        "SMOTE",
        "--strategy",
        "{1: 60}",
        "--holdout",
        "0.2",
        "--threads",
        "1",
    )
    status, _, err = run(*words, "-o", "out.csv", "--report", "r.html")
    assert status == 0, err
    assert "Report: r.html" in err
    page = Path("r.html").read_text()
    assert "SMOTE (this job)" in page
    assert "failed with" not in page
    assert run(*words, "-o", "plain.csv")[0] == 0
    assert Path("plain.csv").read_bytes() == Path("out.csv").read_bytes()
    status, _, err = run(*words, "-o", "more.csv", "--report", "r.html")
    assert (status, "--overwrite" in err, "more.csv" in files()) == (2, True, False)
    assert run("fit", small.name, "-t", "y", "-g", "SMOTE", "-o", "model")[0] == 0
    status, _, err = run("balance", small.name, "-t", "y", "--model", "model", "-o", "m.csv", "--report", "m.html")
    assert status == 0, err
    assert "nothing is compared" in err
    assert "this job" not in Path("m.html").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--report", "none/r.html"), "does not exist"),
        (("--report", "r.txt"), "name it .html"),
        (("--report", "o.html", "-o", "o.html"), "another file"),
    ],
)
def test_a_report_that_cannot_be_written_stops_before_any_work(run, small, words, says):
    status, _, err = run("balance", small.name, "-t", "y", "-g", "SMOTE", *words)
    assert (status, says in err, files()) == (2, True, ["small.csv"]), err


def test_a_report_of_rows_that_take_too_long_has_no_comparison(run, small, monkeypatch):
    from gensynth.cli import reporting

    monkeypatch.setattr(reporting, "BOUND", 1e-9)
    status, _, err = run("balance", small.name, "-t", "y", "-g", "SMOTE", "-o", "o.csv", "--report", "r.html")
    assert status == 0, err
    assert "too long" in err
    assert "this job" not in Path("r.html").read_text()


def test_a_report_of_a_folder(run, short_learning):
    rng = np.random.default_rng(0)
    for label, count in (("stop", 10), ("yield", 5)):
        Path("signs", label).mkdir(parents=True)
        for row in range(count):
            write_image(Path("signs", label, f"{row}.png"), rng.integers(0, 256, (10 + row % 2, 9, 3), np.uint8))
    status, _, err = run("balance", "signs", "-o", "out", "--report", "r.html", "--threads", "1")
    assert status == 0, err
    assert "Augment (this job)" in Path("r.html").read_text()
    status, _, err = run("balance", "signs", "-o", "more", "--report", "more/r.html")
    assert (status, Path("more").exists()) == (2, False)
