"""Laws on what a generator leaves alone, repeats, counts and keeps: input, parameters, random states, files."""

from __future__ import annotations

import copy
import json
import pickle
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl
from sklearn.base import clone

from ..data.kinds import take_rows
from ..errors import RealRowsWarning
from ..generators import GENERATORS
from ..generators.files import load
from .compare import difference
from .tables import Case, prefix_cases
from .trial import expect, fitted, quiet, sampled, seeded, suited, trial

PREFIXES = (1, 2, 3, 5, 7, 10, 13, 31, 50)  # counts whose rows must be the beginning of more


def is_a_plain_estimator(generator: Any) -> None:
    """Check that the constructor only stores, and what rests on that: clone, get_params, set_params, repr, copies.

    Fitted generators too can be copied and sent to another process, and give the same rows there.
    """
    params = generator.get_params(deep=False)
    made = type(generator)(**params)
    stored = all(getattr(made, name) is value for name, value in params.items()) and set(vars(made)) == set(params)
    expect(generator, None, stored, f"the constructor does more than store: {sorted(vars(made))}")
    expect(generator, None, repr(made) == repr(generator), "repr of the same parameters differs")
    twin = clone(generator)
    expect(generator, None, repr(twin) == repr(generator), f"clone gives {twin!r}, not {generator!r}")
    expect(generator, None, twin.set_params(random_state=5) is twin, "set_params does not return the generator")
    expect(generator, None, twin.get_params()["random_state"] == 5, "set_params(random_state=5) does not set it")
    case = suited(generator)
    whole = trial(generator, case).fitted
    want = sampled(whole, 20)
    for name, other in [("deepcopy", copy.deepcopy(whole)), ("pickle", pickle.loads(pickle.dumps(whole)))]:
        text = difference(want, sampled(other, 20))
        expect(generator, case, not text, f"{name} of a fitted generator gives other rows: {text}")


def leaves_input_alone(generator: Any, case: Case) -> None:
    """Check that `fit` and `sample` change neither X nor y nor the parameters."""
    X, y, made = copy.deepcopy(case.X), copy.deepcopy(case.y), seeded(generator)
    params, before = made.get_params(deep=False), repr(made.get_params())
    with quiet():
        back = made.fit(X, y)
        made.sample(3, y=case.labels[-1] if case.labels else None)
    for name, text in [("X", difference(case.X, X)), ("y", difference(case.y, y))]:
        expect(generator, case, not text, f"{name} was changed: {text}")
    kept = made.get_params(deep=False)
    same = all(kept[name] is value for name, value in params.items()) and repr(made.get_params()) == before
    expect(generator, case, same, f"the parameters were changed: {kept}")
    expect(generator, case, back is made, "fit does not return the generator")


def leaves_global_state_alone(generator: Any, case: Case) -> None:
    """Check that `fit` and `sample` leave alone random states (also torch's), thread counts, warning filters."""
    before = _global_state()
    sampled(fitted(generator, case.X, case.y), 3)
    after = _global_state()
    after["threads"] = {file: count for file, count in after["threads"].items() if file in before["threads"]}
    changed = [name for name, value in before.items() if difference(value, after[name])]
    expect(generator, case, not changed, f"changed: {', '.join(changed)}")


def same_seed_same_rows(generator: Any, case: Case) -> None:
    """Check that an int makes `fit` and `sample` pure: the same call gives the same rows, also after another `fit`."""
    tried, other = trial(generator, case), fitted(generator, case.X, case.y)
    first = tried.few, sampled(tried.fitted, 12, random_state=3)
    again = sampled(other, 12, random_state=3), tried.ask_few(other)  # in the other order, so that nothing rests on it
    for want, got in zip(first, reversed(again), strict=True):
        text = difference(want, got)
        expect(generator, case, not text, f"the same call gives other rows the second time: {text}")


def other_seed_other_rows(generator: Any) -> None:
    """Check that another int gives other rows, and None other rows each time; the count of draws is saved."""
    case = suited(generator)
    one = trial(generator, case).fitted
    rows = [sampled(one, 30, random_state=3), sampled(one, 30, random_state=4), sampled(one, 30)]
    expect(generator, case, _all_differ(rows), "another random_state gives the same rows")
    free = fitted(generator, case.X, case.y, None)
    with tempfile.TemporaryDirectory() as folder:
        rows = [sampled(free, 30)]
        other = _through_file(free, Path(folder) / "model")
        rows += [sampled(free, 30), sampled(free, 30)]
        expect(generator, case, _all_differ(rows), "with random_state=None two samples are the same")
        text = difference(rows[1], sampled(other, 30))
        expect(generator, case, not text, f"the counter of draws is not saved: {text}")
    expect(generator, case, _all_differ([rows[0], sampled(fitted(generator, case.X, case.y, None), 30)]),
            "with random_state=None two fits give the same rows")  # fmt: skip


