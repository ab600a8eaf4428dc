"""The variational autoencoder against truths that can be computed, its space, its files, and bad input."""

from __future__ import annotations

import itertools
import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from instances import ODD, heaps
from torch.nn import functional as F

from gensynth import VAE, load
from gensynth.errors import ConfigError, DataError, FormatError, GensynthWarning, NotFitted, UnknownCategory
from gensynth.generators.mixtures import Mixtures
from gensynth.nn.codes import NEVER, Slots
from gensynth.nn.vae import Codec
from gensynth.store.models import read_model, write_model

SMALL = {"hidden": (64, 64), "noise": 4, "steps": 500, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    return heaps()


@pytest.fixture(scope="module")
def model(table):
    return VAE(**SMALL).fit(*table)


def network(sizes=(2, 3, 4, 5), noise=1):
    rng = torch.Generator().manual_seed(0)
    return Codec(sizes, [[], [], [0.1, 0.4, 0.8], []], (8, 8), noise=noise, rng=rng)


# The networks ----------------------------------------------------------------------------------------------------


def test_the_bound_is_one():
    net, rng = network(), torch.Generator().manual_seed(1)
    every = torch.tensor([[1, *row] for row in itertools.product(range(3), range(4), range(5))])
    z = torch.linspace(-8, 8, 2001)
    normal = torch.distributions.Normal(0.0, 1.0)
    with torch.no_grad():
        likely = torch.stack([
            -net.slots.surprise(net.logits(z[:, None], torch.ones_like(z, dtype=torch.long)), row[1:].repeat(2001, 1))
            for row in every
        ])  # fmt: skip
        truth = torch.logsumexp(likely + normal.log_prob(z), 1) + np.log(16 / 2000)
        error, distance = (
            torch.stack(part).mean(0) for part in zip(*[net.parts(every, rng) for _ in range(200)], strict=True)
        )
        m, log_s2 = net.posterior(every)
    assert abs(float(truth.exp().sum()) - 1) < 1e-3
    assert (-(error + distance) < truth + 0.05).all()
    q = torch.distributions.Normal(m, (log_s2 / 2).exp())
    np.testing.assert_allclose(distance, torch.distributions.kl_divergence(q, normal).sum(1), rtol=1e-4, atol=1e-6)


def test_slots_hold_every_code_and_lose_none():
    sizes = [3, 40, 1, 3, 33, 2]
    slots, rng = Slots(sizes), torch.Generator().manual_seed(0)
    values = torch.randn(7, sum(sizes), generator=rng)
    logits = values[:, slots.codes] + slots.spare
    codes = torch.stack([torch.randint(size, (7,), generator=rng) for size in sizes], 1)
    parts = [F.cross_entropy(part, codes[:, j], reduction="none") for j, part in enumerate(values.split(sizes, 1))]
    np.testing.assert_allclose(slots.surprise(logits, codes), torch.stack(parts).sum(0), rtol=1e-5)
    assert (slots.spare == 0).sum() == sum(sizes)


def test_codes_are_drawn_by_their_chances_and_refused_ones_never():
    slots, rng = Slots([4, 2]), torch.Generator().manual_seed(0)
    logits = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.9, 0.1]]).log()[:, slots.codes] + slots.spare
    u = torch.rand(20_000, 2, generator=rng)
    drawn = slots.drawn(slots.chances(logits).expand(len(u), -1), u)
    assert np.abs(np.bincount(drawn[:, 0], minlength=4) / len(u) - [0.1, 0.2, 0.3, 0.4]).max() < 0.02
    assert abs(float(drawn[:, 1].double().mean()) - 0.1) < 0.01
    logits[:, slots.codes == 3] = NEVER  # the last of its column
    assert set(slots.drawn(slots.chances(logits).expand(len(u), -1), u)[:, 0].tolist()) == {0, 1, 2}
    assert slots.drawn(slots.chances(logits), torch.tensor([[1.0, 1.0]])).tolist() == [[2, 1]]


def test_nothing_is_scored_while_the_weight_rises():
    net, rng = network(), torch.Generator().manual_seed(0)
    net.optimizers(30)
    batch = (torch.tensor([[0, 1, 2, 3]]),)
    scores = []
    for index in range(12):
        net.step(batch, index, lambda number, loss: None, rng)
        with torch.no_grad():
            scores.append(net.score([batch], rng))
    assert [score is None for score in scores] == [True] * 9 + [False] * 3


# Mixtures --------------------------------------------------------------------------------------------------------


