"""A contact sheet: some images, and beside each what came of it: changed copies, masks laid over, or other styles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..store.atomic import atomic_write
from ..store.images import read_image, read_mask
from .folders import Folder

ROWS = 8  # images that are shown
CELL = 176  # pixels of the longer side of a cell
GAP, HEAD, SIDE = 8, 24, 150
PAPER, INK = (250, 250, 248), (40, 40, 40)
COVER, THIN = 0.35, 0.8  # how much of a pixel's colour is its mask's, and where masks are small
SMALL = 0.2  # of the image: what counts as small
COLOURS = np.array([[230, 60, 50], [40, 120, 220], [240, 180, 30], [60, 170, 90], [150, 80, 190], [20, 180, 190]])

Bytes = npt.NDArray[np.uint8]
Pixels = npt.NDArray[Any]
Line = tuple[str, Sequence[Bytes]]  # the class, "" where there is none, and cells


def chosen(labels: Sequence[str]) -> list[int]:
    """Return the places of rows to show, of labels (n,): of each class in turn, spread over its rows, in its order."""
    members: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        members.setdefault(label, []).append(place)
    names = list(members)
    if len(names) > ROWS:
        names = [names[round(at)] for at in np.linspace(0, len(names) - 1, ROWS)]
    shares = [ROWS // len(names) + (at < ROWS % len(names)) for at in range(len(names))]
    places: list[int] = []
    for name, share in zip(names, shares, strict=True):
        mine = members[name]
        spots = np.unique(np.linspace(0, len(mine) - 1, min(share, len(mine))).round().astype(int))
        places += [mine[spot] for spot in spots]
    return places


def write(path: str, folder: Folder, places: Sequence[int], made: Sequence[Any], *, overwrite: bool) -> None:
    """Write a sheet of images and their changed copies.

    Arguments:
        path: a PNG file.
        folder: the images.
        places: m of them, one a line.
        made: m * copies pairs of one changed image and, or None, one mask, each in a list; those of an image together.
        overwrite: replace a file that is there.
    """
    copies, labels = len(made) // len(places), folder.listing.labels
    first = 0 if folder.masks is None else standing_out(on_paper(read_image(folder.listing.paths[places[0]])))
    lines = []
    for at, place in enumerate(places):
        cells = _line(folder, place, made[at * copies : (at + 1) * copies], first)
        lines.append(("" if labels is None else labels[place], cells))
    _write(path, ["original", *[f"copy {copy + 1}" for copy in range(copies)]], lines, {0}, overwrite)


def write_styles(path: str, lines: Iterable[tuple[str, Sequence[Pixels | Path]]], *, overwrite: bool) -> None:
    """Write a sheet of images, styles and what came of them; masks, which stay as they were, are not laid over.

    Arguments:
        path: a PNG file.
        lines: the class of each image, or "", and pictures or their files: the image, a style, the image in it, and so
            on for other styles, as many in each line.
        overwrite: replace a file that is there.
    """
    small = [(label, [_cell(_read(part), None, 0) for part in parts]) for label, parts in lines]
    copies = len(small[0][1]) // 2
    numbers = [f" {copy + 1}" if copies > 1 else "" for copy in range(copies)]
    titles = ["content", *[f"{word}{number}" for number in numbers for word in ("style", "result")]]
    _write(path, titles, small, {*range(0, 2 * copies, 2)}, overwrite)


def _write(path: str, titles: Sequence[str], lines: Sequence[Line], apart: set[int], overwrite: bool) -> None:
    """Write lines of cells below titles, more room behind the columns that stand apart."""
    from PIL import Image, ImageDraw, ImageFont

    side = SIDE if any(label for label, _ in lines) else GAP
    heights = [max(cell.shape[0] for cell in cells) for _, cells in lines]
    widths = [max(cells[at].shape[1] for _, cells in lines) for at in range(len(titles))]
    size = (
        side + sum(widths) + GAP * (len(titles) + 2 * len(apart)),
        HEAD + sum(heights) + GAP * (len(lines) + 1),
    )
    paper = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(13)
    top = HEAD
    for at, (label, cells) in enumerate(lines):
        left = side
        pen.text((GAP, top), _fitted(label, pen, font), fill=INK, font=font)
        for column, cell in enumerate(cells):
            if at == 0:
                pen.text((left, 5), _fitted(titles[column], pen, font, widths[column] + GAP), fill=INK, font=font)
            paper.paste(Image.fromarray(cell), (left, top))
            left += widths[column] + (3 * GAP if column in apart else GAP)
        top += heights[at] + GAP
    with atomic_write(path, overwrite=overwrite) as handle:
        paper.save(handle, "PNG")


def _line(folder: Folder, place: int, made: Sequence[Any], first: int) -> list[Bytes]:
    """Return the cells of one image: itself, and its copies."""
    mask = None if folder.masks is None else read_mask(folder.masks[place])
    cells = [_cell(read_image(folder.listing.paths[place]), mask, first)]
    return cells + [_cell(images[0], None if masks is None else masks[0], first) for images, masks in made]


def _read(part: Pixels | Path) -> Pixels:
    return read_image(part) if isinstance(part, Path) else part


def _cell(image: npt.NDArray[Any], mask: npt.NDArray[Any] | None, first: int) -> Bytes:
    """Return an image as colours on paper, its mask over it, in the size of a cell."""
    from PIL import Image

    colours = on_paper(image)
    if mask is not None:
        colours = covered(colours, mask, first)
    height, width = colours.shape[:2]
    scale = CELL / max(height, width)
    scale = int(scale) if scale >= 2 else scale  # small ones by whole pixels, so that these are seen as they are
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    return np.asarray(Image.fromarray(colours).resize(size, how))


def on_paper(image: npt.NDArray[Any]) -> Bytes:
    """Return an image as bytes (h, w, 3), what is transparent as the paper behind it."""
    array = np.asarray(image, dtype=np.float64) * (255.0 if image.dtype.kind == "f" else 1.0)
    array = array[..., None] if array.ndim == 2 else array
    if array.shape[2] == 4:
        alpha = array[..., 3:] / 255
        array = array[..., :3] * alpha + np.array(PAPER) * (1 - alpha)
    return np.broadcast_to(np.rint(np.clip(array, 0, 255)), (*array.shape[:2], 3)).astype(np.uint8)


def covered(image: Bytes, mask: npt.NDArray[Any], first: int = 0) -> Bytes:
    """Return an image with the colour of each number of its mask over it; 0 has none.

    Shape: image (h, w, 3), mask (h, w), or (channels, h, w) of its own colours; returns such as image. `first` is the
    place in `COLOURS` of the least number's.
    """
    if mask.ndim == 3:
        tint, there = mask[:3].transpose(1, 2, 0), np.asarray(mask[:3].any(axis=0))
    else:
        there = np.asarray(mask, dtype=bool)
        numbers = np.searchsorted(np.unique(mask[there]), mask) if there.any() else np.zeros(mask.shape, dtype=int)
        tint = COLOURS[(numbers + first) % len(COLOURS)]
    share = THIN if there.mean() < SMALL else COVER
    made = np.where(np.expand_dims(there, -1), (1 - share) * image + share * tint, image)
    return np.rint(made).astype(np.uint8)


def standing_out(image: Bytes) -> int:
    """Return the place in `COLOURS` of the one that is farthest from what an image is coloured like."""
    apart = np.linalg.norm(COLOURS - image.reshape(-1, 3).mean(axis=0), axis=1)
    return int(np.argmax(apart * (1 + np.linspace(0.2, 0, len(COLOURS)))))  # the first ones where several would do


def _fitted(text: str, pen: Any, font: Any, width: int = SIDE - 2 * GAP) -> str:
    """Return a text, cut where it is wider than its place."""
    while len(text) > 1 and pen.textlength(text, font=font) > width:
        text = text.rstrip("…")[:-1] + "…"
    return text
