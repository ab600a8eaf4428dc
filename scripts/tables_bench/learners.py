"""Part C: does balancing help? Each arm makes training folds of 19 tables level; four learners are tested on real rows.

A task is one arm on one fold: rows are made once, the learners share them. Where a sampler raises, the learners get the
fold as it is, and the record says why. Two processes of one thread each take the tasks, the first repeat of all tables
first and cheap tables before dear ones, so that what is there is balanced whenever it is looked at.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from . import arms, data, scoring
from .process import surroundings, without
from .report import Verdict, show_table, show_verdicts, verdict
from .summary import Record, cells, complete, differences, mean_ranks, only

Task = tuple[str, int, int, str]  # table, repeat, fold, arm
QUICK = ("glass", "german_credit", "car_evaluation")
HARM = -0.005  # average precision that the default may cost a learner
DEFAULT = "gensynth default"
PEERS = [arm for arm in arms.ARMS if arm.startswith("imblearn")]


@dataclass(frozen=True)
class Marks:
    """What records are taken on, by mark (see `process.opened`): those of today, and older ones that name nothing."""

    now: str
    earlier: str | None = None


def plan(tables: Sequence[str], repeats: int, folds: int, chosen: Sequence[str], kinds: dict[str, str]) -> list[Task]:
    """Return the tasks in their order; an arm that is the same as another on numbers is left out there."""
    return [
        (table, repeat, fold, arm)
        for repeat in range(repeats)
        for table in tables
        for fold in range(folds)
        for arm in chosen
        if not (arm in arms.SAME and kinds[table] == "numeric")
    ]


def do(task: Task, folder: str) -> list[Record]:
    """Make the classes of a fold level, let the learners learn it, and return a record for each."""
    table, repeat, number, arm = task
    fold = scoring.fold_of(table, repeat, number, folder)
    fold.encode(fold.X.head(1))  # learning the encoding is not the arm's work
    failed, start = None, time.perf_counter()
    try:
        X, y = arms.level(arm, fold, seed=10 * repeat + number)
    except Exception as error:  # whatever a sampler raises is its failure, and is counted
        failed = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    took = time.perf_counter() - start
    if failed:
        X, y = arms.level("none", fold, 0)
    middle = time.perf_counter()
    scores = scoring.scores(X, y, fold)
    about = {"table": table, "repeat": repeat, "fold": number, "arm": arm, "rows": len(y), "failed": failed,
             "seconds": round(took, 4), "learning": round(time.perf_counter() - middle, 2)}  # fmt: skip
    return [{**about, "learner": name, "ap": ap} for name, ap in scores.items()]


def read(path: Path) -> list[Record]:
    """Return the records kept so far; a line that was cut off is not one."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return records


