"""Objects of one image pasted onto another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError
from ..draws import Draws, Flags
from ..settings import check_chance, span
from .fused import warp
from .fused.plan import Segment
from .fused.stages import Floats
from .fused.work import moved
from .mixing import Mixing, Mixture, same_number
from .pool import Pool

Range = float | Sequence[float]


@dataclass(frozen=True)
class CopyPaste(Mixing):
    """Objects of another image, cut out along its mask, zoomed, shifted and pasted (Ghiasi et al. 2021, sec. 3).

    arXiv:2012.07177. Objects are what boxes hold, where the mask is not 0; without boxes the values of a mask, 0 for
    none, or of several masks an image each of them; without masks the boxes as they are. Partners are images that have
    some. Masks follow, with the values that they have there. Boxes of what is wholly covered have no area, and those of
    what is pasted come last. Points stay. The partner's label weighs as much as what was pasted takes of all objects
    that are seen; the paper has no labels of images.

    DIFFERS from the paper: it zooms and cuts both images and may mirror them, which other transforms do here. Edges
    are not blended, which it finds to make no difference.

    Arguments:
        share: chance that an object is pasted, from 0 to 1; of each partner one is at least.
        factor: range of zooms of the partner, above 0, drawn evenly in their logarithm.
        shift: range of its shifts, as a share of width and height.
        same_class: whether partners are of the row's class, so that labels stay.

    Raises: DataError, where it is used, without masks and boxes.
    """

    share: float = 0.5
    factor: Range = (0.7, 1.4)
    shift: Range = 0.2

    def _check(self) -> None:
        super()._check()
        check_chance("share", self.share)
        span("factor", self.factor, 1.0, 1e-2, 1e2), span("shift", self.shift)

    def ready(self, rows: Any, y: Any) -> CopyPaste:  # noqa: D102
        made = super().ready(rows, y)
        if len(rows) and made.known.masks is None and made.known.boxes is None:
            raise DataError(
                "CopyPaste needs the objects' masks or boxes: policy(X, mask=...), or fit(Images(x, masks))"
            )
        if len(rows) and y is not None and not self.same_class and rows.masks is None and rows.boxes is None:
            raise DataError(
                "CopyPaste weighs labels by what is seen of objects: give mask= or boxes=, or same_class=True"
            )
        return made

    def mixture(self, labels: Any) -> Mixture:  # noqa: D102
        return Pasting(self, labels)

    def places(self, draws: Draws, size: tuple[int, int]) -> Floats:
        """Return where the pixels of partners go. Shape: (m, 3, 3)."""
        factor = np.exp(draws.uniform("factor", *np.log(span("factor", self.factor, 1.0))))
        by = warp.around(factor[:, None, None] * np.eye(2), ((size[1] - 1) / 2, (size[0] - 1) / 2))
        x, y = (draws.uniform(axis, *span("shift", self.shift)) for axis in ("x", "y"))
        return warp.shift(x * size[1], y * size[0], len(factor)) @ by


class Pasting(Mixture):
    """`CopyPaste` in a plan.

    `pasted` (m, 1, h, w) are the numbers of the partners' objects where they are seen, 0 elsewhere; `own` (m,) the
    pixels of the rows' objects that are still seen.
    """

    op: CopyPaste
    segment: Segment
    pasted: Tensor
    own: Floats

    def allowed(self) -> Flags:  # noqa: D102
        made: Flags = self.op.known.has_objects
        return made

    def mix(self, x: Tensor, other: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        size = int(x.shape[2]), int(x.shape[3])
        self.segment = Segment(self.op.places(draws, size), size)
        numbers = torch.stack([self.objects(int(row), size) for row in self.partners])
        most = max(int(numbers.max()), 1)
        u = draws.uniform_table("objects", most)
        counts = numbers.flatten(1).amax(1).numpy()
        there = np.arange(most) < counts[:, None]
        kept = (u < self.op.share) & there
        none = ~kept.any(1)
        kept[none, np.where(there, u, np.inf)[none].argmin(1)] = True
        kept = np.concatenate([np.zeros((len(kept), 1), dtype=bool), kept], 1)
        chosen = torch.where(torch.from_numpy(kept).gather(1, numbers.flatten(1)).view(numbers.shape), numbers, 0)
        self.pasted = moved(chosen[:, None].to(x.device), self.segment, 0.0, nearest=True)
        self.own = np.full(len(x), np.inf)
        return torch.where(self.pasted > 0, moved(other, self.segment, "edge"), x)

    def objects(self, row: int, size: tuple[int, int]) -> Tensor:
        """Return the number of the object that each pixel of a partner shows, from 1 on; 0 for none. Shape: (h, w)."""
        pool: Pool = self.op.known
        like = torch.zeros(1, 1, *size, dtype=torch.float64)
        masks = like[0, :0] if pool.masks is None else pool.mask(np.array([row]), like)[0]
        made = torch.zeros(size, dtype=torch.int64)
        if pool.boxes is not None:
            held = torch.ones(size, dtype=torch.bool) if pool.masks is None else (masks != 0).any(0)
            for number, (left, top, right, bottom) in enumerate(pool.box(row, size).round().astype(int).clip(0), 1):
                made[top:bottom, left:right][held[top:bottom, left:right]] = number
        elif len(masks) == 1:
            values, which = torch.unique(masks[0], return_inverse=True)
            made = ((values != 0).cumsum(0) * (values != 0))[which]
        else:
            for number, mask in enumerate(masks, 1):
                made[mask != 0] = number
        return made

    def masks(self, x: Tensor) -> Tensor:  # noqa: D102
        if not len(self.rows):
            return x
        pool, seen = self.op.known, self.pasted.to(x.device) > 0
        self.own = ((x[self.rows] != 0).any(1, keepdim=True) & ~seen).flatten(1).sum(1).cpu().numpy().astype(float)
        other = moved(same_number(pool.mask(self.partners, x), x), self.segment, 0.0, nearest=True)
        made = x.clone()
        made[self.rows] = torch.where(seen, other, x[self.rows])
        return made

    def boxes(self, boxes: Floats, row: int) -> Floats:  # noqa: D102
        place = int(np.flatnonzero(self.rows == row)[0])
        pasted = self.pasted[place, 0].cpu().numpy()
        y, x = np.indices(pasted.shape)
        left, top, right, bottom = boxes.T[:, :, None, None]
        inside = (x + 0.5 > left) & (x + 0.5 < right) & (y + 0.5 > top) & (y + 0.5 < bottom)
        held = inside & (pasted == 0)
        if np.isinf(self.own[place]):
            self.own[place] = held.any(0).sum()
        made = boxes.copy()
        met = (inside & (pasted > 0)).any((1, 2))
        for box, pixels in [(made[k], held[k]) for k in np.flatnonzero(met)]:
            low, high = ends(pixels) if pixels.any() else (box[:2].copy(), box[:2].copy())
            box[:2], box[2:] = np.maximum(box[:2], low), np.minimum(box[2:], high)
        new = [np.concatenate(ends(pasted == number)) for number in np.unique(pasted[pasted > 0])]
        return np.concatenate([made, *(box[None] for box in new)])

    def weights(self, y: Floats) -> Floats:  # noqa: D102
        area = (self.pasted > 0).flatten(1).sum(1).cpu().numpy() if len(self.rows) else np.zeros(0)
        self.share = area / np.maximum(area + self.own, 1) if len(self.rows) else area
        return super().weights(y)


def ends(pixels: Flags) -> tuple[Floats, Floats]:
    """Return left and top, and right and bottom, of the box around pixels, of which there are some. Shape: (h, w)."""
    x, y = np.flatnonzero(pixels.any(0)), np.flatnonzero(pixels.any(1))
    return np.array([x[0], y[0]], dtype=float), np.array([x[-1] + 1, y[-1] + 1], dtype=float)
