"""Jobs that are killed at random moments: outputs are whole, old or absent, and what is run again is as undisturbed.

The fast test kills a few jobs of each sort; `pytest -m slow` kills 100, and `-s` shows what was hit.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from conftest import ROOT, write_payments
from PIL import Image

TABLE = ["payments.csv", "-t", "fraud"]
SMALL = ["-p", "hidden=[16, 16]", "-p", "noise=4", "-p", "steps=120", "-p", "training={batch_size: 64, patience: null}"]
TRAINED = {
    "VAE": ["-g", "VAE", *SMALL],
    "WGAN": ["-g", "WGAN", *SMALL],
    "AR": ["-g", "Autoregressive", "-p", "hidden=[16, 16]", "-p", "steps=120", "-p", "training={batch_size: 64}"],
}
IMAGES = ["-g", "VAE", "--size", "16", "-p", "hidden=[8, 16]", "-p", "noise=4", "-p", "steps=20"]
ADAIN = ["-g", "StyleTransfer", "-p", "method=adain", "-p", "steps=20", "-p", "training={batch_size: 4}"]


@dataclass(frozen=True)
class Job:
    """A command line, the names that it makes, and whether it knows --resume and replaces what is there."""

    words: list[str]
    makes: tuple[str, ...]
    resumes: bool = True
    replaces: bool = True


def balance(out, *words, also=()):
    return Job(["balance", *words, "-o", out], (out, f"{out}.recipe.json", *also))


def fit(*words):
    return Job(["fit", *words, "-o", "made"], ("made",))


JOBS = {
    "balance, SMOTE": balance("o.csv", *TABLE, "-g", "SMOTE", "--holdout", "0.2", also=("o.holdout.csv",)),
    "balance, VAE": balance("o.parquet", *TABLE, *TRAINED["VAE"]),
    "balance, in parts": balance("o.csv", *TABLE, *TRAINED["VAE"], "--shuffle", "--memory", "2GB"),
    "balance, images": balance("o", "signs", "-g", "Augment"),
    "balance, images, VAE": balance("o", "signs", *IMAGES),
    "fit, SMOTE": fit(*TABLE, "-g", "SMOTE"),
    "fit, VAE": fit(*TABLE, *TRAINED["VAE"]),
    "fit, WGAN": fit(*TABLE, *TRAINED["WGAN"]),
    "fit, Autoregressive": fit(*TABLE, *TRAINED["AR"]),
    "fit, images": fit("signs", *IMAGES),
    "fit, styles": fit("signs", *ADAIN),
    "sample": Job(["sample", "table_model", "-n", "3000", "-o", "s.csv"], ("s.csv",), resumes=False),
    "sample, images": Job(["sample", "image_model", "-n", "60", "-o", "s"], ("s",), resumes=False, replaces=False),
}
FEW = ["balance, VAE", "balance, images", "fit, VAE", "fit, images", "sample", "sample, images"]


class Server:
    """The process that runs jobs (see crash_server)."""

    def __init__(self, said):
        words = [sys.executable, str(ROOT / "tests" / "crash_server.py")]
        env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self.said = said
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        assert self.process.stdout.readline() == "ready\n"

    def __call__(self, folder, words, after=None, number=signal.SIGKILL):
        job = {"folder": str(folder), "words": words, "after": after, "signal": int(number), "said": str(self.said)}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("said") / "said")
    yield made
    made.close()


@pytest.fixture(scope="module")
def given(tmp_path_factory, server):
    """Return a folder with a table, images, and a model of each."""
    folder = tmp_path_factory.mktemp("given")
    write_payments(folder / "payments.csv")
    rng = np.random.default_rng(0)
    for label, count in (("stop", 60), ("yield", 12)):
        (folder / "signs" / label).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "signs" / label / f"{number:03d}.png")
    for words in (["fit", *TABLE, "-g", "SMOTE", "-o", "table_model"], ["fit", "signs", *IMAGES, "-o", "image_model"]):
        done = server(folder, words)
        assert done["status"] == 0, done["said"]
    return folder


def work_in(given, folder):
    """Return a new folder with the inputs."""
    folder.mkdir()
    for each in given.iterdir():
        (folder / each.name).symlink_to(each)
    return folder


def content(path):
    """Return the files of an output, without what is told of time; None where there is nothing."""
    if not path.exists():
        return None
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    return {str(file.relative_to(path)): _bytes(file) for file in files}


def _bytes(file):
    return timeless(json.loads(file.read_text())) if file.suffix == ".json" else file.read_bytes()


def timeless(value):
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items() if name not in ("seconds", "job")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


class Trial:
    """One job that is killed again and again, each time at another moment."""

    def __init__(self, server, given, name, folder):
        self.server, self.given, self.name, self.job, self.folder = server, given, name, JOBS[name], folder
        self.hit = Counter()
        whole = self.ran(folder / "whole")
        self.whole = {made: content(folder / "whole" / made) for made in self.job.makes}
        assert set(self.left(folder / "whole")) == set(self.job.makes)
        self.seconds = whole["seconds"]
        if self.job.replaces:
            self.ran(folder / "old", "--seed", "5")
            self.old = {made: content(folder / "old" / made) for made in self.job.makes}

    def ran(self, folder, *words):
        done = self.server(work_in(self.given, folder), [*self.job.words, *words])
        assert done["status"] == 0, done["said"]
        return done

    def left(self, folder):
        return [each.name for each in folder.iterdir() if not each.is_symlink()]

    def kill(self, number, rng):
        """Kill the job at a random moment, look at what is there, and run it again."""
        folder, old = work_in(self.given, self.folder / str(number)), self.job.replaces and number % 2 == 1
        words = [*self.job.words, *(["--overwrite"] if old else [])]
        if old:
            for made in self.job.makes:
                source = self.folder / "old" / made
                (shutil.copytree if source.is_dir() else shutil.copyfile)(source, folder / made)
        again = [*words, *(["--resume"] if self.job.resumes else [])]
        for attempt in range(1 + int(rng.integers(3) == 0)):
            asked = again if attempt else words
            begin = self.seconds * (0.8 if rng.integers(3) == 0 else 0)  # a third of them where outputs are written
            done = self.server(folder, asked, after=float(rng.uniform(begin, self.seconds)))
            self.look(folder, done, old)
            if done["status"] == 0 or self.finished(folder, old):  # killed when all was in place
                break
        if self.finished(folder, old):
            return
        done = self.server(folder, again)
        assert done["status"] == 0, (self.name, number, done["said"])
        assert {made: content(folder / made) for made in self.job.makes} == self.whole
        assert sorted(self.left(folder)) == sorted(self.job.makes)

    def look(self, folder, done, old):
        assert done["status"] in (0, -signal.SIGKILL), done["said"]
        for made in self.job.makes:
            found = content(folder / made)
            assert found in ([self.old[made]] if old else [None]) + [self.whole[made]], (self.name, made)
        kept = folder / f"{self.job.makes[0]}.checkpoint"
        for file in kept.rglob("training.ckpt"):
            assert torch.load(file, weights_only=True)["step"] > 0
        self.hit["killed"] += done["status"] != 0
        self.hit["after a checkpoint"] += any(kept.rglob("training.ckpt"))
        self.hit["while writing"] += any(name.endswith(".tmp") for name in self.left(folder))
        self.hit["within a checkpoint"] += any(kept.rglob(".*.tmp"))

    def finished(self, folder, old):
        """Whether everything is there: then the job was killed when nothing was left to do, or not at all."""
        there = all(content(folder / made) == self.whole[made] for made in self.job.makes)
        return there and not old and not (folder / f"{self.job.makes[0]}.checkpoint").exists()


@pytest.mark.parametrize("name", FEW)
def test_a_job_that_was_killed_is_run_again_to_the_same_bytes(server, given, tmp_path, name):
    trial, rng = Trial(server, given, name, tmp_path), np.random.default_rng(len(name))
    for number in range(5):
        trial.kill(number, rng)
    assert trial.hit["killed"] > 0


@pytest.mark.slow
def test_a_hundred_moments(server, given, tmp_path):
    rng, hit = np.random.default_rng(0), Counter()
    trials = []
    for name in JOBS:
        (tmp_path / name).mkdir()
        trials.append(Trial(server, given, name, tmp_path / name))
    number = 0
    while hit["killed"] < 100:
        trial = trials[number % len(trials)]
        trial.kill(number // len(trials), rng)
        hit, number = sum((each.hit for each in trials), Counter()), number + 1
    for trial in trials:
        print(f"{trial.name}: {trial.seconds:.2f} s undisturbed, {dict(trial.hit)}")
    print(dict(hit))
