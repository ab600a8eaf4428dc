"""Transforms of recordings against what can be computed: tones, decibels, decays, responses, bad input, real speech."""

from __future__ import annotations

import pickle
import resource
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import wavfile
from scipy.ndimage import uniform_filter1d
from scipy.signal import hilbert
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from gensynth import transforms as T
from gensynth.balance.balancer import Balancer
from gensynth.data.kinds import Audio
from gensynth.errors import ConfigError, DataError, RealRowsWarning
from gensynth.generators.augment import Augment
from gensynth.generators.files import load
from gensynth.transforms.audio import vocoder
from gensynth.transforms.audio.default import default
from gensynth.transforms.audio.noise import COLOURS, coloured
from gensynth.transforms.audio.room import room_response
from gensynth.transforms.audio.spectrum import framed, joined
from gensynth.transforms.base import Transform

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "audio" / "free_spoken_digits"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared recordings are not here")
RNG = np.random.default_rng(0)
NAMES = [name for name in T.TRANSFORMS if T.TRANSFORMS[name].startswith("gensynth.transforms.audio")]
LENGTHENING = ["TimeStretch", "Speed", "CropTime"]
NOISE = (RNG.normal(size=5000) * 0.1).astype(np.float32)
SETTINGS = {"AddBackground": {"recordings": [NOISE[:700], NOISE]}, "FixLength": {"seconds": 0.05}}
X = (RNG.normal(size=(9, 900)) * 0.1).astype(np.float32)
UNEQUAL = [X[i, :length] for i, length in enumerate((900, 1, 0, 300, 2, 900, 10, 901))]
RATE = 8000


def made(name: str, **settings) -> Transform:
    return T.transform_class(name)(**{"random_state": 0, **SETTINGS.get(name, {}), **settings})


