"""Reports of what a Balancer made: each kind of data, gates, held-out rows, size and time."""

from __future__ import annotations

import base64
import io
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from report_pages import HOSTILE, IMAGE, SCRIPT, checked

from gensynth import SMOTE, Augment, Balancer
from gensynth.data.kinds import Audio, Images, Series, Texts
from gensynth.errors import DataError, NotFitted
from gensynth.evidence.report import thumbs
from gensynth.evidence.report.made import Made
from gensynth.evidence.report.page import page, write
from gensynth.evidence.report.tables import sides
from gensynth.gates import Constraint, NotACopy
from gensynth.transforms.audio.level import Gain
from gensynth.transforms.image.blur import Blur
from gensynth.transforms.series.values import JitterSeries
from gensynth.transforms.text.order import SwapWords

Y = np.repeat(["often", "rare"], [30, 12])


def made_of(generator, X, y, **settings):
    balancer = Balancer(generator, random_state=0, **settings)
    return Made.of(balancer, X, y, *balancer.fit_resample(X, y))


def test_numbers_of_a_table_with_gates_and_held_rows():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [300, 80])
    X = pd.DataFrame(rng.normal(size=(380, 3)) + y[:, None], columns=["a", "b", "c"])
    X["when"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(1000, size=380), "h")
    X["word"] = rng.choice(["x", "y", None], 380)
    X["few"] = rng.integers(3, size=380)
    X["one"], X["none"] = 1.0, np.nan
    train = np.arange(380) % 3 > 0
    balancer = Balancer(SMOTE(random_state=0), gates=[NotACopy(), Constraint("a > -9")])
    X_new, y_new = balancer.fit_resample(X[train], y[train])
    made = Made.of(balancer, X[train], y[train], X_new, y_new, held=X[~train], y_held=y[~train])
    assert made.per_class == {1: int((y_new == 1).sum() - (y[train] == 1).sum())}
    read = checked(page(made=made))
    for text in ("What gates refused", "Constraint", "How like real rows they are", "What they give away", "held-out"):
        assert text in read.text
    assert "Not told" not in read.text
    assert "2024-0" in read.text
    assert {one.name for one in sides(made).columns} == {"a", "b", "c", "when", "word", "few", "one"}


def test_a_column_that_differs_comes_first_and_equal_ones_do_not_differ():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(2000, 3)), columns=["a", "b", "c"])
    y = np.repeat([0, 1], [1000, 1000])
    made = Made.of(*_as_made(X, y, X[y == 1].assign(b=lambda frame: frame["b"] + 3)))
    found = {one.name: one.apart for one in sides(made).columns}
    assert max(found["a"], found["c"]) < 1e-9
    assert found["b"] > 0.8


def test_real_rows_count_as_classes_stand_among_the_made():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [500, 200, 100])
    X = pd.DataFrame({"a": y + rng.normal(size=800) * 0.01, "b": rng.normal(size=800)})
    rows = np.concatenate([np.flatnonzero(y == 1), np.repeat(np.flatnonzero(y == 2), 8)])
    made = Made.of(*_as_made(X, y, X.iloc[rows], y[rows]))
    assert sides(made).several
    assert next(one for one in sides(made).columns if one.name == "a").apart < 0.01


def _as_made(X, y, rows, labels=None):
    """Return what a Balancer would be that had made these rows."""

    class Done:
        kept_ = np.arange(len(y))
        is_synthetic_ = np.arange(len(y) + len(rows)) >= len(y)
        parents_ = pd.DataFrame({"row": np.zeros(0, int), "parent": np.zeros(0, int), "weight": np.zeros(0)})
        refused_, recipe_ = {}, {}

    labels = np.ones(len(rows), dtype=int) if labels is None else labels
    return Done(), X, y, pd.concat([X, rows], ignore_index=True), np.concatenate([y, labels])


@pytest.mark.parametrize("shape", ["hwc", "chw", "grey", "float", "list"])
def test_images_stand_beside_the_nearest_and_their_parents(shape):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (42, 12, 10, 3), dtype=np.uint8)
    forms = {
        "hwc": x, "chw": np.moveaxis(x, 3, 1), "grey": x[..., 0], "float": x.astype(np.float32) / 255,
        "list": Images([one[: 8 + at % 3] for at, one in enumerate(x)]),
    }  # fmt: skip
    X = forms[shape]
    made = made_of(Augment(Blur()), X, Y)
    read = checked(page(made=made))
    assert "Made images beside real ones" in read.text
    assert "parent" in read.text
    count = min(made.count, 12)
    assert read.tags.count("img") >= 2 * count
    alts = [content for tag, name, content in read.attributes if (tag, name) == ("img", "alt")]
    assert sum("the nearest" in alt for alt in alts) == count


