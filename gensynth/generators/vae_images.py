"""What a VAE does with images: convolutions of bytes, and images decoded without noise of pixels.

Of "detail" a made image is also given what the decoder leaves out of the one whose point it was drawn around.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data.kinds import Images, as_rows
from ..errors import FormatError
from .base import Codes
from .detail import Detail
from .latent import Around, copies
from .mixtures import MOST_ROWS
from .trained import in_blocks

if TYPE_CHECKING:
    import torch

    from ..nn.image_vae import ImageCodec
    from .vae import VAE

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pictures:
    """The side of a VAE that knows images. Rows are bytes, (n, channels, height, width)."""

    vae: VAE
    hidden: ClassVar[tuple[int, ...]] = (32, 64)
    noise: ClassVar[int] = 32
    weight: ClassVar[float] = 2e-4
    sampler: ClassVar[str] = "detail"

    def task(self, rng: torch.Generator) -> ImageCodec:
        """Return networks of fresh weights."""
        from ..nn.image_vae import ImageCodec

        vae = self.vae
        shape, classes = vae.form_.shape, len(vae.labels_.counts)
        return ImageCodec(shape, classes, vae.hidden_, noise=vae.noise_, weight=vae.weight_, lr=vae.lr_, rng=rng)

    @property
    def spreads(self) -> type[Around]:
        """What points are drawn from."""
        return Around

    def spread(self, rows: Images, codes: Codes, places: Codes, key: int) -> Around:
        """Return what points are drawn from: those of images, and of moved copies where a class (n,) has few.

        Shape: places (n,), those of the rows among all that were fitted.
        """
        again = np.repeat(np.arange(len(codes)), copies(codes))
        detail = Detail.of(self.read(rows), places, again, key)
        m, s = self.points(detail.at(np.arange(len(again))), codes[again])
        most, sampler = MOST_ROWS if self.vae.components is None else self.vae.components, self.vae.sampler_
        return Around.fit(m, s, codes[again], sampler=sampler, components=most, key=key,
                          detail=detail if sampler == "detail" else None)  # fmt: skip

    def check(self) -> None:
        """Raise FormatError where pictures are not of the size of training, or parents are no rows of it."""
        detail, rows = self._around.detail, int(self.vae.labels_.counts.sum())
        if detail is not None and (detail.pictures.shape[1:] != self.vae.form_.shape or detail.parents.max() >= rows):
            raise FormatError("the pictures are not those of the codes")

    def parents(self, codes: Codes, spots: Codes, key: int) -> Codes:
        """Return the rows whose detail made images have, or none. Shape: (n,), (n,) to (n, 0 or 1)."""
        around = self._around
        if around.detail is None:
            return np.empty((len(codes), 0), dtype=np.intp)
        return around.detail.rows(around.places(codes, spots, key))[:, None]

    @property
    def _around(self) -> Around:
        made: Any = self.vae.spread_
        return made  # type: ignore[no-any-return]

    def read(self, X: Any) -> Bytes:
        """Return images. Raises: DataError where they are not of the size of training."""
        return np.asarray(self.vae.form_.read(as_rows(X, "image")).numpy())

    def points(self, x: Bytes, classes: Codes) -> tuple[Floats, Floats]:
        """Return means and standard deviations of q. Shape: x (n, c, h, w), classes (n,) to (n, noise) each."""
        import torch

        task: Any = self.vae.task_

        @torch.no_grad()  # in each thread
        def block(images: Bytes, code: Codes) -> Floats:
            given = torch.from_numpy(images), torch.from_numpy(code.astype(np.int64))
            return torch.cat(task.posterior(*given), 1).double().numpy()

        means, logs = np.split(in_blocks(block, torch.device("cpu"), self.vae.form_.block, x, classes), 2, axis=1)
        return means, np.exp(logs / 2)

    def shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return every second image as its reconstruction. Shape: x (n, c, h, w) of bytes, y (n,); in [-1, 1]."""
        task: Any = self.vae.task_
        place = next(task.parameters()).device
        some, classes = x[::2].to(place), y[::2].to(place)
        made = x.float().to(place) / 127.5 - 1
        made[1::2] = task.decode(task.posterior(some, classes)[0], classes).float()
        return made

    def made(self, codes: Codes, spots: Codes, key: int, z: Floats | None = None) -> Images:
        """Return images for points, or for drawn ones. Shape: as `vae_tables.Tables.made`."""
        import torch

        around = self._around
        with self.vae._at_work() as (task, device):

            @torch.no_grad()
            def decoded(point: Floats, code: Codes) -> npt.NDArray[np.float32]:
                at, given = torch.from_numpy(point.astype(np.float32)), torch.from_numpy(code.astype(np.int64))
                return np.asarray(task.decode(at.to(device), given.to(device)).float().cpu().numpy())

            def block(code: Codes, spot: Codes, *points: Floats) -> npt.NDArray[np.float32]:
                return decoded(points[0] if points else around.draw(code, spot, key), code)

            def detailed(code: Codes, spot: Codes, real: Bytes) -> npt.NDArray[np.float32]:
                centres = around.centres[around.places(code, spot, key)]
                detail = real.astype(np.float32) / 127.5 - 1 - decoded(centres, code)
                return np.asarray(np.clip(block(code, spot) + detail, -1, 1), dtype=np.float32)

            if z is None and around.detail is not None:
                real = around.detail.at(around.places(codes, spots, key))
                made = in_blocks(detailed, device, self.vae.form_.block, codes, spots, real)
            else:
                made = in_blocks(block, device, self.vae.form_.block, codes, spots, *([] if z is None else [z]))
        images: Images = self.vae.form_.restored(made)
        return images
