"""Fidelity against truth that can be computed: known statistics, real halves, copies, broken columns, all kinds."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse, stats

from gensynth import Audio, Images, Series, Texts, fidelity
from gensynth.errors import ConfigError, DataError, UnknownCategory
from gensynth.evidence.fidelity.classes import Labels, matched
from gensynth.evidence.fidelity.detect import Area, area, detected, equal_rows
from gensynth.evidence.fidelity.figures import scored
from gensynth.evidence.fidelity.near import density_coverage
from gensynth.evidence.fidelity.result import BEST, IDEAL, SAYS
from gensynth.evidence.fidelity.tables import correlations


def table(n, seed=0):
    """A table of two numbers that go together, a category that goes with them, and one that does not."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    return pd.DataFrame(
        {
            "pay": np.round(z + rng.normal(size=n) / 2, 3),
            "age": rng.integers(18, 80, n),
            "rent": np.round(2 * z + rng.normal(size=n), 3),
            "town": np.where(z + rng.normal(size=n) / 2 > 0, "north", "south"),
            "paid": rng.random(n) < 0.3,
        }
    )


def score(found, column):
    return found.columns.set_index("column").loc[column, "score"]


def pair(found, a, b):
    return found.pairs.set_index(["a", "b"]).loc[(a, b), "score"]


def test_shapes_are_those_of_scipy_and_by_hand():
    real, made = table(300), table(200, 1).assign(age=lambda x: x["age"] + 5)
    found = fidelity(real, made)
    for name in ("pay", "age", "rent"):
        assert score(found, name) == pytest.approx(1 - stats.ks_2samp(real[name], made[name]).statistic)
    shares = [side["town"].value_counts(normalize=True) for side in (real, made)]
    assert score(found, "town") == pytest.approx(1 - (shares[0] - shares[1]).abs().sum() / 2)
    assert found.scores["shapes"].value == pytest.approx(found.columns["score"].mean())


def test_total_variation_by_hand_with_a_category_that_no_real_row_has():
    real, made = pd.DataFrame({"c": ["a"] * 5 + ["b"] * 5}), pd.DataFrame({"c": ["a"] * 6 + ["b"] * 2 + ["x", "y"]})
    assert score(fidelity(real, made), "c") == pytest.approx(0.7)


def test_dates_are_compared_as_numbers_also_as_text():
    days = pd.date_range("2024-01-01", periods=100)
    real = pd.DataFrame({"day": days, "text": days.strftime("%Y-%m-%d"), "x": np.arange(100) % 7})
    made = real.assign(day=days + pd.Timedelta(days=25), text=(days + pd.Timedelta(days=50)).strftime("%Y-%m-%d"))
    found = fidelity(real, made, schema={"text": "datetime"})
    assert found.columns["kind"].tolist() == ["datetime", "datetime", "number"]
    assert [score(found, name) for name in ("day", "text", "x")] == pytest.approx([0.75, 0.5, 1.0])


def test_missing_values_are_counted_and_not_part_of_the_shape():
    real = pd.DataFrame({"a": [1.0, 2.0, 3.0, np.nan] * 10, "b": ["u", "v", None, None] * 10})
    made = pd.DataFrame({"a": [1.0, 2.0, 3.0] * 10, "b": ["u", "v", "u", "v"] * 7 + ["u", None]})
    found = fidelity(real, made)
    assert score(found, "a") == pytest.approx(1.0)
    assert found.columns["missing_real"].tolist() == [0.25, 0.5]
    assert found.columns["missing_synthetic"].tolist() == pytest.approx([0.0, 1 / 30])
    assert found.scores["missing"].value == pytest.approx(1 - (0.25 + 0.5 - 1 / 30) / 2)
    assert "missing" not in fidelity(table(50), table(50)).scores


def test_pairs_by_hand():
    real = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [1.0, 2.0, 3.0, 4.0], "c": list("uuvv"), "d": list("xyxy")})
    made = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [4.0, 3.0, 2.0, 1.0], "c": list("uuvv"), "d": list("xxyy")})
    found = fidelity(real, made)
    assert pair(found, "a", "b") == pytest.approx(0.0)  # 1 against -1
    assert pair(found, "c", "d") == pytest.approx(0.5)  # each of four cells a quarter, against two of a half
    assert pair(found, "a", "c") == pytest.approx(1.0)
    assert pair(found, "b", "c") == pytest.approx(0.0)


