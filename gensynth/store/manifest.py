"""The manifest of a folder that gensynth wrote: of each file, whether it is real, and what it was made from.

    file,class,origin,parents,generator
    stop/00001.png,stop,real,,
    stop/synthetic-000001.png,stop,synthetic,stop/00001.png,Augment

`parents` are files, joined by semicolons. In a copy of it somebody may mark synthetic files that are no good, in a
column `reject`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors import ConfigError, FormatError
from .folders import MANIFEST

MARKS = ("x", "1", "true", "yes", "y")
COLUMNS = ("file", "class", "origin", "parents", "generator")


class Entry(NamedTuple):
    """What is said of one file."""

    file: str
    label: str = ""
    origin: str = "real"
    parents: str = ""
    generator: str = ""


def write_manifest(folder: Path, entries: Iterable[Entry]) -> None:
    """Write the manifest of a folder, sorted by class and file."""
    with open(folder / MANIFEST, "w", encoding="utf-8", errors="surrogateescape", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        rows = sorted(entries, key=lambda entry: (entry.label, entry.file))
        writer.writerows(rows)


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Return what the manifest of a folder says of its files; nothing where there is none that can be read."""
    try:
        with open(folder / MANIFEST, encoding="utf-8", errors="surrogateescape", newline="") as handle:
            rows = [*csv.DictReader(handle)]
        return {row["file"]: Entry(*(row[name] or "" for name in COLUMNS)) for row in rows}
    except (OSError, KeyError, csv.Error):
        return {}


def read_marks(path: str | Path) -> list[str]:
    """Return what a file marks as no good: a manifest with a column `reject`, or a text with one name a line.

    In a manifest what counts as a mark is x, 1, true, yes or y. Empty lines are passed over.

    Raises: ConfigError where there is no such file; FormatError where a manifest has no column `reject`.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig", errors="surrogateescape")
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise ConfigError(f"--reject {path}: {getattr(error, 'strerror', None) or error}") from None
    lines = text.splitlines()
    heads = {sign: lines[0].split(sign) if lines else [] for sign in ",;\t"}
    sign = next((sign for sign, head in heads.items() if "file" in head), None)
    if sign is None:
        return [line.strip() for line in lines if line.strip()]
    rows = csv.DictReader(lines, delimiter=sign)
    if "reject" not in (rows.fieldnames or ()):
        raise FormatError(f"--reject {path} is a manifest without a column `reject`: mark files there with x")
    try:
        return [row["file"] for row in rows if (row["reject"] or "").strip().lower() in MARKS]
    except (csv.Error, KeyError) as error:
        raise FormatError(f"--reject {path} is no manifest: {error}") from None
