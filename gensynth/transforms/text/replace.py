"""Words of like meaning in place of others, or beside them: from the user's corpus, a thesaurus, or WordNet."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from ...errors import ConfigError
from ..rowwise import Listed
from . import corpus, wordnet, words
from .change import WordChange
from .corpus import Choices, Neighbours
from .reading import read

Source = str | Mapping[str, str | Sequence[str]] | Sequence[Any]
SOURCES = ("corpus", "wordnet")


@dataclass(frozen=True)
class FromSource(WordChange, ABC):
    """A change that takes words of like meaning from a source.

    Arguments:
        share: as `WordChange`, of the words for which the source has others.
        source: "corpus": words that stand in the same places in the texts that `fit` saw, see `corpus.neighbours`; none
            where those texts are too few. "wordnet": the other words of a word's most frequent sense, for the words of
            the texts that `fit` saw, see `wordnet.synonyms`. Or a thesaurus: a mapping from words to a word, or a list
            of words, in place of each; words are looked up in lower case. It is kept as pairs (word, words).
        protect: words that stay, in any case of letters.

    With labels given to `fit`, words of "corpus" and "wordnet" that are a mark of another class are not used, see
    `corpus.with_labels`. What was not fitted learns from the texts of each call.

    Raises: ConfigError where a source is none, or WordNet is not there, saying what to install.
    """

    source: Source = "corpus"

    def _check(self) -> None:
        super()._check()
        if isinstance(self.source, str):
            if self.source not in SOURCES:
                raise ConfigError(f"source must be 'corpus', 'wordnet' or a mapping of words, got {self.source!r:.60}")
        else:
            object.__setattr__(self, "source", pairs(self.source))

    def learn(self, rows: Listed[str], y: Any) -> Neighbours | None:
        """Return which words may stand for which, None where a thesaurus says so."""
        if self.source == "corpus":
            return corpus.learned(rows, y)
        if self.source == "wordnet":
            return corpus.with_labels(wordnet.choices(read(rows)), read(rows), y)
        return None

    def choices(self, label: Any) -> Choices:
        """Return the words for each word in rows of a class."""
        if isinstance(self.source, str):
            return self.known.of(label) if self.known is not None else {}
        return self._kept("_thesaurus", self._thesaurus)  # type: ignore[no-any-return]

    def _thesaurus(self) -> Choices:
        made: dict[str, list[str]] = {}
        for word, near in pairs(self.source):
            made.setdefault(word.lower(), []).extend(near)
        return {word: tuple(near) for word, near in made.items()}

    def places(self, pieces: Sequence[str], label: Any) -> list[int]:  # noqa: D102 -- the base documents it
        found = self.choices(label)
        return [place for place in super().places(pieces, label) if pieces[place].lower() in found] if found else []

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        found = self.choices(label)
        near = [words.one(found[pieces[place].lower()], stream) for place in chosen]
        for place, word in zip(chosen, near, strict=True):
            self.put(pieces, place, word, stream)

    @abstractmethod
    def put(self, pieces: list[str], place: int, word: str, stream: Random) -> None:
        """Put in a word of like meaning to that at a place."""


def pairs(source: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return a thesaurus as pairs (word, words) without words that stand for themselves. Raises: ConfigError."""
    entries = source.items() if isinstance(source, Mapping) else source
    made = []
    try:
        for word, near in entries:
            several = (near,) if isinstance(near, str) else tuple(near)
            if not isinstance(word, str) or not all(isinstance(one, str) and one.strip() for one in several):
                raise TypeError
            kept = tuple(one for one in several if one.lower() != word.lower())
            if kept:
                made.append((word, kept))
    except (TypeError, ValueError):
        raise ConfigError(
            f"source must be 'corpus', 'wordnet' or a mapping from a word to words, got {source!r:.60}"
        ) from None
    return tuple(made)


@dataclass(frozen=True)
class Synonyms(FromSource):
    """Words replaced by others of like meaning; Title and UPPER case are followed.

    Zhang, Zhao and LeCun 2015, arXiv:1509.01626, sec. 2.3, and Wei and Zou 2019, arXiv:1901.11196, take them from a
    thesaurus. Differs: the default learns them from the texts themselves.

    Arguments: as `FromSource`.

    Example:
        >>> Synonyms(1.0, {"film": "movie"})("The FILM was short, the film-maker tall.")
        'The MOVIE was short, the film-maker tall.'
    """

    breaks: ClassVar[str] = "labels that hang on single words, where words in the same places are opposites"

    def put(self, pieces: list[str], place: int, word: str, stream: Random) -> None:  # noqa: D102 -- the base documents it
        pieces[place] = words.cased(word, pieces[place])


@dataclass(frozen=True)
class InsertWords(FromSource):
    """Words put in at any place, each of like meaning to one of the text (Wei and Zou 2019, arXiv:1901.11196).

    A word stands after another, or before the first one, with a space between; with none in scripts that write none.

    Arguments: as `FromSource`; the share is that of the words for which the source has others.
    """

    breaks: ClassVar[str] = Synonyms.breaks

    def put(self, pieces: list[str], place: int, word: str, stream: Random) -> None:  # noqa: D102 -- the base documents it
        at = int(stream.random() * (len(pieces) // 2 + 1))
        if at == 0:
            pieces[1] = word + words.gap(word) + pieces[1]
        else:
            pieces[2 * at - 1] += words.gap(word) + word
