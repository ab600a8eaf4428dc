"""Laws on what comes back: the same container, and only values that each column could have held."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ..data.kinds import Rows
from .compare import as_frame, difference
from .tables import Case
from .trial import say, trial

COMMON = 0.3  # share of missing cells, in a class, from which on (and up to 1 - it) both sorts must come
DECIMALS = 12  # a float with more is continuous


def restores_the_container(generator: Any, case: Case) -> None:
    """Check that what comes back is what `fit` saw: type, names, order, dtypes, categories, zones; a fresh RangeIndex.

    Arrays keep dtype and width, sparse matrices their format and dtype. This holds for no rows too.
    """
    tried = trial(generator, case)
    for made in (tried.made, tried.fitted.sample(0)):
        text = _container(case.X, made)
        if text:
            raise AssertionError(say(generator, case, text))


def keeps_to_possible_values(generator: Any, case: Case) -> None:
    """Check that each value could have stood in its column: in its range, on its grid, one of its words.

    Numbers and times lie between the least and the greatest observed; whole numbers and times are multiples of the
    greatest common step from the least; floats have no more decimals than were observed (up to 12); booleans,
    categories and words are ones that were seen; a value is missing only in columns where one was.
    """
    if case.kind != "table":
        return
    real, made = as_frame(case.X), as_frame(trial(generator, case).made)
    for place, name in enumerate(real.columns):
        if name in case.identifiers:
            continue
        text = _impossible(real.iloc[:, place], made.iloc[:, place])
        if text:
            raise AssertionError(say(generator, case, f"column {name!r} {text}"))


def keeps_missing_values_possible(generator: Any, case: Case) -> None:
    """Check that where 30 to 70 % of a class's cells in a column are missing, made rows hold both sorts."""
    if "missing" not in case.needs:
        return
    tried = trial(generator, case)
    real, made = as_frame(case.X).isna().to_numpy(), as_frame(tried.made).isna().to_numpy()
    for code, label in enumerate(case.labels):
        share, got = real[case.codes == code].mean(axis=0), made[tried.rows_of(label)].mean(axis=0)
        wrong = np.flatnonzero((share >= COMMON) & (share <= 1 - COMMON) & ((got == 0) | (got == 1)))
        if len(wrong):
            name, was, now = as_frame(case.X).columns[wrong[0]], share[wrong[0]], got[wrong[0]]
            text = f"column {name!r} of class {label!r}: {was:.0%} of the cells were missing, {now:.0%} are"
            raise AssertionError(say(generator, case, text))


def gives_fresh_identifiers(generator: Any, case: Case) -> None:
    """Check that columns which name their rows get unique values of the pattern, none of which a real row has."""
    if not case.identifiers:
        return
    real, made = as_frame(case.X), as_frame(trial(generator, case).made)
    for name, pattern in case.identifiers.items():
        values = made[name].tolist()
        strange = [value for value in values if not re.fullmatch(pattern, str(value))]
        old = sorted({*values} & {*real[name].tolist()})
        text = (
            f"holds {strange[0]!r}, which is not of the pattern {pattern}" if strange
            else f"gives a real row's {old[0]!r}" if old
            else "repeats values" if len({*values}) < len(values)
            else ""
        )  # fmt: skip
        if text:
            raise AssertionError(say(generator, case, f"identifier {name!r} {text}"))


def _container(real: Any, made: Any) -> str:
    """Return how the container of made rows differs from that of real ones, or nothing."""
    if type(made) is not type(real):
        return f"a {type(real).__name__} came back as a {type(made).__name__}"
    if isinstance(real, pd.DataFrame):
        if not (isinstance(made.index, pd.RangeIndex) and made.index.equals(pd.RangeIndex(len(made)))):
            return f"the index is {made.index!r}, not a fresh RangeIndex"
        if made.index.name is not None:
            return f"the index is called {made.index.name!r}"
        return difference(real.iloc[:0].reset_index(drop=True), made.iloc[:0])  # dtypes, names, zones, category sets
    if type(real).__module__.startswith("polars"):
        return "" if real.schema == made.schema else f"the schema {real.schema} became {made.schema}"
    if sparse.issparse(real) and made.format != real.format:
        return f"format {real.format} became {made.format}"
    if isinstance(real, Rows):
        parts = [_container(getattr(real, name), getattr(made, name)) for name in real.fields]
        return next((text for text in parts if text), "")
    if isinstance(real, list):
        return _elements(real, made)
    if hasattr(real, "dtype") and (real.dtype != made.dtype or real.shape[1:] != made.shape[1:]):
        return f"{real.dtype} {real.shape} became {made.dtype} {made.shape}"
    return ""


