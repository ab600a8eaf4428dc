"""The style of other images: what is known of a bank of them, and images that are given it. What is shown stays.

Colours, by the linear map that takes one normal distribution of colours to another at the least cost. With m and S the
mean and the covariance of an image's pixels, m' and S' those of a style, and a the strength,

    x <- (1 - a) x + a (T (x - m) + m'),   T = S^-1/2 (S^1/2 S' S^1/2)^1/2 S^-1/2

Waves, the coarse light and colour: with C(k) the Fourier coefficient of frequency k, whole waves along either axis,

    |C(k)| <- (1 - b) |C(k)| + b |C'(k)|,   b = a cos^2(pi |k| / 2K) for |k| < K,   phases stay

with K - 1 whole waves in REACH of the shorter side.

As few frequencies change, only these are computed, and what changes is added: two thin products of matrices each way,
in place of transforms of all.

References: Pitié and Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for example-based colour
transfer", CVMP, eq. 17 (T); Yang and Soatto 2020, arXiv:2004.05498, eq. 4 (amplitudes exchanged at low frequencies).

DIFFERS from Pitié and Kokaram: standard deviations of an image below LEAST count as LEAST, so that noise of dark and of
even images is not blown up. From Yang and Soatto: a strength, and a window that fades out, without which clouds of
colour appear; and an image of another size needs not be resized, as frequencies are counted in waves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...errors import FormatError
from ..draws import Draws, Floats, Ints
from .damage import Tone, column
from .forms import read, stacked
from .fused.tint import GREY

LEAST = 0.02  # of 1: five levels of 255
REACH = 0.05  # of the shorter side
TOGETHER = 64  # images that are looked at at once


@dataclass(frozen=True)
class Style(ABC):
    """What is known of the styles of a bank, as arrays of as many rows."""

    @classmethod
    def learn(cls, images: Any, side: Callable[[], int]) -> Self:
        """Return what is known of images in any form that policies take. Raises: DataError.

        Arguments:
            images: the bank.
            side: tells the shorter side of the largest image that will be given their style.
        """
        listed = isinstance(images, list | tuple)
        steps = range(0, len(images), 1 if listed else TOGETHER)
        parts = (_colours(stacked([images[at]]) if listed else images[at : at + TOGETHER]) for at in steps)
        reach = cls.reach(side)
        found = zip(*(cls.seen(part, reach) for part in parts), strict=True)
        return cls(*(np.concatenate(values) for values in found))

    @staticmethod
    def reach(side: Callable[[], int]) -> int:
        """Return how many waves must be known of a style."""
        return 0

    @staticmethod
    @abstractmethod
    def seen(x: Tensor, reach: int) -> tuple[npt.NDArray[Any], ...]:
        """Return what is known of images, in the order of the fields. Shape: (m, 3, h, w) in [0, 1]."""

    @abstractmethod
    def give(self, x: Tensor, styles: Ints, strength: Floats) -> Tensor:
        """Return images of other styles, which are clamped afterwards.

        Shape: x (m, 1 or 3, h, w) in [0, 1], styles (m,) places in the bank, strength (m,); returns as x.
        """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    @abstractmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]]) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""


@dataclass(frozen=True)
class Colours(Style):
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


@dataclass(frozen=True)
class Waves(Style):
    """Fourier coefficients of low frequencies, as `coefficients` returns them: (k, 3, 2 r + 1, r + 1) complex."""

    waves: npt.NDArray[np.complex64]

    @staticmethod
    def reach(side: Callable[[], int]) -> int:  # noqa: D102
        return int(REACH * side())

    @staticmethod
    def seen(x: Tensor, reach: int) -> tuple[npt.NDArray[Any], ...]:  # noqa: D102
        found = coefficients(x, reach)
        for axis, side in ((2, x.shape[2]), (3, x.shape[3])):  # waves shorter than two pixels there are none
            waves = torch.arange(-reach if axis == 2 else 0, reach + 1).abs() <= (side - 1) // 2
            found = found * waves.view(-1, *[1] * (3 - axis))
        return (found.numpy(),)

    def give(self, x: Tensor, styles: Ints, strength: Floats) -> Tensor:  # noqa: D102
        known = self.waves.shape[3] - 1
        reach = min(int(REACH * min(x.shape[2:])), known)
        wanted = torch.from_numpy(self.waves[styles][:, :, known - reach : known + reach + 1, : reach + 1])
        if x.shape[1] == 1:
            wanted = (wanted * wanted.real.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        own = coefficients(x, reach)
        size = own.abs()
        unit = torch.where(size > 1e-9, own / size.clamp(min=1e-9), torch.ones_like(own))
        a = column(strength, size) * _window(reach, size)
        return x + synthesis(unit * (a * (wanted.to(own).abs() - size)), (int(x.shape[2]), int(x.shape[3])))

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]]) -> Self:  # noqa: D102
        held = arrays["waves"]  # shape[3] is twice r + 1
        shape = held.shape
        if len(shape) != 4 or shape[3] % 2 or shape[1:3] != (3, shape[3] - 1) or not np.isfinite(held).all():
            raise FormatError("what is known of styles cannot be")
        return cls(np.ascontiguousarray(held, dtype=np.float32).view(np.complex64))

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays, numbers of which none is complex."""
        return {"waves": np.ascontiguousarray(self.waves).view(np.float32)}


