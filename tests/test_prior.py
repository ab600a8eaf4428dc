"""Probabilities repaired after training on balanced data: against truths that can be computed, and on real tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from imblearn.ensemble import BalancedRandomForestClassifier
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from scipy.stats import norm
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from gensynth import SMOTE, Balancer, PriorCorrected, RandomOverSampler, correct_prior
from gensynth.errors import ConfigError, DataError, FallbackWarning, NotFitted
from gensynth.evidence.posterior import estimate_prior
from gensynth.learners.base import learner_for

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
MARKED = ["<b>no</b>", "a & b", "maybe 'so'"]


def line(**params):
    return LogisticRegression(C=1e6, max_iter=2000, **params)


def copies(seed=0):
    return Balancer(RandomOverSampler(random_state=seed))


def bells(n, share, seed):
    """Two classes on one line, N(0, 1) and N(2, 1): the log odds are 2 x - 2 and those of the shares."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    return (rng.normal(size=n) + 2 * y)[:, None], y


def posterior(x, shares, means):
    """Return the exact chances of bells of deviation 1. Shape: (n, k)."""
    dense = norm.pdf(np.asarray(x)[:, None], loc=means) * shares
    return dense / dense.sum(axis=1, keepdims=True)


def intercept(own, p):
    """Return the calibration intercept and half of its 95 % interval: a of logit P = a + logit p, by Newton."""
    x, a = np.log(p) - np.log1p(-p), 0.0
    for _ in range(50):
        q = 1 / (1 + np.exp(-(x + a)))
        a += (own - q).sum() / (q * (1 - q)).sum()
    return a, 1.96 / np.sqrt((q * (1 - q)).sum())


# correct_prior -------------------------------------------------------------------------------------------------------


def test_the_posterior_of_bells_is_exact():
    x, means = np.linspace(-4, 8, 101), np.array([0.0, 2.0, 5.0])
    trained, real = np.array([0.2, 0.3, 0.5]), np.array([0.9, 0.08, 0.02])
    made = correct_prior(posterior(x, trained, means), trained, real)
    np.testing.assert_allclose(made, posterior(x, real, means), rtol=1e-9)
    np.testing.assert_allclose(correct_prior(made, real, trained), posterior(x, trained, means), rtol=1e-9)
    two = [posterior(x, shares, means[:2])[:, 1] for shares in ([0.5, 0.5], [0.97, 0.03])]
    np.testing.assert_allclose(correct_prior(two[0], 0.5, 0.03), two[1], rtol=1e-9)


def test_undersampling_is_undone_as_dal_pozzolo_et_al_undo_it():
    common, rare, kept = 9000, 300, 0.05
    p = np.linspace(0, 1, 51)
    theirs = kept * p / (kept * p - p + 1)
    np.testing.assert_allclose(correct_prior(p, [kept * common, rare], [common, rare]), theirs, rtol=1e-12)
    both = correct_prior(np.stack([1 - p, p], axis=1), [kept * common, rare], [common, rare])
    np.testing.assert_allclose(both, np.stack([1 - theirs, theirs], axis=1), atol=1e-15)


def test_shares_counts_and_one_number_say_the_same():
    p = [[0.3, 0.7], [1.0, 0.0]]
    want = correct_prior(p, [0.5, 0.5], [0.9, 0.1])
    assert want[1].tolist() == [1.0, 0.0]
    for trained, real in (([40, 40], [180, 20]), (0.5, 0.1), ((1, 1), 0.1), (np.array([7.5, 7.5]), [1800.0, 200.0])):
        np.testing.assert_allclose(correct_prior(p, trained, real), want)
    assert correct_prior([0.0, 1.0, 0.5], 0.5, 0.1).tolist() == [0.0, 1.0, pytest.approx(0.1)]
    assert correct_prior([[1.0004, -0.0004]], 0.5, 0.9).tolist() == [[1.0, 0.0]]  # rounded chances stay chances
    assert correct_prior([[0.5, 0.5]], 0.5, [1, 0]).tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_shape_and_dtype_stay(dtype):
    p = np.array([[0.25, 0.75], [0.5, 0.5]], dtype=dtype)
    for given in (p, p[:, 1]):
        before = given.copy()
        made = correct_prior(given, 0.5, 0.25)
        assert (made.dtype, made.shape) == (given.dtype, given.shape)
        np.testing.assert_array_equal(given, before)
    assert correct_prior(np.array([0, 1]), 0.5, 0.1).dtype == np.float64
    assert correct_prior(p[:0], 0.5, 0.1).shape == (0, 2)


