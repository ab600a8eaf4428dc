"""The jobs of bench_scale, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tables_bench.jobs import main
from tables_bench.process import ROOT

from . import data

Found = dict[str, Any]
FOLDER = ROOT / "out/scale"
MAIN = """
import atexit, sys
def tell():  # ru_maxrss would hold the peak of the process that began this one
    print("peak", next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
atexit.register(tell)
from gensynth.cli import main
sys.argv[0] = "gensynth"
sys.exit(main())
"""
RATIO = 0.1 / 0.9  # of the classes, where a tenth is rare


def command(*words: object) -> Found:
    """Run gensynth's command line; return its seconds and the peak of its memory, in MB."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MAIN, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return {"seconds": time.perf_counter() - started, "peak_mb": int(done.stdout.split()[-1]) / 1000}


def balance(rows: int, generator: str) -> Found:
    """Balance a table of so many rows within 1 GB."""
    source, out = data.table(FOLDER, rows), FOLDER / "balanced.parquet"
    found = command("balance", source, "-t", "label", "--memory", "1GB", "--strategy", RATIO, "-g", generator,
                    "-o", out, "--overwrite")  # fmt: skip
    recipe = out.with_name(f"{out.name}.recipe.json")
    result = json.loads(recipe.read_text())["result"]
    found |= {"bytes": source.stat().st_size, "made": result["rows"]["synthetic"],
              **{f"{name}_s": seconds for name, seconds in result["seconds"].items()}}  # fmt: skip
    out.unlink(), recipe.unlink()
    return found


def streaming(rows: int, rounds: int) -> Found:
    """Time the streaming parts, counting and copying, and a copy by pyarrow's reader and writer, in turns."""
    from gensynth.balance.gathered import EACH, Room
    from gensynth.scale.gather import look
    from gensynth.store.streams import Added, open_stream

    source, out = data.table(FOLDER, rows), FOLDER / "copy.parquet"
    stream = open_stream(source)
    times: dict[str, list[float]] = {"plain": [], "copy": [], "count": []}
    for _ in range(rounds):
        times["plain"].append(_timed(_plain, source, out))
        with open(out, "wb") as handle:
            added = Added(iter(()), 0, stream.table(next(stream.read(stream.parts()[0]))))
            times["copy"].append(_timed(stream.copy, handle, added, lambda length: None))
        times["count"].append(_timed(look, stream, "label", 0, Room(500_000, EACH), {}, stream.parts()))
    out.unlink()
    return {name: min(found) for name, found in times.items()}


def _plain(source: Path, out: Path) -> None:
    """Copy a file as pyarrow's documentation has it: group by group."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(source) as file, pq.ParquetWriter(out, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            writer.write_table(file.read_row_group(group))


def _timed(work: Any, *given: Any) -> float:
    started = time.perf_counter()
    work(*given)
    return time.perf_counter() - started


def append(rows: int, rare: int, generator: str, lacking: int) -> Found:
    """Put so many rows beside a table of so many rows of which about so many are rare."""
    from gensynth.store.streams import made_before

    source = data.table(FOLDER, rows, rare / rows)
    wanted = data.rare_rows(rows, rare / rows) + lacking
    found = command("balance", source, "-t", "label", "--memory", "1GB", "--strategy", f"{{fraud: {wanted}}}",
                    "-g", generator, "--append", "--overwrite")  # fmt: skip
    recipe = source.with_name(f"{source.name}.recipe.json")
    result = json.loads(recipe.read_text())["result"]
    for path in (recipe, *made_before(FOLDER, source.name.partition(".")[0])):
        path.unlink()
    return found | {f"{name}_s": seconds for name, seconds in result["seconds"].items()}


def dask(workers: int, rows: int) -> Found:
    """Sample so many rows on so many workers of one thread, of what ARF learned of a small table."""
    from gensynth import ARF, Balancer
    from gensynth.balance.maker import Blocks
    from gensynth.scale.cluster import cluster
    from gensynth.scale.making import Making, Parts
    from gensynth.store.streams import open_stream

    stream = open_stream(data.table(FOLDER, 200_000))
    table = stream.table(next(stream.read(stream.parts()[0])))
    X, y = table.frame.drop(columns="label"), table.frame["label"]
    counts = y.value_counts()
    maker = Balancer(ARF(random_state=0), sampling_strategy={"fraud": int(counts["fraud"]) + 1}).learn(X, y)
    assert maker is not None
    code = maker.labels.code("fraud")
    maker.generator.sample(1, y="fraud", random_state=0)  # its forest is grown
    making = Making(maker, Blocks({code: rows}), 0, "label", X.shape[1])
    into = FOLDER / "parts"
    into.mkdir(exist_ok=True)
    with cluster(str(workers)) as found:
        parts = Parts(making, stream, table, into)
        list(found.map(parts.write, range(2 * workers)))  # what workers import is imported
        seconds = _timed(parts.write_all, lambda done: None, found.map)
    for path in into.iterdir():
        path.unlink()
    return {"seconds": seconds, "rows_a_second": rows / seconds}


def sample(rows: int, data_dir: str) -> Found:
    """Sample so many rows of a model of Adult to Parquet, by the command line."""
    model, out = FOLDER / "adult.model", FOLDER / "adult.parquet"
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not model.exists():
        command("fit", Path(data_dir) / "tabular/adult.parquet", "-t", "income", "-g", "ARF", "-o", model)
    found = command("sample", model, "-n", rows, "-o", out, "--overwrite")
    out.unlink()
    return found | {"rows_a_second": rows / found["seconds"]}


if __name__ == "__main__":
    main({"balance": balance, "streaming": streaming, "append": append, "dask": dask, "sample": sample})
