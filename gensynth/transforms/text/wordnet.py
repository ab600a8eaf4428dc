"""Synonyms from WordNet, where it is on this machine: through `nltk` or `wn`. Nothing is downloaded.

The readers of WordNet are not safe in threads, and their objects cannot be sent to other processes. So the words of the
texts are looked up in `fit`, one thread at a time, into a mapping that the fitted policy holds.

Reference: Miller 1995, "WordNet: a lexical database for English", CACM 38(11):39-41.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import Any

from ...errors import ConfigError
from .corpus import Choices
from .reading import EDGE, Running

INSTALL = (
    "source='wordnet' needs WordNet on this machine: install nltk and run `python -m nltk.downloader wordnet`, "
    "or install wn and run `python -m wn download oewn:2024`"
)
_LOCK = threading.Lock()
Lookup = Callable[[str], list[str]]


def choices(corpus: Running) -> Choices:
    """Return for the words of a corpus those of like meaning. Raises: ConfigError where there is no WordNet."""
    return synonyms(corpus.named[EDGE + 1 :])


def synonyms(words: Iterable[str]) -> Choices:
    """Return for words in lower case the other words of their most frequent sense as each part of speech.

    Expressions of several words have spaces between. Words that WordNet has only in another form (plurals, past tenses)
    have none, since what would stand for them is in that form too.

    Raises: ConfigError where there is no WordNet, saying what to install.
    """
    with _LOCK:
        lookup = _reader()
        found = {}
        for word in words:
            near = dict.fromkeys(name.replace("_", " ") for name in lookup(word))
            kept = tuple(one for one in near if one.lower() != word)
            if kept:
                found[word] = kept
    return found


def _reader() -> Lookup:
    """Return the first of the readers that has its data."""
    for make in (_nltk, _wn):
        lookup = make()
        if lookup is not None:
            return lookup
    raise ConfigError(INSTALL)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _nltk() -> Lookup | None:
    corpora = _module("nltk.corpus")
    if corpora is None:
        return None
    wordnet = corpora.wordnet
    try:
        wordnet.synsets("word")  # it is read at the first use
    except LookupError:
        return None

    def lookup(word: str) -> list[str]:
        senses = [sense for sense in wordnet.synsets(word) if _has(sense.lemma_names(), word)]
        return [name for sense in _first(senses, lambda sense: sense.pos()) for name in sense.lemma_names()]

    return lookup


def _wn() -> Lookup | None:
    wn = _module("wn")
    if wn is None or not wn.lexicons(lang="en"):
        return None

    def lookup(word: str) -> list[str]:
        senses = [sense for sense in wn.synsets(word, lang="en") if _has(sense.lemmas(), word)]
        return [name for sense in _first(senses, lambda sense: sense.pos) for name in sense.lemmas()]

    return lookup


def _has(names: Sequence[str], word: str) -> bool:
    """Return whether a sense names a word in this very form."""
    return any(name.replace("_", " ").lower() == word for name in names)


def _first(senses: Sequence[Any], part: Callable[[Any], str]) -> list[Any]:
    """Return the first sense of each part of speech."""
    found: dict[str, Any] = {}
    for sense in senses:
        found.setdefault(part(sense), sense)
    return list(found.values())
