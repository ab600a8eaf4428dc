"""How several processes come to train together: what Lightning can start, and what becomes of all when one fails.

`ddp` under torchrun or Slurm takes the processes that are there; from a script or a command line it starts the others
by running the same command again; `ddp_spawn`, `ddp_fork` and `ddp_notebook` start them within `fit`, and only the
process that called it goes on after it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning.pytorch.strategies import DDPStrategy, DeepSpeedStrategy
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher

from .. import errors
from ..errors import ConfigError, TrainingFailed
from .peers import Alone, Peers, Together

_PORT = "MASTER_PORT"
_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")
_LOST = ("gloo", "nccl", "connection closed", "connection reset", "timed out", "timeout", "broken pipe")


def peers_of(trainer: Any) -> Peers:
    """Return the processes that a trainer has joined."""
    if trainer.world_size == 1:
        return Alone()
    return Together(trainer.global_rank, trainer.world_size, trainer.strategy.root_device)


def check_start(trainer: Any) -> None:
    """Raise ConfigError where several processes cannot train together in the way that is asked."""
    if trainer.world_size == 1:
        return
    strategy = trainer.strategy
    if not isinstance(strategy, DDPStrategy) or isinstance(strategy, DeepSpeedStrategy):
        raise ConfigError(
            f"trainer_kwargs: {type(strategy).__name__} divides a network among devices, and these are small: each "
            "process holds all of it here; say strategy='ddp'"
        )
    around = strategy.cluster_environment
    if _starts_within(trainer) and around is not None and around.creates_processes_externally:
        raise ConfigError(
            "trainer_kwargs: this strategy starts processes of its own, and this one was itself started as one of "
            "several, by torchrun, Slurm or strategy='ddp': say strategy='ddp'"
        )
    alone = around is not None and not around.creates_processes_externally
    if alone and not _starts_within(trainer) and not _is_program():
        raise ConfigError(
            "trainer_kwargs: this strategy runs the program again in each process, and a prompt, python -c and "
            "standard input are none: put it into a file, or say strategy='ddp_spawn' or, in a notebook, 'ddp_notebook'"
        )
    if not _starts_within(trainer) and around is not None and hasattr(around, "validate_settings"):
        try:
            around.validate_settings(num_devices=strategy.num_processes, num_nodes=strategy.num_nodes)
        except ValueError as error:
            raise ConfigError(f"trainer_kwargs: {error}") from error


@contextmanager
def joined(trainer: Any) -> Iterator[None]:
    """Train in the block; where this process fails leave the others at once, so that they fail too and do not wait.

    Raises: TrainingFailed where another process was lost, or where memory ran out in one of several.
    """
    if trainer.world_size == 1:
        yield
        return
    port = os.environ.get(_PORT)
    try:
        yield
    except BaseException as error:
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        told = str(error).lower()
        if isinstance(error, MemoryError | RuntimeError):
            if isinstance(error, MemoryError) or any(said in told for said in _MEMORY):
                raise TrainingFailed(
                    f"memory ran out in process {trainer.global_rank} of {trainer.world_size} that train together: "
                    "give a smaller batch_size, smaller networks or more devices"
                ) from error
            if any(said in told for said in _LOST):
                raise TrainingFailed(
                    f"process {trainer.global_rank} of {trainer.world_size} lost another that it trained with: what "
                    "that one said tells why; the same call goes on from checkpoint_dir, if one was given"
                ) from error
        raise
    finally:
        if _starts_within(trainer):  # the next training finds a port of its own
            os.environ.pop(_PORT, None)
            os.environ.update({} if port is None else {_PORT: port})


def told_by(error: Exception) -> Exception:
    """Return what one of the processes that `fit` started says of its end, as an error of the class that it names."""
    last = str(error).strip().splitlines()[-1]
    name, _, text = last.partition(": ")
    kind = getattr(errors, name.removeprefix("gensynth.errors."), None) if name.startswith("gensynth.errors.") else None
    if isinstance(kind, type) and issubclass(kind, errors.GensynthError):
        return kind(text)
    if any(said in last.lower() for said in _MEMORY):
        return TrainingFailed("memory ran out in one of several processes: give a smaller batch_size or networks")
    return TrainingFailed(f"one of the processes that trained together failed: {last}")


def _is_program() -> bool:
    return getattr(sys.modules["__main__"], "__spec__", None) is not None or os.path.isfile(sys.argv[0])


def _starts_within(trainer: Any) -> bool:
    return isinstance(trainer.strategy.launcher, _MultiProcessingLauncher)
