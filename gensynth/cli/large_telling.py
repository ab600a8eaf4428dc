"""What is said and noted of a table that is read a part at a time."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from ..balance import Balancer
from ..balance.merge import training_of
from ..recipe import Job
from ..recipe.sizes import size_text
from ..scale.gather import Learned
from ..scale.making import Done
from ..store.elsewhere import place
from .telling import PACKAGES, kinds_of, model_fingerprint, spec_of

END = 1 << 20  # bytes at either end of a file that tell it from others


def say_learned(job: Job, learned: Learned, memory: int, files: int) -> None:
    """Print how many rows there are, and which of them are learned from."""
    rows, held = int(learned.labels.counts.sum()), Counter(learned.table.frame[str(job.target)].tolist())
    where = f" in {files:,} files" if files > 1 else ""
    lines = [f"gensynth: {rows:,} rows{where}, read a part at a time within {size_text(memory)} of memory (--memory)"]
    for label, n in sorted(learned.counts.items(), key=lambda item: -item[1]):
        if held[label] < n:
            lines.append(f"gensynth: {held[label]:,} of the {n:,} rows of class {label} are learned from, at random")
    print("\n".join(lines), file=sys.stderr)


def ends_of(files: Sequence[str]) -> str:
    """Return a fingerprint of files: of their sizes, and of a megabyte at either end of each."""
    digest = hashlib.sha256()
    for file in files:
        with place(file).open("rb") as handle:
            size = handle.seek(0, os.SEEK_END)
            handle.seek(0)
            digest.update(f"{size};".encode())
            digest.update(handle.read(END))
            handle.seek(max(size - END, 0))
            digest.update(handle.read(END))
    return digest.hexdigest()


def large_result(
    job: Job, balancer: Balancer, learned: Learned, done: Done, given: dict[str, Any], memory: int
) -> dict[str, Any]:
    """Return what was done, for the recipe.

    Arguments:
        job: the job, settled.
        balancer: which has learned.
        learned: of the table.
        done: what making gave.
        given: the input's size and fingerprint.
        memory: bytes that might be used, on which it depends which rows are learned from.
    """
    names, counts = [str(label) for label in learned.labels.classes.tolist()], learned.labels.counts.tolist()
    before = dict(zip(names, counts, strict=True))
    held = Counter(map(str, learned.table.frame[str(job.target)].tolist()))
    made = {names[code]: n for code, n in done.made.items()}
    few = getattr(getattr(balancer, "generator_", None), "few_rows_", {})
    return {
        "generator": spec_of(job, balancer),
        "gates": [gate.model_dump() for gate in job.gates],
        "on_short": job.on_short,
        "memory": size_text(memory),
        "seed": balancer.seed_,
        "rows": {"real": sum(counts), "kept": sum(counts), "synthetic": sum(made.values())},
        "before": before,
        "after": {name: n + made.get(name, 0) for name, n in before.items()},
        "learned_from": {name: held[name] for name in names},
        "rounds": done.rounds,
        "refused": dict(done.refused),
        "short": done.short,
        "few_rows": {str(label): text for label, text in few.items()},
        **training_of(balancer.generator_),
        "fresh_identifiers": [*getattr(getattr(balancer.generator_, "encoder_", None), "identifiers", ())],
        "columns": {str(name): kind for name, kind in kinds_of(balancer).items()},
        "model": None if job.model is None else model_fingerprint(job.model),
        "input": given,
        "versions": {name: version(name) for name in PACKAGES},
        "threads": job.threads,
    }


def say_done(result: dict[str, Any], out: str, recipe: str) -> None:
    """Print class counts before and after, and where things are, on standard error."""
    before, after, rows = result["before"], result["after"], result["rows"]
    width = max(len("class"), *map(len, after))
    lines = [f"{'class':{width}}  {'before':>11}  {'after':>11}"]
    lines += [f"{label:{width}}  {n:>11,}  {after[label]:>11,}"
              for label, n in sorted(before.items(), key=lambda item: -item[1])]  # fmt: skip
    lines.append(f"{rows['kept']:,} real rows and {rows['synthetic']:,} made by {result['generator']['name']}: {out}")
    if result["fresh_identifiers"]:
        lines.append(f"Identifiers, new in synthetic rows: {', '.join(map(str, result['fresh_identifiers']))}")
    lines += ["Rows to test on must be split off before balancing.", f"Recipe: {recipe}"]
    print("\n".join(lines), file=sys.stderr)
