"""A generator that is chosen by trial, or none: what helps a learner on rows held out, and not how real rows look.

The rows of `fit` are cut into folds; every candidate fills up the rare classes of the rows of training, a learner
learns, and is asked about the others, beside one that learned from the rows as they are (`compare.halving`). The best
candidate is taken where its mean gain is above the standard error of that gain (corrected as in `compare.intervals`);
else none is: then a Balancer leaves the data as it is and says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import gates
from ..balance import Balancer
from ..data.labels import Labels
from ..errors import ConfigError, DataError, FallbackWarning, FewRowsWarning, TooFewRows, ignoring
from ..generators.augment import built
from ..generators.base import Codes, Draw, Generator, Supports
from ..generators.default import CLEAR, choose
from ..generators.inner import behind, outside
from ..generators.packing import packed, unpacked
from ..random import as_generator
from .asked import seconds_asked
from .blind import Blind
from .candidates import DEFAULT, NONE, Candidate, check, listed, plain_or_none, spec, used
from .compare.arms import Arm
from .compare.figures import FIGURES, chosen
from .compare.halving import FOLDS, Marks, halved, told
from .compare.learners import Entry, entries
from .compare.trial import Course
from .job import Job, Level
from .rows import counted, grouped

SHARE = 8  # a candidate may train for this part of the budget
LAST = "RandomOverSampler"  # makes rows where all else fails
Given = Sequence[Any] | None


class Auto(Generator):
    """The generator that helps a learner most on the rows at hand, by trial; or none, where none helps.

    In a Balancer: where none helps, the data stays as it is, with a FallbackWarning that says why; where the choice is
    "default", its gates are the Balancer's unless it has gates of its own. Trials are of the job that it asks: its
    `sampling_strategy`, and with `groups` classes within groups (there numbers of rows are not: classes are made
    level). `sample` gives rows in any case, of the best candidate; of the default generator where all failed.

    Few rows: where the classes are too few or too small for trials (3 rows each), the rule of `default_generator`
    chooses where it is a candidate, else the first candidate is taken, which is said.

    After `fit`: `choice_`, a dict of the name chosen, the runner-up, metric, why, and of every candidate folds, score,
    gain and its standard error; `declined_`, the reason where none is chosen, else None; `gates_`; `generator_`, the
    fitted generator.

    Arguments:
        learner: whom it is to help: a classifier, or for tables "boosting" (taken where nothing is said) or "logistic".
        metric: a figure of `compare`.
        budget: seconds, or such as "2min", kept to within one trial: which candidates there is time for depends on the
            machine. 0: no trial, the first candidate is taken.
        candidates: names, generators, names with params as recipes have them; "default" is `default_balancer`'s, and
            "none" may be the only one. None for the usual ones of the kind.
        split_by: what rows belong together, such as those of a patient: the name of a column, which the learner then
            does not see (a Pipeline does), or an array (n,). Rows of one value are in one fold of the trials.
        schema: kinds of columns to take instead of the inferred ones, for the candidates too.
        random_state: int for results that repeat, as far as time allows, or None.

    Raises: ConfigError where a parameter cannot be, or the learner fails on the rows as they are.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(60, 2)), ["a"] * 45 + ["b"] * 15
        >>> auto = Auto(candidates=["GaussianCopula"], budget=0, random_state=0).fit(X, y)
        >>> auto.choice_["chosen"], auto.sample(3, y="b").shape
        ('GaussianCopula', (3, 2))
    """

    supports: ClassVar[Supports] = Supports(
        kinds=frozenset({"table", "image", "series", "text", "audio"}), categories=True, missing=True, masks=True,
        parents=False,  # as not every candidate has them
    )  # fmt: skip
    holds_rows = True

    def __init__(
        self, learner: Any = None, metric: str = "average_precision", budget: str | float = "2min",
        candidates: Given = None, *, split_by: Any = None, schema: Mapping[Any, str] | None = None,
        random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.learner, self.metric, self.budget, self.candidates = learner, metric, budget, candidates
        self.split_by, self.schema, self.random_state = split_by, schema, random_state

    def _check_params(self) -> None:
        if not isinstance(self.metric, str):
            raise ConfigError(f"metric must be the name of a figure, got {self.metric!r:.60}")
        chosen(self.metric)
        self._seconds()
        check(self.candidates)
        if isinstance(self.learner, list | tuple | set | Mapping):
            raise ConfigError(f"learner must be one classifier or its name, got {self.learner!r:.60}")

    def _seconds(self) -> float:
        """Return the budget, 0 for no trial. Raises: ConfigError."""
        given: Any = self.budget.item() if isinstance(self.budget, np.generic) else self.budget
        if not isinstance(given, bool):
            try:
                if not float(given.strip().rstrip("abcdefghijklmnopqrstuvwxyz ") if isinstance(given, str) else given):
                    return 0.0
            except (TypeError, ValueError):
                pass
        return seconds_asked(given)

    def told_job(self, strategy: Any, made: Mapping[Any, int], *, pairs: bool, kept: Codes | None) -> None:
        """Learn what a Balancer asks, for the `fit` that follows.

        Arguments:
            strategy: its `sampling_strategy`.
            made: rows to make of each class.
            pairs: whether the labels of `fit` are pairs of group and class.
            kept: places of the rows of `fit` among all that it has, or None for all.
        """
        self._told = Job(strategy, made, pairs, kept)

    # Choosing ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        X, job = outside(self, rows), self.__dict__.pop("_told", Job())
        self.declined_: str | None = None
        candidates = listed(self.candidates, X, self.kind_, self._known, self._seconds() / SHARE)
        name, why, tried = self._chosen(X, codes, candidates, job, key)
        if name is None:
            self.declined_ = f"Auto leaves the data as it is: {why}"
        gains = {each["name"]: each["gain"] for each in tried if not each.get("failed") and each["gain"] is not None}
        gains.pop(name or NONE, None)
        second = max(gains, key=lambda each: gains[each], default=None)
        self.choice_ = {"chosen": name or NONE, "runner_up": second, "metric": self.metric, "why": why, "tried": tried}
        self.gates_ = tuple(self._gates(X)) if name == DEFAULT else ()
        taken = self._best(X, name, candidates, tried)
        self.spec_: dict[str, Any] | None = None if taken.given is None else spec(taken.given)
        self.generator_ = self._learned(taken, X, codes, key)

    def _chosen(
        self, X: Any, codes: Codes, candidates: Mapping[str, Candidate], job: Job, key: int
    ) -> tuple[str | None, str, list[dict[str, Any]]]:
        """Return the name that is chosen, or None, why, and what was found of each candidate."""
        first: str | None = next(iter(candidates))
        first = None if first == NONE else first
        course = self._course(X, codes, job, int(as_generator(key, "trials").integers(2**31)))
        if not self._seconds():
            return first, "it is the first candidate, and no trial was asked for", []
        arms = [self._arm(each, X, job) for each in candidates.values() if each.maker is not None]
        try:
            if len(np.unique(course.codes)) < 2:
                raise TooFewRows("there is one class alone")
            nothing, tried, notes = halved(course, arms, self.metric, self._seconds())
        except TooFewRows as error:
            ruled = first is not None and DEFAULT in candidates
            done = "the rule of default_generator chose" if ruled else "the first candidate is taken"
            text = f"no trial could be made ({error}), and so {done}"
            if first is not None:  # else the Balancer says it
                warnings.warn(f"Auto: {text}", FallbackWarning, stacklevel=5)
            return (DEFAULT if ruled else first), text, []
        name, why = self._judged(nothing, tried)
        if job.pairs:
            level = job.wanted(self.labels_) == Level(1.0)
            notes.append("tried within groups" + (", of which classes were made level" if level else ""))
        return name, "; ".join([why, *notes]), list(told(nothing, tried, self.metric))

    def _course(self, X: Any, codes: Codes, job: Job, seed: int) -> Course:
        """Return what trials are of: rows, classes, within groups where there are any, and who learns."""
        together, groups, names = self._together(X, job), None, self.labels_
        if job.pairs:
            (_, of), (names, own) = (Labels.fit([pair[at] for pair in names.classes.tolist()], len(names))
                                     for at in (0, 1))  # fmt: skip
            groups, codes = of[codes], own[codes]
        counts = counted(codes, together)
        rare = int(np.where(counts >= min(FOLDS, counts.max()), np.bincount(codes), len(codes) + 1).argmin())
        learner = self._learner(X).coded(names)
        labels = Labels.fit(codes, len(codes))[0]
        return Course(X, codes, labels, rare, (learner,), together, groups, "balanced_accuracy", seed)

    def _learner(self, X: Any) -> Entry:
        """Return who learns, and sees neither identifiers nor what says which rows belong together."""
        usual = "boosting" if self.learner is None and self.kind_ == "table" else self.learner
        made = entries(usual, self.kind_)[0]
        hidden = [*getattr(self.encoder_, "identifiers", ()), *([self.split_by] if self._names_a_column() else [])]
        seen = hasattr(getattr(made.model, "estimator", made.model), "steps")  # a Pipeline may name its columns
        if seen or not hidden or len(set(hidden)) >= self.n_features_in_:
            return made
        return replace(made, model=Blind(made.model, hidden))

    @property
    def _known(self) -> Any:
        """What candidates are told of columns: identifiers, which a part of the rows may not look like, and schema."""
        numbered = dict.fromkeys(getattr(self.encoder_, "identifiers", ()), "identifier")
        if self.schema is None:
            return numbered or None
        return {**numbered, **self.schema} if isinstance(self.schema, Mapping) else self.schema

    def _names_a_column(self) -> bool:
        return isinstance(self.split_by, str | int | float) and not hasattr(self.split_by, "shape")

    def _together(self, X: Any, job: Job) -> Codes | None:
        """Return what rows belong together, as codes (n,), or None. Raises: ConfigError, DataError."""
        values, n = self.split_by, int(self.labels_.counts.sum())
        if values is None:
            return None
        if self._names_a_column():
            if values not in list(getattr(X, "columns", ())):
                raise ConfigError(f"split_by names the column {values!r}, which the data has not")
            values = X[values]
        values = np.asarray(values)
        if job.kept is not None and not self._names_a_column() and values.ndim == 1 and len(values) > job.kept.max():
            values = values[job.kept]
        if values.shape != (n,):
            raise ConfigError(f"split_by must be a column of X, or one value for each of {n} rows, got {values.shape}")
        try:
            return grouped(values, n)
        except DataError as error:
            raise DataError(f"split_by: {error}") from None

    def _judged(self, nothing: Marks, tried: list[Marks]) -> tuple[str | None, str]:
        """Return the best candidate where it is better than nothing by more than a standard error, and why."""
        what = FIGURES[self.metric].words
        failed = [f"{marks.arm.name}: {marks.error}" for marks in tried if marks.error]
        if failed and len(failed) == len(tried):
            return None, f"all candidates failed ({'; '.join(failed)})"
        most = max((len(marks.values) for marks in tried if not marks.error), default=0)
        able = [marks for marks in tried if not marks.error and len(marks.values) == most]
        if not able or most < 2:
            return None, "no candidate could be tried" + (" on two folds" if able else "")
        found = {marks.arm.name: marks.over(nothing, self.metric) for marks in able}
        best = max(found, key=lambda name: np.nan_to_num(found[name].mean, nan=-np.inf))
        gained = found[best]
        if not np.isfinite(gained.low):
            return None, f"no candidate has {what} on two folds"
        count = sum(bool(marks.values) for marks in tried)
        said = f"{best}, the best of {count}, changes {what} by {gained.mean:+.3f} ± {gained.high - gained.mean:.3f}"
        return (best if gained.low > 0 else None), f"{said} on {most} folds"

    def _arm(self, each: Candidate, X: Any, job: Job) -> Arm:
        held = self._gates(X) if each.name == DEFAULT else []
        maker = Balancer(each.maker, sampling_strategy=job.wanted(self.labels_), gates=held, on_short="fill")
        return Arm(each.name, "rows", maker, by_group=job.pairs)

    def _gates(self, X: Any) -> list[Any]:
        """Return the gates of the rule."""
        return [getattr(gates, name)(**params) for name, params in choose(X, self._known).gates]

    def _best(
        self, X: Any, name: str | None, candidates: Mapping[str, Candidate], tried: list[dict[str, Any]]
    ) -> Candidate:
        """Return the candidate that rows are made by, whether or not it was chosen."""
        failed = {each["name"] for each in tried if each.get("failed")}
        able = [each["name"] for each in tried[1:] if each["name"] not in failed] or [
            each for each in candidates if each != NONE and each not in failed
        ]
        if name or able:
            return candidates[name or able[0]]
        given = built(LAST if DEFAULT in failed else choose(X, self._known).name)
        return Candidate(DEFAULT, given, used(given, self._known))

    def _learned(self, taken: Candidate, X: Any, codes: Codes, key: int) -> Generator:
        made = built(taken.maker)
        if made.get_params(deep=False).get("random_state", 0) is None:
            made.set_params(random_state=int(as_generator(key, "generator").integers(2**31)))
        with ignoring(FewRowsWarning):
            made.fit(X, None if self.labels_.absent else codes)
        self.few_rows_ = {self.labels_.classes.tolist()[label] if label is not None else None: text
                          for label, text in made.few_rows_.items()}  # fmt: skip
        if self.few_rows_:
            warnings.warn(f"{type(made).__name__}, few rows: {self.few_rows_}"[:300], FewRowsWarning, stacklevel=4)
        return made

    def repeating(self) -> dict[str, Any]:
        """Return the parameters that take the same choice without trials."""
        told: dict[str, Any] = {"budget": 0}
        for name in ("learner", "split_by"):  # which a recipe cannot hold, and nothing asks for
            if getattr(self, name) is not None and plain_or_none(getattr(self, name)) is None:
                told[name] = None
        if self.declined_:
            return {"candidates": [NONE], **told}
        if self.choice_["chosen"] == DEFAULT:
            return {"candidates": [DEFAULT], **told}
        said = self.spec_ or spec(self.generator_)
        inner = dict(getattr(self.generator_, "repeating", dict)())
        return {"candidates": [{**said, "params": {**said["params"], **inner}}], **told}

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        asked: dict[str, Any] = {"n": len(codes)} if self.labels_.absent else {"y": codes}
        made, found = self.generator_.sample(**asked, random_state=key % 2**31, return_parents=True)
        rows = made
        if self.kind_ == "table":
            rows = self.encoder_.encode(made) if len(codes) else np.empty((0, self.encoder_.layout_.width))
        return Draw(rows, *behind(found, len(codes)))

    def _saved_params(self) -> dict[str, Any]:
        return {name: value if name in ("schema", "random_state") else plain_or_none(value)
                for name, value in self.get_params(deep=False).items()}  # fmt: skip

    def _state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        meta, arrays = packed(self.generator_)
        said = {"choice": self.choice_, "declined": self.declined_, "gated": bool(self.gates_), "generator": meta,
                "spec": plain_or_none(self.spec_)}  # fmt: skip
        return said, {f"generator/{name}": array for name, array in arrays.items()}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        held = {name.removeprefix("generator/"): array for name, array in arrays.items()}
        self.choice_, self.declined_ = dict(meta["choice"]), meta["declined"]
        self.generator_, self.spec_ = unpacked(meta["generator"], held), meta.get("spec")
        self.gates_ = tuple(getattr(gates, name)(**params) for name, params in CLEAR) if meta["gated"] else ()

    @property
    def keeps_rows(self) -> bool:
        """Whether a file of it holds real rows: as the chosen generator's does."""
        return self.generator_.keeps_rows if hasattr(self, "generator_") else True
