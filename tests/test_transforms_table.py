"""Transforms of tables against what can be computed: which cells change, to what, and that the table comes back."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gensynth import transforms as T
from gensynth.balance.balancer import Balancer
from gensynth.data.encode import TableEncoder
from gensynth.errors import ConfigError, DataError, FewRowsWarning, RealRowsWarning
from gensynth.generators.augment import Augment
from gensynth.generators.files import load
from gensynth.transforms.base import Transform
from gensynth.transforms.table.default import default
from gensynth.transforms.table.rows import Matrix

RNG = np.random.default_rng(0)
N = 60
Y = np.array(["a", "b", "b"] * (N // 3))
IN_A = Y == "a"
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N) + 100 * IN_A,
        "age": RNG.integers(18, 90, N),
        "hole": np.where(RNG.random(N) < 0.3, np.nan, RNG.normal(size=N)),
        "word": np.where(IN_A, RNG.choice(["p", "q", "r"], N), RNG.choice(["s", "t", "u"], N)),
        "size": pd.Categorical(RNG.choice(["S", "M"], N), ["S", "M", "L"], ordered=True),
        "torn": pd.Series(np.where(RNG.random(N) < 0.3, None, RNG.choice(["ja", "nein"], N)), dtype="str"),
        "day": pd.Timestamp("2024-03-01") + pd.to_timedelta(RNG.integers(0, 300, N), "D"),
        "id": [f"user-{n:04d}" for n in RNG.permutation(9000)[:N]],
    },
    index=np.arange(N) + 1000,
)
NAMES = [name for name in T.TRANSFORMS if T.TRANSFORMS[name].startswith("gensynth.transforms.table")]
NUMBERS = RNG.normal(size=(N, 4))


def made(name: str, **settings) -> Transform:
    return T.transform_class(name)(**{"random_state": 0, **settings})


def hard(name: str, **settings) -> Transform:
    """Return a transform with settings that change many cells."""
    much = {"SwapNoise": {"chance": 0.6}, "QuantileNoise": {"reach": 0.5}, "CategoryNoise": {"chance": 0.6}}
    return made(name, **much.get(name, {}), **settings)


def same(one: pd.DataFrame, two: pd.DataFrame) -> bool:
    return one.equals(two) and (one.dtypes == two.dtypes).all() and one.index.equals(two.index)


def test_the_list_is_what_was_promised():
    assert sorted(NAMES) == ["CategoryNoise", "JitterNumbers", "MixRows", "QuantileNoise", "SwapNoise"]
    for name in NAMES:
        assert T.transform_class(name).kind == "table"


# Randomness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_row_comes_out_the_same_in_every_batch(name):
    op = T.Compose([hard(name, p=0.8), hard(name)], random_state=3).fit(FRAME, Y)
    whole, _ = op(FRAME, y=Y)
    assert not same(whole, FRAME)
    assert same(op(FRAME, y=Y)[0], whole)
    for rows in ([4], [7, 0, 2]):
        assert same(op(FRAME.iloc[rows], y=Y[rows], index=rows)[0], whole.iloc[rows])


@pytest.mark.parametrize("name", NAMES)
def test_rows_epochs_and_seeds_differ(name):
    x = FRAME.iloc[[0] * 40]
    op = hard(name).fit(FRAME, Y)
    first, _ = op(x, y=Y[[0] * 40])
    assert len(first.drop(columns="id").drop_duplicates()) > 1
    for other in (op(x, y=Y[[0] * 40], epoch=1), replace(op, random_state=1).fit(FRAME, Y)(x, y=Y[[0] * 40])):
        assert not first.equals(other[0])


@pytest.mark.parametrize("name", NAMES)
def test_settings_travel_as_data_and_copies_do_the_same(name):
    op = hard(name, p=0.5, columns=["x", "word"])
    assert Transform.from_dict(op.to_dict()) == op
    fitted = op.fit(FRAME, Y)
    twins = pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), Transform.from_dict(op.to_dict()).fit(FRAME, Y)
    for twin in twins:
        assert same(twin(FRAME, y=Y)[0], fitted(FRAME, y=Y)[0])


@pytest.mark.parametrize("name", NAMES)
def test_input_and_global_state_stay(name):
    x, state = FRAME.copy(deep=True), np.random.get_state()[1].copy()  # noqa: NPY002
    hard(name).fit(x, Y)(x, y=Y)
    assert same(x, FRAME)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


# What all keep --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, "default"])
def test_values_stay_possible_and_in_their_class(name):
    op = default().seeded(0) if name == "default" else hard(name)
    got = op.fit(FRAME, Y)(FRAME, y=Y)[0]
    assert (got.dtypes == FRAME.dtypes).all()
    assert got.index.equals(FRAME.index)
    assert got["id"].equals(FRAME["id"])
    assert got.isna().equals(FRAME.isna())
    assert (got["x"] > 50).equals(FRAME["x"] > 50)
    assert got["word"].isin(["p", "q", "r"]).equals(FRAME["word"].isin(["p", "q", "r"]))
    for column in ("x", "age", "hole", "day"):
        assert got[column].min() >= FRAME[column].min()
        assert got[column].max() <= FRAME[column].max()
    assert (got["size"] != "L").all()


@pytest.mark.parametrize("name", NAMES)
def test_columns_that_are_not_named_stay(name):
    own = "word" if name == "CategoryNoise" else "x"
    got = hard(name, columns=[own]).fit(FRAME, Y)(FRAME, y=Y)[0]
    assert not got[own].equals(FRAME[own])
    assert same(got.drop(columns=own), FRAME.drop(columns=own))
    with pytest.raises(ConfigError, match=r"'wrod'.*did you mean 'word'"):
        hard(name, columns=["wrod"]).fit(FRAME, Y)
    with pytest.raises(ConfigError, match="list of names"):
        hard(name, columns="word")


@pytest.mark.parametrize("name", NAMES)
def test_a_class_of_one_row_and_unknown_labels(name):
    y = np.where(np.arange(N) == 5, "alone", Y)
    op = hard(name).fit(FRAME, y)
    got = op(FRAME.iloc[[5] * 20], y=["alone"] * 20)[0]
    row = FRAME.iloc[[5] * 20]
    assert got["word"].equals(row["word"])
    if name == "JitterNumbers":
        assert got["x"].nunique() == 20
    else:
        assert same(got, row)
    assert same(op(FRAME, y=["never seen"] * N)[0], FRAME)
    with pytest.raises(DataError, match="fitted with labels"):
        op(FRAME)


# What each does -------------------------------------------------------------------------------------------------------


def test_jitter_is_in_spreads_of_the_class():
    x = np.concatenate([RNG.normal(size=(3000, 1)), 10 * RNG.normal(size=(3000, 1))])
    x[-1] = 1e6  # which counts little: the spread is no wider than the quarters say
    y = np.repeat([0, 1], 3000)
    moved = (T.JitterNumbers((0.2, 0.2), random_state=0).fit(x, y)(x, y=y)[0] - x)[:-1, 0]
    quarters = [np.subtract(*np.quantile(x[y == label], [0.75, 0.25])) / 1.34 for label in (0, 1)]
    spreads = [min(x[:3000].std(), quarters[0]), quarters[1]]
    assert moved[:3000].std() == pytest.approx(0.2 * spreads[0], rel=0.05)
    assert moved[3000:].std() == pytest.approx(0.2 * spreads[1], rel=0.05)


def test_jitter_leaves_values_that_the_column_prefers():
    x = np.column_stack([np.where(np.arange(200) % 4 == 0, 0, RNG.lognormal(size=200)), RNG.integers(0, 2, 200)])
    got = T.JitterNumbers((0.5, 0.5), random_state=0)(x)
    assert np.array_equal(got[:, 0] == 0, x[:, 0] == 0)
    assert (got[:, 0] != x[:, 0]).mean() > 0.7
    assert np.array_equal(got[:, 1], x[:, 1])
    few = T.JitterNumbers((0.5, 0.5), random_state=0)(np.sqrt([[2, 7], [2, 7], [3, 7]]))
    assert (few[:2, 0] != np.sqrt(2)).all()  # three rows prefer nothing
    assert (few[:, 1] == np.sqrt(7)).all()


def test_swapped_cells_come_from_rows_of_the_class_and_each_from_its_own():
    x = np.arange(4000.0).reshape(1000, 4) + 0.5
    y = np.arange(1000) % 2
    got, _ = T.SwapNoise(0.25, random_state=0).fit(x, y)(x, y=y)
    places = [{value: row for row, value in enumerate(x[:, column])} for column in range(4)]
    rows = np.array([[places[column][value] for column, value in enumerate(row)] for row in got])
    assert (rows % 2 == y[:, None]).all()
    swapped = rows != np.arange(1000)[:, None]
    assert abs(swapped.mean() - 0.25) < 0.02
    both = swapped[:, 0] & swapped[:, 1]
    assert abs(both.mean() - 0.0625) < 0.02
    assert (rows[both, 0] != rows[both, 1]).mean() > 0.9


def test_mixed_rows_lie_between_two_and_follow_one():
    frame = pd.DataFrame({"a": [0.0, np.pi], "b": [0.0, 3 * np.pi], "c": ["p", "q"], "d": ["r", "s"]})
    got = T.MixRows(random_state=0).fit(frame)(frame.iloc[[0] * 4000])
    assert np.allclose(got["b"], 3 * got["a"])
    got["a"] /= np.pi
    assert got["a"].max() <= 0.5
    assert (got["a"] == 0).mean() == pytest.approx(0.5, abs=0.03)  # every other one mixed with itself
    assert got["a"].mean() == pytest.approx(0.125, abs=0.01)
    assert ((got["c"] == "q") == (got["d"] == "s")).all()
    assert (got["c"] == "q").mean() == pytest.approx(0.125, abs=0.02)
    with pytest.raises(ConfigError, match="weight"):
        T.MixRows((0, 0.6))


def test_ranks_move_to_nearby_ranks():
    x = np.concatenate([np.arange(100.0) ** 2, -np.arange(1000.0)])[:, None] + 0.5
    y = np.repeat([0, 1], [100, 1000])
    got, _ = T.QuantileNoise(0.1, random_state=0).fit(x, y)(x, y=y)
    for label, count in ((0, 100), (1, 1000)):
        held = np.sort(x[y == label, 0])
        assert np.isin(got[y == label], held).all()
        steps = np.searchsorted(held, got[y == label, 0]) - np.searchsorted(held, x[y == label, 0])
        assert np.abs(steps).max() <= count / 10
        assert steps.min() < -0.08 * count
        assert steps.max() > 0.08 * count
    few = np.arange(9.0)[:, None] / 7
    assert np.array_equal(T.QuantileNoise(random_state=0)(few), few)
    ties = np.where(np.arange(1000) < 900, 0.0, np.arange(1000) + 0.5)[:, None]
    left = T.QuantileNoise(0.05, random_state=0)(ties)
    assert (left == 0).mean() == pytest.approx(0.9, abs=0.02)  # drawn among ties, not moved from their end


def test_other_categories_come_at_their_frequency_in_the_class():
    words = np.repeat(["p", "q", "r", "s"], [50, 30, 20, 100])
    frame, y = pd.DataFrame({"w": words}), np.repeat([0, 0, 0, 1], [50, 30, 20, 100])
    op = T.CategoryNoise(0.5, random_state=0).fit(frame, y)
    for own, others in (("p", {"q": 0.6, "r": 0.4}), ("q", {"p": 5 / 7, "r": 2 / 7}), ("r", {"p": 0.625, "q": 0.375})):
        got = op(pd.DataFrame({"w": [own] * 4000}), y=[0] * 4000)[0]["w"]
        shares = got[got != own].value_counts(normalize=True)
        assert (got != own).mean() == pytest.approx(0.5, abs=0.03)
        assert shares.to_dict() == pytest.approx(others, abs=0.04)
    alone = op(frame.iloc[100:], y=y[100:])[0]
    assert (alone["w"] == "s").all()
    strange = op(frame.iloc[100:], y=[0] * 100)[0]["w"]  # a category that the class never held
    assert {*strange} == {"p", "q", "r", "s"}


# Containers and codings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "bool", "object"])
def test_arrays_come_back_as_they_were(dtype):
    x = (NUMBERS > 0) if dtype == "bool" else (10 * NUMBERS).astype(dtype)
    got = T.Compose([hard(name) for name in NAMES], random_state=0)(x)
    assert type(got) is np.ndarray
    assert got.dtype == x.dtype
    assert got.shape == x.shape
    assert not np.array_equal(got, x)
    assert (got.min(axis=0) >= x.min(axis=0)).all()


def test_lists_polars_frames_and_no_rows():
    pl = pytest.importorskip("polars")
    op = T.Compose([hard(name) for name in NAMES], random_state=0)
    rows = op(NUMBERS.tolist())
    assert isinstance(rows, list)
    assert np.array_equal(rows, op(NUMBERS))
    plain = FRAME.drop(columns=["size", "day"]).reset_index(drop=True)
    frame = pl.from_pandas(plain)
    got = op.fit(frame, Y)(frame, y=Y)[0]
    assert got.schema == frame.schema
    assert got["x"].to_list() == op.fit(plain, Y)(plain, y=Y)[0]["x"].tolist()
    assert op.fit(NUMBERS)(NUMBERS[:0]).shape == (0, 4)
    assert op(NUMBERS[:0]).shape == (0, 4)
    assert op.fit(FRAME)(FRAME.iloc[:0]).shape == (0, 8)
    with pytest.raises(DataError, match="none: fit it on some"):
        op.fit(NUMBERS[:0])


def test_a_fitted_policy_keeps_the_coding_of_its_fit():
    train = pd.DataFrame({"w": ["p", "q", "r"] * 10, "x": np.arange(30) / 7})
    op = T.Compose([T.CategoryNoise(1.0), T.SwapNoise(0.0)], random_state=0).fit(train)
    got = op(pd.DataFrame({"w": ["r"] * 50, "x": [99.5] * 50}))  # alone, "r" would be the first category
    assert {*got["w"]} == {"p", "q"}
    assert (got["x"] == 99.5).all()  # beyond the range of the fit, and untouched
    new = op(pd.DataFrame({"w": ["never"] * 9, "x": [0.1] * 9}))
    assert (new["w"] == "never").all()
    jittered = T.JitterNumbers(random_state=0).fit(train)(pd.DataFrame({"w": ["r"], "x": [99.5]}))
    assert jittered["x"].item() == train["x"].max()  # what is changed lies where the column could lie
    with pytest.raises(DataError, match="'x' is lacking"):
        op(train[["w"]])
    apart = T.Compose([T.SwapNoise().fit(train), T.CategoryNoise().fit(train[:15])])
    with pytest.raises(ConfigError, match="fitted apart"):
        apart(train)
    again = op.fit(train.assign(w="z"))
    assert (again(train.assign(w="z"))["w"] == "z").all()


def test_categories_of_another_set_come_back_in_one_that_holds_both():
    train = pd.DataFrame({"w": pd.Categorical(["p", "q"] * 10, ["p", "q"])})
    op = T.CategoryNoise(1.0, random_state=0).fit(train)
    got = op(pd.DataFrame({"w": pd.Categorical(["p", "new"], ["new", "p"])}))["w"]
    assert got.tolist() == ["q", "new"]
    assert got.cat.categories.tolist() == ["new", "p", "q"]


def test_coded_rows_are_taken_as_they_are():
    encoder = TableEncoder()
    matrix = Matrix(encoder.fit(FRAME), encoder.layout_)
    op = T.Compose([hard(name) for name in NAMES], random_state=0)
    got, _ = op.fit(matrix, Y)(matrix, y=Y)
    assert isinstance(got, Matrix)
    frame = op.fit(FRAME, Y)(FRAME, y=Y)[0]
    numbers = got.values[:, encoder.layout_.numbers[0]]
    assert np.array_equal(numbers, frame["x"])
    with pytest.raises(DataError, match="other columns"):
        op.fit(FRAME[["x"]])(matrix)
    with pytest.raises(DataError, match="give a Matrix"):
        op.fit(matrix, Y)(FRAME, y=Y)


def test_what_cannot_be_used_is_said_in_a_sentence():
    from scipy import sparse

    op = T.SwapNoise()
    for x, text in [
        (sparse.csr_array(NUMBERS), "sparse"),
        (NUMBERS[0], "2 dimensions"),
        (np.where(NUMBERS > 2, np.inf, NUMBERS), "infinit"),
        (NUMBERS[:, :0], "no columns"),
    ]:
        with pytest.raises(DataError, match=text):
            op(x)
    with pytest.raises(DataError, match="infinite"):
        op.fit(NUMBERS)(np.where(NUMBERS > 2, np.inf, NUMBERS))
    with pytest.raises(DataError, match="one for each row"):
        op.fit(NUMBERS, np.zeros((N, 2)))
    for name, settings in (("SwapNoise", {"chance": 2}), ("QuantileNoise", {"reach": -1}),
                           ("CategoryNoise", {"chance": "x"}), ("JitterNumbers", {"deviation": (-1, 1)})):  # fmt: skip
        with pytest.raises(ConfigError, match=next(iter(settings))):
            made(name, **settings)


cells = st.one_of(st.none(), st.floats(-5, 5), st.sampled_from([0.0, 1.0]))


@given(st.lists(st.tuples(cells, cells, st.sampled_from(["p", "q", None])), min_size=1, max_size=12))
def test_any_small_table_keeps_its_holes_and_its_range(rows):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    y = np.arange(len(frame)) % 3
    got = T.Compose([hard(name) for name in NAMES], random_state=0).fit(frame, y)(frame, y=y)[0]
    assert got.isna().equals(frame.isna())
    assert (got.dtypes == frame.dtypes).all()
    for column in ("a", "b"):
        own, new = (one[column].dropna().astype(float) for one in (frame, got))
        assert not len(own) or (own.min() <= new.min() and new.max() <= own.max())


# As a generator -------------------------------------------------------------------------------------------------------


def test_augment_balances_tables_and_comes_back_from_a_file(tmp_path):
    y = np.where(np.arange(N) % 5 == 0, "rare", "often")
    new, labels = Balancer(Augment(random_state=0)).fit_resample(FRAME.reset_index(drop=True), y)
    assert (labels == "rare").sum() == (labels == "often").sum() == 48
    assert new["id"].is_unique
    made = Augment({"name": "MixRows", "weight": [0.1, 0.3]}, random_state=0).fit(FRAME, y)
    with pytest.warns(RealRowsWarning):
        made.save(tmp_path / "made")
    assert load(tmp_path / "made").sample(9, y="rare").equals(made.sample(9, y="rare"))
    rows, parents = made.sample(50, y="rare", return_parents=True)
    real = FRAME.iloc[parents["parent"]]
    assert (parents["weight"] == 1).all()
    assert np.corrcoef(rows["x"], real["x"])[0, 1] > 0.9


def test_augment_says_what_becomes_of_one_row():
    y = np.where(np.arange(N) == 7, "rare", "often")
    with pytest.warns(FewRowsWarning, match=r"'rare' \(1\): one row: no other"):
        made = Augment(random_state=0).fit(FRAME, y)
    rows = made.sample(20, y="rare")
    assert (rows["word"] == FRAME["word"].iloc[7]).all()
    assert rows["x"].nunique() == 20


def test_an_array_that_nothing_touched_is_a_copy():
    X = np.arange(12.0).reshape(4, 3)
    made = T.Sometimes(T.SwapNoise(), 0.0).seeded(0)(X)
    assert np.array_equal(made, X)
    assert not np.shares_memory(made, X)


def test_huge_numbers_are_refused_in_a_sentence():
    with pytest.raises(DataError, match="beyond 1e\\+140"):
        T.JitterNumbers()(pd.DataFrame({"a": [1e308, -1e308, 3.0]}))
    made = T.JitterNumbers((1, 1), random_state=0)(pd.DataFrame({"a": [1e140, -1e140, 3.0]}))
    assert np.isfinite(made["a"]).all()
