"""The jobs of bench_images, each in a process of its own."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from tables_bench.jobs import main

from . import data, deepsmote, learner

Found = dict[str, Any]
ARMS = ("nothing", "class weights", "random oversampling", "default", "VAE", "VAE, SMOTE between codes",
        "VAE and transforms", "WGAN", "DeepSMOTE's idea")  # fmt: skip
BUDGET = {"MNIST": 2000, "CIFAR-10": 2000, "GTSRB": 2000}  # steps of DeepSMOTE's idea


def generator(arm: str, params: Found, seed: int) -> Any:
    """Return the generator of an arm."""
    from gensynth import VAE, WGAN, Augment, RandomOverSampler

    made = {"random oversampling": RandomOverSampler, "VAE": VAE, "WGAN": WGAN}
    if arm == "VAE, SMOTE between codes":
        return VAE(sampler="smote", **params, random_state=seed)
    if arm == "VAE and transforms":
        return Augment(generator=VAE(**params), random_state=seed)
    if arm in ("WGAN, all moved", "WGAN, as they are"):
        augment = {"translation": 0.125} if "moved" in arm else False
        return WGAN(critic={"augment": augment}, **params, random_state=seed)
    return made[arm](**params, random_state=seed)


def balanced(arm: str, params: Found, X: np.ndarray, y: np.ndarray, seed: int, case: str) -> tuple[Any, Any]:
    """Return the training set of an arm."""
    from gensynth import Balancer, default_balancer

    if arm in ("nothing", "class weights"):
        return X, y
    if arm == "DeepSMOTE's idea":
        return deepsmote.balanced(X, y, seed, BUDGET[case])
    if arm == "default":
        return default_balancer(X, y, random_state=seed).fit_resample(X, y)
    return Balancer(generator(arm, params, seed), random_state=seed).fit_resample(X, y)


def longtail(case: str, arm: str, seed: int, data_dir: str, params: Found) -> Found:
    """Balance an imbalanced set and judge it by the classifier: the mean over the splits of a seed."""
    found, seconds = [], 0.0
    for (X, y), (test, truth) in data.splits(case, seed, Path(data_dir)):
        start = time.perf_counter()
        more, labels = balanced(arm, params, X, y, seed, case)
        seconds += time.perf_counter() - start
        found.append(learner.scores(np.asarray(more), np.asarray(labels), test, truth, seed,
                                    weighted=arm == "class weights"))  # fmt: skip
    accuracy, even = (mean(values) for values in zip(*found, strict=True))
    return {"accuracy": accuracy, "balanced": even, "seconds": seconds / len(found)}


def digits(name: str, params: Found, seed: int, data_dir: str) -> Found:
    """Learn 8,000 digits, make as many, and train the classifier on the made ones alone."""
    (X, y), (test, truth) = data.digits(Path(data_dir))
    start = time.perf_counter()
    if name == "real":
        made, fit_s, sample_s = X, 0.0, 0.0
    else:
        model = generator(name, params, seed).fit(X, y)
        fit_s = time.perf_counter() - start
        made = model.sample(y=y)
        sample_s = time.perf_counter() - start - fit_s
    accuracy, even = learner.scores(made, y, test, truth, seed)
    return {"accuracy": accuracy, "balanced": even, "fit_s": fit_s, "images_a_second": len(y) / max(sample_s, 1e-9)}


def few(name: str, params: Found, seed: int, data_dir: str) -> Found:
    """Make 500 images of a class of five: the share nearer to one of training than the middle held-out image is.

    Distances are those of pixels. The class has five images, the others 300 each.
    """
    from gensynth.evidence.fidelity.images import share_nearer

    (X, y), _ = data.digits(Path(data_dir))
    rng = np.random.default_rng(seed)
    rare = int(rng.integers(10))
    mine = rng.permutation(np.flatnonzero(y == rare))
    others = [rng.permutation(np.flatnonzero(y == label))[:300] for label in range(10) if label != rare]
    some = np.concatenate([mine[:5], *others])
    made = generator(name, params, seed).fit(X[some], y[some]).sample(500, y=rare)
    flat = [part.reshape(len(part), -1) / 255.0 for part in (X[mine[:5]], made, X[mine[5:]])]
    return {"made": len(made), "nearer": share_nearer(*flat), "own": 0.5}


def loop(name: str, steps: int, pairs: int, data_dir: str) -> Found:
    """Time `training.train` and a bare loop of the same networks and batches, in turn."""
    import torch

    from gensynth.training import Batches, train

    (X, y), _ = data.digits(Path(data_dir))
    x, labels = torch.from_numpy(X).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(y)
    model = generator(name, {"steps": 1}, 0).fit(X[:200], y[:200])

    def task() -> Any:
        return model._task(torch.Generator().manual_seed(0))

    def bare() -> None:
        net, rng = task(), torch.Generator().manual_seed(0)
        optimizers = net.optimizers(steps)

        def descend(number: int, loss: torch.Tensor) -> None:
            optimizer, schedule = optimizers[number]
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule is not None:
                schedule.step()

        for index in range(steps):
            rows = torch.randint(len(x), (64,), generator=rng)
            net.step((x[rows], labels[rows]), index, descend, rng)

    def whole() -> None:
        train(task(), Batches([x, labels], 64, seed=0, steps=steps), device="cpu", progress=False)

    found: dict[str, list[float]] = {"bare_s": [], "train_s": []}
    for _ in range(pairs + 1):
        for what, work in (("bare_s", bare), ("train_s", whole)):
            start = time.perf_counter()
            work()
            found[what].append(time.perf_counter() - start)
    ratios = [mine / plain for plain, mine in zip(found["bare_s"][1:], found["train_s"][1:], strict=True)]
    return {what: median(times[1:]) for what, times in found.items()} | {"ratio": median(ratios)}


if __name__ == "__main__":
    main({"longtail": longtail, "digits": digits, "few": few, "loop": loop})
