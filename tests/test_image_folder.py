"""Images of a folder as rows: sizes, colours, bad files, and generators that learn from them."""

from __future__ import annotations

import os
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.model_selection import StratifiedKFold, train_test_split

import gensynth.transforms as T
from gensynth import VAE, Augment, Balancer, ImageFolder, Images, NotACopy, RandomOverSampler, kind_of, load
from gensynth.data.kinds import Rows
from gensynth.errors import ConfigError, DataError, GensynthWarning, ShortWarning
from gensynth.store import image_folder
from gensynth.store.images import read_image, write_image

RNG = np.random.default_rng(0)


def noise(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape).astype(np.uint8)


def signs(root: Path, counts=(("stop", 6), ("yield", 2)), size=(9, 11, 3)) -> Path:
    for label, count in counts:
        (root / label).mkdir(parents=True)
        for row in range(count):
            write_image(root / label / f"{row}.png", noise(*size))
    return root


# Rows -----------------------------------------------------------------------------------------------------------------


def test_images_of_one_size_are_what_is_in_the_files(tmp_path):
    folder = ImageFolder(signs(tmp_path / "a b", [("ü, x", 3), ("b", 1)]))
    assert (kind_of(folder), isinstance(folder, Rows)) == ("image", True)
    assert folder.shape == (4, 9, 11, 3)
    assert (len(folder), folder.size, folder.mode) == (4, (9, 11), "RGB")
    assert folder.files == ("b/0.png", "ü, x/0.png", "ü, x/1.png", "ü, x/2.png")
    assert folder.labels.tolist() == ["b", "ü, x", "ü, x", "ü, x"]
    wanted = np.stack([read_image(tmp_path / "a b" / file) for file in folder.files])
    assert np.asarray(folder).dtype == np.uint8
    assert np.array_equal(np.asarray(folder), wanted)
    assert all(np.array_equal(one, other) for one, other in zip(folder, wanted, strict=True))
    assert np.array_equal(folder.x[2], wanted[2])
    assert np.array_equal(folder.x[1:3], wanted[1:3])


def test_transforms_take_a_folder(tmp_path, monkeypatch):
    folder = ImageFolder(signs(tmp_path / "x"))
    policy = T.Compose([T.Flip(), T.Brightness(0.3)], random_state=0)
    assert np.array_equal(policy(folder, y=folder.labels)[0], policy(np.asarray(folder)))
    assert np.array_equal(policy(folder[5:], index=[5, 6, 7]), policy(np.asarray(folder))[5:])
    mixed, weights = T.MixUp(alpha=1, random_state=0).fit(folder, folder.labels)(folder[:3], y=folder.labels[:3])
    assert (mixed.shape, weights.shape) == ((3, 9, 11, 3), (3, 2))
    seen, array = [], ImageFolder.__array__
    monkeypatch.setattr(ImageFolder, "__array__", lambda self, dtype=None: seen.append(len(self)) or array(self, dtype))
    policy.check(folder)
    policy.check(Images(folder.x))
    assert max(seen) == 1  # image by image, however many there are


@pytest.mark.parametrize(
    ("key", "rows"),
    [(2, [2]), (-1, [3]), (slice(None, None, -2), [3, 1]), (np.array([3, 0, 3]), [3, 0, 3]),
     (np.array([True, False, False, True]), [0, 3]), (([1, 2], ...), [1, 2]), (np.zeros(0, dtype=int), [])],
)  # fmt: skip
def test_rows_are_cut_as_those_of_arrays(tmp_path, key, rows):
    folder = ImageFolder(signs(tmp_path / "x", [("a", 2), ("b", 2)]))
    some = folder[key]
    assert some.shape == (len(rows), 9, 11, 3)
    assert some.labels.tolist() == folder.labels[rows].tolist()
    assert some.files == tuple(folder.files[row] for row in rows)
    assert np.array_equal(np.asarray(some), np.asarray(folder)[rows])