def test_values_that_many_rows_have_are_apart_from_others_in_pairs():
    money = np.where(np.arange(200) % 10 == 0, 5000.0, 0.0)  # nine tenths are 0: all deciles but the last
    real = pd.DataFrame({"money": money, "rich": np.where(money > 0, "yes", "no")})
    made = pd.DataFrame({"money": money, "rich": np.where(np.roll(money, 1) > 0, "yes", "no")})
    assert pair(fidelity(real, real), "money", "rich") == pytest.approx(1.0)
    assert pair(fidelity(real, made), "money", "rich") == pytest.approx(0.8)


def test_correlations_leave_out_rows_with_missing_values():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3)) * [1.0, 1e6, 1e-6] + [0.0, 1e7, 0.0]
    assert correlations(x) == pytest.approx(np.corrcoef(x.T))
    x[rng.random(x.shape) < 0.2] = np.nan
    assert correlations(x) == pytest.approx(pd.DataFrame(x).corr().to_numpy())
    assert np.isnan(correlations(np.array([[1.0, 2.0], [1.0, 3.0]]))[0, 1])


def test_the_area_is_that_of_scikit_learn_and_its_error_that_of_draws():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    low, high = np.round(rng.normal(size=80), 1), np.round(rng.normal(size=50) + 1, 1)
    assert area(low, high).value == pytest.approx(roc_auc_score([0] * 80 + [1] * 50, np.append(low, high)))
    draws = [area(rng.normal(size=80), rng.normal(size=50) + 1) for _ in range(400)]
    assert np.mean([each.error for each in draws]) == pytest.approx(np.std([each.value for each in draws]), rel=0.1)


def test_density_counts_neighbours_by_their_number():
    real = np.array([[0.0], [1.0], [2.0], [10.0]])  # reaches to the second other: 2, 1, 2, 9
    assert density_coverage(real, np.array([[0.5]]), 2) == (1.5, 0.75)


def test_real_halves_are_alike_and_noise_is_not():
    whole = table(4000)
    found = fidelity(whole[:2000], whole[2000:])
    for name in ("shapes", "pairs"):
        assert found.scores[name].value > 0.95
        assert found.scores[name].value == pytest.approx(found.scores[name].real, abs=0.02)
    told = found.scores["detectability"]
    assert 0.45 < told.value < 0.55
    assert told.low < told.value < told.high
    assert found.scores["density"].value == pytest.approx(found.scores["density"].real, abs=0.15)
    assert found.scores["coverage"].value == pytest.approx(found.scores["coverage"].real, abs=0.05)
    noise = whole[2000:].assign(pay=lambda x: x["pay"] * 3 + 5, rent=0.0)
    bad = fidelity(whole[:2000], noise)
    assert bad.scores["detectability"].value > 0.95
    assert bad.scores["coverage"].value < 0.5 * bad.scores["coverage"].real


def test_copies_are_not_told_by_heart_and_are_counted():
    real = table(600)
    found = fidelity(real, real.sample(600, random_state=0), held=table(600, 1))
    assert found.scores["copies"].value == 1.0
    assert found.scores["copies"].real < 0.05
    assert 0.42 < found.scores["detectability"].value < 0.58
    assert found.scores["shapes"].value == 1.0


def test_rows_around_their_own_real_rows_are_below_half_and_it_is_said():
    rng = np.random.default_rng(0)
    real = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    around = np.repeat(real.to_numpy(), 3, axis=0)
    found = fidelity(real, pd.DataFrame(around + rng.normal(0, 0.05, around.shape), columns=real.columns))
    told = found.scores["detectability"]
    assert told.high < 0.5
    assert found.scores["copies"].value == 0
    [note] = [note for note in found.notes if "below .5" in note]
    assert f"({told.low:.3f} to {told.high:.3f})" in note
    assert "sign of copying and not of likeness" in note
    assert f"note: {note}" in str(found)
    assert note in found.to_dict()["notes"]


