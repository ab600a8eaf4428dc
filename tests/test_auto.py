import json
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression

from gensynth import Auto, Balancer, Images, RandomOverSampler, load
from gensynth.errors import ConfigError, FallbackWarning, FewRowsWarning, RealRowsWarning
from gensynth.evidence.compare import halving
from gensynth.evidence.compare.arms import Arm
from gensynth.evidence.compare.halving import Marks

QUADRATIC = QuadraticDiscriminantAnalysis(reg_param=1e-3)


@pytest.fixture
def scarce():
    """Two normal classes in 18 columns, 40 rows of one: a covariance that is borrowed helps."""
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(560, int), np.ones(40, int)]
    X = rng.normal(size=(600, 18)) + 0.7 * y[:, None]
    return X @ (np.eye(18) + rng.normal(size=(18, 18)) / 5), y


@pytest.fixture
def noise():
    rng = np.random.default_rng(1)
    return rng.normal(size=(200, 3)), np.r_[np.zeros(170, int), np.ones(30, int)]


def test_what_helps_is_chosen(scarce):
    balancer = Balancer(Auto(QUADRATIC, candidates=["SMOTE", "GaussianCopula"], random_state=0))
    _, y = balancer.fit_resample(*scarce)
    auto = balancer.generator_
    assert auto.choice_["chosen"] == "GaussianCopula"
    assert auto.choice_["runner_up"] == "none"
    assert auto.declined_ is None
    assert len(y) == 1120
    found = {each["name"]: each for each in auto.choice_["tried"]}
    assert found["GaussianCopula"]["folds"] == 6
    assert found["GaussianCopula"]["gain"] > found["GaussianCopula"]["error"] > 0
    assert found["none"]["gain"] == 0
    assert "average precision" in auto.choice_["why"]
    assert balancer.recipe_["result"]["choice"] == json.loads(json.dumps(auto.choice_))


def test_where_nothing_helps_the_data_stays_and_it_is_said(noise):
    X, y = noise
    auto = Auto("logistic", candidates=["RandomOverSampler", "SMOTE"], random_state=0)
    with pytest.warns(FallbackWarning, match=r"leaves the data as it is: .* changes average precision"):
        X_new, y_new = (balancer := Balancer(auto)).fit_resample(X, y)
    assert X_new.tolist() == X.tolist()
    assert y_new.tolist() == y.tolist()
    assert not balancer.is_synthetic_.any()
    assert balancer.recipe_["result"]["choice"]["chosen"] == "none"
    made = balancer.generator_.sample(5, y=1)  # rows are made all the same where they are asked for
    assert made.shape == (5, 3)


def test_a_choice_is_repeated_without_trials(scarce, monkeypatch):
    X, y = scarce
    first = Auto(QUADRATIC, candidates=["SMOTE", "GaussianCopula"], random_state=3)
    rows = Balancer(first).fit_resample(X, y)[0]
    again = first.fit(X, y).repeating()
    assert again["candidates"] == [{"name": "GaussianCopula", "params": {"links": 0.05}}]
    monkeypatch.setattr(halving, "trials", lambda *args: pytest.fail("a trial was made"))
    assert Balancer(first.set_params(**again)).fit_resample(X, y)[0].tolist() == rows.tolist()


def test_none_can_be_asked_for(noise):
    with pytest.warns(FallbackWarning, match=r"leaves the data"):
        X, _ = Balancer(Auto(candidates=["none"], budget=0)).fit_resample(*noise)
    assert len(X) == 200


def test_gates_of_the_default_go_with_it(noise):
    balancer = Balancer(Auto(candidates=["default"], budget=0, random_state=0))
    balancer.fit_resample(*noise)
    assert [*balancer.refused_] == ["LabelAgrees"]
    assert type(balancer.generator_.generator_).__name__ == "ARF"
    plain = Balancer(Auto(candidates=["ARF"], budget=0, random_state=0))
    plain.fit_resample(*noise)
    assert plain.refused_ == {}


