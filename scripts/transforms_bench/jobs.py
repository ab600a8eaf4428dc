"""The jobs of `bench_transforms` that run in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from tables_bench.jobs import main

from . import checks, policies, singles

BATCH = {224: 64, 128: 128, 64: 256, 32: 512}  # images changed by one call
WINDOW = 0.2  # seconds that an arm is timed for, turn by turn with the others


def photographs(size: int, n: int, folder: str) -> np.ndarray:
    """Return n windows of photographs, the same each time. Shape: (n, size, size, 3) of bytes."""
    from PIL import Image

    rng, made = np.random.default_rng(0), []
    files = sorted((Path(folder) / "images" / "content").glob("*.jpg"))
    whole = [np.asarray(Image.open(file).convert("RGB").resize((480, 320))) for file in files[:5]]
    for row in range(n):
        image = whole[row % len(whole)]
        x, y = rng.integers(0, image.shape[1] - size + 1), rng.integers(0, image.shape[0] - size + 1)
        made.append(image[y : y + size, x : x + size])
    return np.stack(made)


def rates(calls: dict[str, Callable[[], Any]], n: int, rounds: int) -> dict[str, float]:
    """Return images a second of each call in wall time: the middle of rounds that go through all of them in turn."""
    for call in calls.values():
        call(), call()
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start, done = time.perf_counter(), 0
            while time.perf_counter() - start < WINDOW or not done:
                call()
                done += n
            found[name].append(done / (time.perf_counter() - start))
    return {name: median(values) for name, values in found.items()}


def settle() -> None:
    """Use as many threads as were given, torch and OpenCV alike."""
    import cv2
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    cv2.setNumThreads(0)  # as its users advise: rows are what is shared out


def speed(size: int, rounds: int, data: str) -> dict[str, Any]:
    """Time one policy in all libraries."""
    settle()
    images = photographs(size, BATCH[size], data)
    return {"rates": rates({name: arm(images) for name, arm in policies.ARMS.items()}, len(images), rounds)}


def single(op: str, size: int, rounds: int, data: str) -> dict[str, Any]:
    """Time one change in gensynth and albumentations."""
    settle()
    images = photographs(size, BATCH[size], data)
    return {"rates": rates({name: arm(images) for name, arm in singles.OPS[op].items()}, len(images), rounds)}


def quality(seed: int, data: str) -> dict[str, Any]:
    """Measure what one resampling keeps that three lose."""
    return checks.sharpness(photographs(224, 8, data), seed)


def exactness(seed: int, data: str) -> dict[str, Any]:
    """Measure how far the fused plan is from the chain."""
    return checks.exactness(photographs(128, 16, data), seed)


def text(data: str, rows: int = 20_000) -> dict[str, Any]:
    """Time the default policy of texts on so many messages, learning from them included."""
    import pandas as pd

    from gensynth.transforms.text.default import default

    texts = pd.read_csv(Path(data) / "text" / "sms_spam.csv.gz")["text"].tolist()
    many = (texts * (rows // len(texts) + 1))[:rows]
    start = time.perf_counter()
    policy = default().seeded(0).fit(texts)
    learned = time.perf_counter()
    made = policy(many)
    done = time.perf_counter()
    changed = np.mean([a != b for a, b in zip(many, made, strict=True)])
    return {"fit_s": learned - start, "call_s": done - learned, "seconds": done - start, "changed": float(changed)}


JOBS = {"text": text, "speed": speed, "single": single, "quality": quality, "exactness": exactness}

if __name__ == "__main__":
    main(JOBS)
