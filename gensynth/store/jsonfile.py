"""JSON as gensynth writes it: sorted keys, UTF-8, one newline at the end, the same bytes for the same object.

Numbers that are not finite are written as Python's ``json`` does, ``NaN``, ``Infinity`` and ``-Infinity``, and read
back the same; other readers may refuse them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError, FormatError
from .atomic import atomic_write


def json_text(obj: object) -> str:
    """Return an object of dicts, lists, strings, numbers, booleans and None as text; NumPy's are taken as Python's."""
    return json.dumps(obj, sort_keys=True, ensure_ascii=False, indent=1, default=_plain) + "\n"


def write_json(path: str | Path, obj: object, *, overwrite: bool = False) -> None:
    """Write an object as JSON, atomically.

    Raises:
        ConfigError: the output cannot be written.
    """
    content = json_text(obj).encode("utf-8", "surrogatepass")
    with atomic_write(path, overwrite=overwrite) as handle:
        handle.write(content)


def read_json(path: str | Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ConfigError: there is no such file, or it cannot be read.
        FormatError: it is not JSON, or not an object.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    try:
        found = json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{str(path)!r} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise FormatError(f"{str(path)!r} holds a JSON {type(found).__name__}, not an object")
    return found


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
