"""Dynamic time warping of many pairs of series at once, one diagonal of the table after the other.

    D(i, j) = |x_i - y_j|^2 + min(D(i-1, j-1), D(i-1, j), D(i, j-1)),    |i - j| <= band

All cells of a diagonal i + j are computed together, for all pairs. Steps and distance are those of Sakoe and Chiba
1978, "Dynamic programming algorithm optimization for spoken word recognition", IEEE TASSP 26(1), without slope weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..draws import Floats, Ints

BYTES = 2**26  # of the steps that are kept at a time

Steps = npt.NDArray[np.uint8]


def distances(x: Floats, y: Floats, band: int) -> Floats:
    """Return the distance of each pair along its best path: the sum of squared differences.

    Shape: x, y (m, channels, time), none missing, time > 0; band in samples; returns (m,).
    """
    made = np.empty(len(x))
    for rows in _chunks(len(x), x.shape[2], band):
        made[rows], _ = _table(x[rows], y[rows], band, False)
    return made


def places_along(x: Floats, y: Floats, band: int) -> Floats:
    """Return where in x the best path to y is, at evenly spread places along the path.

    Shape: x, y (m, channels, time), none missing, time > 1; band in samples; returns (m, time), from 0 to time - 1,
    which do not fall.
    """
    made = np.empty((len(x), x.shape[2]))
    for rows in _chunks(len(x), x.shape[2], band):
        _, steps = _table(x[rows], y[rows], band, True)
        made[rows] = _evenly(*_paths(steps, x.shape[2], band), x.shape[2])
    return made


def _chunks(m: int, length: int, band: int) -> Iterator[slice]:
    """Yield parts of the pairs whose tables of steps fit into memory."""
    size = max(1, BYTES // (2 * length * (2 * band + 1)))
    for start in range(0, m, size):
        yield slice(start, start + size)


def _table(x: Floats, y: Floats, band: int, keep: bool) -> tuple[Floats, Steps]:
    """Return the distances (m,), and for each cell, by i + j and i - j + band, which step led to it.

    Steps: 0 from (i-1, j-1), 1 from (i-1, j), 2 from (i, j-1).
    """
    m, channels, t = x.shape
    first, second = (np.ascontiguousarray(one.transpose(1, 2, 0)) for one in (x, y))
    table = np.full((2 * band + 3, m), np.inf)  # by i - j, a margin at both ends; two diagonals take turns
    steps = np.zeros((2 * t - 1, 2 * band + 1, m) if keep else (0, 0, m), dtype=np.uint8)
    for total in range(2 * t - 1):
        reach = min(band, total, 2 * (t - 1) - total)
        reach -= (reach - total) % 2
        i, j, count = (total - reach) // 2, (total + reach) // 2, reach + 1
        cost = np.zeros((count, m))
        for channel in range(channels):
            apart = first[channel, i : i + count] - second[channel, j - count + 1 : j + 1][::-1]
            cost += apart * apart
        spots = slice(band + 1 - reach, band + 2 + reach, 2)
        if total:
            both, one, other = table[spots], table[band - reach : band + 1 + reach : 2], \
                table[band + 2 - reach : band + 3 + reach : 2]  # fmt: skip
            best = np.minimum(np.minimum(both, one), other)
            if keep:
                step = np.where(one <= other, 1, 2)
                steps[total, band - reach : band + 1 + reach : 2] = np.where(both <= best, 0, step)
            cost += best
        table[spots] = cost
    return table[band + 1].copy(), steps


def _paths(steps: Steps, t: int, band: int) -> tuple[Ints, Ints]:
    """Return the place in x at each step of the best path, from its end back, and the number of its steps.

    Shape: (steps, m), the start of x where a path is at its end; (m,).
    """
    rows = np.arange(steps.shape[2])
    i, j = np.full(len(rows), t - 1), np.full(len(rows), t - 1)
    count, found = np.ones(len(rows), dtype=np.intp), [i]
    while (on := (i + j) > 0).any():
        step = steps[i + j, i - j + band, rows]
        i, j = i - (on & (step != 2)), j - (on & (step != 1))
        count += on
        found.append(i)
    return np.stack(found), count


def _evenly(back: Ints, count: Ints, length: int) -> Floats:
    """Return the places at evenly spread points of paths that are given from their ends back. Shape: (m, length)."""
    along = np.arange(length) * (count - 1)[:, None] / max(length - 1, 1)
    below = np.floor(along).astype(np.intp)
    above = np.minimum(below + 1, (count - 1)[:, None])
    rows, last = np.arange(len(count))[:, None], (count - 1)[:, None]
    left, right = back[last - below, rows], back[last - above, rows]
    made: Floats = left + (along - below) * (right - left)
    return made
