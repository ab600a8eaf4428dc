"""Files, functions and signatures stay small, and the library does not print."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "gensynth").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[tuple[Function, bool]]:
    """Yield each function and whether callers see it: no underscore in its name, its class's or its function's."""
    stack: list[tuple[ast.AST, bool]] = [(tree, True)]
    while stack:
        parent, public = stack.pop()
        for node in ast.iter_child_nodes(parent):
            seen = public
            if isinstance(node, ast.ClassDef):
                seen = public and not node.name.startswith("_")
            elif isinstance(node, Function):
                yield node, public and (node.name == "__init__" or not node.name.startswith("_"))
                seen = False
            stack.append((node, seen))


def is_command(node: Function) -> bool:
    """Whether Typer reads the signature: each option of the command line is a parameter there."""
    calls = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
    return any(isinstance(call, ast.Attribute) and call.attr in {"command", "callback"} for call in calls)


def excesses(file: str, source: str) -> list[str]:
    """Return what is too large in the file, and its calls of print."""
    tree, found = ast.parse(source), []
    lines = len(source.splitlines())
    if lines > 350:
        found.append(f"{file}: {lines} lines, of 350")
    for node, public in functions(tree):
        where = f"{file}:{node.lineno}: {node.name}"
        lines = (node.end_lineno or node.lineno) - node.lineno + 1
        if lines > 60:
            found.append(f"{where}: {lines} lines, of 60")
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([one for one in given if one.arg not in {"self", "cls"}])
        if public and count > 10 and not is_command(node):
            found.append(f"{where}: {count} parameters, of 10")
    if not file.startswith(("gensynth/cli/", "gensynth/cli.py")):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        found += [f"{file}:{node.lineno}: print" for node in calls if node.func.id in {"print", "breakpoint"}]
    return found


@pytest.mark.parametrize("file", FILES)
def test_file_is_small_and_silent(file):
    assert excesses(file, (ROOT / file).read_text(encoding="utf-8")) == []


def test_the_script_that_people_copy_is_short():
    assert len((ROOT / "scripts" / "balance_dataset.py").read_text(encoding="utf-8").splitlines()) < 40


MANY = ", ".join(f"p{n}" for n in range(11))


@pytest.mark.parametrize(
    "source",
    [
        "\n" * 351,
        "def f():\n" + "    pass\n" * 60,
        f"def f(*, {MANY}): ...",
        f"class C:\n    def __init__(self, {MANY}): ...",
        "def f():\n    print('here')",
    ],
)
def test_an_excess_is_seen(source):
    assert len(excesses("gensynth/data/kinds.py", source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("gensynth/cli/main.py", f"@app.command('fit')\ndef fit({MANY}):\n    print('done')"),
        ("gensynth/data/kinds.py", f"def _f({MANY}): ...\nclass _C:\n    def f(self, {MANY}): ..."),
        ("gensynth/data/kinds.py", '"""Says print(x)."""\nconsole.print(1)'),
    ],
)
def test_what_is_allowed_passes(file, source):
    assert excesses(file, source) == []
