"""The environment that every arm runs in: the peers, and what gensynth's tables need, installed once into out/peers."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

NEEDED = (
    "ctgan==0.12.1",
    "sdmetrics==0.32.0",
    "lightgbm==4.7.0",
    "imbalanced-learn==0.14.2",
    "pyarrow",
    "threadpoolctl",
    "safetensors",
    "lightning==2.6.6",
)
WISHED = "smote-variants==1.0.1"  # asks for TensorFlow, which its samplers never touch
ITS_NEEDS = ("joblib", "metric-learn", "minisom", "seaborn", "statistics")
NAMED = ("numpy", "scipy", "pandas", "scikit-learn", "imbalanced-learn", "lightgbm", "torch", "ctgan", "sdmetrics",
         "smote-variants", "pyarrow", "torchvision", "kornia", "albumentations", "opencv-python-headless")  # fmt: skip


def interpreter(folder: Path) -> Path:
    """Return the Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, *what: str) -> bool:
    """Install packages; return whether it went well."""
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *what]
    return subprocess.run(command, check=False).returncode == 0


def make(
    folder: Path, needed: tuple[str, ...] = NEEDED, wished: str | None = WISHED, tool: str = "bench_tables"
) -> Path:
    """Make the environment of a script unless it is there already, and return its Python.

    BENCH_TORCH names the torch to install ("torch" by default; pip's own settings say from where).
    """
    python, stamp = interpreter(folder), folder / f"{tool}.stamp"
    torch = os.environ.get("BENCH_TORCH", "torch").split()
    wanted = "\n".join([*torch, *needed, *([wished] if wished else []), ""])
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"making the peers' environment in {folder} (some minutes, the first time only)", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    if not install(python, *torch) or not install(python, *needed):
        raise SystemExit(f"{tool}: pip could not install the peers (see above)")
    if wished is not None and not install(python, wished):
        print(f"{wished} cannot be installed with all it asks for; trying with what its samplers use", flush=True)
        if not (install(python, "--no-deps", wished) and install(python, *ITS_NEEDS)):
            print(f"{wished} is given up: its arms are skipped", flush=True)
    stamp.write_text(wanted)
    return python


def versions() -> dict[str, str]:
    """Return what is installed beside the interpreter that runs this; a package that is not there is "absent"."""
    found = {}
    for name in NAMED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
