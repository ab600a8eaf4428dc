"""Image transforms against what can be computed: exact copies, HSV, torchvision, chains, masks and points."""

from __future__ import annotations

import colorsys
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as tv

from gensynth import transforms as T
from gensynth.data.kinds import Images
from gensynth.errors import ConfigError, DataError
from gensynth.transforms.image.fused import work
from gensynth.transforms.image.fused.passes import Turned
from gensynth.transforms.image.fused.stages import Hue
from gensynth.transforms.image.fused.tint import Scratch

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (6, 12, 15, 3)).astype(np.uint8)
SQUARES = RNG.integers(0, 256, (6, 9, 9, 3)).astype(np.uint8)
FIXED = {
    "QuarterTurn": {"turns": (2,)},
    "Crop": {"size": (10, 12)},
    "Resize": {"size": (8, 20)},
    "ResizeCrop": {"size": (9, 11)},
    "Blur": {"deviation": (0.05, 0.2)},
    "Defocus": {"radius": (0.1, 0.2)},
}
SIZES = ("Crop", "Pad", "Resize", "ResizeCrop")
MIXING = ("MixUp", "CutMix", "CopyPaste")
STILL = ("QuarterTurn", "Resize", "Pad", "Equalise", "AutoContrast", "FlipIfAlike")  # draw nothing, or little
SINGLE = [name for name, where in T.TRANSFORMS.items() if ".image." in where and name not in MIXING]
POSITIONS = ["Rotate", "Translate", "Scale", "Shear", "Affine", "Perspective", "Elastic", "GridDistortion", "Flip",
             "FlipVertical", "ResizeCrop", "Pad"]  # fmt: skip
COLOURS = ["Brightness", "Contrast", "Saturation", "HueShift", "Grey", "Invert", "Temperature", "ChannelMix"]


def made(name: str, **settings) -> T.Transform:
    return T.transform_class(name)(**{**FIXED.get(name, {}), **settings})


def smooth(n: int = 4, height: int = 48, width: int = 56) -> np.ndarray:
    """Return images without fine texture, as floats."""
    coarse = torch.from_numpy(RNG.random((n, 3, 6, 7)))
    return (
        torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True).clamp(0, 1).numpy()
    )


# Exact ----------------------------------------------------------------------------------------------------------------


def test_flips_turns_and_whole_shifts_copy_pixels():
    assert np.array_equal(T.Flip(p=1)(BYTES), BYTES[:, :, ::-1])
    assert np.array_equal(T.FlipVertical(p=1)(BYTES), BYTES[:, ::-1])
    for turns in range(4):
        assert np.array_equal(T.QuarterTurn((turns,))(SQUARES), np.rot90(SQUARES, turns, (1, 2)))
    moved = T.Translate((0.2, 0.2), (0.25, 0.25), whole=True, border=0.0)(BYTES)
    assert np.array_equal(moved[:, 3:, 3:], BYTES[:, :-3, :-3])
    assert not moved[:, :3].any()
    assert np.array_equal(
        T.Pad((1, 2, 3, 4), border="edge")(BYTES), np.pad(BYTES, ((0, 0), (2, 4), (1, 3), (0, 0)), "edge")
    )
    assert np.array_equal(T.Pad(5)(BYTES), np.pad(BYTES, ((0, 0), (5, 5), (5, 5), (0, 0)), "symmetric"))
    assert np.array_equal(T.Crop((6, 5), centred=True)(BYTES), BYTES[:, 3:9, 5:10])
    assert np.array_equal(T.Compose([])(BYTES), BYTES)


def test_crops_are_parts_at_all_places():
    cut = T.Crop((11, 13))(np.repeat(BYTES[:1], 200, axis=0), index=np.arange(200))
    found = {(top, left) for image in cut for top in range(2) for left in range(3)
             if np.array_equal(image, BYTES[0, top : top + 11, left : left + 13])}  # fmt: skip
    assert found == {(top, left) for top in range(2) for left in range(3)}