def test_the_container_stays():
    rows = [[0.25, 0.75], [0.5, 0.5]]
    want = correct_prior(np.array(rows), 0.5, 0.25)
    frame = pd.DataFrame(rows, columns=["no", "yes"], index=[7, 3], dtype="float32")
    made = correct_prior(frame, 0.5, 0.25)
    pd.testing.assert_frame_equal(made, pd.DataFrame(want, columns=["no", "yes"], index=[7, 3], dtype="float32"))
    pd.testing.assert_series_equal(
        correct_prior(frame["yes"], 0.5, 0.25), pd.Series(want[:, 1], [7, 3], name="yes", dtype="float32")
    )
    many = pl.DataFrame(rows, schema=["no", "yes"], orient="row")
    assert correct_prior(many, 0.5, 0.25).equals(pl.DataFrame(want, schema=["no", "yes"], orient="row"))
    assert correct_prior(many["yes"], 0.5, 0.25).equals(pl.Series("yes", want[:, 1]))
    for dtype in (torch.float32, torch.bfloat16):
        tensor = torch.tensor(rows, dtype=dtype, requires_grad=True)
        assert torch.equal(correct_prior(tensor, 0.5, 0.25), torch.tensor(want, dtype=dtype))


@pytest.mark.parametrize(
    ("p", "says"),
    [
        ([0.2, np.nan], "none missing"),
        ([0.2, 1.2], "from 0 to 1"),
        ([-0.2, 0.2], "from 0 to 1"),
        ([[0.5, 0.5], [0.5, 0.4]], r"row 1 sum to 0\.9"),
        ([[0.5], [0.4]], r"shape \(2, 1\)"),
        (0.5, r"shape \(\)"),
        ([[[0.5, 0.5]]], r"shape \(1, 1, 2\)"),
        (["high"], "must be numbers"),
    ],
)
def test_bad_probabilities_are_named(p, says):
    for call in (lambda: correct_prior(p, 0.5, 0.1), lambda: estimate_prior(p, 0.5)):
        with pytest.raises(DataError, match=says):
            call()


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ([0.5, 0.3, 0.2], r"got the shape \(3,\)"),
        ([[0.5, 0.5]], r"got the shape \(1, 2\)"),
        ([0.9, 0.2], "sum to 1.1"),
        ([-1, 3], "0 at least"),
        ([0, 0], "not all 0"),
        ([np.nan, 1], "0 at least"),
        ([np.inf, 1], "0 at least"),
        (1.5, "from 0 to 1"),
        (True, "from 0 to 1"),
        ("half", "shares or counts"),
        ({"no": 1, "yes": 1}, "order of the columns"),
        (pd.Series([900, 100]).rename("count"), "order of the columns"),  # of value_counts: the largest first
        (None, "from 0 to 1|shares or counts"),
    ],
)
def test_bad_shares_are_named(shares, says):
    for name, call in (
        ("trained", lambda: correct_prior([0.5], shares, 0.1)),
        ("real", lambda: correct_prior([0.5], 0.5, shares)),
    ):
        with pytest.raises(ConfigError, match=f"^{name} must be .*({says})"):
            call()


def test_classes_that_cannot_be_are_named():
    for nothing in ([1, 0], 0.0, 1.0):
        with pytest.raises(ConfigError, match="above 0 for each class"):
            correct_prior([0.5], nothing, 0.1)
    with pytest.raises(DataError, match="row 1 is surely of a class whose real share is 0"):
        correct_prior([0.5, 1.0], 0.5, 0.0)
    with pytest.raises(ConfigError, match="one number for each class"):
        correct_prior([[0.2, 0.3, 0.5]], 0.5, [1, 1, 1])
    with pytest.raises(DataError, match="no rows"):
        estimate_prior([], 0.5)


# estimate_prior ------------------------------------------------------------------------------------------------------