def tone(frequency: float, rate: float, seconds: float = 1.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def pitch(wave: np.ndarray, rate: float) -> float:
    """Return the frequency in Hz at which a wave is strongest."""
    n = 2**18
    return np.abs(np.fft.rfft(wave * np.hanning(len(wave)), n)).argmax() * rate / n


def level(wave: np.ndarray) -> float:
    """Return the power of a wave in dB."""
    return 10 * np.log10(np.mean(np.square(wave, dtype=np.float64)))


def same(a, b) -> bool:
    """Whether waves are the same, bit for bit."""
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_list_is_what_was_promised():
    assert set(NAMES) == {
        "AddBackground", "AddNoise", "ClipWave", "CropTime", "FixLength", "Gain", "HighPass", "LowPass", "PitchShift",
        "Reverberate", "SpecMask", "Speed", "TimeShift", "TimeStretch",
    }  # fmt: skip
    assert {T.transform_class(name).kind for name in NAMES} == {"audio"}


# Randomness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_row_comes_out_the_same_in_every_batch(name):
    first = made(name) if name == "FixLength" else made(name, p=0.7)
    policy = T.Compose([first, T.Gain(0.5), made(name)], random_state=3)
    state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002 -- that it is left alone
    whole = policy(X, rate=RATE)
    assert torch.equal(state[0], torch.random.get_rng_state())
    assert np.array_equal(state[1], np.random.get_state()[1])  # noqa: NPY002
    assert np.array_equal(policy(X, rate=RATE), whole)
    for rows in ([4], [7, 0, 2]):
        assert same(policy(X[rows], rate=RATE, index=rows), whole[rows])
    assert same([policy(X[4], rate=RATE, index=[4])], [whole[4]])
    mixed = policy(UNEQUAL, rate=RATE)
    for row, wave in enumerate(UNEQUAL):
        assert same(policy([wave], rate=RATE, index=[row]), [mixed[row]])
    assert not same(policy(X, rate=RATE, index=np.arange(9), epoch=1), whole) or name == "FixLength"


@pytest.mark.parametrize("name", NAMES)
def test_settings_survive_as_data_and_as_bytes(name):
    op = made(name)
    again = Transform.from_dict(op.to_dict())
    assert again == op
    assert pickle.loads(pickle.dumps(op)) == op
    assert np.array_equal(again(X, rate=RATE), op(X, rate=RATE))
    assert np.array_equal(pickle.loads(pickle.dumps(op))(X, rate=RATE), op(X, rate=RATE))
    assert type(op).__doc__
    assert name in op.explain()


# Containers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if name != "FixLength"])
def test_the_same_container_comes_back_and_the_input_stays(name):
    op = made(name)
    before = X.copy()
    want = op(X, rate=RATE)
    assert want.shape == X.shape
    for dtype, within in ((np.float64, 1e-6), (np.float32, 1e-6), (np.float16, 1e-3), (np.int16, None), (">f4", 1e-6)):
        given = (X * 2**15).astype(np.int16) if dtype is np.int16 else X.astype(dtype)
        got = op(given, rate=RATE)
        assert (got.dtype, got.shape) == (given.dtype, given.shape)
        if within and name != "ClipWave":
            assert np.allclose(got, want, rtol=within, atol=within)
    held = X.copy()
    held.flags.writeable = False
    assert np.array_equal(op(held, rate=RATE), want)
    tensor = op(torch.from_numpy(before), rate=RATE)
    assert isinstance(tensor, torch.Tensor)
    assert not op(torch.from_numpy(before).requires_grad_(), rate=RATE).requires_grad
    assert np.array_equal(tensor.numpy(), want)
    waves = op(Audio(X, RATE))
    assert isinstance(waves, Audio)
    assert waves.rate == RATE
    assert np.array_equal(waves.waves, want)
    for kind in (list, tuple):
        got = op(kind(UNEQUAL), rate=RATE)
        assert type(got) is kind
        assert [wave.dtype for wave in got] == [wave.dtype for wave in UNEQUAL]
        lengths = [len(wave) for wave in got]
        assert (lengths == [len(wave) for wave in UNEQUAL]) == (name not in LENGTHENING)
        assert all((length > 0) == (len(wave) > 0) for length, wave in zip(lengths, UNEQUAL, strict=True))
    assert np.array_equal(X, before)
    assert isinstance(op(Audio(UNEQUAL, RATE)).waves, list)
    labels = np.arange(9)
    assert op(X, rate=RATE, y=labels)[1] is labels


def test_untouched_rows_come_back_bit_for_bit_and_as_copies():
    precise = RNG.normal(size=(40, 50))
    for given in (precise, [*precise], torch.from_numpy(precise), (precise * 1e4).astype(np.int32)):
        got = T.Gain((6, 6), p=0.5, random_state=1)(given, rate=RATE)
        kept = [bool((new == old).all()) for new, old in zip(got, given, strict=True)]
        assert 5 < sum(kept) < 35
        got[kept.index(True)][:] = 7
        assert not (given[kept.index(True)] == 7).any()


def test_arrays_are_cut_or_filled_with_silence_and_lists_are_not():
    op = T.Speed((2, 2), random_state=0)
    wave = tone(200, RATE, 0.5)
    (alone,) = op([wave], rate=RATE)
    assert len(alone) == len(wave) / 2
    for got in (op(wave[None], rate=RATE)[0], op(wave, rate=RATE)):
        assert np.array_equal(got[: len(alone)], alone)
        assert not got[len(alone) :].any()
        assert got.shape == wave.shape
    slow = T.Speed((0.5, 0.5), random_state=0)
    assert np.array_equal(slow(wave, rate=RATE), slow([wave], rate=RATE)[0][: len(wave)])
    byte = np.full((1, 50), 128, dtype=np.uint8)
    assert (op(byte, rate=RATE) == 128).all()  # the silence of 8 bits without sign


def test_whole_numbers_are_scaled_and_never_clipped():
    wave = (tone(440, RATE) * 2**15).astype(np.int16)
    soft = T.Gain((-6, -6), random_state=0)(wave, rate=RATE)
    assert np.abs(soft - wave * 10 ** (-6 / 20)).max() <= 0.51
    loud = T.Gain((20, 20), random_state=0)(wave, rate=RATE)
    assert loud.max() <= 2**15 - 1
    assert max(loud.max(), -int(loud.min())) >= 2**15 - 2
    assert np.abs(loud / np.abs(loud).max() - wave / np.abs(wave).max()).max() < 1e-3  # the same shape
    floats = T.Gain((20, 20), random_state=0)(wave / 2.0**15, rate=RATE)
    assert floats.max() == pytest.approx(5, rel=1e-3)
    for dtype, scale, middle in ((np.int32, 2.0**31, 0), (np.uint8, 2.0**7, 128)):
        given = (tone(440, RATE) * 0.9 * scale + middle).round().astype(dtype)
        got = T.Gain((-6, -6), random_state=0)(given, rate=RATE)
        old, new = ((wave.astype(float) - middle) / scale for wave in (given, got))
        assert np.abs(new - old * 10 ** (-6 / 20)).max() < 0.6 / 128


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_short_silent_and_empty_waves_are_changed_without_nan(name):
    op = made(name)
    for length in (1, 2, 3, 10):
        got = op(X[:, :length], rate=44100)
        assert np.isfinite(got).all()
        if name not in ("FixLength", "AddNoise"):
            assert got.shape == (9, length)
    for given in (np.zeros((3, 700)), np.zeros((3, 700), dtype=np.int16), np.zeros((3, 1))):
        assert not op(given, rate=RATE).any()  # silence stays silence
    for given in (np.zeros((0, 700)), np.zeros((0, 0)), torch.zeros(0, 5)):
        assert op(given, rate=RATE).shape == given.shape
    assert op([], rate=RATE) == []
    if name != "FixLength":
        assert op(np.zeros((3, 0)), rate=RATE).shape == (3, 0)
        assert op(np.zeros(0), rate=RATE).shape == (0,)
        assert [len(wave) for wave in op([[], np.zeros(0)], rate=RATE)] == [0, 0]
    steady = np.full((2, 3000), 0.25)
    assert np.isfinite(op(steady, rate=RATE)).all()
    assert np.isfinite(op(X * 1e9, rate=RATE)).all()
    assert np.isfinite(op(X * 1e-30, rate=RATE)).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.full((2, 9), np.nan), "finite"),
        ([np.zeros(9), np.array([0, np.inf])], "wave 1 must be finite"),
        (np.full((2, 9), 1e60), "finite"),
        (np.full((2, 9), 1e13), "up to 1e\\+12"),
        ([np.zeros(9), np.zeros((2, 9))], r"wave 1 has the shape \(2, 9\).*one channel a wave"),
        ([0.1, 0.2], r"wave 0 has the shape \(\)"),
        (np.zeros((2, 2, 9)), "one channel a wave"),
        (np.zeros((2, 9), dtype=np.int64), "int64"),
        (np.zeros((2, 9), dtype=bool), "bool"),
        (np.zeros((2, 9), dtype=complex), "complex"),
        (torch.zeros(2, 9, dtype=torch.int64), "int64"),
        ([["a", "b"]], "wave 0 must be floats"),
        ("a wave", "got str"),
    ],
)
def test_what_is_no_recording_is_one_clear_sentence(given, words):
    with pytest.raises(DataError, match=words) as caught:
        T.Gain()(given, rate=RATE)
    assert "\n" not in str(caught.value)


