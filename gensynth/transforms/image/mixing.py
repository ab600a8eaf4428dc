"""Images mixed with others, and their labels with them.

The other image, the partner, is one of those that the policy was fitted on, as it was given there, brought to the
image's size; where the policy was not fitted, one of the same call. It depends on the row's number: never on its place
in a batch. An image that draws itself takes the next one.

Labels. `policy(X, y=y)` returns weights for y, float32 (n, classes): over the sorted classes of `fit`, or of the call;
those of a row add up to 1, and one that was not mixed has its class alone. With `same_class=True` partners are of the
row's class, and y comes back as it is. Without y the images alone come back: what was fitted with labels then raises
DataError, as nobody could tell what the images are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.special import betaincinv
from torch import Tensor

from ...errors import ConfigError, DataError
from ..base import Transform
from ..draws import Draws, Flags, Ints
from .damage import column
from .fused.picks import put, take
from .fused.stages import Canvas, Floats, Paint, Stage
from .pool import Pool
from .position import ImageTransform


@dataclass(frozen=True, kw_only=True)
class Mixing(ImageTransform):
    """A change that takes from another image.

    Arguments:
        same_class: whether partners are of the row's class, so that labels stay.
    """

    same_class: bool = False

    breaks = "all, with same_class=False: they become weights of classes"
    takes_belongings: ClassVar[bool] = True  # whether masks and boxes follow

    def _check(self) -> None:
        if not isinstance(self.same_class, bool):
            raise ConfigError(f"same_class must be True or False, got {self.same_class!r}")

    def learn(self, rows: Any, y: Any) -> Pool:
        """Return the images to mix with, as rows come as a `Pool`."""
        pool: Pool = rows
        if pool.alone:
            raise DataError(f"{type(self).__name__} has nothing to mix one image alone with: fit the policy first")
        return pool

    def ready(self, rows: Any, y: Any) -> Self:
        """Return what knows its partners. Raises: DataError where it cannot tell labels, or lacks masks or boxes."""
        made, name = super().ready(rows, y), type(self).__name__
        pool: Pool = made.known
        if y is None and len(rows) and (self.same_class or pool.labels is not None):
            ask = "same_class=True needs" if self.same_class else "the policy was fitted with labels, so it needs"
            raise DataError(f"{name}: {ask} y: call policy(X, y=y)")
        if y is not None:
            pool.codes_of(y)
        for part in ("masks", "boxes") if self.takes_belongings else ():
            if getattr(rows, part) is not None and getattr(pool, part) is None:
                raise DataError(f"{name} was fitted without {part}: give them, fit(Images(x, masks=..., boxes=...), y)")
        return made

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102 -- the base documents it
        mixture = self.mixture(canvas.labels)
        return [Paint(mixture.do, mixture)]

    @abstractmethod
    def mixture(self, labels: Any) -> Mixture:
        """Return what mixes rows of labels (n,), or None."""

    def partners(self, x: Tensor, draws: Draws, labels: Any, allowed: Flags | None = None) -> tuple[Ints, Tensor]:
        """Return which images rows are mixed with, and these in the size of x; anything where there is none.

        Shape: x (m, c, h, w), labels (m,), allowed (those that are known,); returns (m,), (m, c, h, w). A row that
        has none to mix with is -1.
        """
        pool: Pool = self.known
        u = draws.uniform("partner")
        first, second = np.full(len(u), -1), np.full(len(u), -1)
        codes = pool.codes_of(labels) if self.same_class else np.zeros(len(u), dtype=np.intp)
        for code in np.unique(codes):
            mine = np.flatnonzero(codes == code)
            fine = pool.codes == code if self.same_class else np.ones(len(pool), dtype=bool)
            choices = np.flatnonzero(fine if allowed is None else fine & allowed)
            if len(choices):
                drawn = (u[mine] * len(choices)).astype(np.intp)
                first[mine], second[mine] = choices[drawn], choices[(drawn + 1) % len(choices)]
        some = np.flatnonzero(first >= 0)
        made = torch.empty_like(x)
        put(made, some, pool.pixels(first[some], x))
        itself = np.array([row for row in some if torch.equal(made[row], x[row])], dtype=np.intp)
        first[itself] = second[itself]
        put(made, itself, pool.pixels(first[itself], x))
        return first, made


@dataclass
class Mixture(ABC):
    """One mixing in a plan: done to the pixels first, which says what is done to masks, boxes and labels.

    `rows` (m,) are the places of those that are mixed, `partners` (m,) what with, and `share` (m,) the weight that the
    partner's label has in them.
    """

    op: Mixing
    labels: Any
    rows: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    partners: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    share: Floats = field(default_factory=lambda: np.zeros(0))

    def do(self, x: Tensor, draws: Draws, rows: Ints) -> Tensor:
        """Return mixed pixels. Shape: (m, c, h, w) to such."""
        labels = None if self.labels is None else self.labels[rows]
        partners, others = self.op.partners(x, draws, labels, self.allowed())
        some = np.flatnonzero(partners >= 0)
        self.rows, self.partners = rows[some], partners[some]
        if not len(some):
            return x
        made = self.mix(take(x, some), take(others, some), draws.of_rows(some))
        if len(some) == len(x):
            return made
        put(x, some, made)
        return x

    def allowed(self) -> Flags | None:
        """Return which images can be partners; None for all."""
        return None

    @abstractmethod
    def mix(self, x: Tensor, other: Tensor, draws: Draws) -> Tensor:
        """Return images mixed with others, and note the share. Shape: (m, c, h, w), twice, to such."""

    def touches(self, row: int) -> bool:
        """Whether a row of the batch is mixed."""
        return bool((self.rows == row).any())

    def masks(self, x: Tensor) -> Tensor:
        """Return the masks of all rows, mixed as the images are. Shape: (n, masks, h, w) to such."""
        return x

    def boxes(self, boxes: Floats, row: int) -> Floats:
        """Return the boxes of a row that is mixed, new ones last. Shape: (k, 4) to (k', 4)."""
        return boxes

    def weights(self, y: Floats) -> Floats:
        """Return the weights of the classes of all rows. Shape: (n, classes) to such."""
        made = y.copy()
        made[self.rows] *= (1 - self.share)[:, None]
        made[self.rows, self.op.known.codes[self.partners]] += self.share
        return made


def betas(u: Floats, alpha: float) -> Floats:
    """Return numbers of a symmetric beta distribution, by the inverse of its distribution function. Shape: (m,)."""
    return np.asarray(betaincinv(alpha, alpha, u))


def check_alpha(alpha: Any) -> None:
    """Raise ConfigError where a parameter of a beta distribution is no number above 0."""
    fine = isinstance(alpha, int | float) and not isinstance(alpha, bool) and 0 < alpha < np.inf
    if not fine:
        raise ConfigError(f"alpha must be a number above 0, got {alpha!r}")


@dataclass(frozen=True)
class MixUp(Mixing):
    """Two images blended, x <- l x + (1 - l) x', and their labels (Zhang et al. 2018, arXiv:1710.09412, sec. 2).

    l is drawn from Beta(alpha, alpha). Masks, boxes and points stay those of the image, as if nothing lay over it.

    Arguments:
        alpha: above 0: the smaller, the less is mixed; the paper takes 0.1 to 0.4 for ImageNet, 1 for CIFAR-10.
        same_class: whether partners are of the row's class, so that labels stay.
    """

    alpha: float = 0.2
    takes_belongings = False

    def _check(self) -> None:
        super()._check()
        check_alpha(self.alpha)

    def mixture(self, labels: Any) -> Mixture:  # noqa: D102
        return Blend(self, labels)


class Blend(Mixture):
    """`MixUp` in a plan."""

    op: MixUp

    def mix(self, x: Tensor, other: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        self.share = 1 - betas(draws.uniform("share"), self.op.alpha)
        return torch.lerp(x, other, column(self.share, x))


@dataclass(frozen=True)
class CutMix(Mixing):
    """A rectangle of another image in its place (Yun et al. 2019, arXiv:1905.04899, eq. 1 and 2).

    With l drawn from Beta(alpha, alpha) the rectangle has sqrt(1 - l) of the image's height and width, its centre lies
    anywhere, and it is cut at the edges. The partner's label weighs as much as the rectangle takes of the pixels.
    Masks follow. Of boxes that are covered in part what is left counts, wholly covered ones have no area, and those of
    the partner come last, as far as they lie in the rectangle. Points stay.

    Arguments:
        alpha: above 0.
        same_class: whether partners are of the row's class, so that labels stay.
    """

    alpha: float = 1.0

    def _check(self) -> None:
        super()._check()
        check_alpha(self.alpha)

    def mixture(self, labels: Any) -> Mixture:  # noqa: D102
        return Patch(self, labels)


class Patch(Mixture):
    """`CutMix` in a plan. `ends` (m, 4) are left, top, right and bottom of the rectangles."""

    op: CutMix
    ends: Ints
    size: tuple[int, int]

    def mix(self, x: Tensor, other: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        self.size = height, width = int(x.shape[2]), int(x.shape[3])
        side = np.sqrt(1 - betas(draws.uniform("share"), self.op.alpha))
        centre_x, centre_y = np.floor(draws.uniform("x") * width), np.floor(draws.uniform("y") * height)
        half_x, half_y = np.floor(side * width) // 2, np.floor(side * height) // 2
        ends = np.stack([centre_x - half_x, centre_y - half_y, centre_x + half_x, centre_y + half_y], 1)
        self.ends = ends.clip(0, [width, height, width, height]).astype(np.intp)
        left, top, right, bottom = self.ends.T
        self.share = (right - left) * (bottom - top) / (height * width)
        return torch.where(self.inside().to(x.device), other, x)

    def inside(self) -> Tensor:
        """Return which pixels lie in the rectangles. Shape: (m, 1, h, w)."""
        left, top, right, bottom = self.ends.T[:, :, None]
        y, x = np.arange(self.size[0]), np.arange(self.size[1])
        across, down = (x >= left) & (x < right), (y >= top) & (y < bottom)
        return torch.from_numpy(across[:, None, None, :] & down[:, None, :, None])

    def masks(self, x: Tensor) -> Tensor:  # noqa: D102
        if not len(self.rows):
            return x
        other = same_number(self.op.known.mask(self.partners, x), x)
        made = x.clone()
        made[self.rows] = torch.where(self.inside().to(x.device), other, x[self.rows])
        return made

    def boxes(self, boxes: Floats, row: int) -> Floats:  # noqa: D102
        place = int(np.flatnonzero(self.rows == row)[0])
        cut = self.ends[place].astype(np.float64)
        new = self.op.known.box(int(self.partners[place]), self.size)
        new = np.concatenate([np.maximum(new[:, :2], cut[:2]), np.minimum(new[:, 2:], cut[2:])], axis=1)
        inside = (new[:, 2] > new[:, 0]) & (new[:, 3] > new[:, 1])
        return np.concatenate([left_over(boxes, cut), new[inside]])


def left_over(boxes: Floats, cut: Floats) -> Floats:
    """Return boxes around what a rectangle leaves of them; without area where nothing is left.

    Shape: boxes (k, 4), cut (4,); returns (k, 4).
    """
    made = boxes.copy()
    low, high = np.maximum(boxes[:, :2], cut[:2]), np.minimum(boxes[:, 2:], cut[2:])
    meets = np.all(high > low, axis=1)
    whole = (low <= boxes[:, :2]) & (high >= boxes[:, 2:]) & meets[:, None]  # covered from end to end, along x and y
    for axis in (0, 1):
        other = whole[:, 1 - axis]
        at_start = other & (cut[axis] <= boxes[:, axis])
        at_end = other & (cut[axis + 2] >= boxes[:, axis + 2])
        made[at_start, axis] = high[at_start, axis]
        only_end = at_end & ~at_start
        made[only_end, axis + 2] = low[only_end, axis]
    made[:, 2:] = np.maximum(made[:, 2:], made[:, :2])
    return made


def same_number(masks: Tensor, like: Tensor) -> Tensor:
    """Return masks. Raises: DataError where others have another number of them for each image."""
    if masks.shape[1] != like.shape[1]:
        raise DataError(f"images of {like.shape[1]} masks each cannot be mixed with images of {masks.shape[1]}")
    return masks


def mixings(policy: Transform) -> list[Mixing]:
    """Return the parts of a policy that mix images."""
    draws = Draws.of(0, 0, np.arange(1))
    return [leaf for leaf, *_ in policy.leaves(draws, np.ones(1, dtype=bool)) if isinstance(leaf, Mixing)]
