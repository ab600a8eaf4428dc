"""What a job means for the table at hand: labels, rows to balance, known columns, and the Balancer that does it."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import gates as gate_table
from ..balance import Balancer
from ..balance.prefit import check_same_columns
from ..data.identifiers import Identifier
from ..data.labels import Labels
from ..data.schema import Schema, identifiers_of
from ..errors import ConfigError, DataError, UnknownCategory, nearest
from ..generators.augment import default_for
from ..generators.default import choose
from ..generators.files import load
from ..recipe import Asked, Job, Kind, Named, build_generator, checked_params
from ..store.base import TableFile
from .policies import single

Positions = npt.NDArray[np.intp]


def split_target(table: TableFile, target: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """Return the columns to learn from, and the labels of two classes at least. Raises: ConfigError, DataError."""
    X, y = split_labels(table, target)
    if y.nunique() < 2:
        raise DataError(f"{table.path}: column {target!r} holds 1 class, {y.iloc[0]!r}: there is nothing to balance")
    return X, y


def split_labels(table: TableFile, target: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """Return the columns that are not the target, and the labels. Raises: ConfigError, DataError."""
    frame = table.frame
    if target is None:
        raise ConfigError("target is missing: give --target, or `target: ...` in the configuration")
    if target not in frame.columns:
        raise ConfigError(f"{table.path}: there is no column {target!r} to balance{nearest(target, frame.columns)}")
    y = frame[target]
    missing = np.flatnonzero(y.isna().to_numpy())
    if len(missing):
        rows = ", ".join(f"{row + 1:,}" for row in missing[:3])
        raise DataError(
            f"{table.path}: {len(missing):,} of {len(y):,} rows have no label in column {target!r} "
            f"(row {rows}{', ...' if len(missing) > 3 else ''}): fill them in or leave those rows out "
            "(an empty cell, NA, None, null and the like count as missing)"
        )
    if frame.shape[1] < 2:
        raise DataError(f"{table.path}: {target!r} is the only column: there is nothing to learn the rows from")
    try:
        Labels.fit(y, len(y))
    except DataError as error:
        raise DataError(f"{table.path}: column {target!r}: {error}") from None
    return frame.drop(columns=target), y


def known_columns(job: Asked, X: pd.DataFrame) -> dict[str, Any]:
    """Return the kinds that the job names, and the identifiers, which are known from the whole file alone.

    A column that is a stored index (`__index_level_0__`, or the unnamed first one of a CSV) is one where it is unique.
    """
    asked = job.columns
    Schema.check_kinds(asked, X.columns)
    stored = [
        name for name in X.columns if re.fullmatch(r"__index_level_\d+__|Unnamed: 0", str(name)) and X[name].is_unique
    ]
    named = [name for name, kind in asked.items() if kind == "identifier"]
    known: dict[str, Any] = {str(name): column for name, column in identifiers_of(X).items()}
    for name in {*stored, *named} - {*asked} | {*named}:
        try:
            known[name] = Identifier.infer(X[name])
        except DataError as error:
            if name in named:
                raise DataError(f"column {name!r}: {error}") from None
    return {**known, **{name: kind for name, kind in asked.items() if kind != "identifier"}}


def features(X: pd.DataFrame, schema: dict[str, Any]) -> pd.DataFrame:
    """Return columns to learn from, in the types that are asked: no identifiers, which tell of no other row.

    Raises: DataError where nothing is left, or a column is not of the kind that was asked.
    """
    names = [name for name in X.columns if isinstance(schema.get(str(name)), Identifier)]
    if len(names) == X.shape[1]:
        raise DataError(f"column {names[0]!r} holds identifiers: there is nothing to learn from")
    if names:
        print(f"gensynth: note: identifiers are no features: {', '.join(map(str, names))}", file=sys.stderr)
    X = X.drop(columns=names)
    made: dict[Any, Any] = {
        "number": pd.to_numeric,
        "datetime": pd.to_datetime,
        "category": lambda one: one.astype("category"),
    }
    for name, kind in schema.items():
        if kind in made and name in X.columns and not (kind == "number" and X[name].dtype.kind == "b"):
            try:
                X = X.assign(**{name: made[kind](X[name])})
            except (TypeError, ValueError) as error:
                raise DataError(f"column {name!r} is no {kind}: {error}") from None
    return X


def settled(job: Job, X: pd.DataFrame, schema: dict[str, Any], kind: Kind = "table") -> Job:
    """Return the job with a generator: its own, or the one that the rule of `generators.default` takes, and say why.

    The rule's gates come with its generator, unless the job names gates; what they lack is then filled up. What is no
    table is changed by the default policy of its kind, which the job then holds.
    """
    if job.generator is not None and job.generator.name == "Augment" and job.generator.params.get("policy") is None:
        spec = Named(name="Augment", params={**job.generator.params, "policy": default_for(kind).to_dict()})
        return job.model_copy(update={"generator": spec})
    if job.generator is not None or job.model is not None:
        return job
    if kind != "table":
        policy = default_for(kind)
        what = ", ".join(type(part).__name__ for part in single(policy))
        print(
            f"gensynth: Augment is taken: it changes real rows of the class by {what} (--generator names another)",
            file=sys.stderr,
        )
        return job.model_copy(update={"generator": Named(name="Augment", params={"policy": policy.to_dict()})})
    choice = choose(X, schema or None)
    gates = job.gates or [Named(name=name, params=params) for name, params in choice.gates]
    on_short = "fill" if gates and not job.gates and "on_short" not in job.model_fields_set else job.on_short
    whose = f", behind the gate {choice.gates[0][0]}," if gates and not job.gates else ""
    print(f"gensynth: {choice.name}{whose} is taken: {choice.why} (--generator names another)", file=sys.stderr)
    return job.model_copy(update={"generator": Named(name=choice.name), "gates": gates, "on_short": on_short})


def make_balancer(job: Job, X: Any, y: pd.Series, schema: dict[str, Any], groups: Any = None) -> Balancer:
    """Return the Balancer that a settled job asks for. Raises: ConfigError.

    Arguments:
        job: the job, settled.
        X: the rows, in their container.
        y: (n,) labels of all rows.
        schema: the columns of a table.
        groups: the column by which to balance, or the group of each row to balance where X is no table.
    """
    labels, _ = Labels.fit(y, len(y))
    strategy: Any = job.strategy
    if isinstance(strategy, dict):
        try:
            strategy = {labels.match(label): n for label, n in strategy.items()}
        except UnknownCategory as error:
            raise ConfigError(f"--strategy: {error}") from None
    if job.model is not None:
        generator = load(job.model)
        try:
            check_same_columns(generator, X)
        except ConfigError as error:
            raise ConfigError(f"{job.model} does not fit {job.data}: {error}") from None
    else:
        assert job.generator is not None
        generator = build_generator(job.generator, seed=job.seed, schema=schema or None, n_jobs=job.threads)
    if not generator.__sklearn_is_fitted__():
        generator._check_params()
    own = job.generator.params.get("random_state") if job.generator is not None else None
    return Balancer(
        generator, sampling_strategy=strategy, groups=groups, gates=[_gate(spec) for spec in job.gates],
        on_short=job.on_short, under=_under(job.under, labels), prefit=job.model is not None,
        random_state=job.seed if own is None else own,
    )  # fmt: skip


def groups_of(job: Job, X: pd.DataFrame, train: Positions, kind: Kind) -> Any:
    """Return by what a Balancer is to group: the column's name, or its values where rows are no table of it."""
    if job.groups is None:
        return None
    if job.groups not in X.columns:
        raise ConfigError(
            f"--groups names the column {job.groups!r}, which {job.data} has not{nearest(job.groups, X.columns)}"
        )
    return job.groups if kind == "table" else X[job.groups].to_numpy()[train]


