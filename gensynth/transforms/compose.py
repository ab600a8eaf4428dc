"""Policies of several transforms: one after another, one of several, one by a chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from ..errors import ConfigError
from .base import Leaf, Transform
from .draws import Draws, Flags
from .settings import check_chance

KINDS = ("image", "text", "audio", "series", "table")


@dataclass(frozen=True)
class Compose(Transform):
    """Changes one after another.

    Arguments:
        parts: transforms of one kind; without any nothing is done.
        of: the kind, where there are no parts to tell it; images where neither does.
    """

    parts: Sequence[Transform] = ()
    of: str = field(default="", kw_only=True)

    def _check(self) -> None:
        check_parts(self.parts)
        kinds = {part.kind for part in self.parts} or set(KINDS)
        if self.of and self.of not in kinds:
            raise ConfigError(f"of must be {' or '.join(sorted(kinds))}, got {self.of!r:.60}")

    @property
    def kind(self) -> str:  # type: ignore[override]
        """The kind of the parts."""
        return kind_of_parts(self.parts) if self.parts else self.of or KINDS[0]

    def weakened(self, share: float) -> Self:
        """Return the parts, each at a share of its strength. Raises: ConfigError for parts that are done or not."""
        check_chance("share", share)
        return self._of([part.weakened(share) for part in self.parts])

    def learned(self, rows: Any, y: Any) -> Self:
        """Return the parts with what they know of rows."""
        return self._of([part.learned(rows, y) for part in self.parts])

    def ready(self, rows: Any, y: Any) -> Self:
        """Return the parts as they are where they were fitted, else with what they know of the rows of a call."""
        return self._of([part.ready(rows, y) for part in self.parts])

    def _of(self, parts: Sequence[Transform]) -> Self:
        same = all(new is old for new, old in zip(parts, self.parts, strict=True))
        return self if same else replace(self, parts=tuple(parts))

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield those of the parts."""
        active = draws.kept(active, self.p)
        for place, part in enumerate(self.parts):
            yield from part.leaves(draws.at(place), active, certain and self.p == 1)


@dataclass(frozen=True)
class OneOf(Compose):
    """One of several changes, drawn for each row.

    Arguments:
        parts: transforms of one kind; without any nothing is done.
        weights: how often each is drawn, on any scale; () for equally often.
    """

    weights: Sequence[float] = ()

    def _check(self) -> None:
        super()._check()
        try:
            weights = np.asarray(self.weights, dtype=np.float64)
        except (TypeError, ValueError):
            weights = np.full(1, np.nan)
        many = weights.shape == (len(self.parts),)
        if weights.shape != (0,) and not (
            many and np.isfinite(weights).all() and (weights >= 0).all() and weights.any()
        ):
            raise ConfigError(f"weights must be {len(self.parts)} numbers, none below 0, got {self.weights!r:.60}")
        object.__setattr__(self, "weights", tuple(weights.tolist()))

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield those of the parts, each for the rows that drew it."""
        active = draws.kept(active, self.p)
        drawn = bool(self.parts) and bool(active.any())
        chosen = draws.choice("which", self.weights or [1.0] * len(self.parts)) if drawn else None
        for place, part in enumerate(self.parts):
            yield from part.leaves(draws.at(place), active if chosen is None else active & (chosen == place), False)


def Sometimes(part: Transform, p: float = 0.5) -> Compose:
    """Return a transform that is applied to a row by a chance."""
    return Compose([part], p=p)


def check_parts(parts: Any) -> None:
    """Raise ConfigError where parts are no transforms, or their kinds differ."""
    if not isinstance(parts, tuple):
        raise ConfigError(f"parts must be a list of transforms, got {parts!r:.60}")
    for part in parts:
        if isinstance(part, Mapping) and isinstance(part.get("name"), str):
            Transform.from_dict(part)  # says which name is near
        if not isinstance(part, Transform):
            raise ConfigError(f"parts must be transforms, got {part!r:.60}")
    kinds = sorted({part.kind for part in parts})
    if len(kinds) > 1:
        raise ConfigError(f"the parts of a policy must be of one kind, got {' and '.join(kinds)}")


def kind_of_parts(parts: Sequence[Transform]) -> str:
    """Return the kind of the parts; of none that of images."""
    return parts[0].kind if parts else KINDS[0]
