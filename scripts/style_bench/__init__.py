"""The parts of bench_style."""
