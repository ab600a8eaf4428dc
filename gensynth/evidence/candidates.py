"""The generators among which `Auto` chooses: read, bounded in time, and written so that a recipe repeats them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np

from ..data.kinds import Kind
from ..errors import ConfigError
from ..generators import generator_class
from ..generators.augment import built
from ..generators.base import Generator
from ..generators.default import choose
from ..transforms.base import Transform

NONE, DEFAULT = "none", "default"
USUAL: dict[str, tuple[str, ...]] = {
    "table": ("PolynomFitSMOTE", "GaussianCopula", "SMOTE", DEFAULT, "ARF", "Autoregressive"),
    "image": (DEFAULT, "StyleTransfer", "VAE"),
}


@dataclass(frozen=True)
class Candidate:
    """A generator that is tried: by its name, as it was given, and as it is used; None for "none"."""

    name: str
    given: Generator | None = None
    maker: Generator | None = None


def check(candidates: Any) -> None:
    """Raise ConfigError where candidates are none, or choose for themselves."""
    if candidates is None:
        return
    if isinstance(candidates, str) or not isinstance(candidates, Sequence) or not candidates:
        raise ConfigError(f"candidates must be a list of generators, got {candidates!r:.60}")
    for each in candidates:
        if not _is_word(each):
            _check_one(built(each))


def _check_one(made: Generator) -> None:
    if isinstance(made, generator_class("Auto")):
        raise ConfigError("candidates: Auto chooses among others, and cannot be one of them: list its own candidates")
    inner = made.get_params(deep=False).get("generator")
    if inner is not None:
        _check_one(built(inner))


def _is_word(each: Any) -> bool:
    return isinstance(each, str) and each in (NONE, DEFAULT)


def listed(candidates: Sequence[Any] | None, X: Any, kind: Kind, schema: Any, seconds: float) -> dict[str, Candidate]:
    """Return the candidates by name.

    Arguments:
        candidates: as `Auto` takes them.
        X: the rows.
        kind: of the rows.
        schema: of the columns, for those that take one.
        seconds: that one may train for; 0 for no bound.
    """
    rule = choose(X, schema).name
    usual = [each for each in USUAL.get(kind, (DEFAULT,)) if each != rule]
    made: dict[str, Candidate] = {}
    for each in usual if candidates is None else candidates:
        if _is_word(each) and each == NONE:
            made[NONE] = Candidate(NONE)
            continue
        given = built(rule if _is_word(each) else each)
        name = DEFAULT if _is_word(each) else type(given).__name__
        while name in made:
            name += "'"
        made[name] = Candidate(name, given, used(given, schema, seconds))
    return made


def used(given: Generator, schema: Any = None, seconds: float = 0.0) -> Generator:
    """Return a copy that knows the columns, and trains for so long at most where it can be told so."""
    made = built(given)
    own = made.get_params(deep=False).get("schema", ...)
    if schema is not None and own is None:
        made.set_params(schema=schema)
    elif isinstance(schema, Mapping) and isinstance(own, Mapping):
        made.set_params(schema={**schema, **own})
    return _bounded(made, seconds) if seconds else made


def _bounded(made: Generator, seconds: float) -> Generator:
    params = made.get_params(deep=False)
    if params.get("generator") is not None:
        made.set_params(generator=_bounded(built(params["generator"]), seconds))
    if params.get("max_time", 0) is None:
        made.set_params(max_time=seconds)
        try:
            made._check_params()
        except ConfigError:  # what does not train refuses it
            made.set_params(max_time=None)
    return made


def spec(made: Generator) -> dict[str, Any]:
    """Return a generator as a recipe names it: its name, and the parameters that are not those of its class.

    >>> from gensynth import Augment
    >>> spec(Augment("Flip", random_state=7))
    {'name': 'Augment', 'params': {'policy': 'Flip', 'random_state': 7}}
    """
    plain = {name: each.default for name, each in signature(type(made)).parameters.items()}
    params = made.get_params(deep=False)
    told = {name: data(value) for name, value in params.items() if not _same(value, plain.get(name, ...))}
    return {"name": type(made).__name__, "params": told}


def _same(value: Any, plain: Any) -> bool:
    return value is plain or (type(value) is type(plain) and not hasattr(value, "shape") and bool(value == plain))


def data(value: Any) -> Any:
    """Return a parameter, and parts of it, as plain data where there is a way to write it, else as it is."""
    if isinstance(value, Transform):
        return value.to_dict()
    if isinstance(value, Generator):
        return spec(value)
    if isinstance(value, Mapping):
        return {name: data(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([data(each) for each in value]) if type(value) in (list, tuple) else value
    return value.item() if isinstance(value, np.generic) else value


def plain_or_none(value: Any) -> Any:
    """Return a parameter as plain data, or None where it cannot be."""
    made = data(value)
    try:
        json.dumps(made)
    except (TypeError, ValueError):
        return None
    return made
