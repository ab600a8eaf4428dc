"""Whether a table is read a part at a time: it is asked, it is a folder, or it does not fit in memory."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from ..errors import ConfigError
from ..recipe import Job
from ..recipe.sizes import bytes_of, size_text
from ..store.elsewhere import place, reached
from ..store.streams import Stream, open_stream, tables_in

SMALL = 50_000_000  # bytes of a file that fits in any memory
GROUPS = (  # where Linux says what a container may take and takes, in either version of its control groups
    ("/sys/fs/cgroup", "memory.max", "memory.current"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
NEED = 7  # times the bytes of its columns that a table takes where all of it is in memory


def large_table(job: Job) -> tuple[Stream, int] | None:
    """Return the table of a job and the bytes that may be used, where it is to be read a part at a time.

    Raises: ConfigError, DataError.
    """
    with reached(job.data):
        path = place(job.data)
        is_folder, is_file = path.is_dir(), path.is_file()
    asked = next((name for name in ("append", "shuffle", "dask") if getattr(job, name)), None)
    if job.data == "-" or (is_folder and not _of_tables(job)):
        if asked or job.memory:
            what = "standard input" if job.data == "-" else "a folder of files of other kinds"
            raise ConfigError(f"--{asked or 'memory'} is for files of tables, and {job.data} is {what}: leave it out")
        return None
    memory = bytes_of(job.memory) if job.memory else _spare()
    if asked or is_folder:
        return open_stream(str(path), without_made=job.append), memory
    if not is_file or (path.stat().st_size < SMALL and not job.memory):
        return None
    stream = open_stream(str(path))
    need = NEED * stream.size()
    if need <= memory:
        return None
    text = f"{job.data} would take about {_about(need)} of memory, and {_about(memory)} may be used"
    print(f"gensynth: {text}", file=sys.stderr)
    return stream, memory


def _of_tables(job: Job) -> bool:
    """Whether a folder is one of tables: a target is named, which folders of classes have not."""
    return job.kind in (None, "table") and job.target is not None and bool(tables_in(job.data))


def _spare() -> int:
    """Return half of the memory that is free, a gigabyte at the least."""
    try:
        with open("/proc/meminfo") as lines:
            free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(min([free, *_left_by_group()]) // 2 // 10**8 * 10**8, 10**9)


def _left_by_group() -> list[int]:
    """Return what a container may still take, nothing without a bound."""
    found = []
    for folder, bound, held in GROUPS:
        with suppress(OSError, ValueError):  # "max" is no bound
            numbers = [int(Path(folder, name).read_text()) for name in (bound, held)]
            found.append(max(numbers[0] - numbers[1], 0))
    return found


def _about(size: int) -> str:
    return size_text(max(round(size / 10**8) * 10**8, 10**8))
