"""The Balancer that is taken where nothing is said: the rule's generator with its gates."""

from __future__ import annotations

from typing import Any

from . import gates
from .balance import Balancer
from .generators.default import choose, default_generator


def default_balancer(
    X: Any,
    y: Any = None,
    *,
    sampling_strategy: Any = "auto",
    schema: Any = None,
    n_jobs: int | None = None,
    random_state: int | None = None,
) -> Balancer:
    """Return the Balancer that `gensynth balance` uses without `--generator` (see `generators.default`).

    Rows that gates refuse are made again within the Balancer's bound; what is lacking then is filled with rows that
    were refused last, so that the classes are as asked.

    Arguments:
        X: a table, images, series, texts or audio.
        y: (n,) labels; the rule does not look at them today.
        sampling_strategy: as in `Balancer`.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads, where the generator takes them.
        random_state: int for results that repeat, or None.

    Raises: DataError where X cannot be used.

    Example:
        >>> import numpy as np
        >>> X, y = np.random.default_rng(0).normal(size=(60, 3)), ["common"] * 45 + ["rare"] * 15
        >>> X_new, y_new = default_balancer(X, random_state=0).fit_resample(X, y)
        >>> y_new.count("rare")
        45
    """
    choice = choose(X, schema)
    made = [getattr(gates, name)(**params) for name, params in choice.gates]
    generator = default_generator(X, y, schema=schema, n_jobs=n_jobs, random_state=random_state, choice=choice)
    return Balancer(
        generator, sampling_strategy=sampling_strategy, gates=made, on_short="fill" if made else "warn",
        random_state=random_state,
    )  # fmt: skip
