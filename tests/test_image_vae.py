"""Convolutions, the autoencoder of images and the drawing of its codes, against truths that can be computed."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from gensynth.errors import FormatError
from gensynth.generators.detail import Detail
from gensynth.generators.latent import MATES, SPREAD, Around
from gensynth.nn.conv import Down, Halved, Up, grids
from gensynth.nn.image_vae import EDGES, ImageCodec, S, apart
from gensynth.training import Batches, train

SIZES = [(28, 28), (8, 8), (9, 8), (33, 17), (16, 64), (5, 31), (4, 4), (256, 255)]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


# Convolutions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_images_of_any_size_come_back_as_large(size):
    down, up = Down((2, *size), (4, 6), seeded(), norm=True), Up((2, *size), (4, 6), seeded(), norm=True)
    h = down(torch.rand(3, 2, *size, generator=seeded(1)))
    assert h.shape == (3, *down.shape) == (3, *up.shape)
    assert up(h).shape == (3, 2, *size)


@pytest.mark.parametrize("side", range(4, 257))
def test_sides_are_halved_until_few_pixels_are_left(side):
    sides = [height for height, _ in grids(side, side)]
    assert all(math.ceil(large / 2) == small for large, small in pairwise(sides))
    assert 4 <= sides[-1] <= 7


@pytest.mark.parametrize(("large", "small"), [((8, 8), (4, 4)), ((9, 7), (5, 7)), ((31, 16), (16, 8))])
def test_up_is_the_transpose_of_down(large, small):
    down = Halved((2, 3), large, small, seeded())
    up = Halved((3, 2), large, small, seeded(), up=True)
    up.weight = down.weight
    x, h = torch.randn(1, 2, *large, generator=seeded(1)), torch.randn(1, 3, *small, generator=seeded(2))
    np.testing.assert_allclose((down(x) * h).sum().item(), (x * up(h)).sum().item(), rtol=1e-3, atol=1e-4)


# The networks ----------------------------------------------------------------------------------------------------


def test_the_error_is_that_of_pixels_and_edges():
    x = torch.zeros(1, 1, 8, 8)
    step = x.clone()
    step[..., 4:] = 1  # one edge of height 1 among 7, 3 and 1 differences at the three scales
    np.testing.assert_allclose(apart(step, x).item(), 0.5 + EDGES * (1 / 7 + 1 / 3 + 1), rtol=1e-6)
    assert apart(step, step).item() == 0


def test_the_divergence_is_that_of_normals():
    task = ImageCodec((3, 9, 12), 2, (4,), noise=5, rng=seeded())
    x = torch.randint(0, 256, (7, 3, 9, 12), generator=seeded(1), dtype=torch.uint8)
    y = torch.arange(7) % 2
    m, log_s2 = task.posterior(x, y)
    q, p = torch.distributions.Normal(m, (log_s2 / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    truth = torch.distributions.kl_divergence(q, p).sum(1)
    np.testing.assert_allclose(task.parts(x, y, seeded())[1].detach(), truth.detach(), rtol=1e-4)
    np.testing.assert_allclose((log_s2 / 2).exp().detach(), S, rtol=1e-6)


def test_weights_come_from_the_generator_alone_and_all_of_them_learn():
    before = torch.get_rng_state()
    one, same, other = (ImageCodec((1, 10, 10), 3, (4, 6), noise=2, rng=seeded(seed)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    weights = [torch.cat([w.flatten() for w in task.parameters()]) for task in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    x = torch.randint(0, 256, (6, 1, 10, 10), generator=seeded(1), dtype=torch.uint8)
    one.step((x, torch.arange(6) % 3), 0, lambda _, loss: loss.backward(), seeded())
    assert all(w.grad is not None and w.grad.abs().sum() > 0 for w in one.parameters())


def halves(n=240, seed=0):
    """Images whose left half is bright in class 0 and whose right half is in class 1, by chance more or less so."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = np.zeros((n, 1, 8, 10), dtype=np.uint8)
    for image, label, light in zip(x, y, rng.integers(120, 256, n), strict=True):
        image[0, :, 5 * label : 5 * label + 5] = light
    return torch.from_numpy(x), torch.from_numpy(y)


def learned(x, y, seed=0, steps=100):
    task = ImageCodec(tuple(x.shape[1:]), 2, (8,), noise=4, lr=5e-3, rng=seeded(seed))
    train(task, Batches((x, y), 32, seed=seed, steps=steps, round=50), device="cpu", decay=0.9, progress=False)
    with torch.no_grad():
        m, log_s2 = task.posterior(x, y)
    return task, m.double().numpy(), (log_s2 / 2).exp().double().numpy()


