"""A generator that was fitted elsewhere: whether it fits the rows at hand, and identifiers that are new to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.encode import SparseEncoder, TableEncoder
from ..data.frames import Frame
from ..data.identifiers import Identifier
from ..data.kinds import kind_of
from ..data.schema import Schema
from ..errors import ConfigError, DataError


def check_same_columns(generator: Any, X: Any) -> None:
    """Raise ConfigError where a fitted generator makes other columns, or another container, than X has."""
    encoder = getattr(generator, "encoder_", None)
    if encoder is None:
        return
    mine, theirs = (kind_of(X), hasattr(X, "tocsr")), (generator.kind_, isinstance(encoder, SparseEncoder))
    if mine != theirs:
        names = [f"a {'sparse ' if thin else ''}{kind}" for kind, thin in (theirs, mine)]
        raise ConfigError(f"the generator was fitted on {names[0]}, and this is {names[1]}")
    if not isinstance(encoder, TableEncoder):
        return
    frame, container = Frame.open(X)
    if container.library != encoder.frame_.library:
        raise ConfigError(
            f"the generator was fitted on a {encoder.frame_.library} table, and this is of {container.library}"
        )
    known = encoder.schema_.kinds
    if list(known) != list(frame.columns):
        other = sorted(map(str, set(known) ^ set(frame.columns))) or ["their order"]
        raise ConfigError(f"the generator was fitted on other columns (they differ in {', '.join(other[:4])})")
    mixable = {"number", "datetime"}
    for name, kind in Schema.infer(frame).kinds.items():
        if kind != "empty" and known[name] != "empty" and kind != known[name] and {kind, known[name]} & mixable:
            if "identifier" not in (kind, known[name]) and not _by_choice(frame[name], known[name]):
                raise ConfigError(
                    f"the generator was fitted with column {name!r} a {known[name]}, and here it is a {kind}"
                )


def _by_choice(column: Any, kind: str) -> bool:
    """Whether numbers stand as categories in the generator because its schema said so."""
    return kind == "category" and column.dtype.kind in "iufb"


def renewed(rows: Any, X: Any, encoder: Any, rng: np.random.Generator) -> Any:
    """Return made rows with identifiers that no row of X has."""
    if not isinstance(encoder, TableEncoder) or not encoder.identifiers:
        return rows
    frame, made = Frame.open(X)[0], Frame.open(rows)[0].copy(deep=False)
    for name in encoder.identifiers:
        try:
            known = Identifier.infer(frame[name])
        except DataError:  # not unique here: the generator's own are as fresh as can be
            continue
        made[name] = known.fresh(len(made), rng).astype(made[name].dtype)
    return encoder.frame_.close(made)
