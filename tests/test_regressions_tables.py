"""What reviews found in the generators of tables and their gates, so that it stays found."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from scipy import sparse

from gensynth import (
    ARF,
    SMOBD,
    SMOTE,
    Balancer,
    GaussianCopula,
    LabelAgrees,
    PolynomFitSMOTE,
    ProWSyn,
    RandomOverSampler,
    load,
)
from gensynth.errors import ConfigError, DataError, FewRowsWarning, FormatError, RealRowsWarning, ShortWarning

BOTH = [ARF(random_state=0), GaussianCopula(random_state=0)]
NAMES = ["ARF", "GaussianCopula"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_under_conditions_too_fewer_rows_are_the_beginning_of_more(rng):
    model = GaussianCopula(random_state=0).fit(rng.normal(size=(200, 30)))
    given = {0: 0.25, 1: -0.5, 7: 1.0}
    whole = model.sample(300, conditions=given)
    for n in (1, 2, 3, 5, 8, 13, 40, 111, 257):
        assert np.array_equal(model.sample(n, conditions=given), whole[:n])


@pytest.mark.parametrize("made", BOTH, ids=NAMES)
def test_a_lone_row_with_a_date_is_jittered(made):
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.5, 9.5], "when": pd.date_range("2024-01-01", periods=4)})
    with pytest.warns(FewRowsWarning):
        rows = made.fit(frame, ["c", "c", "c", "r"]).sample(20, y="r")
    assert rows["when"].between("2024-01-01", "2024-01-04").all()
    assert rows["a"].nunique() > 1


@pytest.mark.parametrize("made", [SMOTE, PolynomFitSMOTE, SMOBD, *BOTH], ids=lambda made: getattr(made, "__name__", ""))
@pytest.mark.parametrize("at", ["max", "min"])
def test_a_lone_row_at_the_end_of_its_range_is_moved_inwards(made, at, rng):
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60).round(3)})
    frame.iloc[-1] = getattr(frame, at)()
    with pytest.warns(FewRowsWarning):
        rows = (made(random_state=0) if isinstance(made, type) else made).fit(frame, [0] * 59 + [1]).sample(300, y=1)
    assert (rows == frame.iloc[-1]).mean().max() < 0.05
    assert (np.abs(rows - frame.iloc[-1]).mean() < 0.2 * frame.std()).all()


def test_a_lone_sparse_row_is_moved_by_a_tenth_of_the_spread(rng):
    X = sparse.random_array(
        (200, 4), density=0.5, rng=0, format="csr", data_sampler=lambda size: 100 + rng.random(size)
    )
    X = sparse.csr_array(np.vstack([X.toarray(), [[0, *X.max(axis=0).toarray().ravel()[1:]]]]))
    with pytest.warns(FewRowsWarning):
        made = SMOTE(random_state=0).fit(X, [0] * 200 + [1]).sample(400, y=1).toarray()
    row, spread = X.toarray()[-1], X.toarray().std(axis=0)
    assert not made[:, 0].any()
    assert (made[:, 1:] == row[1:]).mean() < 0.05
    assert np.abs(made - row)[:, 1:].mean(axis=0) == pytest.approx(0.1 * spread[1:] * np.sqrt(2 / np.pi), rel=0.2)


@pytest.mark.parametrize("made", [SMOBD, ProWSyn])
def test_many_small_samples_start_from_as_many_rows_as_a_large_one(made, rng):
    model = made().fit(rng.normal(size=(120, 3)), [0] * 90 + [1] * 30)
    large = model.sample(300, y=1, return_parents=True)[1].drop_duplicates("row")["parent"]
    small = [model.sample(1, y=1, return_parents=True)[1]["parent"].iloc[0] for _ in range(150)]
    assert len({*small}) > 0.8 * large.nunique()


@pytest.mark.parametrize("made", BOTH, ids=NAMES)
def test_rows_that_are_all_alike_count_as_one(made, rng):
    frame = pd.DataFrame({"a": rng.normal(size=120), "c": "p"})
    frame.iloc[-12:] = frame.iloc[-1].to_numpy()
    with pytest.warns(FewRowsWarning, match="all rows of 1 are alike"):
        model = made.fit(frame, [0] * 108 + [1] * 12)
    assert (model.sample(100, y=1)["a"] == frame["a"].iloc[-1]).mean() < 0.05
    assert "alike" in model.few_rows_[1]


def test_twins_in_a_small_class_are_mixed_with_others(rng):
    rows = np.repeat(rng.normal(size=(3, 2)), 3, axis=0)
    with pytest.warns(FewRowsWarning):
        made = ARF(random_state=0).fit(np.vstack([rng.normal(size=(30, 2)), rows]), [0] * 30 + [1] * 9).sample(200, y=1)
    assert not any((made[:, None] == rows).all(axis=2).any(axis=1))


def test_which_class_goes_with_a_condition_does_not_hang_on_the_unit(rng):
    v = np.r_[np.ones(250), 1 + rng.normal(size=750)]
    frame, y = pd.DataFrame({"v": v, "w": rng.normal(size=1000)}), np.repeat(["atom", "spread"], 500)
    frame.loc[700, "v"] = 1.0
    shares = []
    for unit in (1e-3, 1, 1e3):
        model = GaussianCopula(random_state=0).fit(frame.assign(v=frame["v"] * unit), y)
        shares.append((model.sample(500, conditions={"v": unit}, return_y=True)[1] == "atom").mean())
    assert max(shares) - min(shares) < 0.02
    assert min(shares) > 0.8


def test_a_class_that_can_meet_a_condition_is_found_though_others_lie_nearer(rng):
    frame = pd.DataFrame(
        {"v": np.r_[rng.uniform(0, 5, 100), np.zeros(10), np.full(10, 10.0)], "w": rng.normal(size=120)}
    )
    model = ARF(random_state=0).fit(frame, ["A"] * 100 + ["B"] * 20)
    assert (model.sample(3, conditions={"v": 5.1}, return_y=True)[1] == np.array(["B"] * 3)).all()


def test_large_integers_are_held_exactly_or_not_at_all(rng):
    frame = pd.DataFrame({"n": 10**13 + 100 * rng.integers(0, 500, 200), "w": rng.normal(size=200)})
    model = ARF(random_state=0, schema={"n": "number"}).fit(frame)
    value = int(frame["n"][0])
    assert (model.sample(5, conditions={"n": value})["n"] == value).all()
    with pytest.raises(DataError, match="cannot hold"):
        model.sample(2, conditions={"n": value + 5})
    small = ARF(random_state=0).fit(
        pd.DataFrame({"n": (np.arange(100) // 2 - 25).astype("int8"), "w": rng.normal(size=100)})
    )
    with pytest.raises(DataError, match="the nearest it can is 24"):
        small.sample(2, conditions={"n": 300})


@pytest.mark.parametrize("wrong", [5, "a=1", [("a", 1)], pd.Series({"a": 1})], ids=str)
def test_conditions_that_are_no_dict_are_refused(wrong, rng):
    X = pd.DataFrame({"a": rng.normal(size=30), "b": rng.normal(size=30)})
    for made in (*BOTH, SMOTE(random_state=0)):
        with pytest.raises(ConfigError, match="dict"):
            made.fit(X).sample(2, conditions=wrong)


def test_other_columns_than_in_training_are_told(rng):
    X = pd.DataFrame(rng.normal(size=(60, 3)), columns=[*"abc"])
    model = ARF(random_state=0).fit(X)
    with pytest.raises(DataError, match="'b' is lacking"):
        model.log_density(X[["a", "c"]])
    with pytest.raises(DataError, match="other things"):
        model.log_density(X.assign(b="foo"))


def test_numbers_beyond_float32_are_refused_at_fit(rng):
    with pytest.raises(DataError, match="1e38"):
        ARF().fit(rng.normal(size=(40, 2)) * [1e39, 1])


@pytest.mark.parametrize("params", [{"n_jobs": "two"}, {"n_jobs": 0}, {"links": "a"}])
def test_parameters_of_wrong_types_are_refused(params):
    with pytest.raises(ConfigError, match=next(iter(params))):
        ARF(**params).fit(np.zeros((5, 2)))
    assert ARF(links=np.float32(0.1), random_state=0).fit(np.eye(12)).sample(2).shape == (2, 12)


def test_a_steep_fall_of_shares_is_no_division_by_zero(rng):
    X, y = rng.normal(size=(60, 2)), [0] * 45 + [1] * 15
    assert ProWSyn(theta=200, random_state=0).fit(X, y).sample(3, y=1).shape == (3, 2)


def test_where_classes_lie_apart_the_gate_lets_real_rows_pass(rng):
    y = np.repeat([0, 1], [1600, 32])
    X = rng.normal(size=(1632, 4)) + 6 * y[:, None] * np.array([1, 0, 0, 0])
    new = rng.normal(size=(500, 4)) + 6 * np.array([1, 0, 0, 0])
    for threshold, least in ((0.0, 0.3), (0.02, 0.9)):
        gate = LabelAgrees(threshold=threshold, share=0.5).fit(X, y)
        assert gate.accept(new, np.ones(500, int)).mean() > least


def test_what_gates_refuse_is_not_heaped_up(rng, monkeypatch):
    from gensynth.balance import asking

    class Nothing:
        def fit(self, X, y):
            return self

        def accept(self, X, y):
            return np.zeros(len(X), dtype=bool)

    kept = []
    monkeypatch.setattr(asking, "join_rows", lambda a, b: kept.append(len(a) + len(b)) or np.vstack([a, b]))
    X, y = rng.normal(size=(300, 2)), [0] * 200 + [1] * 100
    for on_short, rows, most in (("warn", 300, 0), ("fill", 400, 400)):
        kept.clear()
        balancer = Balancer(RandomOverSampler(random_state=0), gates=[Nothing()], on_short=on_short)
        with pytest.warns(ShortWarning):
            assert len(balancer.fit_resample(X, y)[0]) == rows
        assert max(kept[:-1], default=0) <= most


@pytest.mark.filterwarnings("ignore::gensynth.errors.RealRowsWarning")
@pytest.mark.parametrize(
    ("made", "name", "spoil"),
    [
        (BOTH[0], "0.left", lambda a: np.where(a >= 0, 0, a).astype(a.dtype)),
        (BOTH[0], "0.home", lambda a: np.full_like(a, 10**6)),
        (BOTH[0], "0.home", lambda a: a[:5]),
        (BOTH[0], "0.feature", lambda a: np.full_like(a, 99)),
        (BOTH[0], "0.roots", lambda a: a + 10**6),
        (BOTH[1], "0.R", lambda a: a * np.nan),
        (BOTH[1], "0.ends", lambda a: a * np.nan),
        (BOTH[1], "0.sizes", lambda a: a * 0),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_damaged_models_are_refused(made, name, spoil, rng, tmp_path):
    made.fit(rng.normal(size=(80, 3))).save(tmp_path / "m")
    path = tmp_path / "m" / "weights.safetensors"
    arrays = load_file(path)
    full = next(key for key in arrays if key.endswith(name))
    arrays[full] = np.ascontiguousarray(spoil(arrays[full]))
    save_file(arrays, path)
    with pytest.raises(FormatError):
        load(tmp_path / "m")


def test_a_copula_says_that_its_file_holds_values(rng, tmp_path):
    with pytest.warns(RealRowsWarning):
        BOTH[1].fit(rng.normal(size=(80, 3))).save(tmp_path / "m")
    assert json.loads((tmp_path / "m" / "model.json").read_text())["contains_real_rows"]
