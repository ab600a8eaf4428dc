"""Where a column of numbers is cut into bins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
LEAST_BINS, MOST_BINS = 6, 128
GAP = 3.0  # times the median gap near it: where a bin is rather cut
FEW = 5  # rows of a class from which on its range is looked at


def bins_for(rows: int) -> int:
    """Return in how many bins a number is cut: about half the root of the rows.

    >>> bins_for(100), bins_for(2000), bins_for(1_000_000)
    (6, 24, 128)
    """
    return int(np.clip(0.55 * np.sqrt(rows), LEAST_BINS, MOST_BINS))


def heads_of(values: Floats, counts: Codes, bins: int, own: Floats) -> Codes:
    """Return which values begin a bin: bins of equal mass, cut at a gap where one is near, and at `own` cuts too.

    Shape: values (k,) ascending, counts (k,), own (m,).
    """
    ends = np.cumsum(counts)
    inner = np.searchsorted(ends, ends[-1] * np.arange(1, bins) / bins, side="left") + 1
    inner = np.unique(inner[inner < len(values)])
    gaps = np.append(0.0, np.diff(values))
    for place, (before, head, after) in enumerate(zip([0, *inner[:-1]], inner, [*inner[1:], len(values)], strict=True)):
        window = np.arange(head - (head - before) // 2, head + (after - head) // 2 + 1)
        window = window[(window >= before + 2) & (window <= after - 2)]  # no bin of one value
        if not len(window):
            continue
        best = window[gaps[window].argmax()]
        if gaps[best] > GAP * np.median(gaps[window]):
            inner[place] = best
    cut = np.searchsorted(values, own)
    return np.unique(np.concatenate([[0], inner, cut[cut < len(values)]])).astype(np.intp)


def reach_of(knots: Floats, starts: Codes, own: Floats) -> Floats:
    """Return the knot that each bin's values reach to: the next bin's first, unless a gap or a cut is between.

    A bin of one value reaches half way to the next, so that its rows are no copies.
    """
    last, gaps = starts[1:] - 1, np.append(np.diff(knots), np.inf)
    inner = (knots[last] - knots[starts[:-1]]) / np.maximum(last - starts[:-1], 1)
    after = np.minimum(last + 1, len(knots) - 1)
    apart = gaps[last] > 2 * GAP * np.where(inner > 0, inner, np.inf)
    torn = apart | (np.searchsorted(own, knots[last]) < np.searchsorted(own, knots[after], side="right"))
    reach = np.where(torn | (last == after), last, after).astype(np.float64)
    lone = reach == starts[:-1]
    return np.where(lone, reach + np.where(last == after, -0.5, 0.5) * (len(knots) > 1), reach)


def class_cuts(cells: Floats, classes: Codes) -> Floats:
    """Return where a class begins, and the least numbers above its end. Shape: (n,), (n,) to (m,)."""
    ends = []
    for code in np.unique(classes):
        mine = cells[classes == code]
        if (~np.isnan(mine)).sum() >= FEW:
            ends += [np.nanmin(mine), np.nextafter(np.nanmax(mine), np.inf)]
    return np.sort(np.array(ends))
