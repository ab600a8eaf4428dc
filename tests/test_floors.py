"""The floors of DESIGN.md, read from the imports: a file imports only from floors below, or from its own folder."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "gensynth"
FLOORS = {
    **dict.fromkeys(["errors", "random"], 0),
    **dict.fromkeys(["data", "store", "nn"], 1),
    **dict.fromkeys(["transforms", "training"], 2),
    **dict.fromkeys(["generators", "learners"], 3),
    **dict.fromkeys(["balance", "gates", "recipe"], 4),
    "defaults": 5,
    **dict.fromkeys(["evidence", "scale", "checks"], 6),
    "cli": 7,
    "__main__": 8,
}
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def module_of(file: str) -> list[str]:
    """Return `["gensynth", "data", "kinds"]` for data/kinds.py; a package's __init__ is a module of its own."""
    return ["gensynth", *file.removesuffix(".py").split("/")]


def imports(file: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, full name) of whatever is imported anywhere in the file, `from a import b` as `a.b`."""
    here = module_of(file)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: -node.level] if node.level else []
            base = [*base, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            name = node.args[0].value
            if called in {"import_module", "__import__"} and isinstance(name, str):
                dots = len(name) - len(name.lstrip("."))
                yield node.lineno, ".".join([*here[:-dots], name[dots:]]) if dots else name


def offences(file: str, source: str) -> list[str]:
    """Return what the file, named by its path inside gensynth/, imports or mentions against the floors."""
    unit = file.split("/")[0].removesuffix(".py")
    if unit == "__init__":  # the public names, resolved lazily: tests/test_public_names.py watches it
        return []
    if unit not in FLOORS:
        return [f"{file}: {unit!r} stands on no floor; give it one in DESIGN.md and here"]
    tree = ast.parse(source)
    found = []
    for line, name in imports(file, tree):
        top, *rest = name.split(".")
        if top == "gensynth":
            reason = _inner(unit, rest)
        else:
            allowed = unit != "nn" or top == "torch" or top in sys.stdlib_module_names
            reason = "" if allowed else "nn imports torch alone"
        if reason:
            found.append(f"{file}:{line}: {name}: {reason}")
    if unit != "training":
        named = [node for node in ast.walk(tree) if "Trainer" in _names(node)]
        found += [f"{file}:{node.lineno}: only training calls Trainer" for node in named]
    return found


def _inner(unit: str, target: list[str]) -> str:
    """Return why `unit` may not import gensynth.`target`, or nothing."""
    other = target[0] if target else ""
    if other == unit or other == "__version__":
        return ""
    if other not in FLOORS:
        return "import from the module that holds the name, not from the top of the package"
    if unit == "nn":
        return "nn imports torch alone"
    if unit == "balance" and other == "generators" and target[1:2] != ["base"]:
        return "balance imports generators.base and no concrete generator"
    if FLOORS[other] >= FLOORS[unit]:
        return f"{other} (floor {FLOORS[other]}) is not below {unit} (floor {FLOORS[unit]})"
    return ""


def _names(node: ast.AST) -> set[str]:
    """Return the names that the node itself mentions."""
    parts = (getattr(node, part, None) for part in ("id", "attr", "name"))
    return {str(part).rpartition(".")[2] for part in parts if isinstance(part, str)}


@pytest.mark.parametrize("file", FILES)
def test_file_keeps_to_its_floor(file):
    assert offences(file, (PACKAGE / file).read_text(encoding="utf-8")) == []


def test_files_are_found():
    assert {"errors.py", "random.py", "generators/base.py", "balance/balancer.py"} <= set(FILES)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("data/kinds.py", "from ..generators.base import Generator"),
        ("data/kinds.py", "from ..store import tables"),  # a neighbour on the same floor
        ("store/tables.py", "from ..data.schema import Schema"),
        ("store/model.py", "def load():\n    from ..generators import base"),  # inside a function
        ("errors.py", "from . import random"),
        ("balance/balancer.py", "from ..gates import NotACopy"),  # modules at the root are not one folder
        ("balance/balancer.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..recipe import Job"),
        ("balance/balancer.py", "from ..generators.smote import SMOTE"),
        ("balance/balancer.py", "from ..generators import SMOTE"),
        ("balance/balancer.py", "import gensynth.generators.forest"),
        ("generators/vae.py", "from gensynth.balance import Balancer"),
        ("generators/vae.py", "from importlib import import_module\nimport_module('gensynth.cli')"),
        ("generators/vae.py", "import importlib\nimportlib.import_module('..checks', __package__)"),
        ("generators/vae.py", "from lightning.pytorch import Trainer"),
        ("generators/vae.py", "import lightning\nlightning.pytorch.Trainer()"),
        ("generators/__init__.py", "from ..cli import app"),
        ("checks/laws.py", "from gensynth import Balancer"),  # the top hides the floor
        ("nn/mlp.py", "import numpy as np"),
        ("nn/mlp.py", "from ..random import as_generator"),
        ("helpers.py", "import math"),  # no floor at all
    ],
)
def test_an_offence_is_seen(file, source):
    assert len(offences(file, source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (
            "balance/balancer.py",
            "from ..errors import DataError\nfrom ..generators.base import Generator\nimport sklearn",
        ),
        ("balance/balancer.py", "from ..generators import base"),
        ("generators/smote.py", "from . import base\nfrom ..data.schema import Schema\nfrom .base import Generator"),
        ("generators/__init__.py", "from .base import Generator\nfrom ..errors import ConfigError"),
        ("training/loop.py", "from lightning.pytorch import Trainer"),
        ("nn/mlp.py", "import math\nimport torch.nn.functional as F\nfrom .heads import BlockHead"),
        ("recipe.py", "from . import __version__"),
        ("generators/base.py", "def f(trainer_kwargs): return trainer_kwargs"),
        ("__init__.py", "from .cli import main"),
    ],
)
def test_what_is_allowed_passes(file, source):
    assert offences(file, source) == []