def keeps_its_prefix(generator: Any, case: Case) -> None:
    """Check that `sample(10)` is the beginning of `sample(60)` where `supports.prefix` says so."""
    if not generator.supports.prefix:
        return
    made = trial(generator, case).fitted
    asks: list[dict[str, Any]] = [{}, *([{"y": case.labels[0]}] if case.labels else [])]
    for ask in asks:
        short, long = sampled(made, 10, **ask), take_rows(sampled(made, 60, **ask), np.arange(10))
        text = difference(short, long)
        expect(generator, case, not text, f"sample(10) is not the beginning of sample(60) ({ask}): {text}")


def keeps_its_prefix_whatever_the_count(generator: Any) -> None:
    """Check the same of many counts, where sums may be rounded otherwise: with ties among rows, and in many columns.

    How a product of matrices, or a search among many columns, rounds the last bits hangs on the number of rows.
    """
    cases = [case for case in prefix_cases() if case.suits(generator)] if generator.supports.prefix else []
    for case in cases:
        made = trial(generator, case).fitted
        long = sampled(made, PREFIXES[-1] + 14, y=case.labels[0])
        for n in PREFIXES:
            text = difference(sampled(made, n, y=case.labels[0]), take_rows(long, np.arange(n)))
            expect(generator, case, not text, f"sample({n}) is not the beginning of a longer sample: {text}")


def loads_what_it_saved(generator: Any, case: Case) -> None:
    """Check that a saved generator comes back and gives the same rows.

    The file says whether it holds real rows; where it does, `save` warns.
    """
    tried = trial(generator, case)
    made = tried.fitted
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            made.save(path)
        warned = any(issubclass(warning.category, RealRowsWarning) for warning in said)
        noted = json.loads((path / "model.json").read_text(encoding="utf-8"))["contains_real_rows"]
        expect(generator, case, warned == made.keeps_rows, f"holds_rows={made.keeps_rows}, warned={warned}")
        expect(generator, case, noted == made.keeps_rows, f"holds_rows={made.keeps_rows}, the file says {noted}")
        with registered(type(generator)):
            back = load(path)
    expect(generator, case, type(back) is type(made), f"a {type(back).__name__} was loaded")
    for name in ("classes_", "n_features_in_", "feature_names_in_", "few_rows_"):
        text = difference(getattr(made, name, None), getattr(back, name, None))
        expect(generator, case, not text, f"{name} is not what it was: {text}")
    if case.labels:
        text = difference(*(one.sample(0, y=[], return_y=True) for one in (made, back)))
        expect(generator, case, not text, f"labels come in another form: {text}")
    text = difference(tried.few, tried.ask_few(back))
    expect(generator, case, not text, f"the loaded generator gives other rows: {text}")


@contextmanager
def registered(made: type[Any]) -> Iterator[None]:
    """Let `load` find a class that no table of generators names yet."""
    new = made.__name__ not in GENERATORS
    if new:
        GENERATORS[made.__name__] = made.__module__
    try:
        yield
    finally:
        if new:
            del GENERATORS[made.__name__]


def _through_file(made: Any, path: Path) -> Any:
    with warnings.catch_warnings(), registered(type(made)):
        warnings.simplefilter("ignore", RealRowsWarning)
        made.save(path)
        return load(path)


def _global_state() -> dict[str, Any]:
    """Return what a caller may have set: random states, threads, filters, floating-point errors."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 -- the global state is what is looked at
    state: dict[str, Any] = {
        "random": random.getstate(),
        "numpy.random": [kind, keys, *rest],
        "threads": {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()},
        "warnings.filters": [repr(entry) for entry in warnings.filters],
        "numpy.geterr": np.geterr(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        state["torch"] = torch.get_rng_state().numpy()
        state["torch threads"] = [torch.get_num_threads(), torch.is_grad_enabled()]
    return state


def _all_differ(parts: list[Any]) -> bool:
    return all(difference(one, two) for place, one in enumerate(parts) for two in parts[:place])
