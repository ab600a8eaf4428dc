"""The Wasserstein GAN against truths that can be computed, what it holds, its files, and bad input."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from instances import ODD, heaps
from torch import nn

from gensynth import WGAN, load
from gensynth.errors import ConfigError, DataError, FormatError, GensynthWarning
from gensynth.nn.dense import FEATURE, ColumnsCritic, ColumnsMaker
from gensynth.nn.wgan import Critic, Game, Maker
from gensynth.store.models import read_model, write_model
from gensynth.training import Batches, train

SMALL = {"hidden": (64, 64), "noise": 16, "steps": 600, "training": {"lr": 2e-3}, "random_state": 0}
SIZES, RANKS = (2, 3, 5, 4), [[], [], [0.1, 0.3, 0.6, 0.9], [0.2, 0.4, 0.6, 0.8]]


@pytest.fixture(scope="module")
def table():
    return heaps()


@pytest.fixture(scope="module")
def model(table):
    return WGAN(**SMALL).fit(*table)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def rows(n, seed=0):
    return torch.stack([torch.randint(size, (n,), generator=seeded(seed + at)) for at, size in enumerate(SIZES)], 1)


# The game, with numbers for examples -----------------------------------------------------------------------------


class Line(Maker):
    """G(z) = a z + b."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Parameter(torch.tensor(1.0)), nn.Parameter(torch.tensor(0.0))

    def make(self, real, rng):
        return (self.a * torch.randn(real[0].shape, generator=rng) + self.b,)


class Judge(Critic):
    """A small network, or a slope alone."""

    def __init__(self, slope=None):
        super().__init__()
        deep = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
        self.net = nn.Linear(1, 1) if slope is not None else deep
        for at, part in enumerate(self.net.parameters()):
            nn.init.normal_(part, std=0.5, generator=seeded(at))
        if slope is not None:
            nn.init.constant_(self.net.weight, slope)

    def points(self, examples):
        return examples[0]

    def judge(self, points, like):
        return self.net(points)[:, 0]

    def steepness(self, gradients):
        return gradients.square().sum(1)


def test_the_generator_finds_the_distribution():
    data = 1 + 0.5 * torch.randn(2000, 1, generator=seeded())
    game = Game(Line(), Judge(), loss="relativistic", penalty=0.1, critic_steps=2, lr=5e-3)
    history = train(game, Batches([data], 256, seed=0, steps=600), decay=0.98, progress=False, device="cpu")
    assert abs(game.maker.b.item() - 1) < 0.15
    assert abs(abs(game.maker.a.item()) - 0.5) < 0.15
    assert abs(history[-1]["distance"]) < 0.2 * abs(history[0]["distance"])


def test_the_critic_finds_the_distance_and_the_generator_goes_down_it():
    data = 3 + 0.5 * torch.randn(2000, 1, generator=seeded())
    game = Game(Line(), Judge(), penalty=10.0, critic_steps=2, lr=5e-3)
    pairs, rng, found = game.optimizers(400), seeded(1), []

    def descend(number, loss):
        if number or len(found) >= 300:  # the generator waits for the critic
            pairs[number][0].zero_grad()
            loss.backward()
            pairs[number][0].step()

    for index in range(400):
        batch = data[torch.randint(2000, (256,), generator=rng)]
        found.append(game.step((batch,), index, descend, rng)["distance"].item())
    z = np.sort(np.random.default_rng(0).normal(size=2000))
    truth = np.abs(np.sort(data[:, 0].numpy()) - z).mean()  # Wasserstein's, of numbers
    assert np.mean(found[250:300]) == pytest.approx(truth, rel=0.15)
    assert found[-1] < 0.9 * np.mean(found[250:300])
    assert game.maker.b.item() > 0.3


@pytest.mark.parametrize("slope", [0.5, 1.0, 3.0])
def test_the_penalty_is_that_of_the_slope(slope):
    game = Game(Line(), Judge(slope), penalty=7.0)
    x, g = (torch.randn(64, 1, generator=seeded(seed)) for seed in (1, 2))
    loss, distance = game._criticised((x,), (g,), seeded(), lazy=True)
    assert distance.item() == pytest.approx(slope * float(x.mean() - g.mean()), rel=1e-4)
    assert (loss + distance).item() == pytest.approx(7 * (slope - 1) ** 2, rel=1e-4, abs=1e-6)
    game.loss = "relativistic"
    lazy, plain = (game._criticised((x,), (g,), seeded(), lazy=which)[0].item() for which in (True, False))
    assert lazy - plain == pytest.approx(8 * 7 / 2 * 2 * slope**2, rel=1e-4)


