"""Changes of the time of series: warps, windows, pieces in another order. All channels of a row alike.

References:
    Um et al. 2017, arXiv:1706.00527, sec. 3   (time warping, permutation)
    Le Guennec, Malinowski and Tavenard 2016, "Data augmentation for time series classification using convolutional
    neural networks", ECML/PKDD workshop AALTD   (window slicing and window warping)
    Iwana and Uchida 2021, PLoS ONE 16(7) e0254841   (settings; windows help most, permutation often harms)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import ConfigError
from ..draws import Draws, Floats
from ..settings import span, whole_span
from .base import Range, SeriesTransform, check_count, normals, resampled, smooth
from .rows import fitted

SLOWEST = 0.1  # of the usual speed: time does not stand still, nor go back


@dataclass(frozen=True)
class TimeWarp(SeriesTransform):
    """Time that goes faster and slower along a smooth random curve; both ends stay (Um et al. 2017).

    The speed is a cubic spline through normal numbers around 1, at the ends and at evenly spread knots between them,
    kept above a tenth (the paper does not keep it above 0, and so may turn time round).

    Arguments:
        deviation: range of the standard deviations of the speeds, at least 0.
        knots: knots between the ends, at least 1.
    """

    deviation: Range = (0.0, 0.2)
    knots: int = 4
    breaks: ClassVar[str] = "classes that differ in speed, or in when something happens"
    neutral: ClassVar[Mapping[str, float]] = {"deviation": 0.0}

    def _check(self) -> None:
        span("deviation", self.deviation, 0.0, 0.0)
        check_count("knots", self.knots, 1)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102 -- the base documents it
        size = draws.uniform("deviation", *span("deviation", self.deviation))[:, None]
        speed = np.maximum(smooth(1 + size * normals(draws, "speeds", self.knots + 2), x.shape[2]), SLOWEST)
        gone = np.cumsum((speed[:, 1:] + speed[:, :-1]) / 2, axis=1)
        places = np.concatenate([np.zeros((len(x), 1)), gone / gone[:, -1:]], axis=1) * (x.shape[2] - 1)
        return resampled(x, places)


@dataclass(frozen=True)
class WindowSlice(SeriesTransform):
    """A window of the series, drawn anew, stretched to the whole length (Le Guennec et al. 2016; survey).

    Ends of the window need not lie on samples.

    Arguments:
        share: range of the window's length as a share of the series, above 0 and at most 1.
    """

    share: Range = (0.8, 1.0)
    breaks: ClassVar[str] = "classes that differ in speed, or in what happens at the ends"
    neutral: ClassVar[Mapping[str, float]] = {"share": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"share": "absolute"}

    def _check(self) -> None:
        if span("share", self.share, 0.0, 0.0, 1.0)[0] <= 0:
            raise ConfigError(f"share must be a range above 0 and at most 1, got {self.share!r:.60}")

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        length = draws.uniform("share", *span("share", self.share))
        start = draws.uniform("start") * (1 - length)
        places = start[:, None] * (x.shape[2] - 1) + length[:, None] * np.arange(x.shape[2])
        return resampled(x, np.clip(places, 0, x.shape[2] - 1))


@dataclass(frozen=True)
class WindowWarp(SeriesTransform):
    """A window of the series slowed down or sped up, and the whole resampled to its length (Le Guennec et al. 2016).

    Arguments:
        width: range of the window's length as a share of the series, from 0 to 1.
        factors: how many times as long the window becomes, each above 0; one of them is drawn.
    """

    width: Range = (0.1, 0.1)
    factors: Sequence[float] = (0.5, 2.0)
    breaks: ClassVar[str] = "classes that differ in speed, or in when something happens"
    neutral: ClassVar[Mapping[str, float]] = {"width": 0.0}

    def _check(self) -> None:
        span("width", self.width, 0.0, 0.0, 1.0)
        numbers = isinstance(self.factors, tuple) and all(isinstance(one, int | float) for one in self.factors)
        if not numbers or not self.factors or not all(0 < one < np.inf for one in self.factors):
            raise ConfigError(f"factors must be numbers above 0, at least one, got {self.factors!r:.60}")

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        last = x.shape[2] - 1
        width = draws.uniform("width", *span("width", self.width))[:, None]
        start = draws.uniform("start")[:, None] * (1 - width) * last
        factor = np.asarray(self.factors, dtype=np.float64)[draws.choice("factor", [1.0] * len(self.factors))][:, None]
        time = np.arange(x.shape[2]) * (1 + width * (factor - 1))
        inside = start + (time - start) / factor
        after = time - width * (factor - 1) * last
        places = np.where(time < start, time, np.where(time < start + width * factor * last, inside, after))
        return resampled(x, np.clip(places, 0, last))


@dataclass(frozen=True)
class Permute(SeriesTransform):
    """The series in equal pieces, which change places (Um et al. 2017). It often harms: the survey, table 4.

    Arguments:
        pieces: range of the number of pieces, at least 1; one of them for each sample at most.
    """

    pieces: int | Sequence[int] = (2, 5)
    breaks: ClassVar[str] = "classes that differ in the order of events"
    neutral: ClassVar[Mapping[str, float]] = {"pieces": 1.0}
    scales: ClassVar[Mapping[str, str]] = {"pieces": "whole"}

    def _check(self) -> None:
        self._ends()

    def _ends(self) -> tuple[int, int]:
        return whole_span("pieces", self.pieces if isinstance(self.pieces, tuple) else (self.pieces,) * 2, 1, 10**6)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        low, high = (min(end, x.shape[2]) for end in self._ends())
        count = draws.whole("pieces", low, high)
        piece = np.arange(x.shape[2]) * count[:, None] // x.shape[2]
        keys = np.take_along_axis(draws.uniform_table("order", high), piece, axis=1)
        order = np.argsort(keys, axis=1, kind="stable")
        return np.take_along_axis(x, order[:, None], axis=2)


@dataclass(frozen=True)
class CropSeries(SeriesTransform):
    """A window of a number of samples, at a place drawn anew; the rows become as long as it.

    Where a row is shorter its last sample is repeated; of a row without samples come zeros.

    Arguments:
        length: samples of the window, at least 1.
    """

    length: int = 64
    breaks: ClassVar[str] = "classes that differ in what happens in a part of the series"
    fewest: ClassVar[int] = 0

    def _check(self) -> None:
        check_count("length", self.length, 1)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102
        return fitted(x, self.length, draws.whole("start", 0, max(x.shape[2] - self.length, 0)))
