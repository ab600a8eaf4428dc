"""Texts as words and what stands between them.

`split` cuts a text into pieces that joined again are the text: at even places separators (whitespace, marks, emoji,
""), at odd places words. Letters that stand together are a word, with the marks that combine with them and with an
apostrophe or a hyphen inside (don't, well-known). Scripts that write no spaces between words: each Han or kana
character is a word; Thai, Lao and Khmer are not cut.

Words that must stay as they are, whatever is changed, are words too, but not `free`: URLs, e-mail addresses, numbers
and whatever holds a digit or an underscore, mentions and hashtags, tags (<br>), entities (&amp;), placeholders
([MASK], {name}), emoticons of marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

from ..draws import Draws

_MARKS = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)).startswith("M"))
_SINGLE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W\d_{_SINGLE}]"
_WORD = rf"{_LETTER}(?:{_LETTER}|[{re.escape(_MARKS)}\u200c\u200d]|['’‐-](?={_LETTER}))*"
_PATH = r"[^\s<>]*[^\s<>.,;:!?)\]}'\"…]"  # to the last that is no mark
_PATTERN = re.compile(
    rf"""(
      {_LETTER}+(?=[\s,!?;")]|\.\s|$)
    | [:;=][-'^]?[)(DPp|/\\\]\[*]+(?!\w) | <3+
    | (?:https?|ftp)://{_PATH}
    | \w[\w.+-]{{0,63}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,8}}
    | \w[\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,8}}\.(?:com|org|net|info|biz|edu|gov|[a-z]{{2}})\b(?:[/?]{_PATH})?
    | </?[A-Za-z][^<>]*> | &\#?\w+; | \[[A-Z][A-Z0-9_]*\] | \{{\w+\}} | [@\#]\w+
    | [{_SINGLE}]
    | {_WORD}(?!\w) | \w+(?:[.,:/'-]\d\w*)*%?
    )""",
    re.VERBOSE,
)
_FREE = re.compile(rf"[{_SINGLE}]|{_WORD}")
_ENDS = frozenset(".,;:!?)]}%…。、！？」』")

Keep = Callable[[str], bool]


def split(text: str) -> list[str]:
    """Return the pieces of a text: separators at even places, words at odd ones."""
    return _PATTERN.split(text)


def words_of(text: str) -> list[str]:
    """Return the words of a text, free or not."""
    return _PATTERN.findall(text)


class _Known(dict[str, bool]):
    """Whether words are free, each looked at once; as many words as are kept in mind are bounded."""

    def __missing__(self, word: str) -> bool:
        free = _FREE.fullmatch(word) is not None
        if len(self) < 200_000:
            self[word] = free
        return free


_FREE_KNOWN: Keep = _Known().__getitem__


def free(word: str) -> bool:
    """Return whether a word may be changed: letters alone, no URL, address, number, tag or placeholder.

    >>> [free(word) for word in ("don't", "2nite", "www.example.org", "#tag", "[MASK]")]
    [True, False, False, False, False]
    """
    return _FREE_KNOWN(word)


def places(pieces: Sequence[str], protect: frozenset[str] = frozenset()) -> list[int]:
    """Return where in the pieces the words stand that may be changed: free, and not among `protect`, in lower case."""
    if protect:
        return [place for place in range(1, len(pieces), 2)
                if _FREE_KNOWN(pieces[place]) and pieces[place].lower() not in protect]  # fmt: skip
    return [place for place in range(1, len(pieces), 2) if _FREE_KNOWN(pieces[place])]


def streams(draws: Draws) -> Iterator[Random]:
    """Yield for each row a stream of numbers of its own; one object, seeded anew from a draw of the row."""
    stream = Random()
    for seed in (draws.uniform("stream") * 2.0**53).astype(int).tolist():
        stream.seed(seed)
        yield stream


def some(items: Sequence[int], count: int, stream: Random) -> list[int]:
    """Return `count` of the items, none twice; all where they are fewer."""
    left, draw = list(items), stream.random
    chosen = []
    for _ in range(min(count, len(left))):
        at = int(draw() * len(left))
        chosen.append(left[at])
        left[at] = left[-1]
        left.pop()
    return chosen


def one(items: Sequence[str], stream: Random) -> str:
    """Return one of the items."""
    return items[int(stream.random() * len(items))]


def shuffle(items: list[Any], stream: Random) -> None:
    """Bring the items into another order, in place (Fisher and Yates)."""
    for last in range(len(items) - 1, 0, -1):
        at = int(stream.random() * (last + 1))
        items[at], items[last] = items[last], items[at]


def cased(word: str, like: str) -> str:
    """Return a word in the case of another: Title and UPPER are followed, else it stays as it is.

    >>> cased("car", "Auto"), cased("car", "AUTO"), cased("car", "auto"), cased("iPhone", "I")
    ('Car', 'CAR', 'car', 'IPhone')
    """
    if like.islower() or not like[:1].isupper():
        return word
    return word.upper() if len(like) > 1 and like.isupper() else word[:1].upper() + word[1:]


def gap(word: str) -> str:
    """Return what stands between a word and one put after it: nothing where the script writes no spaces."""
    return "" if "\u3040" <= word[-1:] <= "\u9fff" or "\uf900" <= word[-1:] <= "\ufaff" else " "


def closed(before: str, after: str, first: bool = False) -> str:
    """Return what stands where a word, or the first word, was taken out: one run of whitespace beside it goes with it.

    >>> closed(" ", " "), closed(", ", " "), closed(" ", "."), closed("", " ", first=True), closed(" ", "")
    (' ', ', ', '.', '', '')
    """
    if not after or after[0] in _ENDS:
        return before.rstrip() + after
    if after[0].isspace() and (before[-1].isspace() if before else first):
        run = after[: len(after) - len(after.lstrip())]
        return before.rstrip() + after if before and "\n" in run and "\n" not in before else before + after[len(run) :]
    return before + after


def folded(protect: Iterable[str]) -> frozenset[str]:
    """Return words to protect as they are compared, in lower case."""
    return frozenset(word.lower() for word in protect)
