"""The process as it was before training: random states, threads, switches of torch, warnings and logging."""

from __future__ import annotations

import logging
import os
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

import numpy as np
import torch

from ..errors import ignoring

_LOGGERS = ("lightning.pytorch", "lightning.fabric")
_IGNORED = (
    # Lightning 2.6 makes a LeafSpec, which torch 2.15 deprecates
    (FutureWarning, r".*LeafSpec.* is deprecated", r"lightning\."),
    # device="cpu" is a choice
    (UserWarning, "GPU available but not used", ""),
)
_SEARCH = "PYTORCH_NVML_BASED_CUDA_CHECK"


class Together:
    """A block that trainings in several threads are in at once: the first opens it, the last to leave closes it.

    Arguments:
        block: makes the context manager of the block.
    """

    def __init__(self, block: Callable[[], AbstractContextManager[None]]) -> None:
        self.block, self.inside, self.lock, self.stack = block, 0, threading.Lock(), ExitStack()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Be in the block."""
        with self.lock:
            if not self.inside:
                self.stack.enter_context(self.block())
            self.inside += 1
        try:
            yield
        finally:
            with self.lock:
                self.inside -= 1
                if not self.inside:
                    self.stack.close()


@contextmanager
def left_as_found() -> Iterator[None]:
    """Let the block change what is global, with gradients on; put all of it back at the end.

    Outside the main thread, random states are not put back: other threads may have drawn from them meanwhile.
    """
    main = threading.current_thread() is threading.main_thread()
    with _SWITCHES(), _draws_kept() if main else nullcontext(), torch.inference_mode(False), torch.enable_grad():
        threads = torch.get_num_threads()
        try:
            yield
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)


@contextmanager
def _draws_kept() -> Iterator[None]:
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 kept, not drawn from
    on_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        torch.set_rng_state(drawn[2])
        if on_cuda:
            torch.cuda.set_rng_state_all(on_cuda)


@contextmanager
def _switches_kept() -> Iterator[None]:
    benchmark = torch.backends.cudnn.benchmark
    strict = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(strict[0], warn_only=strict[1])


@contextmanager
def _unhindered() -> Iterator[None]:
    """Where there is no GPU, spare each optimizer step the search for one that Lightning's import turns on: 0.1 ms."""
    held = None if torch.cuda.is_available() else os.environ.pop(_SEARCH, None)
    try:
        yield
    finally:
        if held is not None:
            os.environ[_SEARCH] = held


@contextmanager
def _levels_raised() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    try:
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


_SWITCHES, _LEVELS, unhindered = Together(_switches_kept), Together(_levels_raised), Together(_unhindered)


@contextmanager
def quiet() -> Iterator[None]:
    """Hush Lightning for the block: its devices, its tips, and its quarrel with newer versions of torch."""
    with ExitStack() as stack:
        stack.enter_context(_LEVELS())
        for ignored in _IGNORED:
            stack.enter_context(ignoring(*ignored))
        yield


def hush() -> None:
    """Hush Lightning for good, in a process that only trains."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for category, message, module in _IGNORED:
        warnings.filterwarnings("ignore", message, category, module)
