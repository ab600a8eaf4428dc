"""What is done to texts where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .drop import DeleteWords


def default() -> Transform:
    """Return a policy."""
    return Compose([DeleteWords(0.1)])
