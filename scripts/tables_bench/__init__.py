"""The parts of scripts/bench_tables.py: what is measured, the arms, and how figures become verdicts."""
