"""Balance a table from Python: the calls that `gensynth balance` makes, to copy and change.

python scripts/balance_dataset.py payments.csv fraud balanced.csv
"""

from __future__ import annotations

import sys

from gensynth import SMOTE, Balancer, Schema, read_table


def main(data: str, target: str, out: str) -> None:
    table = read_table(data)
    X, y = table.frame.drop(columns=target), table.frame[target]
    generator = SMOTE(k_neighbors=5, schema=Schema.infer(X), random_state=0)
    balancer = Balancer(generator, sampling_strategy="auto", random_state=0)
    X_new, y_new = balancer.fit_resample(X, y)

    synthetic = X_new[balancer.is_synthetic_].reset_index(drop=True)
    place = table.frame.columns.get_loc(target)
    synthetic.insert(place, target, y_new[balancer.is_synthetic_].reset_index(drop=True))
    table.write(out, synthetic=synthetic, overwrite=True)  # real rows as they stand in the file, then these

    print("before:", y.value_counts().to_dict())
    print("after: ", y_new.value_counts().to_dict())
    print(balancer.parents_.head(4).to_string(index=False))  # which real rows each synthetic one was made from


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
