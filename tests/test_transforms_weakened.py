"""Transforms at a share of their strength: 0 does nothing, 1 is the same, and each step is a smaller change."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gensynth import transforms as T
from gensynth.data.kinds import Audio, Images, Series, Texts
from gensynth.errors import ConfigError
from gensynth.transforms import TRANSFORMS, Compose, OneOf, Transform, strength, transform_class

GIVEN = {"AddBackground": {"recordings": [np.sin(np.arange(4000) / 3.0)]}, "BackTranslate": {"there": str, "back": str}}
GIVEN |= {key: {"source": {"one": "1", "two": "2", "three": "3", "four": "4"}} for key in ["Synonyms", "InsertWords"]}
NAMES = [name for name in TRANSFORMS if name not in ("Compose", "OneOf")]
WEAK = [name for name in NAMES if transform_class(name).neutral]
RNG = np.random.default_rng(0)
WORDS = "one two three four five six seven eight nine ten".split()


def instance(name: str) -> Transform:
    return transform_class(name)(**GIVEN.get(name, {}), p=1.0, random_state=0)


def smooth(n: int, *shape: int) -> np.ndarray:
    """Return noise in [0, 1] that is smooth along its last two axes."""
    x = RNG.random((n, *shape))
    for axis in (1, 2):
        for _ in range(60):
            x = (x + np.roll(x, 1, axis) + np.roll(x, -1, axis)) / 3
    return (x - x.min()) / (x.max() - x.min())


ROWS = {
    "image": (smooth(8, 32, 32, 3) * 255).astype(np.uint8),
    "text": Texts([", ".join(RNG.choice(WORDS, 12)) + "." for _ in range(30)]),
    "audio": Audio(np.sin(np.linspace(0, 80, 4000) * RNG.uniform(1, 2, (6, 1))).astype(np.float32), 8000),
    "series": Series(np.cumsum(RNG.normal(size=(8, 2, 60)), axis=2)),
    "table": pd.DataFrame(RNG.normal(size=(40, 4)), columns=[*"abcd"]).assign(e=RNG.choice(["1", "2", "3"], 40)),
}
LABELS = {kind: np.arange(len(rows)) % 2 for kind, rows in ROWS.items()}


def values(rows: object) -> np.ndarray:
    held = getattr(rows, "x", getattr(rows, "waves", rows))
    return np.asarray(held) if isinstance(held, list) else np.asarray(held).astype(float)


def run(op: Transform) -> np.ndarray:
    X, y = ROWS[op.kind], LABELS[op.kind]
    return values(op.fit(X, y)(X, y=y, index=np.arange(len(X)))[0])


def distance(op: Transform) -> float:
    made, X = run(op), values(ROWS[op.kind])
    if op.kind == "text":
        return float((made != X).mean())
    return float(np.abs(made - X).mean() / X.std())


def test_all_kinds_can_be_weakened():
    assert {transform_class(name).kind for name in WEAK} == set(ROWS)
    assert len(WEAK) > 50


@pytest.mark.parametrize("name", WEAK)
def test_at_no_strength_next_to_nothing_is_done_and_at_all_of_it_the_same(name):
    op = instance(name)
    assert op.weakened(1.0) == op
    full = distance(op)
    assert full > 0
    most = 0.3 if name == "JPEG" else 0.02  # of the best JPEG too the colours have half the size
    assert distance(op.weakened(0.0)) <= most * full + 1e-3
    if op.kind != "text":  # of texts one word is changed at least, where the share is not 0
        assert distance(op.weakened(1e-6)) <= (most + 0.03) * full + 2e-3


@pytest.mark.parametrize("name", WEAK)
def test_a_tenth_of_the_strength_does_less(name):
    op = instance(name)
    full, less = distance(op), distance(op.weakened(0.1))
    assert less < full or (op.kind == "text" and less == full)


@pytest.mark.parametrize("name", WEAK)
def test_neutral_names_settings_and_what_is_weakened_is_data(name):
    made = instance(name).weakened(0.5)
    for setting in (*made.neutral, *made.scales):
        assert hasattr(made, setting)
    assert set(made.scales) <= set(made.neutral)
    if name != "AddBackground":
        assert Transform.from_dict(made.to_dict()) == made


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WEAK])
def test_what_is_done_or_not_cannot_be_weakened(name):
    op = instance(name)
    assert op.weakened(1) is op
    with pytest.raises(ConfigError, match="cannot be weakened"):
        op.weakened(0.5)


def op(name: str, *settings: object, **more: object) -> Transform:
    return transform_class(name)(*settings, **more)


@pytest.mark.parametrize(
    ("full", "share", "expected"),
    [
        (op("Rotate", 20.0), 0.25, op("Rotate", 5.0)),
        (op("Rotate", (10.0, 30.0)), 0.5, op("Rotate", (5.0, 15.0))),
        (op("Brightness", (0.5, 2.0)), 0.5, op("Brightness", (0.75, 1.5))),
        (op("Brightness", 0.5), 0.5, op("Brightness", 0.25)),
        (op("Posterise", (2, 8)), 0.5, op("Posterise", (5, 8))),
        (op("AddNoise", (10.0, 30.0)), 0.1, op("AddNoise", (30.0, 50.0))),
        (op("ShotNoise", (50, 100)), 0.5, op("ShotNoise", (200, 400))),
        (op("LowPass", (1000.0, 2000.0)), 0.5, op("LowPass", (2000.0, 4000.0))),
        (op("Synonyms", 0.2, {"a": "b"}, protect=("no",)), 0.5, op("Synonyms", 0.1, {"a": "b"}, protect=("no",))),
    ],
)
def test_settings_move_towards_the_neutral_value(full, share, expected):
    assert full.weakened(share) == expected


@pytest.mark.parametrize("share", [-0.1, 1.1, "half", None, float("nan")])
def test_a_share_lies_between_0_and_1(share):
    for policy in (op("Rotate"), Compose([op("Rotate")])):
        with pytest.raises(ConfigError, match="share"):
            policy.weakened(share)


def test_a_policy_is_weakened_part_by_part():
    policy = Compose(
        [op("Rotate", 20.0, p=0.3), OneOf([op("Blur", (0.0, 0.02)), op("Gamma", 0.2)], weights=(1, 2))], p=0.9
    )
    made = policy.weakened(0.5)
    assert made.to_dict() == {
        "name": "Compose",
        "p": 0.9,
        "parts": [
            {"name": "Rotate", "degrees": 10.0, "p": 0.3},
            {
                "name": "OneOf",
                "parts": [{"name": "Blur", "deviation": [0.0, 0.01]}, {"name": "Gamma", "power": 0.1}],
                "weights": [1, 2],
            },
        ],
    }
    with pytest.raises(ConfigError, match="Flip"):
        Compose([op("Rotate"), op("Flip")]).weakened(0.5)


def test_a_fitted_change_knows_what_it_knew():
    X = ROWS["table"][[*"abcd"]].to_numpy()
    fitted = op("JitterNumbers", (0.3, 0.3), random_state=0).fit(X)
    assert fitted.weakened(0.5).known is fitted.known
    moved = [np.abs(made(X) - X).mean() for made in (fitted, fitted.weakened(0.5))]
    assert moved[1] == pytest.approx(moved[0] / 2, rel=0.05)


def test_safe_weakens_and_leaves_out_by_place():
    policy = Compose([op("Flip"), op("Rotate", 20.0), OneOf([op("Invert"), op("Blur"), op("Grey")], weights=(1, 2, 3))])
    assert list(strength.places(policy)) == ["0", "1", "2.0", "2.1", "2.2"]
    made = policy.safe({"0": 0.0, "1": 0.25, "2.0": 0.0})
    assert made == Compose([op("Rotate", 5.0), OneOf([op("Blur"), op("Grey")], weights=(2, 3))])
    assert policy.safe({}) == policy
    assert policy.safe(dict.fromkeys(strength.places(policy), 0.0)) == strength.nothing("image")
    assert policy.safe({"2.1": 0.0, "2.2": 0.0, "2.0": 0.0}).parts == policy.parts[:2]


@pytest.mark.parametrize(("name", "rows"), [("Flip", "image"), ("DeleteWords", "text"), ("Permute", "series")])
def test_of_a_change_alone_nothing_may_be_left_which_does_nothing(name, rows):
    made = op(name, random_state=0).safe({"": 0.0})
    assert made.kind == rows
    assert Transform.from_dict(made.to_dict()) == made
    assert np.array_equal(values(made(ROWS[rows])), values(ROWS[rows]))
    assert op(name).safe({"": 1.0}) == op(name)


@pytest.mark.parametrize("kind", [*ROWS])
def test_nothing_is_done_to_rows_of_each_kind(kind):
    made = strength.nothing(kind)
    given = Images(ROWS[kind]) if kind == "image" else ROWS[kind]
    assert np.array_equal(values(made(given)), values(ROWS[kind]))
    with pytest.raises(ConfigError, match="of must be"):
        Compose([op("Flip")], of="text")
    with pytest.raises(ConfigError, match="of must be"):
        Compose([], of="smell")


@pytest.mark.parametrize(
    ("op", "setting", "half"),
    [
        (T.GaussianNoise(0.1), "deviation", 0.05),
        (T.JitterSeries(0.1), "deviation", 0.05),
        (T.Night(0.5), "light", 0.75),
        (T.WindowSlice(0.8), "share", 0.9),
        (T.Downscale(3), "factor", 2.0),
        (T.ShotNoise(100), "photons", 400.0),
        (T.Posterise(4), "bits", 6),
        (T.Rotate(20), "degrees", 10.0),
        (T.Brightness(0.4), "factor", 0.2),
    ],
)
def test_one_number_is_weakened_towards_nothing(op, setting, half):
    assert getattr(op.weakened(0.5), setting) == pytest.approx(half)
