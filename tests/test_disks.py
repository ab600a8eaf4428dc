"""Disks that are full and folders that cannot be written to, real ones: one sentence, and nothing half-written.

They are small file systems in memory, which root alone may mount.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import write_payments
from PIL import Image
from test_crash import IMAGES, TABLE, TRAINED

from gensynth.training import checkpoint


@pytest.fixture
def disk(tmp_path):
    """Return a folder, on a file system of its own, and what mounts it anew with options."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")

    def mounted(options):
        words = [str(mount), "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def again(options):
        assert mounted(f"remount,{options}")

    if os.geteuid() != 0 or mount is None or not mounted("size=64k"):
        pytest.skip("only root may mount a small disk, and not everywhere")
    yield folder, again
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_payments(folder / "payments.csv")
    rng = np.random.default_rng(0)
    for label, count in (("stop", 20), ("yield", 6)):
        (folder / "signs" / label).mkdir(parents=True)
        for number in range(count):
            image = Image.fromarray(rng.integers(0, 255, (32, 32, 3)).astype(np.uint8))
            image.save(folder / "signs" / label / f"{number}.png")
    return folder


@pytest.fixture
def work(run, inputs):
    for each in inputs.iterdir():
        Path(each.name).symlink_to(each)
    return run


SMOTE = ["-g", "SMOTE"]
JOBS = {
    "csv": ["balance", "big.csv", "-t", "fraud", *SMOTE, "-o", "disk/o.csv"],
    "parquet": ["balance", "big.csv", "-t", "fraud", *SMOTE, "-o", "disk/o.parquet"],
    "gz": ["balance", "big.csv", "-t", "fraud", *SMOTE, "-o", "disk/o.csv.gz"],
    "images": ["balance", "signs", "-g", "Augment", "-o", "disk/o"],
    "model": ["fit", *TABLE, *SMOTE, "-o", "disk/model"],
    "checkpoint": ["fit", *TABLE, *TRAINED["VAE"], "-o", "disk/model"],
    "rows": ["sample", "model", "-n", "20000", "-o", "disk/o.csv"],
    "files": ["sample", "image_model", "-n", "60", "-o", "disk/o"],
    "pictures": ["fit", "signs", *IMAGES, "--watch", "disk/pictures", "-o", "trained"],
}


def prepare(work, name):
    if name in ("csv", "parquet", "gz"):
        head, *lines = Path("payments.csv").read_text().splitlines()
        Path("big.csv").write_text("\n".join([head, *lines * 20, ""]))
    if name == "rows":
        assert work("fit", *TABLE, *SMOTE, "-o", "model")[0] == 0
    if name == "files":
        assert work("fit", "signs", "-g", "Augment", "-o", "image_model")[0] == 0


def one_sentence(err):
    said = [
        line for line in err.splitlines() if line.startswith("gensynth: ") and not line.startswith("gensynth: note:")
    ]
    return len([line for line in said if " is taken: " not in line]) == 1


@pytest.mark.parametrize("name", JOBS)
def test_a_full_disk_is_one_sentence_and_leaves_nothing(work, disk, name):
    prepare(work, name)
    folder, remounted = disk
    if name in ("pictures", "model"):
        remounted("size=4k")
    status, _, err = work(*JOBS[name])
    assert status == 1, err
    assert "no space left" in err.lower()
    assert one_sentence(err), err
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert [path.name for path in folder.iterdir()] in ([], ["pictures"])


@pytest.mark.parametrize("name", ["csv", "images", "model"])
def test_a_full_disk_leaves_the_old_output(work, disk, name):
    prepare(work, name)
    _, remounted = disk
    remounted("size=4m")
    words = [*JOBS[name], "--seed", "5"]
    assert work(*words)[0] == 0
    held = {path: path.read_bytes() for path in Path("disk").rglob("*") if path.is_file()}
    size = sum(len(part) for part in held.values())
    with open("disk/filled", "ab", buffering=0) as handle:
        while os.statvfs("disk").f_bavail * os.statvfs("disk").f_bsize > size // 2:
            handle.write(bytes(4096))
    status, _, err = work(*JOBS[name], "--overwrite")
    assert (status, "no space left" in err) == (1, True), err
    os.unlink("disk/filled")
    assert {path: path.read_bytes() for path in Path("disk").rglob("*") if path.is_file()} == held


def test_a_disk_that_fills_up_while_it_trains_keeps_the_last_checkpoint(work, disk, monkeypatch):
    folder, remounted = disk
    remounted("size=8m")
    write = checkpoint.write

    def fill(path, state):
        if state["step"] >= 60:
            with open(folder / "filled", "ab", buffering=0) as handle:
                while os.statvfs(folder).f_bavail:
                    handle.write(bytes(4096))
        write(path, state)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "write", fill)
        status, _, err = work(*JOBS["checkpoint"])
    assert (status, "no space left to write" in err, "training.ckpt" in err) == (1, True, True)
    assert "--resume goes on from it" in err
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["filled", "training.ckpt"]
    os.unlink(folder / "filled")
    assert work(*JOBS["checkpoint"], "--resume")[0] == 0
    assert sorted(path.name for path in folder.iterdir()) == ["model"]


@pytest.mark.parametrize("name", JOBS)
def test_a_folder_that_cannot_be_written_to_is_one_sentence(work, disk, name):
    prepare(work, name)
    folder, remounted = disk
    remounted("ro")
    status, _, err = work(*JOBS[name])
    assert status in (1, 2), err
    assert one_sentence(err), err
    assert "cannot be" in err
    assert list(folder.iterdir()) == []
    assert not Path("trained").exists()


def test_standard_output_that_is_full(shell, payments):
    done = shell("gensynth balance payments.csv -t fraud -g SMOTE -o - > /dev/full")
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
