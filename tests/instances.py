"""One instance of every generator, trained ones small and short, for the tests that go over all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from imblearn import over_sampling

from gensynth.generators import all_generators

ARGUMENTS = {
    "Auto": {"candidates": ["default"], "budget": 0},  # its trials have tests of their own
    "FromImblearn": {"sampler": over_sampling.SMOTE()},
    "Autoregressive": {"hidden": (32, 32), "steps": 300},
    "VAE": {"hidden": (32, 32), "steps": 200},
    "WGAN": {"hidden": (16,), "noise": 4, "steps": 30, "training": {"lr": 4e-3}},
}
LEARNED = {"hidden": (64, 64), "noise": 4, "steps": 300, "training": {"lr": 4e-3, "batch_size": 64}}
RESOLVED = {  # what laws that judge what was learned need, by the law's name
    name: {"WGAN": LEARNED} for name in ("makes_others_follow", "exact_class", "exact_class_on_real")
}
TRAINED = ("Autoregressive", "VAE", "WGAN")
INSTANCES = [made(**ARGUMENTS.get(name, {})) for name, made in all_generators().items()]


def heaps():
    """Return 600 rows of which a number and a word go together, and their classes."""
    rng = np.random.default_rng(1)
    heap = rng.integers(3, size=600)
    X = pd.DataFrame(
        {"word": np.array([*"xyz"])[heap], "number": 10 * heap + rng.normal(size=600), "k": 4 * (heap // 2)}
    )
    X.loc[::9, "word"] = None
    return X, np.where(rng.random(600) < 0.2, "rare", "common")


ODD = {
    "one number": pd.DataFrame({"a": np.arange(40) / 7}),
    "one category": pd.DataFrame({"a": [*"pq"] * 20}),
    "many levels and a constant": pd.DataFrame({"a": [f"level {n % 25}" for n in range(40)], "b": np.full(40, 3)}),
    "a constant and nothing": pd.DataFrame({"a": [1.5] * 40, "b": [None] * 40}),
    "nothing": pd.DataFrame({"a": [None] * 40}),
}
