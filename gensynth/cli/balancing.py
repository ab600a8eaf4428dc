"""`gensynth balance`: a table in, the same table with synthetic rows of its rare classes out.

What is a folder is `balancing_folders`' business; what both say stands here.
"""

from __future__ import annotations

import logging
import sys
import time
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..balance import Balancer
from ..data.kinds import count_rows, take_rows
from ..errors import ConfigError, DataError
from ..recipe import Job
from ..store.atomic import check_output
from ..store.elsewhere import is_folder_at, place, same
from ..store.jsonfile import write_json
from ..store.tables import read_table
from .folders import check_page, is_folder, refuse_files
from .holding import codes_of, groups_of_rows, training_rows
from .large import large_table
from .made import Made, fresh_for, without_rows
from .request import Positions, features, groups_of, known_columns, make_balancer, settled, split_target
from .resuming import Keeping
from .safe import guard_for, say_safe
from .settings import as_yaml, threads
from .telling import result_of, say_plan, summary, table_given, warn_other
from .views import View, view_of

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
        name = place(job.data).name
        stem = name.partition(".")[0] if not name.startswith(".") else name
        table = job.out or (
            "-" if job.data == "-" else str(place(job.data).with_name(f"{stem}.balanced{name[len(stem) :]}"))
        )
        if table == "-":
            if job.holdout or job.split:
                raise ConfigError(
                    "the rows held out are written beside the output: give -o FILE instead of standard output"
                )
            return cls("-", None, None)
        path = place(table)
        if not path.name or is_folder_at(path):
            raise ConfigError(f"{table} is a folder: name a file with -o")
        short = path.name.partition(".")[0] or path.name
        rest = str(path.with_name(f"{short}.holdout{path.name[len(short) :]}")) if job.holdout or job.split else None
        return cls(table, rest, str(path.with_name(f"{path.name}.recipe.json")))

    def check(self, data: str, report: str | None, overwrite: bool) -> None:
        """Refuse outputs that exist or cannot be written, before any work. Raises: ConfigError."""
        if report is not None:
            check_page(report, [data, self.table, self.rest, self.recipe], overwrite)
        for path in (self.table, self.rest, self.recipe):
            if path is None or path == "-":
                continue
            if data != "-" and same(path, data):
                raise ConfigError(f"{path} is the input, which is never replaced: name another output with -o")
            if is_folder_at(path):
                raise ConfigError(f"{path} is a folder: name a file")
            check_output(path, overwrite)


def run(job: Job, *, overwrite: bool, resume: bool, dry_run: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    try:
        large = large_table(job)
        if large is not None:
            from .balancing_large import balance as balance_large

            balance_large(job, *large, overwrite=overwrite, resume=resume, dry_run=dry_run)
            return
        if is_folder(job):
            from .balancing_folders import balance

            balance(job, overwrite=overwrite, resume=resume, dry_run=dry_run)
            return
        refuse_files(job)
        outputs = Outputs.of(job)
        keeping = Keeping.of(job, outputs.table, resume=resume, overwrite=overwrite, dry=dry_run)
        if not dry_run:
            outputs.check(job.data, job.report, keeping.overwrite)
        with keeping:
            _balance(job, outputs, keeping, dry_run=dry_run)
    except DataError as error:
        raise error if job.data in str(error) else type(error)(f"{job.data}: {error}") from error


def _balance(job: Job, outputs: Outputs, keeping: Keeping, *, dry_run: bool) -> None:
    started, overwrite = time.perf_counter(), keeping.overwrite
    with threads(job.threads):
        table = read_table(job.data)
        guard = guard_for(job, outputs.table, table.family)
        X, y = split_target(table, job.target)
        train, rest = training_rows(job, X, y)
        if job.mark is not None and (not job.mark.strip() or job.mark in table.frame.columns):
            raise ConfigError(f"--mark {job.mark!r}: the new column needs a name that {job.data} has not")
        schema = known_columns(job, X)
        view = view_of(job, table, X, schema)
        done = settled(job, X, schema, view.kind)
        groups = groups_of(job, X, train, view.kind)
        balancer = make_balancer(done, view.rows, y, schema if view.kind == "table" else {}, groups)
        log.info("%s: %s rows, %s columns", job.data, f"{len(X):,}", X.shape[1])
        if dry_run:
            balancer.fit(take_rows(view.rows, train), y.iloc[train])
            say_plan(balancer, [outputs.table])
            return
        X_train, y_train = _cut(view.rows, train), _cut(y, train)
        X_new, y_new = keeping.fitted(balancer.generator, balancer.fit_resample, X_train, y_train)
        made = Made.of(balancer, X_new, y_new, None if balancer.prefit else train)
        made = without_rows(made, job.reject, fresh_for(balancer, X_train, y_train, X_new, train))
        synthetic = view.frame(made.rows, made.first())
    keeping.writing()
    place = [*table.frame.columns].index(str(y.name))
    synthetic.insert(place, y.name, y_new[balancer.is_synthetic_].reset_index(drop=True))
    table.write(outputs.table, rows=train[balancer.kept_], synthetic=synthetic, mark=job.mark, overwrite=overwrite,
                guard=guard)  # fmt: skip
    if outputs.rest is not None:
        table.write(outputs.rest, rows=rest, overwrite=overwrite, guard=guard)
    given = table_given(table.frame)
    warn_other(job, given["sha256_of_rows"])
    if outputs.recipe is not None:
        result = result_of(
            done,
            balancer,
            given,
            held=len(rest),
            seconds=time.perf_counter() - started,
        )
        write_json(outputs.recipe, {"job": job.asked(), "result": result}, overwrite=True)
    summary(balancer, outputs.table, outputs.rest, outputs.recipe, held=len(rest), alone="--split COLUMN",
            rejected=len(job.reject))  # fmt: skip
    say_safe(guard)
    if job.report is not None:
        held = (_cut(view.rows, rest), _cut(y, rest)) if len(rest) else (None, None)
        told = (balancer, X_train, y_train, X_new, y_new, *held)
        _report(done, told, view, (X, y), train, schema, overwrite=overwrite)


def _report(
    job: Job, told: tuple[Any, ...], view: View, table: tuple[pd.DataFrame, pd.Series], train: Positions,
    schema: dict[str, Any], *, overwrite: bool,
) -> None:  # fmt: skip
    """Write the page of a settled job; `told` are the arguments of `reporting.Told`."""
    from .reporting import Told, compared, write  # with torch, which no other part needs

    X, y = table
    together = None if job.split_by is None else codes_of(groups_of_rows(job, X, ()))[train]

    def prepared() -> tuple[Balancer, Any]:
        groups = groups_of(job, X, train, view.kind)
        if view.kind != "table":
            return make_balancer(job, view.rows, y, {}, groups), _cut(view.rows, train)
        apart = [job.split_by] if job.split_by not in (None, job.groups) else []
        rows = features(X.drop(columns=apart), schema)
        known = {name: kind for name, kind in schema.items() if name in rows.columns}
        return make_balancer(job, rows, y, known, groups), _cut(rows, train)

    with threads(job.threads):
        found = compared(job, prepared, told[2], told[0].recipe_["result"]["seconds"], together)
        write(job, Told(*told), found, overwrite)


def _cut(part: Any, rows: Positions) -> Any:
    if len(rows) == count_rows(part):
        return part
    return part.iloc[rows].reset_index(drop=True) if hasattr(part, "iloc") else take_rows(part, rows)
