"""Planted data of which it is known what moves labels: what does must be named, what does not must pass."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import gensynth
from gensynth.data.kinds import Audio, Series, Texts
from gensynth.errors import ConfigError, DataError, TooFewRows
from gensynth.evidence.policies.audit import audit
from gensynth.evidence.policies.judge import Judge
from gensynth.learners.base import learner_for
from gensynth.transforms import Compose, OneOf, Transform, transform_class

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
RNG = np.random.default_rng(0)


def op(name: str, *settings: object, **more: object) -> Transform:
    return transform_class(name)(*settings, **more)


def heaps(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return class 0 in two heaps, class 1 between them, and class 2 far away."""
    y = np.arange(n) % 3
    middle = np.array([[4.0, 0.0], [0.0, 0.0], [0.0, 9.0]])[y] * np.where(np.arange(n) % 2, 1, -1)[:, None] ** [1, 2]
    return middle + RNG.normal(0, 0.4, (n, 2)), y


def series(n: int) -> tuple[Series, np.ndarray]:
    """Return a bump upwards, or downwards, somewhere in the middle."""
    y, t = np.arange(n) % 2, np.linspace(-1, 1, 50)
    at, wide = RNG.uniform(-0.3, 0.3, (n, 1)), RNG.uniform(0.1, 0.3, (n, 1))
    x = np.exp(-(((t - at) / wide) ** 2)) * np.where(y, 1, -1)[:, None] + RNG.normal(0, 0.05, (n, 50))
    return Series(x[:, None]), y


def beeps(n: int) -> tuple[Audio, np.ndarray]:
    """Return a tone in the first half of a recording, or in the second."""
    y, t = np.arange(n) % 2, np.arange(1600) / 8000
    at = (RNG.uniform(0.02, 0.06, n) + 0.1 * y)[:, None]
    waves = np.sin(2 * np.pi * RNG.uniform(700, 800, (n, 1)) * t) * ((t > at) & (t < at + 0.03))
    return Audio((0.5 * waves + RNG.normal(0, 0.02, waves.shape)).astype(np.float32), 8000), y


def films(n: int) -> tuple[Texts, np.ndarray]:
    y = np.arange(n) % 2
    words = [["bad", "awful", "dull"], ["good", "great", "fine"]]
    rest = "the film was a story of two people in town and it rained".split()
    made = [" ".join([*RNG.choice(rest, 6), RNG.choice(words[c]), *RNG.choice(rest, 3)]) for c in y]
    return Texts(made), y


