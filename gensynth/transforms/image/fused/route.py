"""How images of one size are moved: made ready for all rows at once, followed for some of them at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from . import warp
from .picks import Rows, put, take
from .stages import Border, Floats
from .tint import Scratch

Size = tuple[int, int]


@dataclass
class Lines:
    """Maps of the output's pixels to points of the input, as grids that are the sum of a column's and a row's part.

    Two coordinates are one complex number. Shape: across (n, 1, w) and down (n, h, 1) complex; what they are divided
    by likewise, or None where that is 1 for all.
    """

    across: Tensor
    down: Tensor
    by_across: Tensor | None
    by_down: Tensor | None

    @classmethod
    def of(cls, maps: Floats, size: Size, like: Tensor) -> Lines:
        """Return the grids of maps, of the device and the precision of another tensor. Shape: maps (n, 3, 3)."""
        maps = maps / maps[:, 2:, 2:]
        x, y = np.arange(size[1]), np.arange(size[0])[:, None]
        z, w = maps[:, 0] + 1j * maps[:, 1], maps[:, 2]
        twice = torch.complex64 if like.dtype == torch.float32 else torch.complex128
        across = torch.from_numpy(z[:, None, None, 0] * x).to(like.device, twice)
        down = torch.from_numpy(z[:, 1, None, None] * y + z[:, 2, None, None]).to(like.device, twice)
        if not (w[:, :2] != 0).any():
            return cls(across, down, None, None)
        by = (torch.from_numpy(part).to(like) for part in (w[:, None, None, 0] * x, w[:, 1, None, None] * y + 1.0))
        return cls(across, down, *by)

    def grid(self, rows: Rows, scratch: Scratch) -> Tensor:
        """Return grids in a buffer. Shape: (m, h, w, 2)."""
        across, down = take(self.across, rows), take(self.down, rows)
        shape = (len(across), down.shape[1], across.shape[2])
        made = torch.add(across, down, out=scratch.of("grid", shape, across))
        if self.by_across is not None and self.by_down is not None:
            across, down = take(self.by_across, rows), take(self.by_down, rows)
            by = torch.add(across, down, out=scratch.of("by", shape, across))
            made.mul_(by.clamp_(min=warp.FAR).reciprocal_())
        return torch.view_as_real(made)


@dataclass
class Route:
    """Maps, and at most one displacement, of n images.

    Shape: matrix (n, 3, 3); bend (n, 2, h, w) or None; plain (n,) says where pixels are copied, factors (n,) in squares
    of how many pixels they are averaged first. `source` and `size` are height and width before and after.
    """

    matrix: Floats
    source: Size
    size: Size
    bend: Tensor | None
    plain: warp.Flags
    factors: warp.Ints
    lines: Lines | None

    @classmethod
    def of(cls, matrix: Floats, source: Size, size: Size, bend: Tensor | None, like: Tensor) -> Route:
        """Return the route of maps, in the precision of another tensor."""
        plain = warp.exact(matrix)
        if bend is not None:
            plain &= ~bend.flatten(1).abs().amax(1).bool().cpu().numpy()
            bend = bend.to(like.device)
        inverse = np.linalg.inv(matrix).astype(np.float64, copy=False)
        factors = warp.shrinkage(inverse, size)
        lines = None
        if bend is None and not plain.all():
            lines = Lines.of(warp.to_grid(source) @ inverse, size, like)
        return cls(matrix, source, size, bend, plain, factors, lines)

    def follow(self, x: Tensor, rows: Rows, border: Border, scratch: Scratch, *, nearest: bool = False) -> Tensor:
        """Return images of some rows moved: by copies of pixels where they can be, else bilinearly, or by the nearest.

        Shape: x (m, c, h, w) of these rows, to such; bytes become floats where they are not copied.
        """
        plain = self.plain[rows]
        if plain.all():
            return warp.move_exactly(x, self.matrix[rows], self.size, border)
        if not plain.any():
            return self._resampled(x, rows, border, scratch, nearest)
        numbers = np.arange(len(self.matrix))[rows]
        others, some = np.flatnonzero(~plain), np.flatnonzero(plain)
        part = self._resampled(take(x, others), numbers[others], border, scratch, nearest)
        made = part.new_empty(len(x), *part.shape[1:])
        put(made, others, part)
        put(made, some, warp.move_exactly(take(x, some), self.matrix[numbers[some]], self.size, border))
        return made

    def _resampled(self, x: Tensor, rows: Rows, border: Border, scratch: Scratch, nearest: bool) -> Tensor:
        factors = self.factors[rows]
        x = x if x.is_floating_point() else floats(x, scratch)
        if nearest or (factors == 1).all():
            return warp.taken(x, self._grid(rows, 1, scratch, x), border, nearest=nearest)
        made, numbers = x.new_empty((len(x), x.shape[1], *self.size)), np.arange(len(self.matrix))[rows]
        for factor in np.unique(factors).tolist():
            some = np.flatnonzero(factors == factor)
            k = min(factor, *x.shape[2:])
            part = take(x, some)
            less = F.avg_pool2d(part, k, ceil_mode=True, count_include_pad=False) if k > 1 else part
            put(made, some, warp.taken(less, self._grid(numbers[some], k, scratch, less), border))
        return made

    def _grid(self, rows: Rows, shrunk: int, scratch: Scratch, x: Tensor) -> Tensor:
        """Return where pixels are taken from, in the coordinates of `grid_sample`. Shape: (m, h, w, 2)."""
        if self.lines is not None and shrunk == 1:
            return self.lines.grid(rows, scratch)
        shown = (shrunk * x.shape[2], shrunk * x.shape[3]) if shrunk > 1 else self.source
        maps = warp.to_grid(shown) @ np.linalg.inv(self.matrix[rows])
        return warp.placed(maps, self.size, x, None if self.bend is None else take(self.bend, rows))


def floats(x: Tensor, scratch: Scratch) -> Tensor:
    """Return pixels as floats in a buffer."""
    kind = x.dtype if x.is_floating_point() else torch.float32
    return scratch.of("floats", tuple(x.shape), x, kind).copy_(x)
