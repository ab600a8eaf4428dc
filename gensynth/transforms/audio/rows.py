"""Recordings as transforms take them, and the way back to the container that they came in.

Waves are single precision inside, whole numbers scaled to [-1, 1): 16 bits by 2^15, 32 bits by 2^31, 8 bits without
sign by 2^7 around 128. A row that no transform touched comes back as it was, bit for bit.

Arrays keep their shape, and one wave alone its length: what became shorter is filled up with silence at its end, what
became longer is cut. Lists keep the lengths that the transforms gave.

Nothing is clipped unless `ClipWave` is asked. Floats may leave [-1, 1]. A wave of whole numbers that would leave their
range is made softer until it fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from ...data.kinds import Audio
from ...errors import ConfigError, DataError
from .. import rowwise
from ..draws import Ints

BLOCK = 2**19  # samples that are changed in one go: about what a processor's cache holds
LARGEST = 1e12  # beyond which products of spectra leave single precision
_WHOLE = {("i", 2): (0.0, 2.0**15), ("i", 4): (0.0, 2.0**31), ("u", 1): (128.0, 2.0**7)}  # middle, scale


@dataclass(frozen=True)
class Waves(rowwise.Listed[Tensor]):
    """Waves (samples,) in single precision, of one rate in Hz.

    `length` is what a transform gave all rows as their new number of samples, which arrays take then; None for none.
    """

    rate: float = 1.0
    length: int | None = None

    def put(self, rows: Ints, changed: Self) -> Self:
        """Return all rows, those at these places changed."""
        length = changed.length if len(changed) == len(self) else self.length
        return replace(super().put(rows, changed), length=length)

    def blocks(self) -> Iterator[tuple[Ints, Tensor]]:
        """Yield places of rows of one length, and their waves (m, samples); none that are empty."""
        lengths = np.array([len(wave) for wave in self.rows], dtype=np.int64)
        for length in np.unique(lengths[lengths > 0]).tolist():
            places = np.flatnonzero(lengths == length)
            step = max(BLOCK // length, 1)
            for start in range(0, len(places), step):
                some = places[start : start + step]
                yield some, torch.stack([self.rows[place] for place in some])


def read(X: Any, rate: float | None = None) -> rowwise.Given:
    """Return recordings in their working form, `Waves`.

    Arguments:
        X: `Audio`; or an array or tensor (n, samples), a list of waves (samples,), or one wave (samples,) alone.
        rate: samples a second, above 0, where X is no `Audio`.

    Raises: DataError where X holds no waves, or what is no number; ConfigError where the rate is not told.
    """
    if isinstance(X, Audio):
        if rate is not None and rate != X.rate:
            raise ConfigError(f"rate={rate!r} contradicts the recordings, of {X.rate!r} Hz; leave it out")
        given = read(X.waves, X.rate)
        return rowwise.Given(given.rows, lambda rows: X._with({"waves": given.back(rows)}))
    rate = _rate(rate)
    if isinstance(X, list | tuple):
        parts = [_wave(part, place) for place, part in enumerate(X)]
        waves = [working(part, f"wave {place}") for place, part in enumerate(parts)]
        return rowwise.Given(Waves(waves, rate), lambda rows: type(X)(_lists(rows, waves, parts)))
    if not isinstance(X, np.ndarray | Tensor):
        raise DataError(f"recordings must be Audio, an array (n, samples) or a list of waves, got {type(X).__name__}")
    alone = X.ndim == 1
    if X.ndim not in (1, 2):
        raise DataError(f"recordings must have the shape (n, samples), got {tuple(X.shape)}: one channel a wave")
    whole: Any = X.detach() if isinstance(X, Tensor) else X
    whole = whole[None] if alone else whole
    waves = list(working(whole, "the waves"))
    back = _array_back(whole, waves)
    return rowwise.Given(Waves(waves, rate), (lambda rows: back(rows)[0]) if alone else back, alone)


def _rate(rate: Any) -> float:
    """Return a rate as a number. Raises: ConfigError."""
    if rate is None:
        raise ConfigError("say how many samples a second there are: rate=16000, or Audio(waves, rate)")
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not 0 < rate < np.inf:
        raise ConfigError(f"rate must be a number of Hz above 0, got {rate!r}")
    return float(rate)


def _wave(part: Any, place: int) -> Any:
    """Return one of a list as an array or tensor (samples,). Raises: DataError."""
    wave = part if isinstance(part, Tensor) else np.asarray(part)
    if wave.ndim != 1:
        raise DataError(f"wave {place} has the shape {tuple(wave.shape)}, not (samples,): give one channel a wave")
    return wave


def working(wave: Any, name: str) -> Tensor:
    """Return waves as a tensor of their own in single precision. Raises: DataError where they cannot be read."""
    if isinstance(wave, Tensor):
        kind, size = _torch_kind(wave.dtype), wave.element_size()
        made = wave.detach().to(torch.float32, copy=True)
    else:
        kind, size = wave.dtype.kind, wave.dtype.itemsize
        with np.errstate(over="ignore"):
            made = torch.from_numpy(np.array(wave, dtype=np.float32)) if kind in "fiu" else torch.zeros(0)
    if kind != "f" and (kind, size) not in _WHOLE:
        raise DataError(f"{name} must be floats, int16, int32 or uint8, got {wave.dtype}")
    if kind != "f":
        middle, scale = _WHOLE[kind, size]
        return made.sub_(middle).div_(scale)
    if not (made.abs() <= LARGEST).all():  # NaN is none either
        raise DataError(f"{name} must be finite numbers up to {LARGEST:g}, got NaN, infinity or more")
    return made


def _torch_kind(dtype: torch.dtype) -> str:
    if dtype.is_floating_point:
        return "f"
    return {torch.int16: "i", torch.int32: "i", torch.uint8: "u"}.get(dtype, "")


def _lists(rows: Waves, before: list[Tensor], parts: list[Any]) -> list[Any]:
    """Return waves as the list's parts were: those untouched as copies of them."""
    made = []
    for new, old, part in zip(rows.rows, before, parts, strict=True):
        same = part.detach().clone() if isinstance(part, Tensor) else part.copy()
        made.append(same if new is old else _dressed(new, part))
    return made


