"""Tables read a part at a time, and Dask's data frames: what once went wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gensynth import SMOTE, Balancer
from gensynth.cli import large
from gensynth.data import watched
from gensynth.data.watched import Watched
from gensynth.errors import ConfigError

ASKED = ("--target", "label", "--generator", "SMOTENC", "-o", "out")


def payments(rows: int = 2_000, rare: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "number": [f"A{row:05d}" for row in rng.permutation(rows)], "amount": rng.normal(size=rows),
        "label": ["fraud"] * rare + ["fine"] * (rows - rare),
    })  # fmt: skip


def write(frame: pd.DataFrame, path: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    frame.to_csv(path, index=False) if path.endswith("csv") else frame.to_parquet(path, index=False)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("first", [0, 7])
def test_files_with_few_rows_or_none_come_first(run, form, first):
    frame = payments()
    write(frame.iloc[:first], f"data/a.{form}")
    write(frame.iloc[first:], f"data/b.{form}")
    if form == "csv" and not first:
        Path("data/0.csv").touch()
    status, _, err = run("balance", "data", *ASKED)
    assert status == 0, err
    read = pd.read_csv if form == "csv" else pd.read_parquet
    found = pd.concat([read(file) for file in sorted(Path("out").iterdir()) if file.stat().st_size])
    assert found["label"].value_counts().to_dict() == {"fine": 1940, "fraud": 1940}
    assert found["number"].is_unique  # the first file alone does not tell that they name their rows


def test_a_folder_of_empty_files_is_refused(run):
    for name in ("a", "b"):
        write(payments().iloc[:0], f"data/{name}.csv")
    status, _, err = run("balance", "data", *ASKED)
    assert status == 1
    assert "a header and no rows" in err


def seen(texts: list[str], parts: int = 3) -> Watched:
    """Return what is seen of a column in several parts."""
    found = [Watched("code") for _ in range(parts)]
    for one, mine in zip(found, np.array_split(np.array(texts, dtype=object), parts), strict=True):
        one.add(pd.Series(mine))
    for other in found[1:]:
        found[0].merge(other)
    return found[0]


def test_strings_that_come_twice_somewhere_name_no_rows():
    once = [f"A{row:06d}" for row in range(60_000)]
    some = pd.Series(once[::500], name="code")  # in memory none comes twice
    assert seen(once).identifier(some) is not None
    assert seen(once + once).identifier(some) is None
    assert seen(once + once[:100]).identifier(some) is None


def test_hashes_of_strings_are_bounded_where_parts_are_put_together(monkeypatch):
    monkeypatch.setattr(watched, "MOST", 100)
    found = seen([f"A{row:06d}" for row in range(10_000)], parts=100)
    assert sum(map(len, found.hashes)) == found.hashed == 100


@pytest.mark.parametrize("unit", ["ns", "us", "s"])
@pytest.mark.parametrize("strategy", ["auto", {pd.Timestamp("2024-01-01"): 260}])
def test_classes_may_be_moments_of_any_unit(unit, strategy, run):
    dd = pytest.importorskip("dask.dataframe")
    days = pd.to_datetime(["2024-01-01"] * 40 + ["2024-02-02"] * 260).astype(f"datetime64[{unit}]")
    frame = pd.DataFrame({"amount": np.random.default_rng(0).normal(size=300), "label": days})
    balancer = Balancer(SMOTE(random_state=0), sampling_strategy=strategy)
    _, here = balancer.fit_resample(frame[["amount"]], frame["label"])
    _, there = balancer.fit_resample(dd.from_pandas(frame, npartitions=3), "label")
    assert here.value_counts().tolist() == there.compute().value_counts().tolist() == [260, 260]
    assert here.dtype == there.compute().dtype == frame["label"].dtype
    write(frame, "t.parquet")
    assert run("balance", "t.parquet", "--target", "label", "-g", "SMOTE", "--shuffle")[0] == 0
    assert pd.read_parquet("t.balanced.parquet")["label"].value_counts().tolist() == [260, 260]


def test_columns_of_a_data_frame_of_dask_may_have_numbers_for_names():
    dd = pytest.importorskip("dask.dataframe")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3)))
    frame[9] = np.arange(300) + 5
    labels = pd.Series([1] * 40 + [0] * 260, name="label")
    balancer = Balancer(SMOTE(random_state=0))
    X, y = balancer.fit_resample(dd.from_pandas(frame, npartitions=3), dd.from_pandas(labels, npartitions=3))
    assert [*X.columns] == [0, 1, 2, 9]
    assert X.compute()[9].is_unique
    assert y.compute().value_counts().to_dict() == {0: 260, 1: 260}


def test_arrays_of_dask_and_functions_as_strategy_are_one_sentence():
    dd, da = pytest.importorskip("dask.dataframe"), pytest.importorskip("dask.array")
    rows = np.random.default_rng(0).normal(size=(300, 3))
    with pytest.raises(ConfigError, match="from_dask_array"):
        Balancer(SMOTE()).fit_resample(da.from_array(rows), da.from_array(rows[:, 0] > 1))
    frame = dd.from_pandas(payments(300), npartitions=2)
    with pytest.raises(ConfigError, match="is a function"):
        Balancer(SMOTE(), sampling_strategy=lambda y: {"fraud": 99}).fit_resample(frame, "label")


@pytest.mark.parametrize(("bound", "held", "left"), [("8000000000", "2000000000", [6_000_000_000]), ("max", "5", [])])
def test_a_container_bounds_the_memory_that_may_be_used(tmp_path, monkeypatch, bound, held, left):
    (tmp_path / "memory.max").write_text(bound)
    (tmp_path / "memory.current").write_text(held)
    monkeypatch.setattr(large, "GROUPS", ((str(tmp_path), "memory.max", "memory.current"),))
    assert large._left_by_group() == left
    assert large._spare() >= 10**9
