"""Mirror images where they look like other images of their class, and nothing where they do not.

A judge is asked for each class of ENOUGH images or more which of an image and its mirror image is the real one. With
a_i = f(x_i) - f(mirrored x_i), where f has 16 x 16 pixels and how much and which way brightness changes there, it is

    w = argmin sum_i (1 - w a_i)^2 + |w|^2,   right about i where w a_i > 0

since the mirror image has -a_i and must be given the opposite; a_i is scaled so that |a_i|^2 is 1 on average. Half of
the answers are right where left and right are alike. It is asked about images that it has not seen: w is learned from
four fifths of a class at a time, and of images that are the same but one counts. Colours are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import DataError
from ..draws import Draws
from .forms import read, stacked
from .fused.stages import Canvas, Stage
from .pool import Pool
from .position import Flip

Ints = npt.NDArray[np.intp]
ENOUGH, MOST = 50, 400  # images of a class that are asked about, at least and at most
SIDE, CELLS = 16, 8  # pixels a side that the judge sees; and squares a side in which edges are averaged
FOLDS = 5
SAME = 0.95  # cosine of what is seen of two images from which on they are one, as frames of one scene are
TOLD = 0.6  # right answers of all from which mirror images are another thing; half are right by chance
ERROR = 0.62  # of a share of right answers, times the root of their number: that of coins and a quarter, for the folds


@dataclass(frozen=True)
class FlipIfAlike(Flip):
    """The image mirrored left to right, if images of the data look like their mirror images; else nothing.

    Photographs of animals do, digits and signs do not. What is judged is whether a linear judge of pixels and edges can
    tell images from their mirror images, class by class, in classes of 50 images or more. Nothing is mirrored where no
    class has so many, or where one is told; nor before `fit` has seen images. Of smaller classes it is taken that they
    are like the others.
    """

    breaks = "left and right in classes of few images, where no larger one tells them apart; small letters at any place"

    def learn(self, rows: Any, y: Any) -> bool:
        """Return whether images are like their mirror images."""
        return alike(rows, y)

    def ready(self, rows: Any, y: Any) -> Self:
        """Return the transform as it was fitted, or one that does nothing: few rows do not say what images are like."""
        return self if self.known is not None else self._knowing(False)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:
        """Return the mirror image of each row, or nothing."""
        return [] if self.known is False else super().stages(draws, canvas)


def alike(pool: Pool, y: Any) -> bool:
    """Return whether images look like their mirror images. Labels: (n,), or None for images of one class.

    A class is told where the share of right answers is above TOLD, and above what one in many classes has by chance.
    """
    right, asked, classes = 0.0, 0, [*large_classes(len(pool), y)]
    errors = max(3.0, 2.0 + math.sqrt(2 * math.log(max(len(classes), 1))))
    for rows in classes:
        a = differences(pool, rows)
        if len(a) < FOLDS:
            continue
        mine = told(a)
        if mine > max(TOLD, 0.5 + errors * ERROR / len(a) ** 0.5):
            return False
        right, asked = right + mine * len(a), asked + len(a)
    return asked > 0 and right / asked <= max(TOLD, 0.5 + 2 * ERROR / asked**0.5)


def large_classes(n: int, y: Any) -> Iterator[Ints]:
    """Yield the places of images of each class that is large enough, MOST at most, evenly spread. Raises: DataError."""
    labels = np.zeros(n, dtype=np.intp) if y is None else np.asarray(y)
    if labels.ndim != 1:
        raise DataError(f"labels must be one for each image, shape (n,), got shape {labels.shape}")
    places: dict[Any, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        places.setdefault(label, []).append(row)
    for mine in places.values():
        if len(mine) >= ENOUGH:
            yield np.array(mine)[np.unique(np.linspace(0, len(mine) - 1, MOST).astype(np.intp))]


def differences(pool: Pool, rows: Ints) -> Tensor:
    """Return f(x) - f(mirrored x) of images, one of those that are the same. Shape: (m,) to (m or fewer, features)."""
    x = _grey(pool.images, rows)
    if not x.numel():
        return x.flatten(1)[:0]
    f = seen(x)
    unit = F.normalize(f, dim=1)
    again = ((unit @ unit.T).triu(1) > SAME).any(0)
    return (f - seen(x.flip(3)))[~again]


def _grey(images: Any, rows: Ints) -> Tensor:
    """Return images without colour, SIDE pixels a side. Shape: (m, 1, SIDE, SIDE); none where they have no pixels."""
    listed = isinstance(images, list | tuple)
    made = []
    for part in [stacked([images[row]]) for row in rows] if listed else [images[rows]]:
        x, _ = read(part)
        x = (x.float() if x.is_floating_point() else x / 255.0).cpu()
        x = x[:, : 1 if x.shape[1] == 2 else 3].mean(1, keepdim=True)
        if not x.numel():
            return x
        made.append(F.interpolate(x, (SIDE, SIDE), mode="bilinear", antialias=True, align_corners=False))
    return torch.cat(made)


def seen(x: Tensor) -> Tensor:
    """Return what the judge sees of images: pixels, and squares of slopes and their product, whatever their sign.

    Shape: (m, 1, SIDE, SIDE) to (m, SIDE^2 + 3 CELLS^2).
    """
    x = x - x.mean((1, 2, 3), keepdim=True)
    x = x / x.square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-3)
    grey = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across, down = grey[..., 1:-1, 2:] - grey[..., 1:-1, :-2], grey[..., 2:, 1:-1] - grey[..., :-2, 1:-1]
    edges = F.avg_pool2d(torch.cat([across**2, down**2, across * down], 1), SIDE // CELLS)
    return torch.cat([x.flatten(1), edges.flatten(1)], 1)


def told(a: Tensor) -> float:
    """Return the share of images that are told from their mirror images. Shape: a (m, features)."""
    a = a.double()
    a = a / (a.square().mean(0).sqrt().clamp(min=1e-6) * a.shape[1] ** 0.5)
    fold = torch.arange(len(a)) % FOLDS
    right = 0
    for number in range(FOLDS):
        some, held = a[fold != number], a[fold == number]
        gram = some @ some.T  # w = some' (some some' + 1)^-1 1, as there are fewer images than features
        weights = torch.linalg.solve(gram + torch.eye(len(some), dtype=a.dtype), torch.ones_like(some[:, 0]))
        right += int((held @ (some.T @ weights) > 0).sum())
    return right / len(a)
