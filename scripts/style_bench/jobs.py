"""The jobs of bench_style that time, each in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import torch
from tables_bench.jobs import main
from transforms_bench.jobs import photographs

from . import data, helps, published

Found = dict[str, Any]


def speed(method: str, size: int, fitted: int, made: int, rounds: int, data_dir: str, params: Found) -> Found:
    """Time learning from some windows of photographs, and making others in their styles: bytes in, bytes out."""
    from gensynth import StyleTransfer

    images = photographs(size, fitted, data_dir)
    start, cpu = time.perf_counter(), time.process_time()
    model = StyleTransfer(method, **params, random_state=0).fit(images)
    fit_s, fit_cpu_s = time.perf_counter() - start, time.process_time() - cpu
    whole, alone = [timed(model, made) for _ in range(rounds + 1)], [timed(model, 1) for _ in range(10)]
    wall, cpu_s = (median(one[place] for one in whole[1:]) for place in (0, 1))
    torch.set_num_threads(1)  # threads that wait for others on a busy machine cost CPU too
    single = median(timed(model, made)[1] for _ in range(rounds))
    return {
        "fit_s": fit_s, "fit_cpu_s": fit_cpu_s, "images_a_second": made / wall, "cpu_ms": 1000 * cpu_s / made,
        "one_thread_cpu_ms": 1000 * single / made,
        "alone_cpu_ms": 1000 * median(cpu for _, cpu in alone), "steps": getattr(model, "steps_", None),
    }  # fmt: skip


def timed(model: Any, n: int) -> tuple[float, float]:
    """Return the seconds that making n images takes, by the clock and of all processors."""
    start, cpu = time.perf_counter(), time.process_time()
    assert model.sample(n).dtype == np.uint8
    return time.perf_counter() - start, time.process_time() - cpu


def gatys(side: int, images: int, steps: int, seed: int, data_dir: str, params: Found) -> Found:
    """Paint photographs in the styles of paintings, and do the same by the published loop, one after the other."""
    from gensynth import StyleTransfer

    contents, paintings = (data.pictures(kind, side, Path(data_dir)) for kind in ("content", "style"))
    drawn = np.random.default_rng(seed).permutation(len(contents) * len(paintings))[:images]
    contents, places = contents[drawn // len(paintings)], drawn % len(paintings)
    warm, model = (StyleTransfer("gatys", styles=paintings, training={"device": "cpu"}, **more).fit(contents)
                   for more in ({"steps": 2}, params))  # fmt: skip
    warm.restyle(contents, places)
    start, cpu = time.perf_counter(), time.process_time()
    made = model.restyle(contents, places)
    wall, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    history, pairs = model.style_.log.history, [*zip(contents, paintings[places], strict=True)]
    of_bytes = mean(float(aim_of(*pair).loss(tensor(row))) for pair, row in zip(pairs, made, strict=True))
    found: Found = {"ours": {"seconds": wall / images, "cpu_s": cpu_s / images, "loss": history[-1]["loss"],
                             "loss_of_bytes": of_bytes, "evaluations": len(history)}}  # fmt: skip
    for arm, begin in published.STARTS.items():
        found[arm] = loop(pairs, begin, steps, seed, history[-1]["loss"])
    return {"arms": found}


def loop(pairs: Sequence[tuple[np.ndarray, np.ndarray]], begin: str, steps: int, seed: int, ours: float) -> Found:
    """Return what the published loop takes and reaches, and after how many seconds an image it reached our loss."""
    rng, made = torch.Generator().manual_seed(seed), []
    start, cpu = time.perf_counter(), time.process_time()
    for content, style in pairs:
        aim, x = aim_of(content, style), tensor(content)
        made.append(published.painted(aim, torch.rand(x.shape, generator=rng) if begin == "noise" else x, steps))
    wall, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    aims = [aim_of(*pair) for pair in pairs]
    losses = [[float(aim.loss(x)) for x in (one.x, (one.x.clamp(0, 1) * 255).round() / 255)]
              for aim, one in zip(aims, made, strict=True)]  # fmt: skip
    loss, of_bytes = (mean(values) for values in zip(*losses, strict=True))
    return {
        "seconds": wall / len(pairs), "cpu_s": cpu_s / len(pairs), "loss": loss, "loss_of_bytes": of_bytes,
        "evaluations": mean(len(one.curve) for one in made),
        "seconds_to_ours": published.seconds_to(ours, made),
    }  # fmt: skip


def aim_of(content: np.ndarray, style: np.ndarray) -> Any:
    """Return what both paint after, at strength 1. Shape: (h, w, 3) of bytes each."""
    from gensynth.nn.features import Features
    from gensynth.nn.painting import Aim

    return Aim.of(Features.random(), tensor(content), [tensor(style)], torch.ones(1))


def tensor(image: np.ndarray) -> torch.Tensor:
    """Return an image as features take it. Shape: (h, w, 3) of bytes to (1, 3, h, w) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float() / 255


if __name__ == "__main__":
    main({"speed": speed, "gatys": gatys, "help": helps.accuracy})
