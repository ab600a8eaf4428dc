"""`gensynth compare`: methods against nothing, on folds, and what to do, in words and figures."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import typer

from ..balance import Balancer
from ..data.kinds import Kind
from ..errors import ConfigError, DataError, Unsupported, nearest
from ..evidence.compare.arms import CHEAP, DEFAULT
from ..evidence.compare.result import Comparison
from ..evidence.compare.run import compare
from ..generators import all_generators, generator_class
from ..recipe import Named, build_generator
from ..store.atomic import check_output
from ..store.elsewhere import same
from ..store.jsonfile import write_json
from ..store.sources import format_of
from ..store.tables import read_table, write_frame
from .balancing_folders import labels_of
from .compare_job import Compare
from .folders import Folder, check_page, is_folder, refuse_columns, refuse_files
from .holding import codes_of, groups_of_rows
from .request import features, known_columns, split_target
from .saying import CUT
from .settings import as_yaml, threads
from .telling import PACKAGES, folder_given, table_given, warn_other
from .views import view_of

log = logging.getLogger("gensynth")


@dataclass(frozen=True)
class Given:
    """What is compared on: n rows, their labels, what belongs together (n,), groups (n,), and what is noted of them."""

    kind: Kind
    rows: Any
    labels: pd.Series
    together: npt.NDArray[np.intp] | None
    groups: Any
    noted: dict[str, Any]
    seen: str  # hash of all that was read


def run(job: Compare, *, overwrite: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    recipe = _check(job, overwrite)
    try:
        given = _of_folder(job) if is_folder(job) else _of_table(job)
        methods = _methods(job, given)
        with threads(job.threads):
            found = compare(
                given.rows, given.labels, methods=methods, learners=job.learners, metrics=job.metrics, cv=job.folds,
                split_by=given.together, groups=given.groups, random_state=job.seed, n_jobs=job.threads or -1,
            )  # fmt: skip
    except DataError as error:
        raise error if job.data in str(error) else type(error)(f"{job.data}: {error}") from error
    print(found)
    _write(job, found, given, recipe, overwrite)
    if found.stopped:
        print(f"gensynth: {CUT}", file=sys.stderr)
    if found.stopped or len(found.failed) == len(found.learners) * len(found.arms):
        raise typer.Exit(1)


def _check(job: Compare, overwrite: bool) -> str | None:
    """Refuse outputs that cannot be written; return where the recipe goes. Raises: ConfigError."""
    if job.report is not None:
        check_page(job.report, [job.data, job.out], overwrite)
    if job.out is None:
        return None
    if job.out == "-":
        raise ConfigError("the verdict goes to standard output: name a file for the table with -o")
    if same(job.out, job.data):
        raise ConfigError(f"{job.out} is the input, which is never replaced: name another output with -o")
    if not job.out.lower().endswith(".json"):
        format_of(job.out, "csv")
    recipe = f"{job.out}.recipe.json"
    for path in (job.out, recipe):
        check_output(path, overwrite)
    return recipe


def _of_table(job: Compare) -> Given:
    """Return the rows of a table, as what they are."""
    refuse_files(job)
    table = read_table(job.data)
    X, y = split_target(table, job.target)
    together = None if job.split_by is None else codes_of(groups_of_rows(job, X, ()))
    if job.groups is not None and job.groups not in X.columns:
        raise ConfigError(
            f"--groups names the column {job.groups!r}, which {job.data} has not{nearest(job.groups, X.columns)}"
        )
    groups = None if job.groups is None else X[job.groups].to_numpy()
    X = X if job.split_by is None else X.drop(columns=[job.split_by])
    schema = known_columns(job, X)
    view = view_of(job, table, X, schema)
    rows = features(view.rows, schema) if view.kind == "table" else view.rows
    log.info("%s: %s rows, %s columns", job.data, f"{len(X):,}", X.shape[1])
    noted = table_given(table.frame)
    return Given(view.kind, rows, y, together, groups, noted, noted["sha256_of_rows"])


def _of_folder(job: Compare) -> Given:
    """Return the files of a folder, images in one size."""
    refuse_columns(job)
    folder = Folder.open(job)
    y = labels_of(folder, job)
    together = None if job.split_by is None else codes_of(groups_of_rows(job, pd.DataFrame(), folder.listing.files))
    kind = folder.listing.kind
    rows: Any = folder.sized(job) if kind == "image" else folder.rows(np.arange(len(y)))
    folder.say_mixed()
    noted = folder_given(folder)
    return Given(kind, rows, y, together, None, noted, noted["sha256_of_files"])


def _methods(job: Compare, given: Given) -> Any:
    """Return the methods of a job by name; those with parameters have these in theirs. Raises: ConfigError."""
    if job.methods is None:
        return None
    made: dict[str, Any] = {}
    for spec in job.methods:
        name = spec.name
        if name not in (*CHEAP, DEFAULT):
            _suits(name, given.kind)
        if spec.params:
            name = f"{name}({', '.join(f'{key}={value}' for key, value in spec.params.items())})"[:60]
        made[name] = spec.name if not spec.params else _made(spec)
    return made if any(spec.params for spec in job.methods) else list(made)


def _made(spec: Named) -> Balancer:
    return Balancer(build_generator(spec), on_short="fill")


def _suits(name: str, kind: Kind) -> None:
    """Raise Unsupported where a generator does not make rows of a kind."""
    if kind not in generator_class(name).supports.kinds:
        able = [each for each, made in all_generators().items() if kind in made.supports.kinds]
        raise Unsupported(f"{name} makes no rows of kind {kind!r}; these do: {', '.join(able)}")


def _write(job: Compare, found: Comparison, given: Given, recipe: str | None, overwrite: bool) -> None:
    """Write the table, its recipe and the page, as they are asked for; nothing where nothing was finished."""
    warn_other(job, given.seen)
    if not len(found.folds):
        return
    result = {
        "recommended": found.recommended, "learners": list(found.learners), "methods": list(found.arms),
        "failed": [f"{arm} with {learner}: {text}" for (learner, arm), text in found.failed.items()],
        "notes": list(found.notes), "input": given.noted, "versions": {name: version(name) for name in PACKAGES},
        "threads": job.threads, "seconds": round(found.seconds, 1),
    }  # fmt: skip
    whole = {"job": job.asked(), "result": result}
    if job.out is not None:
        if job.out.lower().endswith(".json"):
            write_json(job.out, found.to_dict(), overwrite=overwrite)
        else:
            write_frame(found.table.reset_index(), job.out, overwrite=overwrite)
        print(f"Table: {job.out}\nRecipe: {recipe}", file=sys.stderr)
    if recipe is not None:
        write_json(recipe, whole, overwrite=True)
    if job.report is not None:
        from ..evidence.report.page import write

        write(job.report, comparison=found, job=whole["job"], overwrite=overwrite)
        print(f"Report: {job.report}", file=sys.stderr)
