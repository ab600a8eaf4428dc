"""Single changes, as gensynth and albumentations have them: uint8 in and out, each row its own draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from .policies import Call


def ours(*parts: Any) -> Any:
    """Return an arm of gensynth for some transforms."""

    def arm(images: np.ndarray) -> Call:
        import torch

        from gensynth.transforms import Compose

        policy, x = Compose([part() for part in parts]), torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
        return lambda: policy(x)

    return arm


def theirs(make: Any) -> Any:
    """Return an arm of albumentations for a transform."""

    def arm(images: np.ndarray) -> Call:
        policy = make()
        return lambda: np.stack([policy(image=row)["image"] for row in images])

    return arm


def of(name: str, *given: Any) -> Any:
    """Return what makes a transform of gensynth."""

    def make() -> Any:
        from gensynth import transforms

        return getattr(transforms, name)(*given)

    return make


def _albumentations(name: str, **given: Any) -> Any:
    def make() -> Any:
        import albumentations

        return getattr(albumentations, name)(p=1.0, **given)

    return make


def _elastic() -> Any:
    import albumentations as A
    import cv2

    return A.ElasticTransform(alpha=40, sigma=8, border_mode=cv2.BORDER_REFLECT_101, p=1.0)


def _perspective() -> Any:
    import albumentations as A
    import cv2

    return A.Perspective(scale=(0.05, 0.1), keep_size=True, border_mode=cv2.BORDER_REFLECT_101, p=1.0)


OPS = {
    "elastic": {"gensynth": ours(of("Elastic")), "albumentations": theirs(_elastic)},
    "noise": {
        "gensynth": ours(of("GaussianNoise", (0.05, 0.1))),
        "albumentations": theirs(_albumentations("GaussNoise", std_range=(0.05, 0.1))),
    },
    "colour jitter": {
        "gensynth": ours(of("Brightness", 0.2), of("Contrast", 0.2), of("Saturation", 0.2), of("HueShift", 0.05)),
        "albumentations": theirs(
            _albumentations("ColorJitter", brightness=(0.8, 1.2), contrast=(0.8, 1.2), saturation=(0.8, 1.2),
                            hue=(-0.05, 0.05))
        ),
    },
    "perspective": {"gensynth": ours(of("Perspective", 0.2)), "albumentations": theirs(_perspective)},
}  # fmt: skip
