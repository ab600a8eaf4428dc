"""Tables that are not on this machine's disks: read, written and added to at any address that fsspec knows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gensynth.errors import GensynthError
from gensynth.store.atomic import atomic_write
from gensynth.store.elsewhere import is_elsewhere, place, within

pytest.importorskip("upath", reason="universal-pathlib, of gensynth[dask], is not installed")
ASKED = ("--target", "label", "--generator", "SMOTENC", "--strategy", "0.5")


def payments(rows: int = 600, rare: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "amount": rng.lognormal(3, 1, rows).round(2), "country": rng.choice(["AT", "DE"], rows),
        "label": ["fraud"] * rare + ["fine"] * (rows - rare),
    })  # fmt: skip


@pytest.fixture
def bucket():
    """Return a folder of fsspec's file system in memory, which has no folders but those that files are in."""
    root = place("memory://bucket")
    yield root
    root.fs.store.clear()
    root.fs.pseudo_dirs[:] = [""]


def put(path, frame: pd.DataFrame, tmp_path: Path) -> None:
    """Write a table to an address."""
    local = tmp_path / f"given{Path(str(path)).suffix}"
    frame.to_csv(local, index=False) if local.suffix == ".csv" else frame.to_parquet(local, index=False)
    path.write_bytes(local.read_bytes())


def frames(path, tmp_path: Path) -> list[pd.DataFrame]:
    """Read a table at an address, or those below it, in order."""
    found = []
    for file in [path] if path.is_file() else sorted((each for each in path.rglob("*") if each.is_file()), key=str):
        local = tmp_path / f"fetched{Path(str(file)).suffix}"
        local.write_bytes(file.read_bytes())
        found.append(pd.read_csv(local) if local.suffix == ".csv" else pd.read_parquet(local))
    return found


def test_addresses_and_paths():
    assert all(map(is_elsewhere, ("s3://b/x.csv", "simplecache::s3://b/x.csv", "gs://b", "file:///x")))
    assert not any(map(is_elsewhere, ("x.csv", "/a/b:c.csv", "C:/x.csv", "C:\\x.csv", "-", "a//b", Path("x"))))
    assert within("x.csv") == ("x.csv", None)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("how", [(), ("--shuffle",)])
def test_a_table_elsewhere_is_balanced_beside_itself(run, bucket, tmp_path, form, how):
    put(bucket / f"pay.{form}", payments(), tmp_path)
    payments().to_csv("pay.csv", index=False) if form == "csv" else payments().to_parquet("pay.parquet", index=False)
    for where in (f"memory://bucket/pay.{form}", f"pay.{form}"):
        status, _, err = run("balance", where, *ASKED, *how)
        assert status == 0, err
    made = bucket / f"pay.balanced.{form}"
    assert made.read_bytes() == Path(f"pay.balanced.{form}").read_bytes()  # where it stands changes nothing
    recipe = json.loads((bucket / f"pay.balanced.{form}.recipe.json").read_text())
    assert recipe["result"]["after"] == {"fine": 540, "fraud": 270}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_folders_elsewhere(run, bucket, tmp_path, form):
    for number in range(3):
        put(bucket / "pay" / f"{number}.{form}", payments(), tmp_path)
    assert run("balance", "memory://bucket/pay/", *ASKED, "-o", "memory://bucket/even")[0] == 0
    assert run("balance", "memory://bucket/pay", *ASKED, "-o", "even")[0] == 0
    assert run("balance", "memory://bucket/pay", *ASKED, "--append")[0] == 0
    whole = [
        pd.concat(frames(place(path), tmp_path)) for path in ("memory://bucket/even", "even", "memory://bucket/pay")
    ]
    assert [table["label"].value_counts().to_dict() for table in whole] == [{"fine": 1620, "fraud": 810}] * 3
    assert [file.name for file in sorted((bucket / "pay").iterdir(), key=str)][-1] == f"synthetic-00000.{form}"
    status, _, err = run("balance", "memory://bucket/pay", *ASKED, "--append")
    assert status == 2
    assert "--overwrite" in err
    assert run("balance", "memory://bucket/pay", *ASKED, "--append", "--overwrite")[0] == 0
    assert len([*(bucket / "pay").iterdir()]) == 4
    status, _, err = run("balance", "memory://bucket/even", *ASKED, "-o", "memory://bucket/pay", "--overwrite")
    assert status == 2, err


