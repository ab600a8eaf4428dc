"""Hidden names for what is being written, and the end of those whose writers are gone.

What a process writes stands beside its place as ``.NAME.HOST-TOKEN.tmp``. The process holds a lock on it, which the
system gives up when the process ends, however it ends. Whoever writes the same name on the same host later deletes what
nobody holds. Where the disk knows no such locks, as some of other hosts do, it stays and may be deleted by hand.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, which lets nobody delete what is open
    fcntl = None  # type: ignore[assignment]

_HERE, _SWAP = -100, 2  # of renameat2: paths as they are, and one in the place of the other
_TRIES = 100


def hidden(target: Path, ending: str = "tmp") -> Path:
    """Return a fresh hidden name in the same folder, so that renaming is within one file system."""
    return target.parent / f"{_start(target)}{secrets.token_hex(6)}.{ending}"


@contextmanager
def claimed(target: Path, folder: bool = False) -> Iterator[Path]:
    """Make a hidden file or folder beside a place, which no other process takes for a leftover; remove it at the end.

    Raises: OSError.
    """
    sweep(target)
    path, lock = hidden(target), None
    try:
        for _ in range(_TRIES):
            _make(path, folder)
            try:
                lock = _lock(path)
            except (BlockingIOError, FileNotFoundError):  # another process, which sweeps, was quicker
                path = hidden(target)
                continue
            except OSError:  # no locks on this disk
                pass
            break
        yield path
    finally:
        _remove(path)
        if lock is not None:
            os.close(lock)


def sweep(target: Path) -> None:
    """Delete what processes of this host that are gone have left beside a place."""
    ours = re.compile(re.escape(_start(target)) + r"[0-9a-f]{12}\.tmp")
    with suppress(OSError), os.scandir(target.parent) as entries:
        found = [Path(entry.path) for entry in entries if ours.fullmatch(entry.name) and not _is_odd(entry)]
        for path in found:
            with suppress(OSError):
                lock = _lock(path)
                try:
                    _remove(path)
                finally:
                    os.close(lock)


def swap(first: Path, second: Path) -> bool:
    """Put two folders each in the other's place, in one step; False where the system or the disk cannot."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):  # not Linux, or an old one
        return False
    return bool(rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _SWAP) == 0)


def _start(target: Path) -> str:
    host = hashlib.blake2b(platform.node().encode(), digest_size=3).hexdigest()
    return f".{target.name[:40]}.{host}-"


def _make(path: Path, folder: bool) -> None:
    if folder:
        path.mkdir()
    else:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _lock(path: Path) -> int:
    """Return a handle that holds the lock of a file or folder.

    Raises: BlockingIOError where another process holds it; FileNotFoundError where it is gone by then; OSError.
    """
    if fcntl is None:
        raise OSError("no locks on this system")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(handle), os.stat(path)):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_odd(entry: os.DirEntry[str]) -> bool:
    """Whether it is a link, a pipe, or what else gensynth does not write."""
    return not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False))
