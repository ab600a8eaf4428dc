"""Privacy: planted copies are found exactly, generators that memorise are caught, honest ones are not."""

from __future__ import annotations

import json
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.under_sampling import RandomUnderSampler

from gensynth import ARF, SMOTE, Audio, Balancer, GaussianCopula, Images, RandomOverSampler, Schema, Series, privacy
from gensynth.data.encode import TableEncoder
from gensynth.errors import ConfigError, DataError, GensynthError
from gensynth.evidence.privacy import measure, points
from gensynth.evidence.privacy.attack import area, attack, found_at
from gensynth.evidence.privacy.links import links_of
from gensynth.evidence.privacy.near import clustered, nearest, nearest_other, wilson
from gensynth.evidence.privacy.singling import Cells, rare_combinations


def table(n: int, seed: int) -> pd.DataFrame:
    """Return rows of two numbers, one of which may be missing, and two categories that go with them."""
    rng = np.random.default_rng([7, seed])
    a = rng.normal(size=n)
    b = np.where(rng.random(n) < 0.1, np.nan, np.exp(a + rng.normal(size=n)))
    c = np.where(a + rng.normal(size=n) > 0, "high", "low")
    return pd.DataFrame({"a": a, "b": b, "c": c, "d": rng.choice(["x", "y", "z"], n)})


def made_by(generator, rows: pd.DataFrame, n: int = 400, **asked):
    labels = np.where(np.arange(len(rows)) % 2, "one", "two")
    return generator.fit(rows, labels).sample(n, **asked)


# Copies and distances ----------------------------------------------------------------------------------------------


def test_planted_copies_are_counted_exactly():
    real, held = table(300, 0), table(200, 1)
    made = pd.concat([table(93, 2), real.iloc[[5, 5, 6, 7, 8, 9, 10]]])
    held.iloc[[3, 50, 51]] = real.iloc[[0, 1, 2]].to_numpy()
    found = privacy(real, made, held=held).copies
    assert (found.count, found.share, found.held_count, found.held_share) == (7, 0.07, 3, 3 / 200)
    assert found.interval == wilson(0.07, 100)


def test_copies_look_beyond_the_rows_that_are_searched(monkeypatch):
    monkeypatch.setattr(measure, "LARGEST", 50)
    real = table(300, 0)
    found = privacy(real, pd.concat([table(200, 2), real]), held=table(200, 1))
    assert found.copies.count == 300
    assert found.rows["searched_real"] == found.rows["searched_synthetic"] == found.rows["searched_held"] == 50


def test_missing_values_and_minus_zero_are_equal():
    real = pd.DataFrame({"a": [0.0, np.nan] * 20, "c": ["x", None] * 20})
    made = pd.DataFrame({"a": [-0.0, np.nan, -0.0, 0.0] * 10, "c": ["x", None, None, "new"] * 10})
    assert privacy(real, made).copies.count == 20


def test_identifiers_are_left_out():
    real, held, made = table(100, 0), table(100, 1), table(100, 2)
    made.iloc[:4] = real.iloc[:4].to_numpy()
    bare = privacy(real, made, held=held)
    for at, rows in enumerate((real, held, made)):
        rows.insert(0, "id", np.arange(100) + 1_000_000 * at)
        rows["name"] = [f"K-{n:05d}" for n in np.random.default_rng(at).permutation(90_000)[:100]]
    found = privacy(real, made, held=held)
    assert found.copies.count == 4
    assert found.to_dict() == bare.to_dict()


def test_without_held_out_rows_copies_are_beside_repeated_real_ones():
    real = pd.concat([table(97, 0), table(97, 0).iloc[[0, 0, 1]]])
    found = privacy(real, table(50, 2))
    assert (found.copies.held_count, found.copies.held_share) == (5, 0.05)


def test_distances_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    real, held, made = (rng.normal(size=(n, 1)) for n in (60, 40, 50))
    found = privacy(real, made, held=held)
    scale = np.concatenate([real, held]).std()
    d, e = (np.abs(rows - real.T).min(axis=1) / scale for rows in (made, held))
    assert found.distance.median == pytest.approx(np.median(d))
    assert found.distance.low == pytest.approx(np.quantile(d, 0.05))
    assert found.distance.held_median == pytest.approx(np.median(e))
    assert found.distance.held_low == found.near.radius == pytest.approx(np.quantile(e, 0.05))
    assert found.near.share == (d <= found.near.radius).mean()
    assert found.near.held_share == pytest.approx(0.05, abs=0.03)


