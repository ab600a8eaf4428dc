"""How like the real images made ones are, in features of the user's own images: nothing is downloaded.

A small classifier is fitted on one half of the real images and looks at the other half, R, which it has not seen, and
at made ones, M; then the halves change places, and figures are the mean of both. x are features, d their number.

    KID         mean k(m, m') + mean k(r, r') - 2 mean k(m, r),   k(x, x') = (x . x' / d + 1)^3, pairs of two images
    density     mean over m of the number of r with |m - r| <= R_k(r), divided by k
    coverage    share of r with an m so near,   R_k(r) the distance of r to its k-th neighbour in R
    nearer      share of m nearer to an image of training than the middle one of images that were held out

The first half against the second by the same network shows what real images would reach. KID may be below 0. Nearer:
.5 is what held-out images have themselves; well above it, images of training are repeated, or close to: as with what is
made of one real image, such as changed copies. Images that occur more than once count once there.

References: Binkowski et al. 2018, arXiv:1801.01401, sec. 4 (KID); Naeem et al. 2020, arXiv:2002.09797, eq. 3 and 4
(density and coverage); Heusel et al. 2017, arXiv:1706.08500 (the distance of Frechet in features of Inception).

DIFFERS from these papers: features are those of a classifier of the images at hand, not of Inception, so that figures
compare generators on the same images, and not with figures elsewhere.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...data.kinds import as_rows, take_rows
from ...errors import ConfigError, DataError
from ...learners.base import Features, Floats, learner_for
from ..rows import checked, folded
from .near import density_coverage, least, usual_distance

FEWEST = 10  # real images, from which on there are figures
ENOUGH_FID = 2000


@dataclass(frozen=True)
class ImageFidelity:
    """The figures; those named real_ are of real images by the same network. NaN where there are too few."""

    kid: float
    density: float
    coverage: float
    nearer: float
    real_kid: float
    real_density: float
    real_coverage: float


def image_fidelity(
    real: Any,
    y: Any,
    made: Any,
    y_made: Any,
    *,
    held: Any = None,
    k: int = 5,
    features: Features | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how like the real images made ones are: a row for all of them, and one for each class.

    Arguments:
        real: (n, ...) images that the generator learned, of at least two classes, at least 10.
        y: (n,) their labels.
        made: (m, ...) images.
        y_made: (m,) their labels, each of them in `y`.
        held: (h, ...) real images that the generator has not seen, of which `nearer` tells; without them each image of
            training is compared with the others of training.
        k: neighbours, at least 1.
        features: from images to numbers (n, d), instead of those of the small classifier.
        random_state: at least 0: the same figures for the same images.

    Returns: a frame with a row "all" and one a class (fewer than 10 real images or 2 made ones: NaN, but `nearer`), and
        the columns kid, density, coverage, nearer and, of real images by the same networks, real_kid, real_density and
        real_coverage.

    Raises: DataError where images or labels cannot be used; ConfigError where k is no count.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
        >>> found = image_fidelity(x[:30], [0, 1] * 15, x[30:], [0, 1] * 5, features=lambda x: x.x.reshape(len(x), -1))
        >>> found.index.tolist(), bool(found.loc["all", "nearer"] < 0.9)
        (['all', '0', '1'], True)
    """
    labels, made_labels = _labels(real, y, made, y_made, k)
    classes, codes = np.unique(labels, return_inverse=True)
    rows = [None if part is None else as_rows(part, "image") for part in (real, made, held)]
    places = {str(label): np.flatnonzero(made_labels == label) for label in classes}
    half = folded(codes, 2, random_state)
    found = []
    for side in range(2):
        here, there = np.flatnonzero(half == side), np.flatnonzero(half != side)
        learner = learner_for("image", features=features, random_state=random_state)
        learned = np.union1d(there, np.flatnonzero(np.bincount(codes)[codes] == 1))  # with each class in it
        learner.fit(take_rows(rows[0], learned), codes[learned])
        x, m = (learner.embed(part) for part in rows[:2])
        usual = usual_distance(x, None if held is None else learner.embed(rows[2]))
        groups = {"all": (there, here, np.arange(len(made_labels)))} | {
            name: (there[codes[there] == code], here[codes[here] == code], some)
            for code, (name, some) in enumerate(places.items())
        }
        figures = {name: asdict(_figures(x, m, usual, *group, k=int(k))) for name, group in groups.items()}
        found.append(pd.DataFrame(figures).T)
    return (found[0] + found[1]) / 2


