"""One line on standard error that says how much of the work is done and how long the rest takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def told(what: str, whole: int, unit: str = "") -> Iterator[Callable[[int], None]]:
    """Give a function that takes how much more is done; nothing is shown where standard error is no terminal.

    Arguments:
        what: is done.
        whole: how much there is to do.
        unit: of that.
    """
    done, began, due = 0, time.monotonic(), 0.0

    def step(more: int) -> None:
        nonlocal done, due
        done, now = done + more, time.monotonic()
        if not shown or (now < due and done < whole):
            return
        due = now + 0.2
        left = (now - began) / done * (whole - done) if done else 0.0
        sys.stderr.write(f"\r{what}: {done:,} of {whole:,}{unit}, {left:.0f} s left\x1b[K")
        sys.stderr.flush()

    shown = sys.stderr.isatty()
    yield step
    if shown:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
