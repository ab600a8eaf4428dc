"""The gates NotACopy, LabelAgrees and Plausible: what they refuse, how much, and data that is hard on them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, clone

from gensynth import ARF, SMOTE, Balancer, Constraint, LabelAgrees, NotACopy, Plausible, RandomOverSampler
from gensynth.errors import ConfigError, FewRowsWarning, NotFitted, Unsupported
from gensynth.gates import Gate

GATES = [NotACopy(), LabelAgrees(), Plausible(), Constraint("a > -99")]


def mixed(n, seed=0, holes=0.1):
    """Return rows of numbers, categories and times that go together, with holes, and their two classes."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.2
    a = rng.normal(size=n) + 3 * y
    frame = pd.DataFrame({
        "a": a,
        "b": rng.lognormal(a / 2, 1.0),
        "zeros": np.where(rng.random(n) < 0.8, 0.0, rng.exponential(1000, n)),
        "town": np.where(rng.random(n) < 0.1, None, np.where(a > 1, "Porto", "Faro")),
        "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 3000, n), unit="h"),
    })  # fmt: skip
    frame.loc[rng.random(n) < holes, "b"] = np.nan
    return frame, pd.Series(np.where(y, "yes", "no"), name="label")


def moved(X, share, seed=1):
    """Return copies whose numbers are moved by so much of their spread."""
    rng = np.random.default_rng(seed)
    numbers = X.select_dtypes("number")
    return X.assign(**{name: X[name] + rng.normal(size=len(X)) * share * X[name].std() for name in numbers})


@pytest.mark.parametrize("gate", [*GATES, Plausible(generator=ARF(random_state=0))], ids=lambda gate: repr(gate)[:24])
def test_a_row_is_judged_the_same_in_whatever_company(gate):
    X, y = mixed(300)
    made, labels = mixed(200, seed=5)
    gate = clone(gate).set_params(**({"share": 0.5, "threshold": 0.0} if isinstance(gate, LabelAgrees) else {}))
    whole = gate.fit(X, y).accept(made, labels)
    order = np.random.default_rng(0).permutation(200)
    assert np.array_equal(gate.accept(made.iloc[order], labels.iloc[order]), whole[order])
    assert np.array_equal(gate.accept(made[:70], labels[:70]), whole[:70])


# NotACopy --------------------------------------------------------------------------------------------------------


def test_few_real_rows_never_seen_are_refused_and_nearly_all_copies_moved_a_little():
    X, y = mixed(3000)
    later, labels = mixed(3000, seed=7)
    gate = NotACopy().fit(X, y)
    assert 0.01 < 1 - gate.accept(later, labels).mean() < 0.08
    assert not gate.accept(X, y).any()
    assert gate.accept(moved(X, 1e-4), y).mean() < 0.02
    assert gate.accept(moved(X, 1e-3), y).mean() < 0.05


def test_few_rows_of_a_sensible_generator_are_refused():
    X, y = mixed(600, holes=0)
    gate = NotACopy().fit(X, y)
    made = SMOTE(random_state=0).fit(X, y).sample(500, y="yes")
    assert gate.accept(made, ["yes"] * 500).mean() > 0.5
    assert gate.ratio_ <= 0.5


def test_units_and_the_order_of_rows_do_not_matter():
    X, y = mixed(500)
    later, labels = mixed(500, seed=3)
    plain = NotACopy().fit(X, y).accept(later, labels)
    scaled = NotACopy().fit(X.assign(a=X["a"] * 1e6 - 5), y).accept(later.assign(a=later["a"] * 1e6 - 5), labels)
    assert (plain == scaled).mean() > 0.995
    turned = NotACopy().fit(X.iloc[::-1], y[::-1]).accept(later, labels)
    assert (plain == turned).mean() > 0.98


def test_rows_that_repeat_do_not_loosen_the_bound():
    X, _ = mixed(800)
    twice = pd.concat([X, X, X], ignore_index=True)
    gate = NotACopy().fit(twice, None)
    assert gate.ratio_ > 0.05
    assert gate.accept(moved(X, 1e-4), None).mean() < 0.02
    atoms = pd.DataFrame({"a": [1.0] * 500 + [2.0] * 500})  # two different rows: equality alone
    assert NotACopy().fit(atoms, None).accept(pd.DataFrame({"a": [1.0, 1.0001, 5.0]}), None).tolist() == [0, 1, 1]


