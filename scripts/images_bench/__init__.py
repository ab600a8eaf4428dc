"""The parts of bench_images."""
