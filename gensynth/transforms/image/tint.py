"""Colour on pixels: clamped linear changes, turns of the hue, and lookups; values lie in [0, 1].

Hue. As the hue goes round, each channel is a trapezoid between m = min c and M = max c: a triangle wave cut at m and
M, and the wave is had from the channels without a division. With C = M - m and s the turn in sixths of a circle

    c_r <- clamp(2 r + (M + m) - (r + g + b) + s C sign(b - g), m, M),   |s| <= 1,

g and b likewise with the channels cycled. A turn by a third of the circle cycles the channels, so any turn is one of
|s| <= 1 after it. That is the turn in HSV (Smith 1978, "Color gamut transform pairs", SIGGRAPH), value and saturation
as they are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..draws import Flags
from .stages import Floats, Tint

Linear = tuple[Floats, Floats]
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as torchvision and PIL have it


def grey(x: Tensor) -> Tensor:
    """Return the grey of pixels. Shape: (n, c, h, w) to (n, 1, h, w)."""
    if x.shape[1] not in (3, 4):
        return x.mean(1, keepdim=True)
    r, g, b = (x[:, k : k + 1] for k in range(3))
    return (GREY[0] * r).add_(g, alpha=GREY[1]).add_(b, alpha=GREY[2])


def linear(stage: Tint, active: Flags, x: Tensor, top: float) -> Linear:
    """Return the matrix and the shift of a change, in the scale of x; the identity where a row is not touched."""
    n, channels = x.shape[:2]
    matrix, shift = stage.matrix, stage.shift * top
    if matrix.ndim == 3 and channels != 3:  # what a change of colour does to grey
        matrix, shift = matrix[:, 0].sum(1), shift if shift.ndim == 1 else shift[:, 0]
    if stage.about:
        mean = grey(x).double().mean((1, 2, 3)).cpu().numpy()
        shift = shift + (1 - matrix) * mean
    none = np.eye(3) if matrix.ndim == 3 else 1.0
    keep = active.reshape(n, *[1] * (matrix.ndim - 1))
    return np.where(keep, matrix, none), np.where(active.reshape(n, *[1] * (shift.ndim - 1)), shift, 0.0)


def after(first: Linear | None, second: Linear) -> Linear:
    """Return two changes as one."""
    if first is None:
        return second
    (A, a), (B, b) = (first, second)
    if A.ndim == 1 and B.ndim == 1:
        return A * B, (B[:, None] if a.ndim == 2 else B) * a + (b[:, None] if b.ndim < a.ndim else b)
    A, B = (one if one.ndim == 3 else one[:, None, None] * np.eye(3) for one in (A, B))
    a, b = (one if one.ndim == 2 else np.repeat(one[:, None], 3, 1) for one in (a, b))
    return B @ A, (B @ a[..., None])[..., 0] + b


def tint(x: Tensor, matrix: Floats, shift: Floats, top: float | None) -> Tensor:
    """Change pixels linearly, in place where it can be, and clamp them to [0, top] where that is given.

    Shape: x (n, c, h, w); matrix (n, 3, 3) or (n,), shift (n, 3) or (n,).
    """
    b = torch.from_numpy(shift.reshape(len(x), -1, 1, 1)).to(x)
    if matrix.ndim == 1:
        x = x.mul_(torch.from_numpy(matrix.reshape(len(x), 1, 1, 1)).to(x)).add_(b)
    else:
        A = torch.from_numpy(matrix).to(x)
        x = torch.baddbmm(b.flatten(2), A, x[:, :3].flatten(2)).view(len(x), 3, *x.shape[2:])
    return x if top is None else x.clamp_(0, top)


def turn_hue(x: Tensor, turns: Floats) -> Tensor:
    """Return pixels with their hue turned. Shape: x (n, 3, h, w), turns (n,) in full turns."""
    thirds = np.rint(3 * turns)
    if thirds.any():  # c_k <- c_(k - thirds)
        cycled = (np.arange(3) - thirds[:, None].astype(np.int64)) % 3
        x = x[np.arange(len(x))[:, None], cycled]
    r, g, b = (x[:, k : k + 1] for k in range(3))
    high, low = torch.maximum(r, g), torch.minimum(r, g)
    high, low = torch.maximum(high, b, out=high), torch.minimum(low, b, out=low)
    rest = (high + low).sub_(r).sub_(g).sub_(b)
    by = (high - low).mul_(torch.from_numpy(6 * turns - 2 * thirds).to(x)[:, None, None, None])
    made = torch.empty_like(x)
    for k, (one, before, after) in enumerate(((r, b, g), (g, r, b), (b, g, r))):
        wave = torch.sub(before, after, out=made[:, k : k + 1]).sign_().mul_(by).add_(rest).add_(one, alpha=2)
        torch.minimum(torch.maximum(wave, low, out=wave), high, out=wave)
    return made


def look_up(x: Tensor, values: Floats, top: float, smooth: bool) -> Tensor:
    """Return pixels changed by tables of 256 values in [0, 1], between them linearly, or by the nearest.

    Shape: x (n, c, h, w) in [0, top]; values (n, 256) or (n, c, 256).
    """
    n, c = x.shape[:2]
    table = torch.from_numpy(values.reshape(n, -1, 256) * top).to(x).expand(n, c, 256).reshape(n * c, 256)
    flat = x.reshape(n * c, -1).clamp(0, top) * (255.0 / top)
    if not smooth:
        return table.gather(1, flat.round().long()).view(x.shape)
    low = flat.floor().clamp_(max=254).long()
    first, second = table.gather(1, low), table.gather(1, low + 1)
    return torch.lerp(first, second, flat - low).view(x.shape)
