"""Saved models: a folder with ``model.json`` and ``weights.safetensors``; data, never code.

``model.json`` holds ``format``, the number of the layout of the whole folder: a reader refuses a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy

from ..errors import ConfigError, FormatError, nearest
from .atomic import atomic_folder, check_output
from .jsonfile import json_text, read_json

FORMAT = 1
META, WEIGHTS = "model.json", "weights.safetensors"

_KINDS = {"bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"}
_KINDS |= {"float16", "float32", "float64"}


def write_model(
    path: str | Path, meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]], *, overwrite: bool = False
) -> None:
    """Write a model folder, atomically and with the same bytes for the same model.

    Arguments:
        path: the folder.
        meta: what JSON can say, NumPy's numbers and numbers that are not finite included; ``format`` is added.
        arrays: of any shape, booleans, integers or floats.
        overwrite: replace a folder that is there, if it is a model or empty.

    Raises:
        ConfigError: the folder is there and not to be replaced, or holds something else than a model.
        FormatError: an array is of a kind that the format does not know.
    """
    check_model_output(path, overwrite)
    text = json_text({**meta, "format": FORMAT})
    weights = safetensors.numpy.save({name: _plain(name, array) for name, array in arrays.items()})
    with atomic_folder(path, overwrite=overwrite) as folder:
        (folder / META).write_bytes(text.encode("utf-8", "surrogatepass"))
        (folder / WEIGHTS).write_bytes(weights)


def check_model_output(path: str | Path, overwrite: bool = False) -> None:
    """Refuse a place where a model cannot be written, before the work; only a model or an empty folder is replaced.

    Raises:
        ConfigError: as `check_output`, or what is there is not a model.
    """
    check_output(path, overwrite)
    folder = Path(path)
    if not folder.is_dir():
        return
    held = {part.name for part in folder.iterdir()}
    if held and held != {META, WEIGHTS}:
        raise ConfigError(f"{str(path)!r} is a folder that holds other things than a model; name another")


def read_model(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """Read a model folder: its meta, ``format`` included, and its arrays.

    Raises:
        ConfigError: nothing is there, or it cannot be read.
        FormatError: it is not a model, a part is missing or spoilt, or its format is newer.
    """
    folder = Path(path)
    try:
        there = folder.exists()
    except OSError as error:  # a name that no folder can have
        raise ConfigError(f"{str(path)!r:.100} cannot be read: {error.strerror}") from error
    if not there:
        names = (other.name for other in folder.parent.iterdir() if other.is_dir()) if folder.parent.is_dir() else ()
        raise ConfigError(f"there is no model {str(path)!r}{nearest(folder.name, sorted(names))}")
    if not folder.is_dir():
        raise FormatError(f"{str(path)!r} is a file; a saved model is a folder with {META} and {WEIGHTS}")
    for part in (META, WEIGHTS):
        if not (folder / part).is_file():
            raise FormatError(f"{str(path)!r} is not a whole model: {part} is missing")
    meta = read_json(folder / META)
    _check_format(meta.get("format"), path)
    try:
        arrays = safetensors.numpy.load_file(str(folder / WEIGHTS))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{str(folder / WEIGHTS)!r} is not a whole safetensors file: {error}") from error
    except OSError as error:
        raise ConfigError(f"{str(folder / WEIGHTS)!r} cannot be read: {error.strerror}") from error
    return meta, arrays


def _check_format(number: object, path: str | Path) -> None:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise FormatError(f"{str(path)!r} is not a gensynth model: {META} has no format number")
    if number > FORMAT:
        raise FormatError(
            f"{str(path)!r} is of format {number} and this gensynth reads up to {FORMAT}; upgrade gensynth"
        )


def _plain(name: str, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array contiguous and in the machine's byte order, as safetensors wants it."""
    array = np.asarray(array)
    if array.dtype.name not in _KINDS:
        raise FormatError(f"array {name!r} is of {array.dtype}, which a model file cannot hold; make it a number")
    return np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")
