"""The adversarial random forest: what its leaves, links and densities must be."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from gensynth import ARF, load
from gensynth.errors import ConfigError, FewRowsWarning, RealRowsWarning
from gensynth.generators.leaves import Leaves, Matched
from gensynth.generators.links import Bins, linked, lost, walk
from gensynth.generators.moving import Moves, repeats_of


@pytest.fixture(scope="module")
def forest():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 4))
    rows[rng.random((300, 4)) < 0.1] = np.nan
    made = RandomForestClassifier(7, min_samples_leaf=9, random_state=0).fit(rows, rng.integers(2, size=300))
    return made, rows


def test_leaves_are_those_of_scikit_learn_missing_values_too(forest):
    made, rows = forest
    leaves = Leaves.of(made, rows)
    again = leaves.find(np.vstack([rows, np.full((1, 4), np.nan)]))
    assert (again[:-1] == leaves.home).all()
    assert (again - leaves.roots == made.apply(np.vstack([rows, np.full((1, 4), np.nan)]))).all()


def test_rows_are_drawn_from_the_leaf_that_is_asked(forest):
    made, rows = forest
    leaves = Leaves.of(made, rows)
    asked = leaves.home[np.arange(300), np.arange(300) % 7]
    for u in (0.0, 0.5, np.nextafter(1, 0)):
        drawn = leaves.draw(asked, np.full(300, u))
        assert (leaves.home[drawn, np.arange(300) % 7] == asked).all()


def test_matched_rows_have_the_leaf_and_the_code(forest):
    made, rows = forest
    leaves, codes = Leaves.of(made, rows), np.arange(300) % 3
    match, trees = Matched(leaves, codes, 3), np.arange(300) % 7
    asked = leaves.home[np.arange(300), trees]
    drawn = match.draw(trees, np.arange(300), np.random.default_rng(1).random(300))
    assert (codes[drawn] == codes).all()
    assert (leaves.home[drawn, trees] == asked).all()


def test_independent_columns_stay_independent():
    X = np.random.default_rng(0).normal(size=(3000, 3))
    model = ARF(random_state=0).fit(X)
    made = model.sample(3000)
    assert np.abs(np.corrcoef(made.T)[np.triu_indices(3, 1)]).max() < 0.06
    assert model.groves_[0].links == []


def test_dependence_is_kept_and_a_column_that_follows_another_does_so_still():
    rng = np.random.default_rng(0)
    word = rng.choice([*"abcdefgh"], 2000)
    frame = pd.DataFrame({"word": word, "number": [ord(w) for w in word], "x": rng.normal(size=2000)})
    frame["y"] = frame["x"] + rng.normal(0, 0.3, 2000)
    made = ARF(random_state=0).fit(frame).sample(2000)
    assert (made["word"].map(ord) == made["number"]).all()
    assert abs(made[["x", "y"]].corr().iloc[0, 1] - frame[["x", "y"]].corr().iloc[0, 1]) < 0.1
    loose = ARF(links=1, random_state=0).fit(frame).sample(2000)
    assert (loose["word"].map(ord) != loose["number"]).any()


def test_numbers_of_real_rows_are_not_repeated_but_what_many_hold_is():
    rng = np.random.default_rng(0)
    x = np.where(rng.random(500) < 0.6, 0.0, rng.lognormal(size=500))
    made = ARF(random_state=0).fit(np.stack([x, rng.normal(size=500)], axis=1)).sample(1000)[:, 0]
    assert 0.5 < (made == 0).mean() < 0.7
    assert not np.isin(made[made != 0], x).any()


def test_density_is_higher_where_rows_are():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 1))
    X = np.hstack([x, x + rng.normal(0, 0.2, (1500, 1)), rng.normal(size=(1500, 1))])
    y = np.repeat(["a", "b"], [1000, 500])
    model = ARF(random_state=0).fit(X[:1000], y[:1000])
    held = model.log_density(X[1000:], "a")
    torn = model.log_density(rng.permuted(X[1000:], axis=0), "a")
    assert np.median(held) > np.median(torn) + 1
    assert model.log_density(X[:1] + 100, "a")[0] < held.min()
    assert np.isfinite(model.log_density(np.full((1, 3), np.nan), "a")).all()


def test_density_of_categories_sums_to_one():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice([*"xyz"], 400), "b": rng.choice([*"uv"], 400)})
    model = ARF(random_state=0).fit(frame)
    every = pd.DataFrame([(a, b) for a in "xyz" for b in "uv"], columns=["a", "b"])
    assert np.exp(model.log_density(every)).sum() == pytest.approx(1, abs=0.05)  # leaves overlap what they hold
    strange = model.log_density(pd.DataFrame({"a": ["?"], "b": ["u"]}))
    assert strange[0] < model.log_density(every).min()


def test_what_density_needs_to_know_is_sorted_once(monkeypatch):
    from gensynth.generators import density, grove

    X = np.random.default_rng(0).normal(size=(300, 4))
    model, sorted_ = ARF(random_state=0).fit(X), []
    monkeypatch.setattr(grove, "Matched", lambda *given: sorted_.append(1) or Matched(*given))
    first = model.log_density(X)
    assert 0 < len(sorted_) <= 4
    sorted_.clear()
    assert np.array_equal(model.log_density(X[:7]), first[:7])
    assert not sorted_
    monkeypatch.setattr(density, "KEPT", 0)  # what is too large is sorted again
    other = ARF(random_state=0).fit(X)
    assert np.array_equal(other.log_density(X), first)


def test_parameters_count_when_fit_is_called(tmp_path):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=200), "c": rng.choice([*"uv"], 200)})
    model, other = ARF(random_state=0).fit(X), ARF(random_state=0).fit(X)
    other.set_params(trees=1, min_samples_leaf=50, rounds=2, links=1.0)
    pd.testing.assert_frame_equal(other.sample(30), model.sample(30))
    held = model.sample(30, conditions={"c": "u"})
    pd.testing.assert_frame_equal(other.sample(30, conditions={"c": "u"}), held)
    with pytest.warns(RealRowsWarning):
        other.save(tmp_path / "m")
    pd.testing.assert_frame_equal(load(tmp_path / "m").sample(30, conditions={"c": "u"}), held)


def test_log_density_wants_classes_where_there_are_some():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat(["a", "b"], 20)
    model = ARF(random_state=0).fit(X, y)
    with pytest.raises(ConfigError, match="class of the rows"):
        model.log_density(X)
    with pytest.raises(ConfigError, match="40 rows but 3 labels"):
        model.log_density(X, ["a", "b", "a"])
    assert model.log_density(X, y).shape == (40,)


@pytest.mark.parametrize(
    "params", [{"trees": 0}, {"links": 2}, {"links": True}, {"rounds": 0}, {"min_samples_leaf": 0}]
)
def test_parameters_out_of_range_are_refused(params):
    with pytest.raises(ConfigError, match=next(iter(params))):
        ARF(**params).fit(np.zeros((5, 2)), [0, 0, 1, 1, 1])


def test_threads_and_further_rounds_do_not_change_what_is_promised():
    X = np.random.default_rng(0).normal(size=(200, 3))
    one, two = (ARF(n_jobs=jobs, random_state=0).fit(X).sample(50) for jobs in (1, 2))
    assert (one == two).all()
    assert ARF(rounds=3, random_state=0).fit(X).sample(50).shape == (50, 3)


def test_wide_and_odd_tables_are_taken():
    rng = np.random.default_rng(0)
    wide = np.hstack([rng.normal(size=(60, 2000)), np.ones((60, 3))])
    assert (ARF(trees=5, random_state=0).fit(wide).sample(20)[:, -3:] == 1).all()
    many = pd.DataFrame({"word": rng.permutation(6000) % 5000, "x": rng.normal(size=6000)})
    many["word"] = "w" + (many["word"] * 7).astype(str)
    made = ARF(trees=5, random_state=0).fit(many).sample(300)
    assert made["word"].isin(many["word"]).all()


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), u=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_moved_numbers_stay_between_their_neighbours(values, u):
    x = np.array(values)
    moved = Moves(x, np.zeros(len(x), dtype=bool))(x, np.full(len(x), u))
    known = np.unique(x)
    at = np.searchsorted(known, x)
    assert (moved >= known[np.maximum(at - 1, 0)]).all()
    assert (moved <= known[np.minimum(at + 1, len(known) - 1)]).all()
    repeated = np.isin(x, known[np.unique(x, return_counts=True)[1] > 1])
    assert (moved[repeated] == x[repeated]).all()


def test_repeats_count_as_one_row():
    rows = np.array([[1.0, np.nan], [1.0, np.nan], [0.0, 2.0], [-0.0, 2.0], [1.0, 2.0]])
    assert repeats_of(rows).tolist() == [False, True, False, True, False]
    moves = Moves(rows[:, 0], repeats_of(rows))
    assert moves(np.array([0.0]), np.array([0.9]))[0] > 0


def test_lost_association_is_found_and_chance_is_not():
    rng = np.random.default_rng(0)
    a = rng.integers(5, size=4000)
    real = np.stack([a, (a + (rng.random(4000) < 0.2)) % 5, rng.integers(5, size=4000)], axis=1)
    found = {(i, j): gap for gap, i, j in lost(real, rng.permuted(real, axis=0), np.full(3, 5))}
    assert found[0, 1] > 0.5
    assert max(found[0, 2], found[1, 2]) < 0.02
    assert linked([(gap, i, j) for (i, j), gap in found.items()], 3, 0.1) == [(0, 1)]


def test_a_walk_visits_every_column_once_parents_first():
    order = walk([(0, 3), (3, 5), (1, 2)], 7)
    assert sorted(column for column, _ in order) == [*range(7)]
    seen = {-1}
    for column, parent in order:
        assert parent in seen
        seen.add(column)
    assert {frozenset(pair) for pair in order if pair[1] >= 0} == {frozenset(p) for p in [(0, 3), (3, 5), (1, 2)]}


def test_bins_tell_values_quantiles_levels_and_what_is_missing():
    few = Bins.of(np.tile([0.0, 1.0, np.nan, 1.0], 10), 0)
    assert few(np.array([0.0, 1.0, np.nan, 5.0])).tolist() == [0, 1, 2, 1]
    many = Bins.of(np.random.default_rng(0).normal(size=2000), 0)
    assert many.count <= 22
    words = Bins.of(np.arange(300.0) % 200, 200)
    assert words.count == 65
    assert words(np.array([np.nan])).tolist() == [64]


def test_one_row_that_meets_conditions_warns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"town": ["A"] * 39 + ["B"], "x": rng.normal(size=40), "z": rng.normal(size=40)})
    model = ARF(random_state=0).fit(frame)
    with pytest.warns(FewRowsWarning, match="1 rows meet the conditions"):
        made = model.sample(5, conditions={"town": "B"})
    assert (made["town"] == "B").all()
    assert made["x"].nunique() == 5
