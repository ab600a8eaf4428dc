"""Jobs that are cut off, and `--resume`: what a job keeps beside its output until it has ended well.

`OUT.checkpoint` holds a training as it was at the end of its last round and, from when outputs are written on, what was
asked (`job.json`): outputs that are there by then are this job's own, and the same job may write them again. A job that
ended well deletes all of it.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import ConfigError, GensynthError, OtherTraining
from ..generators.memory import HALVED
from ..generators.training import CHECKPOINT
from ..recipe import Job
from ..store.beside import hidden, sweep
from ..store.elsewhere import is_elsewhere
from ..store.jsonfile import json_text, read_json, write_json

JOB = "job.json"
Made = TypeVar("Made")


@dataclass
class Keeping:
    """What is kept of a job; without a folder, nothing.

    Arguments:
        job: what was asked.
        out: the output.
        folder: beside it, or None.
        resume: go on from what is there.
        overwrite: whether outputs that exist may be replaced.
        own: whether those that exist are known to be of this job, which was cut off.
    """

    job: Job
    out: str
    folder: Path | None
    resume: bool
    overwrite: bool
    own: bool = False
    _trains: bool = field(default=False, init=False)

    @classmethod
    def of(cls, job: Job, out: str, *, resume: bool, overwrite: bool, dry: bool = False) -> Self:
        """Return what is kept of a job. Raises: ConfigError where a training was cut off and nothing is said of it."""
        if out == "-" or dry:
            if out == "-" and resume:
                raise ConfigError("--resume goes on from what stands beside the output: give -o, not standard output")
            return cls(job, out, None, resume, overwrite)
        if is_elsewhere(out):
            if resume:
                raise ConfigError(f"--resume goes on from what stands beside an output on this machine, and {out} is "
                                  "elsewhere: leave it out")  # fmt: skip
            return cls(job, out, None, resume, overwrite)
        path = Path(out).absolute()
        self = cls(job, out, path.with_name(f"{path.name}.checkpoint"), resume, overwrite)
        if self._holds_training and not (resume or overwrite):
            raise ConfigError(
                f"{out}.checkpoint holds a training that was cut off: --resume goes on from it, --overwrite begins anew"
            )
        self.own = resume and self._is_own
        self.overwrite = overwrite or self.own
        return self

    def __enter__(self) -> Self:
        if not self.resume:
            self._delete()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None or not (self._holds_training or (Path(self.out).exists() and not self.overwrite)):
            self._delete()
        elif self._trains and self._holds_training:
            self._say("what was learned so far is kept; the same command with --resume goes on from it")

    def fitted(self, generator: Any, fit: Callable[..., Made], *rows: Any) -> Made:
        """Fit, with checkpoints where something is trained; begin anew where that which is there is of other data.

        Of several processes that trained together the first goes on, and the others end here, with status 0.
        """
        made = self._fitted(generator, fit, *rows)
        if _rank(getattr(fit, "__self__", None)):
            self.folder = None  # which is the first one's
            raise SystemExit(0)
        return made

    def _fitted(self, generator: Any, fit: Callable[..., Made], *rows: Any) -> Made:
        part = _trained(generator)
        settings = {} if part is None else dict(part.training or {})
        if self.folder is None or part is None or settings.get("checkpoint_dir") is not None:
            return fit(*rows)
        part.set_params(training={**settings, "checkpoint_dir": str(self.folder)})
        self._trains = True
        try:
            return fit(*rows)
        except OtherTraining as error:
            self._say(f"{str(error).partition('; delete it')[0]}: training begins anew")
            self._delete()
            return fit(*rows)

    def writing(self) -> None:
        """Say that outputs are written from now on: what is there of them is this job's."""
        if self.folder is None:
            return
        with suppress(OSError, GensynthError):  # where there is no room for it, the outputs will say so
            self.folder.mkdir(exist_ok=True)
            write_json(self.folder / JOB, self.job.asked(), overwrite=True)

    @property
    def _holds_training(self) -> bool:
        return any((folder / CHECKPOINT).is_file() for folder in self._folders)

    @property
    def _is_own(self) -> bool:
        """Whether outputs were being written by the same job."""
        with suppress(GensynthError):
            return self.folder is not None and read_json(self.folder / JOB) == json.loads(json_text(self.job.asked()))
        return False

    @property
    def _folders(self) -> list[Path]:
        return [] if self.folder is None else [self.folder / HALVED, self.folder]

    def _delete(self) -> None:
        """Delete what is gensynth's own in the folder, and the folder unless other things are in it.

        It goes in one step where it can: without `job.json` in it the outputs beside it would be nobody's.
        """
        if self.folder is not None:
            sweep(self.folder)
            if self.folder.is_dir() and all(map(_is_own_file, self.folder.rglob("*"))):
                with suppress(OSError):
                    _remove(self.folder)
                    return
        for folder in self._folders:
            for name in (CHECKPOINT, JOB):
                with suppress(OSError):
                    (folder / name).unlink(missing_ok=True)
                sweep(folder / name)
            with suppress(OSError):
                folder.rmdir()

    def _say(self, text: str) -> None:
        print(f"gensynth: note: {self.out}.checkpoint: {text}", file=sys.stderr)


def _remove(folder: Path) -> None:
    """Delete a folder in one step, whatever interrupts it. Raises: OSError."""
    gone = hidden(folder)
    try:
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    except BaseException:  # Ctrl-C, SIGTERM: they come once
        shutil.rmtree(gone, ignore_errors=True)
        raise


def _is_own_file(path: Path) -> bool:
    return path.name in (CHECKPOINT, JOB, HALVED) or path.name.startswith((f".{CHECKPOINT}.", f".{JOB}."))


def _trained(generator: Any) -> Any:
    """Return the generator that is trained, which another may stand on top of, or None."""
    while getattr(generator, "generator", None) is not None and hasattr(generator.generator, "get_params"):
        generator = generator.generator
    fresh = getattr(generator, "resumable", False) and not generator.__sklearn_is_fitted__()
    return generator if fresh else None


def _rank(fitted: Any) -> int:
    """Return the number of this process among those that trained something together; the first, or only, one is 0."""
    while getattr(fitted, "generator_", None) is not None:
        fitted = fitted.generator_
    return int(getattr(fitted, "rank_", 0))