def test_the_rate_must_be_told_once():
    with pytest.raises(ConfigError, match="rate=16000"):
        T.Gain()(X)
    for rate in (0, -1, float("nan"), "8k", True):
        with pytest.raises(ConfigError, match="rate"):
            T.Gain()(X, rate=rate)
    with pytest.raises(ConfigError, match="contradicts"):
        T.Gain()(Audio(X, RATE), rate=16000)
    assert len(T.Gain()(Audio(X, RATE), rate=RATE)) == 9
    with pytest.raises(DataError, match="mask"):
        T.Gain()(X, rate=RATE, mask=X)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("Gain", {"decibels": (3, -3)}), ("Gain", {"decibels": "loud"}), ("AddNoise", {"snr": (0, np.nan)}),
        ("AddNoise", {"colour": "red"}), ("AddBackground", {"recordings": ()}),
        ("AddBackground", {"recordings": np.zeros(50)}), ("AddBackground", {"recordings": [NOISE, [np.nan]]}),
        ("AddBackground", {"recordings": np.ones((2, 2, 5))}), ("AddBackground", {"recordings": 3}),
        ("AddBackground", {"recordings": NOISE, "rate": 0}), ("TimeStretch", {"factor": 3}),
        ("TimeStretch", {"factor": (1, 5)}), ("Speed", {"factor": (0.1, 1)}), ("PitchShift", {"semitones": 30}),
        ("TimeShift", {"share": 2}), ("CropTime", {"share": (0.5, 1.5)}), ("FixLength", {"seconds": 0}),
        ("FixLength", {"p": 0.5}), ("LowPass", {"cutoff": (0, 100)}), ("HighPass", {"order": 1.5}),
        ("HighPass", {"order": 0}), ("ClipWave", {"share": (0, 2)}), ("ClipWave", {"level": (-1, 1)}),
        ("Reverberate", {"rt60": (0, 1)}), ("Reverberate", {"ratio": (0, 100)}), ("SpecMask", {"time_width": (0, 2)}),
        ("SpecMask", {"frequency_masks": -1}), ("SpecMask", {"depth": -3}),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(name, settings):
    with pytest.raises(ConfigError, match=r"must|no noise"):
        made(name, **settings)


