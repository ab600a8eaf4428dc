"""Rows that are no table as numbers (n, d), for density and coverage, where the user gives no function for it.

Images: their pixels at 14 a side at most. Texts: words and pairs of words weighted by their rarity, in the directions
in which the real ones differ most. Series: random convolutions. Recordings: decibels of 32 mel bands at 24 moments.
Each but the images is what the learner of that kind judges by, which nothing was learned for but scales and words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...data.kinds import Audio, Kind, Rows, as_rows
from ...errors import ConfigError, DataError, ignoring
from ...learners.base import Features, Floats, learner_for

SMALL = 14  # pixels of the longer side


def rows_of(X: Any, kind: Kind, whose: str) -> Rows:
    """Return rows in their container. Raises: DataError where there are none, or it does not say that it is `kind`."""
    rows = as_rows(X, kind)
    if not len(rows):
        raise DataError(f"there are no {whose} rows")
    if kind == "image":
        rows = as_rows(getattr(rows, "x"), kind)  # noqa: B009 -- of a folder too; masks and boxes are not looked at
    return rows


def joined(parts: list[Rows]) -> Rows:
    """Return rows of several sides in one container: in a list where they differ in shape or in type."""
    name = parts[0].fields[0]
    if len({float(part.rate) for part in parts if isinstance(part, Audio)}) > 1:
        raise DataError("recordings of different rates cannot be compared: bring them to one rate first")
    held = [_plain(getattr(part, name)) for part in parts]
    alike = all(isinstance(x, np.ndarray) for x in held) and len({(x.shape[1:], x.dtype) for x in held}) == 1
    whole = np.concatenate(held) if alike else [row for x in held for row in x]
    made = parts[0][np.zeros(0, dtype=np.intp)]
    setattr(made, name, whole)
    return made


def embedding(real: Rows, kind: Kind, features: Features | None, seed: int) -> Any:
    """Return a function from rows to numbers (n, d), scaled by the real rows. Raises: DataError, ConfigError."""
    if kind == "image" and features is None:
        return _Pixels(real)
    if features is not None and not callable(features):
        raise ConfigError(f"features must be a function of rows that returns numbers (n, d), got {features!r:.60}")
    learner = learner_for(kind, features=features, random_state=seed)
    sides = np.arange(max(len(real), 2)) % 2  # nothing is to be learned: the labels say nothing
    some = real if len(real) > 1 else joined([real, real])
    learner.fit(some, sides)

    def place(rows: Rows) -> Floats:
        with ignoring(RuntimeWarning):  # of variances of one text alone
            return learner.embed(rows)

    return place


class _Pixels:
    """Images at one small size, in [0, 1]. Shape: n images to (n, pixels)."""

    def __init__(self, real: Rows) -> None:
        sides = np.median([one.shape[-2:] for one in _tensors(real)], axis=0)
        self.width = 0  # numbers of an image, once the first are seen
        by = min(1.0, SMALL / float(sides.max()))
        self.size = [max(round(float(side) * by), 1) for side in sides]

    def __call__(self, rows: Rows) -> Floats:
        from torch.nn import functional as F

        made = []
        for one in _tensors(rows):
            x = one.float() / (1 if one.is_floating_point() else 255)
            made.append(F.interpolate(x, self.size, mode="bilinear", align_corners=False, antialias=True).flatten(1))
        self.width = self.width or made[0].shape[1]
        if any(x.shape[1] != self.width for x in made):
            raise DataError("images have different numbers of channels: make them all grey, or all coloured")
        import torch

        return np.asarray(torch.cat(made).double().numpy())


def _tensors(rows: Any) -> list[Any]:
    """Return images as tensors (n, c, h, w): all in one, or one of each where they are a list."""
    from ...transforms.image.forms import read

    return [read(one[None])[0] for one in rows.x] if isinstance(rows.x, list | tuple) else [read(rows.x)[0]]


def _plain(x: Any) -> Any:
    return x.detach().cpu().numpy() if hasattr(x, "detach") else x
