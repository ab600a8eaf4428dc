"""The 19 real tables, cut to a size that four learners can afford, and Adult in its two parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

TARGETS = {  # cheap ones first
    "glass": "Type",
    "pima_diabetes": "class",
    "ecoli": "class",
    "oil_spill": "oil_spill",
    "unbalanced_bioassay": "Outcome",
    "german_credit": "class",
    "creditcard_fraud_reduced": "Class",
    "mammography": "class",
    "phoneme": "Class",
    "occupancy": "Occupancy",
    "car_evaluation": "class",
    "adult": "income",
    "bank_marketing": "subscribe",
    "telco_churn": "Churn",
    "default_credit_card": "DEFAULT_PAYMENT",
    "hypothyroid": "Class",
    "yeast": "label",
    "wine_quality_white": "quality",
    "abalone": "Rings",
}
IDENTIFIERS = {"telco_churn": ["customerID"]}
LIMIT = 5000  # rows of a table for the learners
ADULT_TRAIN = 32_561  # the rest of Adult is its test part

Kind = Literal["numeric", "mixed", "categorical"]


@dataclass(frozen=True)
class Table:
    """A table as the learners see it: y holds the number of each row's class."""

    name: str
    X: pd.DataFrame
    y: npt.NDArray[np.intp]

    @property
    def kind(self) -> Kind:
        """What the columns are; dates count as numbers."""
        words = len(categories(self.X))
        return "numeric" if not words else "categorical" if words == self.X.shape[1] else "mixed"

    @property
    def rare(self) -> int | None:
        """The rarer one of two classes; None where there are more."""
        counts = np.bincount(self.y)
        return int(counts.argmin()) if len(counts) == 2 else None


def categories(X: pd.DataFrame) -> list[str]:
    """Return the columns that are neither numbers nor dates."""
    kinds = pd.api.types
    return [c for c in X.columns if not (kinds.is_numeric_dtype(X[c]) or kinds.is_datetime64_any_dtype(X[c]))]


def cut(y: npt.NDArray[Any], limit: int = LIMIT, seed: int = 0) -> npt.NDArray[np.intp]:
    """Return which rows to keep, in order: at most `limit`, the classes in proportion, at least a row of each."""
    if len(y) <= limit:
        return np.arange(len(y))
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    exact = counts * limit / len(y)
    keep = np.maximum(np.floor(exact).astype(int), 1)
    for code in np.argsort(np.floor(exact) - exact, kind="stable")[: max(limit - keep.sum(), 0)]:
        keep[code] += 1
    keep[counts.argmax()] -= max(keep.sum() - limit, 0)
    rng = np.random.default_rng(seed)
    parts = [rng.choice(np.flatnonzero(codes == code), n, replace=False) for code, n in enumerate(keep)]
    return np.sort(np.concatenate(parts))


@lru_cache(maxsize=4)
def load(name: str, folder: str) -> Table:
    """Return a table by its name, identifiers dropped and cut to size."""
    frame = pd.read_parquet(Path(folder) / f"{name}.parquet")
    labels = frame[TARGETS[name]].to_numpy()
    rows = cut(labels)
    frame = frame.iloc[rows].reset_index(drop=True)
    X = frame.drop(columns=[TARGETS[name], *IDENTIFIERS.get(name, [])])
    return Table(name, X, np.unique(labels[rows], return_inverse=True)[1])


def adult(folder: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return Adult's training and test part, the label included; missing categories are "?"."""
    frame = pd.read_parquet(Path(folder) / "adult.parquet")
    words = categories(frame)
    frame[words] = frame[words].astype(object).fillna("?")
    return frame.iloc[:ADULT_TRAIN].reset_index(drop=True), frame.iloc[ADULT_TRAIN:].reset_index(drop=True)


def half(train: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return as many training rows as there are test rows, at random but always the same."""
    return train.sample(rows, random_state=0).reset_index(drop=True)
