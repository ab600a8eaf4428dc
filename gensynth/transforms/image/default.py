"""What is done to images where nothing is said."""

from __future__ import annotations

from ..base import Transform
from ..compose import Compose, OneOf
from .colour import Brightness, Contrast, Gamma, Posterise, Saturation
from .damage import Equalise
from .enhance import AutoContrast, Sharpness
from .position import Affine
from .symmetry import FlipIfAlike


def default() -> Transform:
    """Return a policy that keeps the labels of most images.

    A mirror where images look like their mirror images, a small move of every second image, and one change of light.
    With all of them moved, road signs were learned worse than without any made image, and digits no better. With
    changes of light of 0.6, not 0.9, signs were learned worse too, by .03 of balanced accuracy (three seeds).
    """
    light = [Brightness(0.9), Contrast(0.9), Gamma(), Equalise(), AutoContrast(), Saturation(0.9), Sharpness(0.9)]
    return Compose([FlipIfAlike(), Affine(10.0, 0.1, 0.1, 5.0, p=0.5), OneOf([*light, Posterise()])])