# Level and noise ------------------------------------------------------------------------------------------------------


def test_gain_is_in_decibels():
    got = T.Gain((-12, 3), random_state=0)(np.repeat(X[:1], 200, axis=0), rate=RATE)
    change = np.array([level(wave) for wave in got]) - level(X[0])
    assert change.min() == pytest.approx(-12, abs=0.5)
    assert change.max() == pytest.approx(3, abs=0.5)
    assert np.allclose(T.Gain((0, 0))(X, rate=RATE), X)


def test_a_share_of_the_samples_or_what_is_above_a_level_is_clipped():
    for share in (0.0, 0.05, 0.5, 1.0):
        got = T.ClipWave((share, share))(X, rate=RATE)
        assert ((got != X).mean(axis=1) <= share).all()
        assert np.isclose((got != X).mean(), share, atol=2 / 900)
        top = np.abs(got).max(axis=1, keepdims=True)
        assert np.array_equal(got, np.clip(X, -top, top))
    assert np.array_equal(T.ClipWave(level=(0.1, 0.1))(X, rate=RATE), np.clip(X, np.float32(-0.1), np.float32(0.1)))


@pytest.mark.parametrize("colour", COLOURS)
def test_noise_is_at_the_ratio_and_of_the_colour_that_was_asked(colour):
    clean = np.stack([tone(300, 16000), 1e-3 * tone(2000, 16000)])
    for snr in (-5, 10, 30):
        noise = T.AddNoise((snr, snr), colour, random_state=0)(clean, rate=16000) - clean
        for wave, added in zip(clean, noise, strict=True):
            assert level(wave) - level(added) == pytest.approx(snr, abs=0.01)
    white = torch.from_numpy(RNG.normal(size=(20, 16000)).astype(np.float32))
    power = np.square(np.abs(np.fft.rfft(coloured(white, COLOURS[colour], 16000).numpy()))).mean(axis=0)
    octave = [10 * np.log10(power[a : 2 * a].mean()) for a in (250, 500, 1000, 2000)]
    assert np.allclose(np.diff(octave), 20 * np.log10(2) * COLOURS[colour], atol=0.5)


def test_a_background_is_a_piece_of_a_recording():
    clean = np.repeat(X[:1], 60, axis=0)
    ramp = np.arange(1.0, 3001.0)
    got = T.AddBackground([ramp], (10, 10), random_state=0)(clean, rate=RATE) - clean
    assert np.allclose([level(X[0]) - level(noise) for noise in got], 10, atol=0.01)
    starts = [noise[0] / np.diff(noise).mean() for noise in got]  # of a ramp, its value over its slope
    assert 0.9 < min(starts) < 300
    assert 1800 < max(starts) < 2110
    short = T.AddBackground(NOISE[:7], (0, 0), random_state=0)(X, rate=RATE) - X
    assert np.allclose(short[:, :-7], short[:, 7:], atol=1e-5)  # it goes round
    fast = T.AddBackground(tone(1000, 24000), (0, 0), rate=24000, random_state=0)(X, rate=RATE) - X
    assert pitch(fast[0], RATE) == pytest.approx(1000, rel=0.02)
    gap = np.r_[np.ones(10), np.zeros(5000)]
    assert np.isfinite(T.AddBackground(gap, random_state=0)(1e12 * X, rate=RATE)).all()
    assert np.isfinite(T.AddBackground(NOISE, rate=1, random_state=0)(X, rate=RATE)).all()
    assert "recordings" not in repr(T.AddBackground(NOISE))


