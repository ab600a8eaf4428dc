"""How networks are trained: settings that all trained generators share, checked and resolved in one place."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, nearest

HELD = 0.1  # of the rows are held out, by whose score training stops
ENOUGH = 200  # rows from which on some are held out
MOST_HELD = 10_000
MOST_REPEATS = 4
CHECKPOINT = "training.ckpt"  # as `training.checkpoint` names it, which takes torch to import
ROUNDS = 20  # in a whole training, or more of them where they would be long


@dataclass(frozen=True)
class Training:
    """Settings of a training, as `training={...}` gives them.

    Arguments:
        batch_size: rows in a batch, at least 1; None for an eighth of the rows, between 32 and 512 (`WGAN`: 256). Where
            several processes train together it counts the rows of all, and each has an even part of them.
        lr: the largest learning rate, above 0; None for the generator's own.
        patience: rounds without a better held-out score after which to stop, at least 1; None for never.
        stop_after: step after which to stop though the learning rate falls as planned for all `steps`, at least 1; None
            for none. What recipes write where time or Ctrl-C ended a training, so that it repeats.
        device: "auto" (CUDA where there is one, else the CPU), "cpu", "cuda", "cuda:1" or "mps".
        checkpoint_dir: folder for a checkpoint a round, from which the same `fit` goes on after it was killed; it needs
            a `random_state`, or no later `fit` is the same.
        pictures_dir: folder for a picture a round, so that anyone can see it learn; of images alone. Of `WGAN` it shows
            what is made by then, always of the same noise; of `VAE` pairs of a real image and what comes back of it,
            softer than what "detail" makes. It is made where it is not there, and pictures of other trainings are
            overwritten.
        progress: whether to show a line on standard error; None where that is a terminal.
        trainer_kwargs: for Lightning's Trainer: precision, devices, num_nodes, strategy, callbacks... With
            {"devices": 4, "strategy": "ddp"}, under torchrun, Slurm or neither, four processes average their gradients
            and end with the same weights; they need a `random_state`, and a `checkpoint_dir` that all of them see.
            "ddp_spawn" and "ddp_notebook" start them within `fit`.
    """

    batch_size: int | None = None
    lr: float | None = None
    patience: int | None = 6
    stop_after: int | None = None
    device: str = "auto"
    checkpoint_dir: str | None = None
    pictures_dir: str | None = None
    progress: bool | None = None
    trainer_kwargs: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any] | None) -> Training:
        """Return the settings that a mapping gives. Raises: ConfigError for an unknown name or a value out of range."""
        if given is not None:
            check_names("training", given, [field.name for field in fields(cls)])
        made = cls(**(given or {}))
        for name in ("batch_size", "patience", "stop_after"):
            check_count(name, getattr(made, name))
        check_rate("lr", made.lr)
        kinds = {
            "device": str,
            "checkpoint_dir": str | PathLike,
            "pictures_dir": str | PathLike,
            "progress": bool,
            "trainer_kwargs": Mapping,
        }
        for name, kind in kinds.items():
            value = getattr(made, name)
            if not isinstance(value, kind) and (value is not None or name == "device"):
                raise ConfigError(f"training: {name} cannot be {value!r:.60}")
        return made

    def batch_of(self, rows: int, most: int) -> int:
        """Return the rows in a batch where there are so many in all."""
        if self.batch_size is not None:
            return min(self.batch_size, rows)
        power = round(float(np.log2(max(rows / 8, 1))))
        return min(1 << max(power, 5), most, rows)


@dataclass(frozen=True)
class Pace:
    """How long and how fast a generator trains where nothing is said.

    Arguments:
        passes: through the rows.
        least: steps.
        most: steps.
        rate: the largest learning rate.
        decay: of the averages of weights.
        batch: rows in one at most.
        round: steps in one at most.
        lifts: whether rows of rare classes are learned several times in a pass.
    """

    passes: float = 14.0
    least: int = 400
    most: int = 6000
    rate: float = 2e-3
    decay: float = 0.99
    batch: int = 512
    round: int = 100
    lifts: bool = False

    def steps_for(self, rows: int, batch: int) -> int:
        """Return how many steps go through so many rows, within bounds."""
        return int(np.clip(self.passes * rows / batch, self.least, self.most))


def check_names(what: str, given: Any, known: list[str]) -> None:
    """Raise ConfigError where settings are no mapping, or one of them is not known."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{what} must be a mapping of settings, got {given!r:.60}")
    for name in given:
        if name not in known:
            raise ConfigError(f"{what} has no setting {name!r}{nearest(str(name), known)}")


def check_count(name: str, value: Any, least: int = 1, *, optional: bool = True) -> None:
    """Raise ConfigError where a parameter is no whole number of at least `least`, unless it is None and `optional`."""
    if not (value is None and optional) and (
        isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ):
        raise ConfigError(f"{name} must be a whole number, at least {least}, got {value!r}")


def check_rate(
    name: str, value: Any, least: float = 0.0, most: float = np.inf, *, optional: bool = True
) -> None:  # fmt: skip
    """Raise ConfigError where a parameter is no number above `least` and below `most`, unless None and `optional`."""
    number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    fine = number and least < value < most and (value <= sys.float_info.max if isinstance(value, int) else True)
    if not (value is None and optional) and not fine:
        ends = f"above {least:g}" + (f" and below {most:g}" if most < np.inf else "")
        raise ConfigError(f"{name} must be a number {ends}, got {value!r:.60}")


def check_widths(name: str, value: Any, least: int) -> None:
    """Raise ConfigError where a parameter is no list of at least `least` whole numbers above 0."""
    if not isinstance(value, list | tuple) or len(value) < least:
        raise ConfigError(f"{name} must be a list of at least {least} widths, got {value!r:.60}")
    for width in value:
        check_count(f"each width of {name}", width, optional=False)


def repeats(codes: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return how often each row is learned in a pass: once, and of rare classes up to MOST_REPEATS times.

    A class counts as if it had as many rows as the geometric mean of its own and of half an even share, so that what
    sets it apart is learned before training ends. Shape: (n,) to (n,).

    >>> repeats(np.repeat([0, 1], [97, 3])).tolist()[-3:], int(repeats(np.repeat([0, 1], [75, 25])).max())
    ([2, 3, 3], 1)
    """
    _, back, counts = np.unique(codes, return_inverse=True, return_counts=True)
    weights = np.clip(np.sqrt(len(codes) / (2 * len(counts) * counts)), 1, MOST_REPEATS)
    order = np.argsort(back, kind="stable")
    place = np.empty(len(codes))
    place[order] = np.arange(len(codes)) - (np.cumsum(counts) - counts)[back[order]]
    ends = np.floor(np.stack([place, place + 1]) * weights[back]).astype(np.int64)
    return np.asarray(ends[1] - ends[0])
