"""A dataset of torch whose images are changed by a policy, the same in every worker.

data = Transformed(dataset, T.TrivialAugment(random_state=0))
loader = DataLoader(data, batch_size=128, shuffle=True, num_workers=4)
for epoch in range(90):
    data.set_epoch(epoch)
    for images, labels in loader: ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from ..errors import ConfigError, DataError
from ..random import fresh_seed
from .base import Transform
from .image.pil import as_array, as_it_was, is_pil

BELONGS = ("mask", "boxes", "keypoints")  # the other parts of a mapping that are moved with its image


class Transformed(Dataset[Any]):
    """The items of a dataset, their images changed by a policy.

    What is done to an image depends on the seed, the epoch and its index alone: not on how many workers there are, nor
    on the batch. A loader that asks for a whole batch has it done as one, which is faster. An index that is asked twice
    in an epoch comes out the same twice.

    Items are images alone; tuples or lists of an image, its label and more; or mappings that hold "image" and, where
    there are, "mask", "boxes", "keypoints" and "label". They come back as what they were, changed where they are moved
    or mixed; what else they hold stays. Images are arrays, tensors or PIL images, which come back as such.

    The rows of an `ImageFolder` are items too: each image, uint8 (height, width, channels), with the name of its class
    where there are class folders; and those of `Images`, as mappings where they have masks or boxes.

    A policy that mixes images must be fitted, `policy.fit(images, labels)`, as a worker sees few of them. Where it
    mixes classes, labels come back as weights, float32 (classes,): see `MixUp`.

    Arguments:
        dataset: with `len` and items by index.
        policy: a transform of images.
        random_state: at least 0; None for that of the policy, or fresh bits, drawn once for all workers.

    Raises: ConfigError where the dataset has no index, or the policy is none of images, or mixes and was not fitted;
        DataError for items that are none of these.
    """

    def __init__(self, dataset: Any, policy: Transform, *, random_state: int | None = None) -> None:
        if isinstance(dataset, IterableDataset) or not (
            hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")
        ):
            raise ConfigError(f"the dataset must have len and items by index, got a {type(dataset).__name__}")
        if not isinstance(policy, Transform) or policy.kind != "image":
            raise ConfigError(f"the policy must be a transform of images, got {policy!r:.60}")
        from .image.mixing import mixings

        seed = policy.random_state if random_state is None else random_state
        self.dataset = Items(dataset) if getattr(dataset, "kind", None) == "image" else dataset
        self.policy = policy.seeded(fresh_seed() if seed is None else seed)
        mixing = mixings(policy)
        if any(op.known is None for op in mixing):
            raise ConfigError("a policy that mixes images must be fitted here: policy.fit(images, labels)")
        self._mixes, self._weighs = bool(mixing), any(not op.same_class for op in mixing)
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]  # seen by workers that live on

    @property
    def epoch(self) -> int:
        """The epoch that images are changed for, 0 at first."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Change images as in an epoch, at least 0; to be called before a loader is gone through.

        Workers that a loader keeps from epoch to epoch see it as well.
        """
        if isinstance(epoch, bool) or not isinstance(epoch, int | np.integer) or epoch < 0:
            raise ConfigError(f"epoch must be a whole number, at least 0, got {epoch!r}")
        self._epoch.fill_(int(epoch))

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Any]:
        """Return several items; loaders ask for them where they can."""
        numbers = [int(index) for index in indices]
        if any(not -len(self) <= number < len(self) for number in numbers):
            raise IndexError(f"index out of range: there are {len(self)} items")
        numbers = [number % len(self) for number in numbers]
        if not numbers:
            return []
        many = getattr(self.dataset, "__getitems__", None)
        items = list(many(numbers)) if many is not None else [self.dataset[number] for number in numbers]
        parts = [taken_apart(item, f"item {number}") for item, number in zip(items, numbers, strict=True)]
        found = self._changed(parts, numbers)
        return [put_together(item, part) for item, part in zip(items, found, strict=True)]

    def _changed(self, parts: list[dict[str, Any]], numbers: list[int]) -> list[dict[str, Any]]:
        """Return the parts of items, changed; those that hold the same parts together."""
        made: list[dict[str, Any]] = [{}] * len(parts)
        for names in dict.fromkeys(tuple(part) for part in parts):
            rows = [row for row, part in enumerate(parts) if tuple(part) == names]
            some = {name: [parts[row][name] for row in rows] for name in names}
            images = some.pop("image")
            y = some.pop("label", None)
            if self._mixes and y is None:
                raise DataError("a policy that mixes images needs items with labels: (image, label), or a mapping")
            labels = [_label(label) for label in y] if self._mixes and y is not None else None
            given: dict[str, Any] = {
                name: [np.asarray(one) if is_pil(one) else one for one in part] for name, part in some.items()
            }
            index = [numbers[row] for row in rows]
            out = self.policy([as_array(one) for one in images], **given, y=labels, index=index, epoch=self.epoch)
            every = out if isinstance(out, tuple) else (out,)
            done = dict(zip(["image", *(name for name in BELONGS if name in some)], every, strict=False))
            for name, old in (("image", images), *((name, some[name]) for name in ("mask",) if name in some)):
                done[name] = [as_it_was(new, before) for new, before in zip(done[name], old, strict=True)]
            if y is not None:
                done["label"] = list(every[-1]) if self._weighs else y
            for place, row in enumerate(rows):
                made[row] = {name: values[place] for name, values in done.items()}
        return made


class Items:
    """Rows of images as items of a dataset.

    Arguments:
        rows: `Images`, or an `ImageFolder`, of which only what is asked for is decoded.
    """

    def __init__(self, rows: Any) -> None:
        self.rows, self.labels = rows, getattr(rows, "labels", None)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        image = self.rows.x[index]
        if self.labels is not None:
            return image, self.labels[index]
        held = {"mask": self.rows.masks, "boxes": self.rows.boxes}
        belongs = {name: part[index] for name, part in held.items() if part is not None}
        return {"image": image, **belongs} if belongs else image


def taken_apart(item: Any, which: str) -> dict[str, Any]:
    """Return what of an item a policy takes, by name. Raises: DataError where it holds no image."""
    if isinstance(item, Mapping):
        if "image" not in item:
            raise DataError(f"{which} is a mapping without 'image', it holds {', '.join(map(repr, item)):.60}")
        return {name: item[name] for name in ("image", *BELONGS, "label") if item.get(name) is not None}
    if not isinstance(item, tuple | list):
        return {"image": item}
    if not item:
        raise DataError(f"{which} is empty: it needs an image")
    if len(item) > 1 and (isinstance(item[1], Mapping) or np.ndim(item[1]) > 1 or np.asarray(item[1]).dtype == object):
        raise DataError(f"{which} holds more than a label beside its image: make it a mapping, with 'mask' or 'boxes'")
    return {"image": item[0]} | ({"label": item[1]} if len(item) > 1 else {})


def put_together(item: Any, part: dict[str, Any]) -> Any:
    """Return an item with other parts."""
    if isinstance(item, Mapping):
        return {**item, **part}
    if not isinstance(item, tuple | list):
        return part["image"]
    values = [part["image"], *([part["label"]] if len(item) > 1 else []), *item[2:]]
    return type(item)(*values) if hasattr(item, "_fields") else type(item)(values)


def _label(label: Any) -> Any:
    """Return a label as a plain value. Raises: DataError where it is no single one."""
    if np.ndim(label) > 0 and np.size(label) != 1:
        raise DataError(f"mixing needs one label for each image, got shape {np.shape(label)}")
    return label.item() if hasattr(label, "item") else label
