"""Tables that are read a part at a time: files that do not fit in memory, and folders of such files."""

from .base import Stream, open_stream
from .output import Output, open_whole

__all__ = ["Output", "Stream", "open_stream", "open_whole"]