def test_only_what_is_looked_at_is_decoded(tmp_path, monkeypatch):
    folder = ImageFolder(signs(tmp_path / "x"), on_bad="error")
    read: list[str] = []
    real = image_folder.read_sized
    monkeypatch.setattr(image_folder, "read_sized", lambda path, *rest: [read.append(path.name), real(path, *rest)][1])
    some = folder[2:6][[0, 3]]
    assert (some.shape, some.labels.tolist(), kind_of(some)) == ((2, 9, 11, 3), ["stop", "stop"], "image")
    assert not read
    np.asarray(some)
    assert read == ["2.png", "5.png"]
    next(iter(folder))
    assert read[2:] == ["0.png"]


def test_a_flat_folder_has_no_labels(tmp_path):
    write_image(tmp_path / "1.png", noise(3, 3))
    folder = ImageFolder(tmp_path)
    assert (folder.labels, folder[0].labels, folder.shape) == (None, None, (1, 3, 3, 1))


def test_splitters_of_scikit_learn_cut_it(tmp_path):
    folder = ImageFolder(signs(tmp_path / "x"))
    train, test = next(StratifiedKFold(2).split(folder, folder.labels))
    assert sorted([*folder[train].files, *folder[test].files]) == sorted(folder.files)
    X, _, y, _ = train_test_split(folder, folder.labels, test_size=0.5, stratify=folder.labels, random_state=0)
    assert isinstance(X, ImageFolder)
    assert X.labels.tolist() == y.tolist()


# Sizes and colours ----------------------------------------------------------------------------------------------------


def test_without_a_size_it_is_the_median_of_heights_and_of_widths(tmp_path):
    for row, size in enumerate([(4, 40), (8, 10), (20, 12), (8, 90), (30, 11)]):
        write_image(tmp_path / f"{row}.png", noise(*size))
    assert ImageFolder(tmp_path).shape == (5, 8, 12, 1)
    assert ImageFolder(tmp_path, size=5).shape == (5, 5, 5, 1)
    assert ImageFolder(tmp_path, size=(3, 7), mode="RGBA").shape == (5, 3, 7, 4)


