"""Auto against every fixed method and against nothing: 19 tables, four learners, on folds that no trial saw.

    python scripts/bench_auto.py [--case TABLE ...] [--arm LEARNER ...] [--quick] [--fresh [LEARNER ...]] [--seeds 6]
                                 [--threads 1] [--data DIR] [--out FILE] [--readme]

The folds, the learners and the figures of the fixed methods are those of `bench_tables.py --part learners`, whose
results are read; nothing is run again here, and every difference is taken on the same fold. --seeds is the number of
folds. It is run by an interpreter that has LightGBM, such as that of bench_tables' environment.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from auto_bench import markdown, parts
from images_bench import bench
from tables_bench import process

if __name__ == "__main__":
    sys.path.insert(0, str(process.ROOT))  # another environment's interpreter has no gensynth of its own
    if "--readme" not in sys.argv and find_spec("lightgbm") is None:
        raise SystemExit("bench_auto: LightGBM is lacking: take the interpreter of bench_tables, out/peers/bin/python")
    for option, usual in (("--seeds", "6"), ("--threads", "1")):
        if option not in sys.argv:
            sys.argv += [option, usual]
    bench.carry_out("bench_auto", __doc__, ("auto",), parts, markdown.TABLES)
