"""The order of a category's levels that goes best with the other columns.

Reference: Gifi 1990, "Nonlinear Multivariate Analysis", ch. 3 (homogeneity analysis): in turn rows are placed on the
first principal component of all columns, and levels at the mean of their rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..data.encode import Layout

Floats = npt.NDArray[np.float64]
ROWS = 10_000
TURNS = 6


def ordered_levels(rows: Floats, codes: npt.NDArray[np.intp], layout: Layout) -> dict[int, Floats]:
    """Return the levels of each category in order, by place of its column.

    Shape: rows (n, width) coded, codes (n,) classes, which stand beside the columns.
    """
    blocks = [block for block in layout.blocks if block.kind == "category"]
    if not blocks:
        return {}
    step = max(1, len(rows) // ROWS)
    some, classes = rows[::step], codes[::step]
    numbers = [_standard(_ranks(some[:, place])) for place in layout.numbers]
    target = _standard(classes.astype(np.float64)) if len(np.unique(classes)) > 1 else sum(numbers, np.zeros(len(some)))
    sides = [*numbers, _standard(classes.astype(np.float64))]
    levels: dict[int, Floats] = {}
    for _ in range(TURNS):
        scored = []
        for block in blocks:
            cells = some[:, block.start]
            held = ~np.isnan(cells)
            spots = cells[held].astype(np.intp)
            counts = np.bincount(spots, minlength=block.levels)
            means = np.bincount(spots, weights=target[held], minlength=block.levels) / (
                counts + 1.0
            )  # rare ones in the middle
            levels[block.start] = means
            scored.append(_standard(np.where(held, means[np.where(held, cells, 0).astype(np.intp)], 0.0)))
        matrix = np.stack([*sides, *scored], axis=1)
        start = matrix.T @ target
        for _ in range(10):
            start = matrix.T @ (matrix @ start)
            start /= np.linalg.norm(start) or 1.0
        target = _standard(matrix @ start)
    return {place: np.argsort(means, kind="stable").astype(np.float64) for place, means in levels.items()}


def _ranks(values: Floats) -> Floats:
    order = np.argsort(
        np.argsort(np.nan_to_num(values, nan=np.nanmedian(values) if (~np.isnan(values)).any() else 0.0), kind="stable")
    )
    return order.astype(np.float64)


def _standard(values: Floats) -> Floats:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