def sides_right(task, m, s, labels):
    """Return the share of drawn images whose bright half is that of the class asked."""
    around = Around.fit(m, s, labels.numpy(), sampler="mixture", components=1000, key=0)
    asked = np.arange(400) % 2
    z = torch.from_numpy(around.draw(asked, np.arange(400), 0)).float()
    with torch.no_grad():
        made = task.decode(z, torch.from_numpy(asked))
    assert made.abs().max() <= 1
    bright = made[..., 5:].mean((1, 2, 3)) > made[..., :5].mean((1, 2, 3))
    return float((bright.numpy() == asked).mean())


def test_images_are_learned_by_class_and_by_other_labels_are_not():
    x, y = halves()
    task, m, s = learned(x, y)
    with torch.no_grad():
        again = task.decode(torch.from_numpy(m).float(), y)
    assert (again - (x.float() / 127.5 - 1)).abs().mean() < 0.1
    assert sides_right(task, m, s, y) > 0.99
    shuffled = y[torch.randperm(len(y), generator=seeded(1))]
    assert sides_right(*learned(x, shuffled), shuffled) < 0.9


def test_the_same_training_gives_the_same_weights_and_score():
    x, y = halves(64)
    (one, m, _), (other, n, _) = learned(x, y, steps=5), learned(x, y, steps=5)
    assert np.array_equal(m, n)
    with torch.no_grad():
        scores = [task.score([(x[:40], y[:40]), (x[40:], y[40:])], seeded(3)) for task in (one, other)]
    assert scores[0] == scores[1] > 0
    assert one.score([], seeded()) is None


# Codes -----------------------------------------------------------------------------------------------------------


