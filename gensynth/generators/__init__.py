"""Generators: anything with `fit(X, y)` and `sample(n, y=...)`.

`GENERATORS` is the one table of them: name to module. It serves lazy import, the command line and loading; a new
generator is one file and one line here. Other packages add theirs through the entry-point group
"gensynth.generators", whose names and values mean the same.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from ..errors import ConfigError, nearest

if TYPE_CHECKING:
    from .base import Generator

GENERATORS = {
    "RandomOverSampler": "gensynth.generators.copies",
    "SMOTE": "gensynth.generators.smote",
    "SMOTENC": "gensynth.generators.smote",
    "SMOTEN": "gensynth.generators.smoten",
    "BorderlineSMOTE": "gensynth.generators.smote_family",
    "SVMSMOTE": "gensynth.generators.smote_family",
    "KMeansSMOTE": "gensynth.generators.smote_family",
    "ADASYN": "gensynth.generators.smote_family",
    "PolynomFitSMOTE": "gensynth.generators.variants",
    "ProWSyn": "gensynth.generators.variants",
    "SMOBD": "gensynth.generators.variants",
    "FromImblearn": "gensynth.generators.from_imblearn",
    "ARF": "gensynth.generators.forest",
    "GaussianCopula": "gensynth.generators.copula",
    "Autoregressive": "gensynth.generators.autoregressive",
    "VAE": "gensynth.generators.vae",
    "WGAN": "gensynth.generators.wgan",
    "Augment": "gensynth.generators.augment",
    "StyleTransfer": "gensynth.generators.style",
    "Auto": "gensynth.evidence.auto",
}


def generator_class(name: str) -> type[Generator]:
    """Return the class of a generator by its name. Raises: ConfigError, offering the nearest name."""
    name = "Auto" if name == "auto" else name  # a word of the command line
    module = GENERATORS.get(name)
    if module is None:
        added = {point.name: point for point in entry_points(group="gensynth.generators")}
        if name in added:
            return added[name].load()  # type: ignore[no-any-return]
        raise ConfigError(f"there is no generator {name!r}{nearest(name, [*GENERATORS, *added])}")
    return getattr(import_module(module), name)  # type: ignore[no-any-return]


def all_generators() -> dict[str, type[Generator]]:
    """Return every generator that this package holds, by name."""
    return {name: generator_class(name) for name in GENERATORS}
