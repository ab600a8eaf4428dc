"""Reports: well formed, without script or network, whatever the data holds; written whole or not at all."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from report_pages import BROKEN, EMOJI, HOSTILE, IMAGE, LONG, RIGHT, SCRIPT, STYLE, checked
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from gensynth import SMOTE, Balancer
from gensynth.errors import ConfigError
from gensynth.evidence.compare.run import compare
from gensynth.evidence.report.element import el, value
from gensynth.evidence.report.made import Made
from gensynth.evidence.report.measured import curve
from gensynth.evidence.report.page import page, write


class Failing:
    """A sampler that fails, and says so in markup."""

    def get_params(self, deep=True):
        return {}

    def fit_resample(self, X, y):
        raise ValueError(SCRIPT)


@pytest.fixture(scope="module")
def hostile():
    """Rows whose columns, labels and categories are hostile, and a comparison of hostile methods on them."""
    rng = np.random.default_rng(0)
    y = np.array([SCRIPT] * 90 + [IMAGE] * 30, dtype=object)
    X = pd.DataFrame({name: rng.normal(size=120) + (y == IMAGE) for name in HOSTILE[:4]})
    X[EMOJI] = pd.Series([HOSTILE[at] for at in rng.integers(6, size=120)], dtype=object)
    methods = {SCRIPT: SMOTE(), "fails": Failing()}
    learners = {LONG: LogisticRegression(), RIGHT: DecisionTreeClassifier(max_depth=2, random_state=0)}
    found = compare(
        X, y, methods=methods, learners=learners, cv=2, random_state=0, groups=rng.choice([IMAGE, STYLE], 120)
    )
    return X, y, found


def made_of(X, y, **settings):
    balancer = Balancer(SMOTE(random_state=0), **settings)
    return Made.of(balancer, X, y, *balancer.fit_resample(X, y))


def test_text_of_elements_is_escaped():
    assert str(el("p", SCRIPT)) == "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert str(el("p", "a", title=IMAGE)) == (
        '<p title="&quot;&gt;&lt;img src=x onerror=&quot;document.title=1&quot;&gt;">a</p>'
    )
    assert str(el("p", None, ["a", [1, el("br")]])) == "<p>a1<br></p>"


@pytest.mark.parametrize("tag", ["script", "iframe", "form", "p onclick=x"])
def test_there_is_no_such_tag(tag):
    with pytest.raises(ValueError, match="no <"):
        el(tag)


@pytest.mark.parametrize("attributes", [{"onclick": "x"}, {"style": "x"}, {"xlink:href": "#a"}])
def test_there_is_no_such_attribute(attributes):
    with pytest.raises(ValueError, match="no attribute"):
        el("a", **attributes)


@pytest.mark.parametrize("where", ["https://example.org", "javascript:alert(1)", "//x", "#a b", "data:text/html,x"])
def test_addresses_stay_inside(where):
    with pytest.raises(ValueError, match="nothing outside"):
        el("a", href=where)


def test_a_style_holds_no_markup():
    with pytest.raises(ValueError, match="neither"):
        el("style", "</style>")


def test_orders_about_direction_are_shown_and_values_stand_alone():
    assert str(value("a\u202eb")) == "<bdi>a⟨U+202E⟩b</bdi>"
    assert str(value("x" * 70)).startswith('<bdi title="xxx')
    str(value(BROKEN)).encode("utf-8")


def test_a_comparison_of_hostile_names(hostile):
    _, _, found = hostile
    read = checked(page(comparison=found))
    for text in (
        SCRIPT,
        IMAGE,
        "Recommended",
        "Can its chances be believed?",
        "Groups and gaps",
        "fails",
        "failed with",
    ):
        assert text in read.text
    assert read.text.index("Recommended") < read.text.index("Better than doing nothing?")
    for line in found.verdict.splitlines():
        assert line.replace("\u202e", "⟨U+202E⟩").replace("\u202c", "⟨U+202C⟩") in read.text


def test_what_was_made_of_hostile_rows(hostile):
    X, y, found = hostile
    job = {"data": SCRIPT, "generator": {"name": "SMOTE", "params": {IMAGE: 1}}, "out": None}
    made = made_of(X, y)
    both = checked(page(comparison=found, made=made, job=job))
    alone = checked(page(made=made, job=job))
    for read in (both, alone):
        for text in ("Classes before and after", "Columns of real and made rows", "A map of the rows", "The recipe"):
            assert text in read.text
        assert SCRIPT in read.text
    assert "60 rows were made" in alone.text
    assert "n" * 59 + "…" in both.text


def test_what_is_not_there_is_left_out(hostile, tmp_path):
    X, y, found = hostile
    alone = checked(page(comparison=found))
    assert "Columns of real and made rows" not in alone.text
    assert "What gates refused" not in checked(page(made=made_of(X, y))).text
    job = checked(page(job={"target": "fraud"}))
    assert "fraud" in job.text
    with pytest.raises(ConfigError, match="nothing to report"):
        write(tmp_path / "a.html")


def test_a_comparison_writes_itself(hostile, tmp_path):
    *_, found = hostile
    found.to_html(tmp_path / "a.html")
    checked((tmp_path / "a.html").read_text(encoding="utf-8"))


def test_nothing_is_overwritten_and_folders_must_be_there(hostile, tmp_path, monkeypatch):
    *_, found = hostile
    path = tmp_path / "a.html"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists"):
        write(path, comparison=found)
    assert path.read_text(encoding="utf-8") == "mine"
    with pytest.raises(ConfigError, match="does not exist"):
        write(tmp_path / "no" / "a.html", comparison=found)
    monkeypatch.setattr("gensynth.evidence.report.page.framed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(path, comparison=found, overwrite=True)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == "mine"
    write(path, comparison=found, overwrite=True)
    checked(path.read_text(encoding="utf-8"))
    assert [each.name for each in tmp_path.iterdir()] == ["a.html"]


def test_the_same_comparison_gives_the_same_page(hostile):
    *_, found = hostile
    again = pickle.loads(pickle.dumps(found))
    assert page(comparison=found) == page(comparison=again)


def test_more_classes_and_one_fold_that_counts():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1, 2, 3], [60, 30, 20, 10])
    X = rng.normal(size=(120, 3)) + y[:, None]
    found = compare(X, y, methods="SMOTE", learners="logistic", cv=2, metrics="accuracy", random_state=0)
    read = checked(page(comparison=found, made=made_of(X, y)))
    assert "Real rows count so that classes stand" in read.text
    assert "120 rows were made" not in read.text  # the verdict stands first


def test_a_comparison_of_which_nothing_was_finished():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [40, 20])
    X = rng.normal(size=(60, 2))

    class Broken(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            raise ValueError("no luck")

    found = compare(X, y, methods="SMOTE", learners={"broken": Broken()}, cv=2, random_state=0)
    read = checked(page(comparison=found))
    assert "Nothing is recommended" in read.text
    assert "no luck" in read.text


def test_a_curve_of_true_chances_lies_on_the_diagonal():
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    found = curve(p, rng.random(20_000) < p)
    assert len(found.chance) == 10
    assert np.abs(found.share - found.chance).max() < 0.04
    assert ((found.low <= found.chance) & (found.chance <= found.high)).mean() >= 0.8


def test_a_curve_of_few_or_equal_chances():
    assert len(curve(np.full(7, 0.2), np.ones(7, dtype=bool)).chance) == 1
    assert len(curve(np.zeros(0), np.zeros(0, dtype=bool)).chance) == 0
    assert len(curve(np.full(500, 0.02), np.zeros(500, dtype=bool)).chance) == 1
