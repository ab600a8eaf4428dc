"""Attacks on classifiers, and averages over changed copies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gensynth import Augment, Images
from gensynth import transforms as T
from gensynth.errors import ConfigError, DataError

RNG = np.random.default_rng(0)
W = torch.tensor([[1.0, -2.0, 0.0, 3.0]])


def linear(x):
    z = x.flatten(1) @ W.T
    return torch.cat([-z, z], 1)


def network(seed=0, width=12):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(width, 16), torch.nn.BatchNorm1d(16), torch.nn.Tanh(),
            torch.nn.Dropout(0.5), torch.nn.Linear(16, 3),
        )  # fmt: skip


def test_a_linear_classifier_is_attacked_along_its_weights():
    x = RNG.random((5, 4)) * 10
    attacked, y = T.FGSM(linear, 0.25, limits=(-50, 50))(x, y=[0, 1, 0, 1, 1])
    sign = np.where(np.array(y)[:, None] == 1, -1, 1) * np.sign(W.numpy())
    np.testing.assert_allclose(attacked - x, 0.25 * sign, atol=1e-12)


def test_the_best_of_a_linear_classifier_is_found_by_steps_too():
    x = RNG.random((5, 4))
    one, _ = T.FGSM(linear, 0.1, limits=(0, 1))(x, y=[0, 1, 0, 1, 1])
    many, _ = T.PGD(linear, 0.1, limits=(0, 1), random_state=0)(x, y=[0, 1, 0, 1, 1])
    moves = W.numpy()[0] != 0  # what a classifier does not look at stays where the steps began
    np.testing.assert_allclose(many[:, moves], one[:, moves], atol=1e-6)


@pytest.mark.parametrize("attack", [T.FGSM, T.PGD])
@pytest.mark.parametrize("epsilon", [8, 3.6])
def test_bytes_stay_in_the_box_and_in_their_range(attack, epsilon):
    x = RNG.integers(0, 256, (40, 3, 2, 2)).astype(np.uint8)
    y = RNG.integers(0, 3, 40)
    net = network()
    attacked, back = attack(lambda rows: net.eval()(rows / 255), epsilon, random_state=1)(x, y=y)
    far = np.abs(attacked.astype(int) - x)
    assert attacked.dtype == np.uint8
    assert attacked.shape == x.shape
    assert 1 <= far.max() <= epsilon
    assert back is y


def test_the_loss_rises_and_steps_are_better_than_one():
    net, x, y = network(3), RNG.random((200, 12)).astype(np.float32), RNG.integers(0, 3, 200)

    def loss(rows):
        with torch.no_grad():
            return float(torch.nn.functional.cross_entropy(net.eval()(torch.from_numpy(rows)), torch.from_numpy(y)))

    once = loss(T.FGSM(net, 0.2, limits=(0, 1))(x, y=y)[0])
    often = loss(T.PGD(net, 0.2, limits=(0, 1), steps=20, random_state=0)(x, y=y)[0])
    assert loss(x) < once <= often + 1e-4


def test_a_module_is_left_as_it_was():
    net = network().train()
    net[0].eval()
    before = [module.training for module in net.modules()]
    running = net[2].running_mean.clone()
    state = torch.random.get_rng_state()
    T.PGD(net, 0.2, random_state=0)(RNG.random((8, 12)).astype(np.float32), y=[0] * 8)
    assert [module.training for module in net.modules()] == before
    assert (net[2].running_mean == running).all()
    assert all(weight.grad is None for weight in net.parameters())
    assert (torch.random.get_rng_state() == state).all()


def test_a_row_is_attacked_the_same_in_any_batch():
    x, y = RNG.random((300, 12)), np.arange(300) % 3
    attack = T.PGD(network().double(), 0.1, limits=(0, 1), random_state=4)
    whole, _ = attack(x, y=y)
    part, _ = attack(x[270:], y=y[270:], index=np.arange(270, 300))
    np.testing.assert_allclose(part, whole[270:], atol=1e-12)


def test_a_share_of_a_batch_is_attacked():
    x, y = torch.rand(400, 4), torch.zeros(400, dtype=torch.int64)
    attack = T.FGSM(linear, 0.1, limits=(0, 1), random_state=0)
    mixed = attack.mixed(x, y, share=0.25)
    share = (mixed != x).any(1).float().mean()
    assert 0.18 < share < 0.32
    assert (attack.mixed(x, y, share=0) == x).all()


def test_images_keep_masks_and_labels_and_go_through_augment():
    x = RNG.random((12, 3, 2, 2)).astype(np.float32)
    images = Images(x, masks=x[:, 0] > 0.5)
    attack = T.PGD(network(), 8 / 255, limits=(0, 1))
    made, labels = Augment(attack, random_state=0).fit(images, [0, 1, 2] * 4).sample(6, return_y=True)
    assert made.masks.shape == (6, 2, 2)
    assert len(labels) == 6
    assert np.abs(made.x[:, None] - x[None]).max((2, 3, 4)).min(1).max() <= 8 / 255 + 1e-6


def test_an_empty_batch_stays_empty():
    assert T.FGSM(linear, 1.0)(np.zeros((0, 4)), y=[])[0].shape == (0, 4)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: T.FGSM(None), ConfigError, "model must be a torch classifier"),
        (lambda: T.FGSM(linear, 0), ConfigError, "epsilon must be a number above 0"),
        (lambda: T.FGSM(linear, 1, limits=(1, 0)), ConfigError, "limits must be two numbers"),
        (lambda: T.PGD(linear, 1, steps=0), ConfigError, "steps must be a whole number"),
        (lambda: T.PGD(linear, 1, step=-1.0), ConfigError, "step must be a number above 0"),
        (lambda: T.FGSM(linear, 1)(np.zeros((2, 4))), DataError, "an attack needs y"),
        (lambda: T.FGSM(linear, 1)(np.full((1, 4), np.nan), y=[0]), DataError, "not finite"),
        (lambda: T.FGSM(linear, 1)(np.zeros((1, 4), dtype=int), y=[0]), DataError, "bytes or floats"),
        (lambda: T.FGSM(linear, 1).to_dict(), ConfigError, "holds a model"),
        (lambda: T.Compose([T.FGSM(linear)])(np.zeros((2, 4, 4, 3), np.uint8), y=[0, 1]), ConfigError, "stands alone"),
    ],
)
def test_what_cannot_be_is_said(make, error, text):
    with pytest.raises(error, match=text):
        make()


# Averages over copies --------------------------------------------------------------------------------------------


def brightness(images):
    return np.stack([images.mean((1, 2, 3)), images.std((1, 2, 3))], 1)


def test_averages_are_those_of_the_copies():
    x = RNG.integers(0, 256, (6, 8, 8, 3)).astype(np.uint8)
    policy = T.Brightness(0.5, random_state=2)
    copies = [brightness(policy(x, index=np.arange(6), epoch=k)) for k in range(3)]
    np.testing.assert_allclose(T.test_time_average(brightness, x, policy, 3, original=False), np.mean(copies, 0))
    whole = T.test_time_average(brightness, x, policy, 3)
    np.testing.assert_allclose(whole, np.mean([brightness(x), *copies], 0))
    part = T.test_time_average(brightness, x[4:], policy, 3, index=[4, 5])
    np.testing.assert_allclose(part, whole[4:])


def test_averages_take_tensors_and_texts():
    x = torch.rand(4, 3, 5, 5)
    assert T.test_time_average(lambda rows: rows.mean((2, 3)), x, T.Flip(p=1), 2).shape == (4, 3)
    lengths = T.test_time_average(lambda rows: [len(row) for row in rows], ["a b c", "d"], T.SwapWords(), 2)
    assert lengths.tolist() == [5, 1]


def test_averages_of_other_numbers_of_rows_are_refused():
    with pytest.raises(DataError, match="one prediction a row"):
        T.test_time_average(lambda rows: [1, 2, 3], np.zeros((2, 4, 4, 3), np.uint8), T.Flip(), 1)
    with pytest.raises(ConfigError, match="n must be a whole number"):
        T.test_time_average(brightness, np.zeros((2, 4, 4, 3), np.uint8), T.Flip(), 0)


def test_some_rows_are_attacked_by_a_chance_each_by_its_number():
    x = np.random.default_rng(0).uniform(0.2, 0.8, (200, 3))
    y = np.zeros(200, dtype=int)
    every, some = (T.FGSM(lambda x: torch.stack([-x[:, 0], x[:, 0]], 1), 0.1, p=p, random_state=0) for p in (1.0, 0.3))
    attacked, whole = some(x, y=y)[0], every(x, y=y)[0]
    chosen = (attacked != x).any(1)
    assert 30 < chosen.sum() < 90
    assert np.array_equal(attacked[chosen], whole[chosen])
    assert np.array_equal(some(x[5:6], y=y[:1], index=[5])[0], attacked[5:6])


@pytest.mark.parametrize("x", [[np.zeros((2, 2)), np.zeros((3, 2))], None, ["a", "b"], np.zeros((2, 3), dtype=object)])
def test_rows_that_are_no_array_of_numbers_are_refused(x):
    with pytest.raises(DataError):
        T.FGSM(lambda x: x, 0.1)(x, y=[0, 1])


@pytest.mark.parametrize("y", [["a", "b"], [0.5, 1.0], [0], 3, None, [[0], [1]]])
def test_labels_that_are_no_numbers_of_classes_are_refused(y):
    with pytest.raises(DataError, match="needs y"):
        T.FGSM(lambda x: x, 0.1)(np.zeros((2, 3)), y=y)


@pytest.mark.parametrize("limits", [(1, 0), 3, ("a", "b"), (0, None), (0, 1, 2)])
def test_limits_are_two_numbers(limits):
    with pytest.raises(ConfigError, match="limits"):
        T.FGSM(lambda x: x, 0.1, limits=limits)
