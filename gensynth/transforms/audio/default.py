"""What is done to recordings where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose
from .noise import AddNoise
from .pace import TimeStretch
from .timing import TimeShift


def default() -> Transform:
    """Return a policy that keeps the labels of most recordings: pace, place and noise, at the pitch that there is.

    Up to a quarter longer or shorter, up to a tenth earlier or later, and white noise 15 to 35 dB below. What lies in
    the first or last tenth may be cut off.
    """
    return Compose([TimeStretch((0.8, 1.25)), TimeShift(0.1), AddNoise((15.0, 35.0))])
