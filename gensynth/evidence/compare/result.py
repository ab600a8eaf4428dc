"""What a comparison found: figures of every arm and learner, their differences to nothing, and what is recommended."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...errors import ConfigError
from . import verdict
from .arms import CHEAP, NOTHING, THRESHOLD
from .figures import FIGURES, gain
from .folds import Split
from .intervals import Interval
from .trial import Course, Trial
from .within import by_group

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns; it prints as its verdict and table.

    Arguments:
        counts: rows of each class, by its label.
        rare: label of the rare class.
        majority: accuracy of always naming the largest class of the rows of training.
        arms: names of the methods that were compared, in order.
        learners: names of the learners.
        metrics: names of the figures that are shown; the first decides.
        folds: a row for each arm, learner and fold: all figures, the threshold, rows made, seconds.
        failed: errors of arms that failed, by (learner, arm).
        ratio: rows of a test fold by those of training.
        groups: figures of each group by learner and method, and the largest gap; None where no groups were given.
        pooled: chances of the rare class, whether a row is of it, by (learner, arm): every row that was asked.
        notes: what else there is to know.
        seconds: that it took.
        seed: that makes it the same again.
        stopped: whether Ctrl-C ended it.
    """

    counts: dict[Any, int]
    rare: Any
    majority: float
    arms: tuple[str, ...]
    learners: tuple[str, ...]
    metrics: tuple[str, ...]
    folds: pd.DataFrame
    failed: dict[tuple[str, str], str]
    ratio: float
    groups: pd.DataFrame | None
    pooled: dict[tuple[str, str], tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]] = field(repr=False)
    notes: tuple[str, ...]
    seconds: float
    seed: int
    stopped: bool = False

    @classmethod
    def of(
        cls, course: Course, names: list[str], metrics: tuple[str, ...], cut: list[Split], done: list[Trial],
        notes: list[str], *, stopped: bool, seconds: float,
    ) -> Self:  # fmt: skip
        """Return what the trials found."""
        labels = course.labels
        done = sorted(done, key=lambda one: (one.fold, names.index(one.arm), one.learner))  # however they came
        rows = [
            {"learner": each.learner, "method": each.arm, "fold": each.fold, **each.figures,
             "threshold": np.nan if each.threshold is None else each.threshold, "made": each.made,
             "seconds": each.seconds}
            for each in done if each.error is None
        ]  # fmt: skip
        columns = ["learner", "method", "fold", *FIGURES, "threshold", "made", "seconds"]
        said = list(dict.fromkeys(f"{each.arm}: {text}" for each in done for text in each.said))
        classes = labels.classes.tolist()
        return cls(
            dict(zip(classes, labels.counts.tolist(), strict=True)), classes[course.rare],
            _majority(course.codes, cut), tuple(names),
            tuple(each.name for each in course.learners), metrics, pd.DataFrame(rows, columns=columns),
            {(each.learner, each.arm): each.error for each in done if each.error is not None},
            float(np.mean([len(split.test) / len(split.train) for split in cut])),
            None if course.groups is None else by_group(course, cut, done, names), _pooled(course, cut, done),
            (*notes, *said[:10]), seconds, course.seed, stopped,
        )  # fmt: skip

    # Figures -----------------------------------------------------------------------------------------------------

    @property
    def decides(self) -> str:
        """The figure that decides."""
        return self.metrics[0]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Means over the folds by learner and method; gain, low and high of what decides, against nothing.

        An arm that failed on some fold has NaN everywhere.
        """
        means = self.folds.groupby(["learner", "method"])[[*self.metrics, "threshold", "made", "seconds"]].mean()
        keys = [(learner, arm) for learner in self.learners for arm in self.arms]
        made = means.reindex(pd.MultiIndex.from_tuples(keys, names=["learner", "method"]))
        found = {key: self.interval(*key, self.decides) for key in keys}
        for name in ("mean", "low", "high"):
            made.insert(
                len(self.metrics), {"mean": "gain"}.get(name, name), [getattr(found[key], name) for key in keys]
            )
        made = made[[*self.metrics[:1], "gain", "low", "high", *self.metrics[1:], "threshold", "made", "seconds"]]
        made.loc[made.index.isin(list(self.failed))] = np.nan
        return made

    @cached_property
    def differences(self) -> pd.DataFrame:
        """How much better each method is than nothing, by learner and metric: mean, low, high. Above 0 is better."""
        rows = []
        for learner in self.learners:
            for arm in self.arms[1:]:
                for name in self.metrics:
                    found = self.interval(learner, arm, name)
                    rows.append({"learner": learner, "method": arm, "metric": name, "mean": found.mean,
                                 "low": found.low, "high": found.high})  # fmt: skip
        return pd.DataFrame(rows)

    def interval(self, learner: str, arm: str, metric: str, many: int | None = None) -> Interval:
        """Return how much better an arm is than nothing; all intervals of a metric, or so many, hold together."""
        if arm == NOTHING or {(learner, arm), (learner, NOTHING)} & self.failed.keys():
            return Interval(0.0 if arm == NOTHING else np.nan, np.nan, np.nan)
        own, other = self.values(learner, arm, metric), self.values(learner, NOTHING, metric)
        both = own.index.intersection(other.index)
        d = gain(metric, own[both].to_numpy(dtype=float), other[both].to_numpy(dtype=float))
        same = FIGURES[metric].of != "names" and arm == THRESHOLD  # a threshold changes names alone
        many = many or len(self.learners) * (len(self.arms) - 1 - (FIGURES[metric].of != "names"))
        return Interval.of(np.zeros_like(d) if same else d, self.ratio, max(many, 1))

    def values(self, learner: str, arm: str, metric: str) -> pd.Series:
        """Return a figure by the number of the fold; empty where an arm was not finished."""
        own = self._by_arm.get((learner, arm))
        return pd.Series(dtype=float) if own is None else own[metric]

    @cached_property
    def _by_arm(self) -> dict[tuple[str, str], pd.DataFrame]:
        """The folds of each learner and arm, by their numbers."""
        return {key: own.set_index("fold") for key, own in self.folds.groupby(["learner", "method"])}  # type: ignore[misc]

    # What it comes to --------------------------------------------------------------------------------------------

    @cached_property
    def choices(self) -> dict[str, verdict.Choice]:
        """What is recommended for each learner, by the rules of `verdict`."""
        return {learner: verdict.choice(self, learner) for learner in self.learners}

    @property
    def recommended(self) -> str:
        """The method that is recommended for the learner that does best; "none" where nothing was finished."""
        best = verdict.best_learner(self)
        return NOTHING if best is None else self.choices[best].arm

    @property
    def generates(self) -> bool:
        """Whether the recommended method makes rows."""
        return self.recommended not in CHEAP

    @property
    def verdict(self) -> str:
        """What was found, in words."""
        return verdict.words(self)

    def to_html(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a report: one file, which needs no network. Raises: ConfigError where the file is there already."""
        from ..report.page import write

        write(path, comparison=self, overwrite=overwrite)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        import json

        table, groups = self.table.reset_index(), pd.DataFrame() if self.groups is None else self.groups
        return {
            "recommended": self.recommended, "verdict": self.verdict, "decides": self.decides, "seed": self.seed,
            "counts": {str(label): n for label, n in self.counts.items()}, "majority": self.majority,
            "table": json.loads(table.to_json(orient="records", double_precision=6)),
            "failed": [{"learner": at, "method": arm, "error": text} for (at, arm), text in self.failed.items()],
            "groups": json.loads(groups.to_json(orient="records", double_precision=6)),
            "notes": list(self.notes), "seconds": round(self.seconds, 1),
        }  # fmt: skip

    def chances(self, learner: str, arm: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Return chances of the rare class and whether rows are of it, of all rows asked. Raises: ConfigError."""
        if (learner, arm) not in self.pooled:
            raise ConfigError(f"there are no chances of {learner!r} with {arm!r}")
        return self.pooled[learner, arm]

    def __str__(self) -> str:
        return verdict.printed(self)


def _majority(codes: Codes, cut: list[Split]) -> float:
    """Return how often the largest class of the rows of training is right of the others, on the mean of the folds."""
    return float(np.mean([(codes[split.test] == np.bincount(codes[split.train]).argmax()).mean() for split in cut]))


def _pooled(course: Course, cut: list[Split], done: list[Trial]) -> dict[tuple[str, str], Any]:
    parts: dict[tuple[str, str], list[Any]] = {}
    for each in done:
        if each.chances is not None:
            own = course.codes[cut[each.fold].test] == course.rare
            parts.setdefault((each.learner, each.arm), []).append((each.chances, own))
    return {key: tuple(np.concatenate(side) for side in zip(*some, strict=True)) for key, some in parts.items()}
