"""Files that are not on a disk of this machine: `s3://...`, `gs://...`, wherever fsspec reaches and writes whole files.

An address is a path of `universal-pathlib`, which does what `pathlib.Path` does, so that what reads and writes files
asks for a place (`place`) and needs not know where it is. A file appears whole when it has been written (a transaction
of fsspec's). A bucket has no folders that could be renamed: what is written into one appears file by file, and is
deleted again where the work fails.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from ..errors import ConfigError, GensynthError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z0-9+.-]+)*://")
_HERE = ("file", "local")  # protocols of this machine's disks
_READ_ONLY = ("http", "https")


def is_elsewhere(path: str | Path) -> bool:
    """Whether a path is an address.

    >>> is_elsewhere("s3://bucket/sales.csv"), is_elsewhere("C:/sales.csv"), is_elsewhere("sales.csv")
    (True, False, False)
    """
    return _ADDRESS.match(str(path)) is not None


def place(path: str | Path) -> Path:
    """Return a path, or what stands for an address and is used like one. Raises: ConfigError."""
    if not is_elsewhere(path):
        return Path(path)
    if set(str(path)) & set("*?["):
        raise ConfigError(f"{path}: an address with *, ? or [ in it may mean several: name one without")
    try:
        from upath import UPath
    except ImportError:
        raise ConfigError(
            f"{path} is not on this machine: to read and write there, pip install 'gensynth[dask]'"
        ) from None
    try:
        found = UPath(str(path).rstrip("/") if str(path).count("/") > 2 else str(path))
        found.fs  # noqa: B018  its library is asked for
        return cast(Path, found)
    except ImportError as error:
        raise ConfigError(f"{path} cannot be reached: {error}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is no address that fsspec knows: {error}") from None


def is_folder_at(path: str | Path) -> bool:
    """Whether a folder is there. Raises: ConfigError where that cannot be asked."""
    with reached(path):
        return place(path).is_dir()


def whole_name(path: str | Path) -> str:
    """Return a name that means the same in every folder of work, and on every machine that knows the address."""
    return str(path) if is_elsewhere(path) else os.path.abspath(path)


def same(first: str | Path, second: str | Path) -> bool:
    """Whether two names are of one file, behind links too, and by whatever name of its protocol."""
    return _identity(first) == _identity(second)


def inside(path: str | Path, folder: str | Path) -> bool:
    """Whether a path is a folder, or lies in it."""
    (system, name), (its, root) = _identity(path), _identity(folder)
    return system == its and f"{name}/".startswith(f"{root}/")


def _identity(path: str | Path) -> tuple[str, str]:
    """Return a file system and a path in it, the same for all names of a file."""
    if not is_elsewhere(path):
        return "", os.path.realpath(path)
    found: Any = place(path)
    if found.protocol in _HERE:
        return "", os.path.realpath(found.path)
    return type(found.fs).__name__, found.path.strip("/")


def within(path: str | Path) -> tuple[str, Any]:
    """Return a path and its file system, as pyarrow takes them: of a path of this machine no file system."""
    found: Any = place(path)
    return (found.path, found.fs) if is_elsewhere(path) else (str(path), None)


@contextmanager
def reached(path: str | Path) -> Iterator[None]:
    """Say in one line that an address cannot be reached, whatever its library says: each has errors of its own."""
    try:
        yield
    except (GensynthError, FileNotFoundError, IsADirectoryError, MemoryError, pa.ArrowException):
        raise
    except Exception as error:
        if not is_elsewhere(path):
            raise
        text = str(error).strip().splitlines()
        raise ConfigError(f"{path} cannot be reached: {text[0] if text else type(error).__name__}") from error


def check_elsewhere(path: str | Path, overwrite: bool) -> None:
    """Refuse an address that nothing can be written to, before any work. Raises: ConfigError."""
    found: Any = place(path)
    if found.protocol in _READ_ONLY or _is_arrow(found.fs):
        raise ConfigError(f"{str(path)!r} cannot be written: fsspec writes no whole files there; name another with -o")
    with reached(path):
        if found.is_dir():
            raise ConfigError(f"{str(path)!r} is a folder: name a file in it")
        if found.exists() and not overwrite:
            raise ConfigError(f"{str(path)!r} exists; add --overwrite to replace it")
        top = [*found.parents][-1]
        if not top.exists():
            raise ConfigError(f"{str(path)!r} cannot be written: there is no {str(top)!r}")


@contextmanager
def written(path: str | Path, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Open a file elsewhere, which appears whole when the block ends without an exception. Raises: ConfigError."""
    check_elsewhere(path, overwrite)
    found: Any = place(path)
    with reached(path):
        found.fs.makedirs(found.parent.path, exist_ok=True)
    try:
        with found.fs.transaction, found.fs.open(found.path, "wb") as handle:
            yield handle
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def folder_elsewhere(path: str | Path) -> Iterator[tuple[Path, list[Path]]]:
    """Give a folder elsewhere, which must not be there, and a list for what is written in it.

    Files appear one by one, and those of the list are deleted where the block fails; others are nobody's business.
    Raises: ConfigError where files are there.
    """
    with reached(path):
        found: Any = place(path)
        if found.exists():
            raise ConfigError(f"{str(path)!r} exists; delete it first, or name another")
    files: list[Path] = []
    try:
        yield found, files
    except BaseException:
        for file in files:
            with suppress(Exception):
                found.fs.rm_file(cast(Any, file).path)
        raise


def _is_arrow(system: Any) -> bool:
    """Whether a file system is pyarrow's, as that of hdfs is: what is written there stands there half, too."""
    from fsspec.implementations.arrow import ArrowFSWrapper  # type: ignore[import-untyped]

    return isinstance(system, ArrowFSWrapper)


def copy_file(source: str | Path, to: Path) -> None:
    """Copy a file, within its file system where that is the same. Raises: OSError, ConfigError."""
    first: Any = place(source)
    second: Any = to
    if not is_elsewhere(source) and not is_elsewhere(to):
        shutil.copyfile(first, second)
    elif is_elsewhere(source) and is_elsewhere(to) and first.fs == second.fs:
        second.fs.makedirs(second.parent.path, exist_ok=True)
        second.fs.cp_file(first.path, second.path)
    else:
        with first.open("rb") as given, new_file(second) as handle:
            shutil.copyfileobj(given, handle, 8 << 20)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file to be written, in a folder that nobody else looks into yet."""
    if is_elsewhere(path):
        with written(path) as handle:
            yield handle
        return
    with open(path, "wb") as handle:
        yield handle


def move(source: Path, to: Path) -> None:
    """Give a file another name in the same file system, in place of what is there."""
    if not is_elsewhere(source):
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, to)
        return
    first: Any = source
    second: Any = to
    first.fs.makedirs(second.parent.path, exist_ok=True)
    first.fs.cp_file(first.path, second.path)
    first.fs.rm_file(first.path)


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it."""
    if not is_elsewhere(folder):
        shutil.rmtree(folder)
        return
    found: Any = folder
    for file in found.fs.find(found.path):
        found.fs.rm_file(file)
    with suppress(Exception):  # a bucket has no folders
        found.fs.rmdir(found.path)
