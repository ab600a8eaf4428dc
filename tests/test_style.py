"""Styles of images: against truths that can be computed, and StyleTransfer as people use it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from PIL import Image

import gensynth
from gensynth import Balancer, ImageFolder, Images, LabelAgrees, StyleTransfer
from gensynth.errors import ConfigError, DataError, FewRowsWarning, FormatError, GensynthWarning, RealRowsWarning
from gensynth.transforms.image.restyle import Restyle
from gensynth.transforms.image.styles.fourier import REACH, Waves, coefficients, synthesis
from gensynth.transforms.image.styles.moments import Colours, cheapest, spread

RNG = np.random.default_rng(0)
KINDS = [Colours, Waves]


def noise(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def scenes(n=6, size=24):
    """Return images of slow waves, each of colours of its own."""
    y, x = np.mgrid[:size, :size] / size
    tint = RNG.uniform(0.2, 0.8, (n, 1, 1, 3))
    light = 0.15 * np.sin(2 * np.pi * (x + RNG.uniform(size=(n, 1, 1)))) * np.cos(2 * np.pi * y)
    return ((tint + light[..., None]) * 255).astype(np.uint8)


# What is known of styles ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(40, 56), (9, 8), (31, 17), (4, 4)])
@pytest.mark.parametrize("reach", [0, 1, 3])
def test_coefficients_are_those_of_the_whole_transform(size, reach):
    h, w = size
    x = torch.rand(3, 2, h, w, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    whole = torch.fft.fft2(x) / (h * w)
    down = [*range(-reach, reach + 1)]
    found = coefficients(x, reach)
    torch.testing.assert_close(found, whole[:, :, down][:, :, :, : reach + 1])
    kept = torch.zeros_like(whole)
    for k in down:
        for j in range(reach + 1):
            kept[:, :, k, j], kept[:, :, -k, -j] = whole[:, :, k, j], whole[:, :, -k, -j]
    if min(size) > 2 * reach:
        torch.testing.assert_close(synthesis(found, size), torch.fft.ifft2(kept * h * w).real)


def test_colours_of_full_strength_have_the_mean_and_covariance_of_the_style():
    x = torch.rand(4, 3, 30, 20, generator=torch.Generator().manual_seed(0))
    bank = (
        torch.rand(5, 3, 16, 16, generator=torch.Generator().manual_seed(1))
        * torch.tensor([0.9, 0.3, 0.6])[:, None, None]
    )
    style, which = Colours.learn(bank.permute(0, 2, 3, 1).numpy(), lambda: 30), np.array([4, 0, 2, 2])
    mean, covariance = spread(style.give(x, which, np.ones(4)))
    np.testing.assert_allclose(mean, style.mean[which], atol=1e-6)
    np.testing.assert_allclose(covariance, style.covariance[which], atol=1e-6)
    torch.testing.assert_close(style.give(x, which, np.zeros(4)), x)
    half, whole = (style.give(x, which, np.full(4, a)) for a in (0.5, 1.0))
    torch.testing.assert_close(half, (x + whole) / 2)


def test_the_map_of_colours_is_the_cheapest():
    """It is symmetric and positive, which the cheapest map of one normal to another is, and no other."""
    root = RNG.normal(size=(2, 7, 3, 3))
    here, there = (part @ part.swapaxes(1, 2) + 0.1 * np.eye(3) for part in root)
    move = cheapest(here, there)
    np.testing.assert_allclose(move, move.swapaxes(1, 2), atol=1e-9)
    assert (np.linalg.eigvalsh(move) > 0).all()
    np.testing.assert_allclose(move @ here @ move, there, atol=1e-9)


def test_noise_of_dark_images_is_not_blown_up():
    dark = torch.from_numpy(RNG.normal(0.02, 0.001, (1, 3, 16, 16))).float()
    style = Colours.learn(noise(1, 16, 16, 3), lambda: 16)
    assert float(style.give(dark, np.zeros(1, int), np.ones(1)).std((2, 3)).max()) < 0.03


def test_waves_take_amplitudes_and_keep_phases():
    x = torch.from_numpy(scenes(2, 60).transpose(0, 3, 1, 2) / 255.0).float()
    style = Waves.learn(scenes(3, 48), lambda: 60)
    made = style.give(x, np.array([0, 2]), np.ones(2))
    own, new = coefficients(x, 3), coefficients(made, 3)
    middle = new[:, :, 3, 0].real
    np.testing.assert_allclose(middle, style.waves[[0, 2], :, 3, 0].real, atol=1e-5)
    some = (own.abs() > 1e-3) & (new.abs() > 1e-3)
    assert float((own[some] * new[some].conj()).angle().abs().max()) < 1e-2
    fine = [torch.fft.fft2(part)[..., 10:20, 10:20] for part in (x, made)]
    torch.testing.assert_close(*fine, atol=1e-3, rtol=0)
    torch.testing.assert_close(style.give(x, np.array([0, 2]), np.zeros(2)), x)
    assert style.waves.shape[3] - 1 == int(REACH * 60)


def test_a_style_of_few_pixels_has_no_short_waves():
    style = Waves.learn(noise(2, 3, 9, 3), lambda: 200)
    assert style.waves.shape[2:] == (21, 11)
    found = np.argwhere(np.abs(style.waves[0, 0]) > 0)
    assert (found.min(0).tolist(), found.max(0).tolist()) == ([9, 0], [11, 4])
    made = Restyle.of(style, np.array([1]), np.ones(1))(noise(1, 200, 220, 3), index=[0])
    assert made.shape == (1, 200, 220, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_grey_images_take_the_grey_of_styles(kind):
    bank = scenes(3)
    x = torch.rand(2, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    style, which = kind.learn(bank, lambda: 24), np.array([0, 2])
    made = style.give(x, which, np.ones(2))
    wanted = (bank[which] / 255.0) @ [0.299, 0.587, 0.114]
    assert made.shape == x.shape
    np.testing.assert_allclose(made.mean((1, 2, 3)), wanted.mean((1, 2)), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0, 255, 90])
def test_even_images_become_even_ones(kind, value):
    x = np.full((2, 16, 16, 3), value, dtype=np.uint8)
    style = kind.learn(np.concatenate([x, noise(1, 16, 16, 3)]), lambda: 16)
    for which in (0, 2):
        made = Restyle.of(style, np.full(2, which), np.ones(2))(x, index=[0, 1])
        assert (made == made[:, :1, :1]).all()
    assert (Restyle.of(style, np.zeros(2, int), np.ones(2))(x, index=[0, 1]) == x).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_known_comes_back_or_is_refused(kind):
    style = kind.learn(scenes(3), lambda: 24)
    again = kind.unpack(style.pack())
    assert all(np.array_equal(a, b) for a, b in zip(again.pack().values(), style.pack().values(), strict=True))
    (name, array), *_ = style.pack().items()
    for wrong in (array[..., :-1], array * np.nan, array.reshape(-1)):
        with pytest.raises(FormatError):
            kind.unpack(style.pack() | {name: wrong})


# The generator -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["moments", "fourier"])
def test_styles_are_those_of_another_image_of_the_class(method):
    x, y = scenes(9), np.array(["a"] * 6 + ["b"] * 3)
    made, parents = StyleTransfer(method, random_state=0).fit(x, y).sample(60, y="b", return_parents=True)
    pairs = parents.groupby("row")["parent"].agg(tuple)
    assert set().union(*pairs) == {6, 7, 8}
    assert all(len(set(pair)) == 2 for pair in pairs)
    assert len(set(pairs)) == 6  # each content in each of the two other styles
    strength = parents.groupby("row")["weight"].last()
    assert parents.groupby("row")["weight"].sum().round(9).eq(1).all()
    assert strength.between(0.2, 0.8).all()
    assert strength.std() > 0.1
    first, second = (x[list(column)].mean((1, 2)) for column in zip(*pairs, strict=True))
    wanted = first + strength.to_numpy()[:, None] * (second - first)
    np.testing.assert_allclose(made.mean((1, 2)), wanted, atol=2)


def test_any_style_is_warned_of_and_given_ones_are_no_parents(tmp_path):
    x, y = scenes(9), np.array([0] * 6 + [1] * 3)
    with pytest.warns(GensynthWarning, match="LabelAgrees"):
        parents = StyleTransfer(styles="any", random_state=0).fit(x, y).sample(80, y=1, return_parents=True)[1]
    assert set(parents["parent"]) > {6, 7, 8}
    Image.fromarray(np.full((5, 9, 3), (200, 40, 40), dtype=np.uint8)).save(tmp_path / "red.png")
    for styles in (tmp_path, str(tmp_path), ImageFolder(tmp_path), np.asarray(ImageFolder(tmp_path))):
        model = StyleTransfer(styles=styles, strength=1, random_state=0).fit(x, y)
        made, parents = model.sample(4, y=1, return_parents=True)
        assert parents["parent"].between(6, 8).all()
        np.testing.assert_allclose(made.mean((0, 1, 2)), [200, 40, 40], atol=1)


def test_any_style_is_not_warned_of_behind_a_gate_that_judges_labels():
    X, y = scenes(9), [0] * 6 + [1] * 3
    balancer = Balancer(StyleTransfer(styles="any", random_state=0), gates=[LabelAgrees(folds=2)], random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        X_new, _ = balancer.fit_resample(X, y)
    assert len(X_new) == 12


def test_images_can_be_given_a_style_by_its_place():
    X = scenes(5)
    model = StyleTransfer("moments", random_state=0).fit(X)
    made = model.restyle(X[[0, 0, 1]], [3, 3, 2], [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(made[0], X[0])
    np.testing.assert_allclose(made[1:].mean((1, 2)), X[[3, 2]].mean((1, 2)), atol=1)
    for styles, strength in [([5], 1.0), ([-1], 1.0), ([0.5], 1.0), ([0], 1.5), (3, 1.0)]:
        with pytest.raises(ConfigError, match=r"styles must|strength must"):
            model.restyle(X[:1], styles, strength)


def test_masks_boxes_opacity_sizes_and_forms_stay():
    masks = noise(4, 20, 16) > 128
    boxes = [np.array([[1.0, 2.0, 9.0, 9.0]])] * 4
    clear = noise(4, 20, 16, 4)
    made, parents = (
        StyleTransfer(random_state=0).fit(Images(clear, masks=masks, boxes=boxes)).sample(3, return_parents=True)
    )
    content = parents.groupby("row")["parent"].first()
    assert np.array_equal(made.x[..., 3], clear[content][..., 3])
    assert np.array_equal(made.masks, masks[content])
    assert np.array_equal(made.boxes[0], boxes[0])
    odd = Images([noise(20, 16, 3), noise(9, 30), noise(12, 12, 4), noise(8, 8, 2)])
    shapes = {image.shape for image in StyleTransfer("fourier", random_state=0).fit(odd).sample(8).x}
    assert shapes == {image.shape for image in odd.x}
    tensor = torch.from_numpy(noise(4, 3, 12, 20)).float() / 255
    back = StyleTransfer(random_state=0).fit(tensor).sample(2)
    assert (back.dtype, back.shape) == (torch.float32, (2, 3, 12, 20))


def test_a_class_of_one_image_is_copied_and_that_is_said():
    x, y = scenes(5), [0] * 4 + [1]
    with pytest.warns(FewRowsWarning, match="copies, as it has no other's style"):
        model = StyleTransfer(random_state=0).fit(x, y)
    made, parents = model.sample(3, y=1, return_parents=True)
    assert np.abs(made.astype(int) - x[4]).max() <= 1
    assert (parents["parent"].tolist(), parents["weight"].tolist()) == ([4] * 3, [1.0] * 3)


@pytest.mark.parametrize("styles", ["same-class", "given"])
@pytest.mark.parametrize("method", ["moments", "fourier"])
def test_it_comes_back_from_a_file(tmp_path, method, styles):
    x, y = scenes(8), [0, 1] * 4
    bank = styles if styles == "same-class" else scenes(3, 30)
    model = StyleTransfer(method, styles=bank, random_state=0).fit(x, y)
    with pytest.warns(RealRowsWarning):
        model.save(tmp_path / "model")
    again = gensynth.load(tmp_path / "model")
    assert np.array_equal(again.sample(9, y=1, random_state=3), model.sample(9, y=1, random_state=3))
    if styles == "given":
        with pytest.raises(ConfigError, match="not in its file"):
            again.fit(x, y)


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"method": "moment"}, ConfigError, "did you mean 'moments'"),
        ({"strength": 1.2}, ConfigError, r"\[0, 1\]"),
        ({"strength": (0.8, 0.2)}, ConfigError, "lower end first"),
        ({"strength": (0.1, 0.2, 0.3)}, ConfigError, "a number or two"),
        ({"strength": "much"}, ConfigError, "a number or two"),
        ({"strength": float("nan")}, ConfigError, r"\[0, 1\]"),
        ({"styles": "same class"}, ConfigError, "did you mean 'same-class'"),
        ({"styles": np.zeros((0, 8, 8, 3), np.uint8)}, DataError, "styles: "),
        ({"styles": np.eye(3)}, DataError, "styles: "),
        ({"styles": 5}, DataError, "styles: "),
    ],
)
def test_wrong_requests_say_so(params, error, match):
    with pytest.raises(error, match=match):
        StyleTransfer(**params).fit(scenes(4), [0, 0, 1, 1])


def test_the_command_line_names_content_and_style(run, tmp_path):
    for label, n in (("a", 4), ("b", 2)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for row in range(n):
            Image.fromarray(noise(10 + row, 12, 3)).save(tmp_path / "photos" / label / f"{row}.png")
    assert run("balance", "photos", "-g", "StyleTransfer", "-p", "method=fourier", "-o", "out")[0] == 0
    lines = (tmp_path / "out" / "manifest.csv").read_text().splitlines()
    assert sum("b/0.png" in line and "b/1.png" in line and "StyleTransfer" in line for line in lines) == 2


def test_the_balancer_fills_a_folder(tmp_path):
    for label, n in (("a", 4), ("b", 2)):
        (tmp_path / label).mkdir()
        for row in range(n):
            Image.fromarray(noise(12, 12, 3)).save(tmp_path / label / f"{row}.png")
    folder = ImageFolder(tmp_path)
    X, y = Balancer(StyleTransfer(random_state=0)).fit_resample(folder, folder.labels)
    assert len(X) == 8
    assert sorted(y).count("b") == 4
