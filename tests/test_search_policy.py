"""A search of policies finds what helps on planted data, nothing where nothing does, and keeps its budget."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import gensynth
from gensynth.data.kinds import Series, Texts
from gensynth.errors import ConfigError, DataError, FallbackWarning, TooFewRows
from gensynth.evidence.asked import seconds_asked
from gensynth.evidence.policies import candidates, search
from gensynth.evidence.policies.search import search_policy
from gensynth.evidence.policies.trials import Course, Marks, balanced, gain
from gensynth.generators.augment import Augment, default_for
from gensynth.store.yamlfile import read_yaml
from gensynth.transforms import Compose, Transform, strength, transform_class

RNG = np.random.default_rng(0)


def op(name: str, *settings: object, **more: object) -> Transform:
    return transform_class(name)(*settings, **more)


WORDS = [[word + one + two for one in "abcdef" for two in "klmnop"] for word in ("bad", "good")]


def shouts(n: int) -> tuple[Texts, np.ndarray]:
    """Return texts of two classes told by words of which each has a synonym that the class rarely shows."""
    y = np.arange(n) % 2
    made = [f"the film was {RNG.choice(['quite', 'rather', 'so'])} {RNG.choice(WORDS[c])}" for c in y]
    return Texts(made), y


THESAURUS = {word: [other for other in same if other != word] for same in WORDS for word in same}
HELPS = op("Synonyms", 1.0, THESAURUS)
IDLE = op("CaseNoise", 1.0)  # the classifier reads all words in lower case


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock on which a trial takes a second, and one of the comparison one and a half; nothing else takes any."""
    now = SimpleNamespace(at=0.0)
    trial, right = Course.trial, search.right

    def timed_trial(self, policy, split):
        now.at += 1
        return trial(self, policy, split)

    def timed_right(*given):
        now.at += 1.5
        return right(*given)

    monkeypatch.setattr(Course, "trial", timed_trial)
    monkeypatch.setattr(search, "right", timed_right)
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=lambda: now.at))
    return now


def test_what_helps_is_found_and_said_on_rows_that_no_choice_has_seen(tmp_path, clock):
    X, y = shouts(90)
    found = search_policy(X, y, budget=36, candidates=[HELPS, IDLE])
    assert found.trials[0]["splits"] == 6
    assert found.helps
    assert "Synonyms" in {type(part).__name__ for part in strength.places(found.policy).values()}
    assert found.scores["chosen"].gain > 0.1
    assert found.scores["nothing"].gain == 0
    assert found.table["name"].tolist().count("nothing") == 1
    path = tmp_path / "policy.yaml"
    found.save(path)
    assert Transform.from_dict(read_yaml(str(path))) == found.policy
    Augment(found.policy, random_state=0).fit(X, y).sample(2, y=1)
    shown = str(found)
    assert "Synonyms" in shown.splitlines()[0]
    assert "against nothing" in shown


def test_nothing_is_chosen_where_nothing_helps(tmp_path, clock):
    X, y = shouts(60)
    found = search_policy(X, y, budget=22, candidates=[IDLE])
    assert {row["gain"] for row in found.trials if not row["name"]} == {0.0}
    if any(row["gain"] > 0 for row in found.trials):  # the default alone may help
        assert found.policy in (strength.nothing("text"), default_for("text"))
    else:
        assert found.policy == strength.nothing("text")
    nothing = search.Searched(strength.nothing("text"), "text", [], {}, 0.0)
    nothing.save(tmp_path / "none.yaml")
    read = Transform.from_dict(read_yaml(str(tmp_path / "none.yaml")))
    assert read(["as it is"]) == ["as it is"]
    assert "Chosen: nothing" in str(nothing)


@pytest.mark.parametrize("budget", [6, 15, "40s"])
def test_the_budget_is_kept_and_used(clock, budget):
    X, y = shouts(45)
    found = search_policy(X, y, budget=budget, candidates=[HELPS, IDLE])
    seconds = seconds_asked(budget)
    assert found.seconds == clock.at
    assert seconds * 0.6 < found.seconds <= seconds * 1.1 + 1
    splits = found.table["splits"].tolist()
    assert sum(splits) <= seconds
    assert any("no time for any candidate: a trial takes 1 s" in note for note in found.notes) == (seconds < 17)
    if seconds >= 40:
        assert splits.count(1) > splits.count(6) >= 3  # most policies are tried once, few on all splits


def test_the_same_seed_tries_the_same(clock):
    X, y = shouts(36)
    first, again, other = (search_policy(X, y, budget=16, random_state=seed, candidates=[HELPS]) for seed in (1, 1, 2))
    assert first.trials == again.trials
    assert first.policy == again.policy
    assert first.trials != other.trials


def test_too_little_time_gives_nothing_and_says_so():
    X, y = shouts(60)
    found = search_policy(X, y, budget=1e-6)
    assert found.policy == strength.nothing("text")
    assert found.trials == []
    assert any("no time" in note for note in found.notes) or found.scores


