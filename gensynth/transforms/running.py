"""A policy on rows of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Transform


def run(policy: Transform, X: Any, *, index: Any, epoch: int, **belonging: Any) -> Any:
    """Return changed rows, and what belongs to them. Raises: DataError, ConfigError."""
    from .image import rows

    return rows.run(policy, X, index=index, epoch=epoch, **belonging)


def check(policy: Transform, X: Any) -> None:
    """Raise DataError where rows cannot be changed, ConfigError where the policy does not suit them."""
    from .image import rows

    rows.check(policy, X)


def explain(policy: Transform, height: int, width: int) -> str:
    """Return what a policy does, in words."""
    from .image import plan
    from .image.stages import Canvas

    return plan.explained(policy, Canvas(2, 3, height, width))
