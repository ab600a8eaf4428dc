"""Membership inference: the attack that tells which real rows the generator learned from.

    score(x) = p_synthetic(x) / p_reference(x)        (van Breugel et al. 2023, arXiv:2302.12580, eq. 2: DOMIAS)

Where synthetic rows are denser than real rows of the same kind are, the generator has been overfitted to a row there.
Densities are of nearest neighbours, p(x) ~ 1 / r_k(x)^d, so that the score ranks as

    log r_3(x, reference) - log r_1(x, synthetic)

The area under the curve (AUC) of telling members from rows held out has DeLong's interval (DeLong et al. 1988,
Biometrics 44, 837) on the logit scale; where all are told apart, that of a share of as many rows as the smaller side
has (Clopper and Pearson 1934). The true positive rate at 1 % false positives (Carlini et al. 2022, arXiv:2112.03570,
sec. IV) has that of 1,000 bootstraps of both sides; the bound is the n / 100-th highest of n scores, which 1 % of all
rows exceed in the mean.

DIFFERS from DOMIAS: nearest neighbours instead of flows or kernels. On Adult and mammography, of SMOTE, adversarial
forests and copulas, k of 1 and 3 found the most members in the most of them, of k up to 10 and of Gaussian kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...learners.base import Floats
from ...random import as_generator
from .near import NONE, Ends, Z, nearest

K, K_REFERENCE = 1, 3
FALSE = 0.01
FEWEST_FALSE = 300  # held-out targets: of 200 the interval held the truth in 88 % instead of 95 %
BOOTSTRAPS = 1000


@dataclass(frozen=True)
class Attack:
    """How well members are told; NaN where there are too few rows. Counts are of rows that were used.

    Arguments:
        auc: chance that a member has the higher score than a row held out; .5 where nothing is told.
        interval: 95 % of it.
        tpr: share of members found at 1 % false positives; .01 where nothing is told.
        tpr_interval: 95 % of it.
        members, others, reference: rows of training, rows held out that were targets, and those for the density.
    """

    auc: float
    interval: Ends
    tpr: float
    tpr_interval: Ends
    members: int
    others: int
    reference: int

    @classmethod
    def none(cls) -> Attack:
        """Return what is known where no attack was made."""
        return cls(np.nan, NONE, np.nan, NONE, 0, 0, 0)

    @property
    def succeeds(self) -> bool:
        """Whether an interval lies above chance as a whole."""
        return self.interval[0] > 0.5 or self.tpr_interval[0] > FALSE


def attack(synthetic: Floats, members: Floats, others: Floats, reference: Floats, seed: int) -> Attack:
    """Return how well a density ratio tells members from other rows. Shape: (m, d), (a, d), (b, d), (r, d)."""
    asked = np.concatenate([members, others])
    s, r = nearest(synthetic, asked, K)[0], nearest(reference, asked, K_REFERENCE)[0]
    least = 1e-3 * float(np.median(r[r > 0])) if (r > 0).any() else 1.0  # of copies the ratio would be infinite
    score = np.log(r + least) - np.log(s + least)
    one, none = score[: len(members)], score[len(members) :]
    auc, interval = area(one, none)
    tpr, tpr_interval = found_at(one, none, seed) if len(none) >= FEWEST_FALSE else (np.nan, NONE)
    return Attack(auc, interval, tpr, tpr_interval, len(members), len(others), len(reference))


def area(one: Floats, none: Floats) -> tuple[float, Ends]:
    """Return the area under the curve and its 95 % interval. Shape: scores (a,), (b,).

    >>> area(np.array([3.0, 2.0, 1.5]), np.array([1.0, 2.0, 0.0]))[0]
    0.8333333333333334
    """
    from scipy.stats import rankdata

    a, b = len(one), len(none)
    ranks = rankdata(np.concatenate([one, none]))
    v = (ranks[:a] - rankdata(one)) / b  # share of the others that each member beats
    w = 1 - (ranks[a:] - rankdata(none)) / a
    auc = float(v.mean())
    if auc in (0.0, 1.0):
        end = 0.025 ** (1 / min(a, b))
        return auc, ((end, 1.0) if auc else (0.0, 1 - end))
    error = Z * np.sqrt(v.var(ddof=1) / a + w.var(ddof=1) / b) / (auc * (1 - auc))
    middle = np.log(auc / (1 - auc))
    low, high = (1 / (1 + np.exp(-(middle + side * error))) for side in (-1, 1))
    return auc, (float(low), float(high))


def found_at(one: Floats, none: Floats, seed: int, share: float = FALSE) -> tuple[float, Ends]:
    """Return the share of members above a bound that a share of other rows exceeds, and its 95 % interval."""
    rng = as_generator(seed, "bootstrap")
    drawn = np.empty(BOOTSTRAPS)
    for turn in range(BOOTSTRAPS):
        drawn[turn] = _found(rng.choice(one, len(one)), rng.choice(none, len(none)), share)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return _found(one, none, share), (float(low), float(high))


def _found(one: Floats, none: Floats, share: float) -> float:
    place = len(none) - max(int(share * len(none)), 1)
    return float((one > np.partition(none, place)[place]).mean())
