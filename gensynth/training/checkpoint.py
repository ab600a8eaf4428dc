"""One file that holds a training between two rounds, bound to what it is a training of. Data, never code."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError, OtherTraining
from ..nn.task import Task
from ..store.atomic import atomic_write
from .batches import Batches

FORMAT = 1
NAME = "training.ckpt"

_PARTS: dict[str, type | tuple[type, ...]] = {
    "identity": dict,
    "step": int,
    "stale": int,
    "score": (float, type(None)),
    "kept": dict,
    "history": list,
    "weights": dict,
    "average": dict,
    "optimizers": list,
    "schedulers": list,
    "precision": dict,
}


def identity(task: Task, batches: Batches, decay: float) -> dict[str, Any]:
    """Return what must be the same for a training to be gone on with."""
    return {
        "data": batches.fingerprint,
        "rows": batches.rows,
        "parameters": [f"{name} {tuple(weight.shape)}" for name, weight in task.named_parameters()],
        "seed": batches.seed,
        "steps": batches.steps,
        "batch_size": batches.batch_size,
        "round": batches.round,
        "decay": decay,
    }


def file_in(folder: str | Path) -> Path:
    """Return the file in a folder, which is made if it is not there. Raises: ConfigError."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"checkpoint_dir {str(folder)!r} cannot be made: {error.strerror}") from error
    return Path(folder) / NAME


def write(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a training, whole or not at all. Raises: ConfigError, GensynthError."""
    with atomic_write(path, overwrite=True) as handle:
        torch.save({**state, "gensynth": FORMAT}, handle)


def read(path: Path, expected: dict[str, Any]) -> dict[str, Any] | None:
    """Read the state of a training, its tensors on the CPU; None where there is no file.

    Arguments:
        path: the file.
        expected: the `identity` of the training that is to go on.

    Raises:
        ConfigError: it cannot be read.
        OtherTraining: it is of another training (other data, parameters or settings), damaged, or something else.
    """
    if not path.exists():
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # on the way to refusing a foreign file
            state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror or error}") from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise OtherTraining(f"{str(path)!r} is damaged or no checkpoint of a training; {_ANEW}") from error
    number = state.get("gensynth") if isinstance(state, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise OtherTraining(f"{str(path)!r} is of format {number} and this gensynth reads up to {FORMAT}; {_ANEW}")
    if number != FORMAT or not all(isinstance(state.get(part), kind) for part, kind in _PARTS.items()):
        raise OtherTraining(f"{str(path)!r} is no checkpoint of a training; {_ANEW}")
    _compare(path, state["identity"], expected)
    return dict(state)


def check_reach(path: Path, step: int, last: int) -> None:
    """Raise OtherTraining where a checkpoint is of a later step than the last that is asked."""
    if step > last:
        raise OtherTraining(f"{str(path)!r} is of step {step}, beyond stop_after={last}; {_ANEW}")


@contextmanager
def applied(path: Path | None) -> Iterator[None]:
    """Turn what a spoilt state does to the block into an OtherTraining that names the file."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        if path is None:
            raise
        raise OtherTraining(f"{str(path)!r} does not fit this training ({error}); {_ANEW}") from error


_ANEW = "delete it to train from the beginning, or name another checkpoint_dir"


def _compare(path: Path, found: dict[str, Any], expected: dict[str, Any]) -> None:
    other = [name for name in expected if found.get(name) != expected[name]]
    if other:
        said = [
            name if name in ("data", "parameters") else f"{name} {found.get(name)}, now {expected[name]}"
            for name in other
        ]
        raise OtherTraining(f"{str(path)!r} is of another training ({'; '.join(said)}); {_ANEW}")
