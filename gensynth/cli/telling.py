"""What is said and noted of a job, whatever its data is."""

from __future__ import annotations

import hashlib
import sys
import time
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from ..balance import Balancer
from ..errors import GensynthWarning
from ..recipe import Asked, Change, Job
from ..store.folders import fingerprint
from ..store.image_folder import ImageFolder
from ..store.jsonfile import write_json
from .folders import Folder

PACKAGES = ("gensynth", "numpy", "pandas", "pyarrow", "scikit-learn", "imbalanced-learn")
CHANGING = ("gensynth", "numpy", "pandas", "torch", "torchvision", "pillow", "scipy")


def result_of(
    job: Job, balancer: Balancer, given: dict[str, Any], *, held: int, seconds: float, more: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what was done, for the recipe.

    Arguments:
        job: the job, settled.
        balancer: which did it.
        given: the input's size and fingerprint.
        held: rows held out.
        seconds: how long it took.
        more: packages whose versions matter beside `PACKAGES`.
    """
    done = balancer.recipe_["result"]
    return {
        "generator": spec_of(job, balancer),
        "gates": [gate.model_dump() for gate in job.gates],
        "on_short": job.on_short,
        **{name: part for name, part in done.items() if name != "seconds"},
        "rejected": len(job.reject),
        "held_out": held,
        "columns": {str(name): kind for name, kind in kinds_of(balancer).items()},
        "model": None if job.model is None else model_fingerprint(job.model),
        "input": given,
        "versions": {name: version(name) for name in (*PACKAGES, *more)},
        "threads": job.threads,
        "seconds": round(seconds, 3),
    }


def table_given(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the size and the fingerprint of a table: of its rows."""
    hashed = pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
    return {"rows": len(frame), "sha256_of_rows": hashlib.sha256(hashed).hexdigest()}


def folder_given(folder: Folder, styles: ImageFolder | None = None) -> dict[str, Any]:
    """Return the size and the fingerprint of a folder: of names and bytes of its files, of their masks, and styles."""
    listing = folder.listing
    paths, names = listing.paths, [*listing.files]
    if folder.masks is not None:
        paths, names = paths + folder.masks, names + [PurePath("masks", file) for file in listing.files]
    if styles is not None:
        inside = [str(name) for name in styles.files]
        paths += [styles.root / name for name in inside]
        names += [PurePath("styles", name) for name in inside]
    return {"files": len(listing), "sha256_of_files": fingerprint(paths, names)}


def warn_other(job: Asked, seen: str) -> None:
    """Say where the input is another one than that of the recipe."""
    if job._input not in (None, seen):
        what = f"{job.data} or {job.style}" if isinstance(job, Change) and job.style is not None else job.data
        warnings.warn(f"{what} is not what it was when the recipe was written", GensynthWarning, stacklevel=3)


def kinds_of(balancer: Balancer) -> dict[Any, str]:
    """Return the kinds of the columns that a Balancer's generator has learned."""
    schema = getattr(getattr(balancer.generator_, "encoder_", None), "schema_", None)
    return {} if schema is None else dict(schema.kinds)


def model_fingerprint(folder: str) -> str:
    """Return the hash of a model's files."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def spec_of(job: Job, balancer: Balancer) -> dict[str, Any]:
    """Return the generator that was taken, as a job names one."""
    if job.generator is not None:
        return job.generator.model_dump()
    return {"name": type(balancer.generator).__name__, "params": {}}


def say_plan(balancer: Balancer, outputs: Sequence[str]) -> None:
    """Print what a fitted Balancer would make."""
    print(f"{type(balancer.generator).__name__} would make:", file=sys.stderr)
    for label, n in balancer.sampling_strategy_.items():
        print(f"  {label}: {n:,}", file=sys.stderr)
    if not balancer.sampling_strategy_:
        print("  nothing: the classes are as asked already", file=sys.stderr)
    print(f"and write {' and '.join(outputs)}. Nothing was written (--dry-run).", file=sys.stderr)


def summary(
    balancer: Balancer, out: str, rest: str | None, recipe: str | None, *, held: int, what: str = "rows",
    alone: str = "", rejected: int = 0,
) -> None:  # fmt: skip
    """Print class counts before and after, and where things are, on standard error.

    Arguments:
        balancer: which did it.
        out: where all is.
        rest: where what is held out is.
        recipe: where the recipe is.
        held: how many are held out.
        what: what the rows are called.
        alone: an option that holds rows out too, beside --holdout.
        rejected: how many were made in place of refused ones.
    """
    done = balancer.recipe_["result"]
    width = max(len("class"), *(len(label) for label in done["after"]))
    lines = [f"{'class':{width}}  {'before':>9}  {'after':>9}"]
    for label, n in sorted(done["before"].items(), key=lambda item: -item[1]):
        lines.append(f"{label:{width}}  {n:>9,}  {done['after'][label]:>9,}")
    rows = done["rows"]
    name = balancer.recipe_["job"]["generator"]["name"]
    lines.append(f"{rows['kept']:,} real {what} and {rows['synthetic']:,} made by {name}: {out}")
    if rejected:
        lines.append(f"{rejected:,} of them in place of rejected ones")
    if rest is not None:
        lines.append(f"{held:,} {what} to test on, untouched: {rest}")
    else:
        how = f"--holdout 0.2{f' or {alone}' if alone else ''} does it, --split-by keeps together what belongs together"
        lines.append(f"{what.capitalize()} to test on must be split off before balancing: {how}.")
    if done["fresh_identifiers"]:
        lines.append(f"Identifiers, drawn fresh for synthetic rows: {', '.join(done['fresh_identifiers'])}")
    if recipe is not None:
        lines.append(f"Recipe: {recipe}")
    print("\n".join(lines), file=sys.stderr)


def note_change(
    job: Change, done: dict[str, Any], given: dict[str, Any], recipe: str, made: int, started: float
) -> None:
    """Write the recipe of what `transform` did.

    Arguments:
        job: the job.
        done: what is said of how it changed rows.
        given: the input's size and fingerprint.
        recipe: where it is to go.
        made: how many copies were made.
        started: when, by `time.perf_counter`.
    """
    result = {
        **done,
        "made": made,
        "input": given,
        "versions": {name: version(name) for name in CHANGING},
        "threads": job.threads,
        "seconds": round(time.perf_counter() - started, 3),
    }
    write_json(recipe, {"job": job.asked(), "result": result}, overwrite=True)


def say_change(notes: Sequence[str], made: str, where: Sequence[tuple[str, str | None]]) -> None:
    """Print what `transform` made and where it is, on standard error, and what people should know of it."""
    said = [f"gensynth: note: {text}" for text in notes]
    print("\n".join([*said, made, *[f"{name}: {path}" for name, path in where if path]]), file=sys.stderr)
