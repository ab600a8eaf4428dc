"""Train a generator on a table, save it, and make rows of one class with it: to copy and change.

python scripts/train_generator.py payments.csv fraud 1 frauds.csv
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from gensynth import Autoregressive, Schema, load, read_table


def main(data: str, target: str, label: str, out: str) -> None:
    table = read_table(data)
    X, y = table.frame.drop(columns=target), table.frame[target]
    generator = Autoregressive(max_time="5m", schema=Schema.infer(X).kinds, random_state=0)
    generator.fit(X, y)
    for record in generator.history_[:: max(len(generator.history_) // 5, 1)]:
        print({name: round(value, 3) for name, value in record.items()})

    model = Path(out).with_suffix(".model")
    with warnings.catch_warnings(action="ignore"):  # of few rows, told when it was fitted
        generator.save(model, overwrite=True)
    frauds = load(model).sample(1000, y=generator.labels_.match(label))
    frauds.to_csv(out, index=False)
    print(f"{len(frauds)} rows of {target} {label} in {out}, the model in {model}")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
