"""The autoregressive generator against truths that can be computed, and on bad input."""

from __future__ import annotations

import itertools
import json
import shutil
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from instances import ODD, heaps
from safetensors.numpy import load_file, save_file

from gensynth import Autoregressive, load
from gensynth.errors import ConfigError, DataError, FormatError, GensynthWarning, UnknownCategory
from gensynth.nn.autoregressive import Conditionals

SMALL = {"hidden": (32, 32), "steps": 300, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    return heaps()


@pytest.fixture(scope="module")
def model(table):
    return Autoregressive(**SMALL).fit(*table)


def network(sizes=(2, 3, 4, 5), ordered=0.5):
    rng = torch.Generator().manual_seed(0)
    return Conditionals(sizes, [[]] * len(sizes), (8, 8), ordered=ordered, dropout=0.0, rng=rng)


@pytest.mark.parametrize("order", [None, [-1.0, 0.9, 0.1, 0.5]])
def test_a_column_hears_of_those_before_it_alone(order):
    net = network()
    codes = torch.tensor([[1, 2, 3, 4]])
    ranks = None if order is None else torch.tensor([order])
    places = [0, 1, 2, 3] if order is None else np.argsort(order).tolist()
    columns = torch.arange(1, 4)
    before = net._contexts(net.table()[codes.T + net.offsets], ranks, columns)
    for spot, changed in enumerate(places):
        other = codes.clone()
        other[0, changed] = 0
        moved = (net._contexts(net.table()[other.T + net.offsets], ranks, columns) != before).any(dim=2)[:, 0].tolist()
        assert moved == [column in places[spot + 1 :] for column in (1, 2, 3)]


def test_the_network_is_a_distribution_and_draws_from_it():
    net = network()
    every = torch.tensor([[1, *row] for row in itertools.product(range(3), range(4), range(5))])
    p = net.likelihood(every).exp()
    assert abs(float(p.sum()) - 1) < 1e-5
    np.testing.assert_allclose(net.surprise(every).detach(), -p.log(), rtol=1e-4)
    known = torch.tensor([[1, -1, -1, -1]] * 20_000)
    u = torch.rand(known.shape, generator=torch.Generator().manual_seed(1))
    drawn = net.complete(known, u, torch.zeros(2, 12, dtype=torch.bool))
    spots = (drawn[:, 1] * 20 + drawn[:, 2] * 5 + drawn[:, 3]).numpy()
    assert np.abs(np.bincount(spots, minlength=60) / 20_000 - p.detach().numpy()).max() < 0.02


def test_known_codes_stay_and_refused_ones_never_come():
    net = network()
    known = torch.tensor([[0, -1, 2, -1], [1, 1, -1, 0]] * 500)
    refused = torch.zeros(2, 12, dtype=torch.bool)
    refused[0, 0] = refused[1, 3] = True
    u = torch.rand(known.shape, generator=torch.Generator().manual_seed(1))
    u[:4] = 1.0  # what float32 makes of the largest below 1
    drawn = net.complete(known, u, refused)
    assert (drawn[known >= 0] == known[known >= 0]).all()
    assert (drawn[0::2, 1] != 0).all()
    assert (drawn[1::2, 2] != 0).all()


def test_what_goes_together_in_the_class_is_learned():
    rng = np.random.default_rng(0)
    a = rng.integers(2, size=2000)
    b = np.where(rng.random(2000) < 0.9, a, 1 - a)
    y = np.where(rng.random(2000) < 0.1, "rare", "common")
    b = np.where(y == "rare", 1 - b, b)  # the other way round in the rare class
    X = pd.DataFrame({"a": a.astype(str), "b": b.astype(str)})
    made = Autoregressive(random_state=0).fit(X, y)
    for label, share in (("common", 0.9), ("rare", 0.1)):
        rows = made.sample(4000, y=label)
        assert abs((rows["a"] == rows["b"]).mean() - share) < 0.05


def test_density_sums_to_one_over_a_table_of_categories():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.choice([*"pqr"], 300), "b": rng.choice(["s", "t", None], 300)})
    model = Autoregressive(**SMALL).fit(X, rng.choice(["u", "v"], 300))
    every = pd.DataFrame(list(itertools.product("pqr", ["s", "t", None])), columns=["a", "b"])
    for label in ("u", "v"):
        assert abs(np.exp(model.log_density(every, label)).sum() - 1) < 1e-4
    assert model.log_density(pd.DataFrame({"a": ["new"], "b": ["s"]}), "u")[0] == -np.inf
    with pytest.raises(ConfigError, match="say the class"):
        model.log_density(every)


