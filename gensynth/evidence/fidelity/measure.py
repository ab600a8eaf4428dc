"""`fidelity`: how like the real rows made ones are, for all kinds of data, each figure beside what real rows reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...data.kinds import Kind, kind_of
from ...data.schema import Schema
from ...errors import ConfigError, DataError
from ...learners.base import Features
from ...random import seed_of
from .classes import read_labels
from .embed import rows_of
from .of_rows import of_rows
from .of_tables import WHOSE, of_table
from .result import Fidelity

__all__ = ["Fidelity", "fidelity"]


def fidelity(
    real: Any, synthetic: Any, *, y: Any = None, y_synthetic: Any = None, held: Any = None, y_held: Any = None,
    schema: Mapping[Any, str] | Schema | None = None, features: Features | None = None, random_state: int | None = 0,
) -> Fidelity:  # fmt: skip
    """Return how like the real rows synthetic ones are.

    Each figure stands beside that of real rows: of `held` ones, or, without them, of one half of the real rows against
    the other (shapes, missing values and pairs put right for the smaller number; detectability is .5 there, and is not
    measured). With labels, rows of the classes that were made are drawn so that these stand at the same shares on both
    sides: rows of one class are compared with that class.
    What is perfectly like the real rows may be a copy of them. `copies` counts exact ones in tables; detectability is
    about .5 for them by design. Below .5, it is no better than above it: rows lie close around the real rows that they
    were made of, so that a classifier which has seen the rows made of a real row, and not that row, takes it for
    synthetic; fresh real rows reach .5. `notes` says so where the whole interval is below. Shapes, pairs or density
    clearly above what real rows reach are the same sign.

    - shapes, missing, pairs: columns of tables one by one and two by two (see `tables`), over all rows.
    - detectability: area under the curve of a classifier of real and synthetic rows, cross-fitted: boosted trees of
      tables, else the learner of the kind (see `detect`). .5 is best, and either side is worse.
    - density, coverage: Naeem et al. 2020, arXiv:2002.09797, eq. 3 and 4, with 5 neighbours, in coded and scaled
      columns, or in `features`; without them images are small pixels, and others what the learner of the kind sees.
    - kid, nearer: of images with labels, and density and coverage too, in features of a small classifier (see
      `image_fidelity`), each the mean over the classes by the number of made images.

    Of tables of over 6 million cells rows are drawn by chance (1,000 at least); the classifier sees 10,000 rows of a
    side (300,000 cells) at most, distances 3,000; of other kinds 2,000 rows of a side are looked at. `notes` says so.

    Arguments:
        real: n rows of any kind.
        synthetic: m rows of that kind; of a table the same columns in any order.
        y: (n,) labels of the real rows, classes; or None. Shapes leave them out, all else of a table takes them in.
        y_synthetic: (m,) labels of the synthetic rows, each of them in `y`.
        held: (h, ...) real rows that the generator has not seen.
        y_held: (h,) their labels, where y is given.
        schema: kinds of columns of a table to take instead of the inferred ones.
        features: from rows to numbers (n, d), for kinds other than tables.
        random_state: at least 0: the same figures for the same rows.

    Returns: `Fidelity`. Identifiers are left out. Figures that too few rows cannot give are NaN.

    Raises: DataError where rows are none, are of another kind, have other columns, or hold infinite values;
        UnknownCategory where a synthetic label is not in `y`; ConfigError where labels are given of some rows only, or
        schema or features do not suit the kind.

    Example:
        >>> import numpy as np
        >>> import pandas as pd
        >>> rng = np.random.default_rng(0)
        >>> real = pd.DataFrame({"a": rng.normal(size=400), "b": rng.integers(3, size=400).astype(str)})
        >>> found = fidelity(real[:200], real[200:].assign(a=lambda x: x["a"] + 2))
        >>> found.worst_columns(1)["column"].tolist(), found.scores["detectability"].value > 0.8
        (['a'], True)
    """
    parts = (real, synthetic, held)
    kind, seed = _checked(parts, schema, features), _seed(random_state)
    if kind == "table":
        return of_table(parts, read_labels(parts, (y, y_synthetic, y_held)), getattr(y, "name", None), schema, seed)
    rows = (rows_of(real, kind, WHOSE[0]), rows_of(synthetic, kind, WHOSE[1]))
    other = None if held is None else rows_of(held, kind, WHOSE[2])
    return of_rows(kind, (*rows, other), read_labels((*rows, other), (y, y_synthetic, y_held)), features, seed)


def _checked(parts: tuple[Any, Any, Any], schema: Any, features: Any) -> Kind:
    """Return the kind of the rows. Raises: DataError, ConfigError where they differ, or what is given suits another."""
    kind = kind_of(parts[0])
    for part, whose in zip(parts, WHOSE, strict=True):
        if part is not None and kind_of(part) != kind:
            raise DataError(f"the {whose} rows are of kind {kind_of(part)!r}, and the real ones of kind {kind!r}")
    if features is not None and kind == "table":
        raise ConfigError("a table is compared by its columns: leave features out")
    if schema is not None and kind != "table":
        raise ConfigError(f"schema says what columns of tables are, and these rows are of kind {kind!r}")
    return kind


def _seed(random_state: Any) -> int:
    try:
        return int(seed_of(random_state))
    except (TypeError, ValueError) as error:
        raise ConfigError(str(error)) from None
