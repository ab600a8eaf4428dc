"""Refuse rows that break a condition on their columns."""

from __future__ import annotations

import ast
import unicodedata
import warnings
from collections.abc import Callable, Hashable
from functools import reduce
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from ..data.frames import Frame
from ..errors import GensynthWarning, nearest
from .base import check_fitted, check_table
from .expression import Expression
from .values import Mismatch, Truth, Value, compared, date_form, of_column, of_constant, of_truth

_ARITHMETIC = {
    "Add": np.add, "Sub": np.subtract, "Mult": np.multiply, "Div": np.divide, "FloorDiv": np.floor_divide,
    "Mod": np.mod, "Pow": np.power,
}  # fmt: skip


class Constraint(BaseEstimator):  # type: ignore[misc]
    """Refuse rows for which a condition does not hold.

    The condition is text, in the manner of `pandas.DataFrame.query`; it is read by a parser of its own that knows
    nothing else, and is never run as Python:

    - columns by name, in backticks where the name is no word: `` `net income` > 0``, `` `2020` > 0`` (a name that is
      no text stands as it is printed); the columns of an array are x0, x1, ...
    - ``== != < <= > >=``, in chains (``0 < hours <= 24``); ``town in ['Porto', 'Faro']``, ``not in``;
    - ``and or not`` and brackets (``& | ~`` too, which bind closer); a column of truths stands for itself;
    - ``+ - * / // %``, ``**`` up to 8; abs, round, min, max of values in the same row;
    - times against texts that name one, in ISO 8601 or in the column's own text format: ``opened >= '2024-01-31'``,
      ``opened < '2024-01-31 12:00+01:00'``; ordered categories by their order;
    - isna(column), notna(column).

    A comparison with a missing value is neither true nor false, and so is what rests on it; a row passes only where
    the whole condition is true, as in SQL's WHERE. ``isna(age) or age >= 18`` lets missing ages pass.

    Arguments:
        expression: the condition, at most 2,000 characters.

    After `fit`: `broken_`, how many real rows break it; a warning says so where there are any.

    Raises: ConfigError in `fit` for a condition that cannot be read, an unknown column (offering the nearest), kinds
        that do not compare, and data that is no table. NotFitted in `accept` before `fit`.

    Example:
        >>> X = pd.DataFrame({"age": [31, 45, 18], "net income": [0.0, 900.0, 120.0]})
        >>> gate = Constraint("age >= 18 and (`net income` == 0 or `net income` >= 100)").fit(X, None)
        >>> gate.accept(X.assign(age=[17, 20, 99], **{"net income": [0.0, 50.0, 150.0]}), None).tolist()
        [False, False, True]
    """

    def __init__(self, expression: str) -> None:
        self.expression = expression

    @property
    def title(self) -> str:
        """What the gate is called in counts of refused rows."""
        text = str(self.expression)
        return f"Constraint({text if len(text) <= 60 else f'{text[:57]}...'})"

    def check(self) -> Self:
        """Read the condition, without looking at data. Raises: ConfigError."""
        Expression(self.expression)
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Read the condition and look for its columns."""
        self.read_ = Expression(self.expression)
        check_table(X, "Constraint")
        frame = Frame.open(X)[0]
        self.columns_ = {name: self._found(name, frame.columns) for name in self.read_.columns}
        self.forms_ = {
            place: date_form(frame[place]) for place in self.columns_.values() if _may_be_dates(frame[place])
        }
        good = self._holds(frame)
        self.broken_ = int(len(good) - good.sum())
        if self.broken_:
            warnings.warn(
                f"{self.broken_:,} of {len(good):,} real rows break {self.title}: no synthetic row will",
                GensynthWarning,
                stacklevel=2,
            )
        return self

    def accept(self, X: Any, y: Any) -> npt.NDArray[np.bool_]:
        """Return for which rows the condition is true. Shape: (n,)."""
        check_fitted(self)
        return self._holds(Frame.open(X)[0])

    def _found(self, name: str, columns: pd.Index) -> Hashable:
        """Return the column of the table that a name means: by its text, else by number, as printed, as letters."""
        ways: list[Callable[[Hashable], bool]] = [
            lambda column: isinstance(column, str) and column == name,
            lambda column: _numbered(column) and f"x{column}" == name,
            lambda column: str(column) == name,
            lambda column: unicodedata.normalize("NFKC", str(column)) == name,  # as Python's parser writes letters
        ]
        for means in ways:
            found: list[Hashable] = [column for column in columns if means(column)]
            if len(found) > 1:
                raise self.read_.fault(f"{name!r} may mean {len(found)} columns, {', '.join(map(repr, found))}")
            if found:
                return found[0]
        names = [f"x{column}" if _numbered(column) else str(column) for column in columns]
        raise self.read_.fault(f"there is no column {name!r}{nearest(name, names)}")

    def _holds(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        reader = _Reader(self.read_, frame, self.columns_, self.forms_)
        try:
            with np.errstate(all="ignore"):
                return reader.truth(self.read_.tree).yes
        except Mismatch as error:
            raise self.read_.fault(str(error)) from None


class _Reader:
    """One evaluation of a condition, all rows at once."""

    def __init__(
        self, read: Expression, frame: pd.DataFrame, columns: dict[str, Hashable], forms: dict[Hashable, str | None]
    ) -> None:
        self.n, self.read = len(frame), read
        self.columns = {name: of_column(frame[place], forms.get(place)) for name, place in columns.items()}

    def truth(self, node: ast.expr) -> Truth:
        """Return a node that is a condition."""
        found = self.read_node(node)
        if isinstance(found, Truth):
            return found
        nothing = np.zeros(self.n, dtype=bool)
        if found.kind == "empty":
            return Truth(nothing, nothing)
        if not found.truth:
            raise Mismatch(f"{found.name} is no condition: compare it with something, as in `age > 0`")
        known = np.broadcast_to(~np.asarray(found.missing), (self.n,))
        yes = np.broadcast_to(found.data == 1, (self.n,)) & known
        return Truth(yes, known & ~yes)

    def value(self, node: ast.expr) -> Value:
        """Return a node that is compared."""
        found = self.read_node(node)
        return of_truth(found) if isinstance(found, Truth) else found

    def number(self, node: ast.expr) -> Value:
        """Return a node that is computed with, as float64."""
        found = self.value(node)
        if found.kind not in ("number", "empty"):
            raise Mismatch(f"{found.name} is no number to compute with")
        data = np.where(found.missing, np.nan, np.asarray(found.data, dtype=np.float64))
        return Value(data, found.kind, found.missing, found.name)

    def read_node(self, node: ast.expr) -> Value | Truth:
        """Return any node."""
        if isinstance(node, ast.Name):
            return self.columns[self.read.named(node.id)]
        if isinstance(node, ast.Constant):
            return of_constant(node.value)
        if isinstance(node, ast.BoolOp):
            return self._joined(isinstance(node.op, ast.And), node.values)
        if isinstance(node, ast.UnaryOp):
            return self._signed(node)
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            return reduce(Truth.__and__, map(self._compared, node.ops, sides[:-1], sides[1:]))
        if isinstance(node, ast.Call):
            return self._called(node)
        assert isinstance(node, ast.BinOp)  # the expression lets nothing else through
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            return self._joined(isinstance(node.op, ast.BitAnd), [node.left, node.right])
        a, b = self.number(node.left), self.number(node.right)
        return _computed(_ARITHMETIC[type(node.op).__name__](a.data, b.data), f"what is made of {a.name} and {b.name}")

    def _joined(self, every: bool, nodes: list[ast.expr]) -> Truth:
        return reduce(Truth.__and__ if every else Truth.__or__, map(self.truth, nodes))

    def _signed(self, node: ast.UnaryOp) -> Value | Truth:
        if isinstance(node.op, ast.Not | ast.Invert):
            return ~self.truth(node.operand)
        inner = self.number(node.operand)
        return _computed(-inner.data if isinstance(node.op, ast.USub) else inner.data, inner.name)

    def _compared(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Truth:
        if not isinstance(op, ast.In | ast.NotIn):
            return compared(type(op).__name__, self.value(left), self.value(right), self.n)
        a = self.value(left)
        known = np.broadcast_to(~np.asarray(a.missing), (self.n,))
        found = Truth(np.zeros(self.n, dtype=bool), known)
        for member in right.elts:  # type: ignore[attr-defined]
            found |= compared("Eq", a, self.value(member), self.n)
        return ~found if isinstance(op, ast.NotIn) else found

    def _called(self, node: ast.Call) -> Value | Truth:
        name = node.func.id  # type: ignore[attr-defined]
        if name in ("isna", "notna"):
            missing = np.asarray(self.value(node.args[0]).missing)
            return Truth(missing, ~missing) if name == "isna" else Truth(~missing, missing)
        data = [self.number(each).data for each in node.args]
        if name == "abs":
            return _computed(np.abs(data[0]), "abs(...)")
        if name == "round":
            return _computed(np.round(data[0], int(data[1]) if len(data) > 1 else 0), "round(...)")
        return _computed(reduce(np.minimum if name == "min" else np.maximum, data), f"{name}(...)")


def _computed(data: Any, name: str) -> Value:
    return Value(data, "number", np.isnan(data), name)


def _numbered(column: Hashable) -> bool:
    """Whether a column has a whole number for a name, as those of arrays do."""
    return isinstance(column, int | np.integer) and not isinstance(column, bool)


def _may_be_dates(column: pd.Series) -> bool:
    """Whether a column may hold dates as texts."""
    present = column.dropna()
    return len(present) > 0 and isinstance(present.iloc[0], str)
