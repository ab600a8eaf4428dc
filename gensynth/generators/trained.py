"""What trained generators share: rows become examples, a task is trained on them, and its weights are saved.

What networks know of the rows stands in a form of their kind: `coded` of tables, `pixels` of images.
"""

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
from ..data.kinds import Kind
from ..errors import ConfigError, FormatError
from ..random import as_generator
from .base import Codes, Generator
from .coded import Coded
from .memory import halving
from .pixels import Pixels
from .training import ENOUGH, HELD, MOST_HELD, ROUNDS, Pace, Training, check_count, repeats

if TYPE_CHECKING:
    import torch

    from ..nn.task import Task

Made = TypeVar("Made", bound=npt.NDArray[Any])
_MOVING = RLock()  # held while networks are away from the processor
DECIDING = ("precision", "gradient_clip_val", "gradient_clip_algorithm")  # of the Trainer's settings, what is learned
FORMS: dict[Kind, type[Coded] | type[Pixels]] = {"table": Coded, "image": Pixels}


class Trained(Generator):
    """A generator whose networks learn rows.

    A subclass says how its task is made (`_task`) and makes rows by it (`_sample`). After `fit`: `task_`, `form_` (what
    the networks know of the rows), `history_` (a record a round), what was resolved: `planned_` steps, `batch_size_`,
    `lr_`; and how it went: the `steps_` done, and what `ended_` them: "steps", "patience", "time", "interrupted" or
    "spoilt"; `halved_` is whether the batch was halved, as it did not fit in memory; `rank_` is the number of this
    process where several trained the same model together, and 0 in the first of them, where alone `save` writes.
    """

    paces: ClassVar[Mapping[Kind, Pace]] = {"table": Pace()}
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
    def _task(self, rng: torch.Generator) -> Task:
        """Return a task of fresh weights for rows of `form_`."""

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        form: Any = FORMS[self.kind_]
        self.form_, examples = form.learn(rows, codes, self.encoder_)
        settings = Training.read(self.training)
        self.lr_ = self.pace.rate if settings.lr is None else float(settings.lr)
        self._begin(key)
        self.history_: list[dict[str, float]] = []
        self.steps_, self.planned_, self.batch_size_, self.ended_, self.rank_ = 0, 0, 0, "steps", 0
        if not self.form_.bare:
            self._train(examples, codes, key, settings)

    def _begin(self, key: int) -> None:
        """Make the task, of fresh weights."""
        import torch

        self.task_ = self._task(torch.Generator().manual_seed(int(as_generator(key, "weights").integers(2**62))))

    def _train(self, examples: tuple[torch.Tensor, ...], codes: Codes, key: int, settings: Training) -> None:
        """Train the task, a part of the rows held out where there are enough."""
        import torch

        n, pace = len(codes), self.pace
        order = as_generator(key, "held out").permutation(n)
        held = min(int(HELD * n), MOST_HELD) if n >= ENOUGH else 0
        places = np.sort(order[held:])
        if pace.lifts:
            places = np.repeat(places, repeats(codes[places]))
        some = held or pace.lifts
        learned = tuple(part[torch.from_numpy(places)] for part in examples) if some else examples
        kept = tuple(part[torch.from_numpy(order[:held])] for part in examples)

        def learn(batch: int, settings: Training) -> None:
            if self.batch_size_:  # it did not fit in memory
                self._begin(key)
            self._learn((learned, kept, examples), codes, key, batch, settings)

        self.batch_size_ = 0
        self.halved_ = halving(learn, settings.batch_of(len(learned[0]), pace.batch), settings, least=self.least_batch)

    def _learn(
        self, parts: tuple[tuple[torch.Tensor, ...], ...], codes: Codes, key: int, batch: int, settings: Training
    ) -> None:
        """Train the task on batches of so many rows; `parts` are rows to learn, rows to score on, and all."""
        from ..training import Batches, train

        learned, kept, examples = parts
        pace, count, held, block = self.pace, len(learned[0]), len(kept[0]), self.form_.block
        self.batch_size_ = batch
        if batch * self.parts > count:
            self._warn_parts(count)
        steps = pace.steps_for(count, batch) if self.steps is None else int(self.steps)
        batches = Batches(
            learned, batch * self.parts, seed=int(as_generator(key, "training").integers(2**31)),
            steps=steps, stop_after=settings.stop_after, round=int(np.clip(steps // ROUNDS, 10, pace.round)),
            fingerprint=self._fingerprint(examples),
        )  # fmt: skip
        self.task_.watch = self._watcher(settings.pictures_dir, examples, codes)
        history = train(
            self.task_, batches,
            held=[tuple(part[at : at + block] for part in kept) for at in range(0, held, block)] or None,
            max_time=self.max_time, patience=settings.patience, decay=pace.decay,
            checkpoint_dir=settings.checkpoint_dir, device=settings.device, progress=settings.progress,
            trainer_kwargs=None if settings.trainer_kwargs is None else dict(settings.trainer_kwargs),
        )  # fmt: skip
        self.task_.watch = None
        self.history_, self.ended_, self.rank_ = [*history], history.ended, history.rank
        self.steps_, self.planned_ = int(history[-1]["step"]), steps

    def _watcher(self, folder: Any, examples: tuple[torch.Tensor, ...], codes: Codes) -> Callable[[int], None] | None:
        """Return what draws a picture a round, or None. Raises: ConfigError where the rows are no images."""
        if folder is None:
            return None
        if self.kind_ != "image":
            raise ConfigError("training: pictures_dir is for images, and these are rows of a table")
        from .watching import Grids

        return Grids.of(folder, examples[0], codes, self._shown)

    def _shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return made images for real ones. Shape: x (n, c, h, w) of bytes, y (n,); returns such in [-1, 1]."""
        raise NotImplementedError

    def repeating(self) -> dict[str, Any]:
        """Return the parameters that make `fit` repeat a training that time, Ctrl-C or memory cut; of others, none."""
        cut, halved = getattr(self, "ended_", None) in ("time", "interrupted"), getattr(self, "halved_", False)
        if not cut and not halved:
            return {}
        settings: dict[str, Any] = {
            name: value
            for name, value in (self.training or {}).items()
            if name not in ("checkpoint_dir", "pictures_dir")
        }
        if halved:
            settings["batch_size"] = self.batch_size_
        if not cut:
            return {"training": settings}
        scored = [record["step"] for record in self.history_ if "score" in record]  # Ctrl-C does not wait for one
        settings["stop_after"] = int(scored[-1] if scored else self.steps_)
        return {"steps": self.planned_, "max_time": None, "training": settings}

    def _fingerprint(self, examples: tuple[torch.Tensor, ...]) -> str:
        """Return what tells this training from others: its rows and its parameters."""
        said = {
            name: np.asarray(value).tolist() if isinstance(value, tuple | np.generic) else value
            for name, value in self.get_params(deep=False).items()
            if name not in ("training", "max_time", "steps")  # of which the checkpoint knows more
        }
        lightning = (self.training or {}).get("trainer_kwargs") or {}
        said |= {name: str(lightning[name]) for name in DECIDING if lightning.get(name) is not None}
        whole = hashlib.blake2b(digest_size=16)
        for part in examples:
            whole.update(np.ascontiguousarray(part.numpy()).data)
        whole.update(repr((sorted(said.items(), key=str), self.lr_)).encode())
        return whole.hexdigest()

    @property
    def pace(self) -> Pace:
        """How long and how fast it trains, where nothing is said."""
        return self.paces[self.kind_]

    @property
    def least_batch(self) -> int:
        """How many rows a batch needs."""
        return 1

    @property
    def resumable(self) -> bool:
        """Whether `fit` trains something, which `checkpoint_dir` keeps."""
        return True

    @property
    def parts(self) -> int:
        """In how many parts of `batch_size` rows the task takes a batch."""
        return 1

    def _warn_parts(self, rows: int) -> None:
        """Say that so many rows are too few for parts of `batch_size`."""

    # Where rows are made -----------------------------------------------------------------------------------------

    def _place(self) -> torch.device:
        """Return the device to sample on: that of training where this machine has it."""
        import torch

        from ..training import find_device

        try:
            return find_device(Training.read(self.training).device)
        except ConfigError:
            return torch.device("cpu")

    @contextmanager
    def _at_work(self) -> Iterator[tuple[Any, torch.device]]:
        """Give the task and its device, where rows are made; where it must move, one call at a time."""
        device = self._place()
        with _MOVING if device.type != "cpu" else nullcontext():
            try:
                yield self.task_.to(device), device
            finally:
                self.task_.cpu()

    @property
    def _made_by(self) -> torch.nn.Module:
        """The networks that rows are made by, which are what is saved."""
        return self.task_

    # Files -------------------------------------------------------------------------------------------------------

    def _saved_params(self) -> dict[str, Any]:
        params = super()._saved_params()
        settings = dict(params.get("training") or {})
        for name in (
            "checkpoint_dir",
            "pictures_dir",
            "trainer_kwargs",
        ):  # of the machine and the run, not of the model
            settings.pop(name, None)
        return params | {"training": settings or None}

    def _state(self) -> saved.Packed:
        meta, arrays = self.form_.pack()
        weights = {f"weights/{name}": value.numpy() for name, value in self._made_by.state_dict().items()}
        named = ("steps", "planned", "ended", "batch_size", "lr", "history")
        return {**meta, **{name: getattr(self, f"{name}_") for name in named}}, {**arrays, **weights}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        import torch

        weights = {name: arrays.pop(name) for name in [*arrays] if name.startswith("weights/")}
        self.form_ = FORMS[self.kind_].unpack(meta, arrays, self.encoder_, self.labels_.counts)
        self.history_ = [dict(record) for record in meta["history"]]
        self.steps_, self.batch_size_ = int(meta["steps"]), int(meta["batch_size"])
        self.lr_, self.ended_ = float(meta["lr"]), str(meta.get("ended", "steps"))
        self.planned_ = int(meta.get("planned", self.steps_))  # of which older files say nothing
        if not all(np.isfinite(array).all() for array in weights.values()):
            raise FormatError("the weights are not finite")
        self.task_ = self._task(torch.Generator().manual_seed(0))
        given = {name.removeprefix("weights/"): torch.from_numpy(array) for name, array in weights.items()}
        try:
            self._made_by.load_state_dict(given)
        except RuntimeError as error:
            raise FormatError(f"the weights are not those of the networks ({str(error).splitlines()[0]:.80})") from None
        self.task_.eval()


def padded(values: npt.NDArray[Any], block: int) -> npt.NDArray[Any]:
    """Return as many rows as a block has, zeros after the given ones."""
    made = np.zeros((block, *values.shape[1:]), dtype=values.dtype)
    made[: len(values)] = values
    return made


def in_blocks(work: Callable[..., Made], device: torch.device, block: int, *arrays: npt.NDArray[Any]) -> Made:
    """Return what networks on a device make of rows that go through them in blocks, several at once on a processor.

    A block always has as many rows, so that one comes out the same however many are asked with it. Shape: arrays
    (n, ...) each, of which `work` takes `block` rows and returns as many.
    """
    from ..nn.blocks import each

    def done(start: int) -> Made:
        return work(*(padded(array[start : start + block], block) for array in arrays))

    made: Any = np.concatenate([*each(done, range(0, max(len(arrays[0]), 1), block), device)])[: len(arrays[0])]
    return made  # type: ignore[no-any-return]
