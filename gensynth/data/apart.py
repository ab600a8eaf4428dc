"""Fresh identifiers for rows that are made in blocks that know nothing of one another: no two blocks give the same."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pandas as pd

from .identifiers import Identifier


@dataclass(frozen=True)
class Block:
    """Which rows of all: `rows` of them from `start` on, in block `number` of `blocks`; `total` in all blocks."""

    number: int
    blocks: int
    start: int
    rows: int
    total: int


def apart(column: Identifier, block: Block, seed: int) -> pd.Series:
    """Return identifiers for the rows of a block: no real row has them, and no other block of the same seed.

    Numbers go on from where those of the blocks before end. Strings come in a stirred order of the pattern, of
    which each block takes every so-manieth (a linear congruential sequence: each comes once); a pattern with little
    room left gets digits behind it.
    """
    if column.next is not None:
        moved = replace(column, next=column.next + block.start, least=column.least - (block.total - block.start))
        return moved.fresh(block.rows, np.random.default_rng(0))
    assert column.used is not None
    used = np.append(column.used, np.uint32(0))  # they are in order, and there is always a last one
    texts = _texts(column, block, seed, 2 * (block.total + len(used)) + 64)
    made: list[str] = []
    while len(made) < block.rows and (some := [*islice(texts, block.rows - len(made) + 64)]):
        hashes = np.array([zlib.crc32(text.encode()) for text in some], dtype=np.uint32)
        known = used[np.searchsorted(used[:-1], hashes)] == hashes
        made += [text for text, there in zip(some, known.tolist(), strict=True) if not there]
    made = made[: block.rows]
    return pd.Series(made, name=column.name, dtype=object).astype(column.dtype)


def _texts(column: Identifier, block: Block, seed: int, room: int) -> Iterator[str]:
    """Yield the strings of a block, of a pattern with so much room at the least."""
    sizes = [high - low + 1 for _, low, high in column.runs] if column.runs else [len(place) for place in column.places]
    longer = 0
    while math.prod(sizes) * 10**longer < room:
        longer += 1
    whole = math.prod(sizes) * 10**longer
    rng = np.random.default_rng([seed, zlib.crc32(str(column.name).encode())])
    shift, step = int(rng.integers(2**63)) % whole, _step(whole, rng)
    for turn in range(block.number, whole, block.blocks):
        yield _text(column, (step * turn + shift) % whole, sizes, longer)


def _step(whole: int, rng: np.random.Generator) -> int:
    """Return a number without a common divisor with `whole`, some golden part of it."""
    step = int(whole * (math.sqrt(5) - 1) / 2) + int(rng.integers(1, 1000))
    while math.gcd(step, whole) > 1:
        step += 1
    return step


def _text(column: Identifier, number: int, sizes: list[int], longer: int) -> str:
    """Return one string of a pattern, by its number: each place is a digit of its own base."""
    tail = ""
    if longer:
        number, rest = divmod(number, 10**longer)
        tail = str(rest).zfill(longer)
    digits = []
    for size in reversed(sizes):
        number, digit = divmod(number, size)
        digits.append(digit)
    digits.reverse()
    if column.runs:
        parts = [f"{text}{low + digit}" if high >= 0 else text for (text, low, high), digit
                 in zip(column.runs, digits, strict=True)]  # fmt: skip
        last = next(place for place in reversed(range(len(parts))) if column.runs[place][2] >= 0)
        parts[last] += tail
        return "".join(parts)
    return "".join(place[digit] for place, digit in zip(column.places, digits, strict=True)) + tail
