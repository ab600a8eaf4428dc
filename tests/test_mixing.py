"""Rows followed through an oversampler: who was mixed with whom, and the rows made from that."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn import over_sampling
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from gensynth.checks.trial import fitted, sampled
from gensynth.data.encode import TableEncoder
from gensynth.errors import FallbackWarning
from gensynth.generators.from_imblearn import FromImblearn
from gensynth.generators.mixing import Mixes, allot, even, fingerprints, mix_rows, vote
from gensynth.generators.neighbors import search
from gensynth.generators.smote import SMOTE
from gensynth.generators.smote_family import ADASYN, SVMSMOTE, BorderlineSMOTE, KMeansSMOTE
from gensynth.generators.variants import SMOBD, ProWSyn
from gensynth.generators.wrapped import RowNeighbors, Tags

FAMILY = [SMOTE, BorderlineSMOTE, SVMSMOTE, KMeansSMOTE, ADASYN, ProWSyn, SMOBD]
WEIGHTS = st.floats(-0.49, 1.0).filter(lambda w: min(abs(w), abs(w - 0.5), abs(w - 1), abs(w + 1)) > 1e-5)
SCALES = st.sampled_from([1e-9, 1e-3, 1.0, 1e6])


@st.composite
def mixes(draw):
    """Return the number of rows, and mixes of two different ones."""
    n = draw(st.integers(2, 3000))
    pairs = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(1, n - 1), WEIGHTS), min_size=1, max_size=20))
    a = np.array([a for a, _, _ in pairs])
    b = (a + np.array([shift for _, shift, _ in pairs])) % n
    return n, a, b, np.array([w for _, _, w in pairs])


def blended(tags, space, a, b, w):
    tagged = tags.attach(space, np.arange(tags.n))
    if sparse.issparse(tagged):
        return (tagged[a] + sparse.diags_array(w) @ (tagged[b] - tagged[a])).tocsr()
    return tagged[a] + w[:, None] * (tagged[b] - tagged[a])


def assert_same_mixes(read, a, b, w):
    """Assert that these are the mixes; a mix of a and b by w is one of b and a by 1 - w."""
    turned = read.first != a
    assert np.array_equal(np.where(turned, read.second, read.first), a)
    assert np.array_equal(np.where(turned, read.first, read.second), b)
    assert np.allclose(np.where(turned, 1 - read.weight, read.weight), w, atol=1e-6)


@given(mixes(), SCALES)
def test_tags_tell_both_rows_and_the_weight(drawn, scale):
    n, a, b, w = drawn
    tags = Tags(n, scale)
    read, told = tags.read(blended(tags, np.random.default_rng(0).normal(size=(n, 2)), a, b, w))
    assert told.all()
    assert_same_mixes(read, a, b, w)


@given(mixes())
def test_tags_are_read_from_sparse_rows_too(drawn):
    n, a, b, w = drawn
    tags = Tags(n, 1.0)
    read, told = tags.read(blended(tags, sparse.random_array((n, 3), density=0.5, format="csr", rng=0), a, b, w))
    assert told.all()
    assert_same_mixes(read, a, b, w)


@given(st.integers(1, 3000), st.data())
def test_rows_that_were_not_mixed_are_their_own_parents(n, data):
    rows = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=20)))
    tags = Tags(n, 1e-9)
    tagged = tags.attach(np.zeros((n, 1)), np.arange(n))[rows]
    read, told = tags.read(tagged)
    assert told.all()
    assert read.first.tolist() == read.second.tolist() == tags.rows(tagged).tolist() == rows.tolist()
    assert not read.weight.any()


@given(st.floats(0.1, 0.3), st.floats(0.1, 0.3))
def test_mixes_of_three_rows_are_not_taken_for_two(u, v):
    if abs(u - v) < 1e-3 or abs(1 - u - v - 0.5) < 1e-3:
        return
    tags = Tags(8, 1.0)
    tagged = tags.attach(np.zeros((8, 0)), np.arange(8))
    _, told = tags.read(((1 - u - v) * tagged[1] + u * tagged[2] + v * tagged[4])[None, :])
    assert not told.any()


def test_a_weight_of_one_half_tells_no_order_and_is_left_out():
    tags = Tags(8, 1.0)
    _, told = tags.read(blended(tags, np.zeros((8, 1)), np.array([1]), np.array([6]), np.array([0.5])))
    assert not told.any()


def test_neighbours_are_searched_in_the_space_and_not_among_the_tags():
    space = np.random.default_rng(0).normal(size=(50, 3))
    tags = Tags(50, 1e3)  # so large that a search among tagged rows would go by the tags
    tagged = tags.attach(space, np.arange(50))
    found = RowNeighbors(space, tags, 4).fit(tagged).kneighbors(tagged, return_distance=False)
    assert np.array_equal(found, NearestNeighbors(n_neighbors=4).fit(space).kneighbors(space, return_distance=False))


def test_missing_numbers_are_compared_by_the_columns_that_both_rows_have():
    space = np.array([[0.0, 0.0], [np.nan, 0.2], [3.0, 0.2], [0.1, np.nan]])
    assert search(space, 2).kneighbors(space[[0]], return_distance=False).tolist()[0][0] == 0
    assert search(space, 3).kneighbors(space[[0]], return_distance=False).tolist() == [[0, 3, 1]]


# Rows made from mixes --------------------------------------------------------------------------------------------


def coded(frame):
    encoder = TableEncoder()
    return encoder.fit(frame), encoder.layout_


def test_a_missing_number_follows_the_nearer_parent():
    rows, layout = coded(pd.DataFrame({"x": [0.5, np.nan, 10.5], "z": [0.1, 1.1, 2.1]}))
    pairs = Mixes(np.array([0, 0, 1, 0]), np.array([1, 1, 2, 2]), np.array([0.25, 0.75, 0.75, 0.5]))
    made = mix_rows(rows, pairs, layout)
    assert np.isnan(made[:, 0]).tolist() == [False, True, False, False]
    assert made[[0, 2, 3], 0].tolist() == [0.5, 10.5, 5.5]
    assert np.allclose(made[:, 1], [0.35, 0.85, 1.85, 1.1])


def test_a_category_is_the_commonest_among_the_voters():
    rows, layout = coded(pd.DataFrame({"c": ["a", "b", "b", None, "c"], "x": [0.1, 0.2, 0.3, 0.4, 0.5]}))
    pairs = Mixes(np.array([0, 0, 3, 0]), np.array([4, 4, 0, 3]), np.array([0.2, 0.8, 0.2, 0.3]))
    voters = np.array([[1, 2, 4], [0, 0, 4], [1, 2, 4], [1, 2, 3]])
    made = mix_rows(rows, pairs, layout, vote(rows, pairs.nearer, voters, layout))
    names = [None if np.isnan(code) else "abc"[int(code)] for code in made[:, 0]]
    assert names == ["b", "a", None, "b"]  # the third row's nearer parent has none


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(-0.5, 1.5)), min_size=1, max_size=20))
def test_dense_and_sparse_rows_are_mixed_alike(pairs):
    rows = np.random.default_rng(0).normal(size=(10, 4)) * (np.random.default_rng(1).random((10, 4)) < 0.5)
    first, second, weight = (np.array(part) for part in zip(*pairs, strict=True))
    made = Mixes(first, second, weight.astype(float))
    _, layout = coded(pd.DataFrame(rows))
    dense = mix_rows(rows, made, layout)
    assert np.allclose(mix_rows(sparse.csr_array(rows), made, None).toarray(), dense)
    assert np.array_equal(dense, rows[first] + weight[:, None] * (rows[second] - rows[first]))


def test_a_second_parent_may_be_a_centre():
    rows, layout = coded(pd.DataFrame({"x": [0.5, np.nan, 4.5], "c": ["a", "b", None]}))
    pairs = Mixes(np.array([0, 1, 1, 2]), np.array([-1, -2, -1, -1]), np.array([0.25, 0.25, 0.75, 0.75]))
    made = mix_rows(rows, pairs, layout, centres=np.array([[8.5, 1.0], [2.5, 0.0]]))
    assert np.array_equal(made[:, 0], [2.5, np.nan, 8.5, 7.5], equal_nan=True)
    assert made[:, 1].tolist() == [0.0, 1.0, 1.0, 1.0]


# Choosing evenly -------------------------------------------------------------------------------------------------


@given(st.integers(1, 40), st.integers(0, 300), st.integers(0, 2**62), st.data())
def test_even_rows_come_as_often_as_each_other_and_fewer_are_the_beginning_of_more(size, n, key, data):
    pool = np.arange(size) * 3 + 1
    rows = even(pool, n, key, "order")
    counts = np.array([(rows == row).sum() for row in pool])
    assert counts.sum() == n
    assert np.ptp(counts) <= 1
    short = data.draw(st.integers(0, n))
    assert np.array_equal(even(pool, short, key, "order"), rows[:short])


SHARES = st.lists(st.floats(0, 1e3), min_size=1, max_size=30).filter(lambda shares: sum(shares) > 1e-3)


@given(SHARES, st.integers(0, 500))
def test_rows_are_allotted_by_their_shares_to_within_one(shares, n):
    shares = np.array(shares)
    rows = allot(np.arange(len(shares)), shares, n, 5)
    counts = np.bincount(rows, minlength=len(shares))
    assert counts.sum() == n
    assert (np.abs(counts - n * shares / shares.sum()) < 1 + 1e-6).all()
    assert not counts[shares == 0].any()


def test_many_small_allotments_come_to_the_same_as_one_large_one():
    shares = np.array([5.0, 3.0, 1.0, 0.0, 0.9, 0.1])
    for n in (1, 2, 3):
        drawn = np.concatenate([allot(np.arange(6), shares, n, key) for key in range(3000 // n)])
        assert np.abs(np.bincount(drawn, minlength=6) / len(drawn) - shares / 10).max() < 0.03


@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.5, np.nan]), min_size=6, max_size=6))
def test_fingerprints_tell_rows_apart_dense_and_sparse(cells):
    rows = np.array(cells).reshape(3, 2)
    keys = [tuple("nan" if np.isnan(cell) else cell + 0.0 for cell in row) for row in rows.tolist()]
    prints = fingerprints(rows)
    full = np.nan_to_num(rows)
    thin = fingerprints(sparse.csr_array(full))
    for a in range(3):
        for b in range(3):
            assert (prints[a] == prints[b]) == (keys[a] == keys[b])
            assert (thin[a] == thin[b]) == np.array_equal(full[a], full[b])


# Through the generators ------------------------------------------------------------------------------------------


def blobs(n=120):
    rng = np.random.default_rng(2)
    y = np.where(np.arange(n) % 5 == 0, "rare", "common")
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=[*"xyz"])
    frame.loc[y == "rare", "x"] += 1.5
    return frame.assign(k=rng.integers(-200, 200, n) * 5, big=2**60 + rng.integers(0, 10**6, n)), y


def mixed(frame, parents, n):
    """Return the sum of parents times weights."""
    weights = np.zeros((n, len(frame)))
    np.add.at(weights, (parents["row"], parents["parent"]), parents["weight"])
    return weights @ frame.to_numpy(dtype=float)


@pytest.mark.parametrize("made", FAMILY)
def test_rows_are_the_mix_of_the_parents_they_name(made):
    frame, y = blobs()
    rows, parents = sampled(fitted(made(), frame, y), 200, y="rare", return_parents=True)
    want = mixed(frame[[*"xyz"]], parents, 200)
    want = np.clip(want, frame[[*"xyz"]].min().to_numpy(), frame[[*"xyz"]].max().to_numpy())
    assert parents.groupby("row")["parent"].count().between(1, 2).all()
    assert np.allclose(rows[[*"xyz"]], want, atol=1e-9)
    k = np.clip(mixed(frame[["k"]], parents, 200)[:, 0], frame["k"].min(), frame["k"].max())
    assert (np.abs(rows["k"] - k) <= 2.5 + 1e-9).all()
    assert (rows["k"] % 5 == frame["k"].iloc[0] % 5).all()
    assert rows["big"].between(frame["big"].min(), frame["big"].max()).all()


def test_integers_are_rounded_and_not_cut():
    frame, y = pd.DataFrame({"k": [0, 100] * 30, "x": np.random.default_rng(0).normal(size=60)}), ["a", "b"] * 30
    frame.loc[1::4, "k"] = 7  # the rows of b have 7 or 100
    frame.loc[frame.index[:1], "k"] = 1  # so that the step is 1
    made, parents = sampled(fitted(SMOTE(), frame, y), 300, y="b", return_parents=True)
    assert made["k"].tolist() == np.rint(mixed(frame[["k"]], parents, 300)[:, 0]).tolist()


@pytest.mark.parametrize("made", [SMOTE, SVMSMOTE])
def test_second_parents_are_neighbours_of_the_first(made):
    frame, y = blobs()
    frame = frame[[*"xyz"]]
    rare = np.flatnonzero(y == "rare")
    near = NearestNeighbors(n_neighbors=4).fit(frame.iloc[rare]).kneighbors(frame.iloc[rare], return_distance=False)
    allowed = {frozenset((rare[row], rare[other])) for row, others in enumerate(near) for other in others[1:]}
    _, parents = sampled(fitted(made(k_neighbors=3), frame, y), 200, y="rare", return_parents=True)
    assert {frozenset(pair) for pair in parents.groupby("row")["parent"].apply(tuple)} <= allowed


def test_smote_chooses_as_imbalanced_learn_does():
    """The spread of what comes out is that of imbalanced-learn's own rows."""
    frame, y = blobs()
    X = frame[[*"xyz"]].to_numpy()
    theirs = over_sampling.SMOTE(sampling_strategy={"rare": 4024}, random_state=0).fit_resample(X, y)[0][len(X) :]
    ours = sampled(fitted(SMOTE(), X, y), 4000, y="rare")
    assert np.allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=0.04)
    assert np.allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.06)
    probabilities = [0.05, 0.25, 0.5, 0.75, 0.95]
    assert np.allclose(np.quantile(ours, probabilities, axis=0), np.quantile(theirs, probabilities, axis=0), atol=0.12)


