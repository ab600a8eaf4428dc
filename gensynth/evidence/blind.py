"""A classifier that does not see some columns: numbers of rows, and what says which of them belong together."""

from __future__ import annotations

from typing import Any, Self

import numpy as np


class Blind:
    """A classifier of tables, without some of their columns.

    Arguments:
        model: the classifier.
        columns: names, or of arrays places, of what it does not see.
    """

    def __init__(self, model: Any, columns: Any) -> None:
        self.model, self.columns = model, columns

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, of the classifier inside too."""
        inner = self.model.get_params() if deep and hasattr(self.model, "get_params") else {}
        return {"model": self.model, "columns": self.columns} | {f"model__{name}": each for name, each in inner.items()}

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the classifier inside."""
        self.model.set_params(**{name.removeprefix("model__"): value for name, value in params.items()})
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from a table and the codes of its rows (n,)."""
        self.model.fit(self._seen(X), y)
        self.classes_ = self.model.classes_
        return self

    def predict(self, X: Any) -> Any:
        """Return the class of each row. Shape: (n,)."""
        return self.model.predict(self._seen(X))

    def _seen(self, X: Any) -> Any:
        if not hasattr(X, "columns"):
            return np.delete(np.asarray(X), self.columns, axis=1)
        return X.drop(columns=self.columns) if hasattr(X, "iloc") else X.drop(self.columns)

    def __getattr__(self, name: str) -> Any:
        """Give chances or scores where the classifier inside does."""
        if name in ("predict_proba", "decision_function") and hasattr(self.__dict__.get("model"), name):
            return lambda X: getattr(self.model, name)(self._seen(X))
        raise AttributeError(name)
