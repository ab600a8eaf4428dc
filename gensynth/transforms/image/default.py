"""What is done to images where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .colour import Brightness, Contrast
from .position import Affine


def default() -> Transform:
    """Return a policy that keeps the labels of most images: small moves, a little light, no mirror."""
    return Compose([Affine(10.0, 0.1, 0.1, 5.0), Brightness(0.1), Contrast(0.1)])