def test_borderline_two_tells_of_parents_of_other_classes():
    frame, y = blobs()
    _, parents = sampled(fitted(BorderlineSMOTE(kind="borderline-2"), frame, y), 200, y="rare", return_parents=True)
    foreign = parents[y[parents["parent"]] != "rare"]
    assert 0 < len(foreign)
    assert (foreign["weight"] < 0.5).all()


def test_what_a_sampler_cannot_do_smote_does_and_it_is_said():
    frame, y = blobs(60)
    lone = np.where(np.arange(60) < 2, "rare", "common")
    made = fitted(FromImblearn(over_sampling.SMOTE(k_neighbors=5)), frame, lone)
    with pytest.warns(FallbackWarning, match=r"FromImblearn made 0 of 30 rows of class 'rare'.*SMOTE.*n_neighbors"):
        assert len(made.sample(30, y="rare")) == 30
    made = fitted(ADASYN(), frame[["z"]].assign(x=np.where(y == "rare", 1e3, 0.0)), y)
    with pytest.warns(FallbackWarning, match="the rest is SMOTE's"):
        made.sample(10, y="rare")


def test_no_warning_of_other_packages_comes_through():
    frame, y = blobs(60)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for made in FAMILY:
            made(random_state=0).fit(frame, y).sample(20)
    assert all(issubclass(warning.category, FallbackWarning) for warning in said)


def test_the_same_mix_of_a_sampler_s_rows_is_read_back():
    frame, y = blobs()
    rows, parents = sampled(fitted(FromImblearn(over_sampling.SMOTE()), frame, y), 200, y="rare", return_parents=True)
    want = mixed(frame[[*"xyz"]], parents, 200)
    assert parents["row"].nunique() == 200
    assert np.allclose(rows[[*"xyz"]], want, atol=1e-6)


def test_rows_of_a_sampler_that_mixes_nothing_are_read_back_without_parents():
    frame, y = blobs()
    made = fitted(FromImblearn(over_sampling.RandomOverSampler(shrinkage=0.3)), frame, y)
    rows, parents = sampled(made, 50, y="rare", return_parents=True)
    assert len(rows) == 50
    assert not len(parents)