def test_density_is_that_of_what_is_made():
    rng = np.random.default_rng(0)
    whole = pd.DataFrame({"k": rng.integers(0, 300, 2000)})
    model = Autoregressive(hidden=(16, 16), steps=30, random_state=0).fit(whole)
    assert abs(np.exp(model.log_density(pd.DataFrame({"k": np.arange(300)}))).sum() - 1) < 0.01
    heaps = pd.DataFrame({"x": np.concatenate([rng.normal(size=500), rng.normal(100, 1, 500)])})
    model = Autoregressive(hidden=(16, 16), steps=30, random_state=0).fit(heaps)
    grid = np.linspace(-5, 105, 110_001)
    density = np.exp(model.log_density(pd.DataFrame({"x": grid})))
    assert abs(density.sum() * 0.001 - 1) < 0.02
    assert density[(grid > 10) & (grid < 90)].max() == 0
    assert model.log_density(pd.DataFrame({"x": [1e6]}))[0] == -np.inf


def test_a_class_that_never_had_a_cell_takes_those_of_all_rows():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=300), "w": rng.choice([*"pq"], 300)})
    y = np.repeat(["u", "v"], [200, 100])
    X.loc[y == "v", "a"] = np.nan
    model = Autoregressive(hidden=(16, 16), steps=50, random_state=0).fit(X, y)
    assert model.impute(X, y)["a"].notna().all()
    assert model.sample(50, y="v")["a"].isna().all()


def test_conditions_hold_and_others_follow(model):
    made = model.sample(300, y="rare", conditions={"word": "y"})
    assert (made["word"] == "y").all()
    assert ((made["number"] - 10).abs() < 5).mean() > 0.95
    near = model.sample(300, y="rare", conditions={"number": 20.5})
    assert (near["number"] == 20.5).all()
    assert (near["k"] == 4).mean() > 0.95
    words, labels = model.sample(200, conditions={"word": "z"}, return_y=True)
    assert (words["word"] == "z").all()
    assert 0.05 < (labels == "rare").mean() < 0.5


def test_conditions_that_cannot_be_say_so(model, table):
    with pytest.raises(UnknownCategory, match="has no 'w'"):
        model.sample(3, conditions={"word": "w"})
    only = table[0].assign(number=np.where(table[1] == "rare", table[0]["number"].clip(upper=15), table[0]["number"]))
    held = Autoregressive(hidden=(8, 8), steps=10, random_state=0).fit(only, table[1])
    with pytest.raises(DataError, match=r"no row of class .rare. meets the condition number=20\.5: 0 of"):
        held.sample(3, y="rare", conditions={"number": 20.5})
    fixed = Autoregressive(**SMALL, order="columns").fit(*table)
    with pytest.raises(ConfigError, match="order='any'"):
        fixed.sample(3, conditions={"word": "x"})
    with pytest.raises(ConfigError, match="order='any'"):
        fixed.impute(table[0], table[1])


def test_imputed_rows_keep_their_cells_and_follow_them(model, table):
    X, y = table
    holed = X.copy()
    holed.loc[holed.index % 3 == 0, "number"] = np.nan
    holed.loc[holed.index % 3 == 1, "word"] = None
    for labels in (y, None):
        full = model.impute(holed, labels, random_state=1)
        assert not full.isna().any().any()
        assert full.dtypes.equals(X.dtypes)
        for name in X.columns:
            held = holed[name].notna()
            assert (full.loc[held, name] == holed.loc[held, name]).all()
        filled = holed["number"].isna() & X["word"].notna()
        heap = X["word"].map({"x": 0, "y": 10, "z": 20})
        assert ((full["number"] - heap).abs()[filled] < 5).mean() > 0.95
    assert model.impute(holed, y, random_state=1).equals(model.impute(holed, y, random_state=1))
    odd = holed.assign(k=holed["k"].where(holed.index > 3)).set_index(holed.index + 1000)
    odd.loc[1004, "number"] = 99.5  # beyond what was seen
    full = model.impute(odd, y)
    assert full["k"].dtype == X["k"].dtype
    assert full["number"].loc[1004] == 99.5
    assert full.index.equals(odd.index)
    with pytest.raises(DataError, match="column 'word', row 2"):
        model.impute(holed.assign(word=["x", "y", "w"] * 200), y)


def test_imputed_rows_keep_their_identifiers(table):
    X, y = table[0].assign(who=[f"P-{n * 7 % 601:04d}" for n in range(600)]), table[1]
    model = Autoregressive(hidden=(8, 8), steps=10, random_state=0).fit(X, y)
    assert model.encoder_.identifiers == ["who"]
    assert model.impute(X, y)["who"].equals(X["who"])