def test_the_penalty_is_taken_between_real_and_made_examples():
    game = Game(Line(), Judge(1.0), penalty=7.0)
    game.critic.judge = lambda points, like: points.square().sum(1)  # whose slope at t is 2 t
    x, g = (torch.randn(64, 1, generator=seeded(seed)) for seed in (1, 2))
    loss, distance = game._criticised((x,), (g,), seeded(3), lazy=False)
    e = torch.rand(16, 1, generator=seeded(3))
    between = g[:16] + e * (x[:16] - g[:16])
    assert (loss + distance).item() == pytest.approx(7 * float(((2 * between.abs() - 1) ** 2).mean()), rel=1e-4)


def test_critic_steps_see_rows_of_their_own():
    seen = []
    game = Game(Line(), Judge(1.0), critic_steps=3)
    made = game._criticised
    game._criticised = lambda real, *rest: seen.append(real[0]) or made(real, *rest)
    for rows, steps in ((12, 3), (13, 3), (2, 2)):
        batch, moved = torch.arange(float(rows))[:, None], []
        seen.clear()
        game.step((batch,), 0, lambda number, loss, moved=moved: moved.append(number), seeded())
        assert torch.cat(seen).equal(batch)
        assert moved == [1] * steps + [0]
        assert max(map(len, seen)) - min(map(len, seen)) <= 1
    assert all(part.requires_grad for part in game.parameters())


# The networks of tables ------------------------------------------------------------------------------------------


def critic(sizes=SIZES):
    return ColumnsCritic(sizes, RANKS, (16, 16), rng=seeded())


@pytest.mark.parametrize("classes", [2, 50])
def test_the_steepness_is_that_in_features(classes):
    net, codes = critic((classes, *SIZES[1:])), rows(8)
    bumps = net.smooth(torch.eye(net.smooth.count))
    wide = sum(SIZES[1:])
    phi = torch.zeros(8, wide + net.smooth.count)
    for at, offset in enumerate(net.offsets.tolist(), 1):
        phi[torch.arange(8), codes[:, at] + offset] = FEATURE
        phi[:, wide:] += FEATURE * bumps[codes[:, at] + offset]
    phi.requires_grad_()
    weights = torch.cat([net.features, net.smoothed])
    (slopes,) = torch.autograd.grad(net.judge(phi @ weights, (codes,)).sum(), phi)
    points = net.points((codes,))
    np.testing.assert_allclose((phi @ weights).detach(), points.detach(), rtol=1e-4, atol=1e-5)
    (gradients,) = torch.autograd.grad(net.judge(points, (codes,)).sum(), points)
    np.testing.assert_allclose(net.steepness(gradients).detach(), slopes.square().sum(1), rtol=1e-3)


def test_gradients_go_through_what_was_drawn_to_its_chances():
    net, codes = critic(), rows(6)
    chances = torch.full((6, len(net.slots.codes)), 0.3, requires_grad=True)
    points = net.points((codes, chances))
    np.testing.assert_array_equal(points.detach(), net.points((codes,)).detach())
    (slopes,) = torch.autograd.grad(net.judge(points, (codes,)).sum(), points, retain_graph=True)
    (found,) = torch.autograd.grad(net.judge(points, (codes,)).sum(), chances)
    table = net._table().detach()[net.slots.codes]
    np.testing.assert_allclose(found, slopes @ table.T, rtol=1e-4, atol=1e-6)


def test_held_codes_are_taken_over_and_pull_no_gradient():
    maker, real = ColumnsMaker(SIZES, RANKS, (16, 16), noise=4, rng=seeded()), rows(400)
    held = maker._held(400, seeded(5))
    made, chances = maker.make((real,), seeded(5))
    assert (made[held] == real[held]).all()
    for column in range(1, 4):
        spots = (SIZES[0] + maker.slots.codes - maker.offsets[column]).clamp(min=-1)
        mine = chances[:, (spots >= 0) & (spots < SIZES[column])]
        np.testing.assert_allclose(mine.sum(1).detach(), (~held[:, column]).float(), rtol=1e-4)
    several = held[:, 1:].sum(1)
    assert held[:, 0].all()
    assert 0.15 < (several == 0).float().mean() < 0.5
    assert (several == 1).float().mean() > 0.4
    with torch.no_grad():
        assert len(maker.make((real,), seeded())) == 1


