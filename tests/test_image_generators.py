"""VAE and WGAN on images: containers, classes, few images, files, pictures of a training, and what is refused."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import gensynth
from gensynth import VAE, WGAN, Augment, Balancer, Images
from gensynth.errors import ConfigError, DataError, FewRowsWarning, FormatError, NotFitted, RealRowsWarning, Unsupported
from gensynth.nn.differentiable import Differentiable
from gensynth.nn.image_wgan import as_floats

SMALL = {"hidden": (8, 16), "noise": 4, "random_state": 0, "training": {"lr": 4e-3, "batch_size": 16}}
MADE = [VAE(steps=60, **SMALL), WGAN(steps=8, **SMALL)]


def squares(n=60, rare=12, height=16, width=16, channels=1):
    """Images of a square above left, or in the rare class below right, in noise."""
    rng = np.random.default_rng(0)
    y = np.where(np.arange(n) < rare, "rare", "common")
    x = rng.integers(0, 60, (n, height, width, channels))
    half = height // 2
    for row, label in enumerate(y):
        top, left = (half, width // 2) if label == "rare" else (0, 0)
        top, left = top + rng.integers(0, 3), left + rng.integers(0, 3)
        x[row, top : top + half - 3, left : left + width // 2 - 3] = 230
    return x.astype(np.uint8), y


def quiet(model, X, y):
    with warnings.catch_warnings(action="ignore", category=FewRowsWarning):
        return model.fit(X, y)


@pytest.fixture(scope="module", params=[0, 1], ids=["VAE", "WGAN"])
def fitted(request):
    return quiet(copy(MADE[request.param]), *squares())


def copy(model, **params):
    return type(model)(**{**model.get_params(), **params})


CONTAINERS = {
    "bytes, channels last": lambda x: x,
    "bytes, channels first": lambda x: np.ascontiguousarray(x.transpose(0, 3, 1, 2)),
    "bytes, grey without an axis": lambda x: x[..., 0],
    "floats": lambda x: (x / 255).astype(np.float32),
    "halves": lambda x: (x / 255).astype(np.float16),
    "a tensor": lambda x: torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(),
    "a container": lambda x: Images(x),
    "a list": lambda x: Images([*x]),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_images_come_back_as_they_came(name):
    x, y = squares(40, 8)
    given = CONTAINERS[name](x)
    made = quiet(copy(MADE[0], steps=2), given, y).sample(5, y="rare")
    assert type(made) is type(given)
    real, back = (part.x if isinstance(part, Images) else part for part in (given, made))
    if name == "a list":
        real, back = np.stack(real), np.stack([*back])
    assert back.shape == (5, *real.shape[1:])
    assert back.dtype == real.dtype
    assert float(back.min()) >= 0
    assert float(back.max()) <= (255 if "uint8" in str(real.dtype) else 1)


def test_a_vae_draws_the_class_that_is_asked():
    x, y = squares()
    made = quiet(copy(MADE[0], steps=200), x, y).sample(y=["rare"] * 20 + ["common"] * 20).astype(float)
    below, above = made[:, 8:, 8:].mean((1, 2, 3)), made[:, :8, :8].mean((1, 2, 3))
    assert (below[:20] > above[:20]).mean() >= 0.95
    assert (below[20:] < above[20:]).mean() >= 0.95


def test_detail_of_a_real_image_is_put_back_and_named_as_parent(tmp_path):
    x, y = squares(60, 4)
    model = quiet(copy(MADE[0], steps=30), x, y)
    plain = quiet(copy(MADE[0], steps=30, sampler="mixture"), x, y)
    _, parents = model.sample(50, y="rare", random_state=1, return_parents=True)
    assert parents["row"].tolist() == [*range(50)]
    assert set(y[parents["parent"]]) == {"rare"}

    codes, spots, around = np.repeat([0, 1], 20), np.arange(40), model.spread_
    i, z = around.places(codes, spots, 5), around.draw(codes, spots, 5)
    ends = [model.task_.decode(torch.from_numpy(at).float(), None).detach().numpy() for at in (z, around.centres[i])]
    truth = np.clip(around.detail.at(i) / 127.5 - 1 + ends[0] - ends[1], -1, 1)
    drawn = model._side.made(codes, spots, 5).x[..., 0] / 127.5 - 1
    np.testing.assert_allclose(drawn, truth[:, 0], atol=1.01 / 127.5)
    assert np.array_equal(model.encode(x, y), plain.encode(x, y))
    assert not len(plain.sample(5, y="rare", return_parents=True)[1])
    model.spread_ = replace(around, detail=replace(around.detail, pictures=around.detail.pictures[:, :, :5]))
    with warnings.catch_warnings(action="ignore", category=RealRowsWarning):
        model.save(tmp_path / "model")
    with pytest.raises(FormatError, match="pictures"):
        gensynth.load(tmp_path / "model")
    with pytest.raises(ConfigError, match="for images"):
        VAE(sampler="detail", steps=1).fit(np.eye(20), [0, 1] * 10)


@pytest.mark.parametrize("sampler", ["detail", "mixture", "smote", "normal"])
@pytest.mark.parametrize("rare", [1, 2, 5])
def test_few_images_are_enough_and_are_not_copied(sampler, rare):
    x, y = squares(50, rare)
    model = copy(MADE[0], sampler=sampler, steps=40)
    with pytest.warns(FewRowsWarning, match="what all rows have in common"):
        model.fit(x, y)
    made = model.sample(40, y="rare")
    assert len(np.unique(made.reshape(40, -1), axis=0)) >= 38
    assert not any((made == one).all((1, 2, 3)).any() for one in x)


@pytest.mark.parametrize("shape", [(28, 28, 1), (16, 33, 3), (31, 17, 4), (5, 4, 2), (64, 64, 3)], ids=str)
@pytest.mark.parametrize("model", MADE, ids=["VAE", "WGAN"])
def test_sizes_and_channels(model, shape):
    x = np.random.default_rng(0).integers(0, 256, (24, *shape)).astype(np.uint8)
    made = quiet(copy(model, steps=1), x, [0, 1] * 12).sample(3, y=1)
    assert made.shape == (3, *shape)
    assert made.dtype == np.uint8


def test_a_seed_gives_the_same_and_few_are_the_beginning_of_many(fitted):
    x, y = squares()
    again = quiet(copy(fitted), x, y)
    assert (again.sample(9, y="rare", random_state=3) == fitted.sample(9, y="rare", random_state=3)).all()
    many = fitted.sample(700, y="rare", random_state=3)
    assert (many[:9] == fitted.sample(9, y="rare", random_state=3)).all()
    assert len(np.unique(many.reshape(700, -1), axis=0)) > 650


def test_it_comes_back_from_a_file_and_says_what_the_file_holds(fitted, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted.save(tmp_path / "model")
    said = [one for one in caught if one.category is RealRowsWarning]
    assert len(said) == (1 if isinstance(fitted, VAE) else 0)
    again = gensynth.load(tmp_path / "model")
    assert (again.sample(6, y="common", random_state=1) == fitted.sample(6, y="common", random_state=1)).all()


def test_the_balancer_fills_the_rare_class(fitted):
    x, y = squares()
    new, labels = Balancer(copy(fitted, steps=2), random_state=0).fit_resample(x, y)
    assert np.unique(labels, return_counts=True)[1].tolist() == [48, 48]
    assert (new[:60] == x).all()


def test_the_space_can_be_walked():
    x, y = squares()
    model = quiet(copy(MADE[0], steps=300), x, y)
    z = model.encode(x, y)
    assert z.shape == (60, 4)
    back = model.decode(z, y).astype(float)
    assert np.abs(back[:12] - x[:12]).mean() < 0.7 * np.abs(back[:12] - x[-12:]).mean()
    way = model.interpolate(x[:1], x[-1:], 6, y="rare").astype(float)
    assert way.shape == (6, 16, 16, 1)
    lit = way[:, 8:, 8:].mean((1, 2, 3)) - way[:, :8, :8].mean((1, 2, 3))
    assert lit[0] > 0 > lit[-1]  # from a square below to one above


def test_pictures_show_each_round(tmp_path):
    x, y = squares()
    for number, model in enumerate(MADE):
        folder = tmp_path / str(number)
        shown = copy(model, steps=20, training={**SMALL["training"], "pictures_dir": folder}).fit(x, y)
        plain = copy(model, steps=20).fit(x, y)
        assert (shown.sample(5, random_state=1) == plain.sample(5, random_state=1)).all()
        files = sorted(folder.glob("*.png"))
        assert [file.name for file in files] == [f"step-{record['step']:06d}.png" for record in shown.history_]
        grid = np.asarray(Image.open(files[-1]))
        assert grid.shape == (2 * 18 + 2, 8 * 18 + 2)
        assert "pictures_dir" not in str(shown._saved_params())


def test_pictures_of_tables_are_refused():
    with pytest.raises(ConfigError, match="pictures_dir is for images"):
        VAE(steps=2, training={"pictures_dir": "x"}).fit(np.random.default_rng(0).normal(size=(30, 2)))


def test_the_critic_sees_changed_images_where_that_is_asked():
    x, y = squares()
    plain, changed, light = (
        quiet(copy(MADE[1], steps=4, critic={"augment": augment}), x, y)
        for augment in (False, True, {"colour": 0.5, "cutout": 0})
    )
    made = [model.sample(4, y="rare", random_state=0).astype(float) for model in (plain, changed, light)]
    assert len({image.tobytes() for image in made}) == 3
    assert plain.task_.critic.changes is None
    assert changed.task_.critic.changes == Differentiable()
    assert light.task_.critic.changes == Differentiable(0.5, 0.0, 0.0)
    assert quiet(copy(MADE[1], steps=4, critic={"augment": {"cutout": 0}}), x, y).task_.critic.changes is None
    assert changed.task_.critic.some is None


@pytest.mark.parametrize(("few", "some"), [(19, (True, False)), (20, (False, False))])
def test_images_of_classes_with_few_of_them_are_moved_before_the_critic(few, some):
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1)).astype(np.uint8)
    y = ["rare"] * few + ["usual"] * (60 - few)
    critic = WGAN(steps=2, random_state=0).fit(x, y).task_.critic
    assert critic.some == tuple(some[label == "usual"] for label in ("rare", "usual"))
    assert critic.changes == (Differentiable(0.0, 0.125, 0.0) if any(some) else None)
    shown = torch.from_numpy(x).permute(0, 3, 1, 2)
    codes = torch.tensor([0] * few + [1] * (60 - few))
    seen, _ = critic.varied((shown, codes), torch.Generator().manual_seed(0))
    same = (seen == as_floats(shown).float()).flatten(1).all(1)
    assert same[codes == 1].all()
    assert bool(same[codes == 0].all()) != some[0]


def test_augment_takes_them():
    x, y = squares(30, 6)
    made = quiet(Augment(generator=copy(MADE[0], steps=5), random_state=0), x, y).sample(4, y="rare")
    assert made.shape == (4, 16, 16, 1)


BAD = {
    "masks": (lambda x: Images(x, masks=x[..., 0]), Unsupported, "without masks"),
    "two sizes": (lambda x: Images([*x[:-1], x[-1, :8]]), DataError, "one size"),
    "too small": (lambda x: x[:, :3], DataError, "4 to 256 pixels"),
    "too large": (lambda x: np.zeros((60, 300, 16, 1), np.uint8), DataError, "4 to 256 pixels"),
    "five channels": (lambda x: np.zeros((60, 16, 16, 5), np.uint8), DataError, "channels"),
    "not finite": (lambda x: np.where(x > 99, np.nan, 0.5), DataError, "not finite"),
    "not in [0, 1]": (lambda x: x.astype(np.float32), DataError, "divide by 255"),
    "no rows": (lambda x: x[:0], DataError, "no rows"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("model", MADE, ids=["VAE", "WGAN"])
def test_what_cannot_be_learned_is_said(model, name):
    x, y = squares()
    spoil, error, says = BAD[name]
    given = spoil(x)
    with pytest.raises(error, match=says):
        copy(model, steps=1).fit(given, y[: len(given)])


def test_what_cannot_be_asked_is_said(fitted):
    x, y = squares()
    with pytest.raises(ConfigError, match="cannot hold columns"):
        fitted.sample(3, y="rare", conditions={"a": 1})
    with pytest.raises(NotFitted):
        copy(fitted).sample(3)
    if isinstance(fitted, VAE):
        with pytest.raises(DataError, match="of training"):
            fitted.encode(x[:, :8], y)
        with pytest.raises(DataError, match="shape"):
            fitted.decode(np.zeros((3, 7)), "rare")
        with pytest.raises(ConfigError, match="sampler must be"):
            copy(fitted, sampler="smoth").fit(x, y)
