"""The job of bench_auto, in a process of its own."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tables_bench import scoring
from tables_bench.jobs import main


def auto(table: str, learner: str, run: int, budget: float, data_dir: str) -> dict[str, Any]:
    """Let Auto choose on the rows of training, and score the learner with its rows and with none on the others."""
    from gensynth import Auto, Balancer

    fold = scoring.fold_of(table, run // scoring.FOLDS, run % scoring.FOLDS, str(Path(data_dir) / "tabular"))
    y = pd.Series(fold.y, index=fold.X.index, name="target")
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balancer = Balancer(Auto(scoring.learner(learner, len(y)), budget=budget, random_state=run))
        X, made = balancer.fit_resample(fold.X, y)
    seconds, choice = time.perf_counter() - start, balancer.generator_.choice_
    none = score(learner, fold.encode(fold.X), fold.y, fold)
    return {
        "ap": score(learner, fold.encode(X), np.asarray(made), fold), "none": none,
        "chosen": choice["chosen"], "why": choice["why"], "seconds": seconds,
    }  # fmt: skip


def score(name: str, X: Any, y: Any, fold: Any) -> float:
    """Return the average precision of a learner that learned these rows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = scoring.learner(name, len(y)).fit(X, y)
        chances = model.predict_proba(fold.encode(fold.X_test))
    return scoring.average_precision(chances, model.classes_, fold.y_test, fold.rare)


if __name__ == "__main__":
    main({"auto": auto})
