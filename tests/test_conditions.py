"""`sample(conditions=...)`: exact values, and other columns that follow."""

import numpy as np
import pandas as pd
import pytest

from gensynth import ARF, SMOTE, GaussianCopula, RandomOverSampler
from gensynth.errors import ConfigError, DataError, UnknownCategory, Unsupported

CAN = [ARF(random_state=0), GaussianCopula(random_state=0), RandomOverSampler(random_state=0)]


@pytest.fixture(scope="module")
def trips():
    """Towns with their own prices; fraud is dear, and never from C."""
    rng = np.random.default_rng(0)
    n = 1500
    fraud = rng.random(n) < 0.2
    town = np.where(fraud, rng.choice([*"AB"], n), rng.choice([*"ABC"], n))
    price = np.select([town == "A", town == "B"], [10.0, 20.0], 30.0) + rng.normal(0, 2, n) + 5 * fraud
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D")
    kind = np.where(rng.random(n) < 0.9, np.char.add(town, "1"), "any")
    frame = pd.DataFrame(
        {"town": town, "price": price.round(2), "kind": kind, "day": day, "age": rng.integers(18, 70, n)}
    )
    frame["tip"] = np.where(rng.random(n) < 0.2, np.nan, frame["price"] / 10)
    return frame, pd.Series(np.where(fraud, "fraud", "fine"), name="what")


@pytest.fixture(scope="module", params=CAN, ids=lambda made: type(made).__name__)
def fitted(request, trips):
    return request.param.fit(*trips)


def test_values_are_exact_and_the_class_is_as_asked(fitted, trips):
    made, y = fitted.sample(200, y="fraud", conditions={"town": "B"}, return_y=True)
    assert (made["town"] == "B").all()
    assert (y == "fraud").all()
    assert made.dtypes.equals(trips[0].dtypes)


def test_other_columns_follow(fitted):
    for town, price in [("A", 15), ("B", 25)]:
        made = fitted.sample(400, y="fraud", conditions={"town": town})
        assert abs(made["price"].mean() - price) < 1
        assert (made["kind"] == f"{town}1").mean() > 0.8


def test_labels_are_drawn_as_they_go_with_the_conditions(fitted):
    _, y = fitted.sample(300, conditions={"town": "C"}, return_y=True)
    assert (y == "fine").all()


def test_numbers_dates_and_missing_cells_can_be_held(fitted, trips):
    X, _ = trips
    row = X.iloc[7]
    made = fitted.sample(20, conditions={"day": row["day"]})
    assert (made["day"] == row["day"]).all()
    made = fitted.sample(20, conditions={"age": 40, "town": "A"})
    assert (made["age"] == 40).all()
    assert fitted.sample(20, conditions={"tip": None})["tip"].isna().all()


def test_a_number_makes_others_follow(trips):
    for generator in CAN[:2]:
        model = generator.fit(*trips)
        made = model.sample(100, y="fine", conditions={"price": 30.0})
        assert (made["price"] == 30).all()
        assert (made["town"] == "C").mean() > 0.6
        assert abs(made["tip"].mean() - 3) < 0.35


def test_pair_trends_with_the_held_column_are_kept(trips):
    """Share of agreement (1 - total variation) of the joint table of the held column and each other."""
    X, y = trips
    for generator in CAN[:2]:
        model = generator.fit(X, y)
        parts = [
            model.sample(int(count), y="fine", conditions={"town": town})
            for town, count in X.loc[y == "fine", "town"].value_counts().items()
        ]
        made, real = pd.concat(parts), X[y == "fine"]
        gaps = {column: apart(made, real, column) for column in ("price", "kind", "age", "day", "tip")}
        assert np.mean([*gaps.values()]) < 0.1, (type(generator).__name__, gaps)


def apart(made, real, column):
    """Return the total variation between the joint tables of the town and a column, numbers in eighths."""
    edges = None if column == "kind" else pd.qcut(real[column], 8, retbins=True)[1]
    tables = []
    for frame in (made, real):
        cells = frame[column] if edges is None else pd.cut(frame[column], edges, include_lowest=True)
        tables.append(pd.crosstab(frame["town"], cells.astype(str), normalize="all").stack())
    return tables[0].sub(tables[1], fill_value=0).abs().sum() / 2


