"""Where a row lies: in the class that a classifier trained on other rows names, or in none.

A classifier names a class for whatever it is shown. A row is taken to lie in class c only where, all at once,

- the classifier says c, as surely as it is of nine in ten held-out real rows of c, and so surely that of the held-out
  rows that it is as sure of nine in ten are of c;
- most of its five nearest training rows, in the numbers that the classifier judges by, are of c;
- it is as near to the rows of c as nine in ten held-out real rows of c are, by those numbers and by the plain ones.

So an upside-down 4 lies in no class, and an upside-down 6 among the nines. The distance to a class is the mean of those
to its three nearest training rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ...learners.base import Floats, Learner

Codes = npt.NDArray[np.intp]
VOTERS, NEAREST, KEPT, CHUNK = 5, 3, 0.9, 512


@dataclass(frozen=True)
class Seen:
    """What is known of rows: chances, the class of most of the nearest rows, distances to the classes.

    Shape: chances (n, k), votes (n,), far (spaces, n, k).
    """

    chances: Floats
    votes: Codes
    far: Floats


class Judge:
    """Tells where rows lie, by a classifier and by the rows that it was trained on.

    Arguments:
        learner: unfitted.
    """

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def fit(self, X: Any, codes: Codes, held: Any, held_codes: Codes) -> Judge:
        """Learn from rows, and from held-out ones how near and how sure real rows are. Both hold all classes."""
        self.k_ = int(codes.max()) + 1
        self.learner.fit(X, codes)
        self.codes_, self.spaces_ = codes, self._spaces(X)
        seen = self._see(held)
        self.far_, self.sure_ = np.zeros((len(seen.far), self.k_)), np.zeros(self.k_)
        for code in range(self.k_):
            own = held_codes == code
            self.far_[:, code] = np.quantile(seen.far[:, own, code], KEPT, axis=1, method="higher")
            usual = np.quantile(seen.chances[own, code], 1 - KEPT, method="lower")
            self.sure_[code] = max(usual, _reliable(seen.chances, held_codes, code))
        return self

    def named(self, X: Any) -> tuple[Codes, Codes]:
        """Return the class that the classifier names, and the one that rows lie in, -1 for none. Shape: (n,) each."""
        seen = self._see(X)
        says = seen.chances.argmax(axis=1)
        rows = np.arange(len(says))
        near = (seen.far[:, rows, says] <= self.far_[:, says] + 1e-9).all(axis=0)
        sure = seen.chances[rows, says] >= self.sure_[says] - 1e-12
        return says, np.where(near & sure & (seen.votes == says), says, -1)

    def _spaces(self, X: Any) -> list[Floats]:
        plain = self.learner.plain(X)
        return [self.learner.embed(X), *([] if plain is None else [plain])]

    def _see(self, X: Any) -> Seen:
        found = [self._distances(new, old) for new, old in zip(self._spaces(X), self.spaces_, strict=True)]
        return Seen(self.learner.predict_proba(X), found[0][0], np.stack([far for _, far in found]))

    def _distances(self, new: Floats, old: Floats) -> tuple[Codes, Floats]:
        """Return the votes of the nearest rows, and the distances to the classes. Shape: (n,), (n, k)."""
        votes, far = np.zeros(len(new), dtype=np.intp), np.zeros((len(new), self.k_))
        members = [np.flatnonzero(self.codes_ == code) for code in range(self.k_)]
        old = np.ascontiguousarray(old, dtype=np.float32)
        lengths = np.einsum("ij,ij->i", old, old)
        for start in range(0, len(new), CHUNK):
            part = np.asarray(new[start : start + CHUNK], dtype=np.float32)
            d = np.einsum("ij,ij->i", part, part)[:, None] + lengths - 2 * part @ old.T
            near = self.codes_[_least(d, VOTERS)]
            counts = (near[:, :, None] == np.arange(self.k_)).sum(axis=1)
            votes[start : start + CHUNK] = counts.argmax(axis=1)
            for code, rows in enumerate(members):
                own = d[:, rows]
                least = np.take_along_axis(own, _least(own, NEAREST), axis=1)
                far[start : start + CHUNK, code] = np.sqrt(np.maximum(least, 0)).mean(axis=1)
        return votes, far


@dataclass
class Pairs:
    """Counts of rows of a class, by the class they lie in; the last column is none. Shape: (k, k + 1) each.

    Arguments:
        counts: of the rows.
        came: of those that lie there and did not before they were changed.
        left: of those that lay there and do not after it.
    """

    counts: npt.NDArray[np.int64]
    came: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]

    @classmethod
    def none(cls, k: int) -> Self:
        """Return no counts of k classes."""
        return cls(*(np.zeros((k, k + 1), dtype=np.int64) for _ in range(3)))

    def add(self, codes: Codes, lies: Codes, lay: Codes) -> None:
        """Count rows: their classes, those they lie in, and lay in before, -1 for none. Shape: (n,) each."""
        other = lies != lay
        np.add.at(self.counts, (codes, lies), 1)
        np.add.at(self.came, (codes[other], lies[other]), 1)
        np.add.at(self.left, (codes[other], lay[other]), 1)


def _reliable(chances: Floats, codes: Codes, code: int) -> float:
    """Return the least chance from which on nine in ten rows named so are of the class, else infinity."""
    named = chances.argmax(axis=1) == code
    order = np.argsort(-chances[named, code], kind="stable")
    sure = chances[named, code][order]
    share = np.cumsum(codes[named][order] == code) / (np.arange(len(order)) + 1)
    last = np.append(sure[:-1] > sure[1:], True)[: len(sure)]  # of rows that are equally sure, all count
    fine = np.flatnonzero((share >= KEPT) & last)
    return float(sure[fine[-1]]) if len(fine) and fine[-1] + 1 >= VOTERS else np.inf


def _least(d: npt.NDArray[np.float32], most: int) -> Codes:
    """Return the places of the least numbers of each row, in no order. Shape: (n, m) to (n, most)."""
    if d.shape[1] <= most:
        return np.tile(np.arange(d.shape[1]), (len(d), 1))
    made: Codes = np.argpartition(d, most - 1, axis=1)[:, :most]
    return made
