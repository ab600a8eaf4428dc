"""What is done to series where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .time import WindowSlice, WindowWarp
from .values import JitterSeries


def default() -> Transform:
    """Return a policy that keeps the labels of most series."""
    return Compose([WindowSlice((0.9, 1.0)), WindowWarp(), JitterSeries()])
