"""What styles are worth as augmentation: a small network, tested on images as they are and on ones of other colours.

Fixed before anything was measured: in each epoch a random half of the images is replaced, the same half for all arms,
by images of the same classes that the arm makes anew; "gatys, once" takes them from as many as there are images, made
once, which costs too much for the signs. The other colours are a turn of the hue by 60 degrees and 0.6 times the
contrast, of every test image alike. Colour jitter draws from ranges that end there, either way.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
from images_bench.study import learned

from . import data

Found = dict[str, Any]
Make = Callable[[np.ndarray, int], np.ndarray]
STEPS = 750  # of the network
TURN, FACTOR = 1 / 6, 0.6  # of a circle; of the contrast
JITTER = "colour jitter"
STYLES = ("moments", "moments, any", "fourier", "adain", "adain, any", "gatys, once")
ARMS = ("nothing", JITTER, *STYLES)
DEAR = {("GTSRB", "gatys, once")}  # half an hour a seed: left out


@dataclass(frozen=True)
class Half:
    """A random half of the images replaced in each epoch.

    Arguments:
        make: rows of the images, and the epoch, to the images that replace them.
        seed: of the halves.
    """

    make: Make
    seed: int

    def __call__(self, x: np.ndarray, *, index: np.ndarray, epoch: int) -> np.ndarray:
        """Return the images of an epoch. Shape: x (n, h, w, c), index (n,), the rows of all of them."""
        rows = np.random.default_rng([self.seed, epoch]).permutation(len(x))[: len(x) // 2]
        made = x.copy()
        made[rows] = self.make(rows, epoch)
        return made


def accuracy(case: str, arm: str, seed: int, data_dir: str, params: Found, steps: int = STEPS) -> Found:
    """Return the accuracy on test images as they are and of other colours: the mean over the splits of a seed."""
    plain, other, seconds = [], [], []
    for (x, y), (test, truth) in data.splits(case, seed, Path(data_dir)):
        start = time.perf_counter()
        make = maker(arm, x, y, seed, params)
        guess = learned(x, y, make and Half(make, seed), np.concatenate([test, shifted(test)]), seed, steps)
        right = guess.reshape(2, -1) == truth
        plain.append(float(right[0].mean())), other.append(float(right[1].mean()))
        seconds.append(time.perf_counter() - start)
    return {"plain": mean(plain), "shifted": mean(other), "seconds": sum(seconds)}


def maker(arm: str, x: np.ndarray, y: np.ndarray, seed: int, params: Found) -> Make | None:
    """Return what makes images of the classes of rows, None where nothing does."""
    if arm == "nothing":
        return None
    if arm == JITTER:
        policy = jitter().seeded(seed)
        return lambda rows, epoch: np.asarray(policy(x[rows], index=rows, epoch=epoch))
    from gensynth import StyleTransfer

    method, _, more = arm.partition(", ")
    bank = {"styles": "any"} if more == "any" else {}
    model = StyleTransfer(method, **bank, **params, random_state=seed).fit(x, y)
    if more == "once":
        pool = model.sample(y=y)
        return lambda rows, epoch: pool[rows]
    return lambda rows, epoch: np.asarray(model.sample(y=y[rows], random_state=100_000 * seed + epoch))


def jitter() -> Any:
    """Return colour jitter that is as strong as the other colours at most."""
    from gensynth.transforms import Brightness, Compose, Contrast, HueShift, Saturation

    by = 1 - FACTOR
    return Compose([Brightness(by), Contrast(by), Saturation(by), HueShift(TURN)])


def shifted(images: np.ndarray) -> np.ndarray:
    """Return images in other colours. Shape: (n, h, w, 3) of bytes to such."""
    from gensynth.transforms import Compose, Contrast, HueShift

    return np.asarray(Compose([HueShift((TURN, TURN)), Contrast((FACTOR, FACTOR))]).seeded(0)(images))
