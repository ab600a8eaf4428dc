"""What the learners see, the four learners, and their score: average precision."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from . import data

FOLDS = 3
REPEATS = 2
LEVELS = 20  # of a category; rarer ones are one level together
LEARNERS = ("logistic", "forest", "boosting", "network")

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]


def timeless(X: pd.DataFrame) -> pd.DataFrame:
    """Return the columns with dates as seconds and words as objects in which a missing one is "?"."""
    X = X.copy()
    words = data.categories(X)
    for c in X.columns:
        if pd.api.types.is_datetime64_any_dtype(X[c]):
            X[c] = (X[c] - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        elif c in words:
            X[c] = X[c].astype(object).where(X[c].notna(), "?")
    return X


def plain(X: pd.DataFrame, medians: dict[str, float]) -> pd.DataFrame:
    """Return the columns with nothing missing, as imbalanced-learn wants them."""
    return timeless(X).fillna(medians)


@dataclass(frozen=True)
class Fold:
    """A training fold and the test fold beside it; what encodes them has seen the real training rows alone."""

    X: pd.DataFrame
    y: Labels
    X_test: pd.DataFrame
    y_test: Labels
    rare: int | None

    @cached_property
    def medians(self) -> dict[str, float]:
        """The middle of each column of numbers; 0 where it is empty."""
        X = timeless(self.X)
        return X.drop(columns=data.categories(X)).astype(float).median().fillna(0).to_dict()

    @cached_property
    def encoder(self) -> Any:
        """Numbers standardised, the common levels of categories one-hot."""
        from sklearn.compose import ColumnTransformer
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        X = plain(self.X, self.medians)
        one_hot = OneHotEncoder(max_categories=LEVELS, handle_unknown="infrequent_if_exist", sparse_output=False)
        parts = [("numbers", StandardScaler(), [*self.medians]), ("words", one_hot, data.categories(X))]
        return ColumnTransformer(parts).fit(X)

    def encode(self, X: pd.DataFrame) -> Matrix:
        """Return the matrix that learners see of some rows."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of levels that only the test fold has
            return np.asarray(self.encoder.transform(plain(X, self.medians)), dtype=np.float64)


@lru_cache(maxsize=2)
def fold_of(table: str, repeat: int, number: int, folder: str) -> Fold:
    """Return one of the FOLDS folds of a repeat; the same rows for every arm and learner."""
    from sklearn.model_selection import StratifiedKFold

    whole = data.load(table, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes with fewer rows than folds stay
        folds = [*StratifiedKFold(FOLDS, shuffle=True, random_state=repeat).split(whole.X, whole.y)]
    train, test = folds[number]
    rows = [whole.X.iloc[part].reset_index(drop=True) for part in (train, test)]
    return Fold(rows[0], whole.y[train], rows[1], whole.y[test], whole.rare)


def learner(name: str, rows: int) -> Any:
    """Return one of the four, sized for two cores; the network makes about as many steps whatever the rows."""
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    if name == "logistic":
        return LogisticRegression(max_iter=200)
    if name == "forest":
        return RandomForestClassifier(100, min_samples_leaf=2, n_jobs=1, random_state=0)
    if name == "boosting":
        return LGBMClassifier(n_estimators=100, n_jobs=1, random_state=0, verbose=-1)
    epochs = int(np.clip(100_000 // rows, 15, 200))
    return MLPClassifier((64,), max_iter=epochs, batch_size=min(64, rows), random_state=0)


def average_precision(chances: Matrix, classes: Labels, y_test: Labels, rare: int | None) -> float:
    """Return the average precision of the rare class, or its mean over the classes that were learned and tested.

    Shape: chances (rows, classes); classes (classes,), the labels of the columns; y_test (rows,).
    """
    from sklearn.metrics import average_precision_score

    columns = {int(label): place for place, label in enumerate(classes)}
    asked = [rare] if rare is not None else sorted({*np.unique(y_test).tolist()} & {*columns})
    scores = [average_precision_score(y_test == label, chances[:, columns[label]]) for label in asked]
    return float(np.mean(scores))


def scores(X: Matrix, y: Labels, fold: Fold) -> dict[str, float]:
    """Return the score of every learner that learned these rows, on the fold's real test rows."""
    found, tested = {}, fold.encode(fold.X_test)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of learners that are stopped before they converge
        for name in LEARNERS:
            model = learner(name, len(y)).fit(X, y)
            found[name] = average_precision(model.predict_proba(tested), model.classes_, fold.y_test, fold.rare)
    return found
