"""Trainings that do not fit in memory: what says so, and half the batch, once."""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import FallbackWarning, TrainingFailed
from .training import CHECKPOINT, Training

HALVED = "halved"  # the folder, in that of checkpoints, for those of a training of half the batch
_SAID = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")


def is_short(error: BaseException) -> bool:
    """Whether an error says that memory is short: Python's, or torch's on a processor or a GPU.

    >>> is_short(RuntimeError("DefaultCPUAllocator: can't allocate memory")), is_short(RuntimeError("other shapes"))
    (True, False)
    """
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error).lower() for said in _SAID)


def halving(learn: Callable[[int, Training], None], batch: int, settings: Training, *, least: int = 1) -> bool:
    """Train with batches of so many rows, or, where they do not fit in memory, from the beginning with half of them.

    Arguments:
        learn: trains anew with a number of rows in a batch, and settings.
        batch: the rows.
        settings: of the training; checkpoints of half the batch go to a folder of their own, so that a training that
            was cut off goes on with it.
        least: rows that a batch needs.

    Returns: whether the batch was halved. Raises: TrainingFailed where half of it does not fit either.
    """
    folder, half = None if settings.checkpoint_dir is None else Path(settings.checkpoint_dir), batch // 2
    begun = folder is not None and (folder / HALVED / CHECKPOINT).is_file()
    if not begun and _fits(learn, batch, settings):
        return False
    if half < least:
        raise TrainingFailed(_advice(f"there is not enough memory to train with batches of {batch:,}, the least"))
    text = f"there was not enough memory to train with batches of {batch:,} rows: it begins anew with {half:,}"
    warnings.warn(f"{text}; training={{'batch_size': {half}}} does so at once", FallbackWarning, stacklevel=6)
    if folder is not None:
        (folder / CHECKPOINT).unlink(missing_ok=True)
        settings = replace(settings, checkpoint_dir=str(folder / HALVED))
    if not _fits(learn, half, settings):
        raise TrainingFailed(
            _advice(f"there is not enough memory to train with batches of {batch:,} rows, nor of {half:,}")
        )
    return True


def _fits(learn: Callable[[int, Training], None], batch: int, settings: Training) -> bool:
    """Train; return whether there was memory for it, with what it took given back where there was not."""
    try:
        learn(batch, settings)
        return True
    except (RuntimeError, MemoryError) as error:
        if not is_short(error):
            raise
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    return False


def _advice(text: str) -> str:
    return (
        f"{text}; give a smaller batch_size in training={{...}}, smaller networks, or device='cpu' where a GPU is small"
    )
