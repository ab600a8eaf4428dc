"""Blocks of rows through networks: on a processor several blocks at once, each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Part = TypeVar("Part")
Made = TypeVar("Made")


def each(work: Callable[[Part], Made], parts: Iterable[Part], device: torch.device) -> Iterator[Made]:
    """Yield what `work` makes of each part, in order, in as many threads as torch has for one product.

    The layers are small: threads that share each of them wait for one another more than they work, and on a machine
    that is busy otherwise for a hundred times as long. Results are those of one thread, however many there are.
    """
    if device.type != "cpu":
        yield from map(work, parts)
        return
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(work, parts)
    finally:
        if threads > 1:
            torch.set_num_threads(threads)  # which threads that start later take over
