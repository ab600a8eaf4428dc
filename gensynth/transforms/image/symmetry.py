"""Mirror images where they look like other images of their class, and nothing where they do not.

A judge is asked for each class of ENOUGH images or more which of an image and its mirror image is the real one. With
a_i = f(x_i) - f(mirrored x_i), where f has 16 x 16 pixels and how much and which way brightness changes there, it is

    w = argmin sum_i (1 - w a_i)^2 + |w|^2,   right about i where w a_i > 0

since the mirror image has -a_i and must be given the opposite; a_i is scaled so that |a_i|^2 is 1 on average. Half of
the answers are right where left and right are alike. It is asked about images that it has not seen: w is learned from
four fifths of a class at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Draws
from .fused.stages import Canvas, Stage
from .pool import Pool
from .position import Flip

ENOUGH, MOST = 50, 400  # images of a class that are asked about, at least and at most
SIDE, CELLS = 16, 8  # pixels a side that the judge sees; and squares a side in which edges are averaged
FOLDS = 5
TOLD = 0.6  # right answers of all from which mirror images are another thing; half are right by chance
ERRORS = 3  # standard errors above a half, the same for one class


@dataclass(frozen=True)
class FlipIfAlike(Flip):
    """The image mirrored left to right, if images of the data look like their mirror images; else nothing.

    Photographs of animals do, digits and signs do not. What is judged is whether a linear judge of pixels and edges can
    tell images from their mirror images, class by class, in classes of 50 images or more. Nothing is mirrored where no
    class has so many, or where one is told. Of smaller classes it is taken that they are like the others.
    """

    breaks = "left and right in classes of fewer than 50 images, where no larger one tells them apart"

    def learn(self, rows: Any, y: Any) -> bool:
        """Return whether images are like their mirror images."""
        return alike(rows, y)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:
        """Return the mirror image of each row, or nothing."""
        return [] if self.known is False else super().stages(draws, canvas)


def alike(pool: Pool, y: Any) -> bool:
    """Return whether images look like their mirror images. Labels: (n,), or None for images of one class."""
    right, asked = 0.0, 0
    for rows in large_classes(len(pool), y):
        mine = told(differences(pool, rows))
        if mine > max(TOLD, 0.5 + ERRORS * 0.5 / len(rows) ** 0.5):
            return False
        right, asked = right + mine * len(rows), asked + len(rows)
    return asked > 0 and right <= TOLD * asked


def large_classes(n: int, y: Any) -> Iterator[np.ndarray]:
    """Yield the places of images of each class that is large enough, MOST at most, evenly spread."""
    codes = np.zeros(n, dtype=np.intp) if y is None else np.unique(np.asarray(y), return_inverse=True)[1]
    for code in range(int(codes.max(initial=-1)) + 1):
        rows = np.flatnonzero(codes == code)
        if len(rows) >= ENOUGH:
            yield rows[np.unique(np.linspace(0, len(rows) - 1, MOST).astype(np.intp))]


def differences(pool: Pool, rows: np.ndarray) -> Tensor:
    """Return f(x) - f(mirrored x) of images. Shape: (m,) to (m, features)."""
    channels = pool.pixels(rows[:1], torch.empty(1, 3, SIDE, SIDE)).shape[1]
    x = pool.pixels(rows, torch.empty(1, channels, SIDE, SIDE))
    return seen(x) - seen(x.flip(3))


def seen(x: Tensor) -> Tensor:
    """Return what the judge sees of images: pixels, and squares of slopes and their product, whatever their sign.

    Shape: (m, c, SIDE, SIDE) to (m, c SIDE^2 + 3 CELLS^2).
    """
    x = x - x.mean((1, 2, 3), keepdim=True)
    x = x / x.square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-3)
    grey = F.pad(x.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
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
        alike = some @ some.T  # w = some' (some some' + 1)^-1 1, as there are fewer images than features
        weights = torch.linalg.solve(alike + torch.eye(len(some), dtype=a.dtype), torch.ones_like(some[:, 0]))
        right += int((held @ (some.T @ weights) > 0).sum())
    return right / len(a)
