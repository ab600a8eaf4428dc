"""The sub-policies that AutoAugment found (Cubuk et al. 2019, arXiv:1805.09501, tables 7, 8 and 9).

One on a line: two operations, each with its chance and its magnitude from 0 to 9, where it has one.
"""

from __future__ import annotations

Operation = tuple[str, float, int]

IMAGENET = """
Posterise 0.4 8, Rotate 0.6 9
Solarise 0.6 5, AutoContrast 0.6
Equalise 0.8, Equalise 0.6
Posterise 0.6 7, Posterise 0.6 6
Equalise 0.4, Solarise 0.2 4
Equalise 0.4, Rotate 0.8 8
Solarise 0.6 3, Equalise 0.6
Posterise 0.8 5, Equalise 1
Rotate 0.2 3, Solarise 0.6 8
Equalise 0.6, Posterise 0.4 6
Rotate 0.8 8, Saturation 0.4 0
Rotate 0.4 9, Equalise 0.6
Equalise 0, Equalise 0.8
Invert 0.6, Equalise 1
Saturation 0.6 4, Contrast 1 8
Rotate 0.8 8, Saturation 1 2
Saturation 0.8 8, Solarise 0.8 7
Sharpness 0.4 7, Invert 0.6
ShearX 0.6 5, Equalise 1
Saturation 0.4 0, Equalise 0.6
Equalise 0.4, Solarise 0.2 4
Solarise 0.6 5, AutoContrast 0.6
Invert 0.6, Equalise 1
Saturation 0.6 4, Contrast 1 8
Equalise 0.8, Equalise 0.6
"""

CIFAR10 = """
Invert 0.1, Contrast 0.2 6
Rotate 0.7 2, TranslateX 0.3 9
Sharpness 0.8 1, Sharpness 0.9 3
ShearY 0.5 8, TranslateY 0.7 9
AutoContrast 0.5, Equalise 0.9
ShearY 0.2 7, Posterise 0.3 7
Saturation 0.4 3, Brightness 0.6 7
Sharpness 0.3 9, Brightness 0.7 9
Equalise 0.6, Equalise 0.5
Contrast 0.6 7, Sharpness 0.6 5
Saturation 0.7 7, TranslateX 0.5 8
Equalise 0.3, AutoContrast 0.4
TranslateY 0.4 3, Sharpness 0.2 6
Brightness 0.9 6, Saturation 0.2 8
Solarise 0.5 2, Invert 0
Equalise 0.2, AutoContrast 0.6
Equalise 0.2, Equalise 0.6
Saturation 0.9 9, Equalise 0.6
AutoContrast 0.8, Solarise 0.2 8
Brightness 0.1 3, Saturation 0.7 0
Solarise 0.4 5, AutoContrast 0.9
TranslateY 0.9 9, TranslateY 0.7 9
AutoContrast 0.9, Solarise 0.8 3
Equalise 0.8, Invert 0.1
TranslateY 0.7 9, AutoContrast 0.9
"""

SVHN = """
ShearX 0.9 4, Invert 0.2
ShearY 0.9 8, Invert 0.7
Equalise 0.6, Solarise 0.6 6
Invert 0.9, Equalise 0.6
Equalise 0.6, Rotate 0.9 3
ShearX 0.9 4, AutoContrast 0.8
ShearY 0.9 8, Invert 0.4
ShearY 0.9 5, Solarise 0.2 6
Invert 0.9, AutoContrast 0.8
Equalise 0.6, Rotate 0.9 3
ShearX 0.9 4, Solarise 0.3 3
ShearY 0.8 8, Invert 0.7
Equalise 0.9, TranslateY 0.6 6
Invert 0.9, Equalise 0.6
Contrast 0.3 3, Rotate 0.8 4
Invert 0.8, TranslateY 0 2
ShearY 0.7 6, Solarise 0.4 8
Invert 0.6, Rotate 0.8 4
ShearY 0.3 7, TranslateX 0.9 3
ShearX 0.1 6, Invert 0.6
Solarise 0.7 2, TranslateY 0.6 7
ShearY 0.8 4, Invert 0.8
ShearX 0.7 9, TranslateY 0.8 3
ShearY 0.8 5, AutoContrast 0.7
ShearX 0.7 2, Invert 0.1
"""

FOUND = {"imagenet": IMAGENET, "cifar10": CIFAR10, "svhn": SVHN}


def subpolicies(name: str) -> list[tuple[Operation, Operation]]:
    """Return the pairs of (operation, chance, magnitude) of a policy; magnitude 0 where it has none."""
    made = []
    for line in FOUND[name].strip().splitlines():
        first, second = (_operation(text.split()) for text in line.split(", "))
        made.append((first, second))
    return made


def _operation(words: list[str]) -> Operation:
    return words[0], float(words[1]), int(words[2]) if len(words) > 2 else 0
