"""The jobs of bench_compare, each in a process of its own."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from tables_bench.jobs import main

from . import data

Found = dict[str, Any]


def speed(case: str, n_jobs: int, data_dir: str) -> Found:
    """Compare what is compared where nothing is said."""
    from gensynth import compare

    X, y = data.made_table() if case == data.PLANTED else data.real_table(case, Path(data_dir))
    start = time.perf_counter()
    found = compare(X, y, n_jobs=n_jobs, random_state=0)
    return {"seconds": time.perf_counter() - start, **told(found)}


def noise(seed: int, n_jobs: int) -> Found:
    """Compare on a table on which nothing can help."""
    from gensynth import compare

    return told(compare(*data.noise(seed), n_jobs=n_jobs, random_state=seed))


def planted(seed: int, n_jobs: int) -> Found:
    """Compare on a table on which borrowed covariances help, and measure on fresh rows whether they do."""
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
    from sklearn.metrics import average_precision_score

    from gensynth import Balancer, GaussianCopula, compare

    X, y = data.planted(seed)
    model = QuadraticDiscriminantAnalysis(reg_param=1e-3)
    methods = ["SMOTE", "GaussianCopula", "ARF"]
    found = compare(X, y, methods=methods, learners={"quadratic": model}, n_jobs=n_jobs, random_state=seed)
    fresh, truth = data.planted(seed, fresh=20_000)
    marks = []
    for rows in ((X, y), Balancer(GaussianCopula(random_state=seed)).fit_resample(X, y)):
        marks.append(average_precision_score(truth, model.fit(*rows).predict_proba(fresh)[:, 1]))
    return told(found) | {"fresh": {"none": marks[0], "GaussianCopula": marks[1]}}


def told(found: Any) -> Found:
    """Return what a comparison comes to."""
    table = found.table[found.decides]
    figures = {learner: {arm: round(float(table[learner, arm]), 4) for arm in found.arms} for learner in found.learners}
    return {
        "recommended": found.recommended, "generates": bool(found.generates), "figures": figures,
        "choices": {learner: each.arm for learner, each in found.choices.items()},
        "arms_failed": {f"{learner}, {arm}": text for (learner, arm), text in found.failed.items()},
    }  # fmt: skip


def report(rows: int) -> Found:
    """Write the report of a comparison of many rows and of what a Balancer made of them."""
    from gensynth import Balancer, GaussianCopula, compare
    from gensynth.evidence.report.made import Made
    from gensynth.evidence.report.page import write

    X, y = data.made_table(rows)
    found = compare(X[:5000], y[:5000], methods="none", learners="logistic", cv=(3, 1), random_state=0)
    balancer = Balancer(GaussianCopula(random_state=0))
    X_new, y_new = balancer.fit_resample(X, y)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        made = Made.of(balancer, X, y, X_new, y_new)
        learned = time.perf_counter() - start
        write(Path(folder) / "report.html", comparison=found, made=made)
        size = (Path(folder) / "report.html").stat().st_size
    return {"seconds": time.perf_counter() - start, "looking_s": learned, "bytes": size}


if __name__ == "__main__":
    main({"speed": speed, "noise": noise, "planted": planted, "report": report})
