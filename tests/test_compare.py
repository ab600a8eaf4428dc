import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import MinMaxScaler

from gensynth import SMOTE, Augment, Balancer, Images, RandomOverSampler, Series, compare
from gensynth.errors import ConfigError, DataError, FallbackWarning
from gensynth.evidence.compare.arms import CHEAP
from gensynth.evidence.compare.figures import FIGURES

ALWAYS = (*CHEAP, "RandomOverSampler")
QUICK = {"learners": "logistic", "cv": (3, 1), "random_state": 0}


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(150, int), np.ones(30, int)]
    return rng.normal(size=(180, 3)) + y[:, None], y


class Spy(RandomOverSampler):
    """A generator that notes what it was fitted on."""

    seen: ClassVar[list] = []

    def fit(self, X, y=None):
        Spy.seen.append(np.array(X))
        return super().fit(X, y)


class Broken(RandomOverSampler):
    def fit(self, X, y=None):
        raise RuntimeError("no <b>memory</b> left\nand more")


def test_the_arms_always_hold_what_costs_nothing(table):
    found = compare(*table, methods=["SMOTE"], **QUICK)
    assert found.arms == (*ALWAYS, "SMOTE")
    assert found.table.index.tolist() == [("logistic", arm) for arm in found.arms]
    assert set(FIGURES) <= set(found.table.columns)
    assert found.table.notna().all().drop(["low", "high", "threshold"]).all()
    assert (
        compare(*table, methods="SMOTE", **QUICK)
        .table.drop(columns="seconds")
        .equals(found.table.drop(columns="seconds"))
    )


def test_rows_are_made_of_training_alone_and_tests_are_real(table):
    X, y = table
    Spy.seen = []
    asked = []

    class Asked(LogisticRegression):
        def predict_proba(self, rows):
            asked.append(np.array(rows))
            return super().predict_proba(rows)

    from sklearn.pipeline import make_pipeline

    compare(X, y, methods={"spy": Spy()}, learners=make_pipeline(Asked()), cv=(3, 1), random_state=0)
    real = {row.tobytes() for row in X}
    assert len(Spy.seen) == 3
    assert all(len(rows) == 120 for rows in Spy.seen)
    tests = [rows for rows in asked if len(rows) == 60]
    assert {row.tobytes() for rows in asked for row in rows} == real  # nobody was asked about a made row
    for rows in Spy.seen:
        learned = {row.tobytes() for row in rows}
        assert any(not learned & {row.tobytes() for row in held} for held in tests)


def test_a_child_is_never_in_a_fold_that_its_parent_is_asked_in(table):
    X, y = table
    seen = []

    class Recorder(Balancer):
        def fit_resample(self, rows, labels, **params):
            made = super().fit_resample(rows, labels, **params)
            seen.append((np.array(rows), np.array(made[0])[self.is_synthetic_], self.parents_))
            return made

    found = compare(X, y, methods={"recorded": Recorder(RandomOverSampler())}, **QUICK)
    assert "recorded" in found.arms
    held = [{row.tobytes() for row in X} - {row.tobytes() for row in rows} for rows, _, _ in seen]
    assert all(len(each) == 60 for each in held)
    for test, (rows, made, parents) in zip(held, seen, strict=True):
        assert not test & {row.tobytes() for row in made}  # copies: their parents are not among the test
        assert not test & {rows[at].tobytes() for at in parents["parent"]}


def test_doing_nothing_is_what_scikit_learn_does_by_hand(table):
    from sklearn.metrics import average_precision_score

    from gensynth.evidence.compare.folds import splits

    X, y = table
    found = compare(X, y, methods="none", learners={"plain": LogisticRegression()}, cv=(3, 1), random_state=7)
    values = []
    for split in splits(y, (3, 1), 7, None, quick=True)[0]:
        middle, spread = np.median(X[split.train], axis=0), X[split.train].std(axis=0)
        model = LogisticRegression().fit((X[split.train] - middle) / spread, y[split.train])
        p = model.predict_proba((X[split.test] - middle) / spread)[:, 1]
        values.append(average_precision_score(y[split.test], p))
    assert found.table.loc[("plain", "none"), "average_precision"] == pytest.approx(np.mean(values), abs=1e-9)


def test_a_moved_threshold_raises_recall_and_leaves_chances(table):
    found = compare(*table, methods="none", **QUICK).table.loc["logistic"]
    assert found.loc["threshold", "balanced_accuracy"] > found.loc["none", "balanced_accuracy"]
    for name in ("average_precision", "roc_auc", "brier", "log_loss"):
        assert found.loc["threshold", name] == found.loc["none", name]
    assert 0.02 < found.loc["threshold", "threshold"] < 0.5
    assert found.loc["class-weight", "calibration_intercept"] < -1 < found.loc["none", "calibration_intercept"]


