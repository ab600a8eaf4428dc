"""What is compared: nothing, a moved threshold, class weights, and methods that add rows to those of training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ...balance import Balancer
from ...data.kinds import Kind
from ...data.labels import Labels
from ...defaults import default_balancer
from ...errors import ConfigError, nearest
from ...generators import GENERATORS, generator_class
from ...generators.default import choose
from ..rows import taken

Codes = npt.NDArray[np.intp]
NOTHING, THRESHOLD, WEIGHTS = "none", "threshold", "class-weight"
CHEAP = (NOTHING, THRESHOLD, WEIGHTS)
COPIES, DEFAULT, WITHIN = "RandomOverSampler", "default", "default, within groups"
Way = Literal["plain", "weights", "rows"]


@dataclass(frozen=True)
class Arm:
    """One method: its name, how learning differs from doing nothing, and what makes the rows where some are made."""

    name: str
    way: Way = "plain"
    maker: Any = None  # a Balancer, a sampler of imbalanced-learn, or None for the default Balancer
    by_group: bool = False

    @property
    def makes_rows(self) -> bool:
        """Whether rows are made."""
        return self.way == "rows"

    def resampled(self, X: Any, codes: Codes, rows: Rows, seed: int) -> tuple[Any, Codes]:
        """Return rows of training, codes (n,), and those that are made of them alone, with their codes."""
        from sklearn.base import clone

        y = rows.labels.decode(codes)
        maker = default_balancer(X, y, random_state=seed) if self.maker is None else clone(self.maker, safe=False)
        params = maker.get_params(deep=False) if hasattr(maker, "get_params") else {}
        if isinstance(maker, Balancer):
            if maker.random_state is None and getattr(maker.generator, "random_state", None) is None:
                maker.set_params(random_state=seed)
            if self.by_group:
                maker.set_params(groups=rows.groups)
        elif params:
            deep = maker.get_params()
            unset = [
                name for name, value in deep.items() if name.rpartition("__")[2] == "random_state" and value is None
            ]
            maker.set_params(**dict.fromkeys(unset, seed % 2**31))
        if isinstance(params.get("sampling_strategy"), Mapping):
            maker.set_params(sampling_strategy=fewer(params["sampling_strategy"], codes, rows))
        X_new, y_new = maker.fit_resample(X, y if isinstance(maker, Balancer) else rows.labels.classes[codes])
        _stop_if_stopped(maker)
        return X_new, rows.labels.codes(y_new)


@dataclass(frozen=True)
class Rows:
    """What is known of rows of training: the labels by their codes, how many there are in all, and their groups."""

    labels: Labels
    total: int
    groups: Any = None


def fewer(asked: Mapping[Any, int], codes: Codes, rows: Rows) -> dict[Any, int]:
    """Return numbers of rows that were asked for all rows as they are for these, no fewer than there are."""
    counts = np.bincount(codes, minlength=len(rows.labels))
    here = {label: int(n) for label, n in zip(rows.labels.classes.tolist(), counts, strict=True) if n}
    share = len(codes) / rows.total
    return {label: max(round(n * share), here[label]) for label, n in asked.items() if label in here}


def _stop_if_stopped(maker: Any) -> None:
    """Go on with Ctrl-C, which a training that it ended has taken for itself."""
    while maker is not None:
        if getattr(maker, "ended_", None) == "interrupted":
            raise KeyboardInterrupt
        maker = getattr(maker, "generator_", None)


def arms(methods: Any, X: Any, kind: Kind, grouped: bool) -> list[Arm]:
    """Return the arms of a comparison: nothing, threshold, class weights and copies first, whatever is asked.

    Arguments:
        methods: None for those of the kind; names, generators, Balancers, samplers of imbalanced-learn, or a mapping
            of names to them.
        X: the rows.
        kind: of the rows.
        grouped: whether the default Balancer, within groups, is one of the arms.

    Raises: ConfigError for a name that there is not, or two of one name.
    """
    made = [Arm(NOTHING), Arm(THRESHOLD), Arm(WEIGHTS, "weights"), Arm(COPIES, "rows", _balancer(COPIES))]
    listed = usual(X, kind) if methods is None else methods
    pairs = list(listed.items()) if isinstance(listed, Mapping) else [(None, each) for each in _list(listed)]
    for name, each in pairs:
        arm = _arm(name, each)
        if name is not None and name != each and (name in CHEAP or (isinstance(each, str) and each in CHEAP)):
            raise ConfigError(f"methods: {', '.join(CHEAP)} are always compared, by these names: leave {name!r} out")
        if arm.name in CHEAP or (name is None and isinstance(each, str) and any(arm.name == own.name for own in made)):
            continue
        if any(arm.name == own.name for own in made):
            raise ConfigError(f"methods: two have the name {arm.name!r}: give a mapping of names to methods")
        made.append(arm)
    return [*made, Arm(WITHIN, "rows", by_group=True)] if grouped else made


def usual(X: Any, kind: Kind) -> list[str]:
    """Return the names of the methods that are compared where none is named."""
    if kind != "table":
        return [DEFAULT]
    if hasattr(X, "tocsr"):
        return ["SMOTE"]
    alone = choose(X).name
    return ["SMOTE", "GaussianCopula", DEFAULT] if alone != COPIES else ["SMOTEN", "Autoregressive"]


def _list(methods: Any) -> list[Any]:
    return list(methods) if isinstance(methods, list | tuple) else [methods]


def _arm(name: str | None, method: Any) -> Arm:
    """Return the arm of a method, by its own name where none is given."""
    if isinstance(method, str):
        if method in CHEAP:
            return Arm(name or method, "weights" if method == WEIGHTS else "plain")
        if method == DEFAULT:
            return Arm(name or DEFAULT, "rows")
        if method not in GENERATORS:
            try:
                generator_class(method)
            except ConfigError:
                found = nearest(method, [*CHEAP, DEFAULT, *GENERATORS])
                raise ConfigError(f"there is no method {method!r}{found}") from None
        return Arm(name or method, "rows", _balancer(method))
    if isinstance(method, type) or not (hasattr(method, "sample") or hasattr(method, "fit_resample")):
        raise ConfigError(f"a method must be a name, a generator, a Balancer or a sampler, got {method!r:.60}")
    if hasattr(method, "fit_resample"):
        inner = getattr(method, "generator", method)
        return Arm(name or type(inner).__name__, "rows", method)
    return Arm(name or type(method).__name__, "rows", Balancer(method, on_short="fill"))


def _balancer(name: str) -> Balancer:
    return Balancer(generator_class(name)(), on_short="fill")


def part(X: Any, rows: Codes) -> Any:
    """Return some of the rows, in X's container, a pandas frame with a fresh index."""
    made = taken(X, rows)
    return made.reset_index(drop=True) if hasattr(made, "iloc") else made
