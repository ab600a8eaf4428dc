"""`gensynth balance`: a table in, the same table with synthetic rows of its rare classes out."""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .. import gates as gate_table
from ..balance import Balancer
from ..data.labels import Labels
from ..data.schema import Schema
from ..errors import ConfigError, DataError, UnknownCategory, nearest
from ..generators.files import load
from ..recipe import Job, Named, build_generator, checked_params
from ..store.atomic import check_output
from ..store.base import TableFile
from ..store.jsonfile import write_json
from ..store.tables import read_table
from .settings import as_yaml, threads

log = logging.getLogger("gensynth")
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Outputs:
    """Where the results go: the balanced table, the rows held out, the recipe."""

    table: str
    rest: str | None
    recipe: str | None

    @classmethod
    def of(cls, job: Job) -> Outputs:
        """Return the names for a job; without `out`, NAME.balanced.EXT beside the input."""
        name = Path(job.data).name
        stem = name.partition(".")[0] if not name.startswith(".") else name
        table = job.out or (
            "-" if job.data == "-" else str(Path(job.data).with_name(f"{stem}.balanced{name[len(stem) :]}"))
        )
        if table == "-":
            if job.holdout or job.split:
                raise ConfigError(
                    "the rows held out are written beside the output: give -o FILE instead of standard output"
                )
            return cls("-", None, None)
        path = Path(table)
        short = path.name.partition(".")[0] or path.name
        rest = str(path.with_name(f"{short}.holdout{path.name[len(short) :]}")) if job.holdout or job.split else None
        return cls(table, rest, str(path.with_name(f"{path.name}.recipe.json")))

    def check(self, overwrite: bool) -> None:
        """Refuse outputs that exist or cannot be written, before any work. Raises: ConfigError."""
        for path in (self.table, self.rest, self.recipe):
            if path is not None and path != "-":
                check_output(path, overwrite)


