"""Kinds of data: told apart, cut and joined with all that belongs to them, and copied whole."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier

from gensynth.checks.compare import difference
from gensynth.data.kinds import Audio, Images, Series, Texts, count_rows, join_rows, kind_of, take_rows
from gensynth.errors import DataError, Unsupported
from gensynth.generators.copies import RandomOverSampler
from gensynth.generators.smote import SMOTE

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 5, 4, 3)).astype(np.uint8)
BOXES = [np.full((row % 3, 4), row) for row in range(12)]
CONTAINERS = {
    "images": Images(PIXELS, masks=PIXELS[..., 0] > 99, boxes=BOXES),
    "images without masks": Images(PIXELS),
    "grey images": Images(PIXELS[..., 0]),
    "series": Series(RNG.normal(size=(12, 2, 7))),
    "unequal series": Series([RNG.normal(size=(2, 3 + row)) for row in range(12)]),
    "texts": Texts(f"text {row}" for row in range(12)),
    "audio": Audio(RNG.normal(size=(12, 80)), 8000),
    "unequal audio": Audio([RNG.normal(size=20 + row) for row in range(12)], 16000.0),
}
OTHERS = {
    "frame": pd.DataFrame({"a": range(12), "b": [*"abcdefghijkl"]}, index=[*"abcdefghijkl"]),
    "polars": pl.DataFrame({"a": range(12), "b": [*"abcdefghijkl"]}),
    "array": np.arange(24.0).reshape(12, 2),
    "sparse": sparse.csc_matrix(np.eye(12)),
    "list": [[row, "x"] for row in range(12)],
}
ALL = {**CONTAINERS, **OTHERS}
Y = np.array(["a"] * 9 + ["b"] * 3)


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (pd.DataFrame({"a": [1]}), "table"),
        (pl.DataFrame({"a": [1]}), "table"),
        (np.zeros((5, 3)), "table"),
        ([[1, 2], [3, 4]], "table"),
        (sparse.csr_array(np.eye(3)), "table"),
        (np.zeros((5, 3, 8, 8)), "image"),
        (np.zeros((5, 8, 8), dtype=np.uint8), "image"),
        (["a text", "another"], "text"),
        (("a text", "another"), "text"),
        (CONTAINERS["images"], "image"),
        (CONTAINERS["series"], "series"),
        (CONTAINERS["texts"], "text"),
        (CONTAINERS["audio"], "audio"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_kind_of(X, kind):
    assert kind_of(X) == kind


@pytest.mark.slow
def test_kind_of_tensors():
    import torch

    assert kind_of(torch.zeros(5, 3)) == "table"
    assert kind_of(torch.zeros(5, 3, 8, 8)) == "image"
    assert kind_of(torch.zeros(5, 8, 8, dtype=torch.uint8)) == "image"


@pytest.mark.parametrize(
    ("X", "text"),
    [
        (np.zeros((5, 8, 8)), "say Images(X) for (n, height, width) or Series(X) for (n, channels, time)"),
        (np.zeros(5), "Reshape your data"),
        (np.zeros((1, 2, 3, 4, 5)), "got 5 dimensions"),
        ("one text", "give a frame, an array or a list"),
        (7, "cannot tell what kind of data a int is"),
    ],
)
def test_what_no_kind_can_be_told_of(X, text):
    with pytest.raises(DataError, match=re.escape(text)):
        kind_of(X)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Images(np.zeros((3, 4))), "images need 3 or 4 dimensions"),
        (lambda: Images(PIXELS, masks=PIXELS[:5, ..., 0]), "12 images but 5 masks"),
        (lambda: Images(PIXELS, boxes=BOXES[:2]), "12 images but 2 boxes"),
        (lambda: Series(np.zeros((3, 4))), "series need the shape (n, channels, time)"),
        (lambda: Series([np.zeros(4)]), "series need the shape (n, channels, time)"),
        (lambda: Texts(["a", 7]), "text 1 is int, not str: 7"),
        (lambda: Audio(np.zeros((3, 4, 5)), 8000), "audio needs the shape (n, samples)"),
        (lambda: Audio(np.zeros((3, 4)), 0), "the sampling rate must be above 0 Hz, got 0"),
    ],
)
def test_containers_refuse_what_they_cannot_hold(make, text):
    with pytest.raises(DataError, match=re.escape(text)):
        make()


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_have_length_shape_and_array_indexing(name):
    X = CONTAINERS[name]
    assert len(X) == X.shape[0] == count_rows(X) == 12
    assert X.ndim == len(X.shape)
    assert len(X[3]) == len(X[-1]) == 1
    assert difference(X[-1], X[11]) == ""
    assert difference(X[2:5], X[[2, 3, 4]]) == ""
    assert difference(X[np.arange(12) < 4], X[:4]) == ""
    assert difference(X[np.array([3, 3, 0]), ...], X[[3, 3, 0]]) == ""
    assert difference(X[:0].joined(X), X) == ""
    assert len(X[:0]) == 0
    assert type(X).__name__ in repr(X)
    with pytest.raises(IndexError):
        X[12]


def test_settings_travel_with_the_rows():
    assert CONTAINERS["unequal audio"][2:4].rate == 16000.0
    assert CONTAINERS["images without masks"][[1]].masks is None


def test_masks_and_boxes_travel_with_their_images():
    part = CONTAINERS["images"][[7, 2]]
    assert np.array_equal(part.x, PIXELS[[7, 2]])
    assert np.array_equal(part.masks, PIXELS[[7, 2], ..., 0] > 99)
    assert [box.tolist() for box in part.boxes] == [[[7] * 4], [[2] * 4, [2] * 4]]


@pytest.mark.parametrize("name", ALL)
def test_rows_are_taken_and_joined_in_the_same_container(name):
    X, rows = ALL[name], np.array([4, 4, 0, 11])
    part = take_rows(X, rows)
    assert type(part) is type(X)
    assert count_rows(part) == 4
    whole = join_rows(take_rows(X, np.arange(4)), take_rows(X, np.arange(4, 12)))
    want = X.reset_index(drop=True) if isinstance(X, pd.DataFrame) else X
    assert difference(whole, want) == ""
    again = join_rows(X, take_rows(X, rows[:0]))
    assert difference(again, want) == ""


@pytest.mark.slow
def test_tensors_are_taken_and_joined():
    import torch

    x = torch.arange(24.0).reshape(12, 2)
    assert torch.equal(join_rows(take_rows(x, np.arange(4)), take_rows(x, np.arange(4, 12))), x)
    images = Images(torch.zeros(5, 3, 4, 4), masks=torch.ones(5, 4, 4))
    assert images[[1, 1]].joined(images).masks.shape == (7, 4, 4)


@pytest.mark.parametrize("name", CONTAINERS)
def test_copies_of_any_kind_keep_all_that_belongs_to_a_row(name):
    X = CONTAINERS[name]
    made, labels, parents = (
        RandomOverSampler(random_state=0).fit(X, Y).sample(y=["b"] * 5 + ["a"] * 2, return_y=True, return_parents=True)
    )
    assert type(made) is type(X)
    assert labels.tolist() == ["b"] * 5 + ["a"] * 2
    assert difference(made, X[parents["parent"].to_numpy()]) == ""
    assert set(parents["parent"][:5]) == {9, 10, 11}


@pytest.mark.parametrize("X", [PIXELS, [f"text {row}" for row in range(12)], PIXELS.astype(np.float32)], ids=type)
def test_bare_rows_come_back_bare(X):
    made = RandomOverSampler(random_state=0).fit(X, Y).sample(3, y="b")
    assert type(made) is type(X)
    assert len(made) == 3
    assert getattr(made, "dtype", None) == getattr(X, "dtype", None)


def test_other_generators_name_one_that_takes_images():
    with pytest.raises(Unsupported, match=r"SMOTE does not take data of kind 'image'; RandomOverSampler, .* can"):
        SMOTE().fit(PIXELS, Y)


@pytest.mark.parametrize("name", CONTAINERS)
def test_splitters_of_scikit_learn_cut_them(name):
    X = CONTAINERS[name]
    train, test, y_train, y_test = train_test_split(X, Y, test_size=4, stratify=Y, random_state=0)
    assert type(train) is type(test) is type(X)
    assert (len(train), len(test), len(y_train), len(y_test)) == (8, 4, 8, 4)
    for splitter in (KFold(3), StratifiedKFold(3)):
        seen = np.concatenate([test for _, test in splitter.split(X, Y)])
        assert sorted(seen.tolist()) == [*range(12)]


class Pixels(KNeighborsClassifier):
    """Nearest neighbours of images."""

    def fit(self, X, y):
        return super().fit(X.x.reshape(len(X), -1), y)

    def predict(self, X):
        return super().predict(X.x.reshape(len(X), -1))


def test_cross_validation_cuts_them():
    X = Images(np.stack([np.full((3, 3), 200 * (label == "b"), dtype=np.uint8) for label in Y]))
    assert cross_val_score(Pixels(1), X, Y, cv=3).tolist() == [1.0, 1.0, 1.0]
