"""Waves: the coarse light and colour of an image.

With C(k) the Fourier coefficient of frequency k, whole waves along either axis, C'(k) that of a style, a the strength,

    |C(k)| <- (1 - b) |C(k)| + b |C'(k)|,   b = a cos^2(pi |k| / 2K) for |k| < K,   phases stay

with K - 1 whole waves in REACH of the shorter side.

As few frequencies change, only these are computed, and what changes is added: two thin products of matrices each way,
in place of transforms of all.

Reference: Yang and Soatto 2020, arXiv:2004.05498, eq. 4 (amplitudes exchanged at low frequencies).

DIFFERS from it: a strength, and a window that fades out, without which clouds of colour appear; and an image of another
size needs not be resized, as frequencies are counted in waves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ....errors import FormatError
from ...draws import Floats, Ints
from ..damage import column
from ..fused.tint import GREY
from .base import Measured

REACH = 0.05  # of the shorter side


@dataclass(frozen=True)
class Waves(Measured):
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