@pytest.mark.parametrize("border", ["reflect", "edge", 0.0, 0.4])
def test_a_copied_shift_is_a_resampled_one(border):
    x = RNG.random((2, 3, 9, 11))
    exact = T.Translate((3 / 11, 3 / 11), (-2 / 9, -2 / 9), whole=True, border=border)(x)
    near = T.Translate((3 / 11 + 1e-7, 3 / 11 + 1e-7), (-2 / 9, -2 / 9), border=border)(x)
    inside = np.s_[:, :, :6, 4:] if not isinstance(border, str) else np.s_[:]
    assert np.allclose(exact[inside], near[inside], atol=1e-5)


# Randomness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGLE)
def test_a_row_comes_out_the_same_in_every_batch(name):
    op = T.Compose([made(name, p=1.0 if name in SIZES else 0.7)], random_state=3)
    whole = op(BYTES)
    assert np.array_equal(op(BYTES), whole)
    for rows in ([4], [5, 0, 2]):
        assert np.array_equal(op(BYTES[rows], index=rows), whole[rows])
    assert np.array_equal(op(BYTES[4], index=[4]), whole[4])


@pytest.mark.parametrize("name", [name for name in SINGLE if name not in STILL])
def test_rows_epochs_seeds_and_places_differ(name):
    x = np.repeat(BYTES[:1], 40, axis=0)
    op = made(name, random_state=0)
    first = op(x)
    assert len(np.unique(first.reshape(40, -1), axis=0)) > 1
    for other in (op(x, epoch=1), replace(op, random_state=1)(x), T.Compose([op], random_state=0)(x)):
        assert not np.array_equal(first, other)


def test_without_an_index_no_two_calls_are_alike_and_none_is_lost_between_workers():
    op = T.Translate(0.3, 0.3, random_state=0)
    calls = [op(BYTES[0]) for _ in range(8)]
    assert len({image.tobytes() for image in calls}) == 8

    class Same(torch.utils.data.Dataset):
        def __len__(self):
            return 12

        def __getitem__(self, row):
            return op(BYTES[0])

    loader = torch.utils.data.DataLoader(Same(), batch_size=3, num_workers=2)
    seen = [image.numpy().tobytes() for _ in range(2) for batch in loader for image in batch]
    assert len(set(seen)) == 24


def test_chances_are_kept():
    x = np.repeat(BYTES[:1], 4000, axis=0)
    changed = (T.Compose([T.Invert(p=0.5)], p=0.4, random_state=0)(x) != x).any((1, 2, 3))
    assert abs(changed.mean() - 0.2) < 0.025
    one = T.OneOf([T.Invert(p=1), T.Flip(p=1), T.FlipVertical(p=1)], weights=(1, 2, 1), random_state=0)(x)
    shares = [(one == other).all((1, 2, 3)).mean() for other in (255 - x, x[:, :, ::-1], x[:, ::-1])]
    assert np.allclose(shares, [0.25, 0.5, 0.25], atol=0.03)


# Fused ----------------------------------------------------------------------------------------------------------------


def unfused(policy: T.Transform, x: np.ndarray) -> np.ndarray:
    """Return what the parts make one after another, with the draws that they have in the policy."""
    for place in range(len(policy.parts)):
        alone = [part if spot == place else replace(part, p=0.0) for spot, part in enumerate(policy.parts)]
        x = replace(policy, parts=alone)(x)
    return x


def untouched(policy: T.Transform, n: int, height: int, width: int) -> np.ndarray:
    """Return which pixels of the chain took nothing from beyond an edge. Shape: (n, h, w)."""
    moves = [replace(part, border=0.0) for part in policy.parts if hasattr(part, "border")]
    places = [place for place, part in enumerate(policy.parts) if hasattr(part, "border")]
    parts = [moves[places.index(place)] if place in places else T.Grey(p=0.0) for place in range(len(policy.parts))]
    return unfused(replace(policy, parts=parts), np.ones((n, 1, height, width)))[:, 0] > 1 - 1e-9


