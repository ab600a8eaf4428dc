"""A corpus read once: its running words as numbers, and how much each word leans to each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..rowwise import Listed
from .words import free, words_of

MOST_WORDS = 1_000_000  # of running text, about; of longer corpora every k-th text is read
MOST_CLASSES = 100
OTHER, EDGE = 0, 1  # what stands for a word that is not free, and for the end of a text

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Running:
    """The words of texts one after another, an EDGE after each text and before the first.

    Shape: ids (n,) places of the words in `named`; texts (n,) to which text each belongs. `named` are the free words in
    lower case, in the order in which they first come, after what stands for OTHER and EDGE.
    """

    named: list[str]
    ids: Codes
    texts: Codes

    @property
    def counts(self) -> Codes:
        """How often each word comes. Shape: (named,)."""
        made: Codes = np.bincount(self.ids, minlength=len(self.named))
        return made


class _Ids(dict[str, int]):
    """Numbers of words as they are written: one for all cases of a word, OTHER for what is not free."""

    def __init__(self) -> None:
        super().__init__()
        self.lower: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        at = self.lower.setdefault(word.lower(), len(self.lower) + 2) if free(word) else OTHER
        self[word] = at
        return at


def read(rows: Listed[str]) -> Running:
    """Return the running words of texts, kept beside the rows for all that learn from them."""
    kept: Running | None = rows.__dict__.get("_running")
    if kept is None:
        kept = rows.__dict__["_running"] = running(rows.rows)
    return kept


def running(texts: Sequence[str]) -> Running:
    """Return the running words of texts; of every k-th text where they have more than about MOST_WORDS."""
    step = 1 + sum(map(len, texts)) // (6 * MOST_WORDS)
    numbers, found, sizes = _Ids(), [EDGE], []
    for text in texts[::step]:
        found += map(numbers.__getitem__, words_of(text))
        found.append(EDGE)
        sizes.append(len(found))
    place = np.repeat(np.arange(len(sizes)), np.diff([0, *sizes])) * step
    return Running(["", "\n", *numbers.lower], np.asarray(found, np.int64), place)


def leaning(corpus: Running, y: Any) -> tuple[Floats, dict[Any, int]] | None:
    """Return how much each word w leans to each class k, and the classes.

    From its counts n there and elsewhere, with half a word added for each of the V words:

        lean(w, k) = log (n_wk + 1/2) / (N_k + V/2) - log (n_w - n_wk + 1/2) / (N - N_k + V/2)

    None where labels tell nothing: none, of one class, of more than MOST_CLASSES, or no single values.

    Shape: lean (named, classes).
    """
    coded = codes_of(y)
    if coded is None:
        return None
    classes, code = coded
    size = (len(classes), len(corpus.named))
    n = np.bincount(code[corpus.texts] * size[1] + corpus.ids, minlength=size[0] * size[1]).reshape(size).T
    n = n.astype(np.float64)
    n[EDGE] = 0
    total, half = n.sum(axis=0), 0.5 * len(n)
    rest, others = n.sum(axis=1, keepdims=True) - n, total.sum() - total
    return np.log((n + 0.5) / (total + half)) - np.log((rest + 0.5) / (others + half)), classes


def codes_of(y: Any) -> tuple[dict[Any, int], Codes] | None:
    """Return classes and the place of each row's class among them, (n,); None where labels tell nothing."""
    if y is None or y.ndim != 1:
        return None
    labels = y.tolist()
    try:
        classes = {label: place for place, label in enumerate(dict.fromkeys(labels))}
    except TypeError:  # lists are no classes
        return None
    if not 2 <= len(classes) <= MOST_CLASSES:
        return None
    return classes, np.asarray([classes[label] for label in labels], np.int64)