@pytest.mark.parametrize(("area_", "said"), [((0.4, 0.04), True), ((0.45, 0.04), False), ((0.9, 0.01), False)])
def test_half_is_undercut_only_where_the_whole_interval_does(area_, said):
    notes: list[str] = []
    scored(Area(*area_), Area(0.5), notes)
    assert any("below .5" in note for note in notes) is said


def test_fresh_real_rows_and_noise_are_not_said_to_be_copies():
    other = fidelity(table(600), table(600, 1)), fidelity(table(200), table(200, 1).assign(age=0))
    assert not any("below .5" in note for found in other for note in found.notes)


def test_what_is_best_stands_in_words_beside_each_figure():
    found = fidelity(table(100), table(100, 1))
    assert found.table.loc["detectability", "best"] == ".5, either side is worse"
    assert found.table["best"].str.len().between(1, 40).all()
    assert ".5 is best, either side is worse" in str(found)
    assert set(BEST) == set(IDEAL) == set(SAYS)
    assert all(words in str(found.table) for words in found.table["best"])  # pandas would cut them where they are long


def test_equal_rows_of_both_sides_are_in_one_fold():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 40, (200, 1)).astype(float)
    side, seen = np.arange(200) % 2, []

    def judge(learn, sides, ask):
        seen.append(np.intersect1d(x[learn], x[ask]))
        return np.zeros(len(ask))

    assert detected(judge, side, equal_rows(x), 3, 0).value == 0.5
    assert [len(each) for each in seen] == [0, 0, 0]
    assert len(np.unique(equal_rows(np.array([[0.0, np.nan], [-0.0, np.nan], [0.0, 1.0]])))) == 2


def test_a_shuffled_column_breaks_pairs_and_not_shapes():
    real, made = table(2000), table(2000, 1)
    broken = made.assign(rent=made["rent"].sample(frac=1, random_state=0).to_numpy())
    found, good = fidelity(real, broken), fidelity(real, made)
    assert found.scores["shapes"].value == pytest.approx(good.scores["shapes"].value)
    assert found.scores["pairs"].value < good.scores["pairs"].value - 0.02
    assert {tuple(each) for each in found.worst_pairs(2)[["a", "b"]].to_numpy()} == {("pay", "rent"), ("rent", "town")}


def test_a_shifted_column_breaks_shapes_and_is_named_as_the_worst():
    real, made = table(2000), table(2000, 1)
    found, good = fidelity(real, made.assign(age=made["age"] + 30)), fidelity(real, made)
    assert found.worst_columns(1)["column"].tolist() == ["age"]
    assert found.scores["shapes"].high < good.scores["shapes"].low
    assert pair(found, "pay", "rent") == pair(good, "pay", "rent")
    lines = str(found).splitlines()
    assert lines[lines.index("worst columns") + 1].split()[0] == "age"


def test_the_interval_of_shapes_is_as_wide_as_draws_are():
    draws = [
        fidelity(table(300, seed), table(300, 100 + seed).assign(pay=lambda x: x["pay"] + 1)) for seed in range(30)
    ]
    widths = [(found.scores["shapes"].high - found.scores["shapes"].low) / 3.92 for found in draws]
    assert np.mean(widths) == pytest.approx(np.std([found.scores["shapes"].value for found in draws]), rel=0.5)


def test_what_real_rows_reach_is_put_right_for_the_size_of_halves():
    found = [fidelity(table(400, seed), table(400, 100 + seed)) for seed in range(20)]
    value, real = (np.mean([getattr(each.scores["shapes"], name) for each in found]) for name in ("value", "real"))
    assert real == pytest.approx(value, abs=0.006)  # halves alone would be .015 lower


def test_held_out_rows_are_the_yardstick():
    real = table(800)
    drifted = table(800, 2).assign(age=lambda x: x["age"] + 25)
    found = fidelity(real, table(800, 1), held=drifted)
    assert found.scores["shapes"].real < 0.95 < found.scores["shapes"].value
    assert found.scores["detectability"].real > 0.7
    assert found.rows == {"real": 800, "synthetic": 800, "held": 800}


