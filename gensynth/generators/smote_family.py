"""SMOTE's relatives, which choose their rows by what lies around them.

`BorderlineSMOTE` is gensynth's own; the others are imbalanced-learn's samplers, asked as `wrapped` does: they choose
two rows and a weight, gensynth makes the row.

References:
    Han et al. 2005, "Borderline-SMOTE", ICIC, sec. 3      He et al. 2008, "ADASYN"
    Nguyen et al. 2011, "Borderline over-sampling" (SVM)   Douzas et al. 2018, "k-means and SMOTE", arXiv:1711.00837
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from imblearn import over_sampling
from scipy import sparse

from ..errors import ConfigError
from ..random import uniforms
from .mixing import Mixes, even, pick
from .neighbors import Circle, Places
from .smote import SMOTE
from .wrapped import Wrapped


class BorderlineSMOTE(SMOTE):
    """SMOTE from the rows of the class that are in danger: half or more of their neighbours, not all, are of others.

    These rows serve evenly. In "borderline-2" every other made row lies towards a nearest row of another class, nearer
    to the row of its own: with a weight in [0, 0.5).

    DIFFERS from imbalanced-learn: exactly half of the rows of "borderline-2" are mixed with other classes, as each row
    in danger is by Han et al., and the count asked is kept.

    Few rows: the ladder is SMOTE's. Where no row is in danger SMOTE serves, with a FallbackWarning.

    Arguments:
        k_neighbors: neighbours to choose the second row from, at least 1.
        m_neighbors: neighbours, of any class, that decide whether a row is in danger, at least 1.
        kind: "borderline-1" mixes with rows of the class; "borderline-2" as published also with others.
        neighbors: what finds neighbours, as in `SMOTE`.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads of the neighbour search, as in scikit-learn.
        random_state: int for results that repeat, or None.

    Raises: ConfigError where a parameter is out of range.
    """

    def __init__(self, k_neighbors: int = 5, *, m_neighbors: int = 10,
                 kind: Literal["borderline-1", "borderline-2"] = "borderline-1", neighbors: Any = None,
                 schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        super().__init__(k_neighbors, neighbors=neighbors, schema=schema, n_jobs=n_jobs, random_state=random_state)
        self.m_neighbors, self.kind = m_neighbors, kind

    def _check_params(self) -> None:
        super()._check_params()
        if self.kind not in ("borderline-1", "borderline-2"):
            raise ConfigError(f"kind must be 'borderline-1' or 'borderline-2', got {self.kind!r}")

    def _mixes(self, code: int, circle: Circle, spots: Places, key: int) -> Mixes:
        danger = self._danger(code, circle.pool)
        if not len(danger):
            why = "no row is in danger" if len(circle.pool) < len(self.codes_) else "there is no other class"
            self._fell_back(code, 0, len(spots), why)
            return super()._mixes(code, circle, spots, key)
        first = even(danger, len(spots), key, f"order {code}")
        second = pick(circle.of(first), spots, key, "neighbor")
        weight = uniforms(key, spots, "weight")
        if self.kind == "borderline-2":
            foreign = np.arange(len(spots)) % 2 == 1
            near = self.space_.nearest(danger, np.flatnonzero(self.codes_ != code), self.k_neighbors)
            place = np.searchsorted(danger, first[foreign])
            second[foreign] = pick(near[place], spots[foreign], key, "foreign neighbor")
            weight[foreign] /= 2
        return Mixes(first, second, weight)

    def _danger(self, code: int, pool: Places) -> Places:
        """Return the rows of a class of whose neighbours half or more, but not all, are of other classes."""
        near = self.space_.nearest(pool, np.arange(len(self.codes_)), self.m_neighbors)
        others = (self.codes_[near] != code).mean(axis=1)
        danger: Places = pool[(others >= 0.5) & (others < 1)]
        return danger


class SVMSMOTE(Wrapped):
    """SMOTE from the support vectors of the class: towards neighbours in a crowd, away from them at the border.

    Where there is no such vector SMOTE serves, with a FallbackWarning. The ladder is SMOTE's. Support vectors are
    found on rows whose missing numbers are filled by the column's median.

    Arguments:
        m_neighbors: neighbours that decide whether a vector is at the border, at least 1.
        out_step: how far rows may lie beyond the border vector, in parts of the distance to its neighbour, above 0.
    """

    needs_space = True

    def __init__(self, k_neighbors: int = 5, *, m_neighbors: int = 10, out_step: float = 0.5,
                 schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.k_neighbors, self.schema, self.n_jobs, self.random_state = k_neighbors, schema, n_jobs, random_state
        self.m_neighbors, self.out_step = m_neighbors, out_step

    def _check_params(self) -> None:
        super()._check_params()
        if not isinstance(self.out_step, int | float) or not self.out_step > 0:
            raise ConfigError(f"out_step must be a number above 0, got {self.out_step!r}")

    def _sampler(self, k: int, find: Any, seed: int) -> Any:
        from sklearn.svm import SVC

        space = self.filled_
        var = float(space.toarray().var() if sparse.issparse(space) else space.var())
        gamma = 1 / (space.shape[1] * var) if var > 0 else 1.0  # "scale" of the columns that are not tags
        return over_sampling.SVMSMOTE(
            k_neighbors=find(k), m_neighbors=find(self.m_neighbors), out_step=self.out_step,
            svm_estimator=SVC(gamma=gamma, random_state=seed), random_state=seed,
        )  # fmt: skip


class KMeansSMOTE(Wrapped):
    """SMOTE inside the clusters where the class is at home, more where it is thin.

    Where no cluster qualifies SMOTE serves, with a FallbackWarning. The ladder is SMOTE's. Clusters are found on
    rows whose missing numbers are filled by the column's median.

    Arguments:
        clusters: number of clusters, at least 1, or None for scikit-learn's default of mini-batch k-means.
        cluster_balance_threshold: share of the class, in [0, 1], from which on a cluster counts, or "auto".
        density_exponent: exponent of the clusters' density, or "auto".
    """

    needs_space = True

    def __init__(self, k_neighbors: int = 2, *, clusters: int | None = None,
                 cluster_balance_threshold: float | Literal["auto"] = "auto",
                 density_exponent: float | Literal["auto"] = "auto", schema: Mapping[Any, str] | None = None,
                 n_jobs: int | None = None, random_state: int | None = None) -> None:  # fmt: skip
        self.k_neighbors, self.schema, self.n_jobs, self.random_state = k_neighbors, schema, n_jobs, random_state
        self.clusters, self.cluster_balance_threshold = clusters, cluster_balance_threshold
        self.density_exponent = density_exponent

    def _check_params(self) -> None:
        super()._check_params()
        if self.clusters is not None and (not isinstance(self.clusters, int) or self.clusters < 1):
            raise ConfigError(f"clusters must be a whole number, at least 1, or None, got {self.clusters!r}")
        for name in ("cluster_balance_threshold", "density_exponent"):
            value = getattr(self, name)
            if value != "auto" and (not isinstance(value, int | float) or value < 0):
                raise ConfigError(f"{name} must be a number, at least 0, or 'auto', got {value!r}")

    def _sampler(self, k: int, find: Any, seed: int) -> Any:
        return over_sampling.KMeansSMOTE(
            k_neighbors=find(k), kmeans_estimator=self.clusters, random_state=seed,
            density_exponent=self.density_exponent, cluster_balance_threshold=self.cluster_balance_threshold,
        )  # fmt: skip


class ADASYN(Wrapped):
    """SMOTE with more rows where the class is harder to tell from the others.

    Where no neighbour is of another class SMOTE serves, with a FallbackWarning. The ladder is SMOTE's.

    Arguments:
        n_neighbors: neighbours, both to judge how hard a row is and to mix with, at least 1.
    """

    def __init__(self, n_neighbors: int = 5, *, schema: Mapping[Any, str] | None = None, n_jobs: int | None = None,
                 random_state: int | None = None) -> None:  # fmt: skip
        self.n_neighbors, self.schema, self.n_jobs, self.random_state = n_neighbors, schema, n_jobs, random_state

    @property
    def _k(self) -> int:
        return self.n_neighbors

    def _sampler(self, k: int, find: Any, seed: int) -> Any:
        return over_sampling.ADASYN(n_neighbors=find(k), random_state=seed)
