"""Rows of the classes that were made, on both sides at the same shares: or one class would be compared with all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, UnknownCategory
from ...random import as_generator
from ..rows import Codes, checked


@dataclass(frozen=True)
class Labels:
    """The classes of the real rows, and the places of the labels of each side among them, None where there are none."""

    classes: npt.NDArray[Any]
    real: Codes
    made: Codes
    held: Codes | None

    def at(self, real: Codes, made: Codes, held: Codes | None) -> Labels:
        """Return the labels of the rows at these places of each side; without places of held-out rows none of them."""
        own = None if held is None or self.held is None else self.held[held]
        return Labels(self.classes, self.real[real], self.made[made], own)


def read_labels(parts: tuple[Any, Any, Any], labels: tuple[Any, Any, Any]) -> Labels | None:
    """Return the labels of real, synthetic and held-out rows, None where none are given.

    Raises: ConfigError where some are lacking; DataError where they do not fit; UnknownCategory for one not real.
    """
    names = ("y", "y_synthetic", "y_held")
    lacking = [
        name for name, part, y in zip(names, parts, labels, strict=True) if (part is not None) is not (y is not None)
    ]
    if all(y is None for y in labels):
        return None
    if lacking:
        raise ConfigError(f"labels are given of some rows and not of all: {lacking[0]} must be given with its rows")
    found = [None if y is None else checked(part, y)[1] for part, y in zip(parts, labels, strict=True)]
    classes = np.unique(np.asarray(found[0]))
    known = {label: code for code, label in enumerate(classes.tolist())}
    codes = []
    for name, y in zip(names, found, strict=True):
        given = [] if y is None else y.tolist()
        strange = [label for label in given if label not in known]
        if strange:
            raise UnknownCategory(f"{name} holds the class {strange[0]!r}, of which there is no real row")
        codes.append(np.array([known[label] for label in given], dtype=np.intp))
    return Labels(classes, codes[0], codes[1], None if labels[2] is None else codes[2])


def matched(labels: Labels, seed: int, notes: list[str]) -> tuple[Codes, Codes, Codes | None]:
    """Return places of real, synthetic and held-out rows among which classes stand at the same shares; notes are added.

    The shares are those that keep most: a ratio t of synthetic to real rows is the same in all classes, min(r, s / t)
    real and min(s, t r) synthetic rows of each, with the t for which R S / (R + S) is largest, R and S being the sums.
    Held-out rows are None where they lack a class.
    """
    k = len(labels.classes)
    r, s = (np.bincount(codes, minlength=k).astype(np.float64) for codes in (labels.real, labels.made))
    some = np.flatnonzero(s > 0)
    kept = [(np.minimum(r, s / t), np.minimum(s, t * r)) for t in np.unique(s[some] / r[some])]
    best = max(kept, key=lambda pair: pair[0].sum() * pair[1][some].sum() / (pair[0].sum() + pair[1].sum()))
    counts = [np.where(s > 0, np.maximum(np.floor(part + 1e-9), 1), 0).astype(np.intp) for part in best]
    held = None
    if labels.held is not None:
        h = np.bincount(labels.held, minlength=k)
        by = float((h[some] / counts[0][some]).min())
        if by == 0:
            notes.append("the held-out rows lack a class that was made: halves of the real rows serve in their place")
        else:
            wanted = np.maximum(np.floor(counts[0] * by + 1e-9), s > 0).astype(np.intp)
            held = _drawn(labels.held, wanted, seed, "held")
    real = _drawn(labels.real, counts[0], seed, "real")
    made = _drawn(labels.made, counts[1], seed, "made")
    if len(real) < len(labels.real) or len(made) < len(labels.made):
        few = ", ".join(f"{counts[0][code]:,} of {labels.classes[code]}" for code in some[:6])
        more = ", ..." if len(some) > 6 else ""
        notes.append(f"rows were drawn so that classes stand at the same shares on both sides: real ones {few}{more}")
    return real, made, held


def _drawn(codes: Codes, counts: Codes, seed: int, name: str) -> Codes:
    rng = as_generator(seed, "classes", name)
    own = [np.flatnonzero(codes == code) for code in range(len(counts))]
    parts = [rng.choice(rows, min(n, len(rows)), replace=False) for rows, n in zip(own, counts, strict=True) if n]
    return np.sort(np.concatenate(parts))
