"""`gensynth transform` for folders of images and recordings: copies `NAME_synthetic_0001` in the same class folders."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from ..errors import ConfigError
from ..recipe import Change
from ..store.atomic import check_output
from ..store.folders import Names
from . import sheet
from .changing import ByPolicy, Changing, Written, blocks
from .folders import Folder, Outputs, Writer
from .styles import ByStyle, sheet_beside
from .telling import folder_given, note_change, say_change, warn_other

NAMES = {"image": "images", "audio": "recordings"}


def transform(job: Change, *, overwrite: bool, explain: bool) -> None:
    """Do the job. Raises: GensynthError."""
    started = time.perf_counter()
    if job.target is not None or job.columns:
        option = "--target" if job.target is not None else "--schema"
        raise ConfigError(f"{option} names a column, and {job.data} is a folder of files: leave it out")
    folder = Folder.open(job)
    for option in ("style", "sheet"):
        if getattr(job, option) is not None and folder.kind != "image":
            raise ConfigError(f"--{option} is for images, and these are recordings: leave it out")
    change: Changing = ByPolicy.of(job, folder) if job.style is None else ByStyle.of(job, folder)
    if explain:
        print(change.explained())
        return
    outputs = Outputs.of(job, verb="transformed", masks_out=job.masks_out) if job.out or not job.sheet else None
    if outputs is not None:
        outputs.check(job, overwrite)
    picture = job.sheet or (sheet_beside(outputs.out) if outputs is not None and job.style is not None else None)
    if picture is not None:
        _check_sheet(job, picture, outputs, overwrite)
    places = sheet.chosen(folder.listing.labels or [""] * len(folder.listing)) if picture is not None else []
    n = len(folder.listing) if outputs is not None else len(places)
    change = change.learned(n * job.copies)
    late = isinstance(change, ByStyle) and outputs is not None  # what is written is shown, and not made twice
    if picture is not None and not late:
        change.draw(picture, places, job.copies, overwrite)
    if outputs is not None:
        written = _write(job, folder, change, outputs, overwrite)
        folder.say_mixed()
        given = folder_given(folder, change.bank if isinstance(change, ByStyle) else None)
        warn_other(job, given["sha256_of_files"])
        note_change(job, change.noted(), given, outputs.recipe, n * job.copies, started)
        if picture is not None and isinstance(change, ByStyle):
            change.draw_written(picture, places, Path(outputs.out), written, overwrite)
    made_of = f"{n * job.copies:,} changed copies of {n:,} {NAMES[folder.kind]}"
    where = [("Masks", outputs.masks), ("Recipe", outputs.recipe)] if outputs is not None else []
    say_change(change.notes, f"{made_of}: {outputs.out if outputs else picture}", [*where, ("Sheet", picture)])


def _write(job: Change, folder: Folder, change: Changing, outputs: Outputs, overwrite: bool) -> Written:
    """Write changed copies, so many files at a time as are held; return their names."""
    every, written = np.arange(len(folder.listing)), defaultdict(list)
    with outputs.opened(overwrite) as into:
        masks_into = None if outputs.masks is None else into[outputs.masks]
        writer = Writer(folder, into[outputs.out], masks_into)
        names = Names(folder.listing.files if job.originals else ())
        if job.originals:
            writer.copy(every)
        for places, rows, masks in blocks(folder, every):
            for copy in range(job.copies):
                made, covers = change(places, rows, masks, copy)
                for at, place in enumerate(places.tolist()):
                    name = names.fresh(folder.listing.files[place])
                    cover = None if covers is None else covers[at]
                    written[place].append(writer.add(made[at], cover, place, name))
    return written


def _check_sheet(job: Change, path: str, outputs: Outputs | None, overwrite: bool) -> None:
    """Refuse a sheet that is no PNG, or would lie among images that are read or written. Raises: ConfigError."""
    if not path.lower().endswith(".png"):
        raise ConfigError(f"--sheet {path}: the sheet is a PNG, so name it .png")
    target = Path(os.path.realpath(path))
    read = [each for each in (job.data, job.masks, job.style) if each is not None]
    for each in [*read, *(outputs.folders if outputs else [])]:
        if target.is_relative_to(os.path.realpath(each)):
            raise ConfigError(f"--sheet {path} lies inside {each}, where it would be one of the images: name another")
    check_output(path, overwrite)
