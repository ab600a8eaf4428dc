import numpy as np
import pytest
from scipy.stats import t as student
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold

from gensynth.errors import ConfigError, DataError, TooFewRows
from gensynth.evidence.compare.figures import FIGURES, calibration, chosen, figures, gain
from gensynth.evidence.compare.folds import splits
from gensynth.evidence.compare.intervals import Interval
from gensynth.evidence.compare.learners import entries, scored


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Figures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 4])
def test_figures_are_those_of_scikit_learn(rng, k):
    y = rng.choice(k, 400, p=np.r_[0.1, np.full(k - 1, 0.9 / (k - 1))])
    p = rng.dirichlet(np.ones(k), 400) + 0.5 * np.eye(k)[y]
    p /= p.sum(axis=1, keepdims=True)
    guess = p.argmax(axis=1)
    found = figures(y, guess, p, rare=0)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(y, guess))
    assert found["balanced_accuracy"] == pytest.approx(sk.balanced_accuracy_score(y, guess))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(y, guess, average="macro"))
    assert found["matthews"] == pytest.approx(sk.matthews_corrcoef(y, guess))
    assert found["minority_recall"] == pytest.approx(sk.recall_score(y == 0, guess == 0))
    assert found["minority_precision"] == pytest.approx(sk.precision_score(y == 0, guess == 0))
    recalls = sk.recall_score(y, guess, average=None)
    assert found["geometric_mean"] == pytest.approx(np.prod(recalls) ** (1 / k))
    assert found["log_loss"] == pytest.approx(sk.log_loss(y, p))
    ranked = [sk.average_precision_score(y == c, p[:, c]) for c in ([0] if k == 2 else range(k))]
    assert found["average_precision"] == pytest.approx(np.mean(ranked))
    areas = [sk.roc_auc_score(y == c, p[:, c]) for c in range(k)]
    assert found["roc_auc"] == pytest.approx(np.mean(areas))
    if k == 2:
        assert found["brier"] == pytest.approx(sk.brier_score_loss(y == 0, p[:, 0]))
    else:
        assert found["brier"] == pytest.approx(((p - np.eye(k)[y]) ** 2).sum(axis=1).mean())


def test_calibration_is_that_of_a_logistic_regression(rng):
    p = rng.uniform(0.02, 0.98, 3000)
    x = np.log(p / (1 - p))
    own = rng.random(3000) < 1 / (1 + np.exp(-(0.7 * x - 1.2)))
    slope, _ = calibration(own, p)
    assert slope == pytest.approx(LogisticRegression(C=1e9).fit(x[:, None], own).coef_[0, 0], abs=1e-3)


def test_an_intercept_is_by_how_much_chances_are_off(rng):
    p = rng.uniform(0.05, 0.6, 40_000)
    own = rng.random(40_000) < p
    odds = p / (1 - p) * np.exp(2.0)  # too high by 2 in logarithms
    slope, intercept = calibration(own, odds / (1 + odds))
    assert slope == pytest.approx(1, abs=0.05)
    assert intercept == pytest.approx(-2, abs=0.05)


@pytest.mark.parametrize("p", [np.full(50, 0.3), np.r_[np.zeros(25), np.ones(25)]])
def test_constant_and_certain_chances_have_no_slope_and_raise_nothing(p):
    own = np.arange(50) >= 25
    assert not np.isfinite(calibration(own, p)[0])


def test_rows_of_one_class_have_names_and_no_order():
    found = figures(np.zeros(5, dtype=int), np.zeros(5, dtype=int), np.full((5, 2), 0.5), rare=1)
    assert found["accuracy"] == 1
    assert np.isnan([found["average_precision"], found["calibration_intercept"], found["minority_recall"]]).all()


def test_always_guessing_the_majority_is_worth_nothing():
    y = np.r_[np.zeros(90, dtype=int), np.ones(10, dtype=int)]
    found = figures(y, np.zeros(100, dtype=int), np.tile([0.9, 0.1], (100, 1)), rare=1)
    assert found["accuracy"] == 0.9
    assert found["balanced_accuracy"] == found["roc_auc"] == 0.5
    assert found["geometric_mean"] == found["matthews"] == found["minority_recall"] == 0
    assert found["average_precision"] == pytest.approx(0.1)
    assert found["calibration_intercept"] == pytest.approx(0, abs=1e-6)


def test_gains_are_above_0_where_a_figure_is_better():
    a, b = np.array([0.4]), np.array([0.3])
    assert gain("roc_auc", a, b) > 0 > gain("brier", a, b)
    assert gain("calibration_slope", np.array([0.9]), np.array([1.3])) == pytest.approx(0.2)
    assert gain("calibration_intercept", np.array([-2.0]), np.array([0.1])) == pytest.approx(-1.9)


@pytest.mark.parametrize("wrong", ["f1", ["roc_auc", "acuracy"], [], "calibration_slope"])
def test_metrics_that_cannot_be_are_told(wrong):
    with pytest.raises(ConfigError, match=r"metric"):
        chosen(wrong)


def test_the_first_metric_decides():
    assert chosen(["macro_f1", "brier", "macro_f1"]) == ("macro_f1", "brier")
    assert chosen(None) == tuple(FIGURES)


# Intervals -----------------------------------------------------------------------------------------------------------


