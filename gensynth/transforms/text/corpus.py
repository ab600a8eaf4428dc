"""Words that stand in the same places: neighbours learned from the user's own texts, which needs no download.

A word w is described by the words c that stand at each of the offsets o = -2, -1, 1, 2 from it:

    PPMI(w, o, c) = max(0, log P(w, o, c) / (P(w) P(o, c)^0.75))        weights, rows of a sparse matrix M
    M ~ U S V',   w ~ U S^0.5                                           the RANK largest singular values

and its neighbours are the words of largest cosine. Words that have the same words beside them, side by side and place
by place, can mostly stand for each other; opposites do so too (good, bad), which is what labels are asked for below.

References:
    Levy, Goldberg and Dagan 2015, TACL 3:211-225    PPMI, the power 0.75, S^0.5
    Halko, Martinsson and Tropp 2011, arXiv:0909.4061    the decomposition, by random projections from a fixed seed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..rowwise import Listed
from .reading import EDGE, Codes, Running, leaning, read

VOCABULARY, CONTEXTS, RANK = 8_000, 2_000, 64
LEAST_COUNT, LEAST_RUNNING, LEAST_VOCABULARY = 5, 2_000, 100
MOST_NEIGHBOURS, LEAST_COSINE = 8, 0.5
OFFSETS = (-2, -1, 1, 2)

Choices = dict[str, tuple[str, ...]]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Neighbours:
    """Which words may stand for a word, the nearest first, and in which classes.

    Shape: allowed (pairs of word and neighbour in the order of `choices`, classes), None where no labels were given.
    """

    choices: Choices
    allowed: npt.NDArray[np.bool_] | None = None
    classes: dict[Any, int] = field(default_factory=dict)
    asked: dict[int, Choices] = field(default_factory=dict, compare=False, repr=False)

    def of(self, label: Any) -> Choices:
        """Return those for rows of a class; where the class is not known, those that all classes allow."""
        if self.allowed is None:
            return self.choices
        place = self.classes.get(label, -1)
        if place not in self.asked:
            fine = iter(np.asarray(self.allowed[:, place] if place >= 0 else self.allowed.all(axis=1)))
            kept = {word: tuple(one for one in near if next(fine)) for word, near in self.choices.items()}
            self.asked[place] = {word: near for word, near in kept.items() if near}
        return self.asked[place]


def learned(rows: Listed[str], y: Any) -> Neighbours:
    """Return the neighbours of the words of texts, kept beside them for a policy's other parts."""
    kept = rows.__dict__.get("_neighbours")
    if kept is None or kept[0] is not y:
        kept = rows.__dict__["_neighbours"] = (y, with_labels(neighbours(read(rows)), read(rows), y))
    made: Neighbours = kept[1]
    return made


def neighbours(corpus: Running) -> Choices:
    """Return for words of a corpus those that stand in the same places, the nearest first.

    A pair counts where its cosine is at least LEAST_COSINE and each is among the MOST_NEIGHBOURS nearest of the other.
    Words are learned from LEAST_COUNT times on, the VOCABULARY most frequent of them. {} where the corpus has less than
    LEAST_RUNNING words in all, or less than LEAST_VOCABULARY to learn: nothing is better than nonsense.
    """
    counts = corpus.counts
    order = np.argsort(-counts, kind="stable")
    words = [at for at in order[: VOCABULARY + 2].tolist() if at > EDGE and counts[at] >= LEAST_COUNT]
    if len(corpus.ids) - counts[EDGE] < LEAST_RUNNING or len(words) < LEAST_VOCABULARY:
        return {}
    named = [corpus.named[at] for at in words]
    return _nearest(_vectors(corpus, np.asarray(words), order[:CONTEXTS]), named)


