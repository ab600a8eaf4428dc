"""`gensynth show MODEL`: curves of a training on a terminal, and in files."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from gensynth import VAE, Autoregressive, load
from gensynth.cli.curves import LINES, Curve, printed, svg
from gensynth.training import History

SHORT = [{"step": 10.0, "seconds": 1.0, "loss": 4.0}, {"step": 20.0, "seconds": 2.0, "loss": 2.0, "score": 3.0},
         {"step": 30.0, "seconds": 3.0, "loss": 1.0, "score": 1.0}, {"step": 40.0, "seconds": 4.0, "loss": 3.0,
         "score": 2.0}]  # fmt: skip


@pytest.fixture
def model(tmp_path) -> Path:
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=400), "b": rng.normal(size=400)})
    VAE(hidden=(8,), noise=2, steps=60, random_state=0).fit(X, [0] * 300 + [1] * 100).save(tmp_path / "vae")
    return tmp_path / "vae"


def test_each_number_of_a_training_is_drawn(run, model):
    status, out, err = run("show", model)
    assert status == 0, err
    history = load(model).history_
    for name in ("loss", "error", "distance"):
        assert f"  {name}: first {history[0][name]:.4g} at step {history[0]['step']:,.0f}" in out
    assert "held-out score" in out
    assert "best" in out
    assert "▲" in out
    assert "█" in out
    assert max(map(len, out.split("Training:")[1].splitlines())) <= 100


def test_a_curve_goes_from_its_greatest_value_to_its_least():
    curve = next(curve for curve in Curve.all(SHORT) if curve.name == "loss")
    lines = curve.drawn(80, plain=False)
    assert len(lines) == LINES + 1
    assert lines[0].endswith("│██")
    assert lines[0].split()[0] == "4"
    assert lines[LINES - 1].split()[0] == "1"
    assert lines[LINES - 1].endswith("│█████▁▁█")
    assert lines[LINES].split() == ["10", "40"]
    assert "last 3 at step 40, least 1 at step 30" in curve.said()


def test_the_best_step_of_the_score_is_marked():
    curve = Curve.all(SHORT)[-1]
    assert curve.name == "score"
    assert "best 1 at step 30" in curve.said()
    lines = curve.drawn(80, plain=False)
    low = [place for place, mark in enumerate(lines[LINES - 1]) if mark == "▁"]
    assert lines[LINES].index("▲") in low


def test_what_cannot_write_blocks_gets_plain_marks(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    text = printed(SHORT)
    assert text.isascii()
    assert "#" in text
    assert "^" in text


@pytest.mark.parametrize("columns", ["20", "60", "300"])
def test_curves_are_no_wider_than_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    history = [{"step": float(at), "seconds": 0.0, "loss": float(np.sin(at))} for at in range(1, 500)]
    drawn = printed(history).splitlines()[1:]
    assert max(map(len, drawn)) <= min(int(columns), 100)


@pytest.mark.parametrize(
    "values", [[1.0], [2.0, 2.0], [1e-12, 1e12], [-1.0, 0.0], [1.0] * 3], ids=["one", "same", "far", "below", "flat"]
)
def test_odd_curves_are_drawn(values):
    history = [{"step": float(at + 1), "seconds": 0.0, "loss": value} for at, value in enumerate(values)]
    assert f"{values[-1]:.4g}" in printed(history)
    ElementTree.fromstring(svg("A & B", history))


def test_curves_go_to_files(run, model):
    assert run("show", model, "-o", "c.svg")[0] == 0
    tree = ElementTree.parse("c.svg").getroot()
    history = load(model).history_
    names = dict.fromkeys(name for record in history for name in record if name not in ("step", "seconds"))
    assert len([each for each in tree if each.tag.endswith("polyline")]) == len(names)
    assert len([each for each in tree if each.tag.endswith("circle")]) == 1
    assert run("show", model, "-o", "c.csv")[0] == 0
    frame = pd.read_csv("c.csv")
    assert frame.columns[0] == "step"
    assert frame["step"].tolist() == [record["step"] for record in history]
    status, _, err = run("show", model, "-o", "c.csv")
    assert (status, "--overwrite" in err) == (2, True)
    assert run("show", model, "-o", "c.csv", "--overwrite")[0] == 0
    assert run("show", model, "-o", "none/c.csv")[0] == 2
    status, _, err = run("show", model, "-o", "c.txt")
    assert (status, ".svg" in err) == (2, True)


def test_a_model_without_history_says_no_more(run, payments):
    assert run("fit", payments.name, "-t", "fraud", "-g", "SMOTE", "-o", "smote")[0] == 0
    status, out, _ = run("show", "smote")
    assert status == 0
    assert "Training" not in out
    status, _, err = run("show", "smote", "-o", "c.svg")
    assert (status, "no curves" in err) == (2, True)
    status, _, err = run("show", payments.name, "-o", "c.svg")
    assert (status, "name a folder that fit wrote" in err) == (2, True)


def test_a_training_that_was_interrupted_is_drawn(run, tmp_path):
    X = np.random.default_rng(0).normal(size=(300, 3))
    model = Autoregressive(hidden=(8, 8), steps=40, training={"checkpoint_dir": str(tmp_path / "c")}, random_state=0)
    model.fit(X, [0] * 200 + [1] * 100)
    model.ended_ = History([], "interrupted").ended
    model.save(tmp_path / "cut")
    status, out, err = run("show", tmp_path / "cut")
    assert status == 0, err
    assert "when Ctrl-C came" in out
    assert "loss: first" in out