@given(st.lists(st.sampled_from(["Rotate", "Translate", "Scale", "Shear", "Affine", "Flip"]), min_size=2, max_size=4),
       st.integers(0, 1000))  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_fused_geometry_is_the_chain_where_that_is_exact(names, seed):
    policy = T.Compose([made(name, border="edge") for name in names], random_state=seed)
    y, x = np.mgrid[:40, :50] / 100  # linear, so that bilinear resampling loses nothing
    ramp = np.stack([x, y, (x + y) / 2])[None].repeat(2, 0)
    fused, chain = policy(ramp), unfused(policy, ramp)
    inside = untouched(policy, 2, 40, 50)
    if inside.any():
        assert np.abs(fused - chain).max(1)[inside].max() < 1e-5


@given(st.lists(st.sampled_from([*COLOURS, *POSITIONS[:6], "Gamma"]), min_size=2, max_size=6), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_fused_policy_is_near_the_chain_of_bytes(names, seed):
    policy = T.Compose([made(name) for name in names], random_state=seed)
    x = (smooth() * 255).astype(np.uint8)
    apart = np.abs(policy(x).astype(float) - unfused(policy, x)).mean(1)[untouched(policy, 4, 48, 56)]
    assert not len(apart) or apart.mean() <= 2


def test_what_comes_in_beyond_an_edge_is_not_coloured_by_what_is_done_before():
    x = np.full((1, 9, 9, 3), 200, dtype=np.uint8)
    move = T.Translate((2 / 9, 2 / 9), (0.0, 0.0), border=0.0)
    assert (T.Compose([T.Invert(p=1), move])(x)[:, :, :2] == 0).all()
    assert (T.Compose([move, T.Invert(p=1)])(x)[:, :, :2] == 255).all()
    assert "Translate" in T.Compose([T.Invert(), move]).explain().split("cut: ")[1]
    assert "cut" not in T.Compose([T.Invert(), T.Translate()]).explain()


def test_contrast_is_about_the_image_that_it_meets_and_not_about_what_is_cut_from_it_later():
    x = np.concatenate([np.zeros((1, 8, 4, 3)), np.full((1, 8, 4, 3), 0.6)], 2)
    policy = T.Compose([T.Contrast((0.0, 0.0)), T.Crop(4)], random_state=0)
    assert np.allclose(policy(x), 0.3)
    assert not np.allclose(T.Compose([T.Crop(4), T.Contrast((0.0, 0.0))], random_state=0)(x), 0.3)


def test_explain_tells_what_is_fused_and_what_cuts_it():
    policy = T.Compose([T.Flip(), T.Rotate(10), T.Grey(), T.Invert(), T.Brightness(0.2), T.Blur(), T.Affine()])
    text = policy.explain()
    assert "Flip * Rotate: one resampling" in text
    assert "Grey * Invert * Brightness: one pass" in text
    assert "cut: Blur needs the pixels" in text
    assert text.index("Blur") < text.index("Affine")
    assert "cut" not in T.Compose([T.Rotate(5), T.Blur()]).explain()
    assert "copies of pixels" in T.Compose([T.Flip(), T.QuarterTurn()]).explain()
    assert "another border" in T.Compose([T.Rotate(5), T.Rotate(5, border=0.0)]).explain()
    assert T.Compose([]).explain() == "nothing is done"


CURVES = st.lists(st.sampled_from(["Gamma", "Posterise", "Solarise"]), min_size=2, max_size=5)


@given(CURVES, st.booleans(), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_lookups_in_a_row_are_one_table_that_does_what_each_does(names, apart, seed):
    parts = [made(name, p=0.6) for name in names]
    policy = T.Compose(parts if apart else [T.OneOf(parts[:2]), *parts[2:]], random_state=seed)
    assert policy.explain().count("one pass") == 1
    x = np.random.default_rng(seed).integers(0, 256, (12, 5, 6, 3)).astype(np.uint8)
    fused, chain = policy(x / 255.0), unfused(policy, x / 255.0)  # on the levels of bytes: nothing lies between them
    assert np.abs(fused - chain).max() < 1e-12
    once = policy(x)  # rounded once, where the chain is rounded after each
    assert np.abs(once - fused * 255).max() <= 0.5 + 1e-3


def test_a_lookup_of_a_row_does_not_depend_on_those_of_others():
    policy = T.Compose([made("Gamma", p=0.5), made("Posterise", p=0.5)], random_state=0)
    x = RNG.random((40, 6, 7, 3))  # between the levels of bytes, too
    rows = np.array([policy(x[row], index=[row]) for row in range(40)])
    assert np.array_equal(policy(x), rows)
    gamma = T.Compose([policy.parts[0], replace(policy.parts[1], p=0.0)], random_state=0)(x)
    alone = (policy(x) == gamma).all((1, 2, 3))
    assert 10 < alone.sum() < 30  # rows that are not posterised are as smooth as without it


# Colour ---------------------------------------------------------------------------------------------------------------


def turned(x, turns):
    return Turned.of(Hue(turns), np.ones(len(x), dtype=bool), x).do(x.clone(), slice(None), Scratch())


@pytest.mark.parametrize("turns", [0.0, 0.03, -0.1, 0.2, 1 / 3, 0.5, -0.47, 0.9, 2.3])
def test_hue_is_that_of_hsv(turns):
    x = RNG.random((6, 3, 5, 5))
    x[0, 1], x[1] = x[0, 0], x[1, :1]  # ties, and grey
    got = turned(torch.from_numpy(x), np.full(6, turns)).numpy()
    for row, i, j in np.ndindex(6, 5, 5):
        h, s, v = colorsys.rgb_to_hsv(*x[row, :, i, j])
        assert np.allclose(got[row, :, i, j], colorsys.hsv_to_rgb((h + turns) % 1, s, v), atol=1e-12)


@pytest.mark.parametrize(
    ("op", "peer"),
    [
        (T.Brightness((1.3, 1.3)), lambda x: tv.adjust_brightness(x, 1.3)),
        (T.Contrast((0.6, 0.6)), lambda x: tv.adjust_contrast(x, 0.6)),
        (T.Contrast((1.6, 1.6)), lambda x: tv.adjust_contrast(x, 1.6)),
        (T.Saturation((1.7, 1.7)), lambda x: tv.adjust_saturation(x, 1.7)),
        (T.HueShift((0.1, 0.1)), lambda x: tv.adjust_hue(x, 0.1)),
        (T.Gamma((1.5, 1.5)), lambda x: tv.adjust_gamma(x, 1.5)),
        (T.Invert(p=1), tv.invert),
        (T.Grey(p=1), lambda x: tv.rgb_to_grayscale(x, 3)),
        (T.Posterise((3, 3)), lambda x: tv.posterize((x * 255).byte(), 3) / 255),
        (T.Solarise((0.5, 0.5)), lambda x: tv.solarize(x, 0.5)),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_colours_are_those_of_torchvision(op, peer):
    x = torch.from_numpy((smooth(3, 200, 200) * 255).round() / 255)
    assert torch.allclose(op(x), peer(x).double(), atol=2e-3)


def test_equalised_values_are_equally_frequent_and_keep_their_order():
    x = ((0.2 + 0.5 * smooth(3, 200, 200)) * 255).round() / 255
    out = T.Equalise()(x)
    for before, after in zip(x.reshape(9, -1), out.reshape(9, -1), strict=True):
        assert np.abs(np.quantile(after, np.linspace(0, 1, 11)) - np.linspace(0, 1, 11)).max() < 0.05
        order = np.argsort(before, kind="stable")
        assert (np.diff(after[order]) >= 0).all()
    plain = np.full((2, 5, 5, 3), 0.4)
    assert np.allclose(T.Equalise()(plain), plain)


@pytest.mark.parametrize("name", [*COLOURS, "Gamma", "Posterise", "Solarise"])
def test_colours_take_grey_images_and_leave_alpha(name):
    grey = RNG.integers(0, 256, (5, 8, 9)).astype(np.uint8)
    assert made(name, p=1.0)(grey).shape == grey.shape
    clear = RNG.integers(0, 256, (5, 8, 9, 4)).astype(np.uint8)
    assert np.array_equal(made(name, p=1.0)(clear)[..., 3], clear[..., 3])


# What belongs to images -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*POSITIONS, "Crop", "Resize", "QuarterTurn"])
def test_masks_boxes_and_points_go_where_the_pixels_go(name):
    height, width = 60, 72
    y, x = np.mgrid[:height, :width]
    at = np.array([[30.3, 27.6], [41.2, 33.9]])
    dots = [np.exp(-((x - px) ** 2 + (y - py) ** 2) / 4) for px, py in at]
    settings = {"size": (56, 66)} if name in ("Crop", "Resize", "ResizeCrop") else {}
    settings |= {"area": (0.8, 1.0)} if name == "ResizeCrop" else {"turns": (2,)} if name == "QuarterTurn" else {}
    op = T.Compose([T.transform_class(name)(p=1.0, **settings)], random_state=5)
    square = np.zeros((1, height, width), np.uint8)
    square[:, 20:40, 25:50] = 7
    for row in range(4):
        for dot, point in zip(dots, at, strict=True):
            image, moved = op(dot[None, ..., None], keypoints=[point[None]], index=[row])
            bright = np.where(image[0, ..., 0] > 0.3 * image.max(), image[0, ..., 0], 0)
            v, u = np.mgrid[: bright.shape[0], : bright.shape[1]]
            seen = np.array([(bright * u).sum(), (bright * v).sum()]) / bright.sum()
            assert np.abs(seen - moved[0][0]).max() < 0.5
        mask, box = op(square, mask=square, boxes=[np.array([[25, 20, 50, 40]])], index=[row])[1:]
        assert set(np.unique(mask)) <= {0, 7}
        v, u = np.nonzero(mask[0])
        if name not in ("Pad", "Scale", "ResizeCrop", "Translate", "Affine"):  # beyond the edge it is seen again
            assert np.abs(box[0][0] - [u.min(), v.min(), u.max() + 1, v.max() + 1]).max() <= 1


def test_masks_are_never_coloured_and_several_travel_together():
    masks = RNG.integers(0, 5, (6, 2, 12, 15))
    op = T.Compose([T.Flip(p=1), T.Brightness(0.5), T.GaussianNoise()], random_state=0)
    assert np.array_equal(op(BYTES, mask=masks)[1], masks[..., ::-1])
    truth = masks[:, 0] > 2
    assert np.array_equal(op(BYTES, mask=truth)[1], truth[..., ::-1])
    rows = op(Images(BYTES, masks=truth, boxes=[np.zeros((0, 4))] * 6))
    assert isinstance(rows, Images)
    assert np.array_equal(rows.masks, truth[..., ::-1])
    assert [box.shape for box in rows.boxes] == [(0, 4)] * 6


def test_boxes_outside_have_no_area():
    box = T.Translate((0.5, 0.5), (0.0, 0.0), border=0.0)(BYTES[:1], boxes=[[[9, 2, 15, 8], [0, 0, 4, 4]]])[1][0]
    assert box[0].tolist() == [15, 2, 15, 8]
    assert np.allclose(box[1], [7.5, 0, 11.5, 4])


# Containers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.float16])
def test_containers_and_dtypes_come_back(dtype):
    x = BYTES if dtype == np.uint8 else (BYTES / 255).astype(dtype)
    op = T.Compose([T.Rotate(20), T.Brightness(0.3), T.Blur()], random_state=0)
    first = op(x)
    assert (first.dtype, first.shape) == (x.dtype, x.shape)
    channels = op(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    assert channels.shape == (6, 3, 12, 15)
    assert np.array_equal(channels.numpy().transpose(0, 2, 3, 1), first)
    assert np.array_equal(op([*x])[2], first[2])
    assert op(x[0, :, :, 0]).shape == (12, 15)


def test_sizes_that_differ_are_done_size_by_size():
    some = [BYTES[0], SQUARES[0], BYTES[1], BYTES[2, :1, :1]]
    op = T.Compose([T.Affine(), T.Contrast(0.3)], random_state=0)
    out = op(some)
    assert [image.shape for image in out] == [image.shape for image in some]
    assert np.array_equal(out[2], op(BYTES[1], index=[2]))


@pytest.mark.parametrize("name", SINGLE)
def test_images_of_one_pixel_and_no_images_work(name):
    op = made(name, p=1.0)
    assert len(op(np.zeros((0, 5, 5, 3), np.uint8))) == 0
    assert op(BYTES[:2, :1, :1]).shape[0] == 2
    assert op(np.full((2, 6, 6, 3), 0.5)).dtype == np.float64


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda op: op(BYTES / 100), "must lie in"),
        (lambda op: op(np.full((2, 4, 4, 3), np.nan)), "not finite"),
        (lambda op: op(BYTES.astype(int)), "uint8"),
        (lambda op: op(BYTES, mask=np.zeros((6, 5, 5))), "of the size of their images"),
        (lambda op: op(BYTES, mask=np.zeros((5, 12, 15))), "6 images but 5 of mask"),
        (lambda op: op(BYTES, boxes=[np.zeros((1, 3))] * 6), "boxes of row 0"),
        (lambda op: op(BYTES, keypoints=[[[np.inf, 1]]] * 6), "keypoints of row 0"),
        (lambda op: op(np.zeros((2, 3, 4, 5, 6))), "dimensions"),
        (lambda op: op(np.array(["a"])), "numbers"),
    ],
)
def test_bad_images_are_told_in_one_sentence(call, text):
    with pytest.raises(DataError, match=text):
        call(T.Rotate(5))


# Settings -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGLE)
def test_policies_are_data(name):
    parts = [made(name)] if name in SIZES else [T.OneOf([made(name), made(name, p=0.3)], weights=(1, 3)), made(name)]
    policy = T.Compose(parts, random_state=4)
    again = T.Transform.from_dict(policy.to_dict())
    assert again == policy
    assert np.array_equal(again(BYTES), policy(BYTES))


def test_a_policy_is_hashed_and_pickled_after_use_and_a_copy_has_draws_of_its_own():
    policy = T.Compose([T.Rotate([-20, 20]), T.Brightness([0.5, 1.5])])
    assert hash(policy) == hash(T.Transform.from_dict(policy.to_dict()))
    policy(BYTES[0])
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy
    assert not np.array_equal(again(BYTES), policy(BYTES))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: T.Rotate("x"), "degrees"),
        (lambda: T.Rotate((5, 1)), "lower end first"),
        (lambda: T.Flip(p=1.5), "p must be"),
        (lambda: T.Rotate(border="mirror"), "border"),
        (lambda: T.Crop(0), "size"),
        (lambda: T.Scale(1.5), "factor"),
        (lambda: T.QuarterTurn((5,)), "turns"),
        (lambda: T.QuarterTurn()(BYTES), "squares"),
        (lambda: T.Compose([T.Crop(8, p=0.5)])(BYTES), "changes the size"),
        (lambda: T.Compose([1]), "transforms"),
        (lambda: T.OneOf([T.Flip()], weights=(0,)), "weights"),
        (lambda: T.JPEG((20.5, 80)), "whole numbers"),
        (lambda: T.Posterise((0, 4)), "bits"),
        (lambda: T.Rotate(random_state=-1), "random_state"),
        (lambda: T.Rotate(5)(BYTES, index=[1]), "index"),
        (lambda: T.Transform.from_dict({"name": "Rotat"}), "Rotate"),
        (lambda: T.Transform.from_dict({"name": "Rotate", "degree": 3}), "degrees"),
        (lambda: T.Transform.from_dict([1]), "mapping"),
    ],
)
def test_wrong_settings_are_told(make, text):
    with pytest.raises(ConfigError, match=text):
        make()


