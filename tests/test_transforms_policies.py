"""Published policies against the published, alternatives against chains, and enhancing against torchvision."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import autoaugment
from torchvision.transforms.v2 import functional as tv

from gensynth import Balancer
from gensynth import transforms as T
from gensynth.errors import ConfigError
from gensynth.generators.augment import Augment
from gensynth.transforms.base import Leaf
from gensynth.transforms.draws import Draws
from gensynth.transforms.image.found import subpolicies
from gensynth.transforms.image.policies import Shift

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (24, 20, 20, 3)).astype(np.uint8)
POLICIES = [
    T.AutoAugment(), T.AutoAugment("cifar10"), T.AutoAugment("svhn"), T.RandAugment(), T.RandAugment(3, 20, 30),
    T.TrivialAugment(), T.TrivialAugment("standard"),
]  # fmt: skip


def smooth(n: int = 24, side: int = 40) -> np.ndarray:
    """Return images without fine texture, as bytes."""
    coarse = torch.from_numpy(RNG.random((n, 3, 5, 5)))
    wide = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=True)
    return (wide.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def leaves(policy: T.Transform, n: int, seed: int = 0) -> list[Leaf]:
    """Return the single changes of a policy, and which of n rows each touches."""
    return [*policy.leaves(Draws.of(seed, 0, np.arange(n)), np.ones(n, dtype=bool))]


@dataclass(frozen=True)
class Only(T.Transform):
    """One change of a policy, by its number, with the draws that it has in it."""

    policy: T.Transform | None = None
    number: int = 0

    def leaves(self, draws: Draws, active: np.ndarray, certain: bool = True) -> Iterator[Leaf]:
        yield [*self.policy.leaves(draws, active, certain)][self.number]


def chain(policy: T.Transform, x: np.ndarray, seed: int) -> np.ndarray:
    """Return what the changes make one after another."""
    for number in range(len(leaves(policy, 1))):
        x = Only(policy=policy, number=number, random_state=seed)(x)
    return x


# Alternatives ---------------------------------------------------------------------------------------------------------

EXACT = [T.Flip(), T.FlipVertical(), T.QuarterTurn((1, 2)), T.Invert(p=0.5), T.Solarise((0.3, 0.7)),
         T.Posterise((2, 6)), T.Cutout(fill=0.0), T.SaltNoise((0.1, 0.3))]  # fmt: skip
TREES = st.recursive(
    st.sampled_from(EXACT),
    lambda parts: st.builds(
        lambda kind, some, p: kind(some, p=p),
        st.sampled_from([T.Compose, T.OneOf]), st.lists(parts, max_size=4), st.sampled_from([0.6, 1.0]),
    ),
    max_leaves=12,
)  # fmt: skip


@given(TREES, st.integers(0, 1000))
@settings(max_examples=50)
def test_a_plan_with_alternatives_is_the_chain_bit_for_bit(policy, seed):
    x = BYTES[:12, :9, :9]
    fused = replace(policy, random_state=seed)(x)
    assert np.array_equal(fused, chain(policy, x, seed))
    assert np.array_equal(replace(policy, random_state=seed)(x[[7, 2]], index=[7, 2]), fused[[7, 2]])


def test_alternatives_share_moves_passes_and_cuts():
    policy = T.OneOf([T.Rotate(9), T.Blur(), T.Brightness(0.1), T.Shear(9), T.Saturation(0.1), T.Cutout(),
                      T.Posterise(), T.Solarise()])  # fmt: skip
    assert policy.explain().splitlines() == [
        "move    Rotate | Shear: one resampling, to 64 x 64",
        "colour  Brightness | Saturation: one pass",
        "colour  Posterise | Solarise: one pass",
        "pixels  Blur | Cutout",
    ]
    pairs = T.OneOf([T.Compose([T.Blur(), T.Rotate(9)]), T.Compose([T.Shear(5), T.Cutout()])])
    assert pairs.explain().splitlines() == [
        "move    Shear: one resampling, to 64 x 64",
        "pixels  Blur | Cutout",
        "-- cut: Blur | Cutout needs the pixels --",
        "move    Rotate: one resampling, to 64 x 64",
    ]
    after = T.Compose([policy, T.Rotate(5)]).explain()
    assert after.count("move") == 2


@pytest.mark.parametrize(
    "policy",
    [T.OneOf([T.Saturation(0.5), T.Temperature(0.3), T.Rotate(9)]), T.OneOf([T.Saturation(0.5), T.Night(noise=0.0)]),
     T.Compose([T.OneOf([T.Elastic(), T.Rotate(20)]), T.OneOf([T.Contrast(0.5), T.ChannelMix(), T.HueShift()])])],
    ids=str,
)  # fmt: skip
def test_floats_come_out_the_same_to_the_last_bit_in_every_batch(policy):
    x = RNG.random((30, 12, 12, 3)).astype(np.float32)
    op = replace(policy, random_state=0)
    whole = op(x)
    for row in range(30):
        assert np.array_equal(op(x[[row]], index=[row])[0], whole[row])


def test_masks_and_boxes_follow_alternatives():
    policy = T.Compose([T.OneOf([T.Flip(p=1), T.QuarterTurn((2,)), T.Blur()]), T.OneOf([T.Flip(p=1), T.Invert(p=1)])],
                       random_state=0)  # fmt: skip
    numbers = np.arange(24 * 400).reshape(24, 20, 20)
    boxes = [np.array([[2.0, 3, 7, 11]])] * 24
    _, mask, moved = policy(BYTES, mask=numbers, boxes=boxes)
    for row in range(24):
        left, top, right, bottom = moved[row][0].astype(int)
        assert sorted(mask[row, top:bottom, left:right].ravel()) == sorted(numbers[row, 3:11, 2:7].ravel())


# Policies -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_row_is_the_same_in_every_batch(policy):
    op = replace(policy, random_state=1)
    whole = op(BYTES)
    assert (whole.dtype, whole.shape) == (BYTES.dtype, BYTES.shape)
    assert (whole != BYTES).any((1, 2, 3)).mean() > 0.5
    for rows in ([4], [5, 0, 17]):
        assert np.array_equal(op(BYTES[rows], index=rows), whole[rows])
    assert np.array_equal(op(BYTES[9], index=[9]), whole[9])
    assert not np.array_equal(op(BYTES, epoch=1), whole)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_policy_is_near_the_chain(policy):
    x = smooth()
    fused, unfused = replace(policy, random_state=3)(x), chain(policy, x, 3)
    inside = np.s_[:, 14:-14, 14:-14]
    apart = np.abs(fused.astype(float) - unfused)[inside].mean((1, 2, 3))
    assert np.median(apart) < 1
    assert (apart < 6).mean() > 0.85  # a level more or less turns a threshold over


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_policies_are_data(policy):
    said = yaml.safe_load(yaml.safe_dump(T.Compose([policy, T.Flip()], random_state=2).to_dict()))
    again = T.Transform.from_dict(said)
    assert again == T.Compose([policy, T.Flip()], random_state=2)
    assert len(said["parts"][0]) <= 4
    x = again(BYTES)
    assert np.array_equal(pickle.loads(pickle.dumps(again))(BYTES), x)
    assert hash(again) == hash(T.Compose([policy, T.Flip()], random_state=2))
    assert "Rotate" in policy.explain()


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 2, 3), (28, 28), (9, 5, 4), (7, 7, 1)])
def test_sizes_and_channels_come_back(policy, shape):
    x = RNG.integers(0, 256, (16, *shape)).astype(np.uint8)
    assert policy(x).shape == x.shape
    assert policy(x / 255).dtype == np.float64
    assert len(policy(x[:0])) == 0


@pytest.mark.parametrize("name", ["imagenet", "cifar10", "svhn"])
def test_the_found_pairs_are_those_published(name):
    theirs = autoaugment.AutoAugment(autoaugment.AutoAugmentPolicy(name)).policies
    names = {"Posterize": "Posterise", "Solarize": "Solarise", "Equalize": "Equalise", "Color": "Saturation"}
    wanted = [tuple((names.get(op, op), p, magnitude or 0) for op, p, magnitude in pair) for pair in theirs]
    assert subpolicies(name) == wanted


def test_autoaugment_does_one_pair_each_operation_by_its_chance():
    n = 40_000
    pairs = T.AutoAugment("svhn").built.parts
    assert len(pairs) == 25
    counts = np.array([len(leaves(pair, 1)) for pair in pairs])
    active = np.array([active for _, _, active, _ in leaves(T.AutoAugment("svhn"), n)])
    owner = np.repeat(np.arange(25), counts)
    for row in active.T[:500]:
        assert len(set(owner[row])) <= 1
    first = active[0] | active[1]  # ShearX 0.9, either way
    assert abs(first.mean() - 0.9 / 25) < 0.004
    assert abs(active[2].mean() - 0.2 / 25) < 0.003
    shear = pairs[0].parts[0].parts[0].parts[0]
    assert np.isclose(np.tan(np.deg2rad(shear.x[0])), 0.3 * 4 / 9)
    contrast = pairs[14].parts[0]
    assert isinstance(contrast, T.Contrast)
    assert np.isclose(contrast.factor[0], 0.1 + 1.8 * 3 / 9)
    assert T.AutoAugment().built.parts[0].parts[0].parts[0].bits == (4, 4)


def test_randaugment_does_n_operations_and_a_larger_magnitude_changes_more():
    for n in (0, 1, 3):
        counts = sum(active.astype(int) for _, _, active, _ in leaves(T.RandAugment(n), 20_000)) if n else np.zeros(5)
        assert counts.max() == n
        assert abs(counts.mean() - n * 13 / 14) < 0.02
    assert np.array_equal(T.RandAugment(0)(BYTES), BYTES)
    x = smooth(60)
    changes = [np.abs(T.RandAugment(1, m, random_state=0)(x) - x.astype(float)).mean((1, 2, 3)) for m in (0, 3, 6, 10)]
    assert (changes[0] == 0).mean() > 0.8  # but for values that are spread
    assert changes[0].mean() < changes[1].mean() < changes[2].mean() < changes[3].mean()
    degrees = {part.degrees for part, *_ in leaves(T.RandAugment(1, 15, 30), 1) if isinstance(part, T.Rotate)}
    assert degrees == {(15.0, 15.0), (-15.0, -15.0)}


@pytest.mark.parametrize("strength", ["wide", "standard"])
def test_trivialaugment_does_one_operation_each_as_often(strength):
    found = leaves(T.TrivialAugment(strength), 30_000)
    active = np.array([active for _, _, active, _ in found])
    assert len(active) == 13
    assert active.sum(0).max() == 1
    assert np.allclose(active.mean(1), 1 / 14, atol=0.006)
    by_name = {type(part).__name__: part for part, *_ in found}
    wide = strength == "wide"
    assert by_name["Rotate"].degrees == (135.0 if wide else 30.0)
    assert by_name["Posterise"].bits == ((2, 8) if wide else (4, 8))
    assert by_name["Brightness"].factor == (0.99 if wide else 0.9)
    assert np.isclose(np.tan(np.deg2rad(max(p.x for p, *_ in found if isinstance(p, T.Shear)))), 0.99 if wide else 0.3)
    assert max(p.x for p, *_ in found if isinstance(p, Shift)) == (32 if wide else 10)


def test_rows_that_are_left_alone_are_not_touched():
    x = RNG.random((90, 9, 9, 3)).astype(np.float32)
    op = T.TrivialAugment(random_state=0)
    touched = np.array([active for _, _, active, _ in leaves(op, 90)]).any(0)
    assert 0 < touched.sum() < 90
    assert np.array_equal(op(x)[~touched], x[~touched])


def test_rare_images_are_balanced():
    y = np.array([0] * 18 + [1] * 6)
    X, labels = Balancer(Augment("TrivialAugment", random_state=0)).fit_resample(BYTES, y)
    assert np.bincount(labels).tolist() == [18, 18]
    assert X.shape == (36, 20, 20, 3)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: T.AutoAugment("imagnet"), "imagenet"),
        (lambda: T.RandAugment(-1), "n must be"),
        (lambda: T.RandAugment(2.5), "n must be"),
        (lambda: T.RandAugment(magnitude=11), "magnitude"),
        (lambda: T.RandAugment(levels=0), "levels"),
        (lambda: T.TrivialAugment("strong"), "strength"),
        (lambda: T.TrivialAugment(border="mirror"), "border"),
        (lambda: T.Sharpness((-1, 1)), "factor"),
    ],
)
def test_wrong_settings_are_told(make, text):
    with pytest.raises(ConfigError, match=text):
        make()


# Enhancing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("op", "peer"),
    [
        (T.AutoContrast(), tv.autocontrast),
        (T.Sharpness((0.0, 0.0)), lambda x: tv.adjust_sharpness(x, 0.0)),
        (T.Sharpness((0.3, 0.3)), lambda x: tv.adjust_sharpness(x, 0.3)),
        (T.Sharpness((1.9, 1.9)), lambda x: tv.adjust_sharpness(x, 1.9)),
    ],
)
def test_enhancing_is_that_of_torchvision(op, peer):
    for x in (
        torch.rand(4, 3, 12, 15, generator=torch.Generator().manual_seed(0)) * 0.7 + 0.1,
        torch.full((1, 3, 5, 5), 0.3),
    ):
        assert torch.allclose(op(x), peer(x), atol=1e-5)
    clear = RNG.integers(0, 256, (5, 8, 9, 4)).astype(np.uint8)
    assert np.array_equal(op(clear)[..., 3], clear[..., 3])
