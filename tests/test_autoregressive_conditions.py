"""What stands before held columns in an autoregressive network's order follows them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

from gensynth import Autoregressive
from gensynth.generators.completing import open_to
from gensynth.nn.autoregressive import Conditionals

HELD = {"contract": "long"}


@pytest.fixture(scope="module")
def table():
    """Return 5,000 rows: in one class 2 % hold a value that goes with many months, in the other with any."""
    rng = np.random.default_rng(0)
    y = np.repeat(["no", "yes"], [3000, 2000])
    long = rng.random(5000) < np.where(y == "no", 0.1, 0.02)
    months = np.where(long, rng.integers(55, 72, 5000), rng.integers(1, 30, 5000))
    months = np.where(long & (y == "no"), rng.integers(1, 72, 5000), months)
    X = pd.DataFrame({"months": months, "support": np.where(rng.random(5000) < 0.8, months > 40, months < 20)})
    return X.assign(contract=np.where(long, "long", "short"), bill=rng.normal(months, 5)), y


@pytest.fixture(scope="module")
def model(table):
    return Autoregressive(hidden=(32, 32), steps=800, random_state=0).fit(*table)


def network(sizes=(2, 3, 4, 5)):
    rng = torch.Generator().manual_seed(0)
    net = Conditionals(sizes, [[]] * len(sizes), (8, 8), dropout=0.0, rng=rng)
    with torch.no_grad():
        for part in net.parameters():  # far from uniform
            part.mul_(3)
    return net


def test_weighed_candidates_are_the_distribution_given_what_is_held():
    net = network()
    known = torch.tensor([[1, -1, 2, -1]] * 40_000)
    u = torch.rand(known.shape, generator=torch.Generator().manual_seed(1))
    codes, logs = net.candidates(known, u, torch.zeros(2, 12, dtype=torch.bool), 2)
    assert (codes[:, 2] == 2).all()
    assert (codes[:, 3] == -1).all()
    assert float(logs.exp().max()) <= 2 + 1e-5
    every = torch.tensor([[1, a, 2, -1] for a in range(3)])
    p = net.likelihood(every).exp()
    assert abs(float(logs.exp().mean() / p.sum()) - 1) < 0.02
    found = torch.zeros(3).index_add(0, codes[:, 1], logs.exp()) / logs.exp().sum()
    assert float((found - p / p.sum()).abs().max()) < 0.02
    plain = net.complete(known, u, torch.zeros(2, 12, dtype=torch.bool))[:, 1].bincount(minlength=3) / 40_000
    assert float((plain - p / p.sum()).abs().max()) > 0.05  # so there was something to weigh


def test_candidates_hold_no_refused_codes():
    net = network()
    refused = torch.zeros(2, 12, dtype=torch.bool)
    refused[1, 0] = True
    known = torch.tensor([[1, -1, -1, 2], [1, 1, -1, 4]] * 500)
    u = torch.rand(known.shape, generator=torch.Generator().manual_seed(1))
    codes, logs = net.candidates(known, u, refused, 3)
    assert (codes[0::2, 1] != 0).all()
    assert (codes[1::2, 1] == 1).all()
    assert bool(logs.isfinite().all())


def test_a_column_follows_a_rare_value_that_stands_after_it(model, table):
    X, y = table
    real = X[(y == "yes") & (X["contract"] == "long")]
    assert 30 <= len(real) <= 50
    made = model.sample(400, y="yes", conditions=HELD)
    assert (made["contract"] == "long").all()
    assert real["months"].min() > 40
    assert (made["months"] > 40).mean() > 0.55  # a quarter, if months were drawn as they come out in any order
    assert made["bill"].corr(made["months"]) > 0.9
    assert not made.duplicated().any()
    assert made["months"][made["months"] > 40].nunique() > 10


def test_rows_repeat_and_keep_their_prefix_under_conditions(model):
    y = ["yes", "no", "no"] * 60
    rows = model.sample(y=y, conditions=HELD)
    assert rows.equals(model.sample(y=y, conditions=HELD))
    assert rows.head(31).equals(model.sample(y=y[:31], conditions=HELD))
    assert not rows.equals(model.sample(y=y, conditions=HELD, random_state=1))


def test_several_conditions_are_met_and_classes_come_as_often_as_with_them(model, table):
    X, y = table
    for held in (HELD, {"contract": "long", "support": True}, {"support": False, "contract": "short"}):
        rows, labels = model.sample(600, conditions=held, return_y=True)
        real = np.ones(len(X), dtype=bool)
        for name, value in held.items():
            assert (rows[name] == value).all()
            real &= (X[name] == value).to_numpy()
        assert abs((np.asarray(labels) == "yes").mean() - (y[real] == "yes").mean()) < 0.08


def test_missing_cells_before_known_ones_follow_them(model, table):
    X, y = table
    some = np.flatnonzero(X["contract"] == "long")
    holed = X.iloc[some].assign(months=np.nan)
    full = model.impute(holed, y[some])
    assert (full["months"] - full["bill"]).abs().median() < 6
    assert full.equals(model.impute(holed, y[some]))
    assert full.head(20).equals(model.impute(holed.head(20), y[some][:20]))


def test_which_rows_have_something_before_what_is_held():
    known = list(itertools.product((-1, 0), repeat=3))
    wanted = {(-1, -1, 0): 3, (-1, 0, -1): 2, (-1, 0, 0): 3, (0, -1, 0): 3}
    assert open_to(np.array([[0, *row] for row in known])).tolist() == [wanted.get(row, 0) for row in known]
