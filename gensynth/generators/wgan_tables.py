"""What a WGAN does with tables: columns are codes, of which any can be held, in training as when rows are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError
from ..random import cell_normals, uniforms
from .base import Codes
from .judging import Judging
from .trained import in_blocks

if TYPE_CHECKING:
    import torch

    from ..nn.dense import ColumnsCritic, ColumnsMaker
    from .wgan import WGAN

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Tables:
    """The side of a WGAN that knows tables."""

    wgan: WGAN
    hidden: ClassVar[tuple[int, ...]] = (256, 256)
    noise: ClassVar[int] = 64
    loss: ClassVar[str] = "wgan-gp"
    penalties: ClassVar[Mapping[str, float]] = {"wgan-gp": 0.3, "relativistic": 0.3}

    def networks(self, rng: torch.Generator) -> tuple[ColumnsMaker, ColumnsCritic]:
        """Return generator and critic of fresh weights. Raises: ConfigError where images are to be changed."""
        import torch

        from ..nn.dense import ColumnsCritic, ColumnsMaker

        wgan, form = self.wgan, self.wgan.form_
        if Judging.read(wgan.critic).augment:
            raise ConfigError("critic: augment is for images, and these are rows of a table")
        shares = (torch.from_numpy(form.counts.sum(axis=0)) + 0.5) / int(wgan.labels_.counts.sum())
        maker = ColumnsMaker(form.sizes, form.ranks, wgan.hidden_, noise=wgan.noise_, rng=rng, shares=shares)
        return maker, ColumnsCritic(form.sizes, form.ranks, wgan.hidden_, rng=rng)

    def made(self, codes: Codes, key: int, given: Mapping[int, float]) -> Floats:
        """Return rows of the coded matrix. Shape: codes (n,) classes; `given` as `Generator._sample_given`."""
        import torch

        wgan, form = self.wgan, self.wgan.form_
        held, columns = wgan._held(np.unique(codes), given), len(form.codebook.columns)
        reached = [form.counts_of(column).cumsum(axis=1) for column in range(columns)]
        with wgan._at_work() as (task, device):
            refused = torch.from_numpy(form.refused(np.unique(codes))).to(device)

            def block(classes: Codes, spots: Codes) -> npt.NDArray[np.int16]:
                known = wgan._known(classes, held)
                if not held:
                    seed(known, reached, spots, key)
                parts = (cell_normals(key, spots, "z", wgan.noise_), known.astype(np.int64),
                         form.uniforms(key, spots, "column").astype(np.float32))  # fmt: skip
                noise, before, u = (torch.from_numpy(part).to(device) for part in parts)
                drawn = task.maker.draw(noise, before, u, refused)
                return np.asarray(drawn[:, 1:].cpu().numpy(), dtype=np.int16)

            coded = in_blocks(block, device, form.block, codes, np.arange(len(codes)))
        rows: Floats = form.codebook.decode(coded, form.uniforms(key, np.arange(len(codes)), "inside"))
        for place, value in given.items():
            rows[:, place] = value
        return rows


def seed(known: npt.NDArray[np.int16], reached: list[npt.NDArray[np.int64]], spots: Codes, key: int) -> None:
    """Let each row know one code more, of a column drawn at random, at its frequency in the class.

    Shape: known (n, 1 + columns), written to; reached, by column (classes, size), cumulative counts; spots (n,).
    """
    place = (uniforms(key, spots, "held") * len(reached)).astype(np.intp)
    u = uniforms(key, spots, "code")
    for column, counts in enumerate(reached):
        mine = np.flatnonzero(place == column)
        ends = counts[known[mine, 0]]
        known[mine, 1 + column] = (ends <= (u[mine] * ends[:, -1])[:, None]).sum(axis=1)
