"""Styles by networks: features, the optimiser and both methods against truths, and StyleTransfer with them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import gensynth
from gensynth import Balancer, Images, StyleTransfer
from gensynth.errors import ConfigError, FormatError, GensynthWarning, RealRowsWarning
from gensynth.nn import painting
from gensynth.nn.adain import AdaIN, style_of
from gensynth.nn.features import LEAST, VGG, WIDTHS, Features
from gensynth.nn.lbfgs import lower
from gensynth.nn.painting import Aim, painted
from gensynth.transforms.image.restyle import Restyle
from gensynth.transforms.image.styles.networks import MOST, Coded, Painted

RNG = np.random.default_rng(0)
SEEN = Features.random()
SHORT = {"adain": {"steps": 12}, "gatys": {"steps": 4}}
METHODS = [*SHORT]
pytestmark = pytest.mark.filterwarnings("ignore:StyleTransfer, styles='any'", "ignore:.*holds the real rows")


def uniform(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def noise(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def stripes(n, size=24, *, across):
    """Return images (n, size, size, 3) of stripes, of colours of their own."""
    rng = np.random.default_rng(int(across))
    place = np.arange(size)[:, None] if across else np.arange(size)[None]
    light = (np.sin(place * 1.5) > 0) * np.ones((size, size))
    tint = rng.uniform(0.3, 1.0, (n, 1, 1, 3))
    return (255 * light[None, :, :, None] * tint).astype(np.uint8)


def fitted(method, X, y=None, **params):
    return StyleTransfer(method, **{"random_state": 0, **SHORT[method], **params}).fit(X, y)


def vgg_state():
    """Return weights of the shapes of VGG-19, each of one number, as a file of them is small then."""
    state, place, i = {}, 0, 3
    for widths in VGG:
        for o in widths:
            state[f"features.{place}.weight"] = torch.full((1,), 1 / (9 * i)).expand(o, i, 3, 3)
            state[f"features.{place}.bias"] = torch.zeros(1).expand(o)
            place, i = place + 2, o
        place += 1
    return state


# Features ------------------------------------------------------------------------------------------------------------


def test_random_features_are_always_the_same_and_orthonormal():
    again = Features.random()
    for name, value in SEEN.state_dict().items():
        torch.testing.assert_close(value, again.state_dict()[name], rtol=0, atol=0)
    rows = again.weight2.flatten(1)
    torch.testing.assert_close(rows @ rows.T, 2 * torch.eye(WIDTHS[2]), rtol=0, atol=1e-5)
    assert not any(True for _ in again.parameters())


@pytest.mark.parametrize(
    ("side", "scales"), [(64, 4), (8 * LEAST, 4), (8 * LEAST - 1, 3), (2 * LEAST, 2), (3, 1), (1, 1)]
)
def test_small_images_have_fewer_scales(side, scales):
    seen = SEEN(uniform(2, 3, side, side + 5))
    assert len(seen.style) == scales
    assert seen.content is seen.style[-1]
    assert [tuple(part.shape[2:]) for part in seen.style] == [
        (side // 2**scale, (side + 5) // 2**scale) for scale in range(scales)
    ]


def test_features_of_the_first_layer_see_short_waves_as_well_as_long_ones():
    def moved(wave):
        x = 0.5 + 0.05 * wave
        return float((SEEN(x).style[0] - SEEN(torch.full_like(x, 0.5)).style[0]).square().mean())

    grid = torch.arange(16)
    board = ((grid[:, None] + grid) % 2 * 2.0 - 1).expand(1, 3, 16, 16)
    assert moved(board) > moved(torch.ones(1, 3, 16, 16))


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_vgg_comes_from_a_file_as_torchvision_names_it(tmp_path, ending):
    path = tmp_path / f"vgg19.{ending}"
    state = vgg_state()
    if ending == "pth":
        torch.save(state, path)
        assert path.stat().st_size < 100_000
    else:
        save_file({name: value.contiguous() for name, value in state.items()}, path)
    style = fitted("gatys", noise(3, 16, 16, 3), steps=2, weights=str(path)).style_
    seen = style.features(uniform(1, 3, 64, 64))
    assert [part.shape[1] for part in seen.style] == [64, 128, 256, 512, 512]
    assert seen.content.shape[1:] == (512, 8, 8)
    grey = (0.5 - style.features.mean) / style.features.std  # each layer of these weights returns the mean of channels
    torch.testing.assert_close(
        style.features(torch.full((1, 3, 8, 8), 0.5)).style[0], grey.mean().clamp(min=0).expand(1, 64, 8, 8)
    )


@pytest.mark.parametrize("what", ["none", "folder", "text", "list", "other", "shape", "nan"])
def test_files_that_are_not_of_vgg_are_refused(tmp_path, what):
    path, state = tmp_path / "weights.pth", vgg_state()
    if what == "folder":
        path.mkdir()
    elif what == "text":
        path.write_text("not weights")
    elif what == "list":
        torch.save([1, 2], path)
    elif what == "other":
        torch.save({"conv1.weight": torch.zeros(3)}, path)
    elif what != "none":
        name = "features.10.weight"
        state[name] = state[name].new_zeros(8, 8, 3, 3) if what == "shape" else state[name] * float("nan")
        torch.save(state, path)
    with pytest.raises(ConfigError, match=r"weights: .*weights\.pth"):
        fitted("gatys", noise(2, 16, 16, 3), weights=str(path))


def test_without_the_download_both_ways_out_are_named(monkeypatch):
    def fails(*args, **kwargs):
        raise OSError("<urlopen error no route to host>")

    monkeypatch.setattr("torch.hub.download_url_to_file", fails)
    monkeypatch.setenv("TORCH_HOME", "/nowhere/at/all")
    monkeypatch.setattr("os.makedirs", lambda *args, **kwargs: None)
    with pytest.raises(ConfigError, match=r"(?s)no route.*weights='vgg19.pth'.*features='random'"):
        fitted("gatys", noise(2, 16, 16, 3), features="vgg19")


# The optimiser -------------------------------------------------------------------------------------------------------


def quadratic(n=3, d=6):
    root = torch.from_numpy(RNG.normal(size=(n, d, d))).float()
    shape = root @ root.transpose(1, 2) + 0.1 * torch.eye(d)
    lowest = uniform(n, d)

    def loss(x):
        apart = x - lowest[: len(x)]
        return torch.einsum("ni,nij,nj->n", apart, shape[: len(x)], apart)

    return loss, lowest


def test_quadratics_come_to_their_minimum_and_never_rise():
    loss, lowest = quadratic()
    found = lower(loss, torch.zeros(3, 6), 60)
    torch.testing.assert_close(found.x, lowest, rtol=0, atol=1e-2)
    assert all(b <= a for a, b in zip(found.curve, found.curve[1:], strict=False))
    torch.testing.assert_close(found.loss, loss(found.x))
    assert not found.spoilt.any()


def test_where_the_loss_is_bent_downwards_steps_grow():
    far = torch.tensor([[0.001], [-0.002]])
    found = lower(lambda x: torch.cos(x).sum(1), far, 30, first=1e-4)  # from near the top to a foot
    torch.testing.assert_close(found.loss, -torch.ones(2), rtol=0, atol=1e-3)


def test_rows_do_not_depend_on_one_another():
    loss, _ = quadratic()
    together, alone = lower(loss, torch.zeros(3, 6), 12), lower(loss, torch.zeros(1, 6), 12)
    torch.testing.assert_close(together.x[:1], alone.x, rtol=1e-4, atol=1e-4)


def test_what_is_not_finite_is_taken_back_and_noted():
    def loss(x):  # falls to the edge of where it can be told
        return torch.where(x[:, 0] > 0.5, x[:, 0], torch.nan) + (x[:, 1] - 1) ** 2

    found = lower(loss, torch.tensor([[1.0, 0.0], [30.0, 1.0]]), 30)
    assert found.spoilt.tolist()[0]
    assert torch.isfinite(found.x).all()
    assert torch.isfinite(found.loss).all()
    assert (found.x[:, 0] > 0.5).all()
    assert float(found.loss[0]) < 1.0


# Painting ------------------------------------------------------------------------------------------------------------


def test_the_aim_is_what_its_formula_says():
    c, s = uniform(1, 3, 20, 24), uniform(1, 3, 24, 20, seed=1) ** 3
    x = uniform(1, 3, 20, 24, seed=2)
    content, style, smooth = (float(part) for part in Aim.of(SEEN, c, [s], torch.tensor([0.3]), 2.0).parts(x))
    fx, fc, fs = SEEN(x), SEEN(c), SEEN(s)
    wanted = painting.CONTENT * float((fx.content - fc.content).square().sum() / fc.content.square().sum())
    assert content == pytest.approx(wanted, rel=1e-4)
    terms = []
    for h, k, g in zip(fx.style, fc.style, fs.style, strict=True):
        seen = [part[0].flatten(1).double().numpy() for part in (h, k, g)]
        m, mc, ms = (part.mean(1) for part in seen)
        v, vc, vs = (np.cov(part, bias=True) for part in seen)
        mean, cov = 0.7 * mc + 0.3 * ms, 0.7 * vc + 0.3 * vs
        terms.append(((m - mean) ** 2).sum() / (mean**2).sum() + ((v - cov) ** 2).sum() / (cov**2).sum())
    assert style == pytest.approx(np.mean(terms), rel=1e-3)
    down, across = (x.diff(dim=axis).square().mean() for axis in (2, 3))
    assert smooth == pytest.approx(2 * float(down + across), rel=1e-4)


def test_painting_takes_the_texture_and_keeps_its_own_where_there_is_none_to_take():
    c = torch.from_numpy(stripes(1, across=True)).permute(0, 3, 1, 2) / 255
    s = torch.from_numpy(stripes(1, across=False)).permute(0, 3, 1, 2) / 255
    aim = Aim.of(SEEN, c, [s], torch.ones(1))
    made = painted(aim, c.contiguous(), 50)
    assert float(made.loss) < 0.2 * float(aim.loss(c))
    across = [float(x.diff(dim=3).abs().mean() / x.diff(dim=2).abs().mean()) for x in (c, made.x)]
    assert across[1] > 3 * max(across[0], 0.05)
    same = painted(Aim.of(SEEN, c, [c], torch.ones(1)), c.contiguous(), 10)
    torch.testing.assert_close(same.x, c)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_black_and_white_images_stay_finite(value):
    c = torch.full((1, 3, 16, 16), value)
    made = painted(Aim.of(SEEN, c, [uniform(1, 3, 16, 16)], torch.ones(1)), c, 8)
    assert torch.isfinite(made.x).all()
    assert made.curve[-1] < made.curve[0]


# The network ---------------------------------------------------------------------------------------------------------


def network(seed=0):
    return AdaIN(SEEN, rng=torch.Generator().manual_seed(seed)).eval()


@pytest.mark.parametrize("size", [(16, 16), (5, 7), (33, 18), (4, 4), (2, 9)])
def test_its_own_style_and_no_strength_leave_an_image_as_it_is(size):
    task, x = network(), uniform(2, 3, *size)
    with torch.no_grad():
        own, other = task.style(x), task.style(uniform(2, 3, 12, 12, seed=3))
        assert own.shape == other.shape
        torch.testing.assert_close(task.restyle(x, own, torch.ones(2)), x, rtol=0, atol=1e-4)
        torch.testing.assert_close(task.restyle(x, other, torch.zeros(2)), x, rtol=0, atol=1e-4)
        assert not torch.allclose(task.restyle(x, other, torch.ones(2)), x, atol=1e-2)


def test_grids_get_the_moments_of_the_style():
    task, x, y = network(), uniform(1, 3, 16, 16), uniform(1, 3, 16, 16, seed=1) ** 2
    with torch.no_grad():
        h, e = task.encode(x), task.style(y)
        mean, log = e.chunk(2, 1)
        made = (h - h.mean((2, 3), keepdim=True)) / h.std((2, 3), keepdim=True, correction=0)
        given = made * log.exp()[:, :, None, None] + mean[:, :, None, None]
        torch.testing.assert_close(style_of(given), e, rtol=0, atol=1e-2)


def test_training_brings_images_nearer_to_styles():
    X = np.concatenate([stripes(12, 16, across=True), stripes(12, 16, across=False)])
    made = fitted("adain", X, styles="any", steps=60)
    assert made.history_[-1]["style"] < 0.8 * made.history_[0]["style"]
    assert made.steps_ == 60
    assert made.ended_ == "steps"
    assert {"loss", "back", "content"} <= set(made.history_[0])


# StyleTransfer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_the_same_whichever_others_there_are(method):
    X, y = noise(12, 20, 16, 3), ["a"] * 7 + ["b"] * 5
    made = fitted(method, X, y)
    many, parents = made.sample(6, y="b", random_state=3, return_parents=True)
    np.testing.assert_array_equal(many[:3], made.sample(3, y="b", random_state=3))
    assert many.shape == (6, 20, 16, 3)
    assert many.dtype == np.uint8
    pairs = parents.groupby("row")["parent"].apply(list)
    assert all(len(pair) == 2 and min(pair) >= 7 for pair in pairs)
    if method == "gatys":
        assert [record["step"] for record in made.history_] == [0, 1, 2, 3]
        assert made.spoilt_ == 0
        assert made.history_[-1]["loss"] <= made.history_[0]["loss"]


@pytest.mark.parametrize("method", METHODS)
def test_no_strength_is_the_content(method):
    X = noise(4, 16, 16, 3)
    made, parents = fitted(method, X, strength=0.0).sample(4, return_parents=True)
    wanted = X[parents["parent"][parents["weight"] == 1.0]]
    assert np.abs(made.astype(int) - wanted).max() <= 1


@pytest.mark.parametrize("method", METHODS)
def test_grey_opacity_masks_and_unequal_sizes(method):
    sizes = [(20, 16), (16, 24), (30, 17)]
    X = Images([noise(*size, 4) for size in sizes], [noise(*size) % 3 for size in sizes])
    made, parents = fitted(method, X).sample(3, return_parents=True)
    content = parents[parents["row"].duplicated() == False]["parent"]  # noqa: E712
    for row, parent in enumerate(content):
        np.testing.assert_array_equal(made.x[row][..., 3], X.x[parent][..., 3])
        np.testing.assert_array_equal(made.masks[row], X.masks[parent])
    grey = fitted(method, noise(3, 16, 16)).sample(2)
    assert grey.shape == (2, 16, 16)
    tensor = fitted(method, uniform(3, 3, 16, 16)).sample(2)
    assert isinstance(tensor, torch.Tensor)
    assert tensor.shape == (2, 3, 16, 16)
    assert 0 <= tensor.min() <= tensor.max() <= 1


@pytest.mark.parametrize("method", METHODS)
def test_one_small_picture_and_one_like_the_content_will_do_as_styles(method):
    X = noise(3, 24, 24, 3)
    for style in (noise(1, 3, 2, 3), X[:1], np.zeros((1, 9, 9, 3), np.uint8), noise(1, 40, 60, 3)):
        made, parents = fitted(method, X, styles=style).sample(2, return_parents=True)
        assert made.shape == (2, 24, 24, 3)
        assert len(parents) == 2


@pytest.mark.parametrize("method", METHODS)
def test_what_is_changed_of_a_small_copy_is_added_to_a_large_image(method):
    y, x = np.mgrid[: 2 * MOST, : 2 * MOST]
    fine = ((x + y) % 2 * 40 + 100).astype(np.uint8)[..., None].repeat(3, 2)  # which a smaller copy cannot hold
    made = fitted(method, np.stack([noise(32, 32, 3)] * 3), styles=noise(2, 32, 32, 3)).style_
    changed = Restyle.of(made, np.zeros(1, int), np.full(1, 0.5))(fine[None])[0].astype(float)
    assert changed.shape == fine.shape
    inner = changed[100:-100, 100:-100, 1]
    assert np.abs(np.abs(np.diff(inner, axis=1)).mean() - 40) < 6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("styles", ["same-class", "given"])
def test_it_comes_back_from_a_file(tmp_path, method, styles):
    X, y = noise(8, 16, 16, 3), [0, 1] * 4
    made = fitted(method, X, y, styles=noise(2, 20, 12, 3) if styles == "given" else styles)
    with pytest.warns(RealRowsWarning):
        made.save(tmp_path / "model")
    again = gensynth.load(tmp_path / "model")
    np.testing.assert_array_equal(again.sample(3, y=1), made.sample(3, y=1))
    assert again.method == method
    if method == "adain":
        assert again.history_ == made.history_


def test_damaged_files_are_refused():
    task = network()
    known = Coded.of(noise(4, 16, 16, 3), task, torch.device("cpu"))
    whole = known.pack()
    again = Coded.unpack(whole)
    np.testing.assert_array_equal(again.codes, known.codes)
    broken = [
        ("root", np.eye(3, dtype=np.float32)),
        ("codes", whole["codes"][:, :5]),
        ("codes", whole["codes"] * np.nan),
        ("weights/down.0.bias", np.zeros(3, np.float32)),
    ]
    for name, other in broken:
        with pytest.raises(FormatError):
            Coded.unpack({**whole, name: other})


def test_drawn_styles_are_around_those_of_the_bank():
    known = Coded.of(noise(40, 16, 16, 3), network(), torch.device("cpu"), np.repeat([0, 1], 20))
    drawn, places = known.drawn(np.full(4000, 7), 1)
    assert places.tolist() == [*range(4000)]
    np.testing.assert_allclose(drawn.codes.mean(0), known.codes[7], atol=0.05)
    spread = np.cov(drawn.codes.T)
    np.testing.assert_allclose(spread, 0.25 * known.root @ known.root.T, atol=0.1 * spread.max())


def test_pixels_that_are_not_finite_end_at_the_best_and_are_counted(monkeypatch):
    real = Aim.loss
    asked = []

    def breaks(self, x):
        asked.append(1)
        return real(self, x) if len(asked) < 4 else real(self, x) * torch.nan

    monkeypatch.setattr(Aim, "loss", breaks)
    model = fitted("gatys", noise(2, 16, 16, 3), steps=8)
    with pytest.warns(GensynthWarning, match="1 of 1 images met a loss that is not finite"):
        made = model.sample(1)
    assert model.spoilt_ == 1
    assert made.shape == (1, 16, 16, 3)


def test_a_training_goes_on_repeats_and_is_watched(tmp_path):
    X = noise(12, 16, 16, 3)
    whole = fitted(
        "adain", X, training={"pictures_dir": str(tmp_path / "seen"), "checkpoint_dir": str(tmp_path / "at")}
    )
    assert [*(tmp_path / "seen").glob("step-*.png")]
    assert [*(tmp_path / "at").iterdir()]
    again = fitted("adain", X, training={"checkpoint_dir": str(tmp_path / "at")})
    np.testing.assert_array_equal(whole.sample(2), again.sample(2))
    np.testing.assert_array_equal(whole.sample(2), fitted("adain", X).sample(2))
    with pytest.warns(GensynthWarning, match="max_time ended training"):
        short = fitted("adain", X, steps=5000, max_time=0.2)  # less than a round, of which it is warned
    assert short.ended_ == "time"
    repeated = StyleTransfer(**short.get_params() | short.repeating()).fit(X)
    np.testing.assert_array_equal(short.sample(2), repeated.sample(2))


@pytest.mark.parametrize("method", METHODS)
def test_the_balancer_fills_a_class(method):
    X, y = noise(9, 16, 16, 3), np.array([0] * 6 + [1] * 3)
    balancer = Balancer(StyleTransfer(method, random_state=0, **SHORT[method]), random_state=0)
    X_new, y_new = balancer.fit_resample(X, y)
    assert X_new.shape == (12, 16, 16, 3)
    assert (y_new == 1).sum() == 6
    assert {len(part) for _, part in balancer.parents_.groupby("row")} == {2}


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"steps": 3}, "steps means nothing to method='moments': it is for 'adain' and 'gatys'"),
        ({"method": "adain", "variation": 1.0}, "variation means nothing"),
        ({"method": "gatys", "max_time": "1m"}, "max_time means nothing"),
        ({"method": "fourier", "features": "vgg19"}, "features means nothing"),
        ({"method": "gatys", "features": "vgg16"}, "features must be"),
        ({"method": "gatys", "steps": 0}, "steps must be"),
        ({"method": "gatys", "variation": -1}, "variation must be"),
        ({"method": "adain", "training": {"lrr": 1}}, "lr"),
        ({"method": "adain", "training": {"checkpoint_dir": "x"}, "random_state": None}, "random_state"),
        ({"method": "gatys", "strength": (0.5, 1.5)}, "strength must lie"),
        ({"method": "gatis"}, "gatys"),
    ],
)
def test_wrong_settings_say_so(params, match):
    with pytest.raises(ConfigError, match=match):
        StyleTransfer(**{"random_state": 0, **params}).fit(noise(3, 16, 16, 3))


def test_painting_says_how_far_it_is(capsys):
    fitted("gatys", noise(3, 16, 16, 3), training={"progress": True}).sample(3)
    assert "painting: 3 of 3 images" in capsys.readouterr().err
    assert isinstance(fitted("gatys", noise(2, 16, 16, 3)).style_, Painted)


def test_what_is_drawn_around_a_style_is_known_by_the_row_alone():
    rng = np.random.default_rng(0)
    codes, root = rng.normal(size=(9, 128)).astype(np.float32), np.tril(rng.normal(size=(128, 128))).astype(np.float32)
    known, styles, rows = Coded(codes, root, None), rng.integers(0, 9, 40), np.arange(40)
    whole, places = known.drawn(styles, 3)
    assert np.array_equal(whole.origins(places), styles)
    assert np.array_equal(known.origins(rows[:9]), rows[:9])
    for some in (rows[:1], rows[5:7], rows[33:]):
        assert np.array_equal(known.drawn(styles[some], 3, some)[0].codes, whole.codes[some])
