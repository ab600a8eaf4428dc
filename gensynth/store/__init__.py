"""Files: tables (CSV, Parquet), saved models, JSON; every output is written whole or not at all."""

from gensynth.store.atomic import atomic_folder, atomic_write, check_output
from gensynth.store.base import TableFile
from gensynth.store.jsonfile import json_text, read_json, write_json
from gensynth.store.models import FORMAT, check_model_output, read_model, write_model
from gensynth.store.tables import read_table, write_frame

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