def run(job: Job, *, overwrite: bool, dry_run: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    outputs = Outputs.of(job)
    if not dry_run:
        outputs.check(overwrite)
    try:
        _balance(job, outputs, overwrite=overwrite, dry_run=dry_run)
    except DataError as error:
        raise error if job.data in str(error) else type(error)(f"{job.data}: {error}") from error


def _balance(job: Job, outputs: Outputs, *, overwrite: bool, dry_run: bool) -> None:
    started = time.perf_counter()
    with threads(job.threads):
        table = read_table(job.data)
        X, y = split_target(table, job.target)
        train, rest = training_rows(job, X, y)
        schema = Schema.infer(X, job.columns)
        balancer = make_balancer(job, X, y, schema)
        log.info("%s: %s rows, %s columns", job.data, f"{len(X):,}", X.shape[1])
        if dry_run:
            _plan(balancer, X.iloc[train], y.iloc[train], outputs)
            return
        X_new, y_new = balancer.fit_resample(_cut(X, train), _cut(y, train))
    made = balancer.is_synthetic_
    synthetic = X_new[made].reset_index(drop=True)
    synthetic.insert(table.frame.columns.get_loc(job.target), job.target, y_new[made].reset_index(drop=True))
    table.write(outputs.table, rows=train[balancer.kept_], synthetic=synthetic, mark=job.mark, overwrite=overwrite)
    if outputs.rest is not None:
        table.write(outputs.rest, rows=rest, overwrite=overwrite)
    result = _result(job, table, balancer, schema, len(rest), time.perf_counter() - started)
    if outputs.recipe is not None:
        write_json(outputs.recipe, {"job": job.asked(), "result": result}, overwrite=True)
    _summary(job, balancer, outputs, len(rest))


def split_target(table: TableFile, target: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return the columns to learn from, and the labels. Raises: ConfigError, DataError."""
    frame = table.frame
    if target not in frame.columns:
        raise ConfigError(f"{table.path}: there is no column {target!r} to balance{nearest(target, frame.columns)}")
    y = frame[target]
    missing = np.flatnonzero(y.isna().to_numpy())
    if len(missing):
        rows = ", ".join(f"{row + 1:,}" for row in missing[:3])
        raise DataError(
            f"{table.path}: {len(missing):,} of {len(y):,} rows have no label in column {target!r} "
            f"(row {rows}{', ...' if len(missing) > 3 else ''}): fill them in or leave those rows out"
        )
    if frame.shape[1] < 2:
        raise DataError(f"{table.path}: {target!r} is the only column: there is nothing to learn the rows from")
    try:
        labels, _ = Labels.fit(y, len(y))
    except DataError as error:
        raise DataError(f"{table.path}: column {target!r}: {error}") from None
    if len(labels) < 2:
        raise DataError(f"{table.path}: column {target!r} holds 1 class, {y.iloc[0]!r}: there is nothing to balance")
    return frame.drop(columns=target), y


def training_rows(job: Job, X: pd.DataFrame, y: pd.Series) -> tuple[Positions, Positions]:
    """Return the positions to balance and those to leave untouched. Raises: ConfigError, DataError."""
    every = np.arange(len(y))
    if job.split is not None:
        if job.split not in X.columns:
            raise ConfigError(
                f"--split names the column {job.split!r}, which {job.data} has not{nearest(job.split, X.columns)}"
            )
        train = (
            X[job.split].astype(str).str.strip().str.lower().isin(["train", "training", "1", "1.0", "true"]).to_numpy()
        )
        if not train.any() or train.all():
            what = "no row" if not train.any() else "every row"
            raise DataError(f"{job.data}: {what} of column {job.split!r} says 'train' (or 1, or true)")
        return every[train], every[~train]
    if job.holdout is None:
        return every, every[:0]
    rng = np.random.default_rng([job.seed, 1])
    held = []
    for rows in y.groupby(y, observed=True).indices.values():
        held.append(rng.permutation(rows)[: round(len(rows) * job.holdout) if len(rows) > 1 else 0])
    rest = np.sort(np.concatenate(held)).astype(np.intp)
    if not len(rest):
        raise DataError(f"{job.data}: {len(y)} rows are too few to hold out {job.holdout:g} of each class")
    return np.setdiff1d(every, rest), rest


def make_balancer(job: Job, X: pd.DataFrame, y: pd.Series, schema: Schema) -> Balancer:
    """Return the Balancer that a job asks for. Raises: ConfigError."""
    labels, _ = Labels.fit(y, len(y))
    strategy: Any = job.strategy
    if isinstance(strategy, dict):
        try:
            strategy = {labels.match(label): n for label, n in strategy.items()}
        except UnknownCategory as error:
            raise ConfigError(f"--strategy: {error}") from None
    if job.groups is not None and job.groups not in X.columns:
        raise ConfigError(
            f"--groups names the column {job.groups!r}, which {job.data} has not{nearest(job.groups, X.columns)}"
        )
    if job.model is not None:
        generator = load(job.model)
        _same_columns(generator, X, job)
    else:
        generator = build_generator(
            job.generator or Named(name="SMOTE"), seed=job.seed, schema=schema, n_jobs=job.threads
        )
    return Balancer(
        generator, sampling_strategy=strategy, groups=job.groups, gates=[_gate(spec) for spec in job.gates],
        on_short=job.on_short, under=_under(job.under), prefit=job.model is not None, random_state=job.seed,
    )  # fmt: skip


def _same_columns(generator: Any, X: pd.DataFrame, job: Job) -> None:
    """Raise ConfigError where a model was fitted on other columns."""
    theirs = [column.name for column in generator.schema_]
    if theirs != list(X.columns):
        other = sorted(map(str, set(theirs) ^ set(X.columns))) or ["their order"]
        raise ConfigError(
            f"{job.model} was fitted on other columns than {job.data} has (they differ in {', '.join(other[:4])})"
        )


def _gate(spec: Named) -> Any:
    made = getattr(gate_table, spec.name, None)
    names = [name for name, each in vars(gate_table).items() if hasattr(each, "accept") and name != "Gate"]
    if spec.name not in names:
        raise ConfigError(f"there is no gate {spec.name!r}{nearest(spec.name, names)}")
    return made(**checked_params(made, spec.params, spec.name))  # type: ignore[misc, arg-type]


def _under(spec: Named | None) -> Any:
    if spec is None:
        return None
    from imblearn import under_sampling

    if spec.name not in under_sampling.__all__:
        raise ConfigError(
            f"imbalanced-learn has no under-sampler {spec.name!r}{nearest(spec.name, under_sampling.__all__)}"
        )
    try:
        return getattr(under_sampling, spec.name)(**spec.params)
    except TypeError as error:
        raise ConfigError(f"{spec.name}: {error}") from None


def _cut(part: Any, rows: Positions) -> Any:
    return part if len(rows) == len(part) else part.iloc[rows].reset_index(drop=True)


# What is said ------------------------------------------------------------------------------------------------------


def _result(
    job: Job, table: TableFile, balancer: Balancer, schema: Schema, held: int, seconds: float
) -> dict[str, Any]:
    """Return what was done, for the recipe."""
    digest = hashlib.sha256()
    hashed = pd.util.hash_pandas_object(table.frame, index=False).to_numpy()
    digest.update(hashed.tobytes())
    done = balancer.recipe_["result"]
    return {
        "generator": _spec(job, balancer),
        **{name: part for name, part in done.items() if name != "seconds"},
        "held_out": held,
        "columns": {str(name): kind for name, kind in schema.kinds.items()},
        "input": {"rows": len(table.frame), "sha256_of_rows": digest.hexdigest()},
        "versions": {
            name: version(name)
            for name in ("gensynth", "numpy", "pandas", "pyarrow", "scikit-learn", "imbalanced-learn")
        },
        "threads": job.threads,
        "seconds": round(seconds, 3),
    }


def _spec(job: Job, balancer: Balancer) -> dict[str, Any]:
    """Return the generator that was taken, as a job names one."""
    if job.generator is not None:
        return job.generator.model_dump()
    return {"name": type(balancer.generator).__name__, "params": {}}


def _plan(balancer: Balancer, X: pd.DataFrame, y: pd.Series, outputs: Outputs) -> None:
    balancer.fit(X, y)
    print(f"{type(balancer.generator).__name__} would make:", file=sys.stderr)
    for label, n in balancer.sampling_strategy_.items():
        print(f"  {label}: {n:,}", file=sys.stderr)
    if not balancer.sampling_strategy_:
        print("  nothing: the classes are as asked already", file=sys.stderr)
    print(f"and write {outputs.table}. Nothing was written (--dry-run).", file=sys.stderr)


def _summary(job: Job, balancer: Balancer, outputs: Outputs, held: int) -> None:
    """Print class counts before and after, and where things are, on standard error."""
    done = balancer.recipe_["result"]
    width = max(len("class"), *(len(label) for label in done["after"]))
    lines = [f"{'class':{width}}  {'before':>9}  {'after':>9}"]
    for label, n in sorted(done["before"].items(), key=lambda item: -item[1]):
        lines.append(f"{label:{width}}  {n:>9,}  {done['after'][label]:>9,}")
    rows = done["rows"]
    name = balancer.recipe_["job"]["generator"]["name"]
    lines.append(f"{rows['kept']:,} real rows and {rows['synthetic']:,} made by {name}: {outputs.table}")
    if outputs.rest is not None:
        lines.append(f"{held:,} rows to test on, untouched: {outputs.rest}")
    else:
        lines.append("Rows to test on must be split off before balancing: --holdout 0.2 or --split COLUMN does it.")
    if done["fresh_identifiers"]:
        lines.append(f"Identifiers, drawn fresh for synthetic rows: {', '.join(done['fresh_identifiers'])}")
    if outputs.recipe is not None:
        lines.append(f"Recipe: {outputs.recipe}")
    print("\n".join(lines), file=sys.stderr)
