"""Weather and light against what can be computed: blends of two colours, areas, directions, sizes, counts."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from gensynth import Balancer
from gensynth import transforms as T
from gensynth.errors import ConfigError
from gensynth.generators.augment import Augment
from gensynth.transforms.image.fused.tint import GREY
from gensynth.transforms.image.scene import Dust, Fog, Night

RNG = np.random.default_rng(0)
NAMES = ["Fog", "Dust", "Night", "Shadow", "Rain", "Snow"]
BYTES = RNG.integers(0, 256, (6, 20, 28, 3)).astype(np.uint8)
FLOATS = RNG.random((4, 24, 30, 3))


def made(name: str, **settings) -> T.Transform:
    return T.transform_class(name)(**settings)


# All ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_the_same_in_every_batch_and_another_in_every_epoch(name):
    op = T.Compose([made(name, p=0.8)], random_state=3)
    whole = op(BYTES)
    assert not np.array_equal(whole, BYTES)
    for rows in ([4], [5, 0, 2]):
        assert np.array_equal(op(BYTES[rows], index=rows), whole[rows])
    same = np.repeat(BYTES[:1], 20, axis=0)
    first = made(name, random_state=0)(same)
    assert len(np.unique(first.reshape(20, -1), axis=0)) == 20
    for other in (made(name, random_state=1)(same), made(name, random_state=0)(same, epoch=1)):
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (28, 28), (200, 150)])
def test_sizes_and_channels_come_back_and_opacity_stays(name, shape):
    op = made(name, random_state=0)
    for channels in (1, 2, 3, 4):
        x = RNG.integers(0, 256, (2, *shape, channels)).astype(np.uint8)
        before = x.copy()
        out = op(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
        assert (out.shape, out.dtype) == (x.shape, x.dtype)
        assert np.array_equal(x, before)
        if channels == 4:
            assert np.array_equal(out[..., 3], x[..., 3])
    grey = RNG.random((2, *shape))
    assert op(grey).shape == grey.shape
    assert len(op(np.zeros((0, *shape, 3), np.uint8))) == 0


@pytest.mark.parametrize("name", NAMES)
def test_grey_pictures_stay_grey_where_the_change_has_no_colour(name):
    grey = np.repeat(RNG.random((3, 16, 16, 1)), 3, axis=3)
    out = made(name, random_state=0, **({"noise": 0.0} if name == "Night" else {}))(grey)
    if name in ("Shadow", "Rain", "Snow"):
        assert np.allclose(np.ptp(out, axis=3), 0, atol=1e-6)
    else:
        assert np.ptp(out, axis=3).max() > 0.005


@pytest.mark.parametrize("name", NAMES)
def test_masks_boxes_and_points_stay(name):
    mask, boxes, points = BYTES[..., 0] > 99, [np.array([[1.0, 2, 9, 8]])] * 6, [np.array([[3.0, 4]])] * 6
    found = made(name)(BYTES, mask=mask, boxes=boxes, keypoints=points)
    assert np.array_equal(found[1], mask)
    assert np.allclose(found[2][3], boxes[3])
    assert np.allclose(found[3][5], points[5])


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_data_and_are_pickled(name):
    policy = T.Compose([made(name, p=0.5)], random_state=4)
    for again in (T.Transform.from_dict(policy.to_dict()), pickle.loads(pickle.dumps(policy))):
        assert again == policy
        assert np.array_equal(again(BYTES), policy(BYTES))


@pytest.mark.parametrize("name", NAMES)
def test_rare_images_are_balanced(name):
    y = np.array([0, 0, 0, 0, 1, 1])
    X, labels = Balancer(Augment(name, random_state=0)).fit_resample(BYTES, y)
    assert np.bincount(labels).tolist() == [4, 4]
    assert np.array_equal(X[:6], BYTES)
    assert not any(np.array_equal(new, old) for new in X[6:] for old in BYTES)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: T.Fog(1.5), "strength"),
        (lambda: T.Fog(uneven=2.0), "uneven"),
        (lambda: T.Dust(specks=(0.5, 2)), "specks"),
        (lambda: T.Night(light=(-1, 1)), "light"),
        (lambda: T.Night(noise=(-0.1, 0)), "noise"),
        (lambda: T.Shadow(sides=2), "sides"),
        (lambda: T.Shadow(reach=(1, 0)), "reach"),
        (lambda: T.Rain(degrees=90), "degrees"),
        (lambda: T.Rain(length=(0, 0.1)), "length"),
        (lambda: T.Snow(wind=0.5), "wind"),
        (lambda: T.Snow(density=(0, np.nan)), "density"),
    ],
)
def test_wrong_settings_are_told(make, text):
    with pytest.raises(ConfigError, match=text):
        make()


# Air and light --------------------------------------------------------------------------------------------------------


def test_even_fog_is_a_blend_with_white_and_fused():
    op = T.Fog((0.4, 0.4), uneven=0.0)
    assert np.allclose(op(FLOATS), 0.6 * FLOATS + 0.4 * np.array(Fog.air), atol=1e-6)
    assert "Fog * Brightness: one pass" in T.Compose([op, T.Brightness(0.2)]).explain()
    assert "cut" not in T.Compose([op, T.Rotate(5)]).explain()
    assert np.allclose(op(FLOATS[..., :1]), 0.6 * FLOATS[..., :1] + 0.4 * np.dot(GREY, Fog.air), atol=1e-6)


def test_uneven_air_is_between_the_colour_and_the_air_and_smooth():
    black = np.zeros((60, 64, 64, 3))
    share = T.Fog((0.4, 0.4), uneven=0.5, random_state=0)(black)[..., 0] / Fog.air[0]
    assert share.min() >= 0
    assert share.max() <= 1
    assert abs(share.mean() - 0.4) < 0.03
    assert share.std((1, 2)).mean() > 0.1
    assert np.abs(np.diff(share, axis=2)).max() < 0.15
    for uneven in (0.0, 0.5):
        brown = T.Dust((0.3, 0.3), uneven=uneven, specks=0.0, random_state=0)(black)
        assert np.allclose(brown / Dust.air, brown[..., :1] / Dust.air[0], atol=1e-6)
    assert np.allclose(T.Dust(0.0, specks=0.0)(FLOATS), FLOATS, atol=1e-6)


def test_specks_are_as_dense_as_said():
    white = np.ones((20, 200, 200, 3))
    few, many = ((T.Dust(0.0, specks=(s, s), random_state=0)(white).max(3) < 0.999).mean() for s in (0.1, 0.4))
    assert 3 < many / few < 5


def test_night_is_dark_and_blue():
    op = T.Night((0.4, 0.4), (0.5, 0.5), (0.0, 0.0))
    grey = FLOATS @ np.array(GREY)
    wanted = 0.4 * (0.5 * FLOATS + 0.5 * grey[..., None] * np.array(Night.tone))
    assert np.allclose(op(FLOATS), wanted, atol=1e-6)
    assert "cut" not in T.Compose([op, T.Rotate(5)]).explain()
    assert np.allclose(op(FLOATS[..., 0]), 0.4 * FLOATS[..., 0], atol=1e-6)
    noisy = T.Night((1.0, 1.0), (0.0, 0.0), (0.05, 0.05))(np.full((4, 64, 64, 3), 0.5))
    assert np.allclose(noisy.std((1, 2, 3)), 0.05, atol=0.003)


def test_a_shadow_is_one_convex_part_and_the_rest_stays():
    op = T.Shadow((0.5, 0.5), (0.15, 0.4), (0.02, 0.02), random_state=0)
    light = op(np.full((60, 80, 100), 0.8)) / 0.8
    assert np.allclose(light.min((1, 2))[light.min((1, 2)) < 0.6], 0.5, atol=1e-6)
    assert (light.min((1, 2)) < 0.51).mean() > 0.95
    assert (np.isclose(light, 1).mean((1, 2)) > 0.3).all()
    for one in light[:20]:
        parts, count = ndimage.label(one < 0.75)
        assert count == 1
        y, x = np.nonzero(parts)
        hull = np.zeros_like(parts, dtype=bool)
        for row in np.unique(y):  # convex: no gaps along rows
            hull[row, x[y == row].min() : x[y == row].max() + 1] = True
        assert hull.sum() == len(y)
    soft, hard = (
        ((op_ := replace(op, softness=(s, s)))(np.ones((20, 80, 80))) % 0.5 > 0.01).mean() for s in (0.2, 0.02)
    )
    assert op_.softness == (0.02, 0.02)
    assert soft > 4 * hard


# What falls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [-40, 0, 15, 60])
def test_rain_falls_in_its_direction(degrees):
    op = T.Rain((0.3, 0.3), (degrees, degrees), (0.2, 0.2), 0.0, random_state=0)
    rain = op(np.zeros((6, 128, 128))).astype(float)
    gy, gx = np.gradient(ndimage.gaussian_filter(rain, (0, 1, 1)), axis=(1, 2))
    across = 0.5 * np.arctan2(2 * (gx * gy).sum(), (gx**2 - gy**2).sum())  # of the gradients, which streaks stand on
    assert abs(np.rad2deg(-across) - degrees) < 4
    line = np.zeros((1, 129, 129))
    line[:, :, 64] = 1
    seen = T.Rotate((degrees, degrees), border=0.0)(line)[0]
    v, u = np.nonzero(seen > 0.5)
    slope = np.rad2deg(np.arctan2(np.polyfit(v, u, 1)[0], 1))
    assert abs(slope - degrees) < 2  # counter-clockwise, as other turns


def test_rain_is_as_dense_and_dark_as_said():
    black = np.zeros((20, 128, 128))
    few, many = ((T.Rain((s, s), 0.0, random_state=0)(black) > 0.02).mean() for s in (0.1, 0.4))
    assert 3 < many / few < 4.5
    assert np.allclose(T.Rain(0.0, dim=(0.3, 0.3))(np.full((2, 32, 32), 0.5)), 0.35, atol=1e-5)


def test_snow_falls_in_flakes_of_several_sizes():
    black = np.zeros((10, 256, 256))
    snow = T.Snow((0.2, 0.2), 0.0, wind=1.0, random_state=0)(black)
    labelled = [ndimage.label(one > 0.2) for one in snow]
    areas = np.concatenate([ndimage.sum_labels(parts > 0, parts, range(1, n + 1)) for parts, n in labelled])
    assert len(areas) / 10 > 40
    assert np.quantile(areas, 0.1) <= 3
    assert np.quantile(areas, 0.99) >= 20
    few, many = ((T.Snow((s, s), 0.0, random_state=0)(black) > 0.1).mean() for s in (0.1, 0.4))
    assert 3 < many / few < 5
    assert np.allclose(T.Snow(0.0, (0.3, 0.3))(black), 0.3 * 0.97, atol=1e-6)
    assert np.allclose(T.Snow(0.0, 0.0)(FLOATS), FLOATS, atol=1e-6)


def test_wind_draws_flakes_out():
    black = np.zeros((20, 200, 200))
    still, windy = (T.Snow((0.2, 0.2), 0.0, wind=w, random_state=0)(black) for w in (1.0, 6.0))

    def longest(images: np.ndarray) -> float:
        found = []
        for one in images:
            parts, count = ndimage.label(one > 0.2)
            for y, x in (np.nonzero(parts == k) for k in range(1, count + 1)):
                if len(y) > 25:
                    spread = np.linalg.eigvalsh(np.cov(np.stack([x, y])) + 0.1 * np.eye(2))
                    found.append(np.sqrt(spread[1] / spread[0]))
        return float(np.median(found))

    assert longest(windy) > 1.3 * longest(still)
