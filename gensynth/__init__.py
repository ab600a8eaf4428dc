"""Synthetic data where real data is scarce: tables, images, text, audio and series behind one fit / sample interface.

    from gensynth import Balancer, SMOTE
    X_new, y_new = Balancer(SMOTE(random_state=0)).fit_resample(X, y)

Names are resolved when they are first used, so that importing gensynth costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "Balancer": "gensynth.balance",
    "Generator": "gensynth.generators.base",
    "Supports": "gensynth.generators.base",
    "Draw": "gensynth.generators.base",
    "load": "gensynth.generators.files",
    "all_generators": "gensynth.generators",
    "generator_class": "gensynth.generators",
    "default_generator": "gensynth.generators.default",
    "default_balancer": "gensynth.defaults",
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
    "Transform": "gensynth.transforms.base",
    "NotACopy": "gensynth.gates",
    "LabelAgrees": "gensynth.gates",
    "Plausible": "gensynth.gates",
    "Constraint": "gensynth.gates",
    "Schema": "gensynth.data.schema",
    "Images": "gensynth.data.kinds",
    "ImageFolder": "gensynth.store.image_folder",
    "Series": "gensynth.data.kinds",
    "Texts": "gensynth.data.kinds",
    "Audio": "gensynth.data.kinds",
    "kind_of": "gensynth.data.kinds",
    "read_table": "gensynth.store.tables",
    "Auto": "gensynth.evidence.auto",
    "compare": "gensynth.evidence.compare.run",
    "audit": "gensynth.evidence.policies.audit",
    "fidelity": "gensynth.evidence.fidelity.measure",
    "image_fidelity": "gensynth.evidence.fidelity.images",
    "privacy": "gensynth.evidence.privacy.measure",
    "search_policy": "gensynth.evidence.policies.search",
    "PriorCorrected": "gensynth.evidence.prior",
    "correct_prior": "gensynth.evidence.prior",
    "check_generator": "gensynth.checks",
}

__all__ = [*sorted(_NAMES), "__version__"]


def __getattr__(name: str) -> Any:
    """Import the module of a public name on its first use."""
    if name not in _NAMES:
        raise AttributeError(f"module 'gensynth' has no attribute {name!r}")
    value = getattr(import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
