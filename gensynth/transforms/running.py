"""A policy on rows of its kind."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, DataError
from . import rowwise

if TYPE_CHECKING:
    from .base import Transform

_READERS = {  # kind: where `read(X, rate)` returns rows in their working form, as `rowwise.Given`
    "text": "gensynth.transforms.text.rows",
    "audio": "gensynth.transforms.audio.rows",
    "series": "gensynth.transforms.series.rows",
    "table": "gensynth.transforms.table.rows",
}


def given(kind: str, X: Any, rate: float | None = None, known: Any = None) -> rowwise.Given:
    """Return rows of a kind that is changed row by row, in their working form. Raises: DataError.

    Arguments:
        known: of tables, what a fitted policy knows, which says how they are coded.
    """
    if rate is not None and kind != "audio":
        raise ConfigError(f"rate is for audio, and this policy is for data of kind {kind!r}")
    read = import_module(_READERS[kind]).read
    made: rowwise.Given = read(X, rate) if known is None else read(X, rate, known)
    return made


def run(policy: Transform, X: Any, *, y: Any, index: Any, epoch: int, rate: float | None, **belonging: Any) -> Any:
    """Return changed rows, and what belongs to them. Raises: DataError, ConfigError."""
    if policy.kind == "image":
        from .image import rows

        if rate is not None:
            raise ConfigError("rate is for audio, and this policy is for images")
        return rows.run(policy, X, y=y, index=index, epoch=epoch, **belonging)
    for name, part in belonging.items():
        if part is not None:
            raise DataError(f"{name} belongs to images, and this policy is for data of kind {policy.kind!r}")
    known = rowwise.known_of(policy) if policy.kind == "table" else None
    return rowwise.run(policy, given(policy.kind, X, rate, known), y=y, index=index, epoch=epoch)


def fit(policy: Transform, X: Any, y: Any = None, rate: float | None = None) -> Any:
    """Return a policy that knows what it needs of the data. Raises: DataError."""
    if policy.kind == "image":
        from .image import rows

        return rows.fit(policy, X, y)
    read = given(policy.kind, X, rate)
    return policy.learned(read.rows, rowwise.labels_of(y, len(read.rows), read.alone))


def check(policy: Transform, X: Any) -> None:
    """Raise DataError where rows cannot be changed, ConfigError where the policy does not suit them."""
    if policy.kind == "image":
        from .image import rows

        rows.check(policy, X)
    else:
        given(policy.kind, X)


def explain(policy: Transform, height: int, width: int) -> str:
    """Return what a policy does, in words."""
    if policy.kind != "image":
        return rowwise.explained(policy)
    from .image.fused import plan
    from .image.fused.stages import Canvas

    return plan.explained(policy, Canvas(2, 3, height, width))
