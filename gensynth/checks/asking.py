"""Laws on what is asked for: counts, labels, conditions, and requests that must be refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..data.kinds import count_rows
from ..errors import ConfigError, DataError, NotFitted, UnknownCategory, Unsupported
from ..generators import all_generators
from .compare import as_frame
from .tables import Case, mixed_frame, two_classes
from .trial import ASKED, expect, fitted, sampled, say, seeded, suited, trial


def gives_the_count_asked(generator: Any, case: Case) -> None:
    """Check that `sample` gives n rows: none, one, 7 of a class, 100 of given labels."""
    tried = trial(generator, case)
    for n in (0, 1):
        got = count_rows(sampled(tried.fitted, n))
        expect(generator, case, got == n, f"sample({n}) gave {got} rows")
    got = count_rows(tried.few[0])
    expect(generator, case, got == 7, f"7 rows of a class were asked and {got} came")
    got = count_rows(tried.made)
    expect(generator, case, got == ASKED, f"{ASKED} rows were asked and {got} came")


def gives_the_labels_asked(generator: Any, case: Case) -> None:
    """Check that `sample(y=labels, return_y=True)` gives these labels, in order, as those of training came."""
    if not case.labels:
        return
    tried = trial(generator, case)
    got = _plain(tried.made_y)
    expect(generator, case, got == tried.asked, f"asked labels {tried.asked[:5]}..., got {got[:5]}...")
    want = pd.Series(case.y).dtype if isinstance(case.y, pd.Series) else getattr(case.y, "dtype", None)
    if not isinstance(case.y, pd.DataFrame):
        kept = type(tried.made_y) is type(case.y) and getattr(tried.made_y, "dtype", None) == want
        expect(generator, case, kept, f"labels came as {type(tried.made_y).__name__} of {_dtype(tried.made_y)}")
    if isinstance(case.y, pd.Series):
        fresh = tried.made_y.name == case.y.name and tried.made_y.index.equals(pd.RangeIndex(ASKED))
        expect(generator, case, fresh, "the labels' name or index is not as it should be")


def draws_labels_at_their_frequency(generator: Any) -> None:
    """Check that `sample(n)` without y draws labels as often as they stand in training."""
    case = suited(generator)
    _, labels = sampled(trial(generator, case).fitted, 400, return_y=True)
    got = np.array([_plain(labels).count(label) for label in case.labels]) / 400
    want = np.bincount(case.codes) / len(case.codes)
    close = bool((np.abs(got - want) <= 5 * np.sqrt(want * (1 - want) / 400)).all())
    expect(generator, case, close, f"labels came with shares {got.round(3)}, in training they were {want.round(3)}")


def refuses_wrong_requests(generator: Any) -> None:
    """Check what must be an error: an n that is no count, or not len(y); an unknown label (the nearest is offered)."""
    case = suited(generator)
    made, label = trial(generator, case).fitted, case.labels[-1]
    for n in (-1, 2.5, True, "3"):
        _raises(generator, case, ConfigError, f"sample({n!r})", lambda n=n: made.sample(n))
    _raises(generator, case, ConfigError, "sample() with neither n nor y", lambda: made.sample())
    _raises(generator, case, ConfigError, "one label without n", lambda: made.sample(y=label))
    _raises(generator, case, ConfigError, "n=3 with two labels", lambda: made.sample(3, y=[label, label]))
    wrong = f"{label}e"
    said = _raises(generator, case, UnknownCategory, f"sample(2, y={wrong!r})", lambda: made.sample(2, y=wrong))
    expect(generator, case, str(label) in said, f"the error for the label {wrong!r} does not offer {label!r}: {said}")
    _raises(generator, case, UnknownCategory, "an unknown label in y", lambda: made.sample(y=[label, wrong]))


def refuses_before_fit(generator: Any, tmp: str = "never-written") -> None:
    """Check that `sample` and `save` before `fit` are NotFitted errors."""
    made = seeded(generator)
    _raises(generator, None, NotFitted, "sample before fit", lambda: made.sample(3))
    _raises(generator, None, NotFitted, "save before fit", lambda: made.save(tmp))


def refuses_what_it_does_not_take(generator: Any, case: Case) -> None:
    """Check that data which `supports` leaves out is an Unsupported error, which names a generator that takes it.

    This is the one law for the tables that a generator does not take; all others are for those that it takes.
    """
    if case.suits(generator):
        return
    said = _raises(generator, case, Unsupported, "fit", lambda: fitted(generator, case.X, case.y))
    others = [name for name, made in all_generators().items() if case.suits(made)]
    named = any(name in said for name in others if name != type(generator).__name__) or not others
    expect(generator, case, named, f"the error names no generator that takes it ({', '.join(others[:3])}): {said}")


def refuses_bad_data(generator: Any) -> None:
    """Check what must be a DataError: no rows, lengths that differ, missing labels, repeated names, infinity."""
    if "table" not in generator.supports.kinds:
        return
    frame, y = suited(generator).X, two_classes()
    frame = mixed_frame() if count_rows(frame) != len(y) else as_frame(frame)
    twice = pd.concat([frame, frame.iloc[:, :1]], axis=1)
    bad: dict[str, tuple[Any, Any]] = {
        "no rows": (frame.iloc[:0], y[:0]),
        "no columns": (frame.iloc[:, :0], y),
        "one label too few": (frame, y[1:]),
        "a missing label": (frame, [None, *y[1:].tolist()]),
        "a measured target": (frame, np.linspace(0, 1, len(y))),
        "a column name twice": (twice, y),
        "lists in a column": (frame.assign(lists=pd.Series([[1, 2]] * len(y), dtype=object)), y),
    }
    if generator.supports.numbers:
        bad["infinity"] = (frame.assign(far=np.append(np.arange(len(y) - 1.0), np.inf)), y)
    for name, (X, labels) in bad.items():
        _raises(generator, None, DataError, f"fit with {name}", lambda X=X, labels=labels: fitted(generator, X, labels))


def keeps_conditions(generator: Any, case: Case) -> None:
    """Check that `conditions={column: value}` holds the column there, or is an Unsupported error."""
    if case.kind != "table" or "sparse" in case.needs:
        return
    made, real = trial(generator, case).fitted, as_frame(case.X)
    value: Any
    column, value = real.columns[-1], real.iloc[0, -1]
    if not generator.supports.conditions:
        _raises(generator, case, Unsupported, "conditions", lambda: made.sample(2, conditions={column: value}))
        return
    got = as_frame(sampled(made, 20, conditions={column: value}))[column]
    held = got.isna() if pd.isna(value) else got == value
    expect(generator, case, bool(held.all()), f"{column!r} was to be {value!r}, and is {got.tolist()[:5]}")


def _raises(generator: Any, case: Case | None, kind: type[Exception], what: str, call: Any) -> str:
    """Return the message of the error that a call raises, which must be of this kind."""
    try:
        call()
    except kind as error:
        return str(error)
    except Exception as error:
        text = f"{what} should be a {kind.__name__}, and is {type(error).__name__}: {error}"
        raise AssertionError(say(generator, case, text)) from error
    raise AssertionError(say(generator, case, f"{what} should be a {kind.__name__}, and nothing was raised"))


def _plain(labels: Any) -> list[Any]:
    return (
        [*labels]
        if isinstance(labels, list)
        else list(labels.tolist() if hasattr(labels, "tolist") else labels.to_list())
    )


def _dtype(labels: Any) -> str:
    return str(getattr(labels, "dtype", "no dtype"))
