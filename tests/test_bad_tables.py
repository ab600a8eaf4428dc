"""Bad input that users bring: what each generator of tables does with it is stated, and tried here."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from gensynth import (
    ARF,
    SMOTE,
    Audio,
    Balancer,
    GaussianCopula,
    PolynomFitSMOTE,
    Schema,
    Series,
    default_generator,
    load,
)
from gensynth.defaults import default_balancer
from gensynth.errors import DataError, FewRowsWarning, GensynthWarning, RealRowsWarning
from gensynth.generators.default import Choice

MAKERS = [ARF(random_state=0), GaussianCopula(random_state=0), SMOTE(random_state=0), PolynomFitSMOTE(random_state=0)]
NAMES = [type(made).__name__ for made in MAKERS]


def labels(n, rare):
    return np.where(np.arange(n) < rare, "rare", "common")


@pytest.mark.parametrize("made", MAKERS, ids=NAMES)
def test_columns_of_one_value_stay_so(made):
    X = np.hstack([np.random.default_rng(0).normal(size=(60, 2)), np.full((60, 2), 3.25)])
    assert (made.fit(X, labels(60, 12)).sample(30, y="rare")[:, 2:] == 3.25).all()


@pytest.mark.parametrize("made", MAKERS, ids=NAMES)
def test_infinite_values_are_refused_by_name(made):
    frame = pd.DataFrame({"fine": np.arange(30.0) ** 2, "far": np.append(np.linspace(0, 1, 29), np.inf)})
    with pytest.raises(DataError, match=r"'far'.*infinit"):
        made.fit(frame, labels(30, 8))


@pytest.mark.parametrize("holes", [False, True])
@pytest.mark.parametrize("dtype", [object, "category"])
def test_a_category_of_tuples_is_saved_and_read(dtype, holes, tmp_path):
    pairs = pd.Series([(1, 2)] * 60 + [(3, 4)] * 60)
    pairs = pairs.mask(pairs.index % 7 == 0) if holes else pairs
    frame = pd.DataFrame({"pair": pairs.astype(dtype), "x": np.arange(120.0) ** 2})
    made = GaussianCopula(random_state=0).fit(frame, labels(120, 70))
    with pytest.warns(RealRowsWarning):
        made.save(tmp_path / "model")
    rows = made.sample(200, random_state=1)
    assert {*rows["pair"].dropna()} == {(1, 2), (3, 4)}
    assert rows["pair"].isna().any() == holes
    assert load(tmp_path / "model").sample(200, random_state=1).equals(rows)


@pytest.mark.parametrize("made", MAKERS, ids=NAMES)
def test_a_table_of_pyarrow_is_refused_by_name(made):
    table = pa.table({"a": np.arange(30.0), "b": ["x", "y"] * 15})
    with pytest.raises(DataError, match=r"pyarrow Table.*to_pandas\(\)"):
        made.fit(table, labels(30, 8))


@pytest.mark.parametrize("made", MAKERS, ids=NAMES)
def test_five_thousand_categories_are_taken(made):
    rng = np.random.default_rng(0)
    words = [f"w{place}x" for place in rng.permutation(8000) % 5000]
    frame = pd.DataFrame({"word": words, "x": rng.normal(size=8000)})
    rows = made.fit(frame, labels(8000, 300)).sample(200, y="rare")
    assert rows["word"].isin(words[:300]).mean() > 0.99


@pytest.mark.parametrize("made", MAKERS, ids=NAMES)
def test_two_thousand_columns_are_taken(made):
    X = np.random.default_rng(0).normal(size=(80, 2000))
    X[:20] += 2
    rows = made.fit(X, labels(80, 20)).sample(20, y="rare")
    assert rows.shape == (20, 2000)
    assert abs(rows.mean() - 2) < 0.2


def test_more_neighbours_than_rows_is_a_stated_step():
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.warns(FewRowsWarning, match="k_neighbors=3"):
        assert SMOTE(k_neighbors=50).fit(X, labels(40, 4)).sample(9, y="rare").shape == (9, 2)


def test_a_stray_word_among_numbers_is_told():
    numbers = [f"{value:.3f}" for value in np.linspace(-1, 1, 199)]
    frame = pd.DataFrame({"x": [*numbers[:7], "n/k", *numbers[7:]], "y": np.arange(200.0) ** 2})
    with pytest.warns(
        GensynthWarning, match=r"'x' is taken for words: 199 of its 200 values.*'n/k' \(first in row 7\)"
    ):
        schema = Schema.infer(frame)
    assert schema.kinds["x"] == "category"
    assert Schema.infer(frame.replace({"x": {"n/k": None}}).astype({"x": float})).kinds["x"] == "number"


def test_the_default_takes_whatever_comes():
    rng = np.random.default_rng(0)
    words = pd.DataFrame({"a": rng.choice([*"xy"], 40), "b": rng.choice([*"uv"], 40)})
    for X, name in [
        (rng.normal(size=(40, 3)), "ARF"), (words, "RandomOverSampler"), (words.assign(x=rng.normal(size=40)), "ARF"),
        ([f"text {i}" for i in range(40)], "Augment"), (np.zeros((40, 3, 8, 8), np.uint8), "Augment"),
        (Series(rng.normal(size=(40, 1, 20))), "Augment"), (Audio(rng.normal(size=(40, 200)), 8000.0), "Augment"),
    ]:  # fmt: skip
        made = default_generator(X, random_state=0)
        assert type(made).__name__ == name
        more, y = Balancer(made).fit_resample(X, labels(40, 10))
        assert len(more) == len(y) == 60
    from scipy import sparse

    assert type(default_generator(sparse.random(40, 5, density=0.3, format="csr"))).__name__ == "SMOTE"


def test_the_default_for_many_rows_does_not_grow_forests(monkeypatch):
    from gensynth.generators import default

    monkeypatch.setattr(default, "MANY", 30)
    assert default.choose(np.random.default_rng(0).normal(size=(31, 2))).name == "GaussianCopula"


def test_the_table_is_looked_at_once_for_the_default(monkeypatch):
    from gensynth.generators import default

    looked, encoder = [], default.TableEncoder
    monkeypatch.setattr(default, "TableEncoder", lambda schema: looked.append(schema) or encoder(schema))
    made = default_balancer(np.random.default_rng(0).normal(size=(31, 2)), random_state=0)
    assert (type(made.generator).__name__, len(made.gates), len(looked)) == ("ARF", 1, 1)


def test_the_schema_decides_for_the_default():
    X = pd.DataFrame({"code": np.arange(60) % 7, "grade": np.arange(60) % 3})
    assert type(default_generator(X)).__name__ == "ARF"
    assert type(default_generator(X, choice=Choice("SMOTE", "it was chosen already"))).__name__ == "SMOTE"
    words = {"code": "category", "grade": "category"}
    assert type(default_generator(X, schema=words)).__name__ == "RandomOverSampler"
