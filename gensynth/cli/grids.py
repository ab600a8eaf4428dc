"""`gensynth show MODEL -o grid.png`: images that a generator makes, a line a class.

With a folder of real images, below each line stand those that are nearest to its images, of whatever class, by the sum
of squared differences of pixels. Pairs that are one image tell that a generator gives away what it saw.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError
from ..generators.files import load
from ..store.atomic import atomic_write, check_output
from ..store.image_folder import CHANNELS, ImageFolder

BLOCK = 256  # real images that are decoded at a time


def run(what: str, out: str | None, *, data: str | None, seed: int, overwrite: bool) -> None:
    """Draw images of the 10 commonest classes at most, 8 of each, as PNG. Raises: GensynthError."""
    import torch

    from ..generators.watching import COLUMNS, LINES, grid
    from ..store.images import write_image
    from ..transforms.image.forms import read, stacked

    if out is None:
        raise ConfigError("--data names the real images of a grid: say where this is to go with -o FILE.png")
    if not (Path(what) / "model.json").is_file():
        raise ConfigError(f"-o draws what a model makes, and {what} is none: name a folder that fit wrote")
    if not out.lower().endswith(".png"):
        raise ConfigError(f"-o {out}: images are drawn as .png, how a training went as .svg or .csv")
    check_output(out, overwrite)
    generator = load(what)
    if generator.kind_ != "image":
        raise ConfigError(f"{what} makes data of kind {generator.kind_!r}, and a grid shows images")
    made = _made(generator, seed, LINES, COLUMNS)
    x: Any = getattr(made, "x", made)
    try:
        images = read(stacked([*x]) if isinstance(x, list | tuple) else x)[0]
    except DataError as error:
        raise DataError(f"{what}: {error}") from None
    images = images if images.dtype == torch.uint8 else images.mul(255).round().to(torch.uint8)
    images = images[:, :1] if images.shape[1] == 2 else images  # without its opacity
    if data is not None:
        near = torch.from_numpy(_nearest(images.permute(0, 2, 3, 1).numpy(), data)).permute(0, 3, 1, 2)
        lines = range(0, len(images), COLUMNS)
        images = torch.cat([part[line : line + COLUMNS] for line in lines for part in (images, near)])
    with atomic_write(out, overwrite=overwrite) as handle:
        write_image(handle, grid(images, COLUMNS).numpy())
    below = f", above the nearest images of {data}" if data is not None else ""
    print(f"{COLUMNS} images of a class{below}: {out}", file=sys.stderr)


def _made(generator: Any, seed: int, lines: int, columns: int) -> Any:
    """Return images of the commonest classes, those of one together, in the order of the classes."""
    if generator.labels_.absent:
        return generator.sample(columns, random_state=seed)
    common = np.sort(np.argsort(-generator.labels_.counts, kind="stable")[:lines])
    return generator.sample(y=generator.classes_[np.repeat(common, columns)], random_state=seed)


def _nearest(made: npt.NDArray[np.uint8], data: str) -> npt.NDArray[np.uint8]:
    """Return the image of a folder that is nearest to each made one. Shape: (n, h, w, c), and returns such."""
    mode = next(mode for mode, channels in CHANNELS.items() if channels == made.shape[3])
    folder = ImageFolder(data, made.shape[1:3], mode)
    flat = made.reshape(len(made), -1).astype(np.float64)
    best, found = np.full(len(made), np.inf), np.empty_like(made)
    for start in range(0, len(folder), BLOCK):
        real = np.asarray(folder[start : start + BLOCK])
        other = real.reshape(len(real), -1).astype(np.float64)
        apart = (flat**2).sum(axis=1)[:, None] - 2 * flat @ other.T + (other**2).sum(axis=1)
        place, least = apart.argmin(axis=1), apart.min(axis=1)
        nearer = least < best
        best[nearer], found[nearer] = least[nearer], real[place[nearer]]
    return found
