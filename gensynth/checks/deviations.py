"""The one table of exemptions: which generator need not keep which law, or pass which check of others, and why.

A key is (who, what). Who is the name of a class, or that of a class with one parameter, as in
"BorderlineSMOTE(kind='borderline-2')"; "*" is every generator. What is the name of a law in this package, or of a
check of scikit-learn or imbalanced-learn. A row whose law is kept on every table, or whose check passes, is an error.
"""

from __future__ import annotations

from typing import Any

_BORDER = (
    "its method puts rows where the class meets others, and there real rows too are taken for another class more often;"
    " `exact_class`, where classes do not overlap, it keeps"
)

DEVIATIONS: dict[tuple[str, str], str] = {
    ("RandomOverSampler(shrinkage=None)", "makes_new_rows"): "its rows are copies: that is what it is asked for",
    ("FromImblearn", "makes_new_rows"): (
        "what a foreign sampler mixes is taken as it is, twins with twins too; `SMOTE` and its kin keep the law"
    ),
    ("BorderlineSMOTE", "exact_class_on_real"): _BORDER,
    ("SVMSMOTE", "exact_class_on_real"): _BORDER,
    ("ADASYN", "exact_class_on_real"): _BORDER,
    ("BorderlineSMOTE(kind='borderline-2')", "names_its_parents"): (
        "as published it also mixes with rows of other classes, by less than half; its frame of parents says so"
    ),
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
