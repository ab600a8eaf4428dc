"""What `search_policy` makes policies of: changes of each kind at the greatest strength that is tried.

Those of `RISKY` may turn labels into others; they are tried where an audit of the data passes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...transforms.base import Transform
from ...transforms.compose import Compose

MOST_PARTS = 3
SAFE: dict[str, list[dict[str, Any]]] = {
    "image": [
        {"name": "Affine", "degrees": 20.0, "translate": 0.15, "factor": 0.2, "shear": 12.0},
        {"name": "Perspective", "strength": 0.25},
        {"name": "Elastic", "strength": 0.2},
        {"name": "Brightness", "factor": 0.4},
        {"name": "Contrast", "factor": 0.5},
        {"name": "Gamma", "power": 0.5},
        {"name": "GaussianNoise", "deviation": [0.0, 0.12]},
        {"name": "Blur", "deviation": [0.0, 0.03]},
        {"name": "Cutout", "area": [0.02, 0.2]},
    ],
    "text": [
        {"name": "DeleteWords", "share": 0.3},
        {"name": "Synonyms", "share": 0.3},
        {"name": "UnigramNoise", "share": 0.3},
        {"name": "SwapWords", "share": 0.3},
        {"name": "Typos", "share": 0.2},
        {"name": "CaseNoise", "share": 0.3},
        {"name": "PunctuationNoise", "insert": 0.1, "double": 0.1, "drop": 0.2},
    ],
    "audio": [
        {"name": "Speed", "factor": 0.2},
        {"name": "TimeShift", "share": 0.15},
        {"name": "AddNoise", "snr": [10.0, 30.0]},
        {"name": "Gain", "decibels": 10.0},
        {"name": "SpecMask", "frequency_width": [0.0, 0.2], "time_width": [0.0, 0.1]},
        {"name": "Reverberate", "ratio": [0.0, 15.0]},
    ],
    "series": [
        {"name": "JitterSeries", "deviation": [0.0, 0.2]},
        {"name": "ScaleSeries", "factor": 0.2},
        {"name": "MagnitudeWarp", "deviation": [0.0, 0.3]},
        {"name": "TimeWarp", "deviation": [0.0, 0.3]},
        {"name": "WindowSlice", "share": [0.7, 1.0]},
        {"name": "WindowWarp"},
        {"name": "Drift", "strength": [0.0, 0.4]},
        {"name": "DropSamples", "share": [0.0, 0.2]},
    ],
    "table": [
        {"name": "MixRows", "weight": [0.0, 0.5]},
        {"name": "SwapNoise", "chance": 0.3},
        {"name": "JitterNumbers", "deviation": [0.0, 0.5]},
        {"name": "QuantileNoise", "reach": 0.15},
        {"name": "CategoryNoise", "chance": 0.15},
    ],
}
RISKY: dict[str, list[dict[str, Any]]] = {
    "image": [
        {"name": "Flip"},
        {"name": "Rotate", "degrees": 45.0},
        {"name": "Saturation", "factor": 0.5},
        {"name": "HueShift", "turn": 0.1},
        {"name": "Grey", "p": 0.3},
        {"name": "Invert", "p": 0.3},
    ],
    "text": [{"name": "ShuffleWords"}],
    "audio": [{"name": "PitchShift", "semitones": 3.0}, {"name": "TimeStretch", "factor": [0.7, 1.4]}],
    "series": [{"name": "RotateChannels"}, {"name": "Permute"}],
    "table": [],
}


def made(kind: str, table: dict[str, list[dict[str, Any]]]) -> list[Transform]:
    """Return the changes of a kind."""
    return [Transform.from_dict(each) for each in table[kind]]


def drawn(ops: Sequence[Transform], rng: np.random.Generator) -> Transform:
    """Return a policy of one to three of the changes, at strengths from 0.2 to 1, for half of the rows or for all."""
    count = min(1 + int(rng.choice(MOST_PARTS, p=[0.3, 0.4, 0.3])), len(ops))
    parts = []
    for place in np.sort(rng.choice(len(ops), count, replace=False)):
        share, always = round(float(rng.uniform(0.2, 1.0)), 2), bool(rng.random() < 0.5)
        parts.append(varied(ops[place], share, always))
    return Compose(parts)


def varied(op: Transform, share: float, always: bool) -> Transform:
    """Return a change at a share of its strength, for all of the rows that it is for, or for half of them."""
    made = op.weakened(share) if not isinstance(op, Compose) and op.neutral else op
    return made if always else replace(made, p=made.p / 2) if _may_be_left_out(made) else made


def _may_be_left_out(op: Transform) -> bool:
    return type(op).__name__ != "FixLength"  # whose p is 1, as lengths would differ
