"""Asking a generator for rows until enough of them have passed every gate."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..data.kinds import join_rows, take_rows
from ..errors import ConfigError, ShortWarning, TrainingFailed
from ..random import as_generator
from .strategy import Codes

ROUNDS = 12  # how often a generator is asked while gates refuse
HOPELESS = 4  # rounds after which, if no row at all has passed, no more are asked
MOST = 10  # times the lacking rows are asked for at once, at the most


@dataclass
class Answer:
    """Rows that passed.

    `places` (n,) says for each row which place of the plan it fills; `parents` is the generator's frame (row, parent,
    weight) with rows counted as here; `refused` counts by gate; `short` is how many rows are lacking.
    """

    rows: Any
    places: Codes
    parents: pd.DataFrame
    refused: dict[str, int]
    rounds: int = 1
    short: int = 0

    @classmethod
    def empty(cls, rows: Any) -> Self:
        """Return the answer where nothing is asked; rows are any of the right form."""
        none = np.zeros(0, dtype=np.intp)
        frame = pd.DataFrame({"row": none, "parent": none, "weight": np.zeros(0)})
        return cls(take_rows(rows, none), none, frame, {}, rounds=0)


def ask(generator: Any, wanted: Codes, names: npt.NDArray[Any], *, seed: int) -> Answer:
    """Ask once: one row for each wanted place, whose label `names` holds."""
    key = int(as_generator(seed, "ask", 0).integers(2**31))
    rows, parents = generator.sample(y=names[wanted], return_parents=True, random_state=key)
    return Answer(rows, wanted, parents, {})


def ask_through(
    gates: list[Any],
    generator: Any,
    wanted: Codes,
    names: npt.NDArray[Any],
    labels_of: Callable[[Codes], Any],
    *,
    seed: int,
    on_short: str,
) -> Answer:
    """Ask again and again for what gates refused, within a bound.

    Arguments:
        gates: fitted gates; a row passes where all accept it, and counts for the first that refuses it.
        labels_of: places to the labels that gates see.
        on_short: "warn", "fill" or "raise", as `Balancer` says.

    Raises: TrainingFailed where rows are lacking at the bound and `on_short` is "raise".
    """
    whole = _tally(wanted)
    refused = dict.fromkeys(_titles(gates), 0)
    pool: Any = None
    places, passed = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=bool)
    frames: list[pd.DataFrame] = []
    lacking, rate = whole, 1.0
    for turn in range(ROUNDS):
        asked = np.repeat([*lacking], [int(np.ceil(n * min(1 / rate, MOST))) for n in lacking.values()]).astype(np.intp)
        key = int(as_generator(seed, "ask", turn).integers(2**31))
        rows, parents = generator.sample(y=names[asked], return_parents=True, random_state=key)
        good = _accepted(gates, rows, labels_of(asked), refused)
        kept = _worth_keeping(asked, good, lacking, fill=on_short == "fill")
        rows, parents = take_rows(rows, kept), _kept(parents, kept)
        frames.append(parents.assign(row=parents["row"] + len(places)))
        pool = rows if pool is None else join_rows(pool, rows)
        places, passed = np.concatenate([places, asked[kept]]), np.concatenate([passed, good[kept]])
        rate = max(float(good.mean()), 1 / MOST)
        have = _tally(places[passed])
        lacking = {place: lack for place, n in whole.items() if (lack := n - have.get(place, 0)) > 0}
        if not lacking or (turn + 1 >= HOPELESS and not passed.any()):
            break
    short = sum(lacking.values())
    if short:
        _say_short(short, len(wanted), refused, on_short)
    order = _chosen(places, passed, whole, fill=on_short == "fill")
    rows = take_rows(pool, order)
    encoder: Any = getattr(generator, "encoder_", None)
    if turn and hasattr(encoder, "renew"):
        rows = encoder.renew(rows, as_generator(seed, "identifiers"))
    return Answer(rows, places[order], _kept(pd.concat(frames), order), refused, turn + 1, short)


def _worth_keeping(asked: Codes, good: npt.NDArray[np.bool_], lacking: dict[int, int], fill: bool) -> Codes:
    """Return which rows of one round may still be needed: those that passed, and what may have to fill their place."""
    kept = good.copy()
    for place, n in lacking.items() if fill else ():
        kept[np.flatnonzero((asked == place) & ~good)[-n:]] = True
    return np.flatnonzero(kept)


def _accepted(gates: list[Any], rows: Any, labels: Any, refused: dict[str, int]) -> npt.NDArray[np.bool_]:
    good = np.ones(len(labels), dtype=bool)
    for title, gate in zip(_titles(gates), gates, strict=True):
        fine = np.asarray(gate.accept(rows, labels), dtype=bool)
        if fine.shape != good.shape:
            raise ConfigError(f"{title} answered for {fine.shape} of {len(good):,} rows: accept gives one bool a row")
        refused[title] += int((good & ~fine).sum())
        good &= fine
    return good


def _titles(gates: list[Any]) -> list[str]:
    """Return the names of gates (their `title`, where they have one), numbered where one comes again."""
    names = [str(getattr(gate, "title", type(gate).__name__)) for gate in gates]
    return [
        name if names.index(name) == at else f"{name} {names[: at + 1].count(name)}" for at, name in enumerate(names)
    ]


def _say_short(short: int, whole: int, refused: dict[str, int], on_short: str) -> None:
    by = ", ".join(f"{name} {count:,}" for name, count in refused.items() if count)
    text = f"{short:,} of {whole:,} rows are lacking (refused: {by})"
    if on_short == "raise":
        raise TrainingFailed(f"{text}; loosen the gates, or take on_short='warn' or 'fill'")
    done = "filled with rows that were refused last" if on_short == "fill" else "they are left out"
    warnings.warn(f"{text}: {done}", ShortWarning, stacklevel=5)


def _chosen(places: Codes, passed: npt.NDArray[np.bool_], whole: dict[int, int], fill: bool) -> Codes:
    """Return which of all rows made are kept, place by place: those that passed, then the last refused."""
    order = []
    for place, n in whole.items():
        good = np.flatnonzero((places == place) & passed)[:n]
        bad = np.flatnonzero((places == place) & ~passed)[::-1][: n - len(good)] if fill else good[:0]
        order.append(np.concatenate([good, bad]))
    return np.concatenate(order).astype(np.intp)


def _kept(parents: pd.DataFrame, order: Codes) -> pd.DataFrame:
    """Return the parents of the kept rows, rows counted by their place in `order`."""
    place = pd.Series(np.arange(len(order)), index=order)
    mine = parents[parents["row"].isin(order)]
    made = mine.assign(row=place.reindex(mine["row"]).to_numpy().astype(np.intp))
    return made.sort_values("row", kind="stable", ignore_index=True)


def _tally(places: Codes) -> dict[int, int]:
    held, counts = np.unique(places, return_counts=True)
    return dict(zip(held.tolist(), counts.tolist(), strict=True))