def test_an_arm_that_fails_is_told_and_the_others_finish(table):
    X, y = table
    found = compare(X, y, methods={"broken": Broken(), "SMOTE": "SMOTE"}, **QUICK)
    assert found.failed == {("logistic", "broken"): "RuntimeError: no <b>memory</b> left"}
    assert found.table.loc[("logistic", "broken")].isna().all()
    assert found.table.loc[("logistic", "SMOTE"), "average_precision"] > 0.3
    assert "broken failed with logistic" in found.verdict
    assert found.recommended != "broken"


def test_a_learner_without_weights_or_chances_has_what_it_can(table):
    found = compare(*table, methods="none", learners={"near": KNeighborsClassifier(), "ridge": RidgeClassifier()},
                    cv=(3, 1), random_state=0)  # fmt: skip
    assert "no class weights" in found.failed["near", "class-weight"]
    assert "no chances" in found.failed["ridge", "threshold"]
    ridge = found.table.loc[("ridge", "none")]
    assert ridge["roc_auc"] > 0.6
    assert np.isnan([ridge["brier"], ridge["calibration_slope"]]).all()
    assert ("ridge", "none") not in found.pooled


@pytest.mark.parametrize("make", [
    lambda rng, y: rng.normal(size=(len(y), 1)), lambda rng, y: np.zeros((len(y), 2)),
    lambda rng, y: pd.DataFrame({"a": rng.choice(["x", "y", None], len(y)), "b": rng.normal(size=len(y))}),
], ids=["one feature", "constant", "mixed"])  # fmt: skip
def test_poor_tables_are_compared(make):
    rng = np.random.default_rng(0)
    y = np.array(["no"] * 60 + ["<b>yes</b>"] * 20, dtype=object)
    found = compare(make(rng, y), y, cv=(2, 1), random_state=0)
    assert found.rare == "<b>yes</b>"
    assert found.recommended in CHEAP
    assert "Leave the data alone" in str(found) or "Make no rows" in str(found)


def test_a_small_class_makes_fewer_folds_and_it_is_said(table):
    X, y = table
    found = compare(X[:153], y[:153], methods="none", learners="logistic", random_state=0)
    assert any("3 folds and not 5" in note for note in found.notes)
    assert found.folds["fold"].max() == 11


