"""The networks of a WGAN for images, against truths that can be computed; changes of images; trainings that spoil."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional as F

from gensynth.errors import GensynthWarning
from gensynth.nn.differentiable import Differentiable
from gensynth.nn.image_wgan import Doubled, ImageCritic, ImageMaker, as_floats, features, kernel_distance
from gensynth.nn.wgan import Game
from gensynth.training import Batches, train

SHAPES = [(1, 28, 28), (3, 16, 16), (3, 64, 64), (1, 17, 33), (4, 9, 40), (2, 4, 4), (3, 256, 256), (1, 5, 256)]
SMALL = (2, 12, 9)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n, shape=SMALL, seed=0):
    return torch.randint(256, (n, *shape), generator=seeded(seed), dtype=torch.uint8)


def halves(n=400):
    """Return images that are bright on the left, or on the right in class 1."""
    y = torch.arange(n) % 2
    x = 40 + 20 * torch.randn(n, 1, 8, 8, generator=seeded())
    x[y == 0, :, :, :4] += 150
    x[y == 1, :, :, 4:] += 150
    return x.clamp(0, 255).to(torch.uint8), y


def game(shape=(1, 8, 8), classes=2, hidden=(8, 16), **kw):
    rng = seeded()
    maker = ImageMaker(shape, classes, hidden, noise=8, rng=rng)
    critic = ImageCritic(shape, classes, hidden, changes=kw.pop("changes", None), rng=rng)
    return Game(maker, critic, **{"loss": "relativistic", "penalty": 0.1, "lr": 2e-3, **kw})


# The networks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("small", "large"), [((4, 7), (8, 14)), ((4, 7), (7, 13)), ((5, 4), (5, 8)), ((4, 6), (8, 6))])
def test_doubling_and_convolving_are_one_step(small, large):
    layer, h = Doubled((3, 5), small, large, seeded()), torch.randn(2, 3, *small, generator=seeded(1))
    layer.bias.data.normal_(generator=seeded(2))
    twice = F.interpolate(h, scale_factor=tuple(float(step) for step in layer.stride), mode="nearest")
    weight = layer.weight.transpose(0, 1).flip(2, 3)
    wanted = F.conv2d(twice, weight, layer.bias, padding=1)[..., : large[0], : large[1]]
    made = layer(h)
    assert made.shape == (2, 5, *large)
    torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("hidden", [(4,), (4, 6, 8)])
def test_images_of_all_sizes(shape, hidden):
    maker, critic = ImageMaker(shape, 3, hidden, noise=5, rng=seeded()), ImageCritic(shape, 3, hidden, rng=seeded())
    x, y = images(3, shape), torch.tensor([0, 2, 2])
    made, classes = maker.make((x, y), seeded())
    assert made.shape == x.shape
    assert classes.equal(y)
    assert made.abs().max() <= 1
    assert made.std() > 0.01
    for part in (made, x):
        assert critic.judge(critic.points(critic.varied((part, y), seeded())), (part, y)).shape == (3,)
    sides = maker.start[1:]
    assert 4 <= min(sides)
    assert max(sides) <= 7


def test_weights_come_from_the_generator_given():
    for kind, kw in ((ImageMaker, {"noise": 4}), (ImageCritic, {})):
        nets = [kind(SMALL, 3, (4, 6), rng=seeded(seed), **kw) for seed in (0, 0, 1)]
        states = [net.state_dict() for net in nets]
        assert all(states[0][name].equal(states[1][name]) for name in states[0])
        assert any(not states[0][name].equal(states[2][name]) for name in states[0])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_class_reaches_images_of_all_sizes(shape):
    maker, z = ImageMaker(shape, 2, (4, 6), noise=4, rng=seeded()), torch.randn(2, 4, generator=seeded())
    zero, one = (maker(z, torch.full((2,), y)) for y in (0, 1))
    assert (zero - one).abs().mean() > 0.01


def test_the_smallest_grid_is_the_same_in_all_classes_and_the_image_is_not():
    maker, seen = ImageMaker(SMALL, 2, (8, 8), noise=4, rng=seeded()), []
    maker.layers[0].register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    z = torch.randn(5, 4, generator=seeded())
    zero, one = (maker(z, torch.full((5,), y)) for y in (0, 1))
    assert seen[0].equal(seen[1])
    assert (zero - one).abs().mean() > 0.01
    maker.own.data.zero_()
    assert maker(z, torch.zeros(5, dtype=torch.int64)).equal(maker(z, torch.ones(5, dtype=torch.int64)))


def test_a_critic_sees_bytes_as_floats():
    critic, x, y = ImageCritic(SMALL, 2, (4, 6), rng=seeded()), images(6), torch.tensor([0, 1, 0, 1, 1, 0])
    floats = as_floats(x)
    assert floats.min() >= -1
    assert floats.max() <= 1
    torch.testing.assert_close((floats + 1) * 127.5, x.float())
    assert critic.points((x, y)).equal(critic.points((floats, y)))
    shown, classes = critic.varied((x, y), seeded())
    assert shown.equal(floats)
    assert classes is y


def test_the_class_leans_the_critic_by_its_own_part():
    critic, x = ImageCritic(SMALL, 2, (4, 6), rng=seeded()), as_floats(images(6))
    zero, one = (critic.judge(x, (x, torch.full((6,), y))) for y in (0, 1))
    critic.own.data[:] = critic.own.data.flip(0)
    assert critic.judge(x, (x, torch.zeros(6, dtype=torch.int64))).equal(one)
    assert not zero.equal(one)


def test_the_steepness_is_the_squared_norm():
    critic, y = ImageCritic(SMALL, 2, (4, 6), rng=seeded()), torch.tensor([0, 1, 1])
    x = as_floats(images(3)).double().requires_grad_()
    critic.double()
    (slopes,) = torch.autograd.grad(critic.judge(x, (x, y)).sum(), x)
    step, found = 1e-5, critic.steepness(slopes)
    for at in range(3):  # moved along its slope, D rises by the norm of the slope
        along = slopes[at] / slopes[at].norm()
        ends = [critic.judge((x[at] + way * step * along)[None], (x, y[at : at + 1])) for way in (1, -1)]
        assert ((ends[0] - ends[1]) / (2 * step)).item() == pytest.approx(float(found[at].sqrt()), rel=1e-3)


# How far apart ---------------------------------------------------------------------------------------------------


def test_the_kernel_distance_is_that_of_all_pairs():
    x, g, y = torch.randn(7, 5, generator=seeded()), torch.randn(7, 5, generator=seeded(1)), torch.arange(7) % 3
    mean, spread = x.mean(0), x.std(0) + 1e-3

    def kernel(a, b):
        return float((((a - mean) / spread) @ ((b - mean) / spread) / 5 + 1) ** 3)

    pairs = [(i, j) for i in range(7) for j in range(7) if y[i] == y[j]]
    others = [(i, j) for i, j in pairs if i != j]
    within = [kernel(x[i], x[j]) + kernel(g[i], g[j]) for i, j in others]
    across = [kernel(x[i], g[j]) for i, j in pairs]
    wanted = sum(within) / len(within) - 2 * sum(across) / len(across)
    assert kernel_distance(x, g, y) == pytest.approx(wanted, rel=1e-4)
    assert kernel_distance(x, g, torch.arange(7)) is None


def test_worse_images_are_further_apart():
    x, y = halves(300)
    maker = ImageMaker((1, 8, 8), 2, (4,), noise=2, rng=seeded())

    def apart(made):
        calls = iter(made.split(100))
        maker.make = lambda real, rng: (as_floats(next(calls)), real[1])
        return maker.apart([*zip(x.split(100), y.split(100), strict=True)], seeded())

    noisy = (x.float() + 30 * torch.randn(x.shape, generator=seeded())).clamp(0, 255).to(torch.uint8)
    same, worse, other, lost = map(apart, (halves(600)[0][300:], noisy, x.flip(3), x[:1].repeat(300, 1, 1, 1)))
    assert 5 * abs(same) < worse < min(other, lost)


def test_few_images_tell_nothing():
    maker = ImageMaker(SMALL, 120, (4,), noise=2, rng=seeded())
    x, y = images(120), torch.arange(120) % 2
    assert maker.apart([], seeded()) is None
    assert maker.apart([(x[:99], y[:99])], seeded()) is None
    assert maker.apart([(x, torch.arange(120))], seeded()) is None
    found = [maker.apart([(x, y)], seeded()) for _ in range(2)]
    assert found[0] == found[1]
    assert features(as_floats(x)).isfinite().all()


# Changes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_changes_of_no_strength_change_nothing(channels):
    x = as_floats(images(4, (channels, 9, 12)))
    assert Differentiable(0, 0, 0)(x, seeded()).equal(x)
    changed = Differentiable()(x, seeded())
    assert changed.shape == x.shape
    assert not changed.equal(x)
    assert changed.equal(Differentiable()(x, seeded()))
    assert not changed.equal(Differentiable()(x, seeded(1)))


def test_gradients_go_through_changes():
    x = as_floats(images(2, (3, 5, 4))).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Differentiable()(x, seeded()), (x,))


def test_translation_moves_by_whole_pixels():
    x = torch.zeros(2000, 1, 16, 8)
    x[:, :, 8, 4] = 1
    moved = Differentiable(0, 0.125, 0)(x, seeded())
    assert set(moved.flatten(1).sum(1).tolist()) == {1.0}
    spots = {(divmod(int(at), 8)) for at in moved.flatten(1).argmax(1)}
    assert spots == {(i, j) for i in range(6, 11) for j in range(3, 6)}
    x = torch.ones(50, 1, 16, 16)
    assert Differentiable(0, 0.125, 0)(x, seeded()).mean((1, 2, 3)).min() == pytest.approx((14 / 16) ** 2)


def test_cutout_takes_a_rectangle_of_half_the_sides():
    gone = Differentiable(0, 0, 0.5)(torch.ones(3000, 2, 8, 12), seeded()) == 0
    assert gone[:, 0].equal(gone[:, 1])
    rows, columns = gone[:, 0].any(2), gone[:, 0].any(1)
    assert gone[:, 0].equal(rows[:, :, None] & columns[:, None, :])
    assert rows.sum(1).max() == 4
    assert columns.sum(1).max() == 6
    for spots in (rows, columns):
        assert (spots.int().diff(dim=1) == 1).sum(1).max() <= 1
        assert spots.any(0).all()


def test_colours_change_within_their_ranges_and_opacity_does_not():
    x = torch.zeros(4000, 4, 2, 2)
    x[:, 0], x[:, 3, 0] = 0.3, 0.7
    changed = Differentiable(1, 0, 0)(x, seeded())
    assert changed[:, 3].equal(x[:, 3])
    means = changed[:, :3].mean((1, 2, 3)) - 0.1
    assert -0.5 <= means.min() < -0.49
    assert 0.49 < means.max() <= 0.5
    spread = (changed[:, 0] - changed[:, 1]).mean((1, 2)) / 0.3  # saturation times contrast
    assert spread.min() > -1e-6
    assert 2.5 < spread.max() <= 3
    weak = Differentiable(0.1, 0, 0)(x, seeded())
    assert (weak[:, :3].mean((1, 2, 3)) - 0.1).abs().max() <= 0.05 + 1e-6


def test_a_critic_that_changes_images_changes_real_and_made_ones():
    net = game(changes=Differentiable())
    x, y = halves(64)
    plain, seen = net._criticised, []
    net._criticised = lambda real, made, *rest: seen.append((real[0], made[0])) or plain(real, made, *rest)
    net.step((x, y), 0, lambda number, loss: None, seeded())
    (real, made) = seen[0]
    assert ((real == 0).float().mean((1, 2, 3)) > 0).float().mean() > 0.9  # parts cut out
    assert ((made == 0).float().mean((1, 2, 3)) > 0).float().mean() > 0.9


def test_each_step_of_either_network_sees_changed_images():
    seen = []

    class Watched(Differentiable):
        def __call__(self, x, rng):
            seen.append(x.requires_grad)
            return super().__call__(x, rng)

    net = game(changes=Watched())
    net.step((*halves(64),), 0, lambda number, loss: None, seeded())
    assert seen == [False, False, True]  # real ones, made ones for the critic, and those through which the maker learns


# Training --------------------------------------------------------------------------------------------------------


def learned(net, steps=60, **kw):
    x, y = halves()
    held = [(x[:100], y[:100])]
    batches = Batches((x, y), 32, seed=0, steps=steps, round=20, stop_after=kw.pop("stop_after", None))
    history = train(net, batches, held=held, decay=0.9, device="cpu", progress=False, **kw)
    return {name: value.clone() for name, value in net.state_dict().items()}, history


@pytest.mark.parametrize("loss", ["relativistic", "wgan-gp"])
def test_classes_are_learned(loss):
    net = game(loss=loss, penalty=0.1 if loss == "relativistic" else 1.0)
    _, history = learned(net, 120)
    assert ["score" in record for record in history] == [record["step"] > 60 for record in history]
    y = torch.arange(100) % 2
    with torch.no_grad():
        made = net.maker(torch.randn(100, 8, generator=seeded()), y)
    right = made[..., 4:].mean((1, 2, 3)) > made[..., :4].mean((1, 2, 3))
    assert (right.long() == y).float().mean() > 0.95
    assert made[y == 0].std(0).mean() > 0.02


@pytest.mark.parametrize("loss", ["relativistic", "wgan-gp"])
def test_half_precision_leaves_gradients_of_gradients_whole(loss):
    net, seen = game(loss=loss), []
    plain = net._slopes
    net._slopes = lambda *args: seen.append(torch.is_autocast_enabled("cpu")) or plain(*args)
    _, history = learned(net, 20, trainer_kwargs={"precision": "bf16-mixed", "accelerator": "cpu"})
    assert seen
    assert not any(seen)
    assert history.ended == "steps"


class Planted(Game):
    """A game whose critic gives a value of its own once, at step 30."""

    value = float("nan")

    def _criticised(self, real, made, rng, lazy):
        loss, distance = super()._criticised(real, made, rng, lazy)
        if self.done == 31 and not getattr(self, "planted", False):
            self.planted = True
            loss = loss * 0 + self.value
        return loss, distance


@pytest.mark.parametrize("value", [float("nan"), 1e7])
def test_a_critic_that_explodes_is_taken_back(value, tmp_path):
    def planted():
        net = game()
        net.__class__ = Planted
        net.value = value
        return net

    with pytest.warns(GensynthWarning, match="unstable"):
        whole, history = learned(planted())
    assert history.ended == "steps"
    assert [record.get("rolled_back") for record in history] == [None, 1, None]
    assert all(bool(part.isfinite().all()) for part in whole.values())
    with pytest.warns(GensynthWarning, match="unstable"):
        learned(planted(), stop_after=40, checkpoint_dir=tmp_path)
    with pytest.warns(GensynthWarning, match="unstable"):
        later, _ = learned(game(), checkpoint_dir=tmp_path)
    assert all(whole[name].equal(later[name]) for name in whole)
    calm, _ = learned(game())
    assert any(not whole[name].equal(calm[name]) for name in whole)


def test_a_training_repeats_and_goes_on_from_its_checkpoint(tmp_path):
    kw = {"changes": Differentiable()}
    whole, _ = learned(game(**kw))
    learned(game(**kw), stop_after=40, checkpoint_dir=tmp_path)
    later, _ = learned(game(**kw), checkpoint_dir=tmp_path)
    assert all(whole[name].equal(later[name]) for name in whole)


def test_weights_that_are_saved_make_the_same_images():
    net = game().maker
    z, y = torch.randn(6, 8, generator=seeded()), torch.arange(6) % 2
    arrays = {name: value.numpy().copy(order="C") for name, value in net.state_dict().items()}
    other = ImageMaker((1, 8, 8), 2, (8, 16), noise=8, rng=seeded(9))
    other.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    assert net(z, y).equal(other(z, y))
    assert copy.deepcopy(net)(z, y).equal(net(z, y))
