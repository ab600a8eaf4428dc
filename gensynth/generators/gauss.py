"""Correlated normals: estimating their correlation from scores, shrinking it, and drawing under conditions.

References: Schaefer and Strimmer 2005, "A shrinkage approach to large-scale covariance matrix estimation", Stat. Appl.
Genet. Mol. Biol. 4 (1), 32; Geweke 1991 for Gibbs sweeps over truncated normals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from ..random import uniforms
from .margins import EDGE, HERMITE, Margin, latent

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
HEIGHT = 256  # rows that are multiplied together
SWEEPS = 12  # of the Gibbs sampler, where several columns are held at values


def correlation(scored: Floats, margins: list[Margin]) -> Floats:
    """Return the correlation of the latent normals of one class, over the rows that have both cells."""
    held = (~np.isnan(scored)).astype(np.float64)
    filled = np.nan_to_num(scored)
    both = held.T @ held
    cov = (filled.T @ filled) / np.maximum(both, 1)
    flat = np.array([len(each.values) < 2 for each in margins], dtype=bool)
    cov[(both < 2) | flat[:, None] | flat[None, :]] = 0.0
    hermite = (
        np.stack([np.zeros(HERMITE) if f else each.hermite() for each, f in zip(margins, flat, strict=True)])
        if len(margins)
        else np.zeros((0, HERMITE))
    )
    hermite[flat, 0] = 1.0
    return latent(cov, hermite)


def shrunk(r: Floats, target: Floats, n: int) -> tuple[Floats, float]:
    """Return a correlation shrunk towards a target, and by how much, in [0, 1]."""
    if n < 3:
        return target, 1.0
    upper = np.triu_indices(len(r), 1)
    noise = float((((1 - target[upper] ** 2) ** 2) / (n - 1)).sum())
    apart = float(((r[upper] - target[upper]) ** 2).sum())
    share = 1.0 if apart <= 0 else min(noise / apart, 1.0)
    return (1 - share) * r + share * target, share


def proper(r: Floats) -> Floats:
    """Return the correlation matrix with no negative eigenvalues that comes of clipping them."""
    if not len(r):
        return r
    values, vectors = np.linalg.eigh(r)
    if values[0] >= 1e-6:
        return r
    made = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(made))
    unit: Floats = made / (scale[:, None] * scale[None, :])
    both: Floats = (unit + unit.T) / 2
    return both


def root(R: Floats) -> Floats:
    """Return L with L L' = R."""
    if not len(R):
        return R
    return np.asarray(np.linalg.cholesky(R + 1e-9 * np.eye(len(R))), dtype=np.float64)


def times(rows: Floats, M: Floats) -> Floats:
    """Return rows @ M, each row the same to the last bit however many others there are.

    The order of the sums that a product is made of hangs on its size, so that all are made of equally many rows.

    Shape: rows (n, p), M (p, q); returns (n, q).
    """
    count = -(-len(rows) // HEIGHT)
    blocks = np.zeros((count * HEIGHT, rows.shape[1]))
    blocks[: len(rows)] = rows
    made: Floats = blocks.reshape(count, HEIGHT, rows.shape[1]) @ M
    return made.reshape(count * HEIGHT, M.shape[1])[: len(rows)]


def conditioned(
    R: Floats, held: dict[int, tuple[float, float]], noise: Floats, key: int, spots: Places, code: int
) -> Floats:
    """Return normals of which some lie between two scores: those first, by Gibbs sweeps, the others given them."""
    some = np.array([*held], dtype=np.intp)
    rest = np.setdiff1d(np.arange(len(R)), some)
    low, high = (np.array([ends[side] for ends in held.values()]) for side in (0, 1))
    z = np.empty(noise.shape)
    now = np.tile((low + high) / 2, (len(noise), 1))
    own = R[np.ix_(some, some)]
    for sweep in range(SWEEPS if len(some) > 1 else 1):
        for i in range(len(some)):
            others = np.delete(np.arange(len(some)), i)
            given = np.asarray(np.linalg.solve(own[np.ix_(others, others)], own[others, i]), dtype=np.float64)
            mean, sd = times(now[:, others], given[:, None])[:, 0], np.sqrt(max(1 - own[i, others] @ given, 1e-9))
            u = uniforms(key, spots, f"held {code} {some[i]} {sweep}")
            a, b = ndtr((low[i] - mean) / sd), ndtr((high[i] - mean) / sd)
            drawn = mean + sd * ndtri(np.clip(a + u * (b - a), EDGE, 1 - EDGE))
            now[:, i] = np.clip(drawn, low[i], high[i])
    z[:, some] = now
    if len(rest):
        slope = np.asarray(np.linalg.solve(own, R[np.ix_(some, rest)]), dtype=np.float64)
        left = _half(R[np.ix_(rest, rest)] - R[np.ix_(rest, some)] @ slope)
        z[:, rest] = times(now, slope) + times(noise[:, rest], left.T)
    return z


def _half(cov: Floats) -> Floats:
    """Return L with L L' = cov, negative eigenvalues taken for 0."""
    values, vectors = np.linalg.eigh(cov)
    made: Floats = vectors * np.sqrt(np.maximum(values, 0))
    return made
