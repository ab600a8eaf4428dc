"""Polynomial fitting, ProWSyn and SMOBD: which rows serve, how often, and what is made of them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from gensynth.checks.trial import fitted, sampled
from gensynth.errors import ConfigError, FewRowsWarning
from gensynth.generators.mixing import fingerprints
from gensynth.generators.neighbors import Circle
from gensynth.generators.variants import SMOBD, PolynomFitSMOTE, ProWSyn

TOPOLOGIES = ["star", "bus", "mesh"]
EVERY = [PolynomFitSMOTE("star"), PolynomFitSMOTE("bus"), PolynomFitSMOTE("mesh"), ProWSyn(), SMOBD()]


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["x", "z"])
    y = np.where(np.arange(n) % 3 == 0, "rare", "common")
    frame.loc[y == "rare", "x"] += 1.5
    return frame, y


def sides(parents, n):
    """Return the parents of each made row and the second's weight; a row of one parent has it twice."""
    groups = parents.groupby("row")
    first, second = groups["parent"].first().to_numpy(), groups["parent"].last().to_numpy()
    assert len(first) == n
    return first, second, np.where(first == second, 0.0, groups["weight"].last().to_numpy())


@given(st.integers(6, 60), st.integers(1, 150), st.integers(0, 10**6), st.sampled_from(EVERY))
def test_counts_and_classes_are_exact_and_rows_the_mix_of_their_parents(n, asked, seed, made):
    frame, y = table(n, seed)
    generator = fitted(made, frame, y, seed)
    rows, labels, parents = sampled(generator, asked, y="rare", return_y=True, return_parents=True)
    assert len(rows) == asked
    assert {*labels} == {"rare"}
    assert (y[parents["parent"]] == "rare").all()
    if getattr(made, "topology", "") == "star":
        return
    first, second, w = sides(parents, asked)
    for name in ("x", "z"):
        a, b = frame[name].to_numpy()[first], frame[name].to_numpy()[second]
        assert np.array_equal(rows[name], a + w * (b - a))


# Polynomial fitting ----------------------------------------------------------------------------------------------


def test_a_star_leads_each_row_to_the_mean_and_fills_the_lines():
    frame, y = table()
    mean = frame[y == "rare"].mean().to_numpy()
    rows, parents = sampled(fitted(PolynomFitSMOTE(), frame, y), 400, y="rare", return_parents=True)
    assert (parents["weight"] == 1).all()
    own = frame.to_numpy()[parents["parent"]]
    part = ((rows.to_numpy() - own) / (mean - own)).T
    assert np.allclose(part[0], part[1])
    assert (part[0] > -1e-9).all()
    assert (part[0] < 1).all()
    assert np.ptp(np.bincount(parents["parent"])[y[: parents["parent"].max() + 1] == "rare"]) <= 1
    for parent in np.unique(parents["parent"]):  # twenty points a line, no tenth of which is empty
        filled = np.histogram(part[0][parents["parent"] == parent], 10, (0, 1))[0]
        assert (filled > 0).all()


def test_a_bus_leads_from_row_to_row():
    frame, y = table()
    _, parents = sampled(fitted(PolynomFitSMOTE("bus"), frame, y), 190, y="rare", return_parents=True)
    first, second, _ = sides(parents, 190)
    assert (second - first == 3).all()  # every third row is of the class
    assert (np.unique(first, return_counts=True)[1] == 10).all()


@pytest.mark.parametrize("size", [2, 3, 4, 5, 8, 9])
def test_a_mesh_uses_all_pairs_evenly(size):
    X = np.random.default_rng(0).normal(size=(40, 2))
    y = np.where(np.arange(40) < size, "rare", "common")
    pairs = size * (size - 1) // 2
    made = fitted(PolynomFitSMOTE("mesh"), X, y)
    for n in (pairs, 3 * pairs, 3 * pairs + 1):
        _, parents = sampled(made, n, y="rare", return_parents=True)
        first, second, _ = sides(parents, n)
        counts = np.unique(np.sort(np.stack([first, second], axis=1), axis=1), axis=0, return_counts=True)[1]
        assert len(counts) == pairs
        assert np.ptp(counts) == (n > 3 * pairs and pairs > 1)


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_fewer_rows_of_a_net_are_the_beginning_of_more(topology):
    made = fitted(PolynomFitSMOTE(topology), *table())
    long = sampled(made, 500)
    for n in (1, 17, 300):
        pd.testing.assert_frame_equal(long.iloc[:n], sampled(made, n))


def test_a_star_has_the_commonest_category_and_no_hole_in_its_middle():
    frame, y = table()
    frame["c"] = np.where(np.arange(60) % 2 == 0, "often", np.where(np.arange(60) % 4 == 1, "seldom", None))
    frame.loc[frame.index[y == "rare"][:15], "c"] = "often"
    frame.loc[::4, "z"] = np.nan
    rows, parents = sampled(fitted(PolynomFitSMOTE(), frame, y), 400, y="rare", return_parents=True)
    own = parents["parent"].to_numpy()
    mean = frame["x"][y == "rare"].mean()
    near = ((rows["x"] - frame["x"].to_numpy()[own]) / (mean - frame["x"].to_numpy()[own])).to_numpy() <= 0.5
    assert (rows["c"][~near] == "often").all()
    assert rows["z"][~near].notna().all()
    assert np.array_equal(rows["z"][near].isna(), frame["z"].isna().to_numpy()[own[near]])
    mine = frame["c"].to_numpy()[own[near]]
    assert all(a == b or (pd.isna(a) and pd.isna(b)) for a, b in zip(rows["c"][near], mine, strict=True))


