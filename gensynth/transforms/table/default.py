"""What is done to rows of tables where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .cells import CategoryNoise, MixRows, SwapNoise
from .jitter import JitterNumbers


def default() -> Transform:
    """Return a policy that keeps the labels of most rows: towards another row of the class, few cells of others."""
    return Compose([MixRows((0.0, 0.3)), SwapNoise(0.05), CategoryNoise(0.02), JitterNumbers((0.0, 0.1))])
