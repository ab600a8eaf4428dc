"""Gaussian mixtures, one a class, over the points that networks gave to rows.

Row i has the point N(m_i, diag(s_i^2)), and the rows of a class together the mean of these normals. It is put into few:

    q(z | class) = sum_k w_k N(z; M_k, S_k),   M_k = mean m_i,   S_k = mean (m_i - M_k)(m_i - M_k)' + diag(s_i^2)

over the n_k rows i of part k, w_k being their share. The parts are found by k-means on the m_i: many small parts so
found follow the points better than a few fitted by expectation and maximisation do, in a hundredth of the time. S_k is
shrunk towards S, the mean of the S_k of the class, d being the width of z:

    S_k <- (n_k S_k + d S) / (n_k + d)

A class of a single part has it shrunk likewise towards the covariance of all points around the means of their classes,
and its mean by one row towards that of all points. So a class of few rows is spread as the others are.

Reference: Ghosh et al. 2020, "From variational to deterministic autoencoders", arXiv:1903.12436, sec. 4 (a density
fitted to the points once the networks are trained).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isqrt
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning

from ..errors import FormatError, ignoring
from ..random import as_generator, cell_normals, spawn, uniforms
from .base import Codes

Floats = npt.NDArray[np.float64]
ROWS_A_PART = 16  # on average, at least
JITTER = 1e-6  # added to variances
MOST_ROWS = 20_000  # of a class that its mixture is fitted to


def parts_for(rows: int) -> int:
    """Return how many parts a class of so many rows has: the root of them, each of at least ROWS_A_PART on average.

    >>> parts_for(31), parts_for(100), parts_for(25_000)
    (1, 6, 158)
    """
    return max(min(rows // ROWS_A_PART, isqrt(rows)), 1)


@dataclass(frozen=True)
class Mixtures:
    """The parts of all classes' mixtures, one class after another.

    Shape: starts (classes + 1,) where each class's parts begin, and their end; shares (K,) of the rows of the class,
    cumulative; means (K, d); roots (K, d, d), lower triangles L with L L' = S.
    """

    starts: npt.NDArray[np.int64]
    shares: Floats
    means: Floats
    roots: Floats

    @classmethod
    def fit(cls, m: Floats, s: Floats, codes: Codes, *, components: int, key: int) -> Self:
        """Learn from the points of rows.

        Shape: m, s (n, d) with n > 0; codes (n,) their classes, from 0 on, each at least once.
        """
        width, counts, found = m.shape[1], np.bincount(codes), []
        overall, common = m.mean(axis=0), np.average(_moments(m, s, codes)[1], axis=0, weights=counts)
        for code, rows in enumerate(counts.tolist()):
            mine = codes == code
            count = min(parts_for(rows), components)
            part = _parts(m[mine], count, as_generator(key, "mixture", code))
            sizes, (means, covs) = np.bincount(part), _moments(m[mine], s[mine], part)
            target = np.average(covs, axis=0, weights=sizes)
            if len(sizes) == 1:
                means, target = (rows * means + overall) / (rows + 1), common
            covs = (sizes[:, None, None] * covs + width * target) / (sizes + width)[:, None, None]
            found.append((sizes.cumsum() / rows, means, covs))
        shares, means, covs = (np.concatenate(each) for each in zip(*found, strict=True))
        starts = np.cumsum([0, *(len(each[0]) for each in found)]).astype(np.int64)
        return cls(starts, shares, means, np.linalg.cholesky(covs + JITTER * np.eye(width)).astype(np.float64))

    def draw(self, codes: Codes, rows: Codes, key: int) -> Floats:
        """Return a point for each code, the same for a row whichever others there are. Shape: (n,), (n,) to (n, d)."""
        u, part = uniforms(key, rows, "part"), self.starts[codes]
        for code in np.unique(codes):
            mine = codes == code
            first, end = self.starts[code : code + 2]
            part[mine] += np.minimum(np.searchsorted(self.shares[first:end], u[mine], side="right"), end - first - 1)
        e = cell_normals(key, rows, "z", self.means.shape[1])
        return np.asarray(self.means[part] + np.einsum("nij,nj->ni", self.roots[part], e))

    def pack(self) -> dict[str, npt.NDArray[Any]]:
        """Return the mixtures as arrays."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def unpack(cls, arrays: dict[str, npt.NDArray[Any]], classes: int, width: int) -> Self:
        """Return what `pack` gave. Raises: KeyError where an array is lacking; FormatError where one cannot be."""
        made = cls(**{field.name: arrays[field.name] for field in fields(cls)})
        count = len(made.shares)
        shapes = [(classes + 1,), (count,), (count, width), (count, width, width)]
        whole = [getattr(made, field.name).shape for field in fields(cls)] == shapes and made.starts.dtype.kind == "i"
        if not whole or made.starts[0] != 0 or made.starts[-1] != count or (np.diff(made.starts) < 1).any():
            raise FormatError("the mixtures are not those of the classes and the networks")
        if not all(np.isfinite(array).all() for array in (made.shares, made.means, made.roots)):
            raise FormatError("the mixtures hold numbers that are not finite")
        return made


def _parts(m: Floats, count: int, rng: np.random.Generator) -> Codes:
    """Return the part of each point, none of the parts empty. Shape: (n, d) to (n,)."""
    if count == 1:
        return np.zeros(len(m), dtype=np.intp)
    from sklearn.cluster import KMeans

    made = KMeans(count, init="random", n_init=1, max_iter=15, random_state=spawn(rng))
    with ignoring(ConvergenceWarning):  # of points that coincide
        part = made.fit_predict(m)
    return np.unique(part, return_inverse=True)[1].astype(np.intp)


def _moments(m: Floats, s: Floats, part: Codes) -> tuple[Floats, Floats]:
    """Return the mean and the covariance of each part. Shape: (n, d), (n, d), (n,) to (k, d), (k, d, d)."""
    sizes, order = np.bincount(part), np.argsort(part, kind="stable")
    ends = np.cumsum(sizes)
    means = np.add.reduceat(m[order], ends - sizes) / sizes[:, None]
    apart, noise = (m - means[part])[order], np.add.reduceat(s[order] ** 2, ends - sizes)
    sums = np.stack([rows.T @ rows for rows in np.split(apart, ends[:-1])])
    return means, (sums + noise[:, :, None] * np.eye(m.shape[1])) / sizes[:, None, None]
