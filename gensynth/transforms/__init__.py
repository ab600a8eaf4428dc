"""Classic transforms: random changes to one example that keep its label, or tell how it changes.

`TRANSFORMS` is the one table of them: name to module. It serves lazy import, policies in YAML and the command line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, nearest

if TYPE_CHECKING:
    from .base import Transform

_IMAGE = "gensynth.transforms.image"
_TEXT = "gensynth.transforms.text"
_AUDIO = "gensynth.transforms.audio"
TRANSFORMS = {
    **dict.fromkeys(["Compose", "OneOf"], "gensynth.transforms.compose"),
    **dict.fromkeys(
        ["Flip", "FlipVertical", "QuarterTurn", "Rotate", "Translate", "Scale", "Shear", "Affine", "Perspective"],
        f"{_IMAGE}.position",
    ),
    **dict.fromkeys(["Crop", "Pad", "Resize", "ResizeCrop", "Elastic", "GridDistortion"], f"{_IMAGE}.framing"),
    **dict.fromkeys(
        ["Brightness", "Contrast", "Saturation", "HueShift", "Grey", "Invert", "Temperature", "ChannelMix", "Gamma",
         "Posterise", "Solarise"],
        f"{_IMAGE}.colour",
    ),
    **dict.fromkeys(
        ["GaussianNoise", "ShotNoise", "SaltNoise", "Cutout", "GridMask", "Downscale", "JPEG", "Equalise"],
        f"{_IMAGE}.damage",
    ),
    **dict.fromkeys(["Blur", "MotionBlur", "Defocus", "Sharpen"], f"{_IMAGE}.blur"),
    **dict.fromkeys(["Fog", "Dust", "Night", "Shadow"], f"{_IMAGE}.scene"),
    **dict.fromkeys(["Rain", "Snow"], f"{_IMAGE}.falling"),
    "FlipIfAlike": f"{_IMAGE}.symmetry",
    **dict.fromkeys(["MixUp", "CutMix"], f"{_IMAGE}.mixing"),
    "CopyPaste": f"{_IMAGE}.copypaste",
    **dict.fromkeys(["AutoContrast", "Sharpness"], f"{_IMAGE}.enhance"),
    **dict.fromkeys(["AutoAugment", "RandAugment", "TrivialAugment"], f"{_IMAGE}.policies"),
    **dict.fromkeys(["JitterSeries", "ScaleSeries", "Drift", "MagnitudeWarp", "DropSamples", "RotateChannels"],
                    "gensynth.transforms.series.values"),
    **dict.fromkeys(["TimeWarp", "WindowSlice", "WindowWarp", "Permute", "CropSeries"],
                    "gensynth.transforms.series.time"),
    "GuidedWarp": "gensynth.transforms.series.guided",
    **dict.fromkeys(["SwapNoise", "MixRows", "QuantileNoise", "CategoryNoise"], "gensynth.transforms.table.cells"),
    "JitterNumbers": "gensynth.transforms.table.jitter",
    **dict.fromkeys(["Synonyms", "InsertWords"], f"{_TEXT}.replace"),
    "UnigramNoise": f"{_TEXT}.unigram",
    **dict.fromkeys(["SwapWords", "ShuffleWords", "ShuffleSentences"], f"{_TEXT}.order"),
    **dict.fromkeys(["DeleteWords", "MaskWords"], f"{_TEXT}.drop"),
    **dict.fromkeys(["Typos", "CaseNoise", "PunctuationNoise"], f"{_TEXT}.noise"),
    "BackTranslate": f"{_TEXT}.translate",
    **dict.fromkeys(["Gain", "ClipWave"], f"{_AUDIO}.level"),
    **dict.fromkeys(["AddNoise", "AddBackground"], f"{_AUDIO}.noise"),
    **dict.fromkeys(["TimeStretch", "PitchShift", "Speed"], f"{_AUDIO}.pace"),
    **dict.fromkeys(["TimeShift", "CropTime", "FixLength"], f"{_AUDIO}.timing"),
    **dict.fromkeys(["LowPass", "HighPass"], f"{_AUDIO}.filters"),
    "Reverberate": f"{_AUDIO}.room",
    "SpecMask": f"{_AUDIO}.spectrum",
}  # fmt: skip
_OTHERS = {"Transform": "gensynth.transforms.base", "Sometimes": "gensynth.transforms.compose",
           "Transformed": "gensynth.transforms.dataset", "FGSM": "gensynth.transforms.adversarial",
           "PGD": "gensynth.transforms.adversarial", "test_time_average": "gensynth.transforms.averaging"}  # fmt: skip


def transform_class(name: str) -> type[Transform]:
    """Return the class of a transform by its name. Raises: ConfigError, offering the nearest name."""
    if name not in TRANSFORMS:
        raise ConfigError(f"there is no transform {name!r}{nearest(name, [*TRANSFORMS])}")
    return getattr(import_module(TRANSFORMS[name]), name)  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    module = {**TRANSFORMS, **_OTHERS}.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)


def __dir__() -> list[str]:
    return sorted({*TRANSFORMS, *_OTHERS, "transform_class"})
