"""How much a share of rows has grown at the least, where the same rows were asked before and after."""

from __future__ import annotations

import numpy as np

from ...learners.base import Floats

HALVINGS = 40


def least_growth(came: Floats, left: Floats, n: Floats, z: float) -> Floats:
    """Return the lower ends of score intervals for (came - left) / n (Tango 1998, Statist. Med. 17, 891, eq. 7 and 8).

    Arguments:
        came: rows that are counted after and were not before.
        left: rows that were counted before and are not after.
        n: rows that were asked, above 0. Any shape, the same for all three.
        z: quantile of the normal distribution, above 0.
    """
    high = (came - left) / n
    low = np.full_like(high, -1.0)
    for _ in range(HALVINGS):
        grown = (low + high) / 2
        b = (2 * n - came + left) * grown - came - left
        share = (np.sqrt(np.maximum(b * b + 8 * n * left * grown * (1 - grown), 0)) - b) / (4 * n)  # that leaves
        error = np.sqrt(np.maximum(n * (2 * share + grown * (1 - grown)), 1e-12))
        inside = came - left - n * grown < z * error
        low, high = np.where(inside, low, grown), np.where(inside, grown, high)
    return low
