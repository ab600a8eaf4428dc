"""Training: one loop for all networks, behind `train`. The only importer of Lightning's Trainer.

batches = Batches([rows, conditions], 500, seed=0, steps=2000)
history = train(task, batches, held=[(rows_held, conditions_held)], max_time="2m", patience=5)
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..errors import GensynthWarning, TrainingFailed
from ..nn.task import Task
from . import checkpoint
from .batches import Batches
from .budget import Budget
from .devices import find_device
from .history import History
from .peers import Stop
from .run import Held, Run
from .surroundings import left_as_found

__all__ = ["Batches", "Budget", "History", "find_device", "train"]


def train(
    task: Task,
    batches: Batches,
    *,
    held: Held | None = None,
    max_time: str | float | None = None,
    patience: int | None = None,
    decay: float = 0.999,
    checkpoint_dir: str | Path | None = None,
    device: str | torch.device = "auto",
    progress: bool | None = None,
    trainer_kwargs: dict[str, Any] | None = None,
) -> History:
    """Train a task; it then holds the averaged weights that scored best, in eval mode, on the CPU.

    Where `task.score` says nothing, or nothing is held out, the last averages are kept. A loss that is not finite ends
    training, with a warning and the best weights so far, and so does Ctrl-C, after the step at hand; a second Ctrl-C
    raises KeyboardInterrupt. A task that says so (`retries`) goes back to the beginning of a round that a loss spoilt,
    up to so many times, with a warning at the end: weights, averages and optimizers as they were, at half the rate.
    Global state (random states, threads, gradient mode, logging, signals) is left as it was.

    Arguments:
        task: networks and their losses.
        batches: what to train on, and for how many steps.
        held: batches to score on at the end of each round.
        max_time: bound on the time of training, such as "90s", "2m" or 90 (seconds); looked at every step. That
            Lightning is imported, seconds in the first call of a process, does not count.
        patience: rounds without a better score after which to stop, at least 1; no bound where nothing is scored.
        decay: weight of the past in the averages, in [0, 1).
        checkpoint_dir: a folder for one file, written at the end of each round. The same call goes on from it, bit for
            bit on the same machine, and returns at once where training had ended.
        device: "auto" (CUDA where there is one, else the CPU), "cpu", "cuda", "cuda:1" or "mps".
        progress: whether to show a line on standard error; None where that is a terminal.
        trainer_kwargs: for Lightning's Trainer: precision, devices, strategy, callbacks, gradient_clip_val... Several
            processes each have an even part of every batch, average their gradients, stop together and end with the
            same weights and history; the first alone writes, shows and warns.

    Returns:
        A record a round: step, seconds of work so far, the mean of each loss, the score if there is one, and
        `rolled_back` where it was done again, how often; in `ended` what ended training: "steps", "patience", "time",
        "interrupted" or "spoilt" (by a loss that is not finite).

    Raises:
        ConfigError: a parameter is wrong, or processes that are to train together were given different things.
        OtherTraining: the checkpoint is of another training, damaged, or something else.
        TrainingFailed: a loss was not finite in the first round, so that there are no weights to keep; or another of
            several processes was lost.
    """
    budget, place = Budget(batches.steps, max_time, patience), find_device(device)
    path = None if checkpoint_dir is None else checkpoint.file_in(checkpoint_dir)
    with left_as_found():
        from .loop import fit  # which imports lightning: seconds that are no training, and draws from `random`
    dtypes = {name: tensor.dtype for name, tensor in _tensors(task)}
    run = Run(task, batches, budget, held=held, decay=decay, path=path, began=time.monotonic())
    run.resume()
    if not run.finished or trainer_kwargs:
        with left_as_found():
            fit(run, place, progress=progress, trainer_kwargs=dict(trainer_kwargs or {}))
    return _concluded(run, dtypes)


def _tensors(task: Task) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the parameters and buffers of a task by name."""
    yield from task.named_parameters()
    yield from task.named_buffers()


def _concluded(run: Run, dtypes: dict[str, torch.dtype]) -> History:
    """Leave the task ready for use, in the dtypes it had before, and return the history; say if it ended early."""
    if run.kept is None:
        raise TrainingFailed(
            f"training failed: a loss or a weight was not finite by step {run.step + 1}, before there were any weights "
            "to keep; a lower lr often helps, and so does data without extreme values"
        )
    run.settle()
    run.task.zero_grad(set_to_none=True)
    for name, tensor in _tensors(run.task):
        tensor.data = tensor.data.to(dtypes[name])
    run.task.cpu().eval()
    if run.rank:
        return History(run.history, run.stop.name.lower(), run.rank)  # the first process says what is to be said
    if run.stop == Stop.SPOILT:
        warnings.warn(
            f"training stopped early: a loss or a weight was not finite after step {run.step}; the best weights before "
            "are kept; a lower lr often helps",
            GensynthWarning,
            stacklevel=3,
        )
    elif run.retried:
        warnings.warn(
            f"training was unstable: {run.retried} times a loss was not finite, or beyond bounds, and the round was "
            "done again from its beginning, from then on at half the rate; a lower lr often helps",
            GensynthWarning,
            stacklevel=3,
        )
    if run.stop == Stop.TIME and run.step < min(run.batches.round, run.batches.steps):
        warnings.warn(
            f"max_time ended training after {run.step} of {run.batches.steps} steps, before the end of one round: the "
            "networks have hardly learned",
            GensynthWarning,
            stacklevel=3,
        )
    elif run.stop == Stop.INTERRUPTED:
        warnings.warn(
            f"training was interrupted after step {run.step} of {run.batches.steps}; the best weights so far are kept",
            GensynthWarning,
            stacklevel=3,
        )
    return History(run.history, run.stop.name.lower())
