import json
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from gensynth import ARF, VAE, Augment, Auto, Balancer, Images, RandomOverSampler, Series, StyleTransfer, load
from gensynth.errors import ConfigError, DataError, FallbackWarning, FewRowsWarning, RealRowsWarning
from gensynth.evidence import auto as choosing
from gensynth.evidence.blind import Blind
from gensynth.evidence.candidates import data, listed, spec
from gensynth.evidence.compare import halving
from gensynth.evidence.compare.arms import Arm
from gensynth.evidence.compare.halving import Marks
from gensynth.transforms import Drift

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
    gains = {each["name"]: each["gain"] for each in auto.choice_["tried"]}
    assert auto.choice_["runner_up"] == ("SMOTE" if gains["SMOTE"] > 0 else "none")
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
    assert again["candidates"] == [{"name": "GaussianCopula", "params": {}}]
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


class Broken(RandomOverSampler):
    def _fit(self, rows, codes, key):
        raise ValueError("no good")


def test_a_candidate_that_fails_leaves_the_others(noise):
    auto = Auto("logistic", candidates=[Broken(), "SMOTE"], random_state=0).fit(*noise)
    found = {each["name"]: each for each in auto.choice_["tried"]}
    assert found["Broken"]["failed"] == "ValueError: no good"
    assert auto.choice_["tried"][-1]["name"] == "Broken"
    assert auto.choice_["runner_up"] != "Broken"
    assert found["SMOTE"]["folds"] > 1
    assert auto.sample(2, y=1).shape == (2, 3)


def test_where_all_candidates_fail_the_data_stays(noise):
    auto = Auto("logistic", candidates=[Broken()], random_state=0)
    with pytest.warns(FallbackWarning, match=r"all candidates failed \(Broken: ValueError: no good\)"):
        X, _ = (balancer := Balancer(auto)).fit_resample(*noise)
    assert len(X) == 200
    assert balancer.generator_.choice_["runner_up"] is None
    assert type(balancer.generator_.generator_).__name__ == "ARF"
    assert balancer.generator_.sample(2, y=1).shape == (2, 3)


def test_time_is_bounded_where_it_means_something(noise):
    images = Images(np.zeros((4, 8, 8, 1), np.uint8))
    made = listed(["StyleTransfer", StyleTransfer("adain"), "VAE", VAE(max_time=3), Augment(generator=VAE())],
                  images, "image", None, 9.0)  # fmt: skip
    bounds = [each.maker.get_params().get("max_time") for each in made.values()]
    assert bounds == [None, 9.0, 9.0, 3, None]
    assert made["Augment"].maker.generator.max_time == 9.0
    assert made["VAE"].given.max_time is None


def test_the_style_of_images_is_a_candidate_that_can_be_tried():
    rng = np.random.default_rng(0)
    images, y = Images(rng.integers(0, 256, (30, 8, 8, 1)).astype(np.uint8)), ["a"] * 20 + ["b"] * 10
    auto = Auto(_means(), candidates=["StyleTransfer"], budget="5s", random_state=0).fit(images, y)
    assert "failed" not in auto.choice_["tried"][1]


def _means():
    class Means(LogisticRegression):
        """A learner of images that is quick."""

        def fit(self, X, y):
            return super().fit(X.x.reshape(len(X), -1) / 255, y)

        def predict(self, X):
            return super().predict(X.x.reshape(len(X), -1) / 255)

        def predict_proba(self, X):
            return self.classes_[None] * 0.0 + self.decision(X)

        def decision(self, X):
            p = 1 / (1 + np.exp(-(X.x.reshape(len(X), -1) / 255 @ self.coef_[0] + self.intercept_[0])))
            return np.stack([1 - p, p], axis=1)

    return Means()


def test_second_is_the_best_of_the_others(noise, monkeypatch):
    def halved(course, arms, metric, seconds):
        nothing = Marks(arms[0], {0: 0.5, 1: 0.6})
        best, second = Marks(arms[0], {0: 0.7, 1: 0.8}), Marks(arms[1], {0: 0.6, 1: 0.6})
        return nothing, [best, second, Marks(arms[2], {0: np.nan}, error="broken")], []

    monkeypatch.setattr(choosing, "halved", halved)
    auto = Auto(candidates=["SMOTE", "RandomOverSampler", "GaussianCopula"], random_state=0).fit(*noise)
    assert (auto.choice_["chosen"], auto.choice_["runner_up"]) == ("SMOTE", "RandomOverSampler")


