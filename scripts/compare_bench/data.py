"""The tables: real ones of 5,000 rows, ones whose rare class is noise, and ones where borrowing helps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 5000
REAL = {"default_credit_card": "DEFAULT_PAYMENT", "bank_marketing": "subscribe", "adult": "income"}
PLANTED = "20 columns"


def made_table(rows: int = ROWS, columns: int = 20, rare: float = 0.05, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a table of numbers, of which half tell the classes apart."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < rare).astype(int)
    shift = np.where(np.arange(columns) % 2, 0.0, 0.5)
    return rng.normal(size=(rows, columns)) + y[:, None] * shift, y


def real_table(name: str, folder: Path, rows: int = ROWS) -> tuple[pd.DataFrame, pd.Series]:
    """Return rows of a table, drawn, and their labels."""
    table = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
    table = table.sample(min(rows, len(table)), random_state=0).reset_index(drop=True)
    return table, table.pop(REAL[name])


def noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a table whose rare class has nothing to do with its columns; sizes differ from seed to seed."""
    rng = np.random.default_rng([seed, 1])
    rows, columns, rare = int(rng.integers(300, 2000)), int(rng.integers(3, 15)), float(rng.uniform(0.04, 0.15))
    mixing = rng.normal(size=(columns, columns))
    y = np.zeros(rows, dtype=int)
    y[rng.choice(rows, max(int(rare * rows), 15), replace=False)] = 1
    return rng.normal(size=(rows, columns)) @ mixing, y


def planted(seed: int, fresh: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return a table of two normal classes of like covariances, 5 to 7 % of the rows being of the rare one.

    Arguments:
        seed: of means, covariances and rows.
        fresh: of other rows of the same classes, so many.
    """
    rng = np.random.default_rng([seed, 2])
    columns, share = int(rng.integers(16, 26)), float(rng.uniform(0.05, 0.07))
    rare = 2 * columns + 4  # a fold, and a fold of its rows of training, holds a few more than there are columns
    mixing = rng.normal(size=(columns, columns)) / np.sqrt(columns) + np.eye(columns)
    way, spread = rng.normal(size=columns), rng.uniform(0.8, 1.0)
    rng = np.random.default_rng([seed, 3]) if fresh else rng
    n = fresh or int(rare / share)
    y = np.zeros(n, dtype=int)
    y[: int(share * n) if fresh else rare] = 1
    x = rng.normal(size=(n, columns))
    x[y == 1] = x[y == 1] * spread + 3 * way / np.linalg.norm(way)
    order = rng.permutation(n)
    return (x @ mixing)[order], y[order]
