"""Images of PIL as arrays, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DataError

DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
CLEAR = ("LA", "La", "PA", "RGBa", "RGBA")


def is_pil(image: Any) -> bool:
    """Whether it is an image of PIL."""
    return hasattr(image, "convert") and hasattr(image, "mode")


def holds_pil(X: Any) -> bool:
    """Whether images are one of PIL, or a list that has some."""
    return is_pil(X) or (type(X) in (list, tuple) and any(is_pil(one) for one in X))


def as_array(image: Any) -> Any:
    """Return an image of PIL as bytes, (h, w), or (h, w, c) of three channels, or four where it has opacity.

    Others as they are. Raises: DataError for one of more than 8 bits.
    """
    if not is_pil(image):
        return image
    if image.mode in DEEP:
        raise DataError(f"images of PIL need 8 bits a channel, got mode {image.mode!r}: give floats in [0, 1] instead")
    clear = "transparency" in image.info or image.mode in CLEAR
    grey = image.mode in ("1", "L") and not clear
    return np.asarray(image.convert("L" if grey else "RGBA" if clear else "RGB"))


def as_it_was(new: Any, old: Any) -> Any:
    """Return an array as an image of PIL where it was one."""
    if not is_pil(old):
        return new
    from PIL import Image

    made = Image.fromarray(np.ascontiguousarray(new))
    if old.mode == "P" and made.mode == "L":  # a mask of numbers, with the colours that they are shown in
        made.putpalette(old.getpalette())
    return made