@dataclass(frozen=True, eq=False)
class Given:
    """Which style each row is given. Shape: styles (n,) places in the bank, strength (n,)."""

    style: Style
    styles: Ints
    strength: Floats


@dataclass(frozen=True)
class Restyle(Tone):
    """Images in styles of a bank: what they are given is known by their numbers."""

    breaks = "classes told by colour, light or texture"

    @classmethod
    def of(cls, style: Style, styles: Ints, strength: Floats) -> Self:
        """Return what gives row i the style of place styles[i], (n,), at strength[i], (n,) from 0 to 1."""
        return cls()._knowing(Given(style, styles, strength))

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        given: Given = self.known
        colours, rows = x[:, :1] if x.shape[1] == 2 else x, draws.rows
        made = given.style.give(colours, given.styles[rows], given.strength[rows])
        return made if colours is x else torch.cat([made, x[:, 1:]], 1)


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


def coefficients(x: Tensor, reach: int) -> Tensor:
    """Return Fourier coefficients of low frequencies, of images whose values have the weight 1 in all.

    Shape: (m, c, h, w) to (m, c, 2 reach + 1, reach + 1) complex: waves down from -reach to reach, across from 0 on.
    """
    m, c, h, w = x.shape
    across = _waves(w, reach, x).T.expand(m, -1, -1)
    half = torch.bmm(x.reshape(m, c * h, w), across).view(m * c, h, 2 * reach + 2)
    found = torch.bmm(_waves(h, reach, x).expand(m * c, -1, -1), half) / (h * w)
    (cc, cs), (sc, ss) = (part.chunk(2, 2) for part in found.chunk(2, 1))  # cosines and sines, down and across
    below, above = torch.complex(cc + ss, sc - cs), torch.complex(cc - ss, -sc - cs)
    return torch.cat([below.flip(1)[:, :-1], above], 1).view(m, c, 2 * reach + 1, reach + 1)


def synthesis(values: Tensor, size: tuple[int, int]) -> Tensor:
    """Return images (m, c, *size) of coefficients as `coefficients` returns them, all others being 0."""
    m, c, _, columns = values.shape
    reach, like = columns - 1, values.real
    twice = values * like.new_tensor([1.0] + [2.0] * reach)  # those of -k_x are the conjugates
    flat = twice.view(m * c, 2 * reach + 1, columns)
    below, above = flat[:, : reach + 1].flip(1).clone(), flat[:, reach:]
    below[:, 0] = 0  # which is in the other
    p, q, r, s = above.real, above.imag, below.real, below.imag
    parts = torch.cat([torch.cat([p + r, q + s], 2), torch.cat([s - q, p - r], 2)], 1)
    down = _waves(size[0], reach, like).T.expand(m * c, -1, -1)
    across = _waves(size[1], reach, like)
    across[columns:] *= -1
    half = torch.bmm(down, parts).view(m, c * size[0], 2 * columns)
    return torch.bmm(half, across.expand(m, -1, -1)).view(m, c, *size)


def _window(reach: int, like: Tensor) -> Tensor:
    """Return how much frequencies are changed: the mean wholly, and less as waves get shorter, to the edge at none.

    Shape: (2 reach + 1, reach + 1).
    """
    down, across = torch.arange(-reach, reach + 1)[:, None], torch.arange(reach + 1)[None]
    far = (down**2 + across**2).sqrt() / (reach + 1)
    return (torch.pi / 2 * far.clamp(max=1)).cos().square().to(like)


def _waves(side: int, reach: int, like: Tensor) -> Tensor:
    """Return cosines of 2 pi k s / side for k from 0 to reach, then sines. Shape: (2 reach + 2, side)."""
    turns = torch.outer(torch.arange(reach + 1, dtype=torch.float64), torch.arange(side, dtype=torch.float64)) / side
    angle = 2 * torch.pi * turns
    return torch.cat([angle.cos(), angle.sin()]).to(like)


def _colours(X: Any) -> Tensor:
    """Return images of one size in three channels, their opacity left out. Shape: (m, 3, h, w) in [0, 1]."""
    x, _ = read(X)
    x = x.cpu()
    x = x.float() if x.is_floating_point() else x.float() / 255
    return x[:, :3] if x.shape[1] >= 3 else x[:, :1].expand(-1, 3, -1, -1)


def _like(values: Floats, x: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(x)
