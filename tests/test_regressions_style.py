"""What reviews of `StyleTransfer` found, each a test."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_style_networks import METHODS, network, vgg_state
from test_style_networks import fitted as model

import gensynth
from gensynth import Images, StyleTransfer
from gensynth.errors import ConfigError, DataError, FewRowsWarning, TrainingFailed
from gensynth.nn.features import Features
from gensynth.nn.lbfgs import lower
from gensynth.transforms.image.fused.tint import GREY
from gensynth.transforms.image.styles.networks import LONGEST, MOST, Coded, fitted

RNG = np.random.default_rng(0)
pytestmark = pytest.mark.filterwarnings("ignore:.*holds the real rows")
ENOUGH = {"adain": {"steps": 150}, "gatys": {"steps": 30}}


def noise(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def tinted(n, colour, size=24):
    """Return images of soft waves in a colour. Shape: (n, size, size, 3)."""
    u = np.linspace(0, 6, size)
    waves = np.sin(u[:, None] + RNG.uniform(0, 6, (n, 1, 1))) * np.cos(u + RNG.uniform(0, 6, (n, 1, 1)))
    return np.clip(np.asarray(colour) * (1 + 0.3 * waves[..., None]), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_made_comes_nearer_to_its_style_the_stronger_it_is(method):
    X, styles = tinted(6, (60, 80, 160)), tinted(6, (180, 110, 50))
    made = model(method, X, styles=styles, **ENOUGH[method])
    there = styles[0].mean((0, 1))
    apart = [
        float(np.abs(made.restyle(X[:1], [0], strength)[0].mean((0, 1)) - there).mean()) for strength in (0.0, 0.5, 1.0)
    ]
    assert apart[2] < 0.6 * apart[0]
    assert apart[2] < apart[1] < apart[0]
    sampled = made.sample(12).mean((0, 1, 2))
    assert np.abs(sampled - there).mean() < np.abs(X.mean((0, 1, 2)) - there).mean()


@pytest.mark.parametrize("method", METHODS)
def test_the_change_of_a_large_image_is_that_of_its_small_copy(method):
    X, styles = tinted(4, (60, 80, 160), 32), tinted(2, (180, 110, 50), 32)
    made = model(method, X, styles=styles, **ENOUGH[method])
    small = tinted(1, (60, 80, 160), MOST)
    large = small.repeat(2, 1).repeat(2, 2)
    changed = [made.restyle(part, [0])[0].astype(float) - part[0] for part in (small, large)]
    assert np.abs(changed[0]).mean() > 5
    halved = changed[1].reshape(MOST, 2, MOST, 2, 3).mean((1, 3))
    assert np.abs(halved - changed[0])[8:-8, 8:-8].mean() < 0.15 * np.abs(changed[0]).mean()


@pytest.mark.parametrize("method", METHODS)
def test_grey_images_are_changed_by_the_grey_of_what_colours_would(method):
    grey, styles = tinted(3, (120, 120, 120))[..., 0], tinted(2, (200, 90, 40))
    made = model(method, grey, styles=styles, **ENOUGH[method])
    colours = made.restyle(np.repeat(grey[:1, ..., None], 3, axis=3), [1]).astype(float)[0] @ GREY
    np.testing.assert_allclose(made.restyle(grey[:1], [1])[0], colours, atol=12)
    assert np.abs(made.restyle(grey[:1], [1])[0].astype(float) - grey[0]).mean() > 2


@pytest.mark.parametrize("method", METHODS)
def test_a_lone_image_of_a_class_is_copied(method):
    X, y = noise(5, 16, 16, 3), ["many"] * 4 + ["lone"]
    with pytest.warns(FewRowsWarning, match="copies"):
        made, parents = model(method, X, y).sample(3, y="lone", return_parents=True)
    np.testing.assert_array_equal(made, X[[4, 4, 4]])
    assert parents["weight"].tolist() == [1.0] * 3


def test_a_model_of_a_weights_file_is_loaded_without_it_and_knows_another(tmp_path):
    path, X = tmp_path / "vgg19.pth", noise(3, 16, 16, 3)
    torch.save(vgg_state(), path)
    made = model("gatys", X, steps=2, weights=str(path))
    made.save(tmp_path / "model")
    first = made.sample(2)
    np.testing.assert_array_equal(gensynth.load(tmp_path / "model").sample(2), first)
    path.rename(tmp_path / "moved.pth")
    again = gensynth.load(tmp_path / "model")
    assert again.classes_.tolist() == []
    with pytest.raises(ConfigError, match="there is no file"):
        again.sample(1)
    other = {name: value * 1.5 for name, value in vgg_state().items()}
    torch.save(other, path)
    with pytest.raises(ConfigError, match="not those that the model was fitted with"):
        again.sample(1)


@pytest.mark.parametrize("weights", [5, b"x", ["vgg19.pth"], np.zeros(3)])
def test_weights_that_are_no_name_are_refused(weights):
    with pytest.raises(ConfigError, match="weights must be the name of a file"):
        model("gatys", noise(2, 16, 16, 3), weights=weights)


@pytest.mark.parametrize("content", [b"", b"text", "lists"])
def test_files_that_hold_no_weights_say_so(tmp_path, content):
    path = tmp_path / "vgg19.pth"
    torch.save({"features.0.weight": [1, 2]}, path) if content == "lists" else path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"weights: .*vgg19\.pth"):
        model("gatys", noise(2, 16, 16, 3), weights=str(path))


@pytest.mark.parametrize("method", METHODS)
def test_long_thin_styles_take_no_more_than_others(method):
    made = model(method, noise(2, 40, 40, 3), styles=noise(1, 1, 4000, 3)).sample(1)
    assert made.shape == (1, 40, 40, 3)
    assert fitted(torch.rand(1, 3, 1, 4000), 40).shape[2:] == (40, 40 * LONGEST)


def test_one_thumbnail_does_not_set_what_is_learned_from():
    images = [noise(80, 90, 3) for _ in range(12)]
    made = model("adain", Images([*images, noise(20, 20, 3)]))
    assert (made.form_.height, made.form_.width) == (64, 64)


@pytest.mark.parametrize(
    ("method", "training", "match"),
    [
        ("gatys", {"lr": 0.1}, "lr means nothing to method='gatys'"),
        ("gatys", {"device": "cpu", "pictures_dir": "x"}, "pictures_dir means nothing"),
        ("adain", {"batch_size": 1}, "batch_size must be at least 2"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(method, training, match):
    with pytest.raises(ConfigError, match=match):
        model(method, noise(3, 16, 16, 3), training=training)


def test_one_image_alone_learns_from_itself():
    assert model("adain", noise(1, 16, 16, 3), styles=noise(1, 16, 16, 3)).sample(2).shape == (2, 16, 16, 3)


def test_a_training_that_went_astray_says_so():
    task = network()
    with torch.no_grad():
        task.down[0].weight.mul_(1e30)
    with pytest.raises(TrainingFailed, match="not finite; a lower lr"):
        Coded.of(noise(3, 16, 16, 3), task, torch.device("cpu"))


def test_repeating_is_nothing_where_nothing_was_trained():
    assert StyleTransfer("moments", random_state=0).fit(noise(3, 8, 8, 3)).repeating() == {}


@pytest.mark.parametrize("method", ["moments", *METHODS])
def test_images_without_pixels_are_refused(method):
    params = {"random_state": 0} | ({} if method == "moments" else {"steps": 2})
    with pytest.raises(DataError, match="a side of 0 pixels"):
        StyleTransfer(method, **params).fit(np.zeros((4, 0, 8, 3), np.uint8))
    with pytest.raises(DataError, match="styles: an image has a side of 0"):
        StyleTransfer(method, styles=np.zeros((2, 0, 8, 3), np.uint8), **params).fit(noise(3, 8, 8, 3))


def test_restyling_names_what_is_wrong_with_what_was_given():
    made = StyleTransfer("moments", random_state=0).fit(noise(3, 8, 8, 3))
    for styles, strength, match in [
        ([0, 1], 1.0, "styles must be 3 places"),
        ([0, 1, 2], [0.1, 0.2], "strength must be one number, or 3"),
        ([0, 1, 2], "x", "strength must be one number"),
    ]:
        with pytest.raises(ConfigError, match=match):
            made.restyle(noise(3, 8, 8, 3), styles, strength)
    assert made.restyle(noise(0, 8, 8, 3), []).shape == (0, 8, 8, 3)


@pytest.mark.parametrize("strength", [True, "0.5"])
def test_strength_is_a_number(strength):
    with pytest.raises(ConfigError, match="strength must be a number"):
        StyleTransfer(strength=strength).fit(noise(2, 8, 8, 3))


def test_features_are_of_single_precision_whatever_torch_takes_by_default():
    torch.set_default_dtype(torch.float64)
    try:
        assert {part.dtype for part in Features.random()(torch.rand(1, 3, 16, 16).float()).style} == {torch.float32}
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_row_stops_where_it_would_alone():
    def loss(x):
        return (x - 1).square().sum(1) * torch.tensor([1.0, 1e-3])[: len(x)] + (x**4).sum(1) * torch.tensor([0.0, 1.0])[: len(x)]  # fmt: skip # noqa: E501

    both = lower(loss, torch.full((2, 3), 4.0), 60)
    alone = lower(loss, torch.full((1, 3), 4.0), 60)
    torch.testing.assert_close(both.x[:1], alone.x, rtol=1e-5, atol=1e-5)
