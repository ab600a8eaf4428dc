"""Randomness as an argument: streams that keep apart, draws keyed by row, and global states left alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from gensynth.random import as_generator, cell_normals, cell_uniforms, fresh_seed, seed_of, spawn, uniforms

SEEDS = st.integers(0, 2**63 - 1)


@given(SEEDS, st.lists(st.one_of(st.text(max_size=5), st.integers(0, 2**40)), max_size=3))
def test_the_same_seed_and_path_give_the_same_stream(seed, path):
    assert as_generator(seed, *path).random(3).tolist() == as_generator(seed, *path).random(3).tolist()


@given(SEEDS)
def test_paths_keep_apart(seed):
    paths = [(), ("fit",), ("sample",), ("sample", 1), ("sample", 2), ("sample", 1, 0)]
    assert len({as_generator(seed, *path).random() for path in paths}) >= len(paths) - 1  # a trailing 0 adds nothing
    assert as_generator(seed, "fit").random() != as_generator(seed + 1, "fit").random()


@given(SEEDS, st.integers(0, 200), st.integers(0, 200))
def test_the_first_draws_are_those_of_a_longer_asking(seed, few, more):
    short, long = uniforms(seed, np.arange(few), "op"), uniforms(seed, np.arange(few + more), "op")
    assert np.array_equal(short, long[:few])


@given(SEEDS, st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
def test_a_row_has_its_draw_wherever_it_stands(seed, rows):
    whole = uniforms(seed, np.array(rows), "op")
    assert whole.tolist() == [uniforms(seed, np.array([row]), "op")[0] for row in rows]


def test_draws_are_uniform_and_unrelated():
    u, v, w = (uniforms(seed, np.arange(100_000), op) for seed, op in [(0, "a"), (0, "b"), (1, "a")])
    for draws in (u, v, w):
        assert draws.min() >= 0
        assert draws.max() < 1
        counts = np.histogram(draws, 100, (0, 1))[0]
        assert ((counts - 1000) ** 2 / 1000).sum() < 160  # chi-square of 99 degrees: once in 10,000
    assert abs(np.corrcoef([u, v, w])[np.triu_indices(3, 1)]).max() < 0.015
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.015


@given(SEEDS, st.integers(1, 9), st.lists(st.integers(0, 2**40), min_size=1, max_size=20))
def test_a_cell_has_its_draw_wherever_its_row_stands(seed, columns, rows):
    for draw in (cell_uniforms, cell_normals):
        whole = draw(seed, np.array(rows), "op", columns)
        assert whole.shape == (len(rows), columns)
        assert np.array_equal(whole, np.concatenate([draw(seed, np.array([row]), "op", columns) for row in rows]))
    assert np.array_equal(
        cell_uniforms(seed, np.array(rows), "op", columns)[:, 0], uniforms(seed, np.array(rows), "op")
    )


def test_normal_cells_are_normal_and_unrelated():
    z = cell_normals(0, np.arange(100_000), "z", 5)
    assert z.dtype == np.float32
    assert np.isfinite(z).all()
    for column in z.T:
        assert kstest(column, "norm").statistic < 0.0062  # once in a thousand: 1.95 / sqrt(n)
    assert abs(np.corrcoef(np.concatenate([z.T, np.abs(z.T)]))[np.triu_indices(10, 1)]).max() < 0.015
    assert abs(np.corrcoef(z[:-1, 0], z[1:, 0])[0, 1]) < 0.015


def test_seed_of_takes_what_numpy_takes():
    assert seed_of(7) == seed_of(np.int64(7)) == 7
    assert seed_of(np.random.default_rng(0)) == seed_of(np.random.default_rng(0))
    assert seed_of(np.random.RandomState(0)) == seed_of(np.random.RandomState(0))
    assert seed_of(None) != seed_of(None)
    one = np.random.default_rng(0)
    assert seed_of(one) != seed_of(one)


@pytest.mark.parametrize(("wrong", "error"), [(-1, ValueError), (True, TypeError), ("7", TypeError), (1.0, TypeError)])
def test_seed_of_refuses_the_rest(wrong, error):
    with pytest.raises(error, match="random_state must be"):
        seed_of(wrong)


def test_seeds_fit_where_they_go():
    assert all(0 <= fresh_seed() < 2**63 for _ in range(20))
    assert all(0 <= spawn(as_generator(seed)) < 2**31 for seed in range(20))


def test_global_states_are_neither_read_nor_set():
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    draws = [as_generator(3, "x").random(), seed_of(None), uniforms(3, np.arange(5), "x").tolist()]
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002
    assert draws[0] == as_generator(3, "x").random()
