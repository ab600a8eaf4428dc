"""Transforms of series against what can be computed: exact places, spreads, a plain DTW, bad input, and a real set."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from gensynth import transforms as T
from gensynth.balance.balancer import Balancer
from gensynth.data.kinds import Series
from gensynth.errors import ConfigError, DataError, RealRowsWarning
from gensynth.generators.augment import Augment
from gensynth.transforms.base import Transform
from gensynth.transforms.series import base, dtw
from gensynth.transforms.series.base import bridged, resampled, smooth, spread
from gensynth.transforms.series.default import default

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "timeseries"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared series are not here")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3, 40)).cumsum(axis=2)
Y = np.array(["a", "b", "b"] * 4)
UNEQUAL = [RNG.normal(size=(2, length)) for length in (7, 1, 0, 12, 2, 7, 3, 7)]
NAMES = [name for name in T.TRANSFORMS if T.TRANSFORMS[name].startswith("gensynth.transforms.series")]
SETTINGS = {"CropSeries": {"length": 40}, "GuidedWarp": {}}


def made(name: str, **settings) -> Transform:
    return T.transform_class(name)(**{"random_state": 0, **SETTINGS.get(name, {}), **settings})


def ready(name: str, X=X, y=Y, **settings) -> Transform:
    return made(name, **settings).fit(X, y)


def test_the_list_is_what_was_promised():
    assert len(NAMES) == 12
    for name in NAMES:
        assert T.transform_class(name).kind == "series"


# Randomness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_row_comes_out_the_same_in_every_batch(name):
    op = T.Compose([made(name, p=0.8), made(name)], random_state=3).fit(X, Y)
    whole, _ = op(X, y=Y)
    assert np.array_equal(op(X, y=Y)[0], whole)
    for rows in ([4], [7, 0, 2]):
        assert np.array_equal(op(X[rows], y=Y[rows], index=rows)[0], whole[rows])
    assert np.array_equal(op(X[4], y=Y[4], index=[4])[0], whole[4])
    assert np.array_equal(op([*X], y=Y)[0], whole)


@pytest.mark.parametrize("name", NAMES)
def test_many_rows_go_in_parts(name, monkeypatch):
    op = ready(name)
    whole, _ = op(X, y=Y)
    monkeypatch.setattr(base, "BLOCK", 500)
    assert np.array_equal(op(X, y=Y)[0], whole)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "CropSeries"])
def test_a_row_of_unequal_ones_comes_out_the_same_alone(name):
    y = np.array([0, 1] * 4)
    op = ready(name, UNEQUAL, y)
    whole, _ = op(UNEQUAL, y=y)
    for row, one in enumerate(UNEQUAL):
        assert whole[row].shape == one.shape
        assert np.array_equal(op([one], y=y[[row]], index=[row])[0][0], whole[row])


@pytest.mark.parametrize("name", NAMES)
def test_rows_epochs_and_seeds_differ(name):
    x = np.repeat(X[:1], 30, axis=0)
    op = ready(name, **({"length": 20} if name == "CropSeries" else {}))
    first = op(x, y=Y[[0] * 30])[0]
    assert len(np.unique(first.reshape(30, -1), axis=0)) > 1
    for other in (op(x, y=Y[[0] * 30], epoch=1), replace(op, random_state=1).fit(X, Y)(x, y=Y[[0] * 30])):
        assert not np.array_equal(first, other[0])


@pytest.mark.parametrize("name", NAMES)
def test_settings_travel_as_data_and_copies_do_the_same(name):
    op = made(name, p=0.5)
    assert Transform.from_dict(op.to_dict()) == op
    fitted = op.fit(X, Y)
    for twin in (
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
        Transform.from_dict(op.to_dict()).fit(X, Y),
    ):
        assert np.array_equal(twin(X, y=Y)[0], fitted(X, y=Y)[0])


@pytest.mark.parametrize("name", NAMES)
def test_input_and_global_state_stay(name):
    x, kept, state = X.copy(), X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    ready(name)(x, y=Y)
    assert np.array_equal(x, kept)
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


# What each does -------------------------------------------------------------------------------------------------------


def test_noise_is_in_deviations_of_each_channel():
    x = np.stack([np.sin(np.arange(2000) / 9), 100 + 50 * np.cos(np.arange(2000) / 5)])[None]
    apart = T.JitterSeries((0.2, 0.2), random_state=0)(x) - x
    assert np.allclose(apart.std(axis=2), 0.2 * x.std(axis=2), rtol=0.05)
    assert np.abs(np.corrcoef(apart[0])[0, 1]) < 0.1
    assert np.allclose(spread(x)[..., 0], x.std(axis=2))


def test_scaling_is_one_factor_a_row_or_a_channel():
    for each, count in ((False, 1), (True, 3)):
        shares = T.ScaleSeries((0.5, 2.0), each, random_state=0)(X) / X
        assert np.allclose(shares, shares[..., :1])
        assert ((shares >= 0.5) & (shares < 2)).all()
        assert [len(np.unique(row[:, 0].round(9))) for row in shares] == [count] * len(X)


def test_drift_starts_at_nothing_and_goes_as_far_as_is_said():
    apart = T.Drift((0.7, 0.7), random_state=0)(X) - X
    assert np.allclose(apart[..., 0], 0)
    assert np.allclose(np.abs(apart).max(axis=2), 0.7 * X.std(axis=2))
    assert np.abs(np.diff(apart, 3, axis=2)).max() < 0.05 * np.abs(apart).max()


def test_magnitude_warp_multiplies_by_a_smooth_curve_around_one():
    curve = T.MagnitudeWarp((0.2, 0.2), random_state=0)(np.ones((400, 1, 50)))[:, 0]
    assert abs(curve.mean() - 1) < 0.02
    ends = curve[:, [0, -1]]
    assert abs(ends.std() - 0.2) < 0.02
    assert np.abs(np.diff(curve, 3, axis=1)).max() < 0.1
    nodes = RNG.normal(size=(2, 5))
    assert np.allclose(smooth(nodes, 41)[:, ::10], nodes)
    line = np.linspace(2, 7, 6)
    assert np.allclose(smooth(line, 31), np.linspace(2, 7, 31))


RAMP = np.tile(np.arange(50.0), (200, 2, 1))  # the value tells the place in time


@pytest.mark.parametrize("op", [T.TimeWarp((0.5, 0.5), random_state=0), T.WindowWarp((0.1, 0.4), random_state=0)])
def test_warps_keep_ends_order_and_channels_together(op):
    places = op(RAMP)
    assert np.allclose(places[..., 0], 0)
    assert np.allclose(places[..., -1], 49)
    assert (np.diff(places, axis=2) > 0).all()
    assert np.array_equal(places[:, 0], places[:, 1])
    assert np.abs(places - RAMP).max() > 1


def test_a_window_warp_changes_the_pace_of_one_window_alone():
    places = T.WindowWarp((0.2, 0.2), (0.5,), random_state=0)(RAMP)[:, 0]
    pace = np.diff(places, axis=1)
    usual = 1 - 0.2 / 2  # the whole becomes 0.9 as long, and so goes 0.9 of a sample at a time
    counts = np.isclose(pace, usual).sum(axis=1), np.isclose(pace, usual * 2).sum(axis=1)
    assert (counts[0] + counts[1] >= 47).all()  # but for the two steps across the window's ends
    assert ((counts[1] >= 4) & (counts[1] <= 6)).all()


def test_a_slice_is_a_window_stretched():
    places = T.WindowSlice((0.6, 0.8), random_state=0)(RAMP)[:, 0]
    pace = np.diff(places, axis=1)
    assert np.allclose(pace, pace[:, :1])
    assert ((pace[:, 0] >= 0.6) & (pace[:, 0] <= 0.8)).all()
    assert places.min() >= 0
    assert places.max() <= 49
    assert places[:, 0].min() < 2
    assert places[:, -1].max() > 47
    assert np.array_equal(T.WindowSlice((1.0, 1.0), random_state=0)(X), X)


def test_pieces_change_places_whole():
    moved = T.Permute((4, 4), random_state=0)(np.tile(np.arange(40.0), (300, 1, 1)))[:, 0]
    pieces = moved.reshape(300, 4, 10)
    assert np.array_equal(np.sort(moved, axis=1)[0], np.arange(40))
    assert (np.diff(pieces, axis=2) == 1).all()
    orders = {tuple(row) for row in (pieces[:, :, 0] // 10).astype(int)}
    assert len(orders) == 24
    assert np.array_equal(T.Permute(1, random_state=0)(X), X)
    assert np.array_equal(np.sort(T.Permute((2, 60), random_state=0)(X), axis=2), np.sort(X, axis=2))


def test_dropped_samples_are_filled():
    x = RAMP[:, :1] + 1
    last = T.DropSamples((0.3, 0.3), random_state=0)(x)[:, 0]
    lost = last != x[:, 0]
    assert abs(lost.mean() - 0.3) < 0.03
    assert np.array_equal(last[:, 1:][lost[:, 1:]], last[:, :-1][lost[:, 1:]])
    runs = np.isnan(T.DropSamples((0.2, 0.2), 5, float("nan"), random_state=0)(x)[:, 0])
    inside = runs[:, 1:-1] & ~runs[:, :-2] & ~runs[:, 2:]  # a run of one sample
    assert not inside.any()
    assert 0.1 < runs.mean() < 0.22
    mean = T.DropSamples((0.3, 0.3), fill="mean", random_state=0)(x)[:, 0]
    assert np.array_equal(mean == x[:, 0].mean(axis=1, keepdims=True), lost | (x[:, 0] == x[0, 0].mean()))
    every = T.DropSamples((1.0, 1.0), random_state=0)(x)
    assert np.isin(every, x).all()


def test_channels_turn_and_change_places():
    x = np.tile(np.arange(1, 4.0)[:, None], (600, 1, 5))
    turned = T.RotateChannels(random_state=0)(x)[..., 0]
    assert np.array_equal(np.sort(np.abs(turned), axis=1), np.tile([1, 2, 3], (600, 1)))
    assert abs((turned < 0).mean() - 0.5) < 0.05
    assert len({tuple(row) for row in np.abs(turned)}) == 6
    assert np.array_equal(np.abs(T.RotateChannels(shuffle=False, random_state=0)(X)), np.abs(X))
    assert np.array_equal(T.RotateChannels(1.0, random_state=0)(X[:, :1]), -X[:, :1])


def test_crops_are_windows_at_all_places():
    x = np.tile(np.arange(10.0), (200, 2, 1))
    cut = T.CropSeries(7, random_state=0)(x)
    assert cut.shape == (200, 2, 7)
    assert (np.diff(cut, axis=2) == 1).all()
    assert {*cut[:, 0, 0]} == {0, 1, 2, 3}
    longer = T.CropSeries(12, random_state=0)(x)
    assert np.array_equal(longer, np.pad(x, ((0, 0), (0, 0), (0, 2)), "edge"))
    found = T.CropSeries(5, random_state=0)(UNEQUAL)
    assert [one.shape for one in found] == [(2, 5)] * 8
    assert not found[2].any()
    mixed = T.CropSeries(7, p=0.5, random_state=0)(x)  # an array has one length: rows cut short end as they ended
    assert mixed.shape == x.shape
    assert {float(row[0, -1] - row[0, 0]) for row in mixed} == {6.0, 9.0}


# Guided warps ---------------------------------------------------------------------------------------------------------


def plain_dtw(x, y, band):
    """Return the distance and the path in x, cell by cell."""
    t = x.shape[1]
    table, came = np.full((t, t), np.inf), {}
    for i in range(t):
        for j in range(max(0, i - band), min(t, i + band + 1)):
            before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            costs = [table[cell] if min(cell) >= 0 else np.inf for cell in before]
            best = int(np.argmin(costs))
            table[i, j] = ((x[:, i] - y[:, j]) ** 2).sum() + (costs[best] if i + j else 0)
            came[i, j] = before[best]
    cell, path = (t - 1, t - 1), []
    while cell != (0, 0):
        path.append(cell[0])
        cell = came[cell]
    return table[-1, -1], np.array([0, *path[::-1]])


@pytest.mark.parametrize(("length", "band", "channels"), [(2, 1, 1), (3, 2, 1), (20, 3, 3), (21, 20, 1), (9, 1, 2)])
def test_diagonals_give_what_a_plain_dtw_gives(length, band, channels):
    x, y = RNG.normal(size=(2, 5, channels, length)).cumsum(axis=3)
    got, places = dtw.distances(x, y, band), dtw.places_along(x, y, band)
    for row in range(5):
        want, path = plain_dtw(x[row], y[row], band)
        assert got[row] == pytest.approx(want)
        along = np.interp(np.linspace(0, len(path) - 1, length), np.arange(len(path)), path)
        assert np.allclose(places[row], along)
    assert np.array_equal(dtw.distances(x, x, band), np.zeros(5))


def test_tables_too_large_for_memory_go_in_parts(monkeypatch):
    x, y = RNG.normal(size=(2, 9, 1, 30))
    whole = dtw.places_along(x, y, 4), dtw.distances(x, y, 4)
    monkeypatch.setattr(dtw, "BYTES", 3 * 60 * 9)
    parts = dtw.places_along(x, y, 4), dtw.distances(x, y, 4)
    assert all(np.array_equal(one, two) for one, two in zip(whole, parts, strict=True))


def bumps(centres, length=60):
    """Return one bump each, of which a centre tells the place."""
    return np.exp(-((np.arange(length) - np.asarray(centres)[:, None]) ** 2) / 18)[:, None]


def test_a_warp_goes_towards_the_teacher_and_keeps_the_values():
    x = bumps([22, 27])
    warped = T.GuidedWarp(random_state=0).fit(x, [0, 0])(x, y=[0, 0])[0]
    tops = warped[:, 0].argmax(axis=1)
    assert 24 <= tops[0] <= 25 >= tops[1] >= 24  # half way
    assert np.allclose(warped.max(axis=2), 1, atol=0.02)
    assert (((warped - x[::-1]) ** 2).sum(axis=2) < ((x - x[::-1]) ** 2).sum(axis=2) / 2).all()


def test_teachers_are_of_the_class_and_not_the_row_itself():
    x, y = bumps([20, 20, 26, 40, 46]), np.array([0, 0, 0, 1, 1])
    op = T.GuidedWarp(random_state=0).fit(x, y)
    many = np.repeat(x[3:4], 60, axis=0)
    tops = op(many, y=[1] * 60)[0][:, 0].argmax(axis=1)
    assert (tops > 40).all()  # always after the other row of its class, never after those before it
    alone = T.GuidedWarp(random_state=0).fit(x[:4], y[:4])(x[3:4], y=y[3:4])[0]
    assert np.array_equal(alone, x[3:4])
    assert np.array_equal(op(x[:1], y=[7])[0], x[:1])
    with pytest.raises(DataError, match="fitted with labels"):
        op(x)
    with pytest.raises(DataError, match="none: fit it on some"):
        T.GuidedWarp().fit(x[:0])


def test_a_discriminative_teacher_is_far_from_other_classes():
    x = bumps([30] * 3 + [22] + [20] * 4)
    y = np.array([0] * 4 + [1] * 4)
    settings = {"candidates": 8, "random_state": 0}
    op = T.GuidedWarp("discriminative", **settings).fit(x, y)
    student = np.repeat(bumps([26]), 80, axis=0)
    chosen = op(student, y=[0] * 80)[0][:, 0].argmax(axis=1)
    drawn = T.GuidedWarp(**settings).fit(x, y)(student, y=[0] * 80)[0][:, 0].argmax(axis=1)
    assert (drawn < 26).mean() > 0.15  # one of four teachers lies near the other class
    assert (chosen < 26).mean() < 0.05


def test_series_of_unequal_lengths_teach_one_another():
    x = [*bumps([20], 50), *bumps([26], 60), *bumps([8], 20)]
    warped = T.GuidedWarp(random_state=0).fit(x)(x)
    assert [one.shape for one in warped] == [one.shape for one in x]
    with pytest.raises(DataError, match="as many channels"):
        T.GuidedWarp(random_state=0).fit([np.ones((2, 5)), np.eye(3, 5)])([np.ones((2, 5)), np.eye(3, 5)])


# Input ----------------------------------------------------------------------------------------------------------------


def usual() -> Transform:
    parts = [made(name) for name in NAMES if name != "CropSeries"]
    return T.Compose([*parts, default()], random_state=0)


@pytest.mark.parametrize("channels", [1, 12])
@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_short_series(length, channels):
    x = RNG.normal(size=(5, channels, length))
    assert np.isfinite(usual()(x)).all()
    assert usual()(x).shape == x.shape
    assert T.CropSeries(2)(x).shape == (5, channels, 2)


def test_no_rows_come_back():
    assert usual()(np.empty((0, 2, 9))).shape == (0, 2, 9)
    assert usual()([]) == []
    assert len(usual()(Series([]))) == 0


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int16", "uint8", "int64"])
def test_the_dtype_comes_back(dtype):
    x = np.clip(40 * X, 0 if dtype == "uint8" else -99, 99).astype(dtype)
    got = usual()(x)
    assert got.dtype == dtype
    assert got.shape == x.shape
    assert not np.array_equal(got, x)
    if x.dtype.kind in "iu":
        exact = usual()(x.astype(float))
        ends = np.iinfo(dtype)
        assert np.array_equal(got, np.clip(np.rint(exact), ends.min, ends.max))


def test_the_container_comes_back():
    one = usual()(X[0], index=[3])
    assert one.shape == X[0].shape
    held = usual()(Series(X))
    assert isinstance(held, Series)
    assert np.array_equal(held.x, usual()(X))
    unequal = usual()(Series(UNEQUAL))
    assert [part.shape for part in unequal.x] == [part.shape for part in UNEQUAL]
    assert isinstance(usual()(tuple(UNEQUAL)), tuple)
    assert [part.dtype for part in usual()([X[0].astype("f4"), X[1]])] == ["f4", "f8"]
    tensor = usual()(torch.from_numpy(X).float())
    assert tensor.dtype == torch.float32
    assert np.array_equal(tensor.numpy(), usual()(X.astype("f4")))


def test_constants_stay_where_noise_is_in_deviations():
    x = np.full((4, 2, 9), 0.1)
    for op in (T.JitterSeries((0.5, 1)), T.Drift((0.5, 1)), T.TimeWarp(), T.WindowSlice(), T.WindowWarp(), T.Permute()):
        assert np.allclose(op(x), x, rtol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_missing_samples_travel(name):
    x = X.copy()
    x[:, :, 10:14] = np.nan
    x[0, 1] = np.nan
    got, _ = ready(name, x)(x, y=Y)
    assert np.isnan(got[0]).any(axis=1).all() if name == "RotateChannels" else np.isnan(got[0, 1]).all()
    counts = np.isnan(got[1:]).sum(axis=2)
    if name in ("JitterSeries", "ScaleSeries", "Drift", "MagnitudeWarp", "CropSeries"):
        assert np.array_equal(np.isnan(got), np.isnan(x))
    assert (counts >= (0 if name == "DropSamples" else 1)).all()
    assert (counts <= 9).all()
    filled = bridged(np.array([[[np.nan, 1, np.nan, np.nan, 4, np.nan], [np.nan] * 6]]))
    assert np.allclose(filled, [[[1, 1, 2, 3, 4, 4], [0] * 6]])
    values = resampled(np.array([[[0, 1, np.nan, 3]]]), np.array([[0, 0.5, 1.4, 1.6, 2.4, 2.6, 3]]))
    assert np.array_equal(values, [[[0, 0.5, 1, np.nan, np.nan, 3, 3]]], equal_nan=True)


def test_what_cannot_be_used_is_said_in_a_sentence():
    op = T.JitterSeries()
    for x, text in [
        (np.zeros(9), r"x\[None\] is one series of one channel"),
        ([np.zeros(9)], r"x\[None\]"),
        (np.zeros((1, 2, 3, 4)), "4 dimensions"),
        (np.full((2, 1, 4), np.inf), "infinite"),
        (np.array([[["a", "b"]]]), "must hold numbers"),
    ]:
        with pytest.raises(DataError, match=text):
            op(x)
        with pytest.raises(DataError, match=text):
            op.check(x)
    with pytest.raises(DataError, match="int64 holds no NaN"):
        T.DropSamples((0.9, 0.9), fill=float("nan"))(np.zeros((2, 1, 40), dtype=np.int64))
    with pytest.raises(DataError, match="belongs to images"):
        op(X, mask=X)


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("JitterSeries", {"deviation": (-1, 0)}, "deviation"),
        ("ScaleSeries", {"factor": 2}, "factor"),
        ("Drift", {"points": 0}, "points"),
        ("MagnitudeWarp", {"knots": 1.5}, "knots"),
        ("TimeWarp", {"deviation": "much"}, "deviation"),
        ("WindowSlice", {"share": (0, 1)}, "share"),
        ("WindowWarp", {"factors": (0, 2)}, "factors"),
        ("WindowWarp", {"factors": ()}, "factors"),
        ("Permute", {"pieces": (0, 2)}, "pieces"),
        ("DropSamples", {"fill": "next"}, "fill"),
        ("DropSamples", {"run": 0}, "run"),
        ("RotateChannels", {"flip": 2}, "flip"),
        ("CropSeries", {"length": 0}, "length"),
        ("GuidedWarp", {"teacher": "wise"}, "teacher"),
        ("GuidedWarp", {"band": 0}, "band"),
        ("GuidedWarp", {"candidates": 3}, "candidates"),
    ],
)
def test_settings_out_of_range_are_refused(name, settings, text):
    with pytest.raises(ConfigError, match=text):
        T.transform_class(name)(**settings)


# As a generator -------------------------------------------------------------------------------------------------------


def test_augment_balances_series_and_comes_back_from_a_file(tmp_path):
    from gensynth.generators.files import load

    for x in (Series(X), Series([*X[:6], *X[6:, :, :30]])):
        y = ["often"] * 8 + ["rare"] * 4
        new, labels = Balancer(Augment(random_state=0)).fit_resample(x, y)
        assert labels.count("rare") == 8
        assert len(new) == 16
        made = Augment(T.GuidedWarp(), random_state=0).fit(x, y)
        with pytest.warns(RealRowsWarning):
            made.save(tmp_path / str(type(x.x).__name__))
        again = load(tmp_path / str(type(x.x).__name__)).sample(5, y="rare")
        for one, two in zip(again.x, made.sample(5, y="rare").x, strict=True):
            assert np.array_equal(one, two)


@needs_data
def test_the_default_helps_a_nearest_neighbour_on_gunpoint():
    frame = pd.read_csv(DATA / "gunpoint.csv.gz")
    x = frame.filter(regex=r"^t\d+$").to_numpy()[:, None]
    train = (frame["split"] == "train").to_numpy()
    y = frame["label"].to_numpy()
    new, labels = Balancer(Augment(random_state=0), sampling_strategy={1: 120, 2: 130}).fit_resample(
        Series(x[train]), y[train]
    )
    scores = []
    for known, of in ((x[train], y[train]), (new.x, labels)):
        apart = ((x[~train][:, None] - known[None]) ** 2).sum(axis=(2, 3))
        scores.append((of[apart.argmin(axis=1)] == y[~train]).mean())
    assert scores[1] > scores[0]


@needs_data
def test_guided_warps_of_five_hundred_heartbeats_take_a_moment():
    from time import process_time

    frame = pd.read_csv(DATA / "ecg5000_train.csv.gz")
    x, y = frame.filter(regex=r"^t\d+$").to_numpy()[:, None], frame["label"].to_numpy()
    op = T.GuidedWarp(random_state=0).fit(x, y)
    began = process_time()
    op(x, y=y)
    assert process_time() - began < 2  # a tenth of a second where nothing else runs


def test_frames_huge_values_and_counts_of_numpy():
    frame = pd.DataFrame(np.ones((3, 5)))
    with pytest.raises(DataError, match="got a frame"):
        T.TimeWarp()(frame)
    with pytest.raises(DataError, match="beyond 1e\\+140"):
        T.JitterSeries()(np.full((1, 1, 4), 1e200))
    large = 1e140 * np.sin(np.arange(30.0))[None, None]
    for name in ("JitterSeries", "Drift", "GuidedWarp", "TimeWarp"):
        assert np.isfinite(T.transform_class(name)(random_state=0)(np.concatenate([large, -large]))).all()
    x = np.arange(9.0)[None, None]
    assert np.array_equal(T.Permute(np.int64(3), random_state=1)(x), T.Permute(3, random_state=1)(x))
    with pytest.raises(ConfigError, match="pieces"):
        T.Permute(2.5)
