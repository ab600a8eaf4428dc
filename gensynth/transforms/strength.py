"""How strong a transform is: its settings moved towards the values at which nothing is done, and policies made safe.

Each transform names in `neutral` the settings that hold its strength, and the values at which nothing is done. Half of
a strength is half of the way, on the scale on which the change grows evenly:

    straight     v0 + share (v - v0); one number stands for a range around the middle, or counts from 0: share v
    absolute     the same, and one number is both ends of a range
    whole        the same, rounded
    decibels     v - 20 log10(share), v0 at most: of noise, the amplitude times the share
    inverse      v / share, v0 at most
    photons      v / share^2, v0 at most: the standard deviation of shot noise times the share
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log10
from typing import Any, Literal

from ..errors import ConfigError
from .base import Transform
from .compose import Compose, OneOf
from .settings import check_chance

Scale = Literal["straight", "absolute", "whole", "decibels", "inverse", "photons"]
LEAST = 1e-9  # shares below count as 0


def weakened(op: Transform, share: float) -> Any:
    """Return one change, no policy of several, at a share of its strength. Raises: ConfigError where it has none."""
    check_chance("share", share)
    if share == 1:
        return op
    if not op.neutral:
        raise ConfigError(f"{type(op).__name__} is done or not: it cannot be weakened, drop it or lower its p")
    made = replace(op, **{name: _setting(op, name, share) for name in op.neutral})
    return made if op.known is None else made._knowing(op.known)


def _setting(op: Transform, name: str, share: float) -> Any:
    """Return a setting at a share of the way from its neutral value."""
    value, neutral, scale = getattr(op, name), op.neutral[name], op.scales.get(name, "straight")
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(_moved(end, neutral, share, scale) for end in value)
    return value * share if scale == "straight" else _moved(value, neutral, share, scale)


def _moved(value: float, neutral: float, share: float, scale: str) -> float:
    """Return one end of a range moved."""
    if scale in ("straight", "absolute", "whole"):
        made = neutral + share * (value - neutral)
        return round(made) if scale == "whole" else made
    if share < LEAST:
        return neutral
    made = {"decibels": value - 20 * log10(share), "inverse": value / share, "photons": value / share**2}[scale]
    return min(made, max(neutral, value))


def safe(policy: Transform, shares: Mapping[str, float]) -> Transform:
    """Return a policy with its changes at the shares of their strength that are given by place, see `places`.

    A change whose share is 0 is left out, and with it, of alternatives, their chance; one of which nothing is said
    stays as it is. What is left may be an empty `Compose`, which does nothing.

    Raises: ConfigError for what are no shares, and for places that the policy has not, as that of another audit.
    """
    there = places(policy)
    if not isinstance(shares, Mapping):
        raise ConfigError(f"what is safe is said by an audit, or by shares of strengths by place, got {shares!r:.60}")
    for place, share in shares.items():
        if place not in there:
            raise ConfigError(f"the policy has no change at the place {place!r:.20}, its places are {[*there]!r:.60}")
        check_chance("share", share)
    return _safe(policy, shares, "")


def _safe(policy: Transform, shares: Mapping[str, float], place: str) -> Transform:
    if not isinstance(policy, Compose):
        share = shares.get(place, 1.0)
        return policy.weakened(share) if share > 0 else nothing(policy.kind)
    made = [_safe(part, shares, joined(place, at)) for at, part in enumerate(policy.parts)]
    left = [at for at, part in enumerate(made) if not _is_nothing(part) or _is_nothing(policy.parts[at])]
    if not left:
        return nothing(policy.kind)
    said: dict[str, Any] = {"parts": tuple(made[at] for at in left)}
    if isinstance(policy, OneOf) and policy.weights:
        said["weights"] = tuple(policy.weights[at] for at in left)
        if not any(said["weights"]):
            return nothing(policy.kind)
    return replace(policy, **said)


def places(policy: Transform, place: str = "") -> dict[str, Transform]:
    """Return the single changes of a policy by their places: "1.0" is the first part of the second; "" a change alone.

    Policies that draw their changes from a list of their own, such as `RandAugment`, are single changes here.
    """
    if not isinstance(policy, Compose):
        return {place: policy}
    found = {}
    for at, part in enumerate(policy.parts):
        found.update(places(part, joined(place, at)))
    return found


def joined(place: str, at: int) -> str:
    """Return the place of a part."""
    return f"{place}.{at}" if place else str(at)


def nothing(kind: str) -> Compose:
    """Return the policy that does nothing to rows of a kind."""
    return Compose((), of=kind)


def _is_nothing(policy: Transform) -> bool:
    return isinstance(policy, Compose) and not places(policy)
