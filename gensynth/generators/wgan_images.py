"""What a WGAN does with images: convolutions of bytes, made images in [-1, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data.kinds import Images
from ..random import cell_normals
from .base import Codes
from .judging import Judging
from .trained import in_blocks

if TYPE_CHECKING:
    import torch

    from ..nn.image_wgan import ImageCritic, ImageMaker
    from .wgan import WGAN


@dataclass(frozen=True)
class Pictures:
    """The side of a WGAN that knows images."""

    wgan: WGAN
    hidden: ClassVar[tuple[int, ...]] = (16, 32, 64)
    noise: ClassVar[int] = 64
    loss: ClassVar[str] = "relativistic"
    penalties: ClassVar[Mapping[str, float]] = {"wgan-gp": 1.0, "relativistic": 0.1}

    def networks(self, rng: torch.Generator) -> tuple[ImageMaker, ImageCritic]:
        """Return generator and critic of fresh weights."""
        from ..nn.image_wgan import ImageCritic, ImageMaker

        wgan = self.wgan
        shape, classes = wgan.form_.shape, len(wgan.labels_.counts)
        changes, some = Judging.read(wgan.critic).changes(wgan.labels_.counts)
        maker = ImageMaker(shape, classes, wgan.hidden_, noise=wgan.noise_, rng=rng)
        return maker, ImageCritic(shape, classes, wgan.hidden_, changes=changes, some=some, rng=rng)

    def shown(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return images of the classes y (n,) and fixed noise, in [-1, 1]."""
        import torch

        maker: Any = self.wgan.task_.maker
        z = torch.from_numpy(cell_normals(0, np.arange(len(y)), "z", self.wgan.noise_).astype(np.float32))
        place = next(maker.parameters()).device
        made: torch.Tensor = maker(z.to(place), y.to(place))
        return made

    def made(self, codes: Codes, key: int, given: Mapping[int, float]) -> Images:
        """Return images. Shape: codes (n,) classes; nothing can be given."""
        import torch

        with self.wgan._at_work() as (task, device):

            @torch.no_grad()
            def block(classes: Codes, spots: Codes) -> npt.NDArray[np.float32]:
                z = cell_normals(key, spots, "z", self.wgan.noise_).astype(np.float32)
                at, y = torch.from_numpy(z), torch.from_numpy(classes.astype(np.int64))
                return np.asarray(task.maker(at.to(device), y.to(device)).float().cpu().numpy())

            made = in_blocks(block, device, self.wgan.form_.block, codes, np.arange(len(codes)))
        images: Images = self.wgan.form_.restored(made)
        return images
