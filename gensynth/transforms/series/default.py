"""What is done to series where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose, OneOf
from .time import TimeWarp, WindowSlice, WindowWarp
from .values import JitterSeries


def default() -> Transform:
    """Return a policy that keeps the labels of most series: one small change of time, and a little noise.

    Chosen on stratified splits of ECG5000 and GunPoint (seeds 100 to 111), for one nearest neighbour and for random
    convolutions with a ridge.
    """
    times = OneOf([WindowSlice((0.8, 1.0)), WindowWarp(), TimeWarp((0.0, 0.1))])
    return Compose([times, JitterSeries((0.0, 0.05))])