def _gate(spec: Named) -> Any:
    made = getattr(gate_table, spec.name, None)
    names = [name for name, each in vars(gate_table).items() if hasattr(each, "accept") and name != "Gate"]
    if spec.name not in names:
        raise ConfigError(f"there is no gate {spec.name!r}{nearest(spec.name, names)}")
    params = checked_params(made, spec.params, spec.name)  # type: ignore[arg-type]
    for name, each in inspect.signature(made).parameters.items():  # type: ignore[arg-type]
        if each.default is inspect.Parameter.empty and name not in params:
            raise ConfigError(
                f"{spec.name} needs {name}: give it as --gate '{spec.name}({name}=...)', or in its params"
            )
    gate = made(**params)  # type: ignore[misc]
    return gate.check() if hasattr(gate, "check") else gate  # before a generator is fitted for nothing


def _under(spec: Named | None, labels: Labels) -> Any:
    if spec is None:
        return None
    from imblearn import under_sampling

    if spec.name not in under_sampling.__all__:
        raise ConfigError(
            f"imbalanced-learn has no under-sampler {spec.name!r}{nearest(spec.name, under_sampling.__all__)}"
        )
    params = dict(spec.params)
    if isinstance(params.get("sampling_strategy"), dict):
        params["sampling_strategy"] = {labels.match(label): n for label, n in params["sampling_strategy"].items()}
    try:
        return getattr(under_sampling, spec.name)(**params)
    except TypeError as error:
        raise ConfigError(f"{spec.name}: {error}") from None