# Damage ---------------------------------------------------------------------------------------------------------------


def test_damage_is_as_strong_as_said():
    plain = np.full((4, 64, 64, 3), 0.5)
    assert np.allclose((T.GaussianNoise((0.05, 0.05))(plain) - plain).std((1, 2, 3)), 0.05, atol=0.002)
    assert np.allclose(T.ShotNoise((100, 100))(plain).std((1, 2, 3)), np.sqrt(0.5 / 100), atol=0.004)
    salt = T.SaltNoise((0.1, 0.1))(plain)
    assert np.allclose([(salt == 0).mean(), (salt == 1).mean()], 0.05, atol=0.01)
    holes = T.Cutout((0.25, 0.25), fill=0.0)(plain)
    assert np.allclose((holes == 0).mean((1, 2, 3)), 0.25, atol=0.03)
    grid = T.GridMask((0.25, 0.25), 0.5, fill=1.0)(plain)
    assert np.allclose((grid == 1).mean(), 0.25, atol=0.02)


def test_blurs_spread_a_dot_as_far_as_said():
    dot = np.zeros((3, 1, 101, 101))
    dot[:, :, 50, 50] = 1
    y, x = np.mgrid[:101, :101] - 50
    for op, width in ((T.Blur((0.03, 0.03)), 3.03), (T.Defocus((0.04, 0.04)), 4.04 / 2)):
        out = op(dot)
        assert np.allclose(out.sum((1, 2, 3)), 1)
        assert np.allclose(np.sqrt((out * x**2).sum((1, 2, 3))), width, rtol=0.08)
        assert np.allclose(np.sqrt((out * y**2).sum((1, 2, 3))), width, rtol=0.08)
    line = T.MotionBlur((0.2, 0.2))(dot)
    assert np.allclose(np.sqrt((line * (x**2 + y**2)).sum((1, 2, 3))), 20.2 / np.sqrt(12), rtol=0.1)


