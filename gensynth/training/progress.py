"""One line on standard error that says how far training has come."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run

_PAUSE = 0.1  # seconds between two writings


class Bar:
    """A line about a run, rewritten at most ten times a second.

    Arguments:
        run: steps, losses and score are read from it.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.first, self.out = run, run.step, sys.stderr
        self.began = time.monotonic()
        self.due = self.began + _PAUSE
        self.loss: float | None = None

    def step(self) -> None:
        """Write the line, if it is time to."""
        now = time.monotonic()
        if now >= self.due:
            self.due = now + _PAUSE
            self._write(now)

    def close(self) -> None:
        """Write the line a last time and end it."""
        self._write(time.monotonic())
        self.out.write("\n")
        self.out.flush()

    def _write(self, now: float) -> None:
        run, loss = self.run, self.run.means.last()
        self.loss = loss = self.loss if loss is None else loss  # between two rounds there is none
        parts = [f"training: {run.step:,} of {run.batches.steps:,} steps"]
        parts += [] if loss is None else [f"loss {loss:.4g}"]
        parts += [] if run.score is None else [f"score {run.score:.4g}"]
        done, left = run.step - self.first, run.batches.last - run.step
        if done and left and not run.stop:
            seconds = min((now - self.began) / done * left, run.began + run.budget.seconds - now)
            parts.append(f"{_words(max(seconds, 0))} left")
        line = ", ".join(parts)[: shutil.get_terminal_size().columns - 1]
        self.out.write(f"\r{line}\x1b[K")  # the code clears what a longer line has left
        self.out.flush()


def wanted(progress: bool | None) -> bool:
    """Return whether to show progress: as asked, else where standard error is a terminal."""
    return sys.stderr.isatty() if progress is None else progress


def _words(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"
