"""What sensors and files do to an image: noise, holes, compression, lost detail. Blurs stand in `blur`.

Lengths are in shares of the image's shorter side, so that a setting means the same at every size; values lie in [0, 1].
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ...errors import ConfigError
from ..draws import Draws, Floats
from ..settings import span, whole_span
from .fused.stages import Canvas, Paint, Stage
from .grain import grain
from .position import ImageTransform


@dataclass(frozen=True)
class Damage(ImageTransform):
    """A change that needs the pixels where they lie."""

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102 -- the base documents it
        return [Paint(lambda x, drawn, rows: self.harm(x, drawn))]

    @abstractmethod
    def harm(self, x: Tensor, draws: Draws) -> Tensor:
        """Return damaged pixels, which are clamped to [0, 1] afterwards. Shape: (m, c, h, w) to such."""


@dataclass(frozen=True)
class Tone(Damage):
    """A change of what colour pixels have: a fourth channel, which is opacity, stays."""

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        return [Paint(lambda x, drawn, rows: self.toned(x, drawn))]

    def toned(self, x: Tensor, draws: Draws) -> Tensor:
        """Return pixels of which the colours are changed. Shape: (m, c, h, w) to such."""
        if x.shape[1] != 4:
            return self.harm(x, draws)
        return torch.cat([self.harm(x[:, :3], draws), x[:, 3:]], 1)


def column(values: Floats, x: Tensor) -> Tensor:
    """Return a number for each row, to go with its pixels. Shape: (m,) to (m, 1, 1, 1)."""
    return torch.from_numpy(np.asarray(values)).to(x)[:, None, None, None]


@dataclass(frozen=True)
class GaussianNoise(Tone):
    """Normal noise, the same strength everywhere.

    Arguments:
        deviation: range of standard deviations, at least 0.
    """

    deviation: Sequence[float] = (0.01, 0.08)
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        span("deviation", self.deviation, 0.0, 0.0, 10.0)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        e = grain(x, draws)
        return torch.addcmul(x, e, column(draws.uniform("deviation", *span("deviation", self.deviation)), x))


@dataclass(frozen=True)
class ShotNoise(Tone):
    """Noise of counted photons: the lighter, the more of it, and the less for what it is.

    Drawn as normal numbers of a Poisson distribution's mean and variance.

    Arguments:
        photons: range of how many make white, drawn evenly in its logarithm; at least 1.
    """

    photons: Sequence[float] = (50, 1000)
    neutral: ClassVar[Mapping[str, float]] = {"photons": 1e9}
    scales: ClassVar[Mapping[str, str]] = {"photons": "photons"}

    def _check(self) -> None:
        span("photons", self.photons, 0.0, 1.0, 1e9)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        e = grain(x, draws)
        count = np.exp(draws.uniform("photons", *np.log(span("photons", self.photons))))
        return torch.addcmul(x, e, (x / column(count, x)).sqrt_())


@dataclass(frozen=True)
class SaltNoise(Tone):
    """Pixels that are black, or white, in all channels.

    Arguments:
        share: range of the share of the pixels, from 0 to 1.
    """

    share: Sequence[float] = (0.005, 0.03)
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0}

    def _check(self) -> None:
        span("share", self.share, 0.0, 0.0, 1.0)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        u = torch.from_numpy(draws.uniform_table("where", x.shape[2] * x.shape[3])).to(x).view(len(x), 1, *x.shape[2:])
        half = column(draws.uniform("share", *span("share", self.share)) / 2, x)
        return torch.where(u < half, 0.0, torch.where(u >= 1 - half, 1.0, x))


@dataclass(frozen=True)
class Cutout(Tone):
    """A rectangle of one value.

    Arguments:
        area: range of its share of the image, from 0 to 1.
        ratio: range of width to height, drawn evenly in its logarithm.
        fill: its value, from 0 to 1; "mean" for the mean colour of the image.
    """

    area: Sequence[float] = (0.02, 0.2)
    ratio: Sequence[float] = (0.5, 2.0)
    fill: float | str = "mean"
    neutral: ClassVar[Mapping[str, float]] = {"area": 0.0}

    def _check(self) -> None:
        span("area", self.area, 0.0, 0.0, 1.0), span("ratio", self.ratio, 0.0, 1e-3, 1e3)
        check_fill(self.fill)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        height, width = x.shape[2:]
        area = draws.uniform("area", *span("area", self.area))
        ratio = np.exp(draws.uniform("ratio", *np.log(span("ratio", self.ratio))))
        w, h = np.minimum(np.sqrt(area * ratio), 1) * width, np.minimum(np.sqrt(area / ratio), 1) * height
        left, top = draws.uniform("x") * (width - w), draws.uniform("y") * (height - h)
        at_x, at_y = np.arange(width) + 0.5, np.arange(height) + 0.5
        across = (at_x >= left[:, None]) & (at_x < (left + w)[:, None])
        down = (at_y >= top[:, None]) & (at_y < (top + h)[:, None])
        hole = torch.from_numpy(across[:, None, None, :] & down[:, None, :, None]).to(x.device)
        return torch.where(hole, filled(x, self.fill), x)


@dataclass(frozen=True)
class GridMask(Tone):
    """Squares of one value in a grid, of a spacing and a place drawn anew (Chen et al. 2020, arXiv:2001.04086).

    Arguments:
        spacing: range of the distance of the squares, as a share of the shorter side, above 0 to 1.
        share: how much of a side a square takes of the spacing, from 0 to 1.
        fill: as `Cutout`.
    """

    spacing: Sequence[float] = (0.2, 0.5)
    share: float = 0.5
    fill: float | str = "mean"
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0}

    def _check(self) -> None:
        span("spacing", self.spacing, 0.0, 1e-3, 1.0), span("share", (0.0, self.share), 0.0, 0.0, 1.0)
        check_fill(self.fill)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        height, width = x.shape[2:]
        apart = np.maximum(draws.uniform("spacing", *span("spacing", self.spacing)) * min(height, width), 2)[:, None]
        across = ((np.arange(width) / apart + draws.uniform("x")[:, None]) % 1) < self.share
        down = ((np.arange(height) / apart + draws.uniform("y")[:, None]) % 1) < self.share
        hole = torch.from_numpy(across[:, None, None, :] & down[:, None, :, None]).to(x.device)
        return torch.where(hole, filled(x, self.fill), x)


def check_fill(fill: float | str) -> None:
    """Raise ConfigError where a fill is none."""
    if fill != "mean" and not (isinstance(fill, int | float) and not isinstance(fill, bool) and 0 <= fill <= 1):
        raise ConfigError(f"fill must be 'mean' or a number from 0 to 1, got {fill!r}")


def filled(x: Tensor, fill: float | str) -> Tensor:
    """Return what holes are filled with."""
    return x.mean((2, 3), keepdim=True) if fill == "mean" else x.new_tensor(float(fill))


@dataclass(frozen=True)
class Downscale(Damage):
    """Detail lost: made smaller by averaging, and large again.

    Arguments:
        factor: range of factors, at least 1, drawn evenly in their logarithm.
    """

    factor: Sequence[float] = (1.5, 4.0)
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"factor": "absolute"}

    def _check(self) -> None:
        span("factor", self.factor, 0.0, 1.0, 1e3)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        factor = np.exp(draws.uniform("factor", *np.log(span("factor", self.factor))))
        sides = np.maximum(np.rint(np.array(x.shape[2:]) / factor[:, None]), 1).astype(np.int64)
        made = x.clone()
        for height, width in np.unique(sides, axis=0).tolist():
            rows = np.flatnonzero((sides == [height, width]).all(axis=1))
            less = F.interpolate(x[rows], (height, width), mode="area")
            made[rows] = F.interpolate(less, x.shape[2:], mode="bilinear", align_corners=False)
        return made


@dataclass(frozen=True)
class JPEG(Damage):
    """The loss of a JPEG file; grey, or three channels.

    Arguments:
        quality: range of qualities, whole numbers from 1 to 100.
    """

    quality: Sequence[int] = (20, 80)
    neutral: ClassVar[Mapping[str, float]] = {"quality": 100.0}
    scales: ClassVar[Mapping[str, str]] = {"quality": "whole"}

    def _check(self) -> None:
        whole_span("quality", self.quality, 1, 100)

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        from PIL import Image

        quality = draws.whole("quality", *whole_span("quality", self.quality, 1, 100)).tolist()
        pixels = x[:, :3].movedim(1, 3).mul(255).add(0.5).clamp(0, 255).byte().cpu().numpy()
        made = x.clone()
        for row, image in enumerate(pixels):
            if image.shape[2] not in (1, 3):
                continue
            file = io.BytesIO()
            Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "JPEG", quality=quality[row])
            back = np.asarray(Image.open(file)).reshape(image.shape)
            made[row, :3] = torch.from_numpy(back.copy()).movedim(2, 0).to(x) / 255
        return made


@dataclass(frozen=True)
class Equalise(Tone):
    """Each channel's values spread so that all are equally frequent."""

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        n, c = x.shape[:2]
        level = (x * 255).round().long().clamp(0, 255).reshape(n * c, -1)
        counts = torch.zeros(n * c, 256, dtype=torch.float64, device=x.device)
        counts.scatter_add_(1, level, torch.ones_like(level, dtype=torch.float64))
        reached = counts.cumsum(1)
        first = counts.gather(1, (counts > 0).to(torch.uint8).argmax(1, keepdim=True))
        spread = (reached[:, -1:] - first).clamp(min=1e-12)
        values = ((reached - first) / spread).clamp(0, 1).to(x)
        flat = (reached[:, -1:] == first).expand(-1, level.shape[1])  # one value alone stays as it is
        return torch.where(flat, x.reshape(n * c, -1), values.gather(1, level)).view(x.shape)
