"""The public names: all there, all documented, and cheap until one of them is used."""

from __future__ import annotations

import inspect
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import gensynth

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ["imblearn", "lightning", "pandas", "polars", "pyarrow", "scipy", "sklearn", "torch", "torchvision"]
LOADED = f"import sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
HELP = "import sys; sys.argv = ['gensynth', '--help']; from gensynth.cli import main; main()"
NOISE = 1.5  # other work on the machine makes even processor time dearer


def python(code: str) -> str:
    """Return what a fresh interpreter prints."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def best_of_five(measure: Callable[[], float], limit: float) -> float:
    """Return the least of five measurements, or the first one within the limit."""
    times: list[float] = []
    while len(times) < 5 and (not times or min(times) > limit):
        times.append(measure())
    return min(times)


def import_time() -> float:
    """Return the seconds of processor time that `import gensynth` takes."""
    return float(python("import time as t; a = t.process_time(); import gensynth; print(t.process_time() - a)"))


def help_time() -> float:
    """Return the seconds of processor time that `gensynth --help` takes, the interpreter's start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "balance" in python(HELP)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_import_loads_nothing_heavy():
    assert python(f"import gensynth; {LOADED}").split() == []


def test_help_loads_nothing_heavy():
    assert python(f"import atexit; atexit.register(lambda: exec({LOADED!r})); {HELP}").split("\n")[-2] == ""


def test_import_takes_under_a_tenth_of_a_second():
    assert best_of_five(import_time, 0.1 * NOISE) < 0.1 * NOISE


def test_help_takes_under_half_a_second():
    assert best_of_five(help_time, 0.5 * NOISE) < 0.5 * NOISE


def test_names_are_listed_once_and_by_dir():
    assert len(set(gensynth.__all__)) == len(gensynth.__all__)
    assert set(gensynth.__all__) <= set(dir(gensynth))


@pytest.mark.parametrize("name", gensynth.__all__)
def test_name_resolves_and_says_what_it_is(name):
    value = getattr(gensynth, name)
    if name != "__version__":
        own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
        assert own
        assert own.strip()


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = gensynth.no_such_name


def test_version_is_the_one_installed():
    from importlib.metadata import version

    assert gensynth.__version__ == version("gensynth")
