"""One resampling for all geometry: homographies, at most one displacement, and what is exact without resampling.

Points are (x, y) in pixels from the centre of the first pixel. A map M takes points of the input to points of the
output; the pixel q of the output is taken from M^-1 (q + d(q)), d being the displacement of what was bent last. Where M
is a flip, a quarter turn or a shift by whole pixels, pixels are copied.

Where M shrinks k times, 1.5 or more, pixels are averaged in squares of k first, so that fine patterns do not alias.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from .picks import put, take
from .stages import Border, Floats

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
SHRINKS = 1.5
EXACT = 1e-9  # how far from a whole number an entry of an exact map may be
FAR = 1e-3  # the least w of a homography: what lies behind its horizon is taken from far away


def exact(matrix: Floats) -> Flags:
    """Return which maps copy pixels: whole numbers, each axis onto an axis. Shape: (n, 3, 3) to (n,)."""
    whole = (np.abs(matrix - np.rint(matrix)) < EXACT).all(axis=(1, 2))
    turn = np.abs(np.rint(matrix[:, :2, :2]))
    axes = (turn.sum(axis=1) == 1).all(axis=1) & (turn.sum(axis=2) == 1).all(axis=1)
    last = (np.rint(matrix[:, 2]) == [0, 0, 1]).all(axis=1)
    return np.asarray(whole & axes & last)


def move_exactly(x: Tensor, matrix: Floats, size: tuple[int, int], border: Border) -> Tensor:
    """Return images whose pixels are copied. Shape: x (n, c, h, w), matrix (n, 3, 3) of exact maps."""
    made = x.new_empty((len(x), x.shape[1], *size))  # never x itself
    whole = np.rint(np.linalg.inv(matrix)).astype(np.int64)
    kinds, back = np.unique(whole.reshape(len(x), 9), axis=0, return_inverse=True)
    for number, kind in enumerate(kinds.reshape(-1, 3, 3)):
        rows = np.flatnonzero(back.ravel() == number) if len(kinds) > 1 else slice(None)
        put(made, rows, _copied(take(x, rows), kind, size, border))
    return made


def _copied(x: Tensor, inverse: npt.NDArray[np.int64], size: tuple[int, int], border: Border) -> Tensor:
    """Return images moved by one exact map, of which the inverse is given."""
    height, width = size
    across = bool(inverse[0, 1])  # x of the input runs along y of the output
    if across:
        x = x.transpose(2, 3)
    along = [
        (int(inverse[1, 0] if across else inverse[1, 1]), int(inverse[1, 2]), width if across else height),
        (int(inverse[0, 1] if across else inverse[0, 0]), int(inverse[0, 2]), height if across else width),
    ]
    if across:  # the first axis of the transposed input is its x
        along = along[::-1]
    for dim, (sign, shift, length) in zip((2, 3), along, strict=True):
        x = _line(x, dim, sign * torch.arange(length) + shift, border)
    return x


def _line(x: Tensor, dim: int, places: Tensor, border: Border) -> Tensor:
    """Return lines of images, in an order; those that are not there as the border has it."""
    length = x.shape[dim]
    if length == len(places) and bool((places == torch.arange(length)).all()):
        return x
    inside = (places >= 0) & (places < length)
    if isinstance(border, str):
        return x.index_select(dim, _within(places, length, border).to(x.device))
    made = x.index_select(dim, places.clamp(0, length - 1).to(x.device))
    if not bool(inside.all()):
        made.index_fill_(dim, torch.nonzero(~inside)[:, 0].to(x.device), border)
    return made


def _within(places: Tensor, length: int, border: Border) -> Tensor:
    """Return places beyond the ends as the border has them: mirrored at the outer edges, or the last."""
    if border == "edge":
        return places.clamp(0, length - 1)
    around = places % (2 * length)
    return torch.where(around < length, around, 2 * length - 1 - around)


def sources(matrix: Floats, size: tuple[int, int], like: Tensor, bend: Tensor | None = None) -> Tensor:
    """Return where the pixels of the output are taken from. Shape: matrix (n, 3, 3); returns (n, h, w, 2).

    Arguments:
        like: gives device and precision.
        bend: (n, 2, h, w) displacement of the output's pixels, in pixels.
    """
    return placed(np.linalg.inv(matrix), size, like, bend)


def to_grid(shown: tuple[int, int]) -> Floats:
    """Return the map from pixels to the coordinates of `grid_sample`: -1 and 1 are the outer edges. Shape: (3, 3)."""
    across, down = 2 / shown[1], 2 / shown[0]
    return np.array([[across, 0, 0.5 * across - 1], [0, down, 0.5 * down - 1], [0, 0, 1]])


def placed(maps: npt.NDArray[np.floating], size: tuple[int, int], like: Tensor, bend: Tensor | None) -> Tensor:
    """Return maps of the output's pixels, bent. Shape: (n, 3, 3) to (n, h, w, 2)."""
    inverse = torch.from_numpy(maps / maps[:, 2:, 2:]).to(like)[:, :, :, None, None]
    height, width = size
    x = torch.arange(width, dtype=like.dtype, device=like.device)
    y = torch.arange(height, dtype=like.dtype, device=like.device)[:, None]
    if bend is not None:
        x, y = x + bend[:, 0], y + bend[:, 1]
    made = torch.empty(len(maps), height, width, 2, dtype=like.dtype, device=like.device)
    through = None
    if bool((inverse[:, 2, :2] != 0).any()):
        through = (inverse[:, 2, 0] * x + (inverse[:, 2, 1] * y + 1)).clamp_(min=FAR).reciprocal_()
    for k in range(2):
        along, across = inverse[:, k, 0] * x, inverse[:, k, 1] * y + inverse[:, k, 2]
        if through is None:
            torch.add(along, across, out=made[..., k])
        else:
            torch.mul(along + across, through, out=made[..., k])
    return made