def test_many_levels_that_real_rows_have_not_are_not_told_where_real_rows_have_them_too():
    rng = np.random.default_rng(0)
    whole = pd.DataFrame({"a": rng.normal(size=3000), "ref": rng.integers(0, 3000, 3000).astype(str)})
    found = fidelity(whole[:1500], whole[1500:], schema={"ref": "category"})
    assert found.scores["detectability"].value == pytest.approx(0.5, abs=0.04)
    assert found.columns["real"].iloc[1] == pytest.approx(found.columns["score"].iloc[1], abs=0.1)


def test_rows_of_one_class_are_compared_with_that_class():
    whole, y = table(1200), np.where(np.arange(1200) % 6 == 0, "rare", "usual")
    whole.loc[y == "rare", "pay"] += 4
    made = table(300, 1).assign(pay=lambda x: x["pay"] + 4)
    found = fidelity(whole, made, y=y, y_synthetic=["rare"] * 300)
    assert found.rows == {"real": 200, "synthetic": 300}
    assert score(found, "pay") > 0.85 > score(fidelity(whole, made), "pay")
    assert "200 of rare" in found.notes[0]


def test_labels_take_part_in_pairs_and_not_in_shapes():
    real, y = table(900), pd.Series(np.arange(900) % 3, name="grade")
    real["pay"] += 2 * y
    found = fidelity(real, real, y=y, y_synthetic=(y + 1) % 3)
    assert "grade" not in found.columns["column"].tolist()
    assert found.scores["shapes"].value == 1.0
    assert pair(found, "pay", "grade") < 0.6 < 0.97 < pair(found, "pay", "rent")
    assert found.scores["detectability"].value > 0.8


def test_classes_stand_at_the_shares_of_the_made_ones():
    labels = Labels(np.array(["a", "b", "c"]), np.repeat([0, 1, 2], [100, 30, 7]), np.repeat([0, 1], [50, 50]), None)
    real, made, held = matched(labels, 0, [])
    shares = [np.bincount(part, minlength=3) for part in (labels.real[real], labels.made[made])]
    assert shares[0].tolist() == [100, 30, 0]  # as many as can be: 130 and 65, not 60 and 100
    assert shares[1].tolist() == [50, 15, 0]
    assert held is None
    assert len(np.unique(real)) == len(real)


def test_containers_and_orders_do_not_matter():
    real, made = table(300), table(300, 1)
    expected = fidelity(real, made).to_dict()
    assert fidelity(real, made[made.columns[::-1]]).to_dict() == expected
    both = [pl.from_pandas(side) for side in (real, made)]
    for pairs in (both, [real, both[1]], [both[0], made]):
        assert fidelity(*pairs).table["value"].to_dict() == pytest.approx(fidelity(real, made).table["value"].to_dict())
    numbers = [side[["pay", "rent"]].to_numpy() for side in (real, made)]
    assert fidelity(*numbers).columns["score"].tolist() == [
        score(fidelity(real, made), name) for name in ("pay", "rent")
    ]
    thin = [sparse.csr_matrix(np.where(np.abs(part) > 1, part, 0)) for part in numbers]
    assert fidelity(*thin).scores == fidelity(*(part.toarray() for part in thin)).scores


def test_identifiers_constants_and_empty_columns():
    real, made = table(100), table(100, 1)
    for side, value in ((real, 1), (made, 2)):
        side["id"] = [f"user-{value}{row:04}" for row in range(100)]
        side["same"], side["never"], side["other"] = 1, np.nan, value
    found = fidelity(real, made)
    assert "id" not in found.columns["column"].tolist()
    assert any("identifiers were left out: id" in note for note in found.notes)
    assert (score(found, "same"), score(found, "other")) == (1.0, 0.0)
    assert np.isnan(score(found, "never"))
    assert not {"same", "never"} & {*found.pairs["a"], *found.pairs["b"]}
    assert score(fidelity(real, made.assign(never=1.0)), "never") == 0.0
    assert score(fidelity(real, made.assign(pay=np.nan)), "pay") == 0.0


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 50), (50, 1), (2, 2), (12, 3)])
def test_few_rows_have_figures_or_none(n, m):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fidelity(table(n), table(m, 1))
    assert np.isfinite(found.scores["shapes"].value)
    assert np.isnan(found.scores["detectability"].value)
    assert any("too few" in note for note in found.notes)
    json.dumps(found.to_dict(), allow_nan=False)
    assert "shapes" in str(found)


