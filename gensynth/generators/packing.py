"""A fitted generator as JSON and arrays, and back: for files, and for generators that hold another."""

from __future__ import annotations

from importlib.metadata import version
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.columns import Category
from ..data.encode import TableEncoder
from ..data.kinds import count_rows
from ..errors import FormatError
from . import generator_class
from .base import Generator

PACKAGES = ("gensynth", "numpy", "pandas", "scikit-learn", "imbalanced-learn")
PARTS = ("encoder", "labels", "state")
Arrays = dict[str, npt.NDArray[Any]]


def packed(generator: Generator) -> tuple[dict[str, Any], Arrays]:
    """Return a fitted generator as JSON and arrays. Raises: FormatError where something cannot be written as data."""
    parts = {
        "encoder": saved.pack_encoder(generator.encoder_),
        "labels": saved.pack_labels(generator.labels_),
        "state": generator._state(),
    }
    arrays = {f"{part}/{name}": array for part, (_, held) in parts.items() for name, array in held.items()}
    names = getattr(generator, "feature_names_in_", None)
    meta = {
        "generator": type(generator).__name__,
        "params": _plain_params(generator),
        "kind": generator.kind_,
        "seed": generator.seed_,
        "draws": generator.draws_,
        "few_rows": [[str(label), text] for label, text in generator.few_rows_.items()],
        "features": getattr(generator, "n_features_in_", None),
        "names": None if names is None else [str(name) for name in names],
        "notes": getattr(generator, "notes_", {}),
        "contains_real_rows": generator.keeps_rows,
        "versions": {name: version(name) for name in PACKAGES},
        **{part: held for part, (held, _) in parts.items()},
    }
    return meta, arrays


def unpacked(meta: dict[str, Any], arrays: Arrays) -> Generator:
    """Return what `packed` gave, its class looked up by name.

    Raises: FormatError, ConfigError, and whatever Python says of data that are not whole.
    """
    parts: dict[str, Arrays] = {part: {} for part in PARTS}
    for name, array in arrays.items():
        part, _, rest = name.partition("/")
        parts[part][rest] = array
    made = generator_class(str(meta["generator"]))._from_saved(meta["params"])
    made._check_params()
    _check_sizes(made, arrays)
    made.kind_, made.seed_, made.draws_ = meta["kind"], int(meta["seed"]), int(meta["draws"])
    made.encoder_ = saved.unpack_encoder(meta["encoder"], parts["encoder"])
    made.labels_ = saved.unpack_labels(meta["labels"], parts["labels"])
    made.notes_ = dict(meta["notes"])
    made.few_rows_ = {
        None if made.labels_.absent else made.labels_.match(label): text for label, text in meta["few_rows"]
    }
    if meta["features"] is not None:
        made.n_features_in_ = int(meta["features"])
    if meta["names"] is not None:
        made.feature_names_in_ = np.asarray(meta["names"], dtype=object)
    made._restore(meta["state"], parts["state"])
    _check_whole(made)
    made.fitted_ = True
    return made


def _check_sizes(made: Generator, arrays: Arrays) -> None:
    """Raise FormatError where networks would be larger than their weights, before memory is taken for them."""
    hidden = [int(width) for width in getattr(made, "hidden", None) or ()]
    pairs = [*pairwise(hidden), (getattr(made, "noise", None) or 0, min(hidden, default=1))]
    if max(first * second for first, second in pairs) > sum(array.size for array in arrays.values()):
        raise FormatError("the weights are fewer than its networks have")


def _check_columns(encoder: TableEncoder) -> None:
    """Raise what pandas says where columns that a file describes cannot be made: the ends of each are."""
    ends = np.zeros((2, len(encoder.coded_)))
    for place, column in enumerate(encoder.coded_):
        if isinstance(column, Category):
            ends[:, place] = (0, len(column.levels) - 1) if len(column.levels) else np.nan
        else:
            ends[:, place] = getattr(column, "low", 0.0), column.high  # type: ignore[attr-defined]
            if not np.isfinite(ends[:, place]).all():
                raise FormatError(f"column {column.name!r} has no range")
    encoder.decode(ends, np.random.default_rng(0))


def _check_whole(made: Generator) -> None:
    """Raise FormatError where the parts of a file do not belong together."""
    if isinstance(made.encoder_, TableEncoder):
        _check_columns(made.encoder_)
    counts, codes = made.labels_.counts, getattr(made, "codes_", None)
    if len(counts) != max(len(made.labels_.classes), 1) or (counts < 0).any():
        raise FormatError("the counts are not those of the classes")
    if codes is not None:
        rows = count_rows(made.rows_)
        if codes.shape != (rows,) or codes.dtype.kind != "i" or not np.array_equal(np.bincount(codes), counts):
            raise FormatError("the rows and their classes do not belong together")


def _plain_params(generator: Generator) -> dict[str, Any]:
    """Return a generator's parameters as JSON. Raises: FormatError where one is an object."""
    params = {name: _plain(value) for name, value in generator._saved_params().items()}
    for name, value in params.items():
        if not _is_json(value) and name not in ("schema", "random_state"):
            raise FormatError(f"{name}={value!r:.60} cannot be written to a file")
    return {name: value for name, value in params.items() if _is_json(value)}


def _plain(value: Any) -> Any:
    """Return a parameter with NumPy's scalars as Python's, those inside lists and mappings too."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(part) for name, part in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return isinstance(value, str | int | float | bool | None)
