"""Training as users meet it, through generators: recipes of what time cut short, kill -9, several fits in threads."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import torch
from imblearn.pipeline import Pipeline
from instances import heaps
from joblib import parallel_config
from lightning.pytorch import Callback
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from test_training import HELD, Line, Scripted, interrupt, lines, same

from gensynth import VAE, WGAN, Autoregressive, Balancer, load
from gensynth.errors import ConfigError, GensynthWarning, ignoring
from gensynth.generators.training import repeats
from gensynth.nn.vae import Codec
from gensynth.recipe import Named, build_generator
from gensynth.training import train
from gensynth.training.checkpoint import NAME

ROOT = Path(__file__).resolve().parents[1]
LONG = {"hidden": (32, 32), "steps": 100_000, "max_time": 0.4, "training": {"patience": None}}


@pytest.fixture(scope="module")
def table():
    return heaps()


def fitted(made, table):
    with warnings.catch_warnings(action="ignore", category=GensynthWarning):  # of less than a round, or of Ctrl-C
        return made.fit(*table)


# What time or Ctrl-C ended, again


def test_a_training_that_time_cut_short_repeats():
    task, again = Line(pause=0.005), Line()
    history = train(task, lines(10_000), held=HELD, max_time=0.5)
    step = int(history[-1]["step"])
    assert (history.ended, step < 10_000) == ("time", True)
    repeated = train(again, lines(10_000, stop_after=step), held=HELD)
    assert (repeated.ended, [record["step"] for record in repeated]) == (
        "steps", [record["step"] for record in history],
    )  # fmt: skip
    assert same(task, again)
    assert train(Line(), lines(20, stop_after=30))[-1]["step"] == 20


def test_rates_fall_as_planned_for_all_steps():
    class Falling(Line):
        def optimizers(self, steps):
            ((optimizer, _),) = super().optimizers(steps)
            return [(optimizer, torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, steps))]

    tasks = [Falling(), Falling(), Falling(at={33: interrupt})]
    train(tasks[0], lines(100, stop_after=34), decay=0.5)
    train(tasks[1], lines(34), decay=0.5)
    with pytest.warns(GensynthWarning, match="interrupted after step 34"):
        train(tasks[2], lines(100), decay=0.5)
    assert not same(tasks[0], tasks[1])
    assert same(tasks[0], tasks[2])


def test_a_round_that_time_cut_short_is_none_of_patience():
    task = Scripted([5, 6, 6, 6], at={30: lambda task: time.sleep(0.6)})
    assert train(task, lines(100), held=HELD, max_time=0.5, patience=1).ended == "time"
    assert train(Scripted([5, 6]), lines(100), held=HELD, patience=1).ended == "patience"


def test_a_checkpoint_is_kept_between_rounds_alone(tmp_path):
    task, whole, straight = Line(), Line(), Line()
    train(task, lines(100, stop_after=50), held=HELD, checkpoint_dir=tmp_path)
    assert torch.load(tmp_path / NAME, weights_only=True)["step"] == 40
    train(whole, lines(100), held=HELD, checkpoint_dir=tmp_path)
    assert whole.seen == list(range(40, 100))
    train(straight, lines(100), held=HELD)
    assert same(whole, straight)
    with pytest.raises(ConfigError, match="is of step 100, beyond stop_after=50; delete it"):
        train(Line(), lines(100, stop_after=50), held=HELD, checkpoint_dir=tmp_path)


@pytest.mark.parametrize("made", [VAE(**LONG, noise=4), Autoregressive(**LONG)], ids=["VAE", "Autoregressive"])
def test_the_recipe_of_a_balancer_gives_the_same_rows(made, table):
    balancer = Balancer(made, random_state=3)
    with warnings.catch_warnings(action="ignore", category=GensynthWarning):
        rows, labels = balancer.fit_resample(*table)
    recipe = json.loads(json.dumps(balancer.recipe_))
    went, steps = recipe["result"]["training"], balancer.generator_.steps_
    assert (went["ended"], went["planned"], went["steps"]) == ("time", 100_000, steps)
    assert recipe["job"]["generator"]["params"]["training"] == {"patience": None}
    params = recipe["job"]["generator"]["params"] | recipe["result"]["repeat"]
    again = Balancer(build_generator(Named(name=type(made).__name__, params=params)), random_state=3)
    made_again, labels_again = again.fit_resample(*table)
    assert made_again.equals(rows)
    assert (labels_again == labels).all()
    assert again.generator_.steps_ == steps
    assert "repeat" not in again.recipe_["result"]


def test_what_ctrl_c_ended_repeats_with_the_weights_that_were_kept(table, monkeypatch):
    step = Codec.step

    def interrupted(self, batch, index, descend, rng):
        if index == 73:
            interrupt(self)
        return step(self, batch, index, descend, rng)

    made = VAE(hidden=(32, 32), noise=4, steps=120, random_state=0)
    monkeypatch.setattr(Codec, "step", interrupted)
    with pytest.warns(GensynthWarning, match="after step 74 of 120"):
        made.fit(*table)
    monkeypatch.undo()
    assert (made.ended_, made.steps_, made.planned_) == ("interrupted", 74, 120)
    assert made.repeating() == {"steps": 120, "max_time": None, "training": {"stop_after": 70}}
    again = VAE(**made.get_params() | made.repeating()).fit(*table)
    assert again.sample(50, random_state=1).equals(made.sample(50, random_state=1))


def test_a_repeated_training_does_not_go_on_from_the_checkpoint(table, tmp_path):
    settings = {"training": {"checkpoint_dir": tmp_path, "patience": None}, "random_state": 0}
    made = VAE(hidden=(8,), noise=2, max_time=1, steps=10**6, **settings).fit(*table)
    assert made.ended_ == "time"
    assert "checkpoint_dir" not in made.repeating()["training"]
    again = VAE(**made.get_params() | made.repeating()).fit(*table)
    assert again.sample(50, random_state=1).equals(made.sample(50, random_state=1))


def test_a_recipe_is_plain_data_whatever_the_settings(table, tmp_path):
    settings = {"checkpoint_dir": tmp_path, "trainer_kwargs": {"callbacks": [Callback()]}}
    balancer = Balancer(VAE(hidden=(8,), noise=2, steps=20, random_state=0, training=settings))
    balancer.fit_resample(*table)
    recipe = json.loads(json.dumps(balancer.recipe_))
    assert recipe["job"]["generator"]["params"]["training"]["checkpoint_dir"] == str(tmp_path)


def test_parameters_that_are_numbers_of_numpy_are_saved(table, tmp_path):
    training = {"batch_size": np.int64(32), "lr": np.float32(0.5**9)}
    widths = {"hidden": (np.int64(8),), "noise": np.int16(2)}
    made = WGAN(**widths, steps=np.int64(5), max_time=np.int64(90), random_state=0, training=training).fit(*table)
    made.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert (again.hidden, again.noise, again.steps, again.max_time) == ([8], 2, 5, 90)
    assert again.training == {"batch_size": 32, "lr": 0.5**9}
    assert again.sample(20, random_state=1).equals(made.sample(20, random_state=1))


def test_what_ended_by_itself_has_nothing_to_repeat(table, tmp_path):
    made = VAE(hidden=(8,), noise=2, steps=20, random_state=0).fit(*table)
    assert (made.ended_, made.repeating()) == ("steps", {})
    made.save(tmp_path / "model")
    assert (load(tmp_path / "model").ended_, load(tmp_path / "model").planned_) == ("steps", 20)


def test_a_recipe_on_the_command_line_gives_the_same_bytes(run, payments):
    words = ["max_time=0.4", "steps=100000", "hidden=[16, 16]", "training={patience: null}"]
    asked = [part for word in words for part in ("--param", word)]
    status, _, err = run("balance", payments.name, "-t", "fraud", "-o", "out.csv", "--generator", "VAE", *asked)
    assert status == 0, err
    recipe, first = json.loads(Path("out.csv.recipe.json").read_text()), Path("out.csv").read_bytes()
    assert recipe["result"]["training"]["ended"] == "time"
    assert run("balance", "--config", "out.csv.recipe.json", "-o", "again.csv")[0] == 0
    assert Path("again.csv").read_bytes() == first
    assert run("balance", "--config", "again.csv.recipe.json", "--overwrite")[0] == 0  # that of a repeated one
    assert Path("again.csv").read_bytes() == first
    assert run("fit", payments.name, "-t", "fraud", "-o", "model", "--generator", "VAE", *asked)[0] == 0
    assert re.search(r"Training: \d+ of 100,000 steps in .* s, when time was up", run("show", "model")[1])
    config = run("balance", "--config", "out.csv.recipe.json", "--print-config", "--param", "steps=20")[1]
    assert "stop_after" not in config
    assert "steps: 20" in config
    config = run("balance", "--config", "out.csv.recipe.json", "--print-config", "--seed", "5")[1]
    assert "stop_after" not in config  # another training is bounded by time as the first was
    assert "max_time: 0.4" in config


# kill -9

FIT = {"hidden": (32, 32), "steps": 200, "random_state": 0}
KILLED = """
import sys, time
sys.path.insert(0, "tests")
from instances import heaps
from gensynth import Autoregressive
from gensynth.nn.autoregressive import Conditionals
step = Conditionals.step
Conditionals.step = lambda *given: time.sleep(0.01) or step(*given)
Autoregressive(**{fit}, training={{"checkpoint_dir": sys.argv[1]}}).fit(*heaps())
"""


def test_a_fit_that_was_killed_goes_on_to_the_same_rows(table, tmp_path):
    words = [sys.executable, "-c", KILLED.format(fit=FIT), str(tmp_path)]
    process = subprocess.Popen(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    file, until = tmp_path / NAME, time.monotonic() + 120
    while not file.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.05)  # into the next round
    process.kill()
    assert process.wait() == -signal.SIGKILL
    done = torch.load(file, weights_only=True)["step"]
    assert 0 < done < 200
    resumed = Autoregressive(**FIT, training={"checkpoint_dir": str(tmp_path)}).fit(*table)
    assert torch.load(file, weights_only=True)["step"] == resumed.steps_ > done
    straight = Autoregressive(**FIT).fit(*table)
    assert same(resumed.task_, straight.task_)
    assert resumed.sample(100).equals(straight.sample(100))
    assert [record["loss"] for record in resumed.history_] == [record["loss"] for record in straight.history_]


@pytest.mark.parametrize("changed", [{"precision": "bf16-mixed"}, {"gradient_clip_val": 0.5}], ids=str)
def test_a_checkpoint_of_other_precision_or_clipping_is_refused(table, tmp_path, changed):
    def fit(**trainer):
        settings = {"checkpoint_dir": str(tmp_path), "trainer_kwargs": trainer}
        return VAE(hidden=(8,), noise=2, steps=10, random_state=0, training=settings).fit(*table)

    fit()
    assert fit(enable_model_summary=False).steps_ == 10
    with pytest.raises(ConfigError, match="of another training"):
        fit(**changed)
    (tmp_path / NAME).unlink()
    fit(**changed)
    assert fit(**changed).steps_ == 10


# Several fits at once


def settings():
    return {
        "filters": list(warnings.filters),
        "levels": [logging.getLogger(name).level for name in ("", "lightning.pytorch", "lightning.fabric")],
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
        "switches": [torch.get_num_threads(), torch.is_grad_enabled(), torch.backends.cudnn.benchmark],
        "numbers": [torch.get_rng_state().tolist(), np.random.get_state()[1].tolist()],  # noqa: NPY002
    }


def test_fits_in_threads_are_those_one_after_another_and_leave_no_trace(table, capfd):
    train(Line(), lines(1))  # lightning is imported
    small = {"hidden": (16, 16), "steps": 100}
    made = [
        made(**small, random_state=seed, training=training)
        for made, training in [(VAE, None), (Autoregressive, {"trainer_kwargs": {"benchmark": True}})]
        for seed in range(3)
    ]
    before = settings()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: type(each)(**each.get_params()).fit(*table), made))
        rows = list(pool.map(lambda each: each.sample(40), together))
    assert settings() == before
    assert capfd.readouterr() == ("", "")
    for one, other, found in zip(made, together, rows, strict=True):
        assert same(one.fit(*table).task_, other.task_)
        assert one.sample(40).equals(found)
    assert settings() == before


# In threads scikit-learn puts back lists of filters that are not its own, and with them what `ignoring` had put in.
@pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning")
def test_a_grid_search_in_threads_is_that_of_one_thread(capfd):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [240, 60])
    X = rng.normal(size=(300, 3)) + y[:, None]
    before, scores = settings(), []
    for jobs in (1, 2):
        steps = [
            ("balance", Balancer(VAE(hidden=(8,), noise=2, steps=40, random_state=0))),
            ("learn", LogisticRegression()),
        ]
        search = GridSearchCV(Pipeline(steps), {"balance__generator__weight": [0.5, 1.0]}, cv=2, n_jobs=jobs)
        with parallel_config(backend="threading"):
            scores.append(search.fit(X, y).cv_results_["mean_test_score"].tolist())
    assert scores[0] == scores[1]
    assert capfd.readouterr() == ("", "")
    assert settings()["levels"] == before["levels"]


def test_what_is_ignored_in_one_thread_is_not_put_back_by_another():
    before = list(warnings.filters)
    first, second = ExitStack(), ExitStack()
    for stack, word in ((first, "one"), (second, "two")):
        stack.enter_context(ignoring(UserWarning, word))
        warnings.warn(word, UserWarning, stacklevel=1)
    first.close()
    warnings.warn("two", UserWarning, stacklevel=1)
    with pytest.warns(UserWarning, match="one"):
        warnings.warn("one", UserWarning, stacklevel=1)
    second.close()
    assert warnings.filters == before


def test_rows_of_rare_classes_are_learned_several_times():
    codes = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [1800, 190, 10]))
    times = repeats(codes)
    totals = np.bincount(codes, times)
    assert totals[0] == 1800
    assert abs(totals[1] - np.sqrt(190 * 2000 / 6)) <= 1  # half an even share is 2000 / 6
    assert totals[2] == 40  # four times at most
    assert all(np.ptp(times[codes == code]) <= 1 for code in range(3))
    assert (repeats(np.zeros(5, dtype=int)) == 1).all()
