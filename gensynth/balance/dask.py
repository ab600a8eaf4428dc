"""Dask's data frames, balanced on the workers: `Balancer(...).fit_resample(ddf, "target")`.

Each partition is looked at where it is; what is gathered of all of them, and fits in memory, is learned from on one
worker; and each block of synthetic rows is made where there is time, with a seed of its own. So the result does not
depend on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ..data.labels import Labels
from ..data.watched import identifiers_in, watch
from ..errors import ConfigError, DataError
from .gathered import EACH, Gathered, Looked, Room, merged
from .maker import BLOCK, Blocks, Maker, made_block
from .merge import named
from .strategy import lacking

if TYPE_CHECKING:
    from .balancer import Balancer

HELD = 500_000_000  # bytes of rows to learn from
FAN = 8  # parts of what was seen that are put together at a time


def is_dask(X: Any) -> bool:
    """Whether X is a data frame of Dask's."""
    return type(X).__module__.split(".")[0] in ("dask", "dask_expr") and hasattr(X, "to_delayed")


def _modules() -> tuple[Any, Any]:
    import dask
    import dask.dataframe as frames

    return dask, frames


def resample(balancer: Balancer, X: Any, y: Any) -> tuple[Any, Any]:
    """Return X with partitions of synthetic rows behind its own, and its labels; see `Balancer.fit_resample`.

    Raises: ConfigError, DataError.
    """
    dask, _ = _modules()
    for name in ("groups", "under"):
        if getattr(balancer, name) is not None:
            raise ConfigError(f"{name} needs the whole table in memory: leave it out for Dask's data frames")
    if callable(balancer.sampling_strategy):
        raise ConfigError("sampling_strategy is a function, which needs all labels in one place: give a word, a ratio "
                          "or numbers by class")  # fmt: skip
    X, target, named_column = _whole(X, y)
    balancer.seed_ = balancer._seed()
    looked = _looked(X, target, balancer.seed_)
    frame = looked.gathered.rows().reset_index(drop=True)
    labels, _ = Labels.fit(frame[target], len(frame))
    labels.counts = np.array([looked.gathered.counts[label] for label in labels.classes.tolist()])
    if len(labels) < 2:
        raise DataError(f"column {target!r} holds 1 class, {labels.classes.tolist()[0]!r}: there is nothing to balance")
    asked = lacking(balancer.sampling_strategy, labels, labels.counts)
    plain = copy(balancer)
    plain.random_state = balancer.seed_
    own, maker = dask.compute(
        dask.delayed(_learned, pure=False)(plain, frame, looked, names_of(asked, labels), target)
    )[0]
    _note(balancer, own, labels, asked if maker is not None else {}, len(frame))
    made = None if maker is None else _made(X, target, maker, Blocks(asked, BLOCK), balancer.seed_)
    whole, balancer.is_synthetic_ = _joined(X, made)
    return (whole if named_column else whole.drop(columns=target)), whole[target]


def names_of(asked: Mapping[int, int], labels: Labels) -> dict[Any, int]:
    """Return numbers of rows by label."""
    names = labels.classes.tolist()
    return {names[code]: n for code, n in asked.items()}


def _whole(X: Any, y: Any) -> tuple[Any, str, bool]:
    """Return the data frame with its labels, the name of these, and whether that name was what was given."""
    _, dd = _modules()
    if isinstance(y, str) and isinstance(X, dd.DataFrame):
        if y not in X.columns:
            raise ConfigError(f"there is no column {y!r} to balance")
        return X, y, True
    if not isinstance(X, dd.DataFrame):
        raise ConfigError("X is an array of Dask's: make a data frame of it (dask.dataframe.from_dask_array)")
    if not isinstance(y, dd.Series):
        raise ConfigError("with a data frame of Dask's y is the name of a column, or a series of Dask's")
    name = str(y.name or "y")
    if name in X.columns:
        raise ConfigError(f"the labels are named {name!r}, as a column of X is: name them otherwise")
    return X.assign(**{name: y}), name, False


