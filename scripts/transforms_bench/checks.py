"""What fusing keeps: sharpness beside a chain of resamplings, and equality with the chain."""

from __future__ import annotations

from typing import Any

import numpy as np


def texture(size: int) -> np.ndarray:
    """Return a grey image of fine texture: lines and dots of two to six pixels. Shape: (size, size, 3) of bytes."""
    y, x = np.mgrid[:size, :size].astype(float)
    waves = np.sin(2 * np.pi * x / (2.5 + 3 * y / size)) * np.cos(2 * np.pi * y / (3 + 3 * x / size))
    dots = np.random.default_rng(0).normal(size=(size, size))
    grey = 127.5 + 80 * waves + 25 * dots
    return np.repeat(np.rint(grey.clip(0, 255)).astype(np.uint8)[..., None], 3, axis=2)


def psnr(a: np.ndarray, b: np.ndarray, margin: int) -> float:
    """Return the signal-to-noise ratio of b against a in dB, without a margin."""
    inner = (..., slice(margin, -margin), slice(margin, -margin), slice(None))
    wrong = np.mean((a[inner].astype(float) - b[inner].astype(float)) ** 2)
    return float(10 * np.log10(255**2 / wrong))


def sharpness(images: np.ndarray, seed: int) -> dict[str, Any]:
    """Return PSNR of images moved by a turn, an affine map and a perspective, and moved back, in dB.

    gensynth there in one resampling and back in one; OpenCV's and torch's kernels, which the peers call, in three and
    three, rounded to bytes after each, as a policy of theirs does it. A quarter of the side is left out all round.
    """
    import cv2

    from gensynth.transforms import Affine, Perspective, Rotate

    size = images.shape[1]
    rows = np.concatenate([np.stack([texture(size)] * len(images)), images])
    maps = [matrices(op, rows, seed) for op in (Rotate(15), Affine(0, 0.05, 0.1, 5), Perspective(0.15))]
    fused = moved(moved(rows, maps[2] @ maps[1] @ maps[0]), np.linalg.inv(maps[2] @ maps[1] @ maps[0]))
    chain = [rows.copy(), rows.copy()]
    for matrix in [*maps, *(np.linalg.inv(one) for one in reversed(maps))]:
        chain[0] = np.stack([
            cv2.warpPerspective(image, one, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            for image, one in zip(chain[0], matrix, strict=True)
        ])  # fmt: skip
        chain[1] = moved(chain[1], matrix)
    found = {}
    for what, part in (("texture", slice(len(images))), ("photographs", slice(len(images), None))):
        for name, made in (("gensynth, fused", fused), ("OpenCV, chain", chain[0]), ("torch, chain", chain[1])):
            found[f"{what}: {name}"] = psnr(rows[part], made[part], size // 4)
    return {"psnr": found}


def matrices(op: Any, rows: np.ndarray, seed: int) -> np.ndarray:
    """Return the maps that a transform draws for rows. Shape: (n, 3, 3)."""
    from gensynth.transforms.draws import Draws
    from gensynth.transforms.image.fused.stages import Canvas

    n, height, width, channels = rows.shape
    return np.asarray(
        op.matrix(Draws.of(seed, 0, np.arange(n)).at(op.__class__.__name__), Canvas(n, channels, height, width))
    )


def moved(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return images of bytes moved once by gensynth's resampling."""
    import torch

    from gensynth.transforms.image.fused.plan import Segment
    from gensynth.transforms.image.fused.work import moved as move

    x = torch.from_numpy(rows).permute(0, 3, 1, 2).float()
    made = move(x, Segment(matrix, (rows.shape[1], rows.shape[2])), "reflect")
    return made.add(0.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def exactness(images: np.ndarray, seed: int) -> dict[str, Any]:
    """Return how far the timed policy is from doing its changes one by one, in bytes; and of linear ones, in floats.

    Mean differences in units of 1/255: `colour` of the colours alone, on photographs; `smooth` of the whole policy, on
    images without fine detail; `photographs`, of which the chain loses detail in three resamplings, without the quarter
    of the side next to the edges, and `edges` with it (a chain mirrors what it has mirrored before). `linear`: the
    greatest difference between linear colours fused and one by one in double precision, which nothing clamps.
    """
    from gensynth.transforms import Brightness, ChannelMix, Compose, Contrast, Saturation

    from .policies import gensynth_policy

    whole = gensynth_policy().seeded(seed)
    colours = Compose(whole.parts[4:], random_state=seed)
    mild = Compose([Brightness((0.8, 1.0)), ChannelMix(0.1), Contrast((0.8, 1.0)), Saturation((0.8, 1.0))]).seeded(seed)
    inner = (slice(None), *[slice(images.shape[1] // 4, -(images.shape[1] // 4))] * 2)

    def gap(policy: Any, x: np.ndarray) -> np.ndarray:
        return np.abs(policy(x).astype(float) - one_by_one(policy, x).astype(float))

    photographs = gap(whole, images)
    return {
        "colour": float(gap(colours, images).mean()), "smooth": float(gap(whole, smooth(images))[inner].mean()),
        "photographs": float(photographs[inner].mean()), "edges": float(photographs.mean()),
        "linear": float(gap(mild, 0.25 + 0.5 * images / 255.0).max()),
    }  # fmt: skip


def smooth(images: np.ndarray) -> np.ndarray:
    """Return images without detail finer than some eight pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(images.astype(float), (0, 4, 4, 0)).round().astype(np.uint8))


def one_by_one(policy: Any, images: np.ndarray) -> np.ndarray:
    """Return images changed by the parts of a policy one after another, with what each of them draws in the policy."""
    import torch

    from gensynth.transforms.image.fused.plan import planned
    from gensynth.transforms.image.fused.stages import Canvas
    from gensynth.transforms.image.fused.work import carry_out

    x = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous()
    draws = policy.draws(len(images), None, 0, alone=False)
    for place, part in enumerate(policy.parts):
        x = carry_out(planned(part, draws.at(place), Canvas(*x.shape)), x.clone())
    return x.permute(0, 2, 3, 1).numpy()
