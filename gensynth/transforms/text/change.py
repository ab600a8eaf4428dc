"""What the changes of texts share: rows one by one, with numbers of their own; a share of the words."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from ...errors import ConfigError
from ..base import Transform
from ..draws import Draws
from ..rowwise import Listed
from ..settings import span
from . import words

Share = float | Sequence[float]


@dataclass(frozen=True)
class TextTransform(Transform, ABC):
    """A change to texts: to each alone."""

    kind: ClassVar[str] = "text"

    def change(self, rows: Listed[str], draws: Draws, y: Any) -> Listed[str]:
        """Return changed texts, from the numbers and the labels (m,) of their rows."""
        labels = y.tolist() if y is not None and y.ndim == 1 else [None] * len(rows)
        numbered = zip(rows.rows, words.streams(draws), labels, strict=True)
        return rows.with_rows([self.altered(text, stream, label) for text, stream, label in numbered])

    @abstractmethod
    def altered(self, text: str, stream: Random, label: Any) -> str:
        """Return a text changed, as numbers of its own say."""


@dataclass(frozen=True)
class WordTransform(TextTransform, ABC):
    """A change to words of a text; what stands between them stays.

    Words that may not change are URLs, e-mail addresses, numbers, mentions, tags, placeholders and emoticons, as
    `gensynth.transforms.text.words` says.

    Arguments:
        protect: words that stay, in any case of letters.
    """

    protect: Sequence[str] = field(default=(), kw_only=True)

    def _check(self) -> None:
        if isinstance(self.protect, set | frozenset):
            object.__setattr__(self, "protect", tuple(sorted(self.protect, key=str)))
        if not isinstance(self.protect, tuple) or not all(isinstance(word, str) for word in self.protect):
            raise ConfigError(f"protect must be a list of words, got {self.protect!r:.60}")

    def places(self, pieces: Sequence[str], label: Any) -> list[int]:
        """Return where in the pieces the words stand that may be chosen."""
        return words.places(pieces, self._kept("_protected", lambda: words.folded(self.protect)))


@dataclass(frozen=True)
class WordChange(WordTransform, ABC):
    """A change to some words of a text.

    How many are chosen is drawn: the whole part of the share times the words that may change, or one more at the chance
    of what is left; one at least where the share is not 0.

    Arguments:
        share: share of the words that may change, from 0 to 1, or a range of shares, drawn for each text.
        protect: words that stay, in any case of letters.
    """

    share: Share = 0.1
    neutral: ClassVar[Mapping[str, float]] = {"share": 0.0}

    def _check(self) -> None:
        super()._check()
        self._span()

    def _span(self) -> tuple[float, float]:
        return span(
            "share", self.share if isinstance(self.share, Sequence) else (self.share, self.share), 0.0, 0.0, 1.0
        )

    def altered(self, text: str, stream: Random, label: Any) -> str:  # noqa: D102 -- the base documents it
        pieces = words.split(text)
        found = self.places(pieces, label)
        count = self._count(len(found), stream)
        if not count:
            return text
        self.alter(pieces, words.some(found, count, stream), stream, label)
        return "".join(pieces)

    def _count(self, most: int, stream: Random) -> int:
        """Return how many of the words are chosen."""
        low, high = self._kept("_ends", self._span)
        share = low + (high - low) * stream.random()
        return min(max(int(share * most + stream.random()), 1), most) if share > 0 else 0

    @abstractmethod
    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:
        """Change the chosen words, in place. Pieces may become "", or more than a word."""