def resample(x: Tensor, points: Tensor, border: Border, *, nearest: bool = False) -> Tensor:
    """Return images at points in pixels.

    Shape: x (n, c, h, w) of floats, points (n, h', w', 2); returns (n, c, h', w').
    """
    size = torch.tensor([x.shape[3], x.shape[2]], dtype=x.dtype, device=x.device)
    return taken(x, (points + 0.5) * (2 / size) - 1, border, nearest=nearest)


def taken(x: Tensor, grid: Tensor, border: Border, *, nearest: bool = False) -> Tensor:
    """Return images at points in the coordinates of `grid_sample`."""
    mode, pad = (
        "nearest" if nearest else "bilinear",
        {"reflect": "reflection", "edge": "border"}.get(str(border), "zeros"),
    )
    if isinstance(border, str) or border == 0:
        return F.grid_sample(x, grid, mode=mode, padding_mode=pad, align_corners=False)
    return F.grid_sample(x - border, grid, mode=mode, padding_mode=pad, align_corners=False) + border


def shrinkage(inverse: Floats, size: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return in squares of how many pixels to average first, for each map's inverse. Shape: (n, 3, 3) to (n,)."""
    centre = np.array([(size[1] - 1) / 2, (size[0] - 1) / 2, 1.0])
    at = inverse @ centre
    w = np.maximum(at[:, 2], FAR)
    jacobian = (inverse[:, :2, :2] - (at[:, :2] / w[:, None])[:, :, None] * inverse[:, 2:, :2]) / w[:, None, None]
    scale = np.sqrt(np.abs(np.linalg.det(jacobian)))
    return np.where(scale >= SHRINKS, np.rint(scale), 1).astype(np.int64)


def move_points(points: Floats, matrix: Floats, bend: Tensor | None = None) -> Floats:
    """Return where points of one image go. Shape: points (k, 2), matrix (3, 3), bend (2, h, w); returns (k, 2)."""
    made = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    ends: Floats = made[:, :2] / np.maximum(made[:, 2:], FAR)
    if bend is None or not len(points):
        return ends
    found = ends
    for _ in range(8):  # q + d(q) = M p
        found = ends - _at(bend, found)
    return found


def _at(field: Tensor, points: Floats) -> Floats:
    """Return a field at points. Shape: (2, h, w), (k, 2) to (k, 2)."""
    grid = torch.from_numpy(points).to(field.dtype)[None, None]
    return resample(field[None].cpu(), grid, "edge")[0, :, 0].T.double().numpy()


def spread(field: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a coarse displacement at every pixel, smooth between. Shape: (n, 2, a, b) to (n, 2, h, w)."""
    if field.shape[2:] == size:
        return field
    down, across = (_cubic(points, side).to(field) for points, side in zip(field.shape[2:], size, strict=True))
    return down @ field @ across.T


def _cubic(points: int, side: int) -> Tensor:
    """Return what a line of pixels takes of points spread over it. Shape: (side, points)."""
    return F.interpolate(torch.eye(points)[None, None], (side, points), mode="bicubic", align_corners=True)[0, 0]


def shift(x: Floats | float, y: Floats | float, n: int) -> Floats:
    """Return translations. Shape: x, y (n,) in pixels; returns (n, 3, 3)."""
    made = np.tile(np.eye(3), (n, 1, 1))
    made[:, 0, 2], made[:, 1, 2] = x, y
    return made


def around(matrix: Floats, centre: tuple[float, float]) -> Floats:
    """Return maps (n, 2, 2) applied around a centre as (n, 3, 3)."""
    made = np.tile(np.eye(3), (len(matrix), 1, 1))
    made[:, :2, :2] = matrix
    made[:, :2, 2] = np.asarray(centre) - matrix @ np.asarray(centre)
    return made


def turned(degrees: Floats) -> Floats:
    """Return rotations, counter-clockwise as one sees the image. Shape: (n,) to (n, 2, 2)."""
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)


def quad(ends: Floats, height: int, width: int) -> Floats:
    """Return the homographies that take the outer corners of an image to given points (Heckbert 1989, sec. 2.2.3).

    Shape: ends (n, 4, 2), the corners from the upper left clockwise; returns (n, 3, 3).
    """
    first, second, third, fourth = (ends[:, k].T for k in range(4))  # (2, n)
    (a, b), (c, d), (e, f) = second - third, fourth - third, first - second + third - fourth
    whole = a * d - b * c
    g, h = (e * d - f * c) / whole, (a * f - b * e) / whole
    made = np.empty((len(ends), 3, 3))  # of the unit square
    made[:, :2, 0] = (second - first + g * second).T
    made[:, :2, 1] = (fourth - first + h * fourth).T
    made[:, :2, 2], made[:, 2, 0], made[:, 2, 1], made[:, 2, 2] = first.T, g, h, 1.0
    unit = np.array([[1 / width, 0, 0.5 / width], [0, 1 / height, 0.5 / height], [0, 0, 1]])
    made = made @ unit
    return np.asarray(made / made[:, 2:, 2:])
