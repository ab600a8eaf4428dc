"""What a VAE does with tables: columns are codes, each with a softmax of its own, from which cells are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from .base import Codes
from .latent import Around
from .mixtures import Mixtures
from .trained import in_blocks

if TYPE_CHECKING:
    import torch

    from ..nn.vae import Codec
    from .vae import VAE

Ints = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float64]
COMPONENTS = 200  # of the mixture of a class at most


@dataclass(frozen=True)
class Tables:
    """The side of a VAE that knows tables. Rows are codes of columns, (n, columns)."""

    vae: VAE
    hidden: ClassVar[tuple[int, ...]] = (256, 256)
    noise: ClassVar[int] = 16
    weight: ClassVar[float] = 0.7
    sampler: ClassVar[str] = "mixture"

    def task(self, rng: torch.Generator) -> Codec:
        """Return networks of fresh weights."""
        from ..nn.vae import Codec

        vae, form = self.vae, self.vae.form_
        return Codec(form.sizes, form.ranks, vae.hidden_, noise=vae.noise_, weight=vae.weight_, lr=vae.lr_, rng=rng)

    def learned(self, rows: Floats) -> Ints:
        """Return rows of training, (n, width) of the coded matrix."""
        return np.asarray(self.vae.form_.codebook.encode(rows))

    @property
    def spreads(self) -> type[Mixtures] | type[Around]:
        """What points are drawn from."""
        return Mixtures if self.vae.sampler_ == "mixture" else Around

    def spread(self, rows: Floats, codes: Codes, places: Codes, key: int) -> Mixtures | Around:
        """Return what points are drawn from, of rows (n, width) of the coded matrix and their classes (n,)."""
        m, s = self.points(self.learned(rows), codes)
        most = COMPONENTS if self.vae.components is None else self.vae.components
        if self.spreads is Mixtures:
            return Mixtures.fit(m, s, codes, components=most, key=key)
        return Around.fit(m, s, codes, sampler=self.vae.sampler_, components=most, key=key)

    def check(self) -> None:
        """Raise FormatError where what a file held does not belong together: nothing beyond what was checked."""

    def parents(self, codes: Codes, spots: Codes, key: int) -> Codes:
        """Return the rows that made ones come from: none. Shape: (n,), (n,) to (n, 0)."""
        return np.empty((len(codes), 0), dtype=np.intp)

    def read(self, X: Any) -> Ints:
        """Return rows of a table. Raises: DataError where a cell was not in training."""
        rows = self.vae.encoder_.encode(X)
        coded = self.learned(rows)
        if (coded < 0).any():
            row, place = (int(at[0]) for at in np.nonzero(coded < 0))
            what = "a missing cell, where none was" if np.isnan(rows[row, place]) else "a category that was not"
            raise DataError(f"column {self.vae.encoder_.coded_[place].name!r}, row {row}: {what} in training")
        return coded

    def points(self, coded: Ints, classes: Codes) -> tuple[Floats, Floats]:
        """Return means and standard deviations of q. Shape: coded (n, columns), classes (n,) to (n, noise) each."""
        import torch

        task: Any = self.vae.task_

        @torch.no_grad()  # in each thread
        def block(rows: Ints) -> Floats:
            return torch.cat(task.posterior(torch.from_numpy(rows.astype(np.int64))), 1).double().numpy()

        whole = np.concatenate([classes[:, None], coded], axis=1)
        means, logs = np.split(in_blocks(block, torch.device("cpu"), self.vae.form_.block, whole), 2, axis=1)
        return means, np.exp(logs / 2)

    def made(self, codes: Codes, spots: Codes, key: int, z: Floats | None = None) -> Floats:
        """Return rows of the coded matrix for points, or for drawn ones.

        Shape: codes (n,) classes; spots (n,) the number of each row, by which all draws are keyed; z (n, noise).
        """
        import torch

        form = self.vae.form_
        with self.vae._at_work() as (task, device):
            refused = torch.from_numpy(form.refused(np.unique(codes))).to(device)

            def block(code: Codes, spot: Codes, *points: Floats) -> Ints:
                (point,) = points or (self.vae.spread_.draw(code, spot, key),)
                u = form.uniforms(key, spot, "column")
                parts = (point.astype(np.float32), code.astype(np.int64), u.astype(np.float32))
                at, given, by = (torch.from_numpy(part).to(device) for part in parts)
                drawn = task.draw(at, given, by, refused)
                return np.asarray(drawn.cpu().numpy(), dtype=np.int16)

            made = in_blocks(block, device, form.block, codes, spots, *([] if z is None else [z]))
        rows: Floats = form.codebook.decode(made, form.uniforms(key, spots, "inside"))
        return rows
