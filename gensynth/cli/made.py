"""What a Balancer made, and other rows in place of those that somebody refused.

A row that is refused is replaced by the next of its class in an order of its own: blocks of 16, 32, 64, ... rows of
every class, each of a seed of its own, through the same gates. Rows that are kept are therefore the same whatever else
is refused, with any generator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from ..balance import Balancer
from ..balance.prefit import renewed
from ..data.kinds import count_rows, join_rows, take_rows
from ..errors import ConfigError, ShortWarning, TrainingFailed, ignoring, nearest
from ..random import as_generator
from ..store.folders import Names
from .request import Positions

BLOCK, HOPELESS = 16, 4  # rows of a class in the first block; blocks without any after which no more are made


@dataclass(frozen=True)
class Made:
    """Synthetic rows (m,) and their labels; `parents` is a frame (row, parent), the weightiest of a row first.

    Rows count from 0, parents are positions among all rows of the data. The frame is empty where none is known.
    """

    rows: Any
    labels: Sequence[Any]
    parents: pd.DataFrame

    @classmethod
    def of(cls, balancer: Balancer, X_new: Any, y_new: Any, places: Positions | None) -> Made:
        """Return what a Balancer made; `places` are the rows that its generator learned, None where they are others."""
        made = np.flatnonzero(balancer.is_synthetic_)
        found = balancer.parents_.sort_values(["row", "weight"], ascending=[True, False], kind="stable")
        if places is None:
            found = found.iloc[:0]
        parents = np.zeros(0, dtype=np.intp) if places is None else places[found["parent"].to_numpy(dtype=np.intp)]
        frame = pd.DataFrame({"row": found["row"].to_numpy(dtype=np.intp) - len(balancer.kept_), "parent": parents})
        rows = X_new.iloc[made] if hasattr(X_new, "iloc") else take_rows(X_new, made)
        return cls(rows, pd.Series(y_new).iloc[made].tolist(), frame)

    def first(self) -> Positions | None:
        """Return the weightiest parent of each row; None where one has none. Shape: (m,)."""
        found = self.parents.drop_duplicates("row")
        return found["parent"].to_numpy(dtype=np.intp) if len(found) == len(self.labels) else None

    def joined(self, other: Made) -> Made:
        """Return these rows followed by others."""
        moved = other.parents.assign(row=other.parents["row"] + len(self.labels))
        frame = pd.concat([self.parents, moved], ignore_index=True)
        return Made(join_rows(self.rows, other.rows), [*self.labels, *other.labels], frame)

    def taken(self, order: Positions) -> Made:
        """Return some rows, in an order."""
        places = pd.Series(np.arange(len(order)), index=order)
        mine = self.parents[self.parents["row"].isin(order)]
        frame = mine.assign(row=places.reindex(mine["row"]).to_numpy(dtype=np.intp))
        frame = frame.sort_values("row", kind="stable", ignore_index=True)
        rows = take_rows(self.rows, order)
        return Made(rows, [self.labels[row] for row in order], frame)


class Fresh:
    """Rows beyond those that a Balancer made, class by class.

    Arguments:
        balancer: which did it.
        X: the rows that it was given, or those of them that it kept.
        y: their labels.
        places: of these rows among all, None where its generator learned others.
        known: all rows that there are, which no identifier is to be of again.
    """

    def __init__(self, balancer: Balancer, X: Any, y: pd.Series, places: Positions | None, known: Any) -> None:
        self.balancer, self.X, self.y, self.places, self.known = balancer, X, y, places, known
        self.waiting: dict[Any, deque[int]] = {label: deque() for label in balancer.sampling_strategy_}
        self.blocks: list[Made] = []
        self.count = 0

    def next(self, label: Any) -> int:
        """Return the number of the next row of a class, counted from 0. Raises: TrainingFailed where there is none."""
        end = len(self.blocks) + HOPELESS
        while not self.waiting[label]:
            if len(self.blocks) == end:
                raise TrainingFailed(f"no more rows of class {label!r} pass the gates: loosen these, or refuse fewer")
            self._block()
        return self.waiting[label].popleft()

    def _block(self) -> None:
        turn, before = len(self.blocks), self.balancer
        seed = int(as_generator(before.seed_, "in place of refused", turn).integers(2**31))
        counts = self.y.value_counts()
        wanted = {label: int(counts[label]) + (BLOCK << turn) for label in self.waiting}
        again = Balancer(
            before.generator_, sampling_strategy=wanted, gates=before.gates, prefit=True, random_state=seed,
            on_short="fill" if before.on_short == "fill" else "warn",
        )  # fmt: skip
        with ignoring(ShortWarning):  # more are asked for than are needed
            made = Made.of(again, *again.fit_resample(self.X, self.y), self.places)
        encoder = getattr(before.generator_, "encoder_", None)
        if getattr(encoder, "identifiers", ()):
            rows = renewed(made.rows, self.known, encoder, as_generator(seed, "identifiers"))
            made, self.known = Made(rows, made.labels, made.parents), join_rows(self.known, rows)
        for row, label in enumerate(made.labels):
            self.waiting[label].append(self.count + row)
        self.count += len(made.labels)
        self.blocks.append(made)


def fresh_for(balancer: Balancer, X: Any, y: pd.Series, X_new: Any, train: Positions) -> Fresh:
    """Return rows beyond those that a Balancer made of X and y, whose places among all rows are `train`."""
    kept = balancer.kept_
    real = X if len(kept) == count_rows(X) else take_rows(X, kept)
    y = y.iloc[kept].reset_index(drop=True)
    return Fresh(balancer, real, y, None if balancer.prefit else train[kept], X_new)


def without_rows(made: Made, refused: Sequence[str | int], fresh: Fresh) -> Made:
    """Return made rows, others in place of refused ones.

    Arguments:
        made: (m,) rows.
        refused: their numbers, from 1; one that comes again refuses the row that took its place.
        fresh: where others come from.

    Raises: ConfigError for what is no number of a row.
    """
    order = np.arange(len(made.labels))
    for word in refused:
        text = str(word).strip()
        if not text.isdecimal() or not 1 <= int(text) <= len(order):
            raise ConfigError(
                f"--reject names {text!r:.60}, and synthetic rows have the numbers 1 to {len(order):,}, in the order "
                "in which they stand in the output"
            )
        order[int(text) - 1] = len(order) + fresh.next(made.labels[int(text) - 1])
    return _ordered(made, fresh, order)


def without_files(
    made: Made, refused: Sequence[str | int], fresh: Fresh, names: Names, real: Sequence[PurePath]
) -> tuple[Made, list[PurePath]]:
    """Return made rows, others in place of refused ones, and the name of each, without a suffix.

    Arguments:
        made: (m,) rows.
        refused: names of files in the output.
        fresh: where others come from.
        names: which are given.
        real: the files that are there.

    Raises: ConfigError for what is no name of a made file.
    """
    order = np.arange(len(made.labels))
    found = [names.numbered(label) for label in made.labels]
    held = {name: place for place, name in enumerate(found)}
    for word in sorted({str(word) for word in refused}):
        place = held.pop(_plain(word), None)
        if place is None:
            raise _unknown(word, found, real)
        order[place] = len(order) + fresh.next(made.labels[place])
        found[place] = names.numbered(made.labels[place])
        held[found[place]] = place
    return _ordered(made, fresh, order), found


def _plain(word: str) -> PurePath:
    """Return the name that is meant, without a suffix."""
    name = PurePath(word.strip().replace("\\", "/"))
    return name.with_suffix("") if name.name else name


def _unknown(word: str, found: Sequence[PurePath], real: Sequence[PurePath]) -> ConfigError:
    if PurePath(word.strip()) in set(real):
        return ConfigError(f"--reject names {word}, a real file: take it out of the data instead")
    return ConfigError(
        f"--reject names {word!r:.80}, and no such file is made{nearest(word, found)} "
        "(--config RECIPE goes on from what was refused before)"
    )


def _ordered(made: Made, fresh: Fresh, order: Positions) -> Made:
    for block in fresh.blocks:
        made = made.joined(block)
    return made.taken(order) if fresh.blocks else made
