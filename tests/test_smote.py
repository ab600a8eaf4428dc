"""SMOTE, Borderline-SMOTE and SMOTE-N: exact, even, repeatable, and made of the parents they name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn import over_sampling
from scipy import sparse
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors

from gensynth import Balancer, load
from gensynth.checks.trial import fitted, sampled
from gensynth.data.encode import TableEncoder
from gensynth.errors import ConfigError, DataError, FallbackWarning, FewRowsWarning, FormatError
from gensynth.generators import neighbors
from gensynth.generators.neighbors import Circle, Space
from gensynth.generators.smote import SMOTE, SMOTENC
from gensynth.generators.smote_family import BorderlineSMOTE
from gensynth.generators.smoten import SMOTEN, Differences

OWN = [SMOTE, SMOTENC, BorderlineSMOTE]


def table(n, seed, words=False):
    """Return n rows of floats and integers on a grid, a third of them of the class "rare"."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "k": rng.integers(0, 60, n) * 5})
    if words:
        frame["c"] = rng.choice([*"abc"], n)
    y = np.where(np.arange(n) % 3 == 0, "rare", "common")
    frame.loc[y == "rare", "x"] += 0.5
    return frame, y


def sides(parents, n):
    """Return first and second parents and the second's weight by made row; a row of one parent has it twice."""
    first = parents.groupby("row")["parent"].first().to_numpy()
    second = parents.groupby("row")["parent"].last().to_numpy()
    weight = np.where(first == second, 0.0, parents.groupby("row")["weight"].last().to_numpy())
    assert len(first) == n
    return first, second, weight


# What is made ----------------------------------------------------------------------------------------------------


@given(st.integers(9, 60), st.integers(1, 150), st.integers(1, 9), st.integers(0, 2**31), st.sampled_from(OWN))
def test_rows_are_exact_even_and_the_mix_of_their_parents(n, asked, k, seed, made):
    frame, y = table(n, seed)
    generator = fitted(made(k_neighbors=k), frame, y, seed % 1000)
    rows, labels, parents = sampled(generator, asked, y="rare", return_y=True, return_parents=True)
    assert len(rows) == asked
    assert set(labels) == {"rare"}
    first, second, w = sides(parents, asked)
    assert (y[first] == "rare").all()
    assert (y[second] == "rare").all()
    for name in ("x", "z"):
        a, b = frame[name].to_numpy()[first], frame[name].to_numpy()[second]
        assert np.array_equal(rows[name], a + w * (b - a))
    a, b = frame["k"].to_numpy()[first], frame["k"].to_numpy()[second]
    low, high = frame["k"].min(), frame["k"].max()
    step = int(np.gcd.reduce(frame["k"].to_numpy() - low))
    want = np.clip(a + w * (b - a), low, high)
    assert np.array_equal(rows["k"], low + max(step, 1) * np.rint((want - low) / max(step, 1)))
    if made is not BorderlineSMOTE:
        counts = np.bincount(first, minlength=n)[y == "rare"]
        assert np.ptp(counts) <= 1


@given(st.integers(0, 60), st.integers(60, 130), st.sampled_from([SMOTE, BorderlineSMOTE]), st.booleans())
def test_fewer_rows_are_the_beginning_of_more(short, n, made, words):
    frame, y = table(60, 4, words)
    generator = fitted(made(), frame, y)
    labels = np.where(np.random.default_rng(1).random(n) < 0.5, "rare", "common")
    for long, few in [
        (sampled(generator, n), sampled(generator, short)),
        (generator.sample(y=labels, random_state=2), generator.sample(y=labels[:short], random_state=2)),
    ]:
        pd.testing.assert_frame_equal(long.iloc[:short], few)


def test_second_parents_are_the_k_nearest_and_all_of_them_serve():
    frame, y = table(90, 1)
    frame = frame[["x", "z"]]
    rare = np.flatnonzero(y == "rare")
    near = NearestNeighbors(n_neighbors=4).fit(frame.iloc[rare]).kneighbors(frame.iloc[rare], return_distance=False)
    _, parents = sampled(fitted(SMOTE(3), frame, y), 3000, y="rare", return_parents=True)
    first, second, _ = sides(parents, 3000)
    allowed = {(rare[row], rare[other]) for row, others in enumerate(near) for other in others[1:]}
    assert {*zip(first.tolist(), second.tolist(), strict=True)} == allowed


