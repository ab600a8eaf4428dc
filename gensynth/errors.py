"""What can go wrong, as a small tree.

::

    GensynthError
    ├── DataError (ValueError)          the data cannot be used: what, where, what to do
    │   ├── NoRows                      a table is empty, or has a header alone
    │   ├── TooFewRows                  a class or table has fewer rows than can be worked with
    │   └── UnknownCategory             a label or category that the data does not hold
    ├── ConfigError (ValueError)        the request is wrong: a parameter, a strategy, a key
    │   ├── Unsupported                 the generator cannot do this; the message names one that can
    │   └── OtherTraining (FormatError) a checkpoint is of another training, or damaged
    ├── NotFitted (ValueError, AttributeError)   `sample` or `save` before `fit`
    ├── TrainingFailed (RuntimeError)   the work was right and failed
    └── FormatError (ValueError)        a file is not what it should be

    GensynthWarning (UserWarning)
    ├── FewRowsWarning                  a class is tiny; the message says what is done instead
    ├── FallbackWarning                 the asked method could not serve; the message says which did
    ├── LabelWarning                    made rows may look like another class
    ├── ShortWarning                    fewer rows than asked passed the gates
    └── RealRowsWarning                 a saved file holds real rows
"""

from __future__ import annotations

import difflib
import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class GensynthError(Exception):
    """Base of every error that gensynth raises on purpose."""


class DataError(GensynthError, ValueError):
    """The data cannot be used as it is."""


class TooFewRows(DataError):
    """A class or a table has fewer rows than the work needs."""


class NoRows(DataError):
    """A table is empty, or has a header alone."""


class UnknownCategory(DataError):
    """A label or category that was not in the data."""


class ConfigError(GensynthError, ValueError):
    """The request itself is wrong."""


class Unsupported(ConfigError):
    """The generator cannot do what was asked; the message names one that can."""


class NotFitted(GensynthError, ValueError, AttributeError):
    """`sample` or `save` before `fit`. The same bases as scikit-learn's NotFittedError."""


class TrainingFailed(GensynthError, RuntimeError):
    """The request was right and the work failed."""


class FormatError(GensynthError, ValueError):
    """A file is not what it claims to be, or is of a newer format."""


class OtherTraining(ConfigError, FormatError):
    """A checkpoint is of another training, or damaged: without it, training begins anew."""


class GensynthWarning(UserWarning):
    """Base of every warning that gensynth gives."""


class FewRowsWarning(GensynthWarning):
    """A class is tiny; the message says what is done with it."""


class FallbackWarning(GensynthWarning):
    """The asked method could not serve; the message says what did instead."""


class LabelWarning(GensynthWarning):
    """Made rows may look like another class; a gate that judges labels, such as LabelAgrees, refuses those that do."""


class ShortWarning(GensynthWarning):
    """Fewer rows than asked passed the gates."""


class RealRowsWarning(GensynthWarning):
    """The saved file holds real rows and is as confidential as they are."""


_FILTERS = threading.Lock()


@contextmanager
def ignoring(category: type[Warning] = Warning, message: str = "", module: str = "") -> Iterator[None]:
    """Ignore warnings of a category whose text and module begin as the patterns say, for the block.

    Blocks of several threads may overlap: each takes away what it put in place itself. `warnings.catch_warnings` puts
    back a list instead, and with it what another thread had put in place for a while.
    """
    found = [re.compile(message, re.IGNORECASE) if message else None, re.compile(module) if module else None]
    entry: Any = ("ignore", found[0], category, found[1], 0)
    before: Any = warnings.filters
    with _FILTERS:
        before.insert(0, entry)
    try:
        yield
    finally:
        with _FILTERS:
            after: Any = warnings.filters
            for held in (before, after):
                held[:] = [each for each in held if each is not entry]


def nearest(word: object, choices: Iterable[object]) -> str:
    """Return ``"; did you mean 'x'?"`` for the choice nearest to the word, else the first choices, else nothing."""
    names = [str(choice) for choice in choices]
    close = difflib.get_close_matches(str(word), names, n=1, cutoff=0.6)
    if not close:  # a difference of case alone is always near
        close = [name for name in names if name.lower() == str(word).lower()][:1]
    if close:
        return f"; did you mean {close[0]!r}?"
    if names:
        return f"; there is {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}"
    return ""
