"""Colour on pixels: clamped linear changes, turns of the hue, and lookups; values lie in [0, 1].

Hue. As the hue goes round, each channel is a trapezoid between m = min c and M = max c: a triangle wave cut at m and
M, and the wave is had from the channels without a division. With C = M - m and s the turn in sixths of a circle

    c_r <- clamp(2 r - d + s C sign(b - g), m, M),   |s| <= 1,

d being the channel between m and M, and g and b likewise with the channels cycled. A turn by a third of the circle
cycles the channels, so any turn is one of |s| <= 1 after it. That is the turn in HSV (Smith 1978, "Color gamut
transform pairs", SIGGRAPH), value and saturation as they are.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .stages import Floats

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as torchvision and PIL have it


class Scratch:
    """Buffers by name, used again for each part of the images: fresh memory costs as much as the arithmetic.

    Those of the processor are kept for the next call, one set a thread, of the size of a part.
    """

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def of(self, name: str, shape: tuple[int, ...], like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Return a buffer of a shape, of the device of another tensor and its dtype. Holds anything."""
        count, dtype = math.prod(shape), dtype or like.dtype
        held = self._held.get(name)
        if held is None or held.numel() < count or held.dtype != dtype or held.device != like.device:
            held = self._held[name] = torch.empty(count, dtype=dtype, device=like.device)
        return held[:count].view(shape)

    def plane(self, name: str, x: Tensor) -> Tensor:
        """Return a buffer for one channel of images. Shape: x (n, c, h, w) to (n, 1, h, w)."""
        return self.of(name, (len(x), 1, *x.shape[2:]), x)

    def beside(self, x: Tensor) -> Tensor:
        """Return a buffer for images of the size of x that x does not lie in."""
        first = self.of("first", tuple(x.shape), x)
        return first if first.data_ptr() != x.data_ptr() else self.of("second", tuple(x.shape), x)


def grey(x: Tensor, out: Tensor | None = None) -> Tensor:
    """Return the grey of pixels. Shape: (n, c, h, w) to (n, 1, h, w)."""
    if x.shape[1] not in (3, 4):
        return torch.mean(x, 1, keepdim=True, out=out)
    r, g, b = (x[:, k : k + 1] for k in range(3))
    return torch.mul(r, GREY[0], out=out).add_(g, alpha=GREY[1]).add_(b, alpha=GREY[2])


def mean_grey(x: Tensor) -> Tensor:
    """Return the mean of the grey of each image. Shape: (n, c, h, w) to (n, 1, 1, 1)."""
    weights = GREY if x.shape[1] == 3 else (1 / x.shape[1],) * x.shape[1]
    parts = (x.flatten(2).mean(2) * x.new_tensor(weights)).unbind(1)
    return sum(parts[1:], parts[0]).view(-1, 1, 1, 1)  # in an order that does not depend on the batch


def scale(x: Tensor, by: Tensor | None, grey_by: Tensor | None, shift: Tensor | None, scratch: Scratch) -> Tensor:
    """Change pixels in place: c <- a c + g grey(c) + b. Shape: x (n, c, h, w), the others (n, 1 or c, 1, 1)."""
    rest = None if grey_by is None else grey(x, scratch.plane("middle", x)).mul_(grey_by)
    if by is not None:
        x.mul_(by)
    if rest is not None and shift is not None and shift.shape[1] == 1:
        rest, shift = rest.add_(shift), None
    for part in (rest, shift):
        if part is not None:
            x.add_(part)
    return x


def mix(x: Tensor, matrix: Tensor, shift: Tensor, scratch: Scratch) -> Tensor:
    """Return pixels changed linearly, in a buffer. Shape: x (n, 3, h, w), matrix (n, 3, 3), shift (n, 3, 1)."""
    made = scratch.beside(x)
    torch.baddbmm(shift, matrix, x.flatten(2), out=made.flatten(2))
    return made


def turn_hue(x: Tensor, thirds: npt.NDArray[np.int64], by: Tensor, scratch: Scratch) -> Tensor:
    """Return pixels with their hue turned, in a buffer.

    Shape: x (n, 3, h, w); thirds (n,) thirds of a circle, and by (n, 1, 1, 1) sixths of one beyond them, -1 to 1.
    """
    if thirds.any():  # c_k <- c_(k - thirds)
        x = x[torch.arange(len(x))[:, None], torch.from_numpy((np.arange(3) - thirds[:, None]) % 3)]
    r, g, b = (x[:, k : k + 1] for k in range(3))
    high, low, middle, wide = (scratch.plane(name, x) for name in ("high", "low", "middle", "wide"))
    torch.maximum(r, g, out=high), torch.minimum(r, g, out=low)
    torch.minimum(high, b, out=middle)
    torch.maximum(low, middle, out=middle).neg_()
    torch.maximum(high, b, out=high), torch.minimum(low, b, out=low)
    torch.sub(high, low, out=wide).mul_(by)
    made = scratch.beside(x)
    for k, (before, after) in enumerate(((b, g), (r, b), (g, r))):
        wave = torch.sub(before, after, out=made[:, k : k + 1]).sign_()
        wave.mul_(wide).add_(middle).add_(x[:, k : k + 1], alpha=2)
        torch.clamp(wave, low, high, out=wave)
    return made


def on_line(table: Floats, values: Floats) -> Floats:
    """Return values in [0, 1] looked up in tables, between them on the line. Shape: (..., 256), both."""
    at = np.clip(values, 0, 1) * 255
    low = np.minimum(np.floor(at), 254).astype(np.intp)
    first, second = (np.take_along_axis(table, place, -1) for place in (low, low + 1))
    made: Floats = first + (at - low) * (second - first)
    return made


def nearest(table: Floats, values: Floats) -> Floats:
    """Return values looked up in tables by the nearest. Shape: as `on_line`."""
    made: Floats = np.take_along_axis(table, np.rint(np.clip(values, 0, 1) * 255).astype(np.intp), -1)
    return made


def look_up(x: Tensor, values: Floats, top: float, smooth: bool) -> Tensor:
    """Return pixels changed by tables of 256 values in [0, 1], between them linearly, or by the nearest.

    Shape: x (n, c, h, w) in [0, top]; values (n, 256) or (n, c, 256).
    """
    n, c = x.shape[:2]
    table = torch.from_numpy(values.reshape(n, -1, 256) * top).to(x).expand(n, c, 256).reshape(n * c, 256)
    flat = x.reshape(n * c, -1).clamp(0, top).mul_(255.0 / top)
    if not smooth:
        return table.gather(1, flat.round_().long()).view(x.shape)
    low = flat.floor().clamp_(max=254)
    place = low.long()
    first, second = table.gather(1, place), table.gather(1, place.add_(1))
    return first.lerp_(second, flat.sub_(low)).view(x.shape)