def clouds(counts=(400, 400, 3, 1), d=3, seed=0):
    """Points that vary ten times as much along the first axis as along the others, around a mean for each class."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(counts)), counts)
    m = rng.normal(size=(len(codes), d)) * [10.0, 1.0, 1.0][:d] + 50.0 * codes[:, None]
    return m, np.full_like(m, 0.1), codes


def drawn(sampler, code, n=20_000, components=10_000):
    m, s, codes = clouds()
    around = Around.fit(m, s, codes, sampler=sampler, components=components, key=0)
    return m[codes == code], around.draw(np.full(n, code), np.arange(n), 5)


@pytest.mark.parametrize(("sampler", "wider"), [("mixture", 1 + SPREAD**2), ("normal", 1.0)])
def test_codes_of_a_class_vary_as_its_points_do(sampler, wider):
    points, z = drawn(sampler, 0)
    np.testing.assert_allclose(z.mean(0), points.mean(0), atol=0.3)
    np.testing.assert_allclose(z.std(0), points.std(0) * wider**0.5, rtol=0.05)


@pytest.mark.parametrize("sampler", ["mixture", "normal", "smote"])
def test_a_class_of_one_row_borrows_how_the_others_vary(sampler):
    _, z = drawn(sampler, 3)
    assert z[:, 0].std() > 5 * z[:, 1:].std(0).max()
    assert abs(z.mean() - 150) < (15 if sampler != "normal" else 75)


@pytest.mark.parametrize("code", [0, 2])
def test_smote_stays_between_a_point_and_one_of_its_nearest(code):
    points, z = drawn("smote", code, n=300)
    k = min(MATES, len(points) - 1)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    ends = [(i, j) for i, row in enumerate(apart) for j in np.argsort(row)[1 : k + 1]]
    a, b = (points[list(side)] for side in zip(*ends, strict=True))
    lengths = np.linalg.norm(a - b, axis=1)
    detours = np.linalg.norm(z[:, None] - a, axis=2) + np.linalg.norm(z[:, None] - b, axis=2) - lengths
    assert detours.min(1).max() < 1e-6
    assert np.linalg.norm(z[:, None] - points, axis=2).min(1).mean() > 0.1


def test_the_picture_of_a_centre_goes_with_it():
    m, s, codes = clouds()
    pictures = (np.arange(len(m)) % 251).astype(np.uint8).reshape(-1, 1, 1, 1)
    parents = np.random.default_rng(0).permutation(len(m))
    detail = Detail.of(pictures, parents, np.arange(len(m)), 3)
    around = Around.fit(m, s, codes, sampler="detail", components=50, key=2, detail=detail)
    asked = np.arange(200) % 4
    i = around.places(asked, np.arange(200), 7)
    rows = np.argsort(parents)[around.detail.rows(i)]
    assert np.array_equal(codes[rows], asked)
    assert np.array_equal(m[rows], around.centres[i])
    assert np.array_equal(around.detail.at(i), pictures[rows])
    assert len(around.detail.pictures) == len(around.centres)
    mixture = Around.fit(m, s, codes, sampler="mixture", components=50, key=2)
    assert np.array_equal(around.draw(asked, np.arange(200), 7), mixture.draw(asked, np.arange(200), 7))
    assert Around.unpack(mixture.pack(), 4, 3).detail is None


def test_copies_are_held_as_the_numbers_of_their_moves():
    x = torch.randint(256, (3, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8).numpy()
    slots = np.repeat([0, 1, 2], [1, 4, 2])
    detail = Detail.of(x, np.array([7, 8, 9]), slots, 2**63 + 1)
    whole = detail.at(np.arange(7))
    assert np.array_equal(whole[[0, 1, 5]], x)
    assert len(np.unique(whole.reshape(7, -1), axis=0)) == 7
    apart = np.abs(whole.astype(int) - x[slots]).mean((1, 2, 3))
    assert 0 < apart[[2, 3, 4, 6]].min()
    some = detail.some(np.array([6, 3, 2]))
    assert np.array_equal(some.at(np.array([2, 0, 0])), whole[[2, 6, 6]])
    assert (some.rows(np.arange(3)).tolist(), len(some.pictures)) == ([9, 8, 8], 2)
    assert np.array_equal(Detail.unpack(some.pack(), 3).at(np.arange(3)), whole[[6, 3, 2]])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("pictures", lambda x: x.astype(float)),
        ("pictures", lambda x: x[:-1]),
        ("pictures", lambda x: x[0]),
        ("parents", lambda x: x[:-1]),
        ("parents", lambda x: x / 2),
        ("parents", lambda x: -x - 1),
        ("slots", lambda x: x[:-1]),
        ("slots", lambda x: x + 1),
        ("slots", lambda x: x - 1),
        ("moves", lambda x: x - 1),
        ("moves", lambda x: x.astype(float)),
        ("seed", lambda x: x.astype(np.int64)),
    ],
)
def test_detail_that_cannot_be_is_refused(name, change):
    m, s, codes = clouds()
    detail = Detail.of(np.zeros((len(m), 1, 4, 4), np.uint8), np.arange(len(m)), np.arange(len(m)), 0)
    held = Around.fit(m, s, codes, sampler="detail", components=50, key=2, detail=detail).pack()
    with pytest.raises(FormatError):
        Around.unpack(held | {f"detail/{name}": change(held[f"detail/{name}"])}, 4, 3)


@pytest.mark.parametrize("sampler", ["mixture", "smote", "normal"])
def test_a_row_is_the_same_whichever_others_there_are(sampler):
    m, s, codes = clouds()
    one, same = (Around.fit(m, s, codes, sampler=sampler, components=50, key=2) for _ in range(2))
    back = Around.unpack(same.pack(), 4, 3)
    asked = np.arange(40) % 4
    z = one.draw(asked, np.arange(40), 7)
    assert np.array_equal(z[:10], one.draw(asked[:10], np.arange(10), 7))
    assert np.array_equal(z[[7, 3]], one.draw(asked[[7, 3]], np.array([7, 3]), 7))
    assert np.array_equal(z, back.draw(asked, np.arange(40), 7))
    assert not np.array_equal(z, one.draw(asked, np.arange(40), 8))
    assert np.diff(one.starts).tolist() == ([1] * 4 if sampler == "normal" else [50, 50, 3, 1])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("starts", lambda a: a[:-1]),
        ("starts", lambda a: a[::-1]),
        ("centres", lambda a: a * np.nan),
        ("mates", lambda a: a + 10_000),
        ("mates", lambda a: a.astype(float)),
        ("roots", lambda a: a[:, :2]),
    ],
)
def test_damaged_codes_are_refused(name, damage):
    m, s, codes = clouds()
    arrays = Around.fit(m, s, codes, sampler="smote", components=50, key=0).pack()
    with pytest.raises(FormatError):
        Around.unpack(arrays | {name: damage(arrays[name])}, 4, 3)
