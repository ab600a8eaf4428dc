"""Batches that do not fit in memory: halved once, said, recorded, repeated, and gone on with."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import torch
from instances import heaps
from test_training import same

from gensynth import VAE, WGAN, Augment, Autoregressive, Balancer, StyleTransfer
from gensynth.errors import FallbackWarning, TrainingFailed
from gensynth.generators.memory import HALVED, is_short
from gensynth.generators.training import CHECKPOINT
from gensynth.nn.vae import Codec
from gensynth.recipe import Named, build_generator
from gensynth.training import checkpoint

SMALL = {"hidden": (8, 8), "steps": 30, "random_state": 0}
MADE = {
    "VAE": VAE(**SMALL, noise=2, training={"batch_size": 64}),
    "WGAN": WGAN(**SMALL, noise=2, training={"batch_size": 64}),
    "Autoregressive": Autoregressive(**SMALL, training={"batch_size": 64}),
}
ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    MemoryError(),
]


@pytest.fixture(scope="module")
def table():
    return heaps()


@pytest.fixture
def short(monkeypatch):
    """Let steps fail for want of memory where a batch has more rows, from a step on."""

    def patch(task, most, error=ERRORS[0], start=0):
        step = task.step

        def tight(self, batch, index, descend, rng):
            if len(batch[0]) > most and index >= start:
                raise error
            return step(self, batch, index, descend, rng)

        monkeypatch.setattr(task, "step", tight)

    return patch


def task_of(made, table):
    return type(made.set_params(steps=1).fit(*table).task_)


def alone(made, **changed):
    return type(made)(**made.get_params() | changed)


@pytest.mark.parametrize("name", MADE)
def test_a_batch_is_halved_once_and_the_rest_is_as_asked_at_once(table, short, name):
    made = MADE[name]
    parts = getattr(alone(made), "parts", 1)
    asked = alone(made, training={"batch_size": 32}).fit(*table)
    short(task_of(alone(made), table), 32 * parts)
    with pytest.warns(
        FallbackWarning, match=r"batches of 64 rows: it begins anew with 32; training={'batch_size': 32}"
    ):
        found = alone(made).fit(*table)
    assert (found.halved_, found.batch_size_, asked.halved_) == (True, 32, False)
    assert same(found.task_, asked.task_)
    assert found.sample(50).equals(asked.sample(50))
    assert found.repeating() == {"training": {"batch_size": 32}}
    assert asked.repeating() == {}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__ + str(error)[:8])
def test_all_that_says_so_is_understood(table, short, error):
    short(Codec, 32, error, start=13)
    with pytest.warns(FallbackWarning, match="not enough memory"):
        made = alone(MADE["VAE"]).fit(*table)
    assert (made.batch_size_, made.steps_) == (32, 30)


def test_other_errors_stay_and_a_second_want_of_memory_is_one(table, short):
    assert not is_short(RuntimeError("shapes differ"))
    assert not is_short(ValueError("out of memory"))
    short(Codec, 31)
    with (
        pytest.warns(FallbackWarning, match="anew with 32"),
        pytest.raises(TrainingFailed, match="batches of 64 rows, nor of 32; give a smaller batch_size"),
    ):
        alone(MADE["VAE"]).fit(*table)
    short(Codec, 0)
    with pytest.raises(TrainingFailed, match="batches of 1, the least"):
        alone(MADE["VAE"], training={"batch_size": 1}).fit(*table)


def test_an_error_that_is_not_of_memory_is_not_tried_again(table, short):
    short(Codec, 32, RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        alone(MADE["VAE"]).fit(*table)


def test_a_recipe_has_the_batch_that_was_used(table, short):
    short(Codec, 32)
    balancer = Balancer(alone(MADE["VAE"]), random_state=3)
    with pytest.warns(FallbackWarning, match="anew"):
        rows, _ = balancer.fit_resample(*table)
    recipe = json.loads(json.dumps(balancer.recipe_))
    assert recipe["result"]["training"]["batch_size"] == 32
    params = recipe["job"]["generator"]["params"] | recipe["result"]["repeat"]
    again = Balancer(build_generator(Named(name="VAE", params=params)), random_state=3)
    with warnings.catch_warnings(action="error"):
        assert again.fit_resample(*table)[0].equals(rows)


def test_a_training_of_half_the_batch_that_was_cut_off_goes_on_with_it(table, short, tmp_path, monkeypatch):
    settings = {"batch_size": 64, "checkpoint_dir": str(tmp_path)}
    write = checkpoint.write

    def cut(path, state):
        write(path, state)
        if state["step"] == 20 and path.parent.name == HALVED:
            raise KeyboardInterrupt

    short(Codec, 32, start=13)
    monkeypatch.setattr(checkpoint, "write", cut)
    with pytest.warns(FallbackWarning, match="anew"), pytest.raises(KeyboardInterrupt):
        alone(MADE["VAE"], training=settings).fit(*table)
    monkeypatch.setattr(checkpoint, "write", write)
    assert not (tmp_path / CHECKPOINT).exists()
    assert (tmp_path / HALVED / CHECKPOINT).exists()
    with pytest.warns(FallbackWarning, match="anew"):
        found = alone(MADE["VAE"], training=settings).fit(*table)
    asked = alone(MADE["VAE"], training={"batch_size": 32}).fit(*table)
    assert same(found.task_, asked.task_)
    assert checkpoint.NAME == CHECKPOINT


def test_images_and_what_stands_on_top(short):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (40, 12, 12, 3)).astype(np.uint8), np.repeat([0, 1], [30, 10])
    style = StyleTransfer(method="adain", steps=4, random_state=0, training={"batch_size": 8})
    short(task_of(alone(style), (x, y)), 4)
    with pytest.warns(FallbackWarning, match="anew with 4"):
        assert alone(style).fit(x, y).batch_size_ == 4
    with pytest.warns(FallbackWarning, match="anew with 2"), pytest.raises(TrainingFailed, match="nor of 2"):
        alone(style, training={"batch_size": 5}).fit(*_big(x, y, short, style))
    short(Codec, 32)
    table = heaps()
    with warnings.catch_warnings(action="ignore", category=FallbackWarning):
        over = Augment(generator=alone(MADE["VAE"], steps=3), random_state=0).fit(*table)
    assert over.repeating()["generator"]["params"]["training"] == {"batch_size": 32}


def _big(x, y, short, style):
    short(task_of(alone(style, steps=1, training={"batch_size": 2}), (x, y)), 1)
    return x, y
