"""Where a stream goes together with made rows: a file, a folder, or files beside those that are there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import ConfigError
from ..atomic import atomic_folder
from ..elsewhere import copy_file, folder_elsewhere, is_elsewhere, move, place, remove, whole_name
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
        out: the folder, which appears whole or not at all; elsewhere file by file.
        link: make hard links in place of copies, where the disk is the same.
        overwrite: replace a folder that is there.

    Raises: as `atomic_folder`.
    """
    root = place(whole_name(stream.path))
    if is_elsewhere(out):
        with folder_elsewhere(out) as (into, written):
            for file in stream.files:
                written.append(into.joinpath(*place(file).relative_to(root).parts))
                copy_file(file, written[-1])
            try:
                yield into
            except BaseException:
                written += made_before(into)
                raise
        return
    with atomic_folder(out, overwrite=overwrite) as into:
        for file in stream.files:
            to = into.joinpath(*place(file).relative_to(root).parts)
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
    if is_elsewhere(folder):
        new = folder / f"{_NEW}-{secrets.token_hex(6)}"  # what another job writes there has a name of its own
        try:
            yield new
        except BaseException:
            with suppress(Exception):
                remove(new)
            raise
    else:
        with atomic_folder(new, overwrite=new.is_dir()) as into:
            yield into
    for file in sorted((path for path in new.rglob("*") if path.is_file()), key=str):
        to = folder.joinpath(*file.relative_to(new).parts)
        move(file, to)
        old.discard(to)
    if new.is_dir():  # elsewhere a folder without files is none
        remove(new)
    for file in old:
        file.unlink(missing_ok=True)


def made_before(folder: Path, before: str = "") -> list[Path]:
    """Return the files of made rows that are in a folder already, in order: beside a file, or below a folder."""
    every = folder.iterdir() if before else folder.rglob("*")
    shown = [path for path in every if not any(part[0] in "._" for part in path.relative_to(folder).parts)]
    return [path for path in sorted(shown, key=str) if is_made(path.name, before) and path.is_file()]


def _put(file: str, to: Path, link: bool) -> None:
    try:
        if link:
            os.link(file, to)
        else:
            copy_file(file, to)
    except OSError as error:
        if not link:
            raise
        raise ConfigError(
            f"--link: {file} cannot be linked ({error.strerror}): leave it out, and it is copied"
        ) from error
