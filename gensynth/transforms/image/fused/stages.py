"""What an image transform says it does to each row, so that a plan can fuse it with its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ...draws import Draws, Ints

if TYPE_CHECKING:
    from torch import Tensor

Floats = npt.NDArray[np.float64]
Border = Literal["reflect", "edge"] | float
LEVELS: Floats = np.arange(256) / 255  # of bytes


@dataclass(frozen=True)
class Canvas:
    """The images as an op meets them: n of them, of so many channels, height and width.

    `labels` are those of all rows of the batch, or None.
    """

    n: int
    channels: int
    height: int
    width: int
    labels: Any = None

    @property
    def centre(self) -> tuple[float, float]:
        """X and y of the centre, in pixels from the centre of the first."""
        return (self.width - 1) / 2, (self.height - 1) / 2


@dataclass(frozen=True)
class Move:
    """A homography: where the point (x, y) of a row goes, in pixels from the centre of the first.

    Shape: matrix (n, 3, 3); `size` the height and width of what comes out, None where they stay.
    """

    matrix: Floats
    size: tuple[int, int] | None = None
    border: Border = "reflect"


@dataclass(frozen=True)
class Bend:
    """A displacement: the pixel (x, y) of what comes out is taken from (x, y) + field, in pixels.

    Shape: field (n, 2, h, w), x first, on a grid of any size that is spread over the image.
    """

    field: Floats
    border: Border = "reflect"


@dataclass(frozen=True)
class Tint:
    """A linear change of colour, values in [0, 1]: c <- A c + b, then clamped; with `about`, around the mean of a row.

    Shape: matrix (n, 3, 3) or, the same for all channels, (n,); shift (n, 3) or (n,). `safe` says that what lies in
    [0, 1] stays there, so that no clamp is needed. `about`: c <- A c + b + (1 - A) m with m the mean of the row, of
    its grey where the matrix is one number.
    """

    matrix: Floats
    shift: Floats
    safe: bool = False
    about: bool = False


@dataclass(frozen=True)
class Hue:
    """A turn of the hue, in full turns. Shape: turns (n,)."""

    turns: Floats


@dataclass(frozen=True)
class Curve:
    """A change of each value by itself. `values` (n, 256) or (n, channels, 256): what 0/255 ... 255/255 become.

    `smooth` says that values between them lie on the line; else they count as the nearest.
    """

    values: Floats
    smooth: bool = True


@dataclass(frozen=True)
class Paint:
    """Anything else, done to the pixels of the active rows: `do(pixels, draws, rows)` with values in [0, 1].

    Shape: pixels (m, c, h, w), returned in the same shape; draws of these rows; rows (m,) their places in the batch.
    `mixture` says, after that is done, what it is to masks, boxes and labels; None where they stay.
    """

    do: Callable[[Tensor, Draws, Ints], Tensor]
    mixture: Mixture | None = None


class Mixture(Protocol):
    """What mixing images with others does to what belongs to them, known once the pixels are mixed."""

    def touches(self, row: int) -> bool:
        """Whether a row of the batch is mixed."""

    def masks(self, x: Tensor) -> Tensor:
        """Return the masks of all rows. Shape: (n, masks, h, w) to such."""

    def boxes(self, boxes: Floats, row: int) -> Floats:
        """Return the boxes of a row that is mixed. Shape: (k, 4) to (k', 4)."""

    def weights(self, y: Floats) -> Floats:
        """Return the weights of the classes of all rows. Shape: (n, classes) to such."""


Stage = Move | Bend | Tint | Hue | Curve | Paint
