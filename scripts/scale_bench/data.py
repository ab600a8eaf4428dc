"""Tables of any size, made a row group at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 1 << 20  # rows, as pyarrow writes them where nothing is said
RARE = 0.005
WORDS = {"device": ["desktop", "phone", "tablet", "other"], "country": ["AT", "BR", "CN", "DE", "FR", "IN", "US"],
         "channel": ["shop", "web", "agent"]}  # fmt: skip


def table(folder: Path, rows: int, rare: float = RARE) -> Path:
    """Return a Parquet file of payments of 20 columns of which a share are frauds; made where it is not there."""
    path = folder / f"payments-{rows}-{round(1e6 * rare)}.parquet"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    writer = None
    for number, start in enumerate(range(0, rows, GROUP)):
        group = group_of(min(GROUP, rows - start), number, rare)
        writer = writer or pq.ParquetWriter(half, group.schema)
        writer.write_table(group)
    assert writer is not None
    writer.close()
    half.rename(path)
    return path


def group_of(rows: int, number: int, share: float) -> pa.Table:
    """Return rows with the class in the last column."""
    rng = np.random.default_rng([7, number])
    rare = rng.random(rows) < share
    columns: dict[str, pa.Array] = {}
    for place in range(12):
        values = rng.normal(size=rows) * (1 + place) + rare * (place % 3)
        columns[f"amount{place}"] = pa.array(values if place % 2 else values.round(2))
    for place in range(4):
        columns[f"count{place}"] = pa.array(rng.poisson(3 + place + 2 * rare))
    for name, words in WORDS.items():
        codes = rng.integers(0, len(words), rows).astype(np.int32)
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(words)).cast(pa.string())
    columns["label"] = pa.array(np.where(rare, "fraud", "fine").tolist())
    return pa.table(columns)


def rare_rows(rows: int, share: float) -> int:
    """Return how many rows of a table are rare, as `group_of` draws them."""
    counts = (min(GROUP, rows - start) for start in range(0, rows, GROUP))
    return sum(int((np.random.default_rng([7, number]).random(n) < share).sum()) for number, n in enumerate(counts))
