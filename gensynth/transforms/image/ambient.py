"""What torch is told around a call, such as to compute in half precision, held back while images are changed.

What comes out must not depend on it: a policy is called in training loops, under `inference_mode`, `autocast` or a
default device, and in processes that were forked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

_process = os.getpid()


@contextmanager
def settled() -> Iterator[None]:
    """Change tensors in place, in their own precision, without gradients.

    In a process that was forked torch keeps to one thread meanwhile: its others are not there, and it would wait for
    them for ever.
    """
    threads = torch.get_num_threads()
    alone = threads > 1 and os.getpid() != _process
    with ExitStack() as held:
        held.enter_context(torch.inference_mode(False))
        held.enter_context(torch.no_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                held.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            held.enter_context(torch.device("cpu"))
        if alone:
            torch.set_num_threads(1)
            held.callback(torch.set_num_threads, threads)
        yield
