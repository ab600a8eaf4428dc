"""Identifiers of blocks that know nothing of one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gensynth.data.apart import Block, apart
from gensynth.data.identifiers import Identifier

rng = np.random.default_rng(0)
LETTERS = rng.integers(0, 26, (300, 3)).tolist()
COLUMNS = {
    "integers": pd.Series(np.arange(100, 400)),
    "counted": pd.Series([f"user-{n:04d}" for n in range(300)]),
    "narrow": pd.Series([f"{a}{b}" for a in "ABCDEFGHIJ" for b in range(10)]),
    "wide": pd.Series([f"{n:032x}" for n in rng.integers(2**62, size=200).tolist()]),
    "pattern": pd.Series([f"{a:04d}-{chr(65 + b)}{chr(65 + c)}" for a, b, c in LETTERS]).drop_duplicates(),
    "runs": pd.Series([f"a{n}b{m}" for n, m in rng.integers(0, 2000, (200, 2)).tolist()]).drop_duplicates(),
}  # fmt: skip


@pytest.mark.parametrize("name", [*COLUMNS])
@pytest.mark.parametrize("blocks", [1, 7])
def test_no_two_are_the_same_and_none_is_real(name, blocks):
    column = Identifier.infer(COLUMNS[name].rename("id"))
    total, size = 70 * blocks, 70
    made = [apart(column, Block(number, blocks, number * size, size, total), 3) for number in range(blocks)]
    every = pd.concat(made)
    assert len(every) == total
    assert every.is_unique
    assert not every.isin(COLUMNS[name]).any()
    assert every.dtype == COLUMNS[name].dtype
    again = apart(column, Block(blocks - 1, blocks, (blocks - 1) * size, size, total), 3)
    pd.testing.assert_series_equal(again, made[-1])


def test_strings_keep_their_pattern_where_there_is_room():
    column = Identifier.infer(COLUMNS["pattern"].rename("id"))
    made = apart(column, Block(0, 2, 0, 50, 100), 0)
    assert made.str.fullmatch(r"\d{4}-[A-Z]{2}").all()
    assert made.str[:2].nunique() + made.str[-1].nunique() > 10