def test_a_missing_cell_is_missing_where_the_nearer_parent_s_is():
    frame, y = table(60, 2)
    frame.loc[np.arange(60) % 4 == 0, "z"] = np.nan
    rows, parents = sampled(fitted(SMOTE(), frame, y), 300, y="rare", return_parents=True)
    first, second, w = sides(parents, 300)
    near = np.where(w <= 0.5, first, second)
    assert np.array_equal(rows["z"].isna(), frame["z"].isna().to_numpy()[near])
    assert rows["x"].notna().all()


def test_categories_are_voted_by_the_neighbours_of_the_nearer_parent():
    frame, y = table(60, 3, words=True)
    made = fitted(SMOTENC(4), frame, y)
    rows, parents = sampled(made, 200, y="rare", return_parents=True)
    first, second, w = sides(parents, 200)
    rare = np.flatnonzero(y == "rare")
    circle = made.space_.nearest(np.where(w <= 0.5, first, second), rare, 4)
    for word, voters in zip(rows["c"], circle, strict=True):
        counts = frame["c"].iloc[voters].value_counts()
        assert counts[word] == counts.max()


def test_two_different_categories_lie_one_median_spread_apart():
    frame = pd.DataFrame({"x": [0.0, 3.0, 0.0, 1.0], "c": ["a", "a", "b", "a"]})
    rows = TableEncoder()
    matrix = rows.fit(frame)
    space = Space(matrix, rows.layout_)
    points = space.points(np.arange(4))
    assert np.isclose(np.linalg.norm(points[0] - points[2]), frame["x"].std(ddof=0))


def test_a_sparse_matrix_stays_one():
    X = sparse.random_array((90, 30), density=0.2, format="csc", rng=0)
    y = np.arange(90) % 3 == 0
    made, parents = sampled(fitted(SMOTE(), X, y), 50, y=True, return_parents=True)
    assert made.format == "csc"
    assert made.shape == (50, 30)
    first, second, w = sides(parents, 50)
    dense = X.toarray()
    assert np.allclose(made.toarray(), dense[first] + w[:, None] * (dense[second] - dense[first]))


@pytest.mark.parametrize("thin", [False, True])
def test_twins_are_mixed_with_others(thin):
    X = np.repeat(np.random.default_rng(0).normal(size=(5, 3)), 8, axis=0)
    y = np.array(["rare", "common"] * 20)
    made = sampled(fitted(SMOTE(), sparse.csr_array(X) if thin else X, y), 200, y="rare")
    made = made.toarray() if thin else made
    assert not any((made[:, None] == X[None]).all(axis=2).any(axis=1))
    assert len(np.unique(made, axis=0)) == 200


# Neighbours ------------------------------------------------------------------------------------------------------


@given(st.integers(2, 40), st.integers(1, 12), st.integers(0, 1000), st.booleans(), st.booleans())
def test_the_nearest_are_found_in_blocks_as_at_once(n, k, seed, holes, twins):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 3))
    if twins:
        rows = rows[rng.integers(n, size=n)]
    if holes:
        rows[rng.random((n, 3)) < 0.15] = np.nan
        rows[:, 0] = np.nan_to_num(rows[:, 0])
    frame = pd.DataFrame(rows)
    encoder = TableEncoder()
    space = Space(encoder.fit(frame), encoder.layout_)
    pool, asked = np.arange(n), np.flatnonzero(rng.random(n) < 0.7)
    whole = space.nearest(asked, pool, k)
    assert whole.shape == (len(asked), min(k, n - 1))
    assert not (whole == asked[:, None]).any()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbors, "CELLS", 3 * (k + 3))
        parts = space.nearest(asked, pool, k)
    if not twins and not holes:
        assert np.array_equal(whole, parts)
    assert not (parts == asked[:, None]).any()
    circle = Circle(space, pool, k, np.arange(n))
    assert np.array_equal(circle.of(asked), whole) or twins or holes
    assert np.array_equal(circle.of(asked), circle.of(asked))


class Backwards:
    """A searcher without get_params, which finds by brute force and puts a row's own place last."""

    def fit(self, X):
        assert not np.isnan(X).any()
        self.X = X
        return self

    def kneighbors(self, X, n_neighbors, return_distance):
        gaps = ((X[:, None] - self.X[None]) ** 2).sum(axis=2)
        return np.argsort(gaps, axis=1)[:, :n_neighbors][:, ::-1]


