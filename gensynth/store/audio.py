"""Recordings as WAV files: integers of 8 to 32 bits and floats are read, 16 bits written, one channel."""

from __future__ import annotations

import struct
import warnings
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

Samples = NDArray[np.float32]
_KINDS = {"uint8": (128.0, 128.0), "int16": (0.0, 2.0**15), "int32": (0.0, 2.0**31)}  # what is 0, and what is 1


@dataclass(frozen=True)
class Recording:
    """A recording that was read.

    Shape: samples (n,), float32; integers lie in [-1, 1], floats are as they stand. `rate` in Hz; `channels`, how many
    were mixed down to one.
    """

    samples: Samples
    rate: int
    channels: int


def read_wave(path: str | Path) -> Recording:
    """Read a WAV file; several channels are mixed down: their mean.

    Raises: DataError where it is broken, no WAV file, of another coding than plain numbers, or holds NaN.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that it does not know
            warnings.filterwarnings("error", message=".*prematurely.*")
            rate, data = wavfile.read(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except wavfile.WavFileWarning:
        raise DataError(f"{path} is cut short; repair it or take it out of the folder") from None
    except (ValueError, struct.error, EOFError, KeyError, TypeError, UnboundLocalError, ZeroDivisionError) as error:
        what = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is no WAV file of plain numbers ({what:.120}); save it as PCM") from None
    if not rate > 0:
        raise DataError(f"{path} has a sampling rate of {rate} Hz; repair it or take it out of the folder")
    if data.dtype.kind != "f" and data.dtype.name not in _KINDS:
        raise DataError(f"{path} has more than 32 bits a sample; save it with 32 or fewer")
    channels = 1 if data.ndim == 1 else data.shape[1]
    if data.dtype.kind != "f":
        zero, one = _KINDS[data.dtype.name]
        samples = (data.astype(np.float64) - zero) / one
    else:
        samples = data.astype(np.float64)
    if not np.isfinite(samples).all():
        raise DataError(f"{path} holds samples that are not finite: NaN or infinite")
    samples = samples if data.ndim == 1 else samples.mean(axis=1)
    return Recording(samples.astype(np.float32), int(rate), channels)


def write_wave(path: str | Path, samples: NDArray[np.floating], rate: float) -> None:
    """Write samples as a WAV file of 16 bits; a wave that leaves [-1, 1] is made softer until it fits. Shape: (n,)."""
    wanted = np.asarray(samples, dtype=np.float64)
    values = np.rint(wanted / max(1.0, np.abs(wanted).max(initial=0.0)) * 2.0**15)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(round(rate))
        file.writeframes(np.minimum(values, 2.0**15 - 1).astype("<i2").tobytes())