def test_thumbnails_are_small_and_true():
    x = np.zeros((1, 300, 200, 4), dtype=np.uint8)
    x[:, :, :, 0], x[:, :150, :, 3] = 200, 255
    (one,) = thumbs.pixels(x, np.array([0]))
    assert one[0, 0].tolist() == [200, 0, 0]
    assert one[-1, 0].tolist() == [255, 255, 255]
    held = thumbs.png(one).partition(",")[2]
    with Image.open(io.BytesIO(base64.b64decode(held))) as image:
        assert max(image.size) == thumbs.SIDE


def test_series_of_unequal_lengths_and_of_missing_values():
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(2, 20 + at % 5)) for at in range(42)]
    read = checked(page(made=made_of(Augment(JitterSeries()), Series(x), Y)))
    assert "Made series beside real ones" in read.text
    assert "its parent" in read.text


def test_texts_stay_texts():
    texts = [f"{HOSTILE[at % 6]} {IMAGE} {SCRIPT} and some words {at}" for at in range(42)]
    read = checked(page(made=made_of(Augment(SwapWords()), Texts(texts), Y)))
    assert "Made texts beside real ones" in read.text
    assert "its parent" in read.text
    assert "onerror=" in read.text
    assert "alert(1)" in read.text


def test_recordings_are_drawn_by_their_loudness():
    rng = np.random.default_rng(0)
    waves = [(rng.normal(size=900 + at) * 0.1).astype(np.float32) for at in range(42)]
    read = checked(page(made=made_of(Augment(Gain()), Audio(waves, 8000), Y)))
    assert "Made recordings beside real ones" in read.text


def test_nothing_was_made():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], 20)
    read = checked(page(made=made_of(SMOTE(), X, y)))
    assert "0 rows were made" in read.text
    assert "No class lacked any rows." in read.text


def test_a_balancer_must_have_made_something_of_these_rows():
    X, y = np.random.default_rng(0).normal(size=(40, 2)), np.repeat([0, 1], [30, 10])
    balancer = Balancer(SMOTE(random_state=0))
    with pytest.raises(NotFitted):
        Made.of(balancer, X, y, X, y)
    X_new, y_new = balancer.fit_resample(X, y)
    with pytest.raises(DataError, match="returned 60 rows"):
        Made.of(balancer, X, y, X, y)
    with pytest.raises(DataError, match="give the rows"):
        Made.of(balancer, X[:20], y[:20], X_new, y_new)


def test_parents_of_a_generator_fitted_elsewhere_are_no_rows_of_these():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), np.repeat([0, 1], [30, 10])
    generator = SMOTE(random_state=0).fit(rng.normal(size=(90, 2)), np.repeat([0, 1], 45))
    made = made_of(generator, X, y, prefit=True)
    assert made.parents_of(0) == []
    checked(page(made=made))


def test_containers_other_than_pandas():
    import polars as pl
    from scipy import sparse

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.repeat([0, 1], [40, 20])
    for X in (x, pl.DataFrame(x, schema=["a", "b", "c"]), sparse.csr_matrix(np.where(x > 0, x, 0))):
        assert "Columns of real and made rows" in checked(page(made=made_of(SMOTE(), X, y))).text


def test_fifty_thousand_rows_take_seconds_and_few_bytes(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    n = 50_000
    y = (rng.random(n) < 0.05).astype(int)
    X = pd.DataFrame(rng.normal(size=(n, 14)) + y[:, None], columns=[f"x{at}" for at in range(14)])
    for at in range(6):
        X[f"c{at}"] = rng.choice([f"level {level}" for level in range(3 + at * 8)], n)
    labels = pd.Series(y, name="target")
    rows = X.iloc[np.repeat(np.flatnonzero(y), 18)].assign(x0=lambda frame: frame["x0"] + 0.1)
    made = Made.of(*_as_made(X, labels.to_numpy(), rows))
    began = time.process_time()
    write(tmp_path / "a.html", made=made)
    whole = time.process_time() - began
    began = time.process_time()
    write(tmp_path / "a.html", made=made, overwrite=True)  # fidelity and privacy are known by now
    drawing = time.process_time() - began
    assert drawing < 5
    assert whole < 20
    assert (tmp_path / "a.html").stat().st_size < 3e6
    checked((tmp_path / "a.html").read_text(encoding="utf-8"))
