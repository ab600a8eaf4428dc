"""What trained generators of tables share: rows become codes, a task is trained on them, and its weights are saved."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.codes import Codebook
from ..errors import ConfigError, DataError, FormatError
from ..random import as_generator
from .base import Codes, Generator
from .training import ENOUGH, HELD, MOST_HELD, ROUNDS, Training, check_count, repeats, steps_for

if TYPE_CHECKING:
    import torch

    from ..nn.task import Task

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
Made = TypeVar("Made", bound=npt.NDArray[Any])
BLOCK = 2048  # rows that go through networks at once: made rows always as many, so that one comes out the same however
# many are asked with it
_MOVING = RLock()  # held while networks are away from the processor
DECIDING = ("precision", "gradient_clip_val", "gradient_clip_algorithm")  # of the Trainer's settings, what is learned
CLEAR = 3.0  # rows of a class that should hold a code, if it were like all rows, for none to be a clear no


class Trained(Generator):
    """A generator whose networks learn rows of codes, the class being the first.

    A subclass says how its task is made (`_task`) and draws codes from it (`_sample`). After `fit`: `task_`,
    `codebook_`, `history_` (a record a round), what was resolved: `planned_` steps, `batch_size_`, `lr_`; and how it
    went: the `steps_` done, and what `ended_` them: "steps", "patience", "time", "interrupted" or "spoilt".
    """

    passes: ClassVar[float] = 14.0  # through the rows, where `steps` is left open
    least_steps: ClassVar[int] = 400
    most_steps: ClassVar[int] = 6000
    rate: ClassVar[float] = 2e-3  # where `lr` is left open
    decay: ClassVar[float] = 0.99  # of the averages of weights
    largest_batch: ClassVar[int] = 512  # where `batch_size` is left open
    longest_round: ClassVar[int] = 100
    lifts: ClassVar[bool] = False  # whether rows of rare classes are learned several times in a pass
    steps: int | None = None
    max_time: str | float | None = None
    training: Mapping[str, Any] | None = None

    def _check_params(self) -> None:
        from ..training import Budget

        check_count("steps", self.steps)
        if Training.read(self.training).checkpoint_dir is not None and self.random_state is None:
            raise ConfigError("checkpoint_dir needs random_state=INT: without one no later fit is the same training")
        Budget(1 if self.steps is None else self.steps, self.max_time, None)

    def _ladder(self, count: int) -> str | None:
        return "mostly what all rows have in common" if count <= 5 else None

    # Learning ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def _task(self, sizes: list[int], rng: torch.Generator) -> Task:
        """Return a task of fresh weights for columns of so many codes, the class first."""

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        import torch

        if len(self.labels_.counts) > np.iinfo(np.int16).max:
            raise DataError(f"{len(self.labels_.counts):,} classes: {type(self).__name__} takes at most 32,767")
        self.codebook_ = Codebook.fit(rows, self.encoder_.layout_, codes)
        coded = np.concatenate([codes[:, None].astype(np.int16), self.codebook_.encode(rows)], axis=1)
        self.counts_ = self._tally(coded)
        settings = Training.read(self.training)
        self.lr_ = self.rate if settings.lr is None else float(settings.lr)
        rng = torch.Generator().manual_seed(int(as_generator(key, "weights").integers(2**62)))
        self.task_ = self._task(self.sizes, rng)
        self.history_: list[dict[str, float]] = []
        self.steps_, self.planned_, self.batch_size_, self.ended_ = 0, 0, 0, "steps"
        if coded.shape[1] > 1:
            self._train(coded, key, settings)

    def _train(self, coded: Ints, key: int, settings: Training) -> None:
        """Train the task, a part of the rows held out where there are enough."""
        import torch

        from ..training import Batches, train

        order = as_generator(key, "held out").permutation(len(coded))
        held = min(int(HELD * len(coded)), MOST_HELD) if len(coded) >= ENOUGH else 0
        rows = torch.from_numpy(coded)
        places = np.sort(order[held:])
        if self.lifts:
            places = np.repeat(places, repeats(coded[places, 0]))
        learned = rows[torch.from_numpy(places)] if held or self.lifts else rows
        self.batch_size_ = settings.batch_of(len(learned), self.largest_batch)
        if self.batch_size_ * self.parts > len(learned):
            self._warn_parts(len(learned))
        passes = steps_for(len(learned), self.batch_size_, self.passes, self.least_steps, self.most_steps)
        steps = passes if self.steps is None else int(self.steps)
        batches = Batches(
            (learned,), self.batch_size_ * self.parts, seed=int(as_generator(key, "training").integers(2**31)),
            steps=steps, stop_after=settings.stop_after, round=int(np.clip(steps // ROUNDS, 10, self.longest_round)),
            fingerprint=self._fingerprint(coded),
        )  # fmt: skip
        kept = rows[torch.from_numpy(order[:held])]
        history = train(
            self.task_, batches,
            held=[(kept[at : at + BLOCK],) for at in range(0, held, BLOCK)] or None,
            max_time=self.max_time, patience=settings.patience, decay=self.decay,
            checkpoint_dir=settings.checkpoint_dir, device=settings.device, progress=settings.progress,
            trainer_kwargs=None if settings.trainer_kwargs is None else dict(settings.trainer_kwargs),
        )  # fmt: skip
        self.history_, self.ended_ = [*history], history.ended
        self.steps_, self.planned_ = int(history[-1]["step"]), steps

    def repeating(self) -> dict[str, Any]:
        """Return the parameters that make `fit` repeat a training that time or Ctrl-C ended; of others, none."""
        if self.ended_ not in ("time", "interrupted"):
            return {}
        scored = [record["step"] for record in self.history_ if "score" in record]  # Ctrl-C does not wait for one
        held = {name: value for name, value in (self.training or {}).items() if name != "checkpoint_dir"}
        settings = {**held, "stop_after": int(scored[-1] if scored else self.steps_)}
        return {"steps": self.planned_, "max_time": None, "training": settings}

    def _fingerprint(self, coded: Ints) -> str:
        """Return what tells this training from others: its rows and its parameters."""
        said = {
            name: np.asarray(value).tolist() if isinstance(value, tuple | np.generic) else value
            for name, value in self.get_params(deep=False).items()
            if name not in ("training", "max_time", "steps")  # of which the checkpoint knows more
        }
        lightning = (self.training or {}).get("trainer_kwargs") or {}
        said |= {name: str(lightning[name]) for name in DECIDING if lightning.get(name) is not None}
        whole = hashlib.blake2b(np.ascontiguousarray(coded).tobytes(), digest_size=16)
        whole.update(repr((sorted(said.items(), key=str), self.lr_)).encode())
        return whole.hexdigest()

    def _tally(self, coded: Ints) -> npt.NDArray[np.int64]:
        """Return how many rows of each class hold each code. Shape: (classes, all codes but the class)."""
        sizes = self.codebook_.sizes
        counts = np.zeros((len(self.labels_.counts), sum(sizes)), dtype=np.int64)
        for column, start in enumerate(np.cumsum([0, *sizes])[:-1].tolist()):
            np.add.at(counts, (coded[:, 0], start + coded[:, 1 + column]), 1)
        return counts

    @property
    def parts(self) -> int:
        """In how many parts of `batch_size` rows the task takes a batch."""
        return 1

    def _warn_parts(self, rows: int) -> None:
        """Say that so many rows are too few for parts of `batch_size`."""

    # What was learned --------------------------------------------------------------------------------------------

    @property
    def sizes(self) -> list[int]:
        """How many codes the class and each column have."""
        return [len(self.labels_.counts), *self.codebook_.sizes]

    def counts_of(self, column: int) -> npt.NDArray[np.int64]:
        """Return how many rows of each class hold each code of a column, 0 the first. Shape: (classes, size)."""
        start = sum(self.codebook_.sizes[:column])
        return self.counts_[:, start : start + self.codebook_.sizes[column]]

    def _refused(self, wanted: Codes) -> npt.NDArray[np.bool_]:
        """Return which codes are not made for each class: those it clearly has not. Shape: as `counts_`."""
        found = np.zeros(self.counts_.shape, dtype=bool)
        start = 0
        for book in self.codebook_.columns:
            counts = self.counts_[:, start : start + book.size]
            every = counts.sum(axis=0)
            for code in wanted:
                found[code, start : start + book.size] = book.unlikely(np.stack([counts[code], every]), CLEAR)
            start += book.size
        return found

    def _place(self) -> torch.device:
        """Return the device to sample on: that of training where this machine has it."""
        import torch

        from ..training import find_device

        try:
            return find_device(Training.read(self.training).device)
        except ConfigError:
            return torch.device("cpu")

    @contextmanager
    def _at_work(self, refused: npt.NDArray[np.bool_]) -> Iterator[tuple[Any, torch.Tensor]]:
        """Give the task and which codes are refused, where rows are made; where it must move, one call at a time."""
        import torch

        device = self._place()
        with _MOVING if device.type != "cpu" else nullcontext():
            try:
                yield self.task_.to(device), torch.from_numpy(refused).to(device)
            finally:
                self.task_.cpu()

    @property
    def _ranks(self) -> list[list[float]]:
        """The ranks of the ordered codes of the class and each column: none where they have no order."""
        return [[], *(column.places.tolist() if column.ordered else [] for column in self.codebook_.columns)]

    @property
    def _made_by(self) -> torch.nn.Module:
        """The networks that rows are made by, which are what is saved."""
        return self.task_

    # Files -------------------------------------------------------------------------------------------------------

    def _saved_params(self) -> dict[str, Any]:
        params = super()._saved_params()
        settings = dict(params.get("training") or {})
        for name in ("checkpoint_dir", "trainer_kwargs"):  # of the machine and the run, not of the model
            settings.pop(name, None)
        return params | {"training": settings or None}

    def _state(self) -> saved.Packed:
        meta, arrays = self.codebook_.pack()
        arrays = {f"codes/{name}": array for name, array in arrays.items()} | {"counts": self.counts_}
        arrays |= {f"weights/{name}": value.numpy() for name, value in self._made_by.state_dict().items()}
        named = ("steps", "planned", "ended", "batch_size", "lr", "history")
        said = {name: getattr(self, f"{name}_") for name in named}
        return {"columns": meta, **said}, arrays

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        import torch

        parts: dict[str, dict[str, npt.NDArray[Any]]] = {"codes": {}, "weights": {}, "counts": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            parts[part][rest] = array
        self.codebook_ = Codebook.unpack(meta["columns"], parts["codes"], self.encoder_.layout_)
        self.counts_, self.history_ = parts["counts"][""], [dict(record) for record in meta["history"]]
        self.steps_, self.batch_size_ = int(meta["steps"]), int(meta["batch_size"])
        self.lr_, self.ended_ = float(meta["lr"]), str(meta.get("ended", "steps"))
        self.planned_ = int(meta.get("planned", self.steps_))  # of which older files say nothing
        fits = self.counts_.shape == (len(self.labels_.counts), sum(self.codebook_.sizes))
        if not fits or self.counts_.dtype.kind != "i" or (self.counts_ < 0).any():
            raise FormatError("the counts are not those of the codes")
        for column in range(len(self.codebook_.columns)):
            if not np.array_equal(self.counts_of(column).sum(axis=1), self.labels_.counts):
                raise FormatError("the counts of the codes are not those of the classes")
        if not all(np.isfinite(array).all() for array in parts["weights"].values()):
            raise FormatError("the weights are not finite")
        self.task_ = self._task(self.sizes, torch.Generator().manual_seed(0))
        try:
            self._made_by.load_state_dict({name: torch.from_numpy(array) for name, array in parts["weights"].items()})
        except RuntimeError as error:
            raise FormatError(f"the weights are not those of the networks ({str(error).splitlines()[0]:.80})") from None
        self.task_.eval()


def padded(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return as many rows as a block has, zeros after the given ones."""
    made = np.zeros((BLOCK, *values.shape[1:]), dtype=values.dtype)
    made[: len(values)] = values
    return made


def in_blocks(work: Callable[..., Made], device: torch.device, *arrays: npt.NDArray[Any]) -> Made:
    """Return what networks on a device make of rows that go through them in blocks, several at once on a processor.

    Shape: arrays (n, ...) each, of which `work` takes BLOCK rows and returns as many.
    """
    from ..nn.blocks import each

    def block(start: int) -> Made:
        return work(*(padded(array[start : start + BLOCK]) for array in arrays))

    made: Any = np.concatenate([*each(block, range(0, max(len(arrays[0]), 1), BLOCK), device)])[: len(arrays[0])]
    return made  # type: ignore[no-any-return]
