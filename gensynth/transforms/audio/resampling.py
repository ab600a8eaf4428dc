"""Waves read at another speed, without aliases.

    y[j] = sum_i x[i] h(j p/q - i),    h(t) = c sinc(c t) w(t / W),    c = C min(1, q/p)

w is Kaiser's window, which takes h to nothing at W = ZEROS / c. Output samples j, j + q, j + 2q, ... share their
weights, so that a wave is one product of matrices (Crochiere and Rabiner 1983, ch. 3, polyphase filters).

References:
    Smith and Gossett 1984, "A flexible sampling-rate conversion method", ICASSP   (the windowed sinc)
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Floats

DENOMINATOR = 100  # the most that q is: p/q is within 0.005 of the speed
ZEROS = 48  # zeros of the sinc on each side
BETA = 8.0  # Kaiser's parameter: 80 dB of what lies beyond the band
C = 0.945  # the middle of the slope, of which the end is at the band's edge


def fraction_of(speed: float) -> Fraction:
    """Return the fraction that stands for a speed, 1/100 or more."""
    return max(Fraction(speed).limit_denominator(DENOMINATOR), Fraction(1, DENOMINATOR))


def read_faster(x: Tensor, speed: Fraction, length: int) -> Tensor:
    """Return a wave read at a speed: 2 is an octave higher, and half as long.

    What lies beyond the band of the new samples is taken out; beyond its ends a wave is silent.

    Shape: x (samples,) to (length,).
    """
    p, q = speed.numerator, speed.denominator
    if p == q:
        return F.pad(x[:length], (0, max(length - len(x), 0)))
    weights = _weights(p, q).to(x)
    reach = (weights.shape[1] - p) // 2
    rounds = -(-length // q)
    need = (rounds - 1) * p + weights.shape[1] - reach
    padded = F.pad(x[:need], (reach, max(need - len(x), 0)))
    return (padded.unfold(0, weights.shape[1], p) @ weights.T).flatten()[:length]


@lru_cache(maxsize=32)
def _weights(p: int, q: int) -> Tensor:
    """Return the weights of input samples from -W to p + W for q output samples. Shape: (q, p + 2 W)."""
    c = C * min(1.0, q / p)
    reach = int(np.ceil(ZEROS / c))
    t = np.arange(q)[:, None] * (p / q) - (np.arange(p + 2 * reach) - reach)
    return torch.from_numpy((c * np.interp(np.abs(c * t), *_sinc())).astype(np.float32))


@lru_cache(maxsize=1)
def _sinc() -> tuple[Floats, Floats]:
    """Return places t and the values of sinc(t) w(t / ZEROS), closely enough for straight lines between them."""
    t = np.linspace(0, ZEROS, ZEROS * 512 + 1)
    return t, np.sinc(t) * np.i0(BETA * np.sqrt(1 - (t / ZEROS) ** 2)) / np.i0(BETA) * (t < ZEROS)
