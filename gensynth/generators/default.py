"""Which generator is taken where none is named: a rule of the size of a table and the kinds of its columns.

| what X is | taken | because |
|---|---|---|
| images, however many of a class | Augment | above nothing, weights and copies from 5 images a class to 500; below |
| series, texts, audio | Augment | rows changed by the policy of their kind tell a learner more than copies |
| a sparse matrix | SMOTE | it takes sparse matrices |
| a table of categories alone | RandomOverSampler | categories crossed make rows of no kind |
| a table of more than 500,000 rows | GaussianCopula, gated | its cost hardly grows with rows |
| any other table | ARF, gated | best mean rank over 19 tables and four learners (`scripts/bench_tables.py`) |

Gated: of the rows that the generator makes those are kept on which a cross-fitted classifier is no more in doubt than
on the middle one of the real rows of their class (`LabelAgrees(threshold=0.02, share=0.5)`). What harms learners is
rows that look like another class.

Of images, VAE is ahead of Augment on digits with 5 to 500 of a class (balanced accuracy .941 and .929), behind it on
road signs with 70 to 740 (.818 and .852) and on CIFAR-10 with 8 to 400 (.384 and .403); it takes a minute, Augment none
(`scripts/bench_images.py`, five seeds). Both together, `Augment(generator=VAE())`, are ahead of Augment on all three,
.939, .857 and .406, the difference being certain on digits alone. WGAN is behind both (.886, .803 and .370), and takes
the longest, so that no number of images stands for it.

It is a rule and not a trial: what helps a learner on the table at hand is found out by comparing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..data.encode import TableEncoder
from ..data.kinds import count_rows, kind_of
from . import generator_class
from .base import Generator

MANY = 500_000  # rows above which a forest takes too long
CLEAR = (("LabelAgrees", {"threshold": 0.02, "share": 0.5}),)


@dataclass(frozen=True)
class Choice:
    """The name of a generator, why it was chosen, and the gates that go with it: name and parameters of each."""

    name: str
    why: str
    gates: tuple[tuple[str, dict[str, Any]], ...] = ()


def choose(X: Any, schema: Any = None) -> Choice:
    """Return which generator the rule takes for these rows.

    Arguments:
        X: a table, images, series, texts or audio.
        schema: kinds of columns to take instead of the inferred ones.

    Raises: DataError where X cannot be used.

    Example:
        >>> import numpy as np
        >>> choose(np.random.default_rng(0).normal(size=(50, 2))).name
        'ARF'
    """
    kind = kind_of(X)
    if kind != "table":
        return Choice("Augment", f"rows of kind {kind!r} that are changed tell a learner more than copies of them")
    if hasattr(X, "tocsr"):
        return Choice("SMOTE", "it takes sparse matrices")
    encoder = TableEncoder(schema)
    encoder.fit(X)
    if not len(encoder.layout_.numbers):
        return Choice("RandomOverSampler", "the table holds categories alone, and crossing them makes rows of no kind")
    n = count_rows(X)
    if n > MANY:
        return Choice("GaussianCopula", f"{n:,} rows are many, and its cost hardly grows with them", CLEAR)
    return Choice("ARF", "the best on tables with numbers, whatever learns from them (see the benchmark)", CLEAR)


def default_generator(
    X: Any,
    y: Any = None,
    *,
    schema: Any = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    choice: Choice | None = None,
) -> Generator:
    """Return the generator that the rule takes for these rows, not fitted; `default_balancer` adds its gates.

    Arguments:
        X: a table, images, series, texts or audio.
        y: (n,) labels; the rule does not look at them today.
        schema: kinds of columns to take instead of the inferred ones.
        n_jobs: threads, where the generator takes them.
        random_state: int for results that repeat, or None.
        choice: what `choose` said of X, where it was asked already.

    Raises: DataError where X cannot be used.

    Example:
        >>> import numpy as np
        >>> default_generator(np.random.default_rng(0).normal(size=(50, 2)), random_state=0)
        ARF(random_state=0)
    """
    choice = choose(X, schema) if choice is None else choice
    made: Generator = generator_class(choice.name)()
    given = {"schema": schema, "n_jobs": n_jobs, "random_state": random_state}
    made.set_params(**{name: value for name, value in given.items() if name in made.get_params()})
    return made
