"""Long runs: memory, open files and threads after many fits and samples are those of after a few."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gensynth import ARF, SMOTE, VAE, WGAN, Augment, Balancer, GaussianCopula, load

if not Path("/proc/self/statm").exists():
    pytest.skip("memory and open files are read from /proc", allow_module_level=True)

SMALL = {"hidden": (16, 16), "noise": 4, "steps": 4}
MADE = {
    "SMOTE": lambda: SMOTE(k_neighbors=3),
    "ARF": lambda: ARF(trees=3, rounds=2),
    "GaussianCopula": GaussianCopula,
    "Augment": Augment,
    "WGAN": lambda: WGAN(**SMALL),
    "VAE": lambda: VAE(**SMALL),
}
TRAINED = ("WGAN", "VAE")
LEAST, SHARE = 6.0, 0.03  # MB, and of what is held after the first cycles: what memory may move by, either way


def rows(seed, n=120):
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n) % 5 == 0, "rare", "common")
    word = np.where(rng.random(n) < 0.5, "a", "b")
    return pd.DataFrame({"x": rng.normal(size=n), "z": rng.integers(0, 9, n), "word": word}), pd.Series(y, name="y")


def held():
    """Return memory in MB, without what is free and only kept for later, open files, and threads."""
    gc.collect()
    with suppress(OSError, AttributeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(os.listdir("/proc/self/fd")), threading.active_count()


def cycle(make, number, folder):
    """Fit and sample, balance, and every tenth time save and load."""
    X, y = rows(number)
    made = make().set_params(random_state=number).fit(X, y)
    assert len(made.sample(20, y="rare")) == 20
    if number % 2:
        Balancer(make(), random_state=number).fit_resample(X, y)
    if number % 10 == 0:
        made.save(folder / "model", overwrite=True)
        load(folder / "model").sample(5)


def grown(make, cycles, folder, first):
    """Return what is held after the first cycles, and after all of them."""
    for number in range(first):
        cycle(make, number, folder)
    begin = held()
    for number in range(first, first + cycles):
        cycle(make, number, folder)
    return begin, held()


@pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning")
@pytest.mark.parametrize("name", MADE)
def test_some_cycles_hold_no_more_than_a_few(name, tmp_path):
    begin, end = grown(MADE[name], 12 if name in TRAINED else 30, tmp_path, first=10)
    assert end[1:] == begin[1:]
    assert end[0] < begin[0] + max(LEAST, SHARE * begin[0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::gensynth.errors.GensynthWarning")
@pytest.mark.parametrize("name", MADE)
def test_many_cycles_hold_no_more_than_a_few(name, tmp_path):
    cycles = 300 if name in TRAINED else 1000
    begin, end = grown(MADE[name], cycles, tmp_path, first=50)
    told = "memory {:.0f} to {:.0f} MB, open files {} to {}, threads {} to {}"
    pairs = [part for both in zip(begin, end, strict=True) for part in both]
    print(f"{name}, {cycles} cycles: {told.format(*pairs)}", file=sys.stderr)
    assert end[1:] == begin[1:]
    assert end[0] < begin[0] + max(LEAST, SHARE * begin[0])
