"""Which changes of a policy are alternatives: parts of one `OneOf`, of which a row has one at most."""

from __future__ import annotations

from dataclasses import dataclass

from ...base import Transform
from ...compose import Compose, OneOf


@dataclass(frozen=True)
class Mark:
    """A change among those of its policy: `bit` is its own, `joint` those of all that a row can have with it."""

    bit: int
    joint: int


def marks(policy: Transform) -> list[Mark]:
    """Return the marks of the single changes, in the order of `Transform.leaves`."""
    apart = barred(policy)
    every = (1 << len(apart)) - 1
    return [Mark(1 << number, every & ~bits) for number, bits in enumerate(apart)]


def barred(policy: Transform) -> list[int]:
    """Return for each single change the bits of those that no row has with it."""
    inner = getattr(policy, "built", None)
    if isinstance(inner, Transform):
        return barred(inner)
    if not isinstance(policy, Compose):
        return [0]
    parts = [barred(part) for part in policy.parts]
    every = (1 << sum(len(part) for part in parts)) - 1
    made: list[int] = []
    for part in parts:
        start = len(made)
        own = ((1 << len(part)) - 1) << start
        others = every & ~own if isinstance(policy, OneOf) else 0
        made += [bits << start | others for bits in part]
    return made
