"""`gensynth balance` for folders of images and recordings.

The real files are copied byte for byte, synthetic ones stand beside them as `NAME_synthetic_0001`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..balance import Balancer
from ..data.kinds import take_rows
from ..errors import DataError
from ..generators.augment import Augment
from ..recipe import Job
from ..store.folders import Names
from ..store.jsonfile import write_json
from . import pictures
from .folders import Folder, Outputs, Writer, refuse_columns
from .request import Positions, make_balancer, settled, training_rows
from .settings import threads
from .telling import folder_given, parents_of, result_of, say_plan, summary, warn_other

PACKAGES = {"image": ("torch", "torchvision", "pillow"), "audio": ("torch", "scipy")}
NAMES = {"image": "images", "audio": "recordings"}


def balance(job: Job, *, overwrite: bool, dry_run: bool) -> None:
    """Do the job. Raises: GensynthError."""
    started = time.perf_counter()
    refuse_columns(job)
    folder = Folder.open(job)
    outputs = Outputs.of(job, verb="balanced", rest=job.holdout is not None)
    if not dry_run:
        outputs.check(job, overwrite)
    y = labels_of(folder, job)
    with threads(job.threads):
        train, rest = training_rows(job, pd.DataFrame(), y)
        done = settled(job, pd.DataFrame(), {}, folder.listing.kind)
        X, y_train = folder.rows(train), y.iloc[train].reset_index(drop=True)
        balancer = make_balancer(done, X, y, {})
        if isinstance(X, pictures.Pictures) and type(balancer.generator) is Augment and not balancer.prefit:
            balancer.generator = pictures.Augment(**balancer.generator.get_params())
        if dry_run:
            balancer.fit(X, y_train)
            say_plan(balancer, outputs.folders)
            return
        X_new, y_new = balancer.fit_resample(X, y_train)
    folder.say_mixed()
    labels = [str(label) for label in y_new[balancer.is_synthetic_]]
    made = take_rows(X_new, np.flatnonzero(balancer.is_synthetic_))
    with outputs.opened(overwrite) as places:
        _write(folder, outputs, places, balancer, made, labels, train, rest)
    given = folder_given(folder)
    warn_other(job, given["sha256_of_files"])
    result = result_of(done, balancer, given, held=len(rest), seconds=time.perf_counter() - started,
                       more=PACKAGES[folder.kind])  # fmt: skip
    write_json(outputs.recipe, {"job": job.asked(), "result": result}, overwrite=True)
    summary(balancer, outputs.out, outputs.rest, outputs.recipe, held=len(rest), what=NAMES[folder.kind])


def labels_of(folder: Folder, job: Job) -> pd.Series:
    """Return the class of each file. Raises: DataError where there are no two."""
    labels = folder.listing.labels
    if labels is None:
        raise DataError(f"{job.data} holds no class folders: put the files of each class in a folder of its name")
    if len(set(labels)) < 2:
        raise DataError(f"{job.data} holds 1 class, {labels[0]!r}: there is nothing to balance")
    return pd.Series(labels, name="class", dtype=object)


def _write(
    folder: Folder, outputs: Outputs, places: dict[str, Path], balancer: Balancer, made: Any, labels: Sequence[str],
    train: Positions, rest: Positions,
) -> None:  # fmt: skip
    """Write real files, synthetic ones and those that are held out."""
    masks = None if outputs.masks is None else places[outputs.masks]
    writer = Writer(folder, places[outputs.out], masks, Names(folder.listing.files))
    writer.copy(train[balancer.kept_])
    parents = parents_of(balancer, train)
    rows: Any = (
        made.pairs() if isinstance(made, pictures.Pictures) else ((row, None) for row in getattr(made, made.fields[0]))
    )
    for place, ((row, cover), label) in enumerate(zip(rows, labels, strict=True)):
        writer.add(row, cover, None if parents is None else int(parents[place]), label)
    if outputs.rest is not None:
        cover = None if outputs.rest_masks is None else places[outputs.rest_masks]
        Writer(folder, places[outputs.rest], cover, writer.names).copy(rest)