def test_ratio():
    X, y = mixed(400)
    later, labels = mixed(400, seed=5)
    refused = [1 - NotACopy(ratio=ratio).fit(X, y).accept(later, labels).mean() for ratio in (0, 0.3, 0.6, 1.0)]
    assert refused == sorted(refused)
    assert refused[0] == 0
    assert refused[-1] > 0.2
    for wrong in (-0.1, "near", float("nan"), float("inf"), True, np.True_, np.complex64(1)):
        with pytest.raises(ConfigError, match="ratio must be a number"):
            NotACopy(ratio=wrong).fit(X, y)
    for right in (np.float32(0.25), np.int8(1), np.float64(0)):
        assert NotACopy(ratio=right).fit(X, y).ratio_ == right
    assert Plausible(share=np.float32(0.25)).fit(X, y).accept(X, y).mean() < 0.9


def test_a_table_of_identifiers_alone_is_refused_in_words():
    X = pd.DataFrame({"id": [f"p-{at:05d}" for at in range(50)], "none": pd.Series([None] * 50, dtype=object)})
    with pytest.raises(ConfigError, match="only identifiers"):
        NotACopy().fit(X, None)


def test_holes_are_equal_to_each_other_and_far_from_values():
    X = pd.DataFrame({"a": np.arange(50.0), "b": [np.nan, *np.arange(49.0)]})
    made = pd.DataFrame({"a": [0.0, 1e-6, 0.0, np.nan], "b": [np.nan, np.nan, 7.0, 3.0]})
    assert NotACopy().fit(X, None).accept(made, None).tolist() == [False, False, True, True]


def test_other_kinds_and_tables_without_numbers_are_checked_for_equality():
    words = pd.DataFrame({"a": list("ppqqr"), "b": list("xyxyz")})
    gate = NotACopy().fit(words, None)
    assert gate.ratio_ == 0
    assert gate.accept(pd.DataFrame({"a": ["p", "r"], "b": ["x", "x"]}), None).tolist() == [False, True]
    with pytest.raises(ConfigError, match="all 4 combinations"):
        NotACopy().fit(words[:4], None)
    thin = sparse.csr_array([[1.0, 0, 0], [0, 2.0, 0]])
    assert NotACopy().fit(thin, None).accept(thin * 1.001, None).all()
    assert NotACopy().fit(["a", "b"], None).accept(["b", "c"], None).tolist() == [False, True]


def test_thousands_of_categories():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=6000), "who": [f"n{at % 5000}" for at in range(6000)]})
    X["who"] = X["who"].astype("category")
    gate = NotACopy().fit(X, None)
    assert gate.near_.points.shape[1] < 100
    assert gate.accept(moved(X[:500], 1e-5), None).mean() < 0.05
    assert gate.accept(X[:500].assign(who=X["who"].to_numpy()[700:1200]), None).mean() > 0.7


# LabelAgrees -----------------------------------------------------------------------------------------------------


def test_labels_of_images_and_texts_are_judged_as_well():
    rng = np.random.default_rng(0)
    y = np.repeat(["dark", "light"], 30)
    base = np.where(y == "dark", 60, 190)[:, None, None, None]
    X = np.clip(base + rng.normal(0, 15, (60, 12, 12, 3)), 0, 255).astype(np.uint8)
    gate = LabelAgrees(folds=2, threshold=0.5).fit(X, y)
    accepted = gate.accept(np.concatenate([X[:10], X[-10:]]), ["dark"] * 20)
    assert accepted[:10].mean() >= 0.9
    assert not accepted[10:].any()
    np.testing.assert_array_equal(gate.accept(X[8:12], ["dark"] * 4), accepted[8:10].tolist() + [True] * 2)
    texts = ["a good warm film", "a bad cold film"] * 12
    gate = LabelAgrees(folds=2, threshold=0.5).fit(texts, [1, 0] * 12)
    assert gate.accept(["good warm", "bad cold"], [1, 1]).tolist() == [True, False]


def test_real_rows_agree_with_their_labels_and_wrong_ones_do_not():
    X, y = mixed(1500)
    later, labels = mixed(1500, seed=7)
    gate = LabelAgrees().fit(X, y)
    good = gate.accept(later, labels)
    assert [good[labels == label].mean() > 0.9 for label in ("no", "yes")] == [True, True]
    wrong = labels.map({"no": "yes", "yes": "no"})
    assert gate.accept(later, wrong).mean() < 0.5
    assert LabelAgrees(threshold=0.5).fit(X, y).accept(later, wrong).mean() <= gate.accept(later, wrong).mean()


