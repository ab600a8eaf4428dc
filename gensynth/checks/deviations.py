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
_WORDS = (  # the checks of scikit-learn that give numbers alone to whatever is not tagged as taking nothing but words
    "check_fit_score_takes_y", "check_estimators_overwrite_params", "check_dont_overwrite_parameters",
    "check_estimators_fit_returns_self", "check_readonly_memmap_input", "check_n_features_in_after_fitting",
    "check_positive_only_tag_during_fit", "check_estimators_dtypes", "check_dtype_object", "check_pipeline_consistency",
    "check_estimators_pickle", "check_f_contiguous_array_estimator", "check_methods_sample_order_invariance",
    "check_methods_subset_invariance", "check_fit2d_1sample", "check_fit2d_1feature", "check_dict_unchanged",
    "check_fit_idempotent", "check_fit_check_is_fitted", "check_n_features_in", "check_fit2d_predict1d",
)  # fmt: skip

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
    **{
        ("SMOTEN", check): "it takes categories alone and says so, and the check fits numbers; the laws try it on words"
        for check in _WORDS
    },
    ("Balancer", "check_samplers_pandas_sparse"): (
        "a pandas frame of sparse columns is refused, with what to do instead: a SciPy matrix says the same and is kept"
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
