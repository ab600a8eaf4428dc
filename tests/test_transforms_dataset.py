"""Datasets whose images are changed: the same whatever the workers and the batch, labels and masks beside them."""

from __future__ import annotations

import pickle
from collections import namedtuple

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from gensynth import ImageFolder
from gensynth import transforms as T
from gensynth.data.kinds import Images
from gensynth.errors import ConfigError, DataError

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (10, 12, 14, 3)).astype(np.uint8)
Y = np.arange(10) % 3
PAIRS = [(image, int(label)) for image, label in zip(BYTES, Y, strict=True)]
POLICY = T.Compose([T.Rotate(20), T.Brightness(0.3), T.Cutout(p=0.5)], random_state=3)
Pair = namedtuple("Pair", ["picture", "number"])


class Rows(Dataset):
    """A list as a dataset."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Stream(IterableDataset):
    """Items without an index."""

    def __iter__(self):
        return iter(PAIRS)


def test_items_are_those_of_the_policy():
    data = T.Transformed(PAIRS, POLICY)
    assert len(data) == 10
    wanted = POLICY(BYTES, index=np.arange(10))
    for row in range(10):
        image, label = data[row]
        assert np.array_equal(image, wanted[row])
        assert label == Y[row]
        assert isinstance(label, int)
    assert np.array_equal(data[-1][0], wanted[9])
    some = data.__getitems__([7, 2, 7])
    assert np.array_equal(np.stack([image for image, _ in some]), wanted[[7, 2, 7]])
    with pytest.raises(IndexError):
        data[10]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("shuffle", [False, True])
def test_images_are_the_same_whatever_the_workers_and_the_batches(workers, shuffle):
    data = T.Transformed(Rows([(image, row) for row, image in enumerate(BYTES)]), POLICY)
    generator = torch.Generator().manual_seed(0)
    loader = DataLoader(data, batch_size=3, shuffle=shuffle, num_workers=workers, generator=generator)
    for epoch in (0, 1):
        data.set_epoch(epoch)
        wanted = POLICY(BYTES, index=np.arange(10), epoch=epoch)
        seen = {int(row): image.numpy() for images, rows in loader for image, row in zip(images, rows, strict=True)}
        assert sorted(seen) == [*range(10)]
        assert all(np.array_equal(seen[row], wanted[row]) for row in seen)


def test_workers_that_live_on_see_the_epoch():
    data = T.Transformed(Rows(PAIRS), T.Translate(0.4, 0.4, random_state=1))
    loader = DataLoader(data, batch_size=5, num_workers=2, persistent_workers=True)
    seen = []
    for epoch in (0, 1, 0):
        data.set_epoch(epoch)
        assert data.epoch == epoch
        seen.append(torch.cat([images for images, _ in loader]))
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])


def test_without_a_seed_workers_agree_all_the_same():
    data = T.Transformed(Rows(PAIRS), T.Translate(0.4, 0.4))
    first, second = (torch.cat([x for x, _ in DataLoader(data, 4, num_workers=workers)]) for workers in (0, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.cat([x for x, _ in DataLoader(T.Transformed(PAIRS, T.Translate(0.4, 0.4)), 4)]))
    assert np.array_equal(T.Transformed(PAIRS, POLICY, random_state=9)[3][0], POLICY.seeded(9)(BYTES[3], index=[3]))
    assert np.array_equal(pickle.loads(pickle.dumps(data))[4][0], data[4][0])


def test_other_items_come_back_as_what_they_were():
    wanted = POLICY(BYTES, index=np.arange(10))
    tensors = TensorDataset(torch.from_numpy(BYTES).permute(0, 3, 1, 2), torch.from_numpy(Y))
    image, label = T.Transformed(tensors, POLICY)[4]
    assert np.array_equal(image.permute(1, 2, 0).numpy(), wanted[4])
    assert torch.equal(label, torch.tensor(1))
    assert np.array_equal(T.Transformed(BYTES, POLICY)[4], wanted[4])
    pair = T.Transformed([Pair(*pair) for pair in PAIRS], POLICY)[4]
    assert isinstance(pair, Pair)
    assert np.array_equal(pair.picture, wanted[4])
    three = T.Transformed([[*pair, "a name"] for pair in PAIRS], POLICY)[4]
    assert three[1:] == [1, "a name"]
    part = T.Transformed(Subset(Rows(PAIRS), [5, 4]), POLICY)[0]
    assert np.array_equal(part[0], POLICY(BYTES[5], index=[0]))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1"])
def test_pil_images_come_back_as_such(mode):
    images = [Image.fromarray(image).convert(mode) for image in BYTES]
    out, _ = T.Transformed([(image, 0) for image in images], POLICY)[2]
    assert isinstance(out, Image.Image)
    assert out.size == images[2].size
    assert out.mode == {"P": "RGB", "1": "L"}.get(mode, mode)
    if mode == "RGB":
        assert np.array_equal(np.asarray(out), POLICY(BYTES[2], index=[2]))


def test_mappings_are_moved_with_what_belongs_to_their_images():
    masks = (BYTES[..., 0] > 90).astype(np.int64)
    boxes, points = np.array([[2.0, 3, 9, 10]]), np.array([[4.0, 5]])
    items = [
        {"image": image, "mask": mask, "boxes": boxes, "keypoints": points, "label": int(y), "name": f"{row}.png"}
        for row, (image, mask, y) in enumerate(zip(BYTES, masks, Y, strict=True))
    ]
    some = [{"image": image, "label": 0} for image in BYTES[:2]]
    data = T.Transformed(Rows(items), POLICY)
    wanted = POLICY(BYTES, mask=masks, boxes=[boxes] * 10, keypoints=[points] * 10, index=np.arange(10))
    for row in (0, 6):
        item = data[row]
        for name, part in zip(("image", "mask", "boxes", "keypoints"), wanted, strict=True):
            assert np.array_equal(item[name], part[row])
        assert (item["label"], item["name"]) == (Y[row], f"{row}.png")
    assert np.array_equal(items[0]["image"], BYTES[0])
    mixed = T.Transformed(Rows([*some, *items[2:]]), POLICY).__getitems__([0, 5, 1])
    assert [sorted(item) for item in mixed] == [["image", "label"], sorted(items[0]), ["image", "label"]]
    assert np.array_equal(mixed[1]["mask"], wanted[1][5])
    shown = Image.fromarray(masks[0].astype(np.uint8))
    shown.putpalette([0, 0, 0, 255, 0, 0] + [0] * 762)
    moved = T.Transformed([{"image": Image.fromarray(BYTES[0]), "mask": shown}], POLICY)[0]["mask"]
    assert moved.mode == "P"
    assert np.array_equal(np.asarray(moved), wanted[1][0])


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_mixed_labels_are_weights_that_collate(name):
    op = T.transform_class(name)(random_state=0).fit(BYTES, Y)
    wanted, weights = op(BYTES, y=Y, index=np.arange(10))
    for workers in (0, 2):
        loader = DataLoader(T.Transformed(Rows(PAIRS), op), batch_size=4, num_workers=workers)
        images, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
        assert np.array_equal(images.numpy(), wanted)
        assert labels.dtype == torch.float32
        assert np.array_equal(labels.numpy(), weights)
    same = T.Transformed(PAIRS, T.transform_class(name)(same_class=True).fit(BYTES, Y))[3]
    assert same[1] == Y[3]
    held = T.Transformed([{"image": i, "label": torch.tensor(y)} for i, y in PAIRS], op)[3]
    assert np.array_equal(held["label"], weights[3])


def test_objects_are_pasted_in_datasets():
    masks = (BYTES[..., 0] > 150).astype(np.uint8)
    op = T.CopyPaste(same_class=True, random_state=0).fit(Images(BYTES, masks), Y)
    items = [{"image": i, "mask": m, "label": int(y)} for i, m, y in zip(BYTES, masks, Y, strict=True)]
    wanted = op(BYTES, mask=masks, y=Y, index=np.arange(10))
    assert np.array_equal(T.Transformed(items, op)[5]["mask"], wanted[1][5])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: T.Transformed(iter(PAIRS), POLICY), ConfigError, "items by index"),
        (lambda: T.Transformed(Stream(), POLICY), ConfigError, "items by index"),
        (lambda: T.Transformed(PAIRS, "Flip"), ConfigError, "transform of images"),
        (lambda: T.Transformed(PAIRS, POLICY).set_epoch(-1), ConfigError, "epoch"),
        (lambda: T.Transformed(PAIRS, POLICY).set_epoch(1.5), ConfigError, "epoch"),
        (lambda: T.Transformed([{"x": 1}], POLICY)[0], DataError, "without 'image'"),
        (lambda: T.Transformed([()], POLICY)[0], DataError, "is empty"),
        (lambda: T.Transformed([(BYTES[0], BYTES[0])], POLICY)[0], DataError, "more than a label"),
        (lambda: T.Transformed([(BYTES[0], {"boxes": []})], POLICY)[0], DataError, "more than a label"),
        (lambda: T.Transformed([(BYTES[0], [{"bbox": []}])], POLICY)[0], DataError, "more than a label"),
        (lambda: T.Transformed([(BYTES[0] / 50, 1)], POLICY)[0], DataError, "must lie in"),
        (lambda: T.Transformed([BYTES[0]], T.MixUp().fit(BYTES, Y))[0], DataError, "items with labels"),
    ],
)
def test_what_cannot_be_used_is_told(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_mixing_that_was_not_fitted_is_told():
    with pytest.raises(ConfigError, match="fit"):
        T.Transformed(PAIRS, T.MixUp())


def test_rows_of_a_folder_are_items_with_the_names_of_their_classes(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype(np.uint8)
    for number, image in enumerate(pixels):
        place = tmp_path / ("cat" if number < 3 else "dog")
        place.mkdir(exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    folder = ImageFolder(tmp_path)
    data = T.Transformed(folder, T.Invert(p=1.0, random_state=0))
    assert len(data) == 4
    image, label = data[3]
    assert label == "dog"
    assert np.array_equal(image, 255 - pixels[3])
    images, labels = next(iter(DataLoader(data, batch_size=4)))
    assert np.array_equal(images.numpy(), 255 - pixels)
    assert list(labels) == ["cat"] * 3 + ["dog"]


def test_rows_of_images_are_items_with_their_masks():
    x = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    mask = x[..., 0] > 99
    item = T.Transformed(Images(x, masks=mask), T.Flip(p=1.0, random_state=0))[1]
    assert np.array_equal(item["image"], x[1, :, ::-1])
    assert np.array_equal(item["mask"], mask[1, :, ::-1])
    assert np.array_equal(T.Transformed(Images(x), T.Flip(p=1.0, random_state=0))[2], x[2, :, ::-1])