def carry_out(path: Path, tasks: Iterable[Task], folder: Path, fresh: list[str] | None, marks: Marks) -> list[Record]:
    """Do the tasks that are not in the file yet, adding records as they come; return all records."""
    known = {} if marks.earlier is None else {"about": marks.earlier}
    records = [known | record for record in without(read(path), fresh)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    seen: dict[Task, int] = {}
    for r in records:
        task = (r["table"], r["repeat"], r["fold"], r["arm"])
        seen[task] = seen.get(task, 0) + 1
    left = [task for task in tasks if seen.get(task, 0) < len(scoring.LEARNERS)]
    os.environ.update(surroundings(1))
    start = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, path.open("a", encoding="utf-8") as file:
        asked = [pool.submit(do, task, str(folder)) for task in left]
        for done, future in enumerate(as_completed(asked), 1):
            made = [record | {"about": marks.now} for record in future.result()]
            records += made
            file.write("".join(json.dumps(record) + "\n" for record in made))
            file.flush()
            if done % 50 == 0 or done == len(left):
                minutes = (time.perf_counter() - start) / 60
                print(f"  learners: {done} of {len(left)} tasks, {minutes:.1f} minutes, {made[0]['table']}", flush=True)
    return records


def filled(records: list[Record], kinds: dict[str, str]) -> list[Record]:
    """Return the records with those of an arm that is another on numbers taken from there."""
    also = [
        {**record, "arm": arm}
        for arm, same in arms.SAME.items()
        for record in records
        if record["arm"] == same and kinds.get(record["table"]) == "numeric"
    ]
    return records + also


def summary(records: list[Record], chosen: Sequence[str], kinds: dict[str, str]) -> dict[str, Any]:
    """Return ranks, differences, seconds and failures of each arm, and the verdicts."""
    whole = complete(filled(records, kinds), chosen, scoring.LEARNERS)
    scored = cells(whole)
    ranks, gaps = mean_ranks(scored), differences(scored)
    field = mean_ranks(
        only(scored, ["none", *PEERS, DEFAULT])
    )  # one arm of gensynth's: others like it would split ranks
    rows = {}
    for arm in sorted(ranks, key=ranks.__getitem__):
        mine = [record for record in whole if record["arm"] == arm]
        once = [record for record in mine if record["learner"] == scoring.LEARNERS[0]]
        rows[arm] = {
            "rank": round(ranks[arm], 3),
            "rank_beside_default": round(field[arm], 3) if arm in field else None,
            "gain": {name: [round(v, 4) for v in gaps[name][arm]] for name in gaps if arm in gaps[name]},
            "seconds": round(sum(record["seconds"] for record in once) / len(once), 3),
            "failed": sum(record["failed"] is not None for record in once),
        }
    folds = {(record["table"], record["repeat"], record["fold"]) for record in whole}
    tables = sorted({table for table, _ in scored})
    return {"tables": tables, "folds": len(folds), "rows": rows, "verdicts": verdicts(rows)}


def verdicts(rows: dict[str, Any]) -> list[Verdict]:
    """Return whether the default is better than the peers, and harmless."""
    mine = rows.get(DEFAULT)
    rank = "rank_beside_default"
    found = [
        verdict(f"default: mean rank against {arm}", mine and mine[rank], "<", rows[arm][rank] if arm in rows else 0)
        for arm in PEERS
    ]
    for name in scoring.LEARNERS:
        gain = mine["gain"][name][0] if mine and name in mine["gain"] else None
        found.append(verdict(f"default: {name}, average precision gained over none", gain, ">=", HARM))
    return found


def show(found: dict[str, Any]) -> None:
    """Print figures and verdicts."""
    print(f"\nBalancing and four learners: {len(found['tables'])} tables, {found['folds']} folds done by every arm; "
          "gains in average precision over none, +- their standard error over tables")  # fmt: skip
    head = ["", "mean rank", "beside default", *scoring.LEARNERS, "seconds", "failed"]
    lines = []
    for arm, row in found["rows"].items():
        gains = [
            f"{row['gain'][n][0]:+.4f} +- {row['gain'][n][1]:.4f}" if row["gain"] else "" for n in scoring.LEARNERS
        ]
        lines.append([arm, row["rank"], row["rank_beside_default"], *gains, row["seconds"], row["failed"]])
    show_table(head, lines)
    show_verdicts(found["verdicts"])


def run(
    path: Path, folder: Path, fresh: list[str] | None, every: bool, quick: bool, tables: Sequence[str], marks: Marks
) -> Any:
    """Carry out the part; return its summary."""
    chosen = []
    for arm in (*arms.ARMS, *(arms.MORE_ARMS if every else ())):
        why = arms.available(arm)
        if why is None:
            chosen.append(arm)
        else:
            print(f"  learners: {arm} is skipped: {why}", flush=True)
    names = tables or (QUICK if quick else [*data.TARGETS])
    kinds = {name: data.load(name, str(folder)).kind for name in names}
    repeats, folds = (1, 1) if quick else (scoring.REPEATS, scoring.FOLDS)
    tasks = plan(names, repeats, folds, chosen, kinds)
    records = carry_out(path, tasks, folder, fresh, marks)
    return summary(
        [r for r in records if r["table"] in kinds and r["repeat"] < repeats and r["fold"] < folds], chosen, kinds
    )
