"""Files: tables (CSV, Parquet), saved models, JSON; every output is written whole or not at all."""

from .atomic import atomic_folder, atomic_write, check_output
from .base import TableFile
from .jsonfile import json_text, read_json, write_json
from .models import FORMAT, check_model_output, read_model, write_model
from .tables import read_table, write_frame

__all__ = [
    "FORMAT",
    "TableFile",
    "atomic_folder",
    "atomic_write",
    "check_model_output",
    "check_output",
    "json_text",
    "read_json",
    "read_model",
    "read_table",
    "write_frame",
    "write_json",
    "write_model",
]
