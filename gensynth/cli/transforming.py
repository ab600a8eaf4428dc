"""`gensynth transform`: changed copies of every row, by a policy.

Copy c of row r is made with the draws of row r and epoch c, so that it does not depend on what else is made.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.kinds import Audio
from ..errors import ConfigError, DataError
from ..recipe import Change
from ..store.atomic import check_output
from ..store.folders import Names
from ..store.jsonfile import write_json
from ..store.tables import read_table
from ..transforms import rowwise, running
from ..transforms.base import Transform
from ..transforms.table import rows as coded
from . import sheet
from .folders import Folder, Outputs, Writer, is_folder
from .pictures import BLOCK, Pictures
from .policies import learns, may_break, policy_of
from .settings import as_yaml, threads
from .telling import folder_given, table_given, warn_other
from .views import TableView, View, view_of

PACKAGES = ("gensynth", "numpy", "pandas", "torch", "torchvision", "pillow", "scipy")
NAMES = {"image": "images", "audio": "recordings", "text": "texts"}


def run(job: Change, *, overwrite: bool, explain: bool, print_config: bool) -> None:
    """Do the job. Raises: GensynthError."""
    if print_config:
        sys.stdout.write(as_yaml(job))
        return
    if job.masks_out is not None and job.masks is None:
        raise ConfigError("--masks-out says where changed masks go: give those of the images with --masks")
    try:
        with threads(job.threads):
            (_of_folder if is_folder(job) else _of_table)(job, overwrite, explain)
    except DataError as error:
        raise error if job.data in str(error) else type(error)(f"{job.data}: {error}") from error


# Folders -------------------------------------------------------------------------------------------------------------


def _of_folder(job: Change, overwrite: bool, explain: bool) -> None:
    started = time.perf_counter()
    if job.target is not None or job.columns:
        option = "--target" if job.target is not None else "--schema"
        raise ConfigError(f"{option} names a column, and {job.data} is a folder of files: leave it out")
    folder = Folder.open(job)
    policy = policy_of(job, folder.kind)
    if explain:
        print(_explained(policy, folder))
        return
    if job.sheet is not None and folder.kind != "image":
        raise ConfigError("--sheet shows images, and these are recordings: leave it out")
    outputs = Outputs.of(job, verb="transformed", masks_out=job.masks_out) if job.out or not job.sheet else None
    if outputs is not None:
        outputs.check(job, overwrite)
    if job.sheet is not None:
        _check_sheet(job, outputs, overwrite)
    labels = folder.listing.labels
    codes = None if labels is None else np.unique(np.array(labels, dtype=object), return_inverse=True)[1]
    every = np.arange(len(folder.listing))
    places = sheet.chosen(folder.listing) if job.sheet is not None else []
    if learns(policy):
        policy = policy.fit(folder.rows(every), codes)
    change = _Changing(folder, policy, codes)
    if job.sheet is not None:
        made = [
            change(*next(_blocks(folder, np.array([place]))), copy) for place in places for copy in range(job.copies)
        ]
        sheet.write(job.sheet, folder, places, made, overwrite=overwrite)
    if outputs is not None:
        _write(job, folder, change, outputs, overwrite)
        folder.say_mixed()
        given = folder_given(folder)
        warn_other(job, given["sha256_of_files"])
        _note(job, policy, given, outputs.recipe, len(every) * job.copies, started)
    n = len(every) if outputs is not None else len(places)
    made_of = f"{n * job.copies:,} changed copies of {n:,} {NAMES[folder.kind]}"
    where = [("Masks", outputs.masks), ("Recipe", outputs.recipe)] if outputs is not None else []
    _say(job, policy, f"{made_of}: {outputs.out if outputs else job.sheet}", [*where, ("Sheet", job.sheet)])


@dataclass(frozen=True)
class _Changing:
    """Changes rows of a folder by a policy; `codes` (n,) are the classes of all rows, or None."""

    folder: Folder
    policy: Transform
    codes: npt.NDArray[np.intp] | None

    def __call__(
        self, places: npt.NDArray[np.intp], rows: list[Any], masks: list[Any] | None, copy: int
    ) -> tuple[list[Any], list[Any] | None]:
        """Return one changed copy of rows, and of their masks. Raises: ConfigError where labels are changed too."""
        y = None if self.codes is None else self.codes[places]
        given: dict[str, Any] = {"index": places, "epoch": copy}
        given |= {name: part for name, part in (("mask", masks), ("y", y)) if part is not None}
        audio = self.folder.kind == "audio"
        made = self.policy(Audio(rows, float(self.folder.rate or 1)) if audio else rows, **given)
        parts = list(made) if isinstance(made, tuple) else [made]
        if y is not None and not np.array_equal(parts[-1], y):
            raise ConfigError("the policy mixes labels, and a file has one class: take one that keeps them")
        return list(parts[0].waves if audio else parts[0]), None if masks is None else list(parts[1])


def _write(job: Change, folder: Folder, change: _Changing, outputs: Outputs, overwrite: bool) -> None:
    """Write changed copies, so many files at a time as `BLOCK` holds."""
    every = np.arange(len(folder.listing))
    with outputs.opened(overwrite) as into:
        masks_into = None if outputs.masks is None else into[outputs.masks]
        writer = Writer(folder, into[outputs.out], masks_into)
        names = Names(folder.listing.files if job.originals else ())
        if job.originals:
            writer.copy(every)
        for places, rows, masks in _blocks(folder, every):
            for copy in range(job.copies):
                made, covers = change(places, rows, masks, copy)
                for at, place in enumerate(places.tolist()):
                    name = names.fresh(folder.listing.files[place])
                    writer.add(made[at], None if covers is None else covers[at], place, name)


def _blocks(
    folder: Folder, places: npt.NDArray[np.intp]
) -> Iterator[tuple[npt.NDArray[np.intp], list[Any], list[Any] | None]]:
    """Yield places, the rows that are read there, and their masks, as many as are held at a time."""
    held: list[int] = []
    rows: list[Any] = []
    masks: list[Any] = []
    size = 0
    for place in places.tolist():
        one: Any = folder.rows(np.array([place]))
        pictures = isinstance(one, Pictures)
        rows += list(one.x) if pictures else one.waves
        masks += list(one.masks or []) if pictures else []
        held.append(place)
        size += rows[-1].nbytes
        if size >= BLOCK:
            yield np.array(held), rows, masks if folder.masks is not None else None
            held, rows, masks, size = [], [], [], 0
    if held:
        yield np.array(held), rows, masks if folder.masks is not None else None


# Tables --------------------------------------------------------------------------------------------------------------


def _of_table(job: Change, overwrite: bool, explain: bool) -> None:
    started = time.perf_counter()
    if job.sheet is not None:
        raise ConfigError(f"--sheet shows images, and {job.data} is a table: leave it out")
    table = read_table(job.data)
    X = table.frame
    if job.target is not None:
        from .request import split_labels

        X, y = split_labels(table, job.target)
    else:
        y = None
    view = view_of(job, table, X, _schema(job, X))
    policy = policy_of(job, view.kind)
    if explain:
        print(_explained(policy, None))
        return
    out, recipe = _table_outputs(job)
    if out != "-":
        if job.data != "-" and Path(out).exists() and Path(out).samefile(job.data):
            raise ConfigError(f"{out} is the input, which is never replaced: name another output with -o")
        table.check_output(out, overwrite)
        check_output(recipe, overwrite)
    made = _copies(job, policy, view, y)
    if job.target is not None and y is not None:
        labels = pd.concat([y] * job.copies, ignore_index=True)
        made.insert([*table.frame.columns].index(job.target), job.target, labels)
    rows = None if job.originals else np.zeros(0, dtype=np.intp)
    table.write(out, rows=rows, synthetic=made, overwrite=overwrite)
    given = table_given(table.frame)
    warn_other(job, given["sha256_of_rows"])
    if out != "-":
        _note(job, policy, given, recipe, len(made), started)
    made_of = f"{len(made):,} changed copies of {len(X):,} {NAMES.get(view.kind, 'rows')}"
    _say(job, policy, f"{made_of}: {out}", [("Recipe", recipe if out != "-" else None)])


def _copies(job: Change, policy: Transform, view: View, y: Any) -> pd.DataFrame:
    """Return the copies of all rows as columns of the table: the first of each row, then the second, and so on."""
    n = len(view.rows)
    codes = None if y is None else pd.factorize(y)[0]
    given = (
        coded.read(view.rows, schema=view.schema)
        if isinstance(view, TableView)
        else running.given(view.kind, view.rows)
    )
    policy = policy.learned(given.rows, codes)
    frames = []
    for copy in range(job.copies):
        made = rowwise.run(policy, given, y=codes, index=np.arange(n), epoch=copy)
        frames.append(view.frame(made if codes is None else made[0], np.arange(n)))
    return pd.concat(frames, ignore_index=True)


def _schema(job: Change, X: pd.DataFrame) -> dict[str, Any]:
    from .request import known_columns

    return known_columns(job, X)


def _table_outputs(job: Change) -> tuple[str, str]:
    """Return the names of the table and of the recipe. Raises: ConfigError."""
    name = Path(job.data).name
    stem = name.partition(".")[0] or name
    out = job.out or (
        "-" if job.data == "-" else str(Path(job.data).with_name(f"{stem}.transformed{name[len(stem) :]}"))
    )
    if out != "-" and Path(out).is_dir():
        raise ConfigError(f"{out} is a folder: name a file with -o")
    return out, f"{out}.recipe.json"


# What is said --------------------------------------------------------------------------------------------------------


def _explained(policy: Transform, folder: Folder | None) -> str:
    """Return what a policy does to the first image, or to rows, and what it may break."""
    if folder is None or folder.kind != "image":
        text = policy.explain()
    else:
        height, width = next(_blocks(folder, np.zeros(1, dtype=np.intp)))[1][0].shape[:2]
        text = policy.explain(height, width)
    return "\n".join([text, *may_break(policy)])


def _note(job: Change, policy: Transform, given: dict[str, Any], recipe: str, made: int, started: float) -> None:
    """Write the recipe."""
    result = {
        "policy": {name: part for name, part in policy.to_dict().items() if name != "random_state"},
        "made": made,
        "input": given,
        "versions": {name: version(name) for name in PACKAGES},
        "threads": job.threads,
        "seconds": round(time.perf_counter() - started, 3),
    }
    write_json(recipe, {"job": job.asked(), "result": result}, overwrite=True)


def _say(job: Change, policy: Transform, made: str, where: Sequence[tuple[str, str | None]]) -> None:
    """Print what was made and where it is, on standard error; what a policy may break, where it is not the default."""
    notes = [f"gensynth: note: {text}" for text in may_break(policy)] if job.policy is not None else []
    print("\n".join([*notes, made, *[f"{name}: {path}" for name, path in where if path]]), file=sys.stderr)


def _check_sheet(job: Change, outputs: Outputs | None, overwrite: bool) -> None:
    """Refuse a sheet that is no PNG, or would lie among images that are read or written. Raises: ConfigError."""
    path = str(job.sheet)
    if not path.lower().endswith(".png"):
        raise ConfigError(f"--sheet {path}: the sheet is a PNG, so name it .png")
    target = Path(os.path.realpath(path))
    for each in [job.data, *([job.masks] if job.masks else []), *(outputs.folders if outputs else [])]:
        if target.is_relative_to(os.path.realpath(each)):
            raise ConfigError(f"--sheet {path} lies inside {each}, where it would be one of the images: name another")
    check_output(path, overwrite)
