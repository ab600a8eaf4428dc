"""Every config is short and does its job on a small table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CONFIGS = sorted((Path(__file__).resolve().parents[1] / "configs").glob("*.yaml"))


def test_there_are_three_configs():
    assert len(CONFIGS) >= 3


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_is_under_25_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 25


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_runs(path, payments, shell):
    before = payments.read_bytes()
    shutil.copy(path, payments.parent)
    there = set(payments.parent.rglob("*"))
    done = shell(f"gensynth balance --config {path.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    made = [new for new in payments.parent.rglob("*") if new not in there and new.is_file()]
    recipes = [new for new in made if new.name.endswith(".recipe.json")]
    assert recipes, made
    assert len(made) > len(recipes), made
    assert payments.read_bytes() == before
