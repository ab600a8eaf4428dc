"""How good made rows of a table are: use to a learner, likeness of columns and pairs, and nearness to copying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from .data import categories


def auc(made: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame, target: str, positive: Any) -> float:
    """Return the ROC AUC on real test rows of LightGBM (200 trees) that has seen made rows alone."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score

    features = _features(train, target)
    model = LGBMClassifier(n_estimators=200, n_jobs=2, random_state=0, verbose=-1)
    model.fit(features(made), (made[target] == positive).to_numpy())
    return float(roc_auc_score(test[target] == positive, model.predict_proba(features(test))[:, 1]))


def _features(train: pd.DataFrame, target: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return what makes rows ready for LightGBM, categories by the levels of the training rows."""
    levels = {c: sorted(train[c].unique()) for c in categories(train) if c != target}

    def features(rows: pd.DataFrame) -> pd.DataFrame:
        columns = rows[[c for c in train.columns if c != target]]
        typed = {
            c: pd.Categorical(columns[c], levels[c]) if c in levels else pd.to_numeric(columns[c]) for c in columns
        }
        return pd.DataFrame(typed)

    return features


def judged(rows: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame, target: str, positive: Any) -> dict[str, float]:
    """Return AUC and average precision on real test rows of LightGBM (200 trees, rate .05) that has seen some rows."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import average_precision_score, roc_auc_score

    features, wanted = _features(train, target), test[target] == positive
    model = LGBMClassifier(n_estimators=200, learning_rate=0.05, n_jobs=2, random_state=0, verbose=-1)
    model.fit(features(rows), (rows[target] == positive).to_numpy())
    p = model.predict_proba(features(test))[:, 1]
    return {"auc": float(roc_auc_score(wanted, p)), "ap": float(average_precision_score(wanted, p))}


def called(train: pd.DataFrame, made: pd.DataFrame, test: pd.DataFrame, target: str, positive: Any) -> dict[str, float]:
    """Return how often LightGBM of real rows calls made rows, and held-out real ones, of the class that they are."""
    from lightgbm import LGBMClassifier

    features = _features(train, target)
    model = LGBMClassifier(n_estimators=200, n_jobs=2, random_state=0, verbose=-1)
    model.fit(features(train), (train[target] == positive).to_numpy())
    real = test[test[target] == positive]
    return {
        name: float(model.predict(features(rows)).mean())
        for name, rows in (("called_real", real), ("called_made", made))
    }


def told(real: pd.DataFrame, made: pd.DataFrame) -> float:
    """Return the cross-validated AUC with which LightGBM (100 trees) tells made rows from real ones; .5 is ideal."""
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    both = pd.concat([real, made[real.columns]], ignore_index=True)
    for column in categories(both):
        both[column] = pd.Categorical(both[column])
    which = np.repeat([0, 1], [len(real), len(made)])
    model = LGBMClassifier(n_estimators=100, n_jobs=2, random_state=0, verbose=-1)
    p = cross_val_predict(model, both, which, cv=3, method="predict_proba")[:, 1]
    return float(roc_auc_score(which, p))


def shapes_and_pairs(made: pd.DataFrame, train: pd.DataFrame) -> tuple[float, float]:
    """Return SDMetrics' Column Shapes and Column Pair Trends; both lie in [0, 1], and 1 is best."""
    from sdmetrics.reports.single_table import QualityReport

    words = set(categories(train))
    columns = {c: {"sdtype": "categorical" if c in words else "numerical"} for c in train.columns}
    report = QualityReport()
    report.generate(train, made[train.columns], {"columns": columns}, verbose=False)
    scores = report.get_properties().set_index("Property")["Score"]
    return float(scores["Column Shapes"]), float(scores["Column Pair Trends"])


def nearer(
    made: pd.DataFrame, seen: pd.DataFrame, unseen: pd.DataFrame, target: str, rows: int = 2000
) -> tuple[float, float]:
    """Return the share of made rows that lie nearer to `seen` rows than to equally many `unseen` ones, and of copies.

    .50 is ideal and 1 is copying; a row at equal distance counts one half. Rows lie apart by one for each category in
    which they differ and by the difference of ranks among the seen rows, as a share, for each number.
    """
    from sklearn.neighbors import NearestNeighbors

    columns = [c for c in seen.columns if c != target]
    words = set(categories(seen))
    ranks = {c: np.sort(seen[c].to_numpy(float)) for c in columns if c not in words}
    levels = {c: {v: i for i, v in enumerate(sorted(seen[c].unique()))} for c in columns if c in words}

    def space(frame: pd.DataFrame) -> npt.NDArray[np.float32]:
        parts = []
        for c in columns:
            if c in words:  # one half in two places is one apart; what was never seen counts as the first level
                codes = frame[c].map(levels[c]).fillna(0).astype(int).to_numpy()
                parts.append(0.5 * np.eye(len(levels[c]))[codes])
            else:
                parts.append(np.searchsorted(ranks[c], frame[c].to_numpy(float))[:, None] / len(seen))
        return np.hstack(parts).astype(np.float32)

    some = space(made.sample(min(rows, len(made)), random_state=1))
    far = [
        NearestNeighbors(n_neighbors=1, metric="manhattan").fit(space(real)).kneighbors(some)[0][:, 0]
        for real in (seen, unseen)
    ]
    return float((far[0] < far[1]).mean() + (far[0] == far[1]).mean() / 2), float((far[0] == 0).mean())
