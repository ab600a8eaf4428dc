"""Published policies: many operations, few of which each row gets, drawn for it alone.

    AutoAugment      one of 25 pairs of operations, found by search (Cubuk et al. 2019, arXiv:1805.09501)
    RandAugment      several operations of one magnitude (Cubuk et al. 2020, arXiv:1909.13719)
    TrivialAugment   one operation of a magnitude drawn anew (Müller and Hutter 2021, arXiv:2103.10158)

All are made of the other transforms, and so fused like them: `explain` says how. They were found for photographs, and
change colour a lot; AutoAugment's for SVHN was found for digits, which it slants and inverts.

DIFFERS from the papers' code: pixels are resampled bilinearly, not taken from the nearest; slants are about the centre.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ConfigError, nearest
from ..base import Leaf, Transform
from ..compose import Compose, OneOf
from ..draws import Draws, Flags
from ..settings import span
from .colour import Brightness, Contrast, Invert, Posterise, Saturation, Solarise
from .damage import Equalise
from .enhance import AutoContrast, Sharpness
from .found import FOUND, subpolicies
from .fused import warp
from .fused.stages import Border, Canvas, Floats
from .position import Homography, Range, Rotate, Shear, Translate

SHIFT = 150 / 331  # of an image's side: pixels of the images that AutoAugment was found on
FACTORS: dict[str, type[Transform]] = {
    "Brightness": Brightness, "Contrast": Contrast, "Saturation": Saturation, "Sharpness": Sharpness,
}  # fmt: skip
PLAIN: dict[str, type[Transform]] = {"AutoContrast": AutoContrast, "Equalise": Equalise}
MOVES = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
NOTHING = Compose()


@dataclass(frozen=True, kw_only=True)
class Policy(Transform):
    """A policy that is made of other transforms by its settings.

    Arguments:
        border: what comes in beyond an edge: "reflect", "edge", or a number from 0 to 1; the papers' code has grey.
    """

    border: Border = 0.5

    breaks = "classes told by colour, or by what lies near the edges; digits and signs, by turns and slants"

    def _check(self) -> None:
        self.build()

    @property
    def built(self) -> Transform:
        """The policy in other transforms."""
        made: Transform = self._kept("_built", self.build)
        return made

    @abstractmethod
    def build(self) -> Transform:
        """Return the policy in other transforms. Raises: ConfigError where a setting is out of range."""

    def leaves(self, draws: Draws, active: Flags, certain: bool = True) -> Iterator[Leaf]:
        """Yield those of the policy in other transforms."""
        yield from self.built.leaves(draws, draws.kept(active, self.p), certain and self.p == 1)


@dataclass(frozen=True)
class AutoAugment(Policy):
    """One of 25 pairs of operations, each done by its chance, of the magnitude that the search found.

    Magnitudes from 0 to 9 are even steps through the ranges of the paper's table 6: slants to 0.3, turns to 30 degrees,
    shifts to 150 of 331 pixels, all either way; factors from 0.1 to 1.9; 8 to 4 bits; thresholds from white to black.

    Arguments:
        policy: what it was found on: "imagenet", "cifar10" or "svhn".
        border: what comes in beyond an edge: "reflect", "edge", or a number from 0 to 1.
    """

    policy: str = "imagenet"

    def build(self) -> Transform:  # noqa: D102 -- the base documents it
        if self.policy not in FOUND:
            known = f"policy must be {', '.join(map(repr, FOUND))}, got {self.policy!r}"
            raise ConfigError(known + nearest(str(self.policy), [*FOUND]))
        pairs = subpolicies(self.policy)
        return OneOf([Compose([self._operation(*one) for one in pair]) for pair in pairs])

    def _operation(self, name: str, chance: float, magnitude: int) -> Transform:
        strength = magnitude / 9
        if name in FACTORS:
            factor = 0.1 + 1.8 * strength
            return FACTORS[name](factor=(factor, factor), p=chance)  # type: ignore[call-arg]
        if name == "Invert":
            return Invert(p=chance)
        return Compose([operation(name, strength, self.border)], p=chance)


@dataclass(frozen=True)
class RandAugment(Policy):
    """Several operations, one after another, each drawn from 14, all of one magnitude.

    The operations are nothing, AutoContrast, Equalise, turns, Solarise, Posterise, four factors, slants and shifts
    along both axes; ranges are AutoAugment's.

    DIFFERS from the paper's code: factors are 1 + 0.9 m or 1 - 0.9 m, thresholds 1 - m and bits 8 - 4 m, with m the
    magnitude of `levels`, so that a larger one always changes more; there some run the other way.

    Arguments:
        n: how many operations, at least 0.
        magnitude: from 0 to `levels`.
        levels: the largest magnitude: 10 in the paper; other libraries count to 30.
        border: what comes in beyond an edge: "reflect", "edge", or a number from 0 to 1.
    """

    n: int = 2
    magnitude: float = 9
    levels: int = 10

    def build(self) -> Transform:  # noqa: D102
        for name, least in (("n", 0), ("levels", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 100:
                raise ConfigError(f"{name} must be a whole number from {least} to 100, got {value!r}")
        strength = span("magnitude", (self.magnitude, self.magnitude), 0.0, 0.0, self.levels)[0] / self.levels
        parts = [operation(name, strength, self.border) for name in ("Posterise", "Solarise", *PLAIN, *MOVES)]
        parts += [either(kind, "factor", 1 + 0.9 * strength, 1 - 0.9 * strength) for kind in FACTORS.values()]
        return Compose([OneOf([NOTHING, *parts])] * self.n)


@dataclass(frozen=True)
class TrivialAugment(Policy):
    """One operation, drawn from 14, of a magnitude drawn evenly from its range.

    The operations are those of `RandAugment`. Ranges of "wide": slants to 0.99, shifts to 32 pixels, turns to 135
    degrees, all either way; factors from 0.01 to 1.99; 2 to 8 bits; all thresholds. Of "standard": 0.3, 10 pixels, 30
    degrees, 0.1 to 1.9, 4 to 8 bits.

    DIFFERS from the paper: magnitudes are not drawn from 31 steps, but from all between.

    Arguments:
        strength: "wide" or "standard".
        border: what comes in beyond an edge: "reflect", "edge", or a number from 0 to 1.
    """

    strength: str = "wide"

    def build(self) -> Transform:  # noqa: D102
        if self.strength not in ("wide", "standard"):
            raise ConfigError(f"strength must be 'wide' or 'standard', got {self.strength!r}")
        wide = self.strength == "wide"
        slope, pixels, degrees, factor, bits = (0.99, 32, 135.0, 0.99, 2) if wide else (0.3, 10, 30.0, 0.9, 4)
        slant = float(np.rad2deg(np.arctan(slope)))
        moves: list[Transform] = [Rotate(degrees, border=self.border)]
        for x, y in ((1.0, 0.0), (0.0, 1.0)):
            moves += [
                Shear(x * slant, y * slant, border=self.border),
                Shift(x * pixels, y * pixels, border=self.border),
            ]
        others: list[Transform] = [Posterise((bits, 8)), Solarise((0.0, 1.0)), AutoContrast(), Equalise()]
        return OneOf([NOTHING, *moves, *(kind(factor=factor) for kind in FACTORS.values()), *others])  # type: ignore[call-arg]


@dataclass(frozen=True)
class Shift(Homography):
    """A shift by pixels, whatever the size of the image.

    Arguments:
        x: range of pixels to the right.
        y: range of pixels down.
    """

    x: Range = 0.0
    y: Range = 0.0

    def matrix(self, draws: Draws, canvas: Canvas) -> Floats:  # noqa: D102
        x, y = (draws.uniform(axis, *span(axis, getattr(self, axis))) for axis in ("x", "y"))
        return warp.shift(x, y, canvas.n)


def operation(name: str, strength: float, border: Border) -> Transform:
    """Return an operation of AutoAugment of a strength from 0 to 1; moves go either way."""
    if name in PLAIN:
        return PLAIN[name]()
    if name == "Posterise":
        bits = 8 - round(4 * strength)
        return Posterise((bits, bits))
    if name == "Solarise":
        return Solarise((1 - strength, 1 - strength)) if strength else NOTHING
    if name == "Rotate":
        return either(Rotate, "degrees", 30.0 * strength, -30.0 * strength, border=border)
    along, across = ("x", "y") if name[-1] == "X" else ("y", "x")
    if name.startswith("Translate"):
        return either(Translate, along, SHIFT * strength, -SHIFT * strength, border=border, **{across: 0.0})
    degrees = float(np.rad2deg(np.arctan(0.3 * strength)))
    return either(Shear, along, degrees, -degrees, border=border, **{across: 0.0})


def either(kind: Callable[..., Transform], setting: str, one: float, other: float, **settings: Any) -> Transform:
    """Return one of two transforms that differ in a setting, each as often."""
    return OneOf([kind(**{setting: (end, end)}, **settings) for end in (one, other)])
