"""What several tests share: a small table on disk, and a shell in which `gensynth` is a command."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy is imported: parallel tests need no threads of their own
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from gensynth.cli import main

ROOT = Path(__file__).resolve().parents[1]
MAIN = "import sys; from gensynth.cli import main; sys.argv[0] = 'gensynth'; sys.exit(main())"

# One set of examples on every machine and in every worker; a busy machine must not fail a slow one.
hypothesis.settings.register_profile("gensynth", deadline=None, derandomize=True, database=None, max_examples=50)
hypothesis.settings.load_profile("gensynth")

Shell = Callable[[str], subprocess.CompletedProcess[str]]


def write_payments(path: Path) -> None:
    """Write 2,000 payments: amount, country, hour, fraud (1 in 40 of them, else 0)."""
    rng = np.random.default_rng(0)
    fraud = np.zeros(2000, dtype=bool)
    fraud[rng.choice(2000, 40, replace=False)] = True
    amount = np.where(fraud, rng.lognormal(5.5, 0.6, 2000), rng.lognormal(3.5, 0.8, 2000))
    country = np.where(fraud, rng.choice(["DE", "NL", "US"], 2000), rng.choice(["DE", "FR", "NL", "US"], 2000))
    hour = np.where(fraud, rng.integers(0, 6, 2000), rng.integers(6, 24, 2000))
    rows = zip(amount, country, hour, fraud, strict=True)
    lines = [f"{money:.2f},{where},{when},{int(bad)}" for money, where, when, bad in rows]
    path.write_text("\n".join(["amount,country,hour,fraud", *lines, ""]), encoding="utf-8")


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    path = tmp_path / "payments.csv"
    write_payments(path)
    return path


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Run a command line in `tmp_path`; `gensynth` there is this checkout, under this interpreter."""
    folder = tmp_path_factory.mktemp("bin")
    command = folder / "gensynth"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(MAIN)} "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    env = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        asked = ["bash", "-o", "pipefail", "-c", line]
        return subprocess.run(asked, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)

    return run


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the command line in this process, in a folder of its own; return status, standard output and error."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "fault in gensynth" not in err
        return left.value.code, out, err

    return call


@pytest.fixture
def short_learning(monkeypatch):
    """Let the learner of images learn for a tenth of its steps, where a test does not look at what it learns."""
    from gensynth.learners import images

    monkeypatch.setattr(images, "STEPS", images.STEPS // 10)
