"""Waves made longer or shorter at the same pitch: a phase vocoder whose phases are locked to peaks.

The output has a frame every `hop` samples, its k-th from around the input's sample t_k = k hop / factor. With X_k the
spectrum there and X'_k the one a hop earlier, each bin b is turned by R_k,

    R_k[b] = Z_k[p] R_{k-1}[p],   Z_k = phase(X_{k-1} conj(X'_k)),   p the peak nearest to b,   Y_k = R_k X_k

so that the phase of a peak goes on by what it went on in the input over the same time, and the bins around it keep
their phases to it (Laroche and Dolson 1999, "Improved phase vocoder time-scale modification of audio", IEEE
Transactions on Speech and Audio Processing 7(3): identity phase locking).

DIFFERS from the paper: the advance of a phase is measured over the hop of the output, by a second spectrum, and needs
no unwrapping; a factor of 1 gives the input back. The phase goes on from the bin where the peak is now, not from where
it was in the frame before. Complex numbers are kept as pairs of real ones, whose sums and products are rounded alike
wherever they stand: those of torch's complex numbers, and `sgn`, depend on their place in the batch.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..draws import Floats, Ints

SECONDS = 0.05  # of a frame, rounded to a power of 2 of samples
OVERLAP = 4  # frames over a sample
BLOCK = 2**18  # samples of frames in one go: about what a processor's cache holds


def frame_length(rate: float, seconds: float = SECONDS) -> int:
    """Return the samples of a frame, a power of 2, at least 16."""
    return int(2 ** max(round(np.log2(rate * seconds)), 4))


def stretched(x: Tensor, factors: Floats, lengths: Ints, rate: float) -> Tensor:
    """Return waves of other lengths in time, each by its own factor, at their pitch.

    Shape: x (m, samples), factors (m,) above 0, lengths (m,) of which the longest is that of the result (m, longest).
    """
    n = frame_length(rate)
    hop = n // OVERLAP
    count = -(-int(lengths.max()) // hop) + OVERLAP // 2
    at = np.rint(np.arange(count)[:, None] * (hop / factors))  # where frames are read
    at = np.minimum(at, x.shape[1] + n // 2).astype(np.int64)
    padded = F.pad(x, (n // 2 + hop, n + n // 2))
    window = torch.hann_window(n).to(x)
    made = x.new_zeros(len(x), count + OVERLAP - 1, hop)
    weight = x.new_zeros(count + OVERLAP - 1, hop)
    state = None
    step = max(BLOCK // (n * len(x)), 1)
    for start in range(0, count, step):
        places = torch.from_numpy(at[start : start + step]).to(x.device)
        frames, state = _turned(padded, places, window, state)
        parts = frames.view(len(places), len(x), OVERLAP, hop).movedim(0, 1)
        shares = window.square().view(OVERLAP, hop)
        for piece in range(OVERLAP):
            these = slice(start + piece, start + piece + len(places))
            made[:, these] += parts[:, :, piece]
            weight[these] += shares[piece]
    flat = made.flatten(1) / weight.flatten().clamp(min=1e-3)
    return flat[:, n // 2 : n // 2 + int(lengths.max())]


State = tuple[Tensor, Tensor]


def _turned(padded: Tensor, at: Tensor, window: Tensor, state: State | None) -> tuple[Tensor, State]:
    """Return frames of the output, and what the next ones go on from: the last turns and spectrum.

    Shape: padded (m, samples), at (k, m) of frames in the input; frames (k, m, n); state (2, m, bins) both.
    """
    n, each = len(window), padded.shape[1]
    views = padded.flatten().unfold(0, n, 1)
    spots = (at + torch.arange(len(padded), device=padded.device) * each).flatten()
    before, now = (
        paired(torch.fft.rfft(views.index_select(0, spots + later).mul_(window)).view(*at.shape, -1))
        for later in (0, n // OVERLAP)
    )
    if state is None:
        state = paired(torch.ones_like(now[0, 0], dtype=torch.complex64)), before[:, 0].clone()
    turn, last = state
    before[1].neg_()
    turns = unit(product(torch.cat([last[:, None], now[:, :-1]], 1), before))
    peaks = nearest_peaks(now)
    for k in range(len(at)):
        turn = product(turn, turns[:, k]).gather(2, peaks[k].expand_as(turn))
        turns[:, k] = turn
    return torch.fft.irfft(torch.complex(*product(now, turns)), n) * window, (unit(turn), now[:, -1].clone())


def paired(x: Tensor) -> Tensor:
    """Return complex numbers as two parts, real and imaginary. Shape: (...) to (2, ...)."""
    return torch.stack([x.real, x.imag])


def product(x: Tensor, y: Tensor) -> Tensor:
    """Return the products of complex numbers. Shape: (2, ...) all."""
    made = x * y[0]
    other = x * y[1]
    made[0] -= other[1]
    made[1] += other[0]
    return made


def unit(x: Tensor) -> Tensor:
    """Return complex numbers over their moduli, 1 for 0: where there is no phase, none is added. Shape: (2, ...)."""
    largest = torch.maximum(*x.abs())  # else squares of what is weak are nothing
    x = x / torch.where(largest > 0, largest, 1.0)
    x[0] += largest == 0
    squares = x * x
    return x.div_(squares[0].add_(squares[1]).sqrt_())


def nearest_peaks(x: Tensor) -> Tensor:
    """Return for each bin the place of the nearest bin that is the largest of five.

    Shape: x (2, k, m, bins), parts of complex numbers; returns whole numbers (k, m, bins).
    """
    shape, bins = x.shape[1:], x.shape[-1]
    strength = (x[0] * x[0] + x[1] * x[1]).view(-1, 1, bins)
    peak = (F.max_pool1d(strength, 5, 1, 2) == strength).view(-1)
    places = peak.nonzero()[:, 0]
    frame = places // bins  # each has a peak: the largest of its bins
    halfway = (places[:-1] + places[1:] + 1) // 2
    ends = torch.where(frame[1:] == frame[:-1], halfway, frame[1:] * bins)
    ends = torch.cat([ends, ends.new_tensor([len(peak)])])
    return (places - frame * bins).repeat_interleave(ends.diff(prepend=ends.new_zeros(1))).view(shape)