def test_what_is_refused_is_not_drawn():
    maker, n = ColumnsMaker(SIZES, RANKS, (16, 16), noise=4, rng=seeded()), 3000
    refused = torch.zeros(2, sum(SIZES[1:]), dtype=torch.bool)
    refused[1, :2] = True  # two of the three of the first column, for one class
    known = torch.cat([torch.arange(n)[:, None] % 2, torch.full((n, 3), -1)], 1)
    known[::5, 3] = 2
    made = maker.draw(torch.randn(n, 4, generator=seeded()), known, torch.rand(n, 3, generator=seeded(1)), refused)
    assert set(made[1::2, 1].tolist()) == {2}
    assert set(made[0::2, 1].tolist()) == {0, 1, 2}
    assert (made[::5, 3] == 2).all()
    assert (made[:, 0] == known[:, 0]).all()


def test_rows_are_apart_by_the_frequencies_of_pairs():
    maker, x = ColumnsMaker(SIZES, [[]] * 4, (8,), noise=2, rng=seeded()), rows(50)
    g = rows(50, seed=9)
    maker.make = lambda real, rng: (g,)
    agree = {
        name: ((a[:, None] == b[None]).float().mean(2) ** 2).mean()
        for name, (a, b) in {"xx": (x, x), "xg": (x, g), "gg": (g, g)}.items()
    }
    wanted = (agree["xx"] - 2 * agree["xg"] + agree["gg"]).sqrt()
    assert maker.apart([(x,)], seeded()) == pytest.approx(float(wanted), rel=1e-4)
    maker.make = lambda real, rng: real
    assert maker.apart([(x,)], seeded()) == 0


def test_columns_of_too_many_codes_are_not_compared():
    for sizes, some in (((5000, 3), True), ((2, 5000, 3), True), ((2, 5000), False)):
        maker = ColumnsMaker(sizes, [[]] * len(sizes), (4,), noise=2, rng=seeded())
        real = torch.zeros(30, len(sizes), dtype=torch.int64)
        made = real.clone()
        made[:, -1] = 1
        maker.make = lambda _, rng, made=made: (made,)
        found = maker.apart([(real,)], seeded())
        assert (found is not None and found > 0) == some


# The generator ---------------------------------------------------------------------------------------------------


def test_what_goes_together_in_the_class_is_learned():
    rng = np.random.default_rng(0)
    a = rng.integers(2, size=2000)
    b = np.where(rng.random(2000) < 0.9, a, 1 - a)
    y = np.where(rng.random(2000) < 0.1, "rare", "common")
    b = np.where(y == "rare", 1 - b, b)  # the other way round in the rare class
    X = pd.DataFrame({"a": a.astype(str), "b": b.astype(str)})
    made = WGAN(**SMALL).fit(X, y)
    for label, share in (("common", 0.9), ("rare", 0.1)):
        found = made.sample(2000, y=label)
        assert abs((found["a"] == found["b"]).mean() - share) < 0.12


def test_numbers_follow_the_word_that_is_held(model):
    for word, number in (("x", 0), ("y", 10), ("z", 20)):
        made = model.sample(300, y="rare", conditions={"word": word})
        assert (made["word"] == word).all()
        assert ((made["number"] - number).abs() < 5).mean() > 0.85


def test_a_rare_level_comes_as_often_as_it_should():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.integers(3, size=(1000, 9))).add_prefix("x").astype(str)
    X["level"] = np.where(np.arange(1000) < 10, "rare", "often")
    made = WGAN(hidden=(32,), steps=300, random_state=0).fit(X).sample(20_000)
    assert 0.001 <= (made["level"] == "rare").mean() < 0.02  # 1 % in the rows; a tenth of them is sure


def test_frequencies_are_those_of_the_rows_from_the_first_step_on():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"level": np.minimum(rng.pareto(0.7, 4000) * 3, 400).astype(int).astype(str)})
    X["zero"] = np.where(rng.random(4000) < 0.8, 0.0, rng.normal(size=4000))
    made = WGAN(steps=1, hidden=(32,), random_state=0).fit(X).sample(4000)
    apart = X["level"].value_counts(normalize=True).sub(made["level"].value_counts(normalize=True), fill_value=0)
    assert apart.abs().sum() / 2 < 0.15  # 0.7 from equal frequencies on, 0.07 between two draws of 4,000
    assert abs((made["zero"] == 0).mean() - 0.8) < 0.1


def test_the_history_tells_the_distance_and_in_its_second_half_the_score(model):
    step = [record["step"] for record in model.history_]
    assert all({"distance", "critic", "generator"} <= set(record) for record in model.history_)
    assert ["score" in record for record in model.history_] == [at > 300 for at in step]
    assert step[-1] > 300


