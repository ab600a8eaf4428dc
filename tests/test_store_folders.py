"""Folders of images and recordings: what is read, what is refused, what comes out the same."""

from __future__ import annotations

import os
import re
import struct
import wave
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from gensynth.errors import ConfigError, DataError, FormatError
from gensynth.store.audio import read_wave, write_wave
from gensynth.store.folders import Names, check_folder_output, copy_files, fingerprint, list_folder, masks_of
from gensynth.store.images import read_image, read_mask, size_of, write_image, write_mask
from gensynth.store.manifest import Entry, read_manifest, read_marks, write_manifest

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (5, 7, 3)).astype(np.uint8)
RGBA = RNG.integers(0, 256, (5, 7, 4)).astype(np.uint8)
GREY = RNG.integers(0, 256, (5, 7)).astype(np.uint8)
DEEP = RNG.integers(0, 65536, (5, 7)).astype(np.uint16)


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


# Images ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp"])
@pytest.mark.parametrize("image", [RGB, GREY], ids=["colour", "grey"])
def test_images_are_read_as_they_are(tmp_path, suffix, image):
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(image).save(path, **({"lossless": True} if suffix == "webp" else {}))
    read = read_image(path)
    if suffix == "webp" and image.ndim == 2:  # WebP knows colours alone
        read = read[..., 0]
    assert read.dtype == np.uint8
    assert np.array_equal(read, image)


def test_jpeg_is_read_near_what_it_was(tmp_path):
    smooth = np.add.outer(np.arange(32), np.arange(40)).astype(np.uint8) * 3
    Image.fromarray(smooth).save(tmp_path / "a.jpg", quality=95)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - smooth).max() < 8


@pytest.mark.parametrize("image", [RGB, RGBA, GREY], ids=["RGB", "RGBA", "grey"])
def test_what_is_written_is_read_again(tmp_path, image):
    write_image(tmp_path / "a.png", image)
    assert np.array_equal(read_image(tmp_path / "a.png"), image)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bits_stay_sixteen_bits(tmp_path, suffix):
    Image.fromarray(DEEP).save(tmp_path / f"a.{suffix}")
    read = read_image(tmp_path / f"a.{suffix}")
    assert read.dtype == np.float32
    assert 0 <= read.min() <= read.max() <= 1
    write_image(tmp_path / "b.png", read)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "b.png")), DEEP)


def test_palettes_and_transparency(tmp_path):
    palette = Image.fromarray(RGB).quantize(8)
    palette.save(tmp_path / "p.png")
    assert np.array_equal(read_image(tmp_path / "p.png"), np.asarray(palette.convert("RGB")))
    palette.save(tmp_path / "t.png", transparency=0)
    assert read_image(tmp_path / "t.png").shape == (5, 7, 4)
    Image.fromarray(RGBA[..., :2], "LA").save(tmp_path / "la.png")
    read = read_image(tmp_path / "la.png")
    assert np.array_equal(read[..., 3], RGBA[..., 1])
    assert np.array_equal(read[..., 2], RGBA[..., 0])
    Image.fromarray(GREY > 100).save(tmp_path / "bit.png")
    assert np.array_equal(read_image(tmp_path / "bit.png"), (GREY > 100) * np.uint8(255))
    Image.fromarray(RGBA, "CMYK").save(tmp_path / "c.tiff")
    assert read_image(tmp_path / "c.tiff").shape == (5, 7, 3)


def test_the_orientation_of_the_camera_is_applied(tmp_path):
    image = Image.fromarray(RGB)
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    image.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.rot90(RGB, -1))
    assert size_of(tmp_path / "a.png") == (7, 5, "RGB")


@pytest.mark.parametrize(
    "content", [b"", b"no image at all", b"\x89PNG\r\n\x1a\n", "cut"], ids=["empty", "text", "head", "cut"]
)
def test_a_broken_image_is_named(tmp_path, content):
    path = tmp_path / "bröken one.png"
    write_image(path, RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:400] if content == "cut" else content)
    with pytest.raises(DataError, match="bröken one"):
        read_image(path)


def test_images_of_floats_are_refused(tmp_path):
    Image.fromarray(GREY.astype(np.float32)).save(tmp_path / "f.tiff")
    with pytest.raises(DataError, match="what is white"):
        read_image(tmp_path / "f.tiff")
    Image.fromarray(GREY.astype(np.int32) * 1000).save(tmp_path / "i.tiff")
    with pytest.raises(DataError, match="8 or 16 bits"):
        read_image(tmp_path / "i.tiff")


