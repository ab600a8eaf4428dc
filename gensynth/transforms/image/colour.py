"""What colour pixels have. Values lie in [0, 1], and are clamped to it after each change, as in a chain of bytes.

A setting that is one number stands for a range around the middle, where nothing is changed: `Brightness(0.3)` draws a
factor from 0.7 to 1.3; two numbers are the range itself. Masks are never coloured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..draws import Draws
from ..settings import span, whole_span
from .fused.stages import LEVELS, Canvas, Curve, Hue, Stage, Tint
from .fused.tint import GREY
from .position import ImageTransform, Range


@dataclass(frozen=True)
class Brightness(ImageTransform):
    """All values times a factor.

    Arguments:
        factor: range of factors, at least 0.
    """

    factor: Range = 0.2
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}

    def _check(self) -> None:
        self._span()

    def _span(self) -> tuple[float, float]:
        return span("factor", self.factor, 1.0, 0.0, 1e3)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102 -- the base documents it
        by = draws.uniform("factor", *self._span())
        return [Tint(by, np.zeros(canvas.n), safe=self._span()[1] <= 1)]


@dataclass(frozen=True)
class Contrast(Brightness):
    """The distance of all values from the mean grey of the image times a factor.

    Arguments:
        factor: range of factors, at least 0.
    """

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        by = draws.uniform("factor", *self._span())
        return [Tint(by, np.zeros(canvas.n), safe=self._span()[1] <= 1, about=True)]


@dataclass(frozen=True)
class Saturation(Brightness):
    """The distance of each pixel's colour from its grey times a factor.

    Arguments:
        factor: range of factors, at least 0.
    """

    breaks = "classes told by colour"

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        by = draws.uniform("factor", *self._span())[:, None, None]
        return [Tint(by * np.eye(3) + (1 - by) * np.tile(GREY, (3, 1)), np.zeros(canvas.n), safe=self._span()[1] <= 1)]


@dataclass(frozen=True)
class HueShift(ImageTransform):
    """The hue turned, in HSV: value and saturation stay.

    Arguments:
        turn: range of turns, in full circles.
    """

    turn: Range = 0.05
    breaks = "classes told by colour"
    neutral: ClassVar[Mapping[str, float]] = {"turn": 0.0}

    def _check(self) -> None:
        span("turn", self.turn)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        return [Hue(draws.uniform("turn", *span("turn", self.turn)))]


@dataclass(frozen=True)
class Grey(ImageTransform):
    """Grey in all channels: for a fifth of the rows, unless `p` says otherwise."""

    p: float = 0.2
    breaks = "classes told by colour"

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        return [Tint(np.tile(GREY, (canvas.n, 3, 1)), np.zeros(canvas.n), safe=True)]


@dataclass(frozen=True)
class Invert(ImageTransform):
    """A negative: for a tenth of the rows, unless `p` says otherwise."""

    p: float = 0.1
    breaks = "classes told by light and dark"

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        return [Tint(np.full(canvas.n, -1.0), np.ones(canvas.n), safe=True)]


@dataclass(frozen=True)
class Temperature(ImageTransform):
    """Warmer or colder light: red times 1 + t and blue times 1 - t.

    Arguments:
        warmth: range of t, within -1 to 1.
    """

    warmth: Range = 0.1
    breaks = "classes told by colour"
    neutral: ClassVar[Mapping[str, float]] = {"warmth": 0.0}

    def _check(self) -> None:
        span("warmth", self.warmth, 0.0, -1.0, 1.0)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        t = draws.uniform("warmth", *span("warmth", self.warmth))
        by = np.stack([1 + t, np.ones(canvas.n), 1 - t], -1)
        return [Tint(by[:, :, None] * np.eye(3), np.zeros(canvas.n))]


@dataclass(frozen=True)
class ChannelMix(ImageTransform):
    """Each channel a mixture of all: the identity and uniform numbers, so that grey stays grey.

    Arguments:
        strength: the largest share that another channel gives, from 0 to 1/2.
    """

    strength: float = 0.1
    breaks = "classes told by colour"
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        span("strength", (0.0, self.strength), 0.0, 0.0, 0.5)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        others = self.strength * draws.uniform_table("mix", 9).reshape(-1, 3, 3) * (1 - np.eye(3))
        return [Tint(others + (1 - others.sum(2))[:, :, None] * np.eye(3), np.zeros(canvas.n), safe=True)]


@dataclass(frozen=True)
class Gamma(ImageTransform):
    """Values to a power, drawn evenly in its logarithm.

    Arguments:
        power: range of powers, above 0.
    """

    power: Range = 0.2
    neutral: ClassVar[Mapping[str, float]] = {"power": 1.0}

    def _check(self) -> None:
        span("power", self.power, 1.0, 1e-2, 1e2)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        power = np.exp(draws.uniform("power", *np.log(span("power", self.power, 1.0))))
        return [Curve(LEVELS ** power[:, None])]


@dataclass(frozen=True)
class Posterise(ImageTransform):
    """Fewer levels: of eight bits the first few are kept.

    Arguments:
        bits: range of bits, whole numbers from 1 to 8.
    """

    bits: Sequence[int] = (4, 8)
    neutral: ClassVar[Mapping[str, float]] = {"bits": 8.0}
    scales: ClassVar[Mapping[str, str]] = {"bits": "whole"}

    def _check(self) -> None:
        whole_span("bits", self.bits, 1, 8)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        step = 2.0 ** (8 - draws.whole("bits", *whole_span("bits", self.bits, 1, 8)))
        return [Curve(np.floor(np.arange(256) / step[:, None]) * step[:, None] / 255, smooth=False)]


@dataclass(frozen=True)
class Solarise(ImageTransform):
    """Values from a threshold on inverted.

    Arguments:
        threshold: range of thresholds, from 0 to 1.
    """

    threshold: Sequence[float] = (0.5, 1.0)

    def _check(self) -> None:
        span("threshold", self.threshold, 0.0, 0.0, 1.0)

    def stages(self, draws: Draws, canvas: Canvas) -> list[Stage]:  # noqa: D102
        at = draws.uniform("threshold", *span("threshold", self.threshold))[:, None]
        return [Curve(np.where(LEVELS >= at, 1 - LEVELS, LEVELS), smooth=False)]
