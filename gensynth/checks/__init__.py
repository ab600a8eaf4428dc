"""The laws that every generator keeps, and `check_generator`, which tries them all.

A law is a function of a generator, or of a generator and a `Case` (a table to try it on), that raises AssertionError
where the generator breaks it. `LAWS` holds them all; `DEVIATIONS` is the one table of those that a generator is
excused from, each with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import asking, classes, purity, rows, values
from .deviations import DEVIATIONS, deviations_of
from .tables import Case, grid

Law = Callable[..., None]

TABLE_LAWS: tuple[Law, ...] = (
    asking.refuses_what_it_does_not_take,
    asking.gives_the_labels_asked,
    asking.keeps_conditions,
    values.restores_the_container,
    values.keeps_to_possible_values,
    values.keeps_missing_values_possible,
    values.gives_fresh_identifiers,
    rows.names_its_parents,
    purity.leaves_input_alone,
    purity.loads_what_it_saved,
    purity.keeps_its_prefix,
    asking.gives_the_count_asked,
    purity.leaves_global_state_alone,
    purity.same_seed_same_rows,
)
PATH_LAWS = TABLE_LAWS[-3:]  # what they are about does not hang on single columns: see `broken`
OTHER_LAWS: tuple[Law, ...] = (
    asking.draws_labels_at_their_frequency,
    asking.refuses_wrong_requests,
    asking.refuses_before_fit,
    asking.refuses_bad_data,
    purity.is_a_plain_estimator,
    purity.keeps_its_prefix_whatever_the_count,
    purity.other_seed_other_rows,
    rows.states_its_ladder,
    rows.makes_new_rows,
    classes.exact_class,
    classes.exact_class_on_real,
    classes.makes_others_follow,
)
LAWS: tuple[Law, ...] = (*TABLE_LAWS, *OTHER_LAWS)

__all__ = [
    "DEVIATIONS",
    "LAWS",
    "OTHER_LAWS",
    "TABLE_LAWS",
    "Case",
    "broken",
    "check_generator",
    "deviations_of",
    "grid",
]


def check_generator(
    generator: Any, *, expected: Mapping[str, str] | None = None, tables: Iterable[Case] | None = None
) -> None:
    """Try every law on a generator, over every table that it takes.

    Arguments:
        generator: an instance; copies of it are used, with random states of the laws' own.
        expected: laws that it is known to break, by name, each with the reason; beside those in `DEVIATIONS`.
        tables: what to try it on instead of `grid()`.

    Raises: AssertionError that lists all broken laws, and, without `tables`, the expected ones that are kept.

    Example:
        >>> import numpy as np
        >>> from gensynth.generators.copies import RandomOverSampler
        >>> table = Case("two rows", np.array([[0.5], [1.5]]), ["a", "b"])
        >>> check_generator(RandomOverSampler(), tables=[table])
    """
    excused = {**deviations_of(generator), **(expected or {})}
    unknown = {*(expected or {})} - {law.__name__ for law in LAWS}
    faults = [f"there is no law {name!r} to be excused from" for name in sorted(unknown)]
    cases = grid() if tables is None else tuple(tables)
    for law in LAWS:
        found = broken(law, generator, cases)
        if law.__name__ not in excused:
            faults += [f"{law.__name__}: {text}" for text in found]
        elif not found and tables is None:
            faults.append(f"{law.__name__}: kept on every table, so its deviation is to go ({excused[law.__name__]})")
    if faults:
        raise AssertionError("\n".join([f"{len(faults)} faults of {generator!r}", *faults]))


def broken(law: Law, generator: Any, tables: Iterable[Case] | None = None) -> list[str]:
    """Return how a generator breaks a law: one message for each table, none where it keeps it.

    A law of tables is tried on those that the generator takes; `refuses_what_it_does_not_take` on the others. Laws on
    counts and random states are tried on one table of each sort: its container and what stands in it. An error that
    a law does not expect is a breach too.
    """
    if law not in TABLE_LAWS:
        return _tried(law, generator)
    taken = law is not asking.refuses_what_it_does_not_take
    cases = [case for case in (grid() if tables is None else tables) if case.suits(generator) == taken]
    if law in PATH_LAWS:
        cases = [*{(type(case.X), case.needs): case for case in reversed(cases)}.values()]
    return [text for case in cases for text in _tried(law, generator, case)]


def _tried(law: Law, generator: Any, *case: Case) -> list[str]:
    try:
        law(generator, *case)
    except AssertionError as error:
        return [str(error)]
    except Exception as error:
        where = f" on {case[0].name!r}" if case else ""
        return [f"{type(generator).__name__}{where}: {type(error).__name__}: {error}"]
    return []