def _array_back(whole: Any, before: list[Tensor]) -> Callable[[Waves], Any]:
    """Return what makes an array like the given one of rows."""

    def back(rows: Waves) -> Any:
        length = whole.shape[1] if rows.length is None else rows.length
        if isinstance(whole, Tensor):
            made: Any = torch.zeros((len(before), length), dtype=whole.dtype, device=whole.device)
        else:
            made = np.zeros((len(before), length), dtype=whole.dtype)
        if whole.dtype in (np.uint8, torch.uint8):
            made += 128
        for place, (new, old) in enumerate(zip(rows.rows, before, strict=True)):
            row: Any = whole[place] if new is old else _dressed(new[:length], whole)
            made[place, : len(row)] = row
        return made

    return back


def _dressed(wave: Tensor, like: Any) -> Any:
    """Return a wave (samples,) as the type of another."""
    kind = _torch_kind(like.dtype) if isinstance(like, Tensor) else like.dtype.kind
    if kind != "f":
        middle, scale = _WHOLE[kind, like.element_size() if isinstance(like, Tensor) else like.dtype.itemsize]
        wave = wave.double()
        reach = torch.cat([wave * (scale / (scale - 1)), -wave, wave.new_ones(1)]).amax()
        wave = (wave * (scale / reach)).round() + middle
    else:
        most = torch.finfo(like.dtype).max if isinstance(like, Tensor) else float(np.finfo(like.dtype).max)
        wave = wave.clamp(-most, most) if most < torch.finfo(wave.dtype).max else wave  # half precision
    return wave.to(like) if isinstance(like, Tensor) else wave.cpu().numpy().astype(like.dtype)
