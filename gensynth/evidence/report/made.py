"""What a Balancer made, as a report needs it: the real rows, the made ones, classes, parents, the recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...data.kinds import Kind, count_rows, kind_of
from ...data.labels import Labels
from ...errors import DataError, GensynthError, LabelWarning, NotFitted, ignoring
from ...random import as_generator
from ..fidelity.result import Fidelity
from ..privacy.found import Privacy
from ..rows import taken
from .thumbs import small_rows

Codes = npt.NDArray[np.intp]
MOST = {"table": 3000}  # rows of a side that fidelity and privacy look at; of other kinds:
OTHERS = 500


@dataclass(frozen=True)
class Made:
    """What a Balancer made; `Made.of` reads it.

    Arguments:
        kind: of the data.
        X: (n, ...) the real rows, all that were given.
        codes: (n,) their classes.
        rows: (m, ...) the made rows.
        made: (m,) their classes.
        classes: labels, by code.
        kept: (k,) places of the real rows that are in the result.
        parents: frame of row (place among the made), parent (place in X) and weight.
        refused: rows that each gate refused.
        recipe: what was asked and what was done.
        held: (h, ...) real rows that the generator has not seen, or None.
        held_codes: (h,) their classes, or None.
    """

    kind: Kind
    X: Any = field(repr=False)
    codes: Codes = field(repr=False)
    rows: Any = field(repr=False)
    made: Codes = field(repr=False)
    classes: list[Any]
    kept: Codes = field(repr=False)
    parents: pd.DataFrame = field(repr=False)
    refused: dict[str, int]
    recipe: dict[str, Any] = field(repr=False)
    held: Any = field(default=None, repr=False)
    held_codes: Codes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, balancer: Any, X: Any, y: Any, X_new: Any, y_new: Any, *, held: Any = None, y_held: Any = None) -> Self:
        """Return what a Balancer made.

        Arguments:
            balancer: after `fit_resample(X, y)`.
            X: n rows that it was given.
            y: (n,) their labels.
            X_new: what it returned.
            y_new: their labels.
            held: h real rows that it was not given, for fidelity and privacy.
            y_held: (h,) their labels.

        Raises: NotFitted before `fit_resample`; DataError where rows are not those that it saw or made.
        """
        if not hasattr(balancer, "is_synthetic_"):
            raise NotFitted("this Balancer has made nothing yet: call fit_resample first")
        fresh = np.asarray(balancer.is_synthetic_, dtype=bool)
        n, kept = count_rows(X), np.asarray(balancer.kept_, dtype=np.intp)
        if count_rows(X_new) != len(fresh):
            raise DataError(f"the Balancer returned {len(fresh):,} rows, and X_new has {count_rows(X_new):,}")
        if len(kept) and kept.max() >= n:
            raise DataError(f"the Balancer kept row {kept.max():,}, and X has {n:,}: give the rows that it was given")
        with ignoring(LabelWarning):
            labels, codes = Labels.fit(_flat(y), n)
        places = np.flatnonzero(fresh)
        parents = balancer.parents_
        if getattr(balancer, "prefit", False):  # they are rows of other data, which the generator was fitted on
            parents = parents.iloc[:0]
        return cls(
            kind_of(X), X, codes, taken(X_new, places), _coded(labels, y_new, len(fresh))[places],
            labels.classes.tolist(), kept, parents.assign(row=parents["row"] - len(kept)),
            {str(name): int(count) for name, count in balancer.refused_.items()}, dict(balancer.recipe_),
            held, None if held is None or y_held is None else _coded(labels, y_held, count_rows(held)),
        )  # fmt: skip

    # Counts ------------------------------------------------------------------------------------------------------

    @property
    def real(self) -> int:
        """How many real rows there are."""
        return len(self.codes)

    @property
    def count(self) -> int:
        """How many rows were made."""
        return len(self.made)

    @property
    def generator(self) -> str:
        """The name of the generator."""
        asked = self.recipe.get("job", {}).get("generator", {})
        return str(asked.get("name", "a generator") if isinstance(asked, dict) else asked)

    @property
    def per_class(self) -> dict[Any, int]:
        """Rows made of each class that any were made of."""
        counts = np.bincount(self.made, minlength=len(self.classes))
        return {label: int(n) for label, n in zip(self.classes, counts, strict=True) if n}

    # Rows --------------------------------------------------------------------------------------------------------

    @cached_property
    def own(self) -> Codes:
        """Places of the real rows of the classes that were made."""
        return np.flatnonzero(np.isin(self.codes, np.unique(self.made)))

    @cached_property
    def others(self) -> Codes:
        """Places of the other real rows."""
        return np.flatnonzero(~np.isin(self.codes, np.unique(self.made)))

    def drawn(self, places: Codes, most: int, name: str) -> Codes:
        """Return so many of the places at most, the same ones each time, in order."""
        if len(places) <= most:
            return places
        return np.sort(as_generator(0, "report", name).permutation(places)[:most])

    def parents_of(self, row: int, most: int = 3) -> list[int]:
        """Return the places in X of the parents of a made row, the heaviest first."""
        mine = self.parents[self.parents["row"].to_numpy() == row]
        found = mine.sort_values("weight", ascending=False, kind="stable")["parent"].tolist()
        return [int(place) for place in found[:most] if 0 <= place < self.real]

    def shown(self, most: int) -> list[int]:
        """Return places of made rows to show: of each class in turn, spread over its rows."""
        members = [np.flatnonzero(self.made == code) for code in np.unique(self.made)]
        if len(members) > most:
            members = [members[round(at)] for at in np.linspace(0, len(members) - 1, most)]
        found: list[int] = []
        for at, places in enumerate(members):
            share = most // len(members) + (at < most % len(members))
            spots = np.unique(np.linspace(0, len(places) - 1, min(share, len(places))).round().astype(int))
            found += places[spots].tolist()
        return found

    # What is measured of them ------------------------------------------------------------------------------------

    @cached_property
    def fidelity(self) -> Fidelity | str:
        """How like the real rows the made ones are, of some of them; or why it could not be told.

        Images are seen as small pixels, without the networks that `fidelity` learns of its own accord.
        """
        from ..fidelity.measure import fidelity

        if not self.count:
            return "nothing was made"
        own, rows = self._some("fidelity")
        held = {} if self._held is None else {"held": self._held[0], "y_held": self._labels(self._held[1])}
        try:
            return fidelity(
                taken(self.X, own), taken(self.rows, rows), y=self._labels(self.codes[own]),
                y_synthetic=self._labels(self.made[rows]), random_state=0,
                features=small_rows if self.kind == "image" else None, **held,
            )  # fmt: skip
        except GensynthError as error:
            return str(error)

    @cached_property
    def privacy(self) -> Privacy | str:
        """What the made rows give away, of some of them; or why it could not be told."""
        from ..privacy.measure import privacy

        if not self.count:
            return "nothing was made"
        own, rows = self._some("privacy")
        links = self.parents[self.parents["row"].isin(rows) & self.parents["parent"].isin(own)]
        links = links.assign(row=np.searchsorted(rows, links["row"]), parent=np.searchsorted(own, links["parent"]))
        held = None if self._held is None else self._held[0]
        try:
            return privacy(taken(self.X, own), taken(self.rows, rows), held=held, parents=links, random_state=0)
        except GensynthError as error:
            return str(error)

    @cached_property
    def _held(self) -> tuple[Any, Codes] | None:
        """Some held-out rows of the classes that were made, and their classes."""
        if self.held is None or self.held_codes is None:
            return None
        places = np.flatnonzero(np.isin(self.held_codes, np.unique(self.made)))
        if not len(places):
            return None
        some = self.drawn(places, MOST.get(self.kind, OTHERS), "held")
        return taken(self.held, some), self.held_codes[some]

    def _labels(self, codes: Codes) -> list[Any]:
        return [self.classes[code] for code in codes.tolist()]

    def _some(self, name: str) -> tuple[Codes, Codes]:
        """Return places of real rows of the classes that were made, and of made rows, bounded for the report."""
        most = MOST.get(self.kind, OTHERS)
        kept = self.own[np.isin(self.own, self.kept)]
        return self.drawn(kept, most, f"{name} real"), self.drawn(np.arange(self.count), most, f"{name} made")


def _coded(labels: Labels, y: Any, n: int) -> Codes:
    """Return the codes of labels (n,). Raises: DataError where they are not as many; UnknownCategory."""
    values = np.asarray(_flat(y))
    if len(values) != n:
        raise DataError(f"{n:,} rows but {len(values):,} labels")
    codes, found = pd.factorize(values)
    known = np.array([labels.code(label) for label in found], dtype=np.intp)
    return known[codes] if len(known) else codes.astype(np.intp)


def _flat(y: Any) -> Any:
    """Return labels as one column: those of one-hot columns as their places, as a Balancer does."""
    if getattr(y, "ndim", 1) != 2:
        return y
    values = np.asarray(y)
    return values.ravel() if values.shape[1] == 1 else values.argmax(axis=1)