def test_the_mixture_has_the_moments_of_the_points():
    rng = np.random.default_rng(0)
    m = np.concatenate([rng.normal([0, 3], 0.1, (400, 2)), rng.normal([4, -3], 0.5, (600, 2))])
    s = np.broadcast_to([0.3, 0.1], m.shape)
    codes = np.zeros(1000, dtype=np.intp)
    made = Mixtures.fit(m, s, codes, components=10, key=0)
    z = made.draw(np.zeros(50_000, dtype=np.intp), np.arange(50_000), 1)
    np.testing.assert_allclose(z.mean(axis=0), m.mean(axis=0), atol=0.05)
    np.testing.assert_allclose(np.cov(z.T), np.cov(m.T) + np.diag(s[0] ** 2), atol=0.1)
    assert ((np.abs(z - [0, 3]).max(axis=1) < 2) | (np.abs(z - [4, -3]).max(axis=1) < 3)).mean() > 0.999


def test_a_lone_row_is_spread_like_the_others():
    rng = np.random.default_rng(0)
    m = np.concatenate([rng.normal(0, 2, (500, 3)), [[1.0, 1.0, 1.0]]])
    codes = np.repeat([0, 1], [500, 1]).astype(np.intp)
    made = Mixtures.fit(m, np.full(m.shape, 0.1), codes, components=1, key=0)
    z = made.draw(np.ones(20_000, dtype=np.intp), np.arange(20_000), 1)
    np.testing.assert_allclose(z.mean(axis=0), 0.5, atol=0.2)
    assert (np.abs(z.std(axis=0) - 2 * np.sqrt(3 / 4)) < 0.2).all()


# The generator ---------------------------------------------------------------------------------------------------


def test_what_goes_together_in_the_class_is_learned():
    rng = np.random.default_rng(0)
    a = rng.integers(2, size=2000)
    b = np.where(rng.random(2000) < 0.9, a, 1 - a)
    y = np.where(rng.random(2000) < 0.1, "rare", "common")
    b = np.where(y == "rare", 1 - b, b)  # the other way round in the rare class
    X = pd.DataFrame({"a": a.astype(str), "b": b.astype(str)})
    made = VAE(hidden=(64, 64), steps=800, random_state=0).fit(X, y)
    for label, share in (("common", 0.9), ("rare", 0.1)):
        rows = made.sample(4000, y=label)
        assert abs((rows["a"] == rows["b"]).mean() - share) < 0.08


def test_few_rows_lie_between_heaps(model, table):
    made = model.sample(1000, random_state=1)
    held = made[made["word"].notna()]
    heap = held["word"].map({"x": 0, "y": 10, "z": 20})
    assert ((held["number"] - heap).abs() < 5).mean() > 0.9
    assert abs(made["word"].isna().mean() - table[0]["word"].isna().mean()) < 0.06


def test_points_and_rows_go_both_ways(model, table):
    X, y = table
    z = model.encode(X, y)
    assert z.shape == (600, 4)
    assert z.dtype == np.float64
    assert (model.encode(X[:5], y[:5]) == z[:5]).all()
    back = model.decode(z, y, random_state=1)
    assert back.dtypes.equals(X.dtypes)
    assert (back["k"] == X["k"]).mean() > 0.9
    assert ((back["number"] - X["number"]).abs() < 5).mean() > 0.9
    assert back.equals(model.decode(z, y, random_state=1))
    assert not back.equals(model.decode(z, y, random_state=2))
    assert model.decode(z[:0], "rare").shape == (0, 3)


def test_blocks_in_threads_are_those_of_one_thread(model, table):
    X, y = (pd.concat([table[0]] * 8), np.tile(table[1], 8))
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            found.append((model.sample(5000, random_state=1), model.encode(X, y)))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert found[0][0].equals(found[1][0])
    assert (found[0][1] == found[1][1]).all()
    assert found[0][1].shape == (4800, 4)


def test_a_walk_leads_from_one_row_to_another(model, table):
    X = table[0]
    held = X[X["word"].notna()]
    a, b = held[held["word"] == "x"].head(1), held[held["word"] == "z"].head(1)
    walk = model.interpolate(a, b, 9, y="common", random_state=0)
    assert len(walk) == 9
    assert walk.dtypes.equals(X.dtypes)
    assert walk["number"].iloc[0] < 5
    assert walk["number"].iloc[-1] > 15
    assert walk.equals(model.interpolate(a, b, 9, y="common", random_state=0))
    same = model.interpolate(a, a, 4, y="common", random_state=0)
    assert (same == same.iloc[0]).all().all()


def test_a_walk_over_arrays_without_classes():
    X = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    model = VAE(**SMALL).fit(X)
    walk = model.interpolate(X[:1], X[1:2], 5, random_state=0)
    assert (walk.shape, walk.dtype) == ((5, 3), np.float32)
    assert model.encode(X).shape == (100, 4)


