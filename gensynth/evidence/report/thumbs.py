"""Images of any container as bytes, at a small size as numbers, and as addresses that hold them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.kinds import as_rows, count_rows
from ...learners.base import Floats
from ..rows import Codes, taken

SIDE = 112  # pixels of the longer side that are kept
SMALL = 16  # pixels of a side at which images are compared

Bytes = npt.NDArray[np.uint8]


def png(image: Bytes) -> str:
    """Return an image, made smaller where it is large, as an address that holds it."""
    from PIL import Image

    paper = Image.fromarray(image)
    if max(paper.size) > SIDE:
        paper.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    held = io.BytesIO()
    paper.save(held, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode('ascii')}"


def pixels(X: Any, places: Codes) -> list[Bytes]:
    """Return images (h, w, 3) of these places."""
    from ...transforms.image.forms import axis_of

    x = as_rows(taken(X, places), "image").x  # type: ignore[attr-defined]
    tensor = hasattr(x, "detach")
    axis = None if isinstance(x, list | tuple) or not hasattr(x, "ndim") else axis_of(tuple(x.shape), tensor)
    made = []
    for one in x:
        array = one.detach().cpu().numpy() if hasattr(one, "detach") else np.asarray(one)
        own = axis if axis is not None else axis_of((1, *array.shape), hasattr(one, "detach"))
        made.append(_coloured(array if own in (None, 3) else np.moveaxis(array, 0, -1)))
    return made


def _coloured(array: Any) -> Bytes:
    """Return an image as bytes of three colours, what is transparent on white. Shape: (h, w[, c]) to (h, w, 3)."""
    scale = 255.0 if array.dtype.kind == "f" else 1.0
    image = np.nan_to_num(np.asarray(array, dtype=np.float64) * scale)
    image = image[..., None] if image.ndim == 2 else image
    if image.shape[2] in (2, 4):
        share = image[..., -1:] / 255
        image = image[..., :-1] * share + 255 * (1 - share)
    whole = np.broadcast_to(np.rint(np.clip(image, 0, 255)), (*image.shape[:2], 3))
    return np.ascontiguousarray(whole, dtype=np.uint8)


def small(of: list[Bytes]) -> Floats:
    """Return images at a small size as numbers. Shape: n images to (n, pixels)."""
    from PIL import Image

    size = (SMALL, SMALL)
    rows = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX), dtype=np.float64) for one in of]
    return np.stack(rows).reshape(len(rows), -1) / 255


def small_rows(X: Any) -> Floats:
    """Return all images at a small size as numbers. Shape: (n, pixels)."""
    return small(pixels(X, np.arange(count_rows(X))))