def test_a_row_at_the_mean_has_no_line():
    X = np.array([[-1.25, 0.5], [1.25, 0.5], [0.0, 0.5], *np.random.default_rng(0).normal(size=(9, 2))])
    y = ["rare"] * 3 + ["b"] * 9
    _, parents = sampled(fitted(PolynomFitSMOTE(), X, y), 20, y="rare", return_parents=True)
    assert {*parents["parent"]} == {0, 1}


# ProWSyn ---------------------------------------------------------------------------------------------------------


def line(n=30):
    """Return a class on a line that starts beside the other class."""
    X = np.stack([np.append(np.arange(n) + 0.25, -1.0 - np.arange(40) / 7), np.zeros(n + 40)], axis=1)
    return X + np.random.default_rng(0).normal(0, 1e-3, X.shape), np.repeat(["rare", "common"], [n, 40])


def test_levels_go_out_from_the_border():
    X, y = line()
    made = fitted(ProWSyn(5, levels=4), X, y)
    code = [*made.classes_].index("rare")
    assert made._levels(code, np.arange(30)).tolist() == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 15


def test_shares_fall_from_level_to_level_and_mixes_stay_in_one():
    X, y = line()
    level = np.repeat([1, 2, 3, 4], [5, 5, 5, 15])
    for theta in (0.0, 1.0):
        made = fitted(ProWSyn(5, levels=4, theta=theta), X, y)
        _, parents = sampled(made, 3000, y="rare", return_parents=True)
        first, second, _ = sides(parents, 3000)
        assert (level[first] == level[second]).all()
        share = np.exp(-theta * (level - 1.0))
        assert (np.abs(np.bincount(first, minlength=30) - 3000 * share / share.sum()) < 1).all()


def test_a_row_alone_in_its_level_is_mixed_with_a_neighbour():
    X, y = line(6)
    _, parents = sampled(fitted(ProWSyn(5, levels=2), X, y), 200, y="rare", return_parents=True)
    first, second, _ = sides(parents, 200)
    assert (first != second).all()
    assert {*second[first == 5]} <= set(range(5))


# SMOBD -----------------------------------------------------------------------------------------------------------


def test_dense_rows_serve_more_often_and_stray_rows_never():
    rng = np.random.default_rng(0)
    dense, thin, stray = rng.normal(0, 0.1, (30, 2)), rng.normal(5, 1.0, (15, 2)), np.array([[90.0, 90.0]])
    X = np.vstack([dense, thin, stray, rng.normal(2, 3, (60, 2))])
    y = np.repeat(["rare", "common"], [46, 60])
    made = fitted(SMOBD(), X, y)
    _, parents = sampled(made, 1000, y="rare", return_parents=True)
    first, second, _ = sides(parents, 1000)
    counts = np.bincount(first, minlength=46)
    assert counts[45] == 0
    assert counts[:30].mean() > 2 * counts[30:45].mean()
    near = NearestNeighbors(n_neighbors=6).fit(X[:46]).kneighbors(X[:46], return_distance=False)
    assert all(b in near[a] for a, b in zip(first, second, strict=True))
    circle = Circle(made.space_, np.arange(46), 5, np.arange(106))
    shares = made._shares(circle)
    assert (np.abs(counts - 1000 * shares / shares.sum()) < 1).all()


# Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "what"),
    [
        (PolynomFitSMOTE("ring"), "topology"), (ProWSyn(0), "k_neighbors"), (ProWSyn(levels=0), "levels"),
        (ProWSyn(theta=-1), "theta"), (SMOBD(eta=1.5), "eta"), (SMOBD(t=0), "t above 0"), (SMOBD(t=float("nan")), "t"),
        (ProWSyn(levels=True), "levels"), (ProWSyn(neighbors=3), "neighbors"),
    ],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(made, what):
    with pytest.raises(ConfigError, match=what):
        made.fit(*table())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("made", EVERY, ids=repr)
def test_tiny_classes_are_made_of(made, count):
    frame, _ = table(40)
    frame = frame.assign(flat=2.5, c=[*"ab"] * 20, hole=np.where(np.arange(40) % 3 == 0, np.nan, frame["x"]))
    y = np.where(np.arange(40) < count, "rare", "common")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewRowsWarning)
        generator = made.set_params(random_state=0).fit(frame, y)
    rows = sampled(generator, 25, y="rare")
    assert len(rows) == 25
    assert len(np.unique(fingerprints(rows[["x", "z"]].to_numpy()))) == 25
    assert (rows["flat"] == 2.5).all()


@pytest.mark.parametrize("made", EVERY, ids=repr)
def test_many_categories_and_many_columns(made):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=6000), "town": (rng.permutation(6000) % 5000).astype(str)})
    y = np.where(np.arange(6000) % 9 == 0, "rare", "common")
    generator = fitted(made.set_params(schema={"town": "category"}), frame, y)
    assert set(sampled(generator, 200, y="rare")["town"]) <= set(frame["town"][y == "rare"])
    wide = rng.normal(size=(60, 520))
    assert sampled(fitted(made.set_params(schema=None), wide, y[:60]), 40, y="rare").shape == (40, 520)
