"""What all transforms of recordings share: rows of one length are changed together."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ...random import as_generator
from ..base import Transform
from ..draws import Draws, Floats
from ..settings import span
from .rows import Waves


@dataclass(frozen=True)
class AudioTransform(Transform):
    """A change of recordings. One of no samples stays as it is."""

    kind: ClassVar[str] = "audio"

    def change(self, rows: Waves, draws: Draws, y: Any) -> Waves:
        """Return waves, changed."""
        made = list(rows.rows)
        for places, x in rows.blocks():
            new = self.alter(x, draws.of_rows(places), rows.rate)
            for place, wave in zip(places, new, strict=True):
                made[place] = wave
        return rows.with_rows(made)

    @abstractmethod
    def alter(self, x: Tensor, draws: Draws, rate: float) -> Tensor | Sequence[Tensor]:
        """Return changed waves, in a tensor or a list; x stays as it is. Shape: x (m, samples), rate in Hz."""


def column(values: Floats, x: Tensor) -> Tensor:
    """Return a number for each row, to go with its samples. Shape: (m,) to (m, 1)."""
    return torch.from_numpy(np.asarray(values)).to(x)[:, None]


def power(x: Tensor) -> Tensor:
    """Return the mean square of each row. Shape: (m, samples) to (m, 1)."""
    return x.double().square().mean(1, keepdim=True)


def normals(draws: Draws, name: str, x: Tensor, columns: int) -> Tensor:
    """Return standard normal numbers on the device of x, a stream for each row. Shape: (m, columns).

    Keyed as those of `Draws.normal_table`, which holds a key for each column: for the length of a wave this is faster.
    """
    made = np.empty((len(draws), columns), dtype=np.float32)
    for place, row in enumerate(draws.rows.tolist()):
        as_generator(draws.key, f"{draws.path} {name}", row).standard_normal(dtype=np.float32, out=made[place])
    return torch.from_numpy(made).to(x)


def decibels(name: str, value: Any, least: float, most: float) -> tuple[float, float]:
    """Return the ends of a range of ratios in dB, of which one number is both. Raises: ConfigError."""
    return span(name, value if isinstance(value, Sequence) else (value, value), 0.0, least, most)


def log_uniform(draws: Draws, name: str, low: float, high: float) -> Floats:
    """Return numbers from low to high, both above 0, drawn evenly in their logarithm. Shape: (m,)."""
    drawn: Floats = np.exp(draws.uniform(name, np.log(low), np.log(high)))
    return drawn