def test_shares_of_rows_without_labels_are_found():
    means, trained, real = np.array([0.0, 2.0, 5.0]), np.array([0.2, 0.3, 0.5]), np.array([0.85, 0.1, 0.05])
    rng = np.random.default_rng(0)
    x = rng.normal(rng.choice(means, 40_000, p=real))
    found = estimate_prior(posterior(x, trained, means), trained)
    assert np.abs(found - real).max() < 0.01
    two = estimate_prior(posterior(*bells_at(0.08), [0.5, 0.5], [0.0, 2.0])[:, 1], 0.5)
    assert two.shape == (2,)
    assert two[1] == pytest.approx(0.08, abs=0.01)


def bells_at(share):
    return (bells(40_000, share, 1)[0][:, 0],)


def test_shares_found_are_the_likeliest():
    x, trained = bells(3000, 0.2, 2)[0][:, 0], np.array([0.4, 0.6])
    p = posterior(x, trained, [0.0, 2.0])
    found = estimate_prior(p, trained)

    def likelihood(share):
        return np.log(p @ (np.array([1 - share, share]) / trained)).sum()

    assert likelihood(found[1]) > max(likelihood(found[1] + 1e-3), likelihood(found[1] - 1e-3))


def test_shares_that_never_settle_are_told():
    p = np.array([[0.5 + 1e-6, 0.5 - 1e-6]] * 10)  # all a hair more of the first: its share creeps up to 1
    with pytest.warns(FallbackWarning, match="still move"):
        estimate_prior(p, 0.5)


# PriorCorrected: the calibration intercept ---------------------------------------------------------------------------

