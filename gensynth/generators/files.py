"""Saved generators: a folder of JSON and safetensors. No pickle, and no code of a file is ever run."""

from __future__ import annotations

import warnings
from pathlib import Path

from ..errors import ConfigError, FormatError, RealRowsWarning
from ..store.models import read_model, write_model
from .base import Generator
from .packing import packed, unpacked


def write(generator: Generator, path: str | Path, overwrite: bool) -> None:
    """Write a fitted generator; what `Generator.save` documents."""
    write_model(path, *packed(generator), overwrite=overwrite)
    if generator.keeps_rows:
        text = f"{path} holds the real rows that {type(generator).__name__} works from: treat it as you treat the data"
        warnings.warn(text, RealRowsWarning, stacklevel=3)


def load(path: str | Path) -> Generator:
    """Read a saved generator. No code of the file is run: its class is looked up by name.

    Raises: FormatError where the folder is not a model, or of a newer format; ConfigError for an unknown generator.
    """
    meta, arrays = read_model(path)
    try:
        return unpacked(meta, arrays)
    except Exception as error:  # whatever Python, NumPy, pandas, polars and torch say of data that are not whole
        if isinstance(error, ConfigError):
            raise
        if isinstance(error, FormatError):
            raise FormatError(f"{path}: {error}") from error
        raise FormatError(f"{path} is not a whole model file ({type(error).__name__}: {error!s:.200})") from error
