"""Probabilities and shares after training on other shares of the classes.

A classifier that learned where the classes have the shares q_k, and is asked where they have the shares p_k, says of a
row x what Bayes' rule makes of the wrong shares, Q(k | x). Where the rows of each class are alike in both places:

    P(k | x) = (p_k / q_k) Q(k | x) / sum_j (p_j / q_j) Q(j | x)     Saerens et al. 2002, eq. 2.4
    p_k     <- mean over x of P(k | x), from q_k on                  Saerens et al. 2002, eq. 2.9
    P        = b Q / (b Q - Q + 1), of two classes                   Dal Pozzolo et al. 2015, eq. 4: the same

where b is the share of the common class that was kept.

References: Saerens, Latinne and Decaestecker 2002, Neural Computation 14(1), 21-41; Dal Pozzolo, Caelen, Johnson and
Bontempi 2015, IEEE SSCI, 159-166.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, FallbackWarning
from .shares import Floats, read_shares, read_trained

NEAR = 1e-3  # that a row of probabilities may sum away from 1: those of half precision do
STEPS, SETTLED = 10_000, 1e-8


def correct_prior(probabilities: Any, trained: Any, real: Any) -> Any:
    """Return probabilities as they are where classes have other shares than in training.

    Of two classes the order of rows stays as it was. What is righted is the shares alone: rows of a class must be alike
    in training and where the classifier is asked (P(x | class) is the same). Made rows that lie elsewhere than real
    ones are not righted.

    Shape: (n, k) to (n, k); or (n,), of the second of two classes, to (n,). The container is that of the probabilities
    (array, list as array, tensor, frame or column of pandas or polars), its dtype too where it is one of floats.

    Arguments:
        probabilities: (n, k) that sum to 1 in each row, or (n,); from 0 to 1. What is 0 stays 0, what is 1 stays 1.
        trained: shares of the classes in the balanced data, or counts, (k,) in the order of the columns, above 0; of
            two classes also one number, the share of the second.
        real: the same of where the classifier is asked; 0 for a class that does not occur there.

    Raises:
        ConfigError: trained or real are not such. DataError: probabilities are not such, or a row is surely of a class
        that does not occur.

    Reference: Saerens et al. 2002, eq. 2.4; of two classes it is eq. 4 of Dal Pozzolo et al. 2015.

    Example:
        >>> correct_prior([0.5, 0.9], trained=0.5, real=0.1)
        array([0.1, 0.5])
        >>> correct_prior([[0.2, 0.4, 0.4]], trained=[1, 1, 1], real=[80, 10, 10]).round(2)
        array([[0.67, 0.17, 0.17]])
    """
    p, dtype = _opened(probabilities)
    made = _corrected(p, read_trained(trained, p.shape[1]), read_shares(real, p.shape[1], "real"))
    return _like((made[:, 1] if np.ndim(probabilities) == 1 else made).astype(dtype), probabilities)


def estimate_prior(probabilities: Any, trained: Any) -> Floats:
    """Return the shares of the classes among rows without labels, by expectation and maximisation.

    It finds the shares under which the rows are likeliest. They are as good as the classifier: it must give honest
    probabilities for the shares that it learned from, and rows of a class must be alike in training and here.

    Shape: (n, k), or (n,) of the second of two classes, to (k,).

    Arguments:
        probabilities: of rows of the place that is asked about, as the classifier gives them, not yet corrected.
        trained: as of `correct_prior`.

    Raises: ConfigError, DataError. Warns: FallbackWarning where shares still move after 10,000 steps.

    Reference: Saerens et al. 2002, eq. 2.9. It stops where no share moves by more than 1e-8.

    Example:
        >>> estimate_prior([0.99, 0.01, 0.02, 0.01], trained=0.5).round(2)
        array([0.75, 0.25])
    """
    p, _ = _opened(probabilities)
    if not len(p):
        raise DataError("shares cannot be estimated from no rows: 0")
    shares = learned = read_trained(trained, p.shape[1])
    for _ in range(STEPS):
        before, shares = shares, np.asarray(_corrected(p, learned, shares).mean(axis=0))
        if np.abs(shares - before).max() < SETTLED:
            return shares
    warnings.warn(f"shares still move after {STEPS:,} steps: the last ones serve", FallbackWarning, stacklevel=2)
    return shares


def _opened(probabilities: Any) -> tuple[Floats, npt.DTypeLike]:
    """Return probabilities (n, k), those of one column with their complements, and their dtype as floats."""
    given = probabilities.detach().cpu().double() if hasattr(probabilities, "detach") else probabilities
    try:
        values = np.asarray(given)
        p = values.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(f"probabilities must be numbers, got {type(probabilities).__name__}") from None
    if p.ndim not in (1, 2) or (p.ndim == 2 and p.shape[1] < 2):
        raise DataError(f"probabilities must be (n, k), or (n,) of two classes, got the shape {p.shape}")
    if not np.isfinite(p).all() or (p < -NEAR).any() or (p > 1 + NEAR).any():
        raise DataError("probabilities must be from 0 to 1, and none missing")
    p = np.clip(p, 0, 1)
    if p.ndim == 1:
        p = np.stack([1 - p, p], axis=1)
    away = np.abs(p.sum(axis=1) - 1) > NEAR
    if away.any():
        row = int(away.argmax())
        raise DataError(f"probabilities must sum to 1 in each row, and those of row {row} sum to {p[row].sum():.4g}")
    return p, values.dtype if values.dtype.kind == "f" else np.float64


def _corrected(p: Floats, trained: Floats, real: Floats) -> Floats:
    """Return probabilities under real shares. Shape: (n, k) to (n, k). Saerens et al. 2002, eq. 2.4."""
    made: Floats = p * (real / trained)
    total = made.sum(axis=1, keepdims=True)
    if not total.all():
        row = int((total == 0).argmax())
        raise DataError(f"row {row} is surely of a class whose real share is 0: give that class a share above 0")
    made /= total
    return made


def _like(values: npt.NDArray[Any], given: Any) -> Any:
    """Return values in the container of what was given."""
    library = type(given).__module__.partition(".")[0]
    if library == "torch":
        return given.detach().new_tensor(values, dtype=None if given.is_floating_point() else _double())
    if library == "pandas":
        named = {"columns": given.columns} if values.ndim == 2 else {"name": given.name}
        return type(given)(values, index=given.index, **named)
    if library == "polars":
        if values.ndim == 2:
            return type(given)(values, schema=given.columns, orient="row")
        return type(given)(given.name, values)
    return values


def _double() -> Any:
    import torch

    return torch.float64
