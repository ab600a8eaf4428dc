"""Parts of the work in as many threads as torch may use, each of which keeps to one.

That is faster than all threads at every operation, which wait for one another at its end, and much faster where other
programs keep some of the processor.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}  # by process, as a fork has no threads, and by their number
_lock = threading.Lock()


def share_out(work: Callable[[Part], None], parts: list[Part]) -> None:
    """Do the work on each part, in the order that threads come to them."""
    threads = torch.get_num_threads()
    if threads < 2 or len(parts) < 2:
        for part in parts:
            work(part)
        return
    for _ in _pool(threads).map(work, parts):  # raises what was raised
        pass


def _pool(threads: int) -> ThreadPoolExecutor:
    key = (os.getpid(), threads)
    with _lock:
        if key not in _pools:
            _pools[key] = _begun(threads)
        return _pools[key]


def _begun(threads: int) -> ThreadPoolExecutor:
    """Return threads that keep to one of torch's each, the caller's setting as it was."""
    met = threading.Barrier(threads)
    pool = ThreadPoolExecutor(threads, "gensynth", initializer=torch.set_num_threads, initargs=(1,))
    for begun in [pool.submit(met.wait) for _ in range(threads)]:
        begun.result()
    torch.set_num_threads(threads)  # what threads that begin later take over
    return pool
