"""Mixing against what can be computed: blends, areas, weights, partners, masks and boxes that follow."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from gensynth import Balancer
from gensynth import transforms as T
from gensynth.data.kinds import Images
from gensynth.errors import ConfigError, DataError, RealRowsWarning
from gensynth.generators.augment import Augment
from gensynth.transforms.image.copypaste import CopyPaste
from gensynth.transforms.image.mixing import betas, left_over

RNG = np.random.default_rng(0)
NAMES = ["MixUp", "CutMix", "CopyPaste"]
N = 12
Y = np.array(["b", "a", "c"] * 4)
SHADES = np.repeat(np.arange(N, dtype=np.uint8) * 20, 16 * 20).reshape(N, 16, 20)  # what each pixel came from
BYTES = RNG.integers(0, 256, (N, 16, 20, 3)).astype(np.uint8)
MASKS = np.zeros((N, 16, 20), dtype=np.int64)
for row, mask in enumerate(MASKS):
    mask[2:9, 3 + row % 4 : 11] = 1
    mask[10:14, 5:15] = 2
BOXES = [np.array([[3.0 + row % 4, 2, 11, 9], [5, 10, 15, 14]]) for row in range(N)]
DATA = {"mask": MASKS, "boxes": BOXES}


def made(name: str, **settings) -> T.Transform:
    return T.transform_class(name)(**settings)


def sources(image: np.ndarray) -> list[int]:
    """Return which of SHADES the pixels of an image came from."""
    return sorted({int(value) // 20 for value in np.unique(image)})


# Randomness and labels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("same_class", [False, True])
def test_where_fitted_a_row_is_the_same_in_every_batch(name, same_class):
    op = T.Compose([T.Rotate(10), made(name, p=0.8, same_class=same_class)], random_state=3)
    op = op.fit(Images(BYTES, MASKS, BOXES), Y)
    whole = op(BYTES, **DATA, y=Y)
    assert len(whole) == 4
    for rows in ([4], [7, 0, 2]):
        part = op(BYTES[rows], mask=MASKS[rows], boxes=[BOXES[row] for row in rows], y=Y[rows], index=rows)
        for got, all_rows in zip(part, whole, strict=True):
            for place, row in enumerate(rows):
                assert np.array_equal(got[place], all_rows[row])
    one = op(BYTES[4], mask=MASKS[4], boxes=BOXES[4], y=Y[4], index=[4])
    assert np.array_equal(one[0], whole[0][4])
    assert np.array_equal(one[3], whole[3][4])
    assert not np.array_equal(op(BYTES, **DATA, y=Y, epoch=1)[0], whole[0])
    assert not np.array_equal(
        replace(op, random_state=4).fit(Images(BYTES, MASKS), Y)(BYTES, y=Y, mask=MASKS)[0], whole[0]
    )


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_labels_add_up_and_labels_stay_with_partners_of_the_class(name):
    x, weights = made(name, random_state=0)(BYTES, y=Y, **DATA)[::3]
    assert weights.dtype == np.float32
    assert weights.shape == (N, 3)
    assert np.allclose(weights.sum(1), 1)
    assert ((weights > 0).sum(1) <= 2).all()
    assert (weights < 1).any()
    assert x.dtype == np.uint8
    again = made(name, random_state=0, same_class=True)(BYTES, y=Y, **DATA)
    assert again[3] is Y
    assert not np.array_equal(again[0], BYTES)
    kept = made(name, p=0.0, random_state=0)(BYTES, y=[*Y], **DATA)[3]
    assert np.array_equal(kept, (Y[:, None] == ["a", "b", "c"]).astype(np.float32))
    tensor = made(name, random_state=0)(torch.from_numpy(SHADES), y=torch.arange(N) % 2, **DATA)[3]
    assert isinstance(tensor, torch.Tensor)
    assert tensor.shape == (N, 2)


@pytest.mark.parametrize("name", NAMES)
def test_partners_are_of_the_class_and_never_the_row_itself(name):
    codes = np.searchsorted(["a", "b", "c"], Y)
    x = np.zeros((N, 16, 20, 3), np.uint8)
    x[np.arange(N), :, :, codes] = SHADES + 20  # each class has a channel of its own
    op = made(name, same_class=True, random_state=0, **({"alpha": 50.0} if name == "MixUp" else {}))
    op = op.fit(Images(x, MASKS), Y)
    for epoch in range(6):
        out = op(x, y=Y, mask=MASKS, epoch=epoch)[0]
        for row, image in enumerate(out):
            assert not np.delete(image, codes[row], axis=2).any()
        if name != "CutMix":
            assert (out != x).any((1, 2, 3)).all()


def test_a_row_whose_twin_is_drawn_takes_the_next():
    x = SHADES[:2]
    for epoch in range(10):
        _, weights = T.MixUp(1.0, random_state=0).fit(x, [0, 1])(x, y=[0, 1], epoch=epoch)
        assert (weights > 0).all()
    alone = T.MixUp(1.0, same_class=True, random_state=0).fit(x, [0, 1])(x, y=[0, 1])[0]
    assert np.array_equal(alone, x)  # nobody else is of the class


def test_all_partners_are_drawn_equally_often():
    op = T.CutMix(random_state=0).fit(SHADES, Y)
    rows = np.zeros(4000, dtype=int)
    weights = op(SHADES[rows], y=Y[rows], index=np.arange(4000))[1]
    images = op(SHADES[rows], y=Y[rows], index=np.arange(4000))[0]
    pasted = [next((s for s in sources(image) if s != 0), 0) for image in images if len(sources(image)) > 1]
    counts = np.bincount(pasted, minlength=N)[1:] / len(pasted)
    assert abs(counts[0] - 2 / 12) < 0.03  # the next one after the row itself
    assert np.allclose(counts[1:], 1 / 12, atol=0.02)
    assert weights.shape == (4000, 3)


@pytest.mark.parametrize("name", NAMES)
def test_policies_are_data_and_fitted_ones_are_pickled(name):
    policy = T.Compose([T.OneOf([made(name, same_class=True), T.Flip()]), T.Brightness(0.1)], random_state=4)
    again = T.Transform.from_dict(policy.to_dict())
    assert again == policy
    fitted = policy.fit(Images(BYTES, MASKS), Y)
    copy = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(copy(BYTES, y=Y, mask=MASKS)[0], fitted(BYTES, y=Y, mask=MASKS)[0])
    assert fitted == policy
    assert f"pixels  {name}" in policy.explain()


def test_mixing_stands_anywhere_and_several_mix_after_one_another():
    policy = T.Compose([T.Flip(), T.MixUp(1.0), T.Rotate(10), T.CutMix(), T.Invert(), T.Crop((10, 12))], random_state=0)
    x, weights = policy(BYTES, y=Y)
    assert x.shape == (N, 10, 12, 3)
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    assert ((weights > 0).sum(1) == 3).any()
    assert policy.explain().count("cut") == 2


# What is mixed --------------------------------------------------------------------------------------------------------


def test_mixup_blends_by_the_weights_of_the_labels():
    x = RNG.random((N, 8, 9, 3))
    labels = np.arange(N)
    out, weights = T.MixUp(1.0, random_state=0)(x, y=labels)
    assert np.allclose(out, np.einsum("nk,kijc->nijc", weights, x), atol=1e-6)
    shares = T.MixUp(0.3, random_state=0).fit(x, labels)(
        x[np.zeros(3000, int)], y=labels[np.zeros(3000, int)], index=np.arange(3000)
    )[1][:, 0]
    assert abs(shares.mean() - 0.5) < 0.02
    assert abs(shares.var() - 1 / (4 * (2 * 0.3 + 1))) < 0.01  # of Beta(a, a)


def test_betas_are_of_the_distribution():
    u = (np.arange(20000) + 0.5) / 20000
    for alpha in (0.1, 0.4, 1.0, 5.0):
        drawn = betas(u, alpha)
        assert abs(drawn.mean() - 0.5) < 1e-3
        assert abs(drawn.var() - 1 / (4 * (2 * alpha + 1))) < 1e-3
    assert np.allclose(betas(u, 1.0), u)


def test_cutmix_pastes_a_rectangle_as_large_as_its_weight():
    labels = np.arange(N)
    out, mask, weights = T.CutMix(random_state=0)(SHADES, mask=SHADES.astype(np.int64), y=labels)
    assert np.array_equal(mask, out)
    seen = 0
    for row, image in enumerate(out):
        inside = image != SHADES[row, 0, 0]
        if inside.any():
            seen += 1
            (y, x), (source,) = np.nonzero(inside), np.unique(image[inside])
            assert inside.sum() == np.ptp(y + 1) * np.ptp(x) + np.ptp(y + 1) + np.ptp(x) + 1
            assert np.isclose(weights[row, source // 20], inside.mean())
    assert seen > N / 2


def test_boxes_follow_a_rectangle():
    left = left_over(
        np.array([[0.0, 0, 10, 10], [4, 4, 6, 6], [0, 4, 10, 6], [20, 20, 30, 30], [4, 0, 6, 10]]),
        np.array([3.0, 2, 8, 20]),
    )
    assert left[0].tolist() == [0, 0, 10, 10]
    assert left[1].tolist() == [6, 6, 6, 6]
    assert left[2].tolist() == [0, 4, 10, 6]  # cut in two: the box around both
    assert left[3].tolist() == [20, 20, 30, 30]
    assert left[4].tolist() == [4, 0, 6, 2]
    out, boxes = T.CutMix(random_state=0)(SHADES, boxes=BOXES)
    for row, image in enumerate(out):
        for low_x, low_y, high_x, high_y in boxes[row][2:].round().astype(int):
            assert (image[low_y:high_y, low_x:high_x] != SHADES[row, 0, 0]).all()
    assert any(len(some) > 2 for some in boxes)


def test_objects_are_pasted_with_masks_and_boxes():
    op = T.CopyPaste(1.0, (1.0, 1.0), (0.0, 0.0), random_state=0)
    out, mask, boxes = op(SHADES, **DATA)
    for row, image in enumerate(out):
        (source,) = [other for other in sources(image) if other != row]
        pasted = MASKS[source] > 0
        assert np.array_equal(image, np.where(pasted, SHADES[source], SHADES[row]))
        assert np.array_equal(mask[row], np.where(pasted, MASKS[source], MASKS[row]))
        assert np.array_equal(boxes[row][2:], BOXES[source])
        assert boxes[row][1].tolist() == [5, 10, 5, 10]  # wholly covered
    few = T.CopyPaste(0.0, (1.0, 1.0), (0.0, 0.0), random_state=0)(SHADES, **DATA)[2]
    assert {len(some) for some in few} == {3}  # one object at least


@pytest.mark.parametrize("settings", [{"factor": (2.0, 2.0), "shift": 0.0}, {"factor": 0.0, "shift": (0.25, 0.25)}])
def test_objects_are_zoomed_and_shifted(settings):
    masks = np.zeros((2, 16, 20), bool)
    masks[0, 6:10, 8:12] = True
    out, mask, boxes = T.CopyPaste(random_state=0, **settings)(SHADES[1:3], mask=masks, boxes=[[[8, 6, 12, 10]], []])
    wanted = [6, 4, 14, 12] if "shift" in settings and not settings["shift"] else [13, 10, 17, 14]
    left, top, right, bottom = wanted
    assert boxes[1].tolist() == [wanted]
    assert mask.dtype == bool
    assert mask[1].sum() == (right - left) * (bottom - top)
    assert mask[1, top:bottom, left:right].all()
    assert (out[1][mask[1]] == 20).all()
    assert np.array_equal(out[0], SHADES[1])  # the only other image has no objects


def test_objects_come_from_boxes_alone_and_from_several_masks():
    op = CopyPaste(1.0, (1.0, 1.0), (0.0, 0.0), random_state=0)
    out, boxes = op(SHADES, boxes=BOXES)
    for row, image in enumerate(out):
        (source,) = [other for other in sources(image) if other != row]
        assert np.array_equal(image == SHADES[source, 0, 0], MASKS[source] > 0)
        assert np.array_equal(boxes[row][2:], BOXES[source])
    several = np.stack([MASKS == 1, MASKS == 2], 1)
    out, masks = op(SHADES, mask=several)
    assert masks.shape == several.shape
    for row, image in enumerate(out):
        (source,) = [other for other in sources(image) if other != row]
        assert np.array_equal(image == SHADES[source, 0, 0], MASKS[source] > 0)
        assert np.array_equal(masks[row], np.where(MASKS[source] > 0, several[source], several[row]))


def test_weights_of_pasted_objects_are_their_share_of_what_is_seen():
    masks = np.zeros((2, 16, 20), np.uint8)
    masks[0, :8, :10], masks[1, 8:, :5] = 1, 1
    op = T.CopyPaste(1.0, (1.0, 1.0), (0.0, 0.0), random_state=0)
    for parts in ({"mask": masks}, {"boxes": [[[0, 0, 10, 8]], [[0, 8, 5, 16]]]}):
        weights = op(SHADES[:2], **parts, y=["x", "y"])[-1]
        assert np.allclose(weights, [[2 / 3, 1 / 3], [2 / 3, 1 / 3]])


# Sizes and containers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_images_of_unequal_sizes_and_channels_are_mixed(name):
    shapes = [(16, 20, 3), (8, 8, 3), (30, 5, 3), (16, 20, 1), (1, 1, 3), (9, 9, 4)]
    some = [RNG.integers(0, 256, shape).astype(np.uint8) for shape in shapes]
    masks = [(image[..., 0] > 100).astype(np.uint8) for image in some]
    out, mask, weights = made(name, random_state=0)(some, mask=masks, y=np.arange(6))
    assert [image.shape for image in out] == shapes
    assert [one.shape for one in mask] == [shape[:2] for shape in shapes]
    assert np.allclose(weights.sum(1), 1)
    fitted = made(name, random_state=0).fit(Images(BYTES, MASKS), Y)
    small = fitted(BYTES[:, ::2, ::2], mask=MASKS[:, ::2, ::2], y=Y)
    assert small[0].shape == (N, 8, 10, 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.float16])
@pytest.mark.parametrize("name", NAMES)
def test_containers_and_dtypes_come_back(name, dtype):
    x = BYTES if dtype == np.uint8 else (BYTES / 255).astype(dtype)
    before = x.copy()
    op = made(name, random_state=0)
    first, mask = op(x, mask=MASKS)
    assert (first.dtype, first.shape, mask.dtype) == (x.dtype, x.shape, MASKS.dtype)
    assert np.array_equal(x, before)
    channels = op(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()), mask=torch.from_numpy(MASKS))[0]
    assert np.array_equal(channels.numpy().transpose(0, 2, 3, 1), first)
    held = op(Images(x, MASKS))
    assert isinstance(held, Images)
    assert np.array_equal(held.masks, mask)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_and_one_row_work(name):
    op = made(name, random_state=0)
    x, mask, weights = op(BYTES[:0], mask=MASKS[:0], y=Y[:0])
    assert (len(x), len(mask), weights.shape) == (0, 0, (0, 0))
    x, mask, weights = op(BYTES[:1], mask=MASKS[:1], y=Y[:1])
    assert weights.tolist() == [[1.0]]
    if name != "CopyPaste":
        assert np.array_equal(x, BYTES[:1])


def test_without_labels_images_alone_are_mixed():
    x = RNG.random((4, 6, 7, 3))
    out = T.MixUp(1.0, random_state=0)(x)
    assert out.shape == x.shape
    assert not np.allclose(out, x)
    assert np.array_equal(T.MixUp(1.0, random_state=0).fit(x)(x), out)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: T.MixUp(same_class=True)(BYTES), "same_class=True needs y"),
        (lambda: T.CutMix().fit(BYTES, Y)(BYTES), "fitted with labels, so it needs y"),
        (lambda: T.CutMix().fit(BYTES)(BYTES, y=Y), "fitted without labels"),
        (lambda: T.MixUp().fit(BYTES, Y)(BYTES, y=["z"] * N), "label 'z'|label np.str_"),
        (lambda: T.MixUp()(BYTES, y=np.eye(N)), "one label for each image"),
        (lambda: T.MixUp()(BYTES[0], y=1), "fit the policy first"),
        (lambda: T.MixUp().fit(BYTES[:0]), "no images to mix with"),
        (lambda: T.MixUp()(BYTES, y=np.array([1, "a", None] * 4, dtype=object)), "several types"),
        (lambda: T.CopyPaste()(BYTES), "needs the objects' masks or boxes"),
        (lambda: T.CopyPaste().fit(Images(BYTES, MASKS), Y)(BYTES, y=Y), "weighs labels"),
        (lambda: T.CutMix().fit(BYTES)(BYTES, mask=MASKS), "fitted without masks"),
        (lambda: T.CutMix().fit(BYTES)(BYTES, boxes=BOXES), "fitted without boxes"),
        (lambda: T.MixUp().fit(BYTES[..., :2])(BYTES), "channels"),
        (lambda: T.CutMix().fit(Images(BYTES, MASKS))(BYTES, mask=np.stack([MASKS] * 2, 1)), "2 masks each"),
        (lambda: T.MixUp()(BYTES, y=Y[:3]), "12 rows but 3 of y"),
    ],
)  # fmt: skip
def test_what_cannot_be_mixed_is_told_in_one_sentence(call, text):
    with pytest.raises(DataError, match=text):
        call()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: T.MixUp(0.0), "alpha"),
        (lambda: T.CutMix(True), "alpha"),
        (lambda: T.MixUp(same_class=1), "same_class"),
        (lambda: T.CopyPaste(1.5), "share"),
        (lambda: T.CopyPaste(factor=2.0), "factor"),
        (lambda: T.CopyPaste(shift=(1, 0)), "shift"),
        (lambda: Augment("MixUp").fit(BYTES, Y), "same_class=True"),
        (lambda: Augment(T.OneOf([T.Flip(), T.CutMix()])).fit(BYTES, Y), "CutMix mixes classes"),
    ],
)
def test_wrong_settings_are_told(make, text):
    with pytest.raises(ConfigError, match=text):
        make()


# Generators -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_rare_images_are_balanced_with_partners_of_their_class(name):
    y = np.array([0] * 8 + [1] * 4)
    policy = T.Compose([made(name, same_class=True), T.Translate(0.05, 0.05, whole=True)])
    X, labels = Balancer(Augment(policy, random_state=0)).fit_resample(Images(SHADES, MASKS), y)
    assert np.bincount(labels).tolist() == [8, 8]
    assert isinstance(X, Images)
    for image in X.x[N:]:
        assert image.min() >= 8 * 20  # nothing of the other class


def test_a_generator_that_mixes_is_saved_and_loaded(tmp_path):
    from gensynth import load

    y = np.array([0] * 8 + [1] * 4)
    model = Augment(T.MixUp(1.0, same_class=True), random_state=0).fit(BYTES, y)
    rows = model.sample(6, y=1, random_state=3)
    with pytest.warns(RealRowsWarning):
        model.save(tmp_path / "model")
    assert np.array_equal(load(tmp_path / "model").sample(6, y=1, random_state=3), rows)
    assert np.array_equal(model.sample(3, y=1, random_state=3), rows[:3])
