"""From the fields of a CSV file to typed columns, and what is remembered of how they were written.

A column is judged by its distinct fields. Those that pandas takes for missing are missing, and so are those of spaces
alone; also where a text column holds "None" or "NA" as a word. A column is numbers if all its others are: integers
(int64, or Int64 where some are missing), else decimal numbers (float64). Everything else is text: "007", "+1", "1,000",
dates, booleans, and integers beyond 64 bits. One space before every field is not part of the fields.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from .formats import Format

MISSING = (
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "1.#IND", "-1.#QNAN", "1.#QNAN", "<NA>", "N/A", "n/a", "NA"),
    *("NULL", "null", "NaN", "nan", "-NaN", "-nan", "None"),
)

_INTEGER = r"\A(?:0|-?[1-9][0-9]*)\z"
_NUMBER = r"\A-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\z"
_INFINITE = r"\A-?(?:inf|Inf|INF|infinity|Infinity)\z"
_THOUSANDS = r"\A-?[1-9][0-9]{0,2},[0-9]{3}\z"
_BLOCK = 8 << 20


def parse(
    body: pa.Buffer, width: int, delimiter: str, longest: int, multiline: bool, only: int | None = None
) -> list[pa.DictionaryArray]:
    """Return the fields of each column as they stand, quotes removed, dictionary-encoded.

    Shape: `width` arrays of (n,).

    Arguments:
        body: the records in UTF-8, without the header.
        width: the number of fields of every record.
        delimiter: what stands between them.
        longest: the number of bytes of the longest record.
        multiline: whether a field may hold a line end.
        only: the place of the one column that is wanted.
    """
    names = [str(i) for i in range(width)]
    kind = pa.dictionary(pa.int32(), pa.string())
    table = pyarrow.csv.read_csv(
        pa.BufferReader(body),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=max(_BLOCK, 2 * longest)),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=multiline, ignore_empty_lines=width > 1
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind),
            strings_can_be_null=False,
            null_values=[],
            check_utf8=False,
            include_columns=None if only is None else [names[only]],
        ),
    )
    return [_one(column) for column in table.unify_dictionaries().columns]


def type_column(column: pa.DictionaryArray, point: str) -> tuple[pd.Series[Any], Format]:
    """Return the values of a column and how they are written; `Format.quoted` is left to the caller.

    Shape: column (n,), returns a series (n,).

    Arguments:
        column: its fields.
        point: the decimal points to try, "." or ".,".
    """
    fields, codes = column.dictionary, column.indices.to_numpy()
    used = np.bincount(codes, minlength=len(fields))
    fields, pad = unpad(fields)
    missing = is_missing(fields)
    token = str(fields[int(np.argmax(np.where(missing, used, -1)))]) if missing.any() else ""
    present = fields.filter(pa.array(~missing))
    form = replace(_judge(present, point), missing=token, pad=pad)
    if form.kind == "text":
        return _text(fields, codes, missing), form
    numbers = pc.utf8_trim_whitespace(present)
    if form.point == ",":
        numbers = pc.replace_substring(numbers, ",", ".")
    if form.kind == "float":
        values = np.full(len(fields), np.nan)
        values[~missing] = numbers.cast(pa.float64()).to_numpy()
        return pd.Series(values[codes]), form
    try:
        whole = numbers.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid:  # beyond 64 bits: exact as text only
        return _text(fields, codes, missing), Format(missing=token, pad=pad)
    integers = np.zeros(len(fields), dtype=np.int64)
    integers[~missing] = whole
    if not missing.any():
        return pd.Series(integers[codes]), form
    return pd.Series(pd.arrays.IntegerArray(integers[codes], missing[codes])), form


def absent(column: pa.DictionaryArray, count: int) -> NDArray[np.bool_]:
    """Return which of the first fields of a column are missing. Shape: (count,)."""
    fields, _ = unpad(column.dictionary)
    found: NDArray[np.bool_] = is_missing(fields)[column.indices.slice(0, count).to_numpy()]
    return found


def thousands(column: pa.DictionaryArray) -> bool:
    """Whether every comma in the column's numbers could as well separate thousands, as in "1,234"."""
    bare = pc.utf8_trim_whitespace(column.dictionary)
    commas = bare.filter(pc.match_substring(bare, ","))
    return bool(len(commas)) and bool(pc.all(pc.match_substring_regex(commas, _THOUSANDS)).as_py())


def unpad(fields: pa.Array) -> tuple[pa.Array, str]:
    """Take off the one space that stands before every field, as "a, b" has it."""
    padded = pc.match_substring_regex(fields, r"\A (?:[^ ]|\z)")
    if not pc.all(pc.or_(padded, pc.equal(fields, ""))).as_py() or not pc.any(padded).as_py():
        return fields, ""
    return pc.utf8_slice_codeunits(fields, 1), " "


def is_missing(fields: pa.Array) -> NDArray[np.bool_]:
    """Return which fields count as missing. Shape: (n,)."""
    known = pc.is_in(fields, value_set=pa.array(MISSING))
    return np.asarray(pc.or_(known, pc.match_substring_regex(fields, r"\A +\z")).to_numpy(zero_copy_only=False))


def _one(column: pa.ChunkedArray) -> pa.DictionaryArray:
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _judge(fields: pa.Array, point: str) -> Format:
    """Return the format of a column from its distinct fields that are not missing."""
    bare = pc.utf8_trim_whitespace(fields)
    whole = pc.match_substring_regex(bare, _INTEGER)
    if not len(fields):
        return Format(kind="float")
    if pc.all(whole).as_py():
        return Format(kind="int", whole=True)
    infinite = pc.match_substring_regex(bare, _INFINITE)
    if pc.all(infinite).as_py():
        return Format()
    for mark in point:
        plain = pc.replace_substring(bare, ",", ".") if mark == "," else bare
        numbers = pc.match_substring_regex(plain, _NUMBER)
        if not pc.all(pc.or_(numbers, infinite)).as_py():
            continue
        if mark == "," and (pc.any(pc.match_substring(bare, ".")).as_py()):
            return Format()
        return _decimals(plain.filter(pc.invert(infinite)), mark, bool(pc.any(whole).as_py()))
    return Format()


def _decimals(fields: pa.Array, mark: str, whole: bool) -> Format:
    exponents = pc.any(pc.match_substring_regex(fields, "[eE]")).as_py()
    place = pc.find_substring(fields, ".").to_numpy()
    digits = np.where(place >= 0, pc.binary_length(fields).to_numpy() - place - 1, 0)
    most = int(digits.max())
    fixed = bool(not exponents and most > 0 and (digits == most).all())
    return Format("float", None if exponents else most, fixed, mark, bool(exponents), whole)


def _text(fields: pa.Array, codes: NDArray[np.int32], missing: NDArray[np.bool_]) -> pd.Series[Any]:
    places = pa.array(codes, mask=missing[codes])
    values = fields.cast(pa.large_string()).take(places)
    series: pd.Series[Any] = values.to_pandas()
    return series