def test_a_model_is_shown_with_its_distance(model, tmp_path, capsys):
    from gensynth.cli import showing

    model.save(tmp_path / "model")
    showing.run(str(tmp_path / "model"), target=None, schema={})
    told = capsys.readouterr().out
    assert any(line.strip().startswith("distance: first") for line in told.splitlines())
    assert "█" in told[told.index("distance: first") :]


@pytest.mark.slow
def test_two_processes_train(table):
    several = {"accelerator": "cpu", "devices": 2, "strategy": "ddp_spawn"}
    made = WGAN(hidden=(16,), steps=20, random_state=0, training={"trainer_kwargs": several}).fit(*table)
    assert made.steps_ == 20
    assert len(made.sample(10, y="rare")) == 10


@pytest.mark.parametrize(("loss", "stop"), [("wgan-gp", 40), ("relativistic", 60)])
def test_training_goes_on_from_its_checkpoint(table, tmp_path, loss, stop):
    params = {"loss": loss, "hidden": (16, 16), "steps": 80, "critic": {"steps": 2}, "random_state": 0}
    whole = WGAN(**params).fit(*table)
    settings = {"checkpoint_dir": str(tmp_path)}
    WGAN(**params, training=settings | {"stop_after": stop}).fit(*table)
    later = WGAN(**params, training=settings).fit(*table)
    assert later.history_[-1]["distance"] == whole.history_[-1]["distance"]
    for name, value in whole.task_.state_dict().items():
        assert value.equal(later.task_.state_dict()[name]), name


def test_a_saved_model_is_the_same_and_a_damaged_one_is_refused(model, tmp_path):
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    for given in ({}, {"conditions": {"word": "y"}}):
        wanted = model.sample(50, y="rare", random_state=3, **given)
        assert again.sample(50, y="rare", random_state=3, **given).equals(wanted)
    assert not again.holds_rows
    meta, arrays = read_model(tmp_path / "model")
    for part, value in (("noise", 3), ("hidden", [16, 16]), ("hidden", "__import__('os')"), ("loss", "mine")):
        changed = {**meta, "params": {**meta["params"], part: value}}
        write_model(tmp_path / f"{part} {value!s:.5}", json.loads(json.dumps(changed)), arrays)
        with pytest.raises((FormatError, ConfigError)):
            load(tmp_path / f"{part} {value!s:.5}")


@pytest.mark.parametrize("loss", ["wgan-gp", "relativistic"])
@pytest.mark.parametrize("X", ODD.values(), ids=ODD)
def test_odd_tables(X, loss):
    y = ["lone"] + ["many"] * 39
    with pytest.warns(GensynthWarning, match="lone"):
        made = WGAN(loss=loss, hidden=(8,), noise=2, steps=10, random_state=0).fit(X, y)
    got, labels = made.sample(y=["lone", "many", "lone"], return_y=True)
    assert labels == ["lone", "many", "lone"]
    assert got.dtypes.equals(X.dtypes)
    for name in X:
        if X[name].dtype == object:
            assert got[name].isin(X[name]).all()
        else:
            assert got[name].between(X[name].min(), X[name].max()).all()


def test_hundreds_of_columns_and_thousands_of_levels():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(400, 200))).add_prefix("c")
    X["code"] = [f"c{n:04d}x" for n in rng.integers(0, 3000, 400)]
    made = WGAN(hidden=(16,), steps=10, random_state=0).fit(X, rng.integers(2, size=400)).sample(100)
    assert made.shape == (100, 201)
    assert made["code"].isin(X["code"]).all()


def test_bounds_on_training_are_kept_to(table):
    with warnings.catch_warnings(action="ignore"):  # of less than a round, on a slow machine
        assert WGAN(hidden=(8,), steps=1, random_state=0).fit(*table).steps_ == 1
        short = WGAN(hidden=(8,), steps=10**6, max_time="1s", random_state=0).fit(*table)
    assert 1 <= short.steps_ < 10**5
    assert short.ended_ == "time"


