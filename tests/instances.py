"""One instance of every generator, trained ones small and short, for the tests that go over all of them."""

from __future__ import annotations

from imblearn import over_sampling

from gensynth.generators import all_generators

ARGUMENTS = {
    "FromImblearn": {"sampler": over_sampling.SMOTE()},
    "Autoregressive": {"hidden": (32, 32), "steps": 300},
    "VAE": {"hidden": (32, 32), "steps": 200},
}
TRAINED = ("Autoregressive", "VAE")
INSTANCES = [made(**ARGUMENTS.get(name, {})) for name, made in all_generators().items()]
