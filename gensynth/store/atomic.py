"""Outputs that are either the old one or the whole new one.

A file or a folder is written beside its place under a hidden name, brought to the disk, and renamed into place.
Whatever interrupts the work, Ctrl-C included, the hidden one is removed and the old one stays. `kill -9` and power cuts
leave the hidden one, which the next that writes the same name deletes (see `beside`).
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

from ..errors import ConfigError, GensynthError
from .beside import claimed, hidden, swap
from .elsewhere import check_elsewhere, is_elsewhere, written

_FEW = 16
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FAILED = (errno.EFBIG, errno.EIO)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def check_output(path: str | Path, overwrite: bool = False) -> None:
    """Refuse an output that cannot be written, before any work is done for it; ``"-"`` always can.

    Raises:
        ConfigError: it exists and is not to be replaced, its folder does not exist, or cannot be written to.
    """
    if str(path) == "-":
        return
    if is_elsewhere(path):
        check_elsewhere(path, overwrite)
        return
    target = _target(path)
    if _exists(target, path) and not _is_device(target):
        if not overwrite:
            _exists_already(path)
    elif not target.parent.is_dir():
        raise ConfigError(f"the folder {str(target.parent)!r} for {target.name!r} does not exist; make it first")
    if not os.access(target if _is_device(target) else target.parent, os.W_OK):
        raise ConfigError(f"{str(path)!r} cannot be written: its folder {str(target.parent)!r} refuses it")


@contextmanager
def atomic_write(path: str | Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file that appears in place, whole, when the block ends without an exception; elsewhere too.

    A link is followed, the mode of a replaced file kept, and a device (``/dev/null``) written to directly.

    Raises:
        ConfigError: as `check_output`, or the path is a folder.
        GensynthError: no space is left, or the disk fails.
    """
    if is_elsewhere(path):
        with written(path, overwrite) as handle:
            yield handle
        return
    check_output(path, overwrite)
    target = _target(path)
    if target.is_dir():
        raise ConfigError(f"{str(path)!r} is a folder; name a file in it")
    with _explained(path):
        if _is_device(target):
            with open(target, "wb") as handle:
                yield handle
            return
        with claimed(target) as temporary:
            with open(temporary, "wb") as handle:
                if target.exists():
                    os.fchmod(handle.fileno(), stat.S_IMODE(target.stat().st_mode))
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
            _place_file(temporary, target, path, overwrite)
        _sync(target.parent)


@contextmanager
def atomic_folder(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Make a folder that appears in place, whole, when the block ends without an exception.

    With `overwrite` a folder that is there changes places with the new one in one step, and is then deleted. Where the
    disk cannot do that it is renamed to ``.NAME.HOST-TOKEN.old`` first, and `kill -9` at that moment leaves it so.
    The caller answers for that folder being one of its own; the folder of work and those above it are always refused.

    Raises:
        ConfigError: as `check_output`, or what is there is no folder, or holds the folder of work.
        GensynthError: no space is left, or the disk fails.
    """
    if is_elsewhere(path):
        raise ConfigError(f"{str(path)!r}: this folder is written on a disk of this machine: name one there")
    check_output(path, overwrite)
    target = _target(path)
    if target.exists() and not target.is_dir():
        raise ConfigError(f"{str(path)!r} is a file and a folder is to be written; name another")
    if target.exists() and Path.cwd().is_relative_to(target):
        raise ConfigError(f"{str(path)!r} holds the current folder and is not replaced; name another")
    with _explained(path):
        with claimed(target, folder=True) as temporary:
            yield temporary
            _sync_all(temporary)
            _place_folder(temporary, target, path, overwrite)
        _sync(target.parent)


def _target(path: str | Path) -> Path:
    """Return the absolute path behind links."""
    if not str(path):
        raise ConfigError("the name of the output is empty; name a file")
    return Path(os.path.realpath(path))


def _exists(target: Path, path: str | Path) -> bool:
    try:
        return target.exists()
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be written: {error.strerror}") from error


def _is_device(target: Path) -> bool:
    return target.exists() and not target.is_file() and not target.is_dir()


def _exists_already(path: str | Path) -> NoReturn:
    raise ConfigError(f"{str(path)!r} exists; add --overwrite to replace it")


def _place_file(temporary: Path, target: Path, path: str | Path, overwrite: bool) -> None:
    if not overwrite:
        try:  # a link, unlike a rename, refuses a file that has appeared since the check
            os.link(temporary, target)
            return
        except FileExistsError:
            _exists_already(path)
        except OSError:  # a file system without links
            if target.exists():
                _exists_already(path)
    os.replace(temporary, target)


def _place_folder(temporary: Path, target: Path, path: str | Path, overwrite: bool) -> None:
    if not target.exists():
        os.rename(temporary, target)
        return
    if not overwrite:
        _exists_already(path)
    temporary.chmod(stat.S_IMODE(target.stat().st_mode))
    if swap(temporary, target):  # what stands under the hidden name is now the old one
        return
    old = hidden(target, "old")
    os.rename(target, old)
    try:
        os.rename(temporary, target)
    except BaseException:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync_all(root: Path) -> None:
    """Bring a folder and all in it to the disk; many files at once, since each waits for the disk alone."""
    paths = [Path(folder, name) for folder, _, names in os.walk(root) for name in [*names, "."]]
    if len(paths) <= _FEW:
        for path in paths:
            _sync(path)
        return
    with ThreadPoolExecutor(_FEW) as pool:
        for _ in pool.map(_sync, paths):
            pass


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in _FULL:
            raise
    finally:
        os.close(handle)


@contextmanager
def _explained(path: str | Path) -> Iterator[None]:
    """Turn the system's refusals into sentences that name the output."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise GensynthError(
                f"no space left to write {str(path)!r}; nothing was written, free some first"
            ) from error
        if error.errno in _FAILED:
            raise GensynthError(f"{str(path)!r} could not be written: {error.strerror}; nothing was written") from error
        if error.errno in _REFUSED and str(error.filename).endswith(".tmp"):
            raise ConfigError(f"{str(path)!r} cannot be written: {error.strerror}") from error
        if error.errno == errno.ENAMETOOLONG:
            raise ConfigError(f"{str(path)!r} cannot be written: its name is too long") from error
        raise
