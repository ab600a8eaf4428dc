"""`gensynth balance` of tables that do not fit in memory, of folders of tables, and on a cluster.

One pass counts the classes and gathers the rows to learn from; a second one copies the table as it is, and synthetic
rows are made and written behind it block by block. `--append` spares the second: they are written beside.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from ..balance import Balancer
from ..balance.maker import BLOCK, Blocks
from ..balance.strategy import lacking
from ..data.labels import Labels
from ..data.watched import identifiers_in
from ..errors import ConfigError, DataError, UnknownCategory
from ..recipe import Job
from ..scale.cluster import Cluster, cluster
from ..scale.gather import Learned, gather, room_of
from ..scale.making import Done, Making, Parts
from ..scale.progress import told
from ..store.elsewhere import is_elsewhere
from ..store.jsonfile import write_json
from ..store.sources import open_output
from ..store.streams import Added, Stream, added_files, copied_folder, made_before
from .large_outputs import Outputs
from .large_telling import ends_of, large_result, say_done, say_learned
from .request import known_columns, make_balancer, settled, split_target
from .resuming import Keeping
from .settings import threads
from .telling import say_plan, warn_other

# what needs the whole table in memory
HERE = ("holdout", "split", "groups", "under", "reject", "report", "text", "safe_csv")


@dataclass
class Large:
    """A job on a table that is read a part at a time.

    Arguments:
        job: what is asked.
        stream: the table.
        memory: bytes that may be used.
        dry: whether to say alone what would be done.
        keeping: what is kept until it has ended well.
    """

    job: Job
    stream: Stream
    memory: int
    dry: bool
    keeping: Keeping
    started: float = field(default_factory=time.perf_counter)
    done: Done = field(default_factory=lambda: Done(Counter(), Counter()))
    times: dict[str, float] = field(default_factory=dict)

    def note(self, done: Done) -> None:
        """Take note of a block that was made."""
        self.done += done

    def lap(self, what: str) -> None:
        """Take note of the seconds that were spent on something, since the last time."""
        spent = time.perf_counter() - self.started - sum(self.times.values())
        self.times[what] = round(spent, 3)


def balance(job: Job, stream: Stream, memory: int, *, overwrite: bool, resume: bool, dry_run: bool) -> None:
    """Do a job on a table that is read a part at a time. Raises: GensynthError."""
    _refuse(job, stream)
    outputs = Outputs.of(job, stream)
    keeping = Keeping.of(job, outputs.name, resume=resume, overwrite=overwrite, dry=dry_run)
    if not dry_run:
        outputs.check(job, keeping.overwrite, keeping.own)
    large = Large(job, stream, memory, dry_run, keeping)
    with keeping, threads(job.threads), ExitStack() as stack:
        spread = None if job.dask is None else stack.enter_context(cluster(job.dask, memory))
        learned = _learned(large, spread)
        large.lap("counting")
        done, making, balancer = _making(large, learned)
        large.lap("learning")
        if dry_run:
            say_plan(balancer, [str(outputs)])
            return
        keeping.writing()
        _write(large, learned, making, outputs, spread, keeping.overwrite)
        large.lap("writing")
        _finish(large, learned, done, balancer, outputs)


def _learned(large: Large, spread: Cluster | None) -> Learned:
    """Return what is known of the table, and say it."""
    job, stream = large.job, large.stream
    target = stream.check(job.target)
    if job.mark is not None and (not job.mark.strip() or job.mark in stream.names):
        raise ConfigError(f"--mark {job.mark!r}: the new column needs a name that {job.data} has not")
    room = room_of(stream, large.memory)
    with told("counting", stream.length()) as step:
        learned = gather(stream, target, seed=job.seed, room=room, declared=job.columns,
                         spread=None if spread is None else spread.look, step=step)  # fmt: skip
    say_learned(job, learned, large.memory, len(stream.files))
    if len(learned.labels) < 2:
        only = learned.labels.classes.tolist()[0]
        raise DataError(f"{job.data}: column {target!r} holds 1 class, {only!r}: there is nothing to balance")
    return learned


def _making(large: Large, learned: Learned) -> tuple[Job, Making | None, Balancer]:
    """Return the settled job, how rows are made, None where none are, and the Balancer that has learned it."""
    job, labels = large.job, learned.labels
    X, y = split_target(learned.table, job.target)
    known = identifiers_in(learned.watched, X)
    schema = {**known_columns(job, X), **known}
    asked = lacking(_strategy(job, labels), labels, labels.counts)
    done = settled(job, X, schema)
    have, names = y.value_counts(), labels.classes.tolist()
    strategy = {str(names[code]): int(have[names[code]]) + n for code, n in asked.items()}
    balancer = make_balancer(done.model_copy(update={"strategy": strategy}), X, y, schema)
    if large.dry:
        balancer.fit(X, y)
        return done, None, balancer
    maker = large.keeping.fitted(balancer.generator, balancer.learn, X, y)
    if maker is None:
        return done, None, balancer
    maker = replace(maker, known=known)  # a model knows those of another table
    place = [*learned.table.frame.columns].index(str(y.name))
    blocks = Blocks(asked, BLOCK, mixed=job.seed if job.shuffle else None)
    return done, Making(maker, blocks, balancer.seed_, str(y.name), place), balancer


def _strategy(job: Job, labels: Labels) -> Any:
    """Return the strategy with labels as the table has them. Raises: ConfigError."""
    if not isinstance(job.strategy, dict):
        return job.strategy
    try:
        return {labels.match(label): n for label, n in job.strategy.items()}
    except UnknownCategory as error:
        raise ConfigError(f"strategy: {error}") from None


def _write(
    large: Large, learned: Learned, making: Making | None, outputs: Outputs, spread: Cluster | None, overwrite: bool
) -> None:
    """Write the table with what is made, or what is made beside it."""
    job, stream = large.job, large.stream
    if not outputs.append and not stream.is_folder:
        frames = iter(()) if making is None else making.frames(large.note, None if spread is None else spread.map)
        added = Added(frames, 0 if making is None else making.blocks.rows, learned.table, job.mark,
                      job.seed if job.shuffle else None)  # fmt: skip
        with open_output(outputs.table, overwrite) as handle, told("writing", stream.length()) as step:
            stream.copy(handle, added, step)
        return
    before = made_before(outputs.table, outputs.before) if outputs.append else []
    place = (
        added_files(outputs.table, before) if outputs.append
        else copied_folder(stream, outputs.table, link=job.link, overwrite=overwrite)
    )  # fmt: skip
    with place as into:
        if making is not None:
            _write_parts(large, Parts(making, stream, learned.table, into, outputs.before, job.mark), spread)


def _write_parts(large: Large, parts: Parts, spread: Cluster | None) -> None:
    """Write what is made in files of its own."""
    with told("making", parts.making.blocks.rows) as step:

        def note(done: Done) -> None:
            large.note(done)
            step(sum(done.made.values()))

        parts.write_all(note, map if spread is None else spread.map)


def _finish(large: Large, learned: Learned, done: Job, balancer: Balancer, outputs: Outputs) -> None:
    """Write the recipe and say what was done."""
    files = large.stream.files
    given = {"rows": int(learned.labels.counts.sum()), "files": len(files), "sha256_of_ends": (seen := ends_of(files))}
    warn_other(large.job, seen)
    result = large_result(done, balancer, learned, large.done, given, large.memory)
    result["seconds"] = {**large.times, "all": round(sum(large.times.values()), 3)}
    write_json(outputs.recipe, {"job": large.job.asked(), "result": result}, overwrite=True)
    say_done(result, str(outputs), str(outputs.recipe))


def _refuse(job: Job, stream: Stream) -> None:
    """Raise ConfigError where a job asks for what needs the whole table in memory."""
    asked = [name for name in HERE if getattr(job, name)] + (["kind"] if job.kind not in (None, "table") else [])
    if asked:
        raise ConfigError(
            f"--{asked[0].replace('_', '-')} is for tables that fit in memory: leave it out, or what has them read a "
            "part at a time (--append, --shuffle, --dask, too little --memory)"
        )
    if job.size:
        raise ConfigError(f"--size is for folders of images, and {job.data} is a table: leave it out")
    if job.link and any(map(is_elsewhere, (job.data, job.out or ""))):
        raise ConfigError("--link makes links on one disk of this machine: leave it out")
    if job.link and (job.append or not stream.is_folder):
        raise ConfigError("--link makes links of the files of a folder in another one: leave it out")
    if job.mark is not None and (job.append or stream.is_folder):
        raise ConfigError("--mark adds a column to one file; here the names of files tell synthetic rows: leave it out")
    if job.shuffle and stream.is_folder:
        raise ConfigError("--shuffle puts synthetic rows among those of a file, and files of a folder stay as they are")
    if job.shuffle and job.append:
        raise ConfigError("--shuffle puts synthetic rows among the real ones, and --append leaves these as they are")
