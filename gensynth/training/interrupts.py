"""Ctrl-C while training: the first one asks for an end after the step, a second one breaks off."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.asked = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Take over Ctrl-C for the block, and give it back as it was.

        Outside the main thread, where Ctrl-C never arrives, and where the caller ignores it, nothing is changed.
        """
        before = signal.getsignal(signal.SIGINT)
        main = threading.current_thread() is threading.main_thread()
        if not main or before is None or before == signal.SIG_IGN:
            yield
            return
        try:
            self.install()
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def install(self) -> None:
        """Take over Ctrl-C for good, in a process that only trains."""
        signal.signal(signal.SIGINT, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
