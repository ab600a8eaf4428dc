"""`gensynth balance`: a table in, the same table with synthetic rows of its rare classes out."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from ..balance import Balancer
from ..errors import ConfigError, DataError, GensynthWarning
from ..recipe import Job
from ..store.atomic import check_output
from ..store.base import TableFile
from ..store.jsonfile import write_json
from ..store.tables import read_table
from .request import Positions, known_columns, make_balancer, settled, split_target, training_rows
from .settings import as_yaml, threads

log = logging.getLogger("gensynth")


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
        if not path.name or path.is_dir():
            raise ConfigError(f"{table} is a folder: name a file with -o")
        short = path.name.partition(".")[0] or path.name
        rest = str(path.with_name(f"{short}.holdout{path.name[len(short) :]}")) if job.holdout or job.split else None
        return cls(table, rest, str(path.with_name(f"{path.name}.recipe.json")))

    def check(self, data: str, overwrite: bool) -> None:
        """Refuse outputs that exist or cannot be written, before any work. Raises: ConfigError."""
        for path in (self.table, self.rest, self.recipe):
            if path is None or path == "-":
                continue
            if data != "-" and os.path.realpath(path) == os.path.realpath(data):
                raise ConfigError(f"{path} is the input, which is never replaced: name another output with -o")
            if Path(path).is_dir():
                raise ConfigError(f"{path} is a folder: name a file")
            check_output(path, overwrite)


def run(job: Job, *, overwrite: bool, dry_run: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    outputs = Outputs.of(job)
    if not dry_run:
        outputs.check(job.data, overwrite)
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
        if job.mark is not None and (not job.mark.strip() or job.mark in table.frame.columns):
            raise ConfigError(f"--mark {job.mark!r}: the new column needs a name that {job.data} has not")
        schema = known_columns(job, X)
        done = settled(job, X, schema)
        balancer = make_balancer(done, X, y, schema)
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
    result = _result(done, table, balancer, len(rest), time.perf_counter() - started)
    if job._input not in (None, result["input"]["sha256_of_rows"]):
        warnings.warn(f"{job.data} is not what it was when the recipe was written", GensynthWarning, stacklevel=2)
    if outputs.recipe is not None:
        write_json(outputs.recipe, {"job": job.asked(), "result": result}, overwrite=True)
    _summary(job, balancer, outputs, len(rest))


def _cut(part: Any, rows: Positions) -> Any:
    return part if len(rows) == len(part) else part.iloc[rows].reset_index(drop=True)


# What is said ------------------------------------------------------------------------------------------------------


def _result(job: Job, table: TableFile, balancer: Balancer, held: int, seconds: float) -> dict[str, Any]:
    """Return what was done, for the recipe."""
    digest = hashlib.sha256()
    hashed = pd.util.hash_pandas_object(table.frame, index=False).to_numpy()
    digest.update(hashed.tobytes())
    done = balancer.recipe_["result"]
    return {
        "generator": _spec(job, balancer),
        "gates": [gate.model_dump() for gate in job.gates],
        "on_short": job.on_short,
        **{name: part for name, part in done.items() if name != "seconds"},
        "held_out": held,
        "columns": {str(name): kind for name, kind in _kinds(balancer).items()},
        "model": None if job.model is None else _fingerprint(job.model),
        "input": {"rows": len(table.frame), "sha256_of_rows": digest.hexdigest()},
        "versions": {
            name: version(name)
            for name in ("gensynth", "numpy", "pandas", "pyarrow", "scikit-learn", "imbalanced-learn")
        },
        "threads": job.threads,
        "seconds": round(seconds, 3),
    }


def _kinds(balancer: Balancer) -> dict[Any, str]:
    schema = getattr(getattr(balancer.generator_, "encoder_", None), "schema_", None)
    return {} if schema is None else dict(schema.kinds)


def _fingerprint(folder: str) -> str:
    """Return the hash of a model's files."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


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
