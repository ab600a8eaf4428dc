"""`gensynth balance` for folders of images and recordings.

The real files are copied byte for byte or hard-linked, synthetic ones stand beside them as `synthetic-000001`, and
`manifest.csv` says which is which. Images stay of their sizes where real ones are copied or changed; other generators
see them in one size, of which what they make is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from ..balance import Balancer
from ..errors import DataError
from ..recipe import Asked, Job
from ..store.atomic import check_output
from ..store.folders import Names
from ..store.jsonfile import write_json
from ..store.manifest import Entry, read_manifest, write_manifest
from . import pictures
from .folders import Folder, Outputs, Writer, changes, check_page, refuse_columns
from .holding import codes_of, groups_of_rows, training_rows
from .made import Made, fresh_for, without_files
from .request import Positions, make_balancer, settled
from .resuming import Keeping
from .settings import threads
from .styles import draw_made, sheet_beside
from .telling import folder_given, result_of, say_plan, summary, warn_other

PACKAGES = {"image": ("torch", "torchvision", "pillow"), "audio": ("torch", "scipy")}
NAMES = {"image": "images", "audio": "recordings"}


def balance(job: Job, *, overwrite: bool, resume: bool, dry_run: bool) -> None:
    """Do the job. Raises: GensynthError."""
    started = time.perf_counter()
    refuse_columns(job)
    folder = Folder.open(job)
    outputs = Outputs.of(job, verb="balanced", rest=job.holdout is not None)
    keeping = Keeping.of(job, outputs.out, resume=resume, overwrite=overwrite, dry=dry_run)
    if not dry_run:
        outputs.check(job, keeping.overwrite, keeping.own)
    if not dry_run and job.report is not None:
        check_page(job.report, [], keeping.overwrite, [job.data, *outputs.folders])
    with keeping:
        _balance(job, folder, outputs, keeping, started, dry_run=dry_run)


def _balance(job: Job, folder: Folder, outputs: Outputs, keeping: Keeping, started: float, *, dry_run: bool) -> None:
    overwrite = keeping.overwrite
    y = labels_of(folder, job)
    with threads(job.threads):
        train, rest = training_rows(job, pd.DataFrame(), y, folder.listing.files)
        done = settled(job, pd.DataFrame(), {}, folder.listing.kind)
        X, y_train = folder.rows(train), y.iloc[train].reset_index(drop=True)
        balancer = make_balancer(done, X, y, {})
        if isinstance(X, pictures.Pictures):
            X = _suited(X, balancer, folder, done, train)
        picture = _picture(balancer, outputs.out, overwrite or dry_run)
        if dry_run:
            balancer.fit(X, y_train)
            say_plan(balancer, [*outputs.folders, *picture])
            return
        X_new, y_new = keeping.fitted(balancer.generator, balancer.fit_resample, X, y_train)
        fresh = fresh_for(balancer, X, y_train, X_new, train)
        made = Made.of(balancer, X_new, y_new, None if balancer.prefit else train)
        made, names = without_files(made, job.reject, fresh, Names(folder.listing.files), folder.listing.files)
    folder.say_mixed()
    keeping.writing()
    with outputs.opened(overwrite) as places:
        real = train[balancer.kept_]
        writer = Writer(folder, places[outputs.out], None if outputs.masks is None else places[outputs.masks], job.link)
        writer.copy(real)
        entries = _added(writer, made, names, type(balancer.generator).__name__)
        write_manifest(places[outputs.out], [*_known(folder, real), *entries])
        if outputs.rest is not None:
            cover = None if outputs.rest_masks is None else places[outputs.rest_masks]
            Writer(folder, places[outputs.rest], cover, job.link).copy(rest)
    given = folder_given(folder)
    warn_other(job, given["sha256_of_files"])
    result = result_of(done, balancer, given, held=len(rest), seconds=time.perf_counter() - started,
                       more=PACKAGES[folder.kind])  # fmt: skip
    write_json(outputs.recipe, {"job": job.asked(), "result": result}, overwrite=True)
    summary(balancer, outputs.out, outputs.rest, outputs.recipe, held=len(rest), what=NAMES[folder.kind],
            rejected=len(job.reject))  # fmt: skip
    for path in picture:
        draw_made(path, balancer, made, Path(outputs.out), [entry.file for entry in entries], overwrite)
    if job.report is not None:
        held = (folder.rows(rest), y.iloc[rest].reset_index(drop=True)) if len(rest) else (None, None)
        told = (balancer, X, y_train, X_new, y_new, *held)
        _report(done, told, folder, y, train, overwrite=overwrite)


def _report(
    job: Job, told: tuple[Any, ...], folder: Folder, y: pd.Series, train: Positions, *, overwrite: bool
) -> None:
    """Write the page of a settled job; learners see images in one size. `told` is as in `reporting.Told`."""
    from .reporting import Told, compared, write

    together = None
    if job.split_by is not None:
        together = codes_of(groups_of_rows(job, pd.DataFrame(), folder.listing.files))[train]

    def prepared() -> tuple[Balancer, Any]:
        rows = folder.sized(job)[train] if folder.kind == "image" else told[1]
        return make_balancer(job, rows, y, {}), rows

    with threads(job.threads):
        found = compared(job, prepared, told[2], told[0].recipe_["result"]["seconds"], together)
        write(job, Told(*told), found, overwrite)


def labels_of(folder: Folder, job: Asked) -> pd.Series:
    """Return the class of each file. Raises: DataError where there are no two."""
    labels = folder.listing.labels
    if labels is None:
        raise DataError(f"{job.data} holds no class folders: put the files of each class in a folder of its name")
    if len(set(labels)) < 2:
        raise DataError(f"{job.data} holds 1 class, {labels[0]!r}: there is nothing to balance")
    return pd.Series(labels, name="class", dtype=object)


def _suited(X: pictures.Pictures, balancer: Balancer, folder: Folder, job: Job, train: Positions) -> Any:
    """Return images as a generator takes them: of their own sizes, or all of one."""
    generator = balancer.generator
    if not (changes(generator) or balancer.prefit or folder.masks is not None):
        return folder.sized(job, not changes(generator))[train]
    if job.size is not None:
        text = "real images are copied or changed as they are: --size is for generators that need one"
        print(f"gensynth: note: {job.data}: {text}", file=sys.stderr)
    if changes(generator) and type(generator) in pictures.LAZY and not balancer.prefit:
        balancer.generator = pictures.LAZY[type(generator)](**generator.get_params())
    return X


def _picture(balancer: Balancer, out: str, overwrite: bool) -> list[str]:
    """Return where a sheet of styles is to go, nowhere without any. Raises: ConfigError where it cannot be written."""
    if not isinstance(balancer.generator, pictures.StyleTransfer):
        return []
    check_output(sheet_beside(out), overwrite)
    return [sheet_beside(out)]


def _known(folder: Folder, real: Positions) -> Iterator[Entry]:
    """Yield what is said of the files that were there: that they are real, unless a manifest among them says other."""
    listing = folder.listing
    before = read_manifest(listing.root)
    for place in real.tolist():
        name = listing.files[place].as_posix()
        label = "" if listing.labels is None else listing.labels[place]
        yield before.get(name, Entry(name, label))


def _added(writer: Writer, made: Made, names: Sequence[PurePath], generator: str) -> list[Entry]:
    """Write synthetic files and return what is said of them."""
    files = writer.folder.listing.files
    parents: dict[int, list[int]] = {}
    for row, parent in made.parents.itertuples(index=False):
        parents.setdefault(row, []).append(parent)
    rows = made.rows.pairs() if isinstance(made.rows, pictures.Pictures) else ((row, None) for row in _each(made.rows))
    entries = []
    for place, (row, cover) in enumerate(rows):
        mine = parents.get(place, [])
        name = writer.add(row, cover, mine[0] if mine else None, names[place])
        said = ";".join(files[parent].as_posix() for parent in mine)
        entries.append(Entry(name, str(made.labels[place]), "synthetic", said, generator))
    return entries


def _each(rows: Any) -> Iterable[Any]:
    """Return images or recordings one by one."""
    each: Iterable[Any] = rows.x if rows.kind == "image" else rows.waves
    return each
