"""The day of the week and the time of day of dates over years, which long bins would lose."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.base import clone

from gensynth import VAE, WGAN, Autoregressive, load
from gensynth.data.codes import Codebook
from gensynth.data.cycles import Cycles
from gensynth.data.encode import TableEncoder
from gensynth.errors import DataError, FormatError

START = pd.Timestamp("2022-01-03")  # a Monday
FAST = {"training": {"batch_size": 128}, "random_state": 0}
SMALL = {
    "Autoregressive": Autoregressive(hidden=(32, 32), steps=250, **FAST),
    "VAE": VAE(hidden=(48,), noise=4, steps=250, **FAST),
    "WGAN": WGAN(hidden=(48,), noise=8, steps=300, training={"lr": 4e-3, "batch_size": 64}, random_state=0),
}


def shop(n=1500, days=730, seed=0, zone=None, step=1):
    """Return sales from 9 to 17 on weekdays, `step` seconds apart at least, frauds from 22 to 4, and which is which."""
    rng = np.random.default_rng(seed)
    y = np.where(rng.random(n) < 0.2, "fraud", "fine")
    day = rng.choice(np.arange(days)[np.arange(days) % 7 < 5], n)
    hour = np.where(y == "fraud", (22 + 6 * rng.random(n)) % 24, 9 + 8 * rng.random(n))
    when = pd.Series(START + pd.to_timedelta(day * 86400 + (hour * 3600 // step * step).astype(int), unit="s"))
    if zone:
        when = when.dt.tz_localize(zone, nonexistent="shift_forward", ambiguous=np.zeros(n, dtype=bool))
    return pd.DataFrame({"amount": rng.lognormal(np.where(y == "fraud", 5, 3), 1).round(2), "when": when}), y


def shares(when, y):
    """Return the shares of weekends, of fine rows in opening hours, of frauds at night, of fine rows at night."""
    hour, fraud = when.dt.hour, np.asarray(y) == "fraud"
    night = (hour >= 22) | (hour < 4)
    return np.array([
        (when.dt.day_of_week >= 5).mean(), ((hour >= 9) & (hour < 17))[~fraud].mean(), night[fraud].mean(),
        night[~fraud].mean(),
    ])  # fmt: skip


def coded(X, y=None):
    """Return the encoder, the rows and the codebook of a table."""
    encoder = TableEncoder()
    rows = encoder.fit(X)
    classes = np.zeros(len(rows), np.intp) if y is None else pd.factorize(y)[0].astype(np.intp)
    return encoder, rows, Codebook.fit(rows, encoder.layout_, classes)


def kept(X, y=None):
    return [(one.place, one.kept) for one in coded(X, y)[2].cycles]


@pytest.fixture(scope="module")
def models():
    X, y = shop()
    return {name: clone(model).fit(X, y) for name, model in SMALL.items()}


@pytest.mark.parametrize("name", SMALL)
def test_weekends_opening_hours_and_nights_are_kept(models, name):
    made, labels = models[name].sample(2000, return_y=True, random_state=1)
    np.testing.assert_allclose(shares(made["when"], labels), [0, 1, 1, 0], atol=0.06)
    whole = shop()[0]["when"]
    assert made["when"].between(whole.min(), whole.max()).all()
    months = [part.dt.to_period("Q").value_counts(normalize=True).sort_index() for part in (whole, made["when"])]
    assert (months[0] - months[1]).abs().max() < 0.06


def test_the_wall_clock_of_a_zone_counts():
    X, y = shop(zone="America/New_York")
    model = clone(SMALL["Autoregressive"]).fit(X, y)
    made, labels = model.sample(2000, return_y=True)
    assert made["when"].dtype == X["when"].dtype
    np.testing.assert_allclose(shares(made["when"], labels), [0, 1, 1, 0], atol=0.03)


def test_strings_keep_their_format_and_missing_dates_stay_possible():
    X, y = shop()
    X["when"] = X["when"].dt.strftime("%d.%m.%Y %H:%M").where(np.arange(len(X)) % 5 > 0, None)
    made, labels = clone(SMALL["Autoregressive"]).fit(X, y).sample(2000, return_y=True)
    assert abs(made["when"].isna().mean() - 0.2) < 0.05
    some = made["when"].notna().to_numpy()
    when = pd.to_datetime(made["when"][some], format="%d.%m.%Y %H:%M")
    np.testing.assert_allclose(shares(when, np.asarray(labels)[some]), [0, 1, 1, 0], atol=0.03)


@pytest.mark.parametrize("n", [300, 3000])  # few dates are continuous, many repeat
def test_days_without_times_keep_their_weekday(n):
    X, y = shop(n)
    X["when"] = X["when"].dt.normalize()
    model = Autoregressive(hidden=(16, 16), steps=100, random_state=0).fit(X, y)
    assert [one.kept for one in model.form_.codebook.cycles] == [("weekday",)]
    made = model.sample(1000)["when"]
    assert (made == made.dt.normalize()).all()
    assert (made.dt.day_of_week < 5).all()


def test_cycles_are_kept_where_bins_are_long_and_dates_uneven():
    X, y = shop()
    both = ("weekday", "time")
    assert kept(X, y) == [(1, both)]
    assert kept(X.assign(when=X["when"].dt.as_unit("s")), y) == [(1, both)]
    assert kept(X.assign(late=X["when"] + pd.Timedelta(3, "h"))) == [(1, both), (2, both)]
    assert kept(shop(days=45)[0]) == [(1, both)]
    assert kept(shop(days=10)[0]) == []
    assert kept(X.assign(when=X["when"] - START)) == []  # durations
    assert kept(X.assign(when=START + pd.to_timedelta(np.arange(len(X)) * 7, unit="D"))) == []
    assert kept(X.assign(when=START + pd.to_timedelta(np.arange(len(X)) * 7, unit="h"))) == []  # no grid of a day
    rng = np.random.default_rng(0)
    even = pd.DataFrame({"when": START + pd.to_timedelta(rng.integers(0, 730 * 86400, 3000), unit="s")})
    assert kept(even) == []
    assert kept(even, np.where(even["when"].dt.hour < 12, "a", "b")) == [(0, ("time",))]  # even but by class
    two = pd.DataFrame({"when": START + pd.to_timedelta(2 * rng.integers(0, 730 * 12, 3000), unit="h")})
    assert kept(two) == []


def dates(zone=None):
    return coded(*shop(1200, zone=zone, seed=3))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "Asia/Kathmandu"])
def test_what_comes_round_is_told_by_the_wall_clock(zone):
    encoder, rows, book = dates(zone)
    (cycles,) = book.cycles
    when = encoder.decode_frame(rows.copy(), np.random.default_rng(0))["when"]
    weekday, time = cycles.clock.parts(rows[:, 1])
    np.testing.assert_array_equal(weekday, when.dt.day_of_week)
    seconds = 3600.0 * when.dt.hour + 60 * when.dt.minute + when.dt.second
    np.testing.assert_array_equal(time, seconds * cycles.clock.hour / 3600)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "America/St_Johns"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_dates_of_all_ages_have_weekdays(unit, zone):
    most = 10**11 if unit == "s" else 2**63 - 2 * 10 ** {"us": 6, "ns": 9}[unit] * 86400
    ticks = np.random.default_rng(0).integers(-most, most, 300)
    when = pd.Series(ticks.view(f"M8[{unit}]"))
    X = pd.DataFrame({"when": when.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else when})
    encoder, rows, book = coded(X)
    clock = encoder.layout_.blocks[0].clock
    (weekday, time), whole = clock.parts(rows[:, 0]), ticks.astype(object) // clock.hour
    assert (np.abs(time - (whole % 24).astype(float) * clock.hour) < clock.day).all()
    if not zone:
        np.testing.assert_array_equal(weekday, (whole // 24 + 3) % 7)
    assert np.isfinite(clock.moved(rows[:, 0], np.full(300, 3.0))).all()
    assert book.decode(book.encode(rows), np.full((300, len(book.columns)), 0.5)).shape == rows.shape


BOOKS = {zone: dates(zone) for zone in (None, "Europe/Berlin")}


@given(st.sampled_from([*BOOKS]), st.integers(0, 2**32))
@example(None, 0)
def test_dates_come_back_in_their_bin_at_their_phases(zone, seed):
    encoder, rows, book = BOOKS[zone]
    codes = book.encode(rows)
    back = book.decode(codes, np.random.default_rng(seed).random(codes.shape))
    again, column = book.encode(back), book.columns[1]
    assert ((back[:, 1] >= 0) & (back[:, 1] <= encoder.coded_[1].high)).all()
    low, high = column.ends(codes[:, 1].astype(np.intp))
    long = high - low > 8 * book.cycles[0].clock.day
    assert long.mean() > 0.7
    np.testing.assert_array_equal(again[long], codes[long])
    gone = again[:, 2:] != codes[:, 2:]
    assert gone.mean() < (0.002 if zone else 0.0005)  # an hour that summer time leaves out


def test_dates_that_stand_out_and_missing_ones_stay_as_they_are():
    X, _ = shop()
    X.loc[::3, "when"] = pd.Timestamp("2022-12-25 03:00")
    X.loc[1::9, "when"] = pd.NaT
    _, rows, book = coded(X)
    codes = book.encode(rows)
    mixed = codes.copy()
    mixed[:, 2:] = np.random.default_rng(0).permutation(codes[:, 2:])
    back, u = rows.copy(), np.full(codes.shape, 0.5)
    back[:] = book.decode(mixed, u)
    stay = np.isnan(rows[:, 1]) | (X["when"] == pd.Timestamp("2022-12-25 03:00")).to_numpy()
    assert len(book.columns[1].atoms) == 1
    np.testing.assert_array_equal(back[stay, 1], rows[stay, 1])
    assert not np.isnan(back[~stay, 1]).any()
    assert book.silent(codes)[:, 2:].all(axis=1).tolist() == stay.tolist()


def test_codes_that_do_not_belong_together_stay_in_range():
    encoder, _, book = BOOKS["Europe/Berlin"]
    rng = np.random.default_rng(0)
    codes = np.stack([rng.integers(0, size, 5000) for size in book.sizes], axis=1)
    back = book.decode(codes, rng.random(codes.shape))
    assert ((back[:, 1] >= 0) & (back[:, 1] <= encoder.coded_[1].high)).all()
    assert (book.encode(back)[:, 2:] == codes[:, 2:]).all(axis=1).mean() > 0.99


@pytest.mark.parametrize("name", ["Autoregressive", "WGAN"])
def test_a_date_that_is_held_holds_what_comes_round(models, name):
    model, night = models[name], pd.Timestamp("2023-03-14 23:30:00")
    made, labels = model.sample(400, conditions={"when": night}, return_y=True, random_state=0)
    assert (made["when"] == night).all()
    if name == "Autoregressive":
        assert (np.asarray(labels) == "fraud").mean() > 0.9
    rows = model.encoder_.encode(pd.DataFrame({"amount": [1.0], "when": [night]}))
    held = model.form_.codebook.held(1, rows[0, 1])
    assert [*held] == [1, 2, 3]
    assert held[2] == 1  # a Tuesday
    assert (model.sample(50, y="fine", conditions={"when": night})["when"] == night).all()


def test_holes_are_filled_at_hours_of_the_class(models):
    X, y = shop(seed=5)
    X["when"] = X["when"].where(np.arange(len(X)) % 2 > 0)
    X["amount"] = X["amount"].where(np.arange(len(X)) % 4 != 1)
    filled = models["Autoregressive"].impute(X, y, random_state=0)
    assert not filled.isna().any().any()
    np.testing.assert_allclose(shares(filled["when"][::2], y[::2]), [0, 1, 1, 0], atol=0.04)
    pd.testing.assert_series_equal(filled["when"][1::2], X["when"][1::2])


def seen(X, **changes):
    return Autoregressive(**{"hidden": (16, 16), "steps": 300, "random_state": 0} | changes).fit(X)


def total(model, every, width):
    """Return the sum of a density at dates over what each stands for."""
    return float(np.exp(model.log_density(pd.DataFrame({"when": every}))).sum() * width)


def test_density_is_one_over_all_seconds():
    X = shop()[0][["when"]]
    model = seen(X)
    every = pd.date_range(X["when"].min(), X["when"].max(), freq="397s").as_unit(X["when"].dt.unit)
    ticks = 397 * {"s": 1, "us": 10**6, "ns": 10**9}[X["when"].dt.unit]
    assert 0.94 < total(model, every, ticks) < 1.02
    shut = every[(every.hour >= 5) & (every.hour < 8) | (every.day_of_week >= 5)]
    assert total(model, shut, ticks) == 0


@pytest.mark.parametrize(("step", "freq"), [(3600, "h"), (86400, "D")])
@pytest.mark.parametrize("n", [400, 4000])
def test_density_is_one_over_all_hours_or_days(n, step, freq):
    X = shop(n)[0][["when"]]
    X["when"] = X["when"].dt.floor(freq).astype("datetime64[s]")
    X.loc[::7, "when"] = pd.NaT
    model = seen(X)
    every = pd.date_range(X["when"].min(), X["when"].max(), freq=freq).as_unit("s")
    ticks = step if freq == "D" and model.form_.codebook.columns[0].smooth else 1
    missing = total(model, [pd.NaT], 1)
    assert abs(missing - 1 / 7) < 0.05
    assert 0.93 < total(model, every, ticks) + missing < 1.02


@pytest.mark.parametrize("name", SMALL)
def test_saved_and_loaded_they_make_the_same_rows(models, name, tmp_path):
    models[name].save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.form_.codebook.cycles == models[name].form_.codebook.cycles
    pd.testing.assert_frame_equal(again.sample(50, random_state=3), models[name].sample(50, random_state=3))


def test_a_file_without_cycles_is_read_and_a_damaged_one_is_not(models, tmp_path, monkeypatch):
    X, y = shop()
    with monkeypatch.context() as before:
        before.setattr("gensynth.data.codes.Cycles.of", lambda place, clock, *_: Cycles(place, clock, ()))
        old = Autoregressive(hidden=(16, 16), steps=10, random_state=0).fit(X, y)
    old.save(tmp_path / "old")
    columns = json.loads((tmp_path / "old" / "model.json").read_text())["state"]["columns"]
    assert [{*flags} for flags in columns] == [{"ordered", "smooth", "missing"}] * 2
    again = load(tmp_path / "old")
    pd.testing.assert_frame_equal(again.sample(50, random_state=1), old.sample(50, random_state=1))
    np.testing.assert_array_equal(again.log_density(X, y), old.log_density(X, y))
    models["Autoregressive"].save(tmp_path / "new")
    meta = tmp_path / "new" / "model.json"
    whole = json.loads(meta.read_text())
    for spot, change in (
        (2, {"of": 0}), (2, {"of": 7}), (2, {"of": "x"}), (3, {"cycle": "month"}), (3, {"cycle": "weekday"}),
        (2, {"of": None}), (3, {"cycle": None}), (1, {"of": 1, "cycle": "time"}),
    ):  # fmt: skip
        spoilt = json.loads(json.dumps(whole))
        spoilt["state"]["columns"][spot] |= change
        meta.write_text(json.dumps(spoilt))
        with pytest.raises(FormatError):
            load(tmp_path / "new")


def test_points_of_rows_on_days_and_at_times_that_were_not_seen(models):
    X, _ = shop(5)
    X.loc[0, "when"] = pd.Timestamp("2022-05-01 06:30")  # a Sunday
    assert np.isfinite(models["VAE"].encode(X, "fine")).all()
    X.loc[1, "when"] = pd.NaT
    with pytest.raises(DataError, match="column 'when', row 1: a missing cell"):
        models["VAE"].encode(X, "fine")
    assert models["Autoregressive"].log_density(X.iloc[:1], "fine")[0] == -np.inf