@pytest.mark.parametrize(("learner", "metric", "said"), [
    (LogisticRegression(C=-1), "average_precision", r"LogisticRegression cannot learn from the rows as they are: .*C"),
    (RidgeClassifier(), "brier", r"RidgeClassifier gives no Brier score, which needs predict_proba"),
])  # fmt: skip
def test_a_learner_that_cannot_be_tried_is_told(noise, learner, metric, said):
    with pytest.raises(ConfigError, match=said):
        Auto(learner, metric, candidates=["SMOTE"]).fit(*noise)


def test_weights_of_classes_are_of_their_labels(noise):
    learner = LogisticRegression(class_weight={"no": 1, "yes": 5})
    auto = Auto(learner, candidates=["RandomOverSampler"], random_state=0)
    auto.fit(noise[0], np.where(noise[1] == 1, "yes", "no"))
    assert auto.choice_["tried"][1]["folds"] == 6


def test_the_rare_class_of_a_figure_is_one_that_can_be_asked_about(noise):
    X, y = noise[0], noise[1].copy()
    y[:2] = 2
    with pytest.warns(FewRowsWarning):
        auto = Auto("logistic", "minority_recall", candidates=["SMOTE"], random_state=0).fit(X, y)
    assert "nan" not in auto.choice_["why"]


def test_too_few_rows_for_trials_take_the_rule():
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.r_[np.zeros(28, int), np.ones(2, int)]
    with pytest.warns(FallbackWarning, match=r"no trial could be made"), pytest.warns(FewRowsWarning):
        auto = Auto(random_state=0).fit(X, y)
    assert auto.choice_["chosen"] == "default"
    with pytest.warns(FallbackWarning, match=r"one class alone"):
        assert Auto(random_state=0).fit(X).sample(3).shape == (3, 2)


def test_too_few_rows_for_trials_are_said_by_what_was_done():
    X, y = np.random.default_rng(0).normal(size=(30, 2)), np.r_[np.zeros(28, int), np.ones(2, int)]
    with pytest.warns(FallbackWarning, match=r"and so the first candidate is taken"), pytest.warns(FewRowsWarning):
        auto = Auto(candidates=["SMOTE", "none"], random_state=0).fit(X, y)
    assert auto.choice_["chosen"] == "SMOTE"
    balancer = Balancer(Auto(candidates=["none", "SMOTE"], random_state=0))
    said = pytest.warns(FallbackWarning, match=r"leaves the data as it is: no trial .*first candidate")
    with said, pytest.warns(FewRowsWarning):
        rows = balancer.fit_resample(X, y)[0]
    assert len(rows) == 30
    assert type(balancer.generator_.generator_).__name__ == "SMOTE"


def replayed(balancer):
    """Return a Balancer of what the recipe says, which makes no trials."""
    repeat = json.loads(json.dumps(balancer.recipe_["result"]["repeat"]))
    return Balancer(Auto(**repeat), random_state=balancer.random_state)


def test_a_seed_of_a_candidate_is_in_the_recipe(noise):
    X, y = noise
    made = Balancer(Auto(QUADRATIC, candidates=[ARF(random_state=7)], budget=0), random_state=3)
    rows = made.fit_resample(X, y)[0]
    again = replayed(made)
    assert again.generator.candidates == [{"name": "ARF", "params": {"random_state": 7}}]
    assert again.generator.learner is None
    assert again.fit_resample(X, y)[0].tolist() == rows.tolist()


def test_a_transform_is_in_the_recipe():
    rng = np.random.default_rng(0)
    X, y = Series(rng.normal(size=(12, 1, 20))), np.r_[np.zeros(8, int), np.ones(4, int)]
    made = Balancer(Auto(candidates=[Augment(policy=Drift(points=5))], budget=0), random_state=3)
    rows = made.fit_resample(X, y)[0]
    again = replayed(made)
    assert again.generator.candidates[0]["params"] == {"policy": {"name": "Drift", "points": 5}}
    assert again.fit_resample(X, y)[0].x.tolist() == rows.x.tolist()


def test_parameters_are_written_where_they_are_not_the_class_s_own():
    inner = VAE(hidden=(8,), steps=np.int64(3))
    made = spec(Augment("Flip", generator=inner))
    assert made["params"]["generator"] == {"name": "VAE", "params": {"hidden": (8,), "steps": 3}}
    assert type(made["params"]["generator"]["params"]["steps"]) is int
    assert data({"a": [Drift()]}) == {"a": [{"name": "Drift"}]}


