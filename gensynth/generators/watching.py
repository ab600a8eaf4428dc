"""Pictures of a training: a line for each class, always of the same images and the same noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError
from ..store.atomic import atomic_write, check_output
from ..store.images import write_image
from .base import Codes

LINES, COLUMNS, GAP = 10, 8, 2  # classes and images of each that are shown, and pixels between them


@dataclass(frozen=True)
class Grids:
    """What draws a grid a round into a folder: `step-000400.png`.

    Arguments:
        folder: which is there.
        x: (n, c, h, w) images of bytes, COLUMNS of each class.
        y: (n,) their classes.
        shown: as many made images for them, in [-1, 1].
    """

    folder: Path
    x: Tensor
    y: Tensor
    shown: Callable[[Tensor, Tensor], Tensor]

    @classmethod
    def of(cls, folder: Any, x: Tensor, codes: Codes, shown: Callable[[Tensor, Tensor], Tensor]) -> Self:
        """Return it for images spread over the commonest classes, as neighbours may be alike; the folder is made.

        Raises: ConfigError where it cannot be, or not be written to.
        """
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"pictures_dir {str(folder)!r} cannot be made: {error.strerror}; name another") from error
        check_output(Path(folder) / "step.png", overwrite=True)
        common = np.argsort(-np.bincount(codes), kind="stable")[:LINES]
        rows = np.concatenate([_spread(np.flatnonzero(codes == code)) for code in np.sort(common)])
        return cls(Path(folder), x[torch.from_numpy(rows)], torch.from_numpy(codes[rows].astype(np.int64)), shown)

    def __call__(self, step: int) -> None:
        """Draw one."""
        made = self.shown(self.x, self.y).float().cpu()
        image = grid(made.add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8), COLUMNS)
        image = image[..., :1] if image.shape[2] == 2 else image  # without its opacity
        with atomic_write(self.folder / f"step-{step:06d}.png", overwrite=True) as handle:
            write_image(handle, image.numpy())


def _spread(rows: Codes) -> Codes:
    """Return COLUMNS rows, evenly over all; of fewer each, again and again.

    >>> _spread(np.arange(80)).tolist(), _spread(np.arange(3)).tolist()
    ([0, 10, 20, 30, 40, 50, 60, 70], [0, 1, 2, 0, 1, 2, 0, 1])
    """
    count = min(len(rows), COLUMNS)
    return np.resize(rows[np.arange(count) * len(rows) // count], COLUMNS)


def grid(x: Tensor, columns: int) -> Tensor:
    """Return images side by side on white. Shape: x (n, c, h, w) of bytes; returns (H, W, c)."""
    n, c, h, w = x.shape
    lines = -(-n // columns)
    paper = torch.full((c, lines * (h + GAP) + GAP, columns * (w + GAP) + GAP), 255, dtype=torch.uint8)
    for place in range(n):
        top, left = GAP + place // columns * (h + GAP), GAP + place % columns * (w + GAP)
        paper[:, top : top + h, left : left + w] = x[place]
    return paper.permute(1, 2, 0).contiguous()
