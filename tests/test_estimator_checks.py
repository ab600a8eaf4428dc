"""scikit-learn's checks over every generator, and theirs and imbalanced-learn's over the Balancer."""

from __future__ import annotations

import pytest
from imblearn.utils.estimator_checks import estimator_checks_generator as imblearn_checks
from instances import INSTANCES
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from gensynth.balance import Balancer
from gensynth.checks import DEVIATIONS, deviations_of
from gensynth.generators import all_generators

TABLES = [one for one in INSTANCES if "table" in one.supports.kinds]  # the checks give tables alone
BALANCERS = [
    Balancer(all_generators()[name](random_state=0), random_state=0) for name in ("SMOTE", "RandomOverSampler")
]

pytestmark = pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning")  # the checks' classes are small


def expected(estimator):
    """Return what the table of deviations says of the checks of others."""
    return {what: reason for what, reason in deviations_of(estimator).items() if what.startswith("check_")}


@parametrize_with_checks([*TABLES, *BALANCERS], expected_failed_checks=expected)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def imblearn_params():
    """Yield each Balancer with each check of imbalanced-learn, whose own parametrization pytest no longer likes."""
    for balancer in BALANCERS:
        for one, check in imblearn_checks(balancer):
            name = getattr(check, "func", check).__name__
            reason = expected(one).get(name)
            marks = [pytest.mark.xfail(reason=reason)] if reason else []
            yield pytest.param(one, check, marks=marks, id=f"{type(one.generator).__name__}-{name}")


@pytest.mark.parametrize(("estimator", "check"), [*imblearn_params()])
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


def test_each_deviation_is_of_a_check_that_is_run():
    run = {
        (type(one).__name__, getattr(check, "func", check).__name__)
        for one in TABLES
        for _, check in estimator_checks_generator(one)
    }
    checks = {(who, what) for who, what in DEVIATIONS if what.startswith("check_") and who != "Balancer"}
    assert checks <= run
