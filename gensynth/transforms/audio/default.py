"""What is done to recordings where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .noise import AddNoise
from .pace import Speed
from .timing import TimeShift


def default() -> Transform:
    """Return a policy that keeps the labels of most recordings."""
    return Compose([Speed(0.1), TimeShift(0.05), AddNoise((20.0, 40.0))])
