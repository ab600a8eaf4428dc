"""Randomness is an argument: seeds become generators, and draws can be keyed by row.

Nothing here reads or sets global random state. Two ways to draw:

- `as_generator(seed, *path)`: one stream for one purpose; the path (words and numbers) keeps purposes apart,
  so that adding a draw to one of them does not move the others.
- `uniforms(seed, rows, op)`: one number for each (seed, row, op), whatever the batch. The first ten of a hundred
  are those of ten, which is what `prefix=True` promises. `cell_uniforms` and `cell_normals` draw several for each row.

Reference: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", the mixing function of
SplitMix64, here applied to a counter (Salmon et al. 2011 call this counter-based).
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    Seed = int | np.integer | np.random.Generator | np.random.RandomState | None

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def fresh_seed() -> int:
    """Return 63 bits from the operating system."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))


def seed_of(random_state: Seed) -> int:
    """Return one integer seed; None takes fresh bits, a generator or RandomState is drawn from once."""
    if random_state is None:
        return fresh_seed()
    if isinstance(random_state, int | np.integer) and not isinstance(random_state, bool):
        if random_state < 0:
            raise ValueError(f"random_state must be at least 0, got {random_state}")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    raise TypeError(f"random_state must be an int, a numpy Generator, a RandomState or None, got {random_state!r}")


def as_generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the stream of `seed` for the purpose that `path` names.

    >>> a, b = as_generator(0, "fit"), as_generator(0, "sample")
    >>> bool(a.random() == b.random()), bool(as_generator(0, "fit").random() == as_generator(0, "fit").random())
    (False, True)
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else int(part) for part in path]
    return np.random.default_rng([seed, *words])


def spawn(rng: np.random.Generator) -> int:
    """Draw a seed for a part of the work (31 bits: RandomState takes no more)."""
    return int(rng.integers(2**31 - 1))


def uniforms(seed: int, rows: npt.NDArray[np.integer], op: str) -> npt.NDArray[np.float64]:
    """Draw one number in [0, 1) for each row, the same whichever other rows are asked with it.

    Shape: rows (n,) of non-negative integers; returns (n,).

    >>> bool((uniforms(3, np.arange(5), "label") == uniforms(3, np.arange(9), "label")[:5]).all())
    True
    """
    return cell_uniforms(seed, rows, op, 1)[:, 0]


def cell_uniforms(seed: int, rows: npt.NDArray[np.integer], op: str, columns: int) -> npt.NDArray[np.float64]:
    """Draw numbers in [0, 1) for each row as `uniforms` does; the first of them is that of `uniforms`.

    Shape: rows (n,); returns (n, columns).
    """
    x = _bits(seed, rows, op, columns)
    x >>= np.uint64(11)
    drawn: npt.NDArray[np.float64] = x.astype(np.float64)
    drawn *= 2.0**-53
    return drawn


def cell_normals(seed: int, rows: npt.NDArray[np.integer], op: str, columns: int) -> npt.NDArray[np.float32]:
    """Draw standard normal numbers for each row, keyed as `uniforms` are, of the precision that networks work in.

    Two come from one number of 64 bits (Box and Muller 1958), which is ten times faster than the inverse of the
    distribution function. None is beyond 5.9. Shape: rows (n,); returns (n, columns).
    """
    x = _bits(seed, rows, op, (columns + 1) // 2)
    r = ((x >> np.uint64(40)).astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-24)  # in (0, 1]
    angle = (x & np.uint64(2**24 - 1)).astype(np.float32) * np.float32(2.0**-23 * np.pi)
    np.log(r, out=r)
    r *= np.float32(-2.0)
    np.sqrt(r, out=r)
    return np.concatenate([r * np.cos(angle), r * np.sin(angle)], axis=1)[:, :columns]


def _bits(seed: int, rows: npt.NDArray[np.integer], op: str, columns: int) -> npt.NDArray[np.uint64]:
    """Return 64 mixed bits for each cell. Shape: (n,) to (n, columns)."""
    x = ((np.asarray(rows).astype(np.uint64) + np.uint64(1)) * _GOLDEN)[:, None] + _keys(seed, op, columns)
    x ^= x >> np.uint64(30)  # arrays wrap round at 2**64 without a word, which is what the mixing wants
    x *= _MIX1
    x ^= x >> np.uint64(27)
    x *= _MIX2
    x ^= x >> np.uint64(31)
    return x


def _keys(seed: int, op: str, columns: int) -> npt.NDArray[np.uint64]:
    """Return a key for each column."""
    return _few_keys(seed, op, columns) if columns <= 64 else _made_keys(seed, op, columns)


def _made_keys(seed: int, op: str, columns: int) -> npt.NDArray[np.uint64]:
    made: npt.NDArray[np.uint64] = np.random.SeedSequence([seed, zlib.crc32(op.encode())]).generate_state(
        columns, np.uint64
    )  # type: ignore[assignment]
    return made


_few_keys = lru_cache(maxsize=4096)(_made_keys)  # batches of one epoch ask for the same ones