def _vectors(corpus: Running, words: Codes, contexts: Codes) -> Vectors:
    """Return a vector of length 1 for each word. Shape: words (v,), contexts (c,) as places; returns (v, rank)."""
    from scipy import sparse
    from sklearn.utils.extmath import randomized_svd

    word, context, text = _places(corpus, words), _places(corpus, contexts), corpus.texts
    blocks = []
    for offset in OFFSETS:
        left, right = slice(None, -abs(offset)), slice(abs(offset), None)
        here, there = (left, right) if offset > 0 else (right, left)
        # The EDGE before a text is that of the text before it.
        same = (text[here] == text[there]) | ((corpus.ids[there] == EDGE) & (offset < 0))
        fine = np.flatnonzero((word[here] >= 0) & (context[there] >= 0) & same)
        pairs = (np.ones(len(fine), np.float32), (word[here][fine], context[there][fine]))
        blocks.append(sparse.coo_array(pairs, shape=(len(words), len(contexts))).tocsr())
    m = sparse.hstack(blocks, format="csr")
    m.data = _ppmi(m)
    m.eliminate_zeros()
    u, s, _ = randomized_svd(m, min(RANK, len(words) - 1), n_iter=2, random_state=0)
    vectors = np.asarray(u * np.sqrt(s), np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors /= np.where(length > 0, length, 1)
    return vectors


def _places(corpus: Running, words: Codes) -> npt.NDArray[np.int32]:
    """Return the place among some words of each running word, -1 where it is none of them."""
    place = np.full(len(corpus.named), -1, np.int32)
    place[words] = np.arange(len(words))
    made: npt.NDArray[np.int32] = place[corpus.ids]
    return made


def _ppmi(m: Any) -> Vectors:
    """Return the weights of the counts of a sparse matrix. Shape: (entries,)."""
    by_word, by_context = (np.asarray(m.sum(axis=axis), np.float64).ravel() for axis in (1, 0))
    by_context **= 0.75
    word = np.repeat(np.arange(m.shape[0]), np.diff(m.indptr))
    p = np.log(m.data) - np.log(by_word[word]) - np.log(by_context[m.indices] / by_context.sum())
    weights: Vectors = np.maximum(p, 0).astype(np.float32)
    return weights


def _nearest(vectors: Vectors, named: Sequence[str]) -> Choices:
    """Return the mutual neighbours of each word. Shape: vectors (words, rank), each of length 1."""
    near: list[list[int]] = []
    for start in range(0, len(named), 1024):
        c = vectors[start : start + 1024] @ vectors.T
        c[np.arange(len(c)), np.arange(start, start + len(c))] = -1
        word, other = np.nonzero(c >= LEAST_COSINE)
        order = np.lexsort((-c[word, other], word))
        ends = np.searchsorted(word, np.arange(len(c) + 1)).tolist()
        other = other[order]
        near += [other[a : min(a + MOST_NEIGHBOURS, b)].tolist() for a, b in pairwise(ends)]
    sets = [set(row) for row in near]
    found = {named[at]: tuple(named[w] for w in row if at in sets[w]) for at, row in enumerate(near)}
    return {word: kept for word, kept in found.items() if kept}


def with_labels(choices: Choices, corpus: Running, y: Any) -> Neighbours:
    """Return neighbours with the classes in which each may stand for its word.

    In a row of class k a word w is not replaced by v where v leans away from k, lean(v, k) < 0, and by more than a
    factor of e than w does, lean(v, k) < lean(w, k) - 1, as `reading.leaning` tells. Where it does not, all may.
    """
    found = leaning(corpus, y)
    if found is None or not choices:
        return Neighbours(choices)
    lean, classes = found
    place = {word: at for at, word in enumerate(corpus.named)}
    lean = np.concatenate([lean, np.zeros((1, len(classes)))])  # a word that the corpus has not leans nowhere
    pairs = [(place[word], place.get(one.lower(), -1)) for word, near in choices.items() for one in near]
    w, v = lean[np.asarray(pairs)].transpose(1, 0, 2)
    return Neighbours(choices, (v >= 0) | (v >= w - 1), classes)
