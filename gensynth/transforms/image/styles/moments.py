"""Colours, by the linear map that takes one normal distribution of colours to another at the least cost.

With m and S the mean and the covariance of an image's pixels, m' and S' those of a style, and a the strength,

    x <- (1 - a) x + a (T (x - m) + m'),   T = S^-1/2 (S^1/2 S' S^1/2)^1/2 S^-1/2

Reference: Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour
transfer", CVMP, eq. 17 (T).

DIFFERS from it: standard deviations of an image below LEAST count as LEAST, so that noise of dark and of even images is
not blown up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ....errors import FormatError
from ...draws import Floats, Ints
from ..fused.tint import GREY
from .base import Measured

LEAST = 0.02  # of 1: five levels of 255


@dataclass(frozen=True)
class Colours(Measured):
    """Means and covariances of colours. Shape: mean (k, 3), covariance (k, 3, 3)."""

    mean: Floats
    covariance: Floats

    @staticmethod
    def seen(x: Tensor, reach: int) -> tuple[npt.NDArray[Any], ...]:  # noqa: D102 -- the base documents it
        mean, covariance = spread(x)
        return mean, covariance

    def give(self, x: Tensor, styles: Ints, strength: Floats) -> Tensor:  # noqa: D102
        mean, covariance = spread(x)
        wanted, shape = self.mean[styles], self.covariance[styles]
        if x.shape[1] == 1:
            wanted, shape = (wanted @ GREY)[:, None], np.einsum("nij,i,j->n", shape, GREY, GREY)[:, None, None]
        move = cheapest(covariance, shape)
        a = strength[:, None, None]
        matrix = (1 - a) * np.eye(x.shape[1]) + a * move
        shift = a * (wanted[:, :, None] - move @ mean[:, :, None])
        made = torch.baddbmm(_like(shift, x), _like(matrix, x), x.flatten(2))
        return made.view(x.shape)

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]]) -> Self:  # noqa: D102
        made = cls(arrays["mean"], arrays["covariance"])
        k = len(made.mean)
        whole = (made.mean.shape, made.covariance.shape) == ((k, 3), (k, 3, 3))
        if not whole or not all(np.isfinite(part).all() for part in made.pack().values()):
            raise FormatError("what is known of styles cannot be")
        return made


def spread(x: Tensor) -> tuple[Floats, Floats]:
    """Return means and covariances of pixels, the same for an image whichever others there are.

    Shape: (m, c, h, w) to (m, c) and (m, c, c).
    """
    flat = x.flatten(2)
    mean = flat.mean(2).double().cpu()
    square = torch.bmm(flat, flat.transpose(1, 2)).double().cpu() / flat.shape[2]
    return mean.numpy(), (square - mean[:, :, None] * mean[:, None, :]).numpy()


def cheapest(here: Floats, there: Floats) -> Floats:
    """Return T of covariances. Shape: (m, c, c) twice, to such.

    >>> cheapest(np.diag([0.04, 0.09])[None], np.diag([0.01, 0.36])[None])[0].round(6).tolist()
    [[0.5, 0.0], [0.0, 2.0]]
    """
    values, axes = np.linalg.eigh(here)
    deviation = np.sqrt(np.maximum(values, LEAST**2))
    root = (axes * deviation[:, None, :]) @ axes.swapaxes(1, 2)
    inverse = (axes / deviation[:, None, :]) @ axes.swapaxes(1, 2)
    inner, turned = np.linalg.eigh(root @ there @ root)
    middle = (turned * np.sqrt(np.maximum(inner, 0))[:, None, :]) @ turned.swapaxes(1, 2)
    made: Floats = inverse @ middle @ inverse
    return made


def _like(values: Floats, x: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(x)
