"""What runs in its own process: `python -m deep_bench.jobs '{"job": ..., "given": {...}}'` prints a line of JSON."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from tables_bench import data, quality
from tables_bench.jobs import main, measured, ours

Found = dict[str, Any]


def make(maker: str, name: str, params: Found, seed: int, half: bool, many: int, data_dir: str, out: str) -> Found:
    """Learn Adult's training rows (or half as many), make as many, and then `many`, timed apart."""
    train, test = data.adult(data_dir)
    if half:
        train = data.half(train, len(test))
    model = _Ctgan(name, params, seed) if maker == "ctgan" else _Gensynth(name, params, seed)
    found, _ = measured(lambda: model.fit(train))
    start = time.perf_counter()
    made = model.sample(len(train))
    sampled = time.perf_counter() - start
    made[train.columns].to_parquet(out)
    result = {"fit_s": found["cold_s"], "sample_s": sampled, "fit_mb": found["extra_mb"], "rows": len(made)}
    if many:
        start = time.perf_counter()
        model.sample(many)
        result |= {"many_s": time.perf_counter() - start, "many": many}
    return result | {"steps": getattr(model, "steps", None)}


class _Gensynth:
    """A generator that makes whole rows, the class among them."""

    def __init__(self, name: str, params: Found, seed: int) -> None:
        import gensynth.training.loop  # noqa: F401 -- lightning: seconds that belong to no fit

        self.generator = ours(name)(**params, random_state=seed)

    def fit(self, train: pd.DataFrame) -> None:
        self.generator.fit(train.drop(columns="income"), train["income"])
        self.steps = self.generator.steps_

    def sample(self, n: int) -> pd.DataFrame:
        rows, labels = self.generator.sample(n, return_y=True)
        return rows.assign(income=np.asarray(labels))


class _Ctgan:
    """CTGAN or TVAE with two threads of torch and one of BLAS, which is the fastest for them."""

    def __init__(self, name: str, params: Found, seed: int) -> None:
        import ctgan
        import torch

        torch.set_num_threads(2)
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 -- the state that ctgan draws from
        self.model = getattr(ctgan, name)(**params, enable_gpu=False)

    def fit(self, train: pd.DataFrame) -> None:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            self.model.fit(train, data.categories(train))

    def sample(self, n: int) -> pd.DataFrame:
        made: pd.DataFrame = self.model.sample(n)
        return made


def score(out: str, half: bool, data_dir: str) -> Found:
    """Score the rows in a file: as `bench_tables` does, and whether a classifier tells them from real ones."""
    train, test = data.adult(data_dir)
    made = pd.read_parquet(out)
    if half:
        nearer, copies = quality.nearer(made, data.half(train, len(test)), test, "income")
        return {"nearer": nearer, "copies": copies}
    shapes, pairs = quality.shapes_and_pairs(made, train)
    auc = quality.auc(made, train, test, "income", ">50K")
    return {"auc": auc, "shapes": shapes, "pairs": pairs, "told": quality.told(train, made)}


def loop(steps: int, pairs: int, data_dir: str) -> Found:
    """Time `training.train` and a bare loop of the same network and batches, in turn."""
    import torch

    from gensynth.data.codes import Codebook
    from gensynth.data.encode import TableEncoder
    from gensynth.nn.autoregressive import Conditionals
    from gensynth.training import Batches, loop, train  # noqa: F401 -- lightning is imported before the clock runs

    rows, _ = data.adult(data_dir)
    encoder, y = TableEncoder(), pd.factorize(rows["income"])[0].astype(np.intp)
    matrix = encoder.fit(rows.drop(columns="income"))
    book = Codebook.fit(matrix, encoder.layout_, y)
    codes = torch.from_numpy(np.concatenate([y[:, None].astype(np.int16), book.encode(matrix)], axis=1))

    def network() -> Conditionals:
        ranks = [[], *(column.places.tolist() for column in book.columns)]
        return Conditionals([2, *book.sizes], ranks, (128, 128, 128), rng=torch.Generator().manual_seed(0))

    def bare() -> None:
        net, rng = network(), torch.Generator().manual_seed(0)
        ((optimizer, schedule),) = net.optimizers(steps)

        def descend(_: int, loss: torch.Tensor) -> None:
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            if schedule is not None:
                schedule.step()

        for index in range(steps):
            net.step((codes[torch.randint(len(codes), (512,), generator=rng)],), index, descend, rng)

    def whole() -> None:
        train(network(), Batches([codes], 512, seed=0, steps=steps), device="cpu", progress=False)

    found: dict[str, list[float]] = {"bare_s": [], "train_s": []}
    for _ in range(pairs + 1):
        for name, work in (("bare_s", bare), ("train_s", whole)):
            start = time.perf_counter()
            work()
            found[name].append(time.perf_counter() - start)
    ratios = [mine / plain for plain, mine in zip(found["bare_s"][1:], found["train_s"][1:], strict=True)]
    return {name: median(times[1:]) for name, times in found.items()} | {"ratio": median(ratios)}


def memory(name: str, rows: int, steps: int) -> Found:
    """Train on so many rows of twenty columns, half of them numbers; the peak counts the table too."""
    rng = np.random.default_rng(0)
    numbers = {f"n{place}": rng.normal(size=rows) for place in range(10)}
    words = {f"w{place}": pd.Categorical.from_codes(rng.integers(20, size=rows), [*"abcdefghijklmnopqrst"])
             for place in range(10)}  # fmt: skip
    X, y = pd.DataFrame(numbers | words), rng.integers(2, size=rows)
    found, _ = measured(lambda: ours(name)(steps=steps, random_state=0).fit(X, y))
    return {"fit_s": found["cold_s"], "peak_mb": found["peak_mb"], "rows": rows, "steps": steps}


def rare(name: str, params: Found, positives: int, seed: int, data_dir: str) -> Found:
    """Bring 2,000 rows of Adult of which few are positive to parity: average precision and AUC over doing nothing."""
    train, test = data.adult(data_dir)
    rng = np.random.default_rng(seed)
    spots = [
        rng.choice(np.flatnonzero((train["income"] == ">50K") == rich), n, replace=False)
        for rich, n in ((True, positives), (False, 2000 - positives))
    ]
    some = train.iloc[rng.permutation(np.concatenate(spots))].reset_index(drop=True)
    X, y = some.drop(columns="income"), some["income"]
    generator = ours(name)(**params, random_state=seed).fit(X, y)
    made = generator.sample(2000 - 2 * positives, y=">50K").assign(income=">50K")
    tested = test.iloc[:6000]
    before = quality.judged(some, train, tested, "income", ">50K")
    after = quality.judged(pd.concat([some, made], ignore_index=True), train, tested, "income", ">50K")
    called = quality.called(train, made, test, "income", ">50K")
    own = quality.called(some, made, test, "income", ">50K")
    gains = {f"gain_{key}": after[key] - before[key] for key in before}
    return {**gains, **called, **{f"own_{key}": share for key, share in own.items()}}


JOBS = {"make": make, "score": score, "loop": loop, "memory": memory, "rare": rare}


if __name__ == "__main__":
    main(JOBS)
