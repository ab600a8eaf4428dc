"""What a generator declares that it takes, held against what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.encode import TableEncoder
from ..data.kinds import Kind
from ..errors import Unsupported
from . import all_generators


def check_kind(generator: Any, X: Any, kind: Kind) -> None:
    """Raise Unsupported where the data are of a kind, or a sort of it, that a generator does not take."""
    can, name = generator.supports, type(generator).__name__
    if kind not in can.kinds:
        raise Unsupported(f"{name} does not take data of kind {kind!r}{who(kinds=kind)}")
    if not can.masks and (getattr(X, "masks", None) is not None or getattr(X, "boxes", None) is not None):
        text = "makes images without masks and boxes: give the images alone"
        raise Unsupported(f"{name} {text}{who(kinds=kind, masks=True)}")
    if hasattr(X, "tocsr") and not can.sparse:
        raise Unsupported(f"{name} does not take sparse matrices: give X.toarray(){who(sparse=True)}")


def check_columns(generator: Any, rows: Any) -> None:
    """Raise Unsupported where the columns of a table are of sorts that a generator does not take."""
    if not isinstance(generator.encoder_, TableEncoder):
        return
    can, layout, name = generator.supports, generator.encoder_.layout_, type(generator).__name__
    columns = generator.encoder_.coded_
    if len(layout.categories) and not can.categories:
        column = columns[layout.categories[0]].name
        raise Unsupported(f"{name} does not take categories (column {column!r}){who(categories=True)}")
    if len(layout.numbers) and not can.numbers:
        column = columns[layout.numbers[0]].name
        raise Unsupported(f"{name} takes categories alone, and column {column!r} is not{who(numbers=True)}")
    if not can.missing and np.isnan(rows).any():
        column = columns[int(np.isnan(rows).any(axis=0).argmax())].name
        raise Unsupported(f"{name} does not take missing values, NaN (column {column!r}){who(missing=True)}")


def who(**needs: Any) -> str:
    """Return the end of an error: which generators can what is needed."""
    kind = needs.pop("kinds", "table")
    can = [
        name
        for name, made in all_generators().items()
        if kind in made.supports.kinds
        and all(getattr(made.supports, need) for need in needs)
        and name != "FromImblearn"
    ]
    return f"; {', '.join(can[:3])} can" if can else "; no generator here can"