def test_large_tables_are_looked_at_in_part_and_say_so(monkeypatch):
    monkeypatch.setattr("gensynth.evidence.fidelity.coding.CELLS", 7500)
    found = fidelity(table(3000), table(2000, 1))
    assert found.rows == {"real": 1500, "synthetic": 1500}
    assert "1,500 of the 3,000 real rows" in found.notes[0]
    wide = np.random.default_rng(0).normal(size=(60, 80))
    assert len(fidelity(wide, wide).pairs) == 60 * 59 / 2


def test_plain_data_and_one_seed_one_result():
    real, made = table(300), table(300, 1)
    real.columns = made.columns = ["pay", 2, "rent", "town", "paid"]
    found = fidelity(real, made, random_state=3)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["scores"]["shapes"]["ideal"] == 1.0
    assert [each["column"] for each in data["columns"]] == ["pay", "2", "rent", "town", "paid"]
    assert len(data["pairs"]) == 10
    assert found.to_dict() == fidelity(real, made, random_state=3).to_dict()
    assert found.table.loc["detectability", "ideal"] == 0.5


def test_the_input_is_left_alone():
    real, made, y = table(60), table(60, 1), np.arange(60) % 2
    before = real.copy(), made.copy()
    fidelity(real, made, y=y, y_synthetic=y)
    pd.testing.assert_frame_equal(real, before[0])
    pd.testing.assert_frame_equal(made, before[1])


def waves(n, seed, rate=3.0, length=64):
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 2 * np.pi, length)
    return np.sin(rate * t + rng.uniform(0, 6, (n, 1))) + rng.normal(size=(n, length)) / 5


def pictures(n, seed, top=2):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 60, (n, 12, 12, 1))
    for row, place in enumerate(rng.integers(0, 4, n)):
        x[row, top : top + 4, place : place + 4] = 220
    return x.astype(np.uint8)


def phrases(n, seed, words="a good film with bad actors and dull music but great light"):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words.split(), 8)) for _ in range(n)]


