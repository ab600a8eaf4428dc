"""Tables past the memory of a machine: memory, and times beside plain copies and beside fewer workers.

    python scripts/bench_scale.py [--part balance|append|dask|sample] [--case ROWS ...] [--quick] [--fresh [ARM ...]]
                                  [--seeds 1] [--threads 2] [--data DIR] [--out FILE] [--readme]

balance: a Parquet file of 20 columns of which 0.5 % are rare, made by the script, balanced to 10 % by ARF within 1 GB;
and how fast it is read and written beside a copy by pyarrow alone. append: the same with --append, of two sizes of the
majority. dask: sampling by one and by two workers of one thread. sample: rows like those of Adult, by ARF, from a saved
model to Parquet, of two numbers. Every run is a process of its own, whose peak of memory is told. It takes three
gigabytes of disk, in out/scale.
"""

from __future__ import annotations

import sys

from images_bench import bench
from scale_bench import markdown, parts

PARTS = ("balance", "append", "dask", "sample")

if __name__ == "__main__":
    if "--seeds" not in sys.argv:
        sys.argv += ["--seeds", "1"]
    bench.carry_out("bench_scale", __doc__, PARTS, parts, markdown.TABLES)
