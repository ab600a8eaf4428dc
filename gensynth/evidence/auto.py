"""A generator that is chosen by trial, or none: what helps a learner on rows held out, and not how real rows look.

The rows of `fit` are cut into folds; every candidate fills up the rare classes of the rows of training, a learner
learns, and is asked about the others, beside one that learned from the rows as they are (`compare.halving`). The best
candidate is taken where its mean gain is above the standard error of that gain (corrected as in `compare.intervals`);
else none is: then a Balancer leaves the data as it is and says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from .. import gates
from ..balance import Balancer
from ..data.kinds import Kind
from ..data.labels import Labels
from ..errors import ConfigError, FallbackWarning, FewRowsWarning, TooFewRows, ignoring
from ..generators.augment import built
from ..generators.base import Codes, Draw, Generator, Supports
from ..generators.default import CLEAR, choose
from ..generators.inner import behind, outside
from ..generators.packing import packed, unpacked
from ..random import as_generator
from .asked import seconds_asked
from .compare.arms import Arm
from .compare.figures import FIGURES, chosen
from .compare.halving import Marks, halved, told
from .compare.learners import entries
from .compare.trial import Course

NONE, DEFAULT = "none", "default"
USUAL: dict[str, tuple[str, ...]] = {
    "table": ("PolynomFitSMOTE", "GaussianCopula", "SMOTE", DEFAULT, "ARF", "Autoregressive"),
    "image": (DEFAULT, "StyleTransfer", "VAE"),
}
SHARE = 8  # a candidate may train for this part of the budget
Given = Sequence[Any] | None


class Auto(Generator):
    """The generator that helps a learner most on the rows at hand, by trial; or none, where none helps.

    In a Balancer: where none helps, the data stays as it is, with a FallbackWarning that says why; where the choice is
    "default", its gates are the Balancer's unless it has gates of its own. `sample` gives rows in any case, of the best
    candidate.

    Few rows: where the classes are too few or too small for trials (3 rows each), the rule of `default_generator`
    chooses, which is said.

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
        random_state: int for results that repeat, as far as time allows, or None.

    Raises: ConfigError where a parameter cannot be.

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
        candidates: Given = None, *, random_state: int | None = None,
    ) -> None:  # fmt: skip
        self.learner, self.metric, self.budget = learner, metric, budget
        self.candidates, self.random_state = candidates, random_state

    def _check_params(self) -> None:
        if not isinstance(self.metric, str):
            raise ConfigError(f"metric must be the name of a figure, got {self.metric!r:.60}")
        chosen(self.metric)
        self._seconds()
        if self.candidates is not None:
            if isinstance(self.candidates, str) or not isinstance(self.candidates, Sequence) or not self.candidates:
                raise ConfigError(f"candidates must be a list of generators, got {self.candidates!r:.60}")
            for each in self.candidates:
                if each not in (NONE, DEFAULT):
                    built(each)

    def _seconds(self) -> float:
        """Return the budget, 0 for no trial. Raises: ConfigError."""
        given: Any = self.budget
        if isinstance(given, int | float) and not isinstance(given, bool) and given == 0:
            return 0.0
        return seconds_asked(given)

    # Choosing ----------------------------------------------------------------------------------------------------

    def _fit(self, rows: Any, codes: Codes, key: int) -> None:
        X = outside(self, rows)
        self.declined_: str | None = None
        listed = self._listed(X, key)
        name, why, tried = self._chosen(X, codes, listed, key)
        best = next((each["name"] for each in tried[1:] if not each.get("failed")), None)
        others = [each["name"] for each in tried if each["name"] not in (name, *([] if name else [NONE]))]
        if name is None:
            self.declined_ = f"Auto leaves the data as it is: {why}"
        taken = name or best or next((each for each in listed if each != NONE), None)
        self.choice_ = {"chosen": name or NONE, "runner_up": (others or [None])[0], "metric": self.metric, "why": why,
                        "tried": tried}  # fmt: skip
        maker = listed[taken] if taken is not None else self._default(X)
        self.gates_ = tuple(self._gates(X)) if name == DEFAULT else ()
        self.generator_ = self._learned(maker, X, codes, key)

    def _listed(self, X: Any, key: int) -> dict[str, Generator | None]:
        """Return the candidates by name."""
        usual = [each for each in USUAL.get(self.kind_, (DEFAULT,)) if each != choose(X).name]
        made: dict[str, Generator | None] = {}
        for each in usual if self.candidates is None else self.candidates:
            if each == NONE:
                made[NONE] = None
                continue
            generator = self._default(X) if each == DEFAULT else built(each)
            name = DEFAULT if each == DEFAULT else type(generator).__name__
            while name in made:
                name += "'"
            made[name] = self._bounded(generator)
        return made

    def _bounded(self, generator: Generator) -> Generator:
        """Return a generator that trains for a part of the budget at most."""
        seconds = self._seconds()
        if seconds and generator.get_params(deep=False).get("max_time", 0) is None:
            generator.set_params(max_time=seconds / SHARE)
        return generator

    def _chosen(
        self, X: Any, codes: Codes, listed: Mapping[str, Generator | None], key: int
    ) -> tuple[str | None, str, list[dict[str, Any]]]:
        """Return the name that is chosen, or None, why, and what was found of each candidate."""
        first = next(iter(listed))
        if not self._seconds():
            return (None if first == NONE else first), "it is the first candidate, and no trial was asked for", []
        counts = self.labels_.counts
        seed = int(as_generator(key, "trials").integers(2**31))
        kind: Kind = self.kind_
        learner = entries("boosting" if self.learner is None and kind == "table" else self.learner, kind)[:1]
        course = Course(
            X,
            codes,
            Labels.fit(codes, len(codes))[0],
            int(counts.argmin()),
            tuple(learner),
            None,
            None,
            "balanced_accuracy",
            seed,
        )
        arms = [self._arm(name, maker, X) for name, maker in listed.items() if maker is not None]
        try:
            if len(counts) < 2:
                raise TooFewRows("there is one class alone")
            nothing, tried, notes = halved(course, arms, self.metric, self._seconds())
        except TooFewRows as error:
            text = f"no trial could be made ({error}), and so the rule of default_generator chose"
            warnings.warn(f"Auto: {text}", FallbackWarning, stacklevel=5)
            return (DEFAULT if DEFAULT in listed else first), text, []
        name, why = self._judged(nothing, tried)
        return name, "; ".join([why, *notes]), list(told(nothing, tried, self.metric))

    def _judged(self, nothing: Marks, tried: list[Marks]) -> tuple[str | None, str]:
        """Return the best candidate where it is better than nothing by more than a standard error, and why."""
        what = FIGURES[self.metric].words
        most = max((len(marks.values) for marks in tried if not marks.error), default=0)
        able = [marks for marks in tried if not marks.error and len(marks.values) == most]
        if not able or most < 2:
            return None, "no candidate could be tried on two folds" if able else "no candidate could be tried"
        found = {marks.arm.name: marks.over(nothing, self.metric) for marks in able}
        best = max(found, key=lambda name: np.nan_to_num(found[name].mean, nan=-np.inf))
        gained = found[best]
        count = sum(bool(marks.values) for marks in tried)
        said = f"{best}, the best of {count}, changes {what} by {gained.mean:+.3f} ± {gained.high - gained.mean:.3f}"
        return (best if gained.low > 0 else None), f"{said} on {most} folds"

    def _arm(self, name: str, maker: Generator, X: Any) -> Arm:
        held = self._gates(X) if name == DEFAULT else []
        return Arm(name, "rows", Balancer(maker, gates=held, on_short="fill"))

    def _default(self, X: Any) -> Generator:
        """Return the generator that the rule takes."""
        made: Generator = built(choose(X).name)
        return made

    def _gates(self, X: Any) -> list[Any]:
        """Return the gates of the rule."""
        return [getattr(gates, name)(**params) for name, params in choose(X).gates]

    def _learned(self, maker: Generator | None, X: Any, codes: Codes, key: int) -> Generator:
        made = built(maker if maker is not None else self._default(X))
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
        if self.declined_:
            return {"candidates": [NONE], "budget": 0}
        inner = dict(getattr(self.generator_, "repeating", dict)())
        held = {name: value for name, value in self.generator_.get_params(deep=False).items() if value is not None}
        held.pop("random_state", None)
        if self.choice_["chosen"] == DEFAULT:
            return {"candidates": [DEFAULT], "budget": 0}
        spec = {"name": type(self.generator_).__name__, "params": held | inner}
        return {"candidates": [spec], "budget": 0}

    # Making ------------------------------------------------------------------------------------------------------

    def _sample(self, codes: Codes, key: int) -> Draw:
        asked: dict[str, Any] = {"n": len(codes)} if self.labels_.absent else {"y": codes}
        made, found = self.generator_.sample(**asked, random_state=key % 2**31, return_parents=True)
        rows = made
        if self.kind_ == "table":
            rows = self.encoder_.encode(made) if len(codes) else np.empty((0, self.encoder_.layout_.width))
        return Draw(rows, *behind(found, len(codes)))

    def _saved_params(self) -> dict[str, Any]:
        return {"metric": self.metric, "budget": self.budget, "random_state": self.random_state}

    def _state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        meta, arrays = packed(self.generator_)
        said = {"choice": self.choice_, "declined": self.declined_, "gated": bool(self.gates_), "generator": meta}
        return said, {f"generator/{name}": array for name, array in arrays.items()}

    def _restore(self, meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        held = {name.removeprefix("generator/"): array for name, array in arrays.items()}
        self.choice_, self.declined_ = dict(meta["choice"]), meta["declined"]
        self.generator_ = unpacked(meta["generator"], held)
        self.gates_ = tuple(getattr(gates, name)(**params) for name, params in CLEAR) if meta["gated"] else ()

    @property
    def keeps_rows(self) -> bool:
        """Whether a file of it holds real rows: as the chosen generator's does."""
        return self.generator_.keeps_rows if hasattr(self, "generator_") else True