# Time and pitch -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("frequency", [110, 440, 3000])
def test_a_stretched_tone_has_its_pitch_its_level_and_the_new_length(rate, frequency):
    wave = tone(frequency, rate, 0.7)
    for factor in (0.7, 0.9, 1.0, 1.1, 1.4):
        (got,) = T.TimeStretch((factor, factor))([wave], rate=rate)
        assert len(got) == round(factor * len(wave))
        assert pitch(got, rate) == pytest.approx(frequency, rel=0.003)
        inner = np.abs(hilbert(got))[len(got) // 8 : -len(got) // 8]
        assert np.allclose(inner, 0.5, atol=0.04)  # no flutter
        if factor == 1:
            assert np.allclose(got, wave, atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_shifted_tone_has_its_length_its_level_and_the_new_pitch(rate):
    for frequency in (110, 440, 2000):
        wave = tone(frequency, rate, 0.7)
        for step in (-7, -3, 0, 0.5, 4, 7):
            (got,) = T.PitchShift((step, step))([wave], rate=rate)
            assert len(got) == len(wave)
            assert pitch(got, rate) == pytest.approx(frequency * 2 ** (step / 12), rel=0.006)
            assert np.allclose(np.abs(hilbert(got))[len(got) // 8 : -len(got) // 8], 0.5, atol=0.04)


@pytest.mark.parametrize("factor", [0.7, 0.8, 1.25, 1.4, 2.0])
def test_a_stretched_chirp_has_its_frequencies_at_the_stretched_times(factor):
    rate, seconds = 16000, 2.0
    t = np.arange(int(rate * seconds)) / rate
    wave = 0.5 * np.sin(2 * np.pi * (200 * t + 1400 / seconds * t**2))
    (got,) = T.TimeStretch((factor, factor))([wave], rate=rate)
    found = uniform_filter1d(np.diff(np.unwrap(np.angle(hilbert(got)))) * rate / 2 / np.pi, 400)
    want = 200 + 2800 / seconds * np.arange(len(found)) / rate / factor
    inner = slice(len(found) // 10, -len(found) // 10)
    assert np.allclose(found[inner], want[inner], rtol=0.02)
    assert level(got) == pytest.approx(level(wave), abs=0.5)


def test_two_tones_keep_their_own_pitches_and_levels():
    wave = tone(500, 16000) + 0.1 * tone(1800, 16000)
    for op, ratio in ((T.TimeStretch((1.3, 1.3)), 1.0), (T.PitchShift((3, 3)), 2 ** (3 / 12))):
        (got,) = op([wave], rate=16000)
        spectrum = np.abs(np.fft.rfft(got * np.hanning(len(got)))) / len(got)
        for frequency, amplitude in ((500 * ratio, 0.5), (1800 * ratio, 0.05)):
            near = round(frequency * len(got) / 16000)
            assert 4 * spectrum[near - 20 : near + 20].max() == pytest.approx(amplitude, rel=0.15)


@pytest.mark.parametrize("factor", [0.5, 0.8, 0.93, 1.0, 1.1, 1.4, 2.5])
def test_speed_moves_time_and_pitch_and_makes_no_aliases(factor):
    rate = 16000
    (got,) = T.Speed((factor, factor))([tone(700, rate)], rate=rate)
    assert len(got) == pytest.approx(rate / factor, rel=0.005)
    assert pitch(got, rate) == pytest.approx(700 * factor, rel=0.005)
    speed = len(tone(700, rate)) / len(got)
    want = 0.5 * np.sin(2 * np.pi * 700 * speed * np.arange(len(got)) / rate)
    inner = slice(400, len(got) - 400)
    if factor in (0.5, 0.8, 1.0, 2.5):  # fractions of small numbers are exact
        assert np.allclose(got[inner], want[inner], atol=2e-4)
    if factor > 1.05:
        (gone,) = T.Speed((factor, factor))([tone(0.51 * rate / factor, rate)], rate=rate)
        assert level(gone[inner]) < level(tone(700, rate)) - 70


def test_each_row_draws_its_own_factor():
    waves = np.repeat(tone(440, RATE, 0.4)[None], 50, axis=0)
    lengths = np.array([len(wave) for wave in T.TimeStretch(random_state=0)([*waves], rate=RATE)]) / waves.shape[1]
    assert 0.8 <= lengths.min() < 0.83 < 1.21 < lengths.max() <= 1.25
    heights = np.array([pitch(wave, RATE) for wave in T.PitchShift(4, random_state=0)(waves, rate=RATE)]) / 440
    steps = 12 * np.log2(heights)
    assert -4.1 < steps.min() < -3.3 < 3.3 < steps.max() < 4.1


def test_shifts_crops_and_fixed_lengths_copy_samples():
    assert np.array_equal(T.TimeShift((0.1, 0.1))(X, rate=RATE)[:, 90:], X[:, :-90])
    assert not T.TimeShift((0.1, 0.1))(X, rate=RATE)[:, :90].any()
    assert np.array_equal(T.TimeShift((-0.1, -0.1), wrap=True)(X, rate=RATE), np.roll(X, -90, axis=1))
    assert not T.TimeShift((1, 1))(X, rate=RATE).any()
    order = np.arange(1.0, 101.0)
    parts = T.CropTime((0.3, 0.6), random_state=0)([order] * 300, rate=RATE)
    assert {len(part) for part in parts} == set(range(30, 61))
    assert all((np.diff(part) == 1).all() for part in parts)
    assert min(part[0] for part in parts) == 1
    assert max(part[-1] for part in parts) == 100
    for centred in (False, True):
        fixed = T.FixLength(0.05, centred, random_state=0)
        got = fixed([order] * 50 + [np.arange(1.0, 901.0)] * 50 + [np.zeros(0)], rate=RATE)
        assert {len(wave) for wave in got} == {400}
        assert all(np.array_equal(wave[wave > 0], order) for wave in got[:50])
        assert all((np.diff(wave) == 1).all() for wave in got[50:100])
        assert (len({int(wave.argmax()) for wave in got[:50]}) == 1) == centred
        assert fixed(X, rate=RATE).shape == (9, 400)
        assert fixed(Audio(X, RATE)).shape == (9, 400)
        assert fixed(X[0], rate=RATE).shape == (400,)
    mixed = T.OneOf([T.FixLength(0.05), T.Gain()], random_state=0)(X, rate=RATE)
    assert mixed.shape == X.shape  # where some rows only are given it, arrays keep theirs


# Filters, rooms and masks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("frequency", [100, 500, 1000, 3000])
def test_filters_have_the_response_that_they_state(order, frequency):
    wave = tone(frequency, 16000)
    inner = slice(4000, -4000)
    for name, ratio in (("LowPass", frequency / 1000), ("HighPass", 1000 / frequency)):
        got = made(name, cutoff=(1000, 1000), order=order)(wave, rate=16000)
        want = (1 + ratio ** (2 * order)) ** -0.5
        assert np.allclose(got[inner], want * wave[inner], atol=2e-3)  # no delay either


def test_filters_do_not_wrap_round():
    click = np.zeros(4000)
    click[0] = 1
    for name in ("LowPass", "HighPass"):
        assert np.abs(made(name)(click, rate=RATE)[2000:]).max() < 1e-3
    quiet = T.LowPass((8000, 8000))(X, rate=RATE)
    assert np.corrcoef(quiet.ravel(), X.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("rt60", [0.1, 0.4, 1.2])
def test_a_room_dies_away_as_fast_as_was_asked(rt60):
    rate = 16000
    click = np.zeros(int(rate * (rt60 + 0.2)))
    click[0] = 1
    got = T.Reverberate((rt60, rt60), (3, 3), random_state=0)(click, rate=rate).astype(np.float64)
    energy = np.square(got)
    assert 10 * np.log10(energy[0] / energy[1:].sum()) == pytest.approx(3, abs=0.05)
    assert energy.sum() == pytest.approx(1, abs=0.01)
    decay = 10 * np.log10(np.cumsum(energy[:0:-1])[::-1] / energy[1:].sum() + 1e-12)  # Schroeder's integral
    fell = [np.flatnonzero(decay < -drop)[0] for drop in (5, 35)]
    assert (fell[1] - fell[0]) / rate * 2 == pytest.approx(rt60, rel=0.1)


def test_a_room_is_a_convolution_and_keeps_the_length():
    e = torch.from_numpy(RNG.normal(size=(1, 800)).astype(np.float32))
    h = room_response(e, np.array([0.1]), np.array([6.0]), RATE, 800)[0].numpy()
    assert np.square(h).sum() == pytest.approx(1, abs=1e-5)
    cut = room_response(e[:, :80], np.array([0.1]), np.array([6.0]), RATE, 800)[0].numpy()
    assert np.allclose(h[0], cut[0])  # what is not heard of a room counts
    assert np.square(cut[1:]).sum() == pytest.approx(np.square(h[1:80]).sum(), rel=0.3)
    click = np.zeros(900)
    click[0] = 1
    op = T.Reverberate((0.1, 0.1), (6, 6), random_state=0)
    answer = op(click, rate=RATE, index=[0])
    assert (np.sign(answer[0]), answer.shape) == (np.sign(h[0]), click.shape)
    assert np.allclose(op(X[0], rate=RATE, index=[0]), np.convolve(X[0], answer)[:900], atol=1e-5)


def test_masks_make_bands_and_moments_weak_and_leave_the_rest():
    x = torch.from_numpy(X)
    assert torch.allclose(joined(framed(x, 64), 900), x, atol=1e-6)
    assert np.allclose(T.SpecMask(0, time_masks=0)(X, rate=RATE), X, atol=1e-6)
    assert level(T.SpecMask(1, (1, 1), 0, depth=40)(X, rate=RATE)) == pytest.approx(level(X) - 40, abs=0.2)
    noise = RNG.normal(size=(40, 16000)) * 0.1
    banded = T.SpecMask(1, (0.2, 0.2), 0, random_state=0)(noise, rate=16000)
    mel = np.log1p(np.fft.rfftfreq(16000, 1 / 16000) / 700) / np.log1p(8000 / 700)
    old, new = (uniform_filter1d(np.square(np.abs(np.fft.rfft(x))), 40, axis=1) for x in (noise, banded))
    gone = new < old / 4
    widths = np.array([mel[row].max() - mel[row].min() for row in gone])
    assert np.allclose(widths, 0.2, atol=0.03)
    assert np.median((new / old)[~gone]) == pytest.approx(1, abs=0.02)
    timed = T.SpecMask(0, time_masks=1, time_width=(0.1, 0.1), random_state=0)(noise, rate=16000)
    silent = np.square(timed).reshape(40, 200, 80).mean(axis=2) < 1e-4
    assert np.allclose(silent.mean(axis=1), 0.1, atol=0.03)
    assert level(T.SpecMask(0, time_masks=1, time_width=(1, 1))(noise, rate=16000)) < level(noise) - 50


# Use ------------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory in use is read as Linux tells it")
def test_many_calls_do_not_grow():
    policy = T.Compose([T.Speed(0.2), T.TimeStretch(), T.PitchShift(4), T.Reverberate(), T.AddNoise()])

    def used() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20

    for _ in range(15):  # each call draws other factors, and fills caches that are bounded
        policy(X[:2], rate=RATE)
    before = used()
    for _ in range(60):
        policy(X[:2], rate=RATE)
    assert used() - before < 15  # MiB


def test_long_waves_are_worked_on_in_blocks(monkeypatch):
    seen, turned = [], vocoder._turned

    def watched(padded, at, *rest):
        seen.append(at.numel() * 2048)
        return turned(padded, at, *rest)

    monkeypatch.setattr(vocoder, "_turned", watched)
    long = np.tile(tone(440, 44100, 1.0).astype(np.float32), 30)
    (got,) = T.TimeStretch((0.9, 0.9))([long], rate=44100)
    assert len(seen) > 10
    assert max(seen) <= vocoder.BLOCK
    assert pitch(got[-44100:], 44100) == pytest.approx(440, rel=0.002)
    envelope = np.abs(hilbert(got))[22050:-22050]
    assert np.allclose(envelope, 0.5, atol=0.04)  # no seam between blocks


def labelled(n: int) -> tuple[list[np.ndarray], np.ndarray]:
    y = np.array(["low"] * (n - 3) + ["high"] * 3)
    return [tone(1500 if label == "high" else 300, RATE, 0.1 + 0.01 * row) for row, label in enumerate(y)], y


@pytest.mark.parametrize("policy", [None, T.TimeStretch(), {"name": "AddNoise", "snr": [20, 30]}, "PitchShift"])
def test_augment_and_the_balancer_take_recordings(policy):
    waves, y = labelled(15)
    balancer = Balancer(Augment(policy), random_state=0)
    X_new, y_new = balancer.fit_resample(Audio(waves, RATE), y)
    assert isinstance(X_new, Audio)
    assert X_new.rate == RATE
    assert (y_new == "high").sum() == (y_new == "low").sum() == 12
    assert all(np.array_equal(old, new) for old, new in zip(waves, X_new.waves, strict=False))
    made = [X_new.waves[row] for row in np.flatnonzero(balancer.is_synthetic_)]
    assert len(made) == 9
    assert all(pitch(wave, RATE) > 900 for wave in made)  # of the class that was asked
    assert len({wave.tobytes() for wave in made}) == 9
    even = Augment(policy, random_state=0).fit(Audio(X, RATE), [0, 1, 1] * 3)
    assert even.sample(5, y=1).shape == (5, 900)
    ten, three = even.sample(10, y=1, random_state=4).waves, even.sample(3, y=1, random_state=4).waves
    assert same(ten[:3], three)


def test_a_saved_augment_is_the_same(tmp_path):
    waves, y = labelled(6)
    policy = T.Compose([T.AddBackground(NOISE, rate=16000), T.SpecMask(2), T.Speed(0.1)])
    generator = Augment(policy, random_state=0).fit(Audio(waves, RATE), y)
    with pytest.warns(RealRowsWarning):
        generator.save(tmp_path / "kept")
    again = load(tmp_path / "kept").sample(4, y="low")
    assert same(again.waves, generator.sample(4, y="low").waves)


def test_a_policy_keeps_to_its_kind():
    with pytest.raises(ConfigError, match="one kind"):
        T.Compose([T.Gain(), T.Flip()])
    with pytest.raises(ConfigError, match="kind"):
        Augment("Flip").fit(Audio(X, RATE), [0, 1, 1] * 3)
    assert default() == default()
    assert replace(T.Gain(), p=0.5).p == 0.5


# Speech ---------------------------------------------------------------------------------------------------------------


def speech(take: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    files = sorted(DATA.glob(f"*/*_{take}.wav"))
    return [wavfile.read(file)[1] for file in files], np.array([int(file.name[0]) for file in files])


@needs_data
@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_stretched_speech_keeps_its_spectrum(factor):
    waves, _ = speech()
    padded = [np.pad(wave / 2.0**15, 2000) for wave in waves]
    got = T.TimeStretch((factor, factor))(padded, rate=8000)
    for old, new in zip(padded, got, strict=True):
        a, b = (np.square(np.abs(np.fft.rfft(wave, 2**15))) / len(wave) for wave in (old, new))
        assert 10 * np.log10(b.sum() / a.sum()) == pytest.approx(0, abs=1)
        for low, high in ((100, 500), (500, 1000), (1000, 2000)):
            band = slice(low * 2**15 // 8000, high * 2**15 // 8000)
            assert 10 * np.log10(b[band].sum() / a[band].sum()) == pytest.approx(0, abs=1.5)


def profile(wave: np.ndarray) -> np.ndarray:
    """Return how strong 16 bands are in the four quarters of a wave of 16 bits, as logarithms above a floor."""
    quarters = [np.square(np.abs(np.fft.rfft(part, 1600))) for part in np.array_split(wave / 2.0**15, 4)]
    edges = np.round(700 * (np.geomspace(1.1, 1 + 4000 / 700, 17) - 1) / 5).astype(int)
    strength = np.array([[part[a:b].mean() for a, b in pairwise(edges)] for part in quarters])
    return np.log(strength / strength.mean() + 0.01).ravel()


@needs_data
def test_what_tells_real_digits_tells_those_that_the_default_changed():
    waves, y = [*speech(0)[0], *speech(1)[0]], np.concatenate([speech(0)[1], speech(1)[1]])
    spread = StandardScaler().fit([profile(wave) for wave in waves])
    model = LogisticRegression(C=0.1, max_iter=500).fit(spread.transform([profile(wave) for wave in waves]), y)

    def right(policy) -> float:
        new = policy.seeded(0)(Audio(waves * 5, 8000)).waves
        assert {wave.dtype for wave in new} == {np.dtype(np.int16)}
        return np.mean(model.predict(spread.transform([profile(wave) for wave in new])) == np.tile(y, 5))

    assert right(default()) > 0.9
    assert right(T.PitchShift((12, 12))) < 0.5  # the test can tell


def test_one_number_is_one_ratio():
    noisy = T.AddNoise(20, random_state=0)(X, rate=RATE)
    assert np.array_equal(noisy, T.AddNoise((20, 20), random_state=0)(X, rate=RATE))
    assert level(noisy[3] - X[3]) - level(X[3]) == pytest.approx(-20, abs=0.01)
    assert np.array_equal(
        T.Reverberate(ratio=5, random_state=0)(X, rate=RATE), T.Reverberate(ratio=(5, 5), random_state=0)(X, rate=RATE)
    )
    assert T.AddNoise(20) == T.AddNoise((20, 20))  # and so they are weakened alike


@pytest.mark.parametrize("name", ["TimeStretch", "PitchShift"])
def test_no_bit_of_a_phase_depends_on_the_batch(name):
    waves = np.random.default_rng(0).normal(size=(12, 4000)).astype(np.float32)
    for seed in range(3):
        policy = made(name, random_state=seed)
        whole = policy(waves, rate=8000)
        for rows in ([5], [11, 2, 7], [0, 1, 2, 3, 4, 6, 8]):
            assert np.array_equal(policy(waves[rows], rate=8000, index=rows), whole[rows])


def test_half_precision_is_bounded_by_its_range():
    loud = T.Gain((120, 120), random_state=0)(np.ones((1, 3), dtype=np.float16), rate=8000)
    assert (loud == np.finfo(np.float16).max).all()
    tensor = T.Gain((120, 120), random_state=0)(torch.ones(1, 3, dtype=torch.float16), rate=8000)
    assert (tensor == torch.finfo(torch.float16).max).all()