@pytest.mark.parametrize("made", [SMOTE, BorderlineSMOTE])
@pytest.mark.parametrize("words", [False, True])
def test_neighbours_may_come_from_another_search(made, words):
    frame, y = table(60, 5, words)
    frame.loc[5:9, "z"] = np.nan
    one, other = fitted(made(neighbors=Backwards()), frame, y), fitted(made(neighbors=NearestNeighbors()), frame, y)
    assert len(sampled(one, 50, y="rare")) == len(sampled(other, 50, y="rare")) == 50
    frame = frame.drop(columns="z")
    plain = fitted(made(), frame, y)
    same = fitted(made(neighbors=NearestNeighbors(algorithm="brute")), frame, y)
    pd.testing.assert_frame_equal(sampled(plain, 50, y="rare"), sampled(same, 50, y="rare"))


def test_a_searcher_is_copied_and_shown_among_the_parameters():
    search = NearestNeighbors(metric="manhattan")
    made = SMOTE(neighbors=search)
    assert clone(made).neighbors is not search
    assert made.get_params()["neighbors__metric"] == "manhattan"
    assert "manhattan" in repr(made)
    sampled(fitted(made, *table(30, 0)), 5)
    assert not hasattr(search, "n_samples_fit_")
    sampled(fitted(SMOTEN(neighbors=search), *words()), 5)


def test_a_searcher_cannot_be_written_to_a_file(tmp_path):
    made = fitted(SMOTE(neighbors=NearestNeighbors()), *table(30, 0))
    with pytest.raises(FormatError, match="neighbors=NearestNeighbors"):
        made.save(tmp_path / "model")
    plain = fitted(SMOTE(), *table(30, 0))
    with pytest.warns(match="real rows"):
        plain.save(tmp_path / "model")
    pd.testing.assert_frame_equal(sampled(load(tmp_path / "model"), 9), sampled(plain, 9))


@pytest.mark.parametrize("wrong", [5, NearestNeighbors, "brute"])
def test_what_is_no_searcher_is_refused(wrong):
    with pytest.raises(ConfigError, match="neighbors must be an object"):
        SMOTE(neighbors=wrong).fit(*table(30, 0))


@pytest.mark.parametrize("answer", [np.zeros((1, 1), int), np.full((10, 6), 99), np.zeros((10, 6))])
def test_a_searcher_that_answers_otherwise_is_named(answer):
    class Wrong(Backwards):
        def kneighbors(self, X, n_neighbors, return_distance):
            return answer

    with pytest.raises(ConfigError, match="neighbors: Wrong"):
        sampled(fitted(SMOTE(neighbors=Wrong()), *table(30, 0)), 30, y="rare")


# Borderline-SMOTE ------------------------------------------------------------------------------------------------


def test_rows_in_danger_serve_evenly_and_are_those_of_imbalanced_learn():
    frame, y = table(150, 6)
    X = frame[["x", "z"]].to_numpy()
    theirs = over_sampling.BorderlineSMOTE(random_state=0)
    theirs.fit_resample(X, y)
    rare = np.flatnonzero(y == "rare")
    danger = rare[theirs._in_danger_noise(theirs.nn_m_, X[rare], "rare", y, kind="danger")]
    for kind in ("borderline-1", "borderline-2"):
        _, parents = sampled(fitted(BorderlineSMOTE(kind=kind), X, y), 400, y="rare", return_parents=True)
        first, second, w = sides(parents, 400)
        counts = np.bincount(first, minlength=150)
        assert set(np.flatnonzero(counts)) == set(danger)
        assert np.ptp(counts[danger]) <= 1
        foreign = y[second] != "rare"
        assert foreign.mean() == (0.5 if kind == "borderline-2" else 0)
        assert (w[foreign] < 0.5).all()


def test_without_a_row_in_danger_smote_serves():
    frame, y = table(60, 7)
    frame.loc[y == "rare", ["x", "z"]] += 100
    made = fitted(BorderlineSMOTE(), frame[["x", "z"]], y)
    with pytest.warns(FallbackWarning, match=r"made 0 of 20 rows of class 'rare'; .*no row is in danger"):
        assert len(made.sample(20, y="rare")) == 20


# SMOTE-N ---------------------------------------------------------------------------------------------------------


def words(n=60):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice([*"pqr"], n), "b": rng.choice([*"stuv"], n), "c": rng.choice([*"xy"], n)})
    return frame, np.where(np.arange(n) % 3 == 0, "rare", "common")


