"""The job of `helps` in a process of its own."""

from __future__ import annotations

from tables_bench.jobs import main

from . import helps

if __name__ == "__main__":
    main({"helps": helps.run})
