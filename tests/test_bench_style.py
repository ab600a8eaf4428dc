"""The pure parts of scripts/bench_style.py: no shared data."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def bench(monkeypatch):
    """Import a module of scripts/style_bench."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda name: importlib.import_module(f"style_bench.{name}")


def told(found):
    return {line["target"]: (line["got"], line["reached"]) for line in found["verdicts"]}


def test_speed_is_judged_by_case_and_what_failed_is_not_measured(bench):
    figures = {"fit_s": 1.0, "fit_cpu_s": 1.5, "images_a_second": 12_000.0, "cpu_ms": 2.0, "one_thread_cpu_ms": 1.0,
               "alone_cpu_ms": 3.0}  # fmt: skip
    runs = [{"case": "64 px", "arm": "moments", "run": 0, **figures},
            {"case": "224 px", "arm": "moments", "run": 0, **figures},
            {"case": "64 px", "arm": "adain", "run": 0, "failed": "why"}]  # fmt: skip
    found = bench("parts").speed_summary(runs)
    assert told(found)["moments, 64 px: images_a_second >= 1e+04"] == (12_000.0, True)
    assert told(found)["moments, 224 px: cpu_ms <= 1.2"] == (2.0, False)
    assert told(found)["adain, 64 px: fit_s <= 300"] == (None, None)
    assert "| moments, 64 px | 1.0 s | 12,000 | 2.00 ms |" in bench("markdown").speed_table(found)


def test_painting_is_judged_by_the_middle_of_ratios_to_the_published_loop(bench):
    def arm(seconds, loss):
        return {"seconds": seconds, "cpu_s": seconds, "loss": loss, "loss_of_bytes": loss, "evaluations": 60.0}

    runs = [{"case": "64 px", "arm": "gatys", "run": run, "arms": {
        "ours": arm(1.0, 0.2), "published, from noise": arm(4.0 + run, 0.1 + 0.1 * run),
        "published, from the content": arm(4.0, 0.2)} } for run in range(3)]  # fmt: skip
    runs[2]["arms"]["published, from noise"]["seconds_to_ours"] = None
    for run in runs[:2]:
        run["arms"]["published, from noise"]["seconds_to_ours"] = 2.0
    found = bench("parts").gatys_summary(runs)
    assert told(found)["64 px: loss over published, from noise <= 1"] == (1.0, True)
    assert told(found)["64 px: seconds over published, from noise <= 0.5"] == (0.2, True)
    assert told(found)["128 px: seconds over published, from noise <= 0.5"] == (None, None)
    assert found["rows"]["64 px"]["published, from noise"]["seconds_to_ours"] is None
    assert "| 64 px, ours | 1.00 s | 0.2000 |" in bench("markdown").gatys_table(found)


def test_augmentation_is_judged_by_paired_gains(bench):
    of = {"nothing": (0.5, 0.3), "colour jitter": (0.5, 0.4), "moments": (0.52, 0.38)}
    runs = [{"case": "CIFAR-10", "arm": arm, "run": seed, "plain": plain + 0.01 * seed, "shifted": other + 0.01 * seed,
             "seconds": 1.0} for arm, (plain, other) in of.items() for seed in range(3)]  # fmt: skip
    found = bench("parts").help_summary(runs)
    assert told(found)["CIFAR-10: moments, plain over nothing >= 0"] == (0.02, True)
    assert told(found)["CIFAR-10: moments, shifted over nothing >= 0.05"] == (0.08, True)
    assert told(found)["CIFAR-10: moments, shifted over colour jitter >= 0"] == (-0.02, False)
    assert told(found)["GTSRB: moments, plain over nothing >= 0"] == (None, None)
    assert not any(target.startswith("GTSRB: gatys") for target in told(found))
    assert "| moments | 0.530 (+2.0 ± 0.0) | 0.390 (+8.0 ± 0.0) |  |  |" in bench("markdown").help_table(found)


def test_a_random_half_is_replaced_anew_in_each_epoch(bench):
    x = np.zeros((10, 4, 4, 3), dtype=np.uint8)
    half = bench("helps").Half(lambda rows, epoch: np.full((len(rows), 4, 4, 3), 1 + epoch, dtype=np.uint8), 3)
    first, second = (half(x, index=np.arange(10), epoch=epoch)[:, 0, 0, 0] for epoch in (0, 1))
    assert sorted(first) == [0] * 5 + [1] * 5
    assert sorted(second) == [0] * 5 + [2] * 5
    assert ((first > 0) != (second > 0)).any()
    assert not x.any()


def test_other_colours_turn_the_hue_and_lower_the_contrast(bench):
    image = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    image[..., :4, 0], image[..., 4:, :] = 200, 100  # red beside grey
    made = bench("helps").shifted(image)[0].astype(int)
    assert made[0, 0, 0] == made[0, 0, 1] > made[0, 0, 2]  # red becomes yellow
    assert np.ptp(made) < np.ptp(image)


def test_the_published_loop_comes_near_and_tells_when(bench):
    published, jobs = bench("published"), bench("jobs")
    rng = np.random.default_rng(0)
    content, style = (rng.integers(0, 256, (16, 16, 3)).astype(np.uint8) for _ in range(2))
    made = published.painted(jobs.aim_of(content, style), jobs.tensor(content), 5)
    losses = [loss for _, loss in made.curve]
    assert losses[-1] < losses[0]
    assert made.x.shape == (1, 3, 16, 16)
    assert published.seconds_to(losses[0], [made]) == made.curve[0][0]
    assert published.seconds_to(-1.0, [made]) is None


def test_runs_are_chosen_by_whole_names_or_by_their_start(bench):
    bench("parts")
    plan = bench("parts").work(1, "", quick=False)["help"][0]
    chosen = importlib.import_module("tables_bench.process").chosen
    assert [(run["case"], run["arm"]) for run in chosen(plan, ["moments"], ["C"])] == [("CIFAR-10", "moments")]
    assert {run["arm"] for run in chosen(plan, ["gat"], [""])} == {"gatys, once"}
    assert chosen(plan, [""], [""]) == plan