def test_a_mixed_row_lies_where_its_definition_says():
    real = pd.DataFrame({"a": [0.0, 2.0] * 20, "c": ["x", "y"] * 20})
    parts = points.Parts(real, pd.DataFrame({"a": [0.0, 1.0, np.nan], "c": ["y", "new", None]}), None, None, None)
    at = parts.points({"real": np.arange(2), "synthetic": np.arange(3)})
    d = np.linalg.norm(at["synthetic"][:, None] - at["real"], axis=2)
    expected = [[1, 2], [np.sqrt(2), np.sqrt(2)], [np.sqrt(3), np.sqrt(3)]]  # a deviation is 1
    np.testing.assert_allclose(d, expected)


def test_many_levels_lie_about_one_apart():
    frame = pd.DataFrame({"c": [f"level {n % 100}" for n in range(300)], "a": np.zeros(300)})
    at = points.Parts(frame, frame, None, {"c": "category"}, None).points({"real": np.arange(100)})["real"]
    d = np.linalg.norm(at[:, None] - at, axis=2)[~np.eye(100, dtype=bool)]
    assert at.shape[1] < 100
    assert 0.6 < d.min() < 0.97 < d.mean() < 1.03


@pytest.mark.parametrize(("source", "share"), [("real", 1.0), ("held", 0.0), ("both", 0.5)])
def test_nearer_is_one_for_copies_none_for_copies_of_held_rows_and_half_for_ties(source, share):
    real, held = table(200, 0), table(200, 1)
    found = privacy(real, held if source == "held" else real, held=real if source == "both" else held)
    assert found.distance.nearer == share
    low, high = found.distance.nearer_interval
    assert low <= share <= high
    assert high - low < 0.15


def test_nearer_compares_as_many_held_out_rows():
    inside = [privacy(table(800, s), table(300, s + 50), held=table(100, s + 99)).distance for s in range(20)]
    assert 0.45 < np.mean([each.nearer for each in inside]) < 0.55  # 8 of 9 were the nearest of 900 in training
    assert sum(each.nearer_interval[0] <= 0.5 <= each.nearer_interval[1] for each in inside) >= 18


def test_rows_of_one_owner_count_as_one():
    hits = np.repeat([1.0, 0.0], 500)
    assert clustered(hits, np.repeat(np.arange(10), 100)) == wilson(0.5, 10)
    assert clustered(hits, np.arange(1000)) == wilson(0.5, 1000)


def test_synthetic_rows_of_few_real_ones_tell_little_of_who_is_nearer():
    real, held = table(200, 0), table(200, 1)
    found = privacy(real, pd.concat([real.iloc[:4]] * 50), held=held)
    assert found.distance.nearer_interval == wilson(1.0, 4)
    assert found.near.interval == wilson(1.0, 4)


def test_nearest_rows_are_those_of_all_pairs():
    rng = np.random.default_rng(0)
    known, asked = rng.normal(size=(50, 20)), rng.normal(size=(30, 20))
    d = np.linalg.norm(asked[:, None] - known, axis=2)
    np.testing.assert_allclose(nearest(known, asked, 3)[0], np.sort(d, axis=1)[:, 2])
    own = np.linalg.norm(known[:, None] - known, axis=2) + np.diag(np.full(50, np.inf))
    np.testing.assert_allclose(nearest_other(known, np.arange(10, 20)), own[10:20].min(axis=1))
    twice = np.repeat(known, 2, axis=0)
    assert not nearest_other(twice, np.arange(100)).any()


# The attack --------------------------------------------------------------------------------------------------------


def test_area_is_the_share_of_pairs():
    rng = np.random.default_rng(0)
    one, none = rng.integers(0, 8, 40) + 1.0, rng.integers(0, 8, 30) + 0.0
    pairs = (one[:, None] > none) + 0.5 * (one[:, None] == none)
    assert area(one, none)[0] == pytest.approx(pairs.mean())