@pytest.mark.parametrize(
    "labels",
    [
        lambda y: y.tolist(),
        lambda y: y.astype("category"),
        lambda y: (y == "yes").to_numpy(),
        lambda y: pl.Series(y.tolist()),
        lambda y: pd.Series([(label, 1) for label in y]),
    ],
)
def test_labels_in_any_container(labels):
    X, y = mixed(200)
    known = labels(y)
    gate = LabelAgrees(folds=3).fit(X, known)
    assert gate.accept(X, known).mean() > 0.9


def test_tiny_classes_do_not_crash_and_one_row_has_no_bound():
    X, y = mixed(120)
    y = y.to_numpy(dtype=object)
    y[:6] = ["one", "two", "two", "three", "three", "three"]
    gate = LabelAgrees().fit(X, y)
    assert gate.bounds_[list(gate.labels_.classes).index("one")] == 1
    assert gate.accept(X[:6], y[:6]).all()
    assert gate.accept(X[:1], ["two"]).shape == (1,)
    for n in (1, 2, 3):
        LabelAgrees().fit(X[:n], list("abc")[:n]).accept(X[:5], ["a"] * 5)


def test_nothing_to_tell_apart_lets_all_pass():
    X, _ = mixed(50)
    assert LabelAgrees().fit(X, ["same"] * 50).accept(X, ["same"] * 50).all()
    assert LabelAgrees().fit(X, None).accept(X, None).all()


# Plausible -------------------------------------------------------------------------------------------------------


def test_about_the_share_of_real_rows_is_implausible_and_what_lies_outside_is():
    X, y = mixed(3000)
    later, labels = mixed(3000, seed=7)
    for share in (0.01, 0.1):
        refused = 1 - Plausible(share=share).fit(X, y).accept(later, labels)
        assert 0.3 * share < refused.mean() < 2.5 * share
    far = later.assign(a=later["a"] + 30, zeros=1e6)
    assert Plausible().fit(X, y).accept(far, labels).mean() < 0.05
    never = later.assign(a=np.nan)  # missing where no real row misses it
    assert not Plausible().fit(X, y).accept(never, labels).any()


def test_a_class_of_its_own_has_a_bound_of_its_own():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(500, 2)), rng.normal(size=(100, 2)) + 8])
    y = np.array([0] * 500 + [1] * 100)
    gate = Plausible().fit(X, y)
    assert gate.accept(np.array([[8.0, 8.0], [0.0, 0.0]]), [1, 1]).tolist() == [True, False]
    few = np.array([0] * 500 + [1] * 60 + list(range(2, 42)))  # classes of one row lean on all rows
    assert Plausible().fit(X, few).accept(X[560:], few[560:]).mean() > 0.9


class Bell(BaseEstimator):
    """A density with the least of an interface: standard normal around the mean, class by class."""

    def __init__(self, schema=None, random_state=None):
        self.schema, self.random_state = schema, random_state

    def fit(self, X, y):
        values = np.asarray(X, dtype=float)
        self.means_ = {label: values[np.asarray(y) == label].mean(axis=0) for label in set(y)}
        return self

    def log_density(self, X, y):
        density = -((np.asarray(X, dtype=float) - np.stack([self.means_[label] for label in y])) ** 2).sum(axis=1)
        return np.where(density < -500, np.nan, density)


def test_a_generator_with_a_density_is_the_score():
    rng = np.random.default_rng(0)
    y = np.repeat(["p", "q", "rare", "two"], [300, 200, 1, 2])
    X = pd.DataFrame(rng.normal(size=(503, 3)) + 6 * (y == "q")[:, None], columns=list("abc"))
    bell = Bell()
    gate = Plausible(generator=bell, share=0.02).fit(X, y)
    assert not hasattr(bell, "means_")
    assert gate.models_[0].schema is not None
    assert gate.models_[0].random_state is not None
    assert 0.95 < gate.accept(X, y).mean() < 1
    assert not gate.accept(X[:300], ["q"] * 300).any()
    assert not gate.accept(X[:1] + 100, ["p"]).any()  # no density at all
    for wrong in (SMOTE(), object()):
        with pytest.raises(ConfigError, match="log_density"):
            Plausible(generator=wrong).fit(X, y)


# All of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
def test_gates_keep_the_protocol(gate):
    X, y = mixed(150)
    before = X.copy(deep=True)
    assert isinstance(gate, Gate)
    fitted = clone(gate).fit(X, y)
    first = fitted.accept(X[:20], y[:20])
    assert first.dtype == bool
    assert first.shape == (20,)
    assert (clone(gate).fit(X, y).accept(X[:20], y[:20]) == first).all()
    pd.testing.assert_frame_equal(X, before)
    polar = clone(gate).fit(pl.from_pandas(X), pl.Series(y.tolist()))
    assert (polar.accept(pl.from_pandas(X[:20]), pl.Series(y[:20].tolist())) == first).all()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: type(gate).__name__)