def test_groups_have_figures_and_gaps_and_the_balancer_within_them(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(sex=np.where(np.arange(180) % 2, "f", "m"))
    found = compare(frame, y, methods="none", learners="logistic", cv=(3, 1), groups="sex", random_state=0)
    assert "default, within groups" in found.arms
    own = found.groups[found.groups["method"] == "none"].set_index("group")
    assert own.index.tolist() == ["f", "m", "gap"]
    assert own.loc[["f", "m"], "rows"].tolist() == [90, 90]
    both = own.loc[["f", "m"], "minority_recall"]
    assert own.loc["gap", "minority_recall"] == pytest.approx(both.max() - both.min())
    assert "Largest gaps" in str(found)
    assert len(found.to_dict()["groups"]) == len(found.groups)
    lone = np.where(y == 1, "a", np.where(np.arange(180) % 2, "a", "b"))
    alone = compare(X, y, methods="none", learners="logistic", cv=(3, 1), groups=lone, random_state=0).groups
    assert alone[alone["group"] == "gap"]["minority_recall"].isna().all()  # as b has none of the rare class


def test_what_belongs_together_is_in_one_fold_and_no_feature(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"]).assign(patient=np.repeat(np.arange(36), 5))
    Spy.seen = []
    compare(frame, y, methods={"spy": Spy()}, split_by="patient", **QUICK)
    assert all(rows.shape[1] == 3 for rows in Spy.seen)
    rows = {row.tobytes(): at // 5 for at, row in enumerate(frame[["a", "b", "c"]].to_numpy())}
    for learned in Spy.seen:
        patients = [rows[row.tobytes()] for row in learned]
        assert all(patients.count(each) == 5 for each in set(patients))


def test_identifiers_are_no_features(table):
    X, y = table
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    named = frame.assign(code=[f"A-{at:04}" for at in range(180)], row=np.arange(180))  # rows of a class are together
    plain, found = (compare(rows, y, methods="SMOTE", **QUICK) for rows in (frame, named))
    assert found.table["roc_auc"].tolist() == plain.table["roc_auc"].tolist()
    assert any("identifiers: code, row" in note for note in found.notes)


def test_groups_are_never_cut_whoever_cuts(table):
    X, y = table
    from sklearn.model_selection import KFold

    with pytest.raises(DataError, match=r"cuts .* of the groups"):
        compare(X, y, methods="none", learners="logistic", cv=KFold(3, shuffle=True), split_by=np.arange(180) // 4)
    mixed = np.arange(180) % 5 // 4
    with pytest.raises(DataError, match=r"cuts .* of the groups"):
        compare(X, mixed, methods="none", learners="logistic", cv="time", split_by=np.arange(180) % 9)


def test_what_stands_beside_a_class_of_one_group_is_never_asked_about():
    from gensynth.evidence.compare.folds import splits

    together = np.repeat(np.arange(12), 10)
    codes = (together % 2).astype(int)
    codes[30:35] = 2  # of the fourth group alone
    for split in splits(codes, (3, 1), 0, together, quick=True)[0]:
        assert not set(together[split.train]) & set(together[split.test])
        assert 3 not in together[split.test]


def test_weights_by_label_are_those_of_labels(table):
    X, y = table
    learner = LogisticRegression(class_weight={"often": 1, "rare": 50})
    asked = {"methods": "none", "cv": (3, 1), "random_state": 0}
    named = compare(X, np.array(["often", "rare"])[y], learners=learner, **asked)
    coded = compare(X, y, learners=LogisticRegression(class_weight={0: 1, 1: 50}), **asked)
    assert named.table["minority_recall"].tolist() == coded.table["minority_recall"].tolist()
    assert named.table["minority_recall"].iloc[0] > 0.8
    assert learner.class_weight == {"often": 1, "rare": 50}


def test_a_learner_that_only_names_rows_has_a_verdict(table):
    class Names(BaseEstimator):
        def fit(self, X, y):
            self.model_ = LogisticRegression().fit(X, y)
            self.classes_ = self.model_.classes_
            return self

        def predict(self, X):
            return self.model_.predict(X)[:, None]  # as some libraries do

    found = compare(*table, methods="none", learners=Names(), cv=(3, 1), random_state=0)
    assert "Leave the data alone" in found.verdict or "Make no rows" in found.verdict
    assert "not known with nothing" in found.verdict


def test_where_doing_nothing_fails_nothing_is_recommended_and_it_is_said(table):
    class Scarce(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            if np.bincount(y).min() < 50:
                raise RuntimeError("too few")
            return super().fit(X, y, sample_weight)

    found = compare(*table, methods="SMOTE", learners=Scarce(), cv=(3, 1), random_state=0)
    assert found.verdict.startswith("Nothing is recommended")
    assert "none failed with Scarce: RuntimeError: too few" in found.verdict
    assert found.table["gain"].isna().loc["Scarce"].drop("none").all()


def test_a_threshold_is_never_moved_for_recall_alone(table):
    found = compare(*table, methods="none", **(QUICK | {"metrics": ["minority_recall", "accuracy"]}))
    own = compare(*table, methods="none", **QUICK)
    assert (
        found.table.loc[("logistic", "threshold"), "threshold"] == own.table.loc[("logistic", "threshold"), "threshold"]
    )


def test_a_training_that_was_stopped_stops_the_comparison():
    from types import SimpleNamespace

    from gensynth.evidence.compare.arms import _stop_if_stopped

    ended = SimpleNamespace(ended_="interrupted")
    with pytest.raises(KeyboardInterrupt):
        _stop_if_stopped(SimpleNamespace(generator_=SimpleNamespace(generator_=ended)))
    _stop_if_stopped(SimpleNamespace(generator_=SimpleNamespace(ended_="time")))


def test_pooled_chances_do_not_depend_on_who_is_first(table):
    from joblib import parallel_config

    class Slow(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            time.sleep(float(X[0, 0] > 0) * 0.1)
            return super().fit(X, y, sample_weight)

    asked = {"methods": "none", "learners": Slow(), "cv": (3, 1), "random_state": 0}
    one = compare(*table, **asked)
    with parallel_config("threading"):
        other = compare(*table, n_jobs=3, **asked)
    assert one.chances("Slow", "none")[0].tolist() == other.chances("Slow", "none")[0].tolist()


@pytest.mark.parametrize(("wrong", "error", "said"), [
    ({"methods": "SMOT"}, ConfigError, r"did you mean 'SMOTE'"),
    ({"methods": [RandomOverSampler]}, ConfigError, r"a method must be"),
    ({"methods": ["SMOTE", "SMOTE"]}, None, ""),
    ({"methods": {"none": "SMOTE"}}, ConfigError, r"always compared"),
    ({"methods": {"mine": "threshold"}}, ConfigError, r"always compared"),
    ({"methods": [Spy(), Spy()]}, ConfigError, r"two have the name 'Spy'"),
    ({"learners": "logistik"}, ConfigError, r"did you mean 'logistic'"),
    ({"metrics": "recal"}, ConfigError, r"no metric"),
    ({"split_by": "patient"}, ConfigError, r"names the column 'patient'"),
    ({"groups": [1, 2]}, DataError, r"groups"),
    ({"random_state": -1}, ConfigError, r"random_state"),
])  # fmt: skip
def test_wrong_requests_are_told(table, wrong, error, said):
    if error is None:
        assert compare(*table, **(QUICK | wrong)).arms == (*ALWAYS, "SMOTE")
        return
    with pytest.raises(error, match=said):
        compare(*table, **(QUICK | wrong))


def test_one_class_cannot_be_compared(table):
    with pytest.raises(DataError, match=r"one class"):
        compare(table[0], np.zeros(180))


def test_other_kinds_are_compared(short_learning):
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(40, int), np.ones(12, int)]
    images = Images(np.clip(rng.normal(100 + 60 * y[:, None, None, None], 30, (52, 8, 8, 1)), 0, 255).astype(np.uint8))
    series = Series(rng.normal(size=(52, 2, 20)) + y[:, None, None])
    texts = [f"{'good' if label else 'bad'} film {at % 7}" for at, label in enumerate(y)]
    for X in (images, series, texts):
        found = compare(X, y, cv=(2, 1), random_state=0)
        assert found.arms == (*ALWAYS, "default")
        assert not found.failed
        assert found.table["average_precision"].max() > 0.5
    found = compare(images, y, methods={"noise": Augment("GaussianNoise")}, cv=(2, 1), random_state=0)
    assert found.arms[-1] == "noise"


def test_methods_see_labels_and_are_asked_for_fewer_rows_of_fewer():
    rng, seen = np.random.default_rng(0), []
    y = ["rare"] * 30 + ["often"] * 90

    class Told(Balancer):
        def fit_resample(self, rows, labels, **params):
            made = super().fit_resample(rows, labels, **params)
            seen.append((labels, [*made[1]].count("rare")))
            return made

    asked = Told(SMOTE(), sampling_strategy={"rare": 60})
    found = compare(rng.normal(size=(120, 2)), y, methods={"asked": asked}, **QUICK)
    assert not found.failed
    assert [count for _, count in seen] == [40, 40, 40]
    assert all(isinstance(labels, list) and set(labels) == {"rare", "often"} for labels, _ in seen)
    assert asked.sampling_strategy == {"rare": 60}


def test_samplers_of_imbalanced_learn_are_methods(table):
    from imblearn import over_sampling

    X = MinMaxScaler().fit_transform(table[0])
    assert not compare(X, table[1], methods=over_sampling.SMOTE(), **QUICK).failed


def test_processes_give_the_same_as_one(table):
    one, two = (compare(*table, methods="SMOTE", n_jobs=n, **QUICK).table.drop(columns="seconds") for n in (1, 2))
    pd.testing.assert_frame_equal(one, two)


def test_it_is_plain_data_too(table):
    import json

    found = compare(*table, methods="SMOTE", **QUICK)
    data = json.loads(json.dumps(found.to_dict()))
    assert data["recommended"] == found.recommended
    assert len(data["table"]) == 5


STOPPED = """
import sys, time, warnings
import numpy as np
from gensynth import RandomOverSampler, compare

class Slow(RandomOverSampler):
    def fit(self, X, y=None):
        print("begun", flush=True)
        time.sleep(0.5)
        return super().fit(X, y)

y = (np.arange(200) % 4 == 0).astype(int)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    found = compare(np.random.default_rng(0).normal(size=(200, 2)), y, methods={"slow": Slow()}, cv=(5, 20),
                    learners="logistic", n_jobs=int(sys.argv[1]))
print("kept", found.folds["fold"].nunique(), found.recommended, [str(each.message) for each in caught][-1], flush=True)
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_gives_what_is_finished(tmp_path, jobs):
    file = tmp_path / "run.py"
    file.write_text(STOPPED, encoding="utf-8")
    env = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    with subprocess.Popen([sys.executable, str(file), str(jobs)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, env=env) as run:  # fmt: skip
        assert run.stdout is not None
        for _ in range(3):
            run.stdout.readline()
        time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert "kept" in out, err
    kept = out[out.index("kept") :].split()
    assert 1 <= int(kept[1]) < 100
    assert "stopped" in out


def test_an_interrupt_is_warned_of(table, monkeypatch):
    from gensynth.evidence.compare import run

    real, calls = run.trials, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) > 6:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(run, "trials", interrupted)
    with pytest.warns(FallbackWarning, match=r"stopped"):
        found = compare(*table, methods="SMOTE", **QUICK)
    assert found.folds["fold"].nunique() == 2
    assert any("stopped" in note for note in found.notes)
