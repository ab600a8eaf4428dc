"""The pure parts of scripts/bench_transforms.py: no peers, no shared data."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def bench(monkeypatch):
    """Import a module of scripts/transforms_bench."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda name: importlib.import_module(f"transforms_bench.{name}")


def test_speed_is_that_beside_the_best_arm_of_a_peer(bench):
    rates = {"gensynth": 300.0, "torchvision row by row": 20.0, "torchvision, one draw a batch": 500.0,
             "albumentations": 90.0, "albumentations folded, 2 threads": 100.0}  # fmt: skip
    runs = [{"case": "224", "arm": "2 threads", "run": run, "rates": {k: v * (1 + run) for k, v in rates.items()}}
            for run in range(3)]  # fmt: skip
    found = bench("parts").speed_summary(runs)
    told = {line["target"]: (line["got"], line["reached"]) for line in found["verdicts"]}
    assert told["224 px, two threads: times torchvision row by row >= 10"] == (15.0, True)
    assert told["224 px, two threads: times albumentations >= 2.5"] == (3.0, True)
    assert told["32 px, two threads: times albumentations >= 20"] == (None, None)
    assert "| **gensynth** | 2 | 600 |" in bench("markdown").speed_table(found)


def test_what_is_worse_and_what_is_better_is_told(bench):
    gains = {"MNIST": [0.01] * 9 + [0.02], "CIFAR-10": [0.05, -0.06] * 5, "GunPoint": [-0.02] * 9 + [-0.03]}
    runs = [{"case": case, "arm": "default", "run": seed, "measure": "accuracy", "none": 0.5, "default": 0.5 + gain}
            for case, values in gains.items() for seed, gain in enumerate(values)]  # fmt: skip
    found = bench("helps").summary(runs)
    told = {line["target"].partition(":")[0]: line["reached"] for line in found["verdicts"][:-1]}
    assert told == {"MNIST": True, "CIFAR-10": True, "GunPoint": False}
    assert found["verdicts"][-1]["got"] == 1  # MNIST alone
    assert "| MNIST | accuracy | 0.500 | 0.511 | +0.011 ± 0.002 |" in bench("markdown").helps_table(found)


def test_the_policy_done_one_by_one_draws_the_same(bench):
    checks, policy = bench("checks"), bench("policies").gensynth_policy().seeded(3)
    images = checks.smooth(np.random.default_rng(0).integers(0, 256, (6, 40, 40, 3)).astype(np.uint8))
    gap = np.abs(policy(images).astype(float) - checks.one_by_one(policy, images).astype(float))[:, 10:-10, 10:-10]
    other = np.abs(policy.seeded(4)(images).astype(float) - checks.one_by_one(policy, images).astype(float))
    assert gap.mean() < 1.0 < other.mean()


def test_exactness_is_in_the_units_it_states(bench):
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    found = bench("checks").exactness(images, 0)
    assert found["linear"] < 1e-12
    assert found["colour"] < 1.0
    assert found["smooth"] < found["photographs"]  # noise is what three resamplings lose


def test_mel_bands_follow_a_tone(bench):
    from gensynth import Audio

    time = np.arange(8000) / 8000
    low, high = (np.sin(2 * np.pi * hertz * time) for hertz in (200, 2500))
    bands = bench("learners").log_mel(Audio([low, high], 8000)).reshape(2, 24, 16).mean(2).argmax(1)
    assert bands[0] < 6 < 15 < bands[1]
