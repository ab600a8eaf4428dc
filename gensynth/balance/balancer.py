"""The Balancer: asks a generator for what the rare classes lack, and merges it with the real data.

It is an imbalanced-learn sampler: `sampling_strategy` means what it means there, and it works in their Pipeline and
in a grid search. `fit_resample` is its own, because theirs refuses texts, images, missing values and polars frames.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.base import clone

from ..data.frames import Frame
from ..data.kinds import count_rows, join_rows, kind_of, take_rows
from ..data.labels import Labels
from ..data.schema import identifiers_of
from ..errors import ConfigError, DataError, FallbackWarning, LabelWarning, NotFitted, ignoring
from ..generators.base import Generator, checked_seed
from ..random import as_generator, fresh_seed
from .asking import Answer
from .dask import is_dask, resample
from .maker import Maker
from .merge import binarized, joined_labels, named, tally, training_of, with_column
from .prefit import check_same_columns, renewed
from .strategy import Plan, pair_labels, plan
from .under import kept_rows


class Balancer(BaseOverSampler):  # type: ignore[misc]
    """Real rows, followed by synthetic rows of the classes that have too few.

    Arguments:
        generator: a `Generator`; a copy of it is fitted.
        sampling_strategy: imbalanced-learn's grammar. "auto" brings every class but the largest up to it; a float is
            the ratio of the two classes of a binary target; {label: rows} names the number of rows after balancing;
            a callable gets y and returns the dict.
        groups: a column of X, or an array (n,): classes are balanced within each group. Pairs of group and class
            that no row has stay empty and are reported.
        gates: checks that may refuse synthetic rows (see `gensynth.gates`).
        on_short: what to do where gates refuse too many: "warn" keeps what passed, "fill" takes what was refused
            last, "raise" gives up.
        under: an imbalanced-learn under- or cleaning sampler that thins out the real rows first. It works on an
            encoded copy, by row index. Other kinds than tables take RandomUnderSampler alone.
        prefit: use the generator as it is: neither copied nor fitted.
        random_state: int for results that repeat; without it the generator's own seed makes them so.

    After `fit_resample`: `is_synthetic_` (n,) mask of the result; `parents_` frame (row in the result, parent in X,
    weight); `kept_` positions of the surviving real rows; `generator_`; `sampling_strategy_` rows made of each class;
    `refused_` rows that each gate refused; `recipe_` what was asked and what was done.

    Example:
        >>> from gensynth import SMOTE
        >>> X, y = np.random.default_rng(0).normal(size=(50, 3)), ["common"] * 40 + ["rare"] * 10
        >>> balancer = Balancer(SMOTE(random_state=0))
        >>> X_new, y_new = balancer.fit_resample(X, y)
        >>> X_new.shape, y_new.count("rare"), int(balancer.is_synthetic_.sum())
        ((80, 3), 40, 30)
    """

    _parameter_constraints: dict[str, Any] = {}  # noqa: RUF012 -- scikit-learn's name and type

    def __init__(
        self,
        generator: Any,
        *,
        sampling_strategy: str | float | Mapping[Any, int] | Callable[[Any], Any] = "auto",
        groups: Any = None,
        gates: Sequence[Any] = (),
        on_short: Literal["warn", "fill", "raise"] = "warn",
        under: Any = None,
        prefit: bool = False,
        random_state: int | None = None,
    ) -> None:
        self.generator, self.sampling_strategy, self.groups = generator, sampling_strategy, groups
        self.gates, self.on_short, self.under = gates, on_short, under
        self.prefit, self.random_state = prefit, random_state

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Check the request and the data, and learn how many rows each class lacks."""
        self._check_params()
        _, codes, labels = self._open(X, y)
        self._planned(X, labels, codes, np.arange(len(codes)))
        return self

    def learn(self, X: Any, y: Any) -> Maker | None:
        """Learn what makes rows, and make none: who has no room for all of them asks for some at a time.

        `under` takes no part in it. Returns None where no rows are to be made.

        Raises: DataError where X or y cannot be used. ConfigError where the request is wrong.
        """
        self._check_params()
        y, codes, labels = self._open(X, y)
        self.seed_, self.kept_ = self._seed(), np.arange(len(codes))
        todo = self._planned(X, labels, codes, self.kept_)
        self._fit_generator(X, X, todo, None, y)
        return self._maker(todo, X, y, labels)

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Return the surviving real rows, unchanged and in order, followed by the synthetic ones, and their labels.

        Arguments:
            X: a table, images, series, texts or audio; or a data frame of Dask's.
            y: (n,) labels of at least two classes; of a data frame of Dask's the name of a column does, which the
                result then has too. Rows are then made on the workers, when the result is computed: `is_synthetic_`
                is a series of Dask's, and there are no `parents_`, `kept_` and `refused_`.

        Raises:
            DataError: X or y cannot be used. ConfigError: the request is wrong.
            TrainingFailed: gates refused too much and `on_short="raise"`.
        """
        started = time.perf_counter()
        self._check_params()
        if is_dask(X):
            return resample(self, X, y)
        y, codes, labels = self._open(X, y)
        self.seed_ = self._seed()
        self.kept_ = kept_rows(
            self.under, X, codes, labels.classes, int(as_generator(self.seed_, "under").integers(2**31))
        )
        whole = len(self.kept_) == len(codes)
        X_real = X if whole else take_rows(X, self.kept_)
        todo = self._planned(X, labels, codes[self.kept_], self.kept_)
        self._fit_generator(X, X_real, todo, None if whole else self.kept_, y)
        answer = self._answer(todo, X_real, y, labels)
        made = todo.classes[answer.places]
        X_new = join_rows(X_real, self._finished(answer, todo, X))
        y_new = joined_labels(y if whole else take_rows(y, self.kept_), labels.decode(made))
        self.is_synthetic_ = np.arange(len(self.kept_) + len(made)) >= len(self.kept_)
        self.parents_, self.refused_ = self._placed(answer.parents), answer.refused
        self.recipe_ = self._recipe(labels, codes, made, answer, time.perf_counter() - started)
        return X_new, binarized(y_new, self.binarize_)

    def _fit_resample(self, X: Any, y: Any, **params: Any) -> tuple[Any, Any]:
        """Do the same: imbalanced-learn's base wants this name."""
        return self.fit_resample(X, y)

    def __sklearn_tags__(self) -> Any:
        """Return the tags of a sampler that takes what its generator takes."""
        tags = super().__sklearn_tags__()
        if hasattr(self.generator, "__sklearn_tags__"):
            inner = self.generator.__sklearn_tags__().input_tags
            for name in ("allow_nan", "sparse", "categorical", "string"):
                setattr(tags.input_tags, name, getattr(inner, name))
        return tags

    # The request -------------------------------------------------------------------------------------------------

    def _check_params(self) -> None:
        if not hasattr(self.generator, "sample"):
            raise ConfigError(f"generator must have fit(X, y) and sample(y=labels), got {self.generator!r}")
        if self.on_short not in ("warn", "fill", "raise"):
            raise ConfigError(f"on_short must be 'warn', 'fill' or 'raise', got {self.on_short!r}")
        if not isinstance(self.gates, list | tuple):
            raise ConfigError(f"gates must be a list of gates, got {self.gates!r}")
        if self.sampling_strategy is None:
            raise ConfigError("sampling_strategy must be a word, a number, a dict or a callable, got None")
        for gate in self.gates:
            if not (hasattr(gate, "fit") and hasattr(gate, "accept")):
                raise ConfigError(f"a gate must have fit(X, y) and accept(X, y), got {gate!r}")
        if self.prefit and self.groups is not None:
            raise ConfigError(
                "prefit uses a generator as it is, and groups need one fitted on pairs: leave one of them out"
            )
        if self.prefit and not hasattr(self.generator, "fitted_") and isinstance(self.generator, Generator):
            raise NotFitted(f"prefit=True, but this {type(self.generator).__name__} is not fitted yet")

    def _seed(self) -> int:
        """Return the seed of one call: the Balancer's own, else the generator's, else a fresh one."""
        own = getattr(self.generator, "random_state", None) if self.random_state is None else self.random_state
        return fresh_seed() if own is None else checked_seed(own)

    def _open(self, X: Any, y: Any) -> tuple[Any, npt.NDArray[np.intp], Labels]:
        """Return the labels as one column, their codes, and what they are."""
        kind_of(X)
        self.binarize_ = getattr(y, "ndim", 1) == 2 and y.shape[1] > 1 and not hasattr(y, "columns")
        if self.binarize_:
            shares = np.asarray(y)
            if not (np.isin(shares, (0, 1)).all() and (shares.sum(axis=1) == 1).all()):
                raise DataError("labels of several columns must be one-hot: exactly one 1 in each row")
            y = shares.argmax(axis=1)
        if y is None:
            raise DataError("a Balancer requires y to be passed, but the target y is None")
        labels, codes = Labels.fit(y, count_rows(X))
        if len(labels) < 2:
            raise DataError(
                f"The target needs to have more than 1 class. Got 1 class instead: {labels.classes.tolist()[0]!r}. "
                "There is nothing to balance"
            )
        if kind_of(X) == "table":
            self.n_features_in_ = X.shape[1] if hasattr(X, "shape") else len(X[0])
            if not self.n_features_in_:
                raise DataError(f"0 feature(s) (shape={X.shape}) while a minimum of 1 is required: no columns")
            names = list(getattr(X, "columns", [None]))
            self.__dict__.pop("feature_names_in_", None)
            if all(isinstance(name, str) for name in names):
                self.feature_names_in_ = np.asarray(names, dtype=object)
        return y, codes, labels

    def _names_a_column(self) -> bool:
        """Whether `groups` is the name of a column and not the groups themselves."""
        return isinstance(self.groups, str | int | float) and not hasattr(self.groups, "shape")

    def _planned(self, X: Any, labels: Labels, codes: npt.NDArray[np.intp], kept: npt.NDArray[np.intp]) -> Plan:
        groups = self.groups
        if self._names_a_column() and hasattr(X, "columns"):
            if groups not in list(X.columns):
                raise ConfigError(f"groups names the column {groups!r}, which the data has not")
            groups = X[groups]
        elif groups is not None and (self._names_a_column() or len(groups) != count_rows(X)):
            raise ConfigError("groups must be a column of X, or one value for each row")
        values = None if groups is None else np.asarray(groups, dtype=object)[kept]
        todo = plan(self.sampling_strategy, labels, codes, values)
        if todo.empty:
            pairs = ", ".join(map(repr, todo.empty[:5]))
            warnings.warn(
                f"no row has {pairs}: these pairs of group and class stay empty", FallbackWarning, stacklevel=3
            )
        counts = np.bincount(todo.classes[todo.asked], minlength=len(labels))
        self.sampling_strategy_ = {label: int(n) for label, n in zip(labels.classes.tolist(), counts, strict=True) if n}
        return todo

    # The rows ----------------------------------------------------------------------------------------------------

    def _fit_generator(self, X: Any, X_real: Any, todo: Plan, kept: npt.NDArray[np.intp] | None, y: Any) -> None:
        if self.prefit:
            self.generator_ = self.generator
            check_same_columns(self.generator, X)
            return
        self.generator_ = clone(self.generator)
        if self.random_state is not None and getattr(self.generator_, "random_state", 0) is None:
            self.generator_.set_params(random_state=int(as_generator(self.seed_, "generator").integers(2**31)))
        if kept is not None:  # what is left of a column of identifiers may no longer look like one
            self._say_identifiers(X)
        if not len(todo.asked):
            return
        if hasattr(self.generator_, "told_job"):  # Auto's trials are of the job that is asked
            pairs = todo.pairs is not None
            self.generator_.told_job(self.sampling_strategy, self.sampling_strategy_, pairs=pairs, kept=kept)
        target = y if kept is None else take_rows(y, kept)
        judged = any(getattr(gate, "judges_labels", False) for gate in self.gates)
        with ignoring(LabelWarning) if judged else nullcontext():
            self.generator_.fit(X_real, target if todo.pairs is None else pair_labels(todo.pairs, todo.codes))

    def _say_identifiers(self, X: Any) -> None:
        """Tell the generator which columns of the whole table are identifiers, unless it knows its columns."""
        asked = getattr(self.generator_, "schema", ...)
        if kind_of(X) == "table" and not hasattr(X, "tocsr") and (asked is None or isinstance(asked, Mapping)):
            known = {**identifiers_of(Frame.open(X)[0]), **(asked or {})}
            self.generator_.set_params(schema=known or None)

    def _answer(self, todo: Plan, X_real: Any, y: Any, labels: Labels) -> Answer:
        """Return the synthetic rows, with the places of the plan that they fill."""
        maker = self._maker(todo, X_real, y, labels)
        return Answer.empty(X_real) if maker is None else maker.make(todo.asked, self.seed_)

    def _maker(self, todo: Plan, X_real: Any, y: Any, labels: Labels) -> Maker | None:
        """Return what makes the rows of a plan, None where none are to be made."""
        target = y if len(self.kept_) == len(todo.codes) == count_rows(y) else take_rows(y, self.kept_)
        declined = getattr(self.generator_, "declined_", None)  # Auto's: no generator helps
        if declined:
            warnings.warn(declined, FallbackWarning, stacklevel=4)
        if declined or not len(todo.asked):
            return None
        own = [*self.gates] or [*getattr(self.generator_, "gates_", ())]
        gates = [self._gate(gate).fit(X_real, target) for gate in own]
        names = labels.classes[todo.classes]
        if todo.pairs is not None or names.dtype.kind not in "iu":
            names = np.empty(len(todo.classes), dtype=object)
            names[:] = labels.classes[todo.classes].tolist() if todo.pairs is None else todo.pairs
        return Maker(self.generator_, gates, labels, todo.classes, names, self.on_short if self.gates else "fill")

    def _gate(self, gate: Any) -> Any:
        """Return a copy of a gate, which sees the columns as the generator does where it wants to know them."""
        copy = clone(gate, safe=False)
        schema = getattr(getattr(self.generator_, "encoder_", None), "schema_", None)
        if schema is not None and getattr(copy, "schema", schema) is None:
            copy.set_params(schema=schema)
        return copy

    def _finished(self, answer: Answer, todo: Plan, X: Any) -> Any:
        """Return the synthetic rows with the group that each was made for, and identifiers that are new to X."""
        rows = answer.rows
        if self.prefit and getattr(self.generator_, "encoder_", None) is not None and len(answer.places):
            rows = renewed(rows, X, self.generator_.encoder_, as_generator(self.seed_, "identifiers"))
        if todo.pairs is None or not self._names_a_column() or not len(rows):
            return rows
        group = [todo.pairs[place][0] for place in answer.places]
        if hasattr(rows, "iloc"):
            return with_column(rows, self.groups, group)
        made = type(rows[self.groups])(self.groups, group, dtype=rows.schema[self.groups])
        return rows.with_columns(made)

    def _placed(self, parents: pd.DataFrame) -> pd.DataFrame:
        """Return parents as positions in the result and in X; a generator fitted elsewhere keeps its own positions."""
        parent = parents["parent"].to_numpy(dtype=np.intp)
        parent = parent if self.prefit else self.kept_[parent]
        return parents.assign(row=parents["row"].to_numpy(dtype=np.intp) + len(self.kept_), parent=parent)

    # What was done -----------------------------------------------------------------------------------------------

    def _recipe(
        self, labels: Labels, codes: Any, made: npt.NDArray[np.intp], answer: Answer, seconds: float
    ) -> dict[str, Any]:
        """Return what was asked and what was done, as plain data."""
        encoder = getattr(self.generator_, "encoder_", None)
        return {
            "job": {
                "generator": named(self.generator),
                "strategy": self.sampling_strategy
                if isinstance(self.sampling_strategy, str | float | int)
                else self.sampling_strategy_,
                "groups": self.groups if self.groups is None or self._names_a_column() else "given",
                "gates": [named(gate) for gate in self.gates],
                "under": None if self.under is None else named(self.under),
                "on_short": self.on_short,
            },
            "result": {
                "seed": self.seed_,
                "rows": {"real": len(codes), "kept": len(self.kept_), "synthetic": len(made)},
                "before": tally(labels, codes),
                "after": tally(labels, np.concatenate([codes[self.kept_], made])),
                "asked": {str(label): n for label, n in self.sampling_strategy_.items()},
                "rounds": answer.rounds,
                "refused": answer.refused,
                "short": answer.short,
                "few_rows": {str(label): text for label, text in getattr(self.generator_, "few_rows_", {}).items()},
                **training_of(self.generator_),
                "fresh_identifiers": [str(name) for name in getattr(encoder, "identifiers", ())],
                "seconds": round(seconds, 3),
            },
        }
