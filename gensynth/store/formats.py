"""How the fields of a column are written in a CSV file, and fields written alike.

A `Format` is learned from the column (`columns.read_columns`) and makes the fields of synthetic rows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Format:
    """The manner of one column.

    Arguments:
        kind: what the column holds.
        decimals: the most digits after the decimal point.
        fixed: whether every number has that many ("1.50" beside "2.00").
        point: the decimal point, "." or ",".
        exponents: whether numbers are written in powers of ten.
        whole: whether a whole number has no point ("3", not "3.0").
        missing: the text of a missing field.
        quoted: whether every field that is there is in quotes.
        missing_quoted: whether those that are missing are.
        pad: what stands before every field, one space or nothing.
    """

    kind: Literal["text", "int", "float"] = "text"
    decimals: int | None = None
    fixed: bool = False
    point: str = "."
    exponents: bool = False
    whole: bool = False
    missing: str = ""
    quoted: bool = False
    missing_quoted: bool = False
    pad: str = ""

    def checked(self) -> Self:
        """Return it. Raises: ValueError, TypeError where no column is written so, as where a model is spoilt."""
        decimals = 0 if self.decimals is None else self.decimals
        texts = self.kind in ("text", "int", "float") and self.point in (".", ",") and self.pad in ("", " ")
        if not texts or not 0 <= operator.index(decimals) < 10_000 or not isinstance(self.missing, str):
            raise ValueError(f"no column is written as {self}")
        return self


class Quoter:
    """Puts text in quotes where a reader would otherwise take it for something else, remembering what it decided.

    Arguments:
        delimiter: what stands between fields.
        guard: what makes fields safe for spreadsheets, if anything.
    """

    def __init__(self, delimiter: str, guard: Callable[[str], str] | None = None) -> None:
        self._guard = guard
        self._special = re.compile(f'[{re.escape(delimiter)}"\\r\\n]|^\\s')
        self._known: dict[str, str] = {}

    def __call__(self, text: str, quoted: bool = False, pad: str = "") -> str:
        """Return the field for the text, in quotes if asked or needed, else after the pad."""
        text = text if self._guard is None else self._guard(text)
        return self._quoted(text, quoted, pad)

    def _quoted(self, text: str, quoted: bool, pad: str = "") -> str:
        if quoted:
            return '"' + text.replace('"', '""') + '"'
        found = self._known.get(text)
        if found is None:
            found = self._quoted(text, True) if text == "" or self._special.search(text) else text
            if len(self._known) < 100_000:
                self._known[text] = found
        return found if found.startswith('"') else pad + found


def default_format(series: pd.Series[Any]) -> Format:
    """Return the format for a column of which no file is known."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return Format()
    if pd.api.types.is_integer_dtype(series.dtype):
        return Format(kind="int")
    return Format(kind="float") if pd.api.types.is_float_dtype(series.dtype) else Format()


def fields_of(series: pd.Series[Any], form: Format, quote: Quoter, single: bool = False) -> list[str]:
    """Return the fields of a column, ready to be joined.

    Shape: series (n,), returns n strings.

    Arguments:
        series: the values, missing ones included.
        form: how they are written.
        quote: the quoting of the file.
        single: the table has this column only, so that an empty field must be quoted to be a record.
    """
    absent = series.isna().to_numpy()
    missing = _missing_field(form, quote, single)
    if form.kind != "text" and pd.api.types.is_numeric_dtype(series.dtype) and series.dtype.kind not in "bc":
        present = _numbers(series[~absent], form)
        if form.quoted or form.pad or form.point != ".":
            present = [quote(text, form.quoted, form.pad) for text in present]
    else:
        present = [quote(text, form.quoted, form.pad) for text in _texts(series[~absent])]
    if not absent.any():
        return present
    filled = np.full(len(series), missing, dtype=object)
    filled[~absent] = present
    return list(filled)


def _missing_field(form: Format, quote: Quoter, single: bool) -> str:
    if form.missing_quoted or (single and not form.missing):
        return quote(form.missing, quoted=True)
    return form.pad + form.missing


def _numbers(series: pd.Series[Any], form: Format) -> list[str]:
    if pd.api.types.is_integer_dtype(series.dtype) and (form.kind == "int" or form.whole):
        return [str(value) for value in series.tolist()]
    values = series.to_numpy(dtype=np.float32 if series.dtype == np.float32 else np.float64)
    if form.kind == "int":
        return [str(int(value)) if value.is_integer() else shortest(value) for value in values.tolist()]
    texts = list(_decimal(values, form))
    return [text.replace(".", form.point) for text in texts] if form.point != "." else texts


def _decimal(values: np.ndarray[Any, Any], form: Format) -> Iterable[str]:
    """Return the numbers in the manner of the column, never more precise than it is, and no "-0"."""
    if form.fixed and form.decimals is not None and not form.exponents:
        zeros = (f"-{0:.{form.decimals}f}", f"{0:.{form.decimals}f}")
        made = (f"{value:.{form.decimals}f}" for value in values.tolist())
        return (zeros[1] if text == zeros[0] else text for text in made)
    if values.dtype == np.float32:  # by way of its own shortest text, or 0.1 becomes 0.10000000149011612
        listed = [float(str(value)) for value in values]
    else:
        listed = values.tolist()
    if form.exponents:
        return (_trim(repr(value), form.whole) for value in listed)
    if form.decimals is not None:
        listed = [round(value, form.decimals) + 0.0 for value in listed]
    return (_trim(shortest(value), form.whole) for value in listed)


def shortest(value: float) -> str:
    """Return the shortest decimal text that reads back as the number, without an exponent."""
    text = repr(value)
    return text if "e" not in text else np.format_float_positional(value, trim="0")


def _trim(text: str, whole: bool) -> str:
    return text.removesuffix(".0") if whole else text


def _texts(series: pd.Series[Any]) -> list[str]:
    """Return values as text: dates as ISO says, days without a time where no value has one."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        names = _texts(pd.Series(series.cat.categories))
        return [names[code] for code in series.cat.codes]
    if series.dtype.kind == "M" and len(series) and (series == series.dt.normalize()).all():
        if getattr(series.dtype, "tz", None) is None:
            return [str(text) for text in series.dt.strftime("%Y-%m-%d")]
    if series.dtype.kind == "f":
        return list(_decimal(series.to_numpy(dtype=np.float64), Format(kind="float")))
    return [value if isinstance(value, str) else str(value) for value in series.tolist()]
