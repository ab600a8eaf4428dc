"""What `compare` takes, and whether it can be believed: on tables of noise, and on ones where made rows truly help.

    python scripts/bench_compare.py [--part speed|noise|planted|report] [--case CASE ...] [--quick] [--fresh [ARM ...]]
                                    [--seeds 20] [--threads 2] [--data DIR] [--out FILE] [--readme]

speed: all that is compared where nothing is said, on tables of 5,000 rows. noise: tables whose rare class is drawn
without looking at the columns, so that nothing can help. planted: a quadratic classifier that must guess the
covariances of a class from few rows, so that those borrowed from all rows help; on 20,000 fresh rows it is measured
that they do. report: a page of 50,000 rows. Results are merged into one file as they come.
"""

from __future__ import annotations

import sys

from compare_bench import markdown, parts
from images_bench import bench

PARTS = ("speed", "noise", "planted", "report")

if __name__ == "__main__":
    if "--seeds" not in sys.argv:
        sys.argv += ["--seeds", "20"]
    bench.carry_out("bench_compare", __doc__, PARTS, parts, markdown.TABLES)
