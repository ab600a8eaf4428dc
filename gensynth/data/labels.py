"""The labels of rows: checked, counted, coded, and given back in the dtype they came in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import ConfigError, DataError, UnknownCategory, nearest
from .frames import torch_dtype

MANY = 50  # distinct labels from which on a target may be a measured quantity


class Labels:
    """What the labels of a table are.

    Arguments of `fit`: y (n,), or None for rows without labels, which count as one class.

    After `fit`: `classes` (the labels, sorted where they can be), `codes` (n,), `counts`, `name`.
    """

    classes: npt.NDArray[Any]
    counts: npt.NDArray[np.int64]

    def __init__(self, classes: npt.NDArray[Any], counts: npt.NDArray[np.int64], form: dict[str, Any]) -> None:
        self.classes, self.counts, self.form = classes, counts, form
        self._places = {label: place for place, label in enumerate(classes.tolist())}

    @classmethod
    def fit(cls, y: Any, n: int) -> tuple[Labels, npt.NDArray[np.intp]]:
        """Learn the labels of n rows and return them with the code of each row.

        Raises: DataError where the lengths differ, a label is missing, or the labels are a continuous quantity.
        """
        if y is None:
            return cls(np.zeros(0, dtype=object), np.array([n]), {"library": "none"}), np.zeros(n, dtype=np.intp)
        values, form = _open(y)
        if len(values) != n:
            raise DataError(
                f"{n} rows but {len(values)} labels: Found input variables with inconsistent numbers of samples"
            )
        if not n:
            raise DataError("Found array with 0 sample(s) while a minimum of 1 is required: there are no rows")
        missing = pd.isna(values)
        if missing.any():
            where = ", ".join(str(row) for row in np.flatnonzero(missing)[:5])
            raise DataError(
                f"{int(missing.sum())} of {n} labels are missing (first in row {where}; Input y contains NaN): "
                "drop those rows or give them a label"
            )
        check_whole(values)
        codes, classes = pd.factorize(values, sort=_sortable(values))
        classes = _plain(np.asarray(classes))
        check_few(classes, len(values))
        return cls(classes, np.bincount(codes, minlength=len(classes)), form), codes.astype(np.intp)

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def absent(self) -> bool:
        """Whether there were no labels."""
        return bool(self.form["library"] == "none")

    def code(self, label: Any) -> int:
        """Return the code of one label. Raises: UnknownCategory, offering the nearest."""
        value = label.item() if isinstance(label, np.generic) else label
        try:
            return self._places[value]
        except (KeyError, TypeError):
            same = [known for known in self._places if str(known) == str(label)]
            hint = f"; there is {same[0]!r}, a {type(same[0]).__name__}" if same else nearest(label, self._places)
            raise UnknownCategory(f"there is no class {value!r}{hint}") from None

    def match(self, text: Any) -> Any:
        """Return the label whose printed form is `text`. Raises: UnknownCategory, offering the nearest."""
        for label in self.classes.tolist():
            if str(label) == str(text):
                return label
        raise UnknownCategory(f"there is no class {text!r}{nearest(text, self.classes.tolist())}")

    def codes(self, labels: Any) -> npt.NDArray[np.intp]:
        """Return the codes of a sequence of labels. Raises: UnknownCategory."""
        values, _ = _open(labels)
        short, distinct = pd.factorize(values)
        if (short < 0).any():
            raise UnknownCategory("the labels asked for hold missing ones")
        return np.array([self.code(label) for label in distinct], dtype=np.intp)[short]

    def of_rows(self, y: Any, n: int) -> npt.NDArray[np.intp]:
        """Return the codes of n rows: y is one label, or one for each; None where there is one class or none.

        Raises: UnknownCategory; ConfigError where y is lacking or not of n labels.
        """
        if y is None:
            if not self.absent and len(self) > 1:
                raise ConfigError("say the class of the rows: y=LABEL, or a label for each row")
            return np.zeros(n, dtype=np.intp)
        if isinstance(y, str | tuple) or np.ndim(y) == 0:
            return np.full(n, self.code(y), dtype=np.intp)
        codes = self.codes(y)
        if len(codes) != n:
            raise ConfigError(f"{n} rows but {len(codes)} labels")
        return codes

    def decode(self, codes: npt.NDArray[np.intp]) -> Any:
        """Return codes as labels in the container and dtype that `fit` saw. Shape: (n,)."""
        values = self.classes[codes]
        library = self.form["library"]
        dtype: Any = self.form.get("dtype") or "object"
        if library == "pandas":
            return pd.Series(values, name=self.form.get("name")).astype(dtype)
        if library == "polars":
            import polars as pl

            return pl.Series(self.form.get("name") or "", values.tolist(), dtype=dtype)
        if library == "torch":
            import torch

            return torch.as_tensor(values.tolist(), dtype=torch_dtype(dtype))
        if library == "list":
            return values.tolist()
        return values.astype(dtype)


def _open(y: Any) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Return labels as a 1-D array and the form to give them back in."""
    library = type(y).__module__.partition(".")[0]
    if isinstance(y, pd.DataFrame) or (library == "polars" and hasattr(y, "columns")):
        if y.shape[1] != 1:
            raise DataError(f"labels need one column, got {y.shape[1]}")
        y = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y.to_series()
    if isinstance(y, pd.Series | pd.Index | pd.Categorical):
        column = pd.Series(y)
        return column.to_numpy(dtype=object) if column.dtype.kind not in "iufbmM" or isinstance(
            column.dtype, pd.api.extensions.ExtensionDtype
        ) else column.to_numpy(), {"library": "pandas", "dtype": column.dtype, "name": column.name}
    if library == "polars":
        return np.array(y.to_list(), dtype=object), {"library": "polars", "dtype": y.dtype, "name": y.name}
    if library == "torch":
        return y.detach().cpu().numpy().ravel(), {"library": "torch", "dtype": str(y.dtype).removeprefix("torch.")}
    if isinstance(y, str) or not hasattr(y, "__len__"):
        raise DataError(f"y should be a 1d array of labels, got {y!r:.40}")
    if isinstance(y, list | tuple) and _mixed(y):
        array: npt.NDArray[Any] = np.empty(len(y), dtype=object)
        array[:] = list(y)
    else:
        array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array.ravel()
    if array.ndim != 1:
        raise DataError(f"y should be a 1d array, got an array of shape {array.shape} instead.")
    return array, {"library": "list" if isinstance(y, list | tuple) else "numpy", "dtype": str(array.dtype)}


