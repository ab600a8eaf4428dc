"""Thinning out real rows with an imbalanced-learn sampler, by row index on an encoded copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from ..data.encode import Embedding, TableEncoder
from ..data.kinds import kind_of
from ..errors import ConfigError

Codes = npt.NDArray[np.intp]


def kept_rows(
    under: Any, X: Any, codes: npt.NDArray[np.intp], classes: npt.NDArray[Any], seed: int
) -> npt.NDArray[np.intp]:
    """Return the positions of the rows that survive, in order; the sampler sees the labels themselves.

    Numbers stand as they are and by the median where missing, categories as one-hot columns.

    Raises: ConfigError where `under` is no sampler, makes rows instead of choosing them, or needs a table.
    """
    if under is None:
        return np.arange(len(codes))
    if not hasattr(under, "fit_resample"):
        raise ConfigError(f"under must be an imbalanced-learn under-sampler, got {under!r}")
    name = type(under).__name__
    if name == "RandomUnderSampler":
        space: Any = np.arange(len(codes), dtype=np.float64)[:, None]
    elif kind_of(X) != "table":
        raise ConfigError(f"{name} compares rows, which takes a table; for other data use RandomUnderSampler")
    elif hasattr(X, "tocsr"):
        space = X.tocsr()
    else:
        encoder = TableEncoder()
        matrix = encoder.fit(X)
        space = Embedding(matrix, encoder.layout_)(matrix)
        holes = np.isnan(space)
        if holes.any():
            space = np.where(holes, np.nanmedian(space, axis=0), space)
    sampler = clone(under)
    if sampler.get_params().get("random_state", 0) is None:
        sampler.set_params(random_state=seed)
    try:
        sampler.fit_resample(space, _named(classes, sampler)[codes])
    except ValueError as error:
        raise ConfigError(f"{name}: {str(error).splitlines()[0]}") from error
    if not hasattr(sampler, "sample_indices_"):
        raise ConfigError(
            f"{name} makes rows of its own instead of choosing among the real ones; take another under-sampler"
        )
    return np.sort(np.asarray(sampler.sample_indices_, dtype=np.intp))


def _named(classes: npt.NDArray[Any], sampler: Any) -> npt.NDArray[Any]:
    """Return the labels as a sampler can compare them; pairs and mixed types by their codes, where none is named."""
    if classes.dtype != object or all(isinstance(label, str) for label in classes):
        return classes
    if isinstance(sampler.get_params().get("sampling_strategy"), str | float):
        return np.arange(len(classes))
    raise ConfigError("a strategy of under= that names labels needs labels of one plain type")
