"""Gaussian copula: each class has its own distribution of every column, and normals that tie the columns together.

Model: z ~ N(0, R_c), x_j = F_cj^-1(Phi(z_j)). A missing cell is a column of its own, present or missing, tied to the
others likewise. R_c is shrunk:

    R_c = (1 - l) r_c + l R,    l = sum_{i<j} var(r_cij) / sum_{i<j} (r_cij - R_ij)^2      (Schaefer, Strimmer, eq. 7)

with r_c the correlation within the class and R that within all classes, itself shrunk so towards the unit matrix.

References: Schaefer and Strimmer 2005, "A shrinkage approach to large-scale covariance matrix estimation", Stat. Appl.
Genet. Mol. Biol. 4 (1), 32; Sklar 1959 for copulas; Olsson 1979, "Maximum likelihood estimation of the polychoric
correlation", Psychometrika 44, for latent normals behind ordered categories.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from ..data import saved
from ..errors import ConfigError, FormatError
from ..random import as_generator
from .base import Codes, Draw, Generator, Supports
from .gauss import conditioned, correlation, proper, root, shrunk, times
from .given import JITTER, absent, ends_of, normals, nudged, warn_alike
from .links import BINS, ROWS, Bins, linked, lost, walk
from .margins import Margin
from .moving import repeats_of
from .scaling import ordered_levels
from .ties import Tie, Ties, residual

Floats = npt.NDArray[np.float64]
NEAR = 0.1  # standard deviations of a number within which a row counts as holding it
NARROW = 64  # columns up to which all are tied to categories that conditions hold
ROWS_A_BIN = 10  # rows at least for each code of a number, by which it may be tied to another column
LEAST = 2000  # rows made at least to see what correlations lose
FEW = 5  # rows of a class up to which its correlations count for little


class GaussianCopula(Generator):
    """Rows of columns that follow their distribution within the class, tied together by correlated normals.

    Numbers that one row alone holds are spread out between their neighbours. Categories are put in the order in which
    they go with the other columns. Learns in well under a second; what it cannot say is dependence that is not
    monotone.

    DIFFERS from Schaefer and Strimmer 2005: the variance of a correlation is taken at the target, (1 - R^2)^2 /
    (n - 1): a handful of rows says nothing of its own. DIFFERS from Olsson 1979: the correlation behind two columns
    with steps is found from the covariance of their mean normal scores and not by maximum likelihood.

    With `conditions` each value must occur in the class, and two categories in one row of it. That is not looked at
    among more than 64 columns, in a class of up to 5 rows, with `links=1`, or where both are of more than 64 levels
    and rare; nor of missing cells of numbers, nor of three columns at once. There rows may be made that no real one
    is like.

    Few rows: with 1, copies of it whose numbers are moved by a tenth of the spread of all rows; with 2 to 5,
    correlations that are mostly those of all rows.

    Arguments:
        links: association of two columns, in [0, 1], from which on they are tied where the correlation loses it (total
            variation of their joint distribution, see `ties`); 1 ties none.
        schema: kinds of columns to take instead of the inferred ones.
        random_state: int for results that repeat, or None.

    After `fit`: `correlations_` by class code, of all columns and then of whether cells are missing; `shrinkage_` by
    class label.

    Example:
        >>> X = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=500)
        >>> model = GaussianCopula(random_state=0).fit(X)
        >>> round(float(model.correlations_[0][0, 1]), 1), model.sample(3).shape
        (0.8, (3, 2))
    """

    supports: ClassVar[Supports] = Supports(
        categories=True, missing=True, conditions=True, prefix=True, parents=False
    )  # fmt: skip

    holds_rows = True  # the values of each column, sorted; a class of one row is that row

    def __init__(self, *, links: float = 0.05, schema: Mapping[Any, str] | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.links, self.schema, self.random_state = links, schema, random_state

    def _check_params(self) -> None:
        if isinstance(self.links, bool) or not isinstance(self.links, Real) or not 0 <= self.links <= 1:
            raise ConfigError(f"links must be a number in [0, 1], got {self.links!r}")

    def _ladder(self, count: int) -> str | None:
        if count == 1:
            return "copies whose numbers are moved by a tenth of the spread of all rows"
        return "correlations that are mostly those of all rows" if count <= FEW else None

    # Learning ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        layout = self.encoder_.layout_
        self.orders_ = ordered_levels(rows, codes, layout)
        self.holed_ = np.flatnonzero(np.isnan(rows).any(axis=0))
        with np.errstate(invalid="ignore"):
            self.spread_ = np.array([float(np.nanstd(rows[:, block.start])) for block in layout.blocks])
        self.counts_, self.lone_ = self.labels_.counts, warn_alike(self, rows, codes)
        pools = [rows[codes == code] for code in range(len(self.counts_))]
        self.margins_ = [self._margins(pool) for pool in pools]
        raw = [
            correlation(self._scored(pool, margins), margins)
            for pool, margins in zip(pools, self.margins_, strict=True)
        ]
        weights = np.maximum(self.counts_ - 1, 0.0)
        unit = np.eye(len(raw[0]))
        common = sum(w * r for w, r in zip(weights, raw, strict=True)) / weights.sum() if weights.sum() else unit
        common = shrunk(common, unit, int(weights.sum()) + 1)[0]
        made = [shrunk(r, common, int(n)) for r, n in zip(raw, self.counts_, strict=True)]
        self.correlations_ = [proper(r) for r, _ in made]
        labels = self.labels_.classes.tolist() or [None]
        self.shrinkage_ = dict(zip(labels, (share for _, share in made), strict=True))
        self.ties_ = [Ties([], {}, {}) for _ in pools]
        if self.links < 1:
            self.ties_ = [self._tied(code, pool, key) for code, pool in enumerate(pools)]

    def _tied(self, code: int, pool: Floats, key: int) -> Ties:
        """Return the ties between columns whose association is lost in rows made without any."""
        blocks = self.encoder_.layout_.blocks
        if len(pool) <= FEW or len(blocks) < 2:
            return Ties([], {}, {})
        most = int(np.clip(len(pool) // ROWS_A_BIN, 2, BINS))
        bins = [Bins.of(pool[:, block.start], block.levels, most) for block in blocks]
        made = self._made(
            code, np.arange(int(np.clip(len(pool), LEAST, ROWS))), int(as_generator(key, "ties").integers(2**62)), {}
        )
        real, fake = (np.stack([each(rows[:, j]) for j, each in enumerate(bins)], axis=1) for rows in (pool, made))
        found = lost(real, fake, np.array([each.count for each in bins]))
        more = [*self.orders_] if len(blocks) <= NARROW else []
        return Ties.of(pool, bins, self.margins_[code], linked(found, len(blocks), self.links), more)

    def _margins(self, pool: Floats) -> list[Margin]:
        """Return the steps of each column of a class, then those of whether its cells are missing."""
        repeats, blocks = repeats_of(pool), self.encoder_.layout_.blocks
        cells = [Margin.of(pool[:, b.start], self.orders_.get(b.start), repeats) for b in blocks]
        holes = [Margin.of(np.isnan(pool[:, place]).astype(float), np.arange(2.0)) for place in self.holed_]
        return [*cells, *holes]

    def _scored(self, pool: Floats, margins: list[Margin]) -> Floats:
        """Return rows as normal scores, NaN where a cell is missing. Shape: (n, width) to (n, all columns)."""
        columns = [*pool.T, *(np.isnan(pool[:, place]).astype(float) for place in self.holed_)]
        scored = np.full((len(pool), len(columns)), np.nan)
        for place, (cells, margin) in enumerate(zip(columns, margins, strict=True)):
            if len(margin.values):
                scored[:, place] = np.where(np.isnan(cells), np.nan, margin.scores()[margin.places(cells)])
        return scored

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        made = np.empty((len(codes), len(self.encoder_.layout_.blocks)))
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            made[spots] = self._made(int(code), spots, key, given)
        return Draw(made)

    def _made(self, code: int, spots: Codes, key: int, given: Mapping[int, float]) -> Floats:
        """Return rows of one class. Shape: spots (m,) their places among all rows asked; returns (m, width)."""
        margins, R = self.margins_[code], self.correlations_[code]
        held = self._held(code, given)
        noise = (
            np.stack([normals(key, spots, f"z {code} {place}") for place in range(len(R))], axis=1)
            if len(R)
            else np.empty((len(spots), 0))
        )
        z = conditioned(R, held, noise, key, spots, code) if held else times(noise, root(R).T)
        made = np.empty((len(spots), self.encoder_.layout_.width))
        ties = self.ties_[code]
        made[:, [*given]] = [*given.values()]
        for place, linked_to in walk(ties.links, made.shape[1], given):
            if place in given:
                continue
            other = linked_to
            if other < 0 and len(given) == 1 and (*given, place) in ties.both:
                other = next(iter(given))
            made[:, place] = self._column(place, other, z, made, margins, R, ties)
            if self.lone_[code] and place not in self.orders_:
                moves = JITTER * np.nan_to_num(self.spread_[place]) * normals(key, spots, f"jitter {place}")
                made[:, place] = nudged(made[:, place], moves, *ends_of(self.encoder_.coded_[place]))
        for hole, place in enumerate(self.holed_.tolist(), start=self.encoder_.layout_.width):
            if place not in given:
                made[margins[hole].quantile(ndtr(z[:, hole])) == 1, place] = np.nan
        return made

    @staticmethod
    def _column(
        place: int, other: int, z: Floats, made: Floats, margins: list[Margin], R: Floats, ties: Ties
    ) -> Floats:
        """Return one column from its normals, given the column it is tied to (-1 for none). Shape: (m,)."""
        margin = margins[place]
        if not len(margin.values):
            return np.full(len(made), np.nan)
        if other < 0:
            return margin.quantile(ndtr(z[:, place]))
        u = residual(z[:, place], z[:, other], float(R[place, other]))
        return ties.both[other, place].draw(ties.bins[other](made[:, other]), u, margin)

    def _held(self, code: int, given: Mapping[int, float]) -> dict[int, tuple[float, float]]:
        """Return between which normal scores conditions hold which latent column. Raises: DataError."""
        held, margins = {}, self.margins_[code]
        for place, value in given.items():
            margin, category = margins[place], place in self.orders_
            hole = np.flatnonzero(self.holed_ == place)
            missing = float(np.isnan(value))
            if len(hole):
                where = self.encoder_.layout_.width + int(hole[0])
                if missing not in margins[where].values:
                    raise absent(self, code, {place: value})
                held[where] = margins[where].interval(missing, category=True)
            elif missing:
                raise absent(self, code, {place: value})
            if missing:
                continue
            inside = (
                value in margin.values
                if category
                else bool(len(margin.values)) and margin.values[0] <= value <= margin.values[-1]
            )
            if not inside:
                raise absent(self, code, {place: value})
            held[place] = margin.interval(value, category)
        apart = self.ties_[code].never(given, margins, self.orders_)
        if apart:
            raise absent(self, code, apart)
        return held

    def _class_weights(self, given: Mapping[int, float]) -> Floats:
        weights = self.counts_.astype(np.float64)
        for code, margins in enumerate(self.margins_):
            for place, value in given.items():
                if np.isnan(value):
                    hole = np.flatnonzero(self.holed_ == place)
                    where = self.encoder_.layout_.width + int(hole[0]) if len(hole) else -1
                    weights[code] *= margins[where].share(1.0, category=True) if len(hole) else 0.0
                else:
                    weights[code] *= margins[place].share(
                        value, place in self.orders_, NEAR * float(self.spread_[place])
                    )
            if self.ties_[code].never(given, margins, self.orders_):
                weights[code] = 0.0
        return weights

    # Files -------------------------------------------------------------------------------------------------------

    def _state(self) -> saved.Packed:
        arrays = {"counts": self.counts_, "holed": self.holed_, "spread": self.spread_, "lone": self.lone_}
        arrays |= {f"order.{place}": levels for place, levels in self.orders_.items()}
        for code, (margins, R) in enumerate(zip(self.margins_, self.correlations_, strict=True)):
            arrays[f"{code}.R"] = R
            arrays[f"{code}.sizes"] = np.array([len(each.values) for each in margins])
            for pair, tie in self.ties_[code].both.items():
                arrays[f"{code}.tie.{pair[0]}.{pair[1]}"] = tie.table
            for place, bins in self.ties_[code].bins.items():
                arrays[f"{code}.edges.{place}"] = bins.edges
                arrays[f"{code}.codes.{place}"] = np.zeros(0, np.intp) if bins.table is None else bins.table
            for name in ("values", "ends", "left", "right"):
                arrays[f"{code}.{name}"] = np.concatenate([np.zeros(0), *(getattr(each, name) for each in margins)])
        ties = [[[*pair] for pair in ties.both] for ties in self.ties_]
        counts = [[[place, bins.count] for place, bins in ties.bins.items()] for ties in self.ties_]
        return {
            "shrinkage": [*self.shrinkage_.values()], "orders": [*self.orders_], "ties": ties,
            "links": [ties.links for ties in self.ties_], "codes": counts
        }, arrays  # fmt: skip

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.counts_, self.holed_, self.spread_, self.lone_ = (
            arrays[name] for name in ("counts", "holed", "spread", "lone")
        )
        self.orders_ = {int(place): arrays[f"order.{place}"] for place in meta["orders"]}
        self.shrinkage_ = dict(zip(self.labels_.classes.tolist() or [None], meta["shrinkage"], strict=True))
        self.correlations_, self.margins_, self.ties_ = [], [], []
        for code in range(len(self.counts_)):
            self.correlations_.append(arrays[f"{code}.R"])
            ends = np.cumsum(arrays[f"{code}.sizes"])[:-1]
            parts = [np.split(arrays[f"{code}.{name}"], ends) for name in ("values", "ends", "left", "right")]
            self.margins_.append(
                [Margin(*each) for each in zip(*parts, strict=True)] if len(arrays[f"{code}.sizes"]) else []
            )
            both = {(int(i), int(j)): Tie(arrays[f"{code}.tie.{i}.{j}"]) for i, j in meta["ties"][code]}
            bins = {}
            for place, count in meta["codes"][code]:
                table = arrays[f"{code}.codes.{place}"]
                bins[int(place)] = Bins(arrays[f"{code}.edges.{place}"], table if len(table) else None, int(count))
            links = [(int(i), int(j)) for i, j in meta["links"][code]]
            self._check_restored(code)
            self.ties_.append(Ties(links, bins, both))

    def _check_restored(self, code: int) -> None:
        """Raise FormatError where what was read cannot be what `_state` gave."""
        R, margins, width = self.correlations_[code], self.margins_[code], self.encoder_.layout_.width
        whole = width + len(self.holed_)
        good = R.shape == (whole, whole) and len(margins) == whole and bool(np.isfinite(R).all())
        good = good and (not whole or bool(np.linalg.eigvalsh(R)[0] > -1e-6))
        for each in margins:
            steps = np.diff(each.ends, prepend=0.0)
            good = good and bool(np.isfinite([*each.values, *each.left, *each.right]).all() and (steps > 0).all())
            good = good and (not len(steps) or abs(each.ends[-1] - 1) < 1e-6)
        if not good or not len(self.counts_) == len(self.labels_) == len(self.lone_):
            raise FormatError("the parts of a GaussianCopula do not belong together, or are damaged")
