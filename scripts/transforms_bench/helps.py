"""Do the default policies help? Each against nothing, on the same split and by the same learner.

A seed draws the split and the learner's beginning. Nothing: the learner on the training rows. Default: the same rows
and others that `Augment()` makes of them: nine more of each image and four more of each series and recording, which
keeps the classes as they are; spam, of which there are 100, is brought up to half of ham by the Balancer.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from tables_bench.process import Run, child, finished
from tables_bench.report import verdict

from . import learners

MODULE = "transforms_bench.helps_jobs"
CASES = ("MNIST", "CIFAR-10", "SMS spam", "ECG5000", "GunPoint", "spoken digits")
MOST = 200  # examples of a class in training
T9 = 2.262  # 97.5 % of Student's t of nine degrees of freedom


def work(seeds: int, data: str) -> Any:
    """Return the plan, what sums it up, and what does one run."""
    plan = [{"case": case, "arm": "default", "run": seed} for seed in range(seeds) for case in CASES]
    return plan, summary, lambda run: child("helps", MODULE, 1, case=run["case"], seed=run["run"], data=data)


def summary(runs: list[Run]) -> dict[str, Any]:
    """Return mean scores, gains and their intervals."""
    rows, verdicts, better = {}, [], 0
    for case in CASES:
        mine = [run for run in runs if run["case"] == case and finished(run)]
        gains = [run["default"] - run["none"] for run in mine]
        if len(gains) < 2:
            continue
        half = T9 * stdev(gains) / len(gains) ** 0.5
        rows[case] = {"measure": mine[0]["measure"], "none": mean(run["none"] for run in mine),
                      "default": mean(run["default"] for run in mine), "gain": mean(gains), "half": half,
                      "seeds": len(gains)}  # fmt: skip
        verdicts.append(verdict(f"{case}: upper end of the gain", mean(gains) + half, ">=", 0.0))
        better += mean(gains) - half > 0
    return {"rows": rows, "verdicts": [*verdicts, verdict("better, interval above zero, on so many", better, ">=", 4)]}


def run(case: str, seed: int, data: str, policy: Any = None) -> dict[str, Any]:
    """Return the scores of one split. `policy` stands in for the default."""
    return LOADED[case](Path(data), np.random.default_rng([seed, CASES.index(case)]), seed, policy)


def images(X: np.ndarray, y: np.ndarray, rng: np.random.Generator, seed: int, policy: Any, held: int) -> dict[str, Any]:
    """Score images: accuracy."""
    from gensynth import Augment

    train = some_of_each(y, rng, MOST)
    test = rng.permutation(np.setdiff1d(np.arange(len(y)), train))[:held]
    more = Augment(policy, random_state=seed).fit(X[train], y[train]).sample(y=np.repeat(y[train], 9))
    both = np.concatenate([X[train], more]), np.concatenate([y[train], np.repeat(y[train], 9)])
    scores = {name: float((learners.network(*rows, X[test], seed) == y[test]).mean())
              for name, rows in (("none", (X[train], y[train])), ("default", both))}  # fmt: skip
    return {"measure": "accuracy", **scores}


def mnist(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    folder = data / "images" / "mnist_t10k"
    X = idx(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
    return images(X, idx(folder / "t10k-labels-idx1-ubyte.gz", 8).astype(np.int64), rng, seed, policy, 4000)


def cifar(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    with np.load(data / "images" / "cifar10_5000.npz") as file:
        return images(file["x"], file["y"], rng, seed, policy, 3000)


def spam(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    """Score messages: average precision of spam."""
    import pandas as pd
    from sklearn.metrics import average_precision_score

    from gensynth import Augment, Balancer

    frame = pd.read_csv(data / "text" / "sms_spam.csv.gz")
    X, y = frame["text"].to_numpy(dtype=object), (frame["label"] == "spam").to_numpy().astype(int)
    order = rng.permutation(len(y))
    test, rest = order[: len(y) // 2], order[len(y) // 2 :]
    train = np.concatenate([rest[y[rest] == 1][:100], rest[y[rest] == 0]])
    texts, labels = [*X[train]], y[train]
    more, said = Balancer(Augment(policy, random_state=seed), sampling_strategy=0.5).fit_resample(texts, labels)
    scores = {name: float(average_precision_score(y[test], learners.words(*rows, [*X[test]], seed)))
              for name, rows in (("none", (texts, labels)), ("default", (more, np.asarray(said))))}  # fmt: skip
    return {"measure": "average precision", **scores}


def ecg(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    """Score heartbeats, of which two classes are rare and the one of two rows is left out: balanced accuracy."""
    import pandas as pd

    from gensynth import Augment, Balancer, Series

    frame = pd.read_csv(data / "timeseries" / "ecg5000_train.csv.gz")
    frame = frame[frame["label"] != 5]
    y = frame.pop("label").to_numpy()
    train = np.concatenate([rng.permutation(np.flatnonzero(y == label))[: min(MOST, (y == label).sum() // 2)]
                            for label in np.unique(y)])  # fmt: skip
    X = frame.to_numpy()[:, None]
    more, labels = Balancer(Augment(policy, random_state=seed)).fit_resample(Series(X[train]), y[train])
    return series(X, y, train, (more.x, np.asarray(labels)), "balanced accuracy")


def gunpoint(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    """Score movements, of which 25 of each class are for training: accuracy."""
    import pandas as pd

    from gensynth import Augment, Series

    frame = pd.read_csv(data / "timeseries" / "gunpoint.csv.gz").drop(columns="split")
    y = frame.pop("label").to_numpy()
    X, train = frame.to_numpy()[:, None], some_of_each(y, rng, 25)
    asked = np.repeat(y[train], 4)
    more = Augment(policy, random_state=seed).fit(Series(X[train]), y[train]).sample(y=asked)
    return series(X, y, train, (np.concatenate([X[train], more.x]), np.concatenate([y[train], asked])), "accuracy")


def series(X: np.ndarray, y: np.ndarray, train: np.ndarray, both: tuple[np.ndarray, np.ndarray], measure: str) -> Any:
    from sklearn.metrics import accuracy_score, balanced_accuracy_score

    score = balanced_accuracy_score if measure.startswith("balanced") else accuracy_score
    test = np.setdiff1d(np.arange(len(y)), train)
    scores = {name: float(score(y[test], learners.nearest(*rows, X[test])))
              for name, rows in (("none", (X[train], y[train])), ("default", both))}  # fmt: skip
    return {"measure": measure, **scores}


def digits(data: Path, rng: np.random.Generator, seed: int, policy: Any) -> dict[str, Any]:
    """Score spoken digits of two speakers after four others, in turn for all six: accuracy."""
    from scipy.io import wavfile

    from gensynth import Audio, Augment

    files = sorted((data / "audio" / "free_spoken_digits").rglob("*.wav"))
    waves = [wavfile.read(file)[1].astype(np.float32) / 32768 for file in files]
    y = np.array([int(file.name[0]) for file in files])
    speakers = np.array([file.name.split("_")[1] for file in files])
    right = {"none": 0, "default": 0}
    for held in rng.permutation(np.unique(speakers)).reshape(3, 2):
        test = np.flatnonzero(np.isin(speakers, held))
        train = np.flatnonzero(~np.isin(speakers, held))
        known, unknown = (Audio([waves[row] for row in rows], 8000) for rows in (train, test))
        asked = np.repeat(y[train], 4)
        more = Augment(policy, random_state=seed).fit(known, y[train]).sample(y=asked)
        both = Audio([*known.waves, *more.waves], 8000), np.concatenate([y[train], asked])
        for name, rows in (("none", (known, y[train])), ("default", both)):
            right[name] += int((learners.spectra(*rows, unknown, seed) == y[test]).sum())
    return {"measure": "accuracy", **{name: count / len(y) for name, count in right.items()}}


def some_of_each(y: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Return positions of at most so many rows of each class."""
    return np.concatenate([rng.permutation(np.flatnonzero(y == label))[:most] for label in np.unique(y)])


def idx(path: Path, head: int) -> np.ndarray:
    """Return the bytes of an IDX file after its head."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=head).copy()


LOADED: dict[str, Callable[..., dict[str, Any]]] = {
    "MNIST": mnist, "CIFAR-10": cifar, "SMS spam": spam, "ECG5000": ecg, "GunPoint": gunpoint, "spoken digits": digits,
}  # fmt: skip
