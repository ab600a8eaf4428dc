"""README.md does what it says: its Python blocks and `gensynth` commands run, in order, in one folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
NOT_RUN = re.compile(r"\s*<!--\s*not run\b:?\s*(.*?)\s*-->\s*")
COMMAND = re.compile(r"\$ (gensynth .*|.*\| *gensynth .*)")


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is its first, counted from 1; `skipped` is the reason why it is not run, or None."""

    language: str
    line: int
    code: str
    skipped: str | None


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text, in order."""
    found: list[Block] = []
    lines, fence, before = text.splitlines(), "", ""
    opened, language = 0, ""
    for number, line in enumerate(lines, 1):
        mark = re.match(r"\s*(`{3,})\s*(\w*)", line)
        if not fence and mark:
            fence, language, opened = mark[1], mark[2], number
        elif fence and line.strip() == fence:
            indent = len(line) - len(line.lstrip())
            code = "\n".join(part[indent:] for part in lines[opened : number - 1])
            reason = NOT_RUN.fullmatch(before)
            found.append(Block(language, opened + 1, code, reason[1] if reason else None))
            fence = before = ""
        elif not fence and line.strip():
            before = line
    return found


def commands(code: str) -> list[str]:
    """Return the `$ gensynth ...` lines of a console block, those that end in a backslash joined to the next."""
    joined = re.sub(r"\\\n\s*>?\s*", "", code)
    return [match[1] for line in joined.splitlines() if (match := COMMAND.fullmatch(line.rstrip()))]


def run(text: str, shell) -> None:
    """Run the blocks in order, Python in one namespace, commands in the shell's folder."""
    names = {"__name__": "__main__"}
    for block in blocks(text):
        if block.skipped is not None:
            continue
        if block.language == "python":
            code = "\n" * (block.line - 1) + block.code  # so that a traceback shows the line of the README
            exec(compile(code, str(README), "exec", dont_inherit=True), names)
        elif block.language == "console":
            for command in commands(block.code):
                done = shell(command)
                assert done.returncode == 0, f"README.md:{block.line}: {command}\n{done.stdout}{done.stderr}"


def unreasoned(text: str) -> list[str]:
    """Return the comments `not run` that give no reason or stand before no block."""
    comments = [match[1] for line in text.splitlines() if (match := NOT_RUN.fullmatch(line))]
    reasons = [block.skipped for block in blocks(text) if block.skipped is not None]
    return [] if all(comments) and comments == reasons else [f"{comments} for blocks {reasons}"]


def test_readme_does_what_it_says(payments, shell, monkeypatch):
    monkeypatch.chdir(payments.parent)
    run(README.read_text(encoding="utf-8"), shell)


def test_readme_has_both_kinds_of_block():
    found = blocks(README.read_text(encoding="utf-8"))
    assert any(block.language == "python" and block.skipped is None for block in found)
    assert any(block.language == "console" and block.skipped is None and commands(block.code) for block in found)


def test_what_is_not_run_has_a_reason():
    assert unreasoned(README.read_text(encoding="utf-8")) == []


SAMPLE = """
```python
x = 2
```

1. then

   ```console
   $ gensynth balance a.csv \\
       -o b.csv
   12 rows
   $ pip install gensynth
   $ cat a.csv | gensynth show -
   ```

<!-- not run: needs a GPU -->

```python
raise SystemError
```

<!-- not run -->
```python
x += 1
```
"""


def test_blocks_are_found_with_their_lines_and_reasons():
    found = blocks(SAMPLE)
    assert [(block.language, block.line, block.skipped) for block in found] == [
        ("python", 3, None),
        ("console", 9, None),
        ("python", 19, "needs a GPU"),
        ("python", 24, ""),
    ]
    assert commands(found[1].code) == ["gensynth balance a.csv -o b.csv", "cat a.csv | gensynth show -"]
    assert unreasoned(SAMPLE)


def test_a_wrong_block_fails(shell):
    with pytest.raises(ZeroDivisionError):
        run("```python\nx = 0\n```\n```python\n1 / x\n```", shell)
    with pytest.raises(AssertionError, match=r"README\.md:2"):
        run("```console\n$ gensynth no-such-verb\n```", shell)


def test_the_generator_of_contributing_keeps_the_laws(tmp_path, monkeypatch):
    from gensynth.checks import check_generator
    from gensynth.generators import GENERATORS, generator_class

    found = blocks((README.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    code = next(block.code for block in found if block.language == "python")
    (tmp_path / "written_by_reader.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(GENERATORS, "SmoothedBootstrap", "written_by_reader")
    check_generator(generator_class("SmoothedBootstrap")(random_state=0))