WAYS = {
    "copies": lambda: make_pipeline(copies(), line()),
    "fewer": lambda: make_pipeline(RandomUnderSampler(random_state=0), line()),
    "nested": lambda: make_pipeline(StandardScaler(), make_pipeline(copies(), StandardScaler(), line())),
    "weights": lambda: line(class_weight="balanced"),
    "named weights": lambda: line(class_weight={1: 20, 0: 0.5}),
    "both": lambda: make_pipeline(copies(), line(class_weight={1: 4})),
    "priors": lambda: make_pipeline(copies(), LinearDiscriminantAnalysis(priors=[0.3, 0.7])),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_intercept_of_bells_comes_back_to_zero(way):
    X, y = bells(200_000, 0.03, 0)  # of a few hundred rare rows, what is learned itself errs by as much
    X_test, y_test = bells(20_000, 0.03, 1)
    model = PriorCorrected(WAYS[way]()).fit(X, y)
    before, half = intercept(y_test, model.classifier_.predict_proba(X_test)[:, 1])
    assert before + half < -1
    after, half = intercept(y_test, model.predict_proba(X_test)[:, 1])
    assert abs(after) < half < 0.15
    truth = posterior(X_test[:, 0], [0.97, 0.03], [0.0, 2.0])
    assert np.abs(model.predict_proba(X_test) - truth).max() < 0.08


def test_weights_of_rows_are_counted():
    X, y = bells(20_000, 0.03, 0)
    X_test, y_test = bells(20_000, 0.03, 1)
    weight = np.where(y == 1, 30.0, 1.0)
    for model, name in ((line(), "sample_weight"), (make_pipeline(StandardScaler(), line()), None)):
        params = {name or "logisticregression__sample_weight": weight}
        made = PriorCorrected(model).fit(X, y, **params)
        assert made.trained_[1] == pytest.approx(30 * y.mean() / (30 * y.mean() + 1 - y.mean()))
        assert made.real_[1] == pytest.approx(y.mean())
        after, half = intercept(y_test, made.predict_proba(X_test)[:, 1])
        assert abs(after) < half
    with pytest.raises(ConfigError, match="cannot both be counted"):
        PriorCorrected(line(class_weight="balanced")).fit(X, y, sample_weight=weight)


TABLES = {"mammography": "class", "phoneme": None, "bank_marketing": "subscribe"}


def real_table(name, seed):
    """Return numbers and whether each row is of the rare class, in halves."""
    frame = pd.read_parquet(SHARED / f"{name}.parquet")
    target = TABLES[name] or frame.columns[-1]
    X, y = frame.drop(columns=target), frame[target]
    words = list(X.select_dtypes(exclude="number").columns)
    coded = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    X = make_column_transformer((coded, words), remainder=StandardScaler()).fit_transform(X)
    y = (y == y.value_counts().index[-1]).to_numpy().astype(int)
    return train_test_split(X, y, test_size=0.5, random_state=seed, stratify=y)


def intercepts(name, seed):
    """Return the intercept before and after, each with half of its interval; the order of rows must stay."""
    X, X_test, y, y_test = real_table(name, seed)
    model = PriorCorrected(make_pipeline(copies(), LogisticRegression(max_iter=2000))).fit(X, y)
    assert model.trained_.tolist() == [0.5, 0.5]
    raw, made = model.classifier_.predict_proba(X_test)[:, 1], model.predict_proba(X_test)[:, 1]
    assert roc_auc_score(y_test, made) == pytest.approx(roc_auc_score(y_test, raw), abs=1e-9)
    return intercept(y_test, raw), intercept(y_test, made)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not beside this checkout")
@pytest.mark.parametrize("name", ["mammography", "phoneme"])
def test_the_intercept_of_real_tables_comes_back_to_zero(name):
    found = [intercepts(name, seed) for seed in range(3)]
    assert all(before + half < 0 for (before, half), _ in found)
    assert sum(abs(after) < half for _, (after, half) in found) >= 2  # half counts chance in the rows asked alone
    middle = np.mean([after for _, (after, _) in found])
    assert abs(middle) < np.mean([half for _, (_, half) in found])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not beside this checkout")
def test_of_a_table_that_no_line_fits_a_twentieth_of_the_intercept_stays():
    (before, half), (after, _) = intercepts("bank_marketing", 0)
    assert before + half < -2
    assert abs(after) < abs(before) / 20


# PriorCorrected: the shares ------------------------------------------------------------------------------------------


def test_labels_of_several_classes_with_markup():
    means, shares = np.array([0.0, 2.0, 5.0]), [0.9, 0.06, 0.04]
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 20_000, p=shares)
    X, y = rng.normal(means[codes])[:, None], np.array(MARKED)[codes]
    model = PriorCorrected(make_pipeline(copies(), line())).fit(X, y)
    assert model.classes_.tolist() == sorted(MARKED)
    assert model.trained_ == pytest.approx([1 / 3] * 3)
    assert model.real_ == pytest.approx([(y == label).mean() for label in sorted(MARKED)])
    grid = np.linspace(-3, 7, 50)
    order = np.argsort(MARKED)
    truth = posterior(grid, np.array(shares)[order], means[order])
    p = model.predict_proba(grid[:, None])
    assert np.abs(p - truth).max() < 0.08
    assert np.abs(model.classifier_.predict_proba(grid[:, None]) - truth).max() > 0.3
    said = model.predict(grid[:, None])
    assert said.tolist() == [model.classes_[place] for place in p.argmax(axis=1)]
    assert (said != model.classifier_.predict(grid[:, None])).any()
    for y_as in (y.tolist(), pd.Series(y), pd.Series(y, dtype="category"), pl.Series(y)):
        some = PriorCorrected(LogisticRegression(class_weight="balanced")).fit(X[:500], y_as[:500])
        assert set(some.predict(X[:500])) <= set(MARKED)
        assert some.real_ == pytest.approx([(y[:500] == label).mean() for label in sorted(MARKED)])


def test_real_shares_may_be_named():
    X, y = bells(4000, 0.1, 0)
    names = np.array(["ok", "fraud"])[y]
    model = make_pipeline(copies(), line())
    want = PriorCorrected(model, real=[0.02, 0.98]).fit(X, names).predict_proba(X)  # in order: fraud, ok
    for real in ({"ok": 0.98, "fraud": 0.02}, {"ok": 980, "fraud": 20}, 0.98, pd.Series({"ok": 98, "fraud": 2})):
        np.testing.assert_allclose(PriorCorrected(model, real=real).fit(X, names).predict_proba(X), want)
    by_share = pd.Series(names).value_counts()  # the largest first, and yet each label gets its own
    np.testing.assert_allclose(PriorCorrected(model, real=by_share).fit(X, names).real_, [y.mean(), 1 - y.mean()])
    for real in ({"ok": 1}, {"ok": 1, "fraud": 1, "other": 1}, {0: 1, 1: 1}):
        with pytest.raises(ConfigError, match=r"real must name the classes \['fraud', 'ok'\]"):
            PriorCorrected(model, real=real).fit(X, names)
    with pytest.raises(ConfigError, match=r"trained must be shares .* got the shape \(3,\)"):
        PriorCorrected(model, trained=[1, 1, 1]).fit(X, names)


