"""Adversarial random forest: a forest that tells real rows from rows whose columns are independent, and its leaves.

Reference: Watson, Blesch, Kapar, Wright 2023, "Adversarial random forests for density estimation and generative
modeling", AISTATS. The forest learns to tell real rows x from rows x' with the same marginals and independent columns
(algorithm 1). Where it no longer can, in its leaves, columns are nearly independent:

    p(x) = 1/T sum_t pi(leaf_t(x)) prod_j p(x_j | leaf_t(x))                     (FORDE, sec. 3.2)

and a new row is a leaf drawn by its share pi of the rows, then each column drawn inside it (FORGE, sec. 3.3).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import astuple, fields, replace
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..data import saved
from ..errors import ConfigError, FewRowsWarning, FormatError
from ..random import as_generator
from .base import Codes, Draw, Generator, Supports
from .density import LeafDensity
from .given import JITTER, class_weights, ends_of, matching, normals, nudged, refuse_absent, refuse_beyond, warn_alike
from .grove import SINGLE, Grove, Growth
from .leaves import Leaves

Floats = npt.NDArray[np.float64]


class ARF(Generator):
    """Rows from the leaves of an adversarial random forest, one forest a class.

    A row starts from a real row of the class (each is used evenly) and its leaf in a random tree. Columns are drawn
    from the rows of that leaf, independently but for `links`. Numbers that only one row holds are moved a little; on a
    coarse grid, such as one decimal, rounding may put them back. Missing values are a value like any other.

    DIFFERS from Watson et al.: inside a leaf columns take values of the leaf's rows (moved, as said) and not draws
    from a fitted normal; columns whose association the leaves lose stay linked (see `links`); the number of rounds is
    fixed, since further rounds gave nothing on the tables tried.

    Few rows: with 1, copies of it whose numbers are moved by a tenth of the spread of all rows; with 2 to 9, rows
    between two of them, as SMOTE makes them.

    Arguments:
        trees: number of trees, at least 1.
        min_samples_leaf: rows, real and shuffled together, that each leaf holds at the least. Larger leaves
            keep further from real rows and keep less of what columns have to do with one another. None takes
            a hundred-and-fiftieth of the rows of the class, at least 5 and at most 50.
        links: association of two columns, in [0, 1], from which on they stay linked where the leaves lose it
            (total variation of their joint distribution); 1 links none, as published. With
            `min_samples_leaf=100, links=0.2` made rows of Adult lay hardly nearer to training rows than to others.
        rounds: adversarial rounds, at least 1; from the second on the forest sees rows made by the one before.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads that grow the forest, as in scikit-learn. The rows do not depend on it.
        random_state: int for results that repeat, or None.

    The forest of a class is grown when the class is first asked for. With `conditions` a forest is grown over the rows
    of the class that meet them (of a number that few rows hold: those that come nearest), at each call.

    After `fit`: `min_samples_leaf_` by class label.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 1))
        >>> X, y = np.hstack([x, x + 1]), np.repeat(["a", "b"], [180, 20])
        >>> made = ARF(random_state=0).fit(X, y).sample(100, y="a")
        >>> made.shape, bool(np.corrcoef(made.T)[0, 1] > 0.9)
        ((100, 2), True)
    """

    supports: ClassVar[Supports] = Supports(
        categories=True, missing=True, conditions=True, prefix=True, parents=False
    )  # fmt: skip
    holds_rows = True

    def __init__(self, trees: int = 30, *, min_samples_leaf: int | None = None, links: float = 0.05, rounds: int = 1,
                 schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.trees, self.min_samples_leaf, self.links, self.rounds = trees, min_samples_leaf, links, rounds
        self.schema, self.n_jobs, self.random_state = schema, n_jobs, random_state

    def _check_params(self) -> None:
        for name in ("trees", "rounds", "min_samples_leaf"):
            value = getattr(self, name)
            if name == "min_samples_leaf" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ConfigError(f"{name} must be a whole number, at least 1, got {value!r}")
        if self.n_jobs is not None and (not isinstance(self.n_jobs, Integral) or self.n_jobs == 0):
            raise ConfigError(f"n_jobs must be a whole number but 0, or None, got {self.n_jobs!r}")
        if isinstance(self.links, bool) or not isinstance(self.links, Real) or not 0 <= self.links <= 1:
            raise ConfigError(f"links must be a number in [0, 1], got {self.links!r}")

    def _ladder(self, count: int) -> str | None:
        if count == 1:
            return "copies whose numbers are moved by a tenth of the spread of all rows"
        return "rows between two of them" if count <= SINGLE else None

    # Learning ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        self.rows_, self.codes_, self.key_ = rows, codes, key
        refuse_beyond(rows, self.encoder_)
        warn_alike(self, rows, codes)
        self.growth_ = Growth(self.trees, self.min_samples_leaf, float(self.links), self.rounds, self.n_jobs)
        self.groves_: dict[int, Grove] = {}
        self.densities_: dict[int, LeafDensity] = {}
        self._say_leaves()

    def _say_leaves(self) -> None:
        labels, counts = self.labels_.classes.tolist() or [None], self.labels_.counts.tolist()
        self.min_samples_leaf_ = {label: self._growth.leaf_of(n) for label, n in zip(labels, counts, strict=True)}

    def _grove(self, code: int) -> Grove:
        """Return the forest of a class, grown when it is first asked for: who balances asks for the rare ones alone."""
        if code not in self.groves_:
            pool = self.rows_[self.codes_ == code]
            self.groves_[code] = Grove.grow(pool, self._blocks, self._growth, as_generator(self.key_, "forest", code))
        return self.groves_[code]

    @property
    def _blocks(self) -> Any:
        return self.encoder_.layout_.blocks

    @property
    def _growth(self) -> Growth:
        """How forests are grown: as the parameters said at `fit`, but for threads."""
        return replace(self.growth_, n_jobs=self.n_jobs)

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        return self._sample_given(codes, key, {})

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        made = np.empty((len(codes), self.rows_.shape[1]))
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            grove = self._meeting(int(code), given) if given else self._grove(code)
            rows = grove.draw(spots, key, int(code))
            made[spots] = self._jittered(rows, spots, key) if grove.lone else rows
        made[:, [*given]] = [*given.values()]
        return Draw(made)

    def _class_weights(self, given: Mapping[int, float]) -> npt.NDArray[Any]:
        return class_weights(self.rows_, self.codes_, given, self.encoder_.layout_.categories)

    def _meeting(self, code: int, given: Mapping[int, float]) -> Grove:
        """Return a forest over the rows of a class that meet conditions. Raises: DataError where none does."""
        label = None if self.labels_.absent else self.labels_.classes.tolist()[code]
        refuse_absent(self.rows_, self.codes_, code, label, given, self.encoder_)
        pool = self.rows_[self.codes_ == code]
        pool = pool[matching(pool, given, self.encoder_.layout_.categories)]
        if len(pool) <= SINGLE:
            whose = "" if label is None else f" of class {label!r}"
            text = f"{type(self).__name__}: {len(pool)} rows{whose} meet the conditions"
            warnings.warn(f"{text}: {self._ladder(len(pool))}", FewRowsWarning, stacklevel=5)
        return Grove.grow(pool, self._blocks, self._growth, as_generator(self.key_, "meeting", code))

    def _jittered(self, made: Floats, spots: Codes, key: int) -> Floats:
        """Return copies of a lone row with their numbers moved by a tenth of the spread of all rows."""
        for block in self._blocks:
            values = self.rows_[:, block.start]
            if block.kind == "category" or np.isnan(values).all():
                continue
            noise = JITTER * np.nanstd(values) * normals(key, spots, f"jitter {block.start}")
            made[:, block.start] = nudged(made[:, block.start], noise, *ends_of(self.encoder_.coded_[block.start]))
        return made

    # Density -----------------------------------------------------------------------------------------------------

    def log_density(self, X: Any, y: Any = None) -> Floats:
        """Return the logarithm of the density of rows within their class, higher where the class is at home.

        With respect to counts for categories, missing cells and values that many rows share, and to length for other
        numbers, which are taken as uniform inside their bin. Densities compare rows of one table and one fit alone.

        Arguments:
            X: (n, ...) rows with the columns of training.
            y: (n,) their classes, or one class for all; None where the generator was fitted without labels.

        Raises: UnknownCategory for a class that was not in training; DataError where columns are missing.
        """
        self._check_fitted()
        rows = self.encoder_.encode(X)
        codes = self._classes_of(y, len(rows))
        found = np.empty(len(rows))
        for code in np.unique(codes):
            spots = np.flatnonzero(codes == code)
            if code not in self.densities_:
                self.densities_[code] = LeafDensity(self._grove(int(code)))
            found[spots] = self.densities_[code](rows[spots])
        return found

    def _classes_of(self, y: Any, n: int) -> Codes:
        if y is None:
            if not self.labels_.absent and len(self.labels_) > 1:
                raise ConfigError("say the class of the rows: log_density(X, y)")
            return np.zeros(n, dtype=np.intp)
        if isinstance(y, str | tuple) or np.ndim(y) == 0:
            return np.full(n, self.labels_.code(y), dtype=np.intp)
        codes = self.labels_.codes(y)
        if len(codes) != n:
            raise ConfigError(f"{n} rows but {len(codes)} labels")
        return codes

    # Files -------------------------------------------------------------------------------------------------------

    def _state(self) -> saved.Packed:
        meta, arrays = saved.pack_rows(self.rows_)
        arrays = {**arrays, "codes": self.codes_}
        groves = [self._grove(code) for code in range(len(self.labels_))]
        for code, grove in enumerate(groves):
            arrays |= {f"{code}.{name}": array for name, array in grove.leaves.pack().items()}
        growth = list(astuple(self.growth_)[:-1])  # but for threads
        return {"rows": meta, "key": self.key_, "growth": growth, "links": [grove.links for grove in groves]}, arrays

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        self.codes_, self.key_ = arrays["codes"], int(meta["key"])
        self.rows_ = saved.unpack_rows(meta["rows"], arrays)
        names = [each.name for each in fields(Leaves)]
        said: Any = meta.get("growth", [self.trees, self.min_samples_leaf, float(self.links), self.rounds])
        if len(said) != 4:
            raise FormatError(f"a forest is grown by four parameters, and the file says {said}")
        trees, leaf, least, rounds = said
        self.growth_ = Growth(trees, leaf, least, rounds, self.n_jobs)
        self.groves_, self.densities_ = {}, {}
        for code, links in enumerate(meta["links"]):
            leaves = Leaves(*(arrays[f"{code}.{name}"] for name in names))
            pool = self.rows_[self.codes_ == code]
            leaves.check(*pool.shape)
            if not all(0 <= end < pool.shape[1] for link in links for end in link) or self.key_ < 0:
                raise FormatError("the links of a forest name columns that are not there, or its key is none")
            self.groves_[code] = Grove(pool, self._blocks, leaves, [(int(i), int(j)) for i, j in links])
        self._say_leaves()
