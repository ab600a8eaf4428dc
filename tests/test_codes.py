"""Rows as codes and back: what is exact, what stays possible, and what a class clearly has not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import ks_2samp

from gensynth import VAE, load
from gensynth.data.bins import bins_for
from gensynth.data.codes import Codebook
from gensynth.data.column_codes import GROUPS, MOST_LEVELS, ColumnCodes
from gensynth.data.encode import TableEncoder
from gensynth.errors import FormatError
from gensynth.store import read_model, write_model

rng = np.random.default_rng(0)
NONE = np.zeros(1, dtype=np.intp)


def numbers(cells, bins=20, classes=None):
    return ColumnCodes.of_numbers(cells, np.zeros(len(cells), np.intp) if classes is None else classes, bins)


def again(column, cells, seed=0):
    codes = column.encode(cells)
    return column.decode(codes, np.random.default_rng(seed).random(len(codes)))


def test_few_values_and_categories_come_back_exactly():
    cells = rng.choice([-3.0, 0.0, 2.5, np.nan], 400)
    levels = rng.choice([0.0, 4.0, 7.0, np.nan], 400)
    for column, held in ((numbers(cells), cells), (ColumnCodes.of_levels(levels, np.zeros(400, np.intp)), levels)):
        assert column.size == 4
        np.testing.assert_array_equal(again(column, held), held)


@given(hnp.arrays(np.float64, st.integers(1, 300), elements=st.floats(-1e6, 1e6) | st.just(np.nan)), st.integers(2, 40))
def test_numbers_come_back_in_their_bin_and_range(cells, bins):
    column = numbers(cells, bins)
    codes = column.encode(cells)
    assert ((codes >= 0) & (codes < column.size)).all()
    for u in (0.0, 0.5, 1 - 2**-53):
        back = column.decode(codes, np.full(len(codes), u))
        np.testing.assert_array_equal(np.isnan(back), np.isnan(cells))
        held = ~np.isnan(cells)
        if held.any():
            assert back[held].min() >= np.nanmin(cells)
            assert back[held].max() <= np.nanmax(cells)


@pytest.mark.parametrize(
    "cells",
    [
        rng.normal(size=5000),
        rng.lognormal(0, 2, 5000),
        np.where(rng.random(5000) < 0.9, 0.0, rng.lognormal(8, 1, 5000)),
        rng.integers(0, 3000, 5000).astype(float),
        np.concatenate([rng.normal(0, 1, 2500), rng.normal(50, 1, 2500)]),
    ],
    ids=["normal", "heavy tail", "zeros", "integers", "two heaps"],
)
def test_a_distribution_is_kept(cells):
    back = again(numbers(cells, bins_for(len(cells))), cells)
    assert ks_2samp(cells, back, method="asymp").statistic < 0.02
    assert abs((back == 0).mean() - (cells == 0).mean()) < 0.01


def test_values_that_stand_out_have_codes_of_their_own():
    cells = np.where(rng.random(3000) < 0.3, 0.0, np.where(rng.random(3000) < 0.1, 99999.0, rng.lognormal(3, 1, 3000)))
    assert {0.0, 99999.0} <= {*numbers(cells).atoms.tolist()}


def test_nothing_is_made_in_a_gap_between_heaps():
    cells = np.concatenate([rng.uniform(0, 1, 90), rng.uniform(10, 11, 110), rng.uniform(30, 31, 130)])
    back = again(numbers(cells, 8), cells)
    for low, high in ((0, 1), (10, 11), (30, 31)):
        own = (cells >= low) & (cells <= high)
        assert ((back[own] >= low) & (back[own] <= high)).all()


def test_bins_are_cut_where_a_class_ends():
    classes = np.repeat([0, 1], [300, 40])
    cells = np.where(classes == 1, rng.uniform(2.0, 3.0, 340), rng.uniform(0.0, 10.0, 340))
    column = numbers(cells, 10, classes)
    back = again(column, cells)[classes == 1]
    assert back.min() >= 2.0 - 0.1
    assert back.max() <= 3.0 + 0.1


def test_of_thousands_of_levels_the_rare_share_codes_and_come_back_at_their_frequency():
    shares = 1 / np.arange(1, 4001)
    cells = np.random.default_rng(1).choice(4000, 40_000, p=shares / shares.sum()).astype(float)
    column = ColumnCodes.of_levels(cells, np.zeros(len(cells), np.intp))
    assert column.size <= MOST_LEVELS
    assert len(column.starts) - 1 <= GROUPS
    back = again(column, cells)
    assert {*back.tolist()} <= {*cells.tolist()}
    often = np.bincount(cells.astype(int), minlength=4000), np.bincount(back.astype(int), minlength=4000)
    assert np.abs(often[0] - often[1]).max() < 5 * np.sqrt(often[0].max())
    assert (column.encode(np.array([4001.0, -1.0])) == -1).all()


def test_rows_of_a_continuous_column_are_no_copies():
    cells = rng.normal(size=200)
    assert not np.isin(again(numbers(cells, 8), cells), cells).any()
    twice = np.repeat(rng.normal(size=20), 2)
    assert np.isin(again(numbers(twice, 8), twice), twice).mean() < 0.1


def test_what_a_class_clearly_has_not_is_told():
    levels = ColumnCodes.of_levels(np.repeat([0.0, 1.0, 2.0], [100, 100, 4]), np.zeros(204, np.intp))
    assert levels.unlikely(np.array([[0, 30, 0], [100, 100, 4]]), 3.0).tolist() == [True, False, True]
    assert levels.unlikely(np.array([[0, 2, 1], [100, 100, 4]]), 3.0).tolist() == [False, False, False]
    column = numbers(np.arange(100.0), 10)
    mine = np.array([0] * 5 + [2] * (column.size - 5))
    found = column.unlikely(np.stack([mine, np.full(column.size, 10)]), 3.0)
    assert found.tolist() == [True] * 5 + [False] * (column.size - 5)


def test_a_codebook_is_written_and_read():
    frame_rows = np.stack([rng.normal(size=300), rng.choice([0.0, 1.0, np.nan], 300)], axis=1)
    encoder = TableEncoder()
    rows = encoder.fit(frame_rows)
    book = Codebook.fit(rows, encoder.layout_, np.zeros(300, np.intp))
    copy = Codebook.unpack(*book.pack(), encoder.layout_)
    codes, u = book.encode(rows), rng.random(rows.shape)
    np.testing.assert_array_equal(copy.encode(rows), codes)
    np.testing.assert_array_equal(copy.decode(codes, u), book.decode(codes, u))
    assert copy.sizes == book.sizes


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("codes/0.atoms", lambda array: array[:, None]),
        ("codes/0.atoms", lambda array: array + 0.5),
        ("codes/0.atoms", lambda array: array + 1),
        ("codes/0.atoms", lambda array: array - 1),
        ("codes/1.starts", lambda array: array.astype(float)),
        ("codes/1.starts", lambda array: array[:, None]),
        ("codes/1.knots", lambda array: array[None]),
        ("codes/1.reach", lambda array: array + 10_000),
        ("codes/1.reach", lambda array: array - 10_000),
        ("codes/1.reach", lambda array: array.astype(int)),
        ("counts", lambda array: array + 1),
        ("counts", lambda array: array.astype(float)),
        ("counts", lambda array: array[::-1].copy()),
    ],
)
def test_codes_and_counts_that_do_not_fit_are_refused_when_read(name, spoil, tmp_path):
    frame = pd.DataFrame({"word": ["a", "b", "c", "a"] * 50, "x": rng.normal(size=200)})
    made = VAE(hidden=(8,), noise=2, steps=2, random_state=0).fit(frame, ["p"] * 150 + ["q"] * 50)
    made.save(tmp_path / "model")
    meta, arrays = read_model(tmp_path / "model")
    write_model(tmp_path / "same", meta, arrays)
    assert load(tmp_path / "same").sample(20, random_state=1).equals(made.sample(20, random_state=1))
    arrays[f"state/{name}"] = spoil(arrays[f"state/{name}"])
    write_model(tmp_path / "spoilt", meta, arrays)
    with pytest.raises(FormatError, match="codes"):
        load(tmp_path / "spoilt")


def test_codes_of_words_and_of_numbers_are_not_taken_for_one_another():
    cells, none = rng.choice([0.0, 1.0], 60), np.zeros(60, np.intp)
    layouts = []
    for kind in ("category", "number"):
        encoder = TableEncoder({"c": kind})
        encoder.fit(pd.DataFrame({"c": cells}))
        layouts.append(encoder.layout_)
    for mine, other in (layouts, layouts[::-1]):
        packed = Codebook.fit(cells[:, None], mine, none).pack()
        Codebook.unpack(*packed, mine)
        with pytest.raises(FormatError, match="column 'c'"):
            Codebook.unpack(*packed, other)
