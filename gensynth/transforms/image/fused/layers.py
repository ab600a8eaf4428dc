"""Changes of colour in a plan: those of alternatives as one change, in which each row has its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...draws import Flags, Ints
from .forks import Mark
from .stages import Curve, Floats, Hue, Tint

Colour = Tint | Hue | Curve


@dataclass
class Layer:
    """Changes of one sort of which no row has two: each change, rows (m,) that it is drawn for, and its name."""

    parts: list[tuple[Colour, Ints, str]] = field(default_factory=list)
    bits: int = 0

    @classmethod
    def add(cls, layers: list[Layer], stage: Colour, rows: Ints, name: str, mark: Mark) -> None:
        """Put a change into the first layer that it can be in, after all that a row can have before it."""
        first = max((number + 1 for number, layer in enumerate(layers) if layer.bits & mark.joint), default=0)
        into = next((layer for layer in layers[first:] if layer.takes(stage)), None)
        if into is None:
            layers.append(into := cls())
        into.parts.append((stage, rows, name))
        into.bits |= mark.bit

    def takes(self, stage: Colour) -> bool:
        """Whether a change is of the same sort."""
        mine = self.parts[0][0]
        if isinstance(mine, Tint) and isinstance(stage, Tint):
            return mine.about == stage.about
        if isinstance(mine, Curve) and isinstance(stage, Curve):
            return mine.smooth == stage.smooth
        return isinstance(mine, Hue) and isinstance(stage, Hue)

    @property
    def names(self) -> str:
        """The names of the changes."""
        return " | ".join(dict.fromkeys(name for _, _, name in self.parts))

    @property
    def linear(self) -> bool:
        """Whether they are linear."""
        return isinstance(self.parts[0][0], Tint)

    @property
    def looked(self) -> bool:
        """Whether they are looked up."""
        return isinstance(self.parts[0][0], Curve)

    @property
    def about(self) -> bool:
        """Whether they are linear, around the mean of a row."""
        return isinstance(self.parts[0][0], Tint) and self.parts[0][0].about

    @property
    def safe(self) -> bool:
        """Whether they are linear, and none of them must be clamped."""
        return all(isinstance(stage, Tint) and stage.safe for stage, *_ in self.parts)

    def whole(self, n: int) -> tuple[Colour, Flags, str]:
        """Return the changes as one of n rows, which rows it touches, and its names."""
        active = np.zeros(n, dtype=bool)
        for _, rows, _ in self.parts:
            active[rows] = True
        stages = [(stage, rows) for stage, rows, _ in self.parts]
        first = stages[0][0]
        if len(stages) == 1 and len(stages[0][1]) == n:
            return first, active, self.names
        if isinstance(first, Hue):
            turns = _joined(n, [(stage.turns, rows) for stage, rows in stages if isinstance(stage, Hue)])
            return Hue(turns), active, self.names
        if isinstance(first, Curve):
            curves = [(stage.values, rows) for stage, rows in stages if isinstance(stage, Curve)]
            return Curve(_joined(n, curves), first.smooth), active, self.names
        return self._tint(n, stages, first.about), active, self.names

    def _tint(self, n: int, stages: list[tuple[Colour, Ints]], about: bool) -> Tint:
        tints = [(stage, rows) for stage, rows in stages if isinstance(stage, Tint)]
        full = any(stage.matrix.ndim == 3 for stage, _ in tints)
        eye = np.eye(3)
        matrices = [
            (stage.matrix[:, None, None] * eye if full and stage.matrix.ndim == 1 else stage.matrix, rows)
            for stage, rows in tints
        ]
        return Tint(_joined(n, matrices), _joined(n, [(stage.shift, rows) for stage, rows in tints]), self.safe, about)


def _joined(n: int, parts: list[tuple[Floats, Ints]]) -> Floats:
    """Return numbers of some rows as those of n rows. Shape: (m, ...), (m,) to (n, ...)."""
    most = max((values for values, _ in parts), key=lambda values: values.ndim)
    made = np.zeros((n, *most.shape[1:]))
    for values, rows in parts:
        made[rows] = values if values.ndim == made.ndim else np.expand_dims(values, 1)
    return made