def _mixed(y: Any) -> bool:
    """Whether a list holds things that NumPy would turn into strings."""
    return len({type(label) for label in y}) > 1 or isinstance(next(iter(y), None), tuple)


def _plain(classes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return moments in microseconds, which Python's own have: nanoseconds become whole numbers in lists."""
    if classes.dtype.kind not in "mM":
        return classes
    coarse = classes.astype(f"{classes.dtype.kind}8[us]")
    return coarse if (coarse == classes).all() else classes


def _sortable(values: npt.NDArray[Any]) -> bool:
    return values.dtype != object or len({type(value) for value in values.tolist()}) == 1


def check_whole(values: npt.NDArray[Any]) -> None:
    """Raise DataError where labels are a measured quantity and not classes."""
    kind = values.dtype.kind
    if kind == "O" and len(values) and all(isinstance(value, float) for value in values.tolist()):
        values, kind = values.astype(np.float64), "f"
    if kind == "c":
        raise DataError("Complex data not supported as labels")
    if kind == "f":
        if not np.isfinite(values).all():
            raise DataError("Input y contains infinity: labels must be finite")
        if (values != np.rint(values)).any():
            raise DataError(
                "the target is a measured quantity, not a class (Unknown label type: continuous): "
                "cut it into classes first, as pandas.cut does, or name another target"
            )


def check_few(classes: npt.NDArray[Any], n: int) -> None:
    """Raise DataError where n labels are so many distinct numbers that they must be a measured quantity."""
    numbers = classes.dtype.kind in "iuf" or (
        classes.dtype == object and all(isinstance(label, float) for label in classes.tolist())
    )
    if numbers and len(classes) > MANY and len(classes) > n / 2:
        raise DataError(
            f"the target has {len(classes):,} distinct numbers in {n:,} rows: a measured quantity, not a "
            "class (Unknown label type): cut it into classes first, as pandas.cut does, or name another target"
        )
