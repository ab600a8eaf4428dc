"""Refuse copies of real rows, and rows as near to one as copies are."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from ..data.columns import Floats
from ..data.encode import TableEncoder
from ..data.kinds import as_rows, kind_of
from ..errors import ConfigError
from ..random import as_generator
from .base import check_fitted, is_number, low_quantile
from .space import Neighbours, Space

SHARE = 0.05  # of the real rows that lie as near to another as the default does not allow
MOST = 0.5  # of the distance between neighbours: half way between two of them a row copies neither
SAMPLE = 4000  # real rows that the default is learned from


class NotACopy(BaseEstimator):  # type: ignore[misc]
    """Refuse rows that equal a real one, and rows that lie much nearer to one than real rows lie to each other.

    Equal is equal in every column but identifiers (tables), or in every value (other kinds). Near: let r be the real
    row nearest to a made one, at distance d, and e the distance of r to its own nearest other real row. The made row
    is refused where d < ratio * e: measured by what is usual around r, so that the lonely rows, which give most away,
    are guarded as the crowded ones are. Distances: see `gensynth.gates.space`; rows that repeat count once.

    The default ratio is the one below which 5 % of the real rows themselves lie, each left out in turn, and at most
    1/2; so about 5 % of real rows never seen before would be refused besides those that equal one, and nearly all
    copies moved by little. Distance needs at least one column of numbers or times and three different rows; other
    tables, sparse matrices and other kinds of data are checked for equality alone.

    d / e is the local distance of NN-d (Tax 2001, "One-class classification", which asks whether it is large); here
    it is asked whether it is small, with a bound learned from the data.

    Arguments:
        ratio: how near is too near, at least 0; 0 refuses equal rows alone.
        schema: kinds of columns, to know identifiers by; the Balancer passes its generator's.

    After `fit`: `ratio_`, 0 where distance is not asked.

    Raises: ConfigError in `fit` for a wrong parameter, and where no row could pass: a table of categories holds every
        combination already, or every column is an identifier, so that any row equals any other. NotFitted in `accept`
        before `fit`.

    Example:
        >>> X = np.random.default_rng(0).normal(size=(200, 3))
        >>> gate = NotACopy().fit(X, None)
        >>> gate.accept(np.array([X[0], X[1] + 1e-4, [0.5, 0.5, 0.5]]), None).tolist()
        [False, False, True]
    """

    def __init__(self, *, ratio: float | None = None, schema: Any = None) -> None:
        self.ratio, self.schema = ratio, schema

    def fit(self, X: Any, y: Any) -> Self:
        """Remember the real rows, and learn how near they lie."""
        if self.ratio is not None and (not is_number(self.ratio) or self.ratio < 0):
            raise ConfigError(f"ratio must be a number, finite and at least 0, or None, got {self.ratio!r}")
        self.encoder_ = TableEncoder(self.schema) if kind_of(X) == "table" and not hasattr(X, "tocsr") else None
        self.near_: Neighbours | None = None
        self.ratio_ = 0.0
        if self.encoder_ is None:
            self.real_ = set(_parts(X))
            return self
        matrix = self.encoder_.fit(X)
        held = {row: place for place, row in enumerate(_bytes(matrix))}
        self.real_ = set(held)
        layout = self.encoder_.layout_
        if not layout.blocks:
            raise ConfigError(
                "NotACopy would refuse every row: this table has only identifiers and columns that hold nothing, which "
                "are not compared. Leave the gate out, or name another kind for a column in the schema"
            )
        levels = [block.levels for block in layout.blocks]
        if levels and all(levels) and len(self.real_) >= np.prod([float(count) for count in levels]):
            raise ConfigError(
                f"NotACopy would refuse every row: all {len(self.real_):,} combinations of these categories exist "
                "already. Leave the gate out, or give the table a continuous column"
            )
        if len(layout.numbers) and len(held) > 2 and self.ratio != 0:
            self.near_ = Neighbours(Space(matrix, layout), matrix[sorted(held.values())])
            self.ratio_ = self._learned() if self.ratio is None else float(self.ratio)
        return self

    def _learned(self) -> float:
        """Return the ratio that few real rows fall below."""
        assert self.near_ is not None
        rows = as_generator(0, "near").permutation(self.near_.count)[:SAMPLE]
        d, r = self.near_.others(rows, rows)
        e, _ = self.near_.others(r, rows)
        return min(low_quantile(_over(d, e), SHARE), MOST)

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return which rows are no copies. Shape: (n,)."""
        check_fitted(self)
        if self.encoder_ is None:
            return np.array([row not in self.real_ for row in _parts(X)], dtype=bool)
        matrix = self.encoder_.encode(X)
        good = np.array([row not in self.real_ for row in _bytes(matrix)], dtype=bool)
        if self.near_ is None or not self.ratio_ or not good.any():
            return good
        d, r = self.near_.nearest(matrix[good])
        rows, which = np.unique(r, return_inverse=True)
        e, _ = self.near_.others(rows, rows)
        good[good] = _over(d, e[which]) >= self.ratio_
        return good


def _over(d: Floats, e: Floats) -> Floats:
    """Return d / e; rows that the space cannot tell apart lie at 1."""
    return np.divide(d, e, out=np.ones_like(d), where=e > 0)


def _bytes(matrix: npt.NDArray[np.float64]) -> list[bytes]:
    """Return each row of a coded matrix as bytes; minus zero is zero, and every NaN the same."""
    rows = np.where(np.isnan(matrix), np.nan, matrix + 0.0)
    return [row.tobytes() for row in rows]


def _parts(X: Any) -> list[bytes]:
    """Return each row of any other kind as bytes: the values and the shape of its first field."""
    if hasattr(X, "tocsr"):
        rows = X.tocsr().astype(np.float64)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        ends = zip(rows.indptr[:-1], rows.indptr[1:], strict=True)
        return [rows.indices[a:b].astype(np.int64).tobytes() + rows.data[a:b].tobytes() for a, b in ends]
    held = as_rows(X, kind_of(X))
    values = getattr(held, held.fields[0])
    if held.kind == "text":
        return [text.encode() for text in values]
    arrays = [np.asarray(value) for value in values]
    return [str(array.shape).encode() + np.ascontiguousarray(array).tobytes() for array in arrays]
