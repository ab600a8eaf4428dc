"""Images as people have them, to tensors (n, c, h, w) and back.

Images are uint8, or floats in [0, 1]: arrays or tensors of shape (n, h, w, c), (n, c, h, w) or, grey, (n, h, w); a list
of images of unequal sizes; or one image alone, (h, w), as an array (h, w, c), as a tensor (c, h, w). Channels are the
axis that has 1 to 4 places; where both could be, the last one of arrays and the first one of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import DataError

MOST_CHANNELS = 4
FLOATS = (np.float16, np.float32, np.float64)


@dataclass
class Form:
    """How images came: back to the container, and the axis of the channels (None where they are grey without one)."""

    back: Callable[[Tensor], Any]
    axis: int | None

    def tensor(self, x: Tensor) -> Tensor:
        """Return images as (n, c, h, w)."""
        return x[:, None] if self.axis is None else x.movedim(self.axis, 1)

    def restore(self, x: Tensor) -> Any:
        """Return images as they came."""
        return self.back(x[:, 0] if self.axis is None else x.movedim(1, self.axis))


def shape_of(image: Any) -> tuple[int, ...]:
    """Return the shape of one image. Raises: DataError where it has none."""
    try:
        return np.shape(image)
    except DataError:  # of a folder, by name
        raise
    except ValueError:
        raise DataError(f"an image must be an array of numbers, got {image!r:.60}") from None


def axis_of(shape: tuple[int, ...], tensor: bool) -> int | None:
    """Return the axis of the channels in (n, ...) images; None where there is none. Raises: DataError."""
    if len(shape) == 3:
        return None
    if len(shape) != 4:
        raise DataError(f"images need 2 or 3 dimensions each, (h, w), (h, w, c) or (c, h, w); got {len(shape) - 1}")
    first, last = 1 <= shape[1] <= MOST_CHANNELS, 1 <= shape[3] <= MOST_CHANNELS
    if not first and not last:
        raise DataError(f"images need 1 to {MOST_CHANNELS} channels, first or last; got shape {shape[1:]}")
    if first and last:
        return 1 if tensor else 3
    return 3 if last else 1


def read(X: Any) -> tuple[Tensor, Form]:
    """Return images of one size as a tensor (n, c, h, w), and their form. Raises: DataError."""
    tensor = isinstance(X, Tensor)
    x = X.detach() if tensor else torch.from_numpy(_array(X))
    if x.dtype != torch.uint8 and not x.is_floating_point():
        raise DataError(f"images must be uint8, or floats in [0, 1]; got {x.dtype}")
    if x.is_floating_point():
        _check_values(x)
    form = Form((lambda made: made) if tensor else (lambda made: made.numpy()), axis_of(tuple(x.shape), tensor))
    if x.dtype in (torch.float16, torch.bfloat16):
        kind = x.dtype
        form.back, x = (lambda made: made.to(kind)) if tensor else (lambda made: made.to(kind).numpy()), x.float()
    return form.tensor(x), form


def _array(X: Any) -> Any:
    """Return an array that torch can take without a word, copied where it cannot. Raises: DataError."""
    try:
        array = np.asarray(X)
    except DataError:  # of a folder, by name
        raise
    except ValueError:
        raise DataError(f"images must be arrays of numbers, got {X!r:.60}") from None
    if array.dtype != np.uint8 and array.dtype.newbyteorder("=") not in FLOATS:
        deep = ", of 16 bits: divide by 65535" if array.dtype == np.uint16 else ""
        raise DataError(f"images must be arrays of numbers, uint8, or floats in [0, 1]; got {array.dtype}{deep}")
    return np.require(array, array.dtype.newbyteorder("="), ["C", "W"])


def _check_values(x: Tensor) -> None:
    if not x.numel():
        return
    low, high = (float(end) for end in torch.aminmax(x))
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("images hold values that are not finite: NaN or infinite")
    if low < 0 or high > 1:
        raise DataError(f"float images must lie in [0, 1], got {low:g} to {high:g}: divide by 255, or give uint8")


def stacked(rows: list[Any], what: str = "images") -> Any:
    """Return images, or masks, of one size as one array, or one tensor. Raises: DataError where they are of several."""
    try:
        if all(isinstance(one, Tensor) for one in rows):
            return torch.stack(rows)
        return np.stack([np.asarray(one) for one in rows])
    except DataError:
        raise
    except (ValueError, RuntimeError):
        raise DataError(
            f"{what} must be arrays of one size, got shapes {sorted({np.shape(one) for one in rows})!r:.80}"
        ) from None
