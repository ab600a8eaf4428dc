"""The law of exact class, in its two forms, and that of conditions: what is asked for lies where it belongs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from .trial import fitted, sampled, say

IN_PLACE = 0.99  # share of made rows that must lie where their class lies
FOLLOWED = 0.9  # share of rows with a column held that must go with it
POINTS = 0.05  # how much less often than real rows made ones may be taken for their class
MADE = 300
APART = 10.0  # distance of the classes' centres on the planted table

LETTERS = dict(zip("abcde", range(5), strict=True))
Real = tuple[pd.DataFrame, npt.NDArray[Any], pd.DataFrame, npt.NDArray[Any]]


def exact_class(generator: Any) -> None:
    """Check that on a planted table whose classes do not overlap 99 % of the rows of `sample(n, y=c)` lie where c lies.

    Each class has a number around its own centre and words of its own, beside a number and a word that all share. A
    row lies where the class does when its number is nearest to the class's centre and its words are the class's.
    """
    if "table" not in generator.supports.kinds:
        return
    X, y = planted(generator)
    made = fitted(generator, X, y)
    for place, label in enumerate("abc"):
        share = float(_lies(sampled(made, MADE, y=label), place, label).mean())
        if share < IN_PLACE:
            text = f"{share:.1%} of the rows asked of class {label!r} lie where it lies"
            raise AssertionError(say(generator, None, text))


def exact_class_on_real(generator: Any) -> None:
    """Check that a classifier takes made rows of c for c as often as held-out real ones, within five points.

    Only taking them for c *less* often is a fault. The tables are scikit-learn's wine and breast cancer. One half of
    each trains both the classifier (a random forest) and the generator; the other is held out. For generators that
    take no numbers these are cut at their fifths into words.
    """
    if "table" not in generator.supports.kinds:
        return
    words = not generator.supports.numbers
    for name in ("wine", "breast cancer"):
        X, y, _, _ = _real(name, words)
        made, learner = fitted(generator, X, y), _learner(name, words)
        for label, real in _called(name, words).items():
            share = float((learner.predict(_numbers(sampled(made, MADE, y=label))) == label).mean())
            if share < real - POINTS:
                text = f"{name}: {share:.1%} of made rows of class {label} are taken for it, of real ones {real:.1%}"
                raise AssertionError(say(generator, None, text))


def makes_others_follow(generator: Any) -> None:
    """Check that columns follow one that is held at a value (`supports.conditions`).

    On a planted table a word, a number and a second word go together. Of the rows made with the word held 90 % at least
    must have the number and the second word that go with it.
    """
    can = generator.supports
    if not (can.conditions and can.numbers and can.categories and "table" in can.kinds):
        return
    rng = np.random.default_rng(11)
    place = rng.integers(3, size=240)
    X = pd.DataFrame({"word": np.array([*"xyz"])[place], "number": APART * place + rng.uniform(-1, 1, 240)})
    X["other"] = np.char.add(X["word"].to_numpy(dtype=str), rng.choice(["1", "2"], 240))
    made = fitted(generator, X, np.where(np.arange(240) % 4 == 0, "rare", "common"))
    for at, word in enumerate("xyz"):
        rows = sampled(made, MADE, y="rare", conditions={"word": word})
        near = (rows["number"] - APART * at).abs().to_numpy() < APART / 2
        share = float((near & rows["other"].str.startswith(word).to_numpy(dtype=bool)).mean())
        if share < FOLLOWED or not (rows["word"] == word).all():
            raise AssertionError(
                say(generator, None, f"{share:.1%} of the rows with word={word!r} are made to go with it")
            )


def planted(generator: Any, n: int = 120) -> tuple[pd.DataFrame, npt.NDArray[Any]]:
    """Return a table of three classes that do not overlap, a tenth of the rows of the rarest, of sorts it takes."""
    rng, can = np.random.default_rng(7), generator.supports
    place = np.repeat([0, 1, 2], [6 * n // 10, 3 * n // 10, n // 10])
    y = np.array([*"abc"])[place]
    columns: dict[str, Any] = {}
    if can.numbers:
        columns |= {"own": APART * place + rng.uniform(-1, 1, len(y)), "shared": rng.normal(0, 3, len(y))}
    if can.categories:
        words = rng.integers(3, size=len(y)).astype(str)
        columns |= {"word": np.char.add(y, words), "any": rng.choice(["p", "q", "r"], len(y))}
        columns["flag"] = np.char.add(y, rng.choice(["+", "-"], len(y)))
    order = rng.permutation(len(y))
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True), y[order]


def _lies(made: pd.DataFrame, place: int, label: str) -> npt.NDArray[np.bool_]:
    """Return which made rows lie where the class lies. Shape: (n,)."""
    there = np.ones(len(made), dtype=bool)
    if "own" in made:
        there &= (made["own"] - APART * place).abs().to_numpy() < APART / 2
    for name in ("word", "flag"):
        if name in made:
            there &= made[name].str.startswith(label).to_numpy(dtype=bool)
    return there


@lru_cache(maxsize=4)
def _real(name: str, words: bool) -> Real:
    """Return rows and labels to learn from, and held-out ones."""
    X, y = (load_wine if name == "wine" else load_breast_cancer)(return_X_y=True, as_frame=True)
    if words:
        X = X.apply(lambda column: pd.qcut(column, 5, labels=[*"abcde"], duplicates="drop").astype(str))
    learn, held, y_learn, y_held = train_test_split(X, y.to_numpy(), test_size=0.5, stratify=y, random_state=0)
    return learn.reset_index(drop=True), y_learn, held.reset_index(drop=True), y_held


@lru_cache(maxsize=4)
def _learner(name: str, words: bool) -> RandomForestClassifier:
    X, y, _, _ = _real(name, words)
    return RandomForestClassifier(50, random_state=0).fit(_numbers(X), y)


@lru_cache(maxsize=4)
def _called(name: str, words: bool) -> dict[int, float]:
    """Return how often held-out rows of each class are taken for it."""
    _, _, X, y = _real(name, words)
    got = _learner(name, words).predict(_numbers(X))
    return {int(label): float((got[y == label] == label).mean()) for label in np.unique(y)}


def _numbers(X: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return a table of numbers, or of the letters a to e, as a matrix."""
    if isinstance(X.dtypes.iloc[0], np.dtype) and X.dtypes.iloc[0].kind == "f":
        return X.to_numpy()
    return np.stack([X[name].map(LETTERS).to_numpy(float) for name in X], axis=1)
