"""The one policy that is timed, as each library has it: the same changes, each row its own draw, matched ranges.

mirror (half), turn by 15 degrees, an affine map (shift .1, zoom .9 to 1.1, slant 5 degrees), perspective .2, then
brightness, contrast and saturation .8 to 1.2 and hue .05 of a turn; bilinear, borders mirrored where the library can.
An arm takes uint8 images (n, h, w, 3) and returns a call that changes all of them once, uint8 to uint8.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

Call = Callable[[], Any]


def gensynth_policy() -> Any:
    from gensynth.transforms import (
        Affine,
        Brightness,
        Compose,
        Contrast,
        Flip,
        HueShift,
        Perspective,
        Rotate,
        Saturation,
    )  # fmt: skip

    return Compose([
        Flip(), Rotate(15), Affine(0, 0.1, 0.1, 5), Perspective(0.2),
        Brightness(0.2), Contrast(0.2), Saturation(0.2), HueShift(0.05),
    ])  # fmt: skip


def gensynth(images: np.ndarray) -> Call:
    import torch

    policy, x = gensynth_policy(), torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return lambda: policy(x)


def torchvision(images: np.ndarray, batch: bool = False) -> Call:
    import torch
    from torchvision.transforms import InterpolationMode, v2

    bilinear = InterpolationMode.BILINEAR
    policy = v2.Compose([
        v2.RandomHorizontalFlip(), v2.RandomRotation(15, bilinear),
        v2.RandomAffine(0, (0.1, 0.1), (0.9, 1.1), 5, bilinear), v2.RandomPerspective(0.2, p=1.0),
        v2.ColorJitter(0.2, 0.2, 0.2, 0.05),
    ])  # fmt: skip
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    if batch:
        return lambda: policy(x)
    return lambda: torch.stack([policy(row) for row in x])


def torchvision_batch(images: np.ndarray) -> Call:
    return torchvision(images, batch=True)


def kornia(images: np.ndarray) -> Call:
    import kornia.augmentation as K
    import torch

    policy = K.AugmentationSequential(
        K.RandomHorizontalFlip(p=0.5), K.RandomRotation(15, p=1.0),
        K.RandomAffine(0, (0.1, 0.1), (0.9, 1.1), 5, p=1.0, padding_mode="reflection"),
        K.RandomPerspective(0.2, p=1.0), K.ColorJitter(0.2, 0.2, 0.2, 0.05, p=1.0),
    )  # fmt: skip
    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    return lambda: (policy(x.float() / 255) * 255 + 0.5).clamp_(0, 255).to(torch.uint8)


def albumentations_policy(folded: bool) -> Any:
    import albumentations as A
    import cv2

    mirror = {"border_mode": cv2.BORDER_REFLECT_101}
    moves = [A.Rotate(15, p=1.0, **mirror)] if not folded else []
    return A.Compose([
        A.HorizontalFlip(p=0.5), *moves,
        A.Affine(rotate=(-15, 15) if folded else 0, translate_percent=(-0.1, 0.1), scale=(0.9, 1.1), shear=(-5, 5),
                 p=1.0, **mirror),
        A.Perspective(scale=(0.05, 0.1), keep_size=True, p=1.0, **mirror),
        A.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (-0.05, 0.05), p=1.0),
    ])  # fmt: skip


def albumentations(images: np.ndarray, folded: bool = False) -> Call:
    policy = albumentations_policy(folded)
    return lambda: np.stack([policy(image=row)["image"] for row in images])


def albumentations_folded(images: np.ndarray) -> Call:
    return albumentations(images, folded=True)


def albumentations_threads(images: np.ndarray) -> Call:
    policies, pool = [albumentations_policy(True) for _ in range(2)], ThreadPoolExecutor(2)
    halves = [images[: len(images) // 2], images[len(images) // 2 :]]

    def half(policy: Any, part: np.ndarray) -> list[np.ndarray]:
        return [policy(image=row)["image"] for row in part]

    return lambda: np.stack([row for rows in pool.map(half, policies, halves) for row in rows])


ARMS = {
    "gensynth": gensynth, "torchvision row by row": torchvision, "torchvision, one draw a batch": torchvision_batch,
    "kornia": kornia, "albumentations": albumentations, "albumentations folded": albumentations_folded,
    "albumentations folded, 2 threads": albumentations_threads,
}  # fmt: skip
