"""What synthetic rows give away of the rows that their generator learned from.

Copies, distances, an attack and rare combinations, each beside what rows that were held out have by chance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ...errors import ConfigError
from ...learners.base import Features
from ...random import as_generator
from .attack import FEWEST_FALSE, Attack, attack
from .found import Privacy, sentences
from .links import links_of
from .near import NONE, Distance, Near, copies, distances, nearer, nearest, nearest_other
from .points import NAMES, Parts, Places
from .singling import ENOUGH, HEADS, Singling, rates, singled

FEWEST = 20  # rows of a part, from which on there are figures
LARGEST = 50_000  # rows of a part that are searched
ASKED = 2_000  # rows of a part whose nearest are searched
ALIKE = 20_000  # rows of training and of held-out ones, to which of whom synthetic rows are nearer


def privacy(
    real: Any,
    synthetic: Any,
    *,
    held: Any = None,
    parents: Any = None,
    places: Any = None,
    schema: Any = None,
    features: Features | None = None,
    random_state: int = 0,
) -> Privacy:
    """Return what synthetic rows give away of the rows that their generator learned from.

    Give rows of the classes that were made alone, with their labels as a column or without: rows of other classes
    weaken every figure. Of half the held-out rows the density of real rows is learned, and the other half are those
    whom members are told from. Of more than 50,000 rows of a part as many are drawn, 2,000 of whom are asked for their
    nearest; copies are counted among all rows.

    Arguments:
        real: (n, ...) rows that the generator learned, of any kind.
        synthetic: (m, ...) rows, of the same kind and columns.
        held: (h, ...) real rows that it has not seen, drawn as the others were, at least 20. Without them there is no
            attack, and each real row's distance to the others is the baseline.
        parents: frame of row and parent: `Balancer.parents_`, or what `sample(return_parents=True)` returns.
        places: where the given rows are some of those that parents name: which, a mask or positions of the real rows
            in X, and one of the synthetic rows in the result. None, or None for one: they are all of them.
        schema: kinds of columns that are not to be guessed (tables).
        features: from rows to numbers (n, d), in which distances are measured; each is scaled. Without it tables are
            coded and scaled, images are seen at 16 pixels a side, texts by runs of characters, series at 64 moments
            and recordings by mel spectrograms.
        random_state: at least 0: the same figures for the same rows.

    Raises: DataError where rows, parents or places cannot be used; ConfigError for a wrong schema, features or seed.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> real, held = rng.normal(size=(200, 3)), rng.normal(size=(200, 3))
        >>> found = privacy(real, real[:100] + 0.001, held=held)
        >>> found.copies.count, bool(found.attack.interval[0] > 0.5), "prove nothing" in found.verdict[-1]
        (0, True, True)
        >>> from gensynth import SMOTE, Balancer
        >>> y, balancer = np.repeat(["many", "few"], [150, 50]), Balancer(SMOTE())
        >>> X_new, y_new = balancer.fit_resample(real, y)
        >>> few, made = y == "few", balancer.is_synthetic_ & (y_new == "few")
        >>> found = privacy(real[few], X_new[made], parents=balancer.parents_, places=(few, made))
    """
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer) or random_state < 0:
        raise ConfigError(f"random_state must be a whole number, at least 0, got {random_state!r}")
    seed = int(random_state)
    parts = Parts(real, synthetic, held, schema, features)
    sizes = len(parts.parts["real"]), len(parts.parts["synthetic"])
    if parents is None and places is not None:
        raise ConfigError("places says which rows parents name: give parents too")
    return _found(parts, None if parents is None else links_of(parents, places, *sizes), seed)


def _found(parts: Parts, links: tuple[Places, Places] | None, seed: int) -> Privacy:
    """Return all figures of parts, of which one may be too small."""
    sizes = {name: len(part) for name, part in parts.parts.items()}
    keys = [part.keys() for part in parts.parts.values()]
    enough = min(sizes["real"], sizes["synthetic"]) >= FEWEST
    searched = {name: count for name, count in sizes.items() if enough and (count >= FEWEST or name != "held")}
    places = {name: _drawn(count, LARGEST, seed, name) for name, count in searched.items()}
    counts = {name: len(places.get(name, ())) for name in NAMES}
    known: dict[str, Any] = {
        "kind": parts.kind,
        "rows": {name: sizes.get(name, 0) for name in NAMES} | {f"searched_{name}": n for name, n in counts.items()},
        "copies": copies(keys[0], keys[1], keys[2] if len(keys) > 2 else None),
        "near": Near(np.nan, np.nan, NONE, np.nan),
        "distance": Distance(np.nan, np.nan, np.nan, np.nan, np.nan, NONE),
        "attack": Attack.none(),
        "singling": Singling.none(),
        "singled": pd.DataFrame({name: [] for name in HEADS}),
    }
    if enough:
        known |= _by_points(parts, places, seed)
        if parts.layout is not None:
            known |= _by_cells(parts, places, links, seed)
    found = Privacy(**known, verdict=())
    return replace(found, verdict=sentences(found, _few(sizes)))


def _few(sizes: dict[str, int]) -> list[str]:
    """Return what cannot be told, in sentences."""
    short = [f"{count} {name}" for name, count in sizes.items() if count < FEWEST]
    made = [f"Too few rows to tell more ({', '.join(short)}; at least {FEWEST} are needed)."] if short else []
    if "held" not in sizes:
        made.append(
            "No attack was made, as it needs real rows that were held out: distances are beside those of real rows."
        )
    elif sizes["held"] < 2 * FEWEST_FALSE - 1 and not short:
        made.append(
            f"Fewer than {2 * FEWEST_FALSE} rows were held out: what is found at 1 % false positives is not told."
        )
    return made


def _by_points(parts: Parts, places: dict[str, Places], seed: int) -> dict[str, Any]:
    """Return the figures of distances and of the attack."""
    points = parts.points(places)
    real, made, held = points["real"], points["synthetic"], points.get("held")
    some = made[_drawn(len(made), ASKED, seed, "asked")]
    if held is None:
        usual = nearest_other(real, _drawn(len(real), ASKED, seed, "usual"))
    else:
        usual = nearest(real, held[_drawn(len(held), ASKED, seed, "usual")])[0]
    near, distance = distances(nearest(real, some), usual)
    if held is None:
        return {"near": near, "distance": distance}
    n = min(len(real), len(held), ALIKE)
    one, other = (part[_drawn(len(part), n, seed, "nearer")] for part in (real, held))
    share, ends = nearer(some, one, other)
    order = as_generator(seed, "targets").permutation(len(held))
    reference, others = held[order[: len(held) // 2]], held[order[len(held) // 2 :][:ASKED]]
    members = real[_drawn(len(real), ASKED, seed, "members")]
    return {
        "near": near,
        "distance": replace(distance, nearer=share, nearer_interval=ends),
        "attack": attack(made, members, others, reference, seed),
    }


def _by_cells(
    parts: Parts, places: dict[str, Places], links: tuple[Places, Places] | None, seed: int
) -> dict[str, Any]:
    """Return the rare combinations that recur, and whose they are."""
    assert parts.layout is not None
    codes = {name: parts.parts[name].codes[at] for name, at in places.items()}  # type: ignore[index]
    real, made, held = codes["real"], codes["synthetic"], codes.get("held")
    if links is not None:
        links = _among(links, places, {name: len(parts.parts[name]) for name in places})
    found = singled(real, held, made, parts.layout, links, seed)
    found = found.assign(parent=places["real"][found["parent"].to_numpy(dtype=np.intp)])
    if held is None:
        return {"singled": found}
    n = min(len(real), len(held), ENOUGH)
    one, other = (part[_drawn(len(part), n, seed, "rare")] for part in (real, held))
    return {"singled": found, "singling": rates(one, other, made, parts.layout, seed)}


def _among(links: tuple[Places, Places], places: dict[str, Places], sizes: dict[str, int]) -> tuple[Places, Places]:
    """Return the links between rows that were drawn, by their places among these."""
    moved = []
    for name, rows in zip(("synthetic", "real"), links, strict=True):
        where = np.full(sizes[name], -1)
        where[places[name]] = np.arange(len(places[name]))
        moved.append(where[rows])
    both = (moved[0] >= 0) & (moved[1] >= 0)
    return moved[0][both], moved[1][both]


def _drawn(count: int, most: int, seed: int, name: str) -> Places:
    """Return the places of so many rows at most, in order. Shape: (min(count, most),)."""
    if count <= most:
        return np.arange(count)
    return np.sort(as_generator(seed, "privacy", name).permutation(count)[:most])
