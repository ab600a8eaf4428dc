"""Warps in time that are taken from another row of the class.

Reference: Iwana and Uchida 2021, "Time series data augmentation for neural networks by time warping with a
discriminative teacher", ICPR 2020, arXiv:2004.08780, sec. III (guided warping) and IV (the discriminative teacher).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ...errors import ConfigError, DataError
from ..classes import Classes
from ..draws import Draws, Floats, Ints
from . import dtw
from .base import SeriesTransform, bridged, check_count, resampled
from .rows import Runs


@dataclass(frozen=True)
class Teachers:
    """The rows that others are warped after, and their classes."""

    runs: Runs
    classes: Classes

    def of(self, rows: Ints, channels: int, length: int) -> Floats:
        """Return known rows, gaps bridged, brought to a length. Shape: rows (m,); returns (m, channels, length)."""
        if isinstance(self.runs.x, np.ndarray) and self.runs.x.shape[1:] == (channels, length):
            return self.runs.x[rows]
        return np.stack([_brought(self.runs.x[row], channels, length) for row in rows])


@dataclass(frozen=True)
class GuidedWarp(SeriesTransform):
    """A row with its own values, in a time that goes towards that of another row of its class, the teacher.

    The row is aligned with the teacher by dynamic time warping, and the places of the path in the row, resampled to the
    row's length, are its new time: as a path waits in both rows, an event moves about half way to where the teacher has
    it. Rows keep their lengths; a teacher of another length is first brought to that of the row. It knows the rows and
    labels that it was fitted on; without labels all rows are one class. Missing samples are bridged where rows are
    aligned, and travel with the others.

    Few rows: a class of one row, or a label that no known row has, stays as it is.

    Arguments:
        teacher: "random" for any other row of the class; "discriminative" for the one of `candidates` / 2 such rows
            whose mean distance to rows of other classes most exceeds that to the other candidates.
        candidates: rows looked at for a discriminative teacher, half of them of the class, at least 4.
        band: how far the path may leave the diagonal, as a share of the length, above 0 and at most 1; a tenth is the
            paper's.

    The paper aligns by the steps of plain DTW or of shapeDTW; here it is plain DTW.
    """

    teacher: str = "random"
    candidates: int = 6
    band: float = 0.1
    breaks: ClassVar[str] = "classes that differ in speed within themselves too"

    def _check(self) -> None:
        if self.teacher not in ("random", "discriminative"):
            raise ConfigError(f"teacher must be 'random' or 'discriminative', got {self.teacher!r:.60}")
        check_count("candidates", self.candidates, 4)
        if not isinstance(self.band, int | float) or isinstance(self.band, bool) or not 0 < self.band <= 1:
            raise ConfigError(f"band must be a number above 0 and at most 1, got {self.band!r:.60}")

    def learn(self, rows: Runs, y: Any) -> Teachers:
        """Return the rows and their classes. Raises: DataError where there are no rows."""
        if not len(rows):
            raise DataError("GuidedWarp warps after known rows, and there are none: fit it on some")
        return Teachers(rows.mapped(lambda places, x: bridged(x)), Classes.of(y, len(rows)))

    def alter(self, x: Floats, draws: Draws, y: Any) -> Floats:  # noqa: D102 -- the base documents it
        known: Teachers = self.known
        codes = known.classes.codes(y, len(x))
        some = np.flatnonzero(codes >= 0)
        if not len(some):
            return x
        made, band = x.copy(), min(math.ceil(self.band * x.shape[2]), x.shape[2] - 1)
        own, codes, draws = x[some], codes[some], draws.of_rows(some)
        x = bridged(own)
        if self.teacher == "random" or len(known.classes) < 2:
            teachers = self._other(x, codes, draws.uniform("teacher"))
        else:
            teachers = self._discriminative(x, codes, draws, band)
        made[some] = resampled(own, dtw.places_along(x, teachers, band))
        return made

    def _other(self, x: Floats, codes: Ints, u: Floats) -> Floats:
        """Return a row of the class of each that is not itself, as long as there is one."""
        known: Teachers = self.known
        rows = known.classes.drawn(codes, u)
        found = known.of(rows, *x.shape[1:])
        same = np.flatnonzero((found == x).all(axis=(1, 2)))
        if len(same):
            found = found.copy()
            found[same] = known.of(known.classes.next_to(rows[same], codes[same]), *x.shape[1:])
        return found

    def _discriminative(self, x: Floats, codes: Ints, draws: Draws, band: int) -> Floats:
        """Return of candidates of the class that which is nearest to the others and furthest from other classes."""
        known: Teachers = self.known
        half = self.candidates // 2
        own, others = draws.uniform_table("candidates", half), draws.uniform_table("others", half)
        mine = [self._other(x, codes, own[:, place]) for place in range(half)]
        strange = [known.of(self._strange(codes, others[:, place]), *x.shape[1:]) for place in range(half)]
        gain = np.zeros((half, len(x)))
        for place, one in enumerate(mine):
            for other in strange:
                gain[place] += dtw.distances(one, other, band) / half
            for later in range(place + 1, half):
                near = dtw.distances(one, mine[later], band) / (half - 1)
                gain[place] -= near
                gain[later] -= near
        best: Floats = np.stack(mine)[gain.argmax(axis=0), np.arange(len(x))]
        return best

    def _strange(self, codes: Ints, u: Floats) -> Ints:
        """Return a known row of another class for each. Shape: codes, u (m,)."""
        members = [*self.known.classes.members.values()]
        found = np.empty(len(codes), dtype=np.intp)
        for code in np.unique(codes):
            pool = np.concatenate([rows for place, rows in enumerate(members) if place != code])
            mine = codes == code
            found[mine] = pool[np.floor(u[mine] * len(pool)).astype(np.intp)]
        return found


def _brought(x: Floats, channels: int, length: int) -> Floats:
    """Return one series, resampled to a length. Raises: DataError where it has not as many channels."""
    if x.shape[0] != channels:
        raise DataError(f"GuidedWarp aligns series of as many channels; got some of {x.shape[0]} and of {channels}")
    if x.shape[1] == length:
        return x
    if not x.shape[1]:
        return np.zeros((channels, length))
    return np.asarray(resampled(x[None], np.linspace(0, x.shape[1] - 1, length)[None])[0])