@pytest.mark.parametrize(
    ("mode", "dtype"), [("1", bool), ("L", np.uint8), ("P", np.uint8), ("I;16", np.int32), ("RGB", np.uint8)]
)
def test_masks_keep_their_numbers_and_manner(tmp_path, mode, dtype):
    values = {"1": GREY > 99, "L": GREY, "P": GREY % 5, "I;16": DEEP, "RGB": RGB}[mode]
    image = Image.fromarray(values.astype(np.uint8), "L") if mode == "P" else Image.fromarray(values)
    if mode == "P":
        image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 2, 3, 200, 100, 0])
    image.save(tmp_path / "a.png")
    mask = read_mask(tmp_path / "a.png")
    assert mask.dtype == dtype
    assert np.array_equal(mask.transpose(1, 2, 0) if mode == "RGB" else mask, values)
    write_mask(tmp_path / "b.png", mask, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as first, Image.open(tmp_path / "b.png") as second:
        assert second.mode == first.mode
        assert np.array_equal(np.asarray(second), np.asarray(first))
        assert np.array_equal(np.asarray(second.convert("RGB")), np.asarray(first.convert("RGB")))


# Recordings -----------------------------------------------------------------------------------------------------------

WAVE = np.sin(np.linspace(0, 40, 900)) * 0.8


@pytest.mark.parametrize(
    ("dtype", "scale", "middle", "step"),
    [("uint8", 128, 128, 1 / 128), ("int16", 2**15, 0, 2**-15), ("int32", 2**31, 0, 1e-6), ("float32", 1, 0, 1e-6),
     ("float64", 1, 0, 1e-6)],
)  # fmt: skip
def test_waves_of_all_widths_are_the_same_sound(tmp_path, dtype, scale, middle, step):
    wavfile.write(tmp_path / "a.wav", 8000, (WAVE * scale + middle).astype(dtype))
    read = read_wave(tmp_path / "a.wav")
    assert (read.rate, read.channels, read.samples.dtype) == (8000, 1, np.float32)
    assert np.abs(read.samples - WAVE).max() <= step + 1e-6


def test_waves_of_24_bits(tmp_path):
    values = (WAVE * (2**23 - 1)).astype(np.int32)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 3, 8000, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<i", value)[:3] for value in values.tolist()))
    assert np.abs(read_wave(tmp_path / "a.wav").samples - WAVE).max() < 1e-6


def test_stereo_is_mixed_down_and_what_is_written_is_read_again(tmp_path):
    both = (np.stack([WAVE, -WAVE / 2], axis=1) * 2**15).astype(np.int16)
    wavfile.write(tmp_path / "a.wav", 16000, both)
    read = read_wave(tmp_path / "a.wav")
    assert read.channels == 2
    assert np.allclose(read.samples, WAVE / 4, atol=1e-4)
    write_wave(tmp_path / "b.wav", read.samples, read.rate)
    again = read_wave(tmp_path / "b.wav")
    assert again.rate == 16000
    assert np.abs(again.samples - read.samples).max() <= 2**-15
    write_wave(tmp_path / "c.wav", again.samples, 16000)
    assert (tmp_path / "c.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_wave_that_is_too_loud_is_made_softer_and_not_cut(tmp_path):
    write_wave(tmp_path / "a.wav", WAVE * 5, 8000)
    read = read_wave(tmp_path / "a.wav").samples
    assert np.allclose(read, WAVE / np.abs(WAVE).max(), atol=1e-4)


@pytest.mark.parametrize("length", [0, 1, 2])
def test_short_waves(tmp_path, length):
    write_wave(tmp_path / "a.wav", np.full(length, 0.5), 8000)
    assert read_wave(tmp_path / "a.wav").samples.tolist() == [0.5] * length


def test_broken_waves_are_named(tmp_path):
    write_wave(tmp_path / "whole.wav", WAVE, 8000)
    whole = (tmp_path / "whole.wav").read_bytes()
    coded = bytearray(whole)
    coded[20:22] = struct.pack("<H", 7)  # mu-law
    contents = [b"", b"RIFF", whole[:30], whole[:500], b"ID3 no wave" * 9, bytes(coded)]
    for content in contents:
        (tmp_path / "bad.wav").write_bytes(content)
        with pytest.raises(DataError, match=re.escape("bad.wav")):
            read_wave(tmp_path / "bad.wav")
    wavfile.write(tmp_path / "nan.wav", 8000, np.array([0, np.nan], dtype=np.float32))
    with pytest.raises(DataError, match="not finite"):
        read_wave(tmp_path / "nan.wav")


# Folders --------------------------------------------------------------------------------------------------------------


def test_a_folder_a_class_sorted_with_notes_of_what_is_left_out(tmp_path):
    touch(tmp_path, "b/2.PNG", "b/1.jpg", "a/deep/3.png", "a/.hidden.png", ".git/x.png", "top.png", "b/notes.txt",
          "a/Thumbs.db", "b/sound.mp3")  # fmt: skip
    (tmp_path / "empty").mkdir()
    listing = list_folder(tmp_path)
    assert [file.as_posix() for file in listing.files] == ["a/deep/3.png", "b/1.jpg", "b/2.PNG"]
    assert listing.labels == ("a", "b", "b")
    assert listing.kind == "image"
    said = "; ".join(listing.notes)
    for word in ("top.png", "notes.txt", "sound.mp3", "empty"):
        assert word in said
    for word in ("hidden", "Thumbs", ".git"):
        assert word not in said


def test_a_flat_folder_has_no_classes(tmp_path):
    touch(tmp_path, "2.wav", "1.wav")
    listing = list_folder(tmp_path)
    assert (listing.kind, listing.labels, len(listing)) == ("audio", None, 2)


def test_folders_that_cannot_be_used(tmp_path):
    touch(tmp_path, "signs/a/1.png", "file.png", "both/a/1.png", "both/a/1.wav")
    (tmp_path / "none").mkdir()
    with pytest.raises(ConfigError, match="did you mean 'signs'"):
        list_folder(tmp_path / "sings")
    with pytest.raises(ConfigError, match="is a file"):
        list_folder(tmp_path / "file.png")
    with pytest.raises(DataError, match="no images or recordings"):
        list_folder(tmp_path / "none")
    with pytest.raises(DataError, match="no recordings"):
        list_folder(tmp_path / "signs", "audio")
    with pytest.raises(ConfigError, match="--kind image"):
        list_folder(tmp_path / "both")
    assert len(list_folder(tmp_path / "both", "audio")) == 1


def test_links_that_leave_the_folder_and_links_to_folders_are_not_followed(tmp_path):
    root, outside = touch(tmp_path / "in", "a/1.png", "b/2.png"), touch(tmp_path / "out", "secret.png", "c/3.png")
    (root / "a" / "again").symlink_to(root)  # a loop
    (root / "c").symlink_to(outside / "c")
    (root / "a" / "secret.png").symlink_to(outside / "secret.png")
    (root / "a" / "gone.png").symlink_to(outside / "gone.png")
    (root / "b" / "inside.png").symlink_to(root / "a" / "1.png")
    listing = list_folder(root)
    assert [file.as_posix() for file in listing.files] == ["a/1.png", "b/2.png", "b/inside.png"]
    assert "4 links are not followed: a/again, a/gone.png, a/secret.png, ..." in listing.notes
    assert "c" not in "".join(note for note in listing.notes if "class folders" in note)
    (tmp_path / "link").symlink_to(root)
    assert list_folder(tmp_path / "link").files == listing.files  # the folder that was named may be one


def test_pipes_and_the_manifest_are_no_images(tmp_path):
    touch(tmp_path, "a/1.png", "manifest.csv", "a/manifest.csv")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    listing = list_folder(tmp_path)
    assert len(listing) == 1
    assert listing.notes == ("1 file is left out, no images: a/manifest.csv",)


def test_masks_are_found_by_name_whatever_the_suffix(tmp_path):
    images, masks = touch(tmp_path / "i", "a/1.jpg", "a/2.jpg"), touch(tmp_path / "m", "a/1.png", "a/2.bmp", "a/9.png")
    listing = list_folder(images)
    assert masks_of(listing, masks) == [masks / "a" / "1.png", masks / "a" / "2.bmp"]
    (masks / "a" / "2.bmp").unlink()
    with pytest.raises(DataError, match=re.escape("2.jpg has no mask")):
        masks_of(listing, masks)
    touch(masks, "a/2.png", "a/2.tif")
    with pytest.raises(DataError, match="several masks"):
        masks_of(listing, masks)


def test_numbers_go_on_where_names_are_taken():
    names = Names([PurePath("a/synthetic-000002.png"), PurePath("a/b/synthetic-000001.png")])
    made = [names.numbered(label).as_posix() for label in ("a", "b", "a", None)]
    assert made == ["a/synthetic-000001", "b/synthetic-000001", "a/synthetic-000003", "synthetic-000001"]


def test_copies_and_links(tmp_path, monkeypatch):
    listing = list_folder(touch(tmp_path / "in", "a/1.png", "a/2.png"))
    copy_files(listing, [0], tmp_path / "copies")
    copy_files(listing, [1], tmp_path / "links", link=True)
    assert (tmp_path / "links/a/2.png").samefile(tmp_path / "in/a/2.png")
    assert not (tmp_path / "copies/a/1.png").samefile(tmp_path / "in/a/1.png")

    def refused(*_):
        raise OSError

    monkeypatch.setattr(os, "link", refused)
    copy_files(listing, [0], tmp_path / "links", link=True)
    assert (tmp_path / "links/a/1.png").read_bytes() == b"a/1.png"


def test_what_a_manifest_says_is_read_again(tmp_path):
    entries = [Entry('b/ä, "1".png', "b"), Entry("a/synthetic-000001.png", "a", "synthetic", "a/1.png;a/2.png", "VAE")]
    write_manifest(tmp_path, entries)
    assert read_manifest(tmp_path) == {entry.file: entry for entry in entries}
    lines = (tmp_path / "manifest.csv").read_text().splitlines()
    assert lines[:2] == [
        "file,class,origin,parents,generator",
        "a/synthetic-000001.png,a,synthetic,a/1.png;a/2.png,VAE",
    ]
    assert read_manifest(tmp_path / "none") == {}
    (tmp_path / "manifest.csv").write_bytes(b"a,b\n1,2\n\x00")
    assert read_manifest(tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    ["a/1.png\n\n  b/2 c.png \n", "file,class,reject\na/1.png,a,x\nb/1.png,b,\nb/2 c.png,b,TRUE\n",
     "\ufeffreject;file\r\n1;a/1.png\r\n0;b/1.png\r\nx;b/2 c.png\r\n"],
    ids=["names", "manifest", "as spreadsheets save it"],
)  # fmt: skip
def test_marks_in_all_forms(tmp_path, text):
    (tmp_path / "marks").write_text(text, newline="")
    assert read_marks(tmp_path / "marks") == ["a/1.png", "b/2 c.png"]


def test_marks_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        read_marks(tmp_path / "none")
    (tmp_path / "marks").write_text("file,class\na/1.png,a\n")
    with pytest.raises(FormatError, match="without a column `reject`"):
        read_marks(tmp_path / "marks")
    (tmp_path / "marks").write_text("")
    assert read_marks(tmp_path / "marks") == []


def test_names_are_new_and_of_their_parents():
    names = Names([PurePath("a/1.png"), PurePath("a/1_synthetic_0002.jpg"), PurePath("a/1.jpg")])
    made = [names.fresh(PurePath("a/1.png")), names.fresh(PurePath("a/1.jpg")), names.fresh(PurePath("b/1.5.png"))]
    assert [name.as_posix() for name in made] == ["a/1_synthetic_0001", "a/1_synthetic_0003", "b/1.5_synthetic_0001"]
    assert names.fresh(PurePath("A/1.png")).as_posix() == "A/1_synthetic_0004"  # one name on some file systems


def test_a_fingerprint_is_of_names_and_bytes(tmp_path):
    touch(tmp_path, "a/1.png", "a/2.png")
    listing = list_folder(tmp_path)
    first = fingerprint(listing.paths, listing.files)
    assert fingerprint(listing.paths, listing.files) == first
    (tmp_path / "a" / "2.png").write_bytes(b"other")
    assert fingerprint(listing.paths, listing.files) != first
    touch(tmp_path, "a/2.png")
    (tmp_path / "a" / "2.png").rename(tmp_path / "a" / "3.png")
    moved = list_folder(tmp_path)
    assert fingerprint(moved.paths, moved.files) != first


def test_outputs_that_are_refused(tmp_path):
    touch(tmp_path, "in/a/1.png", "precious/holiday.png", "file")
    (tmp_path / "empty").mkdir()
    source = tmp_path / "in"
    for out, says in [(source, "is the input"), (source / "out", "inside the input"), (tmp_path, "holds the input"),
                      (tmp_path / "file", "is a file"), (tmp_path / "precious", "--overwrite"),
                      (tmp_path / "no" / "out", "does not exist")]:  # fmt: skip
        with pytest.raises(ConfigError, match=says):
            check_folder_output(out, [source], overwrite=False, own=False)
    with pytest.raises(ConfigError, match="no recipe beside it"):
        check_folder_output(tmp_path / "precious", [source], overwrite=True, own=False)
    check_folder_output(tmp_path / "precious", [source], overwrite=True, own=True)
    check_folder_output(tmp_path / "empty", [source], overwrite=False, own=False)
    check_folder_output(tmp_path / "new", [source], overwrite=False, own=False)
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(ConfigError, match="is the input"):
        check_folder_output(tmp_path / "link", [source], overwrite=True, own=True)
