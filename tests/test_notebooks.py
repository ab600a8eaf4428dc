"""Every notebook is stored without outputs and runs from top to bottom in an empty folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def execute(notebook: nbformat.NotebookNode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the notebook in `folder`, on a kernel of this interpreter, whatever kernels the machine has."""
    jupyter, work = folder / "jupyter", folder / "work"
    kernel = jupyter / "kernels" / "here"
    kernel.mkdir(parents=True)
    work.mkdir()
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "here", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    for name, value in {"JUPYTER_PATH": jupyter, "JUPYTER_RUNTIME_DIR": jupyter, "IPYTHONDIR": jupyter}.items():
        monkeypatch.setenv(name, str(value))
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(notebook, timeout=240, kernel_name="here", resources=resources).execute()


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in cells if cell.outputs or cell.execution_count is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path, monkeypatch):
    execute(read(path), tmp_path, monkeypatch)


def test_a_wrong_notebook_fails(tmp_path, monkeypatch):
    from nbclient.exceptions import CellExecutionError

    cell = nbformat.v4.new_code_cell("import sys\nassert sys.executable == 'another'")
    with pytest.raises(CellExecutionError, match="AssertionError"):
        execute(nbformat.v4.new_notebook(cells=[cell]), tmp_path, monkeypatch)