def test_identifiers_are_new_where_rows_were_thinned_out():
    from imblearn.under_sampling import RandomUnderSampler

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(1000, 1200), "x": rng.normal(size=200), "z": rng.normal(size=200)})
    y = np.r_[np.zeros(150, int), np.ones(50, int)]
    y[::40] = 1
    under = RandomUnderSampler(sampling_strategy={0: 120}, random_state=0)
    balancer = Balancer(Auto(candidates=["GaussianCopula"], budget=0), under=under, random_state=0)
    made = balancer.fit_resample(frame, y)[0]
    assert made["id"].is_unique
    assert not set(made["id"][balancer.is_synthetic_]) & set(frame["id"])


@pytest.mark.parametrize("form", [pd.DataFrame, pl.DataFrame])
def test_numbers_of_rows_are_not_learned_from(noise, monkeypatch, form):
    X = pd.DataFrame({"id": np.arange(1000, 1200), "x": noise[0][:, 0], "z": noise[0][:, 1]})  # in order of the classes
    found = cuts(monkeypatch)
    auto = Auto("logistic", "roc_auc", candidates=["GaussianCopula"], random_state=0).fit(form(X), noise[1])
    assert found[0][0].learners[0].model.columns == ["id"]
    assert auto.choice_["tried"][0]["score"] < 0.8
    assert "failed" not in auto.choice_["tried"][1]


def test_columns_of_arrays_are_hidden_too(noise):
    X, y = noise
    blind = Blind(LogisticRegression(), [0]).fit(X, y)
    assert blind.predict_proba(X).tolist() == LogisticRegression().fit(X[:, 1:], y).predict_proba(X[:, 1:]).tolist()
    assert blind.set_params(model__C=2.0).get_params()["model__C"] == 2.0
    assert not hasattr(Blind(RidgeClassifier(), [0]), "predict_proba")


def test_columns_are_what_the_schema_says(noise):
    frame = pd.DataFrame(np.round(noise[0] * 2).astype(int), columns=["a", "b", "c"])
    auto = Auto(candidates=["GaussianCopula"], budget=0, schema={"a": "category"}, random_state=0).fit(frame, noise[1])
    assert auto.generator_.schema == {"a": "category"}
    assert [block.kind for block in auto.generator_.encoder_.layout_.blocks].count("category") == 1


def watched(monkeypatch):
    """Return what Balancers of the trials are asked for, by fold."""
    seen = []

    def resampled(self, X, codes, rows, seed, real=Arm.resampled):
        made = real(self, X, codes, rows, seed)
        seen.append((codes, rows, made[1]))
        return made

    monkeypatch.setattr(Arm, "resampled", resampled)
    return seen


@pytest.mark.parametrize(("strategy", "rare"), [({1: 60}, 40), (0.5, 57), ("auto", 113), (lambda y: {1: 90}, 60)])
def test_trials_are_of_the_strategy_that_is_asked(noise, monkeypatch, strategy, rare):
    seen = watched(monkeypatch)
    auto = Auto("logistic", candidates=["RandomOverSampler"], random_state=0)
    with pytest.warns(FallbackWarning):
        Balancer(auto, sampling_strategy=strategy).fit_resample(*noise)
    assert len(seen) == 6
    assert all(abs((codes == 1).sum() - rare) <= 1 for _, _, codes in seen)


def test_trials_are_within_groups_where_there_are_any(noise, monkeypatch):
    seen = watched(monkeypatch)
    groups = np.r_[np.repeat(["p", "q"], 85), np.repeat(["p", "q"], [10, 20])]
    balancer = Balancer(Auto("logistic", candidates=["RandomOverSampler"], random_state=0), groups=groups)
    with pytest.warns(FallbackWarning, match=r"tried within groups"):
        balancer.fit_resample(*noise)
    codes, rows, made = seen[0]
    assert set(codes) == {0, 1}
    assert set(rows.groups) == {0, 1}
    assert (made == 0).sum() == (made == 1).sum()


