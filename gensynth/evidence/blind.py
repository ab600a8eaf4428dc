"""A classifier that does not see some columns: numbers of rows, and what says which of them belong together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .compare.learners import Around


class Blind(Around):
    """A classifier of tables, without some of their columns.

    Arguments:
        model: the classifier.
        columns: names, or of arrays places, of what it does not see.
    """

    own = ("columns",)

    def __init__(self, model: Any, columns: Any) -> None:
        self.model, self.columns = model, columns

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from a table and the codes of its rows (n,)."""
        self.model.fit(self._seen(X), y)
        self.classes_ = self.model.classes_
        return self

    def _seen(self, X: Any) -> Any:
        if not hasattr(X, "columns"):
            return np.delete(np.asarray(X), self.columns, axis=1)
        return X.drop(columns=self.columns) if hasattr(X, "iloc") else X.drop(self.columns)
