"""What styles cost, how well they are painted beside the published loop, and what they are worth as augmentation.

    python scripts/bench_style.py [--part speed|gatys|help] [--case CASE ...] [--arm ARM ...] [--quick]
                                  [--fresh [ARM ...]] [--seeds 5] [--threads 2] [--data DIR] [--out FILE] [--readme]

speed: learning styles and giving them by "moments", "fourier" and "adain", of 64 and 224 pixels. gatys: eight
photographs in the styles of paintings, beside torch's L-BFGS from white noise on the same loss, an image after the
other. help: CIFAR-10 with 50 images of a class and road signs (folds by track), by a small network, on test images as
they are and in other colours, beside nothing and colour jitter. Results are merged into one file as they come, and a
run that was stopped goes on where it was. Every run is a process of its own.
"""

from __future__ import annotations

from images_bench import bench
from style_bench import markdown, parts

PARTS = ("speed", "gatys", "help")

if __name__ == "__main__":
    bench.carry_out("bench_style", __doc__, PARTS, parts, markdown.TABLES)
