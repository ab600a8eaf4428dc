"""What is done to texts where nothing is said."""

from __future__ import annotations

from ..base import Transform
from .unigram import UnigramNoise

NEGATIONS = ("no", "not", "nor", "never", "neither", "none", "nobody", "nothing", "nowhere", "without", "cannot",
             "can't", "don't", "doesn't", "didn't", "won't", "wouldn't", "isn't", "aren't", "wasn't", "weren't",
             "couldn't", "shouldn't", "hasn't", "haven't", "hadn't", "ain't")  # fmt: skip


def default() -> Transform:
    """Return a policy that keeps what marks the class of most texts: other words change for any of the corpus.

    A third of the words that are no mark of the class of their text, no negation, number, address or tag.
    """
    return UnigramNoise(0.3, protect=NEGATIONS)
