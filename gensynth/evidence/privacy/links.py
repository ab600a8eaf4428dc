"""Of which real rows synthetic ones were made: places in the rows that are compared, from those that parents name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DataError
from .points import Places

HOW = (
    "where the given rows are a part, say which, as places=(of X, of the result): masks or positions, as in "
    'places=(y == "few", balancer.is_synthetic_)'
)


def links_of(parents: Any, places: Any, n: int, m: int) -> tuple[Places, Places]:
    """Return places of synthetic rows and of their parents among the rows that were given.

    Arguments:
        parents: frame of row and parent.
        places: two masks or positions, of the n real and the m synthetic rows in what parents name; links to other
            rows are left out. Each may be None: they are all rows there, of a Balancer's result those behind the real.
        n, m: how many real and synthetic rows were given.

    Raises: DataError where parents or places are none, or name no rows that were given.
    """
    try:
        child, parent = (np.asarray(parents[name]).astype(np.intp) for name in ("row", "parent"))
    except (KeyError, IndexError, TypeError, ValueError):
        raise DataError(
            "parents must be a frame of the columns row and parent, whole numbers, as parents_ is"
        ) from None
    real, made = _pair(places)
    some = len(child) > 0
    if made is not None:
        child = _among(child, _positions(made, m, "synthetic"))
    elif some and child.max() >= m:  # a Balancer's: kept real rows come first
        child = child - (child.min() if len(np.unique(child)) == m else n if real is None else 0)
    if real is not None:
        parent = _among(parent, _positions(real, n, "real"))
    for name, found, count, given in (("synthetic", child, m, made), ("real", parent, n, real)):
        if given is None and some and (found.min() < 0 or found.max() >= count):
            raise DataError(f"parents name rows beyond the {count:,} {name} ones that were given: {HOW}")
    known = (child >= 0) & (parent >= 0)
    if some and not known.any():
        raise DataError("places has no row that parents name: give where the rows stand in X, and in the result")
    return child[known], parent[known]


def _pair(places: Any) -> tuple[Any, Any]:
    if places is None:
        return None, None
    if not isinstance(places, tuple | list) or len(places) != 2:
        raise DataError(f"places must be two masks or lists of positions, of real and of synthetic rows: {HOW}")
    return places[0], places[1]


def _positions(given: Any, count: int, name: str) -> Places:
    """Return positions of rows, of which a mask or themselves were given. Shape: (count,)."""
    found = np.asarray(given)
    if found.dtype == object:  # of nullable columns
        found = np.asarray(found.tolist())
    if found.ndim != 1 or found.dtype.kind not in "biu":
        raise DataError(f"places of the {name} rows must be a mask or whole numbers: one for each row that was given")
    if found.dtype.kind == "b":
        found = np.flatnonzero(found)
    if len(found) != count:
        raise DataError(f"places names {len(found):,} {name} rows, and {count:,} were given")
    if count and (found.min() < 0 or len(np.unique(found)) < count):
        raise DataError(f"places of the {name} rows must be at least 0, each another")
    return found.astype(np.intp)


def _among(rows: Places, positions: Places) -> Places:
    """Return where rows stand among positions, -1 where they do not. Shape: (k,), (n,) to (k,)."""
    if not len(positions):
        return np.full(len(rows), -1)
    order = np.argsort(positions)
    at = np.searchsorted(positions, rows, sorter=order).clip(max=len(positions) - 1)
    return np.where(positions[order[at]] == rows, order[at], -1)
