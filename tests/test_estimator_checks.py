"""scikit-learn's checks over every generator, and theirs and imbalanced-learn's over the Balancer."""

from __future__ import annotations

import pytest
from imblearn import over_sampling
from imblearn.utils.estimator_checks import parametrize_with_checks as parametrize_with_imblearn_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from gensynth.balance import Balancer
from gensynth.checks import DEVIATIONS, deviations_of
from gensynth.errors import GensynthWarning
from gensynth.generators import all_generators

ARGUMENTS = {"FromImblearn": {"sampler": over_sampling.SMOTE()}}
GENERATORS = [made(**ARGUMENTS.get(name, {})) for name, made in all_generators().items()]
BALANCERS = [Balancer(all_generators()[name](random_state=0), random_state=0) for name in ("SMOTE", "RandomOverSampler")]

pytestmark = [
    pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning"),  # their tables have classes of few rows
    pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning"),  # and targets of many classes
]


def expected(estimator):
    """Return what the table of deviations says of the checks of others."""
    return {what: reason for what, reason in deviations_of(estimator).items() if what.startswith("check_")}


@parametrize_with_checks([*GENERATORS, *BALANCERS], expected_failed_checks=expected, xfail_strict=True)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@parametrize_with_imblearn_checks(BALANCERS, expected_failed_checks=expected)
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


def test_each_deviation_is_of_a_check_that_is_run():
    run = {
        (type(one).__name__, getattr(check, "func", check).__name__)
        for one in GENERATORS
        for _, check in estimator_checks_generator(one)
    }
    checks = {(who, what) for who, what in DEVIATIONS if what.startswith("check_") and who != "Balancer"}
    assert checks <= run
    assert issubclass(GensynthWarning, UserWarning)
