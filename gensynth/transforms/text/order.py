"""Words and sentences in another order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from ...errors import ConfigError
from . import words
from .change import TextTransform, WordChange, WordTransform

_SHORT = (
    r"(?<!\b[A-Za-z]\.)(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bvs\.)(?<!\betc\.)(?<!\be\.g\.)(?<!\bi\.e\.)"
)
_BREAK = re.compile(rf"((?<=[.!?…。！？]){_SHORT}\s+|(?<=[.!?…。！？][\"'”’)\]])\s+|\s*\n\s*|(?<=[。！？])(?=\w))")
_MARKED = re.compile(r"[.!?…。！？:;,][\"'”’)\]]*$|\W$")


@dataclass(frozen=True)
class SwapWords(WordChange):
    """Pairs of words that change places, anywhere in the text (Wei and Zou 2019, arXiv:1901.11196).

    Each chosen word changes places with another one, drawn from those that differ; a text of one word, or of the same
    word again and again, stays.

    Arguments: as `WordChange`.
    """

    breaks: ClassVar[str] = "labels that hang on the order of words"

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        spots = self.places(pieces, label)
        for place in chosen:
            others = [spot for spot in spots if pieces[spot] != pieces[place]]
            if others:
                other = others[int(stream.random() * len(others))]
                pieces[place], pieces[other] = pieces[other], pieces[place]


@dataclass(frozen=True)
class ShuffleWords(WordTransform):
    """Words shuffled within short runs, so that none moves far.

    A text is cut into runs of `window` of the words that may move, from a place that is drawn; the words of a run
    change places among themselves. Words that may not change stay where they are, and count for nothing.

    Arguments:
        window: words in a run, at least 2; no word moves further than window - 1 words.
        protect: words that stay, in any case of letters.
    """

    window: int = 3

    breaks: ClassVar[str] = SwapWords.breaks

    def _check(self) -> None:
        super()._check()
        if isinstance(self.window, bool) or not isinstance(self.window, int) or self.window < 2:
            raise ConfigError(f"window must be a whole number, at least 2, got {self.window!r:.60}")

    def altered(self, text: str, stream: Random, label: Any) -> str:  # noqa: D102 -- the base documents it
        pieces = words.split(text)
        spots = self.places(pieces, label)
        start = int(stream.random() * self.window)
        cuts = [0, *range(start or self.window, len(spots), self.window), len(spots)]
        runs = [run for run in range(len(cuts) - 1) if cuts[run + 1] - cuts[run] > 1]
        for run in runs:
            there = spots[cuts[run] : cuts[run + 1]]
            moved = [pieces[spot] for spot in there]
            words.shuffle(moved, stream)
            for spot, word in zip(there, moved, strict=True):
                pieces[spot] = word
        return "".join(pieces)


@dataclass(frozen=True)
class ShuffleSentences(TextTransform):
    """Sentences in another order; the whitespace between them stays.

    A sentence ends at . ! ? … with whitespace after it, not after a single letter or a common abbreviation, at 。！？,
    and at the end of a line. One without a mark at its end gets a full stop where another follows it on its line.
    """

    breaks: ClassVar[str] = "labels that hang on the order of sentences"

    def altered(self, text: str, stream: Random, label: Any) -> str:  # noqa: D102 -- the base documents it
        lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :] if text.strip() else ""
        parts = _BREAK.split(text.strip())
        sentences, between = parts[::2], parts[1::2]
        if len(sentences) < 2:
            return text
        order = list(range(len(sentences)))
        words.shuffle(order, stream)
        if order == sorted(order):
            order = [*order[1:], order[0]]
        sentences = [sentences[place] for place in order]
        for place, space in enumerate(between):
            if "\n" not in space and not _MARKED.search(sentences[place]):
                sentences[place] += "."
        pieces = [piece for pair in zip(sentences, [*between, ""], strict=True) for piece in pair]
        return lead + "".join(pieces) + tail