KINDS = {
    "series": (lambda n, seed: Series(waves(n, seed)[:, None]), lambda n: Series(waves(n, 9, 8.0)[:, None])),
    "audio": (lambda n, seed: Audio(waves(n, seed, 60, 1000), 1000), lambda n: Audio(waves(n, 9, 200, 1000), 1000)),
    "image": (pictures, lambda n: pictures(n, 9, top=7)),
    "text": (phrases, lambda n: phrases(n, 9, "other words and film")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_are_like_or_not(kind):
    draw, other = KINDS[kind]
    good, bad = fidelity(draw(90, 0), draw(90, 1)), fidelity(draw(90, 0), other(90))
    assert good.kind == kind
    assert good.columns is None
    assert good.pairs is None
    assert good.scores["detectability"].value < 0.68 < 0.9 < bad.scores["detectability"].value
    assert good.scores["coverage"].value > max(0.75, bad.scores["coverage"].value + 0.25)
    assert good.scores["coverage"].real == bad.scores["coverage"].real  # of the real rows alone
    json.dumps(good.to_dict(), allow_nan=False)
    assert "detectability" in str(good)


@pytest.mark.parametrize("kind", KINDS)
def test_features_of_the_user_are_taken(kind):
    draw, _ = KINDS[kind]
    seen = []

    def features(rows):
        seen.append(type(rows).__name__)
        return np.arange(len(rows) * 2.0).reshape(-1, 2) % 7

    fidelity(draw(40, 0), draw(40, 1), features=features)
    assert set(seen) == {{"series": "Series", "audio": "Audio", "image": "Images", "text": "Texts"}[kind]}


def test_images_with_labels_have_the_figures_of_their_classifier():
    x, y = pictures(80, 0), np.arange(80) % 2
    x[y == 1] = 255 - x[y == 1]
    flat = lambda rows: rows.x.reshape(len(rows.x), -1) / 255.0  # noqa: E731
    made = 255 - pictures(30, 1)
    found = fidelity(x, made, y=y, y_synthetic=np.ones(30, dtype=int), features=flat)
    assert found.classes.index.tolist() == ["0", "1"]
    assert found.scores["kid"].value == found.classes.loc["1", "kid"]  # of the class that was made
    assert found.rows == {"real": 40, "synthetic": 30}
    assert found.scores["coverage"].value > 0.7
    assert {"kid", "nearer"} <= set(found.to_dict()["scores"])


def test_unequal_lengths_sizes_and_types(short_learning):
    long = Series([row[None] for row in waves(40, 0)])
    short = Series([row[None, :50] for row in waves(40, 1)])
    assert fidelity(long, short).rows == {"real": 40, "synthetic": 40}
    found = fidelity(pictures(40, 0), pictures(40, 1).astype(np.float32) / 255)  # the same images as floats in [0, 1]
    assert found.scores["coverage"].value > 0.7
    assert fidelity(Images(pictures(12, 0)), Images([*pictures(12, 1)])).kind == "image"
    assert np.isnan(fidelity(Texts(["one word"]), ["two words"]).scores["density"].value)


def with_inf(x):
    return x.assign(pay=np.where(np.arange(len(x)) == 3, np.inf, x["pay"]))


@pytest.mark.parametrize(
    ("real", "made", "given", "error", "says"),
    [
        (table(20), table(20).drop(columns="age"), {}, DataError, "synthetic rows have no column 'age'"),
        (table(20), table(20).assign(z=1), {}, DataError, "the column 'z', which the real ones have not"),
        (table(20), table(20).rename(columns={"age": "Age"}), {}, DataError, "no column 'age'; did you mean 'Age'"),
        (table(20), with_inf(table(20)), {}, DataError, "'pay': the synthetic rows hold infinite"),
        (with_inf(table(20)), table(20), {}, DataError, "'pay': infinite"),
        (table(20), table(20).assign(pay="x"), {}, DataError, "'pay': the synthetic rows hold other things"),
        (table(20), table(20)[:0], {}, DataError, "no synthetic rows"),
        (table(20)[:0], table(20), {}, DataError, "no real rows"),
        (table(20), ["a text"] * 20, {}, DataError, "of kind 'text'"),
        (table(20), table(20), {"held": table(9).drop(columns="age")}, DataError, "held-out rows have no column"),
        (table(20), table(20), {"features": len}, ConfigError, "leave features out"),
        (table(20), table(20), {"schema": {"agee": "number"}}, ConfigError, "did you mean 'age'"),
        (table(20), table(20), {"y": [0, 1] * 10}, ConfigError, "y_synthetic must be given"),
        (table(20), table(20), {"y": [0, 1] * 10, "y_synthetic": [2] * 20}, UnknownCategory, "class 2"),
        (table(20), table(20), {"y": [0, 1], "y_synthetic": [0] * 20}, DataError, "as many labels"),
        (table(20), table(20), {"random_state": -1}, ConfigError, "at least 0"),
        (["a b"] * 20, ["a c"] * 20, {"schema": {"a": "number"}}, ConfigError, "columns of tables"),
        (["a b"] * 20, ["a c"] * 20, {"features": 3}, ConfigError, "features must be a function"),
        (["a b"] * 20, ["a c"] * 20, {"features": len}, DataError, "features"),
        (Texts([]), ["a c"] * 20, {}, DataError, "no real rows"),
        (Audio(np.ones((20, 90)), 8), Audio(np.ones((20, 90)), 9), {}, DataError, "different rates"),
        (pictures(20, 0), pictures(20, 1).repeat(3, axis=3), {}, DataError, "channels"),
        (Series(np.ones((20, 1, 9))), Series(np.ones((20, 2, 9))), {}, DataError, "2 channels"),
    ],
)
def test_what_cannot_be_is_said(real, made, given, error, says):
    with pytest.raises(error, match=says):
        fidelity(real, made, **given)
