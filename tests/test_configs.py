"""Every config is short and does its job on small data."""

from __future__ import annotations

import shutil
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gensynth.recipe import plain_policy
from gensynth.transforms.base import Transform

ROOT = Path(__file__).resolve().parents[1] / "configs"
CONFIGS = sorted(ROOT.glob("*.yaml"))
POLICIES = sorted((ROOT / "policies").glob("*.yaml"))


def write_others(folder: Path) -> None:
    """Write what the configs of other kinds name: signs, words, messages.csv and beats.csv, each with a rare class."""
    rng = np.random.default_rng(0)
    for kind, count in (("stop", 8), ("yield", 5)):
        for name in ("signs", "words"):
            (folder / name / kind).mkdir(parents=True)
        for row in range(count):
            pixels = rng.integers(0, 256, (12 + row, 14, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "signs" / kind / f"{row}.png")
            with wave.open(str(folder / "words" / kind / f"{row}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(rng.integers(-9000, 9000, 800 + 50 * row).astype("<i2").tobytes())
    labels = ["ham"] * 20 + ["spam"] * 6
    words = ["win a prize now", "see you at home", "call me later please", "free entry today"]
    frame = pd.DataFrame({"label": labels, "text": rng.choice(words, 26), "sender": range(26)})
    frame.to_csv(folder / "messages.csv", index=False)
    beats = pd.DataFrame(rng.normal(size=(26, 16)).round(3), columns=[f"t{step}" for step in range(16)])
    beats.iloc[3, 12:] = np.nan
    beats.insert(0, "label", ["normal"] * 20 + ["ectopic"] * 6)
    beats.to_csv(folder / "beats.csv", index=False)


def test_there_are_three_configs():
    assert len(CONFIGS) >= 3


@pytest.mark.parametrize("path", [*CONFIGS, *POLICIES], ids=lambda path: path.stem)
def test_config_is_under_25_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 25


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_policy_is_one(path):
    assert len(Transform.from_dict(plain_policy(str(path))).parts) >= 2


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_runs(path, payments, shell):
    before = payments.read_bytes()
    shutil.copy(path, payments.parent)
    shutil.copytree(path.parent / "policies", payments.parent / "policies")
    write_others(payments.parent)
    there = set(payments.parent.rglob("*"))
    verb = "compare" if path.stem.startswith("compare") else "balance"
    done = shell(f"gensynth {verb} --config {path.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    made = [new for new in payments.parent.rglob("*") if new not in there and new.is_file()]
    recipes = [new for new in made if new.name.endswith(".recipe.json")]
    assert recipes, made
    assert len(made) > len(recipes), made
    assert payments.read_bytes() == before