def _elements(real: list[Any], made: list[Any]) -> str:
    """Return how the parts of two lists differ in type, or nothing."""
    kinds = {type(part) for part in real}
    strange = [part for part in made if type(part) not in kinds]
    if strange:
        return f"a list of {next(iter(kinds)).__name__} came back with a {type(strange[0]).__name__}"
    if real and isinstance(real[0], list):
        wide = {len(part) for part in made} - {len(part) for part in real}
        return f"rows of {wide.pop()} values came back" if wide else ""
    return ""


def _impossible(real: pd.Series, made: pd.Series) -> str:
    """Return what stands in a made column that could not stand in the real one, or nothing."""
    if made.isna().any() and not real.isna().any():
        return "has missing values, and had none"
    seen, got = real.dropna(), made.dropna()
    if not len(got):
        return ""
    if not len(seen):
        return f"holds {got.iloc[0]!r}, and was all missing"
    if pd.api.types.is_bool_dtype(real.dtype) or isinstance(real.dtype, pd.CategoricalDtype):
        return _unseen(seen, got)
    if pd.api.types.is_datetime64_any_dtype(real.dtype) or pd.api.types.is_timedelta64_dtype(real.dtype):
        return _off_grid(*(column.map(lambda time: time.value).tolist() for column in (seen, got)))
    values = seen.tolist()
    if pd.api.types.is_integer_dtype(real.dtype):
        return _off_grid(values, got.tolist())
    if pd.api.types.is_float_dtype(real.dtype):
        return _off_decimals(seen.to_numpy(), got.to_numpy())
    if all(isinstance(value, float) for value in values):
        return _off_decimals(np.array(values), np.array(got.tolist()))
    if all(isinstance(value, str) and re.search(r"\d\d[.-]\d\d", value) for value in values):
        return _other_dates(seen, got)
    return _unseen(seen, got)


def _unseen(seen: pd.Series, got: pd.Series) -> str:
    strange = [value for value in got.tolist() if value not in {*seen.tolist()}]
    return f"holds {strange[0]!r}, which was never seen" if strange else ""


def _other_dates(seen: pd.Series, got: pd.Series) -> str:
    """Return which made string is no date of the same format inside the range."""
    form = "%Y-%m-%d" if seen.iloc[0][4] == "-" else "%d.%m.%Y"
    times, ends = pd.to_datetime(got, format=form, errors="coerce"), pd.to_datetime(seen, format=form)
    wrong = times.isna() | (times < ends.min()) | (times > ends.max())
    return f"holds {got[wrong].iloc[0]!r}, which is no date of its range in the format {form}" if wrong.any() else ""


def _off_grid(seen: list[int], got: list[int]) -> str:
    low, high = min(seen), max(seen)
    step = math.gcd(*(value - low for value in seen))
    far = [value for value in got if not low <= value <= high]
    off = [value for value in got if (value - low) % step] if step else []
    if far:
        return f"holds {far[0]}, outside {low} to {high}"
    return f"holds {off[0]}, which is not {low} plus a multiple of {step}" if off else ""


def _off_decimals(seen: Any, got: Any) -> str:
    low, high = seen.min(), seen.max()
    if (got < low).any() or (got > high).any():
        return f"holds {got[(got < low) | (got > high)][0]}, outside {low} to {high}"
    if (seen == np.rint(seen)).all():
        return _off_grid([int(value) for value in seen], [int(value) for value in got]) or (
            "" if (got == np.rint(got)).all() else "holds fractions, and held whole numbers"
        )
    finest = 2.0 ** (np.finfo(seen.dtype).nmant + 1) / float(max(abs(low), abs(high)))  # what the dtype can tell apart
    for decimals in range(1, DECIMALS + 1):
        if 10.0**decimals <= finest and (_rounded(seen, decimals) == seen).all():
            off = got[_rounded(got, decimals) != got]
            return f"holds {off[0]}, which has more than {decimals} decimals" if len(off) else ""
    return ""


def _rounded(values: Any, decimals: int) -> Any:
    """Return values at the nearest number of so few decimals that their dtype has."""
    return np.array([round(float(value), decimals) for value in values]).astype(values.dtype)