def test_the_value_difference_metric_is_the_published_one():
    rows = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1], [2, 1]])
    codes = np.array([0, 1, 0, 2, 1])
    points = Differences(rows, codes, 3, None, None).points(np.arange(5))

    def share(column, value):
        held = codes[rows[:, column] == value]
        return np.bincount(held, minlength=3) / len(held)

    for a in range(5):
        for b in range(5):
            want = sum(
                np.abs(share(column, rows[a, column]) - share(column, rows[b, column])).sum() for column in (0, 1)
            )
            assert np.isclose(np.abs(points[a] - points[b]).sum(), want)


def test_each_row_and_its_neighbours_vote_evenly():
    frame, y = words()
    made = fitted(SMOTEN(3), frame, y)
    rare = np.flatnonzero(y == "rare")
    near = made.space_.nearest(rare, rare, 3)
    voted = []
    for own, others in zip(rare, near, strict=True):
        mine = frame.iloc[[own, *others]]
        voted.append([max(mine[name], key=[*mine[name]].count) for name in frame])
    rows = sampled(made, 3 * len(rare), y="rare")
    assert sorted(rows.to_numpy().tolist()) == sorted(voted * 3)
    pd.testing.assert_frame_equal(rows.iloc[:7], sampled(made, 7, y="rare"))


# Bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("made", [*OWN, SMOTEN])
def test_tiny_classes_and_more_neighbours_than_rows(made, count):
    frame, _ = words(40) if made is SMOTEN else table(40, 8, words=True)
    y = np.where(np.arange(40) < count, "rare", "common")
    with pytest.warns(FewRowsWarning, match=f"'rare' \\({count}\\)"):
        generator = made(k_neighbors=30, random_state=0).fit(frame, y)
    assert len(sampled(generator, 17, y="rare")) == 17


def test_a_lone_row_is_moved_and_keeps_its_prefix():
    frame, _ = table(40, 9)
    y = np.where(np.arange(40) == 20, "rare", "common")
    made = fitted(SMOTE(), frame, y)
    rows = sampled(made, 50, y="rare")
    assert rows["x"].nunique() == 50
    assert np.abs(rows["x"] - frame["x"][20]).max() < 0.6 * frame["x"].std()
    pd.testing.assert_frame_equal(rows.iloc[:9], sampled(made, 9, y="rare"))


def test_columns_without_variance_do_no_harm():
    frame, y = table(40, 10, words=True)
    frame = frame.assign(flat=1.0, same="w", zero=0)
    rows = sampled(fitted(SMOTE(), frame, y), 60, y="rare")
    assert (rows["flat"] == 1).all()
    assert (rows["same"] == "w").all()
    only = frame[["flat", "zero"]]
    assert len(sampled(fitted(SMOTE(), only, y), 9, y="rare")) == 9


def test_a_column_of_five_thousand_categories_and_a_table_of_six_hundred_columns():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=9000), "town": rng.permutation(9000) % 5000}).astype({"town": str})
    y = np.where(np.arange(9000) % 9 == 0, "rare", "common")
    rows = sampled(fitted(SMOTE(schema={"town": "category"}), frame, y), 500, y="rare")
    assert set(rows["town"]) <= set(frame["town"][y == "rare"])
    wide = pd.DataFrame(rng.normal(size=(90, 600)), columns=[f"n{at}" for at in range(600)])
    for at in range(40):
        wide[f"c{at}"] = rng.choice([*"abcdefg"], 90)
    assert sampled(fitted(SMOTE(), wide, y[:90]), 70, y="rare").shape == (70, 640)


def test_infinite_values_are_refused():
    frame, y = table(40, 11)
    frame.loc[3, "z"] = np.inf
    with pytest.raises(DataError, match=r"'z'.*infinite"):
        SMOTE().fit(frame, y)
    with pytest.raises(DataError, match="infinite"):
        SMOTE().fit(frame[["x", "z"]].to_numpy(), y)


def test_through_the_balancer_the_rows_are_as_many_as_asked():
    frame, y = table(90, 12, words=True)
    balancer = Balancer(SMOTE(random_state=0))
    X, labels = balancer.fit_resample(frame, y)
    assert len(X) == 120
    assert (labels == "rare").sum() == 60
    assert balancer.parents_["row"].nunique() == 30
