"""Some rows of a batch taken out, and put back: as whole blocks of memory, several times as fast as by an index."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ...draws import Ints

Rows = slice | Ints
SMALL = 1024  # numbers of a row from which on a copy of its own pays


def take(x: Tensor, rows: Rows) -> Tensor:
    """Return rows: a view of them where they are a slice, else a copy. Shape: (n, ...) to (m, ...)."""
    if isinstance(rows, slice):
        return x[rows]
    return x.index_select(0, torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(x.device))


def put(x: Tensor, rows: Rows, part: Tensor) -> None:
    """Write rows of any dtype. Shape: x (n, ...), part (m, ...)."""
    if isinstance(rows, slice):
        x[rows] = part
    elif len(rows) and x[0].numel() >= SMALL and x.device.type == "cpu":
        for row, one in zip(rows.tolist(), part, strict=True):
            x[row].copy_(one)
    else:
        x[torch.from_numpy(np.asarray(rows, dtype=np.int64)).to(x.device)] = part.to(x.dtype)
