"""What hands and scanners do to texts: typing errors, misread letters, case, marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from ...errors import ConfigError
from ..settings import check_chance
from . import words
from .change import TextTransform, WordChange
from .keys import BESIDE, MISREAD

KINDS = ("keyboard", "ocr")


@dataclass(frozen=True)
class Typos(WordChange):
    """Words with one error each.

    "keyboard": one letter, not the first, in words of three letters or more: hit beside its key (QWERTY), left out,
    doubled, or changing places with the next, each equally often; in scripts that the keyboard has not, the last three.
    These four are most of the errors in typed words (Damerau 1964, CACM 7(3):171-176). "ocr": one letter, or pair of
    letters, read as one that looks alike (0 for o, rn for m, ...), in words that have such.

    Arguments:
        share: as `WordChange`, of the words in which there can be such an error.
        protect: words that stay, in any case of letters.
        errors: "keyboard" or "ocr".
    """

    errors: str = "keyboard"

    def _check(self) -> None:
        super()._check()
        if self.errors not in KINDS:
            raise ConfigError(f"errors must be 'keyboard' or 'ocr', got {self.errors!r:.60}")

    def places(self, pieces: Sequence[str], label: Any) -> list[int]:  # noqa: D102 -- the base documents it
        able = mistyped_at if self.errors == "keyboard" else misread_at
        return [place for place in super().places(pieces, label) if able(pieces[place])]

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        make = mistyped if self.errors == "keyboard" else misread
        for place in chosen:
            pieces[place] = make(pieces[place], stream)


def mistyped_at(word: str) -> list[int]:
    """Return where a word can be mistyped: at letters but the first, with none that combines after them."""
    if len(word) < 3:
        return []
    return [at for at in range(1, len(word)) if word[at].isalpha() and (at + 1 == len(word) or word[at + 1].isalpha())]


def mistyped(word: str, stream: Random) -> str:
    """Return a word with one error of typing, which is another than it was."""
    spots = mistyped_at(word)
    at = spots[int(stream.random() * len(spots))]
    letter, after = word[at], word[at + 1 : at + 2]
    beside = BESIDE.get(letter.lower())
    ways = ["left out", "doubled"]
    ways += ["beside"] if beside else []
    ways += ["swapped"] if after and after != letter else []
    way = words.one(ways, stream)
    if way == "left out":
        return word[:at] + word[at + 1 :]
    if way == "doubled":
        return word[:at] + letter + word[at:]
    if way == "swapped":
        return word[:at] + after + letter + word[at + 2 :]
    hit = words.one(beside or letter, stream)
    return word[:at] + (hit.upper() if letter.isupper() else hit) + word[at + 1 :]


def misread_at(word: str) -> list[tuple[int, str]]:
    """Return the places in a word and what there can be misread."""
    last = len(word)
    spots = [(at, word[at : at + size]) for size in (1, 2) for at in range(last - size + 1)]
    return [(at, seen) for at, seen in spots if seen in MISREAD]


def misread(word: str, stream: Random) -> str:
    """Return a word with one error of reading."""
    spots = misread_at(word)
    at, seen = spots[int(stream.random() * len(spots))]
    return word[:at] + words.one(MISREAD[seen], stream) + word[at + len(seen) :]


@dataclass(frozen=True)
class CaseNoise(WordChange):
    """Words in another case than theirs: lower, UPPER or Title, equally often.

    Words of scripts without cases stay.

    Arguments: as `WordChange`, the share of the words that have cases.
    """

    def places(self, pieces: Sequence[str], label: Any) -> list[int]:  # noqa: D102 -- the base documents it
        return [place for place in super().places(pieces, label) if pieces[place].lower() != pieces[place].upper()]

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        for place in chosen:
            word = pieces[place]
            forms = (word.lower(), word.upper(), word[:1].upper() + word[1:].lower())
            pieces[place] = words.one([form for form in dict.fromkeys(forms) if form != word], stream)


@dataclass(frozen=True)
class PunctuationNoise(TextTransform):
    """Marks put in after words, doubled, or left out.

    Marks that are put in are those of AEDA (Karimi, Rossi and Prati 2021, arXiv:2108.13230): . ; ? : ! ,

    Arguments:
        insert: chance that a mark comes after a word that has none, from 0 to 1.
        double: chance that a mark is written twice.
        drop: chance that a mark is left out; of runs such as "..." each mark alone.

    Marks inside words, addresses and numbers stay, as do brackets, quotation marks, currencies and emoji.
    """

    insert: float = 0.05
    double: float = 0.1
    drop: float = 0.1
    neutral: ClassVar[Mapping[str, float]] = {"insert": 0.0, "double": 0.0, "drop": 0.0}

    def _check(self) -> None:
        for name in ("insert", "double", "drop"):
            check_chance(name, getattr(self, name))
        if self.double + self.drop > 1:
            raise ConfigError(f"double and drop must add up to 1 at most, got {self.double + self.drop:g}")

    def altered(self, text: str, stream: Random, label: Any) -> str:  # noqa: D102 -- the base documents it
        pieces, draw = words.split(text), stream.random

        def marked(match: re.Match[str]) -> str:
            u = draw()
            return "" if u < self.drop else match[0] * 2 if u >= 1 - self.double else match[0]

        for place in range(0, len(pieces), 2):
            piece = pieces[place]
            if _MARK.search(piece):
                pieces[place] = _MARK.sub(marked, piece)
            elif place and draw() < self.insert:
                pieces[place] = words.one(MARKS, stream) + piece
        return "".join(pieces)


MARKS = ".;?:!,"
_MARK = re.compile(r"[.;?:!,]")
