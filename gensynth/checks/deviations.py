"""The one table of exemptions: which generator need not keep which law, or pass which check of others, and why.

A key is (who, what). Who is the name of a class, or that of a class with one parameter, as in
"BorderlineSMOTE(kind='borderline-2')"; "*" is every generator. What is the name of a law in this package, or of a
check of scikit-learn or imbalanced-learn. A row whose law is kept on every table, or whose check passes, is an error.
"""

from __future__ import annotations

from typing import Any

DEVIATIONS: dict[tuple[str, str], str] = {
    ("RandomOverSampler(shrinkage=None)", "makes_new_rows"): "its rows are copies: that is what it is asked for",
}


def names_of(estimator: Any) -> set[str]:
    """Return what an estimator is called in the table of deviations.

    >>> from gensynth.generators.copies import RandomOverSampler
    >>> "RandomOverSampler(shrinkage=None)" in names_of(RandomOverSampler())
    True
    """
    name = type(estimator).__name__
    params = estimator.get_params(deep=False)
    return {"*", name, *(f"{name}({key}={value!r})" for key, value in params.items())}


def deviations_of(estimator: Any) -> dict[str, str]:
    """Return what an estimator is excused from, with the reasons."""
    names = names_of(estimator)
    return {what: reason for (who, what), reason in DEVIATIONS.items() if who in names}
