"""Gates: checks that may refuse a synthetic row.

A gate is anything with two methods: `fit(X, y)` sees the real rows, `accept(X, y)` says for each synthetic row whether
it may pass. The Balancer asks its generator for more while rows are refused, within a bound.
"""

from __future__ import annotations

from .base import Gate
from .constraint import Constraint
from .copies import NotACopy
from .labels import LabelAgrees
from .plausible import Plausible

__all__ = ["Constraint", "Gate", "LabelAgrees", "NotACopy", "Plausible"]
