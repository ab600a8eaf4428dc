"""Images as networks learn them: bytes (n, channels, height, width) and the class of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..data.kinds import Images
from ..errors import DataError, FormatError
from .base import Codes

if TYPE_CHECKING:
    import torch

Ints = npt.NDArray[np.integer]
LEAST, MOST = 4, 256  # pixels a side
TOGETHER = 1 << 17  # pixels that go through networks at once
DTYPES = ("uint8", "float16", "float32", "float64", "bfloat16")


@dataclass(frozen=True)
class Pixels:
    """What networks of images know of them: of what size they are and how they came, so that made ones come likewise.

    Arguments:
        channels: 1 to 4.
        height: in pixels.
        width: in pixels.
        dtype: of those that came: uint8, or floats in [0, 1].
        axis: of the channels, 1 or 3; None where grey images came without one.
        tensor: whether they came as a tensor.
    """

    channels: int
    height: int
    width: int
    dtype: str = "uint8"
    axis: int | None = 1
    tensor: bool = False

    @classmethod
    def learn(cls, rows: Images, codes: Codes, encoder: Any = None) -> tuple[Self, tuple[torch.Tensor, ...]]:
        """Return what is known of images, and the images as examples: bytes (n, c, h, w) and classes (n,).

        Raises: DataError where images are not of one size, of 4 to 256 pixels a side.
        """
        import torch

        x, form = _read(rows)
        _, channels, height, width = x.shape
        if not (LEAST <= min(height, width) and max(height, width) <= MOST):
            text = "resize them, as with ImageFolder(path, size=64)"
            raise DataError(f"networks learn images of {LEAST} to {MOST} pixels a side, got {height} x {width}: {text}")
        made = cls(channels, height, width, _dtype(rows.x), form.axis, isinstance(_first(rows.x), torch.Tensor))
        return made, (made.bytes(x), torch.from_numpy(codes.astype(np.int64)))

    @property
    def bare(self) -> bool:
        """Whether there is nothing to learn but the class."""
        return False

    @property
    def block(self) -> int:
        """How many images go through networks at once."""
        return max(4, TOGETHER // (self.height * self.width))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.channels, self.height, self.width

    @staticmethod
    def bytes(x: torch.Tensor) -> torch.Tensor:
        """Return images as bytes, of which networks learn. Shape: (n, c, h, w), bytes or floats in [0, 1]."""
        import torch

        return x if x.dtype == torch.uint8 else (x * 255).round_().to(torch.uint8)

    def read(self, X: Any) -> torch.Tensor:
        """Return images of the size that was learned as bytes (n, c, h, w). Raises: DataError for others."""
        x, _ = _read(X if isinstance(X, Images) else Images(X))
        if tuple(x.shape[1:]) != self.shape:
            raise DataError(f"images must have the channels, height and width of training, {self.shape}, "
                            f"got {tuple(x.shape[1:])}")  # fmt: skip
        return self.bytes(x)

    def restored(self, x: npt.NDArray[np.float32]) -> Images:
        """Return made images as those of training came. Shape: (n, c, h, w) in [-1, 1]."""
        import torch

        values = torch.from_numpy(np.ascontiguousarray(x)).add_(1).mul_(0.5).clamp_(0, 1)
        made = self.bytes(values) if self.dtype == "uint8" else values.to(getattr(torch, self.dtype))
        shaped = made[:, 0] if self.axis is None else made.movedim(1, self.axis).contiguous()
        return Images(shaped if self.tensor else shaped.numpy())

    def pack(self) -> saved.Packed:
        """Return what is known as JSON and arrays."""
        return {"pixels": asdict(self)}, {}

    @classmethod
    def unpack(cls, meta: Mapping[str, Any], arrays: dict[str, npt.NDArray[Any]], encoder: Any, rows: Ints) -> Self:
        """Return what `pack` gave. Raises: KeyError, FormatError."""
        try:
            made = cls(**meta["pixels"])
        except TypeError:
            raise FormatError("what the images are is not said as it must be") from None
        sizes = all(isinstance(value, int) and value >= 1 for value in made.shape)
        if not sizes or made.dtype not in DTYPES or made.axis not in (None, 1, 3) or max(made.shape) > MOST:
            raise FormatError("what the images are cannot be")
        return made


def _first(x: Any) -> Any:
    return x[0] if isinstance(x, list | tuple) else x


def _dtype(x: Any) -> str:
    return str(_first(x).dtype).rpartition(".")[2].lstrip("<>=")


def _read(rows: Images) -> tuple[torch.Tensor, Any]:
    """Return images as a tensor (n, c, h, w) and their form. Raises: DataError."""
    from ..transforms.image.forms import read, stacked

    return read(stacked([*rows.x]) if isinstance(rows.x, list | tuple) else rows.x)