def test_hard_columns(gate):
    rng = np.random.default_rng(0)
    n = 120
    X = pd.DataFrame({
        "a": rng.normal(size=n),
        "id": [f"p-{at:05d}" for at in range(n)],
        "none": pd.Series([None] * n, dtype=object),
        "nan": np.nan,
        "same": 5.0,
        "one": "x",
        "flag": pd.array(rng.random(n) < 0.5, dtype="boolean"),
        "many": pd.Categorical([f"c{at}" for at in rng.integers(0, 5000, n)], [f"c{at}" for at in range(5000)]),
        "day": pd.date_range("2024-01-01", periods=n, tz="Europe/Lisbon"),
    })  # fmt: skip
    y = ["p"] * 100 + ["q"] * 20
    made = X.assign(**{name: X[name].to_numpy()[rng.permutation(n)] for name in ("a", "flag", "day")})
    made["many"] = X["many"].sample(frac=1, random_state=0, ignore_index=True)
    assert clone(gate).fit(X, y).accept(made, y).mean() > 0.7
    assert clone(gate).fit(X[:1], y[:1]).accept(made, ["p"] * n).shape == (n,)
    assert clone(gate).fit(X[["a", "id"]], y).accept(made[["a", "id"]], y).shape == (n,)
    assert clone(gate).fit(X[["id", "same", "a"]][:3], y[:3]).accept(made[["id", "same", "a"]], ["p"] * n).mean() > 0.4


@pytest.mark.parametrize(
    "gate", [LabelAgrees(), Plausible(), Constraint("a > 0")], ids=lambda each: type(each).__name__
)
def test_what_is_no_table_is_refused(gate):
    others = () if isinstance(gate, LabelAgrees) else (["a text"] * 6, np.zeros((6, 3, 4, 4)))
    for X in (*others, sparse.csr_array(np.eye(6))):
        with pytest.raises(Unsupported, match=f"{type(gate).__name__} takes tables"):
            clone(gate).fit(X, [0, 1] * 3)


@pytest.mark.parametrize("gate", [NotACopy(), Plausible(), Constraint("a > 0")], ids=lambda each: type(each).__name__)
def test_accept_before_fit(gate):
    with pytest.raises(NotFitted, match=f"this {type(gate).__name__} is not fitted yet"):
        gate.accept(pd.DataFrame({"a": [1.0]}), None)


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        (LabelAgrees(threshold=1.0), "threshold"),
        (LabelAgrees(share=0), "share"),
        (LabelAgrees(folds=1), "folds"),
        (Plausible(share=1), "share"),
        (Plausible(share=True), "share"),
    ],
)
def test_wrong_parameters(gate, says):
    with pytest.raises(ConfigError, match=f"{says} must be a"):
        gate.fit(np.eye(4), [0, 0, 1, 1])


def test_the_balancer_asks_through_all_of_them():
    X, y = mixed(400, holes=0)
    X["id"] = [f"p-{at:05d}" for at in range(400)]
    gates = [NotACopy(), LabelAgrees(), Plausible(), Constraint("a > 0"), Constraint("zeros <= 900")]
    balancer = Balancer(SMOTE(random_state=0), gates=gates)
    with pytest.warns(UserWarning, match="real rows break"):
        X_new, y_new = balancer.fit_resample(X, y)
    made = X_new[balancer.is_synthetic_]
    assert y_new.value_counts().nunique() == 1
    assert (made["a"] > 0).all()
    assert (made["zeros"] <= 900).all()
    assert list(balancer.refused_) == [
        "NotACopy", "LabelAgrees", "Plausible", "Constraint(a > 0)", "Constraint(zeros <= 900)",
    ]  # fmt: skip
    assert balancer.refused_["NotACopy"] > 0


def test_copies_only_cannot_pass():
    X, y = mixed(60, holes=0)
    with pytest.warns(UserWarning, match="rows are lacking"):
        Balancer(RandomOverSampler(random_state=0), gates=[NotACopy()]).fit_resample(X, y)


def test_tiny_classes_through_the_balancer():
    X, y = mixed(80, holes=0)
    y = ["rare"] * 3 + ["common"] * 77
    with pytest.warns(FewRowsWarning):
        X_new, _ = Balancer(SMOTE(random_state=0), gates=[NotACopy(), LabelAgrees(), Plausible()]).fit_resample(X, y)
    assert len(X_new) > 90
