"""What the evidence counts by: rows chosen, cut into folds by groups, and the least that a share has grown."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multinomial

from gensynth.errors import TooFewRows
from gensynth.evidence import rows as rows_of
from gensynth.evidence.policies.interval import least_growth
from gensynth.evidence.policies.judge import Pairs, _reliable
from gensynth.evidence.policies.verdict import judged
from gensynth.transforms import transform_class


def test_rows_are_chosen_and_cut_evenly():
    codes = np.repeat([0, 1, 2], [100, 10, 30])
    some = rows_of.subset(codes, 45, 0, np.arange(140))
    assert len(set(some)) == 45
    assert np.bincount(codes[some])[1] == 10
    fold = rows_of.folded(codes, 3, 0)
    for code in range(3):
        counts = np.bincount(fold[codes == code], minlength=3)
        assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("seed", range(8))
def test_of_few_rows_each_class_has_one_in_each_fold(seed):
    codes = np.repeat([0, 1, 2], 30)
    some = rows_of.subset(codes, 10, seed, np.arange(90))
    assert sorted(np.bincount(codes[some])) == [3, 3, 4]
    groups = np.append(np.arange(60), np.minimum(np.arange(30), 2) + 60)  # the last class: two rows, and 28 of a film
    some = rows_of.subset(codes, 10, seed, groups)
    assert set(groups[some]) >= {60, 61, 62}


def test_groups_are_kept_together_and_classes_spread():
    codes = np.repeat([0, 1, 2], [80, 40, 12])
    groups = np.arange(132) // 4
    fold = rows_of.folded_groups(codes, 3, 0, groups)
    assert all(len(set(fold[groups == group])) == 1 for group in range(33))
    assert [np.ptp(np.bincount(fold[codes == code])) for code in range(3)] == [4, 4, 0]  # of 20, 10 and 3 groups
    with pytest.raises(TooFewRows, match="fewer folds"):
        rows_of.folded_groups(np.array([0, 1, 0, 1, 0, 1]), 3, 0, np.array([0, 0, 0, 0, 1, 2]))


def test_the_least_growth_is_that_of_a_share_where_nothing_changed_and_holds_where_rows_come_and_go():
    none, n, z = np.zeros(1), np.full(1, 20.0), 1.96
    assert least_growth(none, none, n, z) == pytest.approx(-(z**2) / (20 + z**2))
    for n in (20, 60):
        came, left = np.divmod(np.arange((n + 1) ** 2), n + 1)
        there = came + left <= n
        came, left = came[there].astype(float), left[there].astype(float)
        least = least_growth(came, left, np.full(len(came), float(n)), z)
        assert (least <= (came - left) / n).all()
        for p in (0.02, 0.05, 0.1):  # rows that come as often as they go
            chance = multinomial.pmf(np.stack([came, left, n - came - left], axis=1), n, [p, p, 1 - 2 * p])
            assert chance[least > 0].sum() < 0.03  # of 0.025


def test_frames_of_one_film_count_once():
    came, stays = np.array([[0, 3, 0], [0, 0, 0]]), np.array([[17, 0, 0], [0, 20, 0]])
    few, many = (Pairs(times * (came + stays), times * came, 0 * came) for times in (1, 10))
    one, other, sure = (
        judged("", transform_class("Flip")(), 1.0, pairs, np.full(2, n))
        for pairs, n in ((few, 20), (many, 20), (many, 200))
    )
    assert one.least == other.least < sure.least
    assert [one.verdict, other.verdict, sure.verdict] == ["cannot tell", "cannot tell", "moves"]


def test_rows_of_which_the_judge_is_equally_sure_count_all():
    chances, codes = np.tile([0.6, 0.4], (20, 1)), np.repeat([0, 1], 10)
    assert _reliable(chances, codes, 0) == np.inf
    assert _reliable(chances, np.zeros(20, int), 0) == 0.6