@pytest.fixture
def patients():
    """Rows of 20 patients, of whom a frame has the names."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(20), 10)
    frame = pd.DataFrame(
        {"who": [f"p{number}" for number in who], "x": rng.normal(size=200), "z": rng.normal(size=200)}
    )
    return frame, np.where(who < 6, 1, 0), who


def cuts(monkeypatch):
    """Return the splits that trials are made of, and the rows that learners see."""
    found = []

    def split(course, at, real=halving._split):
        found.append((course, real(course, at)))
        return found[-1][1]

    monkeypatch.setattr(halving, "_split", split)
    return found


@pytest.mark.parametrize("by", ["who", "values"])
def test_rows_that_belong_together_are_in_one_fold(patients, monkeypatch, by):
    X, y, who = patients
    found = cuts(monkeypatch)
    auto = Auto("logistic", candidates=["RandomOverSampler"], split_by="who" if by == "who" else who, random_state=0)
    auto.fit(X, y)
    assert len({split.test.tobytes() for _, split in found}) > 2
    for _, split in found:
        assert not set(who[split.train]) & set(who[split.test])
        assert set(y[split.test]) == {0, 1}
    assert hasattr(found[0][0].learners[0].model, "columns") == (by == "who")
    assert auto.sample(3, y=1).columns.tolist() == ["who", "x", "z"]
    assert auto.repeating().get("split_by", "kept") == ("kept" if by == "who" else None)


def test_what_belongs_together_must_be_known(patients):
    X, y, _ = patients
    with pytest.raises(DataError, match=r"split_by: there are missing"):
        Auto(candidates=["ARF"], budget=0, split_by="who").fit(X.assign(who=[None, *X["who"][1:]]), y)


def test_what_belongs_together_is_known_of_rows_that_are_left(patients, monkeypatch):
    from imblearn.under_sampling import RandomUnderSampler

    X, y, who = patients
    found = cuts(monkeypatch)
    balancer = Balancer(Auto("logistic", candidates=["RandomOverSampler"], split_by=who), random_state=0,
                        under=RandomUnderSampler(sampling_strategy={0: 100}, random_state=0))  # fmt: skip
    with pytest.warns(FallbackWarning):
        balancer.fit_resample(X, y)
    left = who[balancer.kept_]
    assert all(not set(left[split.train]) & set(left[split.test]) for _, split in found)


def test_a_class_of_too_few_groups_is_never_asked_about(patients, monkeypatch):
    X, y, who = patients
    y = np.where(who == 19, 2, y)
    found = cuts(monkeypatch)
    Auto("logistic", candidates=["RandomOverSampler"], split_by="who", random_state=0).fit(X, y)
    assert all(set(y[split.test]) == {0, 1} for _, split in found)
    with pytest.warns(FallbackWarning, match=r"two classes of 3 groups, and the second has 2"):
        Auto("logistic", candidates=["SMOTENC", "none"], split_by="who").fit(X, np.where(who < 2, 1, 0))


def test_numbers_of_rows_shrink_where_trials_are_of_fewer_rows(noise):
    from gensynth.data.labels import Labels
    from gensynth.evidence.compare.learners import entries
    from gensynth.evidence.compare.trial import Course

    X, y = np.tile(noise[0], (10, 1)), np.tile(noise[1], 10)
    learner = tuple(entries("logistic", "table")[:1])
    course = Course(X, y, Labels.fit(y, len(y))[0], 1, learner, None, None, "balanced_accuracy", 0)
    smaller = halving._fewer(course, 0.25)
    arm = Arm("a", "rows", Balancer(RandomOverSampler(), sampling_strategy={1: 800}))
    assert halving._fewer_rows(arm, course, smaller).maker.sampling_strategy == {1: 200}


@pytest.mark.parametrize("budget", [np.int64(0), np.float64(0), "0", "0s", "0 min", 0.0])
def test_no_time_is_no_trial(noise, budget):
    auto = Auto(candidates=["SMOTE"], budget=budget, random_state=0).fit(*noise)
    assert "no trial was asked for" in auto.choice_["why"]
    assert Auto(budget=np.int64(5))._seconds() == 5.0


def test_it_is_saved_with_its_choice(scarce, tmp_path):
    auto = Auto(QUADRATIC, candidates=["SMOTE", "GaussianCopula"], random_state=0).fit(*scarce)
    with pytest.warns(RealRowsWarning):
        auto.save(tmp_path / "m")
    back = load(tmp_path / "m")
    assert back.choice_ == auto.choice_
    assert back.sample(4, y=1).tolist() == auto.sample(4, y=1).tolist()
    assert back.declined_ is None
    assert back.candidates == ["SMOTE", "GaussianCopula"]
    assert back.learner is None
    assert back.repeating()["candidates"] == auto.repeating()["candidates"]


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
    {"candidates": [{"name": "SMOTE", "params": {"k": 3}}]}, {"candidates": [Auto()]},
    {"candidates": [{"name": "Augment", "params": {"generator": "Auto"}}]}, {"learner": ["logistic", "boosting"]},
    {"learner": "logistics", "budget": 0}, {"split_by": "patient"}, {"split_by": [0, 1]},
    {"split_by": np.zeros((200, 2))},
])  # fmt: skip
def test_wrong_requests_are_told(noise, wrong):
    with pytest.raises(ConfigError, match=r"."):
        Auto(**wrong).fit(*noise)


def test_a_learner_that_is_none_is_told(noise):
    with pytest.raises(ConfigError, match=r"learner"):
        Auto(learner=LogisticRegression).fit(*noise)
