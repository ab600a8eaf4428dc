"""Words replaced by any words of the corpus, at their frequency there."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import numpy as np

from ...errors import ConfigError
from ..rowwise import Listed
from . import words
from .change import Share, WordChange
from .reading import EDGE, leaning, read


@dataclass(frozen=True)
class Unigrams:
    """The words of a corpus, the running sum of their counts, and for each class the words that mark it."""

    named: list[str]
    ends: list[int]
    marks: dict[Any, frozenset[str]] = field(default_factory=dict)

    def draw(self, stream: Random) -> str:
        """Return a word at its frequency."""
        return self.named[bisect(self.ends, int(stream.random() * self.ends[-1]))]


@dataclass(frozen=True)
class UnigramNoise(WordChange):
    """Words replaced by words of the texts that `fit` saw, drawn at their frequency there; case is followed.

    Unigram noising (Xie et al. 2017, arXiv:1703.02573, sec. 3.2): the words that a classifier leans on come in the
    company of any others, so that it learns less from that company. Differs: words that mark the class of their text
    stay, where labels were given, as keywords stay in Xie et al. 2020 (arXiv:1904.12848, sec. 2.2).

    What was not fitted draws from the texts of each call. Protected words are not put in either.

    Arguments:
        share: as `WordChange`.
        marks: least log odds of a word for the class of its text, against all other texts, by which it stays, see
            `reading.leaning`; 2 is about seven times as frequent there. None: no word stays for that.
        protect: words that stay, in any case of letters.
    """

    share: Share = 0.2
    marks: float | None = 2.0

    breaks: ClassVar[str] = "labels that hang on single words, where no labels tell which"

    def _check(self) -> None:
        super()._check()
        value = self.marks
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
            raise ConfigError(f"marks must be a number above 0, or None, got {value!r:.60}")

    def learn(self, rows: Listed[str], y: Any) -> Unigrams:
        """Return the words of texts and how frequent they are."""
        corpus, protect = read(rows), words.folded(self.protect)
        counts = corpus.counts
        counts[: EDGE + 1] = 0
        counts[[place for place, word in enumerate(corpus.named) if word in protect]] = 0
        found = leaning(corpus, y)
        marks = {}
        if found is not None and self.marks is not None:
            lean, classes = found
            for label, place in classes.items():
                marks[label] = frozenset(corpus.named[at] for at in np.flatnonzero(lean[:, place] >= self.marks))
        return Unigrams(corpus.named, np.cumsum(counts).tolist(), marks)

    def places(self, pieces: Sequence[str], label: Any) -> list[int]:  # noqa: D102 -- the base documents it
        found = super().places(pieces, label) if self.known is not None and self.known.ends[-1] else []
        marks = self.known.marks.get(label) if found else None
        return [place for place in found if pieces[place].lower() not in marks] if marks else found

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        for place in chosen:
            pieces[place] = words.cased(self.known.draw(stream), pieces[place])
