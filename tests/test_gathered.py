"""Rows out of a stream: counts are exact, and which rows are kept depends on neither order nor helpers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensynth.balance.gathered import Gathered, Room


def parts_of(n: int, cuts: int, seed: int = 0) -> list[pd.DataFrame]:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"row": np.arange(n), "label": rng.choice(["a", "b", "c"], n, p=[0.9, 0.09, 0.01])})
    return [frame.iloc[rows] for rows in np.array_split(np.arange(n), cuts)]


def gathered(parts: list[tuple[int, pd.DataFrame]], room: Room) -> Gathered:
    found = Gathered(7, room, pd.concat)
    for number, part in parts:
        found.add(number, part["label"], part)
    return found


@pytest.mark.parametrize("room", [Room(500, 200), Room(120, 10_000), Room(10**6, 10**6), Room(3, 1)])
def test_neither_order_nor_division_of_work_changes_what_is_kept(room):
    parts = [*enumerate(parts_of(5_000, 13))]
    whole = gathered(parts, room)
    back = gathered(parts[::-1], room)
    halves = [gathered(parts[:5], room), gathered(parts[5:6], room), gathered(parts[6:], room)]
    merged = halves[2]
    merged.merge(halves[0]), merged.merge(halves[1])
    for other in (back, merged):
        assert other.counts == whole.counts
        pd.testing.assert_frame_equal(other.rows(), whole.rows())
    assert whole.rows()["row"].is_monotonic_increasing


def test_small_classes_are_whole_and_large_ones_are_sampled():
    every = pd.concat(parts_of(20_000, 1))
    found = gathered([*enumerate(parts_of(20_000, 40))], Room(3_000, 2_000))
    counts = every["label"].value_counts()
    assert found.counts == counts.to_dict()
    kept = found.rows()["label"].value_counts()
    assert kept["c"] == counts["c"]
    share = Room(3_000, 2_000).share(counts.tolist())
    assert kept.to_dict() == {label: min(n, share) for label, n in counts.items()}
    assert kept.sum() <= 3_000


def test_the_sample_is_even():
    found = gathered([*enumerate(parts_of(40_000, 8))], Room(10_000, 4_000))
    rows = found.rows().query("label == 'a'")["row"]
    assert abs(rows.mean() - 20_000) < 4 * 40_000 / np.sqrt(12 * len(rows))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=9), st.integers(1, 600), st.integers(1, 300))
def test_shares_fill_the_room(counts, rows, each):
    share = Room(rows, each).share(counts)
    kept = sum(min(n, share) for n in counts)
    assert share == 1 or kept <= rows
    assert share >= each or sum(min(n, share + 1) for n in counts) > rows or share == 1
    more = Room(rows, each).share([n + 1 for n in counts])
    assert more <= share  # what was left out is not wanted later
