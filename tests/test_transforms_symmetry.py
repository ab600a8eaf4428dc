"""Mirror images where left and right are alike: what is told from its mirror image, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import gensynth.transforms as T
from gensynth import Augment, load
from gensynth.errors import DataError, RealRowsWarning
from gensynth.transforms.image.symmetry import ENOUGH, FlipIfAlike, told

SIDE = 24


def blobs(n: int, seed: int = 0) -> np.ndarray:
    """Return images of spots at any place, of which the mirror images are like others."""
    rng = np.random.default_rng(seed)
    across, down = np.arange(SIDE)[None, None], np.arange(SIDE)[None, :, None]
    total = rng.normal(0, 8, (n, SIDE, SIDE))
    for _ in range(3):
        x, y, size = rng.uniform(0, SIDE, (2, n, 1, 1)).tolist(), rng.uniform(0, SIDE, (n, 1, 1)), 3.0
        total += 90 * np.exp(-((across - np.array(x[0])) ** 2 + (down - y) ** 2) / (2 * size**2))
    return np.clip(total + 60, 0, 255).astype(np.uint8)[..., None].repeat(3, 3)


def arrows(n: int, left: bool = True, seed: int = 0, *, any_polarity: bool = False) -> np.ndarray:
    """Return images of a wedge that points to one side, at places that differ a little."""
    rng = np.random.default_rng(seed)
    x = rng.integers(60, 90, (n, SIDE, SIDE)).astype(np.uint8)
    for image, (down, across) in zip(x, rng.integers(-3, 4, (n, 2)), strict=True):
        for step in range(8):
            image[12 + down - step : 13 + down + step, 8 + across + step] = 220
    x = x if left else x[:, :, ::-1]
    inverted = rng.random(n) < (0.5 if any_polarity else 0)
    return np.where(inverted[:, None, None], 255 - x, x).astype(np.uint8)[..., None].repeat(3, 3)


def mirrors(X: np.ndarray, y: np.ndarray | None = None) -> bool:
    """Return whether the transform mirrors images after it has seen some; all or none of them."""
    fitted = FlipIfAlike(p=1.0).fit(X, y)
    made = fitted(X)
    changed = (made != X).any((1, 2, 3))
    assert changed.all() or not changed.any()
    assert not changed.any() or np.array_equal(made, X[:, :, ::-1])
    return bool(changed.all())


def test_images_like_their_mirror_images_are_mirrored():
    assert mirrors(blobs(200))
    assert mirrors(blobs(300), np.arange(300) % 3)


@pytest.mark.parametrize("any_polarity", [False, True])
def test_images_that_point_somewhere_are_not(any_polarity):
    assert not mirrors(arrows(200, any_polarity=any_polarity))


def test_two_classes_that_are_each_others_mirror_images_are_kept_apart():
    X = np.concatenate([arrows(100), arrows(100, left=False, seed=1)])
    y = np.repeat([0, 1], 100)
    assert mirrors(X)  # without labels there is nothing to keep apart
    assert not mirrors(X, y)


def test_one_class_that_is_told_is_enough():
    X = np.concatenate([blobs(400), arrows(60)])
    assert not mirrors(X, np.repeat([0, 1], [400, 60]))


def test_a_class_of_few_images_says_nothing():
    assert not mirrors(blobs(ENOUGH - 1))
    X = np.concatenate([blobs(200), arrows(9)])
    assert mirrors(X, np.repeat([0, 1], [200, 9]))


def test_half_of_the_images_are_mirrored_where_nothing_is_said():
    X = blobs(200)
    made = FlipIfAlike(random_state=0).fit(X)(X, index=np.arange(200))
    assert 70 < (made != X).any((1, 2, 3)).sum() < 130


def test_grey_floats_lists_and_sizes_are_judged():
    X = blobs(120)
    grey = X[..., 0].astype(np.float32) / 255
    assert FlipIfAlike().fit(grey[..., None]).known is True
    listed = [image[: SIDE - n % 3] for n, image in enumerate(X)]
    assert FlipIfAlike().fit(listed).known is True
    assert FlipIfAlike().fit(torch.from_numpy(X).permute(0, 3, 1, 2)).known is True


def test_images_of_one_value_and_no_images_break_nothing():
    assert FlipIfAlike().fit(np.zeros((80, 9, 9, 3), dtype=np.uint8)).known in (True, False)
    assert FlipIfAlike()(np.zeros((0, 9, 9, 3), dtype=np.uint8)).shape == (0, 9, 9, 3)


def test_before_fit_has_seen_images_nothing_is_mirrored():
    X = blobs(120)
    assert np.array_equal(FlipIfAlike(p=1.0)(X), X)
    assert np.array_equal(T.Compose([FlipIfAlike(p=1.0)])(X, y=np.zeros(120))[0], X)


@pytest.mark.parametrize("copies", [2, 3])
def test_images_that_come_again_count_once(copies):
    assert mirrors(np.repeat(blobs(100), copies, axis=0))
    assert not mirrors(np.repeat(arrows(40), copies, axis=0))


def test_many_classes_are_not_told_by_chance():
    assert mirrors(blobs(6000), np.arange(6000) % 100)


def test_channels_of_any_number_and_labels_of_any_kind():
    X = blobs(160)
    for channels in (1, 2, 3):
        assert mirrors(X[..., :channels])
    assert FlipIfAlike().fit([image[..., : 1 + n % 3] for n, image in enumerate(X)]).known is True
    assert mirrors(X, np.array([None, "a"] * 80, dtype=object))
    with pytest.raises(DataError, match="one for each image"):
        FlipIfAlike().fit(X, np.eye(160))
    assert FlipIfAlike(p=1.0).fit(np.zeros((80, 0, 9, 3), dtype=np.uint8)).known is False


def test_chance_is_a_half():
    right = [told(torch.from_numpy(np.random.default_rng(seed).normal(size=(60, 300)))) for seed in range(20)]
    assert abs(np.mean(right) - 0.5) < 0.05


def test_the_default_of_augment_mirrors_where_it_may(tmp_path):
    for X, mirrored in ((blobs(150), True), (arrows(150), False)):
        model = Augment(random_state=0).fit(X, np.zeros(150))
        assert model.policy_.parts[0].known is mirrored
        with pytest.warns(RealRowsWarning):
            model.save(tmp_path / str(mirrored))
        made = load(tmp_path / str(mirrored)).sample(40, random_state=1)
        assert np.array_equal(made, model.sample(40, random_state=1))


def test_it_is_a_policy_as_others_are():
    assert T.Transform.from_dict({"name": "FlipIfAlike", "p": 0.3}).p == 0.3
    assert "FlipIfAlike" in FlipIfAlike().explain(32, 32)
