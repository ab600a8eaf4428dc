"""Laws on the rows themselves: where they come from, what becomes of tiny classes, that they are new."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from ..data.kinds import count_rows, take_rows
from ..errors import FewRowsWarning
from .compare import as_frame, as_rows, difference
from .tables import Case, mixed_frame, two_classes
from .trial import ASKED, expect, fitted, sampled, seeded, trial

COPIES = 0.05  # share of exact duplicates from which on rows count as copied
MADE = 200


def names_its_parents(generator: Any, case: Case) -> None:
    """Check that parents are positions of real rows of the class asked; the weights of each made row sum to 1.

    Where `supports.parents` says so, every made row has one. Where `supports.copies` says that rows are copied, a row
    with one parent is that row, fresh identifiers apart.
    """
    tried = trial(generator, case)
    frame = tried.parents
    expect(generator, case, [*frame.columns] == ["row", "parent", "weight"], f"columns {[*frame.columns]}")
    if generator.supports.parents:
        lacking = ASKED - frame["row"].nunique()
        expect(generator, case, not lacking, f"{lacking} of {ASKED} made rows have no parent")
    if not len(frame):
        return
    rows, parents = frame["row"].to_numpy(), frame["parent"].to_numpy()
    inside = 0 <= rows.min() and rows.max() < ASKED and 0 <= parents.min() and parents.max() < count_rows(case.X)
    expect(generator, case, inside, "a row or a parent is out of range")
    sums = frame.groupby("row")["weight"].sum().to_numpy()
    expect(generator, case, bool(np.allclose(sums, 1, atol=1e-6)), f"weights sum to {sums.min()} to {sums.max()}")
    if case.labels:
        asked = np.array([case.labels.index(label) for label in tried.asked])
        wrong = np.flatnonzero(asked[rows] != case.codes[parents])
        expect(generator, case, not len(wrong), f"{len(wrong)} of {len(frame)} parents are of another class")
    if generator.supports.copies:
        alone = frame.loc[~frame["row"].duplicated(keep=False)]
        made, real = take_rows(tried.made, alone["row"].to_numpy()), take_rows(case.X, alone["parent"].to_numpy())
        text = _apart(case, made, real)
        expect(generator, case, not text, f"rows of one parent are no copies of it: {text}")


def states_its_ladder(generator: Any) -> None:
    """Check that classes of 1, 2 and 5 rows are no error; what is done with them is in `few_rows_`, and warned of once.

    A generator that does not copy has something to say of a class of one row.
    """
    if "table" not in generator.supports.kinds:
        return
    for count in (1, 2, 5):
        case = Case(f"{count} rows of a class", _table(generator), two_classes(rare=count))
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            made = seeded(generator).fit(case.X, case.y)
        warned = [str(warning.message) for warning in said if issubclass(warning.category, FewRowsWarning)]
        noted = "rare" in made.few_rows_
        expect(generator, case, len(warned) == noted, f"few_rows_ is {made.few_rows_}, the warnings are {warned}")
        expect(generator, case, all("rare" in text for text in warned), f"a warning does not name the class: {warned}")
        spoken = noted or count > 1 or generator.supports.copies
        expect(generator, case, spoken, "one row of a class, and nothing is said of it")
        got = count_rows(sampled(made, 23, y="rare"))
        expect(generator, case, got == 23, f"23 rows were asked and {got} came")


def makes_new_rows(generator: Any) -> None:
    """Check that from two distinct rows with a continuous column on under 5 % of the made rows are copies.

    Copies of real rows or of one another. Only tables with a continuous column count: floats that have neither a step
    nor a fixed number of decimals. Where all have, say two decimals over a narrow range, two mixes may well round to
    the same row.
    """
    can = generator.supports
    if "table" not in can.kinds or not can.numbers:
        return
    for count in (2, 3, 12):
        for name, X in _continuous(generator).items():
            y = two_classes(rare=count)
            made = as_rows(sampled(fitted(generator, X, y), MADE, y="rare"))
            known, copies = {*as_rows(X)}, 0
            for row in made:
                copies += row in known
                known.add(row)
            text = f"{copies} of {MADE} rows made from {count} are copies"
            expect(generator, Case(name, X, y), copies < COPIES * MADE, text)


def _continuous(generator: Any) -> dict[str, pd.DataFrame]:
    """Return tables whose rows differ in a continuous column, as far as the generator takes them."""
    plain = pd.DataFrame({"x": np.random.default_rng(5).normal(size=40)})
    tables = {"a continuous column": plain, "with integers": plain.assign(k=np.arange(40) // 9)}
    if generator.supports.categories:
        tables["with categories"] = mixed_frame()
    if generator.supports.missing:
        tables["with missing values"] = plain.assign(hole=plain["x"].where(np.arange(40) % 3 > 0), z=plain["x"] ** 2)
    twice = plain.assign(z=np.cos(3 * plain["x"]))
    rare = two_classes(rare=12) == "rare"
    twice.loc[rare] = twice.loc[rare].iloc[np.repeat([0, 3, 6, 7], [5, 4, 2, 1])].to_numpy()
    return {**tables, "repeated rows": twice}


def _table(generator: Any) -> pd.DataFrame:
    """Return 40 rows of sorts that the generator takes."""
    frame = mixed_frame()
    if not generator.supports.numbers:
        return frame[["size", "town"]]
    return frame if generator.supports.categories else frame[["weight", "age"]]


def _apart(case: Case, made: Any, real: Any) -> str:
    """Return how copies differ from their parents in the columns that are not fresh."""
    if case.identifiers:
        kept = [name for name in as_frame(real).columns if name not in case.identifiers]
        made, real = as_frame(made)[kept], as_frame(real)[kept]
    if isinstance(real, pd.DataFrame):
        real = real.reset_index(drop=True)
        made = made.reset_index(drop=True)
    return difference(real, made)
