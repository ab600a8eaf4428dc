"""A process that has imported everything runs command lines in copies of itself, and kills them at a moment.

It reads a job a line from standard input (`folder`, `words`, `said`, and `after` so many seconds, or null, a `signal`),
and answers `{"status": ..., "seconds": ..., "said": ...}` on standard output. So what is hit is work, not imports.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path

WARM = (
    *("imblearn.over_sampling", "lightning.pytorch", "pandas", "PIL.Image", "sklearn.mixture", "torchvision", "typer"),
    *(
        f"gensynth.cli.{name}"
        for name in ("balancing", "balancing_folders", "balancing_large", "modelling", "settings")
    ),
    *(f"gensynth.generators.{name}" for name in ("augment", "autoregressive", "smote", "style", "vae", "wgan")),
    *("gensynth.training.loop", "gensynth.nn.adain", "gensynth.nn.image_vae", "gensynth.nn.autoregressive"),
)


def work(job: dict) -> None:
    """Run a command line, in the copy, and leave."""
    from gensynth.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)  # which may be ignored, in what runs behind
    os.chdir(job["folder"])
    said = os.open(job["said"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    status = 70
    try:
        main(job["words"])
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(job: dict) -> dict:
    """Do a job in a copy of this process, and say how it ended; a status below 0 is the signal that ended it."""
    began, sent = time.monotonic(), False
    copy = os.fork()
    if copy == 0:
        work(job)
    while True:
        found, status = os.waitpid(copy, os.WNOHANG)
        spent = time.monotonic() - began
        if found:
            said = Path(job["said"]).read_text(encoding="utf-8") if Path(job["said"]).exists() else ""
            return {"status": os.waitstatus_to_exitcode(status), "seconds": spent, "said": said}
        if job["after"] is not None and spent >= job["after"] and not sent:
            os.kill(copy, job["signal"])
            sent = True
        time.sleep(0.0005)


def serve() -> None:
    """Answer until standard input ends."""
    for name in WARM:
        importlib.import_module(name)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    serve()