def test_interval_of_the_area_holds_the_truth():
    truth, inside, wide = NormalDist().cdf(1 / np.sqrt(2)), [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        low, high = area(rng.normal(1, 1, 80), rng.normal(size=60))[1]
        inside.append(low <= truth <= high)
        wide.append(high - low)
    assert 0.92 <= np.mean(inside) <= 0.98
    assert np.mean(wide) < 0.2


def test_interval_of_a_full_area_is_that_of_as_many_rows():
    assert area(np.arange(5.0, 25), np.arange(4.0)) == (1.0, (0.025 ** (1 / 4), 1.0))
    assert area(np.arange(4.0), np.arange(5.0, 25)) == (0.0, (0.0, 1 - 0.025 ** (1 / 4)))


def test_members_at_one_percent_are_those_above_the_bound():
    none = np.arange(1000.0)
    one = np.concatenate([np.full(30, 990.5), np.full(70, 989.5)])  # ten of a thousand are 990 or above
    share, (low, high) = found_at(one, none, 0)
    assert share == 0.3
    assert low < 0.3 < high
    assert found_at(np.full(100, -1.0), none, 0)[0] == 0


def test_members_at_one_percent_are_seldom_found_by_chance():
    sure = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        sure.append(found_at(rng.random(1000), rng.random(300), seed)[1][0] > 0.01)
    assert np.mean(sure) < 0.1


def test_score_is_the_ratio_of_densities():
    """Members at synthetic rows; the others lie as close to reference rows as they do."""
    rng = np.random.default_rng(0)
    members, others = rng.normal(size=(100, 2)), rng.normal(size=(400, 2))
    near = rng.normal(size=(500, 2)) * 0.01
    reference = np.concatenate([members, others]) + near
    found = attack(members + 1e-6, members, others, reference, 0)
    assert found.auc > 0.99
    assert found.tpr > 0.9
    assert attack(members + 1e-6, others[:100], members, reference, 0).auc < 0.02
    crowded = np.concatenate([rng.normal(size=(300, 2)) * 0.1, rng.normal(size=(300, 2)) * 3])
    usual = np.concatenate([rng.normal(size=(300, 2)) * 0.1, rng.normal(size=(300, 2)) * 3])
    dense, thin = rng.normal(size=(200, 2)) * 0.1, rng.normal(size=(200, 2)) * 3
    assert 0.4 < attack(crowded, dense, thin, usual, 0).auc < 0.65  # not how near, but how much nearer than usual


MEMORISERS = {
    "copies": lambda rows: made_by(RandomOverSampler(random_state=0), rows),
    "SMOTE": lambda rows: made_by(SMOTE(random_state=0), rows),
    "ARF": lambda rows: made_by(ARF(random_state=0), rows, 2000),
    "jitter": lambda rows: rows.assign(a=rows["a"] + np.random.default_rng(0).normal(0, 0.01, len(rows))),
}


@pytest.mark.parametrize("name", MEMORISERS)
def test_a_generator_that_memorises_is_caught(name):
    real, held = table(300, 0), table(700, 1)
    found = privacy(real, MEMORISERS[name](real), held=held)
    assert found.attack.interval[0] > 0.55
    assert found.attack.tpr > 0.02
    assert found.distance.nearer_interval[0] > 0.5
    assert any("do not share" in sentence for sentence in found.verdict)


@pytest.mark.parametrize("name", ["copies", "SMOTE", "copula", "jitter"])
def test_a_generator_fitted_on_other_rows_is_not(name):
    makers = MEMORISERS | {"copula": lambda rows: made_by(GaussianCopula(random_state=0), rows)}
    found = []
    for seed in range(16):
        real, held, other = (table(n, 100 * seed + at) for at, n in enumerate((300, 700, 300)))
        found.append(privacy(real, makers[name](other), held=held, random_state=seed))
    assert sum(each.attack.interval[0] <= 0.5 <= each.attack.interval[1] for each in found) >= 14
    assert 0.48 < np.mean([each.attack.auc for each in found]) < 0.52
    assert np.mean([each.attack.tpr for each in found]) < 0.02
    assert sum(each.singling.interval[0] <= 0 <= each.singling.interval[1] for each in found) >= 13
    assert sum(any("do not share" in line for line in each.verdict) for each in found) <= 3


def test_a_level_of_held_out_rows_alone_does_not_give_them_away():
    """Rare levels that training rows lack must not all be one unknown level."""

    def rows(n: int, seed: int) -> pd.DataFrame:
        return table(n, seed).assign(d=[f"street {n}" for n in np.random.default_rng(seed).integers(2000, size=n)])

    areas = [
        privacy(rows(200, s), rows(200, s + 50), held=rows(200, s + 99), schema={"d": "category"}).attack.auc
        for s in range(12)
    ]
    assert 0.46 < np.mean(areas) < 0.54


def test_of_half_the_held_out_rows_the_density_is_learned():
    found = privacy(table(300, 0), table(300, 1), held=table(701, 2)).attack
    assert (found.members, found.others, found.reference) == (300, 351, 350)


# Rare combinations -------------------------------------------------------------------------------------------------


def planted() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return real, made and held-out rows; real row 17 alone has p = "b" with q = "b", and the last made rows too."""
    rows = pd.DataFrame({"p": list("aab" * 100), "q": list("aba" * 100), "r": list("xy" * 150)})
    real, held = rows.copy(), rows.copy()
    real.loc[17, ["p", "q"]] = "b"
    made = pd.concat([rows, pd.DataFrame({"p": ["b"] * 5, "q": ["b"] * 5, "r": list("xyxyx")})], ignore_index=True)
    return real, made, held


def test_a_planted_combination_is_found_with_its_parent():
    real, made, held = planted()
    parents = pd.DataFrame({"row": [300, 301, 302, 302, 1], "parent": [17, 17, 3, 17, 17], "weight": 0.5})
    found = privacy(real, made, held=held, parents=parents).singled
    assert found.to_dict("records") == [
        {"parent": 17, "combination": ("p", "q"), "times": 5, "made_of_it": 3, "combinations": 1}
    ]
    alone = privacy(real, made, held=held).singled
    assert alone["made_of_it"].isna().all()
    assert alone.drop(columns="made_of_it").equals(found.drop(columns="made_of_it"))


def test_a_combination_that_held_out_rows_have_is_not():
    real, made, held = planted()
    held.loc[0, ["p", "q"]] = "b"
    assert not len(privacy(real, made, held=held).singled)
    assert len(privacy(real, made).singled) == 1


def test_a_combination_that_is_not_made_again_is_not():
    real, made, held = planted()
    assert not len(privacy(real, made.iloc[:300], held=held).singled)


def test_rare_combinations_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=(40, 4)).astype(float)
    codes[0, 2] = 7  # alone by one column, so by no larger combination that has it
    frame = pd.DataFrame(codes).astype(int).astype(str)
    encoder = TableEncoder()
    matrix = encoder.fit(frame)
    cells = Cells.of(matrix, [matrix[:0]], encoder.layout_, 0)
    found = {(columns, row) for columns, rows, _, _ in rare_combinations(cells, np.arange(40)) for row in rows.tolist()}
    expected = set()
    for size in (1, 2, 3):
        for columns in combinations(range(4), size):
            alone = ~frame[list(columns)].duplicated(keep=False)
            for row in np.flatnonzero(alone).tolist():
                smaller = [part for less in range(1, size) for part in combinations(columns, less)]
                if not any((part, row) in expected for part in smaller):
                    expected.add((columns, row))
    assert found == expected
    assert ((2,), 0) in found
    assert len(found) > 40


def test_many_cells_are_counted_as_few_are(monkeypatch):
    real, made, held = table(200, 0), table(300, 1), table(200, 2)
    few = privacy(real, made, held=held)
    monkeypatch.setattr("gensynth.evidence.privacy.singling.CELLS", 10)
    many = privacy(real, made, held=held)
    assert few.singled.equals(many.singled)
    assert len(few.singled)
    assert few.singling == many.singling


def test_numbers_count_by_bins_and_missing_ones_apart():
    rng = np.random.default_rng(0)
    matrix = np.stack([rng.normal(size=1000), rng.integers(0, 3, 1000) * 1.0], axis=1)
    matrix[:9] = np.nan
    encoder = TableEncoder({0: "number", 1: "number"})
    cells = Cells.of(encoder.fit(matrix), [matrix], encoder.layout_, 0)
    counts = [np.unique(row[:1000], return_counts=True)[1] for row in cells.values]
    assert len(counts[0]) == 21
    assert counts[0][:20].min() >= 49
    assert counts[0][:20].max() <= 51
    assert counts[0][20] == 9
    assert len(counts[1]) == 4


def test_rates_of_both_sides_are_alike_for_other_rows_and_not_for_copies():
    real, held = table(300, 0), table(900, 1)
    found = privacy(real, real, held=held).singling
    assert found.share == 1.0
    assert found.held_share < 0.8
    assert found.interval[0] > 0.1
    assert found.rare == found.made
    assert found.difference == pytest.approx(1 - found.held_made / found.held_rare)


def test_parents_of_a_balancer_and_of_sample_tell_the_same():
    X = pd.concat([table(300, 0), table(60, 5)], ignore_index=True)
    y = np.repeat(["many", "few"], [300, 60])
    balancer = Balancer(SMOTE(random_state=0))
    new, _ = balancer.fit_resample(X, y)
    made = new[balancer.is_synthetic_].reset_index(drop=True)
    found = privacy(X, made, parents=balancer.parents_)
    moved = balancer.parents_.assign(row=balancer.parents_["row"] - len(X))
    assert found.singled.equals(privacy(X, made, parents=moved).singled)
    assert (found.singled["made_of_it"] <= found.singled["times"]).all()
    assert found.singled["made_of_it"].sum() > 0
    assert set(found.singled.loc[found.singled["made_of_it"] > 0, "parent"]) <= set(range(300, 360))


def balanced(under=None):
    """Return rows of three classes in any order, their labels, a Balancer that made two of them, and what it made."""
    X = pd.concat([table(n, seed) for n, seed in ((200, 0), (60, 5), (50, 6))], ignore_index=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X.iloc[order].reset_index(drop=True), np.repeat(["many", "few", "rare"], [200, 60, 50])[order]
    balancer = Balancer(SMOTE(random_state=0), random_state=0, under=under)
    return X, y, balancer, *balancer.fit_resample(X, y)


@pytest.mark.parametrize("under", [None, RandomUnderSampler(sampling_strategy={"many": 120}, random_state=0)])
@pytest.mark.parametrize("form", [lambda mask: mask, np.flatnonzero, pd.Series, list, lambda x: pd.array(x, "boolean")])
def test_places_say_which_rows_of_a_balancer_are_given(under, form):
    X, y, balancer, X_new, y_new = balanced(under)
    few, made = y == "few", balancer.is_synthetic_ & (y_new == "few")
    found = privacy(X[few], X_new[made], parents=balancer.parents_, places=(form(few), form(made)))
    own, rows, links = np.flatnonzero(few).tolist(), np.flatnonzero(made).tolist(), balancer.parents_
    links = links[links["row"].isin(rows)]
    moved = pd.DataFrame({"row": map(rows.index, links["row"]), "parent": map(own.index, links["parent"])})
    assert found.singled.equals(privacy(X[few], X_new[made], parents=moved).singled)
    assert found.singled["made_of_it"].sum() > 0


def test_places_may_be_in_any_order_and_leave_rows_out():
    parents = pd.DataFrame({"row": [5, 5, 6, 7, 9], "parent": [40, 3, 40, 17, 8]})
    child, parent = links_of(parents, ([17, 40, 2], [7, 5, 6]), 3, 3)
    assert list(zip(child.tolist(), parent.tolist(), strict=True)) == [(1, 1), (2, 1), (0, 0)]


def test_places_of_one_side_alone():
    parents = pd.DataFrame({"row": [0, 1, 2, 2], "parent": [40, 3, 40, 17]})
    child, parent = links_of(parents, ([3, 40], None), 2, 3)  # of sample(return_parents=True)
    assert list(zip(child.tolist(), parent.tolist(), strict=True)) == [(0, 1), (1, 0), (2, 1)]
    child, parent = links_of(parents, (None, [2, 1]), 50, 2)
    assert list(zip(child.tolist(), parent.tolist(), strict=True)) == [(1, 3), (0, 40), (0, 17)]
    behind = parents.assign(row=parents["row"] + 90)
    assert links_of(behind, ([3, 40], None), 2, 3)[0].tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="beyond the 4 synthetic"):  # not each was made of one: where they begin is open
        links_of(behind, ([3, 40], None), 2, 4)


def test_rows_of_one_class_without_places_are_refused_with_what_to_do():
    X, y, balancer, X_new, y_new = balanced()
    few, made = y == "few", balancer.is_synthetic_ & (y_new == "few")
    with pytest.raises(DataError, match=r'beyond .* places=\(y == "few", balancer.is_synthetic_\)'):
        privacy(X[few], X_new[made], parents=balancer.parents_)


PARENTS = pd.DataFrame({"row": [5, 9], "parent": [1, 2]})
FIRST = np.arange(60) < 30


@pytest.mark.parametrize(
    ("places", "text"),
    [
        (FIRST, "two masks"),
        ((FIRST,), "two masks"),
        ((FIRST, FIRST[:20]), "places names 20 synthetic rows, and 30 were given"),
        ((np.arange(40), FIRST), "places names 40 real rows, and 30 were given"),
        ((False, FIRST), "mask or whole numbers"),  # a list of labels == "few"
        ((np.arange(30.0), FIRST), "mask or whole numbers"),
        ((np.arange(30) - 1, FIRST), "at least 0, each another"),
        ((np.arange(30) // 2, FIRST), "at least 0, each another"),
        ((~FIRST, FIRST), "has no row that parents name"),
        ((None, FIRST), None),
        ((FIRST, FIRST), None),
    ],
)
def test_wrong_places_are_refused(places, text):
    if text is None:
        assert len(privacy(table(30, 0), table(30, 1), parents=PARENTS, places=places).verdict)
        return
    with pytest.raises(DataError, match=text):
        privacy(table(30, 0), table(30, 1), parents=PARENTS, places=places)


def test_places_without_parents_are_refused():
    with pytest.raises(ConfigError, match="give parents too"):
        privacy(table(30, 0), table(30, 1), places=(FIRST, FIRST))


def test_places_are_those_of_all_rows_where_some_are_drawn(monkeypatch):
    monkeypatch.setattr(measure, "LARGEST", 250)
    real, made, held = planted()
    parents = pd.DataFrame({"row": [300, 301, 302, 303, 304], "parent": 17})
    found = [privacy(real, made, held=held, parents=parents, random_state=s).singled for s in range(6)]
    seen = [each for each in found if 17 in each["parent"].tolist()]
    assert seen
    assert all(each.loc[each["parent"] == 17, "made_of_it"].item() >= 2 for each in seen)
    assert all((each["times"] == each["made_of_it"]).all() for each in seen)


def test_of_many_columns_some_are_drawn():
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 9, size=(60, 45)) for _ in range(3)]
    names = {name for each in privacy(*rows[:2], held=rows[2]).singled["combination"] for name in each}
    assert 20 < len(names) <= 30


# Few rows, kinds, containers, words --------------------------------------------------------------------------------


def test_without_held_out_rows_no_attack_is_made_and_it_is_said():
    real = table(200, 0)
    found = privacy(real, table(100, 1))
    assert np.isnan(found.attack.auc)
    assert np.isnan(found.distance.nearer)
    assert np.isnan(found.singling.difference)
    assert np.isfinite(found.distance.held_median)
    assert any("No attack was made" in sentence for sentence in found.verdict)


def test_without_held_out_rows_the_other_real_rows_are_the_baseline():
    real = np.arange(40.0)[:, None] ** 2
    found = privacy(real, real + 0.1)
    assert found.distance.held_median * real.std() == pytest.approx(np.median(np.diff(real[:, 0])[[0, *range(39)]]))


@pytest.mark.parametrize("short", ["real", "made", "held"])
def test_of_few_rows_copies_alone_are_counted_and_it_is_said(short):
    sizes = {"real": 100, "made": 100, "held": 100} | {short: 19}
    real, made, held = (table(n, at) for at, n in enumerate(sizes.values()))
    found = privacy(real, pd.concat([made.iloc[1:], real.iloc[:1]]), held=held)
    assert found.copies.count == 1
    assert np.isnan([found.attack.auc, found.distance.nearer, found.singling.difference]).all()
    assert np.isnan(found.distance.median) == (short != "held")
    assert any(f"19 {'synthetic' if short == 'made' else short};" in sentence for sentence in found.verdict)


def test_of_twenty_rows_each_there_are_figures():
    found = privacy(table(20, 0), table(20, 1), held=table(20, 2))
    assert np.isfinite([found.attack.auc, *found.attack.interval, found.distance.nearer, found.near.share]).all()
    assert np.isnan(found.attack.tpr)
    assert any("Fewer than 600" in sentence for sentence in found.verdict)


@pytest.mark.parametrize("held", [None, 100, 700])
def test_distances_alone_prove_nothing_is_always_said(held):
    found = privacy(table(100, 0), table(100, 1), held=None if held is None else table(held, 2))
    assert "Distances alone prove nothing" in found.verdict[-1]
    assert "arXiv:2505.01524" in found.verdict[-1]
    assert found.verdict[-1] in str(found)


def test_it_prints_as_a_table_and_is_plain_data():
    real = table(300, 0)
    parents = pd.DataFrame({"row": np.arange(300), "parent": np.arange(300)})
    for found in (
        privacy(real, real, held=table(700, 1), parents=parents),
        privacy(real, real),
        privacy(real.iloc[:9], real),
    ):
        plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
        assert plain == found.to_dict()
        assert len(plain["singled"]) == len(found.singled)
        assert plain["verdict"] == list(found.verdict)
        assert found.table.index.name == "figure"
        assert "equal to a training row" in str(found)
    assert plain["attack"]["auc"] is None


@pytest.mark.parametrize(
    "container", [pl.from_pandas, lambda frame: frame.set_index(pd.Index(range(7, 7 + len(frame))))]
)
def test_containers_give_the_same_figures(container):
    parts = table(100, 0), pd.concat([table(60, 1), table(100, 0).iloc[:5]], ignore_index=True), table(100, 2)
    real, made, held = (container(part) for part in parts)
    assert privacy(real, made, held=held).to_dict() == privacy(parts[0], parts[1], held=parts[2]).to_dict()


def test_arrays_give_the_figures_of_frames():
    rng = np.random.default_rng(0)
    real, made, held = (rng.normal(size=(100, 3)) for _ in range(3))
    frames = [pd.DataFrame(rows) for rows in (real, made, held)]
    assert privacy(real, made, held=held).to_dict() == privacy(frames[0], frames[1], held=frames[2]).to_dict()


def test_the_order_of_columns_does_not_matter():
    real, made, held = table(100, 0), table(100, 1), table(100, 2)
    turned = privacy(real, made[["d", "c", "b", "a"]], held=held[["c", "a", "d", "b"]])
    assert turned.to_dict() == privacy(real, made, held=held).to_dict()


def test_dates_categories_and_columns_of_nothing_are_taken():
    def rows(seed: int) -> pd.DataFrame:
        made = table(80, seed)
        when = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.random.default_rng(seed).integers(1000, size=80), "h")
        return made.assign(when=when, c=made["c"].astype("category"), none=np.nan, true=made["a"] > 0)

    found = privacy(rows(0), rows(1).assign(none=None), held=rows(2).assign(none="here"))
    assert np.isfinite(found.attack.auc)


def test_a_schema_says_what_is_not_to_be_guessed():
    rng = np.random.default_rng(0)
    real, made, held = (
        pd.DataFrame({"zip": rng.choice([1.0, 2.0, 9.0], 60), "code": rng.integers(40, size=60)}) for _ in range(3)
    )
    kinds = {"zip": "category", "code": "category"}
    said = privacy(real, made, held=held, schema=kinds)
    assert said.to_dict() == privacy(real, made, held=held, schema=Schema.infer(real, kinds)).to_dict()
    assert said.distance.held_median in (0, 1, pytest.approx(np.sqrt(2)))
    assert privacy(real, made, held=held).distance.low < 0.5 < said.distance.held_median


def test_it_is_pure():
    real, made, held = table(200, 0), table(200, 1), table(200, 2)
    before = real.copy(), made.copy(), held.copy()
    state = np.random.get_state()[1].copy()  # noqa: NPY002 -- it must not be touched
    assert privacy(real, made, held=held).to_dict() == privacy(real, made, held=held).to_dict()
    assert privacy(real, made, held=held).attack != privacy(real, made, held=held, random_state=1).attack
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    for rows, was in zip((real, made, held), before, strict=True):
        pd.testing.assert_frame_equal(rows, was)


def kinds():
    """Return, of each other kind, rows of a seed."""

    def pictures(seed: int, n: int = 60):
        return Images(np.random.default_rng(seed).integers(0, 256, (n, 3, 20, 20)).astype(np.uint8))

    def series(seed: int, n: int = 60):
        return Series(
            [np.random.default_rng([seed, at]).normal(size=(2, 30 + at % 3)).cumsum(axis=1) for at in range(n)]
        )

    def audio(seed: int, n: int = 60):
        return Audio(
            [np.random.default_rng([seed, at]).normal(size=800 + at).astype(np.float32) for at in range(n)], 8000
        )

    def texts(seed: int, n: int = 60):
        words = np.array([f"{a}{b}{c}" for a in "bcd" for b in "aeiou" for c in "lmnr"])
        return [" ".join(row) for row in np.random.default_rng(seed).choice(words, size=(n, 8))]

    return {"image": pictures, "series": series, "audio": audio, "text": texts}


@pytest.mark.parametrize("kind", kinds())
def test_other_kinds_are_compared(kind):
    rows = kinds()[kind]
    real, held, other = rows(0), rows(1), rows(2)
    copied, honest = privacy(real, real, held=held), privacy(real, other, held=held)
    assert copied.kind == kind
    assert (copied.copies.count, honest.copies.count) == (60, 0)
    assert copied.attack.interval[0] > 0.85
    assert honest.attack.interval[0] <= 0.5
    assert copied.distance.median == 0 < honest.distance.median
    assert list(copied.singled.columns) == list(measure.HEADS)
    assert not len(copied.singled)


def test_features_tell_where_rows_lie():
    rng = np.random.default_rng(0)
    real, made, held = (rng.normal(size=(100, 3)) for _ in range(3))
    made[:, 0] = real[:, 0]
    first = privacy(real, made, held=held, features=lambda rows: np.asarray(rows)[:, :1])
    assert first.distance.median == 0
    assert first.copies.count == 0
    assert len(first.singled) or first.singling.rare
    large = privacy(real, made, held=held, features=lambda rows: np.asarray(rows) * [1e9, 1, 1])
    assert large.attack == privacy(real, made, held=held, features=np.asarray).attack  # each is scaled


BAD = {
    "other columns": (lambda: (table(30, 0), table(30, 1)[["a", "b", "c"]], None), {}, "lack the column 'd'"),
    "more columns": (lambda: (table(30, 0), table(30, 1).assign(e=1), None), {}, "column 'e'"),
    "held columns": (lambda: (table(30, 0), table(30, 1), table(30, 1).drop(columns="a")), {}, "held-out rows lack"),
    "another kind": (lambda: (table(30, 0), ["a text"] * 30, None), {}, "of kind 'text'"),
    "no rows": (lambda: (table(30, 0), table(30, 0).iloc[:0], None), {}, "no rows: synthetic"),
    "identifiers": (lambda: (np.arange(60)[:, None], np.arange(60)[:, None], None), {}, "only identifiers"),
    "words": (lambda: (table(30, 0), table(30, 1).assign(a="word"), None), {}, "other things"),
    "no frame": (lambda: (table(30, 0), table(30, 1), None), {"parents": [1, 2]}, "columns row and parent"),
    "no places": (
        lambda: (table(30, 0), table(30, 1), None),
        {"parents": pd.DataFrame({"row": [0], "parent": [30]})},
        "beyond",
    ),
    "no such row": (
        lambda: (table(30, 0), table(30, 1), None),
        {"parents": pd.DataFrame({"row": [5, 90], "parent": [1, 2]})},
        "beyond",
    ),
    "features": (lambda: (table(30, 0), table(30, 1), None), {"features": lambda rows: [1.0]}, "finite numbers"),
    "widths": (
        lambda: (table(30, 0), table(40, 1), None),
        {"features": lambda rows: np.zeros((len(rows), len(rows)))},
        "different numbers",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_refused_in_a_sentence(name):
    make, asked, text = BAD[name]
    real, made, held = make()
    with pytest.raises(DataError, match=text) as error:
        privacy(real, made, held=held, **asked)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "asked",
    [{"schema": 3}, {"schema": {"nobody": "number"}}, {"features": 3}, {"random_state": -1}, {"random_state": None}],
)
def test_bad_requests_are_refused(asked):
    with pytest.raises(ConfigError):
        privacy(table(30, 0), table(30, 1), **asked)


def test_a_schema_of_texts_and_sparse_matrices_are_refused():
    from scipy.sparse import eye_array

    with pytest.raises(ConfigError, match="columns of a table"):
        privacy(["a text"] * 30, ["another"] * 30, schema={"a": "number"})
    with pytest.raises(GensynthError, match="sparse"):
        privacy(eye_array(30).tocsr(), eye_array(30).tocsr())
