"""The strategy's grammar is imbalanced-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.utils import check_sampling_strategy

from gensynth.balance.strategy import WORDS, counts_of, lacking
from gensynth.data.labels import Labels
from gensynth.errors import ConfigError

COUNTS = st.lists(st.integers(1, 30), min_size=2, max_size=5)


@given(COUNTS, st.sampled_from(WORDS))
def test_words_mean_what_they_mean_there(counts, word):
    codes = np.repeat(np.arange(len(counts)), counts)
    labels, codes = Labels.fit(codes, len(codes))
    theirs = {int(code): int(n) for code, n in check_sampling_strategy(word, codes, "over-sampling").items() if n > 0}
    assert counts_of(word, labels, codes) == theirs


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 1))
def test_ratios_mean_what_they_mean_there(first, second, ratio):
    codes = np.repeat([0, 1], [first, second])
    labels, codes = Labels.fit(codes, len(codes))
    try:
        theirs = {int(code): int(n) for code, n in check_sampling_strategy(ratio, codes, "over-sampling").items()}
    except ValueError:
        with pytest.raises(ConfigError, match="remove samples"):
            counts_of(ratio, labels, codes)
        return
    assert counts_of(ratio, labels, codes) == theirs


@pytest.mark.parametrize(("strategy", "why"), [(1.5, "range"), (0, "range"), (True, "not known"), ("atuo", "'auto'")])
def test_what_is_none_is_refused(strategy, why):
    labels, codes = Labels.fit(np.repeat([0, 1], [9, 3]), 12)
    with pytest.raises(ConfigError, match=why):
        counts_of(strategy, labels, codes)


def test_a_ratio_of_three_classes_is_refused():
    labels, _ = Labels.fit(np.repeat([0, 1, 2], [9, 3, 1]), 13)
    with pytest.raises(ConfigError, match="two classes"):
        lacking(0.5, labels, np.array([9, 3, 1]))
