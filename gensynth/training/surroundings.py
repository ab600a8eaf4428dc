"""The process as it was before training: random states, threads, switches of torch, warnings and logging."""

from __future__ import annotations

import logging
import os
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_LOGGERS = ("lightning.pytorch", "lightning.fabric")
_SEARCH = "PYTORCH_NVML_BASED_CUDA_CHECK"


@contextmanager
def left_as_found() -> Iterator[None]:
    """Let the block change what is global, with gradients on; put all of it back at the end."""
    with _state_kept(), torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def _state_kept() -> Iterator[None]:
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 kept, not drawn from
    on_cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    threads, benchmark = torch.get_num_threads(), torch.backends.cudnn.benchmark
    strict = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    try:
        yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        torch.set_rng_state(drawn[2])
        if on_cuda:
            torch.cuda.set_rng_state_all(on_cuda)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(strict[0], warn_only=strict[1])


@contextmanager
def unhindered() -> Iterator[None]:
    """Where there is no GPU, spare each optimizer step the search for one that Lightning's import turns on: 0.1 ms."""
    held = None if torch.cuda.is_available() else os.environ.pop(_SEARCH, None)
    try:
        yield
    finally:
        if held is not None:
            os.environ[_SEARCH] = held


@contextmanager
def quiet() -> Iterator[None]:
    """Hush Lightning for the block."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    with warnings.catch_warnings():
        hush()
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


def hush() -> None:
    """Silence what Lightning says on every run: its devices, its tips, and its quarrel with newer versions of torch."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Lightning 2.6 makes a LeafSpec, which torch 2.15 deprecates
    warnings.filterwarnings("ignore", r".*LeafSpec.* is deprecated", FutureWarning, r"lightning\.")
    # device="cpu" is a choice
    warnings.filterwarnings("ignore", "GPU available but not used", UserWarning)