def test_what_cannot_be_held_is_an_error_that_says_why(fitted):
    with pytest.raises(UnknownCategory, match="no 'Paris'"):
        fitted.sample(3, conditions={"town": "Paris"})
    with pytest.raises(ConfigError, match="did you mean 'town'"):
        fitted.sample(3, conditions={"twon": "A"})
    with pytest.raises(DataError, match=r"no row of class 'fraud' meets the condition.*town='C'.* 0"):
        fitted.sample(3, y="fraud", conditions={"town": "C"})
    with pytest.raises(DataError, match="cannot hold 500"):
        fitted.sample(3, y="fraud", conditions={"age": 500})
    with pytest.raises(DataError, match="'old'"):
        fitted.sample(3, conditions={"age": "old"})
    with pytest.raises(DataError, match=r"cannot hold 40\.5"):
        fitted.sample(3, conditions={"age": 40.5})
    with pytest.raises(ConfigError, match="one value"):
        fitted.sample(3, conditions={"town": ["A", "B"]})
    with pytest.raises(DataError, match="price"):
        fitted.sample(3, conditions={"price": None})


def test_together_they_must_occur_in_some_row():
    frame = pd.DataFrame(
        {"a": ["x", "x", "y", "y"] * 10, "b": ["u", "u", "v", "v"] * 10, "n": np.random.default_rng(0).normal(size=40)}
    )
    for generator in (CAN[0], CAN[2]):
        with pytest.raises(DataError, match=r"a='x': 20; b='v': 20; of the 40 rows of all classes 0"):
            generator.fit(frame).sample(2, conditions={"a": "x", "b": "v"})
    frame["c"] = np.where(frame["a"] == "x", None, "w")  # missing in all rows of x
    model = CAN[1].fit(frame)
    with pytest.raises(DataError, match=r"no row meets the conditions a='x', b='v': 0 of 40 rows have them together"):
        model.sample(2, conditions={"a": "x", "b": "v"})
    for apart in ({"a": "x", "c": "w"}, {"a": "y", "c": None}, {"n": frame["n"][0], "c": "w", "a": "x"}):
        with pytest.raises(DataError, match="have them together"):
            model.sample(2, conditions=apart)
    for both in ({"a": "x", "c": None}, {"a": "y", "b": "v", "c": "w"}):
        assert len(model.sample(2, conditions=both)) == 2


def test_a_class_in_which_conditions_never_meet_is_not_drawn():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice([*"xy"], 200), "n": rng.normal(size=200)})
    y = np.repeat(["both", "never"], 100)
    frame["b"] = np.where(y == "both", rng.choice([*"uv"], 200), np.where(frame["a"] == "x", "u", "v"))
    for generator in CAN:
        drawn = generator.fit(frame, y).sample(30, conditions={"a": "x", "b": "v"}, return_y=True)[1]
        assert (drawn == "both").all()


def test_who_cannot_says_who_can(trips):
    with pytest.raises(Unsupported, match="ARF"):
        SMOTE(random_state=0).fit(*trips).sample(3, conditions={"town": "A"})


def test_several_conditions_of_the_copula_hold_each_other():
    rng = np.random.default_rng(0)
    z = rng.multivariate_normal([0, 0, 0], [[1, 0.5, 0.6], [0.5, 1, 0.6], [0.6, 0.6, 1]], size=5000)
    frame = pd.DataFrame({"a": z[:, 0] > 0, "b": z[:, 1] > 0.5, "c": z[:, 2]})
    made = GaussianCopula(random_state=0).fit(frame).sample(4000, conditions={"a": True, "b": True})
    real = frame.loc[frame["a"] & frame["b"], "c"]
    assert made["c"].mean() == pytest.approx(real.mean(), abs=0.06)
    assert made["c"].std() == pytest.approx(real.std(), abs=0.06)
