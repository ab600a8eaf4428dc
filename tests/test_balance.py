"""The Balancer: what it gives back, what it refuses, and how it sits among imbalanced-learn's samplers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import ClusterCentroids, RandomUnderSampler, TomekLinks
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from gensynth import SMOTE, Audio, Balancer, FromImblearn, Images, NotACopy, RandomOverSampler, Series
from gensynth.errors import (
    ConfigError,
    DataError,
    FallbackWarning,
    FewRowsWarning,
    NotFitted,
    ShortWarning,
    TrainingFailed,
)


@pytest.fixture
def table() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    n = 300
    X = pd.DataFrame(
        {
            "amount": rng.lognormal(3, 1, n).round(2),
            "hour": rng.integers(0, 24, n),
            "country": rng.choice(["DE", "FR", "US"], n),
            "id": [f"p-{row:05d}" for row in range(n)],
        },
        index=np.arange(n) * 2 + 7,
    )
    y = pd.Series(["no"] * 260 + ["yes"] * 40, name="fraud", index=X.index, dtype="category")
    return X, y


def test_real_rows_come_first_unchanged(table):
    X, y = table
    before = X.copy(deep=True)
    balancer = Balancer(SMOTE(random_state=0))
    X_new, y_new = balancer.fit_resample(X, y)
    pd.testing.assert_frame_equal(X_new.iloc[:300], X.reset_index(drop=True))
    pd.testing.assert_frame_equal(X, before)
    assert y_new.value_counts().to_dict() == {"no": 260, "yes": 260}
    assert y_new.dtype == y.dtype
    assert y_new.name == "fraud"
    assert isinstance(X_new.index, pd.RangeIndex)
    assert balancer.is_synthetic_.sum() == 220
    assert not balancer.is_synthetic_[:300].any()


def test_parents_are_positions_in_the_input(table):
    X, y = table
    balancer = Balancer(SMOTE(random_state=0), under=RandomUnderSampler(sampling_strategy=0.5, random_state=0))
    X_new, _ = balancer.fit_resample(X, y)
    parents = balancer.parents_
    assert (y.iloc[parents["parent"]] == "yes").all()
    made = parents.pivot_table(index="row", columns="parent", values="weight", fill_value=0)
    mixed = made.to_numpy() @ X["amount"].to_numpy()[made.columns]
    assert np.allclose(mixed, X_new["amount"].to_numpy()[made.index], atol=0.0051)
    assert set(made.index) == set(np.flatnonzero(balancer.is_synthetic_))


def test_identifiers_are_fresh(table):
    X, y = table
    balancer = Balancer(SMOTE(random_state=0), gates=[NotACopy()])
    X_new, _ = balancer.fit_resample(X, y)
    assert X_new["id"].is_unique
    assert X_new["id"].str.fullmatch(r"p-\d{5}").all()
    assert balancer.recipe_["result"]["fresh_identifiers"] == ["id"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("auto", {"no": 260, "yes": 260}),
        ("minority", {"no": 260, "yes": 260}),
        (0.5, {"no": 260, "yes": 130}),
        ({"yes": 77}, {"no": 260, "yes": 77}),
        ({"yes": 40}, {"no": 260, "yes": 40}),
        ({"yes": 400, "no": 500}, {"no": 500, "yes": 400}),
        (lambda y: {"yes": 50}, {"no": 260, "yes": 50}),
    ],
)
def test_strategies(table, strategy, expected):
    X, y = table
    _, y_new = Balancer(SMOTE(random_state=0), sampling_strategy=strategy).fit_resample(X, y)
    assert y_new.value_counts().to_dict() == expected


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        ({"yes": 10}, "40 already"),
        ({"yess": 100}, "did you mean 'yes'"),
        ("atuo", "sampling_strategy='atuo'"),
        (0.01, "sampling_strategy=0.01"),
        ({"yes": 50.5}, "whole number"),
        ({"yes": True}, "whole number"),
        (["yes"], "cannot be a list"),
    ],
)
def test_wrong_strategies_are_refused(table, strategy, says):
    X, y = table
    with pytest.raises(ConfigError, match=says):
        Balancer(SMOTE(), sampling_strategy=strategy).fit_resample(X, y)


def test_groups_balance_within_each(table):
    X, y = table
    X_new, y_new = Balancer(SMOTE(random_state=0), groups="country").fit_resample(X, y)
    counts = pd.crosstab(X_new["country"], y_new)
    assert (counts["yes"] == counts["no"]).all()
    by_array = Balancer(SMOTE(random_state=0), groups=X["country"].to_numpy()).fit_resample(X, y)[0]
    pd.testing.assert_frame_equal(X_new, by_array)


@pytest.mark.parametrize("make", [lambda X: X, lambda X: pl.from_pandas(X.reset_index(drop=True))])
def test_the_column_of_groups_says_the_group_whatever_the_generator(table, make):
    from imblearn.over_sampling import RandomOverSampler as Theirs

    X, y = table
    generator = FromImblearn(Theirs(shrinkage=20), random_state=0)  # so much noise that one-hot columns turn over
    X_new, y_new = Balancer(generator, groups="country").fit_resample(make(X), y.tolist())
    counts = pd.crosstab(np.asarray(X_new["country"]), np.asarray(y_new))
    assert (counts["yes"] == counts["no"]).all()


def test_empty_pairs_stay_empty_and_are_reported(table):
    X, y = table
    X = X[~((X["country"] == "US") & (y == "yes"))]
    y = y.loc[X.index]
    with pytest.warns(FallbackWarning, match=r"\('US', 'yes'\)"):
        X_new, y_new = Balancer(SMOTE(random_state=0), groups="country").fit_resample(X, y)
    assert not ((X_new["country"] == "US") & (y_new == "yes")).any()


def test_groups_that_do_not_fit_are_refused(table):
    X, y = table
    with pytest.raises(ConfigError, match="'land'"):
        Balancer(SMOTE(), groups="land").fit_resample(X, y)
    with pytest.raises(ConfigError, match="one value for each row"):
        Balancer(SMOTE(), groups=np.zeros(3)).fit_resample(X, y)
    with pytest.raises(DataError, match="groups are missing for 1 rows"):
        Balancer(SMOTE(), groups=np.array([None] + ["a"] * 299, dtype=object)).fit_resample(X, y)


@pytest.mark.parametrize("under", [RandomUnderSampler(sampling_strategy=0.5), TomekLinks()])
def test_under_keeps_order_and_rows(table, under):
    X, y = table
    balancer = Balancer(SMOTE(random_state=0), under=under, random_state=0)
    X_new, y_new = balancer.fit_resample(X, y)
    kept = balancer.kept_
    assert (np.diff(kept) > 0).all()
    pd.testing.assert_frame_equal(X_new.iloc[: len(kept)], X.iloc[kept].reset_index(drop=True))
    assert y_new.value_counts().nunique() == 1


def test_under_that_makes_rows_is_refused(table):
    X, y = table
    with pytest.raises(ConfigError, match="makes rows of its own"):
        Balancer(SMOTE(), under=ClusterCentroids(random_state=0)).fit_resample(X, y)
    with pytest.raises(ConfigError, match="use RandomUnderSampler"):
        Balancer(RandomOverSampler(), under=TomekLinks()).fit_resample(["a", "b", "c"], [0, 0, 1])


class Refuses:
    """A gate that lets a share of the rows pass."""

    def __init__(self, share=1.0):
        self.share = share

    def get_params(self, deep=True):
        return {"share": self.share}

    def set_params(self, **params):
        return self

    def fit(self, X, y):
        self.rng = np.random.default_rng(0)
        return self

    def accept(self, X, y):
        assert len(X) == len(y)
        return self.rng.random(len(X)) >= self.share


def test_a_gate_makes_the_balancer_ask_again(table):
    X, y = table
    balancer = Balancer(SMOTE(random_state=0), gates=[Refuses(0.7)])
    X_new, y_new = balancer.fit_resample(X, y)
    assert y_new.value_counts().to_dict() == {"no": 260, "yes": 260}
    assert balancer.refused_["Refuses"] > 220
    assert X_new["id"].is_unique
    assert balancer.recipe_["result"]["rounds"] > 1
    parents = balancer.parents_
    assert set(parents["row"]) == set(np.flatnonzero(balancer.is_synthetic_))
    mixed = (parents["weight"] * X["amount"].to_numpy()[parents["parent"]]).groupby(parents["row"]).sum()
    assert np.allclose(mixed, X_new["amount"].to_numpy()[mixed.index], atol=0.0051)


def test_on_short(table):
    X, y = table
    with pytest.warns(ShortWarning, match="220 of 220 rows are lacking"):
        X_new, _ = Balancer(SMOTE(random_state=0), gates=[Refuses()]).fit_resample(X, y)
    assert len(X_new) == 300
    with pytest.warns(ShortWarning, match="filled"):
        X_new, _ = Balancer(SMOTE(random_state=0), gates=[Refuses()], on_short="fill").fit_resample(X, y)
    assert len(X_new) == 520
    with pytest.raises(TrainingFailed, match="loosen the gates"):
        Balancer(SMOTE(random_state=0), gates=[Refuses()], on_short="raise").fit_resample(X, y)


def test_not_a_copy_refuses_copies_and_says_where_it_cannot_work():
    X = pd.DataFrame({"a": [1.5, 2.5, 3.5, 4.5], "b": list("xyxy")})
    gate = NotACopy().fit(X, None)
    assert gate.accept(X.assign(a=[1.5, 9.9, 3.5, 4.5]), None).tolist() == [False, True, False, False]
    every = pd.DataFrame({"a": list("ppqq"), "b": list("xyxy")})
    with pytest.raises(ConfigError, match="all 4 combinations"):
        NotACopy().fit(every, None)
    holes = pd.DataFrame({"a": [1.0, np.nan], "b": ["x", None]})
    assert NotACopy().fit(holes, None).accept(holes, None).tolist() == [False, False]
    assert NotACopy().fit(["a", "b"], None).accept(["b", "c"], None).tolist() == [False, True]
    thin = sparse.csr_array(np.eye(3))
    assert NotACopy().fit(thin, None).accept(sparse.csr_array([[1.0, 0, 0], [0, 2, 0]]), None).tolist() == [False, True]


def test_pipeline_and_grid_search():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), np.array([0] * 250 + [1] * 50)
    X[y == 1] += 1
    pipe = Pipeline([("balancer", Balancer(SMOTE(random_state=0))), ("model", LogisticRegression())])
    search = GridSearchCV(pipe, {"balancer__generator__k_neighbors": [1, 3, 5]}, cv=3, scoring="average_precision")
    search.fit(X, y)
    assert search.best_params_["balancer__generator__k_neighbors"] in (1, 3, 5)
    assert len(set(search.cv_results_["mean_test_score"])) > 1, (
        "k_neighbors changed nothing: the parameter went nowhere"
    )


def test_prefit_uses_the_generator_as_it_is(table):
    X, y = table
    generator = SMOTE(random_state=0).fit(X, y)
    balancer = Balancer(generator, prefit=True)
    _, y_new = balancer.fit_resample(X, y)
    assert balancer.generator_ is generator
    assert y_new.value_counts().nunique() == 1
    with pytest.raises(NotFitted):
        Balancer(SMOTE(), prefit=True).fit_resample(X, y)
    with pytest.raises(ConfigError, match="groups need one fitted on pairs"):
        Balancer(generator, prefit=True, groups="country").fit_resample(X, y)


def test_same_seed_same_rows_and_the_generator_is_not_touched(table):
    X, y = table
    generator = SMOTE()
    a, b = (Balancer(generator, random_state=3).fit_resample(X, y)[0] for _ in range(2))
    pd.testing.assert_frame_equal(a, b)
    assert not hasattr(generator, "fitted_")
    c = Balancer(generator, random_state=4).fit_resample(X, y)[0]
    assert not a.equals(c)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: [f"text {row}" for row in range(len(x))],
        lambda x: Images(x[:, None, :].astype(np.uint8)),
        lambda x: np.repeat(x[:, None, :, None], 2, axis=3),
        lambda x: Series([x[row][None, : 2 + row % 3] for row in range(len(x))]),
        lambda x: Audio(list(x), rate=8000),
        lambda x: sparse.csr_matrix(x),
        lambda x: x.tolist(),
        lambda x: pl.DataFrame(x),
    ],
    ids=["texts", "Images", "array of images", "series of unequal length", "audio", "sparse", "list of rows", "polars"],
)
def test_every_kind_of_data_can_be_balanced(make):
    x = np.arange(40.0).reshape(10, 4) ** 2
    y = ["a"] * 7 + ["b"] * 3
    X = make(x)
    balancer = Balancer(RandomOverSampler(random_state=0))
    X_new, y_new = balancer.fit_resample(X, y)
    assert type(X_new) is type(X)
    assert y_new == y + ["b"] * 4
    count = X_new.shape[0] if hasattr(X_new, "shape") else len(X_new)
    assert count == 14
    assert set(balancer.parents_["parent"]) <= {7, 8, 9}


@pytest.mark.parametrize("library", ["pandas", "numpy", "list", "polars"])
def test_y_keeps_its_container_and_dtype(library):
    X = np.random.default_rng(0).normal(size=(12, 2))
    values = np.array([0] * 8 + [1] * 4, dtype=np.int8)
    y = {
        "pandas": pd.Series(values, name="t"),
        "numpy": values,
        "list": values.tolist(),
        "polars": pl.Series("t", values),
    }[library]
    _, y_new = Balancer(SMOTE(k_neighbors=2, random_state=0)).fit_resample(X, y)
    assert type(y_new) is type(y)
    assert len(y_new) == 16
    if library != "list":
        assert y_new.dtype == y.dtype
    if library in ("pandas", "polars"):
        assert y_new.name == "t"


def test_bad_targets_are_refused():
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(DataError, match="more than 1 class"):
        Balancer(SMOTE()).fit_resample(X, np.ones(60, dtype=int))
    with pytest.raises(DataError, match="measured quantity"):
        Balancer(SMOTE()).fit_resample(X, X[:, 0])
    with pytest.raises(DataError, match="measured quantity"):
        Balancer(SMOTE()).fit_resample(np.zeros((200, 1)), np.arange(200))
    with pytest.raises(DataError, match="labels are missing"):
        Balancer(SMOTE()).fit_resample(X, np.array([None, *["a"] * 59], dtype=object))
    with pytest.raises(DataError, match="60 rows but 3 labels"):
        Balancer(SMOTE()).fit_resample(X, [1, 2, 3])


def test_nothing_to_do_gives_the_data_back():
    X, y = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]}), ["p", "p", "q", "q"]
    X_new, y_new = Balancer(SMOTE()).fit_resample(X, y)
    pd.testing.assert_frame_equal(X_new, X)
    assert y_new == y


def test_a_class_of_one_row_is_filled_and_warned_of():
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = ["a"] * 29 + ["b"]
    with pytest.warns(FewRowsWarning, match="copies whose numbers are moved"):
        X_new, y_new = Balancer(SMOTE(random_state=0)).fit_resample(X, y)
    assert y_new.count("b") == 29
    made = X_new[30:]
    assert len(np.unique(made, axis=0)) == 28
    assert np.abs(made - X[29]).max() < 1


def test_any_over_sampler_through_from_imblearn(table):
    from imblearn.over_sampling import RandomOverSampler as Theirs

    X, y = table
    balancer = Balancer(FromImblearn(Theirs(shrinkage=0.5), random_state=0))
    X_new, y_new = balancer.fit_resample(X, y)
    assert y_new.value_counts().nunique() == 1
    assert balancer.parents_.empty
    assert (X_new.dtypes == X.dtypes).all()


def test_one_hot_labels_come_back_one_hot():
    X = np.random.default_rng(0).normal(size=(12, 2))
    y = np.eye(3, dtype=int)[[0] * 6 + [1] * 3 + [2] * 3]
    _, y_new = Balancer(SMOTE(k_neighbors=2, random_state=0)).fit_resample(X, y)
    assert y_new.sum(axis=0).tolist() == [6, 6, 6]
