"""What runs in its own process: `python -m tables_bench.jobs '{"job": ..., "given": {...}}'` prints a line of JSON.

Peak memory is the operating system's account of the process (ru_maxrss); "extra" is what the work added to it.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import data, quality

Work = Callable[[], Any]


class SkipArm(Exception):
    """The arm cannot run here, which is no failure: a class is not written yet, a package is not installed."""


def ours(name: str) -> Any:
    """Return something public of gensynth. Raises: SkipArm where it does not exist."""
    import gensynth

    try:
        return getattr(gensynth, name)
    except AttributeError:
        raise SkipArm(f"gensynth has no {name}") from None


def peak() -> float:
    """Return the most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def settle() -> None:
    """Let go of what loading left behind; on Linux also start the account of the peak anew."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass  # then the peak of loading stays in the account, for every arm alike


def measured(work: Work, calls: int = 1) -> tuple[dict[str, Any], Any]:
    """Do some work several times; return the seconds of each call with the memory of the first, and its outcome."""
    settle()
    before, times, extra, first = peak(), [], 0.0, None
    for call in range(calls):
        start = time.perf_counter()
        outcome = work()
        times.append(time.perf_counter() - start)
        if call == 0:
            first, extra = outcome, peak() - before
        del outcome
    found = {"cold_s": times[0], "extra_mb": round(extra, 1), "peak_mb": round(before + extra, 1)}
    return found | ({"warm_s": float(np.median(times[1:]))} if calls > 1 else {}), first


# Speed ---------------------------------------------------------------------------------------------------------------


class Precomputed:
    """A neighbour search whose answer is known: row i of `nearest` is row i itself and its neighbours."""

    def __init__(self, nearest: Any = None, n_neighbors: int = 6) -> None:
        self.nearest, self.n_neighbors = nearest, n_neighbors

    def __sklearn_clone__(self) -> Precomputed:
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, as scikit-learn's searches do."""
        return {"nearest": self.nearest, "n_neighbors": self.n_neighbors}

    def set_params(self, **params: Any) -> Precomputed:
        """Set parameters; the answer stays what it is."""
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X: Any, y: Any = None) -> Precomputed:
        """Take the rows that the answer is about."""
        self.n_samples_fit_ = X.shape[0]
        return self

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the known neighbours of all rows. Raises: ValueError where other rows are asked for."""
        if X is not None and X.shape[0] != len(self.nearest):
            raise ValueError(f"neighbours are known of {len(self.nearest)} rows, not of {X.shape[0]}")
        nearest = self.nearest[:, : n_neighbors or self.n_neighbors]
        return (np.zeros(nearest.shape), nearest) if return_distance else nearest

    def kneighbors_graph(self, *_: Any, **__: Any) -> Any:
        """Stand where imbalanced-learn looks for it; nothing calls it."""
        raise NotImplementedError


def numbers(rows: int, width: int) -> tuple[Any, Any]:
    """Return normal numbers and labels of which a tenth is the rare class, moved by one half."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, width))
    y = np.zeros(rows, dtype=np.int64)
    y[rng.choice(rows, rows // 10, replace=False)] = 1
    X[y == 1] += 0.5
    return X, y


def known_neighbors(X: Any, y: Any) -> Precomputed:
    """Search the rare class's neighbours beforehand."""
    from sklearn.neighbors import NearestNeighbors

    rare = X[y == 1]
    return Precomputed(NearestNeighbors(n_neighbors=6).fit(rare).kneighbors(rare, return_distance=False))


def speed(case: str, arm: str, data_dir: str, rows: int, width: int, calls: int) -> dict[str, Any]:
    """Time one oversampler on the case "mixed", "numeric" or "numeric, search aside"."""
    from imblearn import over_sampling

    maker, name = arm.split()
    given: dict[str, Any] = {"random_state": 0}
    if case == "mixed":
        train, _ = data.adult(data_dir)
        X, y = train.drop(columns="income"), train["income"]
    else:
        X, y = numbers(rows, width)
    if case.endswith("search aside"):
        given["k_neighbors" if maker == "imblearn" else "neighbors"] = known_neighbors(X, y)
    if maker == "imblearn":
        if name == "SMOTENC":
            given["categorical_features"] = data.categories(X)
        sampler = getattr(over_sampling, name)(**given)
    else:
        try:
            sampler = ours("Balancer")(ours(name)(**given), random_state=0)
        except TypeError as error:
            raise SkipArm(str(error)) from None
    found, (made, _) = measured(lambda: sampler.fit_resample(X, y), calls)
    return found | {"rows": len(made)}


# Adult ---------------------------------------------------------------------------------------------------------------


def make_rows(maker: str, name: str, params: dict[str, Any], seed: int, half: bool, data_dir: str, out: str) -> Any:
    """Learn Adult's training rows (or half as many), make as many, and keep them as a file to be scored."""
    train, test = data.adult(data_dir)
    if half:
        train = data.half(train, len(test))
    work = with_ctgan(name, params, seed, train) if maker == "ctgan" else with_gensynth(name, params, seed, train)
    found, made = measured(work)
    made[train.columns].to_parquet(out)
    return {"seconds": found["cold_s"], "extra_mb": found["extra_mb"], "rows": len(made)}


def with_ctgan(name: str, params: dict[str, Any], seed: int, train: Any) -> Work:
    """Return the work of CTGAN or TVAE.

    torch has two threads and NumPy's BLAS one: with two, the tiny products of ctgan's mixtures take up to a minute
    longer, which would flatter the others.
    """
    import ctgan
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(2)
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002  # the state that ctgan draws from
    model = getattr(ctgan, name)(**params, enable_gpu=False)

    def work() -> Any:
        with threadpool_limits(1, user_api="blas"):
            model.fit(train, data.categories(train))
            return model.sample(len(train))

    return work


def with_gensynth(name: str, params: dict[str, Any], seed: int, train: Any) -> Work:
    """Return the work of one of gensynth's generators: the classes come at their frequency in training."""
    generator = ours(name)(**params, random_state=seed)
    X, y = train.drop(columns="income"), train["income"]

    def work() -> Any:
        rows, labels = generator.fit(X, y).sample(len(X), return_y=True)
        return rows.assign(income=np.asarray(labels))

    return work


def score(out: str, half: bool, data_dir: str) -> dict[str, Any]:
    """Score the rows in a file, or the real rows themselves where no file is named."""
    train, test = data.adult(data_dir)
    if half:
        made = pd.read_parquet(out)
        nearer, copies = quality.nearer(made, data.half(train, len(test)), test, "income")
        return {"nearer": nearer, "copies": copies}
    made = pd.read_parquet(out) if out else train
    found = {"auc": quality.auc(made, train, test, "income", ">50K")}
    if out:
        found["shapes"], found["pairs"] = quality.shapes_and_pairs(made, train)
    return found


JOBS: dict[str, Callable[..., dict[str, Any]]] = {"speed": speed, "make_rows": make_rows, "score": score}


def main(jobs: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """Do the job that the command line names, and print what it found."""
    asked = json.loads(sys.argv[1])
    try:
        found = jobs[asked["job"]](**asked["given"])
    except SkipArm as why:
        found = {"skipped": str(why)}
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main(JOBS)