def test_a_search_that_is_stopped_returns_the_best_so_far(monkeypatch):
    X, y = shouts(120)
    done: list[int] = []
    trial = Course.trial

    def stopping(self, policy, split):
        if len(done) == 8:
            raise KeyboardInterrupt
        done.append(split)
        return trial(self, policy, split)

    monkeypatch.setattr(Course, "trial", stopping)
    with pytest.warns(FallbackWarning, match="best of 8 policies"):
        found = search_policy(X, y, budget=60, candidates=[HELPS])
    assert found.helps
    assert found.scores == {}
    assert "stopped before the end" in str(found)


def test_the_best_is_chosen_where_only_the_default_was_tried_once_more():
    held, fine = np.arange(40), np.ones(40, bool)
    nothing = Marks(strength.nothing("text"), {split: (held, ~fine) for split in range(2)})
    default = Marks(IDLE, {split: (held, ~fine) for split in range(2)})
    under_way = search._Search(
        SimpleNamespace(codes=held % 2), 0.0, [], [nothing, default, Marks(HELPS, {0: (held, fine)})]
    )
    assert search._chosen(under_way) == HELPS


def test_changes_are_not_risked_where_the_audit_does_not_see_a_class(monkeypatch):
    finding = SimpleNamespace(place="0", strength=1.0, verdict="keeps")
    for unseen, many in (((), 2), ((1,), 1)):
        found = SimpleNamespace(unseen=unseen, findings=[finding])
        monkeypatch.setattr(search, "audit", lambda *_, found=found, **__: found)
        under_way = search._Search(SimpleNamespace(kind="text", X=None, codes=None, seed=0), np.inf, [IDLE])
        search._add_risky(under_way, [])
        assert len(under_way.ops) == many


def test_policies_are_drawn_the_same_for_a_seed():
    ops = candidates.made("image", candidates.SAFE)
    drawn = [[candidates.drawn(ops, np.random.default_rng(seed)) for _ in range(20)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    rng = np.random.default_rng(0)
    many = [candidates.drawn(ops, rng) for _ in range(200)]
    assert {len(policy.parts) for policy in many} == {1, 2, 3}
    assert all(Transform.from_dict(policy.to_dict()) == policy for policy in many)
    assert {type(part).__name__ for policy in many for part in policy.parts} == {type(each).__name__ for each in ops}


@pytest.mark.parametrize("kind", [*candidates.SAFE])
def test_candidates_are_of_their_kind(kind):
    for table in (candidates.SAFE, candidates.RISKY):
        assert all(op.kind == kind for op in candidates.made(kind, table))
    assert all(op.neutral for op in candidates.made(kind, candidates.SAFE))


def test_gains_are_paired_and_count_classes_alike():
    codes = np.array([0, 0, 0, 0, 1, 1])
    assert balanced(np.array([1, 1, 1, 1, 0, 0.0]), codes)[0] == 0.5
    assert balanced(np.array([1, np.nan, np.nan, np.nan, 0.5, 0.5]), codes)[0] == 0.75
    held = np.arange(6)
    one = Marks(HELPS, {0: (held, np.array([1, 1, 1, 1, 1, 0], bool)), 1: (held, np.ones(6, bool))})
    other = Marks(IDLE, {0: (held, np.array([1, 1, 1, 1, 0, 0], bool))})
    assert gain(one, other, codes) == pytest.approx((0.25, 0.25))
    assert gain(one, one, codes) == (0, 0)


@pytest.mark.parametrize("kind", ["table", "series"])
def test_other_kinds_are_searched_with_their_own_lists(kind, clock):
    y = np.arange(60) % 2
    if kind == "table":
        X = pd.DataFrame({"a": RNG.normal(y, 0.5), "b": RNG.choice(["u", "v"], 60)})
    else:
        X = Series(RNG.normal(0, 0.5, (60, 1, 30)) + y[:, None, None])
    found = search_policy(X, np.array(["no", "yes"])[y], budget=14)
    assert found.kind == kind == found.policy.kind
    assert [row["name"] for row in found.trials if row["name"]]


def test_small_classes_are_left_out(clock):
    X, y = shouts(60)
    labels = np.where(np.arange(60) < 3, 9, y)
    found = search_policy(X, labels, budget=4, candidates=[HELPS])
    assert any("class 9 is left out" in note for note in found.notes)
    with pytest.raises(TooFewRows, match="6 rows"):
        search_policy(X[:8], y[:8], budget=1)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"budget": "soon"}, ConfigError, "budget"),
        ({"budget": None}, ConfigError, "budget"),
        ({"budget": 0}, ConfigError, "budget"),
        ({"candidates": []}, ConfigError, "candidates"),
        ({"candidates": "Flip"}, ConfigError, "candidates"),
        ({"candidates": ["Flip"]}, ConfigError, "kind 'image'"),
        ({"random_state": -1}, ConfigError, "random_state"),
        ({"y": [0, 1]}, DataError, "labels"),
    ],
)
def test_requests_that_cannot_be_met_are_said(settings, error, message):
    X, y = shouts(30)
    with pytest.raises(error, match=message):
        search_policy(**{"X": X, "y": y, "budget": 1, **settings})


def test_budgets_are_read():
    assert [seconds_asked(text) for text in ("5min", "90s", "1h", "2 minutes", 3)] == [300, 90, 3600, 120, 3]


def test_it_is_public():
    assert gensynth.search_policy is search_policy
    assert Compose([]).parts == ()