def test_a_budget_is_kept(scarce):
    X, y = (np.tile(part, (4, 1)[: part.ndim]) for part in scarce)
    X = X + np.random.default_rng(0).normal(size=X.shape)
    began = time.monotonic()
    auto = Auto(budget="2s", random_state=0).fit(X, y)
    assert time.monotonic() - began < 20  # one trial more than the two seconds, on a busy machine
    assert any(word in auto.choice_["why"] for word in ("no time", "rows"))


def test_a_candidate_that_fails_leaves_the_others(noise):
    class Broken(RandomOverSampler):
        def _fit(self, rows, codes, key):
            raise ValueError("no good")

    auto = Auto("logistic", candidates=[Broken(), "SMOTE"], random_state=0).fit(*noise)
    found = {each["name"]: each for each in auto.choice_["tried"]}
    assert found["Broken"]["failed"] == "ValueError: no good"
    assert found["SMOTE"]["folds"] > 1
    assert auto.sample(2, y=1).shape == (2, 3)


def test_too_few_rows_for_trials_take_the_rule():
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.r_[np.zeros(28, int), np.ones(2, int)]
    with pytest.warns(FallbackWarning, match=r"no trial could be made"), pytest.warns(FewRowsWarning):
        auto = Auto(random_state=0).fit(X, y)
    assert auto.choice_["chosen"] == "default"
    with pytest.warns(FallbackWarning, match=r"one class alone"):
        assert Auto(random_state=0).fit(X).sample(3).shape == (3, 2)


def test_it_is_saved_with_its_choice(scarce, tmp_path):
    auto = Auto(QUADRATIC, candidates=["SMOTE", "GaussianCopula"], random_state=0).fit(*scarce)
    with pytest.warns(RealRowsWarning):
        auto.save(tmp_path / "m")
    back = load(tmp_path / "m")
    assert back.choice_ == auto.choice_
    assert back.sample(4, y=1).tolist() == auto.sample(4, y=1).tolist()
    assert back.declined_ is None


def test_frames_and_other_kinds_are_taken(short_learning):
    rng = np.random.default_rng(0)
    y = np.array(["a"] * 40 + ["b"] * 20)
    frame = pd.DataFrame({"n": rng.normal(size=60), "c": rng.choice(["x", "y", None], 60)})
    auto = Auto("logistic", candidates=["SMOTE", "GaussianCopula"], random_state=0).fit(frame, y)
    assert auto.sample(3, y="b").dtypes.tolist() == frame.dtypes.tolist()
    images = Images(rng.integers(0, 256, (60, 8, 8, 1)).astype(np.uint8))
    auto = Auto(candidates=["Augment"], budget="5s", random_state=0).fit(images, y)
    assert auto.sample(2, y="b").x.shape == (2, 8, 8, 1)


def test_marks_are_compared_on_the_folds_of_both():
    own, other = Marks(Arm("a"), {0: 0.5, 1: 0.7, 2: 0.6}), Marks(Arm("b"), {0: 0.4, 1: 0.5})
    found = own.over(other, "roc_auc")
    assert found.mean == pytest.approx(0.15)
    assert found.high - found.mean == pytest.approx(np.sqrt((1 / 2 + 1 / 2) * np.var([0.1, 0.2], ddof=1)))
    assert own.over(other, "brier").mean == pytest.approx(-0.15)


@pytest.mark.parametrize("wrong", [
    {"metric": "acuracy"}, {"metric": 3}, {"budget": None}, {"budget": "soon"}, {"budget": -1}, {"candidates": []},
    {"candidates": "SMOTE"}, {"candidates": ["SMOT"]}, {"candidates": [3]},
    {"candidates": [{"name": "SMOTE", "params": {"k": 3}}]},
])  # fmt: skip
def test_wrong_requests_are_told(noise, wrong):
    with pytest.raises(ConfigError, match=r"."):
        Auto(**wrong).fit(*noise)


def test_a_learner_that_is_none_is_told(noise):
    with pytest.raises(ConfigError, match=r"learner"):
        Auto(learner=LogisticRegression).fit(*noise)
