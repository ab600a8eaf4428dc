"""What went wrong with images once: recipes, containers, formats of files, sizes, parents and figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gensynth import SMOTE, VAE, WGAN, Augment, Balancer, ImageFolder, image_fidelity
from gensynth.balance.merge import training_of
from gensynth.errors import ConfigError, FewRowsWarning, RealRowsWarning
from gensynth.evidence.fidelity.images import share_nearer

RNG = np.random.default_rng(0)
VAE_OF = "generator={name: VAE, params: {steps: %s, max_time: 20, hidden: [4], noise: 2}}"


def noise(*shape):
    return RNG.integers(0, 256, shape).astype(np.uint8)


def folder(name, counts, shape=(12, 10, 3), **settings):
    for label, n in counts.items():
        Path(name, label).mkdir(parents=True)
        for row in range(n):
            Image.fromarray(noise(*shape)).save(Path(name, label, f"{row}.png"), **settings)
    return name


def heads(root, pattern="*.png"):
    """Return sizes and modes of the images of a folder."""
    found = set()
    for path in Path(root).rglob(pattern):
        with Image.open(path) as image:
            found.add((image.size, image.mode))
    return found


# Augment on top of a network ----------------------------------------------------------------------------------------


def test_a_training_that_time_ended_repeats_within_augment():
    X, y = noise(40, 8, 8, 1), [0] * 30 + [1] * 10
    inner = {"steps": 100_000, "hidden": (4,), "noise": 2}
    first = Balancer(Augment(generator=VAE(max_time=4, **inner), random_state=0), random_state=0)
    made = first.fit_resample(X, y)[0]
    told = training_of(first.generator_)
    assert told["training"]["ended"] == "time"
    repeat = told["repeat"]["generator"]
    assert repeat["params"]["training"]["stop_after"] == told["training"]["steps"]
    again = Balancer(Augment(generator=repeat, random_state=0), random_state=0)
    assert np.array_equal(again.fit_resample(X, y)[0], made)


def test_checkpoints_of_a_network_in_augment_need_the_seed_of_augment_alone(tmp_path):
    X, y = noise(12, 8, 8, 1), [0] * 8 + [1] * 4
    inner = VAE(steps=3, hidden=(4,), noise=2, training={"checkpoint_dir": str(tmp_path)})
    with pytest.warns(FewRowsWarning):
        Augment(generator=inner, random_state=0).fit(X, y)
    with pytest.raises(ConfigError, match="needs random_state"):
        Augment(generator=inner).fit(X, y)


def test_few_rows_of_augment_on_a_network_are_told_by_their_own_names_and_numbers():
    X, y = noise(12, 8, 8, 1), ["a"] * 11 + ["b"]
    with pytest.warns(FewRowsWarning) as told:
        Augment(generator=VAE(steps=3, hidden=(4,), noise=2), random_state=0).fit(X, y)
    assert ["class 'b' (1): VAE learns" in str(one.message) for one in told] == [True]


def test_a_row_and_its_copy_are_one_parent():
    X, y = RNG.normal(size=(23, 3)), [0] * 20 + [1] * 3
    model = Augment(generator=SMOTE(k_neighbors=3), random_state=0)
    with pytest.warns(FewRowsWarning):
        parents = model.fit(X, y).sample(50, y=1, return_parents=True)[1]
    assert not parents.duplicated(["row", "parent"]).any()
    assert parents.groupby("row")["weight"].sum().round(9).eq(1).all()
    assert set(parents["parent"]) == {20, 21, 22}


def test_a_network_in_augment_can_be_watched(run):
    folder("photos", {"a": 4, "b": 2})
    words = ("balance", "photos", "-g", "Augment", "-p", VAE_OF % 3, "--watch", "seen", "-o", "out")
    assert run(*words)[0] == 0
    assert [path.suffix for path in Path("seen").iterdir()] == [".png"]


# Files --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 8, 12), (1, 8, 12), (8, 12), (8, 12, 3), (8, 12, 4)], ids=str)
def test_models_of_any_container_write_files(run, shape):
    with pytest.warns(FewRowsWarning):
        model = VAE(steps=3, hidden=(4,), noise=2, random_state=0).fit(noise(12, *shape), [0] * 8 + [1] * 4)
    with pytest.warns(RealRowsWarning):
        model.save("model")
    assert run("sample", "model", "-n", "2", "-o", "out")[0] == 0
    assert {size for size, _ in heads("out")} == {(12, 8)}


def test_made_images_are_transparent_where_all_are_and_lost_bits_are_said(run):
    folder("clear", {"a": 4, "b": 2}, (12, 10, 4))
    network = ("-g", "VAE", "-p", "steps=3", "-p", "hidden=[4]", "-p", "noise=2")
    assert run("balance", "clear", *network, "-o", "out")[0] == 0
    assert {mode for _, mode in heads("out")} == {"RGBA"}
    Image.fromarray(noise(12, 10).astype(np.uint16) * 256).save("clear/a/deep.png")
    err = run("balance", "clear", *network, "-o", "mixed")[2]
    assert "without the 16 bits and the transparency of real ones" in err


def test_sizes_that_networks_cannot_learn_are_never_chosen_and_refused_at_once(run):
    folder("long", {"a": 4, "b": 2}, (10, 1200, 3))
    network = ("-g", "VAE", "-p", "steps=3", "-p", "hidden=[4]", "-p", "noise=2", "-o", "out")
    status, _, err = run("balance", "long", *network, "--size", "300")
    assert (status, "--size 300: networks learn images of 4 to 256" in err) == (2, True)
    status, _, err = run("balance", "long", *network, "--size", "8,16")
    assert (status, "HEIGHTxWIDTH" in err) == (2, True)
    assert run("balance", "long", *network)[0] == 0
    assert {size for size, _ in heads("out", "synthetic-*")} == {(64, 4)}
    assert "--size is for generators that need one" in run("balance", "long", "--size", "32", "-o", "more")[2]


def test_a_folder_with_broken_images_is_shown(run):
    folder("photos", {"a": 4, "b": 2})
    Path("photos/a/broken.png").write_bytes(b"no image")
    status, out, err = run("show", "photos")
    assert (status, "a/broken.png" in err, "10 x 12, RGB" in out) == (0, True, True)


def test_an_image_folder_is_cut_as_an_array_or_not_at_all(tmp_path):
    files = ImageFolder(folder(tmp_path / "photos", {"a": 4, "b": 2}))
    whole = np.asarray(files)
    for key in (
        np.s_[:, :, :, 0],
        np.s_[2:4, 0],
        np.s_[0, 0],
        np.s_[-1],
        np.s_[[1, 3], ..., 1],
        np.s_[..., 0],
        np.s_[1:3],
    ):
        assert np.array_equal(files.x[key], whole[key])
    assert len(files[np.array([0, 2]), ...]) == 2
    for key in (np.s_[:, 5], np.s_[0, :], np.s_[0, ..., 1]):
        with pytest.raises(IndexError, match="rows alone"):
            files[key]
    with pytest.raises(IndexError, match="6 images"):
        files[6]


# Figures ------------------------------------------------------------------------------------------------------------


def flat(images):
    return np.asarray(images.x).reshape(len(images.x), -1).astype(float)


def test_copies_are_nearer_although_real_images_occur_twice():
    x = noise(40, 8, 8, 1)
    twice, y = np.concatenate([x, x]), [0, 1] * 40
    assert image_fidelity(twice, y, x, [0, 1] * 20, features=flat).loc["all", "nearer"] == 1
    assert share_nearer(np.zeros((9, 4)), np.zeros((5, 4))) == 1
    known = RNG.normal(size=(200, 3))
    fresh = share_nearer(np.concatenate([known, known]), RNG.normal(size=(200, 3)))
    assert fresh == pytest.approx(share_nearer(known, RNG.normal(size=(200, 3))), abs=0.12)


def test_a_class_of_one_image_has_no_figures_and_stops_none():
    x, y = noise(40, 8, 8, 1), [0] * 39 + [1]
    found = image_fidelity(x, y, x, y, features=flat)
    assert np.isfinite(found.loc["all"]).all()
    assert np.isnan(found.loc["1", "kid"])


def test_strengths_of_numpy_are_numbers():
    asked = {"steps": np.int64(1), "penalty": np.float32(0.1), "augment": {"colour": np.float32(0.5)}}
    with pytest.warns(FewRowsWarning):
        made = WGAN(steps=2, hidden=(4, 8), noise=2, critic=asked, random_state=0).fit(
            noise(8, 8, 8, 1), [0] * 5 + [1] * 3
        )
    assert made.task_.critic.changes.colour == 0.5