def test_files_and_detail_are_lost():
    x = smooth(2)
    fine = np.clip(x + RNG.normal(0, 0.1, x.shape), 0, 1)
    low, high = (np.abs(T.JPEG((q, q))(x) - x).mean() for q in (5, 95))
    assert low > 2 * high > 0
    assert np.abs(np.diff(T.Downscale((4, 4))(fine))).mean() < 0.5 * np.abs(np.diff(fine)).mean()
    assert np.abs(np.diff(T.Sharpen((1, 1))(fine))).mean() > 1.2 * np.abs(np.diff(fine)).mean()


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((1, 64, 64, 1))
    stripes[:, :, ::2] = 1
    small = T.Resize((8, 8))(stripes)
    assert np.abs(small - 0.5).max() < 0.01


def test_how_many_are_worked_on_at_a_time_changes_nothing(monkeypatch):
    parts = [T.Flip(), T.Rotate(15), T.Brightness(0.3), T.Contrast(0.4), T.Saturation(0.5), T.HueShift(0.3)]
    policy = T.Compose(parts, random_state=3)
    x = RNG.integers(0, 256, (23, 19, 17, 3)).astype(np.uint8)
    whole = policy(x)
    for pixels in (1, 700, 3000):
        monkeypatch.setattr(work, "PIXELS", pixels)
        assert (policy(x) == whole).all()
        assert (policy(x[5:], index=np.arange(5, 23)) == whole[5:]).all()


def test_buffers_are_not_handed_out():
    policy = T.Compose([T.Rotate(15), T.Saturation(0.5), T.HueShift(0.3)], random_state=3)
    x = RNG.random((4, 3, 8, 8)).astype(np.float32)
    first = policy(x)
    kept = first.copy()
    policy(1 - x)
    assert (first == kept).all()