def test_partitioned_folders_elsewhere(run, bucket, tmp_path):
    for year in (2024, 2025):
        put(bucket / "pay" / f"year={year}" / "0.parquet", payments(), tmp_path)
    assert run("balance", "memory://bucket/pay", *ASKED, "-o", "memory://bucket/even")[0] == 0
    files = [str(file).removeprefix("memory://bucket/even/") for file in (bucket / "even").rglob("*.parquet")]
    assert sorted(files) == [
        f"year={year}/{name}.parquet" for year in (2024, 2025) for name in ("0", "synthetic-00000")
    ]


@pytest.mark.parametrize("where", ["memory://bucket/", ""])
def test_from_here_to_there_and_back(run, bucket, tmp_path, where):
    put(bucket / "pay.csv", payments(), tmp_path)
    payments().to_csv("pay.csv", index=False)
    there = "" if where else "memory://bucket/"
    assert run("balance", f"{where}pay.csv", *ASKED, "-o", f"{there}even.csv", "--memory", "1GB")[0] == 0
    assert len(frames(place(f"{there}even.csv"), tmp_path)[0]) == 540 + 270


def test_other_commands_read_and_write_tables_elsewhere(run, bucket, tmp_path):
    put(bucket / "pay.csv", payments(), tmp_path)
    assert run("fit", "memory://bucket/pay.csv", *ASKED[:4], "-o", "model")[0] == 0
    assert run("sample", "model", "-n", "5", "--y", "fraud", "-o", "memory://bucket/made.csv")[0] == 0
    assert len(frames(bucket / "made.csv", tmp_path)[0]) == 5
    assert run("transform", "memory://bucket/pay.csv", "--target", "label", "--policy", "JitterNumbers")[0] == 0
    assert (bucket / "pay.transformed.csv").is_file()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["memory://bucket/nix.csv", *ASKED], "there is pay.csv"),
        (["nix://bucket/pay.csv", *ASKED], "no address that fsspec knows"),
        (["http://127.0.0.1:9/pay.csv", *ASKED], "cannot be reached"),
        (["memory://bucket/pay.csv", *ASKED, "-o", "memory://bucket/pay.csv", "--overwrite"], "never replaced"),
        (["memory://bucket/pay.csv", *ASKED, "-o", "memory://bucket/folder"], "is a folder"),
        (["memory://bucket/pay.csv", *ASKED, "--resume", "-o", "memory://bucket/x.csv"], "--resume"),
        (["memory://bucket/folder", *ASKED, "--link", "-o", "memory://bucket/x"], "--link"),
        (["memory://bucket/folder", *ASKED, "-o", "memory://bucket/folder/in"], "inside the input"),
        (["memory://bucket/folder"], "give --target"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_line(run, bucket, tmp_path, given, text):
    put(bucket / "pay.csv", payments(), tmp_path)
    put(bucket / "folder" / "a.csv", payments(), tmp_path)
    before = sorted(bucket.fs.store)
    status, _, err = run("balance", *given)
    assert status == 2
    assert text in err
    assert err.count("gensynth: ") == 1
    assert sorted(bucket.fs.store) == before


def test_models_and_what_is_watched_stay_on_this_machine(run, bucket, tmp_path):
    put(bucket / "pay.csv", payments(), tmp_path)
    status, _, err = run("fit", "memory://bucket/pay.csv", *ASKED[:4], "-o", "memory://bucket/model")
    assert status == 2
    assert "on a disk of this machine" in err
    assert not Path("memory:").exists()


def test_a_file_appears_whole_or_not_at_all(bucket):
    path = "memory://bucket/a/b.txt"

    def half() -> None:
        with atomic_write(path) as handle:
            handle.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert not place(path).exists()
    with atomic_write(path) as handle:
        handle.write(b"whole")
        assert not place(path).exists()
    assert place(path).read_bytes() == b"whole"
    with pytest.raises(GensynthError, match="exists"), atomic_write(path):
        pass


def test_what_fails_half_way_leaves_nothing_elsewhere(run, bucket, tmp_path, monkeypatch):
    for number in range(2):
        put(bucket / "pay" / f"{number}.csv", payments(), tmp_path)
    before = sorted(bucket.fs.store)

    def fail(self, into: Path, *rest: object) -> None:
        (into / "synthetic-00000.csv").write_bytes(b"half")
        raise GensynthError("the disk is full")

    monkeypatch.setattr("gensynth.store.streams.csv.CsvStream.write_part", fail)
    for how in (["-o", "memory://bucket/even"], ["--append"]):
        assert run("balance", "memory://bucket/pay", *ASKED, *how)[0] == 1
        assert sorted(bucket.fs.store) == before


def test_workers_read_and_write_elsewhere(run, tmp_path):
    pytest.importorskip("distributed", reason="gensynth[dask] is not installed")
    root = place(f"file://{tmp_path}/bucket")
    for number in range(4):
        root.joinpath("pay").mkdir(parents=True, exist_ok=True)
        put(root / "pay" / f"{number}.parquet", payments(), tmp_path)
    for out, workers in (("two", ["--dask", "2"]), ("none", [])):
        status, _, err = run("balance", str(root / "pay"), *ASKED, "-o", str(root / out), "--memory", "2GB", *workers)
        assert status == 0, err
    made = [pd.concat(frames(root / out, tmp_path)) for out in ("two", "none")]
    pd.testing.assert_frame_equal(*made)
    assert made[0]["label"].value_counts().to_dict() == {"fine": 2160, "fraud": 1080}


def test_names_that_could_mean_several_and_files_of_this_machine(run, bucket, tmp_path):
    put(bucket / "pay.csv", payments(), tmp_path)
    payments().to_csv("pay.csv", index=False)
    given = Path("pay.csv").read_bytes()
    for data, out, text in [
        ("memory://bucket/pay[1]", "memory://bucket/x", "may mean several"),
        ("memory://bucket/pay.csv", "memory://bucket/e*", "may mean several"),
        ("pay.csv", f"file://{Path.cwd()}/pay.csv", "never replaced"),
        ("pay.csv", "http://127.0.0.1:9/pay.csv", "cannot be"),
    ]:
        status, _, err = run("balance", data, *ASKED, "-o", out, "--overwrite")
        assert status == 2
        assert text in err
    assert Path("pay.csv").read_bytes() == given


def test_names_with_colons_stay_on_this_machine(run):
    payments().to_csv("ab::c.csv", index=False)
    assert run("balance", "ab::c.csv", *ASKED, "-o", "ab::d.csv")[0] == 0
    assert len(pd.read_csv("ab::d.csv")) == 810


def test_files_that_appear_meanwhile_are_left(run, bucket, tmp_path, monkeypatch):
    put(bucket / "pay" / "0.csv", payments(), tmp_path)

    def fail(self, into: Path, *rest: object) -> None:
        bucket.joinpath("even", "precious.txt").write_bytes(b"precious")
        raise GensynthError("the disk is full")

    monkeypatch.setattr("gensynth.store.streams.csv.CsvStream.write_part", fail)
    assert run("balance", "memory://bucket/pay", *ASKED, "-o", "memory://bucket/even", "--overwrite")[0] == 1
    assert [file.name for file in (bucket / "even").iterdir()] == ["precious.txt"]


@pytest.mark.parametrize("where", ["memory://bucket/", ""])
def test_what_a_killed_append_left_is_no_file_of_made_rows(run, bucket, tmp_path, where):
    place(f"{where}pay/.gensynth-new").mkdir(parents=True)
    put(place(f"{where}pay/0.csv"), payments(), tmp_path)
    put(place(f"{where}pay/.gensynth-new/synthetic-00000.csv"), payments(), tmp_path)
    for more in ([], ["--overwrite"]):
        assert run("balance", f"{where}pay", *ASKED, "--append", *more)[0] == 0
    assert len(frames(place(f"{where}pay/synthetic-00000.csv"), tmp_path)[0]) == 210