def squares(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return squares on grey: red or blue, of many shades."""
    x, y = np.full((n, 16, 16, 3), 120.0), np.arange(n) % 2
    for row in range(n):
        top, left, side = *RNG.integers(1, 7, 2), RNG.integers(6, 9)
        shade, tinge = RNG.uniform(150, 250), RNG.uniform(0, 90)
        x[row, top : top + side, left : left + side] = (tinge, 10, shade) if y[row] else (shade, 10, tinge)
    return np.clip(x + RNG.normal(0, 5, x.shape), 0, 255).astype(np.uint8), y


OPPOSITES = {"bad": "good", "awful": "great", "dull": "fine", "good": "bad", "great": "awful", "fine": "dull"}
PLANTED = {
    "table": (heaps, op("JitterNumbers", (0.0, 0.05)), op("MixRows", (0.5, 0.5))),
    "series": (series, op("JitterSeries"), op("RotateChannels", 1.0)),
    "audio": (beeps, op("AddNoise", (30.0, 40.0)), op("TimeShift", (0.5, 0.5), wrap=True)),
    "text": (films, op("SwapWords", 0.2), op("Synonyms", 1.0, OPPOSITES)),
    "image": (squares, op("Brightness", 0.1), op("HueShift", (0.63, 0.68))),
}


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train networks for few steps, which planted squares do not need more of."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr("gensynth.learners.images.STEPS", 50)
        monkeypatch.setattr("gensynth.learners.images.BATCH", 32)


@pytest.mark.parametrize("kind", [*PLANTED])
def test_what_moves_labels_is_named_and_what_does_not_passes(kind):
    make, keeps, moves = PLANTED[kind]
    X, y = make(180)
    found = audit(Compose([keeps, moves]), X, y, strengths=(1.0,))
    assert found.accuracy > 0.9
    assert found.table["verdict"].tolist() == ["keeps", "moves"]
    assert found.shares == {"0": 1.0, "1": 0.0}
    assert found.policy.safe(found) == Compose([keeps])
    assert found.table["worst_least"][1] > 0.03 >= found.table["worst_least"][0]


def test_a_change_is_weakened_to_where_it_keeps_labels_and_a_class_far_away_is_left_alone():
    X, y = heaps(240)
    policy = Compose([op("MixRows", (0.5, 0.5)), op("JitterNumbers", (0.0, 0.05))])
    found = audit(policy, pd.DataFrame(X, columns=["a", "b"]), np.array(["out", "in", "far"])[y], strengths=(0.1, 1.0))
    assert found.table["verdict"].tolist() == ["keeps", "moves", "keeps", "keeps"]
    assert found.table["pairs"][1] == [("out", "in")]
    assert 0.3 < found.table["worst_moved"][1] < 0.6  # half of the partners are of the other heap
    made = policy.safe(found)
    assert made.parts[0].weight == pytest.approx((0.05, 0.05))
    assert made.parts[1] == policy.parts[1]
    assert found.advice().splitlines()[0].startswith("MixRows (0): 0.1 of its strength, as at 1")
    assert found.advice().splitlines()[1] == "JitterNumbers (1): stays"


def test_rows_that_come_to_look_like_nothing_are_outside_and_not_moved():
    X, y = squares(180)
    found = audit(op("GaussianNoise", (1.0, 1.0)), X, y)
    last = found.findings[-1]
    assert last.verdict == "keeps"
    assert last.outside > 0.5


def test_labels_of_chance_cannot_be_told():
    X, y = squares(120)
    found = audit(op("HueShift", (0.63, 0.68)), X, RNG.permutation(y), strengths=(1.0,))
    assert found.why_unsure
    assert set(found.table["verdict"]) == {"cannot tell"}
    assert "Cannot tell" in str(found)
    assert "cannot be told" in found.advice()
    assert found.shares == {"": 1.0}


def test_few_rows_cannot_be_told_and_classes_of_next_to_none_are_left_out():
    X, y = heaps(36)
    found = audit("JitterNumbers", X, np.array(["a", "b", "c"])[y])
    assert set(found.table["verdict"]) == {"cannot tell"}
    assert "20 rows" in found.why_unsure
    y = np.append(y, 7)
    found = audit("JitterNumbers", np.append(X, [[0.0, 0.0]], axis=0), y)
    assert found.left_out == (7,)
    with pytest.raises(TooFewRows, match="two classes"):
        audit("JitterNumbers", X, np.zeros(36))


def test_the_same_seed_gives_the_same_audit_and_nothing_is_changed():
    X, y = squares(90)
    before, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002 -- it must be left alone
    torch = pytest.importorskip("torch")
    torch_state = torch.random.get_rng_state()
    first, again = (audit("Brightness", X, y, strengths=(0.5, 1)) for _ in range(2))
    assert first.to_dict() == again.to_dict()
    assert np.array_equal(X, before)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert torch.equal(torch.random.get_rng_state(), torch_state)


def test_features_may_be_given_and_what_they_do_not_see_cannot_be_told():
    X, y = squares(120)
    colours = audit(op("HueShift", (0.63, 0.68)), X, y, strengths=(1,), features=lambda rows: rows.mean(axis=(1, 2)))
    grey = audit(op("HueShift", (0.63, 0.68)), X, y, strengths=(1,), features=lambda rows: rows[:, 0, 0, :1] * 1.0)
    assert [colours.findings[0].verdict, grey.findings[0].verdict] == ["moves", "cannot tell"]
    with pytest.raises(ConfigError, match="features"):
        audit("Flip", X, y, features=3)
    with pytest.raises(DataError, match="finite numbers"):
        audit("Flip", X, y, features=lambda rows: rows)
    for wrong in (lambda rows: rows[:3, 0, 0], lambda rows: rows[:, 0, 0, :0], lambda rows: [["a"]] * len(rows)):
        with pytest.raises(DataError, match=r"numbers \(n, d\)"):
            audit("Flip", X, y, features=wrong)


def test_frames_of_one_film_teach_nothing_of_the_others():
    rng, films = np.random.default_rng(0), np.repeat(np.arange(40), 5)
    X = rng.normal(size=(40, 3))[films] + rng.normal(0, 0.01, (200, 3))
    y = films % 2  # of which the numbers say nothing
    apart, together = (audit("JitterNumbers", X, y, strengths=(1,), groups=by) for by in (None, films))
    assert apart.accuracy > 0.95
    assert together.accuracy < 0.75
    assert [apart.findings[0].verdict, together.findings[0].verdict] == ["keeps", "cannot tell"]
    assert together.rows == (100, 100)
    assert together.accuracy - together.accuracy_least > 0.1  # two errors, of 20 films of a class


def test_classes_of_which_the_judge_is_never_sure_are_said():
    y = np.repeat([0, 1, 2], [200, 400, 24])
    X = RNG.normal(np.array([-4, 4, 4])[y], 0.7)[:, None]
    found = audit("JitterNumbers", X, y, strengths=(1,))
    assert found.unseen == (2,)
    assert "hardly seen: 2." in str(found)
    assert found.to_dict()["unseen"] == [2]


def test_more_than_was_tried_is_not_safe():
    X, y = heaps(180)
    found = audit("JitterNumbers", X, y, strengths=(0.2, 0.5))
    assert set(found.table["verdict"]) == {"keeps"}
    assert found.policy.safe(found) == found.policy.weakened(0.5)
    assert found.advice() == "JitterNumbers: 0.5 of its strength, as more was not tried"


@pytest.mark.parametrize("shares", [None, 3, {"7": 0.5}, {"": "half"}, {"": -0.5}, {"": np.nan}, {"": 2}])
def test_what_says_nothing_of_a_policy_does_not_make_it_safe(shares):
    with pytest.raises(ConfigError):
        op("Rotate").safe(shares)


def test_large_seeds_dates_and_one_word_are_taken():
    X, y = heaps(60)
    found = audit("JitterNumbers", X, np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")[y], strengths=(1,))
    assert json.loads(json.dumps(found.to_dict()))["classes"] == ["2020-01-01", "2021-01-01", "2022-01-01"]
    assert audit("JitterNumbers", X, y, strengths=(1,), random_state=2**40).accuracy > 0.9
    assert audit("Typos", *films(60), strengths=(1,), random_state=2**40).accuracy > 0.7
    assert audit("Typos", ["word"] * 60, [0, 1] * 30, strengths=(1,)).why_unsure


def test_networks_learn_whatever_torch_is_told():
    torch = pytest.importorskip("torch")
    X, y = squares(60)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode():
            assert audit("Brightness", X, y, strengths=(1,)).accuracy > 0.9
    finally:
        torch.set_default_dtype(torch.float32)


def test_it_prints_and_is_plain_data():
    X, y = squares(90)
    found = audit(Compose([op("Brightness", 0.2), OneOf([op("Flip"), op("Grey")])]), X, y, strengths=(0.5, 1.0))
    assert found.table["place"].tolist() == ["0", "0", "1.0", "1.1"]
    assert found.table["strength"].tolist() == [0.5, 1.0, 1.0, 1.0]
    shown = str(found).splitlines()
    assert len(shown) == 6
    assert "Brightness(factor=0.1)" in shown[1]
    assert json.loads(json.dumps(found.to_dict()))["policy"] == found.policy.to_dict()
    assert found.to_dict()["shares"] == found.shares


def test_nothing_and_the_default():
    X, y = squares(60)
    found = audit(Compose([]), X, y)
    assert found.findings == ()
    assert "nothing" in found.advice()
    assert len(audit(None, X, y, strengths=(1,)).findings) == 10


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"strengths": (0.0, 1.0)}, ConfigError, "strengths"),
        ({"strengths": ()}, ConfigError, "strengths"),
        ({"strengths": 1}, ConfigError, "strengths"),
        ({"rows": 3}, ConfigError, "rows"),
        ({"folds": 1}, ConfigError, "folds"),
        ({"random_state": -1}, ConfigError, "random_state"),
        ({"y": [0, 1]}, DataError, "labels"),
        ({"y": [None, 1] * 30}, DataError, "missing labels"),
        ({"y": [np.nan, 1] * 30}, DataError, "missing labels"),
        ({"y": pd.Series(["a", None] * 30, dtype="string")}, DataError, "missing labels"),
        ({"y": pd.to_datetime(pd.Series(["2020-01-01", None] * 30))}, DataError, "missing labels"),
        ({"y": pd.Series([1, "a"] * 30)}, DataError, "several types"),
        ({"groups": [1, 2]}, DataError, "as many groups"),
        ({"groups": [None] * 60}, DataError, "missing groups"),
        ({"groups": [1] * 60}, TooFewRows, "or groups"),
        ({"policy": "SwapWords"}, ConfigError, "kind 'text'"),
        ({"policy": "MixUp"}, ConfigError, "mixes classes"),
        ({"policy": "Flipp"}, ConfigError, "Flip"),
    ],
)
def test_requests_that_cannot_be_met_are_said(settings, error, message):
    X, y = squares(60)
    with pytest.raises(error, match=message):
        audit(**{"policy": "Flip", "X": X, "y": y, **settings})


# Parts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*PLANTED])
def test_learners_learn_are_pure_and_know_their_classes(kind):
    X, y = PLANTED[kind][0](150)
    names = np.array(["x", "y", "z"])[y]
    first, again = (learner_for(kind, random_state=3).fit(X[:90], names[:90]) for _ in range(2))
    chances = first.predict_proba(X[90:])
    assert first.classes_.tolist() == sorted({*names})
    assert np.array_equal(chances, again.predict_proba(X[90:]))
    assert chances.sum(axis=1) == pytest.approx(1)
    assert (first.predict(X[90:]) == names[90:]).mean() > 0.9
    assert first.embed(X[90:]).shape[0] == 60
    with pytest.raises(DataError, match="two classes"):
        learner_for(kind).fit(X[:10], ["a"] * 10)


def test_learners_take_what_data_are_like():
    images = [RNG.integers(0, 255, (h, 9, 3)).astype(np.uint8) for h in (5, 40, 20, 8)]
    assert learner_for("image").fit(images, [0, 1, 0, 1]).predict_proba(images).shape == (4, 2)
    uneven = Series([RNG.normal(size=(2, n)) for n in (1, 30, 12, 7)])
    uneven.x[1][0, :5] = np.nan
    assert np.isfinite(learner_for("series").fit(uneven, [0, 1, 0, 1]).predict_proba(uneven)).all()
    waves = Audio([RNG.normal(size=n).astype(np.float32) for n in (1, 400, 9000, 0)], 8000)
    assert np.isfinite(learner_for("audio").fit(waves, [0, 1, 0, 1]).predict_proba(waves)).all()
    table = pd.DataFrame({"a": [1.0, np.nan, 3, 4] * 10, "b": ["u", "v", None, "w"] * 10, "c": [np.nan] * 40})
    model = learner_for("table").fit(table, [0, 1, 0, 1] * 10)
    other = table.assign(b="never seen")
    assert np.isfinite(model.embed(other)).all()
    assert np.isfinite(model.predict_proba(other)).all()
    with pytest.raises(DataError, match="no words"):
        learner_for("text").fit(["", " "], [0, 1])
    with pytest.raises(ConfigError, match="no kind"):
        learner_for("smell")


def test_a_judge_places_real_rows_in_their_class_and_strange_ones_in_none():
    X, y = heaps(300)
    judge = Judge(learner_for("table", features=lambda rows: np.column_stack([rows, rows**2])))
    judge.fit(X[:150], y[:150], X[150:225], y[150:225])
    says, lies = judge.named(X[225:])
    assert (says == y[225:]).all()
    assert (lies == y[225:]).mean() > 0.7
    assert set(judge.named(np.array([[9.0, 9.0], [-9.0, 0.0], [2.0, 0.0], [0.0, 4.5]]))[1]) == {-1}
    assert judge.named(np.array([[-4.0, 0.0], [4.0, 0.0], [0.0, 0.0], [0.0, 9.0]]))[1].tolist() == [0, 0, 1, 2]


def test_it_is_public():
    assert gensynth.audit is audit


def mnist() -> tuple[np.ndarray, np.ndarray]:
    folder = SHARED / "images" / "mnist_t10k"
    if not folder.is_dir():
        pytest.skip("no shared data")
    read = [np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8) for path in sorted(folder.glob("*.gz"))]
    return read[0][16:].reshape(-1, 28, 28).copy(), read[1][8:].astype(int)


@pytest.mark.slow
def test_digits_upside_down_are_named_and_small_moves_pass():
    X, y = mnist()
    policy = Compose([op("FlipVertical", p=1), op("QuarterTurn", (2,)), op("Affine", 10, 0.1, 0.1, 5)])
    found = audit(policy, X, y)
    assert found.policy.safe(found) == Compose([policy.parts[2]])
    pairs = {place: {pair for row in rows["pairs"] for pair in row} for place, rows in found.table.groupby("place")}
    assert {(6, 9), (9, 6)} <= pairs["1"]
    assert {(2, 5), (5, 2)} <= pairs["0"]
    assert pairs["2"] == set()