def test_a_loss_that_is_not_finite_ends_training_with_the_best_weights(table, monkeypatch):
    plain, calls = Game._fooled, []

    def spoilt(self, real, made):
        calls.append(1)
        return plain(self, real, made) * (np.nan if len(calls) == 100 else 1)

    monkeypatch.setattr(Game, "_fooled", spoilt)
    with pytest.warns(GensynthWarning, match="not finite"):
        made = WGAN(hidden=(8,), steps=200, random_state=0).fit(*table)
    assert made.ended_ == "spoilt"
    assert made.steps_ == 90  # the last whole round
    assert all(bool(value.isfinite().all()) for value in made.task_.state_dict().values())
    assert len(made.sample(5, y="rare")) == 5


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"loss": "hinge"}, "loss must be"),
        ({"loss": np.array(["wgan-gp", "relativistic"])}, "loss must be"),
        ({"steps": 0}, "steps must be"),
        ({"hidden": ()}, "hidden must be"),
        ({"noise": 0}, "noise must be"),
        ({"critic": 5}, "critic must be a mapping"),
        ({"critic": {"step": 2}}, "critic has no setting 'step'.*steps"),
        ({"critic": {"steps": None}}, "critic: steps must be"),
        ({"critic": {"steps": 1.5}}, "critic: steps must be"),
        ({"critic": {"penalty": 0}}, "critic: penalty must be"),
        ({"critic": {"penalty": 10**400}}, "critic: penalty must be"),
        ({"critic": {"penalty": np.complex64(1)}}, "critic: penalty must be"),
        ({"critic": {"augment": "all"}}, "critic: augment must be true, false or a mapping"),
        ({"critic": {"augment": {"color": 1}}}, "critic: augment has no setting 'color'.*colour"),
        ({"critic": {"augment": {"cutout": 1.5}}}, "critic: augment: cutout must be a number from 0 to 1"),
        ({"critic": {"augment": True}}, "augment is for images"),
        ({"max_time": "soon"}, "max_time"),
        ({"schema": 5}, "schema must be a mapping"),
        ({"training": {"device": "cuda:99"}}, "device"),
    ],
)
def test_wrong_parameters_say_so(table, params, match):
    with pytest.raises(ConfigError, match=match):
        WGAN(**{**SMALL, **params}).fit(*table)


@pytest.mark.parametrize(("steps", "rows"), [(25, "21 rows"), (1000, "1 rows")])
def test_critic_steps_that_leave_few_rows_for_each_are_told(table, steps, rows):
    made = WGAN(hidden=(8,), noise=2, steps=1, critic={"steps": steps}, random_state=0)
    with pytest.warns(GensynthWarning, match=f"each step of the critic has {rows}, not 64") as told:
        made.fit(*table)
    assert [str(one.message)[:18] for one in told] == [f"WGAN, critic of {steps}"[:18]]


def test_conditions_that_no_row_of_the_class_meets_say_so():
    X = pd.DataFrame({"word": ["x"] * 20 + ["y"] * 20, "n": np.arange(40)})
    made = WGAN(hidden=(8,), steps=10, random_state=0).fit(X, X["word"].map({"x": "a", "y": "b"}))
    with pytest.raises(DataError, match="no row of class 'a'"):
        made.sample(5, y="a", conditions={"word": "y"})


def test_classes_are_drawn_among_those_that_meet_the_conditions():
    x = np.repeat([3.0, 1.0, 5.0, 4.0, 7.0], 40)
    y = np.repeat(["a", "b", "b", "c", "c"], 40)
    X = pd.DataFrame({"x": x, "word": np.tile([*"pq"], 100)})
    made = WGAN(hidden=(8,), steps=10, random_state=0).fit(X, y)
    _, labels = made.sample(200, conditions={"x": 4.0}, return_y=True)
    assert set(np.asarray(labels).tolist()) == {"b", "c"}  # b, between 1 and 5, has none of just 4
    assert (np.asarray(labels) == "c").mean() > 0.8
    _, labels = made.sample(300, conditions={"word": "p"}, return_y=True)
    assert np.abs(pd.Series(labels).value_counts(normalize=True)[["b", "c"]] - 0.4).max() < 0.1


def test_made_rows_are_the_same_whichever_blocks_they_come_in(model):
    made = model.sample(5000, y="rare", random_state=1)
    assert made.head(2100).equals(model.sample(2100, y="rare", random_state=1))


def test_the_rates_fall_over_the_second_half():
    game = Game(Line(), Judge(), critic_steps=2, lr=1.0)
    pairs = game.optimizers(10)
    for (_, schedule), count in zip(pairs, (10, 20), strict=True):
        rates = []
        for _ in range(count):
            rates.append(schedule.get_last_lr()[0])
            schedule.optimizer.step()
            schedule.step()
        assert rates[: count // 2] == [1.0] * (count // 2)
        assert rates[-1] == pytest.approx(2 / count)


def test_a_relativistic_generator_is_judged_in_pairs():
    game = Game(Line(), Judge(2.0), loss="relativistic")
    x, g = (torch.randn(64, 1, generator=seeded(seed)) for seed in (1, 2))
    wanted = torch.log1p(torch.exp(2 * (x - g))).mean()
    assert game._fooled((x,), (g,)).item() == pytest.approx(float(wanted), rel=1e-5)
