"""`write`: a comparison, what a Balancer made, or both, as one HTML file that opens from the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError
from ...store.atomic import atomic_write, check_output
from . import measured, opening
from .parts import Section
from .style import framed

if TYPE_CHECKING:
    from ..compare.result import Comparison
    from .made import Made


def write(
    path: str | Path, *, comparison: Comparison | None = None, made: Made | None = None, job: Any = None,
    overwrite: bool = False,
) -> None:  # fmt: skip
    """Write a report, whole or not at all.

    Arguments:
        path: an HTML file.
        comparison: what `compare` found.
        made: what a Balancer made (`Made.of`).
        job: what was asked, names and values or a model of them.
        overwrite: replace a file that is there.

    Raises: ConfigError where there is nothing to report, the file is there already, or its folder is not.
    """
    if comparison is None and made is None and job is None:
        raise ConfigError("there is nothing to report: give a comparison, or what was made")
    check_output(path, overwrite)
    text = page(comparison=comparison, made=made, job=job)
    with atomic_write(path, overwrite=overwrite) as handle:
        handle.write(text.encode("utf-8"))


def page(*, comparison: Comparison | None = None, made: Made | None = None, job: Any = None) -> str:
    """Return a report as text."""
    from . import examples, pictures, rows, tables, trust

    parts: list[Section | None] = []
    if comparison is not None:
        parts += measured.sections(comparison)
    if made is not None:
        found = tables.sides(made)
        parts += [rows.counts(made), rows.distributions(found), rows.place(found), pictures.images(made)]
        parts += [examples.series(made), examples.texts(made), examples.audio(made)]
        parts += [trust.gates(made), trust.likeness(made), trust.secrecy(made)]
    elif comparison is not None:
        parts.append(rows.counted(comparison.counts))
    parts += [opening.asked(comparison, made, job), opening.recipe(made, job, comparison)]
    there = [(each.name, each.element) for each in parts if each is not None]
    head = opening.head(comparison, made)
    return framed(opening.title(comparison, made), head, there, "Made by gensynth. This file holds all it shows.")