def test_what_cannot_be_encoded_or_decoded_says_so(model, table):
    X, y = table
    with pytest.raises(NotFitted):
        VAE().encode(X, y)
    with pytest.raises(ConfigError, match="say the class"):
        model.encode(X)
    with pytest.raises(ConfigError, match="600 rows but 3 labels"):
        model.encode(X, y[:3])
    with pytest.raises(UnknownCategory, match="odd"):
        model.encode(X, "odd")
    with pytest.raises(DataError, match=r"column 'word', row 2: a category that was not in training"):
        model.encode(X.assign(word=["x", "y", "w"] * 200), y)
    with pytest.raises(DataError, match=r"column 'number', row 0: a missing cell, where none was in training"):
        model.encode(X.assign(number=np.nan), y)
    for Z in (np.zeros((2, 3)), np.zeros(4), np.full((1, 4), np.nan), [["a"] * 4]):
        with pytest.raises(DataError, match="Z must be"):
            model.decode(Z, "rare")
    with pytest.raises(ConfigError, match=r"one row each.*got 2 and 1 rows"):
        model.interpolate(X[:2], X[:1], 5, y="rare")
    for n in (1, None, 2.5):
        with pytest.raises(ConfigError, match="n must be"):
            model.interpolate(X[:1], X[:1], n, y="rare")


def test_a_saved_model_is_the_same_and_a_damaged_one_is_refused(model, table, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.sample(50, y="rare", random_state=3).equals(model.sample(50, y="rare", random_state=3))
    assert (again.encode(*table) == model.encode(*table)).all()
    assert not again.holds_rows
    meta, arrays = read_model(tmp_path / "model")
    for name, change in {
        "means": lambda array: array[:, :2], "shares": lambda array: array[:1], "starts": lambda array: array[::-1],
        "roots": lambda array: array * np.nan,
    }.items():  # fmt: skip
        bad = {**arrays, f"state/mixtures/{name}": np.ascontiguousarray(change(arrays[f"state/mixtures/{name}"]))}
        write_model(tmp_path / name, meta, bad)
        with pytest.raises(FormatError, match="mixtures"):
            load(tmp_path / name)
    for part, value in (("noise", 3), ("hidden", [16, 16]), ("hidden", "__import__('os')")):
        changed = {**meta, "params": {**meta["params"], part: value}}
        write_model(tmp_path / f"{part} {value!s:.5}", json.loads(json.dumps(changed)), arrays)
        with pytest.raises((FormatError, ConfigError)):
            load(tmp_path / f"{part} {value!s:.5}")


@pytest.mark.parametrize("X", ODD.values(), ids=ODD)
def test_odd_tables(X):
    y = ["lone"] + ["many"] * 39
    with pytest.warns(GensynthWarning, match="lone"):
        model = VAE(hidden=(8,), noise=2, steps=20, random_state=0).fit(X, y)
    made, labels = model.sample(y=["lone", "many", "lone"], return_y=True)
    assert labels == ["lone", "many", "lone"]
    assert made.dtypes.equals(X.dtypes)
    assert model.encode(X, y).shape == (40, 2)


def test_hundreds_of_columns_and_thousands_of_levels():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 200))).add_prefix("c")
    X["code"] = [f"c{n:04d}x" for n in rng.integers(0, 3000, 400)]
    model = VAE(hidden=(16,), steps=20, random_state=0).fit(X, rng.integers(2, size=400))
    made = model.sample(100)
    assert made.shape == (100, 201)
    assert made["code"].isin(X["code"]).all()
    assert len(model.task_.slots.groups) < 6


def test_bounds_on_training_are_kept_to(table):
    assert VAE(hidden=(8,), steps=1, random_state=0).fit(*table).steps_ == 1
    short = VAE(hidden=(8,), steps=10**6, max_time="1s", random_state=0, training={"patience": None})
    with warnings.catch_warnings(action="ignore"):  # of less than a round, on a slow machine
        short.fit(*table)
    assert 1 <= short.steps_ < 10**5
    assert short.history_[-1]["seconds"] < 10


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"steps": 0}, "steps must be"),
        ({"hidden": ()}, "hidden must be"),
        ({"hidden": (8, 0)}, "each width"),
        ({"noise": 0}, "noise must be"),
        ({"weight": 0}, "weight must be"),
        ({"components": 2.5}, "components must be"),
        ({"max_time": "soon"}, "max_time"),
        ({"training": {"batchsize": 3}}, "did you mean 'batch_size'"),
    ],
)
def test_wrong_parameters_are_refused(table, params, match):
    with pytest.raises(ConfigError, match=match):
        VAE(**{"steps": 5, **params}).fit(*table)


def test_a_run_that_was_cut_short_goes_on_to_the_same_rows(table, tmp_path):
    whole = VAE(**SMALL).fit(*table)
    kept = VAE(**SMALL, training={"checkpoint_dir": str(tmp_path)}).fit(*table)
    again = VAE(**SMALL, training={"checkpoint_dir": str(tmp_path)}).fit(*table)
    assert again.sample(50).equals(kept.sample(50))
    assert again.sample(50).equals(whole.sample(50))
    with pytest.raises((ConfigError, FormatError), match="checkpoint"):
        VAE(**SMALL, weight=0.5, training={"checkpoint_dir": str(tmp_path)}).fit(*table)