def test_a_saved_model_is_the_same_and_a_damaged_one_is_refused(model, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.sample(50, y="rare", random_state=3).equals(model.sample(50, y="rare", random_state=3))
    assert again.history_ == model.history_
    asked = {"n": 20, "y": "rare", "conditions": {"word": "y", "number": 10.5}, "random_state": 1}
    assert again.sample(**asked).equals(model.sample(**asked))
    for name, change in (("codes/1.starts", 1000), ("codes/1.cuts", None), ("weights/base", np.nan), ("counts", -5)):
        _tampered(tmp_path / "model", tmp_path / "changed", name, change)
        with pytest.raises(FormatError):
            load(tmp_path / "changed")
    meta = json.loads((tmp_path / "model" / "model.json").read_text())
    for part, value in (("hidden", [16, 16]), ("hidden", "__import__('os')")):
        changed = {**meta, "params": {**meta["params"], part: value}}
        (tmp_path / "model" / "model.json").write_text(json.dumps(changed))
        with pytest.raises((FormatError, ConfigError)):
            load(tmp_path / "model")


def _tampered(model, copy, name, change):
    """Write a copy of a model with one array multiplied by `change`, or emptied."""
    shutil.copytree(model, copy, dirs_exist_ok=True)
    arrays = load_file(model / "weights.safetensors")
    key = f"state/{name}"
    arrays[key] = arrays[key][:0] if change is None else (arrays[key] * change).astype(arrays[key].dtype)
    save_file({key: np.ascontiguousarray(array) for key, array in arrays.items()}, copy / "weights.safetensors")


@pytest.mark.parametrize("X", ODD.values(), ids=ODD)
def test_odd_tables(X):
    y = ["lone"] + ["many"] * 39
    with pytest.warns(GensynthWarning, match="lone"):
        model = Autoregressive(hidden=(8, 8), steps=20, random_state=0).fit(X, y)
    made, labels = model.sample(y=["lone", "many", "lone"], return_y=True)
    assert labels == ["lone", "many", "lone"]
    assert made.dtypes.equals(X.dtypes)


def test_thousands_of_levels():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"code": [f"c{n:04d}x" for n in rng.integers(0, 3000, 6000)], "n": rng.normal(size=6000)})
    model = Autoregressive(hidden=(16, 16), steps=40, random_state=0).fit(X, rng.integers(2, size=6000))
    assert model.sample(2000)["code"].isin(X["code"]).all()
    assert max(model.form_.sizes) <= 256


def test_a_rare_level_goes_with_the_classes_that_have_it():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"code": [f"c{n:04d}x" for n in rng.integers(0, 1000, 4000)], "n": rng.normal(size=4000)})
    y = rng.choice(["u", "v", "w"], 4000)
    counts = pd.crosstab(X["code"], y)
    rare = counts[(counts["u"] > 0) & (counts["v"] == 0) & (counts["w"] > 0)].index[-1]
    model = Autoregressive(hidden=(16, 16), steps=20, random_state=0).fit(X, y)
    with pytest.raises(DataError, match="no row of class 'v'"):
        model.sample(3, y="v", conditions={"code": rare})
    rows, labels = model.sample(60, conditions={"code": rare}, return_y=True)
    assert (rows["code"] == rare).all()
    assert {*labels} == {"u", "w"}


def test_bounds_on_training_are_kept_to(table):
    assert Autoregressive(hidden=(8, 8), steps=1, random_state=0).fit(*table).steps_ == 1
    short = Autoregressive(hidden=(8, 8), steps=10**6, max_time="1s", random_state=0, training={"patience": None})
    with warnings.catch_warnings(action="ignore"):  # of less than a round, on a slow machine
        short.fit(*table)
    assert 1 <= short.steps_ < 10**5
    assert short.history_[-1]["seconds"] < 10


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"steps": 0}, "steps must be"),
        ({"hidden": (8,)}, "hidden must be"),
        ({"hidden": (8, 0)}, "each width"),
        ({"order": "random"}, "order must be"),
        ({"dropout": 1.0}, "dropout must be"),
        ({"dropout": None}, "dropout must be"),
        ({"hidden": {8, 9}}, "hidden must be"),
        ({"training": {"progress": "no"}}, "progress cannot be"),
        ({"training": {"checkpoint_dir": "here"}, "random_state": None}, "needs random_state"),
        ({"max_time": "soon"}, "max_time"),
        ({"training": {"batchsize": 3}}, "did you mean 'batch_size'"),
        ({"training": {"lr": -1}}, "lr must be"),
        ({"training": {"device": "cuda:99"}}, "device"),
    ],
)
def test_wrong_parameters_are_refused(table, params, match):
    with pytest.raises(ConfigError, match=match):
        Autoregressive(**{"steps": 5, **params}).fit(*table)


def test_a_run_that_was_cut_short_goes_on_to_the_same_rows(table, tmp_path):
    whole = Autoregressive(**SMALL).fit(*table)
    kept = Autoregressive(**{**SMALL, "hidden": [32, 32]}, training={"checkpoint_dir": str(tmp_path)})
    kept.fit(*table)
    again = Autoregressive(**SMALL, training={"checkpoint_dir": str(tmp_path)}).fit(*table)
    assert again.sample(50).equals(kept.sample(50))
    assert again.sample(50).equals(whole.sample(50))
    with pytest.raises(ConfigError, match="another training"):
        Autoregressive(**SMALL, training={"checkpoint_dir": str(tmp_path), "lr": 0.05}).fit(*table)
    with pytest.raises(ConfigError, match="another training"):
        Autoregressive(**SMALL, training={"checkpoint_dir": str(tmp_path)}).fit(table[0].head(500), table[1][:500])
