"""The codes of one column: which values have a code of their own, which share one, and back (see `codes`)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
import numpy.typing as npt

from .bins import class_cuts, heads_of, reach_of

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
MOST_LEVELS = 256  # levels of a category that have a code of their own, from which on rare ones share
GROUPS = 32  # that rare levels are put in
KNOTS = 4096  # values of a number that are kept to draw from inside bins
STANDS_OUT = 5  # times the median count of a value
SMOOTH = 0.4  # distinct values to a row from which on a column is continuous


@dataclass(frozen=True)
class ColumnCodes:
    """The codes of one column: `atoms` come first, then shared codes (bins or groups), then the missing one.

    Shape: `atoms` (a,) values, ascending; `starts` (b + 1,) where each shared code begins in `knots`, and their end;
    `knots` (k,) the values behind shared codes: levels, or numbers ascending, which repeat only in columns that are not
    continuous; `cuts` (b,) the least value of each bin; `places` (a + b,) the mean rank of each code's values in
    (0, 1), for numbers; `shares` (k + 1,) for groups: cumulative frequency of the levels; `reach` (b,), of continuous
    columns: the knot that a bin's values reach to.
    """

    atoms: Floats
    starts: Codes
    knots: Floats
    cuts: Floats
    places: Floats
    shares: Floats
    reach: Floats
    ordered: bool
    smooth: bool
    missing: bool

    @property
    def size(self) -> int:
        """How many codes there are, at least 1."""
        return max(len(self.atoms) + len(self.starts) - 1 + self.missing, 1)

    @property
    def whole(self) -> int:
        """How many of them are not the missing one."""
        return len(self.atoms) + len(self.starts) - 1

    @property
    def sound(self) -> bool:
        """Whether the parts belong together, as those of a file may not."""
        shared, starts = len(self.starts) - 1, self.starts
        kinds = {name: "i" if name == "starts" else "f" for name in ARRAYS}
        return (
            all(getattr(self, name).ndim == 1 and getattr(self, name).dtype.kind == kinds[name] for name in ARRAYS)
            and all(bool(np.isfinite(getattr(self, name)).all()) for name in ARRAYS)
            and shared >= 0
            and bool(starts[0] == 0 and (np.diff(starts) > 0).all() and starts[-1] == len(self.knots))
            and len(self.cuts) == (shared if self.ordered else 0)
            and len(self.places) == (self.whole if self.ordered else 0)
            and len(self.reach) == (shared if self.smooth else 0)
            and len(self.shares) == (len(self.knots) + 1 if shared and not self.ordered else 0)
            and (not self.smooth or bool(((self.reach >= 0) & (self.reach <= len(self.knots) - 1)).all()))
        )

    def among(self, levels: int) -> bool:
        """Return whether these are codes of a category of so many levels."""
        known = np.concatenate([self.atoms, self.knots])
        return not self.ordered and bool(((known >= 0) & (known < levels) & (known == np.floor(known))).all())

    @classmethod
    def of_levels(cls, cells: Floats, classes: Codes) -> Self:
        """Learn a category. Shape: cells (n,) levels, NaN where missing; classes (n,), whose means make groups."""
        held = ~np.isnan(cells)
        levels, back, counts = np.unique(cells[held], return_inverse=True, return_counts=True)
        none, missing = np.zeros(0), bool((~held).any())
        if len(levels) <= MOST_LEVELS:
            return cls(levels, np.zeros(1, np.intp), none, none, none, none, none, False, False, missing)
        often = np.sort(np.argsort(-counts, kind="stable")[: MOST_LEVELS - GROUPS])
        rare = np.setdiff1d(np.arange(len(levels)), often)
        means = np.bincount(back, weights=classes[held]) / (counts + 1.0)
        rare = rare[np.argsort(means[rare], kind="stable")]
        mass = np.cumsum(counts[rare])
        cut = np.searchsorted(mass, mass[-1] * np.arange(1, GROUPS) / GROUPS)
        starts = np.unique([0, *cut.tolist(), len(rare)])
        shares = np.concatenate([[0.0], mass / mass[-1]])
        return cls(levels[often], starts, levels[rare], none, none, shares, none, False, False, missing)

    @classmethod
    def of_numbers(cls, cells: Floats, classes: Codes, bins: int) -> Self:
        """Learn a number. Shape: cells (n,), NaN where missing; classes (n,)."""
        held = np.sort(cells[~np.isnan(cells)])
        missing, none = len(held) < len(cells), np.zeros(0)
        values, first, counts = np.unique(held, return_index=True, return_counts=True)
        middle = (first + counts / 2) / max(len(held), 1)
        few = len(values) <= max(1.25 * bins, 2) and len(held) >= 2 * len(values)
        if few or len(values) < 2:
            return cls(values, np.zeros(1, np.intp), none, none, middle, none, none, True, False, missing)
        out = (counts > max(4, len(held) / 500)) & (counts > STANDS_OUT * np.median(counts))
        out[np.argsort(-counts, kind="stable")[bins:]] = False
        rest, lone = held[~np.repeat(out, counts)], np.flatnonzero(~out)
        heads = heads_of(values[lone], counts[lone], bins, class_cuts(cells, classes))
        starts = np.append(np.append(0, np.cumsum(counts[lone]))[heads], len(rest))
        ranks = np.add.reduceat(middle[lone] * counts[lone], heads) / np.diff(starts)
        smooth = len(lone) > SMOOTH * len(rest)
        if smooth:  # what repeats by chance is no reason to repeat it
            rest, starts = values[lone], np.append(heads, len(lone))
        knots, at = rest, starts
        if len(rest) > KNOTS:  # thinned out, the ends of each bin kept
            ends = np.concatenate([starts[:-1], starts[1:] - 1])
            keep = np.unique(np.concatenate([np.linspace(0, len(rest) - 1, KNOTS).astype(np.intp), ends]))
            knots, at = rest[keep], np.searchsorted(keep, starts)
        cuts = values[lone[heads]]
        reach = reach_of(knots, at, class_cuts(cells, classes)) if smooth else none
        return cls(values[out], at, knots, cuts, np.append(middle[out], ranks), none, reach, True, smooth, missing)

    def encode(self, cells: Floats) -> Codes:
        """Return the code of each cell, -1 for a level, or a missing cell, that was not seen. Shape: (n,)."""
        codes = np.full(len(cells), -1, dtype=np.intp)
        held = ~np.isnan(cells)
        if self.missing:
            codes[~held] = self.whole
        values = cells[held]
        known = np.full(len(values), -1, dtype=np.intp)
        if self.ordered and len(self.cuts):
            known = len(self.atoms) + np.maximum(np.searchsorted(self.cuts, values, side="right") - 1, 0)
        elif self.ordered and len(self.atoms):  # the nearest value
            known = np.searchsorted((self.atoms[1:] + self.atoms[:-1]) / 2, values)
        elif len(self.knots):
            order = np.argsort(self.knots)
            spot = order[np.minimum(np.searchsorted(self.knots[order], values), len(order) - 1)]
            group = len(self.atoms) + np.searchsorted(self.starts, spot, side="right") - 1
            known = np.where(self.knots[spot] == values, group, -1)
        if len(self.atoms):
            spot = np.minimum(np.searchsorted(self.atoms, values), len(self.atoms) - 1)
            known = np.where(self.atoms[spot] == values, spot, known)
        codes[held] = known
        return codes

    def decode(self, codes: Codes, u: Floats) -> Floats:
        """Return a value for each code, which of a bin's or group's u in [0, 1) tells. Shape: (n,), (n,) to (n,)."""
        cells = np.full(len(codes), np.nan)
        if len(self.atoms):
            single = (codes >= 0) & (codes < len(self.atoms))
            cells[single] = self.atoms[codes[single]]
        shared = np.flatnonzero(self.shared(codes))
        if not len(shared):
            return cells
        code, u = codes[shared] - len(self.atoms), u[shared]
        low, high = self.starts[code], self.starts[code + 1]
        if not self.ordered:
            mass = self.shares[low] + u * (self.shares[high] - self.shares[low])
            spot = np.clip(np.searchsorted(self.shares, mass, side="right") - 1, low, high - 1)
            cells[shared] = self.knots[spot]
            return cells
        at = low + u * ((self.reach[code] if self.smooth else high) - low)
        spot = np.minimum(at.astype(np.intp), high - 1)
        cells[shared] = self.knots[spot]
        if self.smooth:
            after = self.knots[np.minimum(spot + 1, len(self.knots) - 1)]
            cells[shared] += (at - spot) * (after - cells[shared])
        return cells

    def unlikely(self, counts: npt.NDArray[np.integer], least: float) -> npt.NDArray[np.bool_]:
        """Return which codes a class cannot be said to share with the others.

        These are the codes that none of its rows holds though at least `least` would if it were like all rows;
        neighbouring codes of a number are counted together, and so are all levels where the class holds none just once
        (Good 1953: by the share of those held once that of levels not seen is told).

        Shape: counts (2, size), of the class and of all rows; returns (size,).
        """
        mine, every = counts
        expected = every * (mine.sum() / max(every.sum(), 1))
        if not self.ordered:
            lacking = (mine == 0) & (every > 0)
            if not (mine == 1).any() and expected[lacking].sum() >= least:
                return np.asarray(lacking)
            return np.asarray(lacking & (expected >= least))
        order = np.append(np.argsort(self.places, kind="stable"), np.arange(self.whole, self.size)).astype(np.intp)
        none = mine[order] == 0
        run = np.cumsum(np.append(True, none[1:] != none[:-1])[: len(none)])
        mass = np.bincount(run, weights=expected[order], minlength=len(none) + 1)
        found = np.zeros(self.size, dtype=bool)
        found[order] = none & (mass[run] >= least)
        return found

    def _reached(self) -> Floats:
        """Return the value that each bin of a continuous column reaches to. Shape: (b,)."""
        return np.interp(self.reach, np.arange(len(self.knots)), self.knots)

    def holds(self, cells: Floats, codes: Codes) -> npt.NDArray[np.bool_]:
        """Return whether `decode` can make such numbers of their codes. Shape: (n,), (n,) to (n,)."""
        fine = codes >= 0
        if not self.ordered:
            return fine
        single = np.flatnonzero((codes >= 0) & (codes < len(self.atoms)))
        fine[single] = self.atoms[codes[single]] == cells[single]
        shared = np.flatnonzero(self.shared(codes))
        first, last = self.ends(codes[shared])
        fine[shared] = (cells[shared] >= first) & (cells[shared] <= last)
        return fine

    def shared(self, codes: Codes) -> npt.NDArray[np.bool_]:
        """Return which codes are bins or groups. Shape: (n,) to (n,)."""
        return np.asarray((codes >= len(self.atoms)) & (codes < self.whole))

    def ends(self, codes: Codes) -> tuple[Floats, Floats]:
        """Return the least and the largest value that bins come back as. Shape: (n,) codes of bins; two of (n,)."""
        code = codes - len(self.atoms)
        first = self.knots[self.starts[code]]
        last = self._reached()[code] if self.smooth else self.knots[self.starts[code + 1] - 1]
        return np.minimum(first, last), np.maximum(first, last)

    def log_width(self) -> Floats:
        """Return the log of how far each code's values are spread, 0 for those of one value. Shape: (size,)."""
        widths = np.ones(self.size)
        if self.smooth:
            gaps = np.abs(self._reached() - self.knots[self.starts[:-1]])
            widths[len(self.atoms) : self.whole] = np.where(gaps > 0, gaps, 1.0)
        elif len(self.starts) > 1:
            spans = zip(self.starts[:-1], self.starts[1:], strict=True)
            widths[len(self.atoms) : self.whole] = [len(np.unique(self.knots[low:high])) for low, high in spans]
        return np.asarray(np.log(widths))


ARRAYS = tuple(field.name for field in fields(ColumnCodes) if field.type in ("Floats", "Codes"))
