"""Columns and constants as the values of a condition, and how they are compared.

A value is numbers, times, or texts (any other thing), with a mask of where it is missing; a truth knows where it
surely holds and where it surely does not, and is neither where something was missing.
"""

from __future__ import annotations

import datetime
import operator
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.schema import infer_column
from ..errors import DataError, nearest

Kind = Literal["number", "time", "text", "empty"]
Bools = npt.NDArray[np.bool_]
OPERATORS = {
    "Eq": operator.eq, "NotEq": operator.ne, "Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt,
    "GtE": operator.ge,
}  # fmt: skip


_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?( ?(Z|[+-]\d\d(:?\d\d)?))?)?", re.ASCII)


class Mismatch(Exception):
    """Values that cannot be used so; the message says which, and what to do."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Where a condition surely holds and where it surely does not. Shape: (n,) each."""

    yes: Bools
    no: Bools

    def __and__(self, other: Truth) -> Truth:
        return Truth(self.yes & other.yes, self.no | other.no)

    def __or__(self, other: Truth) -> Truth:
        return Truth(self.yes | other.yes, self.no & other.no)

    def __invert__(self) -> Truth:
        return Truth(self.no, self.yes)


@dataclass(frozen=True, eq=False)
class Value:
    """A column, a constant, or what was computed of them.

    `data` is (n,) for what differs by row, else one thing; `missing` likewise. `name` is what people call it; `truth`
    says that the numbers are 0 and 1 for truths; `levels` is the order of an ordered category; `form` the format of
    times that stand as texts.
    """

    data: Any
    kind: Kind
    missing: Any
    name: str
    truth: bool = False
    levels: tuple[Any, ...] | None = None
    form: str | None = None

    @property
    def constant(self) -> bool:
        """Whether it is the same in every row."""
        return not hasattr(self.data, "__array__") or np.ndim(self.data) == 0

    def at(self, rows: Bools) -> Any:
        """Return the data of some rows; a constant stands for all of them."""
        return self.data if self.constant else self.data[rows]


def of_constant(value: Any) -> Value:
    """Return a constant of a condition as a value."""
    if isinstance(value, str):
        return Value(value, "text", False, repr(value))
    return Value(value, "number", False, repr(value), isinstance(value, bool))


def of_truth(truth: Truth) -> Value:
    """Return a truth as a number, 0 or 1."""
    return Value(truth.yes.astype(np.float64), "number", ~(truth.yes | truth.no), "a condition", True)


def date_form(column: pd.Series) -> str | None:
    """Return the format of a column of texts that are dates, or None."""
    try:
        return getattr(infer_column(column.reset_index(drop=True)), "text", None)
    except DataError:
        return None


def of_column(column: pd.Series, form: str | None = None) -> Value:
    """Return a column as a value; `form` says that its texts are dates."""
    name, missing = str(column.name), column.isna().to_numpy(dtype=bool)
    if missing.all():
        return Value(np.full(len(column), np.nan), "empty", missing, name)
    levels = None
    if isinstance(column.dtype, pd.CategoricalDtype):
        levels = tuple(column.cat.categories) if column.cat.ordered else None
        column = column.astype(object)
    dtype, first = column.dtype, column.iloc[int((~missing).argmax())]
    if form is not None or getattr(dtype, "kind", "O") in "mM" or isinstance(first, datetime.date | datetime.timedelta):
        times = _times(column, form, first)
        return Value(times, "time", times.isna().to_numpy(), name, form=form)
    kinds: set[type] = {bool} if pd.api.types.is_bool_dtype(dtype) else {type(first)}
    if pd.api.types.is_object_dtype(dtype):
        kinds = {type(value) for value in column[~missing].tolist()}
    if all(issubclass(kind, bool | int | float | np.number | np.bool_ | Decimal) for kind in kinds):
        numbers = np.asarray(column) if not missing.any() else np.empty(0, dtype=object)
        if numbers.dtype.kind not in "iuf":
            numbers = np.full(len(column), np.nan)
            numbers[~missing] = column[~missing].astype(object).astype(float)
        return Value(numbers, "number", missing | np.isnan(numbers), name, kinds <= {bool, np.bool_}, levels)
    return Value(column.astype(object).to_numpy(), "text", missing, name, levels=levels)


def _times(column: pd.Series, form: str | None, first: Any) -> pd.Series:
    plain = column.reset_index(drop=True)
    if getattr(column.dtype, "kind", "O") in "mM" and not isinstance(column.dtype, pd.ArrowDtype):
        return plain
    plain = plain.astype(object)
    if isinstance(first, datetime.timedelta):
        return pd.to_timedelta(plain)
    return pd.to_datetime(plain) if form is None else pd.to_datetime(plain, format=form, errors="coerce")


