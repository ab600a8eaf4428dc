"""Images and masks as files, read through Pillow and written as PNG.

What is read, and as what:

| file | array |
|---|---|
| 1 bit, grey of 8 bits | uint8 (h, w) |
| grey of 16 bits (PNG, TIFF) | float32 (h, w), value / 65535; written with 16 bits again |
| RGB, CMYK, YCbCr, Lab; palette; colour of 16 bits a channel | uint8 (h, w, 3) |
| RGBA, grey or palette with transparency | uint8 (h, w, 4) |
| several frames (GIF in WebP, TIFF of pages) | its first |

The orientation that a camera notes (EXIF) is applied. Masks keep their numbers: those of a palette are not colours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, ignoring

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]
Mode = Literal["L", "RGB", "RGBA"]
Fit = Literal["crop", "pad", "stretch"]

TOP = 65535.0  # the value of white in 16 bits
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I")
GREYS = ("1", "L", "LA", "La", *_DEEP)  # Pillow's modes
_PACKED = 3  # of 9: half the time of Pillow's 6, and an eighth more bytes
_TURNED = (5, 6, 7, 8)  # EXIF orientations that swap height and width
_ORIENTATION = 0x0112
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError)  # what Pillow says of such files


def read_image(path: str | Path) -> Pixels:
    """Read an image. Shape: (h, w), (h, w, 3) or (h, w, 4); uint8, or float32 in [0, 1] where it has 16 bits.

    Raises: DataError where the file is broken, no image, or of numbers that have no stated white.
    """
    with _opened(path) as image:
        if image.mode in _DEEP:
            return _deep(image, path)
        _refuse_floats(image, path)
        clear = _is_clear(image)
        grey = image.mode in ("1", "L") and not clear
        return np.array(_upright(image).convert("L" if grey else "RGBA" if clear else "RGB"), dtype=np.uint8)


def read_sized(path: str | Path, size: tuple[int, int], mode: Mode, fit: Fit) -> NDArray[np.uint8]:
    """Read an image in a size. Shape: (height, width, channels) with 1, 3 or 4 channels for "L", "RGB" and "RGBA".

    16 bits become 8. What is transparent lies on white, unless the mode is RGBA. Sizes change by Pillow's bicubic
    filter, which is as wide as a pixel of the result (antialiased); a JPEG is decoded at a half, a quarter or an eighth
    where that is at least twice the size.

    Arguments:
        path: the file.
        size: height and width in pixels.
        mode: of Pillow's.
        fit: "crop" fills the size and cuts off what juts out, alike on both sides; "pad" keeps all of the image, on
            black; "stretch" gives up its proportions.

    Raises: DataError where the file is broken, no image, or of numbers that have no stated white.
    """
    from PIL import Image

    with _opened(path, least=2 * max(size)) as opened:
        image = _plain(opened, path, mode)
        height, width = size
        how = Image.Resampling.BICUBIC
        if fit == "stretch" or image.width * height == image.height * width:
            made = image.resize((width, height), how)
        elif fit == "crop":
            by = max(width / image.width, height / image.height)
            side, top = (max(0.0, a - b / by) / 2 for a, b in ((image.width, width), (image.height, height)))
            made = image.resize((width, height), how, (side, top, image.width - side, image.height - top))
        else:
            by = min(width / image.width, height / image.height)
            inner = max(1, round(image.width * by)), max(1, round(image.height * by))
            made = Image.new(mode, (width, height))
            made.paste(image.resize(inner, how), ((width - inner[0]) // 2, (height - inner[1]) // 2))
        return np.array(made, dtype=np.uint8).reshape(height, width, -1)


def write_image(path: str | Path | BinaryIO, image: Pixels) -> None:
    """Write an image as `read_image` gives one as PNG; floats with 16 bits where grey, else with 8."""
    from PIL import Image

    array = np.asarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype.kind == "f":
        top, kind = (TOP, np.uint16) if array.ndim == 2 else (255.0, np.uint8)
        array = np.rint(np.clip(array, 0, 1).astype(np.float64) * top).astype(kind)
    Image.fromarray(np.ascontiguousarray(array)).save(path, "PNG", compress_level=_PACKED)


def read_mask(path: str | Path) -> NDArray[Any]:
    """Read a mask: its numbers as they stand. Shape: (h, w), or (channels, h, w) where it is coloured.

    uint8; bool where it has 1 bit; int32 where it has 16.

    Raises: DataError where the file is broken, or no image.
    """
    with _opened(path) as image:
        if image.mode in _DEEP:
            return np.array(_upright(image)).astype(np.int32)
        if image.mode not in ("1", "L", "P"):
            image = image.convert("RGBA" if image.mode in ("LA", "PA", "RGBA") else "RGB")
        array = np.array(_upright(image))
        return np.ascontiguousarray(array.transpose(2, 0, 1)) if array.ndim == 3 else array


def write_mask(path: str | Path, mask: NDArray[Any], like: str | Path) -> None:
    """Write a mask as PNG in the manner of another: of as many bits, with its palette."""
    from PIL import Image

    array = np.asarray(mask)
    array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    array = array.astype(np.uint16) if array.dtype == np.int32 else array
    made = Image.fromarray(np.ascontiguousarray(array))
    with _opened(like) as other:
        if other.mode == "P":
            made = Image.fromarray(np.ascontiguousarray(array), "L")
            made.putpalette(other.getpalette() or [])
    made.save(path, "PNG")


def size_of(path: str | Path, whole: bool = False) -> tuple[int, int, str]:
    """Return height and width as they stand upright, and Pillow's mode, from the head of the file alone.

    With `whole` its pixels are decoded too, so that what `read_sized` would find is found.

    Raises: DataError where the file is no image, and with `whole` where it is broken.
    """
    with _opened(path, whole=False) as image:
        width, height = image.size
        try:  # EXIF may stand behind the pixels, as PNG has it
            if whole:
                _refuse_floats(image, path)
                image.draft(None, (1, 1))  # an eighth of a JPEG: all of its bytes, and little of the work
                image.load()
                if image.mode in _DEEP:
                    _deep(image, path)
            turned = image.getexif().get(_ORIENTATION) in _TURNED
        except DataError:
            raise
        except _BROKEN as error:
            raise _broken(path, error) from None
        return (width, height, image.mode) if turned else (height, width, image.mode)


def _plain(opened: Image, path: str | Path, mode: Mode) -> Image:
    """Return an image upright, of 8 bits, in a mode; on white where it is transparent and the mode is not."""
    from PIL import Image

    _refuse_floats(opened, path)
    if opened.mode in _DEEP:
        return Image.fromarray(np.rint(_deep(opened, path) * 255).astype(np.uint8)).convert(mode)
    image = _upright(opened)
    if mode == "RGBA" or not _is_clear(image):
        return image.convert(mode)
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert(mode)


def _is_clear(image: Image) -> bool:
    """Whether an image may be transparent."""
    return "transparency" in image.info or image.mode in ("LA", "La", "PA", "RGBa", "RGBA")


def _refuse_floats(image: Image, path: str | Path) -> None:
    if image.mode == "F":
        raise DataError(f"{path} holds floats, of which nothing says what is white; save it with 8 or 16 bits")


def _upright(image: Image) -> Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def _deep(image: Image, path: str | Path) -> Pixels:
    """Return a grey image of 16 bits as floats. Raises: DataError where its numbers need more."""
    values = np.array(_upright(image)).astype(np.int64)
    if values.size and (values.min() < 0 or values.max() > TOP):
        raise DataError(f"{path} holds numbers from {values.min()} to {values.max()}; save it with 8 or 16 bits")
    return (values / TOP).astype(np.float32)


def _broken(path: str | Path, error: Exception) -> DataError:
    return DataError(f"{path} is broken ({error}); repair it or take it out of the folder")


@contextmanager
def _opened(path: str | Path, whole: bool = True, least: int = 0) -> Iterator[Image]:
    """Open an image, its pixels too with `whole`. Raises: DataError, one sentence with the name.

    With `least` a JPEG may be made smaller while it is decoded, down to so many pixels a side.
    """
    from PIL import Image, UnidentifiedImageError

    with ignoring():  # of Pillow, on what it reads well: odd EXIF, many pixels
        try:
            image = Image.open(path)
        except UnidentifiedImageError:
            raise DataError(f"{path} is broken, or no image; repair it or take it out of the folder") from None
        except Image.DecompressionBombError:
            raise DataError(f"{path} has more pixels than can be read safely; make it smaller") from None
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
        except (SyntaxError, ValueError, EOFError, MemoryError) as error:
            raise DataError(f"{path} is broken ({error}); repair it or take it out of the folder") from None
        with image:
            if whole:
                try:
                    if least:
                        image.draft(None, (least, least))
                    image.load()
                except _BROKEN as error:
                    raise _broken(path, error) from None
            yield image
