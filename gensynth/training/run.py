"""A training at a moment: how far it is, its averages, the best weights so far; all but the loop around the steps."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from ..errors import ConfigError
from ..nn.ema import Average
from ..nn.task import Task
from . import checkpoint
from .batches import Batches, seed_for
from .budget import Budget
from .history import Means
from .interrupts import Interrupts
from .peers import Peers, Stop
from .states import States

Held = Iterable[tuple[Tensor, ...]]


class Run:
    """The state of a training, between its beginning and its end.

    Arguments:
        task: what is trained.
        batches: what it is trained on.
        budget: its bounds.
        held: held-out batches for the score, or None.
        decay: of the averages, in [0, 1).
        path: the checkpoint's file, or None.
        began: `time.monotonic()` at the beginning, from which `max_time` counts.
    """

    def __init__(
        self,
        task: Task,
        batches: Batches,
        budget: Budget,
        *,
        held: Held | None,
        decay: float,
        path: Path | None,
        began: float,
    ) -> None:
        if not 0 <= decay < 1:
            raise ConfigError(f"decay must be at least 0 and below 1, got {decay!r}")
        self.task, self.batches, self.budget, self.decay = task, batches, budget, float(decay)
        self.held = list(held) if isinstance(held, Iterator) else held  # gone through once a round
        self.path, self.began, self.interrupts = path, began, Interrupts()
        self.step, self.stale, self.stop, self.means = 0, 0, Stop.NO, Means()
        self.rank = 0  # among the processes that train together
        self.score: float | None = None
        self.kept: dict[str, Any] | None = None
        self.history: list[dict[str, float]] = []
        self._saved: dict[str, Any] | None = None
        self._good: dict[str, Any] = {}  # what a spoilt round goes back to
        self._back = 0  # how often the round at hand was gone back to
        self._earlier = 0.0  # seconds of the calls before this one
        self._limit = began + budget.seconds

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, by steps or by patience."""
        return self.step >= self.batches.last or self._out_of_patience()

    @property
    def retried(self) -> int:
        """How often rounds that were brought to an end had been gone back to."""
        return int(sum(record.get("rolled_back", 0) for record in self.history))

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one. Raises: ConfigError, OtherTraining."""
        if self.path is None:
            return
        state = checkpoint.read(self.path, checkpoint.identity(self.task, self.batches, self.decay))
        if state is None:
            return
        checkpoint.check_reach(self.path, state["step"], self.batches.last)
        with checkpoint.applied(self.path):
            self.step, self.stale, self.score = state["step"], state["stale"], state["score"]
            self.kept, self.history = state["kept"], [dict(record) for record in state["history"]]
            self._earlier = float(self.history[-1]["seconds"])
            self.batches = self.batches.at(self.step)
            self.task.load_state_dict(state["kept"])
            self._saved = state
        self.stop = Stop.STEPS if self.step >= self.batches.last else Stop.NO
        self.stop = Stop.PATIENCE if self._out_of_patience() else self.stop

    def start(
        self,
        device: torch.device,
        peers: Peers,
        optimizers: Sequence[Optimizer],
        schedulers: Sequence[LRScheduler | None],
        precision: Any,
    ) -> None:
        """Begin, or go on, with the task on its device. Raises: ConfigError, OtherTraining."""
        self.device, self.peers, self.precision, self.rank = device, peers, precision, peers.rank
        identity = checkpoint.identity(self.task, self.batches, self.decay)
        ends = {"stop_after": self.batches.last, "checkpoint": self.step, "held-out rows": self.held is None}
        peers.check_same(identity | ends)
        self.batches = self.batches.at(self.step).part(peers.rank, peers.count, self.task.least)
        self.average = Average(self.task, self.decay)
        self.states = States(self.task, self.average, optimizers, schedulers, precision)
        if self._saved is not None:
            with checkpoint.applied(self.path):
                self.states.put_back(self._saved)
            self._saved = None
        self.rng = torch.Generator(device)
        self._begin_round()

    def advance(self, convert: Callable[[Any], Any] | None, descend: Callable[[int, Tensor], None]) -> None:
        """Do one step, and set `stop` where it is the last."""
        batch: Any = tuple(tensor.to(self.device, non_blocking=True) for tensor in self.batches.batch(self.step))
        if convert is not None:
            batch = convert(batch)
        self.means.add(self.task.step(batch, self.step, descend, self.rng))
        if self.means.spoilt:
            stop = Stop.SPOILT
        elif self.interrupts.asked:
            stop = Stop.INTERRUPTED
        else:
            stop = Stop.TIME if time.monotonic() >= self._limit else Stop.NO
        self.stop = self.peers.agree(stop)
        if self.stop != Stop.SPOILT:
            self.average.update()
            self.step += 1

    def end_round(self) -> None:
        """Take the means of the round, score the averages, keep the best, write the checkpoint, see whether to stop."""
        means = self.means.close()
        self.stop = self.peers.agree(Stop.SPOILT if self.means.spoilt else self.stop)
        if self.stop != Stop.SPOILT:
            self._judge(self.peers.mean(means))
            self.stop = self.peers.agree(self.stop)
        if self.stop == Stop.SPOILT and self.retried + self._back < self.task.retries:
            self._go_back()
            return
        if self.stop in (Stop.SPOILT, Stop.INTERRUPTED):
            return
        if self.step >= self.batches.last:
            self.stop = Stop.STEPS
        elif self.stop != Stop.TIME and self._out_of_patience():  # a round cut short by time is none that counts
            self.stop = Stop.PATIENCE
        elif time.monotonic() >= self._limit:
            self.stop = Stop.TIME
        self.stop = self.peers.agree(self.stop)
        whole = self.step == self.batches.steps or self.step % self.batches.round == 0
        self._back = 0
        self._begin_round()
        if whole and self.path is not None and self.rank == 0:
            checkpoint.write(self.path, self._state())

    def settle_together(self) -> None:
        """End as the first process does, with its weights, and put them into the task."""
        kept = None if self.kept is None else {name: _on_cpu(value) for name, value in self.kept.items()}
        outcome, kept = self.peers.share((self.outcome(), kept))
        self.step, self.stop, self.history = outcome["step"], Stop(outcome["stop"]), outcome["history"]
        self.kept = kept
        self.settle()

    def settle(self) -> None:
        """Put the kept weights into the task."""
        if self.kept is not None:
            with checkpoint.applied(self.path):
                self.task.load_state_dict(self.kept)

    def outcome(self) -> dict[str, Any]:
        """Return what another process must know of the end, beside the weights: plain values."""
        return {
            "step": self.step,
            "stop": int(self.stop),
            "good": self.kept is not None,
            "history": self.history,
        }

    def concluded(self, outcome: dict[str, Any]) -> None:
        """Take over the end that came about in another process, whose weights come into the task."""
        self.step, self.stop, self.history = outcome["step"], Stop(outcome["stop"]), outcome["history"]
        self.kept = dict(self.task.state_dict()) if outcome["good"] else None

    def _begin_round(self) -> None:
        self.means = Means(self.task.largest)
        if self.task.retries:
            self._good = copy.deepcopy(self.states.now())
        self.batches = self.batches.at(self.step)
        number = self.step // self.batches.round
        self.rng.manual_seed(seed_for(self.batches.seed, "noise", self.batches.rank, number))

    def _go_back(self) -> None:
        """Begin the round anew, at half the rate; averages, moments and schedules are those of its beginning."""
        self.states.put_back(self._good)
        self.states.slow_down()
        self.step, self.stop, self._back = self.batches.start, Stop.NO, self._back + 1
        self._begin_round()

    def _out_of_patience(self) -> bool:
        return self.budget.patience is not None and self.stale >= self.budget.patience

    def _judge(self, means: dict[str, float]) -> None:
        """Write the record of the round, and keep the averages where they are the best so far."""
        record = {**means, "step": self.step, "seconds": self._earlier + time.monotonic() - self.began}
        with self.average.swapped():
            score = None if self.stop == Stop.INTERRUPTED else self._scored()
            if not self._sound(score):
                self.stop = Stop.SPOILT
                return
            if score is not None:
                record["score"] = score
            if self._back:
                record["rolled_back"] = self._back
            self._show()
            if self.score is None if score is None else self.score is None or score < self.score:
                self.score, self.stale = score, 0
                self.kept = {name: _copied(value) for name, value in self.task.state_dict().items()}
            else:
                self.stale += 1
        self.history.append(record)

    def _scored(self) -> float | None:
        """Return the score of the averages, which are in the task. The time it takes is set aside in the budget."""
        if self.held is None:
            return None
        began = time.monotonic()
        rng = torch.Generator(self.device).manual_seed(seed_for(self.batches.seed, "score"))
        there = (tuple(tensor.to(self.device) for tensor in batch) for batch in self.held)
        batches = map(self.precision.convert_input, there)
        self.task.eval()
        try:
            with torch.no_grad(), self.precision.val_step_context():
                score = self.task.score(batches, rng)
        finally:
            self.task.train()
        score = self.peers.share(None if score is None else float(score))
        self._limit = self.began + self.budget.seconds - (time.monotonic() - began)
        return score

    def _show(self) -> None:
        """Let who watches see the averages, which are in the task."""
        if self.task.watch is None or self.rank != 0:
            return
        self.task.eval()
        try:
            with torch.no_grad():
                self.task.watch(self.step)
        finally:
            self.task.train()

    def _sound(self, score: float | None) -> bool:
        if score is not None and not math.isfinite(score):
            return False
        finite = [weight.isfinite().all() for weight in self.task.parameters()]
        return not finite or bool(torch.stack(finite).all())

    def _state(self) -> dict[str, Any]:
        return {
            "identity": checkpoint.identity(self.task, self.batches, self.decay),
            "step": self.step,
            "stale": self.stale,
            "score": self.score,
            "kept": self.kept,
            "history": self.history,
            **self.states.now(),
        }


def _on_cpu(value: Any) -> Any:
    return value.cpu() if isinstance(value, Tensor) else value


def _copied(value: Any) -> Any:
    return value.detach().clone() if isinstance(value, Tensor) else value
