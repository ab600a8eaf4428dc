"""Images in the styles of others: which style each row is given. How, stands in `styles`. What is shown stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from ..draws import Draws, Floats, Ints
from .damage import Tone
from .styles.base import Style


@dataclass(frozen=True, eq=False)
class Given:
    """Which style each row is given. Shape: styles (n,) places in the bank, strength (n,)."""

    style: Style
    styles: Ints
    strength: Floats


@dataclass(frozen=True)
class Restyle(Tone):
    """Images in styles of a bank: what they are given is known by their numbers."""

    breaks = "classes told by colour, light or texture"

    @classmethod
    def of(cls, style: Style, styles: Ints, strength: Floats) -> Self:
        """Return what gives row i the style of place styles[i], (n,), at strength[i], (n,) from 0 to 1."""
        return cls()._knowing(Given(style, styles, strength))

    def harm(self, x: Tensor, draws: Draws) -> Tensor:  # noqa: D102
        given: Given = self.known
        colours, rows = x[:, :1] if x.shape[1] == 2 else x, draws.rows
        made = given.style.give(colours, given.styles[rows], given.strength[rows])
        return made if colours is x else torch.cat([made, x[:, 1:]], 1)