def test_a_balancer_outside_needs_the_real_shares():
    X, y = bells(4000, 0.1, 0)
    inside = PriorCorrected(make_pipeline(copies(), line())).fit(X, y)
    outside = make_pipeline(copies(), PriorCorrected(line(), real=inside.real_)).fit(X, y)
    np.testing.assert_allclose(outside.predict_proba(X), inside.predict_proba(X), atol=1e-6)
    with pytest.warns(FallbackWarning, match="nothing inside PriorCorrected balances"):
        make_pipeline(copies(), PriorCorrected(line())).fit(X, y)


def test_a_fitted_classifier_is_used_as_it_is():
    X, y = bells(4000, 0.1, 0)
    names = np.array(["ok", "fraud"])[y]
    X_all, y_all = copies().fit_resample(X, names)
    fitted = line().fit(X_all, y_all)
    counts = pd.Series(y_all).value_counts().to_dict()
    want = correct_prior(fitted.predict_proba(X), [1, 1], [y.mean(), 1 - y.mean()])
    for made in (
        PriorCorrected(fitted, trained=counts, prefit=True).fit(X, names),
        PriorCorrected(fitted, trained=counts, prefit=True).fit(y=names),
        PriorCorrected(fitted, {"ok": 1 - y.mean(), "fraud": y.mean()}, trained=counts, prefit=True).fit(),
        PriorCorrected(FrozenEstimator(fitted), trained=[1, 1]).fit(X, names),
    ):
        np.testing.assert_allclose(made.predict_proba(X), want)
    assert PriorCorrected(fitted, 0.5, trained=counts, prefit=True).fit().classifier_ is fitted
    with pytest.raises(ConfigError, match="trained="):
        PriorCorrected(fitted, 0.9, prefit=True).fit(X, names)
    with pytest.raises(ConfigError, match="frozen"):
        PriorCorrected(FrozenEstimator(fitted)).fit(X, names)
    with pytest.raises(ConfigError, match="real shares are not known"):
        PriorCorrected(fitted, trained=counts, prefit=True).fit(X)
    with pytest.raises(DataError, match="does not know: 'strange'"):
        PriorCorrected(fitted, trained=counts, prefit=True).fit(y=["ok", "strange"])
    with pytest.raises(NotFitted, match="not fitted yet"):
        PriorCorrected(line(), trained=counts, prefit=True).fit(y=names)


def test_it_adapts_to_rows_without_labels():
    X, y = bells(20_000, 0.3, 0)
    there, truth = bells(20_000, 0.05, 1)
    model = PriorCorrected(make_pipeline(copies(), line())).fit(X, y)
    before, half = intercept(truth, model.predict_proba(there)[:, 1])
    assert before + half < -1
    assert model.adapt(there) is model
    assert model.real_[1] == pytest.approx(truth.mean(), abs=0.01)
    after, half = intercept(truth, model.predict_proba(there)[:, 1])
    assert abs(after) < half
    prefit = PriorCorrected(model.classifier_, trained=0.5, prefit=True).adapt(there)
    np.testing.assert_allclose(prefit.real_, model.real_)


def test_shares_that_classifiers_are_told_are_theirs():
    X, y = bells(4000, 0.1, 0)
    assert PriorCorrected(GaussianNB(priors=[0.2, 0.8])).fit(X, y).trained_.tolist() == [0.2, 0.8]
    assert PriorCorrected(BernoulliNB(class_prior=[0.2, 0.8])).fit(X, y).trained_.tolist() == [0.2, 0.8]
    assert PriorCorrected(BernoulliNB(fit_prior=False)).fit(X, y).trained_.tolist() == [0.5, 0.5]
    forest = RandomForestClassifier(5, class_weight="balanced_subsample", random_state=0)
    assert PriorCorrected(forest).fit(X, y).trained_ == pytest.approx([0.5, 0.5])


