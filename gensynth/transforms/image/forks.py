"""Which changes of a policy are alternatives: parts of one `OneOf`, of which a row has one at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..base import Transform
from ..compose import Compose, OneOf

Path = tuple[tuple[bool, int], ...]  # of each choice or sequence down to a change: whether a choice, which of its parts


def forks(policy: Transform, path: Path = ()) -> Iterator[Path]:
    """Yield the way to each single change, in the order of `Transform.leaves`."""
    inner = getattr(policy, "built", None)
    if isinstance(inner, Transform):
        yield from forks(inner, path)
    elif isinstance(policy, Compose):
        for place, part in enumerate(policy.parts):
            yield from forks(part, (*path, (isinstance(policy, OneOf), place)))
    else:
        yield path


def exclusive(one: Path, other: Path) -> bool:
    """Whether no row has both changes."""
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            return mine[0]
    return False


@dataclass(frozen=True)
class Mark:
    """A change among those of its policy: `bit` is its own, `joint` those of all that a row can have with it."""

    bit: int
    joint: int


def marks(policy: Transform) -> list[Mark]:
    """Return the marks of the single changes, in the order of `Transform.leaves`."""
    ways = [*forks(policy)]
    return [
        Mark(1 << number, sum(1 << place for place, other in enumerate(ways) if not exclusive(way, other)))
        for number, way in enumerate(ways)
    ]