def _looked(X: Any, target: str, seed: int) -> Looked:
    """Return what is seen of all partitions, put together on the workers. Raises: DataError."""
    dask, _ = _modules()
    first = X.head(1000, npartitions=-1)
    if not len(first):
        raise DataError("the data frame has no rows")
    row = max(int(first.memory_usage(index=False, deep=True).sum()) // len(first), 1)
    look, merge = dask.delayed(_look, pure=False), dask.delayed(merged, pure=False)
    room = Room(max(HELD // row, 1000), EACH)
    first = first.drop(columns=target)
    waiting = [look(part, number, target, seed, room, first) for number, part in enumerate(X.to_delayed())]
    while len(waiting) > 1:
        waiting = [merge(waiting[start : start + FAN]) for start in range(0, len(waiting), FAN)]
    (found,) = dask.compute(waiting[0])
    whole: Looked = found
    return whole


def _look(part: pd.DataFrame, number: int, target: str, seed: int, room: Room, first: pd.DataFrame) -> Looked:
    gone = int(part[target].isna().sum())
    if gone:
        raise DataError(f"{gone:,} rows or more have no label in column {target!r}: drop them, or give them one")
    found = Looked(Gathered(seed, room, pd.concat), watch(first, {}))
    if len(part):
        found.gathered.add(number, part[target], part)
    for name, column in found.watched.items():
        column.add(part[name])
    return found


def _learned(balancer: Balancer, frame: pd.DataFrame, looked: Looked, asked: dict[Any, int], target: str) -> Any:
    """Return a copy of the Balancer that has learned the rows in memory, and what makes rows, None where none are."""
    X, y = frame.drop(columns=target), frame[target]
    have = y.value_counts()
    own = copy(balancer)
    own.sampling_strategy = {label: int(have[label]) + n for label, n in asked.items()}
    known = identifiers_in(looked.watched, X)
    schema = getattr(own.generator, "schema", ...)
    if known and not own.prefit and (schema is None or isinstance(schema, Mapping)):
        own.generator = clone(own.generator).set_params(schema={**known, **(schema or {})})
    maker = own.learn(X, y)
    return own, None if maker is None else replace(maker, known=known)


def _note(balancer: Balancer, own: Balancer, labels: Labels, asked: dict[int, int], learned_from: int) -> None:
    """Set what a Balancer says after the work."""
    names = [str(label) for label in labels.classes.tolist()]
    before = dict(zip(names, labels.counts.tolist(), strict=True))
    balancer.generator_ = own.generator_
    balancer.n_features_in_ = own.n_features_in_
    balancer.__dict__.pop("feature_names_in_", None)
    if hasattr(own, "feature_names_in_"):  # where all names are strings
        balancer.feature_names_in_ = own.feature_names_in_
    balancer.sampling_strategy_ = names_of(asked, labels)
    counts = {"real": sum(before.values()), "learned_from": learned_from}
    balancer.recipe_ = {
        "job": {"generator": named(balancer.generator), "gates": [named(gate) for gate in balancer.gates],
                "on_short": balancer.on_short, "strategy": balancer.sampling_strategy_},
        "result": {"seed": balancer.seed_, "rows": counts, "before": before,
                   "asked": {names[code]: n for code, n in asked.items()}},
    }  # fmt: skip


def _made(X: Any, target: str, maker: Maker, blocks: Blocks, seed: int) -> Any:
    """Return the synthetic rows as a data frame of Dask's, a partition a block."""
    dask, dd = _modules()
    held, make = dask.delayed(maker), dask.delayed(_block, pure=False)
    parts = [make(held, blocks, number, seed, target, X._meta) for number in range(len(blocks))]
    return dd.from_delayed(parts, meta=X._meta, verify_meta=False)


def _block(maker: Maker, blocks: Blocks, number: int, seed: int, target: str, like: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a block, with the columns of the data frame and their types."""
    made, codes, _ = made_block(maker, blocks, number, seed)
    made = made.assign(**{target: pd.Series(maker.labels.decode(codes)).reset_index(drop=True)})
    return made[list(like.columns)].astype({name: kind for name, kind in like.dtypes.items() if kind != "category"})


def _joined(X: Any, made: Any | None) -> tuple[Any, Any]:
    """Return real rows followed by made ones, and a series that says which are made."""
    _, dd = _modules()
    real = X.clear_divisions()
    if made is None:
        return real, real.map_partitions(_flags, False, meta=pd.Series(dtype=bool))
    flags = [
        part.map_partitions(_flags, flag, meta=pd.Series(dtype=bool)) for part, flag in ((real, False), (made, True))
    ]
    return dd.concat([real, made]), dd.concat(flags)


def _flags(part: pd.DataFrame, made: bool) -> pd.Series:
    return pd.Series(np.full(len(part), made), index=part.index)