@pytest.mark.filterwarnings("ignore:.*probability.*:FutureWarning")
def test_weights_do_not_reach_the_curve_of_a_support_vector_machine():
    X, y = bells(2000, 0.1, 0)
    model = PriorCorrected(SVC(kernel="linear", class_weight="balanced", probability=True, random_state=0)).fit(X, y)
    assert model.trained_.tolist() == model.real_.tolist()
    after, half = intercept(y, model.predict_proba(X)[:, 1])
    assert abs(after) < half


HIDDEN = {
    "sampling_strategy": lambda: BalancedRandomForestClassifier(5, random_state=0),
    "estimator__class_weight": lambda: CalibratedClassifierCV(line(class_weight="balanced")),
    "estimator__balancer": lambda: CalibratedClassifierCV(make_pipeline(copies(), line())),
    "bayes__priors": lambda: VotingClassifier([("bayes", GaussianNB(priors=[0.5, 0.5]))], voting="soft"),
    "bayes__fit_prior": lambda: VotingClassifier([("bayes", BernoulliNB(fit_prior=False))], voting="soft"),
    "class_weight": lambda: GridSearchCV(line(), {"class_weight": ["balanced"]}, cv=2),
    "scale_pos_weight": lambda: Boosted(),
}


class Boosted(LogisticRegression):
    """As boosting libraries weigh the second class."""

    def __init__(self, scale_pos_weight=9):
        super().__init__()
        self.scale_pos_weight = scale_pos_weight


@pytest.mark.parametrize("way", HIDDEN)
def test_what_balances_where_nobody_counts_is_refused(way):
    X, y = bells(1000, 0.1, 0)
    with pytest.raises(ConfigError, match=f"by {way}.*, where they cannot be counted: .*trained="):
        PriorCorrected(HIDDEN[way]()).fit(X, y)
    model = PriorCorrected(make_pipeline(StandardScaler(), HIDDEN[way]()), trained=[1, 1]).fit(X, y)
    assert model.trained_.tolist() == [0.5, 0.5]
    assert model.real_[1] == y.mean()


# PriorCorrected: as an estimator of scikit-learn ---------------------------------------------------------------------


def test_a_copy_is_fitted_and_the_pipeline_is_whole_again():
    X, y = bells(1000, 0.1, 0)
    pipeline = make_pipeline(copies(), make_pipeline(StandardScaler(), line()))
    model = PriorCorrected(pipeline).fit(pd.DataFrame(X, columns=["x"]), y)
    assert not hasattr(pipeline[-1][-1], "coef_")
    assert isinstance(model.classifier_[-1][-1], LogisticRegression)
    assert model.classifier_[-1][-1].coef_.shape == (1, 1)
    assert model.n_features_in_ == 1
    again = clone(model)
    assert again.get_params()["classifier__pipeline__logisticregression__C"] == 1e6
    assert not hasattr(again, "n_features_in_")
    made = PriorCorrected(line(class_weight="balanced")).fit(pd.DataFrame(X, columns=["x"]), y)
    assert made.feature_names_in_.tolist() == ["x"]
    assert not hasattr(PriorCorrected(line(class_weight="balanced")).fit(X, y), "feature_names_in_")


def test_it_is_searched_and_cross_validated():
    X, y = bells(1000, 0.2, 0)
    model = PriorCorrected(make_pipeline(Balancer(SMOTE(random_state=0)), LogisticRegression()))
    grid = {"classifier__logisticregression__C": [0.01, 1.0], "classifier__balancer__generator__k_neighbors": [3, 5]}
    search = GridSearchCV(model, grid, scoring="neg_log_loss", cv=3, error_score="raise").fit(X, y)
    assert search.best_estimator_.trained_.tolist() == [0.5, 0.5]
    raw = cross_val_score(model.classifier, X, y, scoring="neg_log_loss", cv=3)
    assert (cross_val_score(model, X, y, scoring="neg_log_loss", cv=3) > raw).all()


