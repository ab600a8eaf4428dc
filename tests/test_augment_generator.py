"""Augment on top of another generator: what it learns, what it makes, and that it comes back from a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import gensynth
from gensynth import SMOTE, Augment, Balancer, GaussianCopula, RandomOverSampler
from gensynth.errors import ConfigError, RealRowsWarning, Unsupported


class Watched(RandomOverSampler):
    """Copies, and what was learned is kept."""

    def fit(self, X, y=None):
        type(self).seen = (X, np.asarray(y))
        return super().fit(X, y)


def images():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (30, 16, 16, 3)).astype(np.uint8), np.array(["a"] * 27 + ["b"] * 3)


def table():
    rng = np.random.default_rng(0)
    y = np.where(np.arange(80) < 10, "rare", "common")
    X = pd.DataFrame({"number": rng.normal(size=80) + 5 * (y == "rare"), "word": rng.choice([*"pq"], 80)})
    return X, y


def test_the_generator_learns_the_real_rows_and_changed_copies_of_rare_ones():
    X, y = images()
    Augment("Invert", generator=Watched(), random_state=0).fit(X, y)
    seen, codes = Watched.seen
    assert np.bincount(codes).tolist() == [27, 27]
    assert (np.asarray(seen.x)[:30] == X).all()
    more = np.asarray(seen.x)[30:].reshape(24, -1)
    real = X[27:].reshape(3, -1)
    assert all(any((row == one).all() or (row == 255 - one).all() for one in real) for row in more)


def test_a_class_is_spread_over_twenty_times_its_rows_at_most():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, (61, 8, 8, 1)).astype(np.uint8)
    Augment("Flip", generator=Watched(), random_state=0).fit(X, [0] * 60 + [1])
    assert np.bincount(Watched.seen[1]).tolist() == [60, 20]


def test_parents_are_the_real_rows_behind_those_of_the_generator():
    X, y = images()
    model = Augment("Invert", generator=RandomOverSampler(), random_state=0).fit(X, y)
    made, parents = model.sample(40, y="b", return_parents=True)
    assert parents["row"].tolist() == [*range(40)]
    assert set(parents["parent"]) == {27, 28, 29}
    real = X[parents["parent"]]
    same = [[(row == one).all() for row, one in zip(made, pictures, strict=True)] for pictures in (real, 255 - real)]
    assert np.any(same, axis=0).all()
    assert np.any(same, axis=1).all()  # copies that were changed before, and rows that were not


def test_a_row_between_two_names_both():
    X, y = table()
    X = X[["number"]]
    made, parents = (
        Augment("SwapNoise", generator=SMOTE(), random_state=0).fit(X, y).sample(30, y="rare", return_parents=True)
    )
    assert parents.groupby("row")["weight"].sum().round(6).eq(1).all()
    assert parents["parent"].max() < 10
    assert parents.groupby("row").size().max() == 2
    assert len(made) == 30


def test_what_the_generator_made_is_changed():
    X, y = images()
    made = Augment({"name": "Invert", "p": 1.0}, generator=Watched(), random_state=0).fit(X, y).sample(9, y="b")
    seen = np.asarray(Watched.seen[0].x)[Watched.seen[1] == 1].reshape(-1, 16 * 16 * 3)
    assert all(any((255 - row == one).all() for one in seen) for row in made.reshape(9, -1))


@pytest.mark.parametrize(
    "inner", [SMOTE(), GaussianCopula(), "GaussianCopula", {"name": "SMOTE", "params": {}}], ids=str
)
def test_tables_keep_columns_classes_and_the_beginning(inner):
    X, y = table()
    X = X[["number"]] if "SMOTE" in str(inner) else X
    model = Augment(generator=inner, random_state=0).fit(X, y)
    made = model.sample(40, y="rare")
    assert made.columns.tolist() == X.columns.tolist()
    assert made["number"].mean() > 3.5
    assert made.iloc[:7].equals(model.sample(7, y="rare"))
    X_new, y_new = Balancer(clone(model)).fit_resample(X, y)
    assert len(X_new) == 140
    assert (np.asarray(y_new) == "rare").sum() == 70


def test_it_comes_back_from_a_file(tmp_path):
    X, y = table()
    model = Augment(generator=GaussianCopula(), random_state=0).fit(X, y)
    with pytest.warns(RealRowsWarning):
        model.save(tmp_path / "model")
    again = gensynth.load(tmp_path / "model")
    assert again.sample(9, random_state=1).equals(model.sample(9, random_state=1))
    assert type(again.generator) is GaussianCopula


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (5, "generator must be"),
        ("VEA", "did you mean 'VAE'"),
        ({"name": "VAE", "params": {"step": 5}}, "did you mean 'steps'"),
        ({"name": "VAE", "params": {"steps": 0}}, "steps must be"),
        ({"params": {}}, "generator must be"),
        ({"name": "VAE", "param": {}}, "generator must be"),
    ],
)
def test_what_is_no_generator_is_said(given, says):
    with pytest.raises(ConfigError, match=says):
        Augment(generator=given).fit(*table())


def test_a_generator_of_other_kinds_names_one_that_can():
    with pytest.raises(Unsupported, match="SMOTE does not take data of kind 'image'"):
        Augment(generator=SMOTE()).fit(*images())


def test_the_generator_given_is_left_as_it_is():
    inner = GaussianCopula()
    Augment(generator=inner, random_state=0).fit(*table())
    assert not hasattr(inner, "fitted_")
    assert inner.random_state is None