def test_an_interval_is_that_of_nadeau_and_bengio():
    d = np.array([0.02, 0.05, -0.01, 0.03, 0.04])
    found = Interval.of(d, ratio=0.25, many=4)
    reach = student.ppf(1 - 0.05 / 8, 4) * np.sqrt((1 / 5 + 0.25) * d.var(ddof=1))
    assert (found.mean, found.low, found.high) == pytest.approx((d.mean(), d.mean() - reach, d.mean() + reach))


def test_an_interval_leaves_out_what_is_not_known_and_needs_two():
    assert Interval.of(np.array([0.1, np.nan, 0.3]), 0.25).mean == pytest.approx(0.2)
    one = Interval.of(np.array([0.1]), 0.25)
    assert (one.mean, one.above, one.below) == (0.1, False, False)
    assert np.isnan(Interval.of(np.array([np.nan]), 0.25).mean)


# Folds ---------------------------------------------------------------------------------------------------------------


def test_every_row_is_asked_once_a_round_and_classes_are_spread(rng):
    codes = rng.permutation(np.r_[np.zeros(90, int), np.ones(10, int)])
    cut, notes = splits(codes, (5, 3), 0, None, quick=True)
    assert len(cut) == 15
    assert notes == []
    for round_ in range(3):
        tests = np.concatenate([split.test for split in cut if split.round == round_])
        assert sorted(tests) == list(range(100))
    assert all(codes[split.test].sum() == 2 for split in cut)
    assert all(len(np.intersect1d(split.train, split.test)) == 0 for split in cut)
    assert set(cut[0].test) != set(cut[5].test)


def test_a_class_of_few_rows_makes_fewer_folds_and_a_lone_row_stays_in_training():
    codes = np.r_[np.zeros(20, int), np.ones(3, int), [2]]
    cut, notes = splits(codes, 5, 0, None, quick=False)
    assert len(cut) == 3
    assert all(23 in split.train for split in cut)
    assert any("3 folds and not 5" in note for note in notes)
    assert any("never asked about" in note for note in notes)
    with pytest.raises(TooFewRows):
        splits(np.array([0, 1, 2]), 5, 0, None, quick=False)


def test_groups_are_never_cut(rng):
    together = np.repeat(np.arange(20), 5)
    codes = (together % 2).astype(int)
    for cv in (4, GroupKFold(4)):
        for split in splits(codes, cv, 0, together, quick=False)[0]:
            assert not set(together[split.train]) & set(together[split.test])


def test_in_order_of_time_nothing_is_learned_from_what_comes_after():
    codes = np.arange(60) % 2
    cut, notes = splits(codes, "time", 0, None, quick=True)
    assert all(split.train.max() < split.test.min() for split in cut)
    assert np.concatenate([split.test for split in cut]).tolist() == list(range(10, 60))
    assert "order of time" in notes[0]
    with pytest.raises(TooFewRows, match=r"too late"):
        splits(np.r_[np.zeros(95, int), np.ones(5, int)], "time", 0, None, quick=True)


def test_a_splitter_and_pairs_of_places_are_taken_as_they_are():
    codes = np.arange(40) % 2
    by = StratifiedKFold(4, shuffle=True, random_state=1)
    cut, _ = splits(codes, by, 0, None, quick=True)
    assert [split.test.tolist() for split in cut] == [test.tolist() for _, test in by.split(codes, codes)]
    cut, _ = splits(codes, [(range(20), range(20, 40))], 0, None, quick=True)
    assert cut[0].test.tolist() == list(range(20, 40))


@pytest.mark.parametrize("wrong", [1, True, (5, 0), "weekly", 0.2, [], [([0, 1], [])], [([0], [99])], [(1, 2, 3)]])
def test_folds_that_cannot_be_are_told(wrong):
    with pytest.raises(ConfigError, match=r"cv"):
        splits(np.arange(40) % 2, wrong, 0, None, quick=True)


def test_a_fold_that_asks_about_rows_of_training_is_told():
    with pytest.raises(DataError, match=r"rows of training"):
        splits(np.arange(40) % 2, [(range(30), range(20, 40))], 0, None, quick=True)


# Learners ------------------------------------------------------------------------------------------------------------


def test_class_weights_are_set_or_given_as_weights_of_rows(rng):
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    y = np.r_[np.zeros(180, int), np.ones(20, int)]
    X = rng.normal(size=(200, 3)) + y[:, None] * 0.5
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    for model in (LogisticRegression(), GaussianNB(), HistGradientBoostingClassifier(max_iter=10), scaled):
        entry = entries(model, "table")[0]
        shares = [scored(entry.fit(X, y, weighted=w, seed=0), X, 2)[0][:, 1].mean() for w in (False, True)]
        assert shares[0] == pytest.approx(0.1, abs=0.06)
        assert shares[1] > shares[0] + 0.1
    with pytest.raises(ConfigError, match=r"no class weights"):
        entries(KNeighborsClassifier(), "table")[0].fit(X, y, weighted=True, seed=0)


def test_classes_that_were_not_seen_have_no_chance(rng):
    entry = entries("logistic", "table")[0]
    model = entry.fit(rng.normal(size=(40, 2)), np.arange(40) % 2 * 2, weighted=False, seed=0)
    p, chances = scored(model, np.zeros((3, 2)), 4)
    assert chances
    assert p[:, [1, 3]].max() == 0
    assert p.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("wrong", ["boosted", ["logistic", "logistic"], [], object(), LogisticRegression])
def test_learners_that_cannot_be_are_told(wrong):
    with pytest.raises(ConfigError, match=r"learner"):
        entries(wrong, "table")