def test_weights_of_rows_are_routed():
    X, y = bells(1000, 0.1, 0)
    weight = np.where(y == 1, 9.0, 1.0)
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        asks = line().set_fit_request(sample_weight=True)
        want = PriorCorrected(line()).fit(X, y, sample_weight=weight).trained_
        inner = PriorCorrected(make_pipeline(scaler, asks)).fit(X, y, sample_weight=weight)
        outer = make_pipeline(scaler, PriorCorrected(asks)).fit(X, y, sample_weight=weight)
    assert want[1] > 0.4
    for made in (inner, outer[-1]):
        np.testing.assert_allclose(made.trained_, want)


def test_before_fit_it_says_so():
    for call in (lambda m: m.predict([[0.0]]), lambda m: m.predict_proba([[0.0]]), lambda m: m.adapt([[0.0]])):
        for error in (NotFitted, NotFittedError):
            with pytest.raises(error, match="not fitted yet"):
                call(PriorCorrected(line()))
    X, y = bells(100, 0.3, 0)
    later = PriorCorrected(line().fit(X, y), trained=0.5, prefit=True)
    with pytest.raises(ConfigError):
        later.fit()
    with pytest.raises(NotFitted, match="no real shares"):
        later.predict(X)


@pytest.mark.parametrize(
    "model", [RidgeClassifier(), StandardScaler(), LogisticRegression, make_pipeline(copies(), RidgeClassifier()), None]
)
def test_what_gives_no_chances_is_refused(model):
    for prefit in (False, True):
        with pytest.raises(ConfigError, match=r"classifier must have fit.* and predict_proba"):
            PriorCorrected(model, trained=0.5, prefit=prefit).fit([[0.0], [1.0]], [0, 1])


def test_bad_labels_are_named():
    model = PriorCorrected(line(class_weight="balanced"))
    with pytest.raises(DataError, match="the target y is None"):
        model.fit([[0.0], [1.0]])
    with pytest.raises(DataError, match="1d array"):
        model.fit([[0.0], [1.0]], [[0, 1], [1, 0]])
    with pytest.raises(DataError, match="contains NaN"):
        model.fit([[0.0], [1.0], [2.0]], [0.0, 1.0, np.nan])
    with pytest.raises(DataError, match="two classes"):
        model.fit([[0.0], [1.0]], [1, 1])
    with pytest.raises(DataError, match=r"no row of \[0\] is learned from"):
        PriorCorrected(line()).fit([[0.0], [1.0]], [0, 1], sample_weight=[0, 1])
    with pytest.raises(DataError, match="several types"):
        model.fit([[0.0], [1.0]], np.array([1, None], dtype=object))


class Brightness(ClassifierMixin, BaseEstimator):
    """A classifier of pictures."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        assert X.ndim == 4
        assert X.dtype == np.uint8
        p = X.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - p, p], axis=1)


def test_other_kinds_of_data_pass():
    texts = [f"a good film {n}" for n in range(30)] + [f"a bad film {n}" for n in range(6)]
    y = ["good"] * 30 + ["bad"] * 6
    model = PriorCorrected(learner_for("text")).fit(texts, y)
    assert model.trained_.tolist() == [0.5, 0.5]
    assert model.real_[0] == pytest.approx(1 / 6)
    want = correct_prior(model.classifier_.predict_proba(texts), 0.5, 5 / 6)
    np.testing.assert_allclose(model.predict_proba(texts), want)
    balanced = PriorCorrected(make_pipeline(copies(), learner_for("text", class_weight=None))).fit(texts, y)
    assert balanced.trained_.tolist() == [0.5, 0.5]
    pictures = np.random.default_rng(0).integers(0, 255, (24, 3, 8, 8), dtype=np.uint8)
    many = PriorCorrected(make_pipeline(copies(), Brightness())).fit(pictures, [0] * 18 + [1] * 6)
    assert many.real_.tolist() == [0.75, 0.25]
    want = correct_prior(Brightness().fit(pictures, [0, 1]).predict_proba(pictures), 0.5, 0.25)
    np.testing.assert_allclose(many.predict_proba(pictures), want)


@pytest.mark.filterwarnings("ignore::gensynth.errors.FallbackWarning")
@parametrize_with_checks([PriorCorrected(LogisticRegression(class_weight="balanced")), PriorCorrected(GaussianNB())])
def test_scikit_learn_checks(estimator, check):
    check(estimator)
