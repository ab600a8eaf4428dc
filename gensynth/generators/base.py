"""The one contract: `fit` learns rows and labels, `sample` makes new rows of the class that is asked.

`Generator` does everything that is the same for all: it finds the kind of the data, turns it into rows of numbers
and back, checks labels and parameters, keeps randomness, saves and loads. A generator writes two methods:

    _fit(rows, codes, key)      rows (n, width) coded as `data.encode` says, codes (n,) the class of each row
    _sample(codes, key)         one row for each code, as a `Draw`

`key` is an integer seed: `random.as_generator(key, "purpose")` and `random.uniforms(key, rows, "purpose")` draw
from it.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from ..data import saved
from ..data.encode import SparseEncoder, TableEncoder
from ..data.kinds import RowsEncoder, count_rows, kind_of
from ..data.labels import Labels
from ..errors import ConfigError, FewRowsWarning, NotFitted, Unsupported
from ..random import as_generator, seed_of, uniforms
from .contract import Codes, Draw, Supports
from .given import read
from .taking import check_columns, check_kind, who

__all__ = ["Codes", "Draw", "Generator", "Supports", "checked_seed"]


class Generator(BaseEstimator, ABC):  # type: ignore[misc]
    """Anything that learns from rows and makes more of them.

    After `fit`: `classes_`, `seed_`, `few_rows_` (what is done for each tiny class), `encoder_`, and for tables
    `schema_`, `n_features_in_` and `feature_names_in_`.
    """

    supports: ClassVar[Supports] = Supports()
    holds_rows: ClassVar[bool] = False
    random_state: Any = None

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the rows.

        Arguments:
            X: a table, images, series, texts or audio (see `data.kinds`), with at least one row.
            y: (n,) labels, or None for rows of no class.

        Raises:
            DataError: the data or the labels cannot be used.
            Unsupported: this generator does not take such data; the message names one that does.
        """
        self._check_params()
        kind = kind_of(X)
        thin = hasattr(X, "tocsr")
        check_kind(self, X, kind)
        table = TableEncoder(getattr(self, "schema", None))
        encoder: Any = RowsEncoder(kind) if kind != "table" else SparseEncoder() if thin else table
        labels, codes = Labels.fit(y, count_rows(X))
        rows = encoder.fit(X)
        self.encoder_, self.labels_, self.kind_ = encoder, labels, kind
        self._check_table(rows)
        self._remember_names(X)
        self.seed_, self.draws_ = checked_seed(self.random_state), 0
        self._warn_few()
        self._fit(rows, codes, int(as_generator(self.seed_, "fit").integers(2**62)))
        self.fitted_ = True
        return self

    def sample(
        self,
        n: int | None = None,
        *,
        y: Any = None,
        conditions: Mapping[Any, Any] | None = None,
        random_state: Any = None,
        return_y: bool = False,
        return_parents: bool = False,
    ) -> Any:
        """Make rows.

        Arguments:
            n: how many, at least 0.
            y: the class of all n rows, or a sequence with the class of each row (then n may be left out). Without
                it, classes come at their frequency in training.
            conditions: {column: value}: other columns held at a value, never the class. A category, or a missing cell,
                must occur in a row of each class asked; a number must lie in its range.
            random_state: an int makes this call pure; None uses the constructor's, or the next draw of a counter.
            return_y: also return the labels, in their dtype.
            return_parents: also return a frame (row, parent, weight): which fitted rows each row was made from;
                it is empty where a generator has no parents.

        Returns: rows in the container that `fit` saw, or a tuple of them, the labels and the parents as asked.

        Raises:
            NotFitted: before `fit`.
            UnknownCategory: a class, or a category of the conditions, that was not in training.
            DataError: conditions that occur in no row of a class; the message says how many rows meet each.
            ConfigError: n is not a number of rows, or not that of y.
            Unsupported: conditions, where the generator cannot keep them.
        """
        self._check_fitted()
        given = self._given(conditions)
        key = self._next_key(random_state)
        codes = self._wanted(n, y, key, given)
        draw = self._sample_given(codes, key, given) if given else self._sample(codes, key)
        made = self.encoder_.decode(draw.rows, as_generator(key, "identifiers"))
        if not (return_y or return_parents):
            return made
        if return_y and self.labels_.absent:
            raise ConfigError("return_y asks for labels, but the generator was fitted without any")
        labels = [self.labels_.decode(codes)] if return_y else []
        return (made, *labels, *([draw.frame()] if return_parents else []))

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted generator as a folder of JSON and safetensors; `gensynth.load(path)` brings it back.

        Of several processes that trained it together the first writes, and in the others nothing is done (`rank_`).

        Raises: NotFitted before `fit`; FormatError where something fitted cannot be written as data; ConfigError
        where the folder exists and `overwrite` is not set. Warns: RealRowsWarning where the file holds real rows.
        """
        from .files import write

        self._check_fitted()
        if not getattr(self, "rank_", 0):
            write(self, path, overwrite)

    # What a generator writes -------------------------------------------------------------------------------------

    @abstractmethod
    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        """Learn coded rows and the class of each."""

    @abstractmethod
    def _sample(self, codes: Codes, key: int) -> Draw:
        """Make one row for each code."""

    def _sample_given(self, codes: Codes, key: int, given: Mapping[int, float]) -> Draw:
        """Make one row for each code with columns of the coded matrix held at a value (`supports.conditions`)."""
        raise NotImplementedError(f"{type(self).__name__} declares conditions and does not keep them")

    def _class_weights(self, given: Mapping[int, float]) -> npt.NDArray[Any]:
        """Return how often each class goes with conditions, on any scale (`supports.conditions`). Shape: (classes,)."""
        return self.labels_.counts

    def _check_params(self) -> None:
        """Raise ConfigError where a parameter is out of range."""

    def _ladder(self, count: int) -> str | None:
        """Return what is done with a class of so few rows, or None where nothing special is."""
        return None

    def _state(self) -> saved.Packed:
        """Return what `_fit` learned as JSON and arrays."""
        return {}, {}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take back what `_state` gave."""

    @classmethod
    def _from_saved(cls, params: dict[str, Any]) -> Self:
        """Return an unfitted generator of the parameters that `_saved_params` gave."""
        return cls(**params)

    def _saved_params(self) -> dict[str, Any]:
        """Return the constructor's parameters, of which those that JSON cannot hold are refused later."""
        return dict(self.get_params(deep=False))

    # What is the same for all ------------------------------------------------------------------------------------

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The labels, sorted where they can be."""
        self._check_fitted()
        return self.labels_.classes

    @property
    def schema_(self) -> Any:
        """What the columns are (tables that are not sparse)."""
        self._check_fitted()
        return self.encoder_.schema_

    @property
    def keeps_rows(self) -> bool:
        """Whether a file of it holds real rows, or what they can be made out from."""
        return self.holds_rows

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        inputs = tags.input_tags
        inputs.allow_nan, inputs.sparse = self.supports.missing, self.supports.sparse
        inputs.categorical = inputs.string = self.supports.categories
        return tags

    def _check_fitted(self) -> None:
        if not hasattr(self, "fitted_"):
            raise NotFitted(f"this {type(self).__name__} is not fitted yet: call fit(X, y) first")

    def _check_table(self, rows: Any) -> None:
        """Raise Unsupported where the columns are of sorts that the generator does not take."""
        check_columns(self, rows)

    def _given(self, conditions: Mapping[Any, Any] | None) -> dict[int, float]:
        """Return conditions as coded values by place in the matrix. Raises: Unsupported, ConfigError, DataError."""
        if conditions is not None and not isinstance(conditions, Mapping):
            raise ConfigError(f"conditions must be a dict of column: value, got {conditions!r:.60}")
        if not conditions:
            return {}
        if not self.supports.conditions or not isinstance(self.encoder_, TableEncoder):
            raise Unsupported(
                f"{type(self).__name__} cannot hold columns at a value ({[*conditions]}){who(conditions=True)}"
            )
        return read(conditions, self.encoder_)

    def _remember_names(self, X: Any) -> None:
        """Set what scikit-learn expects to find about the columns."""
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self, name):
                delattr(self, name)
        if self.kind_ != "table":
            return
        self.n_features_in_ = len(self.encoder_.schema_) if isinstance(self.encoder_, TableEncoder) else int(X.shape[1])
        columns = getattr(X, "columns", None)
        if columns is not None and all(isinstance(name, str) for name in columns):
            self.feature_names_in_ = np.asarray(columns, dtype=object)

    def _warn_few(self) -> None:
        """Learn and say, once, what is done with tiny classes."""
        labels = self.labels_.classes.tolist() or [None]
        done = {label: self._ladder(int(count)) for label, count in zip(labels, self.labels_.counts, strict=True)}
        self.few_rows_ = {label: text for label, text in done.items() if text}
        if self.few_rows_:
            counts = dict(zip(labels, self.labels_.counts.tolist(), strict=True))
            said = "; ".join(
                f"class {label!r} ({counts[label]}): {text}" for label, text in [*self.few_rows_.items()][:5]
            )
            more = f" (and {len(self.few_rows_) - 5} more)" if len(self.few_rows_) > 5 else ""
            warnings.warn(f"{type(self).__name__}, few rows: {said}{more}", FewRowsWarning, stacklevel=3)

    def _next_key(self, random_state: Any) -> int:
        """Return the seed of one call of `sample`, advancing the counter where nothing fixes it."""
        if random_state is not None:
            return int(as_generator(checked_seed(random_state), "sample").integers(2**62))
        if isinstance(self.random_state, int | np.integer):
            return int(as_generator(self.seed_, "sample").integers(2**62))
        self.draws_ += 1
        return int(as_generator(self.seed_, "sample", self.draws_).integers(2**62))

    def _wanted(self, n: int | None, y: Any, key: int, given: Mapping[int, float]) -> Codes:
        """Return the class of each row to make: as asked, else drawn by frequency, under conditions if there are."""
        if n is not None:
            if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
                raise ConfigError(f"n must be a whole number of rows, at least 0, got {n!r}")
        if y is None:
            if n is None:
                raise ConfigError("say how many rows: sample(100), or sample(y=labels)")
            weights = self._class_weights(given) if given else self.labels_.counts
            share = np.cumsum(weights) / weights.sum() if weights.sum() > 0 else np.ones(len(weights))
            place = np.searchsorted(share, uniforms(key, np.arange(n), "label"), side="right")
            return np.minimum(place, len(share) - 1).astype(np.intp)
        if self.labels_.absent:
            raise ConfigError("the generator was fitted without labels: sample(n) without y, or fit(X, y)")
        if isinstance(y, str | tuple) or np.ndim(y) == 0:
            if n is None:
                raise ConfigError(f"say how many rows of class {y!r}: sample(100, y={y!r})")
            return np.full(n, self.labels_.code(y), dtype=np.intp)
        codes = self.labels_.codes(y)
        if n is not None and n != len(codes):
            raise ConfigError(f"n is {n}, but y has {len(codes)} labels: leave n out")
        return codes


def checked_seed(random_state: Any) -> int:
    """Return the seed that a random_state means. Raises: ConfigError."""
    try:
        return seed_of(random_state)
    except (ValueError, TypeError) as error:
        raise ConfigError(str(error)) from None