def _labels(real: Any, y: Any, made: Any, y_made: Any, k: Any) -> tuple[Any, Any]:
    """Return the labels of real and of made images. Raises: DataError, ConfigError as `image_fidelity`."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ConfigError(f"k must be a whole number, at least 1, got {k!r}")
    (_, labels), (_, made_labels) = checked(real, y, "image"), checked(made, y_made, "image")
    if len(labels) < FEWEST:
        raise DataError(f"{len(labels)} real images are too few: give at least {FEWEST}")
    strange = np.setdiff1d(made_labels, labels).tolist()
    if strange and len(np.unique(labels)) > 1:
        raise DataError(f"made images of class {strange[0]!r}, of which there is no real one")
    return labels, made_labels


def _figures(every: Any, made: Any, usual: float, there: Any, here: Any, some: Any, *, k: int) -> ImageFidelity:
    """Return the figures of some made images, by features that were learned `there` and not `here`."""
    x, r, m = every[there], every[here], made[some]
    nearer = float((least(m, every) < usual).mean()) if len(m) else np.nan
    if min(len(x), len(r)) < max(FEWEST // 2, k + 1) or len(m) < 2:
        return ImageFidelity(np.nan, np.nan, np.nan, nearer, np.nan, np.nan, np.nan)
    return ImageFidelity(
        kernel_distance(m, r), *density_coverage(r, m, k), nearer, kernel_distance(x, r), *density_coverage(r, x, k)
    )


def kernel_distance(a: Floats, b: Floats) -> float:
    """Return the unbiased estimate of the squared distance of means in the space of the kernel (KID).

    Shape: a (n, d), b (m, d), of at least two rows each.
    """
    width = a.shape[1]

    def kernel(u: Floats, v: Floats) -> Floats:
        made: Floats = (u @ v.T / width + 1) ** 3
        return made

    def within(u: Floats) -> float:
        found, n = kernel(u, u), len(u)
        return float((found.sum() - np.trace(found)) / (n * (n - 1)))

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def share_nearer(known: Floats, made: Floats, held: Floats | None = None) -> float:
    """Return the share of made rows nearer to a known one than the middle one of held-out rows is.

    Shape: known (n, d), made (m, d), held (h, d); without these each known row is compared with the other known ones.
    """
    return float((least(made, known) < usual_distance(known, held)).mean())


def inception_distance(real: Any, made: Any) -> float:
    """Return the distance of Frechet in features of Inception (FID), by torchmetrics and weights that it downloads.

    Arguments:
        real: (n, ...) images of one or three channels, at least 2,000.
        made: (m, ...) as many, or more or fewer, at least 2,000.

    Raises: DataError for fewer than 2,000 images, of which the distance says more about their number than about them;
        ConfigError where torchmetrics or its weights cannot be had.
    """
    rows = [as_rows(part, "image") for part in (real, made)]
    fewest = min(len(part) for part in rows)
    if fewest < ENOUGH_FID:
        text = "with so few the distance depends on their number; take image_fidelity"
        raise DataError(f"FID needs at least {ENOUGH_FID:,} real and made images each, got {fewest:,}: {text}")
    try:
        from torchmetrics.image.fid import FrechetInceptionDistance

        metric = FrechetInceptionDistance(normalize=True)
    except Exception as error:  # the package, torch-fidelity with it, or the weights over the network
        reason = str(error).strip().splitlines()[0][:80] if str(error).strip() else type(error).__name__
        text = "pip install torchmetrics torch-fidelity, and a network to fetch its weights by; or take image_fidelity"
        raise ConfigError(f"FID needs Inception's weights, which cannot be had here ({reason}): {text}") from None
    from ...transforms.image.forms import read

    for part, is_real in zip(rows, (True, False), strict=True):
        for start in range(0, len(part), 256):
            some: Any = part[start : start + 256]
            x, _ = read(some.x)
            x = x if x.is_floating_point() else x.float() / 255
            metric.update(x.expand(-1, 3, -1, -1) if x.shape[1] == 1 else x[:, :3], real=is_real)
    return float(metric.compute())
