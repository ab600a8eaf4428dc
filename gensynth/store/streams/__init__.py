"""Tables that are read a part at a time: files that do not fit in memory, and folders of such files."""

from .base import MADE, Added, Part, Piece, Stream, open_stream, tables_in
from .output import added_files, copied_folder, made_before, part_name

__all__ = [
    "MADE",
    "Added",
    "Part",
    "Piece",
    "Stream",
    "added_files",
    "copied_folder",
    "made_before",
    "open_stream",
    "part_name",
    "tables_in",
]
