"""Words left out, or hidden behind a token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from ...errors import ConfigError
from . import words
from .change import WordChange


@dataclass(frozen=True)
class DeleteWords(WordChange):
    """Words left out (Wei and Zou 2019, arXiv:1901.11196), each with a run of whitespace beside it.

    One word at least stays, whichever it is: a text of one word stays as it is.

    Arguments: as `WordChange`.
    """

    breaks: ClassVar[str] = "labels that hang on one word, such as a negation; protect those"

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        most = len(pieces) // 2 - 1
        for place in sorted(chosen[:most], reverse=True):
            pieces[place - 1 : place + 2] = [words.closed(pieces[place - 1], pieces[place + 1], place == 1)]


@dataclass(frozen=True)
class MaskWords(WordChange):
    """Words hidden behind a token: those that a masked language model fills in, or noise for one that reads.

    Arguments:
        share: as `WordChange`.
        protect: words that stay, in any case of letters.
        token: what stands for a word, such as the mask of the reader's vocabulary.
    """

    token: str = "[MASK]"

    breaks: ClassVar[str] = DeleteWords.breaks

    def _check(self) -> None:
        super()._check()
        if not isinstance(self.token, str) or not self.token:
            raise ConfigError(f"token must be a text, not empty, got {self.token!r:.60}")

    def alter(self, pieces: list[str], chosen: Sequence[int], stream: Random, label: Any) -> None:  # noqa: D102
        for place in chosen:
            pieces[place] = self.token