def halves(height: int, width: int) -> np.ndarray:
    """Return an image: black on the left, white on the right, grey in the middle third of a wide one."""
    image = np.zeros((height, width), dtype=np.uint8)
    image[:, width // 3 :] = 128
    image[:, -(width // 3) :] = 255
    return image


def test_crop_pad_and_stretch(tmp_path):
    write_image(tmp_path / "wide.png", halves(20, 60))
    made = [np.asarray(ImageFolder(tmp_path, 10, fit=fit))[0, ..., 0] for fit in ("crop", "pad", "stretch")]
    crop, pad, stretch = (one.astype(int) for one in made)
    assert (np.abs(crop[:, 1:-1] - 128) < 20).all()  # the middle third alone
    assert not pad[:3].any()
    assert not pad[-3:].any()
    assert np.abs(pad[4:6] - stretch[4:6]).max() < 3
    assert stretch[:, 0].max() == 0
    assert stretch[:, -1].min() == 255
    write_image(tmp_path / "wide.png", halves(20, 60).T)
    tall = np.asarray(ImageFolder(tmp_path, 10, fit="crop"))[0, ..., 0]
    assert np.array_equal(tall, crop.T)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_images_of_any_shape_come_to_any_size(tmp_path, fit):
    rng = np.random.default_rng(2)
    for row, size in enumerate(rng.integers(1, 40, (40, 2)).tolist()):
        write_image(tmp_path / f"{row}.png", np.full(size, 200, dtype=np.uint8))
    for size in rng.integers(1, 40, (12, 2)).tolist():
        made = np.asarray(ImageFolder(tmp_path, size, fit=fit, on_bad="error"))
        assert made.shape == (40, *size, 1)
        assert set(np.unique(made)) <= ({200} if fit != "pad" else {0, 200})  # nothing from outside the image
        assert (made == 200).any(axis=(1, 2, 3)).all()


def test_making_smaller_averages(tmp_path):
    board = np.indices((64, 64)).sum(axis=0) % 2 * np.uint8(255)
    write_image(tmp_path / "board.png", board.astype(np.uint8))
    small = np.asarray(ImageFolder(tmp_path, 8)).astype(int)
    assert np.abs(small - 127).max() < 12  # a pixel taken here and there would be black or white


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "turned"])
def test_large_photographs_decoded_small_are_what_they_are_whole(tmp_path, monkeypatch, turned):
    ramp = np.add.outer(np.arange(320) / 2, np.arange(200) / 3).astype(np.uint8)
    image = Image.fromarray(np.stack([ramp, 255 - ramp, ramp // 2], axis=2))
    exif = image.getexif()
    exif[0x0112] = 6 if turned else 1
    image.save(tmp_path / "a.jpg", quality=95, exif=exif)
    fast = np.asarray(ImageFolder(tmp_path, (16, 12))).astype(int)
    monkeypatch.setattr("PIL.JpegImagePlugin.JpegImageFile.draft", lambda *_: None)
    whole = np.asarray(ImageFolder(tmp_path, (16, 12))).astype(int)
    assert np.abs(fast - whole).max() <= 4
    assert (np.diff(fast[0, 8, :, 0]) < 0).all() == turned  # a quarter clockwise: down becomes left


def test_every_mode_of_images_becomes_the_one_that_is_asked(tmp_path):
    grey, colour = noise(6, 6), noise(6, 6, 3)
    (tmp_path / "grey").mkdir()
    Image.fromarray(grey).save(tmp_path / "grey" / "grey.png")
    Image.fromarray((grey.astype(np.uint16) << 8) + grey).save(tmp_path / "grey" / "deep.png")
    Image.fromarray(np.dstack([grey, np.full((6, 6), 255, np.uint8)]), "LA").save(tmp_path / "grey" / "opaque.png")
    Image.fromarray(grey > 99).save(tmp_path / "grey" / "bits.png")
    folder = ImageFolder(tmp_path / "grey")
    assert (folder.mode, folder.shape) == ("L", (4, 6, 6, 1))
    bits, deep, plain, opaque = np.asarray(folder)[..., 0]
    assert np.array_equal(bits, (grey > 99) * np.uint8(255))
    assert np.array_equal(deep, grey)
    assert np.array_equal(plain, grey)
    assert np.array_equal(opaque, grey)
    (tmp_path / "colour").mkdir()
    Image.fromarray(colour).save(tmp_path / "colour" / "a.png")
    Image.fromarray(colour).quantize(200).save(tmp_path / "colour" / "palette.png")
    Image.fromarray(noise(6, 6, 4), "CMYK").save(tmp_path / "colour" / "print.tiff")
    clear = np.dstack([colour, np.zeros((6, 6), np.uint8)])
    Image.fromarray(clear, "RGBA").save(tmp_path / "colour" / "clear.png")
    Image.fromarray(grey).save(tmp_path / "colour" / "grey.png")
    folder = ImageFolder(tmp_path / "colour")
    assert (folder.mode, folder.shape) == ("RGB", (5, 6, 6, 3))
    plain, white, same, palette, _ = np.asarray(folder)
    assert np.array_equal(plain, colour)
    assert (white == 255).all()  # what is transparent lies on white
    assert np.array_equal(same, np.repeat(grey[..., None], 3, axis=2))
    assert np.array_equal(palette, np.asarray(Image.fromarray(colour).quantize(200).convert("RGB")))
    assert np.array_equal(np.asarray(ImageFolder(tmp_path / "colour", mode="RGBA"))[1], clear)
    greys = np.asarray(ImageFolder(tmp_path / "colour", mode="L"))
    assert np.array_equal(greys[0, ..., 0], np.asarray(Image.fromarray(colour).convert("L")))


# Bad input ------------------------------------------------------------------------------------------------------------


def spoilt(root: Path) -> dict[str, str]:
    """Write bad files among good ones; return their names, and what is wrong with each."""
    signs(root, [("good", 3), ("bad", 2)])
    names = {
        "bad/bomb.png": "more pixels", "bad/cut.jpg": "broken", "bad/cut.png": "broken", "bad/empty.png": "no image",
        "bad/floats.tiff": "floats", "bad/ünd so, weiter.png": "no image",
    }  # fmt: skip
    write_image(root / "bad/bomb.png", np.zeros((400, 400), np.uint8))
    Image.fromarray(noise(64, 64, 3)).save(root / "bad/cut.jpg")
    Image.fromarray(noise(64, 64, 3)).save(root / "bad/cut.png")
    for name in ("bad/cut.jpg", "bad/cut.png"):
        (root / name).write_bytes((root / name).read_bytes()[:-500])
    (root / "bad/empty.png").write_bytes(b"")
    (root / "bad/ünd so, weiter.png").write_bytes(b"no image")
    Image.fromarray(noise(4, 4).astype(np.float32)).save(root / "bad/floats.tiff")
    return names


@pytest.fixture
def few_pixels(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50_000)  # twice as many are a bomb


def test_bad_files_are_left_out_with_one_warning(tmp_path, few_pixels):
    names = spoilt(tmp_path / "x")
    with pytest.warns(GensynthWarning) as said:
        folder = ImageFolder(tmp_path / "x")
    assert len(said) == 1
    text = "6 of 11 images cannot be read: bad/bomb.png, bad/cut.jpg, bad/cut.png, ...; they are left out"
    assert text in str(said[0].message)
    assert said[0].filename == __file__
    assert not {*names} & {*folder.files}
    assert folder.labels.tolist() == ["bad"] * 2 + ["good"] * 3
    assert np.asarray(folder).shape == (5, 9, 11, 3)


def test_each_bad_file_is_named_where_it_is_an_error(tmp_path, few_pixels):
    for name, says in spoilt(tmp_path / "x").items():
        alone = tmp_path / "alone" / name
        alone.parent.mkdir(parents=True, exist_ok=True)
        os.link(tmp_path / "x" / name, alone)
        with pytest.raises(DataError, match=f"{alone.name}.*{says}"):
            np.asarray(ImageFolder(tmp_path / "alone", on_bad="error"))  # at the head, or at the pixels
        alone.unlink()


def test_files_that_break_later_are_named_when_they_are_looked_at(tmp_path):
    folder = ImageFolder(signs(tmp_path / "x"))
    path = tmp_path / "x/stop/1.png"
    path.write_bytes(path.read_bytes()[:-40])
    assert np.asarray(folder[2:]).shape == (6, 9, 11, 3)
    with pytest.raises(DataError, match=r"1\.png is broken"):
        np.asarray(folder)
    with pytest.raises(DataError):
        Augment(random_state=0).fit(folder, folder.labels)


def test_nothing_but_bad_files(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"1 of 1 images cannot be read: a/1\.png"):
        ImageFolder(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif.webp", "bmp", "tiff"])
def test_any_file_cut_or_altered_anywhere_is_good_or_left_out(tmp_path, suffix):
    rng = np.random.default_rng(1)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(noise(24, 20, 3)).save(path, **({"compression": "tiff_lzw"} if suffix == "tiff" else {}))
    whole = path.read_bytes()
    write_image(tmp_path / "good.png", noise(5, 5, 3))
    for turn in range(60):
        content = bytearray(whole[: rng.integers(len(whole))] if turn % 2 else whole)
        for place in rng.integers(len(content), size=3) if content else ():
            content[place] = rng.integers(256)
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GensynthWarning)
            folder = ImageFolder(tmp_path, size=4)
        assert np.asarray(folder).shape == (len(folder), 4, 4, 3)


def test_what_is_left_out_is_named_in_notes(tmp_path):
    signs(tmp_path / "x", [("a", 1), ("b", 2)])
    (tmp_path / "x/empty").mkdir()
    (tmp_path / "x/a/notes.txt").write_text("seen at dusk")
    (tmp_path / "x/c").symlink_to(tmp_path / "x/a")
    write_image(tmp_path / "x/top.png", noise(3, 3))
    folder = ImageFolder(tmp_path / "x")
    assert len(folder) == 3
    said = "; ".join(folder.notes)
    for word in ("empty", "notes.txt", "1 link is not followed: c", "top.png"):
        assert word in said


@pytest.mark.parametrize(
    ("given", "says"),
    [({"size": 0}, "size"), ({"size": (4, 0)}, "size"), ({"size": (1, 2, 3)}, "size"), ({"size": "big"}, "size"),
     ({"size": True}, "size"), ({"size": ()}, "size"), ({"mode": "rgb"}, "mode"), ({"fit": "squeeze"}, "fit"),
     ({"on_bad": "ignore"}, "on_bad"), ({"path": "no such place"}, "no such folder"),
     ({"path": np.zeros(3)}, "path must name a folder")],
    ids=str,
)  # fmt: skip
def test_wrong_requests(tmp_path, given, says):
    with pytest.raises(ConfigError, match=says):
        ImageFolder(**{"path": signs(tmp_path / "x"), **given})


def test_a_path_is_told_from_data():
    with pytest.raises(DataError, match="ImageFolder"):
        kind_of("photos/")
    with pytest.raises(DataError, match="ImageFolder"):
        kind_of(Path("photos"))


def test_many_files_take_little_memory(tmp_path):
    n = 4_000
    write_image(tmp_path / "one.png", noise(4, 4))
    for label in "ab":
        (tmp_path / "x" / label).mkdir(parents=True)
    for row in range(n):
        os.link(tmp_path / "one.png", tmp_path / "x" / "ab"[row % 2] / f"{row:05d}.png")
    tracemalloc.start()
    try:
        folder = ImageFolder(tmp_path / "x", on_bad="error")
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert folder.shape == (n, 4, 4, 1)
    assert held < 300 * n
    assert peak < 1200 * n
    assert np.array_equal(np.asarray(folder[[0, n - 1]])[0], np.asarray(folder)[n // 2])


# Generators -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generator", [Augment, RandomOverSampler], ids=lambda made: made.__name__)
def test_generators_make_of_a_folder_what_they_make_of_its_images(tmp_path, generator):
    folder = ImageFolder(signs(tmp_path / "x"))
    bare = Images(np.asarray(folder))
    mine = generator(random_state=3).fit(folder, folder.labels)
    other = generator(random_state=3).fit(bare, folder.labels)
    made = mine.sample(5, y="yield")
    assert isinstance(made, Images)
    assert np.array_equal(made.x, other.sample(5, y="yield").x)
    with pytest.warns(GensynthWarning, match="real rows"):
        mine.save(tmp_path / "model")
    assert np.array_equal(load(tmp_path / "model").sample(5, y="yield").x, made.x)


@pytest.mark.parametrize("counts", [[("stop", 6), ("yield", 2)], [("stop", 4), ("yield", 1)]], ids=["few", "one"])
def test_a_balancer_leaves_real_files_and_joins_what_is_made(tmp_path, counts):
    folder = ImageFolder(signs(tmp_path / "x", counts))
    X, y = Balancer(Augment(random_state=0)).fit_resample(folder, folder.labels)
    many = counts[0][1]
    assert isinstance(X, ImageFolder)
    assert X.shape == (2 * many, 9, 11, 3)
    assert X.files[: len(folder)] == folder.files
    assert X.files[len(folder) :] == (None,) * (many - counts[1][1])
    assert (np.asarray(y) == "yield").sum() == many
    assert X.labels is None
    wanted, _ = Balancer(Augment(random_state=0)).fit_resample(Images(np.asarray(folder)), folder.labels)
    assert np.array_equal(np.asarray(X), wanted.x)


def test_gates_and_networks_take_it(tmp_path):
    folder = ImageFolder(signs(tmp_path / "x", [("stop", 12), ("yield", 6)]), size=8)
    balancer = Balancer(RandomOverSampler(random_state=0), gates=[NotACopy()], random_state=0, on_short="fill")
    with pytest.warns(ShortWarning):
        X, _ = balancer.fit_resample(folder, folder.labels)
    assert len(X) == 24
    assert balancer.refused_["NotACopy"] > 0  # it knew the real ones
    made = VAE(steps=2, random_state=0).fit(folder, folder.labels).sample(3, y="yield")
    assert (made.x.shape, made.x.dtype) == ((3, 8, 8, 3), np.uint8)


def test_images_of_another_size_are_not_joined(tmp_path):
    folder = ImageFolder(signs(tmp_path / "x"))
    with pytest.raises(DataError, match=r"\(9, 11, 3\)"):
        folder.joined(Images(np.zeros((1, 8, 8, 3), dtype=np.uint8)))
    with pytest.raises(DataError, match="float32"):
        folder.joined(Images(np.zeros((1, 9, 11, 3), dtype=np.float32)))
    both = folder[:2].joined(folder[5:])
    assert both.files == folder.files[:2] + folder.files[5:]
    assert both.labels.tolist() == ["stop"] * 3 + ["yield"] * 2
