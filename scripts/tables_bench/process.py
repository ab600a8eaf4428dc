"""Running jobs in processes of their own, keeping what they found. Imports little: children inherit peak memory."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from . import peers

ROOT = Path(__file__).resolve().parents[2]
ABOUT = ("versions", "python", "machine", "cores")  # what is told of where a run was taken
KEYS = ("case", "arm", "run")  # what tells one run of a part from another
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
LIMIT = 3600  # seconds that a job may take

Run = dict[str, Any]
Result = dict[str, Any]


def surroundings(threads: int) -> dict[str, str]:
    """Return the environment variables of a process that may use so many threads and finds gensynth's checkout."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    return os.environ | dict.fromkeys(POOLS, str(threads)) | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"}


def child(job: str, module: str = "tables_bench.jobs", threads: int = 2, **given: Any) -> Run:
    """Run one job of a module in a fresh process with so many threads; failures come back as {"failed": why}."""
    command = [sys.executable, "-m", module, json.dumps({"job": job, "given": given})]
    try:
        done = subprocess.run(
            command, env=surroundings(threads), capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {LIMIT} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def machine() -> dict[str, Any]:
    """Return what the figures were taken on."""
    return {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}


def opened(part: Result) -> tuple[Result, str]:
    """Return a part with this machine and its versions among those that runs may name, and the mark they name it by.

    `abouts` holds versions and machines by mark, and each run has the mark of its own in `about`. A part of an older
    file had those of all runs beside them: they become one of `abouts`, which the runs that name none then name.
    """
    held = dict(part)
    abouts, old = dict(held.get("abouts", {})), {name: held.pop(name) for name in ABOUT if name in held}
    if old:
        abouts[mark(old)] = old
        held["runs"] = [run if "about" in run else run | {"about": mark(old)} for run in held.get("runs", [])]
    now = {"versions": peers.versions(), **machine()}
    return {**held, "abouts": abouts | {mark(now): now}}, mark(now)


def mark(about: Run) -> str:
    """Return eight characters that stand for what runs were taken on."""
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:8]


def key(run: Run) -> tuple[Any, ...]:
    """Return what tells a run from the others of its part."""
    return tuple(run.get(name) for name in KEYS)


def finished(run: Run) -> bool:
    """Return whether a run need not be done again."""
    return "failed" not in run and "skipped" not in run


def read(path: Path) -> Result:
    """Return the results kept so far."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {"parts": {}}


def merged(result: Result, part: str, runs: Iterable[Run]) -> Result:
    """Return the result with these runs of a part in it: new ones added, those of the same key replaced."""
    old = result["parts"].get(part, {})
    kept = {key(run): run for run in old.get("runs", [])} | {key(run): run for run in runs}
    return {**result, "parts": {**result["parts"], part: {**old, "runs": [*kept.values()]}}}


def without(runs: Iterable[Run], starts: Iterable[str] | None) -> list[Run]:
    """Return the runs to keep: all if None, none if empty, else those whose arm begins with none of these."""
    if starts is None:
        return [*runs]
    unwanted = tuple(starts)
    return [run for run in runs if unwanted and not run["arm"].startswith(unwanted)]


def chosen(plan: list[Run], arms: Iterable[str], cases: Iterable[str]) -> list[Run]:
    """Return the runs of the arms named or that begin so, of cases that begin so."""
    whole = {run["arm"] for run in plan} & {*arms}  # a name of one arm is not the start of another's
    starts, of = (*({*arms} - whole),), (*cases,)
    mine = [run for run in plan if run["arm"] in whole or run["arm"].startswith(starts)]
    return [run for run in mine if run["case"].startswith(of)]


def write(path: Path, result: Result) -> None:
    """Write the results whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    part.replace(path)


def carry_out(path: Path, part: str, plan: list[Run], fresh: list[str] | None, work: Callable[[Run], Run]) -> list[Run]:
    """Do the runs of a plan that are not in the file yet, writing each as it is done; return all of the plan's."""
    result = read(path)
    old, now = opened(result["parts"].get(part, {}))
    result["parts"][part] = {**old, "runs": without(old.get("runs", []), fresh)}
    done = {key(run): run for run in result["parts"][part]["runs"] if finished(run)}
    for run in plan:
        if key(run) in done:
            continue
        start = time.perf_counter()
        found = run | work(run) | {"about": now}
        done[key(run)] = found
        result = merged(result, part, [found])
        write(path, result)
        why = found.get("failed") or found.get("skipped") or ""
        said = "failed: " if "failed" in found else "skipped: " if "skipped" in found else ""
        print(f"  {part}: {run['case']}, {run['arm']}, run {run['run']}: {time.perf_counter() - start:.0f} s "
              f"{said}{why}", flush=True)  # fmt: skip
    return [done[key(run)] for run in plan if key(run) in done]