def compared(name: str, a: Value, b: Value, n: int) -> Truth:
    """Return how two values compare; where one is missing, neither yes nor no.

    Arguments:
        name: of the operator, one of `OPERATORS`.

    Raises: Mismatch where they are of kinds that do not compare.
    """
    if "empty" in (a.kind, b.kind):
        return Truth(np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))
    if a.kind == "text" and b.kind == "time":
        a = _as_time(a, b)
    elif a.kind == "time" and b.kind == "text":
        b = _as_time(b, a)
    elif name not in ("Eq", "NotEq") and (a.levels or b.levels):
        a, b = _as_places(a, b)
    if a.kind != b.kind and not (name in ("Eq", "NotEq") and _mixed(a, b)):
        raise Mismatch(_says(a, b))
    if a.kind == b.kind == "time":
        _check_times(a, b)
    known = np.broadcast_to(~np.asarray(a.missing) & ~np.asarray(b.missing), (n,))
    yes = np.zeros(n, dtype=bool)
    try:
        yes[known] = np.asarray(OPERATORS[name](a.at(known), b.at(known)), dtype=bool)
    except TypeError:
        raise Mismatch(f"{a.name} and {b.name} have no order that both are in") from None
    return Truth(yes, known & ~yes)


def _check_times(a: Value, b: Value) -> None:
    """Raise Mismatch where times and durations meet, or times with a zone and times without one."""
    if a.constant or b.constant:  # made in the likeness of the column
        return
    if a.data.dtype.kind != b.data.dtype.kind:
        first, second = (a, b) if b.data.dtype.kind == "m" else (b, a)
        raise Mismatch(f"{first.name} holds times, and {second.name} durations")
    zones = [getattr(each.data.dtype, "tz", None) for each in (a, b)]
    if (zones[0] is None) != (zones[1] is None):
        first, second = (a, b) if zones[1] is None else (b, a)
        raise Mismatch(f"{first.name} has a time zone and {second.name} has none: give both one, or neither")


def _as_time(text: Value, time: Value) -> Value:
    """Return a constant text as the time it names, in the zone of a column."""
    if not text.constant:
        raise Mismatch(_says(text, time))
    duration = time.data.dtype.kind == "m"
    made: Any = pd.NaT
    for form in dict.fromkeys([time.form, None]):
        try:
            if duration:
                made = pd.Timedelta(text.data)
            elif form is not None and any(map(str.isdigit, text.data)):  # 'now' passes for any format
                made = pd.to_datetime(text.data, format=form)
            elif _ISO.fullmatch(text.data.strip()):  # what else pandas guesses: months before days, 'today'
                made = pd.Timestamp(text.data.strip())
            break
        except (ValueError, OverflowError):
            continue
    if pd.isna(made):
        example = "'1 days 12:00:00'" if duration else "'2024-01-31' or '2024-01-31 12:00'"
        own = f", or in the column's own format {time.form}" if time.form else ""
        raise Mismatch(f"{time.name} holds {'durations' if duration else 'times'}, and {text.name} is none: write it "
                       f"as {example}{own}")  # fmt: skip
    zone = getattr(time.data.dtype, "tz", None)
    if not duration and (zone is None) != (made.tzinfo is None):
        made = made.tz_localize(zone) if zone is not None else made.tz_convert("UTC").tz_localize(None)
    return Value(made, "time", False, text.name)


def _as_places(a: Value, b: Value) -> tuple[Value, Value]:
    """Return values of an ordered category as their places in its order."""
    levels = a.levels or b.levels or ()
    if a.levels and b.levels and a.levels != b.levels:
        raise Mismatch(f"{a.name} and {b.name} are ordered categories of different levels")
    places = {level: place for place, level in enumerate(levels)}
    done = []
    for value in (a, b):
        if not value.constant:
            data: Any = np.array([places.get(each, -1) for each in value.data.tolist()])
        elif value.data in places:
            data = places[value.data]
        else:
            raise Mismatch(f"{value.name} is no level of the ordered category{nearest(value.data, levels)}")
        done.append(Value(data, "number", value.missing, value.name))
    return done[0], done[1]


def _mixed(a: Value, b: Value) -> bool:
    """Whether a column of things that are not all text may equal a number."""
    return any(
        one.kind == "text" and not one.constant and not all(isinstance(each, str) for each in one.data[~one.missing])
        for one in (a, b)
    )


def _says(a: Value, b: Value) -> str:
    """Return why two values do not compare."""
    if a.constant and not b.constant:
        a, b = b, a
    holds = {"number": "truth values" if a.truth else "numbers", "time": "times", "text": "text"}.get(a.kind, "nothing")
    hint = ""
    if a.kind == "number" and b.kind == "text":
        hint = ": write True or False" if a.truth else ": write a number, without quotes"
    elif a.kind == "text" and b.kind == "number":
        hint = ": put the value in quotes"
    elif a.kind == "time" or b.kind == "time":
        hint = ": write times in quotes, as '2024-01-31'"
    return f"{a.name} holds {holds}, which {b.name} is not{hint}"
