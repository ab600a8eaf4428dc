"""Figures of made images: known ones where they can be computed, the right order where they cannot."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gensynth import image_fidelity
from gensynth.errors import ConfigError, DataError
from gensynth.evidence.fidelity.images import density_coverage, inception_distance, kernel_distance, share_nearer


def squares(n, seed, shift=0):
    """Images of a bright square, left or right of the middle, in noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.integers(0, 60, (n, 16, 16, 1))
    for row, label in enumerate(y):
        left = int(rng.integers(0, 3)) + 8 * int(label)
        top = int(rng.integers(0, 8)) + shift
        x[row, top : top + 4, left : left + 4] = 220
    return x.astype(np.uint8), y


def flat(x):
    return x.x.reshape(len(x), -1) / 255.0


def test_kernel_distance_is_that_of_a_loop_over_pairs():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)) + 1
    k = lambda u, v: (u @ v / 3 + 1) ** 3  # noqa: E731
    pairs = lambda x: np.mean([k(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j])  # noqa: E731
    across = np.mean([k(u, v) for u in a for v in b])
    assert kernel_distance(a, b) == pytest.approx(pairs(a) + pairs(b) - 2 * across)


def test_kernel_distance_of_equals_is_about_zero():
    rng = np.random.default_rng(1)
    found = [kernel_distance(rng.normal(size=(60, 4)), rng.normal(size=(60, 4))) for _ in range(40)]
    assert abs(np.mean(found)) < 0.05 < kernel_distance(rng.normal(size=(60, 4)) + 1, rng.normal(size=(60, 4)))


def test_density_and_coverage_on_a_line():
    real = np.array([[0.0], [1.0], [2.0], [10.0]])  # reaches to the nearest other: 1, 1, 1, 8
    assert density_coverage(real, np.array([[0.5], [0.6]]), 1) == (2.0, 0.5)
    assert density_coverage(real, np.array([[50.0]]), 1) == (0.0, 0.0)


def test_copies_are_nearer_and_held_out_images_half():
    rng = np.random.default_rng(2)
    known, held = rng.normal(size=(200, 3)), rng.normal(size=(200, 3))
    assert share_nearer(known, known, held) == 1.0
    assert share_nearer(known, held, held) == pytest.approx(0.5, abs=0.01)
    assert share_nearer(known, rng.normal(size=(400, 3))) == pytest.approx(0.5, abs=0.12)


def test_real_images_are_like_real_ones_and_noise_is_not():
    (x, y), (more, of_more) = squares(120, 0), squares(60, 1)
    noise = np.random.default_rng(3).integers(0, 256, (60, 16, 16, 1)).astype(np.uint8)
    good = image_fidelity(x, y, more, of_more, random_state=0)
    bad = image_fidelity(x, y, noise, of_more, random_state=0)
    assert good.index.tolist() == ["all", "0", "1"]
    assert good.loc["all", "coverage"] > 0.8 > 0.2 > bad.loc["all", "coverage"]
    assert good.loc["all", "kid"] < bad.loc["all", "kid"]
    assert np.allclose(good["real_kid"], bad["real_kid"])  # of the real images alone
    again = image_fidelity(x, y, more, of_more, random_state=0)
    assert again.equals(good)


def test_images_of_the_wrong_class_show_in_its_row():
    (x, y), (more, of_more) = squares(120, 0), squares(60, 1)
    swapped = image_fidelity(x, y, more, 1 - of_more)
    right = image_fidelity(x, y, more, of_more)
    assert swapped.loc["all", "kid"] == pytest.approx(right.loc["all", "kid"])
    assert swapped.loc["1", "coverage"] < 0.5 < right.loc["1", "coverage"]


def test_tiny_classes_have_no_figures_but_nearer():
    x, y = squares(40, 0)
    y = np.where(np.arange(40) < 3, 2, y)
    found = image_fidelity(x, y, x[:3], [2, 2, 2], features=flat)
    assert np.isnan(found.loc["2", "kid"])
    assert found.loc["2", "nearer"] == 1.0
    assert np.isnan(found.loc["0", ["kid", "nearer"]]).all()  # of which none was made


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"k": 0}, ConfigError, "k must be"),
        ({"y_made": [5] * 6}, DataError, "class 5, of which there is no real one"),
        ({"y": [0, 1]}, DataError, "as many labels"),
        ({"y": [0] * 20}, DataError, "two classes"),
        ({"real": squares(4, 0)[0], "y": [0, 1, 0, 1]}, DataError, "too few"),
    ],
)
def test_what_cannot_be_is_said(change, error, says):
    (x, y), (more, of_more) = squares(20, 0), squares(6, 1)
    given = {"real": x, "y": y, "made": more, "y_made": of_more} | change
    with pytest.raises(error, match=says):
        image_fidelity(**given)


def test_fid_of_few_images_or_without_weights_is_refused_in_a_sentence(monkeypatch):
    x, _ = squares(20, 0)
    with pytest.raises(DataError, match="FID needs at least 2,000"):
        inception_distance(x, x)
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)  # as where its weights cannot be had
    many = np.zeros((2000, 8, 8, 1), dtype=np.uint8)
    with pytest.raises(ConfigError, match="take image_fidelity"):
        inception_distance(many, many)
