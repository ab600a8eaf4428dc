"""The pure parts of scripts/bench_tables.py: no peers, no shared data."""

from __future__ import annotations

import importlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def bench(monkeypatch):
    """Import a module of scripts/tables_bench."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda name: importlib.import_module(f"tables_bench.{name}")


def record(table, arm, ap, learner="forest", repeat=0, fold=0):
    about = {"table": table, "repeat": repeat, "fold": fold, "arm": arm, "learner": learner, "ap": ap}
    return about | {"seconds": 0.1, "failed": None, "rows": 10}


# Ranks and differences -----------------------------------------------------------------------------------------------


def test_ranks_are_averaged_over_cells_and_ties(bench):
    summary = bench("summary")
    cells = {("a", "forest"): {"none": 0.5, "x": 0.7, "y": 0.7}, ("b", "forest"): {"none": 0.9, "x": 0.1, "y": 0.2}}
    assert summary.mean_ranks(cells) == {"none": 2.0, "x": 2.25, "y": 1.75}


def test_cells_are_means_over_folds(bench):
    records = [record("a", "x", ap, fold=fold) for fold, ap in enumerate([0.2, 0.4, 0.6])]
    assert bench("summary").cells(records)["a", "forest"]["x"] == pytest.approx(0.4)


def test_differences_are_paired_by_table(bench):
    cells = {("a", "forest"): {"none": 0.5, "x": 0.6}, ("b", "forest"): {"none": 0.2, "x": 0.5}}
    mean, error = bench("summary").differences(cells)["forest"]["x"]
    assert mean == pytest.approx(0.2)
    assert error == pytest.approx(0.1)  # standard deviation .1414 over the root of 2
    assert np.isnan(bench("summary").mean_and_error([0.3])[1])


def test_only_folds_that_every_arm_has_done_count(bench):
    done = [record("a", arm, 0.5, fold=0) for arm in ("none", "x")]
    half = [record("a", "none", 0.5, fold=1), record("a", "other", 0.5, fold=1)]
    kept = bench("summary").complete(done + half, ["none", "x"], ["forest"])
    assert kept == done


# The learners' part --------------------------------------------------------------------------------------------------


def test_tasks_begin_with_the_first_repeat_of_every_table(bench):
    learners = bench("learners")
    tasks = learners.plan(["a", "b"], 2, 3, ["none", "imblearn SMOTENC"], {"a": "numeric", "b": "mixed"})
    assert [task[1] for task in tasks] == sorted(task[1] for task in tasks)
    assert ("a", 0, 0, "imblearn SMOTENC") not in tasks  # the same as SMOTE there
    assert len(tasks) == len({*tasks}) == 2 * 3 * (1 + 2)


def test_an_arm_that_is_another_on_numbers_is_filled_in(bench):
    records = [record("a", "imblearn SMOTE", 0.5), record("b", "imblearn SMOTE", 0.6)]
    filled = bench("learners").filled(records, {"a": "numeric", "b": "mixed"})
    assert filled[2:] == [records[0] | {"arm": "imblearn SMOTENC"}]


def test_a_summary_says_reached_and_missed(bench):
    learners, scoring = bench("learners"), bench("scoring")
    aps = {"none": 0.5, "gensynth default": 0.6, "imblearn SMOTE": 0.7}
    records = [record(table, arm, ap, name) for table in "ab" for arm, ap in aps.items() for name in scoring.LEARNERS]
    found = learners.summary(records, [*aps], {"a": "mixed", "b": "mixed"})
    said = {line["target"]: line["reached"] for line in found["verdicts"]}
    assert said["default: mean rank against imblearn SMOTE < 1"] is False
    assert said["default: forest, average precision gained over none >= -0.005"] is True
    assert found["rows"]["gensynth default"]["rank"] == 2
    assert found["folds"] == 2


def test_a_cut_line_is_not_a_record(bench, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps(record("a", "none", 0.5)) + '\n{"table": "a", "re', encoding="utf-8")
    assert bench("learners").read(path) == [record("a", "none", 0.5)]
    assert bench("learners").read(tmp_path / "absent") == []


def test_average_precision_skips_classes_that_were_not_learned_or_tested(bench):
    chances = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    score = bench("scoring").average_precision
    assert score(chances, np.array([0, 5]), np.array([0, 5, 7]), None) == 1.0
    assert score(chances, np.array([0, 1]), np.array([1, 0, 0]), 1) == pytest.approx(1 / 3)


def test_a_fold_is_encoded_by_what_its_training_rows_hold(bench):
    scoring = bench("scoring")
    train = pd.DataFrame({"n": [1.0, 3.0, np.nan], "c": ["a", None, "b"], "t": pd.to_datetime(["2020-01-01"] * 3)})
    test = pd.DataFrame({"n": [np.nan], "c": ["new"], "t": pd.to_datetime(["2020-01-02"])})
    fold = scoring.Fold(train, np.array([0, 1, 1]), test, np.array([0]), 0)
    assert fold.encode(train).shape == (3, 2 + 3)  # "?" is a level
    assert fold.encode(train)[2, 0] == 0  # the median, standardised
    assert fold.encode(test)[0, 2:].tolist() == [0, 0, 0]


@pytest.mark.parametrize("arm", ["none", "imblearn RandomOverSampler", "imblearn SMOTENC", "gensynth SMOTE"])
def test_arms_level_the_classes_they_can(bench, arm):
    scoring = bench("scoring")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"n": rng.normal(size=60), "c": rng.choice(["a", "b"], 60).astype(object)})
    y = np.repeat([0, 1, 2], [40, 17, 3])
    rows, labels = bench("arms").level(arm, scoring.Fold(X, y, X, y, None), seed=0)
    assert len(rows) == len(labels)
    assert np.bincount(labels).tolist() == ([40, 17, 3] if arm == "none" else [40, 40, 40])


def test_samplers_are_not_asked_for_what_they_cannot_do(bench):
    given = bench("arms")._fair("BorderlineSMOTE", np.array([9, 1, 3]))
    assert given == {"sampling_strategy": {2: 9}, "k_neighbors": 2, "m_neighbors": 10}


# Data ----------------------------------------------------------------------------------------------------------------


def test_cutting_keeps_classes_in_proportion_and_every_class(bench):
    y = np.repeat(["a", "b", "c"], [8999, 1000, 1])
    rows = bench("data").cut(y)
    assert len(rows) == len({*rows.tolist()}) == 5000
    assert (np.diff(rows) > 0).all()
    counts = pd.Series(y[rows]).value_counts()
    assert counts["b"] == 500
    assert counts["c"] == 1
    assert (bench("data").cut(y) == rows).all()
    assert bench("data").cut(y[:4000]).tolist() == [*range(4000)]


def test_what_a_table_is(bench):
    data = bench("data")
    X = pd.DataFrame({"n": [1.0, 2.0], "t": pd.to_datetime(["2020-01-01", "2021-01-01"]), "c": ["x", "y"]})
    y = np.array([0, 1])
    kinds = [data.Table("t", X[columns], y).kind for columns in (["n", "t"], ["n", "c"], ["c"])]
    assert kinds == ["numeric", "mixed", "categorical"]
    assert data.Table("t", X, np.array([1, 0, 1])).rare == 0
    assert data.Table("t", X, np.array([1, 0, 2])).rare is None


# The measure ---------------------------------------------------------------------------------------------------------


def test_copies_are_seen_and_strangers_are_not(bench):
    nearer = bench("quality").nearer
    rng = np.random.default_rng(0)
    columns = {"a": rng.normal(size=900), "b": rng.normal(size=900), "c": rng.choice(["u", "v"], 900).astype(object)}
    rows = pd.DataFrame(columns | {"label": rng.choice(["x", "y"], 900).astype(object)})
    seen, unseen, fresh = rows[:300], rows[300:600], rows[600:]
    share, copies = nearer(seen, seen, unseen, "label")
    assert share > 0.99  # not 1: an unseen row may fall on the same ranks
    assert copies == 1
    assert nearer(unseen, seen, unseen, "label")[0] < 0.05  # not 0: numbers are compared by the seen rows' ranks
    share, copies = nearer(fresh, seen, unseen, "label")
    assert 0.4 < share < 0.6
    assert copies < 0.1
    half = pd.concat([seen[:150], fresh[:150]])
    assert 0.65 < nearer(half, seen, unseen, "label")[0] < 0.85


# Keeping results -----------------------------------------------------------------------------------------------------


def test_parts_are_merged_and_runs_replaced(bench):
    process = bench("process")
    old = {"parts": {"adult": {"runs": [1]}, "speed": {"runs": [{"case": "m", "arm": "x", "run": 0, "s": 1}]}}}
    new = [{"case": "m", "arm": "x", "run": 0, "s": 2}, {"case": "m", "arm": "x", "run": 1, "s": 3}]
    merged = process.merged(old, "speed", new)
    assert merged["parts"] == {"adult": {"runs": [1]}, "speed": {"runs": new}}
    assert old["parts"]["speed"]["runs"][0]["s"] == 1


def test_a_stopped_part_goes_on_where_it_was(bench, tmp_path):
    process, done = bench("process"), []

    def work(run):
        done.append(run["run"])
        return {"failed": "no"} if run["run"] == 1 else {"s": 1.0}

    plan = [{"case": "m", "arm": "gensynth x", "run": run} for run in range(3)]
    first = process.carry_out(tmp_path / "r.json", "speed", plan[:2], None, work)
    assert [process.finished(run) for run in first] == [True, False]
    assert len(process.carry_out(tmp_path / "r.json", "speed", plan, None, work)) == 3
    assert done == [0, 1, 1, 2]  # what failed is tried again
    process.carry_out(tmp_path / "r.json", "speed", plan[:1], ["imblearn"], work)
    assert done == [0, 1, 1, 2]
    process.carry_out(tmp_path / "r.json", "speed", plan[:1], ["gensynth"], work)
    assert done == [0, 1, 1, 2, 0]
    assert not (tmp_path / "r.json.part").exists()


def test_each_run_names_what_it_was_taken_on(bench, tmp_path, monkeypatch):
    process, path = bench("process"), tmp_path / "r.json"
    old = {"versions": {"numpy": "1"}, "python": "3.11", "machine": "m", "cores": 2}
    runs = [{"case": "m", "arm": "x", "run": 0, "s": 1}]
    process.write(path, {"parts": {"speed": {**old, "runs": runs, "summary": {"rows": []}}}})  # as files were before
    plan = [{"case": "m", "arm": "x", "run": run} for run in range(3)]
    process.carry_out(path, "speed", plan[:2], None, lambda run: {"s": 2})
    taken = {"versions": process.peers.versions(), **process.machine()}
    monkeypatch.setattr(process.peers, "versions", lambda: {"numpy": "3"})
    process.carry_out(path, "speed", plan, None, lambda run: {"s": 3})
    part = process.read(path)["parts"]["speed"]
    abouts = [part["abouts"][run["about"]] for run in part["runs"]]
    assert abouts == [old, taken, taken | {"versions": {"numpy": "3"}}]
    assert [run["s"] for run in part["runs"]] == [1, 2, 3]
    assert "versions" not in part
    assert part["summary"] == {"rows": []}


def test_records_of_learners_name_it_too(bench, tmp_path, monkeypatch):
    learners, path = bench("learners"), tmp_path / "r.jsonl"
    path.write_text(json.dumps(record("a", "none", 0.5)) + "\n", encoding="utf-8")

    class Pool(ThreadPoolExecutor):
        def __init__(self, count, mp_context):
            super().__init__(count)

    monkeypatch.setattr(learners, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(learners, "do", lambda task, folder: [record(task[0], task[3], 0.7)])
    monkeypatch.setattr(learners.os, "environ", {})
    learners.carry_out(path, [("b", 0, 0, "none")], tmp_path, None, learners.Marks("new", "old"))
    learners.carry_out(path, [], tmp_path, None, learners.Marks("newer", "old"))
    assert [(r["table"], r["about"]) for r in learners.read(path)] == [("a", "old"), ("b", "new")]


def test_peers_are_pinned(bench):
    pinned = {name.partition("==")[0] for name in bench("peers").NEEDED if "==" in name}
    assert pinned >= {"ctgan", "sdmetrics", "lightgbm", "imbalanced-learn"}


def test_fresh_forgets_all_or_some(bench):
    runs = [{"arm": "gensynth ARF"}, {"arm": "imblearn SMOTE"}]
    without = bench("process").without
    assert without(runs, None) == runs
    assert without(runs, []) == []
    assert without(runs, ["gensynth"]) == runs[1:]


def test_ratios_and_verdicts_of_speed(bench):
    speed = bench("speed")
    figures = {"imblearn": {"cold_s": 8.0, "warm_s": 9.0, "extra_mb": 100.0},
               "gensynth": {"cold_s": 1.0, "warm_s": 1.0, "extra_mb": 50.0}}  # fmt: skip
    runs = [{"case": speed.MIXED, "arm": arm, "run": 0} | figures[arm.split()[0]] for arm in speed.ARMS[speed.MIXED]]
    found = speed.summary(runs)
    assert found["rows"][0]["warm_s_ratio"] == 9
    assert [line["reached"] for line in found["verdicts"]] == [True, True, False, None, None]


def test_a_known_search_answers_as_a_search_does(bench):
    jobs = bench("jobs")
    X, y = jobs.numbers(200, 3)
    known = jobs.known_neighbors(X, y)
    assert known.fit(X[y == 1]).kneighbors(X[y == 1], return_distance=False)[:, 0].tolist() == [*range(20)]
    assert known.kneighbors(n_neighbors=3)[1].shape == (20, 3)
    with pytest.raises(ValueError, match="not of 7"):
        known.kneighbors(X[:7])


def test_adult_medians_take_times_from_the_whole_table_and_nearness_from_the_half(bench):
    adult = bench("adult")
    runs = [
        {"case": "whole", "arm": adult.FOREST, "run": i, "seconds": s, "auc": 0.92} for i, s in enumerate([1, 2, 9])
    ]
    runs += [{"case": "half", "arm": adult.FOREST, "run": 0, "seconds": 0.1, "nearer": 0.6, "copies": 0.0}]
    runs += [{"case": "whole", "arm": adult.CTGAN, "run": 0, "seconds": 200.0}]
    rows = adult.summary(runs)["rows"]
    assert rows[adult.FOREST] == {"seconds": 2, "auc": 0.92, "nearer": 0.6, "copies": 0.0, "times_faster": 100.0}


def test_the_readme_shows_the_figures_that_are_kept(bench):
    root, markdown = Path(__file__).resolve().parents[1], bench("markdown")
    result = bench("process").read(root / "scripts" / "results" / "bench_tables.json")
    text = (root / "README.md").read_text(encoding="utf-8")
    for part in markdown.TABLES:
        assert markdown.block(part, result) in text, f"{part}: run scripts/bench_tables.py --readme"
