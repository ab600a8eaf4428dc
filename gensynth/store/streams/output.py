"""Where a stream goes together with made rows: a file, a folder, or files beside those that are there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ...errors import ConfigError
from ..atomic import atomic_folder
from .base import MADE, Stream, is_made

_NEW = ".gensynth-new"


def part_name(number: int, before: str = "") -> str:
    """Return the name of a file of made rows, without a suffix.

    >>> part_name(3), part_name(3, "payments")
    ('synthetic-00003', 'payments.synthetic-00003')
    """
    return f"{before}{'.' if before else ''}{MADE}{number:05d}"


@contextmanager
def copied_folder(stream: Stream, out: str | Path, *, link: bool, overwrite: bool) -> Iterator[Path]:
    """Make a folder that holds the files of a stream as they are, and what the block puts beside them.

    Arguments:
        stream: of a folder.
        out: the folder, which appears whole or not at all.
        link: make hard links in place of copies, where the disk is the same.
        overwrite: replace a folder that is there.

    Raises: as `atomic_folder`.
    """
    root = os.path.abspath(stream.path)
    with atomic_folder(out, overwrite=overwrite) as into:
        for file in stream.files:
            to = into / Path(file).relative_to(root)
            to.parent.mkdir(parents=True, exist_ok=True)
            _put(file, to, link)
        yield into


@contextmanager
def added_files(folder: Path, before: Sequence[Path] = ()) -> Iterator[Path]:
    """Give a hidden folder, whose files appear in a folder once the block has ended, one after the other, each whole.

    Arguments:
        folder: where they appear.
        before: files that are there, in whose place they come.

    Raises: as `atomic_folder`.
    """
    new, old = folder / _NEW, set(before)
    with atomic_folder(new, overwrite=new.is_dir()) as into:
        yield into
    for file in sorted(path for path in new.rglob("*") if path.is_file()):
        to = folder / file.relative_to(new)
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, to)
        old.discard(to)
    shutil.rmtree(new)
    for file in old:
        file.unlink()


def made_before(folder: Path, before: str = "") -> list[Path]:
    """Return the files of made rows that are in a folder already, in order: beside a file, or below a folder."""
    every = folder.iterdir() if before else folder.rglob("*")
    return [path for path in sorted(every) if is_made(path.name, before) and path.is_file()]


def _put(file: str, to: Path, link: bool) -> None:
    put: Callable[[str, Path], object] = os.link if link else shutil.copyfile
    try:
        put(file, to)
    except OSError as error:
        if not link:
            raise
        raise ConfigError(
            f"--link: {file} cannot be linked ({error.strerror}): leave it out, and it is copied"
        ) from error
