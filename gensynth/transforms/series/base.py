"""What changes of series share: rows of one length at a time, smooth random curves, and resampling in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from scipy.interpolate import CubicSpline

from ...errors import ConfigError
from ..base import Transform
from ..draws import Draws, Floats, Ints
from .rows import Runs

Range = float | Sequence[float]
BLOCK = 2**17  # samples that are changed at a time


@dataclass(frozen=True)
class SeriesTransform(Transform):
    """A change of series. Those of fewer samples than `fewest` stay as they are."""

    kind: ClassVar[str] = "series"
    fewest: ClassVar[int] = 2

    def change(self, rows: Runs, draws: Draws, y: Any) -> Runs:
        """Return rows changed, those of one length together, as many at a time as the cache holds."""

        def changed(places: Ints, x: Floats) -> Floats:
            if not x.shape[1] or x.shape[2] < self.fewest:
                return x
            parts, size = [], max(1, BLOCK // max(x[0].size, 1))
            for start in range(0, len(x), size):
                some = places[start : start + size]
                part = x[start : start + size]
                parts.append(self.alter(part, draws.of_rows(some), None if y is None else y[some]))
            return np.concatenate(parts)

        return rows.mapped(changed)

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:
        """Return series of one length, changed. Shape: x (m, channels, time), y (m,) or None."""
        raise NotImplementedError


def column(values: Floats) -> Floats:
    """Return one number for each row as a factor of series. Shape: (m,) to (m, 1, 1)."""
    return values[:, None, None]


def spread(x: Floats) -> Floats:
    """Return the standard deviation of each channel of each row, 0 where it is constant or all missing.

    Shape: (m, channels, time) to (m, channels, 1).
    """
    there = ~np.isnan(x)
    count = np.maximum(there.sum(axis=2, keepdims=True), 1)
    mean = np.where(there, x, 0.0).sum(axis=2, keepdims=True) / count
    made: Floats = np.sqrt((np.where(there, x - mean, 0.0) ** 2).sum(axis=2, keepdims=True) / count)
    return np.where(made > 1e-12 * np.abs(mean), made, 0.0)


def normals(draws: Draws, name: str, *shape: int) -> Floats:
    """Return standard normal numbers for each row. Shape: (m, *shape)."""
    return draws.normal_table(name, int(np.prod(shape))).astype(np.float64).reshape(len(draws), *shape)


@lru_cache(maxsize=64)
def _basis(nodes: int, length: int) -> Floats:
    """Return the values of cubic splines that are 1 at one of evenly spread nodes. Shape: (nodes, length)."""
    made = CubicSpline(np.linspace(0, max(length - 1, 1), nodes), np.eye(nodes))(np.arange(length)).T
    kept: Floats = np.array(made, dtype=np.float64, order="C")
    return kept


def smooth(nodes: Floats, length: int) -> Floats:
    """Return cubic splines through evenly spread nodes, the ends among them. Shape: (..., k) to (..., length)."""
    basis = _basis(nodes.shape[-1], length)
    made: Floats = nodes[..., :1] * basis[0]
    for place in range(1, len(basis)):  # and no product of matrices, whose last bits depend on the batch
        made += nodes[..., place, None] * basis[place]
    return made


def check_count(name: str, value: Any, least: int) -> None:
    """Raise ConfigError where a setting is no whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ConfigError(f"{name} must be a whole number, at least {least}, got {value!r}")


def resampled(x: Floats, places: Floats) -> Floats:
    """Return series at places in their time, by straight lines between the samples.

    A place whose nearest sample is missing is missing; a missing sample further off does not count.

    Shape: x (m, channels, time), places (m, length) from 0 to time - 1; returns (m, channels, length).
    """
    first = np.clip(np.floor(places).astype(np.intp), 0, max(x.shape[2] - 2, 0))
    share = (places - first)[:, None]
    left = np.take_along_axis(x, first[:, None], axis=2)
    right = np.take_along_axis(x, np.minimum(first + 1, x.shape[2] - 1)[:, None], axis=2)
    made = left * (1 - share) + right * share
    if np.isnan(made).any():
        near = np.where(share < 0.5, left, right)
        made = np.where(np.isnan(made) | np.isnan(near), near, made)
    return made


def bridged(x: Floats) -> Floats:
    """Return series with missing samples on the straight line between their neighbours, 0 where all are missing.

    At the ends the nearest sample is taken. Shape: (m, channels, time), also returned.
    """
    gaps = np.isnan(x)
    if not gaps.any():
        return x
    at = np.arange(x.shape[2])
    before = np.maximum.accumulate(np.where(gaps, -1, at), axis=2)
    after = np.minimum.accumulate(np.where(gaps, x.shape[2], at)[..., ::-1], axis=2)[..., ::-1]
    none = gaps.all(axis=2, keepdims=True)
    left, right = np.where(before < 0, after, before), np.where(after == x.shape[2], before, after)
    first, last = (np.take_along_axis(x, np.where(none, 0, ends), axis=2) for ends in (left, right))
    share = (at - left) / np.where(right > left, right - left, 1)
    return np.where(none, 0.0, np.where(gaps, first * (1 - share) + last * share, x))
