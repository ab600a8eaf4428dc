"""Images as users have them, and what is around a call: containers, PIL, blocks, settings of torch, threads, forks."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import gensynth.transforms as T
from gensynth import Augment, Images
from gensynth.errors import ConfigError, DataError, RealRowsWarning
from gensynth.transforms.base import Transform
from gensynth.transforms.image import rows

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (6, 16, 20, 3), dtype=np.uint8)
MASKS = (BYTES[..., 0] > 128).astype(np.uint8)
UNEQUAL = [BYTES[0], BYTES[1, :9], BYTES[2, :, :7, 0]]
POLICY = T.Compose([T.Flip(), T.Rotate(15), T.Brightness(0.2), T.GaussianNoise()], random_state=0)


def equal(one: Any, other: Any) -> bool:
    """Whether images, and what belongs to them, are the same."""
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(equal(*pair) for pair in zip(one, other, strict=True))
    return np.array_equal(np.asarray(one), np.asarray(other))


# Containers -----------------------------------------------------------------------------------------------------------


def test_images_of_unequal_sizes_are_held_cut_and_joined():
    held = Images(UNEQUAL, masks=[one[..., 0] if one.ndim == 3 else one for one in UNEQUAL])
    assert len(held) == 3
    assert held.shape == (3,)
    assert [one.shape for one in held[[2, 0]].x] == [(16, 7), (16, 20, 3)]
    assert [one.shape for one in held.joined(held[:1]).masks] == [(16, 20), (9, 20), (16, 7), (16, 20)]


@pytest.mark.parametrize("x", [5, None, np.zeros(3), [np.zeros(4)], [1, 2], ["a"], [[[1, 2], [3]]]])
def test_images_refuse_what_is_none(x):
    with pytest.raises(DataError):
        Images(x)


def test_images_of_unequal_sizes_are_changed_checked_and_learned_from():
    held = Images(UNEQUAL)
    made = POLICY(held)
    assert isinstance(made, Images)
    assert equal(made.x, POLICY(UNEQUAL))
    POLICY.check(held)
    with pytest.raises(DataError):
        POLICY.check(Images([*UNEQUAL, np.full((4, 4, 3), 2.0)]))
    with pytest.raises(ConfigError, match="QuarterTurn"):
        T.QuarterTurn().check(Images([BYTES[0, :, :16], *UNEQUAL]))
    mixed, weights = T.MixUp(random_state=0).fit(held, [0, 1, 1])(held, y=[0, 1, 1])
    assert [one.shape for one in mixed.x] == [one.shape for one in UNEQUAL]
    assert np.allclose(weights.sum(1), 1)


def test_augment_of_unequal_sizes_is_the_same_after_it_is_saved(tmp_path):
    from gensynth import load

    held = Images(UNEQUAL, boxes=[np.array([[1.0, 1, 4, 4]])] * 3)
    model = Augment(random_state=0).fit(held, [0, 0, 1])
    with pytest.warns(RealRowsWarning):
        model.save(tmp_path / "model")
    made, again = (one.sample(5, y=0, random_state=1) for one in (model, load(tmp_path / "model")))
    assert equal(made.x, again.x)
    assert equal(made.boxes, again.boxes)


def test_masks_given_beside_a_container_are_moved():
    images, masks = T.Flip(p=1)(Images(BYTES), mask=MASKS)
    assert isinstance(images, Images)
    assert np.array_equal(masks, MASKS[:, :, ::-1])
    with pytest.raises(DataError, match="give one of them"):
        T.Flip()(Images(BYTES, MASKS), mask=MASKS)


def test_images_of_pil_come_back_as_such():
    pictures = [Image.fromarray(one) for one in BYTES]
    made = POLICY(pictures)
    assert all(isinstance(one, Image.Image) for one in made)
    assert equal(made, POLICY(BYTES))
    alone, mask = POLICY(pictures[0], mask=MASKS[0], index=0)
    assert isinstance(alone, Image.Image)
    assert equal((alone, mask), POLICY(BYTES[0], mask=MASKS[0], index=0))
    clear = Image.merge("LA", [Image.fromarray(MASKS[0] * 255)] * 2)
    assert np.array_equal(np.asarray(T.Flip(p=1)(clear))[..., 3], MASKS[0, :, ::-1] * 255)
    with pytest.raises(DataError, match="8 bits"):
        POLICY(Image.fromarray(MASKS[0].astype(np.uint16)))


# Bad input ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [None, 5, "a", {}, iter(BYTES), np.zeros(5), [[[1, 2], [3]]], BYTES.astype(np.uint16),
                               BYTES.astype(np.longdouble), BYTES.astype(object), BYTES > 3, np.zeros((2, 8, 8, 0)),
                               np.zeros((2, 32, 32, 5)), torch.zeros(2, 7, 32, 32)])  # fmt: skip
def test_what_is_no_image_is_refused(x):
    with pytest.raises(DataError):
        POLICY(x)


@pytest.mark.parametrize("parts", [
    {"mask": 3}, {"mask": ["a"] * 6}, {"mask": MASKS.astype(object)}, {"mask": MASKS[:3]}, {"mask": MASKS[:, :8]},
    {"mask": [MASKS[0], *MASKS[1:, :8]]}, {"boxes": [["a"]] * 6}, {"boxes": [[[1, 2], [1, 2, 3, 4]]] * 6},
    {"boxes": [None] * 6}, {"keypoints": 5}, {"keypoints": [[["x", "y"]]] * 6}])  # fmt: skip
def test_what_belongs_to_no_image_is_refused(parts):
    with pytest.raises(DataError):
        POLICY(BYTES, **parts)


@pytest.mark.parametrize("epoch", [-1, 1.5, "a", None, True])
def test_an_epoch_is_a_whole_number(epoch):
    with pytest.raises(ConfigError, match="epoch"):
        POLICY(BYTES, epoch=epoch)


@pytest.mark.parametrize("weights", [["a", "b"], 3, [np.nan, 1], [np.inf, 1], [-1, 2], [0, 0], [1], None])
def test_weights_are_numbers(weights):
    with pytest.raises(ConfigError, match="weights"):
        T.OneOf([T.Flip(), T.Grey()], weights=weights)
    assert T.OneOf([T.Flip(), T.Grey()], weights=np.array([0.5, 1])).weights == (0.5, 1.0)


def test_a_mapping_with_a_name_is_a_transform_only_where_there_is_one():
    from gensynth.transforms.base import _read

    words = {"name": ["title"], "car": ["auto"]}
    assert _read(words) == words
    assert _read({"name": "title"}) == {"name": "title"}
    assert _read({"name": "Flip"}) == T.Flip()
    with pytest.raises(ConfigError, match="did you mean 'Flip'"):
        Transform.from_dict({"name": "Compose", "parts": [{"name": "Flp"}]})


def test_numpy_numbers_are_settings():
    assert T.Resize(np.int64(8))(BYTES).shape == (6, 8, 8, 3)
    assert T.Pad(np.int64(2))(BYTES).shape == (6, 20, 24, 3)


def test_no_rows_come_out_in_the_size_of_others():
    policy = T.Compose([T.Resize((8, 9)), T.MixUp().fit(BYTES)])
    made, masks = T.Resize((8, 9))(BYTES[:0], mask=MASKS[:0])
    assert made.shape == (0, 8, 9, 3)
    assert masks.shape == (0, 8, 9)
    assert policy(BYTES[:0]).shape == (0, 8, 9, 3)


def test_arrays_that_cannot_be_written_to_pass_without_a_word():
    kept = BYTES.copy()
    kept.setflags(write=False)
    masks = MASKS.copy()
    masks.setflags(write=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert equal(POLICY(kept, mask=masks), POLICY(BYTES, mask=MASKS))


@pytest.mark.parametrize("kind", [np.float16, np.uint16, np.uint64, np.int8, bool])
def test_masks_of_many_dtypes_keep_theirs(kind):
    made = POLICY(BYTES, mask=MASKS.astype(kind))[1]
    assert made.dtype == kind
    assert np.array_equal(made.astype(np.uint8), POLICY(BYTES, mask=MASKS)[1])


# In blocks ------------------------------------------------------------------------------------------------------------

BLOCKS = {
    "noise": T.Compose([T.Rotate(15), T.GaussianNoise(), T.Contrast(0.3), T.Elastic()], random_state=0),
    "policy": T.RandAugment(random_state=0),
    "resize": T.Compose([T.Rain(), T.Resize((30, 9)), T.HueShift()], random_state=0),
    "mixed": T.Compose([T.Flip(), T.CutMix(), T.Rotate(5), T.MixUp()], random_state=0),
    "pasted": T.CopyPaste(random_state=0),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("form", [np.asarray, torch.from_numpy, list])
def test_blocks_of_rows_come_out_as_all_at_once(name, form, monkeypatch):
    boxes = [np.array([[2.0, 2, 9 + row, 9]]) for row in range(6)]
    policy = BLOCKS[name].fit(Images(BYTES, MASKS, boxes), np.arange(6) % 3)
    given = {"mask": form(MASKS), "boxes": boxes, "keypoints": [[[3, 3]]] * 6, "y": np.arange(6) % 3}
    whole = policy(form(BYTES), **given)
    planned = rows.planned
    seen: list[int] = []
    monkeypatch.setattr(rows, "HELD", 2 * BYTES[0].size)
    monkeypatch.setattr(rows, "planned", lambda op, draws, canvas: seen.append(canvas.n) or planned(op, draws, canvas))
    assert equal(policy(form(BYTES), **given), whole)
    assert max(seen) <= 2


# What is around a call ------------------------------------------------------------------------------------------------

EVERY = T.Compose([T.ChannelMix(), T.Rotate(15), T.Elastic(), T.Blur(), T.Rain(), T.Fog(), T.Equalise(), T.SaltNoise()],
                  random_state=0)  # fmt: skip


@pytest.mark.parametrize("around", [
    torch.inference_mode, torch.enable_grad, lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    lambda: torch.device("meta")], ids=["inference", "grad", "autocast", "device"])  # fmt: skip
def test_what_torch_is_told_around_a_call_changes_nothing(around):
    x = torch.from_numpy(BYTES / 255).float().permute(0, 3, 1, 2)
    want = EVERY(x)
    with around():
        made = EVERY(x)
    assert torch.equal(made, want)
    made.add_(1)  # an ordinary tensor
    with around():
        assert torch.equal(EVERY(x.clone().requires_grad_()), want)


def test_the_default_dtype_changes_nothing():
    want = EVERY(BYTES)
    torch.set_default_dtype(torch.float64)
    try:
        apart = np.abs(EVERY(BYTES).astype(int) - want)
    finally:
        torch.set_default_dtype(torch.float32)
    assert apart.max() <= 1
    assert apart.mean() < 0.01  # Equalise tells values apart that differ in their last bit


def test_a_forked_process_goes_on_with_a_policy_that_was_used():
    x = np.tile(BYTES, (4, 8, 8, 1))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        want = POLICY(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of forks where there are threads
            process = os.fork()
        if not process:
            signal.alarm(120)  # the end of a child that hangs
            os._exit(0 if np.array_equal(POLICY(x), want) and torch.get_num_threads() == 2 else 1)
        assert os.waitpid(process, 0)[1] == 0
    finally:
        torch.set_num_threads(before)


def test_threads_share_one_seed_and_no_number_of_a_call():
    for _ in range(50):
        op, out, start = T.Rotate(15), [], threading.Barrier(4)

        def call(op: Any = op, out: Any = out, start: Any = start) -> None:
            start.wait()
            out.append((op._seed, next(op._counter)))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({seed for seed, _ in out}) == 1
        assert len({number for _, number in out}) == 4


def test_threads_get_what_one_gets():
    want = POLICY(BYTES, index=np.arange(6))
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: POLICY(BYTES, index=np.arange(6)), range(20)))
    assert all(np.array_equal(one, want) for one in made)


def test_copies_of_a_fitted_policy_do_the_same():
    policy = BLOCKS["mixed"].fit(BYTES, [0, 1] * 3)
    want = policy(BYTES, y=[0, 1] * 3)
    for other in (copy.deepcopy(policy), copy.copy(policy), pickle.loads(pickle.dumps(policy))):
        assert equal(other(BYTES, y=[0, 1] * 3), want)


# Long policies --------------------------------------------------------------------------------------------------------


def test_alternatives_are_known_of_nested_choices():
    from gensynth.transforms.image.fused.forks import marks

    a, b, c, d, e = T.Grey(), T.Flip(), T.Invert(), T.Rotate(5), T.Blur()
    policy = T.Compose([a, T.OneOf([b, T.Compose([c, T.OneOf([d, T.Compose([])]), e])])])
    found = [f"{mark.joint:05b}"[::-1] for mark in marks(policy)]
    assert found == ["11111", "11000", "10111", "10111", "10111"]
    assert [mark.bit for mark in marks(policy)] == [1, 2, 4, 8, 16]


# Opacity --------------------------------------------------------------------------------------------------------------


TONES = [T.GaussianNoise(), T.ShotNoise(), T.SaltNoise((0.5, 0.5)), T.Cutout((0.5, 0.5)), T.GridMask(), T.Equalise(),
         T.Sharpen(), T.Rain(), T.Snow(), T.Fog(), T.Dust(), T.Night(), T.Shadow(), T.JPEG(), T.AutoContrast(),
         T.Sharpness(), T.Invert(p=1), T.Contrast(), T.HueShift()]  # fmt: skip


@pytest.mark.parametrize("op", TONES, ids=lambda op: type(op).__name__)
def test_what_changes_colours_leaves_opacity_as_it_is(op):
    x = RNG.integers(20, 230, (4, 16, 20, 4), dtype=np.uint8)
    made = op.seeded(0)(x)
    assert np.array_equal(made[..., 3], x[..., 3])
    assert not np.array_equal(made, x)
