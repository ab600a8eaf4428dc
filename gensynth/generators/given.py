"""Conditions: columns that made rows are to hold at a value, checked and looked up among the rows of a class."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from ..data.columns import Category
from ..data.encode import TableEncoder
from ..errors import ConfigError, DataError, FewRowsWarning, UnknownCategory, nearest
from ..random import uniforms
from .moving import repeats_of

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
Given = Mapping[int, float]  # the value of each conditioned column of the coded matrix
JITTER = 0.1  # of the spread of all rows: how far copies of a lone row are moved
ENOUGH = 10  # rows that hold a number exactly, from which on no others are looked at


def read(conditions: Mapping[Any, Any], encoder: TableEncoder) -> dict[int, float]:
    """Return conditions as coded values by place in the coded matrix.

    Raises: ConfigError where a column is unknown, or cannot be held at a value; UnknownCategory for a category that
    was not in training; DataError for a number that the column cannot hold.
    """
    places = {column.name: place for place, column in enumerate(encoder.coded_)}
    kinds = encoder.schema_.kinds
    given = {}
    for name, value in conditions.items():
        if name not in kinds:
            raise ConfigError(f"conditions name the column {name!r}, which the table has not{nearest(name, kinds)}")
        if name not in places:
            raise ConfigError(
                f"column {name!r} is {kinds[name]}: nothing is learned of it, so it cannot be a condition"
            )
        given[places[name]] = _coded(encoder.coded_[places[name]], value)
    return given


def _coded(column: Any, value: Any) -> float:
    """Return one value of a column as its number. Raises: UnknownCategory, DataError."""
    name = column.name
    if isinstance(value, list | dict | set) or np.ndim(value):
        raise ConfigError(f"column {name!r}: a condition is one value, got {value!r:.60}")
    if pd.isna(value):
        return float("nan")
    if isinstance(column, Category):
        spot = column.levels.get_indexer([value])[0] if value in column.levels else -1
        if spot < 0:
            alike = [level for level in column.levels.tolist() if str(level) == str(value)]
            hint = f"; there is {alike[0]!r}, a {type(alike[0]).__name__}" if alike else nearest(value, column.levels)
            raise UnknownCategory(f"column {name!r} has no {value!r}{hint}")
        return float(spot)
    try:
        if column.kind == "number" and not column.origin and column.known is None:
            coded = float(value)
        else:
            coded = float(column.encode(pd.Series([value]).astype(column.dtype))[0])
    except (TypeError, ValueError, OverflowError, ArithmeticError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"column {name!r} is {column.kind}, and {value!r} is none ({reason:.80})") from None
    back = column.decode(np.array([coded])).iloc[0]
    if column.kind == "number":
        same = bool(back == value or (isinstance(back, np.floating) and back == type(back)(value)))
    else:
        same = float(column.encode(pd.Series([back]).astype(column.dtype))[0]) == coded
    if not same:
        raise DataError(
            f"column {name!r} cannot hold {value!r}: the nearest it can is {_plain(back)!r} ({column.says})"
        )
    return coded


def matching(pool: Floats, given: Given, categories: Places) -> Places:
    """Return the rows of a class that meet conditions; of numbers that few rows hold, those that come nearest.

    Shape: pool (n, width); returns positions (m,), none where a category, or a missing cell, fits no row.
    """
    rows: Places = np.arange(len(pool))
    held = [place for place, value in given.items() if place not in categories and not np.isnan(value)]
    numbers = np.array(held, dtype=np.intp)
    for place, value in given.items():
        if place not in held:
            cells = pool[rows, place]
            rows = rows[np.isnan(cells) if np.isnan(value) else cells == value]
    if not held:
        return rows
    rows = rows[~np.isnan(pool[np.ix_(rows, numbers)]).any(axis=1)]
    spread = np.nanstd(pool[:, numbers], axis=0)
    apart = np.abs(pool[np.ix_(rows, numbers)] - [given[place] for place in held])
    far = (apart / np.where(spread > 0, spread, 1.0)).max(axis=1, initial=0.0)
    exact: Places = rows[far == 0]
    if len(exact) >= ENOUGH:
        return exact
    nearest_first: Places = rows[np.argsort(far, kind="stable")]
    return nearest_first[: max(ENOUGH, len(pool) // 50, len(exact))]


def class_weights(rows: Floats, codes: Places, given: Given, categories: Places) -> npt.NDArray[Any]:
    """Return how many of the rows that meet conditions, or come nearest, are of each class. Shape: (classes,).

    A class counts where each number that is asked lies in its range.
    """
    met = matching(rows, given, categories)
    weights = np.bincount(codes[met], minlength=int(codes.max(initial=0)) + 1)
    pools = [rows[codes == code] for code in range(len(weights))]
    able = np.array([len(_met(pool, given, categories)) for pool in pools])
    weights[able == 0] = 0
    return weights if weights.any() else able


def _met(rows: Floats, given: Given, categories: Places) -> Places:
    """Return the rows that meet conditions, none where a number lies outside its range among these rows."""
    for place, value in given.items():
        held = rows[:, place]
        if place not in categories and not np.isnan(value) and not np.isnan(held).all():
            if not np.nanmin(held) <= value <= np.nanmax(held):
                return np.zeros(0, dtype=np.intp)
    return matching(rows, given, categories)


def holding(rows: Floats, given: Given) -> Places:
    """Return the rows that hold conditions exactly. Shape: (n, width) to (m,) positions."""
    held = np.ones(len(rows), dtype=bool)
    for place, value in given.items():
        held &= np.isnan(rows[:, place]) if np.isnan(value) else rows[:, place] == value
    return np.flatnonzero(held)


def refuse_absent(
    rows: Floats, codes: Places, code: int, label: Any, given: Given, encoder: TableEncoder, exact: bool = False
) -> None:
    """Raise DataError where no row of a class meets conditions, saying how many rows meet each of them.

    A number is met where it lies in the range that it has in the class; with `exact`, where rows hold it.
    """
    categories, pool = encoder.layout_.categories, rows[codes == code]

    def met(among: Floats, some: Given) -> Places:
        return holding(among, some) if exact else _met(among, some, categories)

    if len(met(pool, given)):
        return
    said = [
        f"{encoder.coded_[place].name}={shown(encoder.coded_[place], value)!r}: {len(met(pool, {place: value})):,}"
        for place, value in given.items()
    ]
    who = "no row" if label is None else f"no row of class {label!r}"
    every = f"of the {len(rows):,} rows of all classes {len(holding(rows, given)):,} hold them all"
    whole = f"of its {len(pool):,} rows {'; '.join(said)}; {every}"
    raise DataError(f"{who} meets the conditions ({whole}): ask for values that occur together with the class")


def absent(generator: Any, code: int, given: Given) -> DataError:
    """Return the error of conditions that no row of a class meets."""
    columns, labels = generator.encoder_.coded_, generator.labels_
    said = ", ".join(f"{columns[place].name}={shown(columns[place], value)!r}" for place, value in given.items())
    one, them = ("condition", "it") if len(given) == 1 else ("conditions", "them together")
    who = "no row" if labels.absent else f"no row of class {labels.classes.tolist()[code]!r}"
    return DataError(
        f"{who} meets the {one} {said}: 0 of {labels.counts[code]:,} rows have {them} (of a number: have it in their "
        "range); ask for values that occur together with the class"
    )


def shown(column: Any, value: float) -> Any:
    """Return a coded value as people write it."""
    return None if np.isnan(value) else _plain(column.decode(np.array([value])).iloc[0])


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def normals(key: int, rows: Places, op: str) -> Floats:
    """Return one standard normal number for each row, as `random.uniforms` draws."""
    made: Floats = ndtri(np.clip(uniforms(key, rows, op), 1e-12, 1 - 1e-12))
    return made


def ends_of(column: Any) -> tuple[float, float]:
    """Return the least and the greatest coded number of a column; dates count from their first."""
    return getattr(column, "low", 0.0), column.high


def nudged(values: Floats, noise: Floats, low: Any, high: Any) -> Floats:
    """Return numbers moved by noise; one that would leave its range goes the other way. Shape: (n,)."""
    moved = values + noise
    return np.where((moved < low) | (moved > high), values - noise, moved)


def refuse_beyond(rows: Floats, encoder: TableEncoder) -> None:
    """Raise DataError where a number is larger than float32 holds, in which scikit-learn's forests compare."""
    far = np.flatnonzero((np.abs(np.nan_to_num(rows)) > np.finfo(np.float32).max / 2).any(axis=0))
    if len(far):
        raise DataError(
            f"column {encoder.coded_[int(far[0])].name!r} holds numbers beyond 1e38, which a forest cannot compare: "
            "scale it, or take GaussianCopula"
        )


def warn_alike(generator: Any, rows: Floats, codes: Places) -> npt.NDArray[np.bool_]:
    """Say which classes of several rows hold one row again and again, and note it in `few_rows_`.

    Returns: (classes,) which classes hold one distinct row.
    """
    counts = np.bincount(codes)
    alike = np.array([repeats_of(rows[codes == code]).sum() >= n - 1 for code, n in enumerate(counts)])
    told: list[int] = np.flatnonzero(alike & (counts > 1)).tolist() if rows.shape[1] else []
    if len(told):
        names = generator.labels_.classes.tolist() or [None]
        labels = [names[code] for code in told]
        generator.few_rows_ |= dict.fromkeys(
            labels, "all rows alike: copies whose numbers are moved as those of one row"
        )
        text = f"all rows of {', '.join(map(repr, labels[:5]))} are alike and count as one"
        warnings.warn(f"{type(generator).__name__}: {text}", FewRowsWarning, stacklevel=4)
    return alike
