"""What generated images are worth to a classifier, beside class weights, oversampling and DeepSMOTE's idea.

    python scripts/bench_images.py [--part digits|longtail|few|loop] [--case CASE ...] [--arm ARM ...] [--quick]
                                   [--fresh [ARM ...]] [--seeds 5] [--threads 2] [--data DIR] [--out FILE] [--readme]

digits: a classifier that learns 8,000 made digits alone. longtail: digits (500 down to 5 a class), CIFAR-10 (400 down
to 8) and road signs (folds by track) balanced by each arm, judged by the balanced accuracy of a small network. few: 500
images of a class of five. loop: training beside a bare loop. Results are merged into one file as they come, and a run
that was stopped goes on where it was. Every run is a process of its own.
"""

from __future__ import annotations

from images_bench import bench, markdown, parts

PARTS = ("digits", "longtail", "few", "loop")

if __name__ == "__main__":
    bench.carry_out("bench_images", __doc__, PARTS, parts, markdown.TABLES)
