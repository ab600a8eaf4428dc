"""Putting real and synthetic parts together, and saying what they are."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from ..data.kinds import join_rows
from ..data.labels import Labels


def with_column(rows: pd.DataFrame, name: Any, values: list[Any]) -> pd.DataFrame:
    """Return a frame with other values in one column, in its dtype."""
    made = rows.copy(deep=False)
    made[name] = pd.Series(values, index=rows.index).astype(rows[name].dtype)
    return made


def tally(labels: Labels, codes: Any) -> dict[str, int]:
    """Return the number of rows of each class, by printed label."""
    counts = np.bincount(codes, minlength=len(labels)).tolist()
    return {str(label): n for label, n in zip(labels.classes.tolist(), counts, strict=True)}


def named(part: Any) -> dict[str, Any]:
    """Return a generator, gate or under-sampler by its name and parameters, objects among them by their repr."""
    params = part.get_params(deep=False) if hasattr(part, "get_params") else {}
    return {"name": type(part).__name__, "params": plain(params)}


def plain(params: Mapping[Any, Any]) -> dict[str, Any]:
    """Return parameters, mappings and lists among them, as plain data, objects by their repr."""
    return {str(name): _plain(value) for name, value in params.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, PathLike):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | bool | None) else repr(value)


def training_of(generator: Any) -> dict[str, Any]:
    """Return how a generator's training went, and as "repeat" the parameters that repeat it where time ended it."""
    choice = getattr(generator, "choice_", None)
    if choice is not None:
        inner = training_of(generator.generator_)
        return {
            "choice": choice,
            "repeat": plain(generator.repeating()),
            **{k: inner[k] for k in ("training",) if k in inner},
        }
    trained = generator
    while getattr(trained, "generator_", None) is not None:  # Augment's
        trained = trained.generator_
    if not hasattr(trained, "ended_"):
        return {}
    repeat = plain(generator.repeating())
    went = {name: getattr(trained, f"{name}_") for name in ("steps", "planned", "ended", "batch_size", "lr")}
    return {"training": went, **({"repeat": repeat} if repeat else {})}


def joined_labels(y: Any, new: Any) -> Any:
    """Return the labels followed by the new ones, in y's container, name and dtype."""
    if isinstance(y, pd.DataFrame):
        return pd.concat([y, new.to_frame(y.columns[0])], ignore_index=True)
    if isinstance(y, pd.Series):
        return pd.concat([y, new], ignore_index=True) if len(new) else y.reset_index(drop=True)
    if type(y).__module__.startswith("polars"):
        return y.vstack(new.to_frame(y.columns[0])) if hasattr(y, "columns") else y.clone().append(new)
    if isinstance(y, pd.Categorical):
        return pd.concat([pd.Series(y), new], ignore_index=True).array
    if isinstance(y, np.ndarray):
        return np.concatenate([y, np.asarray(new, dtype=y.dtype).reshape(-1, *y.shape[1:])])
    return join_rows(y, new)


def binarized(y: Any, binarize: bool) -> Any:
    """Return codes as one-hot rows where that is how the labels came."""
    return np.eye(int(y.max()) + 1, dtype=np.int64)[y] if binarize else y
