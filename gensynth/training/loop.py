"""Lightning's Trainer around a run: the only module that imports it, and imported only when training begins.

A batch of Lightning is a stretch of steps. One step, where somebody listens (callbacks, loggers, other processes, mixed
precision); else 25, and descent goes straight to torch: Lightning's 0.4 ms a batch would be felt on small networks.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.plugins import MixedPrecision, Precision
from lightning.pytorch.profilers import PassThroughProfiler
from lightning.pytorch.strategies import SingleDeviceStrategy
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..errors import ConfigError, nearest
from .clip import Clip
from .launching import check_start, joined, peers_of, told_by
from .progress import Bar, wanted
from .run import Run
from .surroundings import hush, quiet, unhindered

_QUIET = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "enable_progress_bar": False,
    "num_sanity_val_steps": 0,
}
_OURS = {
    **dict.fromkeys(["max_steps", "max_epochs", "min_steps", "min_epochs"], "steps says how long to train"),
    "max_time": "max_time is a parameter of its own",
    **dict.fromkeys(["limit_train_batches", "overfit_batches", "fast_dev_run"], "steps says how long to train"),
    "accumulate_grad_batches": "batch_size says how many rows make a step",
}
_STRETCH = 25


def fit(run: Run, device: torch.device, *, progress: bool | None, trainer_kwargs: dict[str, Any]) -> None:
    """Train until the run stops.

    Raises:
        ConfigError: `trainer_kwargs` has something that Trainer does not know or take, or that training decides.
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    settings = {**_QUIET, **_place(device, trainer_kwargs), **trainer_kwargs}
    known = inspect.signature(Trainer.__init__).parameters
    for name in trainer_kwargs:
        if name in _OURS:
            raise ConfigError(f"trainer_kwargs: {name} is not for Lightning here; {_OURS[name]}")
        if name not in known:
            raise ConfigError(f"trainer_kwargs: Trainer has no parameter {name!r}{nearest(name, known)}")
    heard = settings.get("callbacks") or []
    for callback in heard if isinstance(heard, list | tuple) else [heard]:
        if not isinstance(callback, Callback):
            raise ConfigError(f"trainer_kwargs: callbacks must be callbacks of Lightning, got {callback!r:.60}")
    clip = Clip.read(settings.pop("gradient_clip_val", None), settings.pop("gradient_clip_algorithm", None))
    rounds = max(-(-(run.batches.last - run.step) // run.batches.round), 1) + run.task.retries
    with quiet(), unhindered(), run.interrupts.watched():
        trainer = _trainer(rounds, settings)
        check_start(trainer)
        run.rank = trainer.global_rank
        if run.finished:
            return
        try:
            with joined(trainer):
                trainer.fit(Loop(run, clip, wanted(progress)))
        except (ProcessExitedException, ProcessRaisedException) as error:
            if run.interrupts.asked:  # Ctrl-C reached a process that was still starting
                raise KeyboardInterrupt from None
            raise told_by(error) from error
        except SystemExit as left_by:  # what Trainer makes of a KeyboardInterrupt
            if isinstance(left_by.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise


def _trainer(rounds: int, settings: dict[str, Any]) -> Trainer:
    try:
        return Trainer(max_epochs=rounds, **settings)
    except (TypeError, ValueError, ImportError, MisconfigurationException) as error:
        raise ConfigError(f"trainer_kwargs: {error}") from error


def _place(device: torch.device, trainer_kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return where to train, in Lightning's words, unless the caller has said so in those words."""
    if {"accelerator", "devices", "num_nodes", "strategy"} & set(trainer_kwargs):
        return {}
    if device.type == "cuda":
        return {"accelerator": "gpu", "devices": [device.index]}
    return {"accelerator": device.type, "devices": 1}


class Stretch:
    """Some steps that follow one another: what Lightning takes for a batch."""

    def __init__(self, count: int) -> None:
        self.count = count


class Stretches:
    """The round at hand, in stretches."""

    def __init__(self, run: Run, size: int) -> None:
        self.run, self.size = run, size

    def __len__(self) -> int:
        return -(-len(self.run.batches) // self.size)

    def __iter__(self) -> Iterator[Stretch]:
        count = len(self.run.batches)
        return (Stretch(min(self.size, count - done)) for done in range(0, count, self.size))


class Loop(LightningModule):
    """A run as Lightning takes it."""

    def __init__(self, run: Run, clip: Clip, progress: bool) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.task: nn.Module = run.task
        self.run, self.clip, self.progress, self.process = run, clip, progress, os.getpid()

    def setup(self, stage: str) -> None:
        """See who listens; in a process that was started for training, take over Ctrl-C."""
        trainer = self.trainer
        alone = trainer.world_size == 1 and type(trainer.strategy) is SingleDeviceStrategy
        plain = type(trainer.precision_plugin) is Precision and type(vars(trainer)["profiler"]) is PassThroughProfiler
        self.straight = alone and plain and not trainer.loggers and not vars(trainer)["callbacks"]
        if os.getpid() != self.process:
            self.run.interrupts.install()
            if getattr(trainer.strategy, "_start_method", "") == "fork":
                torch.set_num_threads(1)  # as the caller's threads are not there, and work given to them would hang

    def configure_optimizers(self) -> list[Optimizer]:
        """Return the optimizers; their schedules are moved by `descend`, out of Lightning's sight."""
        pairs = self.run.task.optimizers(self.run.batches.steps)
        self.schedulers: list[LRScheduler | None] = [scheduler for _, scheduler in pairs]
        return [optimizer for optimizer, _ in pairs]

    def train_dataloader(self) -> Stretches:
        """Return the round at hand, whichever it is when it is gone through."""
        return Stretches(self.run, _STRETCH if self.straight else 1)

    def transfer_batch_to_device(self, batch: Stretch, device: torch.device, dataloader_idx: int) -> Stretch:
        """Return the stretch as it is: it holds no tensors."""
        return batch

    def on_train_start(self) -> None:
        """Begin, now that everything is on its device."""
        trainer, plugin = self.trainer, self.trainer.precision_plugin
        self.task.train()
        wrapped = self.optimizers(use_pl_optimizer=not self.straight)
        self.descended: list[Any] = wrapped if isinstance(wrapped, list) else [wrapped]
        peers = peers_of(trainer)
        self.run.start(self.device, peers, trainer.optimizers, self.schedulers, plugin)
        self.convert = None if type(plugin).convert_input is Precision.convert_input else plugin.convert_input
        self.blocked = getattr(trainer.strategy, "block_backward_sync", nullcontext)  # as gradients are averaged here
        self.bar = Bar(self.run) if self.progress and peers.rank == 0 else None

    def training_step(self, batch: Stretch) -> None:
        """Do the steps of a stretch."""
        run = self.run
        for _ in range(batch.count):
            run.advance(self.convert, self._descend)
            if self.bar is not None:
                self.bar.step()
            if run.stop or self.trainer.received_sigterm:
                break
        if run.stop:
            self.trainer.should_stop = True

    def on_before_optimizer_step(self, optimizer: Optimizer) -> None:
        """Clip the gradients; Lightning would not where mixed precision meets fused optimizers."""
        plugin = self.trainer.precision_plugin
        if self.clip.most and isinstance(plugin, MixedPrecision):
            self.clip.cut(optimizer, plugin.scaler)
        elif self.clip.most:
            self.clip_gradients(optimizer, self.clip.most, self.clip.way)

    def on_train_epoch_end(self) -> None:
        """End the round, or go back to its beginning."""
        stopped = self.run.stop
        self.run.end_round()
        if stopped or self.run.stop:
            self.trainer.should_stop = bool(self.run.stop)

    def on_train_end(self) -> None:
        """Put the kept weights in place, in the process in which they are."""
        if self.bar is not None:
            self.bar.close()
        if self.run.peers.count > 1:
            self.run.settle_together()
        else:
            self.run.settle()

    def get_extra_state(self) -> dict[str, Any]:
        """Return how the run ended, which goes along with the weights from a process that was started for it."""
        return self.run.outcome()

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Take over how the run ended in another process."""
        self.run.concluded(state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        hush()  # in a process that was started for training; the caller's is quiet already

    def _descend(self, number: int, loss: Tensor) -> None:
        if not self.run.means.watch(loss) and self.straight:  # other processes would wait for this one's gradients
            return
        optimizer, scheduler = self.descended[number], self.schedulers[number]
        optimizer.zero_grad()
        if self.straight:
            loss.backward()  # type: ignore[no-untyped-call]
            self.on_before_optimizer_step(optimizer)
            optimizer.step()
        else:
            with self.blocked():
                self.manual_backward(loss)
            self.run.peers.average(weight for group in optimizer.param_groups for weight in group["params"])
            optimizer.step()
        if scheduler is not None:
            scheduler.step()
