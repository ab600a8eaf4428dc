"""Policies as a job names them, and what can be said of one."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ConfigError
from ..generators.augment import default_for
from ..recipe import Change, Kind
from ..transforms.base import Transform
from ..transforms.draws import Draws
from .folders import Folder


def policy_of(job: Change, kind: Kind) -> Transform:
    """Return the policy of a job with its seed. Raises: ConfigError where it is for another kind of data."""
    policy: Transform = default_for(kind) if job.policy is None else Transform.from_dict(job.policy)
    if policy.kind != kind:
        hint = {"text": "; name the column of the texts with --text", "series": "; say --kind series"}
        more = hint.get(policy.kind, "") if kind == "table" else ""
        raise ConfigError(f"the policy is for data of kind {policy.kind!r}, and {job.data} is of kind {kind!r}{more}")
    return policy.seeded(job.seed)


def single(policy: Transform) -> list[Transform]:
    """Return the single changes of a policy, in order."""
    return [leaf for leaf, *_ in policy.leaves(Draws.of(0, 0, np.arange(1)), np.ones(1, dtype=bool))]


def learns(policy: Transform) -> bool:
    """Whether a policy must see all rows before it changes some."""
    return any(type(leaf).learn is not Transform.learn for leaf in single(policy))


def may_break(policy: Transform) -> list[str]:
    """Return a sentence for each change that may turn labels into others."""
    found = {type(leaf).__name__: leaf.breaks for leaf in single(policy) if leaf.breaks}
    return [f"{name} may break labels: {what}" for name, what in found.items()]


def explained(policy: Transform, folder: Folder | None = None) -> str:
    """Return what a policy does to the first image of a folder, or to rows, and what it may break."""
    if folder is None or folder.kind != "image":
        text = policy.explain()
    else:
        first: Any = folder.rows(np.zeros(1, dtype=np.intp))
        text = policy.explain(*first.x[0].shape[:2])
    return "\n".join([text, *may_break(policy)])


def noted(policy: Transform) -> dict[str, Any]:
    """Return what a recipe says of a policy."""
    return {"policy": {name: part for name, part in policy.to_dict().items() if name != "random_state"}}
