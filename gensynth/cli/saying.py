"""What goes wrong, as one sentence on standard error and an exit status."""

from __future__ import annotations

import logging
import sys
from types import FrameType
from typing import Any

import typer

CUT = "interrupted: each output is whole or as it was before"
ENDED = "asked to end (SIGTERM): each output is whole or as it was before"
TERMINATED = 143  # 128 and the number of SIGTERM, as shells say


class Ending:
    """What SIGTERM does: Slurm, systemd and others send it before SIGKILL, to leave time to tidy up."""

    def __init__(self) -> None:
        self.to_end = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """End the work from where it is, once; what is asked again meanwhile is being done."""
        if not self.to_end:
            self.to_end = True
            raise SystemExit(TERMINATED)


def said(error: Exception) -> int:
    """Print an error as one or two lines and return the exit status that it means."""
    if isinstance(error, typer.Abort) or _interrupted(error):
        return said_text(CUT, 1)
    if hasattr(error, "format_message"):  # typer's own complaints about options
        return said_text(error.format_message(), 2)
    from ..errors import ConfigError, GensynthError

    if isinstance(error, BrokenPipeError):
        sys.stderr.close()  # the reader left, as `head` does: nothing to say to anybody
        return 1
    notes = "".join(f"\n  {note}" for note in getattr(error, "__notes__", []))
    if isinstance(error, GensynthError):
        return said_text(f"{error}{notes}", 2 if isinstance(error, ConfigError) else 1)
    if isinstance(error, MemoryError):
        return said_text("not enough memory; give fewer rows or columns", 1)
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return said_text(f"{name}{error.strerror or error}", 1)
    return said_text(f"{type(error).__name__}: {error}{notes}\n  This is a fault in gensynth; --debug shows where.", 1)


def _interrupted(error: BaseException) -> bool:
    """Whether Ctrl-C stands behind an error, as where it came while a package was imported."""
    behind: BaseException | None = error
    seen: list[BaseException] = []
    while behind is not None and behind not in seen:
        seen.append(behind)
        behind = behind.__cause__ or behind.__context__
    return any(isinstance(each, KeyboardInterrupt) for each in seen)


def said_text(text: str, status: int) -> int:
    """Print a line and return an exit status."""
    print(f"gensynth: {text}", file=sys.stderr)
    return status


def warn(message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
    """Print a warning as one line; those of other packages only when asked for."""
    from ..errors import GensynthWarning

    if issubclass(category, GensynthWarning):
        print(f"gensynth: note: {message}", file=sys.stderr)
    else:
        logging.getLogger("gensynth").info("%s: %s", category.__name__, message)
