"""Changes of the values of series, sample by sample: noise, size, drift, dropout, signs and places of channels.

References:
    Um et al. 2017, "Data augmentation of wearable sensor data for Parkinson's disease monitoring using convolutional
    neural networks", arXiv:1706.00527, sec. 3   (jitter, scaling, magnitude warping)
    Iwana and Uchida 2021, "An empirical survey of data augmentation for time series classification with neural
    networks", PLoS ONE 16(7) e0254841   (what helps; flips and permutations often do not)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import ConfigError
from ..draws import Draws, Floats
from ..settings import check_chance, span
from .base import Range, SeriesTransform, check_count, column, normals, smooth, spread


@dataclass(frozen=True)
class JitterSeries(SeriesTransform):
    """Normal noise on each sample, independent of the others (Um et al. 2017). A constant channel stays.

    Arguments:
        deviation: range of the noise's standard deviation, in those of each channel of the row, at least 0.
    """

    deviation: Range = (0.0, 0.05)
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        span("deviation", self.deviation, 0.0, 0.0)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102 -- the base documents it
        size = column(draws.uniform("deviation", *span("deviation", self.deviation)))
        return np.asarray(x + size * spread(x) * normals(draws, "noise", *x.shape[1:]))


@dataclass(frozen=True)
class ScaleSeries(SeriesTransform):
    """All values times one factor, around 0 (Um et al. 2017, who draw a normal factor; here it is even).

    Arguments:
        factor: range of factors, at least 0; one number is how far they may lie from 1.
        each: whether each channel has a factor of its own.
    """

    factor: Range = 0.1
    each: bool = False
    breaks: ClassVar[str] = "classes that differ in size"
    fewest: ClassVar[int] = 1
    neutral: ClassVar[Mapping[str, float]] = {"factor": 1.0}

    def _check(self) -> None:
        span("factor", self.factor, 1.0, 0.0)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        low, high = span("factor", self.factor, 1.0, 0.0)
        drawn = draws.uniform_table("factor", x.shape[1] if self.each else 1)
        return np.asarray(x * (low + (high - low) * drawn)[:, :, None])


@dataclass(frozen=True)
class Drift(SeriesTransform):
    """A smooth random walk added to each channel, from 0 on. A constant channel stays.

    The walk has normal steps between evenly spread points, with a cubic spline through them, and is scaled so that
    its furthest sample lies as far off as is drawn.

    Arguments:
        strength: range of how far the furthest sample moves, in standard deviations of each channel of the row.
        points: steps of the walk, at least 1.
    """

    strength: Range = (0.0, 0.3)
    points: int = 3
    breaks: ClassVar[str] = "classes that differ in level or in trend"
    neutral: ClassVar[Mapping[str, float]] = {"strength": 0.0}

    def _check(self) -> None:
        span("strength", self.strength, 0.0, 0.0)
        check_count("points", self.points, 1)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        size = column(draws.uniform("strength", *span("strength", self.strength)))
        steps = normals(draws, "steps", x.shape[1], self.points)
        walk = np.concatenate([np.zeros((*steps.shape[:2], 1)), np.cumsum(steps, axis=2)], axis=2)
        curve = smooth(walk, x.shape[2])
        most = np.abs(curve).max(axis=2, keepdims=True)
        return np.asarray(x + size * spread(x) * curve / np.where(most > 0, most, 1.0))


@dataclass(frozen=True)
class MagnitudeWarp(SeriesTransform):
    """Values times a smooth random curve around 1, one of each channel (Um et al. 2017).

    The curve is a cubic spline through normal factors at the ends and at evenly spread knots between them.

    Arguments:
        deviation: range of the standard deviations of the factors, at least 0.
        knots: knots between the ends, at least 1.
    """

    deviation: Range = (0.0, 0.2)
    knots: int = 4
    breaks: ClassVar[str] = "classes that differ in size, or in the heights of their peaks"
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        span("deviation", self.deviation, 0.0, 0.0)
        check_count("knots", self.knots, 1)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        size = column(draws.uniform("deviation", *span("deviation", self.deviation)))
        return np.asarray(x * smooth(1 + size * normals(draws, "factors", x.shape[1], self.knots + 2), x.shape[2]))


@dataclass(frozen=True)
class DropSamples(SeriesTransform):
    """Samples lost in runs, in all channels at once, and filled. At least one sample stays.

    Arguments:
        share: range of the expected share of lost samples, from 0 to 1 (a little less comes, as runs overlap).
        run: samples lost at a time, at least 1.
        fill: "last" for the sample before the run (the one after it at the start), "mean" for that of the channel, or a
            number, which may be NaN.
    """

    share: Range = (0.0, 0.1)
    run: int = 1
    fill: float | str = "last"
    breaks: ClassVar[str] = "classes that differ in short events"
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0}

    def _check(self) -> None:
        span("share", self.share, 0.0, 0.0, 1.0)
        check_count("run", self.run, 1)
        number = isinstance(self.fill, int | float | np.number) and not isinstance(self.fill, bool)
        if self.fill not in ("last", "mean") and not number:
            raise ConfigError(f"fill must be 'last', 'mean' or a number, got {self.fill!r:.60}")

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        share = draws.uniform("share", *span("share", self.share))
        begins = draws.uniform_table("begins", x.shape[2]) < (share / self.run)[:, None]
        lost = begins.copy()
        for later in range(1, min(self.run, x.shape[2])):
            lost[:, later:] |= begins[:, :-later]
        lost &= ~lost.all(axis=1, keepdims=True)
        if self.fill == "last":
            held = np.maximum.accumulate(np.where(lost, -1, np.arange(x.shape[2])), axis=1)
            places = np.where(held < 0, (~lost).argmax(axis=1)[:, None], held)
            return np.take_along_axis(x, places[:, None], axis=2)
        there = ~np.isnan(x)
        mean = np.where(there, x, 0.0).sum(axis=2, keepdims=True) / np.maximum(there.sum(axis=2, keepdims=True), 1)
        return np.where(lost[:, None], mean if self.fill == "mean" else float(self.fill), x)


@dataclass(frozen=True)
class RotateChannels(SeriesTransform):
    """Channels with their sign turned, and in another order: the rotation of the survey, sec. "Rotation".

    The sign of each channel is turned by a chance of its own, around 0; then the channels change places at random.
    Of one channel, this is the flip. It stands for a sensor that was put on another way round.

    Arguments:
        flip: chance that the sign of a channel is turned, from 0 to 1.
        shuffle: whether the channels change places.
    """

    flip: float = 0.5
    shuffle: bool = True
    breaks: ClassVar[str] = "classes that differ in sign, or in which channel moves: upright and inverted heartbeats"
    fewest: ClassVar[int] = 1

    def _check(self) -> None:
        check_chance("flip", self.flip)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        made = np.where(draws.uniform_table("flip", x.shape[1])[:, :, None] < self.flip, -x, x)
        if not self.shuffle:
            return made
        order = np.argsort(draws.uniform_table("order", x.shape[1]), axis=1, kind="stable")
        return np.take_along_axis(made, order[:, :, None], axis=1)
